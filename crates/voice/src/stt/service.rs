//! Speech to text by a provider's HTTP service: an utterance goes out whole, its words come back.
//!
//! What differs between providers stands in a file each, behind [`Wire`]: address, key header, request, and where the words are in
//! the answer. What they share is here: time limits, one more try, and the cleaning of what a model writes beside what was said.

mod azure;
mod google;
mod multipart;
mod openai;
mod order;
mod wav;

pub use order::{TranscriptionConfig, Vendor};

use super::{SttError, Transcriber, text};
use crate::service::{Failure, Limit, Service, ServiceError};
use futures_util::future::{BoxFuture, FutureExt};
use order::{Order, Wire};
use secretary::Language;
use std::sync::Arc;

/// The bytes of an answer that are read: the words of a minute are a few thousand.
const LONGEST_ANSWER: usize = 256 * 1024;

/// Finds words through a provider.
pub struct TranscriptionService {
    service: Service,
    wire: &'static dyn Wire,
    config: TranscriptionConfig,
}

impl TranscriptionService {
    /// Checks a configuration. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When the address, the key or the model is missing or cannot be used.
    pub fn new(config: TranscriptionConfig) -> Result<Self, ServiceError> {
        let wire = config.vendor.wire();
        if config.vendor.wants_model() && config.model.is_empty() {
            return Err(ServiceError::Missing {
                table: config.access.table,
                setting: "model",
                remedy: "name a model of speech to text that the service has",
            });
        }
        let service = Service::new(&config.access, wire.key(), "model", wire.example())?;
        Ok(Self {
            service,
            wire,
            config,
        })
    }

    /// Asks once more if the first try failed in passing; both have to do with one time limit.
    async fn run(&self, order: &Order<'_>) -> Result<String, SttError> {
        let limit = Limit::from_now(self.config.timeout, "words");
        let outcome = match self.try_once(order, limit).await {
            Err(failure) if failure.again => {
                tracing::warn!(kind = ?failure.kind, url = %self.config.access.url, "speech to text is asked again");
                self.try_once(order, limit).await
            }
            outcome => outcome,
        };
        Ok(text::clean(&outcome?))
    }

    async fn try_once(&self, order: &Order<'_>, limit: Limit<'_>) -> Result<String, Failure> {
        let request = self.wire.request(&self.service, order);
        let response = self.service.send(request, limit, &[order.hint]).await?;
        let body = self.service.whole(response, limit, LONGEST_ANSWER).await?;
        let answer = serde_json::from_slice(&body)
            .map_err(|_| self.service.place().broke("answers with what is no JSON"))?;
        self.wire
            .words(&answer)
            .ok_or_else(|| self.service.misread(&answer, &[order.hint]))
    }
}

impl Transcriber for TranscriptionService {
    fn is_charged(&self) -> bool {
        true
    }

    fn transcribe(
        &self,
        samples: Arc<[i16]>,
        language: Language,
        hint: &Arc<str>,
    ) -> BoxFuture<'_, Result<String, SttError>> {
        let hint = hint.clone();
        async move {
            let order = Order {
                samples: &samples,
                language,
                hint: &hint,
                config: &self.config,
            };
            self.run(&order).await
        }
        .boxed()
    }
}
