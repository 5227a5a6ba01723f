//! One request to one receiver.

use super::Webhook;
use super::signature::signature;
use ::tools::Reach;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT};
use reqwest::{Client, Response, StatusCode};
use std::error::Error as _;
use std::time::{Duration, SystemTime};
use store::{Due, UnixMs};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a receiver may take to answer, the connection included.
pub(super) const ANSWER: Duration = Duration::from_secs(10);
/// What is read of an answer, which says nothing that we need: enough to use its connection again.
const BODY: usize = 16 * 1024;
/// The longest reason that is kept.
const REASON: usize = 200;

/// What became of a request. No reason has the secret, the URL, or a word of the payload or the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The receiver has it.
    Delivered,
    /// It may take it later, not before so long where it says so.
    Later { why: String, asked: Option<Duration> },
    /// It never will.
    Never(String),
}

/// Sends requests, with connections for each reach of their own: one that was made to a private address serves nobody else.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    public: Client,
    private: Client,
}

impl Sender {
    /// # Errors
    /// The system's certificates cannot be read.
    pub(super) fn new() -> Result<Self, reqwest::Error> {
        Ok(Self {
            public: client(Reach::Public)?,
            private: client(Reach::Private)?,
        })
    }

    /// Makes one attempt.
    pub(super) async fn send(&self, webhook: &Webhook, due: &Due, now: UnixMs) -> Verdict {
        let url = match webhook.reach.check(&webhook.url) {
            Ok(url) => url,
            Err(error) => return Verdict::Never(error.to_string()),
        };
        let Some(secret) = &webhook.secret else {
            return Verdict::Never("the webhook has no secret to sign with".into());
        };
        let client = match webhook.reach {
            Reach::Public => &self.public,
            Reach::Private => &self.private,
        };
        let seconds = now.0 / 1_000;
        let request = client
            .post(url)
            .header(USER_AGENT, concat!("voice-ai/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", due.id.to_string())
            .header("X-Voice-AI-Timestamp", seconds.to_string())
            .header(
                "X-Voice-AI-Signature",
                signature(secret.expose(), seconds, &due.payload),
            )
            .body(due.payload.clone());
        match request.send().await {
            Ok(response) => judge(response).await,
            Err(error) => Verdict::Later {
                why: reason(error),
                asked: None,
            },
        }
    }
}

fn client(reach: Reach) -> Result<Client, reqwest::Error> {
    reach
        .client(CONNECT)
        .timeout(ANSWER)
        .pool_max_idle_per_host(2)
        .build()
}

async fn judge(mut response: Response) -> Verdict {
    let status = response.status();
    let asked = retry_after(response.headers());
    drain(&mut response).await;
    let why = format!("the receiver answered {status}");
    if status.is_success() {
        return Verdict::Delivered;
    }
    if status.is_redirection() {
        return Verdict::Never(format!(
            "{why}; redirects are not followed: set the url to where it leads"
        ));
    }
    let may_change = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
    ]
    .contains(&status);
    if status.is_client_error() && !may_change {
        return Verdict::Never(why);
    }
    Verdict::Later { why, asked }
}

async fn drain(response: &mut Response) {
    let mut read = 0;
    while read < BODY {
        match response.chunk().await {
            Ok(Some(chunk)) => read += chunk.len(),
            // The status has said all.
            Ok(None) | Err(_) => return,
        }
    }
}

/// `Retry-After` as seconds or as a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

/// What went wrong on the way, without the URL.
fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.is_timeout() {
        return format!("no answer within {} s", ANSWER.as_secs());
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text.chars().take(REASON).collect()
}
