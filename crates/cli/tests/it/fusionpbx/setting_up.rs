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
async fn uninstall_takes_back_what_calls_touch_and_leaves_what_people_wrote() {
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
        tells(&shown, &["- v_dialplans", unit]);
        world.printed(&["uninstall", "--yes"]);
        assert!(!world.estate.path(unit).exists());
        assert!(world.estate.path(CONFIG).exists(), "what people write stays");
        assert_eq!(world.json(&["dialplan", "list", "--json"]), serde_json::json!([]));
        let again = world.printed(&["uninstall", "--yes"]);
        tells(&again, &["nothing to change"]);
        // Taken back one by one, all is as it was before setup.
        world.printed(&["repair", "--undo"]);
        assert!(world.estate.path(unit).exists());
        world.printed(&["repair", "--undo"]);
        assert_eq!(untouched, world.image().await, "{version:?}");
    }
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
