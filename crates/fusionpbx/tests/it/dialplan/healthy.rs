//! A PBX with which nothing is wrong, as facts: one domain with a secretary on 8000, another without.

use fusionpbx::dialplan::{Entry, EntryLeg, Route, SecretaryRoute, add};
use fusionpbx::{
    Apart, CacheFacts, CacheMethod, CacheSettings, ChoiceOfDialplan, DatabaseFacts, DialplanRow, Domain, Esl,
    EslState, Facts, LoadedModule, Running, ServerFacts, ServerState, Service, ServiceDomain,
    ServiceSecretary, SwitchFacts, SystemFacts, Text, Unread,
};
use secretary::SecretaryUuid;
use std::time::Duration;
use uuid::Uuid;

pub(crate) const DOMAIN: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const OTHER_DOMAIN: &str = "11111111-1111-4111-8111-111111111112";
pub(super) const SECRETARY: &str = "bbbbbbbb-0001-4bbb-8bbb-bbbbbbbbbbbb";
pub(super) const OTHER_SECRETARY: &str = "bbbbbbbb-0002-4bbb-8bbb-bbbbbbbbbbbb";
pub(super) const HOSTNAME: &str = "pbx";

/// A row of some order that FusionPBX itself has.
pub(super) fn row(context: &str, name: &str, order: i64, xml: &str) -> DialplanRow {
    DialplanRow {
        uuid: Uuid::new_v4(),
        domain: None,
        app: Some(Uuid::new_v4()),
        hostname: None,
        context: context.to_owned(),
        name: name.to_owned(),
        number: None,
        order,
        enabled: true,
        continues: xml.contains("continue=\"true\""),
        xml: Some(xml.to_owned()),
        details: Vec::new(),
    }
}

/// An extension with one condition on the number.
pub(super) fn takes(name: &str, expression: &str) -> String {
    format!(
        "<extension name=\"{name}\" continue=\"false\" uuid=\"{}\">\n\t<condition field=\"destination_number\" expression=\"{expression}\">\n\
         \t\t<action application=\"answer\" data=\"\"/>\n\t</condition>\n</extension>",
        Uuid::new_v4()
    )
}

pub(super) fn domain() -> Domain {
    Domain {
        uuid: DOMAIN.parse().unwrap(),
        name: "pbx.example.com".to_owned(),
        enabled: true,
    }
}

pub(super) fn secretary() -> SecretaryUuid {
    SECRETARY.parse().unwrap()
}

pub(super) fn entry(extension: &str, leg: EntryLeg) -> Entry {
    let route = SecretaryRoute {
        extension: freeswitch::Extension::parse(extension).unwrap(),
        secretary: secretary(),
        leg,
        fallback: Some(freeswitch::Extension::parse("8999").unwrap()),
    };
    Entry::new(domain(), Route::Secretary(route), "Voice AI: Ana")
}

fn served(uuid: &str, name: &str, secretary: &str, of: &str) -> ServiceDomain {
    ServiceDomain {
        uuid: uuid.parse().unwrap(),
        name: Some(name.to_owned()),
        secretaries: vec![ServiceSecretary {
            uuid: Some(secretary.parse().unwrap()),
            name: of.to_owned(),
        }],
    }
}

fn database(mode: ChoiceOfDialplan) -> DatabaseFacts {
    let other = Domain {
        uuid: OTHER_DOMAIN.parse().unwrap(),
        name: "tenant2.example.com".to_owned(),
        enabled: true,
    };
    let cache = CacheSettings {
        method: CacheMethod::File,
        location: "/var/cache/fusionpbx".into(),
    };
    DatabaseFacts {
        version: "5.6.4-dev".to_owned(),
        domains: vec![domain(), other],
        dialplans: vec![
            row(
                "global",
                "user_exists",
                10,
                "<extension name=\"user_exists\" continue=\"true\"><condition field=\"\" expression=\"\"><action application=\"set\" \
                 data=\"user_exists=${user_exists id ${destination_number} ${domain_name}}\" inline=\"true\"/></condition></extension>",
            ),
            row(
                "pbx.example.com",
                "number_queue",
                290,
                &takes("number_queue", r"^\*800(.*)$"),
            ),
            row(
                "global",
                "local_extension",
                890,
                "<extension name=\"local_extension\" continue=\"true\"><condition field=\"${user_exists}\" expression=\"true\"/></extension>",
            ),
            row("public", "not-found", 999, &takes("not-found", "^never$")),
        ],
        mode,
        destinations: Vec::new(),
        modules: Vec::new(),
        php_cache: cache,
        cache_rows: Vec::new(),
        switch_folders: fusionpbx::SwitchFolders::default(),
        numbers: vec![(DOMAIN.parse().unwrap(), "1000".to_owned(), "extension".to_owned())],
    }
}

/// Nothing but the dialplan is looked at here.
fn unread() -> Unread {
    Unread(Text::plain("not of this test"))
}

/// The PBX before us.
pub(super) fn bare(mode: ChoiceOfDialplan) -> Facts {
    let applications = ["answer", "bridge", "export", "lua", "park", "set", "transfer"];
    Facts {
        service: Service {
            config: "/etc/voice-ai/voice-ai.toml".into(),
            is_configured: true,
            listen: "127.0.0.1:8085".parse().unwrap(),
            control: "127.0.0.1:8086".parse().unwrap(),
            tls: false,
            token: None,
            event_sockets: vec![("127.0.0.1".to_owned(), 8021)],
            domains: vec![served(DOMAIN, "pbx.example.com", SECRETARY, "Ana")],
            wrong: Vec::new(),
            unserved: Vec::new(),
            missing_models: Vec::new(),
            models: None,
            keys: Vec::new(),
        },
        system: SystemFacts {
            installation: Err(unread()),
            disk: None,
            database_clock_ms: None,
            switch_clock_ms: None,
            file_limit: None,
            took: Duration::ZERO,
        },
        switch: SwitchFacts {
            process: None,
            esl: Esl {
                host: "127.0.0.1".to_owned(),
                port: 8021,
                state: EslState::Up,
                default_password: false,
                listens: Vec::new(),
                access: None,
            },
            running: Some(Running {
                version: "1.10.12-release".to_owned(),
                mod_dir: "/usr/lib/freeswitch/mod".into(),
                script_dir: "/usr/share/freeswitch/scripts".into(),
                conf_dir: "/etc/freeswitch".into(),
                log_dir: "/var/log/freeswitch".into(),
                hostname: HOSTNAME.to_owned(),
                modules: [LoadedModule::AudioStream, LoadedModule::Lua].into(),
                applications: applications.map(str::to_owned).into(),
            }),
            folder: None,
            apart: Apart::default(),
        },
        database: Ok(database(mode)),
        cache: Ok(CacheFacts {
            lua: CacheSettings {
                method: CacheMethod::File,
                location: "/var/cache/fusionpbx".into(),
            },
            files: Vec::new(),
            writable: Some(true),
            memcached: None,
        }),
        script: Err(unread()),
        module: Err(unread()),
        server: ServerFacts {
            state: ServerState::Down(unread()),
            port: None,
            upgrade: None,
            connected: None,
            complaints: Vec::new(),
            domains: None,
        },
    }
}

/// The PBX with 8000 as we set it up.
pub(crate) fn facts(mode: ChoiceOfDialplan, leg: EntryLeg) -> Facts {
    let mut facts = bare(mode);
    // So that a secretary of another domain's can be told from one of nobody's.
    facts.service.domains.push(served(
        OTHER_DOMAIN,
        "tenant2.example.com",
        OTHER_SECRETARY,
        "Jenny Cole",
    ));
    for entry in [
        entry("8000", leg),
        Entry {
            domain: facts.database.as_ref().unwrap().domains[1].clone(),
            route: Route::Secretary(SecretaryRoute {
                extension: freeswitch::Extension::parse("8000").unwrap(),
                secretary: OTHER_SECRETARY.parse().unwrap(),
                leg: EntryLeg::Unicast,
                fallback: None,
            }),
            ..entry("8000", EntryLeg::Unicast)
        },
    ] {
        let entry = Entry {
            row: Uuid::new_v4(),
            ..entry
        };
        let changes = add(&entry, &facts).unwrap();
        super::applied::apply_all(&mut facts, &changes);
    }
    facts
}
