//! An HTTP service of a provider: one client, one key header, and failures sorted by what mends them.
//!
//! Brains, recognisers and synthesizers that speak HTTP make their requests through a `Service`, so that time limits, proxies,
//! redirects, secrets and the sorting of failures are decided here alone. `Place` sorts a status that came some other way, such
//! as in place of a WebSocket's upgrade.

mod failure;
mod key;
mod said;

pub use failure::Failure;
pub use key::KeyHeader;

pub(crate) use failure::Place;

use crate::ApiKey;
use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, RequestBuilder, Response, Url, redirect};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The bytes of an error that are read.
const LONGEST_ERROR: usize = 64 * 1024;

/// How long an unused connection is kept: long enough for the next turn of a call, so that it costs no new handshake.
const IDLE: Duration = Duration::from_secs(90);

/// Where a service is, and how one is let in.
#[derive(Debug, Clone)]
pub struct Access {
    /// The table of the configuration that messages name, such as `engines.local.tts`.
    pub table: String,
    /// The address that every path is below, such as `https://api.elevenlabs.io`.
    pub url: String,
    /// The key, where the service wants one.
    pub api_key: Option<ApiKey>,
    /// How long a connection may take.
    pub connect_timeout: Duration,
}

impl Access {
    /// Access without a key, with 3 s to connect.
    pub fn new(table: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            table: table.into(),
            url: url.into(),
            api_key: None,
            connect_timeout: Duration::from_secs(3),
        }
    }

    /// The same with a key.
    #[must_use]
    pub fn with_key(self, key: ApiKey) -> Self {
        Self {
            api_key: Some(key),
            ..self
        }
    }
}

/// What is wrong with the configuration of a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// The address is none.
    #[error("{table}.url {url:?}: {reason}; it must look like {example}")]
    Url {
        /// The table of the configuration.
        table: String,
        /// As given, without what may be a password.
        url: String,
        /// What is wrong with it.
        reason: String,
        /// What would be right.
        example: &'static str,
    },
    /// A setting that must be there is empty.
    #[error("{table}.{setting} is empty; {remedy}")]
    Missing {
        /// The table of the configuration.
        table: String,
        /// The setting.
        setting: &'static str,
        /// What would be right.
        remedy: &'static str,
    },
    /// The key is empty or has characters that no header may have.
    #[error(
        "{table}.api_key is empty or has characters that no key has; leave it out where the service wants none"
    )]
    Key {
        /// The table of the configuration.
        table: String,
    },
    /// The HTTP client cannot be made.
    #[error("no HTTP client for {table}.url: {reason}")]
    Client {
        /// The table of the configuration.
        table: String,
        /// Why.
        reason: String,
    },
}

/// A service, shared by all calls: they share its connections.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    client: Client,
    url: Url,
    headers: HeaderMap,
    key: Option<ApiKey>,
    place: Place,
}

impl Service {
    /// Checks the configuration; nothing is connected yet. `settings` are the words of a message about a refused request: which
    /// settings to check ("model and voice"). `example` is an address that would be right.
    pub(crate) fn new(
        access: &Access,
        header: KeyHeader,
        settings: &'static str,
        example: &'static str,
    ) -> Result<Self, ServiceError> {
        let url = address(access, example)?;
        let key_header = access.api_key.as_ref().map(|key| header.with(key)).transpose();
        let table = || access.table.clone();
        let mut headers = HeaderMap::new();
        headers.extend(key_header.map_err(|_| ServiceError::Key { table: table() })?);
        let client = client(&url, access.connect_timeout).map_err(|e| ServiceError::Client {
            table: table(),
            reason: e.to_string(),
        })?;
        let place = Place {
            service: access.url.trim_end_matches('/').into(),
            table: table(),
            settings,
        };
        Ok(Self {
            client,
            url,
            headers,
            key: access.api_key.clone(),
            place,
        })
    }

    /// What messages name.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The headers that let one in.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The address of what is below the service's own: `segments` are escaped, so that a name can leave the path in no way.
    pub(crate) fn at(&self, segments: &[&str]) -> Url {
        let mut url = self.url.clone();
        // Only an address that is no base, such as mailto:, has no segments; `address` refuses those.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// A request for what is there, with the key.
    pub(crate) fn get(&self, url: Url) -> RequestBuilder {
        self.client.get(url).headers(self.headers.clone())
    }

    /// A request with the key.
    pub(crate) fn post(&self, url: Url) -> RequestBuilder {
        self.client.post(url).headers(self.headers.clone())
    }

    /// Sends a request and gives an answer whose status says success. `private` are texts that no message may repeat; the key is
    /// one without being named. `what` completes "no … from the service within".
    pub(crate) async fn send(
        &self,
        request: RequestBuilder,
        limit: Limit<'_>,
        private: &[&str],
    ) -> Result<Response, Failure> {
        match self.ask(request, limit).await? {
            Answer::Given(response) => Ok(response),
            Answer::Refused(refusal) => Err(self.refused(&refusal, private)),
        }
    }

    /// Like [`Service::send`], for who knows more of a refusal than that sorts.
    pub(crate) async fn ask(&self, request: RequestBuilder, limit: Limit<'_>) -> Result<Answer, Failure> {
        let sent = timeout_at(limit.until, request.send()).await;
        let response = sent
            .map_err(|_| self.place.slow(limit))?
            .map_err(|e| self.place.of_transport(&e))?;
        let status = response.status();
        if status.is_success() {
            return Ok(Answer::Given(response));
        }
        Ok(Answer::Refused(Refusal {
            status: status.as_u16(),
            body: self.beginning(response, limit).await,
        }))
    }

    /// Sorts a refusal. `private` are texts that no message may repeat.
    pub(crate) fn refused(&self, refusal: &Refusal, private: &[&str]) -> Failure {
        self.place
            .of_status(refusal.status, &refusal.body, &self.secrets(private))
    }

    /// The next bytes of an answer; nothing at its end.
    pub(crate) async fn next(
        &self,
        response: &mut Response,
        limit: Limit<'_>,
    ) -> Result<Option<Bytes>, Failure> {
        match timeout_at(limit.until, response.chunk()).await {
            Ok(bytes) => bytes.map_err(|e| self.place.of_transport(&e)),
            Err(_) => Err(self.place.slow(limit)),
        }
    }

    /// The whole of an answer that must not be longer than `most` bytes.
    pub(crate) async fn whole(
        &self,
        mut response: Response,
        limit: Limit<'_>,
        most: usize,
    ) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(bytes) = self.next(&mut response, limit).await? {
            body.extend_from_slice(&bytes);
            if body.len() > most {
                return Err(self.place.broke(&format!("sends more than {most} bytes")));
            }
        }
        Ok(body)
    }

    /// Sorts an error that came with a status of success, in place of what was asked for.
    pub(crate) fn in_place(&self, error: &Value, private: &[&str]) -> Failure {
        self.place.of_error(error, &self.secrets(private))
    }

    /// Sorts a whole answer of success that is text or JSON in place of what was asked for.
    pub(crate) async fn misplaced(&self, response: Response, limit: Limit<'_>, private: &[&str]) -> Failure {
        let kind = content_type(&response).to_owned();
        let body = self.beginning(response, limit).await;
        match serde_json::from_str(&body) {
            Ok(error) if said::is_error(&error) => self.in_place(&error, private),
            _ => self.place.broke(&format!("answers with {kind:?}")),
        }
    }

    /// Sorts JSON of success that is not what was asked for.
    pub(crate) fn misread(&self, answer: &Value, private: &[&str]) -> Failure {
        if said::is_error(answer) {
            return self.in_place(answer, private);
        }
        self.place.broke("answers with JSON of another shape")
    }

    /// As much of an error as is worth reading.
    async fn beginning(&self, mut response: Response, limit: Limit<'_>) -> String {
        let mut body = Vec::new();
        while let Ok(Some(bytes)) = self.next(&mut response, limit).await {
            body.extend_from_slice(&bytes);
            if body.len() > LONGEST_ERROR {
                break;
            }
        }
        String::from_utf8_lossy(&body).into_owned()
    }

    fn secrets<'a>(&'a self, private: &[&'a str]) -> Vec<&'a str> {
        let key = self.key.as_ref().map(|key| key.reveal());
        private.iter().copied().chain(key).collect()
    }
}

/// What comes of a request.
pub(crate) enum Answer {
    /// The status says success.
    Given(Response),
    /// It says something else.
    Refused(Refusal),
}

/// An answer whose status says no success.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The status.
    pub(crate) status: u16,
    /// What the service says of it; it may repeat the request.
    pub(crate) body: String,
}

/// Until when something is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit<'a> {
    /// The instant.
    pub(crate) until: Instant,
    /// How long that was, for the message.
    pub(crate) length: Duration,
    /// What is waited for: completes "no … from the service within".
    pub(crate) of: &'a str,
}

impl<'a> Limit<'a> {
    /// So long from now on.
    pub(crate) fn from_now(length: Duration, of: &'a str) -> Self {
        Self {
            until: Instant::now() + length,
            length,
            of,
        }
    }
}

/// The type of a body without its parameters, as the service names it.
pub(crate) fn content_type(response: &Response) -> &str {
    let named = response.headers().get(CONTENT_TYPE);
    let named = named.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    named.split(';').next().unwrap_or_default().trim()
}

fn address(access: &Access, example: &'static str) -> Result<Url, ServiceError> {
    let wrong = |reason: &str| ServiceError::Url {
        table: access.table.clone(),
        // What is before an @ may be a password, what is in a query a key.
        url: access
            .url
            .rsplit('@')
            .next()
            .unwrap_or_default()
            .split(['?', '#'])
            .next()
            .unwrap_or_default()
            .into(),
        reason: reason.into(),
        example,
    };
    let url = Url::parse(access.url.trim_end_matches('/')).map_err(|e| wrong(&e.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("it is no http or https address"));
    }
    // Messages name the address.
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(wrong(
            "a name, password or query has no place in it; a key belongs into api_key",
        ));
    }
    Ok(url)
}

fn client(url: &Url, connect_timeout: Duration) -> reqwest::Result<Client> {
    // Whoever was first keeps it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = Client::builder()
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(IDLE)
        // A redirect would carry the key to a place that nobody named.
        .redirect(redirect::Policy::none());
    let local = |host: &str| host == "localhost" || host == "[::1]" || host.starts_with("127.");
    if url.host_str().is_some_and(local) {
        client = client.no_proxy();
    }
    client.build()
}
