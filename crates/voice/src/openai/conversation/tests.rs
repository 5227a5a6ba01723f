//! The protocol without a socket: what goes out for what comes in.

use super::*;
use crate::ApiKey;
use crate::openai::Config;
use crate::{Setup, engine::ToolSpec};
use audio::SampleRate;
use secretary::Secretary;
use serde_json::{Value, json};
use std::sync::Arc;

const SECRETARY: &str = r#"
name = "clara"
language = "pt-BR"
engine = "openai"
voice = "cedar"
persona = "Você é a Clara."
[greeting]
text = "Bom dia!"
[phrases]
reprompts = []
farewell = ""
apology = ""
backchannels = []
"#;

fn fresh() -> Conversation {
    let tool = ToolSpec {
        name: "end_call".into(),
        description: "Ends.".into(),
        parameters: json!({"type": "object"}),
    };
    let setup = Setup::new(
        "22222222-3333-4444-8555-666666666666".parse().unwrap(),
        "11111111-2222-4333-8444-555555555555".parse().unwrap(),
        Arc::new(Secretary::parse("clara.toml", SECRETARY).unwrap()),
        SampleRate::HZ_8000,
        Arc::new([tool]),
    );
    let config = Config::new(ApiKey::new("sk-test"));
    Conversation::new(config.opening(&setup))
}

/// A session that is ready, with nothing left to do.
fn ready() -> Conversation {
    let mut conversation = fresh();
    receive(
        &mut conversation,
        &json!({"type": "session.created", "session": {}}),
    );
    receive(
        &mut conversation,
        &json!({"type": "session.updated", "session": {}}),
    );
    conversation
}

/// What an event of the server leads to: what is sent as JSON, what is told as text.
fn receive(conversation: &mut Conversation, event: &Value) -> Vec<Value> {
    conversation.receive(Received::Text(&event.to_string()));
    done(conversation)
}

fn command(conversation: &mut Conversation, command: EngineCommand) -> Vec<Value> {
    conversation.command(command);
    done(conversation)
}

fn done(conversation: &mut Conversation) -> Vec<Value> {
    std::iter::from_fn(|| conversation.poll_action())
        .map(|action| match action {
            Action::Text(text) => json!({ "send": serde_json::from_str::<Value>(&text).unwrap() }),
            Action::Tell(event) => json!({ "tell": event }),
            Action::Charge(usage) => {
                json!({ "charge": [usage.text_in, usage.audio_out, usage.transcription_in] })
            }
            Action::Audio(answer, samples) => json!({ "audio": answer, "samples": samples.len() }),
            other @ (Action::Binary(_) | Action::Expiring { .. }) => panic!("{other:?}"),
        })
        .collect()
}

fn created(id: &str) -> Value {
    json!({"type": "response.created", "response": {"id": id, "status": "in_progress"}})
}

fn finished(id: &str, status: &str) -> Value {
    json!({"type": "response.done", "response": {"id": id, "status": status}})
}

fn audio(response: &str, item: &str, ms: usize) -> Value {
    let delta = STANDARD.encode(vec![0; ms * 48]);
    json!({"type": "response.output_audio.delta", "response_id": response, "item_id": item, "delta": delta})
}

fn function_call(response: &str, call: &str, arguments: &str) -> Value {
    json!({
        "type": "response.function_call_arguments.done", "response_id": response, "item_id": "i",
        "call_id": call, "name": "end_call", "arguments": arguments,
    })
}

fn error(code: &str, event_id: &str) -> Value {
    json!({"type": "error", "error": {"type": "invalid_request_error", "code": code, "message": "m", "event_id": event_id}})
}

fn respond(turn: u32) -> EngineCommand {
    EngineCommand::Respond { turn: TurnId(turn) }
}

fn interrupt(answer: u64, heard: u64) -> EngineCommand {
    EngineCommand::Interrupt {
        answer: AnswerId(answer),
        heard: PlayedMs(heard),
        text: String::new(),
    }
}

fn result(id: &str) -> EngineCommand {
    EngineCommand::ToolResult {
        id: ToolCallId(id.into()),
        ok: true,
        result: "{}".into(),
    }
}

fn failure(actions: &[Value]) -> Option<&str> {
    actions.iter().find_map(|a| a["tell"]["failed"]["kind"].as_str())
}

#[test]
fn the_session_is_configured_so_that_the_call_decides() {
    let mut conversation = fresh();
    let sent = receive(
        &mut conversation,
        &json!({"type": "session.created", "session": {}}),
    );
    let event = &sent[0]["send"];
    assert_eq!(event["type"], "session.update");
    let session = &event["session"];
    assert_eq!(
        session["audio"]["input"]["format"],
        json!({"type": "audio/pcm", "rate": 24000})
    );
    let detection = json!({"type": "server_vad", "create_response": false, "interrupt_response": false});
    assert_eq!(session["audio"]["input"]["turn_detection"], detection);
    assert_eq!(session["audio"]["input"]["transcription"]["language"], "pt");
    assert_eq!(
        session["audio"]["output"]["voice"], "cedar",
        "the secretary's goes before the engine's"
    );
    assert_eq!(session["tools"][0]["name"], "end_call");
    let instructions = session["instructions"].as_str().unwrap();
    assert!(
        instructions.starts_with("Você é a Clara.") && instructions.contains("Bom dia!"),
        "{instructions}"
    );

    assert!(!conversation.is_ready());
    let told = receive(
        &mut conversation,
        &json!({"type": "session.updated", "session": {}}),
    );
    assert_eq!(told, [json!({"tell": "ready"})]);
    assert!(
        receive(
            &mut conversation,
            &json!({"type": "session.updated", "session": {}})
        )
        .is_empty()
    );
}

#[test]
fn an_answer_is_asked_for_once_and_comes_with_its_cause() {
    let mut conversation = ready();
    assert_eq!(
        command(&mut conversation, respond(3))[0]["send"]["type"],
        "response.create"
    );
    let told = receive(&mut conversation, &created("r1"));
    assert_eq!(
        told,
        [json!({"tell": {"answer_started": {"answer": 1, "cause": {"turn": 3}}}})]
    );
    let told = receive(&mut conversation, &audio("r1", "i1", 20));
    assert_eq!(told, [json!({"audio": 1, "samples": 480})]);
    let told = receive(&mut conversation, &finished("r1", "completed"));
    assert_eq!(told, [json!({"tell": {"answer_done": {"answer": 1}}})]);
}

#[test]
fn an_interruption_of_a_running_answer_cancels_truncates_and_silences_it() {
    let mut conversation = ready();
    command(&mut conversation, respond(1));
    receive(&mut conversation, &created("r1"));
    receive(&mut conversation, &audio("r1", "i1", 100));
    let actions = command(&mut conversation, interrupt(1, 250));
    assert_eq!(actions[0]["send"]["type"], "response.cancel");
    assert_eq!(actions[0]["send"]["response_id"], "r1");
    assert_eq!(actions[1]["tell"]["answer_done"]["answer"], 1);
    assert_eq!(actions[2]["send"]["type"], "conversation.item.truncate");
    assert_eq!(actions[2]["send"]["item_id"], "i1");
    assert_eq!(actions[2]["send"]["audio_end_ms"], 100, "never more than came");

    let text = json!({"type": "response.output_audio_transcript.delta", "response_id": "r1", "item_id": "i1", "delta": "late"});
    assert!(receive(&mut conversation, &audio("r1", "i1", 100)).is_empty());
    assert!(receive(&mut conversation, &text).is_empty());
    assert!(receive(&mut conversation, &function_call("r1", "c1", "{}")).is_empty());
    assert!(
        receive(&mut conversation, &finished("r1", "cancelled")).is_empty(),
        "its end was told"
    );
}

#[test]
fn an_interruption_of_a_finished_answer_only_truncates() {
    let mut conversation = ready();
    command(&mut conversation, respond(1));
    receive(&mut conversation, &created("r1"));
    receive(&mut conversation, &audio("r1", "i1", 100));
    receive(&mut conversation, &finished("r1", "completed"));
    let actions = command(&mut conversation, interrupt(1, 40));
    assert_eq!(actions.len(), 1);
    assert_eq!(actions[0]["send"]["audio_end_ms"], 40);
}

#[test]
fn a_new_turn_waits_for_the_end_of_the_answer_that_it_supersedes() {
    let mut conversation = ready();
    command(&mut conversation, respond(1));
    receive(&mut conversation, &created("r1"));
    let actions = command(&mut conversation, respond(2));
    assert_eq!(actions[0]["send"]["type"], "response.cancel");
    assert_eq!(actions[1]["tell"]["answer_done"]["answer"], 1);
    assert_eq!(actions.len(), 2);
    let actions = receive(&mut conversation, &finished("r1", "cancelled"));
    assert_eq!(actions[0]["send"]["type"], "response.create");
    let told = receive(&mut conversation, &created("r2"));
    assert_eq!(
        told,
        [json!({"tell": {"answer_started": {"answer": 2, "cause": {"turn": 2}}}})]
    );
}

#[test]
fn an_answer_that_was_superseded_before_it_began_is_cancelled_untold() {
    let mut conversation = ready();
    command(&mut conversation, respond(1));
    assert!(command(&mut conversation, respond(2)).is_empty());
    let actions = receive(&mut conversation, &created("r1"));
    assert_eq!(actions.len(), 1);
    assert_eq!(actions[0]["send"]["type"], "response.cancel");
    assert_eq!(
        receive(&mut conversation, &finished("r1", "cancelled"))[0]["send"]["type"],
        "response.create"
    );
}

#[test]
fn several_tools_of_one_response_lead_to_one_follow_up_after_the_last() {
    let mut conversation = ready();
    command(&mut conversation, respond(1));
    receive(&mut conversation, &created("r1"));
    let told = receive(&mut conversation, &function_call("r1", "c1", "{\"a\":1}"));
    assert_eq!(
        told,
        [json!({"tell": {"tool_call": {"id": "c1", "name": "end_call", "arguments": {"a": 1}}}})]
    );
    receive(&mut conversation, &function_call("r1", "c2", ""));
    assert_eq!(
        command(&mut conversation, result("c1"))[0]["send"]["item"]["call_id"],
        "c1"
    );
    receive(&mut conversation, &finished("r1", "completed"));
    let actions = command(&mut conversation, result("c2"));
    assert_eq!(actions[0]["send"]["item"]["type"], "function_call_output");
    assert_eq!(actions[1]["send"]["type"], "response.create");
    assert!(
        command(&mut conversation, result("c2")).is_empty(),
        "nobody waits for it"
    );
    let told = receive(&mut conversation, &created("r2"));
    assert_eq!(
        told,
        [json!({"tell": {"answer_started": {"answer": 2, "cause": "follow_up"}}})]
    );
}

#[test]
fn the_model_is_told_when_its_arguments_are_no_object() {
    let mut conversation = ready();
    command(&mut conversation, respond(1));
    receive(&mut conversation, &created("r1"));
    let actions = receive(&mut conversation, &function_call("r1", "c1", "{\"a\":"));
    assert_eq!(actions[0]["send"]["item"]["call_id"], "c1");
    assert_eq!(actions.len(), 1);
    let actions = receive(&mut conversation, &finished("r1", "completed"));
    assert_eq!(actions[1]["send"]["type"], "response.create");
}

#[test]
fn a_tool_that_failed_is_reported_as_an_error() {
    let mut conversation = ready();
    command(&mut conversation, respond(1));
    receive(&mut conversation, &created("r1"));
    receive(&mut conversation, &function_call("r1", "c1", "{}"));
    let failed = EngineCommand::ToolResult {
        id: ToolCallId("c1".into()),
        ok: false,
        result: "busy".into(),
    };
    assert_eq!(
        command(&mut conversation, failed)[0]["send"]["item"]["output"],
        "{\"error\":\"busy\"}"
    );
}

#[test]
fn a_key_is_told_as_the_callers_text() {
    let mut conversation = ready();
    let actions = command(
        &mut conversation,
        EngineCommand::Dtmf {
            digit: Digit::new('#').unwrap(),
        },
    );
    let item = &actions[0]["send"]["item"];
    assert_eq!(item["role"], "user");
    assert_eq!(
        item["content"][0],
        json!({"type": "input_text", "text": "The caller pressed key # on the phone."})
    );
    assert_eq!(actions[1]["send"]["type"], "response.create");
}

#[test]
fn a_discarded_turn_is_deleted_once_it_is_in_the_conversation() {
    let mut conversation = ready();
    let item = |kind: &str| json!({"type": format!("input_audio_buffer.{kind}"), "item_id": "u1"});
    command(&mut conversation, EngineCommand::TurnStarted { turn: TurnId(1) });
    receive(&mut conversation, &item("speech_started"));
    assert!(command(&mut conversation, EngineCommand::Discard { turn: TurnId(1) }).is_empty());
    assert!(receive(&mut conversation, &item("speech_stopped")).is_empty());
    let actions = receive(&mut conversation, &item("committed"));
    assert_eq!(actions[0]["send"]["type"], "conversation.item.delete");
    assert_eq!(actions[0]["send"]["item_id"], "u1");
}

#[test]
fn what_comes_too_late_is_no_failure() {
    let mut conversation = ready();
    for (code, event_id) in [
        ("response_cancel_not_active", ""),
        ("invalid_value", "truncate_4"),
        ("item_truncate_invalid_item_id", "truncate_4"),
        ("item_delete_invalid_item_id", "delete_9"),
        ("invalid_value", "cancel_9"),
    ] {
        assert!(
            receive(&mut conversation, &error(code, event_id)).is_empty(),
            "{code}"
        );
        assert!(conversation.is_ready());
    }
}

#[test]
fn a_busy_server_is_asked_again_when_it_is_done() {
    let mut conversation = ready();
    let asked = command(&mut conversation, respond(1));
    let event_id = asked[0]["send"]["event_id"].as_str().unwrap().to_owned();
    let busy = error("conversation_already_has_active_response", &event_id);
    assert!(receive(&mut conversation, &busy).is_empty());
    let again = receive(&mut conversation, &finished("another", "completed"));
    assert_eq!(again.len(), 1);
    assert_eq!(again[0]["send"]["type"], "response.create");
}

#[test]
fn errors_that_leave_the_caller_without_an_answer_end_the_session() {
    let mut conversation = ready();
    let asked = command(&mut conversation, respond(1));
    let event_id = asked[0]["send"]["event_id"].as_str().unwrap().to_owned();
    assert_eq!(
        failure(&receive(&mut conversation, &error("server_error", &event_id))),
        Some("unsupported")
    );

    let mut conversation = fresh();
    assert_eq!(
        failure(&receive(
            &mut conversation,
            &error("invalid_value", "configure_1")
        )),
        Some("unsupported")
    );
    let mut conversation = ready();
    assert_eq!(
        failure(&receive(&mut conversation, &error("session_expired", ""))),
        Some("expired")
    );
    assert!(conversation.is_failed());
    let mut conversation = ready();
    assert!(receive(&mut conversation, &error("something_else", "")).is_empty());
    assert!(conversation.is_ready(), "most errors are not the end");
}

#[test]
fn a_failed_response_is_the_end_and_names_its_kind() {
    let mut conversation = ready();
    command(&mut conversation, respond(1));
    receive(&mut conversation, &created("r1"));
    let mut failed = finished("r1", "failed");
    failed["response"]["status_details"] =
        json!({"type": "failed", "error": {"code": "rate_limit_exceeded"}});
    let actions = receive(&mut conversation, &failed);
    assert_eq!(actions[0]["tell"]["answer_done"]["answer"], 1);
    assert_eq!(failure(&actions), Some("rate_limited"));
}

#[test]
fn what_is_unknown_is_passed_over_and_what_is_broken_is_not() {
    let mut conversation = ready();
    assert!(
        receive(
            &mut conversation,
            &json!({"type": "something.new", "payload": [1, {"a": null}]})
        )
        .is_empty()
    );
    conversation.receive(Received::Text("{\"type\":"));
    assert_eq!(failure(&done(&mut conversation)), Some("protocol"));
    assert!(conversation.is_failed());
}

#[test]
fn words_that_another_session_has_heard_are_answered_as_a_turn() {
    let mut conversation = ready();
    conversation.ask(TurnId(7), "Qual é o horário?".into());
    let sent = done(&mut conversation);
    assert_eq!(sent[0]["send"]["item"]["content"][0]["text"], "Qual é o horário?");
    assert_eq!(sent[1]["send"]["type"], "response.create");
    let told = receive(&mut conversation, &created("r"));
    assert_eq!(told[0]["tell"]["answer_started"]["cause"], json!({"turn": 7}));
}
