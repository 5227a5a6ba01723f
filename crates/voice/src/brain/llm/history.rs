//! What was said so far, as the model is shown it.

use super::dialect::WrittenCall;
use serde_json::Value;

/// Turns of the caller that are kept, however short.
const MOST_TURNS: usize = 60;

#[derive(Debug, Clone, PartialEq)]
enum Entry {
    User(String),
    Assistant(Said),
}

/// An answer of the assistant.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) calls: Vec<Used>,
    /// What the provider wants back before the calls, unread.
    pub(super) keepsakes: Vec<Value>,
}

/// A tool that was used, with what came of it: the two are never parted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Used {
    pub(super) call: WrittenCall,
    result: Option<String>,
}

impl Used {
    /// What the model is told of its call.
    pub(super) fn told(&self) -> &str {
        self.result.as_deref().unwrap_or("no result yet")
    }
}

/// One message of a request; those of the user and of the assistant take turns, and the user begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Message<'a> {
    User(&'a str),
    Assistant(&'a Said),
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
    pub(super) fn said(&mut self, text: &str, calls: Vec<WrittenCall>, keepsakes: Vec<Value>) {
        if text.is_empty() && calls.is_empty() {
            return;
        }
        let calls: Vec<Used> = calls
            .into_iter()
            .map(|call| Used { call, result: None })
            .collect();
        match self.entries.last_mut() {
            Some(Entry::Assistant(before)) if before.calls.is_empty() => {
                before.text = format!("{} {text}", before.text).trim().into();
                (before.calls, before.keepsakes) = (calls, keepsakes);
            }
            _ => self.entries.push(Entry::Assistant(Said {
                text: text.into(),
                calls,
                keepsakes,
            })),
        }
    }

    /// What became of a tool; nothing happens if it was never used, or is long forgotten.
    pub(super) fn result(&mut self, id: &str, result: String) {
        let used = self.entries.iter_mut().rev().find_map(|entry| match entry {
            Entry::Assistant(said) => said.calls.iter_mut().find(|used| used.call.id == id),
            Entry::User(_) => None,
        });
        if let Some(used) = used {
            used.result = Some(result);
        }
    }

    /// The tool that was used under that id.
    pub(super) fn tool(&self, id: &str) -> Option<&str> {
        self.entries.iter().rev().find_map(|entry| match entry {
            Entry::Assistant(said) => said
                .calls
                .iter()
                .find(|u| u.call.id == id)
                .map(|u| u.call.name.as_str()),
            Entry::User(_) => None,
        })
    }

    /// Only this of the last words was heard. What was said before the caller's last words is no part of that.
    pub(super) fn cut(&mut self, heard: &str) {
        let Some(Entry::Assistant(said)) = self.entries.last_mut() else {
            return;
        };
        said.text = heard.into();
        if said.text.is_empty() && said.calls.is_empty() {
            self.entries.pop();
        }
    }

    /// Texts that no log may repeat: what was said, each time by itself, and what tools were told and told.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().flat_map(|entry| {
            let (text, calls): (_, &[Used]) = match entry {
                Entry::User(text) => (text, &[]),
                Entry::Assistant(said) => (&said.text, &said.calls),
            };
            let of_calls = calls
                .iter()
                .flat_map(|used| [Some(used.call.arguments.as_str()), used.result.as_deref()]);
            text.lines().chain(of_calls.flatten())
        })
    }

    /// What the model is told of itself.
    pub(super) fn system(&self) -> &str {
        &self.system
    }

    /// The messages of a request. The user begins, as some models want it.
    pub(super) fn messages(&self) -> impl Iterator<Item = Message<'_>> {
        let begins = matches!(self.entries.first(), Some(Entry::Assistant(_)));
        let first = begins.then_some(Message::User("[the call begins]"));
        first
            .into_iter()
            .chain(self.entries.iter().map(|entry| match entry {
                Entry::User(text) => Message::User(text),
                Entry::Assistant(said) => Message::Assistant(said),
            }))
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
                Entry::Assistant(said) => said.text.len() + said.calls.iter().map(of_call).sum::<usize>(),
            })
            .sum()
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

    fn said(history: &mut History, text: &str, calls: &[&str]) {
        history.said(text, calls.iter().map(|id| call(id)).collect(), Vec::new());
    }

    /// Each message in a line: the caller's after `<`, the assistant's after `>` with its calls and what came of them.
    fn shown(history: &History) -> Vec<String> {
        let line = |message| match message {
            Message::User(text) => format!("< {text}"),
            Message::Assistant(Said { text, calls, .. }) => {
                let calls = calls
                    .iter()
                    .map(|used| format!(" {}={}", used.call.id, used.told()));
                format!("> {text}{}", calls.collect::<String>())
            }
        };
        history.messages().map(line).collect()
    }

    #[test]
    fn roles_take_turns_and_the_user_begins() {
        let mut history = History::new("be brief".into(), 1_000);
        said(&mut history, "Olá!", &[]);
        history.note("the caller is silent");
        history.heard("oi");
        said(&mut history, "Sim?", &[]);
        said(&mut history, "Diga.", &[]);
        assert_eq!(
            shown(&history),
            [
                "< [the call begins]",
                "> Olá!",
                "< [the caller is silent]\noi",
                "> Sim? Diga."
            ]
        );
        assert_eq!(history.system(), "be brief");
    }

    #[test]
    fn only_what_was_heard_stays() {
        let mut history = History::new(String::new(), 1_000);
        history.heard("oi");
        said(&mut history, "Olá, tudo bem? Em que posso ajudar?", &[]);
        history.cut("Olá, tudo");
        assert_eq!(shown(&history)[1], "> Olá, tudo");
        history.cut("");
        assert_eq!(shown(&history), ["< oi"]);
    }

    #[test]
    fn every_call_has_its_result_even_before_it_came() {
        let mut history = History::new(String::new(), 1_000);
        history.heard("anota");
        said(&mut history, "", &["a", "b"]);
        history.result("b", "noted".into());
        history.result("c", "lost".into());
        assert_eq!(
            (history.tool("b"), history.tool("c")),
            (Some("take_message"), None)
        );
        let lines = ["< anota", ">  a=no result yet b=noted"];
        assert_eq!(shown(&history), lines);
        history.cut("");
        assert_eq!(shown(&history), lines, "a call stays even if nothing was heard");
    }

    #[test]
    fn no_log_may_repeat_one_turn_of_several_nor_what_tools_were_told() {
        let mut history = History::new(String::new(), 1_000);
        history.heard("meu nome é Ana");
        history.heard("e o CPF é 123");
        let arguments = r#"{"name":"Ana"}"#.to_owned();
        let written = WrittenCall {
            arguments,
            ..call("a")
        };
        history.said("Anotado.", vec![written], Vec::new());
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
            said(&mut history, "", &["x"]);
            history.result("x", "0123456789".into());
            said(&mut history, "done", &[]);
        }
        history.heard("now");
        let lines = shown(&history);
        assert!(lines.len() > 2 && lines.len() < 8, "{lines:?}");
        assert!(lines[0].starts_with("< turn"), "{lines:?}");
        assert_eq!(lines.last().unwrap(), "< now");
    }

    #[test]
    fn the_present_turn_stays_however_long() {
        let mut history = History::new(String::new(), 10);
        history.heard("a much longer sentence than ten characters");
        assert_eq!(shown(&history).len(), 1);
    }
}
