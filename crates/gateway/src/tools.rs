//! The tools that an engine may use in a call and that are not the call's own: what they are told of them, and what runs them.
//!
//! `transfer_call` and `end_call` are rules of conversation (the last words are heard first), so [`call::Call`] does them.

use crate::books::{Books, Subject};
use crate::messages::{self, MessageError};
use call::ToolRequest;
use secretary::Secretary;
use serde_json::json;
use std::sync::{Arc, LazyLock};
use voice::engine::ToolSpec;

/// The tools that a secretary's engine is offered.
pub(crate) fn offered(secretary: &Secretary) -> Arc<[ToolSpec]> {
    let named = |spec: &&ToolSpec| secretary.tools.iter().any(|tool| tool.name() == spec.name);
    every().iter().filter(named).cloned().collect()
}

fn every() -> Arc<[ToolSpec]> {
    static OFFERED: LazyLock<Arc<[ToolSpec]>> = LazyLock::new(|| {
        let tool = |name: &str, description: &str, parameters| ToolSpec {
            name: name.into(),
            description: description.into(),
            parameters,
        };
        Arc::new([
            tool(
                "transfer_call",
                "Hands the call to a person or department. Say first that you are doing so.",
                json!({"type": "object", "properties": {"destination": {"type": "string", "description": "whom the caller wants"}},
                    "required": ["destination"], "additionalProperties": false}),
            ),
            tool(
                "take_message",
                "Writes down a message or a request to be called back. Say that it was noted only when this has succeeded.",
                json!({"type": "object", "properties": {
                    "name": {"type": "string", "description": "who leaves the message"},
                    "number": {"type": "string", "description": "the number to call back"},
                    "message": {"type": "string", "description": "the message"},
                    "for": {"type": "string", "description": "the person or department it is for"}},
                    "additionalProperties": true}),
            ),
            tool(
                "end_call",
                "Ends the call after your last words have been heard. Say good-bye first.",
                json!({"type": "object", "properties": {}, "additionalProperties": false}),
            ),
        ])
    });
    OFFERED.clone()
}

/// Why a tool did not do what was asked. The engine is told so in these words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToolError {
    #[error("there is no tool {name:?} here; there is {offered}")]
    NotOffered { name: String, offered: String },
    #[error(transparent)]
    Message(#[from] MessageError),
}

/// Whether the secretary offers a tool of that name. Engines call others all the same: by mistake, or because a caller talks them
/// into it.
pub(crate) fn check(secretary: &Secretary, name: &str) -> Result<(), ToolError> {
    let offered: Vec<&str> = secretary.tools.iter().map(|tool| tool.name()).collect();
    if offered.contains(&name) {
        return Ok(());
    }
    Err(ToolError::NotOffered {
        name: name.to_owned(),
        offered: match offered.is_empty() {
            true => "none".to_owned(),
            false => offered.join(", "),
        },
    })
}

/// Runs a tool for that call. What it answers is for the engine.
pub(crate) async fn run(books: &Books, of: &Subject, request: ToolRequest) -> Result<String, ToolError> {
    check(&of.secretary, &request.name)?;
    // The others are the call's own.
    Ok(messages::take(books, of, request.arguments).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_offered_what_its_secretary_may_do() {
        let secretary = |tools: &str| {
            let text = format!(
                "name = \"a\"\nlanguage = \"en\"\nengine = \"loopback\"\n{tools}\ngreeting = {{ text = \"\" }}\n\
                 phrases = {{ reprompts = [], farewell = \"\", apology = \"\", backchannels = [] }}\n"
            );
            Secretary::parse("a.toml", &text).unwrap()
        };
        let names = |tools: &str| {
            let offered = offered(&secretary(tools));
            offered.iter().map(|spec| spec.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(""), ["transfer_call", "take_message", "end_call"]);
        assert_eq!(
            names("tools = [\"end_call\", \"take_message\"]"),
            ["take_message", "end_call"]
        );
        assert!(names("tools = []").is_empty());
    }
}
