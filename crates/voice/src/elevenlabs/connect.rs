//! Opening the WebSocket: by the agent's id, or by a signed URL where there is a key.

use super::config::{Config, ConfigError};
use super::failure;
use crate::engine::ConnectError;
use crate::realtime::{Dialler, Refused, Socket};
use crate::service::{KeyHeader, Limit, Place, Service};
use call::FailureKind;
use serde::Deserialize;
use std::time::Duration;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// What the address of the conversation is below the API's own.
const CONVERSATION: [&str; 3] = ["v1", "convai", "conversation"];

/// How large the answer with a signed URL may be.
const LONGEST_ANSWER: usize = 16 * 1024;

/// What every connection of an engine has in common.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    service: Service,
    dialler: Dialler,
    agent: String,
    has_key: bool,
}

#[derive(Deserialize)]
struct Signed {
    signed_url: String,
}

impl Connector {
    pub(super) fn new(config: &Config) -> Result<Self, ConfigError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if config.agent.is_empty() || !config.agent.chars().all(plain) {
            return Err(ConfigError::Agent {
                name: config.name.clone(),
                agent: config.agent.chars().take(64).collect(),
            });
        }
        let service = Service::new(
            &config.access(),
            KeyHeader::Named("xi-api-key"),
            "agent",
            "https://api.elevenlabs.io",
        )?;
        Ok(Self {
            service,
            dialler: Dialler::new().map_err(|error| ConfigError::Tls(error.to_string()))?,
            agent: config.agent.clone(),
            has_key: config.key.is_some(),
        })
    }

    /// What messages name.
    pub(super) fn place(&self) -> &Place {
        self.service.place()
    }

    /// Connects. The limit is that of each step.
    pub(super) async fn connect(&self, limit: Duration) -> Result<Socket, ConnectError> {
        let url = if self.has_key {
            self.signed(limit).await?
        } else {
            let mut url = self.service.at(&CONVERSATION);
            url.query_pairs_mut().append_pair("agent_id", &self.agent);
            // http becomes ws, https wss.
            url.as_str().replacen("http", "ws", 1)
        };
        let request = url
            .into_client_request()
            .map_err(|error| Refused::Unreachable(error.to_string()).sorted(self.place(), &[]))?;
        let dialled = self.dialler.dial(request, limit).await;
        dialled.map_err(|refused| refused.sorted(self.place(), &[]))
    }

    /// A URL that lets in without the key.
    async fn signed(&self, limit: Duration) -> Result<String, ConnectError> {
        let mut url = self.service.at(&CONVERSATION);
        if let Ok(mut path) = url.path_segments_mut() {
            path.push("get-signed-url");
        }
        url.query_pairs_mut().append_pair("agent_id", &self.agent);
        let limit = Limit::from_now(limit, "signed URL");
        let answer = self.service.send(self.service.get(url), limit, &[]).await?;
        let body = self.service.whole(answer, limit, LONGEST_ANSWER).await?;
        let signed: Result<Signed, _> = serde_json::from_slice(&body);
        signed.map(|signed| signed.signed_url).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let what =
                format!("ElevenLabs sent a signed URL that cannot be read (line {line}, column {column})");
            ConnectError {
                kind: FailureKind::Protocol,
                message: failure::plain(FailureKind::Protocol, &what, self.place()),
            }
        })
    }
}
