//! `voice-ai pbx status` against a running service: how FreeSWITCHes are, and what would help.

use crate::live_calls::{Node, folder};
use sim::Module;
use sim::freeswitch::{FreeSwitch, Setup};
use std::time::{Duration, Instant};

/// Nothing here takes so long unless it is broken.
const LIMIT: Duration = Duration::from_secs(30);

/// What `pbx status` prints and its exit code, once it says this.
fn status(node: &Node, words: &str) -> (String, Option<i32>) {
    let begun = Instant::now();
    loop {
        let output = node.run(&["pbx", "status"]);
        let printed = String::from_utf8(output.stdout).unwrap();
        if printed.contains(words) {
            return (printed, output.status.code());
        }
        assert!(begun.elapsed() < LIMIT, "never {words:?}: {printed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_freeswitch_that_is_up_is_shown_with_its_version_and_modules() {
    let fake = FreeSwitch::start(Setup {
        stream: Some(Module::Amigniter),
        ..Setup::default()
    })
    .await
    .unwrap();
    let port = fake.addr().port();
    let pbx = format!("{{ name = \"fake\", port = {port}, unicast_port = 30800 }}");
    let node = Node::start(folder(&pbx));
    let (printed, code) = status(&node, "state       up\n");
    assert_eq!(code, Some(0), "{printed}");
    for told in [
        format!("FreeSWITCH  fake at 127.0.0.1:{port}\n"),
        "version     FreeSWITCH Version 1.10.12".to_owned(),
        "calls       0\n".to_owned(),
        "modules     mod_audio_stream  loaded      calls by stream".to_owned(),
        "            mod_voicemail     not loaded  mailboxes\n".to_owned(),
    ] {
        assert!(printed.contains(&told), "no {told:?}: {printed}");
    }
    let output = node.run(&["pbx", "status", "--json"]);
    let all: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&all[0]["name"], &all[0]["state"]),
        (&"fake".into(), &"up".into()),
        "{all}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_refuses_the_password_is_told_with_the_key_and_the_file_and_another_code() {
    let setup = Setup {
        password: "sesame".to_owned(),
        ..Setup::default()
    };
    let fake = FreeSwitch::start(setup).await.unwrap();
    let pbx = format!(
        "{{ name = \"fake\", port = {}, unicast_port = 31200 }}",
        fake.addr().port()
    );
    let node = Node::start(folder(&pbx));
    let (printed, code) = status(&node, "state       wrong password\n");
    assert_eq!(code, Some(3), "{printed}");
    for told in [
        "pbx[0].password",
        "own default was tried",
        "event_socket.conf.xml",
    ] {
        assert!(printed.contains(told), "no {told:?}: {printed}");
    }
}

#[test]
fn without_any_freeswitch_that_is_said() {
    let node = Node::start(folder(""));
    let (printed, code) = status(&node, "[[pbx]]");
    assert_eq!(code, Some(0), "{printed}");
}
