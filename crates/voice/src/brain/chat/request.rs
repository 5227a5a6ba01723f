//! One request to the endpoint, and its streamed answer.

use super::completion::{Chunk, Completion};
use super::config::{Config, ConfigError};
use super::failure::{self, Failure};
use super::sse::Events;
use call::FailureKind;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Response, Url, redirect};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// The bytes of an error or of an unstreamed answer that are read.
const LONGEST_BODY: usize = 256 * 1024;

/// Where the model is.
pub(super) struct Endpoint {
    client: Client,
    url: Url,
    authorization: Option<HeaderValue>,
    pub(super) config: Config,
}

/// What is asked.
pub(super) struct Question {
    pub(super) messages: Vec<Value>,
    pub(super) tools: Vec<Value>,
    /// Texts that no log may repeat.
    pub(super) private: Vec<String>,
    /// Counts the answers of a conversation.
    pub(super) number: u64,
}

impl Endpoint {
    pub(super) fn new(config: Config) -> Result<Self, ConfigError> {
        let wrong = |reason: String| ConfigError::Url {
            // What is before an @ may be a password.
            url: config.base_url.rsplit('@').next().unwrap_or_default().into(),
            reason,
        };
        let url = Url::parse(&format!(
            "{}/chat/completions",
            config.base_url.trim_end_matches('/')
        ))
        .map_err(|e| wrong(e.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(wrong("it is no http or https address".into()));
        }
        // Messages name the address.
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(
                "a name or password has no place in it, but in chat.api_key".into(),
            ));
        }
        if config.model.trim().is_empty() {
            return Err(ConfigError::Model(config.base_url.clone()));
        }
        let authorization = config
            .api_key
            .as_ref()
            .map(|key| authorization(key.reveal()))
            .transpose()?;
        let mut client = Client::builder()
            .connect_timeout(config.connect_timeout)
            // A redirect would carry the key to a place that nobody named.
            .redirect(redirect::Policy::none());
        if url
            .host_str()
            .is_some_and(|host| host == "localhost" || host == "[::1]" || host.starts_with("127."))
        {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|e| ConfigError::Client(e.to_string()))?;
        Ok(Self {
            client,
            url,
            authorization,
            config,
        })
    }

    /// Asks, sends the text to `texts` as it comes, and gives the rest at the end. Asks once more if the first try failed in
    /// passing before anything was sent.
    pub(super) async fn ask(
        &self,
        question: Question,
        texts: mpsc::Sender<String>,
    ) -> Result<Completion, Failure> {
        let mut spoken = false;
        match self.try_once(&question, &texts, &mut spoken).await {
            Err(failure) if failure.again && !spoken => {
                // Its message repeats what the endpoint says, and that may repeat the conversation.
                tracing::warn!(kind = ?failure.kind, url = %self.url, "the model is asked again");
                self.try_once(&question, &texts, &mut spoken).await
            }
            outcome => outcome,
        }
    }

    async fn try_once(
        &self,
        question: &Question,
        texts: &mpsc::Sender<String>,
        spoken: &mut bool,
    ) -> Result<Completion, Failure> {
        let limit = self.config.first_token_timeout;
        let mut deadline = Instant::now() + limit;
        let mut response = self.send(question, deadline).await?;
        let mut answer = Reading {
            endpoint: self,
            question,
            completion: Completion::default(),
            done: false,
        };
        let streamed = is_stream(&response);
        let mut events = Events::default();
        let mut whole = Vec::new();
        let mut data = Vec::new();
        while !answer.done {
            let bytes = self.next_bytes(&mut response, deadline, *spoken).await?;
            match &bytes {
                Some(bytes) if streamed => events
                    .push(bytes, |event| data.push(event))
                    .map_err(|_| self.broke("sends a line without end"))?,
                Some(bytes) => whole.extend_from_slice(bytes),
                None if streamed => data.extend(events.finish()),
                None => data.push(String::from_utf8_lossy(&whole).into_owned()),
            }
            if whole.len() > LONGEST_BODY {
                return Err(self.broke("does not stream, and its answer has no end"));
            }
            for event in data.drain(..) {
                let text = answer.take(&event)?;
                if !text.is_empty() {
                    *spoken = true;
                    deadline = Instant::now() + self.config.token_timeout;
                    // The receiver is gone only when nobody wants the answer any more.
                    let _ = texts.send(text).await;
                }
            }
            if bytes.is_none() {
                break;
            }
            // A chunk without text (thoughts, a tool's arguments) is a sign of life as well.
            deadline = deadline.max(Instant::now() + self.config.token_timeout);
        }
        let rest = answer.end()?;
        if !rest.0.is_empty() {
            let _ = texts.send(rest.0).await;
        }
        Ok(rest.1)
    }

    async fn send(&self, question: &Question, deadline: Instant) -> Result<Response, Failure> {
        let mut body = json!({"model": self.config.model, "messages": question.messages, "stream": true});
        if self.config.count_tokens {
            body["stream_options"] = json!({"include_usage": true});
        }
        if !question.tools.is_empty() {
            body["tools"] = Value::Array(question.tools.clone());
        }
        for (key, value) in &self.config.options {
            body[key] = value.clone();
        }
        let mut request = self
            .client
            .post(self.url.clone())
            .header(ACCEPT, "text/event-stream")
            .json(&body);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let sent = timeout_at(deadline, request.send()).await;
        let response = sent
            .map_err(|_| self.slow("first", self.config.first_token_timeout))?
            .map_err(|e| failure::of_transport(&e, &self.config.base_url))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = timeout_at(deadline, read_body(response))
            .await
            .unwrap_or_default();
        let private = self.private(question);
        Err(failure::of_status(
            status.as_u16(),
            &body,
            &self.config.base_url,
            &self.config.model,
            &private,
        ))
    }

    async fn next_bytes(
        &self,
        response: &mut Response,
        deadline: Instant,
        spoken: bool,
    ) -> Result<Option<Vec<u8>>, Failure> {
        match timeout_at(deadline, response.chunk()).await {
            Ok(Ok(bytes)) => Ok(bytes.map(Into::into)),
            Ok(Err(error)) => Err(failure::of_transport(&error, &self.config.base_url)),
            Err(_) if spoken => Err(self.slow("next", self.config.token_timeout)),
            Err(_) => Err(self.slow("first", self.config.first_token_timeout)),
        }
    }

    fn private<'a>(&'a self, question: &'a Question) -> Vec<&'a str> {
        let key = self.config.api_key.as_ref().map(|key| key.reveal());
        question.private.iter().map(String::as_str).chain(key).collect()
    }

    /// Not asked again: the caller has waited long enough.
    fn slow(&self, which: &str, limit: Duration) -> Failure {
        let (model, url) = (&self.config.model, &self.config.base_url);
        let ms = limit.as_millis();
        Failure::new(
            FailureKind::Transient,
            format!(
                "no {which} token of {model:?} from {url} within {ms} ms; choose a smaller model or a faster machine"
            ),
        )
    }

    fn broke(&self, how: &str) -> Failure {
        let url = &self.config.base_url;
        Failure::new(
            FailureKind::Protocol,
            format!("{url} {how}; is it an OpenAI-compatible endpoint?"),
        )
    }
}

/// An answer while it is read.
struct Reading<'a> {
    endpoint: &'a Endpoint,
    question: &'a Question,
    completion: Completion,
    done: bool,
}

impl Reading<'_> {
    /// Takes the data of an event and gives the text in it.
    fn take(&mut self, data: &str) -> Result<String, Failure> {
        if data.trim() == "[DONE]" {
            self.done = true;
            return Ok(String::new());
        }
        if self.done || data.trim().is_empty() {
            return Ok(String::new());
        }
        let config = &self.endpoint.config;
        let chunk: Chunk = serde_json::from_str(data).map_err(|e| {
            self.endpoint
                .broke(&format!("sends what is no chunk of an answer ({})", kind_of(&e)))
        })?;
        if let Some(error) = &chunk.error {
            let private = self.endpoint.private(self.question);
            return Err(failure::in_stream(
                error,
                &config.base_url,
                &config.model,
                &private,
            ));
        }
        Ok(self.completion.take(chunk))
    }

    /// The text that was held back, and the answer, which must have been finished by the model.
    fn end(mut self) -> Result<(String, Completion), Failure> {
        let rest = self.completion.finish(self.question.number);
        if self.completion.finish.is_none() && !self.done {
            let url = &self.endpoint.config.base_url;
            return Err(Failure::transient(format!(
                "{url} ended its answer in the middle; see the endpoint's own log"
            )));
        }
        // A call that the token limit cut is none.
        if self.completion.finish.as_deref() == Some("length") {
            self.completion.calls.clear();
        }
        Ok((rest, self.completion))
    }
}

/// What kind of error, without the text in which it is: that could be the caller's.
fn kind_of(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Io => "unreadable",
        serde_json::error::Category::Syntax => "no JSON",
        serde_json::error::Category::Data => "JSON of another shape",
        serde_json::error::Category::Eof => "JSON cut short",
    }
}

fn authorization(key: &str) -> Result<HeaderValue, ConfigError> {
    if key.is_empty() {
        return Err(ConfigError::Key);
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| ConfigError::Key)?;
    value.set_sensitive(true);
    Ok(value)
}

fn is_stream(response: &Response) -> bool {
    let kind = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    !kind.starts_with("application/json")
}

async fn read_body(mut response: Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(bytes)) = response.chunk().await {
        body.extend_from_slice(&bytes);
        if body.len() > LONGEST_BODY {
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}
