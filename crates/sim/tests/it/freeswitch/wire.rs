//! The event socket, byte for byte as the real one was recorded.

use super::{header, soon, started};
use crate::freeswitch::Client;
use sim::freeswitch::{Dial, FreeSwitch, Place, Setup};
use std::collections::HashSet;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const AUTH: &str = include_str!("../../data/freeswitch/auth.txt");
const API: &str = include_str!("../../data/freeswitch/api.txt");

/// Sends a text and reads as many bytes as are wanted.
async fn exchange(stream: &mut TcpStream, send: &str, wanted: usize) -> String {
    stream.write_all(send.as_bytes()).await.unwrap();
    let mut bytes = vec![0; wanted];
    soon("the answer", stream.read_exact(&mut bytes)).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// What one side of a recorded session said after the other: the transcript separates with an empty line more.
fn turns(session: &str) -> Vec<(String, String)> {
    session
        .split("\n>>> ")
        .skip(1)
        .map(|turn| {
            let (sent, received) = turn.split_once("<<< ").unwrap_or((turn, ""));
            let sent = format!("{}\n\n", sent.trim_end());
            // An empty one is what was read at the end of the connection.
            let text = received.trim_end_matches(['\n', '<', ' ']).to_owned();
            (sent, text)
        })
        .collect()
}

#[tokio::test]
async fn both_recorded_sessions_are_answered_to_the_byte() {
    let fake = started().await;
    for session in AUTH.split("-------- second connection\n") {
        let mut stream = TcpStream::connect(fake.addr()).await.unwrap();
        let greeting = "Content-Type: auth/request\n\n";
        assert_eq!(exchange(&mut stream, "", greeting.len()).await, greeting);
        for (sent, received) in turns(session) {
            // The log is not kept here, and the result of a job has its own test.
            if received.contains("BACKGROUND_JOB") || sent.starts_with("myevents") {
                continue;
            }
            let answered = exchange(&mut stream, &sent, received.len()).await;
            assert_eq!(answered, received, "after {sent:?}");
            drain_newlines(&mut stream).await;
        }
    }
}

/// A reply ends with newlines that the transcript has lost.
async fn drain_newlines(stream: &mut TcpStream) {
    let mut byte = [0];
    while let Ok(1) = stream.try_read(&mut byte) {
        assert_eq!(byte, *b"\n");
    }
}

#[tokio::test]
async fn commands_of_a_channel_answer_as_recorded() {
    let fake = started().await;
    let caller = fake.caller(Dial::default());
    soon("park", caller.until(|place| *place == Place::Parked)).await;
    let id = caller.uuid().to_string();
    let mut compared = 0;
    for block in API.split("\n\n\n").flat_map(|block| block.split("\n\napi ")) {
        let block = block.trim_start_matches('\n').trim_start_matches("api ");
        let Some((command, reply)) = block.split_once('\n') else {
            continue;
        };
        let known = [
            "uuid_setvar",
            "uuid_getvar",
            "uuid_exists",
            "uuid_broadcast",
            "uuid_break",
            "uuid_send_dtmf",
        ];
        if !known.iter().any(|known| command.starts_with(known)) || command.contains("/sounds/tone440_5s") {
            continue;
        }
        let command = command.replace("UUID", &id);
        let answered = fake.api(&command).await;
        let reply = reply.replace("aaaaaaaa-bbbb-4ccc-8ddd-900000000001", &id);
        assert_eq!(answered.trim_end(), reply.trim_end(), "{command}");
        compared += 1;
    }
    assert!(
        compared >= 8,
        "only {compared} of the recorded replies were found"
    );
}

#[tokio::test]
async fn an_event_has_the_headers_of_the_recorded_one_in_their_order() {
    let fake = started().await;
    let mut stream = TcpStream::connect(fake.addr()).await.unwrap();
    let welcome = "Content-Type: auth/request\n\nContent-Type: command/reply\nReply-Text: +OK accepted\n\n";
    exchange(&mut stream, "auth ClueCon\n\n", welcome.len()).await;
    let enabled = "Content-Type: command/reply\nReply-Text: +OK event listener enabled plain\n\n";
    let events = "event plain CHANNEL_PARK CHANNEL_EXECUTE\n\n";
    assert_eq!(exchange(&mut stream, events, enabled.len()).await, enabled);
    let _caller = fake.caller(Dial::default());
    let mut text = String::new();
    soon("the events", async {
        let mut bytes = vec![0; 65536];
        while !text.contains("Event-Name: CHANNEL_PARK") || !text.ends_with("\n\n") {
            let read = stream.read(&mut bytes).await.unwrap();
            text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
    })
    .await;
    for (name, recorded) in [
        (
            "CHANNEL_PARK",
            include_str!("../../data/freeswitch/event_park.txt"),
        ),
        (
            "CHANNEL_EXECUTE",
            include_str!("../../data/freeswitch/event_execute.txt"),
        ),
    ] {
        let ours = text.split(&format!("Event-Name: {name}\n")).nth(1).unwrap();
        let theirs = recorded.split(&format!("Event-Name: {name}\n")).nth(1).unwrap();
        // The variables of SIP and RTP are not made up here.
        let ours = names(ours.split("\n\n").next().unwrap(), &HashSet::new());
        let known = ours.iter().copied().collect();
        let theirs = names(theirs.split("\n\n").next().unwrap(), &known);
        let without_variables = |names: &[&str]| -> Vec<String> {
            let plain = names.iter().filter(|name| !name.starts_with("variable_"));
            plain.map(|name| (*name).to_owned()).collect()
        };
        assert_eq!(without_variables(&ours), without_variables(&theirs), "{name}");
    }
}

/// The header names of an event, in order; of the variables only those that are known.
fn names<'a>(event: &'a str, known: &HashSet<&str>) -> Vec<&'a str> {
    event
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, _)| name)
        .filter(|name| !name.starts_with("variable_") || known.contains(name))
        .collect()
}

#[tokio::test]
async fn a_stranger_is_sent_away_as_the_access_list_does() {
    let setup = Setup {
        allowed: false,
        ..Setup::default()
    };
    let fake = FreeSwitch::start(setup).await.unwrap();
    let mut stream = TcpStream::connect(fake.addr()).await.unwrap();
    let mut text = String::new();
    soon("the end", stream.read_to_string(&mut text)).await.unwrap();
    assert_eq!(
        text,
        "Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"
    );
}

#[tokio::test]
async fn a_job_tells_its_result_with_the_id_that_was_given() {
    let fake = started().await;
    let mut client = Client::connect(&fake, "BACKGROUND_JOB").await;
    let reply = client.esl.bgapi("echo hi").await.unwrap();
    let job = reply.job_uuid().unwrap().to_owned();
    let event = client.named("BACKGROUND_JOB").await;
    assert_eq!(header(&event, "Job-UUID"), job);
    assert_eq!(header(&event, "Job-Command"), "echo");
    assert_eq!(header(&event, "Job-Command-Arg"), "hi");
    assert_eq!(event.body(), Some("hi"));
}

#[tokio::test]
async fn a_filter_lets_only_what_it_names_through() {
    let fake = started().await;
    let mut client = Client::connect(&fake, "CHANNEL_PARK").await;
    client.esl.filter_raw("variable_wanted", "yes").await.unwrap();
    let unwanted = fake.caller(Dial::default());
    soon("park", unwanted.until(|place| *place == Place::Parked)).await;
    let wanted = fake.caller(Dial {
        variables: vec![("wanted".to_owned(), "YES".to_owned())],
        ..Dial::default()
    });
    let event = client.named("CHANNEL_PARK").await;
    assert_eq!(header(&event, "Unique-ID"), wanted.uuid().to_string());
}

#[tokio::test]
async fn a_channel_is_described_as_json_as_well() {
    let fake = started().await;
    let client = Client::connect(&fake, "CHANNEL_PARK").await;
    let caller = fake.caller(Dial {
        name: "Jenny \"Cole\"".to_owned(),
        ..Dial::default()
    });
    soon("park", caller.until(|place| *place == Place::Parked)).await;
    let dump = client.api(&format!("uuid_dump {} json", caller.uuid())).await;
    let dump: serde_json::Value = serde_json::from_str(&dump).unwrap();
    assert_eq!(dump["Caller-Caller-ID-Name"], "Jenny \"Cole\"");
    assert_eq!(dump["variable_voice_ai"], "true");
    assert_eq!(dump["variable_current_application"], "park");
    let shown: serde_json::Value = serde_json::from_str(&client.api("show channels as json").await).unwrap();
    assert_eq!(shown["row_count"], 1);
    assert_eq!(shown["rows"][0]["application"], "park");
}

#[tokio::test]
async fn a_caller_in_park_shows_what_they_heard_last_until_they_are_parked_anew() {
    let fake = started().await;
    let mut client = Client::connect(&fake, "CHANNEL_PARK CHANNEL_EXECUTE_COMPLETE").await;
    let caller = fake.caller(Dial::default());
    soon("park", caller.until(|place| *place == Place::Parked)).await;
    let id = caller.uuid().to_string();
    client.execute(&id, "playback", "silence_stream://20", &[]).await;
    client
        .event("the end", |event| header(event, "Application") == "playback")
        .await;
    let row = |shown: String| {
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let text = |name: &str| shown["rows"][0][name].as_str().unwrap().to_owned();
        (text("state"), text("application"))
    };
    let shown = row(client.api("show channels as json").await);
    assert_eq!(shown, ("CS_EXECUTE".to_owned(), "playback".to_owned()));
    client.api(&format!("uuid_park {id}")).await;
    client.named("CHANNEL_PARK").await;
    let shown = row(client.api("show channels as json").await);
    assert_eq!(shown, ("CS_PARK".to_owned(), "playback".to_owned()));
}

#[tokio::test]
async fn a_recording_is_a_file_and_is_stopped_once() {
    let fake = started().await;
    let caller = fake.caller(Dial::default());
    soon("park", caller.until(|place| *place == Place::Parked)).await;
    let files = tempfile::tempdir().unwrap();
    let (id, path) = (caller.uuid(), files.path().join("call.wav"));
    let shown = path.display();
    assert_eq!(
        fake.api(&format!("uuid_record {id} start {shown}")).await,
        "+OK Success\n"
    );
    assert!(path.exists());
    assert_eq!(
        fake.api(&format!("uuid_record {id} stop {shown}")).await,
        "+OK Success\n"
    );
    let refused = fake.api(&format!("uuid_record {id} stop {shown}")).await;
    assert_eq!(refused, "-ERR Cannot stop record session!\n");
    let wav = hound::WavReader::open(&path).unwrap();
    assert_eq!(wav.spec().sample_rate, 8000);
}
