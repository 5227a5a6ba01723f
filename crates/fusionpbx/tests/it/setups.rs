//! What setup and uninstalling do not do: harm what is there.

use crate::estate::{FusionPbx, Version};
use crate::faults::world::World;
use freeswitch::{VariableName, VariableValue};
use fusionpbx::dialplan::{EntryLeg, Route};
use fusionpbx::plan::{PASSWORD, SYSUSERS, TOKEN, UNIT, Wish, setup, setup_remarks, uninstall};
use fusionpbx::{
    Change, Facts, FileChange, HomeFacts, Lang, Owner, Secret, ServerState, ServiceDomain, Text, Unread,
};
use sqlx::{Connection as _, PgConnection};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

const CONFIG: &str = "/etc/voice-ai/voice-ai.toml";
const SCRIPT: &str = "/usr/share/freeswitch/scripts/voice_secretary.lua";

async fn world() -> Option<World> {
    World::new(Version::V5_6).await
}

fn file<'a>(changes: &'a [Change], path: &str) -> Option<&'a FileChange> {
    changes.iter().find_map(|change| match change {
        Change::File(file) if file.path == Path::new(path) => Some(file),
        _ => None,
    })
}

fn written(changes: &[Change], path: &str) -> String {
    file(changes, path).unwrap().after.as_ref().unwrap().text.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_nothing_is_uninstalled() {
    let Some(world) = world().await else { return };
    let mut facts = world.survey().await;
    facts.database = Err(Unread(Text::plain("refused")));
    let hindrance = uninstall(&facts, &world.home()).unwrap_err();
    assert_eq!(hindrance.text().in_lang(Lang::En), "refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_somebody_else_wrote_stays() {
    let Some(world) = world().await else { return };
    let ours = uninstall(&world.survey().await, &world.home()).unwrap();
    assert!(file(&ours, UNIT).is_some());
    world
        .estate
        .write(UNIT, "[Service]\nExecStart=/opt/bridge/server.py\n");
    let changes = uninstall(&world.survey().await, &world.home()).unwrap();
    assert!(file(&changes, UNIT).is_none(), "{changes:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_and_rows_of_another_machine_stay() {
    let Some(world) = world().await else { return };
    world.run("UPDATE v_dialplans SET hostname = 'node2' WHERE dialplan_context = 'pbx.example.com' AND dialplan_number = '8000'");
    let changes = uninstall(&world.survey().await, &world.home()).unwrap();
    assert!(file(&changes, SCRIPT).is_none(), "{changes:#?}");
    assert!(
        !changes.iter().any(|change| matches!(change, Change::Row(_))),
        "{changes:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_added_to_a_configuration_that_the_service_does_not_take() {
    let Some(mut world) = world().await else { return };
    world.service.wrong = vec!["line 3: duplicate key; give each its own".to_owned()];
    let refused = world.try_setup(&world.survey().await).unwrap_err().text();
    for (lang, words) in [
        (Lang::En, "is not as the service takes it: line 3"),
        (Lang::PtBr, "não está como o serviço o aceita: line 3"),
    ] {
        assert!(refused.in_lang(lang).contains(words), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_that_is_configured_with_another_uuid_is_not_configured_twice() {
    let Some(mut world) = world().await else { return };
    let uuid = "99999999-9999-4999-8999-999999999999";
    world.service.domains = vec![ServiceDomain {
        uuid: uuid.parse().unwrap(),
        name: Some("pbx.example.com".to_owned()),
        secretaries: Vec::new(),
    }];
    // The sample's, which the service has by default where its configuration names none.
    world
        .estate
        .write(CONFIG, format!("#[[domains]]\n#uuid = \"{uuid}\"\n"));
    assert!(world.try_setup(&world.survey().await).is_ok());

    world
        .estate
        .write(CONFIG, format!("[[domains]]\nuuid = \"{uuid}\"\n"));
    let refused = world.try_setup(&world.survey().await).unwrap_err().text();
    assert!(refused.in_lang(Lang::En).contains(uuid), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_something_else_starts_keeps_its_files() {
    let Some(mut world) = world().await else { return };
    std::fs::remove_file(world.path(UNIT)).unwrap();
    let mut facts = world.survey().await;
    facts.server.state = ServerState::Up("0.1.0".to_owned());
    // It has all that it needs.
    assert_eq!(world.try_setup(&facts).unwrap(), []);
    // It knows nothing of this FreeSWITCH.
    world.service.event_sockets.clear();
    let mut facts = world.survey().await;
    facts.server.state = ServerState::Up("0.1.0".to_owned());
    let refused = world.try_setup(&facts).unwrap_err().text();
    assert!(
        refused.in_lang(Lang::En).contains("without a unit of systemd"),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_event_socket_s_password_is_not_written_over() {
    let Some(mut world) = world().await else { return };
    world.estate.write(PASSWORD, "another\n");
    world.service.event_sockets = vec![("192.0.2.7".to_owned(), 8021)];
    let changes = world.try_setup(&world.survey().await).unwrap();
    assert!(file(&changes, PASSWORD).is_none(), "{changes:#?}");
    let config = written(&changes, CONFIG);
    let port = world.fake.addr().port();
    assert!(
        config.contains(&format!("/etc/voice-ai/esl-127.0.0.1-{port}.password")),
        "{config}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn uninstalling_gives_back_the_row_the_script_and_the_registration_that_were_there() {
    for version in Version::ALL {
        let Some(world) = World::new(version).await else {
            return;
        };
        // The world's rows have one on 8000 that setup has taken over.
        let before = FusionPbx::with(version, world.estate.rows).unwrap();
        let changes = uninstall(&world.survey().await, &world.home()).unwrap();
        world.carry("uninstall", changes).await;
        for (table, of) in [
            ("v_dialplans", "dialplan_number = '8000'"),
            (
                "v_dialplan_details",
                "dialplan_uuid IN (SELECT dialplan_uuid FROM v_dialplans WHERE dialplan_number = '8000')",
            ),
            ("v_modules", "true"),
        ] {
            let rows = rows(&before, table, of).await;
            assert!(table == "v_modules" || !rows.is_empty(), "{table}");
            assert_eq!(
                rows,
                self::rows(&world.estate, table, of).await,
                "{version:?} {table}"
            );
        }
        let modules = "/etc/freeswitch/autoload_configs/modules.conf.xml";
        let text = |estate: &FusionPbx| std::fs::read_to_string(estate.path(modules)).unwrap();
        assert_eq!(text(&before), text(&world.estate), "{version:?}");
    }
}

async fn rows(estate: &FusionPbx, table: &str, of: &str) -> Vec<String> {
    let mut connection = PgConnection::connect(&estate.url()).await.unwrap();
    let query = format!("SELECT to_jsonb(t)::text FROM {table} AS t WHERE {of} ORDER BY 1");
    sqlx::query_scalar(sqlx::AssertSqlSafe(query))
        .fetch_all(&mut connection)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_of_somebody_else_is_there_again_once_ours_is_gone() {
    let Some(world) = world().await else { return };
    // As it was before: by hand, and taken over by a second setup.
    let theirs = "-- the published one\nsession:answer()\n";
    let changes = uninstall(&world.survey().await, &world.home()).unwrap();
    world.carry("uninstall", changes).await;
    world.estate.write(SCRIPT, theirs);
    world.carry("setup", world.setup(&world.survey().await)).await;
    assert_ne!(std::fs::read_to_string(world.path(SCRIPT)).unwrap(), theirs);
    let changes = uninstall(&world.survey().await, &world.home()).unwrap();
    world.carry("uninstall", changes).await;
    assert_eq!(std::fs::read_to_string(world.path(SCRIPT)).unwrap(), theirs);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_modules_conf_that_fusionpbx_has_written_anew_goes_with_its_row() {
    let Some(world) = world().await else { return };
    let modules = "/etc/freeswitch/autoload_configs/modules.conf.xml";
    let anew = "<configuration name=\"modules.conf\">\n\t<modules>\n\t\t<load module=\"mod_lua\"/>\n\n\t\t<!-- Auto -->\n\
                \t\t<load module=\"mod_audio_stream\"/>\n\t</modules>\n</configuration>";
    world.estate.write(modules, anew);
    let changes = uninstall(&world.survey().await, &world.home()).unwrap();
    let text = written(&changes, modules);
    assert_eq!(
        text,
        anew.replace("\t\t<load module=\"mod_audio_stream\"/>\n", "")
    );
}

const SHOWN: &str = "/usr/share/freeswitch/scripts/voice_secretary.token";

fn text(world: &World, path: &str) -> String {
    std::fs::read_to_string(world.path(path)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_show_a_random_token_that_stands_in_two_files_and_nowhere_else() {
    let Some(world) = world().await else { return };
    let token = text(&world, TOKEN);
    assert_eq!(token.trim().len(), 64, "{token}");
    assert!(token.trim().chars().all(|c| c.is_ascii_hexdigit()), "{token}");
    assert_eq!(text(&world, SHOWN), token);
    for path in [TOKEN, SHOWN] {
        let mode = std::fs::metadata(world.path(path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path}");
    }
    let config = text(&world, CONFIG);
    assert!(
        config.contains(&format!("token = {{ file = \"{TOKEN}\" }}")),
        "{config}"
    );
    let dump = rows(&world.estate, "v_dialplans", "true").await.concat();
    let details = rows(&world.estate, "v_dialplan_details", "true").await.concat();
    assert!(!(config + &dump + &details).contains(token.trim()));
    let changes = uninstall(&world.survey().await, &world.home()).unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|change| format!("{:?}", fusionpbx::plan::told(change)))
        .collect();
    assert!(!told.concat().contains(token.trim()));
    world.carry("uninstall", changes).await;
    assert!(!world.path(TOKEN).exists() && !world.path(SHOWN).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_service_has_already_is_shown_and_one_of_the_row_is_let_be() {
    let Some(mut world) = world().await else { return };
    world.service.token = Some(Secret::new("of-the-operator"));
    let shown = |wish: &Wish, facts: &Facts| {
        let changes = setup(wish, facts, &world.home()).unwrap();
        assert!(
            file(&changes, TOKEN).is_none() && file(&changes, CONFIG).is_none(),
            "{changes:#?}"
        );
        file(&changes, SHOWN).map(|file| file.after.clone().unwrap().text)
    };
    let facts = world.survey().await;
    let mut wish = world.wish();
    assert_eq!(shown(&wish, &facts).as_deref(), Some("of-the-operator\n"));
    let Route::Secretary(route) = &mut wish.entry.route else {
        panic!("{wish:?}");
    };
    let EntryLeg::Script(variables) = &mut route.leg else {
        panic!("{wish:?}");
    };
    variables.push((
        VariableName::parse("voice_ai_token").unwrap(),
        VariableValue::parse("of-the-row").unwrap(),
    ));
    assert_eq!(shown(&wish, &facts), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_others_start_the_service_no_token_is_made_and_that_is_told() {
    let Some(mut world) = world().await else { return };
    world.service.token = None;
    std::fs::remove_file(world.path(UNIT)).unwrap();
    let mut facts = world.survey().await;
    facts.server.state = ServerState::Up("0.1.0".to_owned());
    assert_eq!(world.try_setup(&facts).unwrap(), []);
    let remarks = setup_remarks(&world.wish(), &facts, &world.home());
    let told = |lang| {
        remarks
            .iter()
            .map(|remark| remark.in_lang(lang))
            .collect::<Vec<_>>()
            .concat()
    };
    assert!(
        told(Lang::En).contains("set server.token by docs/security.md"),
        "{remarks:?}"
    );
    assert!(told(Lang::PtBr).contains("defina server.token"), "{remarks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_calls_need_no_token_and_the_plan_says_why() {
    let Some(mut world) = world().await else { return };
    world.service.token = None;
    let mut wish = world.wish();
    let Route::Secretary(route) = &mut wish.entry.route else {
        panic!("{wish:?}");
    };
    route.leg = EntryLeg::Unicast;
    let facts = world.survey().await;
    let changes = setup(&wish, &facts, &world.home()).unwrap();
    assert!(
        file(&changes, SHOWN).is_none() && file(&changes, CONFIG).is_none(),
        "{changes:#?}"
    );
    let remarks = setup_remarks(&wish, &facts, &world.home());
    assert!(
        remarks[0].in_lang(Lang::En).starts_with("no token is made: "),
        "{remarks:?}"
    );
    // One that streams have shown stays, and nobody is told that there is none.
    world.service.token = Some(Secret::new("of-the-streams"));
    let facts = world.survey().await;
    let changes = setup(&wish, &facts, &world.home()).unwrap();
    for path in [TOKEN, SHOWN, CONFIG] {
        assert!(file(&changes, path).is_none(), "{changes:#?}");
    }
    let remarks = setup_remarks(&wish, &facts, &world.home());
    let told = |lang| remarks[0].in_lang(lang);
    assert!(told(Lang::En).contains("(server.token) stays: "), "{remarks:?}");
    assert!(told(Lang::PtBr).contains("(server.token) fica: "), "{remarks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_systemd_files_are_of_freeswitchs_user_and_who_starts_the_service_is_told() {
    let Some(mut world) = world().await else { return };
    let changes = uninstall(&world.survey().await, &world.home()).unwrap();
    world.carry("uninstall", changes).await;
    world.service.event_sockets.clear();
    world.service.domains.clear();
    world.service.token = None;
    let mut facts = world.survey().await;
    facts.server.state = ServerState::Down(Unread(Text::plain("nobody")));
    let theirs = Owner { uid: 33, gid: 33 };
    facts.switch.process.as_mut().unwrap().owner = theirs;
    facts.switch.process.as_mut().unwrap().name = "www-data".to_owned();
    let home = HomeFacts {
        here: true,
        systemd: false,
        user: None,
        ..world.home()
    };
    let changes = setup(&world.wish(), &facts, &home).unwrap();
    assert!(
        file(&changes, UNIT).is_none() && file(&changes, SYSUSERS).is_none(),
        "{changes:#?}"
    );
    for path in [PASSWORD, CONFIG, TOKEN] {
        let after = file(&changes, path).unwrap().after.clone().unwrap();
        assert_eq!(after.owner, Some(theirs), "{path}");
    }
    let remarks = setup_remarks(&world.wish(), &facts, &home);
    let last = remarks.last().unwrap().in_lang(Lang::En);
    assert!(
        last.contains("systemd does not run here") && last.contains("--reuid www-data"),
        "{last}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_that_is_new_to_the_service_has_fusionpbxs_time_zone_or_the_machines() {
    let Some(mut world) = world().await else { return };
    world.service.domains.clear();
    let facts = world.survey().await;
    let zone = |wish: &Wish| {
        let config = written(&setup(wish, &facts, &world.home()).unwrap(), CONFIG);
        let mut lines = config.lines();
        lines
            .rfind(|line| line.starts_with("timezone"))
            .unwrap()
            .to_owned()
    };
    assert_eq!(zone(&world.wish()), "timezone = \"UTC\"");
    world.estate.write("/etc/timezone", "America/Bahia\n");
    assert_eq!(zone(&world.wish()), "timezone = \"America/Bahia\"");
    let mut wish = world.wish();
    wish.more.time_zone = Some("America/Sao_Paulo".to_owned());
    assert_eq!(zone(&wish), "timezone = \"America/Sao_Paulo\"");
    wish.more.time_zone = Some("Nowhere/At_All".to_owned());
    assert_eq!(zone(&wish), "timezone = \"America/Bahia\"");
    let remarks = setup_remarks(&wish, &facts, &world.home());
    assert!(
        remarks
            .iter()
            .any(|remark| remark.in_lang(Lang::En).contains("those of America/Bahia"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_stopped_and_disabled_is_not_stopped_again() {
    let Some(world) = world().await else { return };
    let mut facts = world.survey().await;
    let home = HomeFacts {
        systemd: true,
        ..world.home()
    };
    let stops = |facts: &Facts, home: &HomeFacts| {
        let changes = uninstall(facts, home).unwrap();
        changes.contains(&Change::Unit { run: false })
    };
    facts.server.state = ServerState::Up("0.1.0".to_owned());
    assert!(stops(&facts, &home));
    facts.server.state = ServerState::Down(Unread(Text::plain("nobody")));
    assert!(!stops(&facts, &home));
    let wants = "/etc/systemd/system/multi-user.target.wants/voice-ai-realtime.service";
    std::fs::create_dir_all(world.path(wants).parent().unwrap()).unwrap();
    // To a file of the machine, which from here leads nowhere.
    std::os::unix::fs::symlink(
        "/usr/lib/systemd/system/voice-ai-realtime.service",
        world.path(wants),
    )
    .unwrap();
    let home = HomeFacts {
        systemd: true,
        ..world.home()
    };
    assert!(stops(&facts, &home));
}
