//! The tools that an engine may use in a call: what it is told of them, and who uses them. Those beyond the PBX are in [`beyond`].
//!
//! `transfer_call` and its kin, `hold_call`, `resume_call` and `end_call` are rules of conversation (the last words are heard first), so
//! [`call::Call`] does them; for those that are about somebody the gateway finds out who is meant.

mod arguments;
mod beyond;
mod fitting;
mod offer;
mod specs;

pub(crate) use beyond::{Beyond, Means};
pub(crate) use fitting::check_tools;
pub(crate) use offer::Offer;

use crate::books::{Books, Subject};
use crate::messages::{self, MessageError};
use crate::transfer::{self, TransferError};
use call::ToolRequest;
use jiff::Timestamp;
use secretary::{Destination, Secretary, Tool};
use serde_json::{Value, json};
use voice::engine::ToolSpec;

/// The tools of the gateway's own that a secretary's engine is offered: those that it names, and of somebody only where there is
/// somebody.
fn own(secretary: &Secretary) -> impl Iterator<Item = ToolSpec> {
    let somebody = !secretary.destinations.is_empty();
    let named = move |tool: &Tool| secretary.tools.contains(tool) && (somebody || !is_about_somebody(*tool));
    Tool::ALL.into_iter().filter(named).map(specs::spec)
}

const fn is_about_somebody(tool: Tool) -> bool {
    match tool {
        Tool::TransferCall | Tool::TransferAnnounced | Tool::Voicemail | Tool::CheckExtensionAvailable => {
            true
        }
        Tool::SendDtmf
        | Tool::RecordCall
        | Tool::TakeMessage
        | Tool::HoldCall
        | Tool::ResumeCall
        | Tool::EndCall => false,
    }
}

/// Why a tool did not do what was asked. The engine is told so in these words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToolError {
    #[error("there is no tool {name:?} here; there is {offered}")]
    NotOffered { name: String, offered: String },
    #[error("those are no keys of a phone: give {{\"keys\": …}} with up to 32 of 0-9, *, # or A-D")]
    Keys,
    #[error("record_call has no action {told:?}: give {{\"action\": \"start\"}} or {{\"action\": \"stop\"}}")]
    Action { told: String },
    #[error(transparent)]
    Destination(#[from] TransferError),
    #[error(transparent)]
    Message(#[from] MessageError),
}

/// Who uses a tool that the call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    /// The call itself, once it is known whom it is about.
    Call,
    /// The PBX.
    Pbx,
    /// The books; they also refuse what is not offered.
    Books,
    /// Nobody: there is no such tool.
    Nobody,
}

/// Who uses the tool of that name, where it is one of the gateway's own.
pub(crate) fn user(name: &str) -> User {
    match tool(name) {
        Some(Tool::TransferCall | Tool::TransferAnnounced | Tool::Voicemail) => User::Call,
        Some(Tool::CheckExtensionAvailable | Tool::SendDtmf | Tool::RecordCall) => User::Pbx,
        Some(Tool::TakeMessage | Tool::HoldCall | Tool::ResumeCall | Tool::EndCall) => User::Books,
        None => User::Nobody,
    }
}

fn tool(name: &str) -> Option<Tool> {
    Tool::ALL.into_iter().find(|tool| tool.name() == name)
}

/// The tool that is asked for, if the secretary offers it. Engines call others all the same: by mistake, or because a caller talks
/// them into it.
fn check(secretary: &Secretary, name: &str) -> Result<Tool, ToolError> {
    if let Some(tool) = tool(name).filter(|tool| secretary.tools.contains(tool)) {
        return Ok(tool);
    }
    Err(not_offered(name, secretary.tools.iter().map(|tool| tool.name())))
}

/// A tool that is not among those that are offered.
fn not_offered<'a>(name: &str, offered: impl Iterator<Item = &'a str>) -> ToolError {
    let offered: Vec<&str> = offered.collect();
    ToolError::NotOffered {
        name: name.to_owned(),
        offered: match offered.is_empty() {
            true => "none".to_owned(),
            false => offered.join(", "),
        },
    }
}

/// The name of the destination to which the call goes, if that is possible now.
pub(crate) fn found(secretary: &Secretary, request: &ToolRequest) -> Result<String, ToolError> {
    let meant = match check(secretary, &request.name)? {
        Tool::Voicemail => transfer::with_mailbox(secretary, request),
        _ => transfer::present(secretary, request, Timestamp::now()),
    };
    Ok(meant?.name)
}

/// What the PBX is asked for: with the number in place of a name, and nothing that it could not do.
pub(crate) fn for_pbx(secretary: &Secretary, request: &ToolRequest) -> Result<ToolRequest, ToolError> {
    let arguments = match check(secretary, &request.name)? {
        Tool::SendDtmf => arguments::keys(&request.arguments)?,
        Tool::RecordCall => arguments::action(&request.arguments)?,
        _ => dialled(&transfer::present(secretary, request, Timestamp::now())?),
    };
    Ok(ToolRequest {
        arguments,
        ..request.clone()
    })
}

fn dialled(meant: &Destination) -> Value {
    json!({"destination": meant.name, "number": meant.number, "kind": meant.kind})
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
    use call::ToolCallId;

    fn secretary(text: &str) -> Secretary {
        let text = format!(
            "name = \"a\"\nlanguage = \"en\"\nengine = \"loopback\"\n{text}\n[greeting]\ntext = \"\"\n\
             [phrases]\nreprompts = []\nfarewell = \"\"\napology = \"\"\nbackchannels = []\n\
             [[destinations]]\nname = \"Jenny Cole\"\nnumber = \"3001\"\n"
        );
        Secretary::parse("a.toml", &text).unwrap()
    }

    fn every() -> Secretary {
        let names = Tool::ALL.map(|tool| format!("{:?}", tool.name()));
        secretary(&format!("tools = [{}]", names.join(", ")))
    }

    fn request(name: &str, arguments: Value) -> ToolRequest {
        let id = ToolCallId("1".into());
        let name = name.into();
        ToolRequest { id, name, arguments }
    }

    /// The arguments that the PBX gets, or what the engine is told.
    fn asked(name: &str, arguments: Value) -> Result<Value, String> {
        for_pbx(&every(), &request(name, arguments))
            .map(|request| request.arguments)
            .map_err(|why| why.to_string())
    }

    #[test]
    fn an_engine_is_offered_what_its_secretary_may_do() {
        let names = |tools: &str| {
            let secretary = secretary(tools);
            let offered = own(&secretary);
            offered.map(|spec| spec.name).collect::<Vec<_>>()
        };
        assert_eq!(names(""), ["transfer_call", "take_message", "end_call"]);
        assert_eq!(
            names("tools = [\"end_call\", \"take_message\"]"),
            ["take_message", "end_call"]
        );
        assert!(names("tools = []").is_empty());
        let alone = Secretary {
            destinations: Vec::new(),
            ..every()
        };
        assert!(own(&alone).all(|spec| spec.parameters["properties"].get("destination").is_none()));
        assert_eq!(own(&alone).count(), Tool::ALL.len() - 4);
        assert_eq!(own(&every()).count(), Tool::ALL.len());
    }

    #[test]
    fn what_an_engine_is_told_of_a_tool_is_a_schema_whose_needs_it_names() {
        for spec in own(&every()) {
            let properties = spec.parameters["properties"].as_object().unwrap();
            for needed in spec.parameters["required"].as_array().into_iter().flatten() {
                assert!(properties.contains_key(needed.as_str().unwrap()), "{}", spec.name);
            }
        }
        let every = every();
        let announced = own(&every).find(|spec| spec.name == "transfer_announced");
        assert_eq!(
            announced.unwrap().parameters["required"],
            json!(["destination", "about"])
        );
    }

    #[test]
    fn the_pbx_gets_a_number_in_place_of_a_name() {
        assert_eq!(
            asked("check_extension_available", json!({"destination": "jenny cole"})),
            Ok(json!({"destination": "Jenny Cole", "number": "3001", "kind": "extension"}))
        );
        let why = asked("check_extension_available", json!({"destination": "legal"})).unwrap_err();
        assert!(why.contains("nobody is called like that"), "{why}");
    }

    #[test]
    fn the_pbx_gets_nothing_but_keys() {
        assert_eq!(
            asked("send_dtmf", json!({"keys": "12-34 #"})),
            Ok(json!({"keys": "1234#"}))
        );
        for keys in [
            json!({"keys": ""}),
            json!({"keys": "1\n2"}),
            json!({"keys": "1@200"}),
            json!({"keys": "1".repeat(33)}),
            json!({"keys": 12}),
            json!(null),
        ] {
            let why = asked("send_dtmf", keys.clone()).unwrap_err();
            assert!(why.contains("0-9, *, # or A-D"), "{keys}: {why}");
        }
    }

    #[test]
    fn a_recording_begins_or_ends_and_nothing_else() {
        let start = json!({"action": "start"});
        assert_eq!(asked("record_call", start.clone()), Ok(start));
        let why = asked("record_call", json!({"action": "pause"})).unwrap_err();
        assert!(why.contains("no action \"pause\""), "{why}");
    }

    #[test]
    fn what_a_secretary_does_not_offer_is_refused_whoever_would_do_it() {
        let usual = secretary("");
        let jenny = json!({"destination": "Jenny Cole"});
        for name in ["transfer_announced", "voicemail"] {
            let why = found(&usual, &request(name, jenny.clone())).unwrap_err();
            assert!(
                why.to_string().contains("there is transfer_call"),
                "{name}: {why}"
            );
        }
        for name in ["check_extension_available", "send_dtmf", "record_call"] {
            assert!(for_pbx(&usual, &request(name, jenny.clone())).is_err(), "{name}");
        }
        let found = found(&every(), &request("voicemail", jenny)).unwrap();
        assert_eq!(found, "Jenny Cole");
    }
}
