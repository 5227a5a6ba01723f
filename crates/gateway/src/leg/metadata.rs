//! What a stream says of its call: in its address, and in its first text frame, the metadata. A claim, not a fact.

use audio::{Layout, SampleRate};
use axum::extract::Query;
use axum::http::Uri;
use secretary::Language;
use serde_json::{Map, Value};
use std::fmt::Display;

/// The keys that may stand in the address. Who calls is not among them, as addresses are logged on their way.
const IN_ADDRESS: [&str; 5] = ["secretary", "leg", RATE, "mix", "language"];

const RATE: &str = "rate";

/// No name or word is longer, in characters.
const LONGEST_NAME: usize = 128;

/// What is claimed. Every part may be missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Metadata {
    pub(crate) secretary: Option<String>,
    pub(crate) caller_number: Option<String>,
    pub(crate) caller_name: Option<String>,
    pub(crate) destination: Option<String>,
    pub(crate) leg: Option<String>,
    pub(crate) rate: Option<SampleRate>,
    pub(crate) mix: Option<Layout>,
    pub(crate) language: Option<Language>,
}

impl Metadata {
    /// Reads what the address says and what the first text frame says, which goes before it. What cannot be used is told in the second
    /// part, one sentence each; nothing is fatal. Complaints never hold what a caller's number or name may be.
    pub(crate) fn of(address: Keys, frame: Option<&str>) -> (Self, Vec<String>) {
        let mut complaints = Vec::new();
        let told = match frame.map(Keys::of_frame) {
            Some(Ok(keys)) => Claims::read(keys, "metadata", &mut complaints),
            Some(Err(complaint)) => {
                complaints.push(complaint);
                Self::default()
            }
            None => Self::default(),
        };
        let asked = Claims::read(address, "address", &mut complaints);
        (told.before(asked), complaints)
    }

    /// These claims, and others where these say nothing.
    fn before(self, others: Self) -> Self {
        Self {
            secretary: self.secretary.or(others.secretary),
            caller_number: self.caller_number.or(others.caller_number),
            caller_name: self.caller_name.or(others.caller_name),
            destination: self.destination.or(others.destination),
            leg: self.leg.or(others.leg),
            rate: self.rate.or(others.rate),
            mix: self.mix.or(others.mix),
            language: self.language.or(others.language),
        }
    }
}

/// What is said, not looked at yet.
#[derive(Default)]
pub(crate) struct Keys(Map<String, Value>);

impl Keys {
    /// Those of a request's address. What is not known, such as the token, is left there.
    pub(crate) fn of_address(uri: &Uri) -> Self {
        let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(uri) else {
            return Self::default();
        };
        let known = pairs
            .into_iter()
            .filter(|(key, _)| IN_ADDRESS.contains(&key.as_str()));
        Self(
            known
                .map(|(key, text)| (key.clone(), value(&key, text)))
                .collect(),
        )
    }

    fn of_frame(text: &str) -> Result<Self, String> {
        match serde_json::from_str(text) {
            Ok(Value::Object(keys)) => Ok(Self(keys)),
            Ok(other) => Err(no_object(kind(&other))),
            Err(error) => {
                let wrong = format!("broken at line {}, column {}", error.line(), error.column());
                Err(no_object(&wrong))
            }
        }
    }
}

/// A value of an address, where all are texts. An empty one is as good as none.
fn value(key: &str, text: String) -> Value {
    match text.parse::<u32>() {
        Ok(hz) if key == RATE => hz.into(),
        _ if text.is_empty() => Value::Null,
        _ => text.into(),
    }
}

/// The keys while they are read. Those that we do not know are somebody else's and are left alone.
struct Claims<'a> {
    keys: Map<String, Value>,
    /// Where they stand.
    place: &'static str,
    complaints: &'a mut Vec<String>,
}

impl<'a> Claims<'a> {
    fn read(keys: Keys, place: &'static str, complaints: &'a mut Vec<String>) -> Metadata {
        let mut claims = Self {
            keys: keys.0,
            place,
            complaints,
        };
        Metadata {
            secretary: claims.name("secretary"),
            caller_number: claims.text("caller_number"),
            caller_name: claims.text("caller_name"),
            destination: claims.text("destination"),
            leg: claims.name("leg"),
            rate: claims.rate(),
            mix: claims.word("mix", mix),
            language: claims.word("language", |tag| {
                tag.parse::<Language>().map_err(|error| error.to_string())
            }),
        }
    }

    fn complain(&mut self, key: &str, problem: impl Display) {
        self.complaints.push(format!("{} {key}: {problem}", self.place));
    }

    /// A text; null is as good as a missing key.
    fn text(&mut self, key: &str) -> Option<String> {
        match self.keys.remove(key)? {
            Value::String(text) => Some(text),
            Value::Null => None,
            other => {
                self.complain(
                    key,
                    format_args!("it is {} and must be a text in quotes", kind(&other)),
                );
                None
            }
        }
    }

    /// A text that may be told.
    fn name(&mut self, key: &str) -> Option<String> {
        let text = self.text(key)?;
        let length = text.chars().count();
        if length > LONGEST_NAME {
            self.complain(
                key,
                format_args!("it is {length} characters long and may be {LONGEST_NAME}"),
            );
            return None;
        }
        Some(text)
    }

    fn word<T>(&mut self, key: &str, reader: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.name(key)?;
        reader(&text).map_err(|problem| self.complain(key, problem)).ok()
    }

    fn rate(&mut self) -> Option<SampleRate> {
        let value = self.keys.remove(RATE).filter(|value| !value.is_null())?;
        let Some(hz) = value.as_u64().and_then(|hz| u32::try_from(hz).ok()) else {
            self.complain(
                RATE,
                format_args!(
                    "it is {} and must be a whole number of Hz, such as 8000",
                    kind(&value)
                ),
            );
            return None;
        };
        SampleRate::new(hz)
            .map_err(|error| self.complain(RATE, error))
            .ok()
    }
}

fn no_object(found: &str) -> String {
    format!("the metadata is no JSON object as docs/protocol.md describes it ({found}); it claims nothing")
}

/// What a value is, without the value.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn mix(name: &str) -> Result<Layout, String> {
    match name {
        "mono" => Ok(Layout::Mono),
        "mixed" => Ok(Layout::Mixed),
        "stereo" => Ok(Layout::Stereo),
        _ => Err(format!(
            "{name:?} is no mix type of mod_audio_stream: use mono, mixed or stereo"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(frame: &str) -> (Metadata, Vec<String>) {
        Metadata::of(Keys::default(), Some(frame))
    }

    fn address(query: &str) -> Keys {
        Keys::of_address(&format!("/stream/a/b?{query}").parse().unwrap())
    }

    #[test]
    fn an_empty_object_claims_nothing() {
        assert_eq!(parse("{}"), (Metadata::default(), vec![]));
    }

    #[test]
    fn foreign_keys_are_left_alone() {
        let (metadata, complaints) =
            parse(r#"{"hello":"metadata","secretary":"isp","rate":8000,"mix":"stereo"}"#);
        assert!(complaints.is_empty());
        assert_eq!(metadata.secretary.as_deref(), Some("isp"));
        assert_eq!(metadata.rate, Some(SampleRate::HZ_8000));
        assert_eq!(metadata.mix, Some(Layout::Stereo));
    }

    #[test]
    fn what_cannot_be_used_is_told_and_the_rest_is_kept() {
        let (metadata, complaints) =
            parse(r#"{"secretary":"isp","rate":11025,"mix":"both","language":"klingon"}"#);
        assert_eq!(metadata.secretary.as_deref(), Some("isp"));
        assert_eq!(
            (metadata.rate, metadata.mix, metadata.language),
            (None, None, None)
        );
        assert_eq!(complaints.len(), 3);
        assert!(
            complaints[0].contains("11025") && complaints[0].contains("8000"),
            "{complaints:?}"
        );
        assert!(
            complaints[1].contains("\"both\"") && complaints[1].contains("mixed"),
            "{complaints:?}"
        );
        assert!(
            complaints[2].contains("klingon") && complaints[2].contains("pt-BR"),
            "{complaints:?}"
        );
    }

    #[test]
    fn one_key_of_the_wrong_kind_spoils_no_other_and_its_value_is_not_told() {
        let (metadata, complaints) = parse(
            r#"{"secretary":"isp","caller_number":5511987654321,"caller_name":["Ana"],"destination":null,"rate":"8000"}"#,
        );
        assert_eq!(metadata.secretary.as_deref(), Some("isp"));
        assert_eq!(metadata.caller_number, None);
        assert_eq!(complaints.len(), 3, "{complaints:?}");
        assert!(complaints[0].contains("caller_number") && complaints[0].contains("in quotes"));
        let told = complaints.concat();
        assert!(!told.contains("5511") && !told.contains("Ana"), "{told}");
    }

    #[test]
    fn what_is_no_object_is_not_repeated() {
        for text in [
            r#""5511987654321""#,
            "5511987654321",
            r#"["5511987654321"]"#,
            r#"{"caller_name":"5511987654321"#,
        ] {
            let (_, complaints) = parse(text);
            assert!(!complaints.concat().contains("5511"), "{complaints:?}");
        }
    }

    #[test]
    fn malformed_json_is_reported_not_fatal() {
        for text in [
            "not json",
            "",
            "[1,2]",
            "{\"secretary\":7}",
            "{\"secretary\":\"isp\"",
        ] {
            let (metadata, complaints) = parse(text);
            assert_eq!(metadata, Metadata::default(), "{text}");
            assert_eq!(complaints.len(), 1, "{text}");
        }
    }

    #[test]
    fn an_address_claims_what_a_frame_would() {
        let (metadata, complaints) = Metadata::of(
            address("rate=8000&mix=mono&secretary=Ana%20Mar%C3%ADa&leg=file&language=pt-BR&token=s3cret&x=y"),
            None,
        );
        assert!(complaints.is_empty(), "{complaints:?}");
        let frame = r#"{"rate":8000,"mix":"mono","secretary":"Ana María","leg":"file","language":"pt-BR"}"#;
        assert_eq!(metadata, parse(frame).0);
    }

    #[test]
    fn an_address_does_not_say_who_calls() {
        let said = address("caller_number=4711&caller_name=Ana&destination=8000");
        assert_eq!(Metadata::of(said, None), (Metadata::default(), vec![]));
    }

    #[test]
    fn a_frame_goes_before_the_address_where_it_says_something() {
        let said = "rate=8000&mix=mono&secretary=isp";
        let (metadata, complaints) = Metadata::of(
            address(said),
            Some(r#"{"secretary":"shop","rate":11025,"mix":null}"#),
        );
        assert_eq!(metadata.secretary.as_deref(), Some("shop"));
        assert_eq!(metadata.rate, Some(SampleRate::HZ_8000), "11025 is no rate");
        assert_eq!(metadata.mix, Some(Layout::Mono));
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        let (metadata, complaints) = Metadata::of(address(said), Some("not json"));
        assert_eq!(metadata.secretary.as_deref(), Some("isp"));
        assert_eq!(complaints.len(), 1, "{complaints:?}");
    }

    #[test]
    fn of_an_address_too_what_cannot_be_used_is_told_and_the_rest_is_kept() {
        for (query, complaint) in [
            ("rate=11025", "address rate: "),
            ("rate=8k", "address rate: it is a text and must be a whole number"),
            ("rate=-8000", "address rate: it is a text"),
            ("rate=99999999999", "address rate: it is a text"),
            ("mix=both", "address mix: \"both\" is no mix type"),
            (
                "mix=mono%0A%1B[31m",
                "address mix: \"mono\\n\\u{1b}[31m\" is no mix type",
            ),
            ("mix=%ff%fe", "address mix: \"\u{fffd}\u{fffd}\" is no mix type"),
            ("language=klingon", "address language: "),
        ] {
            let (metadata, complaints) = Metadata::of(address(&format!("{query}&secretary=isp")), None);
            assert_eq!(metadata.secretary.as_deref(), Some("isp"), "{query}");
            assert_eq!((metadata.rate, metadata.mix), (None, None), "{query}");
            assert_eq!(complaints.len(), 1, "{query}: {complaints:?}");
            assert!(complaints[0].starts_with(complaint), "{query}: {complaints:?}");
        }
        for key in ["secretary", "leg", "mix", "language"] {
            let (metadata, complaints) = Metadata::of(address(&format!("{key}={}", "x".repeat(5_000))), None);
            assert_eq!(metadata, Metadata::default(), "{key}");
            assert!(
                complaints[0].contains("5000") && complaints[0].len() < 100,
                "{complaints:?}"
            );
        }
    }

    #[test]
    fn an_address_of_nothing_usable_claims_nothing() {
        for query in [
            "",
            "&&&",
            "=",
            "=mono",
            "rate",
            "rate=",
            "mix=&secretary=",
            "%",
            "%zz=%",
            "?rate=8000",
        ] {
            assert_eq!(
                Metadata::of(address(query), None),
                (Metadata::default(), vec![]),
                "{query}"
            );
        }
        let (twice, _) = Metadata::of(address("rate=8000&rate=16000"), None);
        assert_eq!(
            twice.rate,
            Some(SampleRate::HZ_16000),
            "the last holds, as in JSON"
        );
        let (number, complaints) = Metadata::of(address("secretary=2001"), None);
        assert_eq!((number.secretary.as_deref(), complaints.len()), (Some("2001"), 0));
    }
}
