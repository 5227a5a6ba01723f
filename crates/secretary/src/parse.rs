//! From the text of a file to a [`Secretary`]: every fault with its line and its remedy, all of them at once.

mod beyond;
mod keeping;
mod people;
mod speech;

use crate::fold::suggestion;
use crate::keys::{Keys, Placed, Reading};
use crate::{Engines, Fault, Language, Secretary, SecretaryUuid, Tool};
use std::path::Path;
use toml::de::DeTable;

const BRAINS: [&str; 2] = ["script", "chat"];
const RETIRED: [(&str, &str); 2] = [
    (
        "instructions",
        "write who it is into persona and what it does and never does into rules",
    ),
    (
        "engines",
        "write engine = \"local\", or engine = [\"gemini\", \"local\"] where another takes over from one that fails",
    ),
];

/// A file as it was understood, even where it has faults: what other files are compared with is known all the same.
pub(crate) struct Parsed {
    pub(crate) secretary: Secretary,
    /// None where the file is no TOML at all.
    pub(crate) name: Option<Placed<String>>,
    pub(crate) uuid: Option<Placed<SecretaryUuid>>,
    /// The domain as it is written: a name or a UUID.
    pub(crate) domain: Option<Placed<String>>,
    pub(crate) faults: Vec<Fault>,
}

impl Secretary {
    /// Parses a secretary's file by itself. `file` names it in errors; no other file can be named in it, and its `domain` is not
    /// looked up ([`crate::Snapshot::load`] does both). All that is wrong, in the order of the file.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Fault>> {
        let parsed = parse(file, text, &|_| None);
        if parsed.faults.is_empty() {
            Ok(parsed.secretary)
        } else {
            Err(parsed.faults)
        }
    }
}

/// Parses a file. `beside` gives the text of a Markdown file in the same folder.
pub(crate) fn parse(file: &str, text: &str, beside: &dyn Fn(&str) -> Option<String>) -> Parsed {
    let mut reading = Reading::new(file, text);
    let (table, wrong) = DeTable::parse_recoverable(text);
    for error in &wrong {
        let line = reading.line(error.span().map_or(0, |span| span.start));
        let problem = error.message().lines().collect::<Vec<_>>().join(" ");
        let remedy = match problem.as_str() {
            "duplicate key" => "each key and section stands once: leave one of them out",
            _ => "the file must be TOML, see docs/secretary.md",
        };
        reading.fault(line, problem, remedy);
    }
    // The parser's second complaint of a line follows from its first.
    reading.faults.dedup_by_key(|fault| fault.line);
    let syntax = reading.faults.len();
    let mut keys = Keys::of_file(table.get_ref(), &reading);
    let mut parsed = read(&mut keys, beside, &mut reading);
    if wrong.is_empty() {
        keys.close(&RETIRED, &mut reading);
    } else {
        // Whatever else is said of half a file would mislead.
        parsed.name = None;
        reading.faults.truncate(syntax);
    }
    reading.faults.sort_by_key(|fault| fault.line);
    parsed.faults = reading.faults;
    parsed
}

fn read(keys: &mut Keys<'_>, beside: &dyn Fn(&str) -> Option<String>, reading: &mut Reading<'_>) -> Parsed {
    let domain = keys.text("domain", reading);
    let uuid = uuid(keys, reading);
    let name = name(keys, reading);
    let language = language(keys, reading);
    let engines = engines(keys, reading);
    let brain = one_of(keys, "brain", &BRAINS, "is no brain", reading);
    let script = script(keys, &engines, &brain, reading);
    let destinations = people::destinations(keys, reading);
    let phrases = speech::phrases(keys, language, reading);
    let limits = keeping::limits(keys, reading);
    let secretary = Secretary {
        uuid: uuid.as_ref().map(|uuid| uuid.value),
        name: name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
        language,
        voice: keys
            .text("voice", reading)
            .map(|voice| voice.value)
            .unwrap_or_default(),
        engines,
        brain,
        script,
        persona: markdown(keys, "persona", beside, reading),
        rules: markdown(keys, "rules", beside, reading),
        facts: speech::facts(keys, reading),
        hours: people::hours(keys, reading),
        fallback: people::fallback(keys, &destinations, reading),
        destinations,
        tools: tools(keys, reading),
        greeting: speech::greeting(keys, reading),
        http_tools: beyond::http_tools(keys, &limits, reading),
        mcp: beyond::mcp(keys, reading),
        limits,
        privacy: keeping::privacy(keys, &phrases, reading),
        phrases,
    };
    Parsed {
        secretary,
        name,
        uuid,
        domain,
        faults: Vec::new(),
    }
}

fn uuid(keys: &mut Keys<'_>, reading: &mut Reading<'_>) -> Option<Placed<SecretaryUuid>> {
    let Placed { value: text, line } = keys.text("uuid", reading)?;
    match text.parse() {
        Ok(value) => Some(Placed { value, line }),
        Err(_) => {
            let problem = format!("{text:?} is no UUID");
            let remedy = "write one such as 11111111-2222-4333-8444-555555555555 (`uuidgen` makes one), or leave it out";
            reading.fault(line, problem, remedy);
            None
        }
    }
}

fn name(keys: &mut Keys<'_>, reading: &mut Reading<'_>) -> Option<Placed<String>> {
    let remedy = "give it one, such as name = \"reception\"";
    let there = keys.has("name");
    let name = keys.text("name", reading);
    if !there {
        keys.missing("name", remedy, reading);
    }
    let name = name?;
    if name.value.trim().is_empty() {
        reading.fault(name.line, "the name is empty", remedy);
    }
    Some(name)
}

fn language(keys: &mut Keys<'_>, reading: &mut Reading<'_>) -> Language {
    let there = keys.has("language");
    let Some(text) = keys.text("language", reading) else {
        if !there {
            keys.missing("language", "write language = \"pt-BR\" or \"en\"", reading);
        }
        return Language::En;
    };
    text.value.parse().unwrap_or_else(|_| {
        let problem = format!("{:?} is not a language of a secretary", text.value);
        reading.fault(text.line, problem, "use \"pt-BR\" or \"en\"");
        Language::En
    })
}

/// One name, or a list of names; which there are is the node's to say.
fn engines(keys: &mut Keys<'_>, reading: &mut Reading<'_>) -> Engines {
    let mut names: Vec<String> = Vec::new();
    for Placed { value, line } in keys.text_or_texts("engine", reading) {
        if value.trim().is_empty() {
            let remedy = "name an engine of the configuration, such as \"local\"";
            reading.fault(line, "the name of an engine is empty", remedy);
        } else if names.contains(&value) {
            let problem = format!("the engine {value:?} stands twice");
            reading.fault(
                line,
                problem,
                "name it once: a failure is not undone by trying it again",
            );
        } else {
            names.push(value);
        }
    }
    Engines::new(names)
}

/// A text that is one of `known`; the first of them where the key is not there.
fn one_of(
    keys: &mut Keys<'_>,
    key: &'static str,
    known: &[&str],
    wrong: &str,
    reading: &mut Reading<'_>,
) -> String {
    let Some(chosen) = keys.text(key, reading) else {
        return known.first().map(|first| (*first).to_owned()).unwrap_or_default();
    };
    if !known.contains(&chosen.value.as_str()) {
        let problem = format!("{:?} {wrong}", chosen.value);
        reading.fault(chosen.line, problem, suggestion(&chosen.value, known));
    }
    chosen.value
}

fn script(keys: &mut Keys<'_>, engines: &Engines, brain: &str, reading: &mut Reading<'_>) -> String {
    let line = keys.line;
    let script = keys.text("script", reading);
    let wanted = engines.has(Engines::LOCAL) && brain == "script";
    if wanted && script.as_ref().is_none_or(|script| script.value.is_empty()) {
        reading.fault(
            script.as_ref().map_or(line, |script| script.line),
            "the brain \"script\" has no script",
            "set script to the path of a .yaml file (`voice-ai secretaries new` writes one), or brain = \"chat\"",
        );
    }
    script.map(|script| script.value).unwrap_or_default()
}

/// A Markdown text: the value itself, or the file beside this one that it names.
fn markdown(
    keys: &mut Keys<'_>,
    key: &'static str,
    beside: &dyn Fn(&str) -> Option<String>,
    reading: &mut Reading<'_>,
) -> String {
    let Some(Placed { value, line }) = keys.text(key, reading) else {
        return String::new();
    };
    let named = value.trim();
    if named.contains('\n') || !named.ends_with(".md") {
        return named.to_owned();
    }
    if Path::new(named).components().count() != 1 || Path::new(named).file_name().is_none() {
        let problem = format!("{key} names {named:?}, which is not beside this file");
        reading.fault(
            line,
            problem,
            "put the file into this folder and give its name alone",
        );
        return String::new();
    }
    beside(named)
        .map(|text| text.trim().to_owned())
        .unwrap_or_else(|| {
            let problem = format!("{key} names {named:?}, which cannot be read");
            reading.fault(
                line,
                problem,
                "put that file beside this one, or write the text itself",
            );
            String::new()
        })
}

fn tools(keys: &mut Keys<'_>, reading: &mut Reading<'_>) -> Vec<Tool> {
    let Some(named) = keys.texts("tools", reading) else {
        return Tool::USUAL.into();
    };
    let known = Tool::ALL.map(Tool::name);
    let mut tools = Vec::new();
    for Placed { value, line } in named {
        match Tool::ALL.into_iter().find(|tool| tool.name() == value) {
            None => reading.fault(line, format!("{value:?} is no tool"), suggestion(&value, &known)),
            Some(tool) if tools.contains(&tool) => {
                reading.fault(
                    line,
                    format!("the tool {value:?} stands twice"),
                    "leave one of them out",
                );
            }
            Some(tool) => tools.push(tool),
        }
    }
    tools
}
