//! Text to speech by a provider's HTTP service, passed on as it comes.
//!
//! What differs between providers stands in a file each, behind [`Wire`]: address, key header, request, and how the audio is packed.
//! What they share is here: one request a text (long ones are cut), retries, time limits, and the way from bytes to samples.

mod azure;
mod bytes;
mod deepgram;
mod elevenlabs;
mod google;
mod openai;
mod order;
mod texts;

pub use order::{SpeechConfig, Vendor};

use self::bytes::Samples;
use super::convert::Converters;
use super::{Speech, Spoken, Synthesizer, TtsError};
use crate::service::{Failure, Limit, Service, ServiceError, content_type};
use audio::SampleRate;
use futures_util::future::{BoxFuture, FutureExt};
use order::{Order, Packing, Wire};
use reqwest::Response;
use std::time::Duration;
use texts::texts;
use tokio::sync::mpsc;

/// As [`super::Espeak`], so that either can stand in for the other: the most that a phone carries.
const RATE: SampleRate = SampleRate::HZ_16000;

/// Converters that are kept for the next text: as many as texts are spoken at once on a busy node.
const CONVERTERS: usize = 16;

/// More audio than this for a text is no speech but a fault: so long for each byte of it, and [`SPARE`] besides.
const LONGEST_BYTE: Duration = Duration::from_millis(500);
const SPARE: Duration = Duration::from_secs(10);

/// Speaks through a provider, at 16 kHz.
pub struct SpeechService {
    service: Service,
    wire: &'static dyn Wire,
    config: SpeechConfig,
    converters: Converters,
}

impl SpeechService {
    /// Checks a configuration. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When the address, the key or a setting that the provider cannot do without is missing or cannot be used.
    pub fn new(config: SpeechConfig) -> Result<Self, ServiceError> {
        let wire = config.vendor.wire();
        let service = Service::new(&config.access, wire.key(), "voice and model", wire.example())?;
        if let Some((setting, remedy)) = wire.lacks(&config) {
            return Err(ServiceError::Missing {
                table: config.access.table,
                setting,
                remedy,
            });
        }
        Ok(Self {
            service,
            wire,
            config,
            converters: Converters::new(RATE, CONVERTERS),
        })
    }

    async fn run(&self, speech: Speech, out: mpsc::Sender<Vec<i16>>) -> Result<Spoken, TtsError> {
        let text = super::espeak::plain(&speech.text, usize::MAX);
        let voice = self.voice(&speech)?;
        for text in texts(&text, self.wire.longest()) {
            let order = Order {
                text,
                language: speech.language,
                voice: &voice,
                config: &self.config,
            };
            let listened = tokio::select! {
                listened = self.say(&order, &out) => listened?,
                () = out.closed() => false,
            };
            if !listened {
                break;
            }
        }
        Ok(Spoken::AsAsked)
    }

    /// The voice of a text: its own, the configured one, or the provider's for the language.
    fn voice(&self, speech: &Speech) -> Result<String, TtsError> {
        let usual = self.wire.voice(speech.language);
        let named = [speech.voice.as_str(), self.config.voice.as_str()];
        let chosen = named.into_iter().chain(usual).find(|voice| !voice.is_empty());
        chosen.map(ToOwned::to_owned).ok_or_else(|| TtsError::Voice {
            name: format!("for {}", speech.language),
            remedy: "name one of the provider's in the secretary's voice, or in the table of the engine's tts",
        })
    }

    /// Says one text, asking once more if the first try failed in passing before any audio came. False if nobody listens any more.
    async fn say(&self, order: &Order<'_>, out: &mpsc::Sender<Vec<i16>>) -> Result<bool, TtsError> {
        let first = Limit::from_now(self.config.first_audio_timeout, "first audio");
        match self.try_once(order, first, out).await {
            Err(Trial { failure, heard: false }) if failure.again => {
                // Its message repeats what the service says, and that may repeat the conversation.
                tracing::warn!(kind = ?failure.kind, url = %self.config.access.url, "text to speech is asked again");
                self.try_once(order, first, out).await
            }
            outcome => outcome,
        }
        .map_err(|trial| TtsError::Service(trial.failure))
    }

    async fn try_once(
        &self,
        order: &Order<'_>,
        first: Limit<'_>,
        out: &mpsc::Sender<Vec<i16>>,
    ) -> Result<bool, Trial> {
        let request = self.wire.request(&self.service, order);
        let private = [order.text];
        let response = self.service.send(request, first, &private).await?;
        match self.wire.packing() {
            Packing::Stream => self.stream(response, order, first, out).await,
            Packing::Json => self.unpack(response, order, first, out).await,
        }
    }

    /// Passes on audio that is the body itself.
    async fn stream(
        &self,
        mut response: Response,
        order: &Order<'_>,
        first: Limit<'_>,
        out: &mpsc::Sender<Vec<i16>>,
    ) -> Result<bool, Trial> {
        let kind = content_type(&response);
        if kind.ends_with("json") || kind.starts_with("text/") {
            return Err(self
                .service
                .misplaced(response, first, &[order.text])
                .await
                .into());
        }
        let mut samples = self.samples(&response, order)?;
        let mut limit = first;
        loop {
            let bytes = self.service.next(&mut response, limit).await;
            let bytes = bytes.map_err(|failure| samples.trial(failure))?;
            let pieces = match &bytes {
                Some(bytes) => samples.push(bytes),
                None => samples.finish(),
            };
            let piece = pieces.map_err(|how| samples.trial(self.broke(&how)))?;
            if !piece.is_empty() && out.send(piece).await.is_err() {
                return Ok(false);
            }
            if bytes.is_none() {
                return self.ended(&samples);
            }
            // Counted from here: a listener who is slow to take the audio is no fault of the service's.
            limit = Limit::from_now(self.config.audio_timeout, "more audio");
        }
    }

    /// Passes on audio that is packed whole into JSON.
    async fn unpack(
        &self,
        response: Response,
        order: &Order<'_>,
        first: Limit<'_>,
        out: &mpsc::Sender<Vec<i16>>,
    ) -> Result<bool, Trial> {
        let mut samples = self.samples(&response, order)?;
        let most = samples.most_bytes() * 4 / 3 + 4096;
        let body = self.service.whole(response, first, most).await?;
        let audio = google::audio(&body).map_err(|how| self.broke(&how))?;
        let mut whole = samples.push(&audio).map_err(|how| self.broke(&how))?;
        whole.append(&mut samples.finish().map_err(|how| self.broke(&how))?);
        if !whole.is_empty() && out.send(whole).await.is_err() {
            return Ok(false);
        }
        self.ended(&samples)
    }

    fn samples(&self, response: &Response, order: &Order<'_>) -> Result<Samples<'_>, Failure> {
        let longest = SPARE + LONGEST_BYTE * u32::try_from(order.text.len()).unwrap_or(u32::MAX);
        Samples::new(response, self.wire.rate(), longest, &self.converters).map_err(|how| self.broke(&how))
    }

    /// The end of a text's audio, of which there must have been some.
    fn ended(&self, samples: &Samples<'_>) -> Result<bool, Trial> {
        if samples.heard() {
            return Ok(true);
        }
        Err(self.broke("answers without audio").into())
    }

    fn broke(&self, how: &str) -> Failure {
        self.service.place().broke(how)
    }
}

impl Synthesizer for SpeechService {
    fn rate(&self) -> SampleRate {
        RATE
    }

    fn speak(&self, speech: Speech, out: mpsc::Sender<Vec<i16>>) -> BoxFuture<'_, Result<Spoken, TtsError>> {
        self.run(speech, out).boxed()
    }
}

/// A try that failed.
struct Trial {
    failure: Failure,
    /// Some audio had been passed on, so that another try would say it twice.
    heard: bool,
}

impl From<Failure> for Trial {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            heard: false,
        }
    }
}

impl Samples<'_> {
    fn trial(&self, failure: Failure) -> Trial {
        Trial {
            failure,
            heard: self.heard(),
        }
    }
}
