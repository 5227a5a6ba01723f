//! `voice-ai test-call`: calls through a fake FreeSWITCH's dialplan to a real service, whole and broken at each station once.

use super::estate::Version;
use super::world::{DOMAIN, DOMAIN_UUID, World, tells, told};
use crate::server::Server;
use serde_json::Value;
use sim::freeswitch::Behaviour;
use std::fs;
use std::process::Output;
use std::time::{Duration, Instant};

/// Nothing here takes so long unless it is broken.
const LIMIT: Duration = Duration::from_secs(20);

/// A service of the machine, and where it is asked.
struct Running {
    _server: Server,
    control: String,
}

/// Starts the service of a machine that is set up, with its configuration changed so.
fn serve(world: &World, ports: u16, change: impl Fn(String) -> String) -> Running {
    let config = world.config_here();
    let config = config.replace("[[pbx]]\n", &format!("[[pbx]]\nunicast_port = {ports}\n"));
    let config = format!(
        "vad.enabled = false\nstt.model = \"\"\nstream.echo = \"off\"\n{}",
        change(config)
    );
    fs::write(world.estate.root().join("voice-ai.toml"), config).unwrap();
    let mut server = Server::start_in(world.estate.root());
    let line = server.until("metrics on http://");
    let after = line.split_once("metrics on http://").unwrap().1;
    let control = after.split('/').next().unwrap().to_owned();
    server.until("voice-ai call");
    Running {
        _server: server,
        control,
    }
}

/// What the dialplan has on 8000, as setup has written it.
fn row(world: &World) -> Vec<(String, String)> {
    let list = world.json(&["dialplan", "list", "--domain", DOMAIN, "--json"]);
    let xml = list[0]["xml"].as_str().unwrap().to_owned();
    let attribute = |line: &str, name: &str| {
        let after = line.split_once(&format!("{name}=\"")).unwrap().1;
        after.split('"').next().unwrap().to_owned()
    };
    xml.lines()
        .filter(|line| line.contains("<action"))
        .map(|line| (attribute(line, "application"), attribute(line, "data")))
        .collect()
}

/// The same row without one of its actions.
fn without(row: &[(String, String)], data: &str) -> Vec<(String, String)> {
    let kept: Vec<_> = row.iter().filter(|(_, known)| known != data).cloned().collect();
    assert_eq!(kept.len() + 1, row.len(), "{row:?}");
    kept
}

fn calls(world: &World, control: &str, arguments: &[&str]) -> Output {
    let all = [&["test-call", "--domain", DOMAIN], arguments].concat();
    world
        .command(&all)
        .env("VOICE_AI__SERVER__CONTROL", control)
        .output()
        .unwrap()
}

/// A test call that stops at a station with one of these checks to look at, and leaves no call behind.
#[track_caller]
fn stops(world: &World, control: &str, seconds: &str, station: &str, code: &str) {
    let output = calls(world, control, &["--seconds", seconds, "--json"]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["whole"], false, "{report}");
    let all = report["stations"].as_array().unwrap();
    let at = all.iter().position(|one| one["state"] == "stopped").unwrap();
    assert_eq!(all[at]["station"], station, "{report:#}");
    assert!(all[..at].iter().all(|one| one["state"] == "ok"), "{report:#}");
    assert!(
        all[at + 1..].iter().all(|one| one["state"] == "not_reached"),
        "{report:#}"
    );
    let codes = all[at]["codes"].as_array().unwrap();
    assert!(codes.contains(&code.into()), "no {code}: {report:#}");
    assert!(
        all[at]["remedy"]
            .as_str()
            .is_some_and(|remedy| !remedy.is_empty()),
        "{report:#}"
    );
    is_hung_up(world);
}

#[track_caller]
fn is_hung_up(world: &World) {
    let begun = Instant::now();
    while world.fake.channels() > 0 {
        assert!(begun.elapsed() < LIMIT, "the call is still there");
        std::thread::yield_now();
    }
}

async fn world() -> Option<World> {
    let world = World::new(Version::V5_6).await?;
    world.set_up();
    Some(world)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_call_passes_every_station_and_is_hung_up() {
    let Some(world) = world().await else { return };
    world.fake.extension("8000", Behaviour::Dialplan(row(&world)));
    let service = serve(&world, 31_000, |config| config);
    let output = calls(&world, &service.control, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let text = told(&output);
    tells(
        &text,
        &[
            "dialplan         ok",
            "parked for the service",
            "reception answers",
            "audio in         ok",
            "audio out        ok",
        ],
    );
    tells(&text, &["8000 of pbx.example.com is answered"]);
    is_hung_up(&world);
    let heard = world.fake.commands().join("\n");
    tells(
        &heard,
        &[
            "loopback/8000/pbx.example.com/XML",
            &format!("domain_uuid='{DOMAIN_UUID}'"),
            "domain_name='pbx.example.com'",
        ],
    );

    let output = calls(&world, &service.control, &["--lang", "pt-BR"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    tells(
        &told(&output),
        &["áudio de entrada", "8000 de pbx.example.com é atendido"],
    );
    let output = calls(&world, &service.control, &["--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["whole"], &report["domain"]),
        (&true.into(), &DOMAIN.into()),
        "{report:#}"
    );
    assert_eq!(report["stations"].as_array().map(Vec::len), Some(8));
    is_hung_up(&world);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_the_dialplan_does_not_carry_stops_there_or_at_what_its_row_does() {
    let Some(world) = world().await else { return };
    let row = row(&world);
    let nobody = "127.0.0.1:1";
    stops(&world, nobody, "1", "dialplan", "DP-01");
    world.fake.extension("8000", Behaviour::Executes(vec![]));
    let unknown = vec![("audio_stream".to_owned(), "${uuid} start".to_owned())];
    world.fake.extension("8000", Behaviour::Dialplan(unknown));
    stops(&world, nobody, "1", "dialplan", "DP-03");
    world.fake.extension("8000", Behaviour::Busy);
    stops(&world, nobody, "1", "dialplan", "DP-06");
    world
        .fake
        .extension("8000", Behaviour::Dialplan(without(&row, "voice_ai=true")));
    stops(&world, nobody, "1", "script", "DP-15");
    let echo = vec![
        ("answer".to_owned(), String::new()),
        ("echo".to_owned(), String::new()),
    ];
    world.fake.extension("8000", Behaviour::Dialplan(echo));
    stops(&world, nobody, "1", "script", "DP-06");
    // A script that is not there: what the row does ends before it has answered.
    world.fake.extension("8000", Behaviour::Dialplan(vec![]));
    stops(&world, nobody, "1", "script", "SC-01");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_without_a_module_or_without_a_way_to_the_service_stops_there() {
    let Some(world) = world().await else { return };
    let script = vec![("lua".to_owned(), "voice_secretary.lua".to_owned())];
    world.fake.extension("8000", Behaviour::Dialplan(script));
    let service = serve(&world, 31_200, |config| config);
    stops(&world, &service.control, "1", "module", "MO-02");
    world.fake.loadable("mod_audio_stream");
    world.fake.api("load mod_audio_stream").await;
    stops(&world, "127.0.0.1:1", "1", "socket", "SV-01");
    stops(&world, &service.control, "1", "socket", "SC-09");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parked_call_that_no_service_takes_stops_at_the_socket_or_the_service() {
    let Some(world) = world().await else { return };
    let row = row(&world);
    world.fake.extension("8000", Behaviour::Dialplan(row.clone()));
    stops(&world, "127.0.0.1:1", "1", "socket", "SV-01");
    {
        let wrong = |config: String| config.replace("esl.password", "other.password");
        world
            .estate
            .write("/etc/voice-ai/other.password", "not this one\n");
        let service = serve(&world, 31_400, wrong);
        stops(&world, &service.control, "1", "socket", "SW-03");
    }
    let service = serve(&world, 31_500, |config| config);
    let stranger = format!("domain_uuid={DOMAIN_UUID}");
    let mut elsewhere = without(&row, &stranger);
    elsewhere.insert(
        0,
        (
            "set".to_owned(),
            "domain_uuid=99999999-2222-4333-8444-555555555555".to_owned(),
        ),
    );
    world.fake.extension("8000", Behaviour::Dialplan(elsewhere));
    stops(&world, &service.control, "2", "server", "DP-16");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secretary_without_a_word_stops_at_the_audio_out() {
    let Some(world) = world().await else { return };
    world.fake.extension("8000", Behaviour::Dialplan(row(&world)));
    let folder = world.estate.path(&format!("/etc/voice-ai/secretaries/{DOMAIN}"));
    fs::write(
        folder.join("reception.toml"),
        format!(
            "domain = \"{DOMAIN}\"\nname = \"reception\"\nlanguage = \"en\"\nengine = \"loopback\"\nlimits = {{ silence_ms = 0 }}\n\
             greeting = {{ text = \"\" }}\nphrases = {{ reprompts = [], farewell = \"\", apology = \"\", backchannels = [] }}\n"
        ),
    )
    .unwrap();
    let without_uuid: Vec<_> = row(&world)
        .into_iter()
        .filter(|(_, data)| !data.starts_with("secretary_uuid="))
        .collect();
    world.fake.extension("8000", Behaviour::Dialplan(without_uuid));
    let service = serve(&world, 31_600, |config| config);
    stops(&world, &service.control, "3", "audio_out", "SV-05");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_tried_is_told_with_code_1_and_what_is_wrongly_asked_with_2() {
    let Some(world) = world().await else { return };
    let output = calls(&world, "127.0.0.1:1", &["--extension", "8000 XML evil"]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    tells(&told(&output), &["--extension"]);
    let several = world.refused(2, &["test-call"]).await;
    tells(&several, &["--domain"]);
    world.fake.stop();
    let output = calls(&world, "127.0.0.1:1", &[]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    tells(&told(&output), &["event socket", "voice-ai doctor"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_call_is_hung_up() {
    let Some(world) = world().await else { return };
    world.fake.extension("8000", Behaviour::Dialplan(row(&world)));
    let mut command = world.command(&["test-call", "--domain", DOMAIN, "--seconds", "300"]);
    let process = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while world.fake.channels() < 2 {
        assert!(begun.elapsed() < LIMIT, "it never called");
        tokio::task::yield_now().await;
    }
    let id = process.id().to_string();
    let signalled = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status()
        .unwrap();
    assert!(signalled.success());
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    tells(&told(&output), &["interrupted"]);
    is_hung_up(&world);
}
