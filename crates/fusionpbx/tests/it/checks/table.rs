//! The faults beyond the dialplan's, each by what is found.

use super::whole::{CACHE, CONFIG, CONTEXT, LOAD, file};
use freeswitch::SCRIPT;
use fusionpbx::{
    CacheMethod, Code, DialplanRow, EngineKey, EslState, Facts, FileFacts, KeyState, LoadedModule,
    ModuleBuild, ModuleFacts, Owner, PasswordCut, PortOwner, Running, SecondConfig, Secret, ServerState,
    ShownToken, Text, Unread, Upgrade, Verdict,
};

/// Where the script looks for its token.
const TOKEN: &str = "/usr/share/freeswitch/scripts/voice_secretary.token";

/// What repair makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mend {
    /// It is mended.
    Safe,
    /// It is told what is to be done by hand.
    ByHand,
}

/// A fault.
pub(super) struct Case {
    pub(super) code: Code,
    pub(super) verdict: Verdict,
    pub(super) mend: Mend,
    /// What the line is to hold, in every language.
    pub(super) value: &'static str,
    pub(super) cause: fn(&mut Facts),
}

use Mend::{ByHand, Safe};
use Verdict::{Fault, Warning};

const fn case(code: Code, verdict: Verdict, mend: Mend, value: &'static str, cause: fn(&mut Facts)) -> Case {
    Case {
        code,
        verdict,
        mend,
        value,
        cause,
    }
}

pub(super) fn why(text: &str) -> Unread {
    Unread(Text::new(text, format!("{text} (pt)")))
}

fn password(facts: &mut Facts, cut: PasswordCut) {
    facts.system.installation.as_mut().unwrap().password_cut = Some(cut);
}

fn second(facts: &mut Facts, differs: &[&str]) {
    facts.system.installation.as_mut().unwrap().second = Some(SecondConfig {
        path: "/usr/local/etc/fusionpbx/config.conf".into(),
        differs: differs.iter().map(|&key| key.to_owned()).collect(),
    });
}

fn running(facts: &mut Facts) -> &mut Running {
    facts.switch.running.as_mut().unwrap()
}

fn module(facts: &mut Facts) -> &mut ModuleFacts {
    facts.module.as_mut().unwrap()
}

fn without(facts: &mut Facts, module: LoadedModule) {
    assert!(running(facts).modules.remove(&module));
}

/// Nothing was asked of FreeSWITCH.
pub(super) fn unasked(facts: &mut Facts, state: EslState) {
    facts.switch.esl.state = state;
    facts.switch.running = None;
    facts.system.switch_clock_ms = None;
}

fn unreachable() -> EslState {
    EslState::Unreachable("Connection refused (os error 111)".to_owned())
}

/// FreeSWITCH is on another machine.
pub(super) fn elsewhere(facts: &mut Facts) {
    facts.switch.esl.host = "192.0.2.8".to_owned();
    facts.switch.esl.listens.clear();
    facts.switch.process = None;
    facts.switch.folder = None;
    let nothing = why("FreeSWITCH is at 192.0.2.8, on another machine");
    facts.script = Err(nothing.clone());
    facts.module = Err(nothing.clone());
    facts.cache = Err(nothing);
}

pub(super) fn down(facts: &mut Facts) {
    facts.server.state = ServerState::Down(why("nothing answers at 127.0.0.1:8086: Connection refused"));
    facts.server.port = None;
    facts.server.upgrade = None;
    facts.server.connected = None;
    facts.server.domains = None;
    facts.system.file_limit = None;
}

/// What the provider says of a key.
fn key(state: KeyState) -> EngineKey {
    EngineKey {
        setting: "openai.api_key".to_owned(),
        place: "https://api.openai.com/v1/models".to_owned(),
        state,
    }
}

/// Our row sets a variable before the script.
fn sets(facts: &mut Facts, variable: &str) {
    let rows = &mut facts.database.as_mut().unwrap().dialplans;
    let is_ours = |row: &&mut DialplanRow| row.context == CONTEXT && row.name.starts_with("voice_secretary");
    let row = rows.iter_mut().find(is_ours).unwrap();
    let lua = "<action application=\"lua\"";
    let with = format!("<action application=\"set\" data=\"{variable}\"/>{lua}");
    row.xml = Some(row.xml.as_ref().unwrap().replace(lua, &with));
    row.details
        .iter_mut()
        .filter(|detail| detail.kind == "lua")
        .for_each(|detail| detail.order += 5);
    let mut set = row
        .details
        .iter()
        .find(|detail| detail.kind == "set")
        .unwrap()
        .clone();
    set.uuid = uuid::Uuid::new_v4();
    set.data = variable.to_owned();
    set.order = row.details.iter().map(|detail| detail.order).max().unwrap() - 1;
    row.details.push(set);
    let file = super::whole::cached(facts);
    facts.cache.as_mut().unwrap().files = vec![file];
}

/// The service wants a token, and the script shows this file.
fn token(facts: &mut Facts, text: &str, readable: bool) {
    facts.service.token = Some(Secret::new("of-the-service"));
    facts.script.as_mut().unwrap().token = Ok(ShownToken {
        file: Some(FileFacts {
            mode: 0o600,
            ..file(text)
        }),
        readable: Some(readable),
    });
}

/// A script as the published one, with these arguments.
fn published(facts: &mut Facts, authority: &str, path: &str, more: &str, arguments: &str) {
    let text = format!(
        "session:answer()\nlocal ws_url = \"ws://{authority}{path}\" .. domain_uuid .. \"/\" .. {more}call_uuid\n\
         local cmd = \"uuid_audio_stream \" .. call_uuid .. \" start \" .. ws_url .. \" {arguments}\"\n"
    );
    facts.script.as_mut().unwrap().file = Some(file(&text));
}

fn memcache(facts: &mut Facts, answers: Result<(), Unread>) {
    let cache = facts.cache.as_mut().unwrap();
    cache.lua.method = CacheMethod::Memcache;
    cache.files.clear();
    cache.writable = None;
    cache.memcached = Some(answers);
    let database = facts.database.as_mut().unwrap();
    database.php_cache.method = CacheMethod::Memcache;
    database.cache_rows[0].value = "memcache".to_owned();
}

const SYMBOL: &str =
    "**/usr/lib/freeswitch/mod/mod_audio_stream.so: undefined symbol: speex_resampler_init**";
const OUT_OF_DATE: &str = "**Trying to load an out of date module, please rebuild the module.**";

fn not_loaded(facts: &mut Facts, log: &str) {
    without(facts, LoadedModule::AudioStream);
    module(facts).log = vec!["[CRIT] Error Loading module".to_owned(), log.to_owned()];
}

pub(super) const CASES: &[Case] = &[
    case(Code::FusionPbxMissing, Fault, ByHand, CONFIG, |facts| {
        facts.system.installation = Err(why("not found; looked for /etc/fusionpbx/config.conf"));
        facts.database = Err(why("not found"));
        facts.cache = Err(why("not found"));
    }),
    case(Code::DatabaseRefused, Fault, ByHand, "127.0.0.1:5432", |facts| {
        facts.database = Err(why("nothing answers at 127.0.0.1:5432"));
        facts.system.database_clock_ms = None;
    }),
    case(Code::PasswordCut, Fault, ByHand, "`=`", |facts| {
        password(facts, PasswordCut::Sign('='))
    }),
    case(Code::PasswordCut, Fault, ByHand, "`\"`", |facts| {
        password(facts, PasswordCut::Sign('"'))
    }),
    case(Code::PasswordCut, Fault, ByHand, "`;`", |facts| {
        password(facts, PasswordCut::Sign(';'))
    }),
    case(Code::PasswordCut, Fault, ByHand, "`\\`", |facts| {
        password(facts, PasswordCut::Sign('\\'))
    }),
    case(Code::PasswordCut, Fault, ByHand, "`'`", |facts| {
        password(facts, PasswordCut::Sign('\''))
    }),
    case(Code::PasswordCut, Fault, ByHand, "` `", |facts| {
        password(facts, PasswordCut::Sign(' '))
    }),
    case(Code::PasswordCut, Fault, ByHand, "config.lua", |facts| {
        password(facts, PasswordCut::Files)
    }),
    case(Code::DiskFull, Warning, ByHand, "500 MiB", |facts| {
        facts.system.disk = Some(("/tmp".into(), 500 << 20, 20 << 30));
    }),
    case(Code::DiskFull, Fault, ByHand, "50 MiB", |facts| {
        facts.system.disk = Some(("/tmp".into(), 50 << 20, 20 << 30));
    }),
    case(Code::ClockOff, Warning, ByHand, "FreeSWITCH", |facts| {
        facts.system.switch_clock_ms = Some(-5_000)
    }),
    case(Code::ClockOff, Fault, ByHand, "90000 ms", |facts| {
        facts.system.database_clock_ms = Some(90_000)
    }),
    case(Code::FileLimit, Warning, ByHand, "1024", |facts| {
        facts.system.file_limit = Some(1_024)
    }),
    case(
        Code::SecondConfig,
        Fault,
        ByHand,
        "database.0.password",
        |facts| second(facts, &["database.0.password"]),
    ),
    case(
        Code::SecondConfig,
        Warning,
        ByHand,
        "/usr/local/etc/fusionpbx/config.conf",
        |facts| second(facts, &[]),
    ),
    case(Code::SwitchNotRunning, Fault, ByHand, "FreeSWITCH", |facts| {
        unasked(facts, unreachable());
        facts.switch.process = None;
        facts.switch.esl.listens.clear();
    }),
    case(Code::EslUnreachable, Fault, ByHand, "127.0.0.1:8021", |facts| {
        unasked(facts, unreachable());
        facts.switch.esl.listens.clear();
    }),
    case(Code::EslUnreachable, Fault, ByHand, "192.0.2.8:8021", |facts| {
        unasked(facts, unreachable());
        elsewhere(facts);
        facts.service.listen = "0.0.0.0:8085".parse().unwrap();
    }),
    case(Code::EslWrongPassword, Fault, ByHand, "127.0.0.1:8021", |facts| {
        unasked(facts, EslState::WrongPassword)
    }),
    // In a container the process is not to be seen.
    case(Code::EslWrongPassword, Fault, ByHand, "127.0.0.1:8021", |facts| {
        unasked(facts, EslState::WrongPassword);
        facts.switch.process = None;
    }),
    case(Code::EslAclRefused, Fault, ByHand, "127.0.0.1:8021", |facts| {
        unasked(facts, EslState::Refused)
    }),
    case(Code::EslDefaultPassword, Warning, ByHand, "ClueCon", |facts| {
        facts.switch.esl.default_password = true
    }),
    case(Code::EslPublicAddress, Warning, ByHand, "::", |facts| {
        facts.switch.esl.listens = vec!["::".parse().unwrap()];
    }),
    case(Code::EslPublicAddress, Warning, ByHand, "192.0.2.7", |facts| {
        facts.switch.esl.listens.push([192, 0, 2, 7].into());
        facts.switch.esl.access = Some(vec!["any_v4.auto".to_owned()]);
    }),
    case(Code::SwitchUser, Warning, ByHand, "999", |facts| {
        facts.switch.folder.as_mut().unwrap().1 = Owner { uid: 999, gid: 999 };
    }),
    case(Code::CacheStale, Fault, Safe, "voice_secretary", |facts| {
        let file = &mut facts.cache.as_mut().unwrap().files[0];
        file.text = file.text.replace("voice_secretary.lua", "old_secretary.lua");
    }),
    case(Code::CacheDiffers, Fault, Safe, "/tmp/cache", |facts| {
        let database = facts.database.as_mut().unwrap();
        database.php_cache.location = "/tmp/cache".into();
        database.cache_rows[1].value = "/tmp/cache".to_owned();
    }),
    case(Code::CacheDiffers, Fault, Safe, "memcache", |facts| {
        let database = facts.database.as_mut().unwrap();
        database.php_cache.method = CacheMethod::Memcache;
        database.cache_rows[0].value = "memcache".to_owned();
    }),
    case(Code::CacheNotWritable, Fault, ByHand, CACHE, |facts| {
        facts.cache.as_mut().unwrap().writable = Some(false);
    }),
    case(
        Code::MemcachedUnreachable,
        Fault,
        ByHand,
        "127.0.0.1:11211",
        |facts| {
            memcache(facts, Err(why("no memcached answers at 127.0.0.1:11211")));
        },
    ),
    case(
        Code::MemcachedUnreachable,
        Fault,
        ByHand,
        "mod_memcache",
        |facts| memcache(facts, Ok(())),
    ),
    case(Code::ScriptMissing, Fault, Safe, "voice_secretary.lua", |facts| {
        let script = facts.script.as_mut().unwrap();
        script.file = None;
        script.readable = None;
    }),
    case(
        Code::ScriptUnreadable,
        Fault,
        Safe,
        "voice_secretary.lua",
        |facts| {
            let script = facts.script.as_mut().unwrap();
            script.readable = Some(false);
            script.file.as_mut().unwrap().mode = 0o600;
        },
    ),
    case(Code::ScriptOld, Fault, Safe, "1", |facts| {
        facts.script.as_mut().unwrap().file = Some(file("-- voice-ai script version: 1\n"));
    }),
    case(Code::ScriptOld, Fault, Safe, "voice-ai", |facts| {
        published(facts, "127.0.0.1:8085", "/stream/", "", "mono 8000");
    }),
    case(Code::ScriptEdited, Warning, Safe, "+local NAP = 50", |facts| {
        let text = SCRIPT.replace("local NAP = 500", "local NAP = 50");
        assert_ne!(text, SCRIPT);
        facts.script.as_mut().unwrap().file = Some(file(&text));
    }),
    case(
        Code::ScriptEdited,
        Fault,
        Safe,
        "{ \"mono\", \"mixed\", \"stereo\" }",
        |facts| {
            let text = SCRIPT.replace("{ \"mono\", \"mixed\", \"stereo\" }", "{ \"both\" }");
            facts.script.as_mut().unwrap().file = Some(file(&text));
        },
    ),
    case(Code::ScriptEdited, Fault, Safe, "Lua", |facts| {
        let text = SCRIPT.replace("local function answer()", "local function answer(");
        facts.script.as_mut().unwrap().file = Some(file(&text));
    }),
    case(Code::ScriptMix, Fault, Safe, "\"both\"", |facts| {
        published(facts, "127.0.0.1:8085", "/stream/", "", "both 8000");
    }),
    case(Code::ScriptSilence, Fault, Safe, "mixed", |facts| {
        published(facts, "127.0.0.1:8085", "/stream/", "", "mixed 16000");
    }),
    case(Code::ScriptRate, Fault, Safe, "44100", |facts| {
        published(facts, "127.0.0.1:8085", "/stream/", "", "mono 44100");
    }),
    case(Code::ScriptPath, Fault, Safe, "/ws/", |facts| {
        published(facts, "127.0.0.1:8085", "/ws/", "", "mono 8000");
    }),
    case(Code::ScriptPath, Fault, Safe, "/stream/", |facts| {
        published(
            facts,
            "127.0.0.1:8085",
            "/stream/",
            "secretary_uuid .. \"/\" .. ",
            "mono 8000",
        );
    }),
    case(Code::ScriptAddress, Fault, Safe, "127.0.0.1:9085", |facts| {
        published(facts, "127.0.0.1:9085", "/stream/", "", "mono 8000");
    }),
    case(Code::ScriptToken, Fault, Safe, TOKEN, |facts| {
        facts.service.token = Some(Secret::new("of-the-service"));
    }),
    case(Code::ScriptToken, Fault, Safe, TOKEN, |facts| {
        token(facts, "of-yesterday\n", true);
    }),
    case(Code::ScriptToken, Fault, Safe, TOKEN, |facts| {
        token(facts, "of-the-service\n", false);
        let script = facts.script.as_mut().unwrap();
        script.token.as_mut().unwrap().file.as_mut().unwrap().mode = 0o000;
    }),
    // It is FreeSWITCH's already: a folder on the way is not.
    case(Code::ScriptToken, Fault, ByHand, TOKEN, |facts| {
        token(facts, "of-the-service\n", false);
    }),
    case(Code::ScriptToken, Fault, ByHand, "voice_ai_token", |facts| {
        token(facts, "of-the-service\n", true);
        sets(facts, "voice_ai_token=of-the-row");
    }),
    case(
        Code::ModuleFileMissing,
        Fault,
        ByHand,
        "mod_audio_stream.so",
        |facts| {
            without(facts, LoadedModule::AudioStream);
            let module = module(facts);
            (module.present, module.build, module.tls) = (false, None, None);
        },
    ),
    case(Code::ModuleNotLoaded, Fault, Safe, "mod_audio_stream", |facts| {
        without(facts, LoadedModule::AudioStream);
    }),
    case(Code::ModuleNoAutoload, Fault, Safe, "modules.conf.xml", |facts| {
        let module = module(facts);
        module.in_file = false;
        let text = &mut module.conf.as_mut().unwrap().1.text;
        *text = text.replace(LOAD, "");
    }),
    case(
        Code::ModuleGeneratedOnly,
        Warning,
        Safe,
        "modules.conf.xml",
        |facts| {
            facts.database.as_mut().unwrap().modules[0].enabled = Some(false);
        },
    ),
    case(
        Code::ModuleGeneratedOnly,
        Warning,
        Safe,
        "modules.conf.xml",
        |facts| {
            facts.database.as_mut().unwrap().modules.clear();
        },
    ),
    case(Code::ModuleUndefinedSymbols, Fault, ByHand, SYMBOL, |facts| {
        not_loaded(facts, SYMBOL)
    }),
    case(Code::ModuleWrongVersion, Fault, ByHand, OUT_OF_DATE, |facts| {
        not_loaded(facts, OUT_OF_DATE)
    }),
    case(Code::ModuleDangerousBuild, Warning, ByHand, "sptmru", |facts| {
        module(facts).build = Some(ModuleBuild::Sptmru);
    }),
    case(Code::ModuleNoTls, Fault, ByHand, "wss://", |facts| {
        facts.service.tls = true;
        module(facts).tls = Some(false);
    }),
    case(Code::ModuleLua, Fault, Safe, "mod_lua", |facts| {
        without(facts, LoadedModule::Lua)
    }),
    case(Code::ModuleNoPlayback, Fault, ByHand, "amigniter", |facts| {
        sets(facts, "voice_ai_leg=raw");
    }),
    case(Code::ServerNotRunning, Fault, ByHand, "127.0.0.1:8086", down),
    case(Code::ServerNotRunning, Fault, ByHand, "nginx", |facts| {
        down(facts);
        facts.server.state = ServerState::Stranger("nginx".to_owned());
    }),
    case(
        Code::ServerNotRunning,
        Warning,
        ByHand,
        "small is gone",
        |facts| {
            facts.server.complaints = vec!["speech_to_text: small is gone".to_owned()];
        },
    ),
    case(Code::ServerPortTaken, Fault, ByHand, "nginx", |facts| {
        down(facts);
        facts.server.port = Some(PortOwner {
            pid: 77,
            name: "nginx".to_owned(),
        });
    }),
    case(
        Code::ServerUnreachable,
        Fault,
        ByHand,
        "127.0.0.1:8085",
        |facts| {
            facts.server.upgrade = Some(Upgrade::Unreachable("no answer within 1s".to_owned()));
        },
    ),
    case(Code::ServerUnreachable, Fault, ByHand, "192.0.2.8", elsewhere),
    case(Code::ServerUpgradeRefused, Fault, ByHand, "403", |facts| {
        facts.server.upgrade = Some(Upgrade::Refused(403, "this address may not stream".to_owned()));
    }),
    case(Code::ServerEngineKey, Fault, ByHand, "OPENAI_API_KEY", |facts| {
        facts.service.unserved = vec!["Ana wants OPENAI_API_KEY, which is not set".to_owned()];
    }),
    case(Code::ServerEngineKey, Fault, ByHand, "openai.api_key", |facts| {
        facts.service.keys = vec![key(KeyState::Taken), key(KeyState::Refused(401))];
    }),
    case(
        Code::ServerEngineKey,
        Warning,
        ByHand,
        "https://api.openai.com/v1/models",
        |facts| {
            let why = "nothing came within 1 s".to_owned();
            facts.service.keys = vec![key(KeyState::Unreached(why))];
        },
    ),
    case(Code::ServerModels, Fault, ByHand, "whisper-base", |facts| {
        facts.service.missing_models = vec!["whisper-base".to_owned()];
        facts.service.models = Some("/var/lib/voice-ai/models".into());
    }),
    case(Code::ServerModels, Fault, ByHand, "whisper-base", |facts| {
        facts.service.missing_models = vec!["whisper-base".to_owned()];
    }),
    case(Code::ServerNotConnected, Fault, ByHand, "FreeSWITCH", |facts| {
        facts.server.connected = Some(false);
    }),
    case(Code::ServerNotConnected, Warning, ByHand, "[[pbx]]", |facts| {
        facts.server.connected = None;
        facts.service.event_sockets.clear();
    }),
    case(Code::ServerNotConnected, Fault, ByHand, CONTEXT, |facts| {
        facts.server.domains.as_mut().unwrap().remove(0);
    }),
    case(
        Code::ServerConfig,
        Fault,
        ByHand,
        "/etc/voice-ai/voice-ai.toml",
        |facts| {
            down(facts);
            facts.service.is_configured = false;
            facts.service.domains.clear();
        },
    ),
    case(Code::ServerConfig, Fault, ByHand, "voice-ai.toml:4", |facts| {
        down(facts);
        facts.service.wrong = vec!["voice-ai.toml:4: unknown field `lisen`".to_owned()];
    }),
    case(Code::ServerConfig, Fault, ByHand, "voice-ai.toml:3", |facts| {
        facts.service.wrong = vec!["voice-ai.toml:3: unknown field `lisen`".to_owned()];
    }),
];
