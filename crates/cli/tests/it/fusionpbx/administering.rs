//! `voice-ai cache clear`, and commands that meet.

use super::estate::Version;
use super::world::{DOMAIN, DOMAIN_UUID, OTHER, World, tells, told};
use std::process::Stdio;

fn kept(world: &World, key: &str) -> bool {
    world.estate.path(&format!("/var/cache/fusionpbx/{key}")).exists()
}

fn fill(world: &World) {
    for key in [
        "dialplan.pbx.example.com",
        "dialplan.tenant2.example.com",
        "dialplan.public.551155550199",
        "directory.1001@pbx.example.com",
    ] {
        world
            .estate
            .write(&format!("/var/cache/fusionpbx/{key}"), "<document/>");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cache_forgets_what_is_named_and_nothing_else() {
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    world.estate.run(&format!(
        "INSERT INTO v_dialplans (domain_uuid, dialplan_uuid, app_uuid, dialplan_context, dialplan_name, dialplan_number, dialplan_order, \
         dialplan_enabled, dialplan_continue) VALUES ('{DOMAIN_UUID}', gen_random_uuid(), gen_random_uuid(), 'public', '551155550199', \
         '551155550199', 100, 'true', 'false')"
    ));
    fill(&world);
    let shown = world.printed(&["cache", "clear", "--domain", DOMAIN, "--dry-run"]);
    tells(
        &shown,
        &["dialplan.pbx.example.com", "dialplan.public.551155550199"],
    );
    assert!(
        kept(&world, "dialplan.pbx.example.com"),
        "a dry run forgets nothing"
    );
    world.printed(&["cache", "clear", "--domain", DOMAIN]);
    assert!(!kept(&world, "dialplan.pbx.example.com"));
    assert!(
        !kept(&world, "dialplan.public.551155550199"),
        "its number from outside"
    );
    assert!(kept(&world, "dialplan.tenant2.example.com"));
    fill(&world);
    let told = world.json(&[
        "cache",
        "clear",
        "--key",
        "dialplan:public:551155550199",
        "--json",
    ]);
    assert_eq!(told[0]["cleared"], true, "{told}");
    assert!(!kept(&world, "dialplan.public.551155550199"));
    let heard = world.fake.commands().concat();
    tells(
        &heard,
        &[
            "delete dialplan.pbx.example.com",
            "delete dialplan.public.551155550199",
        ],
    );
    fill(&world);
    world.printed(&["cache", "clear"]);
    for key in [
        "dialplan.pbx.example.com",
        "dialplan.tenant2.example.com",
        "dialplan.public.551155550199",
    ] {
        assert!(!kept(&world, key), "{key}");
    }
    assert!(kept(&world, "directory.1001@pbx.example.com"), "directories stay");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_leads_elsewhere_is_refused() {
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    for key in [
        "dialplan:a\napi shutdown",
        "",
        "dialplan:a b",
        "foo",
        "dialplan:",
        "directory:1001@pbx.example.com",
    ] {
        let refused = world.refused(2, &["cache", "clear", "--key", key]).await;
        tells(&refused, &["--key"]);
    }
    let both = world
        .refused(2, &["cache", "clear", "--key", "dialplan:x", "--domain", OTHER])
        .await;
    tells(&both, &["--key", "--domain"]);
    let nowhere = world
        .refused(2, &["cache", "clear", "--domain", "nobody.example.com"])
        .await;
    tells(&nowhere, &["nobody.example.com"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_set_up_at_once_one_waits_and_the_row_is_there_once() {
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    let setup = ["setup", "--domain", DOMAIN, "--yes", "--no-test-call"];
    let begun: Vec<_> = (0..2)
        .map(|_| {
            let mut command = world.command(&setup);
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let ended: Vec<_> = begun
        .into_iter()
        .map(|one| one.wait_with_output().unwrap())
        .collect();
    assert!(
        ended.iter().any(|output| output.status.success()),
        "{}",
        told(&ended[0])
    );
    for output in &ended {
        // The second finds either that all is done, or that what it saw is no longer so.
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}", told(output));
    }
    let list = world.json(&["dialplan", "list", "--json"]);
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    tells(&world.printed(&setup), &["nothing to change"]);
}
