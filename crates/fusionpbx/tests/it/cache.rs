//! Keys of the cache go, exactly those, and the other machines hear of it.

use crate::machine::Machine;
use freeswitch::{CacheKey, Console, Password, Settings};
use fusionpbx::cache::{ALL_DIALPLANS, CacheError, Cleared, Removed, clear, file_names};
use fusionpbx::{CacheMethod, CacheSettings, Lang};
use sim::freeswitch::{FreeSwitch, Setup};
use std::fs;
use std::time::Duration;

const LOCATION: &str = "/var/cache/fusionpbx";

fn settings(method: CacheMethod) -> CacheSettings {
    CacheSettings {
        method,
        location: LOCATION.into(),
    }
}

fn key(text: &str) -> CacheKey {
    CacheKey::parse(text).unwrap()
}

fn keeps(machine: &Machine, names: &[&str]) {
    for name in names {
        machine.write(&format!("{LOCATION}/{name}"), "<document/>");
    }
}

fn kept(machine: &Machine) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(machine.path(LOCATION))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

async fn console(modules: &[&str]) -> (FreeSwitch, Console) {
    let setup = Setup {
        modules: modules.iter().map(|&module| module.to_owned()).collect(),
        ..Setup::default()
    };
    let fake = FreeSwitch::start(setup).await.unwrap();
    let settings = Settings {
        name: "pbx".to_owned(),
        host: "127.0.0.1".to_owned(),
        port: fake.addr().port(),
        password: Password::new("ClueCon"),
        patience: Duration::from_secs(10),
        longest_pause: Duration::from_secs(10),
    };
    let console = Console::connect(&settings).await.unwrap();
    (fake, console)
}

fn events(fake: &FreeSwitch) -> Vec<String> {
    let sent = fake.commands().into_iter();
    sent.filter(|line| line.starts_with("sendevent")).collect()
}

fn removed(cleared: &[Cleared]) -> Vec<usize> {
    let count = |one: &Cleared| match one.removed.as_ref().unwrap() {
        Removed::Nothing => 0,
        Removed::Files(files) => files.len(),
        Removed::Value => 1,
    };
    cleared.iter().map(count).collect()
}

#[tokio::test]
async fn the_files_of_a_key_go_and_no_other() {
    let machine = Machine::new();
    keeps(
        &machine,
        &[
            "dialplan.pbx.example.com",
            "dialplan.pbx.example.com.br",
            "dialplan.public.+551155550199",
            "dialplan.public.551155550199",
            "directory.1000@pbx.example.com",
            "configuration.sofia.conf",
        ],
    );
    let (fake, mut console) = console(&[]).await;
    let keys = [
        key("dialplan:pbx.example.com"),
        key("dialplan:public:+551155550199"),
        key("dialplan:never.kept"),
    ];
    let host = machine.host();
    let cleared = clear(&settings(CacheMethod::File), &host, &keys, Some(&mut console)).await;
    assert_eq!(removed(&cleared), [1, 1, 0]);
    assert_eq!(
        kept(&machine),
        [
            "configuration.sofia.conf",
            "dialplan.pbx.example.com.br",
            "dialplan.public.551155550199",
            "directory.1000@pbx.example.com"
        ]
    );
    // Another machine may have what this one has not.
    assert_eq!(events(&fake).len(), 3);
    assert!(cleared.iter().all(|one| matches!(one.announced, Some(Ok(())))));
    assert!(events(&fake)[1].ends_with("delete dialplan.public.+551155550199"));
}

#[tokio::test]
async fn all_dialplans_go_and_directories_stay() {
    let machine = Machine::new();
    keeps(
        &machine,
        &[
            "dialplan.a",
            "dialplan.public.1",
            "dialplan.mode",
            "directory.dialplan.a",
            "languages.dialplan",
        ],
    );
    let keys = [key(ALL_DIALPLANS)];
    let cleared = clear(&settings(CacheMethod::File), &machine.host(), &keys, None).await;
    assert_eq!(removed(&cleared), [3]);
    assert_eq!(kept(&machine), ["directory.dialplan.a", "languages.dialplan"]);
    assert!(cleared[0].announced.is_none());
    let again = clear(&settings(CacheMethod::File), &machine.host(), &keys, None).await;
    assert_eq!(removed(&again), [0]);
}

#[tokio::test]
async fn a_folder_that_is_not_there_holds_nothing() {
    let machine = Machine::new();
    let keys = [key("dialplan:a"), key(ALL_DIALPLANS)];
    let cleared = clear(&settings(CacheMethod::File), &machine.host(), &keys, None).await;
    assert_eq!(removed(&cleared), [0, 0]);
}

#[tokio::test]
async fn a_file_that_stays_is_told_and_holds_up_no_other() {
    let machine = Machine::new();
    // A folder in its place is what no user can remove as a file, root neither.
    machine.write(&format!("{LOCATION}/dialplan.a/file"), "");
    keeps(&machine, &["dialplan.b"]);
    let keys = [key("dialplan:a"), key("dialplan:b")];
    let cleared = clear(&settings(CacheMethod::File), &machine.host(), &keys, None).await;
    let error = cleared[0].removed.as_ref().unwrap_err();
    assert!(matches!(error, CacheError::File { .. }));
    let text = error.text();
    for lang in [Lang::En, Lang::PtBr] {
        assert!(text.in_lang(lang).contains("dialplan.a"), "{text:?}");
    }
    assert_eq!(
        cleared[1].removed.as_ref().unwrap(),
        &Removed::Files(vec![machine.path(&format!("{LOCATION}/dialplan.b"))])
    );
}

#[tokio::test]
async fn memcached_forgets_by_freeswitch_and_says_what_it_had() {
    let machine = Machine::new();
    keeps(&machine, &["dialplan.pbx.example.com"]);
    let (fake, mut console) = console(&["mod_memcache"]).await;
    fake.remember("dialplan:pbx.example.com");
    fake.remember("dialplan:other.example.com");
    let keys = [
        key("dialplan:pbx.example.com"),
        key("dialplan:none"),
        key(ALL_DIALPLANS),
    ];
    let host = machine.host();
    let cleared = clear(&settings(CacheMethod::Memcache), &host, &keys, Some(&mut console)).await;
    assert_eq!(removed(&cleared[..2]), [1, 0]);
    assert!(matches!(cleared[2].removed, Err(CacheError::NoList)));
    assert!(!fake.remembers("dialplan:pbx.example.com") && fake.remembers("dialplan:other.example.com"));
    assert!(events(&fake)[0].contains("fusion::memcache"));
    assert!(events(&fake)[0].ends_with("delete dialplan:pbx.example.com"));
    assert_eq!(
        kept(&machine),
        ["dialplan.pbx.example.com"],
        "files are none of this method's"
    );

    let without = clear(&settings(CacheMethod::Memcache), &host, &keys[..1], None).await;
    assert!(matches!(without[0].removed, Err(CacheError::NoConsole { .. })));
}

#[tokio::test]
async fn a_method_that_nobody_knows_is_told() {
    let unknown = settings(CacheMethod::Other("redis".to_owned()));
    let cleared = clear(&unknown, &Machine::new().host(), &[key("dialplan:a")], None).await;
    let error = cleared[0].removed.as_ref().unwrap_err().to_string();
    assert!(error.contains("redis"), "{error}");
}

#[test]
fn both_halves_names_of_a_key_are_known() {
    assert_eq!(file_names("dialplan:public:+55"), ["dialplan.public.+55"]);
    assert_eq!(file_names("dialplan:a/b"), ["dialplan.a_b", "dialplan.a/b"]);
}
