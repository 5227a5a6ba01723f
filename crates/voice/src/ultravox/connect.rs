//! Making a call and joining it.

use super::config::{Config, ConfigError};
use super::events::Created;
use super::failure;
use crate::engine::{ConnectError, Setup};
use crate::realtime::{Dialler, Refused, Socket};
use crate::service::{KeyHeader, Limit, Place, Service};
use call::FailureKind;
use std::time::Duration;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// How large the answer that describes a call may be.
const LONGEST_ANSWER: usize = 1 << 20;

/// What every call of an engine has in common.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    service: Service,
    dialler: Dialler,
}

impl Connector {
    pub(super) fn new(config: &Config) -> Result<Self, ConfigError> {
        if config.model.is_empty() {
            return Err(ConfigError::Model(config.name.clone()));
        }
        let service = Service::new(
            &config.access(),
            KeyHeader::Named("x-api-key"),
            "model and voice",
            "https://api.ultravox.ai",
        )?;
        Ok(Self {
            service,
            dialler: Dialler::new().map_err(|error| ConfigError::Tls(error.to_string()))?,
        })
    }

    /// What messages name.
    pub(super) fn place(&self) -> &Place {
        self.service.place()
    }

    /// Makes a call and joins it; with it comes how long it may last.
    pub(super) async fn connect(
        &self,
        config: &Config,
        setup: &Setup,
    ) -> Result<(Socket, Duration), ConnectError> {
        let limit = Limit::from_now(config.connect_timeout, "call");
        let request = self.service.post(self.service.at(&["api", "calls"]));
        let wanted = config.call(setup);
        let private = [wanted.system_prompt.as_str()];
        let answer = self.service.send(request.json(&wanted), limit, &private).await?;
        let body = self.service.whole(answer, limit, LONGEST_ANSWER).await?;
        let created: Created = serde_json::from_slice(&body)
            .map_err(|_| self.broke("Ultravox described a call in a way that cannot be read"))?;
        let join_url = created
            .join_url
            .ok_or_else(|| self.broke("Ultravox made a call that cannot be joined"))?;
        let longest = created.max_duration.as_deref().and_then(seconds);
        let request = join_url
            .into_client_request()
            .map_err(|error| Refused::Unreachable(error.to_string()).sorted(self.place(), &[]))?;
        let dialled = self.dialler.dial(request, config.connect_timeout).await;
        let socket = dialled.map_err(|refused| refused.sorted(self.place(), &[]))?;
        Ok((socket, longest.unwrap_or(config.longest)))
    }

    fn broke(&self, what: &str) -> ConnectError {
        ConnectError {
            kind: FailureKind::Protocol,
            message: failure::plain(FailureKind::Protocol, what, self.place()),
        }
    }
}

/// A duration as the API writes it: `3600s`, or with a fraction.
fn seconds(text: &str) -> Option<Duration> {
    let seconds = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_seconds_with_their_unit() {
        assert_eq!(seconds("3600s"), Some(Duration::from_secs(3_600)));
        assert_eq!(seconds("1.500s"), Some(Duration::from_millis(1_500)));
        for other in ["3600", "s", "-1s", "1m"] {
            assert_eq!(seconds(other), None, "{other}");
        }
    }
}
