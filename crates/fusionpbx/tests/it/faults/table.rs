//! The faults, each by what brings it about.

use super::world::{CONTEXT, DOMAIN, MODULE, World, cache_file};
use crate::estate::Version;
use crate::machine::{listens, process};
use crate::survey::{Library, nobody};
use fusionpbx::{Code, EngineKey, KeyState, Owner};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

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

/// Our row does not set a variable any more.
fn unset(world: &World, name: &str) {
    row(
        world,
        &format!(
            "dialplan_xml = regexp_replace(dialplan_xml, '\\s*<action application=\"set\" data=\"{name}=[^\"]*\"/>', '')"
        ),
    );
    world.run(&format!(
        "DELETE FROM v_dialplan_details WHERE {OURS} AND dialplan_detail_data LIKE '{name}=%'"
    ));
    emptied(world);
}

/// The row of a neighbour in our context.
fn neighbour(world: &World, name: &str, order: u32, expression: &str, action: &str) {
    world.run(&format!(
        "INSERT INTO v_dialplans (domain_uuid, dialplan_uuid, app_uuid, dialplan_context, dialplan_name, dialplan_order, dialplan_enabled, \
         dialplan_continue, dialplan_xml) VALUES ('{DOMAIN}', gen_random_uuid(), gen_random_uuid(), '{CONTEXT}', '{name}', {order}, 'true', \
         'false', '<extension name=\"{name}\" continue=\"false\" uuid=\"x\"><condition field=\"destination_number\" \
         expression=\"{expression}\">{action}</condition></extension>')"
    ));
    emptied(world);
}

/// A row that was copied in the editor, and stands before ours.
fn twin(world: &mut World) {
    world.run(&format!(
        "CREATE TEMP TABLE twin AS SELECT * FROM v_dialplans WHERE dialplan_context = '{CONTEXT}' AND dialplan_number = '8000'; \
         CREATE TEMP TABLE parts AS SELECT * FROM v_dialplan_details WHERE {OURS}; \
         UPDATE twin SET dialplan_uuid = '22222222-2222-4222-8222-222222222222', dialplan_order = dialplan_order - 5, \
         dialplan_name = 'copied'; \
         UPDATE twin SET dialplan_xml = regexp_replace(replace(dialplan_xml, 'name=\"voice_secretary', 'name=\"copied_voice_secretary'), \
         'uuid=\"[^\"]*\"', 'uuid=\"22222222-2222-4222-8222-222222222222\"'); \
         UPDATE twin SET dialplan_name = substring(dialplan_xml from 'name=\"([^\"]*)\"'); \
         UPDATE parts SET dialplan_uuid = '22222222-2222-4222-8222-222222222222', dialplan_detail_uuid = gen_random_uuid(); \
         INSERT INTO v_dialplans SELECT * FROM twin; INSERT INTO v_dialplan_details SELECT * FROM parts"
    ));
    emptied(world);
}

/// FreeSWITCH runs as this user.
fn runs_as(world: &World, owner: Owner) {
    process(&world.host(), 812, "freeswitch", owner);
}

/// Whose files of the machine are.
fn us(world: &World) -> Owner {
    let root = fs::metadata(world.path("/")).unwrap();
    Owner {
        uid: root.uid(),
        gid: root.gid(),
    }
}

/// The mode of a file or folder.
fn mode(world: &World, path: &str, mode: u32) {
    fs::set_permissions(world.path(path), Permissions::from_mode(mode)).unwrap();
}

/// Pages and calls keep the cache in memcached, which nobody runs at the place where mod_memcache looks.
fn by_memcached(world: &World) {
    world.configure(&[("cache.method", "memcache")]);
    world.run(
        "UPDATE v_default_settings SET default_setting_value = 'memcache' WHERE default_setting_category = 'cache' \
         AND default_setting_subcategory = 'method'",
    );
    world.estate.write(
        "/etc/freeswitch/autoload_configs/memcache.conf.xml",
        "<configuration name=\"memcache.conf\"><settings><param name=\"memcache-servers\" value=\"127.0.0.1:1\"/></settings></configuration>",
    );
}

/// What FreeSWITCH's log says of a module that it could not load.
fn log(world: &World, line: &str) {
    world.fake.unload("mod_audio_stream");
    world.estate.write(
        "/var/log/freeswitch/freeswitch.log",
        format!(
            "2026-01-13 10:00:00.000000 [CRIT] switch_loadable_module.c:1754 Error Loading module \
             /usr/lib/freeswitch/mod/mod_audio_stream.so\n{line}\n"
        ),
    );
}

/// What a provider says of a key.
fn key(state: KeyState) -> EngineKey {
    EngineKey {
        setting: "openai.api_key".to_owned(),
        place: "https://api.openai.com/v1/models".to_owned(),
        state,
    }
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
const SHOWN: &str = "/usr/share/freeswitch/scripts/voice_secretary.token";
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
    case(
        Code::DialplanContext,
        Safe,
        "the context of calls from outside",
        |world| {
            row(world, "dialplan_context = 'public'");
            emptied(world);
        },
    ),
    case(Code::DialplanContext, Safe, "another domain's context", |world| {
        row(world, "dialplan_context = 'tenant2.example.com'");
        emptied(world);
    }),
    case(Code::DialplanVariableMissing, Safe, "no domain", |world| {
        unset(world, "domain_uuid");
    }),
    // It comes to stand before the domain.
    case(
        Code::DialplanVariableMissing,
        Otherwise,
        "no secretary",
        |world| {
            unset(world, "secretary_uuid");
        },
    ),
    case(
        Code::DialplanVariableWrong,
        Safe,
        "another domain's uuid",
        |world| {
            both(
                world,
                &format!("domain_uuid={DOMAIN}"),
                "domain_uuid=11111111-1111-4111-8111-111111111112",
            );
        },
    ),
    case(
        Code::DialplanVariableWrong,
        Safe,
        "another domain's secretary",
        |world| {
            both(
                world,
                "bbbbbbbb-0001-4bbb-8bbb-bbbbbbbbbbbb",
                "bbbbbbbb-0002-4bbb-8bbb-bbbbbbbbbbbb",
            );
        },
    ),
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
        neighbour(
            world,
            "eight",
            240,
            r"^8\d\d\d$",
            "<action application=\"answer\" data=\"\"/>",
        );
    }),
    case(Code::DialplanShadowed, ByHand, "a row twice", twin),
    case(
        Code::DialplanNeighbourMalformed,
        ByHand,
        "a broken neighbour",
        |world| {
            neighbour(
                world,
                "broken",
                400,
                "^77$",
                "<action application=\"log\" data=\"INFO \"quoted\"\"/>",
            );
        },
    ),
    case(
        Code::DialplanUnknownApplication,
        ByHand,
        "no such application",
        |world| {
            both(world, "\"lua\"", "\"luaa\"");
            world.run(&format!(
            "UPDATE v_dialplan_details SET dialplan_detail_type = 'luaa' WHERE {OURS} AND dialplan_detail_type = 'lua'"
        ));
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
    case(
        Code::ScriptEdited,
        Safe,
        "a script that is no Lua any more",
        |world| {
            let text = fs::read_to_string(world.path(SCRIPT)).unwrap();
            world.estate.write(
                SCRIPT,
                text.replace("local function answer()", "local function answer("),
            );
        },
    ),
    case(
        Code::ScriptUnreadable,
        Safe,
        "a script that FreeSWITCH cannot read",
        |world| {
            let us = us(world);
            if us.uid == 0 {
                // Root reads all; another user of root's group reads what that may.
                runs_as(world, Owner { uid: 999, ..us });
                mode(world, "/var/cache/fusionpbx", 0o775);
                mode(world, SCRIPT, 0o600);
                mode(world, SHOWN, 0o640);
            } else {
                mode(world, SCRIPT, 0o000);
            }
        },
    ),
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
    case(Code::ScriptToken, Safe, "no token to show", |world| {
        fs::remove_file(world.path(SHOWN)).unwrap();
    }),
    case(Code::ScriptToken, Safe, "a token of yesterday", |world| {
        world.estate.write(SHOWN, "of-yesterday\n");
    }),
    case(
        Code::ScriptToken,
        Safe,
        "a token that FreeSWITCH cannot read",
        |world| {
            let us = us(world);
            if us.uid == 0 {
                runs_as(world, Owner { uid: 999, ..us });
                mode(world, "/var/cache/fusionpbx", 0o775);
                mode(world, SHOWN, 0o600);
            } else {
                mode(world, SHOWN, 0o000);
            }
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
            log(
                world,
                "**/usr/lib/freeswitch/mod/mod_audio_stream.so: undefined symbol: speex_resampler_init**",
            );
        },
    ),
    case(
        Code::ModuleWrongVersion,
        ByHand,
        "built for another FreeSWITCH",
        |world| {
            log(
                world,
                "**Trying to load an out of date module, please rebuild the module.**",
            );
        },
    ),
    case(
        Code::ModuleDangerousBuild,
        ByHand,
        "a build that a message ends",
        |world| {
            let library = Library {
                says: &[
                    "Error initializing mod_audio_stream WS session.",
                    "Error initializing mod_audio_stream TCP session.",
                    "ixwebsocket/",
                ],
                needs: &["libfreeswitch.so.1", "libssl.so.3"],
                functions: &[],
            };
            world.estate.write(MODULE, library.file());
        },
    ),
    case(Code::ModuleNoTls, ByHand, "no TLS", |world| {
        world.service.tls = true
    }),
    case(
        Code::ModuleNoPlayback,
        ByHand,
        "frames that nobody plays",
        |world| {
            row(
                world,
                "dialplan_xml = replace(dialplan_xml, '<action application=\"lua\"', \
             '<action application=\"set\" data=\"voice_ai_leg=raw\"/><action application=\"lua\"')",
            );
            world.run(&format!(
            "CREATE TEMP TABLE parts AS SELECT * FROM v_dialplan_details WHERE {OURS} AND dialplan_detail_data LIKE 'voice_ai_url=%'; \
             UPDATE parts SET dialplan_detail_uuid = gen_random_uuid(), dialplan_detail_data = 'voice_ai_leg=raw', \
             dialplan_detail_order = dialplan_detail_order + 2; INSERT INTO v_dialplan_details SELECT * FROM parts"
        ));
            emptied(world);
        },
    ),
    case(Code::CacheDiffers, Otherwise, "a setting twice", |world| {
        world.run(
            "INSERT INTO v_default_settings (default_setting_uuid, default_setting_category, default_setting_subcategory, \
             default_setting_name, default_setting_value, default_setting_order, default_setting_enabled) \
             VALUES ('ffffffff-ffff-4fff-8fff-ffffffffffff', 'cache', 'location', 'text', '/tmp/elsewhere', NULL, 'true')",
        );
    }),
    case(Code::CacheDiffers, Safe, "pages keep it in memcached", |world| {
        world.run(
            "UPDATE v_default_settings SET default_setting_value = 'memcache' WHERE default_setting_category = 'cache' \
             AND default_setting_subcategory = 'method'",
        );
    }),
    case(
        Code::CacheNotWritable,
        ByHand,
        "no folder of the cache",
        |world| {
            fs::remove_dir_all(world.path("/var/cache/fusionpbx")).unwrap();
        },
    ),
    case(Code::MemcachedUnreachable, ByHand, "no memcached", |world| {
        by_memcached(world)
    }),
    case(Code::FusionPbxMissing, ByHand, "no FusionPBX", |world| {
        fs::remove_file(world.path("/etc/fusionpbx/config.conf")).unwrap();
    }),
    case(
        Code::DatabaseRefused,
        ByHand,
        "a wrong password of the database",
        |world| {
            world.configure(&[("database.0.password", "not-this-one")]);
        },
    ),
    case(Code::DatabaseRefused, ByHand, "no PostgreSQL", |world| {
        world.configure(&[("database.0.port", "1")]);
    }),
    case(Code::PasswordCut, ByHand, "a password that Lua cuts", |world| {
        world.run(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cut') THEN \
             CREATE ROLE cut LOGIN PASSWORD 'ab=cd' IN ROLE fusionpbx; END IF; END $$",
        );
        world.configure(&[("database.0.username", "cut"), ("database.0.password", "ab=cd")]);
    }),
    case(Code::DiskFull, ByHand, "no room", |world| {
        // No byte of it is free.
        symlink("/proc", world.path("/var/lib/postgresql")).unwrap();
    }),
    case(Code::ClockOff, ByHand, "another time", |world| {
        world.fake.set_clock(90_000)
    }),
    case(Code::FileLimit, ByHand, "few files", |world| {
        world.fake.set_clock(0);
        process(&world.host(), 901, "voice-ai", us(world));
    }),
    case(Code::SecondConfig, ByHand, "a second config.conf", |world| {
        let text = fs::read_to_string(world.path("/etc/fusionpbx/config.conf")).unwrap();
        let other = text.replace("example-db-password", "yesterdays");
        world.estate.write("/usr/local/etc/fusionpbx/config.conf", other);
    }),
    case(Code::SwitchNotRunning, ByHand, "no FreeSWITCH", |world| {
        world.configure(&[("switch.event_socket.port", "1")]);
        world.running.loses_freeswitch("unreachable");
        for file in ["comm", "status", "limits"] {
            fs::remove_file(world.path(&format!("/proc/812/{file}"))).unwrap();
        }
    }),
    case(Code::EslUnreachable, ByHand, "no event socket", |world| {
        world.configure(&[("switch.event_socket.port", "1")]);
        world.running.loses_freeswitch("unreachable");
    }),
    case(
        Code::EslWrongPassword,
        ByHand,
        "another password of the event socket",
        |world| {
            world.configure(&[("switch.event_socket.password", "ClueCon")]);
        },
    ),
    case(
        Code::EslAclRefused,
        ByHand,
        "an access list without this machine",
        |world| {
            world.use_closed();
            world.running.loses_freeswitch("refused");
        },
    ),
    case(
        Code::EslDefaultPassword,
        ByHand,
        "the password that everybody knows",
        World::use_known,
    ),
    case(
        Code::EslPublicAddress,
        ByHand,
        "an event socket for everybody",
        |world| {
            let port = world.fake.addr().port();
            listens(&world.host(), 812, port, "00000000", 8);
            world.estate.write(
            "/etc/freeswitch/autoload_configs/event_socket.conf.xml",
            "<configuration name=\"event_socket.conf\"><settings><param name=\"apply-inbound-acl\" value=\"any_v4.auto\"/></settings></configuration>",
        );
        },
    ),
    case(Code::SwitchUser, ByHand, "FreeSWITCH as another user", |world| {
        mode(world, "/var/cache/fusionpbx", 0o777);
        mode(world, SHOWN, 0o644);
        runs_as(world, Owner { uid: 999, gid: 999 });
    }),
    case(Code::ServerNotRunning, ByHand, "no service", |world| {
        world.service.control = nobody();
    }),
    case(
        Code::ServerNotRunning,
        ByHand,
        "a service with a complaint",
        |world| {
            world.running.complains(
                "\"ok\",\"detail\":\"new calls are taken\"",
                "\"failed\",\"detail\":\"the node is draining\"",
            );
        },
    ),
    case(
        Code::ServerPortTaken,
        ByHand,
        "another program at the port",
        |world| {
            world.service.control = nobody();
            process(&world.host(), 901, "nginx", us(world));
        },
    ),
    case(
        Code::ServerUnreachable,
        ByHand,
        "a firewall before the service",
        |world| {
            world.running.streams(("", String::new()));
        },
    ),
    case(
        Code::ServerUpgradeRefused,
        ByHand,
        "an address that may not stream",
        |world| {
            let refusal =
                "{\"error\":\"127.0.0.1 may not stream to this node\",\"remedy\":\"add it to server.allow\"}";
            world.running.streams(("403 Forbidden", refusal.to_owned()));
        },
    ),
    case(Code::ServerEngineKey, ByHand, "no key", |world| {
        world.service.unserved = vec![
            "secretary Ana of domain pbx.example.com: it wants the engine openai, which needs a key"
                .to_owned(),
        ];
    }),
    case(Code::ServerEngineKey, ByHand, "a key that is refused", |world| {
        world.service.keys = vec![key(KeyState::Refused(401))];
    }),
    case(Code::ServerModels, ByHand, "no model", |world| {
        world.service.missing_models = vec!["whisper-base".to_owned()];
    }),
    case(
        Code::ServerNotConnected,
        ByHand,
        "a service without FreeSWITCH",
        |world| {
            world.running.loses_freeswitch("wrong password");
        },
    ),
    case(Code::ServerConfig, ByHand, "a wrong configuration", |world| {
        world.service.wrong = vec!["voice-ai.toml, line 3: unknown key server.listn".to_owned()];
    }),
];
