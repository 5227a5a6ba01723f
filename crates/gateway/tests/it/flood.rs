//! Too many requests: what each address and each tenant may have, and that a live call does not notice the rest.

use crate::estate::{CALL, Estate, Keys, NORTH, SOUTH};
use crate::line::{DOMAIN, Line, Node, secretary};
use crate::site::{AMIGNITER, PATH, Site, closed, read, to};
use sim::bench::Flood;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_secs(10);
const MONO_16000: &str = r#"{"secretary":"echo","rate":16000,"mix":"mono"}"#;

fn path(call: u32) -> String {
    format!("/stream/{DOMAIN}/aaaaaaaa-bbbb-4ccc-8ddd-{call:012}")
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_told_when_to_come_back() {
    let site = Site::start("server.address_requests_per_second = 1\nserver.address_request_burst = 3").await;
    for _ in 0..3 {
        assert_eq!(site.get("/nothing").await.status, 404);
    }
    let mut answers = Vec::new();
    // A slow machine may earn a request between two; of many in a row it cannot earn each.
    for _ in 0..20 {
        answers.push(site.send(AMIGNITER).await);
    }
    let refused = answers
        .iter()
        .find(|answer| answer.status == 429)
        .expect("a refusal");
    assert_eq!(refused.header("retry-after"), Some("1"), "{refused:?}");
    let text = refused.explanation();
    assert!(
        text.contains("127.0.0.1") && text.contains("server.address_requests_per_second"),
        "{text}"
    );
    assert!(
        site.metrics()
            .contains("voice_ai_upgrades_refused_total{reason=\"address_rate\"}")
    );
}

#[tokio::test]
async fn an_address_has_so_many_connections_that_are_no_calls() {
    let site = Site::start("server.address_handshakes = 2\nserver.upgrade_seconds = 60").await;
    // Calls do not count.
    let (answer, _call) = site.call(AMIGNITER).await;
    assert_eq!(answer.status, 101, "{answer:?}");
    let silent = [site.connect().await, site.connect().await];
    // They are accepted in their order, so the third is one too many.
    let answer = site.send(&to(AMIGNITER, &path(2))).await;
    assert_eq!(answer.status, 429, "{answer:?}");
    assert!(
        answer.explanation().contains("server.address_handshakes"),
        "{answer:?}"
    );
    drop(silent);
    let taken = async { while site.send(&to(AMIGNITER, &path(2))).await.status != 101 {} };
    timeout(LIMIT, taken).await.expect("a place");
}

/// Connections from another address of this machine that ask for nothing.
async fn silent(site: &Site, last: u8, count: usize) -> Vec<TcpStream> {
    let connect = async || {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into()).unwrap();
        socket.connect(site.running.stream_addr()).await.unwrap()
    };
    let mut connections = Vec::new();
    for _ in 0..count {
        let connected = timeout(LIMIT, connect()).await;
        connections.push(connected.expect("it is taken out of the system's queue"));
    }
    connections
}

/// The stream of a module that comes behind them.
async fn comes_in(site: &Site) {
    let (answer, _call) = site.call(AMIGNITER).await;
    assert_eq!(answer.status, 101, "{answer:?}");
}

#[tokio::test]
async fn a_few_addresses_that_say_nothing_keep_nobody_out() {
    let keys = "server.max_handshakes = 10\nserver.address_handshakes = 5\nserver.upgrade_seconds = 60";
    let site = Site::start(keys).await;
    // Somebody at a fourth address is slower than a module.
    let mut slow = site.connect().await;
    let mut held = Vec::new();
    for last in 2..=4 {
        held.extend(silent(&site, last, 5).await);
    }
    comes_in(&site).await;
    let request = to(AMIGNITER, &path(2));
    slow.write_all(request.as_bytes()).await.unwrap();
    assert_eq!(read(&mut slow).await.status, 101);
    // The oldest made room.
    assert_eq!(closed(&mut held[0]).await, b"");
}

#[tokio::test]
async fn addresses_that_are_not_on_the_list_take_no_place() {
    let keys = "server.allow = [\"127.0.0.1\"]\nserver.max_handshakes = 1\nserver.upgrade_seconds = 60";
    let site = Site::start(keys).await;
    let _held = silent(&site, 2, 200).await;
    comes_in(&site).await;
}

/// 200 that wait for 250 ms each, one after the other, would be 50 s.
#[tokio::test]
async fn connections_that_are_too_many_take_no_place() {
    let keys = "server.address_handshakes = 1\nserver.max_handshakes = 2\nserver.upgrade_seconds = 60";
    let site = Site::start(keys).await;
    let _held = silent(&site, 2, 200).await;
    comes_in(&site).await;
}

#[tokio::test]
async fn a_domain_begins_so_many_streams_in_a_second() {
    let keys = Keys {
        north: "streams_per_second = 1\nstream_burst = 2".into(),
        ..Keys::default()
    };
    let estate = Estate::start("loopback", None, &keys).await;
    let mut streams = Vec::new();
    let mut refused = None;
    for call in 0..20 {
        match estate
            .try_open(NORTH, &format!("aaaaaaaa-bbbb-4ccc-8ddd-{call:012}"))
            .await
        {
            Ok(stream) => streams.push(stream),
            Err(refusal) => refused = Some(refusal),
        }
    }
    assert!(streams.len() >= 2, "the burst");
    let (status, body) = refused.expect("one too fast");
    assert_eq!(status, 429, "{body}");
    assert!(
        body.contains("streams a second") && body.contains("stream_burst"),
        "{body}"
    );
    // The other tenant has its own.
    let _south = estate.open(SOUTH, CALL).await;
}

/// Strangers at another address of this machine, who ask for streams of a domain that is not here.
fn strangers(node: &Node) -> Flood {
    Flood {
        from: Ipv4Addr::new(127, 0, 0, 2).into(),
        to: node.stream_addr(),
        path: PATH.replace(DOMAIN, "99999999-2222-4333-8444-555555555555"),
        per_second: 2_000,
    }
}

/// The caller speaks a ramp, so that a hole in what comes back would be a jump.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_refused_requests_takes_no_sample_from_a_live_call_and_keeps_no_other_out() {
    // What the caller says is like what is heard: to a canceller that is an echo. A slow machine may be late, but must lose nothing.
    let keys = "stream.echo = \"off\"\nstream.backlog_ms = 10000\nserver.address_request_burst = 50";
    let node = Node::start(secretary("echo", "loopback"), keys).await;
    let mut line = Line::open(&node, "aaaaaaaa-bbbb-4ccc-8ddd-000000000001").await;
    line.text(MONO_16000).await;
    // Silence first: the engine may still be opening.
    line.audio_bytes(&[0; 640]).await;
    while timeout(Duration::from_millis(20), line.samples(320))
        .await
        .is_err()
    {
        line.audio_bytes(&[0; 640]).await;
    }
    let over = CancellationToken::new();
    let flood = tokio::spawn(strangers(&node).until(over.clone().cancelled_owned()));
    let flooded = || {
        let metrics = node.metrics();
        metrics.contains("reason=\"address_rate\"") && metrics.contains("reason=\"domain\"")
    };
    let mut sent: Vec<i16> = Vec::new();
    let mut pace = interval(Duration::from_millis(20));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while sent.len() < 100 * 320 || !flooded() {
        pace.tick().await;
        let frame = (0..320).map(|n| (1 + sent.len() + n) as i16).collect::<Vec<_>>();
        let bytes: Vec<u8> = frame.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        line.audio_bytes(&bytes).await;
        sent.extend(frame);
    }
    let other = Line::open(&node, "aaaaaaaa-bbbb-4ccc-8ddd-000000000002").await;
    over.cancel();
    let mut heard = line.samples(320).await;
    while heard == [0; 320] {
        heard = line.samples(320).await;
    }
    heard.extend(line.samples(sent.len() - 320).await);
    assert!(heard == sent, "the call has a hole");
    assert!(
        !node.metrics().contains("voice_ai_dropped_audio_ms_total{"),
        "{}",
        node.metrics()
    );
    other.hang_up().await;
    let tally = flood.await.unwrap();
    assert!(
        tally.answers.keys().all(|status| [403, 429].contains(status)),
        "{tally:?}"
    );
    assert!(
        tally.answers.values().sum::<u64>() > 100,
        "it was no flood: {tally:?}"
    );
}
