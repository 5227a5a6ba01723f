//! FreeSWITCH's process, its event socket, and what it says there.

use super::stage::Stage;
use fusionpbx::{Apart, EslState, Lang, LoadedModule, Owner};
use sim::freeswitch::Setup;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

#[tokio::test]
async fn freeswitch_is_told_with_its_folders_modules_and_applications() {
    let stage = Stage::with(Setup {
        modules: vec!["mod_memcache".to_owned()],
        ..Setup::default()
    })
    .await;
    let facts = stage.survey().await;
    assert_eq!(facts.switch.esl.state, EslState::Up);
    assert!(facts.switch.esl.default_password);
    let running = facts.switch.running.unwrap();
    assert_eq!(running.version, "1.10.12-release");
    assert_eq!(running.hostname, "vm");
    assert_eq!(running.script_dir, Path::new("/usr/share/freeswitch/scripts"));
    assert_eq!(running.mod_dir, Path::new("/usr/lib/freeswitch/mod"));
    assert_eq!(running.conf_dir, Path::new("/etc/freeswitch"));
    assert_eq!(running.log_dir, Path::new("/var/log/freeswitch"));
    assert_eq!(
        running.modules,
        BTreeSet::from([LoadedModule::Lua, LoadedModule::Memcache, LoadedModule::Loopback])
    );
    assert!(running.applications.contains("park"));
}

#[tokio::test]
async fn who_may_use_the_event_socket_is_read_where_freeswitch_reads_it() {
    let stage = Stage::with(Setup::default()).await;
    assert_eq!(stage.survey().await.switch.esl.access, None);
    for (lines, lists) in [
        (
            "<!--<param name=\"apply-inbound-acl\" value=\"any_v4.auto\"/>-->",
            vec![],
        ),
        ("<param name=\"apply-inbound-acl\" value=\"\"/>", vec![]),
        (
            "<param name=\"apply-inbound-acl\" value=\"lan\"/><param name=\"apply-inbound-acl\" value=\"rfc1918.auto\"/>",
            vec!["lan".to_owned(), "rfc1918.auto".to_owned()],
        ),
    ] {
        let conf =
            format!("<configuration name=\"event_socket.conf\"><settings>{lines}</settings></configuration>");
        stage
            .machine
            .write("/etc/freeswitch/autoload_configs/event_socket.conf.xml", conf);
        assert_eq!(stage.survey().await.switch.esl.access, Some(lists), "{lines}");
    }
}

#[tokio::test]
async fn the_event_socket_says_how_an_attempt_ended() {
    let stage = Stage::with(Setup {
        password: "kept well".to_owned(),
        ..Setup::default()
    })
    .await;
    let facts = stage.survey().await;
    assert_eq!(
        (facts.switch.esl.state, facts.switch.esl.default_password),
        (EslState::Up, false)
    );

    stage.configure("ClueCon", "file");
    let facts = stage.survey().await;
    assert_eq!(facts.switch.esl.state, EslState::WrongPassword);
    assert!(!facts.switch.esl.default_password, "it was not taken");
    assert_eq!(facts.switch.running, None);

    stage.fake.stop();
    let facts = stage.survey().await;
    assert!(matches!(facts.switch.esl.state, EslState::Unreachable(_)));
    assert_eq!(facts.switch.esl.port, stage.fake.addr().port());

    let closed = Stage::with(Setup {
        allowed: false,
        ..Setup::default()
    })
    .await;
    assert_eq!(closed.survey().await.switch.esl.state, EslState::Refused);
}

#[tokio::test]
async fn one_that_says_nothing_is_not_waited_for() {
    let stage = Stage::new().await;
    stage.fake.freeze();
    let facts = stage.survey().await;
    assert!(matches!(facts.switch.esl.state, EslState::Unreachable(_)));
    assert_eq!(facts.switch.running, None);
    assert!(
        facts.script.is_ok() && facts.module.is_ok(),
        "what lies on the disk is told all the same"
    );
}

#[tokio::test]
async fn a_clock_that_is_off_is_measured() {
    let stage = Stage::new().await;
    for ahead in [-125_000, 0, 3_600_000] {
        stage.fake.set_clock(ahead);
        let told = stage.survey().await.system.switch_clock_ms.unwrap();
        // A machine out of breath answers late; half of that is taken for the way back.
        assert!((told - ahead).abs() < 500, "{told} and not {ahead}");
    }
}

#[tokio::test]
async fn of_several_processes_the_one_counts_that_has_the_port() {
    let stage = Stage::new().await;
    let port = stage.fake.addr().port();
    let root = Owner { uid: 0, gid: 0 };
    let www = Owner { uid: 33, gid: 33 };
    stage
        .machine
        .write("/etc/passwd", "www-data:x:33:33::/:/bin/false\n");
    assert_eq!(stage.survey().await.switch.process, None);
    stage.machine.process(70, "freeswitch", root);
    stage.machine.process(812, "freeswitch", www);
    assert_eq!(stage.survey().await.switch.process.unwrap().pid, 70);
    stage.machine.listens(812, port, "00000000", 4_711);
    let facts = stage.survey().await;
    let process = facts.switch.process.unwrap();
    assert_eq!(
        (process.pid, process.name.as_str(), process.owner),
        (812, "www-data", www)
    );
    assert_eq!(facts.switch.esl.listens, [IpAddr::V4(Ipv4Addr::UNSPECIFIED)]);
}

#[tokio::test]
async fn one_in_a_container_has_files_and_network_of_its_own() {
    let stage = Stage::new().await;
    stage
        .machine
        .process(812, "freeswitch", Owner { uid: 33, gid: 33 });
    let machine = |pid| stage.machine.apart(pid, "net:[4026531840]", "/srv/machine");
    machine(1);
    machine(812);
    let facts = stage.survey().await;
    assert_eq!(facts.switch.apart, Apart::default());
    assert!(facts.script.is_ok() && facts.module.is_ok() && facts.cache.is_ok());

    stage.machine.apart(812, "net:[4026532288]", "/srv/machine");
    let facts = stage.survey().await;
    assert_eq!(
        (facts.switch.apart.network, facts.switch.apart.files),
        (true, false)
    );
    assert!(facts.script.is_ok(), "its files are the machine's");

    stage.machine.apart(812, "net:[4026531840]", "/srv/container");
    let facts = stage.survey().await;
    assert_eq!(
        (facts.switch.apart.network, facts.switch.apart.files),
        (false, true)
    );
    assert_eq!(facts.switch.process.unwrap().pid, 812);
    assert_eq!(facts.switch.folder, None);
    let why = facts.script.unwrap_err();
    assert!(why.0.in_lang(Lang::En).contains("a file system of its own"));
    assert_eq!(facts.module.unwrap_err(), why);
    assert_eq!(facts.cache.unwrap_err(), why);
}

#[tokio::test]
async fn without_fusionpbx_the_service_says_where_freeswitch_is() {
    let mut stage = Stage::new().await;
    std::fs::remove_file(stage.machine.path("/etc/fusionpbx/config.conf")).unwrap();
    let address = stage.fake.addr();
    stage.service.event_sockets = vec![(address.ip().to_string(), address.port())];
    let facts = stage.survey().await;
    assert_eq!(facts.switch.esl.state, EslState::Up);
    assert!(facts.system.installation.is_err() && facts.database.is_err() && facts.cache.is_err());
}
