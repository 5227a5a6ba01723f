//! A caller whose line returns our voice, in real time: the secretary does not hear itself, and hears him.

use crate::line::{Node, secretary};
use audio::SampleRate;
use sim::openai::{Answer, Realtime, Script};
use sim::{
    Account, Act, Call, Clip, Line, LineEcho, Manners, Metadata, Mix, Module, Role, Step, StreamAddress, When,
};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const RATE: SampleRate = SampleRate::HZ_16000;
const GREETING: &str = "Good morning, you have reached the office of the company. I can put you through to sales, to billing \
     or to technical support, or take a message for you.";

/// Loud, and through a line's codec; with a mixed stream all of it comes back a second time.
fn speakerphone() -> LineEcho {
    LineEcho::steady(-9.0, Duration::from_millis(180))
}

async fn call(mix: Mix, echo: Option<LineEcho>, interrupts: bool) -> Account {
    let fake = Realtime::start(Script {
        answers: vec![Answer::tone("Very well.", Duration::from_secs(1))],
        ..Script::default()
    })
    .await
    .expect("the stand-in starts");
    let wanted = secretary("desk", "openai").greeting(GREETING);
    let keys = format!("openai.url = {:?}\nvad.enabled = true", fake.url());
    let node = Node::start_with(wanted, &keys, [("VOICE_AI__OPENAI__API_KEY", "sk-sim")]).await;
    let clip = Clip::spoken("No, wait a moment, I have a question.", "en+f2", RATE, Line::Alaw)
        .await
        .expect("espeak-ng speaks");
    let step = Step {
        when: When::IntoUtterance(1, Duration::from_millis(2500)),
        act: Act::Say(clip),
    };
    let call = Call {
        address: StreamAddress::of_sample_call(node.stream_addr()),
        module: Module::Amigniter,
        line: Line::Alaw,
        echo,
        mix,
        rate: RATE,
        metadata: Some(Metadata {
            rate: Some(RATE.hz()),
            mix: Some(mix.to_string()),
            ..Metadata::default()
        }),
        script: interrupts.then_some(step).into_iter().collect(),
        manners: Manners {
            longest: Duration::from_secs(18),
            ..Manners::default()
        },
    };
    call.make(&CancellationToken::new(), |_| {})
        .await
        .expect("the call is taken")
}

fn said_by(account: &Account, role: Role) -> Vec<&str> {
    let lines = account.summary.transcript.iter();
    lines
        .filter(|line| line.role == role && line.is_final)
        .map(|line| line.text.as_str())
        .collect()
}

/// Heard to its end, and nobody was taken for a caller.
fn hears_nobody(account: &Account) {
    assert_eq!(account.summary.false_barge_ins, 0, "{:?}", account.summary);
    assert_eq!(said_by(account, Role::Assistant), [GREETING]);
    assert!(said_by(account, Role::User).is_empty(), "{:?}", account.summary);
    let held = |event: &sim::Event| matches!(event.what, sim::What::Paused);
    assert!(!account.events.iter().any(held), "{:?}", account.events);
}

/// Cut short where the caller began to speak, and answered.
fn hears_the_caller(account: &Account) {
    assert_eq!(account.summary.barge_in_stop_ms.len(), 1, "{:?}", account.summary);
    let said = said_by(account, Role::Assistant);
    assert!(
        said[0].starts_with("Good morning") && said[0].len() < GREETING.len(),
        "{said:?}"
    );
    assert_eq!(said.last(), Some(&"Very well."), "{:?}", account.summary);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_speakerphone_the_secretary_does_not_interrupt_itself() {
    hears_nobody(&call(Mix::Mono, Some(speakerphone()), false).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_speakerphone_the_caller_can_interrupt() {
    hears_the_caller(&call(Mix::Mono, Some(speakerphone()), true).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_mixed_stream_the_secretary_does_not_interrupt_itself() {
    hears_nobody(&call(Mix::Mixed, None, false).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_mixed_stream_the_caller_can_interrupt() {
    hears_the_caller(&call(Mix::Mixed, None, true).await);
}
