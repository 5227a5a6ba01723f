//! What a stream's address says of its call, besides whose it is.

use crate::line::{DOMAIN, Line, Node, secretary};
use crate::log::Log;
use crate::pbx_site::soon;
use crate::site::{AMIGNITER, PATH, Site, to};
use futures_util::SinkExt;
use sim::Module;
use sim::freeswitch::{Caller, Dial, Dialplan, FreeSwitch, Place, Setup};
use tokio_tungstenite::tungstenite::Message;
use tracing::Level;

const CALL: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000001";
const KEYS: &str = "vad.enabled = false\nstream.echo = \"off\"";

/// Two secretaries, of whom the day's is the default.
async fn node(keys: &str) -> Node {
    let [day, night] = ["day", "night"].map(|name| secretary(name, "loopback"));
    Node::launch(&[&day, &night], &format!("{KEYS}\n{keys}"), [], Vec::new()).await
}

/// What the log says of a call's beginning.
async fn begun(log: &Log, call: &str) -> String {
    let begins = format!("a call begins call={call}");
    log.shows(&begins).await;
    let text = log.text();
    text.lines()
        .find(|line| line.contains(&begins))
        .expect("a line")
        .to_owned()
}

fn assert_format(begun: &str, secretary: &str, rate: &str, mix: &str) {
    for part in [
        format!("secretary={secretary} "),
        format!("rate={rate} "),
        format!("mix={mix} "),
    ] {
        assert!(begun.contains(&part), "{part}: {begun}");
    }
}

/// An amigniter module that loses the metadata, and a caller on an 8 kHz line.
async fn lossy_module() -> (FreeSwitch, Caller) {
    let fake = FreeSwitch::start(Setup {
        stream: Some(Module::Amigniter),
        ..Setup::default()
    })
    .await
    .unwrap();
    fake.lose_metadata();
    let caller = fake.caller(Dial {
        variables: vec![
            ("domain_uuid".to_owned(), DOMAIN.to_owned()),
            ("voice_ai_secretary".to_owned(), "night".to_owned()),
        ],
        dialplan: Dialplan::Script,
        ..Dial::default()
    });
    soon("an answer", caller.until(|place| *place == Place::Answered)).await;
    (fake, caller)
}

async fn starts(fake: &FreeSwitch, node: &Node, caller: &Caller, query: &str) {
    let (uuid, addr) = (caller.uuid(), node.stream_addr());
    let command = format!(
        "uuid_audio_stream {uuid} start ws://{addr}/stream/{DOMAIN}/{uuid}?{query} mono 8000 \
         {{\"caller_number\":\"1000\",\"secretary\":\"night\",\"mix\":\"mono\",\"rate\":8000}}"
    );
    let reply = fake.api(&command).await;
    assert!(reply.starts_with("+OK"), "{reply}");
}

#[tokio::test]
async fn a_module_that_loses_the_metadata_loses_neither_rate_nor_mix_nor_secretary() {
    let (log, _guard) = Log::listen_from(Level::DEBUG);
    let node = node("").await;
    let (fake, caller) = lossy_module().await;
    starts(&fake, &node, &caller, "rate=8000&mix=mono&secretary=night").await;
    let begun = begun(&log, &caller.uuid().to_string()).await;
    assert_format(&begun, "night", "8000", "Mono");
    log.shows("the byte rate confirms the format").await;
    // And the metadata was lost.
    assert!(log.text().contains("caller=None"), "{}", log.text());
    caller.hang_up();
    node.ends_empty().await;
}

#[tokio::test]
async fn what_freeswitch_says_goes_before_the_address() {
    let (log, _guard) = Log::listen();
    let (fake, caller) = lossy_module().await;
    let node = node(&format!(
        "pbx = [{{ name = \"fake\", port = {}, fallback = \"9000\" }}]",
        fake.addr().port()
    ))
    .await;
    soon(
        "control of FreeSWITCH",
        node.shows("voice_ai_pbx_up{pbx=\"fake\"} 1"),
    )
    .await;
    starts(&fake, &node, &caller, "rate=8000&mix=mono&secretary=day").await;
    let begun = begun(&log, &caller.uuid().to_string()).await;
    assert_format(&begun, "night", "8000", "Mono");
    assert!(
        log.text().contains("what=\"secretary\""),
        "it is told: {}",
        log.text()
    );
    caller.hang_up();
    node.ends_empty().await;
}

#[tokio::test]
async fn what_the_metadata_says_goes_before_the_address() {
    let (log, _guard) = Log::listen();
    let node = node("").await;
    let mut line = Line::open(&node, &format!("{CALL}?rate=8000&mix=stereo&secretary=night")).await;
    line.text(r#"{"secretary":"day","rate":48000}"#).await;
    assert_format(&begun(&log, CALL).await, "day", "48000", "Stereo");
    line.hang_up().await;
    node.ends_empty().await;
}

#[tokio::test]
async fn hostile_values_are_told_in_short_and_change_nothing() {
    let (log, _guard) = Log::listen();
    let node = node("").await;
    let long = "x".repeat(5_000);
    let query =
        format!("rate=-1&mix=mono%0A%1B%5B31m%00&language=%FF%FE&leg={long}&secretary={long}&%zz=%&=&&x");
    let mut line = Line::open(&node, &format!("{CALL}?{query}")).await;
    line.audio_bytes(&[1; 640]).await;
    assert_format(&begun(&log, CALL).await, "day", "16000", "Mixed");
    node.shows("voice_ai_errors_total{kind=\"metadata\"} 5").await;
    let text = log.text();
    assert!(!text.contains('\u{1b}') && !text.contains(&long), "{text}");
    assert!(text.lines().all(|line| line.len() < 600), "{text}");
    line.hang_up().await;
    node.ends_empty().await;
}

/// A token stands there too.
#[tokio::test]
async fn the_query_is_in_no_log() {
    let (log, _guard) = Log::listen_from(Level::TRACE);
    let site = Site::start("stream.reattach_grace_ms = 100\nserver.token = { env = \"SITE_TOKEN\" }").await;
    let refused = site
        .send(&to(AMIGNITER, &format!("{PATH}?rate=8000&token=marmalade")))
        .await;
    assert_eq!(refused.status, 401);
    let elsewhere = site
        .send(&to(AMIGNITER, "/elsewhere?token=marmalade&rate=8000"))
        .await;
    assert_eq!(elsewhere.status, 404);
    log.shows("there is nothing at /elsewhere").await;
    let (taken, stream) = site
        .call(&to(
            AMIGNITER,
            &format!("{PATH}?rate=8000&mix=mono&token=s3cret&secretary=echo"),
        ))
        .await;
    assert_eq!(taken.status, 101);
    assert_format(&begun(&log, CALL).await, "echo", "8000", "Mono");
    drop(stream);
    site.empty().await;
    let text = log.text();
    for private in ["token=", "s3cret", "marmalade", "mix=mono", "rate=8000&"] {
        assert!(!text.contains(private), "{private}: {text}");
    }
}

/// A stream whose first messages come all at once.
async fn open_with(node: &Node, query: &str, messages: Vec<Message>) -> Line {
    let address = format!("ws://{}/stream/{DOMAIN}/{CALL}?{query}", node.stream_addr());
    let (mut socket, _) = tokio_tungstenite::connect_async(address).await.unwrap();
    for message in messages {
        socket.feed(message).await.unwrap();
    }
    socket.flush().await.unwrap();
    Line::over(socket)
}

fn frames(samples: &[i16]) -> Vec<Message> {
    let bytes = |frame: &[i16]| -> Vec<u8> { frame.iter().flat_map(|sample| sample.to_le_bytes()).collect() };
    samples
        .chunks(160)
        .map(|frame| Message::binary(bytes(frame)))
        .collect()
}

/// As amigniter sends what it gathered while a handshake took 400 ms.
#[tokio::test]
async fn audio_that_comes_before_the_metadata_is_heard_and_the_metadata_is_taken() {
    let (log, _guard) = Log::listen();
    let node = node("").await;
    let sent: Vec<i16> = (0..8 * 400).collect();
    let mut messages = frames(&sent);
    messages.push(Message::text(r#"{"secretary":"night","rate":8000,"mix":"mono"}"#));
    let mut line = open_with(&node, "", messages).await;
    assert_format(&begun(&log, CALL).await, "night", "8000", "Mono");
    assert!(line.samples(sent.len()).await == sent, "the echo differs");
    line.hang_up().await;
    node.ends_empty().await;
    assert!(
        !node
            .metrics()
            .contains("voice_ai_errors_total{kind=\"metadata\"} 1"),
        "{}",
        node.metrics()
    );
}

#[tokio::test]
async fn audio_without_any_metadata_is_heard_from_its_first_sample() {
    let node = node("").await;
    let sent: Vec<i16> = (1..=8 * 100).collect();
    let mut line = open_with(&node, "rate=8000&mix=mono", frames(&sent)).await;
    assert!(line.samples(sent.len()).await == sent, "the echo differs");
    line.hang_up().await;
    node.ends_empty().await;
}

#[tokio::test]
async fn a_key_that_comes_right_after_the_first_audio_is_no_metadata() {
    let (log, _guard) = Log::listen();
    let node = node("").await;
    let mut messages = frames(&[0; 160]);
    messages.push(Message::text(r#"{"type":"dtmf","digit":"no key"}"#));
    messages.push(Message::text(r#"{"secretary":"night"}"#));
    let line = open_with(&node, "rate=8000&mix=mono", messages).await;
    // It is looked at as a key.
    log.shows("is no key").await;
    assert_format(&begun(&log, CALL).await, "night", "8000", "Mono");
    line.hang_up().await;
    node.ends_empty().await;
}
