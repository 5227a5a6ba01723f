//! What a service answers: text or JSON of a bounded length, or nothing that can be told.

use super::failed;
use crate::ToolError;
use crate::told::{MOST, cut};
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use secretary::HttpTool;

/// Reads an answer, and no more of it than is told.
pub(super) async fn read(tool: &HttpTool, mut response: Response) -> Result<String, ToolError> {
    let status = response.status();
    let kind = kind(&response);
    let is_text = kind.as_deref().is_none_or(is_text);
    if status.is_success() && !is_text {
        return Err(ToolError::Untold {
            tool: tool.name.clone(),
            what: kind.unwrap_or_default(),
        });
    }
    let body = match is_text {
        true => body(tool, &mut response).await?,
        false => String::new(),
    };
    if status.is_success() {
        return Ok(match body.trim() {
            "" => "done".to_owned(),
            _ => cut(&body),
        });
    }
    let text = match status.is_redirection() {
        true => "it has moved; go on without it".to_owned(),
        // A page for a browser says nothing that a model needs.
        false if kind.as_deref() == Some("text/html") => String::new(),
        false => body,
    };
    Err(ToolError::Refused {
        tool: tool.name.clone(),
        status: status.to_string(),
        text,
    })
}

/// The type of an answer without its parameters, in lower case.
fn kind(response: &Response) -> Option<String> {
    let kind = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next().unwrap_or_default();
    Some(
        kind.trim()
            .chars()
            .take(80)
            .collect::<String>()
            .to_ascii_lowercase(),
    )
}

fn is_text(kind: &str) -> bool {
    kind.starts_with("text/") || kind == "application/json" || kind.ends_with("+json")
}

/// The first bytes of the body: a little more than is told, so that a cut is seen.
async fn body(tool: &HttpTool, response: &mut Response) -> Result<String, ToolError> {
    let mut read = Vec::new();
    while read.len() <= MOST {
        match response.chunk().await {
            Ok(Some(chunk)) => read.extend_from_slice(&chunk[..chunk.len().min(MOST + 4 - read.len())]),
            Ok(None) => break,
            Err(error) => return Err(failed(tool, error)),
        }
    }
    Ok(String::from_utf8_lossy(&read).into_owned())
}
