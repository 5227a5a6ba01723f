//! The tools that an engine may use in a call and that are not the call's own: what they are told of them, and what runs them.
//!
//! `transfer_call` and `end_call` are rules of conversation (the last words are heard first), so [`call::Call`] does them.

use crate::books::{Books, Subject};
use crate::messages::{self, MessageError};
use call::ToolRequest;
use serde_json::json;
use std::sync::{Arc, LazyLock};
use voice::engine::ToolSpec;

/// The tools that every engine is offered.
pub(crate) fn offered() -> Arc<[ToolSpec]> {
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
    #[error("there is no tool {0:?}; there are transfer_call, take_message and end_call")]
    Unknown(String),
    #[error(transparent)]
    Message(#[from] MessageError),
}

/// Runs a tool for that call. What it answers is for the engine.
pub(crate) async fn run(books: &Books, of: &Subject, request: ToolRequest) -> Result<String, ToolError> {
    match request.name.as_str() {
        "take_message" => Ok(messages::take(books, of, request.arguments).await?),
        _ => Err(ToolError::Unknown(request.name)),
    }
}
