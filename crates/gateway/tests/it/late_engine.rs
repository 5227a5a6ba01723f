//! What is said while the engine is still being reached.

use crate::line::{Line, Node, secretary};
use call::Capabilities;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use tokio::sync::Notify;
use voice::loopback::Loopback;
use voice::{ConnectError, Engine, Session, Setup};

const CALL: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000001";

/// The loop-back engine, in the place of ours for OpenAI, that is reached when it is told to be.
#[derive(Default)]
struct Late(Arc<Notify>);

impl Engine for Late {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn capabilities(&self) -> Capabilities {
        Loopback.capabilities()
    }

    fn connect(&self, setup: Setup) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        let reached = self.0.clone();
        async move {
            reached.notified().await;
            Loopback.connect(setup).await
        }
        .boxed()
    }
}

/// A line on which these samples, at 16 kHz, were heard before the engine was there.
async fn spoken_to_nobody(samples: &[i16], node: &Node) -> Line {
    let mut line = Line::open(node, CALL).await;
    line.text(r#"{"secretary":"openai","rate":16000,"mix":"mono"}"#)
        .await;
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    line.audio_bytes(&bytes).await;
    // It is counted at once when it is its turn, and so tells that the audio before it was taken in.
    line.text("no JSON").await;
    node.shows("voice_ai_errors_total{kind=\"metadata\"} 1").await;
    line
}

fn ramp(samples: usize) -> Vec<i16> {
    (0..samples).map(|n| n as i16).collect()
}

#[tokio::test]
async fn what_is_said_before_the_engine_is_there_is_heard_when_it_is() {
    let late = Late::default();
    let reached = late.0.clone();
    let node = Node::start_beside(secretary("echo", "loopback"), Arc::new(late)).await;
    let said = ramp(320 * 5);
    let mut line = spoken_to_nobody(&said, &node).await;
    reached.notify_one();
    assert!(line.samples(said.len()).await == said, "not every sample");
    line.audio_bytes(&[1, 0].repeat(320)).await;
    assert_eq!(line.samples(320).await, vec![1; 320]);
}

#[tokio::test]
async fn of_what_an_engine_is_kept_waiting_for_the_newest_is_heard_and_the_rest_counted() {
    let late = Late::default();
    let reached = late.0.clone();
    let beside = secretary("openai", "openai");
    let echo = secretary("echo", "loopback");
    let node = Node::launch(
        &[&echo, &beside],
        "vad.enabled = false\nstream.echo = \"off\"\nstream.backlog_ms = 10000",
        [],
        vec![Arc::new(late)],
    )
    .await;
    let said = ramp(16 * 3_000);
    let mut line = spoken_to_nobody(&said, &node).await;
    node.shows("voice_ai_dropped_audio_ms_total{where=\"engine\"} 1000")
        .await;
    reached.notify_one();
    // The loop-back engine holds half a second of the two that were kept for it.
    let newest = &said[said.len() - 16 * 500..];
    assert!(line.samples(newest.len()).await == newest, "not the newest");
    line.hang_up().await;
    node.ends_empty().await;
    node.shows("voice_ai_dropped_audio_ms_total{where=\"engine\"} 2500")
        .await;
}
