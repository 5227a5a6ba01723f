//! `voice-ai dialplan`.

use super::estate::Version;
use super::world::{DOMAIN, DOMAIN_UUID, OTHER, World, tells};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_is_added_listed_shown_brought_in_step_and_removed() {
    for version in Version::ALL {
        let Some(world) = World::new(version).await else {
            return;
        };
        let nobody = world
            .refused(
                2,
                &[
                    "dialplan",
                    "add",
                    "--domain",
                    OTHER,
                    "--extension",
                    "8100",
                    "--yes",
                ],
            )
            .await;
        tells(&nobody, &[OTHER, "has no secretary"]);
        world.set_up();
        let before = world.image().await;

        let add = [
            "dialplan",
            "add",
            "--domain",
            DOMAIN,
            "--extension",
            "8100",
            "--fallback",
            "1001",
        ];
        tells(
            &world.printed(&[&add[..], &["--dry-run"]].concat()),
            &["+ v_dialplans", "8100"],
        );
        assert_eq!(before, world.image().await);
        tells(&world.printed(&[&add[..], &["--yes"]].concat()), &["done;"]);
        let added = world.image().await;
        tells(
            &world.printed(&[&add[..], &["--yes"]].concat()),
            &["nothing to change"],
        );
        assert_eq!(added, world.image().await, "{version:?}");

        let list = world.printed(&["dialplan", "list"]);
        tells(&list, &["NUMBER", "8000", "8100", DOMAIN]);
        assert_eq!(
            world.json(&["dialplan", "list", "--domain", OTHER, "--json"]),
            json!([])
        );
        let shown = world.printed(&["dialplan", "show", "8100", "--domain", DOMAIN]);
        tells(
            &shown,
            &["^8100$", "voice_ai_fallback=1001", "voice_ai=true", "detail"],
        );
        let missing = world
            .refused(2, &["dialplan", "show", "8200", "--domain", DOMAIN])
            .await;
        tells(&missing, &["8200", "voice-ai dialplan list"]);

        world
            .estate
            .run("UPDATE v_dialplans SET dialplan_xml = NULL WHERE dialplan_xml LIKE '%^8100$%'");
        let sync = ["dialplan", "sync", "--domain", DOMAIN, "--yes"];
        tells(&world.printed(&sync), &["~ v_dialplans"]);
        tells(
            &world.printed(&["dialplan", "show", "8100", "--domain", DOMAIN]),
            &["^8100$"],
        );
        tells(&world.printed(&sync), &["nothing to change"]);

        let taken = world
            .refused(
                2,
                &[
                    "dialplan",
                    "add",
                    "--domain",
                    DOMAIN,
                    "--extension",
                    "2000",
                    "--yes",
                ],
            )
            .await;
        tells(&taken, &["2000", "Sales"]);
        world.printed(&["dialplan", "remove", "8100", "--domain", DOMAIN, "--yes"]);
        assert_eq!(before, world.image().await, "{version:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_from_outside_is_bound_where_only_bound_ones_are_served() {
    for version in Version::ALL {
        let Some(world) = World::new(version).await else {
            return;
        };
        world.set_up();
        let before = world.image().await;
        let add = [
            "dialplan",
            "add",
            "--domain",
            DOMAIN,
            "--did",
            "+55 1155550199",
            "--yes",
        ];
        let done = world.printed(&add);
        tells(&done, &["+ v_dialplans"]);
        assert_eq!(
            done.contains("+ v_destinations"),
            version == Version::V5_6,
            "{version:?}: {done}"
        );
        let list = world.json(&["dialplan", "list", "--domain", DOMAIN, "--json"]);
        let did = list
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["context"] == "public");
        tells(
            did.unwrap()["xml"].as_str().unwrap(),
            &["8000 XML pbx.example.com"],
        );
        let number = did.unwrap()["number"].as_str().unwrap().to_owned();
        tells(
            &world.printed(&["dialplan", "show", &number, "--domain", DOMAIN]),
            &["public"],
        );
        tells(&world.printed(&add), &["nothing to change"]);
        let bad = [
            "dialplan",
            "add",
            "--domain",
            DOMAIN,
            "--did",
            "55\" evil",
            "--yes",
        ];
        tells(&world.refused(2, &bad).await, &["evil"]);
        world.printed(&["dialplan", "remove", &number, "--domain", DOMAIN, "--yes"]);
        assert_eq!(before, world.image().await, "{version:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_is_named_by_its_uuid_and_one_of_another_page_is_not_removed() {
    const TWIN: &str = "aaaaaaaa-0009-4aaa-8aaa-aaaaaaaaaaaa";
    for version in Version::ALL {
        let Some(world) = World::new(version).await else {
            return;
        };
        world.set_up();
        let before = world.image().await;
        world.estate.run(&format!(
            "INSERT INTO v_dialplans (domain_uuid, dialplan_uuid, app_uuid, dialplan_context, dialplan_name, dialplan_number, dialplan_order, \
             dialplan_enabled, dialplan_continue, dialplan_xml) SELECT domain_uuid, '{TWIN}', app_uuid, dialplan_context, 'twin', \
             dialplan_number, 260, dialplan_enabled, dialplan_continue, dialplan_xml FROM v_dialplans WHERE dialplan_xml LIKE '%^8000$%'"
        ));
        let remove = |wanted| ["dialplan", "remove", wanted, "--domain", DOMAIN, "--yes"];
        tells(&world.refused(2, &remove("8000")).await, &["2 rows", TWIN]);
        tells(&world.printed(&["dialplan", "show", TWIN]), &["twin", "^8000$"]);
        world.printed(&["dialplan", "remove", TWIN, "--yes"]);
        assert_eq!(before, world.image().await, "{version:?}");
        let gone = world.refused(2, &["dialplan", "remove", TWIN, "--yes"]).await;
        tells(&gone, &[TWIN, "voice-ai dialplan list"]);

        // As FusionPBX's page of destinations makes it.
        world.estate.run(&format!(
            "INSERT INTO v_dialplans (domain_uuid, dialplan_uuid, app_uuid, dialplan_context, dialplan_name, dialplan_number, dialplan_order, \
             dialplan_enabled, dialplan_continue, dialplan_xml) VALUES ('{DOMAIN_UUID}', '{TWIN}', 'c03b422e-13a8-bd1b-e42b-b6b9b4d27ce4', \
             'public', 'main', '551155550199', 100, 'true', 'false', '<extension name=\"main\"><condition field=\"destination_number\" \
             expression=\"^(551155550199)$\"><action application=\"transfer\" data=\"8000 XML pbx.example.com\"/></condition></extension>')"
        ));
        let refused = world.refused(2, &remove("551155550199")).await;
        tells(&refused, &["\"main\"", "Destinations"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_from_outside_is_read_as_people_write_it_and_leads_to_a_secretary() {
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    let add = |more: &[&'static str]| {
        [
            &[
                "dialplan",
                "add",
                "--domain",
                DOMAIN,
                "--did",
                "+55 (11) 5555-0177",
            ],
            more,
        ]
        .concat()
    };
    let nobody = world.refused(2, &add(&["--yes"])).await;
    tells(
        &nobody,
        &["no secretary answers 8000 of pbx.example.com", "voice-ai setup"],
    );
    world.set_up();
    let nobody = world
        .refused(2, &add(&["--yes", "--extension", "8111", "--lang", "pt-BR"]))
        .await;
    tells(&nobody, &["nenhuma secretária atende 8111"]);
    let shown = world.printed(&add(&["--dry-run"]));
    tells(
        &shown,
        &["! the number from outside: 551155550177, with and without + (country 55, number 1155550177)"],
    );
    world.printed(&add(&["--yes"]));
    let row = world.printed(&["dialplan", "show", "+55 11 5555-0177", "--domain", DOMAIN]);
    tells(&row, &["8000 XML pbx.example.com"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_told_in_the_operators_language() {
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    world.set_up();
    let show = ["dialplan", "show", "8200", "--domain", DOMAIN];
    let add = [
        "dialplan",
        "add",
        "--yes",
        "--domain",
        DOMAIN,
        "--secretary",
        "nobody",
    ];
    let elsewhere = ["dialplan", "list", "--domain", "nobody.example.com"];
    let several = ["setup", "--yes"];
    let other = ["dialplan", "add", "--yes", "--domain", OTHER];
    let address = ["setup", "--yes", "--domain", DOMAIN, "--server", "ws://x"];
    for (command, words) in [
        (&show[..], "nenhuma linha de pbx.example.com leva 8200"),
        (
            &add,
            "pbx.example.com não tem a secretária \"nobody\"; tem reception",
        ),
        (&elsewhere, "o FusionPBX não tem o domínio \"nobody.example.com\""),
        (&several, "diga com --domain qual domínio é"),
        (&other, "tenant2.example.com não tem secretária"),
        (&address, "--server: \"ws://x\" não é um endereço"),
    ] {
        let told = world.refused(2, &[command, &["--lang", "pt-BR"]].concat()).await;
        tells(&told, &[words]);
    }
}
