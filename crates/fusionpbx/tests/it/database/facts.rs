//! The facts are what the rows say, whatever the types of their columns.

use crate::estate::{FusionPbx, ROLE, Rows, Version};
use fusionpbx::database::Reason;
use fusionpbx::{CacheMethod, ChoiceOfDialplan, Database, DatabaseFacts, DialplanRow, Settings};
use std::path::{Path, PathBuf};
use uuid::{Uuid, uuid};

const DOMAIN: Uuid = uuid!("11111111-1111-4111-8111-111111111111");
const SECRETARY: Uuid = uuid!("aaaaaaaa-0001-4aaa-8aaa-aaaaaaaaaaaa");
const DID: Uuid = uuid!("aaaaaaaa-0003-4aaa-8aaa-aaaaaaaaaaaa");

async fn database(estate: &FusionPbx) -> Database {
    let settings = Settings::read(&estate.host()).unwrap();
    Database::connect(&settings.database).await.unwrap()
}

async fn facts(estate: &FusionPbx) -> DatabaseFacts {
    database(estate).await.facts().await.unwrap()
}

fn row(facts: &DatabaseFacts, uuid: Uuid) -> &DialplanRow {
    facts.dialplans.iter().find(|row| row.uuid == uuid).unwrap()
}

#[tokio::test]
async fn they_are_what_the_rows_say() {
    for estate in FusionPbx::every() {
        let facts = facts(&estate).await;
        let context = format!("{:?} {:?}", estate.version, estate.rows);
        assert_eq!(facts.version, estate.version.name(), "{context}");
        let domains: Vec<_> = facts
            .domains
            .iter()
            .map(|domain| (domain.name.as_str(), domain.enabled))
            .collect();
        assert_eq!(
            domains,
            [("pbx.example.com", true), ("tenant2.example.com", true)]
        );
        assert_eq!(facts.domains[0].uuid.uuid(), DOMAIN);
        let mode = match estate.version {
            Version::V5_4 => ChoiceOfDialplan::Multiple,
            Version::V5_6 => ChoiceOfDialplan::Single,
        };
        assert_eq!(facts.mode, mode, "{context}");

        let [did] = facts.destinations.as_slice() else {
            panic!("{context}: {:?}", facts.destinations);
        };
        assert_eq!(
            (did.number.as_str(), did.prefix.as_deref(), did.enabled),
            ("1155550199", Some("55"), true)
        );
        assert_eq!(
            (did.dialplan, did.domain, did.kind.as_str()),
            (Some(DID), Some(DOMAIN), "inbound")
        );
        assert_eq!((&did.area_code, &did.trunk_prefix), (&None, &None));

        let module = facts
            .modules
            .iter()
            .find(|module| module.name == "mod_audio_stream");
        let lua = facts.modules.iter().find(|module| module.name == "mod_lua");
        match (estate.version, estate.rows) {
            (Version::V5_4, Rows::Dump) => assert!(facts.modules.is_empty()),
            (Version::V5_4, Rows::Own) => assert_eq!((module, lua.unwrap().enabled), (None, Some(true))),
            (Version::V5_6, _) => {
                assert_eq!(
                    (module.unwrap().enabled, lua.unwrap().enabled),
                    (None, Some(true))
                );
            }
        }

        assert_eq!(facts.php_cache.method, CacheMethod::File);
        assert_eq!(facts.php_cache.location, Path::new("/var/cache/fusionpbx"));
        assert!(
            facts
                .cache_rows
                .iter()
                .any(|row| row.name == "method" && row.value == "file" && row.enabled)
        );
        let folders = &facts.switch_folders;
        assert_eq!(folders.conf, Some(PathBuf::from("/etc/freeswitch")));
        assert_eq!(
            folders.scripts,
            Some(PathBuf::from("/usr/share/freeswitch/scripts"))
        );
        let modules = match (estate.version, estate.rows) {
            (Version::V5_6, Rows::Dump) => "/usr/share/freeswitch/mod",
            _ => "/usr/lib/freeswitch/mod",
        };
        assert_eq!(folders.modules, Some(PathBuf::from(modules)), "{context}");
        for (number, owner) in [
            ("1001", "extension \"Ana Souza\""),
            ("2000", "ring group \"Sales\""),
            ("2100", "call center queue \"Support\""),
            ("2200", "IVR menu \"Main menu\""),
        ] {
            let has = (DOMAIN, number.to_owned(), owner.to_owned());
            assert!(facts.numbers.contains(&has), "{context}: {:?}", facts.numbers);
        }
    }
}

#[tokio::test]
async fn dialplan_rows_are_read_with_their_details() {
    for estate in FusionPbx::every() {
        let facts = facts(&estate).await;
        let context = format!("{:?} {:?}", estate.version, estate.rows);
        let orders: Vec<_> = facts.dialplans.iter().map(|row| (row.order, &row.name)).collect();
        assert!(orders.is_sorted(), "{context}: {orders:?}");
        assert!(
            facts.dialplans.iter().all(|row| !row.name.is_empty()),
            "{context}"
        );

        let secretary = row(&facts, SECRETARY);
        assert_eq!(
            (secretary.name.as_str(), secretary.order),
            ("voice_secretary", 240)
        );
        assert_eq!(
            (secretary.context.as_str(), secretary.domain),
            ("pbx.example.com", Some(DOMAIN))
        );
        assert_eq!(
            (secretary.number.as_deref(), secretary.hostname.as_deref()),
            (Some("8000"), None)
        );
        assert_eq!(
            (secretary.enabled, secretary.continues),
            (true, false),
            "{context}"
        );
        let details: Vec<_> = secretary
            .details
            .iter()
            .map(|detail| {
                (
                    detail.tag.as_str(),
                    detail.kind.as_str(),
                    detail.order,
                    detail.inline.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            details,
            [
                ("condition", "destination_number", 5, None),
                ("action", "set", 10, Some("true")),
                ("action", "set", 15, None),
                ("action", "lua", 20, None),
            ]
        );
        assert!(
            secretary
                .details
                .iter()
                .all(|detail| detail.enabled && detail.group == 0)
        );
        assert_eq!(
            row(&facts, DID).details.len(),
            2,
            "it leads to a row that looks like ours"
        );
        let others = facts.dialplans.iter().filter(|row| row.context == "global");
        let mut others = others.filter(|row| row.xml.as_deref().is_some_and(|xml| !xml.contains(" XML ")));
        assert!(others.all(|row| row.details.is_empty()), "{context}");
    }
}

#[tokio::test]
async fn an_inbound_route_is_read_with_its_details_before_there_is_a_row_of_ours() {
    for estate in FusionPbx::every() {
        estate.run("DELETE FROM v_dialplans WHERE dialplan_name LIKE 'voice%'");
        let facts = facts(&estate).await;
        assert_eq!(
            row(&facts, DID).details.len(),
            2,
            "{:?} {:?}",
            estate.version,
            estate.rows
        );
    }
}

#[tokio::test]
async fn a_flag_is_what_calls_take_it_for() {
    for estate in FusionPbx::every() {
        let enabled = match estate.version {
            // `dialplan_enabled = 'true'` alone is served from a column of text.
            Version::V5_4 => [
                ("true", true),
                ("false", false),
                ("TRUE", false),
                ("1", false),
                ("", false),
            ],
            Version::V5_6 => [
                ("true", true),
                ("false", false),
                ("t", true),
                ("f", false),
                ("1", true),
            ],
        };
        let database = database(&estate).await;
        for (value, expected) in enabled {
            estate.run(&format!(
                "UPDATE v_dialplans SET dialplan_enabled = '{value}' WHERE dialplan_uuid = '{SECRETARY}'"
            ));
            let facts = database.facts().await.unwrap();
            assert_eq!(
                row(&facts, SECRETARY).enabled,
                expected,
                "{:?} {value:?}",
                estate.version
            );
        }
        estate.run(&format!(
            "UPDATE v_dialplans SET dialplan_enabled = NULL, dialplan_continue = 'true', hostname = '', app_uuid = NULL, \
             dialplan_order = NULL WHERE dialplan_uuid = '{SECRETARY}'; \
             UPDATE v_dialplan_details SET dialplan_detail_enabled = NULL WHERE dialplan_detail_order = 5; \
             UPDATE v_dialplan_details SET dialplan_detail_enabled = 'false', dialplan_detail_inline = '' WHERE dialplan_detail_order = 10; \
             UPDATE v_domains SET domain_enabled = 'false' WHERE domain_uuid = '{DOMAIN}'; \
             UPDATE v_destinations SET destination_enabled = 'false', destination_prefix = ''"
        ));
        let facts = database.facts().await.unwrap();
        let secretary = row(&facts, SECRETARY);
        assert_eq!((secretary.enabled, secretary.continues), (false, true));
        assert_eq!((secretary.hostname.as_deref(), secretary.app), (Some(""), None));
        assert_eq!(facts.dialplans.last(), Some(secretary), "NULL comes last");
        assert_eq!(
            (secretary.details[0].enabled, secretary.details[1].enabled),
            (true, false)
        );
        assert_eq!(secretary.details[1].inline, None);
        assert!(!facts.domains[0].enabled && !facts.destinations[0].enabled);
        assert_eq!(facts.destinations[0].prefix, None);
    }
}

#[tokio::test]
async fn details_are_read_of_rows_that_have_nothing_else_of_ours() {
    for estate in FusionPbx::every() {
        estate.run(&format!(
            "UPDATE v_dialplans SET app_uuid = NULL, dialplan_xml = NULL, dialplan_name = 'front desk' WHERE dialplan_uuid = '{SECRETARY}'"
        ));
        assert_eq!(row(&facts(&estate).await, SECRETARY).details.len(), 4);
        let xml = "<extension name=\"front desk\"></extension>";
        estate.run(&format!(
            "UPDATE v_dialplans SET dialplan_xml = '{xml}' WHERE dialplan_uuid = '{SECRETARY}'"
        ));
        assert_eq!(
            row(&facts(&estate).await, SECRETARY).details.len(),
            4,
            "its details tell"
        );
        estate.run("DELETE FROM v_dialplan_details");
        assert_eq!(row(&facts(&estate).await, SECRETARY).details, []);
    }
}

#[tokio::test]
async fn only_settings_that_are_switched_on_count_and_of_two_the_later() {
    for estate in FusionPbx::every() {
        estate.run(
            "UPDATE v_default_settings SET default_setting_enabled = 'false' \
             WHERE default_setting_subcategory IN ('dialplan_mode', 'location', 'scripts'); \
             UPDATE v_default_settings SET default_setting_value = 'file', default_setting_order = 1 \
             WHERE default_setting_category = 'cache' AND default_setting_subcategory = 'method'; \
             INSERT INTO v_default_settings (default_setting_uuid, default_setting_category, default_setting_subcategory, \
             default_setting_name, default_setting_value, default_setting_order, default_setting_enabled) \
             VALUES (gen_random_uuid(), 'cache', 'method', 'text', 'memcache', 2, 'true'), \
             (gen_random_uuid(), 'cache', 'location', 'text', '/elsewhere', 2, 'false')",
        );
        let facts = facts(&estate).await;
        let usual = match estate.version {
            Version::V5_4 => ChoiceOfDialplan::Multiple,
            Version::V5_6 => ChoiceOfDialplan::Single,
        };
        assert_eq!(facts.mode, usual, "by the types of the columns");
        assert_eq!(facts.php_cache.method, CacheMethod::Memcache);
        assert_eq!(facts.php_cache.location, Path::new("/var/cache/fusionpbx"));
        assert!(
            facts
                .cache_rows
                .iter()
                .any(|row| row.value == "/elsewhere" && !row.enabled)
        );
        assert_eq!(facts.switch_folders.scripts, None);
    }
}

#[tokio::test]
async fn apps_may_be_missing_and_what_is_needed_is_named() {
    for estate in FusionPbx::every() {
        estate.run("DROP TABLE v_fifo, v_ring_groups; ALTER TABLE v_ivr_menus DROP COLUMN ivr_menu_name");
        let database = database(&estate).await;
        let facts = database.facts().await.unwrap();
        let has = |number: &str| facts.numbers.iter().any(|(_, has, _)| has == number);
        assert!(has("1001") && !has("2000") && !has("2200"));
        for (change, missing) in [
            (
                "ALTER TABLE v_dialplans RENAME hostname TO host",
                "v_dialplans.hostname",
            ),
            ("DROP TABLE v_dialplans CASCADE", "v_dialplans"),
        ] {
            estate.run(change);
            let error = database.facts().await.unwrap_err();
            assert!(
                matches!(&error.reason, Reason::Schema(what) if what == missing),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn the_event_socket_of_an_older_version_is_in_a_table() {
    for estate in FusionPbx::every() {
        let database = database(&estate).await;
        assert_eq!(database.event_socket().await.unwrap(), None);
        estate.run(
            "CREATE TABLE v_settings (setting_uuid uuid, event_socket_ip_address text, event_socket_port text, event_socket_password text); \
             GRANT ALL ON v_settings TO fusionpbx",
        );
        assert_eq!(database.event_socket().await.unwrap(), None);
        estate.run("INSERT INTO v_settings VALUES (gen_random_uuid(), '192.0.2.9', '8023', 'Other')");
        let socket = database.event_socket().await.unwrap().unwrap();
        assert_eq!(
            (socket.host.as_str(), socket.port, socket.password.reveal()),
            ("192.0.2.9", 8023, "Other")
        );
    }
}

#[tokio::test]
async fn looking_cannot_change_anything_whatever_the_database_would_do() {
    for version in Version::ALL {
        let Some(estate) = FusionPbx::with(version, Rows::Own) else {
            return;
        };
        // A table that notes who reads it: PostgreSQL itself refuses that to a look.
        estate.run(&format!(
            "CREATE TABLE noted (at timestamptz); GRANT ALL ON noted TO {ROLE}; \
             CREATE FUNCTION note() RETURNS text LANGUAGE sql VOLATILE AS 'INSERT INTO noted VALUES (now()) RETURNING ''5.6''::text'; \
             ALTER TABLE v_software RENAME TO software; \
             CREATE VIEW v_software AS SELECT software_uuid, software_name, note() AS software_version FROM software; \
             GRANT ALL ON v_software TO {ROLE}"
        ));
        let refused = database(&estate).await.facts().await.unwrap_err().to_string();
        assert!(refused.contains("read-only transaction"), "{refused}");
    }
}
