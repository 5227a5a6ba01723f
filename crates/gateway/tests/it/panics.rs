//! A fault of ours in one call ends that call alone.

use crate::line::{Line, Node, secretary};
use audio::SampleRate;
use call::{By, Capabilities, EngineCommand, EngineEvent};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use std::sync::Arc;
use std::task::{Context, Poll};
use voice::{ConnectError, Engine, Event, Session, Setup};

/// An engine, in the place of ours for OpenAI, whose sessions panic at the first sound.
struct Faulty {
    ready: bool,
}

impl Engine for Faulty {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            turns: By::Call,
            interruptions: By::Call,
            verbatim: false,
            truncation: false,
        }
    }

    fn connect(&self, _setup: Setup) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        let session: Box<dyn Session> = Box::new(Faulty { ready: false });
        ready(Ok(session)).boxed()
    }
}

impl Session for Faulty {
    fn input_rate(&self) -> SampleRate {
        SampleRate::HZ_16000
    }

    fn output_rate(&self) -> SampleRate {
        SampleRate::HZ_16000
    }

    fn hear(&mut self, _samples: &[i16]) {
        panic!("a fault on purpose");
    }

    fn command(&mut self, _command: EngineCommand) {}
    fn ask(&mut self, _turn: call::TurnId, _words: String) {}

    fn poll_event(&mut self, _cx: &mut Context<'_>, _pcm: &mut Vec<i16>) -> Poll<Event> {
        if std::mem::replace(&mut self.ready, true) {
            return Poll::Pending;
        }
        Poll::Ready(Event::Engine(EngineEvent::Ready))
    }
}

#[tokio::test]
async fn a_panic_ends_its_call_and_no_other() {
    let node = Node::start_beside(secretary("echo", "loopback"), Arc::new(Faulty { ready: true })).await;
    let mut well = Line::open(&node, "aaaaaaaa-bbbb-4ccc-8ddd-000000000001").await;
    well.text(r#"{"rate":16000,"mix":"mono"}"#).await;
    well.audio_bytes(&[0; 640]).await;
    well.samples(320).await;

    let mut faulty = Line::open(&node, "aaaaaaaa-bbbb-4ccc-8ddd-000000000002").await;
    faulty
        .text(r#"{"secretary":"openai","rate":16000,"mix":"mono"}"#)
        .await;
    faulty.speaks_until_cut_off().await;
    node.shows("voice_ai_calls_ended_total{outcome=\"panicked\"} 1")
        .await;
    assert!(
        node.metrics().contains("voice_ai_errors_total{kind=\"panic\"} 1"),
        "{}",
        node.metrics()
    );

    well.audio_bytes(&[1, 0].repeat(320)).await;
    assert_eq!(well.samples(320).await, vec![1; 320]);
    let _next = Line::open(&node, "aaaaaaaa-bbbb-4ccc-8ddd-000000000002").await;
}
