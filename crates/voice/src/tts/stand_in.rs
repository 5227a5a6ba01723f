//! A voice, and another that speaks where it fails, so that the caller always hears something.

use super::{Speech, Spoken, Synthesizer, TtsError};
use audio::SampleRate;
use call::FailureKind;
use futures_util::future::{BoxFuture, FutureExt};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How long a voice that failed is left alone, so that not every clause of every call waits for the same failure: what mends itself,
/// and what somebody has to mend.
const REST: Duration = Duration::from_secs(5);
const LONG_REST: Duration = Duration::from_secs(60);

/// Speaks with one voice, and with another while that one fails: a text that breaks off is said again from its beginning.
pub struct StandIn {
    wanted: Arc<dyn Synthesizer>,
    other: Arc<dyn Synthesizer>,
    /// Until when the wanted voice is not asked.
    resting: Mutex<Option<Instant>>,
}

impl StandIn {
    /// `other` stands in for `wanted`, with the voice that is usual for the language.
    ///
    /// # Errors
    ///
    /// When they speak at different rates.
    pub fn new(wanted: Arc<dyn Synthesizer>, other: Arc<dyn Synthesizer>) -> Result<Self, TtsError> {
        if wanted.rate() != other.rate() {
            return Err(TtsError::Rates {
                wanted: wanted.rate().hz(),
                other: other.rate().hz(),
            });
        }
        Ok(Self {
            wanted,
            other,
            resting: Mutex::default(),
        })
    }

    async fn run(&self, speech: Speech, out: mpsc::Sender<Vec<i16>>) -> Result<Spoken, TtsError> {
        if !self.rests() {
            match self.wanted.speak(speech.clone(), out.clone()).await {
                Ok(spoken) => return Ok(spoken),
                Err(error) => self.failed(&error),
            }
        }
        let speech = Speech {
            voice: String::new(),
            ..speech
        };
        self.other.speak(speech, out).await?;
        Ok(Spoken::ByAnother)
    }

    fn rests(&self) -> bool {
        let mut resting = self.lock();
        *resting = resting.filter(|until| *until > Instant::now());
        resting.is_some()
    }

    fn failed(&self, error: &TtsError) {
        let rest = rest_after(error.kind());
        *self.lock() = rest.map(|rest| Instant::now() + rest);
        let rest_ms = rest.unwrap_or_default().as_millis();
        tracing::warn!(%error, rest_ms, "another voice stands in");
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        // An instant is whole at any moment.
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Synthesizer for StandIn {
    fn rate(&self) -> SampleRate {
        self.wanted.rate()
    }

    fn speak(&self, speech: Speech, out: mpsc::Sender<Vec<i16>>) -> BoxFuture<'_, Result<Spoken, TtsError>> {
        self.run(speech, out).boxed()
    }
}

/// How long a failure of this kind lasts; nothing where it is about this text or this secretary's voice alone.
fn rest_after(kind: FailureKind) -> Option<Duration> {
    match kind {
        FailureKind::Unauthorized | FailureKind::Quota => Some(LONG_REST),
        FailureKind::RateLimited | FailureKind::Transient | FailureKind::Protocol | FailureKind::Expired => {
            Some(REST)
        }
        FailureKind::Unsupported | FailureKind::Policy => None,
    }
}
