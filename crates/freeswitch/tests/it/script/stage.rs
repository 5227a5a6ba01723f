//! A stage for the script: what FreeSWITCH, the caller, the module and the server do, and what the script does then.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

pub(crate) const CALL: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000001";
pub(crate) const DOMAIN: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const SECRETARY: &str = "22222222-2222-4222-8222-222222222222";

pub(crate) const CONNECTED: &str = r#"{"status":"connected"}"#;
/// As both builds tell it when the server has closed with 1000.
pub(crate) const CLOSED: &str = r#"{"status":"disconnected","message":{"code":1000,"reason":"server done"}}"#;
/// As sptmru tells it when the connection broke.
pub(crate) const DROPPED: &str =
    r#"{"status":"disconnected","message":{"code":1006,"reason":"Abnormal closure"}}"#;
/// As amigniter tells it when nobody listens.
pub(crate) const REFUSED: &str =
    r#"{"status":"error","message":{"code":6,"error":"Connection refused (system error 111)"}}"#;

/// What is on the stage before the script begins, and happens while it runs.
#[derive(Default, Clone)]
pub(crate) struct Stage {
    lua: String,
}

impl Stage {
    /// A call as the published dialplan hands it over.
    pub(crate) fn published() -> Self {
        Self::default()
            .variable("uuid", CALL)
            .variable("domain_uuid", DOMAIN)
            .variable("secretary_uuid", SECRETARY)
            .variable("caller_id_number", "2001")
            .variable("caller_id_name", "Jenny Cole")
            .variable("destination_number", "8000")
            .variable("context", "pbx.example.com")
            .variable("read_rate", "8000")
            .lua("ends = 120000")
    }

    /// The same, with an extension for when all else fails.
    pub(crate) fn with_fallback() -> Self {
        Self::published().variable("voice_ai_fallback", "9000")
    }

    pub(crate) fn lua(mut self, line: &str) -> Self {
        self.lua.push_str(line);
        self.lua.push('\n');
        self
    }

    pub(crate) fn variable(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.lua(&format!("variables[{:?}] = {}", name, literal(value.as_ref())))
    }

    pub(crate) fn without(self, name: &str) -> Self {
        self.lua(&format!("variables[{name:?}] = nil"))
    }

    pub(crate) fn global(self, name: &str, value: &str) -> Self {
        self.lua(&format!("globals[{name:?}] = {}", literal(value.as_bytes())))
    }

    /// What the module answers to `start`, one after the other; the last for ever.
    pub(crate) fn answers_to_start(self, answers: &[&str]) -> Self {
        let list: Vec<_> = answers.iter().map(|answer| literal(answer.as_bytes())).collect();
        self.lua(&format!("replies[\"start\"] = {{{}}}", list.join(",")))
    }

    pub(crate) fn happens(self, at: u64, what: &str) -> Self {
        self.lua(&format!("table.insert(happenings, {{at = {at}, {what}}})"))
    }

    pub(crate) fn event(self, at: u64, name: &str, body: &str) -> Self {
        let body = literal(body.as_bytes());
        self.happens(at, &format!("event = {name:?}, body = {body}"))
    }

    pub(crate) fn event_of_another(self, at: u64, name: &str, body: &str) -> Self {
        let body = literal(body.as_bytes());
        self.happens(at, &format!("event = {name:?}, body = {body}, other = true"))
    }

    /// The stream is up, and the server says every 4 s that it lives and has no control of FreeSWITCH.
    pub(crate) fn connected(self) -> Self {
        self.event(3, "connect", CONNECTED)
    }

    /// The same server with control: it puts the last resort off itself from 100 ms to `until` (ms), at the pauses given, in turn.
    pub(crate) fn with_control(self, until: u64, pauses: &[u64]) -> Self {
        let mut stage = self.happens(3, "control = \"true\"").connected();
        let (mut at, mut pauses) = (100, pauses.iter().cycle());
        while at <= until {
            stage = stage.happens(at, "gateway = true");
            at += pauses.next().unwrap();
        }
        stage
    }

    /// Runs the script. None, and the reason printed, where there is no Lua.
    pub(crate) fn play(&self) -> Option<Play> {
        let folder = tempfile::tempdir().unwrap();
        let scenario = folder.path().join("scenario.lua");
        let script = folder.path().join(freeswitch::SCRIPT_NAME);
        std::fs::write(&scenario, &self.lua).unwrap();
        std::fs::write(&script, freeswitch::SCRIPT).unwrap();
        let output = match Command::new("lua5.2")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lua/stand_in.lua"))
            .args([&scenario, &script])
            .output()
        {
            Ok(output) => output,
            Err(_) => {
                eprintln!("skipped: lua5.2 is not installed; `apt-get install lua5.2` installs it");
                return None;
            }
        };
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let lines = String::from_utf8(output.stdout).unwrap();
        let steps: Vec<Step> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect();
        let play = Play { steps };
        assert_eq!(play.of("error"), Vec::<&str>::new(), "the script raised an error");
        Some(play)
    }
}

/// Bytes as Lua reads them.
fn literal(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for byte in bytes {
        write!(text, "\\{byte:03}").unwrap();
    }
    text.push('"');
    text
}

/// One thing that the script did, or that was done to it.
#[derive(Debug, Deserialize)]
pub(crate) struct Step {
    /// Milliseconds since the script began.
    pub(crate) at: u64,
    pub(crate) what: String,
    /// Each byte a character.
    pub(crate) text: String,
}

/// What became of a call.
#[derive(Debug)]
pub(crate) struct Play {
    pub(crate) steps: Vec<Step>,
}

impl Play {
    /// The texts of all steps of one kind.
    pub(crate) fn of(&self, what: &str) -> Vec<&str> {
        self.steps
            .iter()
            .filter(|step| step.what == what)
            .map(|step| step.text.as_str())
            .collect()
    }

    /// The commands of one name, without it.
    pub(crate) fn commands(&self, name: &str) -> Vec<&str> {
        self.of("api")
            .into_iter()
            .filter_map(|command| command.strip_prefix(name)?.strip_prefix(' '))
            .collect()
    }

    /// When something happened for the first time.
    pub(crate) fn when(&self, what: &str, part: &str) -> Option<u64> {
        let found = |step: &&Step| step.what == what && step.text.contains(part);
        self.steps.iter().find(found).map(|step| step.at)
    }

    /// How many steps came before the first of a kind.
    pub(crate) fn order(&self, what: &str, part: &str) -> usize {
        let found = |step: &Step| step.what == what && step.text.contains(part);
        self.steps
            .iter()
            .position(found)
            .unwrap_or_else(|| panic!("no {what} {part}: {self:#?}"))
    }

    /// Whether the call went on until the caller hung up at the test's end.
    pub(crate) fn survived(&self) -> bool {
        self.when("test is over", "").is_some()
    }

    /// When the script scheduled the last resort.
    pub(crate) fn scheduled(&self) -> Vec<u64> {
        let scheduled = |step: &&Step| step.what == "api" && step.text.starts_with("sched_api");
        self.steps.iter().filter(scheduled).map(|step| step.at).collect()
    }

    pub(crate) fn logged(&self, level: &str, part: &str) -> bool {
        self.of(&format!("log {level}"))
            .iter()
            .any(|text| text.contains(part))
    }

    /// The starts of the stream, as the module takes its arguments apart.
    pub(crate) fn starts(&self) -> Vec<Vec<Vec<u8>>> {
        self.commands("uuid_audio_stream")
            .iter()
            .map(|arguments| split(&bytes(arguments), 6))
            .filter(|arguments| arguments.get(1).is_some_and(|verb| verb == b"start"))
            .collect()
    }

    /// The address of the first start, and what it says of the call.
    pub(crate) fn address(&self) -> (String, BTreeMap<String, String>) {
        let address = String::from_utf8(self.starts()[0][2].clone()).unwrap();
        let (address, query) = address.split_once('?').expect("a query");
        let keys = query.split('&').map(|pair| {
            let (key, value) = pair.split_once('=').expect("a key and its value");
            (key.to_owned(), decoded(value))
        });
        (address.to_owned(), keys.collect())
    }

    /// The metadata of the first start.
    pub(crate) fn metadata(&self) -> Value {
        let starts = self.starts();
        let [_, _, _, _, _, metadata] = starts[0].as_slice() else {
            panic!("six arguments and not {:?}", starts[0]);
        };
        serde_json::from_slice(metadata).unwrap_or_else(|error| panic!("{error}: {metadata:?}"))
    }
}

/// What is percent-encoded, as RFC 3986 has it: nothing else stands there but what needs no code.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    let plain = |part: &str| {
        let unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        assert!(part.chars().all(unreserved), "{text}");
        part.as_bytes().to_vec()
    };
    bytes.extend(parts.next().map(plain).unwrap_or_default());
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(plain(&part[2..]));
    }
    String::from_utf8(bytes).unwrap()
}

/// The bytes that the stand-in wrote as characters.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect()
}

/// An argument list as FreeSWITCH takes it apart (`switch_separate_string` with a blank, read in its source, 1.10.12): quotes hold
/// blanks together, a backslash takes away the meaning of what follows it, and the last argument is all the rest.
pub(crate) fn split(line: &[u8], most: usize) -> Vec<Vec<u8>> {
    let mut arguments = Vec::new();
    let mut at = 0;
    while at < line.len() && arguments.len() < most {
        while line.get(at) == Some(&b' ') {
            at += 1;
        }
        let start = at;
        let mut quoted = false;
        let last = arguments.len() + 1 == most;
        while at < line.len() && (last || quoted || line[at] != b' ') {
            match line[at] {
                b'\\' => at += 1,
                b'\'' => quoted = !quoted,
                _ => {}
            }
            at += 1;
        }
        arguments.push(clean(&line[start..at.min(line.len())]));
    }
    arguments
}

fn clean(argument: &[u8]) -> Vec<u8> {
    let mut cleaned = Vec::new();
    let mut quoted = false;
    let mut at = 0;
    while let Some(&byte) = argument.get(at) {
        at += 1;
        let next = argument.get(at).copied();
        match (byte, next) {
            (b'\\', Some(special @ (b'\'' | b'"' | b'\\'))) => {
                cleaned.push(special);
                at += 1;
            }
            (b'\\', Some(letter @ (b'n' | b'r' | b't' | b's'))) => {
                cleaned.push(match letter {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    _ => b' ',
                });
                at += 1;
            }
            (b'\'', _) if quoted || argument[at..].contains(&b'\'') => quoted = !quoted,
            _ => cleaned.push(byte),
        }
    }
    cleaned
}
