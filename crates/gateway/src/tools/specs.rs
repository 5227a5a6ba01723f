//! What an engine is told of each tool.

use secretary::Tool;
use serde_json::{Map, Value, json};
use voice::engine::ToolSpec;

/// What an engine is told of a tool.
pub(super) fn spec(tool: Tool) -> ToolSpec {
    ToolSpec {
        name: tool.name().into(),
        description: description(tool).into(),
        parameters: parameters(tool),
    }
}

const fn description(tool: Tool) -> &'static str {
    match tool {
        Tool::TransferCall => "Hands the call to a person or department. Say first that you are doing so.",
        Tool::TransferAnnounced => {
            "Calls a person, tells them who is calling and why, and hands the call over if they agree. The caller hears music \
             meanwhile. Find out first who the caller is and what it is about, and say that you will see whether they are free. If \
             they do not take the call you are told why, and the caller is back with you."
        }
        Tool::CheckExtensionAvailable => {
            "Tells whether the phone of a person or department can be reached now, or is in a call. It calls nobody."
        }
        Tool::HoldCall => {
            "Lets the caller wait with music while you do something that takes a while. Say first that you will be a moment, and \
             use the tools that you need next: whatever you say after that ends the music."
        }
        Tool::ResumeCall => "Ends the music of hold_call without a word.",
        Tool::SendDtmf => {
            "Presses keys on the caller's line, for the machine at its other end. Not for anything that the caller should press."
        }
        Tool::RecordCall => {
            "Begins or ends a recording of the call. Ask the caller for consent first, and begin only if they agree."
        }
        Tool::Voicemail => {
            "Lets the caller speak to a person's mailbox, and hands the call over to it. Say first that you are doing so."
        }
        Tool::TakeMessage => {
            "Writes down a message or a request to be called back. Say that it was noted only when this has succeeded."
        }
        Tool::EndCall => "Ends the call after your last words have been heard. Say good-bye first.",
    }
}

fn parameters(tool: Tool) -> Value {
    match tool {
        Tool::TransferCall => object([("destination", text("whom the caller wants"))]),
        Tool::TransferAnnounced => object([
            ("destination", text("whom the caller wants")),
            (
                "about",
                text("who is calling and why, in one sentence as it is to be said to them, in your language"),
            ),
        ]),
        Tool::CheckExtensionAvailable => object([("destination", text("whose phone"))]),
        Tool::Voicemail => object([("destination", text("whose mailbox"))]),
        Tool::SendDtmf => object([("keys", text("the keys in their order: 0-9, *, # or A-D"))]),
        Tool::RecordCall => object([("action", json!({"type": "string", "enum": ["start", "stop"]}))]),
        Tool::HoldCall | Tool::ResumeCall | Tool::EndCall => {
            json!({"type": "object", "properties": {}, "additionalProperties": false})
        }
        // Scripts and personas name other fields too, and none is always known.
        Tool::TakeMessage => json!({"type": "object", "properties": {
            "name": text("who leaves the message"),
            "number": text("the number to call back"),
            "message": text("the message"),
            "for": text("the person or department it is for")},
            "additionalProperties": true}),
    }
}

/// An object of these properties, all of which are needed.
fn object<const N: usize>(properties: [(&str, Value); N]) -> Value {
    let needed = properties.each_ref().map(|(name, _)| (*name).to_owned());
    let properties = properties.map(|(name, property)| (name.to_owned(), property));
    json!({"type": "object", "properties": Map::from_iter(properties), "required": needed.as_slice(), "additionalProperties": false})
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}
