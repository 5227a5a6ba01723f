//! Tools that make one HTTP request, as a secretary's file declares them.

mod answer;
mod asking;
mod schema;

use crate::{Reach, ToolError, resolve};
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Client, Request};
use secretary::{Given, HttpTool};
use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error as _;
use std::time::Duration;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest reason that an operator is told.
const REASON: usize = 200;

/// Makes requests. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Requests {
    public: Client,
    private: Client,
}

/// Whether the tool could work: its schema, its address and its secrets. What is wrong, with the remedy. Blocks.
pub fn check(tool: &HttpTool) -> Result<(), String> {
    schema::check(&tool.arguments)?;
    asking::check(tool)?;
    headers(&tool.headers).map(drop)
}

impl Requests {
    /// # Errors
    /// The system's certificates cannot be read.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = |reach: Reach| reach.client(CONNECT).pool_max_idle_per_host(2).build();
        Ok(Self {
            public: client(Reach::Public)?,
            private: client(Reach::Private)?,
        })
    }

    /// Makes the tool's request with these arguments. What the engine is told: text, or JSON as the service wrote it.
    pub async fn make(&self, tool: &HttpTool, arguments: &Value) -> Result<String, ToolError> {
        schema::hold(tool, arguments)?;
        let reach = Reach::of(tool.allow_private);
        let client = match reach {
            Reach::Public => &self.public,
            Reach::Private => &self.private,
        };
        let (url, body) = asking::asked(tool, arguments, reach)?;
        let given = tool.headers.clone();
        let headers = tokio::task::spawn_blocking(move || headers(&given))
            .await
            .unwrap_or_else(|error| Err(error.to_string()))
            .map_err(|why| unfit(tool, why))?;
        let mut request = client.request(asking::method(tool.method), url).headers(headers);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let request = request
            .timeout(Duration::from_millis(tool.timeout_ms.into()))
            .build()
            .map_err(|error| unfit(tool, error.without_url().to_string()))?;
        self.exchange(tool, client, request).await
    }

    async fn exchange(
        &self,
        tool: &HttpTool,
        client: &Client,
        request: Request,
    ) -> Result<String, ToolError> {
        let response = client
            .execute(request)
            .await
            .map_err(|error| failed(tool, error))?;
        answer::read(tool, response).await
    }
}

fn unfit(tool: &HttpTool, why: String) -> ToolError {
    ToolError::Unfit {
        tool: tool.name.clone(),
        why,
    }
}

/// What went wrong on the way. The URL has arguments, so it is nobody's.
fn failed(tool: &HttpTool, error: reqwest::Error) -> ToolError {
    let (error, name) = (error.without_url(), tool.name.clone());
    if error.is_timeout() {
        return ToolError::Late { tool: name };
    }
    let mut why = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        why = format!("{why}: {cause}");
        source = cause.source();
    }
    let why = why.chars().take(REASON).collect();
    ToolError::Unreachable { tool: name, why }
}

/// The headers of a request, with their secrets. Their values are shown nowhere.
fn headers(given: &BTreeMap<String, Given>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    headers.insert(
        USER_AGENT,
        HeaderValue::from_static(concat!("voice-ai/", env!("CARGO_PKG_VERSION"))),
    );
    headers.insert(
        ACCEPT,
        HeaderValue::from_static("application/json, text/plain;q=0.9, text/*;q=0.5"),
    );
    headers.extend(given_headers(given)?);
    Ok(headers)
}

/// Headers as they are configured, each marked as a secret. What is wrong with the first that cannot be sent. Reads files: blocks.
pub fn given_headers(given: &BTreeMap<String, Given>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, given) in given {
        let key = HeaderName::try_from(name).map_err(|_| format!("{name:?} is no name of a header"))?;
        let text = resolve(given).map_err(|error| format!("the header {name}: {error}"))?;
        let mut value = HeaderValue::try_from(text)
            .map_err(|_| format!("the header {name} has a character that no header may have"))?;
        value.set_sensitive(true);
        headers.insert(key, value);
    }
    Ok(headers)
}
