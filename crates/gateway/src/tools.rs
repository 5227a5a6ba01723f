//! The tools that an engine may use in a call and that are not the call's own: what they are told of them, and what runs them.
//!
//! `transfer_call` and `end_call` are rules of conversation (the last words are heard first), so [`call::Call`] does them.

use call::ToolRequest;
use secretary::{CallUuid, DomainUuid};
use serde::Serialize;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
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

/// Who calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) domain: DomainUuid,
    pub(crate) call: CallUuid,
}

/// Why a tool did not do what was asked. The engine is told so in these words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToolError {
    #[error("there is no tool {0:?}; there are transfer_call, take_message and end_call")]
    Unknown(String),
    #[error("the message is empty: give at least one of name, number and message")]
    Empty,
    #[error("the message could not be written down; offer to hand the call over")]
    NotWritten,
}

/// Runs a tool. What it answers is for the engine.
pub(crate) async fn run(
    messages: &Arc<Messages>,
    caller: Caller,
    request: ToolRequest,
) -> Result<String, ToolError> {
    if request.name != "take_message" {
        return Err(ToolError::Unknown(request.name));
    }
    let fields = request.arguments;
    let said = |value: &serde_json::Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
    if !fields.as_object().is_some_and(|fields| fields.values().any(said)) {
        return Err(ToolError::Empty);
    }
    let messages = messages.clone();
    let written = tokio::task::spawn_blocking(move || messages.append(caller, &fields)).await;
    match written {
        Ok(Ok(())) => Ok(json!({"noted": true}).to_string()),
        Ok(Err(error)) => {
            tracing::error!(call = %caller.call, %error, "a message could not be written down");
            Err(ToolError::NotWritten)
        }
        Err(error) => {
            tracing::error!(call = %caller.call, %error, "a message could not be written down");
            Err(ToolError::NotWritten)
        }
    }
}

/// Messages of callers: JSON lines in one file, each on the disk before the caller hears that it was noted.
pub(crate) struct Messages {
    path: PathBuf,
    /// One line at a time.
    writing: Mutex<()>,
}

#[derive(Serialize)]
struct Line<'a> {
    at_unix_ms: u128,
    domain: DomainUuid,
    call: CallUuid,
    message: &'a serde_json::Value,
}

impl Messages {
    /// Messages in `messages.jsonl` of this directory.
    pub(crate) fn in_directory(directory: &Path) -> Self {
        Self {
            path: directory.join("messages.jsonl"),
            writing: Mutex::new(()),
        }
    }

    fn append(&self, caller: Caller, message: &serde_json::Value) -> std::io::Result<()> {
        let at_unix_ms = std::time::UNIX_EPOCH
            .elapsed()
            .map_err(std::io::Error::other)?
            .as_millis();
        let mut line = serde_json::to_string(&Line {
            at_unix_ms,
            domain: caller.domain,
            call: caller.call,
            message,
        })?;
        line.push('\n');
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(directory) = self.path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let mut options = std::fs::OpenOptions::new();
        options.create(true).append(true);
        // What callers say is for the service's own user alone.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path)?;
        file.write_all(line.as_bytes())?;
        file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use call::ToolCallId;

    fn caller() -> Caller {
        Caller {
            domain: "11111111-2222-4333-8444-555555555555".parse().unwrap(),
            call: "aaaaaaaa-bbbb-4ccc-8ddd-000000000001".parse().unwrap(),
        }
    }

    fn request(name: &str, arguments: serde_json::Value) -> ToolRequest {
        ToolRequest {
            id: ToolCallId("1".into()),
            name: name.into(),
            arguments,
        }
    }

    #[tokio::test]
    async fn a_message_is_on_the_disk_when_the_tool_answers() {
        let directory = tempfile::tempdir().unwrap();
        let messages = Arc::new(Messages::in_directory(&directory.path().join("data")));
        for name in ["Ana", "Rui"] {
            run(
                &messages,
                caller(),
                request("take_message", json!({"name": name, "number": "1130"})),
            )
            .await
            .unwrap();
        }
        let text = std::fs::read_to_string(&messages.path).unwrap();
        let names: Vec<_> = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["message"]["name"].clone())
            .collect();
        assert_eq!(names, ["Ana", "Rui"]);
    }

    #[tokio::test]
    async fn what_cannot_be_done_is_said() {
        let directory = tempfile::tempdir().unwrap();
        let messages = Arc::new(Messages::in_directory(directory.path()));
        let unknown = run(&messages, caller(), request("make_coffee", json!({})))
            .await
            .unwrap_err();
        assert!(unknown.to_string().contains("make_coffee") && unknown.to_string().contains("take_message"));
        let empty = run(
            &messages,
            caller(),
            request("take_message", json!({"name": "  "})),
        )
        .await
        .unwrap_err();
        assert!(matches!(empty, ToolError::Empty));
        // A file where the directory should be.
        let blocked = directory.path().join("file");
        std::fs::write(&blocked, "").unwrap();
        let messages = Arc::new(Messages::in_directory(&blocked));
        let failed = run(
            &messages,
            caller(),
            request("take_message", json!({"name": "Ana"})),
        )
        .await
        .unwrap_err();
        assert!(matches!(failed, ToolError::NotWritten));
        assert!(!messages.path.exists());
    }
}
