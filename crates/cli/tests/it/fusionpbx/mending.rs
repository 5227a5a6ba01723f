//! `voice-ai doctor` and `voice-ai repair`.

use super::estate::Version;
use super::service::{provider, silenced};
use super::world::{CONFIG, DOMAIN, World, tells, told};
use crate::server::voice_ai;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;

/// The codes of one verdict.
fn codes(findings: &Value, verdict: &str) -> Vec<String> {
    let all = findings.as_array().unwrap();
    let of_verdict = all.iter().filter(|finding| finding["verdict"] == verdict);
    let mut codes: Vec<_> = of_verdict
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect();
    codes.dedup();
    codes
}

fn doctor(world: &World) -> Value {
    let output = world.run(&["doctor", "--domain", DOMAIN, "--json"]);
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let is_ill = !codes(&findings, "fault").is_empty();
    assert_eq!(
        output.status.code(),
        Some(if is_ill { 3 } else { 0 }),
        "{}",
        told(&output)
    );
    findings
}

const NAMELESS: &str = "UPDATE v_dialplans SET hostname = '' WHERE dialplan_xml LIKE '%^8000$%'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_is_named_mended_and_brought_back_by_undo() {
    for version in Version::ALL {
        let Some(world) = World::new(version).await else {
            return;
        };
        world.set_up();
        let usual = codes(&doctor(&world), "fault");
        assert!(usual.iter().all(|code| !code.starts_with("DP")), "{usual:?}");
        world.estate.run(NAMELESS);
        let ill = world.image().await;
        let mut found = codes(&doctor(&world), "fault");
        found.retain(|code| !usual.contains(code));
        assert_eq!(found, ["DP-13"], "{version:?}");

        let silent = world.refused(1, &["repair", "DP-13"]).await;
        tells(&silent, &["there is no terminal to ask"]);
        let shown = world.printed(&["repair", "DP-13", "--dry-run"]);
        tells(&shown, &["~ v_dialplans", "nothing was changed (--dry-run)"]);
        assert_eq!(ill, world.image().await);
        tells(&world.printed(&["repair", "dp-13", "--yes"]), &["done;"]);
        assert_eq!(codes(&doctor(&world), "fault"), usual, "{version:?}");
        tells(
            &world.printed(&["repair", "DP-13", "--yes"]),
            &["nothing to change"],
        );
        tells(&world.printed(&["repair", "--undo"]), &["taken back"]);
        assert_eq!(ill, world.image().await, "{version:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_mended_says_what_to_do_and_ends_with_code_3() {
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    world.set_up();
    // Nothing runs the service below this root.
    let output = world.run(&["repair", "SV-01", "--yes"]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    tells(&told(&output), &["SV-01", "do:"]);
    let unknown = world.refused(2, &["repair", "XX-99", "--yes"]).await;
    tells(&unknown, &["XX-99", "voice-ai explain"]);
    let nowhere = world
        .refused(2, &["repair", "--domain", "nobody.example.com", "--yes"])
        .await;
    tells(&nowhere, &["nobody.example.com"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_speaks_the_operators_language() {
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    world.set_up();
    let doctor = |arguments: &[&str], locale: &str| {
        let output = world.command(arguments).env("LANG", locale).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", told(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let english = doctor(&["doctor"], "C");
    tells(&english, &["Service", "fault", "SV-01", "do:", "checks,"]);
    let portuguese = doctor(&["doctor"], "pt_BR.UTF-8");
    tells(
        &portuguese,
        &["Serviço", "falha", "SV-01", "faça:", "verificações,"],
    );
    // What is asked for goes before what the environment says.
    tells(
        &doctor(&["doctor", "--lang", "pt-BR"], "C"),
        &["Serviço", "faça:"],
    );
    tells(
        &doctor(&["doctor", "--lang", "en"], "pt_BR.UTF-8"),
        &["Service", "do:"],
    );
    let nowhere = world
        .refused(2, &["doctor", "--domain", "nobody.example.com"])
        .await;
    tells(&nowhere, &["nobody.example.com"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_its_provider_refuses_is_a_fault_and_one_that_is_taken_is_none() {
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    world.set_up();
    silenced(&world, "openai");
    for (status, is_fault) in [("401 Unauthorized", true), ("200 OK", false)] {
        let provider_of = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = provider_of.local_addr().unwrap();
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = provider_of.accept().unwrap();
            let mut request = [0; 4_096];
            let length = stream.read(&mut request).unwrap();
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let keys = provider(&world, &format!("ws://{place}/v1/realtime"));
        // Without the root, as below it the absolute path of the key's file is looked for.
        let keys = keys.replace(&world.estate.root().display().to_string(), "");
        let config = world.text(CONFIG);
        let config = config.lines().filter(|line| !line.starts_with("openai."));
        let config = config.collect::<Vec<_>>().join("\n");
        world.estate.write(CONFIG, format!("{keys}{config}"));
        let findings = doctor(&world);
        let faults = codes(&findings, "fault");
        assert_eq!(
            faults.contains(&"SV-05".to_owned()),
            is_fault,
            "{status}: {findings:#}"
        );
        let request = asked.join().unwrap().to_lowercase();
        tells(&request, &["get /v1/models ", "authorization: bearer sk-sim"]);
    }
}

#[test]
fn a_check_that_is_none_is_told_in_the_language_of_who_asks() {
    for (lang, words) in [
        ("en", "there is no check \"DP-99\""),
        ("pt-BR", "não existe a verificação \"DP-99\""),
    ] {
        for command in ["explain", "repair"] {
            let output = voice_ai(&[command, "DP-99", "--lang", lang]).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{}", told(&output));
            tells(&told(&output), &[words]);
        }
    }
}

#[test]
fn whoever_stops_reading_is_told_nothing() {
    let mut process = voice_ai(&["explain", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Nobody reads any more, before it has begun to print: it prints more than a pipe holds.
    drop(process.stdout.take());
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(141), "{}", told(&output));
    assert!(output.stderr.is_empty(), "{}", told(&output));
}
