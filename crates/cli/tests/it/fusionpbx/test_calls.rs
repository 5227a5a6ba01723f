//! `voice-ai test-call`: calls through a fake FreeSWITCH's dialplan to a real service, whole and broken at each station once.

use super::estate::Version;
use super::service::{Running, is_connected, provider, serve, silenced};
use super::world::{DOMAIN, DOMAIN_UUID, World, tells, told};
use serde_json::Value;
use sim::Module;
use sim::freeswitch::{Behaviour, Place, Setup};
use sim::openai::{Realtime, Script};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Nothing here takes so long unless it is broken.
const LIMIT: Duration = Duration::from_secs(20);

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

fn test_call(world: &World, service: &Running, arguments: &[&str]) -> Command {
    let all = [&["test-call", "--domain", DOMAIN], arguments].concat();
    let mut command = world.command(&all);
    command
        .env("VOICE_AI__SERVER__CONTROL", &service.control)
        .env("VOICE_AI__SERVER__LISTEN", &service.listen);
    command
}

fn calls(world: &World, service: &Running, arguments: &[&str]) -> Output {
    test_call(world, service, arguments).output().unwrap()
}

/// A test call that stops at a station with this check to look at, among others, and leaves no call behind.
#[track_caller]
fn stops(world: &World, service: &Running, seconds: &str, station: &str, code: &str) {
    let output = calls(world, service, &["--seconds", seconds, "--json"]);
    let codes = is_stopped(&output, station);
    assert!(codes.contains(&code.into()), "no {code}: {codes:?}");
    is_hung_up(world);
}

/// Returns the checks that it points to.
#[track_caller]
fn is_stopped(output: &Output, station: &str) -> Vec<Value> {
    assert_eq!(output.status.code(), Some(3), "{}", told(output));
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
    let remedy = all[at]["remedy"].as_str();
    assert!(remedy.is_some_and(|remedy| !remedy.is_empty()), "{report:#}");
    all[at]["codes"].as_array().unwrap().clone()
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
    let service = serve(&world, 31_000, "", |config| config);
    let output = calls(&world, &service, &[]);
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

    let output = calls(&world, &service, &["--lang", "pt-BR"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    tells(
        &told(&output),
        &["áudio de entrada", "8000 de pbx.example.com é atendido"],
    );
    let output = calls(&world, &service, &["--json"]);
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
    let nobody = &Running::nowhere();
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
async fn a_number_that_is_no_secretarys_stops_at_the_dialplan_though_a_row_takes_it() {
    let Some(world) = world().await else { return };
    // As FusionPBX's own rows for everything that is left do.
    let greedy = vec![
        ("answer".to_owned(), String::new()),
        ("echo".to_owned(), String::new()),
    ];
    world.fake.extension("7777", Behaviour::Dialplan(greedy));
    let arguments = ["--seconds", "1", "--json", "--extension", "7777"];
    let output = calls(&world, &Running::nowhere(), &arguments);
    let codes = is_stopped(&output, "dialplan");
    for code in ["DP-01", "DP-02", "DP-04"] {
        assert!(codes.contains(&code.into()), "no {code}: {codes:?}");
    }
    is_hung_up(&world);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_does_not_answer_is_told_once_in_the_language_of_who_asks() {
    let Some(world) = world().await else { return };
    world.fake.extension("8000", Behaviour::Dialplan(row(&world)));
    for (lang, words) in [
        ("en", "nothing answers at 127.0.0.1:1: "),
        ("pt-BR", "nada responde em 127.0.0.1:1: "),
    ] {
        let output = calls(&world, &Running::nowhere(), &["--seconds", "1", "--lang", lang]);
        assert_eq!(output.status.code(), Some(3), "{}", told(&output));
        tells(&told(&output), &[words]);
        assert!(
            !told(&output).contains("is the service running"),
            "{}",
            told(&output)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_without_a_module_or_without_a_way_to_the_service_stops_there() {
    let Some(world) = world().await else { return };
    let script = vec![("lua".to_owned(), "voice_secretary.lua".to_owned())];
    world.fake.extension("8000", Behaviour::Dialplan(script));
    let service = serve(&world, 31_200, "", |config| config);
    stops(&world, &service, "1", "module", "MO-02");
    world.fake.loadable("mod_audio_stream");
    world.fake.api("load mod_audio_stream").await;
    stops(&world, &Running::nowhere(), "1", "socket", "SV-01");
    stops(&world, &service, "1", "socket", "SC-09");
    let nowhere = Running {
        listen: "127.0.0.1:2".to_owned(),
        ..service
    };
    stops(&world, &nowhere, "1", "socket", "SV-03");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parked_call_that_no_service_takes_stops_at_the_socket_or_the_service() {
    let Some(world) = world().await else { return };
    let row = row(&world);
    world.fake.extension("8000", Behaviour::Dialplan(row.clone()));
    stops(&world, &Running::nowhere(), "1", "socket", "SV-01");
    {
        let wrong = |config: String| config.replace("esl.password", "other.password");
        world
            .estate
            .write("/etc/voice-ai/other.password", "not this one\n");
        let service = serve(&world, 31_400, "", wrong);
        is_connected(&world, &service, 3);
        stops(&world, &service, "1", "socket", "SW-03");
    }
    let service = serve(&world, 31_500, "", |config| config);
    is_connected(&world, &service, 0);
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
    stops(&world, &service, "2", "server", "DP-16");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_never_comes_stops_the_call_there() {
    let Some(world) = world().await else { return };
    world.fake.extension("8000", Behaviour::Dialplan(row(&world)));
    silenced(&world, "openai");
    // It is connected to, and says nothing.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let keys = provider(&world, &format!("ws://{}", mute.local_addr().unwrap()));
    let service = serve(&world, 31_600, &keys, |config| config);
    // The call is answered without it: what is missing is its voice.
    stops(&world, &service, "2", "audio_out", "SV-05");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secretary_without_a_word_stops_at_the_audio_out() {
    let Some(world) = world().await else { return };
    world.fake.extension("8000", Behaviour::Dialplan(row(&world)));
    silenced(&world, "openai");
    let realtime = Realtime::start(Script::default()).await.unwrap();
    let service = serve(&world, 31_700, &provider(&world, &realtime.url()), |config| {
        config
    });
    stops(&world, &service, "3", "audio_out", "SV-05");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mixed_stream_without_silence_stops_at_the_audio_in() {
    let setup = Setup {
        stream: Some(Module::Amigniter),
        ..Setup::default()
    };
    let Some(world) = World::with(Version::V5_6, setup).await else {
        return;
    };
    world.set_up();
    silenced(&world, "openai");
    let realtime = Realtime::start(Script::default()).await.unwrap();
    let service = serve(&world, 31_800, &provider(&world, &realtime.url()), |config| {
        config
    });
    // The script of the sim runs, and what it would do is done for it.
    let set = ("set".to_owned(), format!("domain_uuid={DOMAIN_UUID}"));
    let script = ("lua".to_owned(), "voice_secretary.lua".to_owned());
    world
        .fake
        .extension("8000", Behaviour::Dialplan(vec![set, script]));
    for (mix, station) in [("mixed", "audio_in"), ("mono", "audio_out")] {
        let streams = async {
            let far = loop {
                let near = world.fake.called("8000").pop();
                let far = near.and_then(|near| near.variable("other_loopback_leg_uuid"));
                match far.and_then(|far| world.fake.channel(&far)) {
                    Some(far) => break far,
                    None => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            };
            far.until(|place| *place == Place::InScript).await;
            let (uuid, listen) = (far.uuid(), &service.listen);
            let url = format!("ws://{listen}/stream/{DOMAIN_UUID}/{uuid}");
            world
                .fake
                .api(&format!("uuid_audio_stream {uuid} start {url} {mix} 8k"))
                .await
        };
        let mut command = test_call(&world, &service, &["--seconds", "4", "--json"]);
        let call = tokio::task::spawn_blocking(move || command.output().unwrap());
        let (started, output) = tokio::join!(tokio::time::timeout(LIMIT, streams), call);
        assert!(started.unwrap().starts_with("+OK"));
        is_stopped(&output.unwrap(), station);
        is_hung_up(&world);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_tried_is_told_with_code_1_and_what_is_wrongly_asked_with_2() {
    let Some(world) = world().await else { return };
    let output = calls(&world, &Running::nowhere(), &["--extension", "8000 XML evil"]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    tells(&told(&output), &["--extension"]);
    let several = world.refused(2, &["test-call"]).await;
    tells(&several, &["--domain"]);
    world.fake.stop();
    let output = calls(&world, &Running::nowhere(), &[]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    tells(&told(&output), &["event socket", "voice-ai doctor"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_call_is_hung_up() {
    let Some(world) = world().await else { return };
    world.fake.extension("8000", Behaviour::Dialplan(row(&world)));
    let mut command = world.command(&["test-call", "--domain", DOMAIN, "--seconds", "300"]);
    let process = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while world.fake.channels() < 2 {
        assert!(begun.elapsed() < LIMIT, "it never called");
        tokio::task::yield_now().await;
    }
    let id = process.id().to_string();
    let signalled = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(signalled.success());
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    tells(&told(&output), &["interrupted"]);
    is_hung_up(&world);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn setup_ends_with_a_test_call_where_the_service_runs_and_tells_its_outcome() {
    let Some(world) = world().await else { return };
    let service = serve(&world, 32_000, "", |config| config);
    let row = row(&world);
    let anew = |arguments: &[&str]| {
        world.printed(&["dialplan", "remove", "8000", "--domain", DOMAIN, "--yes"]);
        let mut command = world.command(&[&["setup", "--domain", DOMAIN, "--yes"], arguments].concat());
        command
            .env("VOICE_AI__SERVER__CONTROL", &service.control)
            .env("VOICE_AI__SERVER__LISTEN", &service.listen);
        command.output().unwrap()
    };
    // FreeSWITCH has not taken the row over.
    let output = anew(&[]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    tells(&told(&output), &["done;", "stopped here", "NO_ROUTE_DESTINATION"]);
    let output = anew(&["--no-test-call"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    world.fake.extension("8000", Behaviour::Dialplan(row));
    let output = anew(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    tells(&told(&output), &["done;", "8000 of pbx.example.com is answered"]);
    is_hung_up(&world);
}

/// `VOICE_AI_FREESWITCH=127.0.0.1:8021 cargo test -p cli --test it real_freeswitch`, password ClueCon, whose dialplan parks 8000 of the
/// context `default` for the service, runs the script on 8001, and has nothing on 8888; mod_audio_stream is not loaded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_freeswitch_shows_the_same_stations() {
    let place = std::env::var("VOICE_AI_FREESWITCH").ok();
    let Some(port) = place.and_then(|place| place.rsplit_once(':')?.1.parse().ok()) else {
        eprintln!("skipped: VOICE_AI_FREESWITCH names no FreeSWITCH");
        return;
    };
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    world.point_to(port);
    let domain = "default";
    let rename = format!("UPDATE v_domains SET domain_name = '{domain}' WHERE domain_name = '{DOMAIN}'");
    world.estate.run(&rename);
    world.printed(&["setup", "--domain", domain, "--yes", "--no-test-call"]);
    let service = serve(&world, 31_900, "", |config| config);
    let tried = |extension: &str| {
        let arguments = [
            "test-call",
            "--domain",
            domain,
            "--json",
            "--extension",
            extension,
        ];
        let mut command = world.command(&arguments);
        command
            .env("VOICE_AI__SERVER__CONTROL", &service.control)
            .env("VOICE_AI__SERVER__LISTEN", &service.listen);
        command.output().unwrap()
    };
    let output = tried("8000");
    println!("{}", told(&output));
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    is_stopped(&tried("8888"), "dialplan");
    is_stopped(&tried("8001"), "module");
}
