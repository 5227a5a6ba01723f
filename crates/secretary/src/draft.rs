//! A secretary's first file and script, written from a few answers: good enough to take calls, commented to be changed.

mod wording;

use crate::fold::folded;
use crate::{Language, SecretaryUuid};
use std::fmt::Write;
use wording::Wording;

/// What a new secretary is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Its UUID.
    pub uuid: SecretaryUuid,
    /// The domain that it answers for, by its name.
    pub domain: String,
    /// The name by which metadata and configuration refer to it.
    pub name: String,
    /// The language that it speaks.
    pub language: Language,
    /// The company that it answers for.
    pub company: String,
    /// Its first words.
    pub greeting: String,
    /// When the company is open; none for always.
    pub hours: Option<DraftHours>,
    /// Whom calls can be handed to, each with its number; the first is where calls go when the engine fails.
    pub destinations: Vec<(String, String)>,
}

/// When the company is open, as spans like `08:00-18:00`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftHours {
    /// An IANA name.
    pub timezone: String,
    /// From Monday to Friday.
    pub weekdays: Vec<String>,
    /// On Saturdays.
    pub saturday: Vec<String>,
}

impl Draft {
    /// A name as files have it: lower case, without accents and spaces; `secretary` where nothing is left.
    pub fn stem(&self) -> String {
        match folded(&self.name).replace(' ', "-") {
            empty if empty.is_empty() => "secretary".into(),
            stem => stem,
        }
    }

    /// The usual first words of a company's secretary.
    pub fn usual_greeting(language: Language, company: &str) -> String {
        match language {
            Language::PtBr => format!("Olá, aqui é a assistente virtual da {company}. Em que posso ajudar?"),
            Language::En => format!("Hello, this is the virtual assistant of {company}. How can I help you?"),
        }
    }

    /// The text of its file, whose script is to stand beside it as [`Draft::stem`] with `.yaml`.
    pub fn file(&self) -> String {
        let wording = Wording::of(self.language);
        let mut text = format!(
            "{top}\n\n{domain_comment}\ndomain = {domain}\nuuid = {uuid}\n{name_comment}\nname = {name}\nlanguage = {language}\n\
             {engine_comment}\nengine = \"local\"\nbrain = \"script\"\nscript = {script}\n\
             {persona_comment}\npersona = {persona}\nrules = \"\"\"\n{rules}\n\"\"\"\n",
            top = wording.top,
            domain_comment = wording.domain,
            domain = quoted(&self.domain),
            uuid = quoted(&self.uuid.to_string()),
            name_comment = wording.name,
            name = quoted(&self.name),
            language = quoted(self.language.tag()),
            engine_comment = wording.engine,
            script = quoted(&format!("{}.yaml", self.stem())),
            persona_comment = wording.persona,
            persona = quoted(&wording.is_secretary_of.replace("{company}", &self.company)),
            rules = wording.rules,
        );
        if let Some((first, _)) = self.destinations.first() {
            let _ = write!(text, "{}\nfallback = {}\n", wording.fallback, quoted(first));
        }
        let _ = write!(
            text,
            "\n[greeting]\ntext = {}\n{}\ninterruptible = true\n\n[phrases]\n{}\nreprompts = [{}]\nfarewell = {}\napology = {}\n\
             {}\nbackchannels = [{}]\n",
            quoted(&self.greeting),
            wording.interruptible,
            wording.phrases,
            quoted(wording.reprompt),
            quoted(&wording.farewell.replace("{company}", &self.company)),
            quoted(wording.apology),
            wording.backchannels_comment,
            wording.backchannels,
        );
        self.hours_section(wording, &mut text);
        self.people(wording, &mut text);
        let _ = write!(
            text,
            "\n{}\n#[facts]\n{}\n\n[privacy]\n{}\nrecording = \"off\"\ntranscript = false\nsensitive = []\n",
            wording.facts, wording.fact, wording.privacy
        );
        text
    }

    fn hours_section(&self, wording: &Wording, text: &mut String) {
        let _ = write!(text, "\n{}\n", wording.hours);
        let Some(hours) = &self.hours else {
            let _ = write!(
                text,
                "#[hours]\n#timezone = \"{}\"\n#week = {{ weekdays = [\"08:00-18:00\"] }}\n",
                wording.some_timezone
            );
            return;
        };
        let spans = |spans: &[String]| {
            spans
                .iter()
                .map(|span| quoted(span))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let _ = write!(
            text,
            "[hours]\ntimezone = {}\nholidays = [\"01-01\", \"12-25\"]\n[hours.week]\nweekdays = [{}]\nsaturday = [{}]\n",
            quoted(&hours.timezone),
            spans(&hours.weekdays),
            spans(&hours.saturday),
        );
    }

    fn people(&self, wording: &Wording, text: &mut String) {
        let _ = write!(text, "\n{}\n", wording.destinations);
        if self.destinations.is_empty() {
            let _ = write!(
                text,
                "#[[destinations]]\n#name = \"{}\"\n#number = \"2001\"\n",
                wording.some_destination
            );
        }
        for (name, number) in &self.destinations {
            let kind = match number.starts_with('+') {
                true => "external",
                false => "extension",
            };
            let _ = write!(
                text,
                "[[destinations]]\nname = {}\naliases = []\nkind = \"{kind}\"\nnumber = {}\n\n",
                quoted(name),
                quoted(number)
            );
        }
    }

    /// The text of its script: it hands calls over by the names of the destinations, and takes messages.
    pub fn script(&self) -> String {
        let wording = Wording::of(self.language);
        let (mut intents, mut choices) = (String::new(), String::new());
        for (index, (name, _)) in self.destinations.iter().enumerate() {
            let intent = format!("to_{}", index + 1);
            let (name, asked) = (quoted(name), quoted(&wording.wants.replace("{name}", name)));
            let _ = write!(
                intents,
                "  {intent}:\n    label: {name}\n    words: [{name}]\n    examples:\n      - {asked}\n"
            );
            // Key 9 is the message's.
            let key = if index < 8 {
                format!(", key: \"{}\"", index + 1)
            } else {
                String::new()
            };
            let _ = writeln!(
                choices,
                "  - {{intent: {intent}{key}, do: [{{transfer: {{to: {name}, otherwise: [{{flow: message}}]}}}}]}}"
            );
        }
        format!(
            "{top}\nlanguage: {language}\nstart: hello\n\nintents:\n{intents}  message:\n    label: {message}\n    words: [{message_words}]\n    examples:\n{messages}\
             \x20 goodbye:\n    examples:\n{goodbyes}\nslots:\n  name:\n    kind: name\n    ask: {ask_name}\n  number:\n    kind: phone\n\
             \x20   required: true\n    ask: {ask_number}\n    keys: {keys}\n    confirm: {confirm}\n  message:\n    kind: text\n\
             \x20   ask: {ask_message}\n\nstates:\n  hello:\n    ask: {help}\n    choices: []\n  more:\n    ask: {more}\n    choices:\n\
             \x20     - {{intent: yes, do: [{{go: hello}}]}}\n      - {{intent: no, do: [{{flow: goodbye}}]}}\n\neverywhere:\n{choices}\
             \x20 - {{intent: message, key: \"9\", do: [{{flow: message}}]}}\n  - {{intent: goodbye, do: [{{flow: goodbye}}]}}\n\nflows:\n\
             \x20 message:\n    - say: {take}\n    - message: {{slots: [name, number, message], done: {done}}}\n    - go: more\n\
             \x20 goodbye:\n    - end: {bye}\n\nfallback:\n  - flow: message\notherwise:\n  - flow: message\n",
            top = wording.script_top,
            language = self.language.tag(),
            message = quoted(wording.message),
            message_words = wording.message_words,
            messages = listed(wording.messages),
            goodbyes = listed(wording.goodbyes),
            ask_name = quoted(wording.ask_name),
            ask_number = quoted(wording.ask_number),
            keys = quoted(wording.keys),
            confirm = quoted(wording.confirm),
            ask_message = quoted(wording.ask_message),
            help = quoted(wording.help),
            more = quoted(wording.more),
            take = quoted(wording.take),
            done = quoted(wording.done),
            // In a script braces stand around the names of slots.
            bye = quoted(
                &wording
                    .bye
                    .replace("{company}", &self.company.replace(['{', '}'], ""))
            ),
        )
    }
}

fn listed(texts: &[&str]) -> String {
    texts.iter().fold(String::new(), |mut list, text| {
        let _ = writeln!(list, "      - {}", quoted(text));
        list
    })
}

/// A text in quotes, as TOML and YAML both read it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", c as u32);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
