//! Tools: asking for them, and going on with what came of them.

use super::{Pending, Talk, Tool, Waiting};
use crate::brain::script::format::{Message, Transfer, Voicemail};
use crate::brain::{Thought, tools};
use call::ToolCallId;
use serde_json::{Map, Value, json};

impl Talk {
    pub(super) fn tool_result(&mut self, id: &ToolCallId, ok: bool, result: &str) {
        let Waiting::Tool(pending) = &self.waiting else {
            return;
        };
        if pending.id != *id {
            return;
        }
        let (tool, interrupted) = (pending.tool.clone(), pending.interrupted);
        self.move_on();
        self.waiting = Waiting::Choice;
        match (tool, ok) {
            (Tool::Transfer { .. } | Tool::End, true) | (Tool::End, false) => self.program.clear(),
            // What announced it was cut: the caller wants something else.
            (Tool::Transfer { .. } | Tool::Check(_) | Tool::Aside, _) if interrupted => self.program.clear(),
            (Tool::Aside, _) => self.run(),
            (Tool::Check(availability), _) => {
                let free = ok && is_available(result);
                self.put_first(if free {
                    &availability.free
                } else {
                    &availability.otherwise
                });
                self.run();
            }
            (Tool::Message(message), true) => {
                let script = self.script.clone();
                self.say_texts(message.done.as_ref().unwrap_or(&script.wording.message_done));
                self.run();
            }
            (Tool::Transfer { otherwise }, false) => {
                self.say_phrase(|w| &w.transfer_failed);
                self.instead(match otherwise.is_empty() {
                    true => self.script.file.otherwise.clone(),
                    false => otherwise,
                });
            }
            (Tool::Message(message), false) => {
                self.say_phrase(|w| &w.message_failed);
                self.instead(message.otherwise);
            }
        }
    }

    pub(super) fn hand_over(&mut self, transfer: Transfer) {
        let script = self.script.clone();
        self.say_texts(transfer.say.as_ref().unwrap_or(&script.wording.transferring));
        let destination = transfer.to.value;
        let (name, arguments) = match &transfer.announce {
            None => (tools::TRANSFER_CALL, json!({ "destination": destination })),
            Some(texts) => {
                let about = self.next_of(texts);
                let about = self.with_values(&about);
                let arguments = json!({"destination": destination, "about": about});
                (tools::TRANSFER_ANNOUNCED, arguments)
            }
        };
        let otherwise = transfer.otherwise;
        self.use_tool(name, arguments, Tool::Transfer { otherwise });
    }

    /// A mailbox takes calls at any hour.
    pub(super) fn voicemail(&mut self, voicemail: Voicemail) {
        let script = self.script.clone();
        self.say_texts(voicemail.say.as_ref().unwrap_or(&script.wording.transferring));
        let arguments = json!({"destination": voicemail.to.value});
        let otherwise = voicemail.otherwise;
        self.use_tool(tools::VOICEMAIL, arguments, Tool::Transfer { otherwise });
    }

    pub(super) fn take_message(&mut self, message: Message) {
        let mut arguments = Map::new();
        for slot in &message.slots {
            // Taken out, so that a second message asks again.
            if let Some(value) = self.values.remove(&slot.value).filter(|v| !v.is_empty()) {
                arguments.insert(slot.value.clone(), Value::String(value));
            }
        }
        self.use_tool(
            tools::TAKE_MESSAGE,
            Value::Object(arguments),
            Tool::Message(message),
        );
    }

    pub(super) fn use_tool(&mut self, name: &str, arguments: Value, tool: Tool) {
        self.tools += 1;
        let id = ToolCallId(format!("script-{}", self.tools));
        self.waiting = Waiting::Tool(Pending {
            id: id.clone(),
            tool,
            interrupted: false,
        });
        self.thoughts.push_back(Thought::Tool {
            id,
            name: name.into(),
            arguments,
        });
    }
}

/// Whether a phone is free, as `check_extension_available` tells.
fn is_available(result: &str) -> bool {
    let result: Value = serde_json::from_str(result).unwrap_or_default();
    result
        .get("available")
        .and_then(Value::as_bool)
        .unwrap_or_default()
}
