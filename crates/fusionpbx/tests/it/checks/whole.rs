//! A machine with which nothing is wrong, as facts: FusionPBX, FreeSWITCH, the module, the script, and the service.

use crate::dialplan::healthy;
use freeswitch::SCRIPT;
use fusionpbx::dialplan::{EntryLeg, served};
use fusionpbx::{
    Account, CacheFile, CacheRow, ChoiceOfDialplan, Facts, FileFacts, Installation, LoadedModule, Module,
    ModuleBuild, ModuleFacts, Owner, PortOwner, ScriptFacts, ServerFacts, ServerState, ShownToken,
    SystemFacts, Upgrade,
};
use std::time::Duration;
use uuid::Uuid;

pub(super) const CONFIG: &str = "/etc/fusionpbx/config.conf";
pub(super) const CONTEXT: &str = "pbx.example.com";
pub(super) const CACHE: &str = "/var/cache/fusionpbx";
pub(super) const SCRIPT_PATH: &str = "/usr/share/freeswitch/scripts/voice_secretary.lua";
pub(super) const MODULE_PATH: &str = "/usr/lib/freeswitch/mod/mod_audio_stream.so";
pub(super) const LOAD: &str = "\t\t<load module=\"mod_audio_stream\"/>\n";

/// FusionPBX's installer runs FreeSWITCH as the user of the pages.
pub(super) const WWW_DATA: Owner = Owner { uid: 33, gid: 33 };

pub(super) fn file(text: &str) -> FileFacts {
    FileFacts {
        text: text.to_owned(),
        mode: 0o644,
        owner: WWW_DATA,
    }
}

/// A file of the cache, as FusionPBX writes it for a call of the context.
pub(super) fn cached(facts: &Facts) -> CacheFile {
    let hostname = facts
        .switch
        .running
        .as_ref()
        .map(|running| running.hostname.as_str());
    let rows = served(facts.database.as_ref().unwrap(), CONTEXT, "8000", hostname);
    let xml: Vec<_> = rows.iter().filter_map(|row| row.xml.as_deref()).collect();
    CacheFile {
        name: format!("dialplan.{CONTEXT}"),
        text: format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<document type=\"freeswitch/xml\">\n\
             \t<section name=\"dialplan\" description=\"\">\n\t\t<context name=\"{CONTEXT}\" destination_number=\"8000\" hostname=\"pbx\">\n\
             {}\n\t\t</context>\n\t</section>\n</document>",
            xml.join("\n")
        ),
    }
}

/// The machine.
pub(super) fn whole() -> Facts {
    let mut facts = healthy::facts(ChoiceOfDialplan::Single, EntryLeg::Script(Vec::new()));
    facts.system = SystemFacts {
        installation: Ok(Installation {
            config: CONFIG.into(),
            version: Some("5.6.4-dev".to_owned()),
            document_root: "/var/www/fusionpbx".into(),
            password_cut: None,
            second: None,
            switch_conf: "/etc/freeswitch".into(),
            scripts: "/usr/share/freeswitch/scripts".into(),
        }),
        disk: Some(("/var/lib/postgresql".into(), 20 << 30, 100 << 30)),
        database_clock_ms: Some(3),
        switch_clock_ms: Some(-2),
        file_limit: Some(65_536),
        took: Duration::from_millis(200),
    };
    facts.switch.process = Some(Account {
        pid: 812,
        name: "www-data".to_owned(),
        owner: WWW_DATA,
    });
    facts.switch.folder = Some(("/etc/freeswitch".into(), WWW_DATA));
    facts.switch.esl.listens = vec![[127, 0, 0, 1].into()];
    facts
        .switch
        .running
        .as_mut()
        .unwrap()
        .modules
        .insert(LoadedModule::Loopback);
    facts.script = Ok(ScriptFacts {
        path: SCRIPT_PATH.into(),
        file: Some(file(SCRIPT)),
        readable: Some(true),
        token: Ok(ShownToken::default()),
    });
    let conf =
        format!("<configuration name=\"modules.conf\">\n\t<modules>\n{LOAD}\t</modules>\n</configuration>");
    facts.module = Ok(ModuleFacts {
        path: MODULE_PATH.into(),
        present: true,
        build: Some(ModuleBuild::Amigniter),
        tls: Some(true),
        in_file: true,
        conf: Some((
            "/etc/freeswitch/autoload_configs/modules.conf.xml".into(),
            file(&conf),
        )),
        log: Vec::new(),
    });
    let database = facts.database.as_mut().unwrap();
    database.modules = vec![Module {
        uuid: Uuid::new_v4(),
        name: "mod_audio_stream".to_owned(),
        enabled: Some(true),
    }];
    database.cache_rows = [("method", "file"), ("location", CACHE)]
        .map(|(name, value)| CacheRow {
            uuid: Uuid::new_v4(),
            name: name.to_owned(),
            value: value.to_owned(),
            enabled: true,
        })
        .to_vec();
    let file = cached(&facts);
    facts.cache.as_mut().unwrap().files = vec![file];
    facts.server = ServerFacts {
        state: ServerState::Up("0.1.0".to_owned()),
        port: Some(PortOwner {
            pid: 901,
            name: "voice-ai".to_owned(),
        }),
        upgrade: Some(Upgrade::Works),
        connected: Some(true),
        complaints: Vec::new(),
        domains: Some(facts.service.domains.iter().map(|domain| domain.uuid).collect()),
    };
    facts
}
