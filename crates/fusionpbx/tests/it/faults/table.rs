//! The faults, each by what brings it about.

use super::world::{CONTEXT, DOMAIN, MODULE, World, cache_file};
use crate::estate::Version;
use fusionpbx::Code;
use std::fs;

/// What is to become of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mend {
    /// It is mended, and everything is as it was.
    Safe,
    /// It is mended, and right in another way than before.
    Otherwise,
    /// It is said what is to be done by hand.
    ByHand,
}

/// A fault.
pub(super) struct Case {
    pub(super) code: Code,
    pub(super) mend: Mend,
    pub(super) name: &'static str,
    pub(super) cause: fn(&mut World),
}

impl Case {
    /// Up to 5.4 all of `public` is served to every number from outside.
    pub(super) fn is_of(&self, version: Version) -> bool {
        self.code != Code::DidUnbound || version == Version::V5_6
    }
}

/// Changes our row.
fn row(world: &World, set: &str) {
    world.run(&format!(
        "UPDATE v_dialplans SET {set} WHERE dialplan_context = '{CONTEXT}' AND dialplan_number = '8000'"
    ));
}

/// Changes its XML and its details alike, and what the cache keeps.
fn both(world: &World, from: &str, to: &str) {
    row(
        world,
        &format!("dialplan_xml = replace(dialplan_xml, '{from}', '{to}')"),
    );
    world.run(&format!(
        "UPDATE v_dialplan_details SET dialplan_detail_data = replace(dialplan_detail_data, '{from}', '{to}'), \
         dialplan_detail_type = replace(dialplan_detail_type, '{from}', '{to}') WHERE {OURS}"
    ));
    cached(world, from, to);
}

/// Changes what the cache keeps, as a call would have after a change of the database.
fn cached(world: &World, from: &str, to: &str) {
    let text = fs::read_to_string(world.path(&cache_file())).unwrap();
    world.estate.write(&cache_file(), text.replace(from, to));
}

/// The cache is empty, as after a clear.
fn emptied(world: &World) {
    let _ = fs::remove_file(world.path(&cache_file()));
}

/// The details of our row.
const OURS: &str = "dialplan_uuid = (SELECT dialplan_uuid FROM v_dialplans WHERE dialplan_context = 'pbx.example.com' \
                    AND dialplan_number = '8000')";

/// A script as the published one, with these arguments.
fn published(world: &World, path: &str, more: &str, arguments: &str) {
    let listen = world.service.listen;
    let text = format!(
        "session:answer()\nlocal ws_url = \"ws://{listen}{path}\" .. domain_uuid .. \"/\" .. {more}call_uuid\n\
         local api = freeswitch.API()\n\
         local cmd = \"uuid_audio_stream \" .. call_uuid .. \" start \" .. ws_url .. \" {arguments}\"\n\
         api:executeString(cmd)\nwhile session:ready() do session:sleep(1000) end\n"
    );
    world.estate.write(SCRIPT, text);
}

const SCRIPT: &str = "/usr/share/freeswitch/scripts/voice_secretary.lua";
const CONF: &str = "/etc/freeswitch/autoload_configs/modules.conf.xml";

/// A case.
const fn case(code: Code, mend: Mend, name: &'static str, cause: fn(&mut World)) -> Case {
    Case {
        code,
        mend,
        name,
        cause,
    }
}

use Mend::{ByHand, Otherwise, Safe};

pub(super) const FAULTS: &[Case] = &[
    case(Code::DialplanDisabled, Safe, "switched off", |world| {
        row(world, "dialplan_enabled = 'false'");
        emptied(world);
    }),
    case(
        Code::DialplanAudioStream,
        Safe,
        "an API as an application",
        |world| {
            let data = format!("ws://127.0.0.1:8085/ws/{DOMAIN}");
            both(world, "voice_secretary.lua", &data);
            row(
                world,
                "dialplan_xml = replace(dialplan_xml, '\"lua\"', '\"audio_stream\"')",
            );
            emptied(world);
            world.run(&format!(
            "UPDATE v_dialplan_details SET dialplan_detail_type = 'audio_stream' WHERE {OURS} AND dialplan_detail_type = 'lua'"
        ));
        },
    ),
    case(Code::DialplanContext, Safe, "another context", |world| {
        row(world, "dialplan_context = 'elsewhere.example.com'");
        emptied(world);
    }),
    case(Code::DialplanDomain, Safe, "another domain", |world| {
        row(world, "domain_uuid = '11111111-1111-4111-8111-111111111112'");
    }),
    case(Code::DialplanXmlNull, Safe, "no XML", |world| {
        row(world, "dialplan_xml = NULL");
        emptied(world);
    }),
    case(Code::DialplanXmlMalformed, Safe, "broken XML", |world| {
        row(world, "dialplan_xml = replace(dialplan_xml, '</condition>', '')");
        emptied(world);
    }),
    case(Code::DialplanDetailsMissing, Safe, "no details", |world| {
        world.run(&format!("DELETE FROM v_dialplan_details WHERE {OURS}"));
    }),
    case(Code::DialplanDetailsDiffer, Safe, "other details", |world| {
        world.run(&format!(
            "UPDATE v_dialplan_details SET dialplan_detail_data = 'other.lua' WHERE {OURS} AND dialplan_detail_type = 'lua'"
        ));
    }),
    case(Code::DialplanContinue, Safe, "goes on", |world| {
        row(
            world,
            "dialplan_continue = 'true', dialplan_xml = replace(dialplan_xml, 'continue=\"false\"', 'continue=\"true\"')",
        );
        emptied(world);
    }),
    case(Code::DialplanHostname, Safe, "an empty hostname", |world| {
        row(world, "hostname = ''");
        emptied(world);
    }),
    case(Code::DialplanAppUuid, Safe, "no app", |world| {
        row(world, "app_uuid = NULL")
    }),
    case(
        Code::DialplanVariableWrong,
        Safe,
        "no secretary of the domain",
        |world| {
            both(
                world,
                "bbbbbbbb-0001-4bbb-8bbb-bbbbbbbbbbbb",
                "bbbbbbbb-0009-4bbb-8bbb-bbbbbbbbbbbb",
            );
        },
    ),
    case(Code::DialplanShadowed, Otherwise, "an earlier row", |world| {
        world.run(&format!(
            "INSERT INTO v_dialplans (domain_uuid, dialplan_uuid, app_uuid, dialplan_context, dialplan_name, dialplan_order, dialplan_enabled, \
             dialplan_continue, dialplan_xml) VALUES ('{DOMAIN}', gen_random_uuid(), gen_random_uuid(), '{CONTEXT}', 'eight', 240, 'true', \
             'false', '<extension name=\"eight\" continue=\"false\" uuid=\"x\"><condition field=\"destination_number\" \
             expression=\"^8\\d\\d\\d$\"><action application=\"answer\" data=\"\"/></condition></extension>')"
        ));
        emptied(world);
    }),
    case(
        Code::DialplanNeighbourMalformed,
        ByHand,
        "a broken neighbour",
        |world| {
            world.run(&format!(
            "INSERT INTO v_dialplans (domain_uuid, dialplan_uuid, app_uuid, dialplan_context, dialplan_name, dialplan_order, dialplan_enabled, \
             dialplan_continue, dialplan_xml) VALUES ('{DOMAIN}', gen_random_uuid(), gen_random_uuid(), '{CONTEXT}', 'broken', 400, 'true', \
             'false', '<extension name=\"broken\"><condition field=\"destination_number\" expression=\"^77$\"><action application=\"log\" \
             data=\"INFO \"quoted\"\"/></condition></extension>')"
        ));
            emptied(world);
        },
    ),
    case(Code::DialplanMissing, ByHand, "no row", |world| {
        world.run(&format!(
            "DELETE FROM v_dialplan_details WHERE {OURS}; \
             DELETE FROM v_dialplans WHERE dialplan_context = '{CONTEXT}' AND dialplan_number = '8000'; \
             DELETE FROM v_destinations; DELETE FROM v_dialplans WHERE dialplan_context = 'public' AND dialplan_number = '551155550199'"
        ));
        emptied(world);
    }),
    case(
        Code::DidUnbound,
        Safe,
        "a number that nothing leads from",
        |world| {
            world.run("UPDATE v_destinations SET dialplan_uuid = NULL");
        },
    ),
    case(Code::CacheStale, Safe, "a cache of yesterday", |world| {
        cached(world, "voice_secretary.lua", "old_secretary.lua");
    }),
    case(Code::CacheDiffers, Safe, "pages clear elsewhere", |world| {
        world.run(
            "UPDATE v_default_settings SET default_setting_value = '/tmp/cache' WHERE default_setting_category = 'cache' \
             AND default_setting_subcategory = 'location'",
        );
    }),
    case(Code::ScriptMissing, Safe, "no script", |world| {
        fs::remove_file(world.path(SCRIPT)).unwrap();
    }),
    case(Code::ScriptOld, Safe, "an old script", |world| {
        world.estate.write(SCRIPT, "-- voice-ai script version: 1\n");
    }),
    case(Code::ScriptEdited, Safe, "an edited script", |world| {
        let text = fs::read_to_string(world.path(SCRIPT)).unwrap();
        world
            .estate
            .write(SCRIPT, text.replace("local NAP = 500", "local NAP = 50"));
    }),
    case(Code::ScriptMix, Safe, "a mix that no module takes", |world| {
        published(world, "/stream/", "", "both 8000");
    }),
    case(Code::ScriptSilence, Safe, "no audio while idle", |world| {
        published(world, "/stream/", "", "mixed 16000");
    }),
    case(Code::ScriptRate, Safe, "no rate", |world| {
        published(world, "/stream/", "", "mono 44100")
    }),
    case(Code::ScriptPath, Safe, "another server's path", |world| {
        published(world, "/ws/", "", "mono 8000");
    }),
    case(Code::ScriptPath, Safe, "the secretary in the path", |world| {
        published(world, "/stream/", "secretary_uuid .. \"/\" .. ", "mono 8000");
    }),
    case(Code::ScriptAddress, Safe, "where nobody listens", |world| {
        published(world, "/stream/", "", "mono 8000");
        let text = fs::read_to_string(world.path(SCRIPT)).unwrap();
        let listen = world.service.listen.to_string();
        world
            .estate
            .write(SCRIPT, text.replace(&listen, "127.0.0.1:9085"));
    }),
    case(
        Code::ScriptAddress,
        Safe,
        "a row that streams to where nobody is",
        |world| {
            let listen = world.service.listen.to_string();
            both(world, &listen, "127.0.0.1:9085");
        },
    ),
    case(Code::ModuleNotLoaded, Safe, "not loaded", |world| {
        world.fake.unload("mod_audio_stream")
    }),
    case(Code::ModuleLua, Safe, "no Lua", |world| {
        world.fake.unload("mod_lua")
    }),
    case(Code::ModuleNoAutoload, Safe, "not at the next start", |world| {
        let text = fs::read_to_string(world.path(CONF)).unwrap();
        let line = "\t\t<load module=\"mod_audio_stream\"/>\n";
        assert!(text.contains(line));
        world.estate.write(CONF, text.replace(line, ""));
    }),
    case(
        Code::ModuleGeneratedOnly,
        Safe,
        "FusionPBX does not know",
        |world| {
            world.run("UPDATE v_modules SET module_enabled = 'false' WHERE module_name = 'mod_audio_stream'");
        },
    ),
    case(Code::ModuleFileMissing, ByHand, "no file", |world| {
        fs::remove_file(world.path(MODULE)).unwrap();
    }),
    case(
        Code::ModuleUndefinedSymbols,
        ByHand,
        "a symbol that is not there",
        |world| {
            world.fake.unload("mod_audio_stream");
            world.estate.write(
            "/var/log/freeswitch/freeswitch.log",
            "2026-01-13 10:00:00.000000 [CRIT] switch_loadable_module.c:1754 Error Loading module \
             /usr/lib/freeswitch/mod/mod_audio_stream.so\n**/usr/lib/freeswitch/mod/mod_audio_stream.so: undefined symbol: speex_resampler_init**\n",
        );
        },
    ),
    case(Code::ModuleNoTls, ByHand, "no TLS", |world| {
        world.service.tls = true
    }),
];
