//! What administration asks and tells, and that nothing breaks out of it.

use crate::peer::{LONG, settings};
use freeswitch::{
    CacheEvent, CacheKey, Command, CommandError, Console, ContextName, DialString, Extension, ModuleName,
    Password, Settings, State, VariableName, VariableValue,
};
use sim::freeswitch::{Behaviour, FreeSwitch, Setup};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;

fn of(fake: &FreeSwitch) -> Settings {
    settings(fake.addr().port())
}

async fn stage() -> (FreeSwitch, Console) {
    let fake = FreeSwitch::start(Setup::default()).await.unwrap();
    let console = Console::connect(&of(&fake)).await.unwrap();
    (fake, console)
}

fn variable(name: &str) -> VariableName {
    VariableName::parse(name).unwrap()
}

#[tokio::test]
async fn freeswitch_tells_what_it_is_and_has() {
    let (fake, mut console) = stage().await;
    assert!(console.version().await.unwrap().contains("1.10.12"));
    assert_eq!(console.hostname().await.unwrap(), "vm");
    assert_eq!(
        console.folder(&variable("script_dir")).await.unwrap(),
        Some(PathBuf::from("/usr/share/freeswitch/scripts"))
    );
    assert_eq!(console.folder(&variable("no_such_dir")).await.unwrap(), None);
    let applications = console.applications().await.unwrap();
    assert!(applications.contains("park") && !applications.contains("audio_stream"));
    assert!(console.has_module(&ModuleName::lua()).await.unwrap());
    assert!(!console.has_module(&ModuleName::audio_stream()).await.unwrap());
    let nothing_else = fake
        .commands()
        .iter()
        .all(|line| line.starts_with("auth ") || line.starts_with("api "));
    assert!(nothing_else, "nothing is subscribed to: {:?}", fake.commands());
}

#[tokio::test]
async fn its_clock_is_read_to_the_millisecond() {
    let (fake, mut console) = stage().await;
    fake.set_clock(-90_000);
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let told = console.clock().await.unwrap() + Duration::from_secs(90);
    let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let grain = Duration::from_micros(1);
    assert!(
        before <= told + grain && told <= after,
        "{before:?} {told:?} {after:?}"
    );
}

#[tokio::test]
async fn each_way_of_not_coming_in_is_told_apart() {
    let fake = FreeSwitch::start(Setup::default()).await.unwrap();
    let wrong = Settings {
        password: Password::new("another"),
        ..of(&fake)
    };
    assert_eq!(Console::connect(&wrong).await.unwrap_err(), State::WrongPassword);

    let closed = Setup {
        allowed: false,
        ..Setup::default()
    };
    let closed = FreeSwitch::start(closed).await.unwrap();
    assert_eq!(Console::connect(&of(&closed)).await.unwrap_err(), State::Refused);

    fake.stop();
    let state = Console::connect(&of(&fake)).await.unwrap_err();
    assert!(matches!(state, State::Unreachable { .. }), "{state:?}");

    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hasty = Settings {
        patience: Duration::from_millis(100),
        ..settings(mute.local_addr().unwrap().port())
    };
    let state = tokio::time::timeout(LONG, Console::connect(&hasty))
        .await
        .unwrap();
    assert!(matches!(state, Err(State::Unreachable { .. })), "{state:?}");
}

#[tokio::test]
async fn a_deleted_key_is_announced_byte_for_byte_as_fusionpbx_does() {
    let (fake, mut console) = stage().await;
    let key = CacheKey::parse("dialplan:pbx.example.com").unwrap();
    console.announce_deletion(CacheEvent::File, &key).await.unwrap();
    console
        .announce_deletion(CacheEvent::Memcache, &key)
        .await
        .unwrap();
    let sent: Vec<_> = fake
        .commands()
        .into_iter()
        .filter(|line| line.starts_with("sendevent"))
        .collect();
    // The first as recorded of FusionPBX 5.6.4-dev.
    assert_eq!(
        sent,
        [
            "sendevent CUSTOM\nEvent-Name: CUSTOM\nEvent-Subclass: fusion::file\nAPI-Command: cache\n\
             API-Command-Argument: delete dialplan.pbx.example.com",
            "sendevent CUSTOM\nEvent-Name: CUSTOM\nEvent-Subclass: fusion::memcache\nAPI-Command: memcache\n\
             API-Command-Argument: delete dialplan:pbx.example.com",
        ]
    );
}

#[tokio::test]
async fn a_key_goes_from_memcached_and_one_that_is_not_there_is_no_error() {
    let with_memcache = Setup {
        modules: vec!["mod_memcache".to_owned()],
        ..Setup::default()
    };
    let fake = FreeSwitch::start(with_memcache).await.unwrap();
    let mut console = Console::connect(&of(&fake)).await.unwrap();
    let key = CacheKey::parse("dialplan:public:+551155550199").unwrap();
    fake.remember(key.as_str());
    assert!(console.delete_from_memcache(&key).await.unwrap());
    assert!(!fake.remembers(key.as_str()));
    assert!(!console.delete_from_memcache(&key).await.unwrap());

    fake.unload("mod_memcache");
    let error = console.delete_from_memcache(&key).await.unwrap_err();
    assert!(error.to_string().contains("Command not found"), "{error}");
}

#[tokio::test]
async fn a_module_that_cannot_be_loaded_is_told_although_the_answer_begins_with_ok() {
    let (fake, mut console) = stage().await;
    let module = ModuleName::audio_stream();
    let error = console.load(&module).await.unwrap_err();
    let CommandError::Failed { reply, command, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(
        (command.as_str(), reply.as_str()),
        ("load", "module load file routine returned an error")
    );
    fake.loadable("mod_audio_stream");
    console.load(&module).await.unwrap();
    assert!(console.has_module(&module).await.unwrap());
    console.load(&module).await.expect("loaded already is as good");
    console.reload_xml().await.unwrap();
}

#[tokio::test]
async fn a_test_call_may_ring_longer_than_a_command_may_take() {
    let fake = FreeSwitch::start(Setup::default()).await.unwrap();
    fake.extension("8000", Behaviour::Parks);
    let patience = Duration::from_secs(2);
    let hasty = Settings {
        patience,
        ..of(&fake)
    };
    let mut console = Console::connect(&hasty).await.unwrap();
    let call = Command::Originate {
        to: DialString::Dialplan {
            extension: Extension::parse("8000").unwrap(),
            context: ContextName::parse("pbx.example.com").unwrap(),
        },
        caller_number: VariableValue::parse("8000").unwrap(),
        caller_name: VariableValue::parse("Ana").unwrap(),
        ring: Duration::from_secs(20),
        variables: vec![(variable("voice_ai_test"), VariableValue::parse("true").unwrap())],
    };
    // As long as nobody knows where that is, FreeSWITCH says nothing.
    fake.slow_directory(patience + Duration::from_millis(200));
    let uuid = console.command(&call).await.unwrap();
    assert!(fake.channel(&uuid).is_some(), "{uuid:?}");
}

#[tokio::test]
async fn a_lost_connection_is_told_as_one() {
    let (fake, mut console) = stage().await;
    fake.cut();
    let error = console.version().await.unwrap_err();
    assert!(matches!(error, CommandError::NotConnected { .. }), "{error:?}");
}

#[test]
fn what_would_break_out_of_a_command_is_refused() {
    let hostile = [
        "",
        "dialplan:a b",
        "dialplan:a\n\napi shutdown",
        "dialplan:a\r\nX: y",
        "dialplan:'a",
        "dialplan:\"a\"",
        "dialplan:a;b",
        "dialplan:../../etc/passwd",
        "dialplan:a\\b",
        "dialplan:é",
        "dialplan:a\0",
    ];
    for text in hostile {
        assert!(CacheKey::parse(text).is_err(), "{text:?}");
    }
    assert!(CacheKey::parse(&"x".repeat(251)).is_err());
    for text in [
        "dialplan:pbx.example.com",
        "dialplan:public:+551155550199",
        "dialplan:*@a",
    ] {
        assert!(CacheKey::parse(text).is_ok(), "{text:?}");
    }
    for text in [
        "",
        "mod_",
        "lua",
        "mod_Lua",
        "/tmp/mod_lua",
        "mod_lua.so",
        "mod_lua\n\nexit",
        "mod_a b",
    ] {
        assert!(ModuleName::parse(text).is_err(), "{text:?}");
    }
    assert!(ModuleName::parse("mod_audio_stream").is_ok());
}
