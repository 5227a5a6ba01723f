//! What of a call's words stands in its event log.
//!
//! A mask puts one character in the place of another and keeps spaces, punctuation and lengths, because [`call::Call`] counts
//! characters to know which words were heard. So the call does with masked inputs what it did with the true ones, and puts out the
//! masked outputs: a masked log replays to the letter.
//!
//! What the secretary says is masked character by character, as it comes in pieces that the call joins and cuts. What the caller
//! says is weighed by the call as a whole: murmurs stay as they are, and the characters of the mask occur in no murmur.

use call::{
    Backchannels, Digit, Directive, EngineCommand, EngineEvent, Input, LegCommand, Output, Record, Role,
    Settings, ToolCallId, Weight,
};
use secretary::{Destination, Privacy, folded};
use serde_json::Value;
use std::collections::{HashSet, VecDeque};

/// The tools that hand a call over.
const TRANSFERS: [&str; 3] = ["transfer_call", "transfer_announced", "voicemail"];
/// The tool that asks whether somebody could take it.
const ENQUIRY: &str = "check_extension_available";
/// What of a transfer the one who is called is told.
const ABOUT: &str = "about";
/// A destination of more digits than this is no extension but somebody's telephone number.
const EXTENSION: usize = 6;
/// So many of the caller's last texts, tools and results are remembered, each until what the call makes of it was put out.
const REMEMBERED: usize = 64;

/// How much of a text is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Digits,
    All,
}

/// The mask of one call.
#[derive(Debug)]
pub struct Mask {
    backchannels: Backchannels,
    letter: char,
    digit: char,
    /// What is masked of any text.
    always: Extent,
    privacy: Privacy,
    /// The names, aliases and numbers of the secretary's destinations, folded. What else a destination is called may be anything.
    destinations: HashSet<String>,
    private: bool,
    /// The caller's texts and how they were masked: the call repeats them later.
    heard: VecDeque<(String, Extent)>,
    /// The tools that the engine wanted: an engine may give an id to several.
    tools: VecDeque<(ToolCallId, String, Tool)>,
    /// Those that the call had used: of these there are results.
    used: VecDeque<(ToolCallId, Tool)>,
    /// What tools came to, and the same masked: the engine is told of it.
    results: VecDeque<(ToolCallId, String, String)>,
    /// What transfers are announced with, and the same masked: the call repeats it.
    announcements: VecDeque<(String, String)>,
    /// Destinations as they were found, and the same masked: the call tells the engine of them.
    found: VecDeque<(String, String)>,
}

#[derive(Debug, Clone, Copy)]
struct Tool {
    about: About,
    extent: Extent,
}

/// Whom a tool is about. A destination of the secretary's is no secret, and without it no transfer could be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Nobody,
    /// A destination, of which it finds something out.
    Somebody,
    /// A destination, to which the call goes: its result is the name.
    Goal,
}

impl About {
    fn of(tool: &str) -> Self {
        match tool {
            ENQUIRY => Self::Somebody,
            tool if TRANSFERS.contains(&tool) => Self::Goal,
            _ => Self::Nobody,
        }
    }
}

impl Mask {
    /// The mask of a call with these rules, of a secretary with this privacy and these destinations.
    pub fn new(rules: &Settings, privacy: &Privacy, destinations: &[Destination]) -> Self {
        let unused = |candidates: &str| {
            let murmurs: String = rules.backchannels.iter().map(|text| folded(text)).collect();
            let first = candidates.chars().next().unwrap_or('x');
            candidates
                .chars()
                .find(|letter| !murmurs.contains(*letter))
                .unwrap_or(first)
        };
        Self {
            backchannels: Backchannels::new(&rules.backchannels),
            letter: unused("xzqwkyjжщ"),
            digit: unused("0987654321"),
            always: if privacy.transcript {
                Extent::Digits
            } else {
                Extent::All
            },
            privacy: privacy.clone(),
            destinations: destinations
                .iter()
                .flat_map(|known| known.aliases.iter().chain([&known.name, &known.number]))
                .map(|name| folded(name))
                .collect(),
            private: false,
            heard: VecDeque::new(),
            tools: VecDeque::new(),
            used: VecDeque::new(),
            results: VecDeque::new(),
            announcements: VecDeque::new(),
            found: VecDeque::new(),
        }
    }

    /// From now on what the caller says and presses is for nobody else, or no longer is.
    pub fn set_private(&mut self, private: bool) {
        self.private = private;
    }

    /// The rules, as they stand in the log's header.
    pub fn settings(&self, rules: &Settings) -> Settings {
        Settings {
            notice: self.spoken(&rules.notice),
            greeting: self.spoken(&rules.greeting),
            reprompts: rules.reprompts.iter().map(|text| self.spoken(text)).collect(),
            farewell: self.spoken(&rules.farewell),
            apology: self.spoken(&rules.apology),
            waiting_words: rules
                .waiting_words
                .iter()
                .map(|(tool, words)| (tool.clone(), self.spoken(words)))
                .collect(),
            waiting: self.spoken(&rules.waiting),
            bridge: self.spoken(&rules.bridge),
            fallback: rules.fallback.as_deref().map(|to| self.destination(to)),
            ..rules.clone()
        }
    }

    /// An input as it stands in the log.
    pub fn input(&mut self, input: &Input) -> Input {
        match input {
            Input::Dtmf(digit) => Input::Dtmf(masked_key(*digit)),
            Input::Engine(event) => Input::Engine(self.event(event)),
            Input::ToolDone { id, ok, result } => Input::ToolDone {
                id: id.clone(),
                ok: *ok,
                result: self.result(id, *ok, result),
            },
            Input::Operator(Directive::Say { text }) => Input::Operator(Directive::Say {
                text: self.spoken(text),
            }),
            Input::Operator(Directive::Transfer { destination }) => Input::Operator(Directive::Transfer {
                destination: self.destination(destination),
            }),
            other => other.clone(),
        }
    }

    fn event(&mut self, event: &EngineEvent) -> EngineEvent {
        match event {
            EngineEvent::Heard { turn, text, is_final } => {
                let extent = self.extent();
                remember(&mut self.heard, (text.clone(), extent));
                EngineEvent::Heard {
                    turn: *turn,
                    text: self.said_by_caller(text, extent),
                    is_final: *is_final,
                }
            }
            EngineEvent::AnswerText { answer, text, at_ms } => EngineEvent::AnswerText {
                answer: *answer,
                text: self.spoken(text),
                at_ms: *at_ms,
            },
            EngineEvent::ToolCall { id, name, arguments } => {
                let tool = Tool {
                    about: About::of(name),
                    extent: self.extent(),
                };
                remember(&mut self.tools, (id.clone(), name.clone(), tool));
                let masked = self.arguments(arguments, tool);
                if let (Some(about), Some(masked)) = (about(arguments), about(&masked)) {
                    let known = (about.to_owned(), masked.to_owned());
                    remember(&mut self.announcements, known);
                }
                EngineEvent::ToolCall {
                    id: id.clone(),
                    name: name.clone(),
                    arguments: masked,
                }
            }
            EngineEvent::Failed { kind, message } => EngineEvent::Failed {
                kind: *kind,
                message: self.text(message, Extent::Digits),
            },
            other => other.clone(),
        }
    }

    /// An output as it stands in the log.
    pub fn output(&mut self, output: &Output) -> Output {
        match output {
            Output::Engine(command) => Output::Engine(self.command(command)),
            Output::Leg(LegCommand::Transcript { role, text, is_final }) => {
                let text = match role {
                    Role::User => self.said_by_caller(text, self.extent_as_heard(text)),
                    Role::Assistant => self.spoken(text),
                };
                Output::Leg(LegCommand::Transcript {
                    role: *role,
                    text,
                    is_final: *is_final,
                })
            }
            Output::Leg(LegCommand::Transfer {
                destination,
                announcement,
            }) => Output::Leg(LegCommand::Transfer {
                destination: self.destination(destination),
                announcement: announcement.as_deref().map(|about| self.announced(about)),
            }),
            Output::Leg(LegCommand::Voicemail { destination }) => Output::Leg(LegCommand::Voicemail {
                destination: self.destination(destination),
            }),
            Output::Record(Record::TransferEnded { destination, outcome }) => {
                Output::Record(Record::TransferEnded {
                    destination: self.destination(destination),
                    outcome: outcome.clone(),
                })
            }
            Output::PlayPrompt { prompt, text } => Output::PlayPrompt {
                prompt: *prompt,
                text: self.spoken(text),
            },
            Output::Tool(request) => {
                let mut request = request.clone();
                let tool = self.wanted(&request.id, &request.name);
                remember(&mut self.used, (request.id.clone(), tool));
                request.arguments = self.arguments(&request.arguments, tool);
                Output::Tool(request)
            }
            Output::Record(Record::Heard {
                utterance,
                played,
                cut,
                text,
            }) => Output::Record(Record::Heard {
                utterance: *utterance,
                played: *played,
                cut: *cut,
                text: self.spoken(text),
            }),
            other => other.clone(),
        }
    }

    fn command(&self, command: &EngineCommand) -> EngineCommand {
        match command {
            EngineCommand::Say { say, text } => EngineCommand::Say {
                say: *say,
                text: self.spoken(text),
            },
            EngineCommand::Interrupt { answer, heard, text } => EngineCommand::Interrupt {
                answer: *answer,
                heard: *heard,
                text: self.spoken(text),
            },
            EngineCommand::ToolResult { id, ok, result } => EngineCommand::ToolResult {
                id: id.clone(),
                ok: *ok,
                result: self.result_told(id, result),
            },
            EngineCommand::Dtmf { digit } => EngineCommand::Dtmf {
                digit: masked_key(*digit),
            },
            other => other.clone(),
        }
    }

    /// What is masked of what comes now.
    fn extent(&self) -> Extent {
        if self.private { Extent::All } else { self.always }
    }

    /// What was masked of the caller's text when it came: a question that was private then may be over by now.
    fn extent_as_heard(&self, text: &str) -> Extent {
        self.heard
            .iter()
            .rfind(|(heard, _)| heard == text)
            .map_or(self.extent(), |(_, extent)| *extent)
    }

    /// A tool as it was when the engine wanted it.
    fn wanted(&self, id: &ToolCallId, name: &str) -> Tool {
        let is_it = |known: &&(ToolCallId, String, Tool)| known.0 == *id && known.1 == name;
        let known = self.tools.iter().rfind(is_it);
        known.map_or(
            Tool {
                about: About::of(name),
                extent: self.extent(),
            },
            |(_, _, tool)| *tool,
        )
    }

    /// The tool of which a result comes.
    fn used(&self, id: &ToolCallId) -> Tool {
        let used = self.used.iter().rfind(|(known, _)| known == id);
        let wanted = || self.tools.iter().rfind(|(known, _, _)| known == id);
        used.map(|(_, tool)| *tool)
            .or_else(|| wanted().map(|(_, _, tool)| *tool))
            .unwrap_or(Tool {
                about: About::Nobody,
                extent: self.extent(),
            })
    }

    fn said_by_caller(&self, text: &str, extent: Extent) -> String {
        match self.backchannels.weigh(text) {
            Weight::Nothing | Weight::Backchannel => text.to_owned(),
            Weight::Words => self.text(text, extent),
        }
    }

    fn spoken(&self, text: &str) -> String {
        self.text(text, self.always)
    }

    fn text(&self, text: &str, extent: Extent) -> String {
        text.chars().map(|letter| self.letter(letter, extent)).collect()
    }

    fn letter(&self, letter: char, extent: Extent) -> char {
        match extent {
            _ if letter.is_numeric() => self.digit,
            Extent::All if letter.is_alphabetic() => self.letter,
            Extent::All | Extent::Digits => letter,
        }
    }

    fn destination(&self, text: &str) -> String {
        let digits = text.chars().filter(|letter| letter.is_numeric()).count();
        if digits > EXTENSION {
            self.text(text, Extent::Digits)
        } else {
            text.to_owned()
        }
    }

    fn arguments(&self, arguments: &Value, tool: Tool) -> Value {
        let Value::Object(fields) = arguments else {
            return self.value(arguments, tool.extent);
        };
        let masked = fields.iter().map(|(name, value)| {
            let value = match value {
                Value::String(text)
                    if tool.about != About::Nobody
                        && name == "destination"
                        && self.destinations.contains(&folded(text)) =>
                {
                    Value::String(self.destination(text))
                }
                value => self.field(name, value, tool.extent),
            };
            (name.clone(), value)
        });
        Value::Object(masked.collect())
    }

    fn field(&self, name: &str, value: &Value, extent: Extent) -> Value {
        let is_sensitive = self.privacy.is_sensitive(name);
        self.value(value, if is_sensitive { Extent::All } else { extent })
    }

    fn value(&self, value: &Value, extent: Extent) -> Value {
        match value {
            Value::Null | Value::Bool(_) => value.clone(),
            Value::Number(_) => Value::from(0),
            Value::String(text) => Value::String(self.text(text, extent)),
            Value::Array(items) => items.iter().map(|item| self.value(item, extent)).collect(),
            Value::Object(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(name, value)| (name.clone(), self.field(name, value, extent)))
                    .collect(),
            ),
        }
    }

    /// What a tool came to. That of a transfer is the destination's name, by which the call goes on.
    fn result(&mut self, id: &ToolCallId, ok: bool, result: &str) -> String {
        let tool = self.used(id);
        // What it was told in private it may repeat when that is over.
        let extent = match tool.extent {
            Extent::All => Extent::All,
            Extent::Digits => self.extent(),
        };
        let masked = if ok && tool.about == About::Goal {
            let masked = self.destination(result);
            remember(&mut self.found, (result.to_owned(), masked.clone()));
            masked
        } else {
            self.told(result, extent)
        };
        remember(&mut self.results, (id.clone(), result.to_owned(), masked.clone()));
        masked
    }

    /// What a tool told. Of JSON the sensitive fields are masked whole, whatever service wrote it.
    fn told(&self, result: &str, extent: Extent) -> String {
        match serde_json::from_str(result) {
            Ok(told @ (Value::Object(_) | Value::Array(_))) if self.has_sensitive(&told) => {
                self.value(&told, extent).to_string()
            }
            _ => self.text(result, extent),
        }
    }

    fn has_sensitive(&self, value: &Value) -> bool {
        match value {
            Value::Object(fields) => fields
                .iter()
                .any(|(name, value)| self.privacy.is_sensitive(name) || self.has_sensitive(value)),
            Value::Array(items) => items.iter().any(|item| self.has_sensitive(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
    }

    /// A result on its way to the engine: a tool's own, or words of the call's, which are no secret.
    fn result_told(&self, id: &ToolCallId, result: &str) -> String {
        let own = self
            .results
            .iter()
            .rfind(|(known, text, _)| known == id && text == result);
        own.map_or_else(|| self.told_of_transfers(result), |(_, _, masked)| masked.clone())
    }

    /// The call's own words, in which a destination may stand.
    fn told_of_transfers(&self, words: &str) -> String {
        let mut words = words.to_owned();
        for (found, masked) in self.found.iter().filter(|(found, masked)| found != masked) {
            words = words.replace(found, masked);
        }
        words
    }

    fn announced(&self, text: &str) -> String {
        let known = self.announcements.iter().rfind(|(about, _)| about == text);
        known.map_or_else(|| self.spoken(text), |(_, masked)| masked.clone())
    }
}

/// What a transfer is announced with, as the call takes it.
fn about(arguments: &Value) -> Option<&str> {
    arguments.get(ABOUT).and_then(Value::as_str).map(str::trim)
}

/// A key is masked whole: which one it was changes nothing in the call.
fn masked_key(key: Digit) -> Digit {
    Digit::new('0').unwrap_or(key)
}

fn remember<T>(memory: &mut VecDeque<T>, item: T) {
    if memory.len() == REMEMBERED {
        memory.pop_front();
    }
    memory.push_back(item);
}
