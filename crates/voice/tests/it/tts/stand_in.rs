//! A voice that fails, and another that speaks in its place.

use super::{Counting, speak, speech};
use audio::SampleRate;
use call::FailureKind;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secretary::Language;
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use voice::service::Failure;
use voice::tts::{Prompts, Speech, Spoken, StandIn, Synthesizer, TtsError};

/// Says one sample of 1, then fails as it is told, or does not.
struct Moody {
    failures: Mutex<VecDeque<Option<FailureKind>>>,
    asked: Mutex<Vec<Speech>>,
    rate: SampleRate,
}

impl Moody {
    fn new(failures: impl IntoIterator<Item = Option<FailureKind>>) -> Arc<Self> {
        Arc::new(Self {
            failures: Mutex::new(failures.into_iter().collect()),
            asked: Mutex::default(),
            rate: SampleRate::HZ_16000,
        })
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Synthesizer for Moody {
    fn rate(&self) -> SampleRate {
        self.rate
    }

    fn speak(&self, speech: Speech, out: mpsc::Sender<Vec<i16>>) -> BoxFuture<'_, Result<Spoken, TtsError>> {
        async move {
            self.asked.lock().unwrap().push(speech);
            let _ = out.send(vec![1]).await;
            match self.failures.lock().unwrap().pop_front().flatten() {
                None => Ok(Spoken::AsAsked),
                Some(kind) => Err(TtsError::Service(Failure {
                    kind,
                    message: "as asked".into(),
                    again: false,
                })),
            }
        }
        .boxed()
    }
}

fn say(text: &str) -> Speech {
    Speech {
        voice: "marin".into(),
        ..speech(text, Language::En)
    }
}

#[tokio::test(start_paused = true)]
async fn a_text_that_breaks_off_is_said_again_by_the_other_in_its_own_voice() {
    let (moody, other) = (Moody::new([Some(FailureKind::Transient)]), Moody::new([]));
    let both = StandIn::new(moody.clone(), other.clone()).unwrap();
    assert_eq!(speak(&both, say("oi")).await.unwrap(), [1, 1]);
    assert_eq!(moody.asked.lock().unwrap()[0].voice, "marin");
    assert_eq!(*other.asked.lock().unwrap(), [speech("oi", Language::En)]);
}

#[tokio::test(start_paused = true)]
async fn a_voice_that_failed_is_left_alone_as_long_as_the_failure_may_last() {
    for (kind, rest) in [
        (FailureKind::Transient, Some(5)),
        (FailureKind::RateLimited, Some(5)),
        (FailureKind::Protocol, Some(5)),
        (FailureKind::Unauthorized, Some(60)),
        (FailureKind::Quota, Some(60)),
        // About this text, or the voice of this secretary.
        (FailureKind::Policy, None),
        (FailureKind::Unsupported, None),
    ] {
        let (moody, other) = (Moody::new([Some(kind)]), Moody::new([]));
        let both = StandIn::new(moody.clone(), other.clone()).unwrap();
        speak(&both, say("one")).await.unwrap();
        if let Some(seconds) = rest {
            tokio::time::advance(Duration::from_millis(seconds * 1_000 - 1)).await;
            speak(&both, say("two")).await.unwrap();
            assert_eq!((moody.asked(), other.asked()), (1, 2), "{kind:?}: not asked");
            tokio::time::advance(Duration::from_millis(2)).await;
        }
        let others = other.asked();
        speak(&both, say("three")).await.unwrap();
        assert_eq!(
            (moody.asked(), other.asked()),
            (2, others),
            "{kind:?}: asked again"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_prompt_in_the_others_voice_is_given_and_not_kept() {
    let (moody, other) = (
        Moody::new([Some(FailureKind::Quota)]),
        Arc::new(Counting::default()),
    );
    let prompts = Prompts::new(
        Arc::new(StandIn::new(moody.clone(), other.clone()).unwrap()),
        1_000,
    );
    for times in 1..=2 {
        let prompt = prompts.render(say("ab")).await.unwrap();
        assert!(prompt.samples.ends_with(&[97, 98]), "{:?}", prompt.samples);
        assert_eq!((other.spoken.load(Ordering::SeqCst), prompts.bytes()), (times, 0));
    }
    tokio::time::advance(Duration::from_secs(61)).await;
    for _ in 0..2 {
        assert_eq!(&*prompts.render(say("ab")).await.unwrap().samples, [1]);
    }
    assert_eq!((moody.asked(), prompts.bytes()), (2, 2), "from now on it is kept");
}

#[tokio::test]
async fn the_failure_of_both_is_told_and_two_rates_are_refused() {
    let broken = || Moody::new([Some(FailureKind::Quota)]);
    let both = StandIn::new(broken(), broken()).unwrap();
    assert_eq!(
        speak(&both, say("oi")).await.unwrap_err().kind(),
        FailureKind::Quota
    );
    let narrow = Arc::new(Moody {
        failures: Mutex::default(),
        asked: Mutex::default(),
        rate: SampleRate::HZ_8000,
    });
    let error = StandIn::new(broken(), narrow).err().unwrap().to_string();
    assert!(error.contains("16000 Hz") && error.contains("8000 Hz"), "{error}");
}
