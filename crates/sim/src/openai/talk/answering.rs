//! The stand-in's responses: all events of one at once, as fast as they can be written.

use super::super::events;
use super::super::script::{Answer, CALL_ID, Fault, Moment, ToolUse};
use super::{Conversation, Held};
use crate::provider::{FLOOD, Out, bytes_of, tone};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// The rate of a script's audio.
const SCRIPTED_HZ: u32 = 24_000;

impl Conversation {
    pub(super) fn respond(&mut self, event: &Value) {
        if let Some((kind, code)) = self.fault_at(Moment::Answer) {
            self.say(events::error(
                &kind,
                &code,
                "scripted",
                None,
                event["event_id"].as_str(),
            ));
            return;
        }
        if let Some(held) = &self.held {
            let message = format!("Conversation already has an active response: {}", held.response);
            self.refuse(event, "conversation_already_has_active_response", &message, None);
            return;
        }
        match self.fault_of_answer() {
            Some(Fault::Malformed) => self.outs.push(Out::Raw("{\"type\":\"response.created\",".into())),
            Some(Fault::NoAnswer) => {}
            _ => self.answer(),
        }
    }

    pub(super) fn cancel(&mut self, event: &Value) {
        let asked = event["response_id"].as_str();
        let active = self
            .held
            .as_ref()
            .is_some_and(|held| asked.is_none_or(|id| id == held.response));
        if !active {
            self.refuse(
                event,
                "response_cancel_not_active",
                "Cancellation failed: no active response found",
                None,
            );
            return;
        }
        self.end_held("client_cancelled");
    }

    /// Ends the response that waits, if one does.
    pub(super) fn end_held(&mut self, reason: &str) {
        let Some(Held { response, item }) = self.held.take() else {
            return;
        };
        let details = json!({ "type": "cancelled", "reason": reason });
        self.response_done(&response, "cancelled", &details, &[item]);
    }

    /// What goes wrong with the next answer.
    fn fault_of_answer(&self) -> Option<&Fault> {
        let spared = self.answers < self.script.spared;
        self.script.fault.as_ref().filter(|_| !spared)
    }

    /// Gives the next answer of the script.
    pub(super) fn answer(&mut self) {
        let scripted = self.script.answers.get(self.answers).cloned();
        let answer = scripted.unwrap_or_else(|| Answer::tone("Sim.", Duration::from_millis(500)));
        let fault = self.fault_of_answer().cloned();
        self.answers += 1;
        let response = self.number("resp");
        let created = events::response(&response, "in_progress", &Value::Null, &[], &Value::Null);
        self.say(json!({ "type": "response.created", "response": created }));
        if let Some(Fault::FailedAnswer { kind, code }) = &fault {
            let details =
                json!({ "type": "failed", "error": { "type": kind, "code": code, "message": "scripted" } });
            self.response_done(&response, "failed", &details, &[]);
            return;
        }
        let limits =
            json!([{ "name": "tokens", "limit": 40_000, "remaining": 39_000, "reset_seconds": 1.5 }]);
        self.say(json!({ "type": "rate_limits.updated", "rate_limits": limits }));

        let mut output = Vec::new();
        if !answer.text.is_empty() {
            let item = self.speak(&response, &answer, fault.as_ref());
            if self.outs.iter().any(is_the_last) {
                return;
            }
            if answer.held {
                self.held = Some(Held { response, item });
                return;
            }
            output.push(item);
        }
        for (index, tool) in (output.len()..).zip(&answer.tools) {
            output.push(self.call(&response, index, tool));
        }
        self.response_done(&response, "completed", &Value::Null, &output);
    }

    fn response_done(&mut self, response: &str, status: &str, details: &Value, output: &[Value]) {
        let done = events::response(response, status, details, output, &events::usage());
        self.say(json!({ "type": "response.done", "response": done }));
    }

    /// Says an answer's words, and gives the finished item.
    fn speak(&mut self, response: &str, answer: &Answer, fault: Option<&Fault>) -> Value {
        let item = self.number("item");
        let started = events::assistant(&item, "in_progress", None);
        self.say(json!({ "type": "response.output_item.added", "response_id": response, "output_index": 0, "item": started }));
        self.added(&item, &started);
        let place =
            json!({ "response_id": response, "item_id": item, "output_index": 0, "content_index": 0 });
        let part = json!({ "type": "audio", "transcript": "" });
        self.say(at(&place, "response.content_part.added", json!({ "part": part })));

        let hz = self.script.dialect.rates(&self.session).1;
        let pcm = match fault {
            Some(Fault::Flood) => tone(FLOOD, hz),
            _ => at_rate(&answer.pcm, hz),
        };
        let mut words = answer.text.split_inclusive(' ');
        // 200 ms each.
        for (index, samples) in pcm.chunks(hz as usize / 5).enumerate() {
            if let Some(word) = words.next() {
                self.say(at(
                    &place,
                    "response.output_audio_transcript.delta",
                    json!({ "delta": word }),
                ));
            }
            self.say(at(
                &place,
                "response.output_audio.delta",
                json!({ "delta": STANDARD.encode(bytes_of(samples)) }),
            ));
            if let Some(last) = fault.filter(|_| index == 0).and_then(cut_by) {
                self.outs.push(last);
                return Value::Null;
            }
        }
        let rest: String = words.collect();
        if !rest.is_empty() {
            self.say(at(
                &place,
                "response.output_audio_transcript.delta",
                json!({ "delta": rest }),
            ));
        }
        let status = if answer.held { "incomplete" } else { "completed" };
        let finished = events::assistant(&item, status, Some(&answer.text));
        let spoken_ms = pcm.len() as u64 * 1_000 / u64::from(hz);
        if answer.held {
            self.items.insert(
                item,
                super::Item {
                    spoken_ms: Some(spoken_ms),
                },
            );
            return finished;
        }
        self.say(at(&place, "response.output_audio.done", json!({})));
        self.say(at(
            &place,
            "response.output_audio_transcript.done",
            json!({ "transcript": answer.text }),
        ));
        let part = json!({ "type": "audio", "transcript": answer.text });
        self.say(at(&place, "response.content_part.done", json!({ "part": part })));
        self.say(json!({ "type": "response.output_item.done", "response_id": response, "output_index": 0, "item": finished }));
        self.done(&item, Some(spoken_ms), &finished);
        finished
    }

    /// Calls a tool, and gives the finished item.
    fn call(&mut self, response: &str, index: usize, tool: &ToolUse) -> Value {
        // Nobody else's, of whatever connection: what becomes of a call can be told by it.
        let (item, call) = (self.number("item"), format!("call_{}", Uuid::new_v4().simple()));
        let started = events::function_call(&item, "in_progress", &call, &tool.name, "");
        self.say(json!({ "type": "response.output_item.added", "response_id": response, "output_index": index, "item": started }));
        self.added(&item, &started);
        let place =
            json!({ "response_id": response, "item_id": item, "output_index": index, "call_id": call });
        let arguments = &tool.arguments.replace(CALL_ID, &call);
        self.say(at(
            &place,
            "response.function_call_arguments.delta",
            json!({ "delta": arguments }),
        ));
        let whole = json!({ "name": tool.name, "arguments": arguments });
        self.say(at(&place, "response.function_call_arguments.done", whole));
        let finished = events::function_call(&item, "completed", &call, &tool.name, arguments);
        self.say(json!({ "type": "response.output_item.done", "response_id": response, "output_index": index, "item": finished }));
        self.done(&item, None, &finished);
        finished
    }
}

/// What follows the first audio of an answer that is cut short, if the fault cuts it.
fn cut_by(fault: &Fault) -> Option<Out> {
    match fault {
        Fault::CloseMidAnswer(code) => Some(Out::Close(*code, String::new())),
        Fault::BreakMidAnswer => Some(Out::Break),
        Fault::StallMidAnswer => Some(Out::Stall),
        _ => None,
    }
}

/// Whether nothing can follow this.
fn is_the_last(out: &Out) -> bool {
    matches!(out, Out::Close(..) | Out::Break | Out::Stall)
}

/// A script's audio at another rate: the nearest sample, which a tone does not mind.
fn at_rate(pcm: &[i16], hz: u32) -> Vec<i16> {
    let (from, to) = (SCRIPTED_HZ as usize, hz as usize);
    (0..pcm.len() * to / from).map(|n| pcm[n * from / to]).collect()
}

/// An event at a place of a response.
fn at(place: &Value, kind: &str, rest: Value) -> Value {
    let mut event = place.clone();
    event["type"] = kind.into();
    if let (Value::Object(event), Value::Object(mut rest)) = (&mut event, rest) {
        event.append(&mut rest);
    }
    event
}
