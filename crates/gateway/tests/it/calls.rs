//! Calls over real sockets, through the loop-back engine: what is carried, who may carry it, and how it ends.

use crate::line::{Line, Node, secretary};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

const CALL: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000001";
const MONO_16000: &str = r#"{"secretary":"echo","rate":16000,"mix":"mono"}"#;

/// Samples of a slow ramp, so that every one tells its place.
fn ramp(samples: usize) -> Vec<i16> {
    (0..samples).map(|n| n as i16).collect()
}

/// A line that carries a call already: its first frame has come back.
async fn attached(node: &Node) -> Line {
    let mut line = Line::open(node, CALL).await;
    line.text(MONO_16000).await;
    line.audio_bytes(&[0; 640]).await;
    line.samples(320).await;
    line
}

#[tokio::test]
async fn audio_comes_back_sample_by_sample_whatever_the_chunks() {
    // What the caller goes on to send is like what he hears: to a canceller that is an echo.
    let node = Node::start(secretary("echo", "loopback"), "stream.echo = \"off\"").await;
    let mut line = Line::open(&node, CALL).await;
    line.text(MONO_16000).await;
    let sent = ramp(16 * 400);
    let bytes: Vec<u8> = sent.iter().flat_map(|s| s.to_le_bytes()).collect();
    // Odd pieces, as no network promises whole samples; at about the pace of speech.
    for piece in bytes.chunks(641) {
        line.audio_bytes(piece).await;
        line.pace(Duration::from_millis(20)).await;
    }
    let heard = line.samples(sent.len()).await;
    assert!(heard == sent, "the echo differs");
    line.hang_up().await;
    node.ends_empty().await;
}

#[tokio::test]
async fn of_a_stereo_stream_the_caller_is_the_left() {
    let node = Node::start(secretary("echo", "loopback"), "").await;
    let mut line = Line::open(&node, CALL).await;
    line.text(r#"{"secretary":"echo","rate":8000,"mix":"stereo"}"#)
        .await;
    let left = ramp(8 * 100);
    let bytes: Vec<u8> = left
        .iter()
        .flat_map(|s| [s.to_le_bytes(), 7i16.to_le_bytes()].concat())
        .collect();
    line.audio_bytes(&bytes).await;
    assert_eq!(line.samples(left.len()).await, left);
}

#[tokio::test]
async fn metadata_that_cannot_be_read_does_not_stop_a_call() {
    let node = Node::start(secretary("echo", "loopback"), "").await;
    let mut line = Line::open(&node, CALL).await;
    line.text("not json").await;
    line.text("{\"type\":\"dtmf\",\"digit\":\"x\"}").await;
    line.text("{\"secretary\":\"echo\"}").await;
    line.audio_bytes(&[0; 640]).await;
    assert_eq!(line.samples(320).await, vec![0; 320]);
    assert!(
        node.metrics()
            .contains("voice_ai_errors_total{kind=\"metadata\"} 3"),
        "{}",
        node.metrics()
    );
}

#[tokio::test]
async fn of_a_backlog_the_newest_half_second_is_heard() {
    let node = Node::start(secretary("echo", "loopback"), "").await;
    let mut line = Line::open(&node, CALL).await;
    line.text(MONO_16000).await;
    let held_back = ramp(16 * 1500);
    let bytes: Vec<u8> = held_back.iter().flat_map(|s| s.to_le_bytes()).collect();
    line.audio_bytes(&bytes).await;
    let newest = &held_back[held_back.len() - 16 * 500..];
    assert!(line.samples(newest.len()).await == newest, "not the newest");
    line.hang_up().await;
    node.ends_empty().await;
    assert!(
        node.metrics()
            .contains("voice_ai_dropped_audio_ms_total{where=\"backlog\"} 1000"),
        "{}",
        node.metrics()
    );
}

#[tokio::test]
async fn a_second_stream_is_refused_while_the_first_answers() {
    let node = Node::start(secretary("echo", "loopback"), "").await;
    let mut first = attached(&node).await;
    let refused = Line::try_open(&node, CALL).await.err();
    assert_eq!(refused, Some(409));
    first.audio_bytes(&[1; 640]).await;
    first.samples(320).await;
}

#[tokio::test]
async fn a_lost_stream_may_come_back_to_its_call() {
    let node = Node::start(secretary("echo", "loopback"), "").await;
    let line = attached(&node).await;
    line.lose();
    node.detached().await;
    let mut again = Line::open(&node, CALL).await;
    again.audio_bytes(&[1, 0].repeat(320)).await;
    assert_eq!(again.samples(320).await, vec![1; 320]);
    assert!(node.metrics().contains("voice_ai_calls_started_total 1"));
    assert!(node.metrics().contains("voice_ai_calls_reattached_total 1"));
}

#[tokio::test]
async fn a_lost_stream_that_does_not_come_back_ends_its_call() {
    let node = Node::start(secretary("echo", "loopback"), "stream.reattach_grace_ms = 100").await;
    let line = attached(&node).await;
    line.lose();
    node.ends_empty().await;
    assert!(
        node.metrics()
            .contains("voice_ai_calls_ended_total{outcome=\"stream_lost\"} 1"),
        "{}",
        node.metrics()
    );
}

#[tokio::test]
async fn a_call_that_hung_up_may_begin_anew() {
    let node = Node::start(secretary("echo", "loopback"), "").await;
    for _ in 0..2 {
        let line = attached(&node).await;
        line.hang_up().await;
        node.ends_empty().await;
    }
    assert!(
        node.metrics()
            .contains("voice_ai_calls_ended_total{outcome=\"caller_hung_up\"} 2"),
        "{}",
        node.metrics()
    );
}

#[tokio::test]
async fn over_the_domains_limit_a_call_is_sent_elsewhere() {
    let node = Node::start(secretary("echo", "loopback").max_calls(1), "").await;
    let _first = Line::open(&node, CALL).await;
    let refused = Line::try_open(&node, "aaaaaaaa-bbbb-4ccc-8ddd-000000000002")
        .await
        .err();
    assert_eq!(refused, Some(503));
}

#[tokio::test]
async fn over_the_nodes_limit_a_call_is_sent_elsewhere() {
    let node = Node::start(secretary("echo", "loopback"), "server.max_calls = 1").await;
    let _first = Line::open(&node, CALL).await;
    let refused = Line::try_open(&node, "aaaaaaaa-bbbb-4ccc-8ddd-000000000002")
        .await
        .err();
    assert_eq!(refused, Some(503));
}

#[tokio::test]
async fn draining_lets_a_live_call_finish_and_takes_no_new_one() {
    let node = Node::start(secretary("echo", "loopback"), "").await;
    let mut line = attached(&node).await;
    node.drain().await;
    let refused = Line::try_open(&node, "aaaaaaaa-bbbb-4ccc-8ddd-000000000002")
        .await
        .err();
    assert_eq!(refused, Some(503));
    line.audio_bytes(&[1, 0].repeat(320)).await;
    assert_eq!(line.samples(320).await, vec![1; 320]);
    line.hang_up().await;
    node.ended().await;
}

#[tokio::test]
async fn a_shutdown_whose_patience_is_over_hangs_up() {
    let node = Node::start(secretary("echo", "loopback"), "server.drain_seconds = 0").await;
    let mut line = attached(&node).await;
    node.drain().await;
    assert_eq!(line.control("hangup").await["type"], "hangup");
    line.send(Message::Close(None)).await;
    node.ended().await;
}
