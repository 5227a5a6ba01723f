//! What a call leaves as files.

use crate::estate::conversations;
use crate::line::{DOMAIN, Line, Node, secretary};
use crate::replays::files;
use crate::site::get;
use recording::{Log, Tail, Verdict, replay};
use std::path::Path;
use std::time::Duration;
use store::{Location, Store};

const CALL: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000001";
/// The caller's own voice comes back here, and is no echo: a canceller would keep back the last of it until he goes on.
const NO_ECHO: &str = "stream.echo = \"off\"";

const METADATA: &str = r#"{"rate":8000,"mix":"mono","caller_number":"5511987654321","caller_name":"Maria"}"#;
/// A frame of 20 ms at 8 kHz.
const FRAME: usize = 160;

/// A call that says half a second of one value, hears it again, presses a key and hangs up.
async fn echoed(node: &Node) {
    let mut line = Line::open(node, CALL).await;
    line.text(METADATA).await;
    // Engine and leg have found each other when the first frame comes back.
    line.audio_bytes(&[0; 2 * FRAME]).await;
    line.samples(FRAME).await;
    for _ in 0..25 {
        line.audio_bytes(&1_000_i16.to_le_bytes().repeat(FRAME)).await;
        line.pace(Duration::from_millis(20)).await;
    }
    line.samples(25 * FRAME).await;
    line.text(r#"{"type":"dtmf","digit":"7"}"#).await;
    line.pace(Duration::from_millis(100)).await;
    line.hang_up().await;
    node.ends_empty().await;
}

/// The paths of the only call's recording and event log, as the store has them.
async fn kept(data: &Path) -> (Option<String>, Option<String>) {
    let location = Location::parse("sqlite:voice-ai.db", data).unwrap();
    let store = Store::open_existing(&location).await.unwrap();
    let mut calls = conversations(&store, DOMAIN).await;
    assert_eq!(calls.len(), 1, "{calls:?}");
    let call = calls.remove(0);
    (call.recording, call.event_log)
}

/// Where a track first has the caller's value, and how much of it.
fn voice(track: &[i16]) -> (usize, usize) {
    let begin = track.iter().position(|sample| *sample == 1_000).unwrap();
    (begin, track.iter().filter(|sample| **sample == 1_000).count())
}

#[tokio::test]
async fn a_recorded_call_leaves_both_voices_on_one_timeline() {
    let node = Node::start(secretary("echo", "loopback").recorded(), NO_ECHO).await;
    echoed(&node).await;
    let folder = node.closed().await;
    let recordings = files(folder.path(), "wav");
    let [wav] = recordings.as_slice() else {
        panic!("one recording: {recordings:?}")
    };
    let relative = wav.strip_prefix(folder.path()).unwrap().display().to_string();
    assert_eq!(kept(folder.path()).await.0.as_ref(), Some(&relative));
    assert!(
        relative.starts_with(&format!("recordings/{DOMAIN}/")),
        "{relative}"
    );
    let mut reader = hound::WavReader::open(wav).unwrap();
    assert_eq!((reader.spec().channels, reader.spec().sample_rate), (2, 8_000));
    let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
    let track = |channel: usize| {
        samples
            .iter()
            .skip(channel)
            .step_by(2)
            .copied()
            .collect::<Vec<i16>>()
    };
    let ((said_at, said), (heard_at, heard)) = (voice(&track(0)), voice(&track(1)));
    assert_eq!(said, 25 * FRAME, "every sample of the caller's");
    assert_eq!(heard, 25 * FRAME, "and of the secretary's");
    // The caller's frame is placed where it ends when it comes; its echo begins then.
    let delay_ms = (heard_at as i64 - said_at as i64) / 8;
    assert!((0..=200).contains(&delay_ms), "{delay_ms} ms");
    let ms = samples.len() / 2 / 8;
    assert!((600..=5_000).contains(&ms), "{ms} ms");
}

/// A call that speaks while it hears the notice, and to its end and on, or hangs up before.
async fn told(node: &Node, to_the_end: bool) {
    let mut line = Line::open(node, CALL).await;
    line.text(METADATA).await;
    // Before that the echo of what it says would come first.
    line.samples(FRAME).await;
    let frame = 1_000_i16.to_le_bytes().repeat(FRAME);
    for _ in 0..10 {
        line.audio_bytes(&frame).await;
        line.pace(Duration::from_millis(20)).await;
    }
    if to_the_end {
        let heard = tokio::time::timeout(Duration::from_secs(20), line.control("transcript"));
        heard.await.expect("the notice is heard");
        for _ in 0..25 {
            line.audio_bytes(&2_000_i16.to_le_bytes().repeat(FRAME)).await;
            line.pace(Duration::from_millis(20)).await;
        }
    }
    line.hang_up().await;
    node.ends_empty().await;
}

#[tokio::test]
async fn what_a_caller_says_before_the_notice_was_heard_is_not_recorded() {
    let node = Node::start(secretary("echo", "loopback").announced(), NO_ECHO).await;
    told(&node, true).await;
    let folder = node.closed().await;
    let recordings = files(folder.path(), "wav");
    let [wav] = recordings.as_slice() else {
        panic!("one recording: {recordings:?}")
    };
    assert!(kept(folder.path()).await.0.is_some());
    let mut reader = hound::WavReader::open(wav).unwrap();
    let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
    let caller: Vec<i16> = samples.iter().step_by(2).copied().collect();
    assert!(!caller.contains(&1_000), "that was before");
    let begin = caller.iter().position(|sample| *sample == 2_000).unwrap();
    assert!(begin > 25 * FRAME, "silence keeps its place: {begin}");
    assert_eq!(
        caller.iter().filter(|sample| **sample == 2_000).count(),
        25 * FRAME
    );
    assert!(samples[..2 * 25 * FRAME].iter().all(|sample| *sample == 0));
}

#[tokio::test]
async fn nothing_is_recorded_of_a_caller_who_was_not_told() {
    let announced = || secretary("echo", "loopback").announced();
    let node = Node::start(announced(), NO_ECHO).await;
    told(&node, false).await;
    let folder = node.closed().await;
    assert!(
        files(folder.path(), "wav").is_empty(),
        "hung up during the notice"
    );
    assert_eq!(kept(folder.path()).await.0, None);

    let node = Node::start(
        announced(),
        &format!("{NO_ECHO}\ntts.espeak = \"/nonexistent/espeak-ng\""),
    )
    .await;
    echoed(&node).await;
    let folder = node.closed().await;
    assert!(files(folder.path(), "wav").is_empty(), "the notice has no sound");
    assert_eq!(kept(folder.path()).await.0, None);
}

#[tokio::test]
async fn without_space_a_call_is_not_recorded_and_operators_see_it() {
    let wanted = secretary("echo", "loopback").recorded();
    let node = Node::start(
        wanted,
        &format!("{NO_ECHO}\nrecording.least_free_mb = 1000000000"),
    )
    .await;
    echoed(&node).await;
    node.shows(r#"voice_ai_errors_total{kind="recording"} 1"#).await;
    let health = get(node.control_addr(), "/health/ready", "").await;
    assert_eq!(health.status, 200, "calls go on: {health:?}");
    let json = health.json();
    let checks = json["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == "recordings").unwrap();
    assert_eq!(check["state"], "degraded", "{json}");
    assert!(
        check["detail"]
            .as_str()
            .unwrap()
            .contains("recording.least_free_mb"),
        "{json}"
    );
    let folder = node.closed().await;
    assert!(files(folder.path(), "wav").is_empty());
    assert_eq!(files(folder.path(), "jsonl").len(), 1, "its event log is there");
    let (recording, event_log) = kept(folder.path()).await;
    assert_eq!(recording, None, "no path of what is not there");
    assert!(event_log.is_some());
}

#[tokio::test]
async fn a_calls_log_is_whole_replays_and_knows_neither_keys_nor_who_called() {
    let node = Node::start(secretary("echo", "loopback"), NO_ECHO).await;
    echoed(&node).await;
    let folder = node.closed().await;
    assert!(
        files(folder.path(), "wav").is_empty(),
        "nobody asked for a recording"
    );
    let logs = files(folder.path(), "jsonl");
    assert_eq!(logs.len(), 1, "{logs:?}");
    let text = std::fs::read_to_string(&logs[0]).unwrap();
    let log = Log::parse(&text).unwrap();
    assert_eq!(
        (log.tail, replay(&log).verdict),
        (Tail::Whole, Verdict::Same),
        "{text}"
    );
    assert_eq!(log.header.call.to_string(), CALL);
    assert_eq!(log.header.secretary.name, "echo");
    assert!(text.contains(r#""dtmf":"0""#), "{text}");
    for secret in ["5511987654321", "Maria", r#""dtmf":"7""#, r#""digit":"7""#] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[tokio::test]
async fn a_node_without_event_logs_writes_none() {
    let node = Node::start(
        secretary("echo", "loopback"),
        &format!("{NO_ECHO}\nrecording.event_log = false"),
    )
    .await;
    echoed(&node).await;
    let folder = node.closed().await;
    assert!(files(folder.path(), "jsonl").is_empty());
}

#[tokio::test]
async fn a_call_that_comes_back_after_a_loss_is_one_recording() {
    let node = Node::start(secretary("echo", "loopback").recorded(), NO_ECHO).await;
    let mut line = Line::open(&node, CALL).await;
    line.text(METADATA).await;
    line.audio_bytes(&[0; 2 * FRAME]).await;
    line.samples(FRAME).await;
    line.lose();
    node.detached().await;
    echoed(&node).await;
    let folder = node.closed().await;
    assert_eq!(files(folder.path(), "wav").len(), 1);
    let logs = files(folder.path(), "jsonl");
    let log = Log::parse(&std::fs::read_to_string(&logs[0]).unwrap()).unwrap();
    assert_eq!((logs.len(), log.tail), (1, Tail::Whole));
    assert_eq!(replay(&log).verdict, Verdict::Same);
}
