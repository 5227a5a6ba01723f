//! `voice-ai setup` and `voice-ai uninstall`.

use super::estate::Version;
use super::world::{CONFIG, DOMAIN, DOMAIN_UUID, OTHER, World, tells, told};
use crate::server::voice_ai;
use std::fs;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dry_run_shows_is_done_with_yes_and_done_once() {
    for version in Version::ALL {
        let Some(world) = World::new(version).await else {
            return;
        };
        let untouched = world.image().await;
        let setup = ["setup", "--domain", DOMAIN];
        let shown = world.printed(&[&setup[..], &["--dry-run"]].concat());
        tells(
            &shown,
            &[
                "+ v_dialplans",
                "8000",
                CONFIG,
                "reception.toml",
                "nothing was changed (--dry-run)",
            ],
        );
        assert_eq!(untouched, world.image().await, "{version:?}");

        let done = world.printed(&[&setup[..], &["--yes"]].concat());
        tells(
            &done,
            &[
                "done; `voice-ai repair --undo` takes it back",
                "no test call: the service does not run",
            ],
        );
        assert_ne!(untouched, world.image().await);
        let list = world.json(&["dialplan", "list", "--json"]);
        assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
        assert_eq!(
            (&list[0]["number"], &list[0]["context"], &list[0]["domain_uuid"]),
            (&"8000".into(), &DOMAIN.into(), &DOMAIN_UUID.into())
        );

        let after = world.image().await;
        let again = world.printed(&[&setup[..], &["--yes"]].concat());
        assert_eq!(
            again, "nothing to change: all is as it is wanted\n",
            "{version:?}"
        );
        assert_eq!(after, world.image().await, "{version:?}");
        let report = world.json(&[&setup[..], &["--yes", "--json"]].concat());
        assert_eq!(
            (&report["done"], &report["changes"]),
            (&false.into(), &serde_json::json!([]))
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_package_s_configuration_without_a_secretary_is_where_setup_begins() {
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    let packaged = include_str!("../../../../../deploy/debian/voice-ai.toml");
    world.estate.write("/etc/voice-ai/voice-ai.toml", packaged);
    world
        .estate
        .write("/etc/voice-ai/secretaries/README", "none yet\n");
    world.set_up();
    tells(
        &world.text("/etc/voice-ai/voice-ai.toml"),
        &[packaged, "[[domains]]"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_takes_what_setup_has_written() {
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    world.set_up();
    let file = world.estate.root().join("here.toml");
    fs::write(&file, world.config_here()).unwrap();
    let file = file.display().to_string();
    for command in [&["config", "check"][..], &["secretaries", "check"]] {
        let output = voice_ai(command).args(["--config", &file]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{command:?}: {}", told(&output));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_secretary_speaks_the_operators_language() {
    for (arguments, locale, name, language) in [
        (&["--lang", "pt-BR"][..], "C", "recepcao", "pt-BR"),
        (&[], "pt_BR.UTF-8", "recepcao", "pt-BR"),
        (&["--lang", "en"], "pt_BR.UTF-8", "reception", "en"),
    ] {
        let Some(world) = World::new(Version::V5_6).await else {
            return;
        };
        let setup = ["setup", "--domain", DOMAIN, "--yes", "--no-test-call"];
        let output = world
            .command(&[&setup[..], arguments].concat())
            .env("LANG", locale)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        let is_portuguese = language == "pt-BR";
        assert_eq!(
            told(&output).contains("pronto;"),
            is_portuguese,
            "{}",
            told(&output)
        );
        let secretary = world.text(&format!("/etc/voice-ai/secretaries/{DOMAIN}/{name}.toml"));
        tells(
            &secretary,
            &[
                &format!("language = \"{language}\""),
                &format!("name = \"{name}\""),
            ],
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_set_up_is_refused_with_a_sentence() {
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    let several = world.refused(2, &["setup", "--yes"]).await;
    tells(&several, &["--domain", DOMAIN, OTHER]);
    let unknown = world
        .refused(2, &["setup", "--yes", "--domain", "nobody.example.com"])
        .await;
    tells(&unknown, &["nobody.example.com", DOMAIN]);
    let silent = world.refused(1, &["setup", "--domain", DOMAIN]).await;
    tells(&silent, &["there is no terminal to ask", "--yes"]);
    let taken = world
        .refused(2, &["setup", "--yes", "--domain", DOMAIN, "--extension", "2000"])
        .await;
    tells(&taken, &["2000", "Sales"]);
    let bad = world
        .refused(
            2,
            &[
                "setup",
                "--yes",
                "--domain",
                DOMAIN,
                "--extension",
                "8000 XML evil",
            ],
        )
        .await;
    tells(&bad, &["--extension"]);
    let no_module = world
        .refused(2, &["setup", "--yes", "--domain", DOMAIN, "--leg", "file"])
        .await;
    tells(&no_module, &["mod_audio_stream", "--leg unicast"]);
    let elsewhere = world.estate.root().join("nothing/here").display().to_string();
    let output = voice_ai(&["setup", "--yes", "--domain", DOMAIN, "--root", &elsewhere])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    tells(&told(&output), &["/etc/fusionpbx/config.conf"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uninstall_takes_it_all_back() {
    for version in Version::ALL {
        let Some(world) = World::new(version).await else {
            return;
        };
        let untouched = world.image().await;
        world.set_up();
        let unit = "/etc/systemd/system/voice-ai-realtime.service";
        assert!(world.estate.path(unit).exists());
        let silent = world.refused(1, &["uninstall"]).await;
        tells(&silent, &["there is no terminal to ask"]);
        let shown = world.printed(&["uninstall", "--dry-run"]);
        tells(&shown, &["- v_dialplans", unit, &format!("- {CONFIG}")]);
        let told = world.printed(&["uninstall", "--yes"]);
        tells(&told, &["these stay", fusionpbx::journal::FOLDER]);
        assert_eq!(untouched, world.image().await, "{version:?}");
        assert!(!world.estate.path("/etc/voice-ai").exists(), "folders go too");
        let again = world.printed(&["uninstall", "--yes"]);
        tells(&again, &["nothing to change"]);
        // And back again, one by one.
        world.printed(&["repair", "--undo"]);
        assert!(world.estate.path(unit).exists());
        world.printed(&["repair", "--undo"]);
        assert_eq!(untouched, world.image().await, "{version:?}");
        // What was before the last uninstalling counts no more.
        world.set_up();
        world.printed(&["uninstall", "--yes"]);
        world.estate.write(CONFIG, "# mine\n");
        tells(&world.printed(&["uninstall", "--yes"]), &["nothing to change"]);
    }
}

/// A row as an operator has made it by an older guide, with its script and a configuration.
const BY_HAND: &str = "INSERT INTO v_dialplans (domain_uuid, dialplan_uuid, app_uuid, dialplan_context, dialplan_name, dialplan_number, \
     dialplan_order, dialplan_enabled, dialplan_continue, dialplan_xml, dialplan_description) VALUES \
     ('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-0010-4aaa-8aaa-aaaaaaaaaaaa', \
     '742714e5-8cdf-32fd-462c-cbe7e3d655db', 'pbx.example.com', 'secretary', '8000', 240, 'true', 'false', \
     '<extension name=\"secretary\"><condition field=\"destination_number\" expression=\"^8000$\"><action application=\"lua\" \
     data=\"voice_secretary.lua\"/></condition></extension>', 'made by Ana'); \
     INSERT INTO v_dialplan_details (domain_uuid, dialplan_uuid, dialplan_detail_uuid, dialplan_detail_tag, dialplan_detail_type, \
     dialplan_detail_data, dialplan_detail_group, dialplan_detail_order, dialplan_detail_enabled) VALUES \
     ('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-0010-4aaa-8aaa-aaaaaaaaaaaa', gen_random_uuid(), 'condition', \
     'destination_number', '^8000$', 0, 5, 'true'), \
     ('11111111-1111-4111-8111-111111111111', 'aaaaaaaa-0010-4aaa-8aaa-aaaaaaaaaaaa', gen_random_uuid(), 'action', 'lua', \
     'voice_secretary.lua', 0, 10, 'true')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_somebody_s_before_setup_is_theirs_again() {
    for version in Version::ALL {
        let Some(world) = World::new(version).await else {
            return;
        };
        world.estate.run(BY_HAND);
        let packaged = include_str!("../../../../../deploy/debian/voice-ai.toml");
        world.estate.write(CONFIG, packaged);
        world
            .estate
            .write("/etc/voice-ai/secretaries/README", "none yet\n");
        let untouched = world.image().await;
        world.set_up();
        world.printed(&[
            "dialplan",
            "add",
            "--domain",
            DOMAIN,
            "--extension",
            "8100",
            "--yes",
        ]);
        world.printed(&["setup", "--domain", OTHER, "--yes", "--no-test-call"]);
        assert_ne!(untouched, world.image().await);
        // Somebody has worked on it since: FusionPBX's editor makes details anew, and each by another key.
        world.estate.run(
            "UPDATE v_dialplans SET dialplan_description = 'later' WHERE dialplan_number = '8000'; \
             UPDATE v_dialplan_details SET dialplan_detail_uuid = gen_random_uuid()",
        );
        world.estate.write(
            CONFIG,
            format!("{}\n[log]\nlevel = \"debug\"\n", world.text(CONFIG)),
        );
        let told = world.printed(&["uninstall", "--yes"]);
        tells(
            &told,
            &[
                "~ v_dialplans secretary",
                "- v_dialplans voice_secretary_8100",
                &format!("~ {CONFIG}"),
            ],
        );
        assert_eq!(
            world.text(CONFIG),
            format!("{packaged}\n[log]\nlevel = \"debug\"\n")
        );
        world.estate.write(CONFIG, packaged);
        assert_eq!(untouched, world.image().await, "{version:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_somebody_says_yes_uninstall_tells_what_leads_nowhere_then_and_what_stays() {
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    world.set_up();
    // As FusionPBX's page of destinations makes it.
    world.estate.run(&format!(
        "INSERT INTO v_dialplans (domain_uuid, dialplan_uuid, app_uuid, dialplan_context, dialplan_name, dialplan_number, dialplan_order, \
         dialplan_enabled, dialplan_continue, dialplan_xml) VALUES ('{DOMAIN_UUID}', 'aaaaaaaa-0011-4aaa-8aaa-aaaaaaaaaaaa', \
         'c03b422e-13a8-bd1b-e42b-b6b9b4d27ce4', 'public', 'main', '551155550199', 100, 'true', 'false', \
         '<extension name=\"main\"><condition field=\"destination_number\" expression=\"^(551155550199)$\"><action \
         application=\"transfer\" data=\"8000 XML pbx.example.com\"/></condition></extension>')"
    ));
    let secretary = format!("/etc/voice-ai/secretaries/{DOMAIN}/reception.toml");
    world
        .estate
        .write(&secretary, format!("{}# Ana's\n", world.text(&secretary)));
    world
        .estate
        .write(CONFIG, format!("{}# mine\n", world.text(CONFIG)));
    let shown = world.printed(&["uninstall", "--dry-run"]);
    tells(
        &shown,
        &[
            "! the dialplan row \"main\" (551155550199) leads to 8000 of pbx.example.com, which answers no more",
            &format!("! {secretary} stays: somebody has worked on it"),
        ],
    );
    let report = world.json(&["uninstall", "--dry-run", "--json", "--lang", "pt-BR"]);
    tells(
        &report["remarks"].to_string(),
        &["não atende mais", "alguém trabalhou nele"],
    );
    let done = world.printed(&["uninstall", "--yes"]);
    let copy = done
        .lines()
        .find(|line| line.contains("as it was last: "))
        .unwrap();
    let (_, copy) = copy.split_once("as it was last: ").unwrap();
    assert!(world.text(copy).ends_with("# mine\n"), "{copy}");
    assert!(world.estate.path(&secretary).exists() && !world.estate.path(CONFIG).exists());
    tells(&done, &["/etc/voice-ai/secretaries  secretaries"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_said_again_stays_as_it_is() {
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    let add = ["setup", "--domain", DOMAIN, "--yes", "--fallback", "1001"];
    world.printed(&add);
    let xml = || world.json(&["dialplan", "show", "8000", "--domain", DOMAIN, "--json"])["xml"].to_string();
    assert!(xml().contains("voice_ai_fallback=1001"), "{}", xml());
    let again = world.printed(&["setup", "--domain", DOMAIN, "--yes"]);
    assert_eq!(again, "nothing to change: all is as it is wanted\n");
    assert!(xml().contains("voice_ai_fallback=1001"), "{}", xml());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_s_time_zone_is_fusionpbxs_and_is_shown() {
    for version in Version::ALL {
        let Some(world) = World::new(version).await else {
            return;
        };
        world.estate.write("/etc/timezone", "America/Bahia\n");
        world.estate.run(
            "INSERT INTO v_default_settings (default_setting_uuid, default_setting_category, default_setting_subcategory, \
             default_setting_name, default_setting_value, default_setting_enabled) VALUES \
             (gen_random_uuid(), 'domain', 'time_zone', 'name', 'America/Recife', 'false'), \
             (gen_random_uuid(), 'domain', 'time_zone', 'name', 'America/Sao_Paulo', 'true')",
        );
        let shown = world.printed(&["setup", "--domain", DOMAIN, "--dry-run"]);
        tells(
            &shown,
            &[
                "! days and hours of pbx.example.com are those of America/Sao_Paulo",
                "! no token is made: with the leg unicast",
            ],
        );
        world.set_up();
        tells(&world.text(CONFIG), &["timezone = \"America/Sao_Paulo\""]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configuration_is_the_one_that_the_service_s_unit_names_and_none_of_this_folder() {
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mine = folder.path().join("voice-ai.toml");
    std::fs::write(&mine, "[log]\nlevel = \"debug\"\n").unwrap();
    let own = "/opt/voice-ai/own.toml";
    world.estate.write(
        "/etc/systemd/system/voice-ai-realtime.service",
        format!("[Service]\nExecStart=/usr/bin/voice-ai serve --config {own}\n"),
    );
    let setup = |more: &[&str]| {
        let output = world
            .command(
                &[
                    &["setup", "--domain", DOMAIN, "--no-test-call", "--yes"][..],
                    more,
                ]
                .concat(),
            )
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        told(&output)
    };
    let done = setup(&[]);
    tells(&done, &[own, "the service reads /opt/voice-ai/own.toml; "]);
    tells(&world.text(own), &["[[pbx]]", DOMAIN_UUID]);
    assert!(!world.estate.path(CONFIG).exists());
    assert_eq!(
        std::fs::read_to_string(&mine).unwrap(),
        "[log]\nlevel = \"debug\"\n"
    );
    tells(&setup(&[]), &["nothing to change"]);
    let elsewhere = "/opt/voice-ai/elsewhere.toml";
    tells(
        &setup(&["--dry-run", "--config", elsewhere]),
        &["! the service's unit reads /opt/voice-ai/own.toml, not /opt/voice-ai/elsewhere.toml"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_that_is_named_is_the_machine_s_that_is_looked_at() {
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    let file = "/opt/voice-ai/own.toml";
    let below = world.estate.path(file).display().to_string();
    let setup = ["setup", "--domain", DOMAIN, "--no-test-call", "--yes", "--config"];
    // As a container has it in its environment, whose own file of that path is another.
    let output = world
        .command(&setup[..5])
        .env("VOICE_AI_CONFIG", file)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    tells(&world.text(file), &["[[pbx]]", DOMAIN_UUID]);
    assert!(!world.estate.path(CONFIG).exists());
    for named in [file, &below] {
        let again = world.printed(&[&setup[..], &[named]].concat());
        tells(&again, &["nothing to change"]);
    }
}
