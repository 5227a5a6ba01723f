//! What was said so far, as the model is shown it.

use super::completion::WrittenCall;
use serde_json::{Value, json};

/// Turns of the caller that are kept, however short.
const MOST_TURNS: usize = 60;

#[derive(Debug, Clone, PartialEq)]
enum Entry {
    User(String),
    Assistant { text: String, calls: Vec<Used> },
}

/// A tool that was used, with what came of it: the two are never parted.
#[derive(Debug, Clone, PartialEq)]
struct Used {
    call: WrittenCall,
    result: Option<String>,
}

/// A conversation.
#[derive(Debug)]
pub(super) struct History {
    system: String,
    entries: Vec<Entry>,
    most_characters: usize,
}

impl History {
    pub(super) fn new(system: String, most_characters: usize) -> Self {
        Self {
            system,
            entries: Vec::new(),
            most_characters,
        }
    }

    /// Words of the caller; none if only those before are to be answered.
    pub(super) fn heard(&mut self, text: &str) {
        if !text.is_empty() {
            self.user(text.to_string());
        }
    }

    /// What happened without words, in brackets.
    pub(super) fn note(&mut self, text: &str) {
        self.user(format!("[{text}]"));
    }

    fn user(&mut self, text: String) {
        match self.entries.last_mut() {
            // Some models refuse two messages of one role in a row.
            Some(Entry::User(before)) => {
                before.push('\n');
                before.push_str(&text);
            }
            _ => self.entries.push(Entry::User(text)),
        }
        self.trim();
    }

    /// Words of the assistant, and the tools that it uses.
    pub(super) fn said(&mut self, text: &str, calls: Vec<WrittenCall>) {
        if text.is_empty() && calls.is_empty() {
            return;
        }
        let calls: Vec<Used> = calls
            .into_iter()
            .map(|call| Used { call, result: None })
            .collect();
        match self.entries.last_mut() {
            Some(Entry::Assistant {
                text: before,
                calls: used,
            }) if used.is_empty() => {
                *before = format!("{before} {text}").trim().into();
                *used = calls;
            }
            _ => self.entries.push(Entry::Assistant {
                text: text.into(),
                calls,
            }),
        }
    }

    /// What became of a tool; nothing happens if it was never used, or is long forgotten.
    pub(super) fn result(&mut self, id: &str, result: String) {
        let used = self.entries.iter_mut().rev().find_map(|entry| match entry {
            Entry::Assistant { calls, .. } => calls.iter_mut().find(|used| used.call.id == id),
            Entry::User(_) => None,
        });
        if let Some(used) = used {
            used.result = Some(result);
        }
    }

    /// The tool that was used under that id.
    pub(super) fn tool(&self, id: &str) -> Option<&str> {
        self.entries.iter().rev().find_map(|entry| match entry {
            Entry::Assistant { calls, .. } => calls
                .iter()
                .find(|u| u.call.id == id)
                .map(|u| u.call.name.as_str()),
            Entry::User(_) => None,
        })
    }

    /// Only this of the last words was heard. What was said before the caller's last words is no part of that.
    pub(super) fn cut(&mut self, heard: &str) {
        let Some(Entry::Assistant { text, calls }) = self.entries.last_mut() else {
            return;
        };
        *text = heard.into();
        if text.is_empty() && calls.is_empty() {
            self.entries.pop();
        }
    }

    /// Texts that no log may repeat: what was said, each time by itself, and what tools were told and told.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().flat_map(|entry| {
            let (text, calls): (_, &[Used]) = match entry {
                Entry::User(text) => (text, &[]),
                Entry::Assistant { text, calls } => (text, calls),
            };
            let of_calls = calls
                .iter()
                .flat_map(|used| [Some(used.call.arguments.as_str()), used.result.as_deref()]);
            text.lines().chain(of_calls.flatten())
        })
    }

    /// The messages of a request.
    pub(super) fn messages(&self) -> Vec<Value> {
        let mut messages = vec![json!({"role": "system", "content": self.system})];
        // Some models want the user to begin.
        if matches!(self.entries.first(), Some(Entry::Assistant { .. })) {
            messages.push(json!({"role": "user", "content": "[the call begins]"}));
        }
        for entry in &self.entries {
            match entry {
                Entry::User(text) => messages.push(json!({"role": "user", "content": text})),
                Entry::Assistant { text, calls } => push_assistant(&mut messages, text, calls),
            }
        }
        messages
    }

    /// Leaves out the oldest turns while there are too many; the present one stays.
    fn trim(&mut self) {
        while self.turns() > 1 && (self.turns() > MOST_TURNS || self.characters() > self.most_characters) {
            let next = self
                .entries
                .iter()
                .skip(1)
                .position(|e| matches!(e, Entry::User(_)));
            let Some(next) = next else { return };
            self.entries.drain(..=next);
        }
    }

    fn turns(&self) -> usize {
        self.entries
            .iter()
            .filter(|e| matches!(e, Entry::User(_)))
            .count()
    }

    fn characters(&self) -> usize {
        let of_call = |used: &Used| used.call.arguments.len() + used.result.as_ref().map_or(0, String::len);
        self.entries
            .iter()
            .map(|entry| match entry {
                Entry::User(text) => text.len(),
                Entry::Assistant { text, calls } => text.len() + calls.iter().map(of_call).sum::<usize>(),
            })
            .sum()
    }
}

fn push_assistant(messages: &mut Vec<Value>, text: &str, calls: &[Used]) {
    if calls.is_empty() {
        messages.push(json!({"role": "assistant", "content": text}));
        return;
    }
    let written: Vec<Value> = calls
        .iter()
        .map(|Used { call, .. }| {
            // An endpoint may refuse its own model's broken arguments when it gets them back.
            let arguments = if call.object().is_ok() { call.arguments.as_str() } else { "{}" };
            let arguments = if arguments.trim().is_empty() { "{}" } else { arguments };
            json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}})
        })
        .collect();
    let content = if text.is_empty() { Value::Null } else { text.into() };
    messages.push(json!({"role": "assistant", "content": content, "tool_calls": written}));
    for Used { call, result } in calls {
        let content = result.as_deref().unwrap_or("no result yet");
        messages.push(json!({"role": "tool", "tool_call_id": call.id, "content": content}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str) -> WrittenCall {
        WrittenCall {
            id: id.into(),
            name: "take_message".into(),
            ..WrittenCall::default()
        }
    }

    fn roles(history: &History) -> Vec<String> {
        history
            .messages()
            .iter()
            .map(|m| m["role"].as_str().unwrap().into())
            .collect()
    }

    #[test]
    fn roles_take_turns_and_the_user_begins() {
        let mut history = History::new("be brief".into(), 1_000);
        history.said("Olá!", Vec::new());
        history.note("the caller is silent");
        history.heard("oi");
        history.said("Sim?", Vec::new());
        history.said("Diga.", Vec::new());
        assert_eq!(
            roles(&history),
            ["system", "user", "assistant", "user", "assistant"]
        );
        assert_eq!(history.messages()[3]["content"], "[the caller is silent]\noi");
        assert_eq!(history.messages()[4]["content"], "Sim? Diga.");
    }

    #[test]
    fn only_what_was_heard_stays() {
        let mut history = History::new(String::new(), 1_000);
        history.heard("oi");
        history.said("Olá, tudo bem? Em que posso ajudar?", Vec::new());
        history.cut("Olá, tudo");
        assert_eq!(history.messages()[2]["content"], "Olá, tudo");
        history.cut("");
        assert_eq!(roles(&history), ["system", "user"]);
    }

    #[test]
    fn every_call_has_its_result_even_before_it_came() {
        let mut history = History::new(String::new(), 1_000);
        history.heard("anota");
        history.said("", vec![call("a"), call("b")]);
        history.result("b", "noted".into());
        history.result("c", "lost".into());
        assert_eq!(
            (history.tool("b"), history.tool("c")),
            (Some("take_message"), None)
        );
        assert_eq!(roles(&history), ["system", "user", "assistant", "tool", "tool"]);
        let messages = history.messages();
        assert_eq!(
            (&messages[3]["content"], &messages[4]["content"]),
            (&json!("no result yet"), &json!("noted"))
        );
        assert_eq!(messages[2]["content"], Value::Null);
        history.cut("");
        assert_eq!(roles(&history).len(), 5, "a call stays even if nothing was heard");
    }

    #[test]
    fn no_log_may_repeat_one_turn_of_several_nor_what_tools_were_told() {
        let mut history = History::new(String::new(), 1_000);
        history.heard("meu nome é Ana");
        history.heard("e o CPF é 123");
        let arguments = r#"{"name":"Ana"}"#.to_owned();
        history.said(
            "Anotado.",
            vec![WrittenCall {
                arguments,
                ..call("a")
            }],
        );
        history.result("a", "noted for Ana".into());
        let words: Vec<&str> = history.words().collect();
        assert_eq!(
            words,
            [
                "meu nome é Ana",
                "e o CPF é 123",
                "Anotado.",
                r#"{"name":"Ana"}"#,
                "noted for Ana"
            ]
        );
    }

    #[test]
    fn the_oldest_turns_go_first_and_whole() {
        let mut history = History::new(String::new(), 60);
        for turn in 0..10 {
            history.heard(&format!("turn {turn} 0123456789"));
            history.said("", vec![call("x")]);
            history.result("x", "0123456789".into());
            history.said("done", Vec::new());
        }
        history.heard("now");
        let messages = history.messages();
        assert!(messages.len() > 3 && messages.len() < 12, "{messages:?}");
        assert_eq!(messages[1]["role"], "user");
        for pair in messages.windows(2).filter(|pair| pair[1]["role"] == "tool") {
            assert!(pair[0]["tool_calls"].is_array(), "{pair:?}");
        }
        assert_eq!(messages.last().unwrap()["content"], "now");
    }

    #[test]
    fn the_present_turn_stays_however_long() {
        let mut history = History::new(String::new(), 10);
        history.heard("a much longer sentence than ten characters");
        assert_eq!(roles(&history), ["system", "user"]);
    }
}
