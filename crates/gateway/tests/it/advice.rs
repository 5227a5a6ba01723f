//! What the log tells an operator of a stream, and what it keeps to itself.

use crate::line::{Line, Node, secretary};
use crate::log::Log;
use std::time::Duration;

const CALL: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000001";

#[tokio::test]
async fn a_mixed_stream_without_audio_is_told_its_cause_and_cure() {
    let (log, _guard) = Log::listen();
    let node = Node::start(secretary("echo", "loopback"), "stream.idle_warning_ms = 50").await;
    let _line = Line::open(&node, CALL).await;
    log.shows("send_silence_when_idle=-1").await;
}

#[tokio::test]
async fn sptmru_at_half_its_rate_is_noticed_and_taken_as_it_is() {
    let (log, _guard) = Log::listen();
    let node = Node::start(secretary("echo", "loopback"), "").await;
    let mut line = Line::open(&node, CALL).await;
    line.text(r#"{"rate":16000,"mix":"mono"}"#).await;
    // As recorded of sptmru 5f179d6: 1280 bytes each 80 ms, 8 kHz samples under a 16 kHz name.
    for _ in 0..20 {
        line.audio_bytes(&[0; 1280]).await;
        line.pace(Duration::from_millis(80)).await;
    }
    log.shows("does not resample").await;
}

#[tokio::test]
async fn who_calls_and_what_is_pressed_stay_out_of_the_log() {
    let (log, _guard) = Log::listen();
    let node = Node::start(secretary("echo", "loopback"), "").await;
    let mut line = Line::open(&node, CALL).await;
    line.text(r#"{"caller_number":"+5511987654321","caller_name":"Fulana","rate":"11987654321"}"#)
        .await;
    line.text(r#"{"type":"dtmf","digit":"12345678909"}"#).await;
    line.text(r#""12345678909""#).await;
    line.audio_bytes(&[0; 640]).await;
    line.samples(320).await;
    line.hang_up().await;
    log.shows("the call is over").await;
    for private in ["987654321", "Fulana", "12345678909"] {
        assert!(!log.text().contains(private), "{private}:\n{}", log.text());
    }
}
