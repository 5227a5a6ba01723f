//! One request to the endpoint, and its streamed answer.

use super::config::{Config, ConfigError};
use super::dialect::{self, Completion, Dialect, Finish, Reading, Taken, Trouble};
use super::failure;
use super::sse::Events;
use crate::service::{Answer, Failure, Limit, Refusal, Service, content_type};
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Response, Url};
use serde_json::{Map, Value};
use tokio::sync::mpsc;

/// The bytes of an unstreamed answer that are read.
const LONGEST_BODY: usize = 256 * 1024;

/// What is waited for, as a message names it.
const FIRST: &str = "first token";
const NEXT: &str = "next token";

/// Where the model is.
pub(super) struct Endpoint {
    service: Service,
    url: Url,
    headers: HeaderMap,
    pub(super) dialect: Box<dyn Dialect>,
    pub(super) config: Config,
}

/// What is asked.
pub(super) struct Question {
    /// The body, in the words of the dialect.
    pub(super) body: Value,
    /// Texts that no log may repeat.
    pub(super) private: Vec<String>,
    /// Counts the answers of a conversation.
    pub(super) number: u64,
}

impl Endpoint {
    pub(super) fn new(config: Config) -> Result<Self, ConfigError> {
        let dialect = dialect::of(config.vendor);
        let (access, query) = config.access()?;
        let example = config.vendor.base_url().unwrap_or("http://127.0.0.1:11434/v1");
        let service = Service::new(&access, config.vendor.key_header(), "model and options", example)?;
        let path = dialect.path(&config);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let mut url = service.at(&path);
        let queries: Vec<&str> = query.as_deref().into_iter().chain(dialect.query()).collect();
        url.set_query((!queries.is_empty()).then_some(&queries.join("&")));
        let headers = headers_of(&config, dialect.headers())?;
        Ok(Self {
            service,
            url,
            headers,
            dialect,
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
                tracing::warn!(kind = ?failure.kind, url = %self.config.base_url, "the model is asked again");
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
        let mut limit = Limit::from_now(self.config.first_token_timeout, FIRST);
        let mut response = self.send(question, limit).await?;
        let mut answer = Streaming {
            endpoint: self,
            question,
            reading: self.dialect.reading(),
            over: false,
        };
        let streamed = content_type(&response) != "application/json";
        let mut events = Events::default();
        let mut whole = Vec::new();
        let mut data = Vec::new();
        while !answer.over {
            let bytes = self.service.next(&mut response, limit).await?;
            match &bytes {
                Some(bytes) if streamed => events
                    .push(bytes, |event| data.push(event))
                    .map_err(|_| self.service.place().broke("sends a line without end"))?,
                Some(bytes) => whole.extend_from_slice(bytes),
                None if streamed => data.extend(events.finish()),
                None => data.push(String::from_utf8_lossy(&whole).into_owned()),
            }
            if whole.len() > LONGEST_BODY {
                let how = "does not stream, and its answer has no end";
                return Err(self.service.place().broke(how));
            }
            for event in data.drain(..) {
                let Some(text) = answer.take(&event)? else {
                    continue;
                };
                let next = Limit::from_now(self.config.token_timeout, NEXT);
                if !text.is_empty() {
                    *spoken = true;
                    limit = next;
                    // The receiver is gone only when nobody wants the answer any more.
                    let _ = texts.send(text).await;
                }
                // What is without text (thoughts, a tool's arguments) is a sign of life as well.
                limit.until = limit.until.max(next.until);
            }
            if bytes.is_none() {
                break;
            }
        }
        let completion = answer.end()?;
        if !completion.rest.is_empty() {
            let _ = texts.send(completion.rest.clone()).await;
        }
        Ok(completion)
    }

    async fn send(&self, question: &Question, limit: Limit<'_>) -> Result<Response, Failure> {
        let request = self
            .service
            .post(self.url.clone())
            .headers(self.headers.clone())
            .json(&question.body);
        match self.service.ask(request, limit).await? {
            Answer::Given(response) => Ok(response),
            Answer::Refused(refusal) => Err(self.sorted(&refusal, question)),
        }
    }

    fn sorted(&self, refusal: &Refusal, question: &Question) -> Failure {
        failure::of_refusal(refusal, &self.config)
            .unwrap_or_else(|| self.service.refused(refusal, &question.private()))
    }

    /// Sorts an error that comes in a stream. OpenRouter gives it the status that it would have had.
    fn in_stream(&self, error: &Value, question: &Question) -> Failure {
        let body = error.to_string();
        let status = error["code"].as_u64().and_then(|code| u16::try_from(code).ok());
        match status.filter(|status| (400..600).contains(status)) {
            Some(status) => self.sorted(&Refusal { status, body }, question),
            // Its words may still say what is wrong with the request.
            None => failure::of_refusal(&Refusal { status: 400, body }, &self.config)
                .unwrap_or_else(|| self.service.in_place(error, &question.private())),
        }
    }
}

impl Question {
    fn private(&self) -> Vec<&str> {
        self.private.iter().map(String::as_str).collect()
    }
}

/// An answer while it is read.
struct Streaming<'a> {
    endpoint: &'a Endpoint,
    question: &'a Question,
    reading: Box<dyn Reading>,
    over: bool,
}

impl Streaming<'_> {
    /// Takes the data of an event and gives the text in it; nothing if the model has not worked for it.
    fn take(&mut self, data: &str) -> Result<Option<String>, Failure> {
        let data = data.trim();
        if self.over || data.is_empty() {
            return Ok(None);
        }
        match self.reading.take(data) {
            Ok(Taken::Text(text)) => Ok(Some(text)),
            Ok(Taken::Nothing) => Ok(None),
            Ok(Taken::Over) => {
                self.over = true;
                Ok(None)
            }
            Err(Trouble::Shape(error)) => {
                let how = format!("sends {}", kind_of(&error));
                Err(self.endpoint.service.place().broke(&how))
            }
            Err(Trouble::Told(error)) => Err(self.endpoint.in_stream(&error, self.question)),
        }
    }

    /// The answer, which must have been finished by the model.
    fn end(self) -> Result<Completion, Failure> {
        let mut completion = self.reading.end();
        for (at, call) in completion.calls.iter_mut().enumerate() {
            if call.id.is_empty() {
                call.id = format!("call-{}-{at}", self.question.number);
                call.is_own_id = true;
            }
        }
        let config = &self.endpoint.config;
        match completion.finish {
            None => Err(Failure::transient(format!(
                "{} ended its answer in the middle; if it lasts, see the endpoint's own log or status page",
                config.base_url
            ))),
            Some(Finish::MalformedCall) => Err(failure::malformed_call(config)),
            // A call that the token limit cut is none.
            Some(Finish::Length) => {
                completion.calls.clear();
                Ok(completion)
            }
            Some(Finish::Whole | Finish::Filtered) => Ok(completion),
        }
    }
}

/// What kind of error, without the text in which it is: that could be the caller's.
fn kind_of(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Io => "what cannot be read",
        serde_json::error::Category::Syntax => "what is no JSON",
        serde_json::error::Category::Data => "JSON of another shape",
        serde_json::error::Category::Eof => "JSON that is cut short",
    }
}

fn headers_of(config: &Config, mut headers: HeaderMap) -> Result<HeaderMap, ConfigError> {
    headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
    for (name, value) in &config.headers {
        let wrong = || ConfigError::Header {
            table: config.table.clone(),
            name: name.clone(),
        };
        let key: HeaderName = name.parse().map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| wrong())?;
        // It may be a key as well.
        value.set_sensitive(true);
        headers.insert(key, value);
    }
    Ok(headers)
}

/// Puts the options of the configuration into a body: tables into tables, anything else in place of what was there.
pub(super) fn with_options(body: &mut Value, options: &Map<String, Value>) {
    for (key, value) in options {
        match (&mut body[key], value) {
            (there @ Value::Object(_), Value::Object(more)) => with_options(there, more),
            (there, value) => *there = value.clone(),
        }
    }
}
