//! A plan that cannot be carried out changes nothing, and says why.

use super::site::{LIMIT, MODULES, SCRIPT, SECRETARY, Site, file, row, silent, state};
use super::stand_in::StandIn;
use fusionpbx::journal::{FOLDER, Journal, JournalError, Point, State, Watch};
use fusionpbx::{Change, Table, Text};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use uuid::{Uuid, uuid};

const OTHER: Uuid = uuid!("dddddddd-0001-4ddd-8ddd-dddddddddddd");

#[tokio::test(flavor = "multi_thread")]
async fn changes_nothing_and_names_what_is_in_the_way() {
    for site in Site::every() {
        let before = site.standing().await;
        for (change, named) in [
            (
                site.file_after(MODULES, Some(state("x", 0o644)))
                    .with_before(state("other", 0o644)),
                vec![MODULES],
            ),
            (
                site.file_after(MODULES, None).with_before(state("other", 0o600)),
                vec![MODULES],
            ),
            (file(MODULES, None, Some(state("x", 0o644))), vec![MODULES]),
            (
                file("/etc/freeswitch", None, Some(state("x", 0o644))),
                vec!["/etc/freeswitch"],
            ),
            (
                secretary(json!({"dialplan_number": "9000"}), json!({"dialplan_order": 1})),
                vec!["dialplan_number", "v_dialplans"],
            ),
            (
                secretary(json!({"dialplan_enabled": "false"}), json!({"dialplan_order": 1})),
                vec!["dialplan_enabled"],
            ),
            (
                secretary(json!({}), json!({"dialplan_colour": "green"})),
                vec!["dialplan_colour", "upgrade.php"],
            ),
            (
                secretary(json!({}), json!({"dialplan_order": "many"})),
                vec!["v_dialplans", "many"],
            ),
            (
                row(Table::Dialplans, SECRETARY, None, Some(json!({}))),
                vec!["has come to be", "aaaaaaaa-0001"],
            ),
            (
                row(Table::Modules, OTHER, Some(json!({})), None),
                vec!["is gone", "dddddddd-0001"],
            ),
        ] {
            let script = file(SCRIPT, None, Some(state("-- new\n", 0o644)));
            let error = site.carry_out(vec![script, change]).await.unwrap_err();
            for name in named {
                assert!(error.to_string().contains(name), "{name}: {error}");
            }
            assert_eq!(site.standing().await, before, "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_while_it_is_carried_out_is_not_written_over() {
    let Some(site) = Site::own() else { return };
    let theirs =
        format!("UPDATE v_dialplans SET dialplan_description = 'theirs' WHERE dialplan_uuid = '{SECRETARY}'");
    let before = site.standing().await;
    for (at, named) in [
        (Point::Kept, "dialplan_description"),
        (Point::Beside, "dialplan_description"),
    ] {
        let plan = site.plan().await;
        let server = site.pbx.server();
        let meanwhile = Meanwhile::at(at, || server.run(site.pbx.database(), &theirs).unwrap());
        let error = carry_out(&site, plan, meanwhile).await.unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
        site.pbx.run("UPDATE v_dialplans SET dialplan_description = 'Voice AI secretary' WHERE dialplan_description = 'theirs'");
        assert_eq!(site.standing().await, before);
    }
    let plan = site.plan().await;
    let path = site.pbx.path(MODULES);
    let text = fs::read(&path).unwrap();
    let meanwhile = Meanwhile::at(Point::Kept, || fs::write(&path, "theirs").unwrap());
    let error = carry_out(&site, plan, meanwhile).await.unwrap_err();
    assert!(
        matches!(&error, JournalError::FileChanged(path) if path.ends_with("modules.conf.xml")),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
    fs::write(&path, text).unwrap();
    assert_eq!(site.standing().await, before);

    let (journal, recovered) = site.open().await.unwrap();
    assert_eq!(recovered, []);
    let list = journal.list(&site.outside).await;
    assert_eq!(list.len(), 3);
    assert!(
        list.iter()
            .all(|entry| entry.state == State::Failed && entry.undo.is_some())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_somebody_changes_after_us_is_let_be_when_a_plan_is_taken_back_halfway() {
    let Some(site) = Site::own() else { return };
    let plan = vec![
        file(SCRIPT, None, Some(state("-- new\n", 0o644))),
        secretary(json!({}), json!({"dialplan_order": "many"})),
    ];
    let path = site.pbx.path(SCRIPT);
    let meanwhile = Meanwhile::at(Point::Done, || fs::write(&path, "theirs").unwrap());
    carry_out(&site, plan, meanwhile).await.unwrap_err();
    assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_becomes_a_link_meanwhile_is_not_followed() {
    let Some(site) = Site::own() else { return };
    let precious = site.pbx.path("/precious");
    fs::create_dir(&precious).unwrap();
    let folder = site.pbx.path(SCRIPT).parent().unwrap().to_owned();
    let held = folder.with_extension("held");
    let meanwhile = Meanwhile::at(Point::Beside, || {
        fs::rename(&folder, &held).unwrap();
        symlink(&precious, &folder).unwrap();
    });
    let plan = vec![file(SCRIPT, None, Some(state("-- new\n", 0o644)))];
    carry_out(&site, plan, meanwhile).await.unwrap();
    assert_eq!(fs::read_dir(&precious).unwrap().count(), 0);
    let written = held.join("voice_secretary.lua");
    assert_eq!(fs::read_to_string(written).unwrap(), "-- new\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_its_owner_had_made_a_link_before_is_not_followed() {
    let Some(site) = Site::own() else { return };
    let precious = site.pbx.path("/precious");
    fs::create_dir(&precious).unwrap();
    let folder = site.pbx.path(SCRIPT).parent().unwrap().to_owned();
    let above = folder.parent().unwrap();
    // As FreeSWITCH's user may, whose folder that is.
    let writable = fs::Permissions::from_mode(0o777);
    fs::rename(&folder, folder.with_extension("held")).unwrap();
    symlink(&precious, &folder).unwrap();
    fs::set_permissions(above, writable).unwrap();
    let plan = || vec![file(SCRIPT, None, Some(state("-- new\n", 0o644)))];
    let error = site.carry_out(plan()).await.unwrap_err();
    assert!(matches!(error, JournalError::NotPlain(_)), "{error}");
    assert_eq!(fs::read_dir(&precious).unwrap().count(), 0);
    // Where only root could have put it, the operator has.
    fs::set_permissions(above, fs::Permissions::from_mode(0o755)).unwrap();
    site.carry_out(plan()).await.unwrap();
    assert_eq!(fs::read_dir(&precious).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_plain_file_is_refused_and_not_waited_for() {
    let Some(site) = Site::own() else { return };
    let path = site.pbx.path(SCRIPT);
    let plan = || vec![file(SCRIPT, None, Some(state("-- new\n", 0o644)))];
    symlink(site.pbx.path(MODULES), &path).unwrap();
    let link = site.carry_out(plan()).await.unwrap_err();
    assert!(matches!(link, JournalError::NotPlain(_)), "{link}");
    fs::remove_file(&path).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    let pipe = site.carry_out(plan()).await.unwrap_err();
    assert!(matches!(pipe, JournalError::NotPlain(_)), "{pipe}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_nothing_is_begun() {
    let Some(site) = Site::own() else { return };
    let before = site.standing().await;
    let nobody = StandIn::new(site.pbx.host(), "postgres://nobody@127.0.0.1:1/none");
    let (mut journal, _) = site.open_with(&nobody).await.unwrap();
    let plan = site.plan().await;
    let error = journal
        .carry_out("setup", plan, &nobody, &mut silent())
        .await
        .unwrap_err();
    assert!(matches!(error, JournalError::Unreachable(_)), "{error}");
    assert_eq!(site.standing().await, before);
    assert_eq!(journal.list(&nobody).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_ended_before_the_commit_changes_nothing() {
    for at in [Point::Row, Point::Committing] {
        let Some(site) = Site::own() else { return };
        let before = site.standing().await;
        let plan = site.plan().await;
        let ended = format!(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()",
            site.pbx.database()
        );
        let meanwhile = Meanwhile::at(at, || site.pbx.run(&ended));
        let error = carry_out(&site, plan, meanwhile).await.unwrap_err();
        assert!(matches!(error, JournalError::Unreachable(_)), "{error}");
        assert_eq!(site.standing().await, before);
        let (journal, recovered) = site.open().await.unwrap();
        assert_eq!(recovered, []);
        assert_eq!(journal.list(&site.outside).await[0].state, State::Failed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_else_holds_is_waited_for_and_then_named() {
    let Some(site) = Site::own() else { return };
    let before = site.standing().await;
    let plan = site.plan().await;
    let mut theirs = site.connect().await;
    let hold = format!("BEGIN; SELECT 1 FROM v_dialplans WHERE dialplan_uuid = '{SECRETARY}' FOR UPDATE");
    sqlx::raw_sql(sqlx::AssertSqlSafe(hold))
        .execute(&mut theirs)
        .await
        .unwrap();
    let error = site.carry_out(plan).await.unwrap_err();
    assert!(error.to_string().contains(&SECRETARY.to_string()), "{error}");
    assert!(matches!(error, JournalError::RowLocked { .. }), "{error}");
    drop(theirs);
    assert_eq!(site.standing().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_others_may_write_into_is_no_journal() {
    let Some(site) = Site::own() else { return };
    drop(site.open().await.unwrap());
    let folder = site.pbx.path(FOLDER);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o770)).unwrap();
    let error = site.open().await.unwrap_err();
    assert!(matches!(error, JournalError::NotOurs(_)), "{error}");
    fs::rename(&folder, folder.with_extension("away")).unwrap();
    symlink(folder.with_extension("away"), &folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    let error = site.open().await.unwrap_err();
    assert!(matches!(error, JournalError::NotOurs(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_nothing_or_of_one_thing_twice_is_none() {
    let Some(site) = Site::own() else { return };
    let nothing = site.carry_out(Vec::new()).await.unwrap_err();
    assert!(matches!(nothing, JournalError::Empty), "{nothing}");
    let twice = vec![Change::Unit { run: true }, Change::Unit { run: false }];
    let twice = site.carry_out(twice).await.unwrap_err();
    assert!(matches!(twice, JournalError::Twice(_)), "{twice}");
}

fn secretary(before: Value, after: Value) -> Change {
    row(Table::Dialplans, SECRETARY, Some(before), Some(after))
}

async fn carry_out(site: &Site, plan: Vec<Change>, mut watch: impl Watch) -> Result<(), JournalError> {
    let (host, outside) = (site.pbx.host(), &site.outside);
    let (mut journal, _) = Journal::open(&host, "voice-ai repair", LIMIT, outside, &mut silent()).await?;
    journal
        .carry_out("repair", plan, outside, &mut watch)
        .await
        .map(drop)
}

/// Somebody does something when a point is passed for the first time.
struct Meanwhile<F> {
    at: Point,
    deed: Option<F>,
}

impl<F: FnOnce()> Meanwhile<F> {
    fn at(at: Point, deed: F) -> Self {
        Self { at, deed: Some(deed) }
    }
}

impl<F: FnOnce() + Send> Watch for Meanwhile<F> {
    fn told(&mut self, _text: &Text) {}

    fn passes(&mut self, point: Point) {
        if point == self.at
            && let Some(deed) = self.deed.take()
        {
            deed();
        }
    }
}

trait WithBefore {
    fn with_before(self, before: fusionpbx::FileState) -> Self;
}

impl WithBefore for Change {
    fn with_before(mut self, before: fusionpbx::FileState) -> Self {
        if let Change::File(file) = &mut self {
            file.before = Some(before);
        }
        self
    }
}
