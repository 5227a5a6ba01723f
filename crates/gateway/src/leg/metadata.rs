//! The first text frame of a stream: what the dialplan says of the call. A claim, not a fact.

use audio::{Layout, SampleRate};
use secretary::Language;
use serde_json::{Map, Value};
use std::fmt::Display;

/// What the metadata claims. Every part may be missing.
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
    /// Reads a text frame. What cannot be used is told in the second part, one sentence each; nothing is fatal. Complaints never
    /// hold what a caller's number or name may be.
    pub(crate) fn parse(text: &str) -> (Self, Vec<String>) {
        let keys = match serde_json::from_str(text) {
            Ok(Value::Object(keys)) => keys,
            Ok(other) => return (Self::default(), vec![no_object(kind(&other))]),
            Err(error) => {
                let wrong = format!("broken at line {}, column {}", error.line(), error.column());
                return (Self::default(), vec![no_object(&wrong)]);
            }
        };
        let mut claims = Claims {
            keys,
            complaints: Vec::new(),
        };
        let metadata = Self {
            secretary: claims.text("secretary"),
            caller_number: claims.text("caller_number"),
            caller_name: claims.text("caller_name"),
            destination: claims.text("destination"),
            leg: claims.text("leg"),
            rate: claims.rate(),
            mix: claims.read("mix", mix),
            language: claims.read("language", |tag| {
                tag.parse::<Language>().map_err(|error| error.to_string())
            }),
        };
        (metadata, claims.complaints)
    }
}

/// The keys of the object while they are read. Those that we do not know are somebody else's and are left alone.
struct Claims {
    keys: Map<String, Value>,
    complaints: Vec<String>,
}

impl Claims {
    fn complain(&mut self, key: &str, problem: impl Display) {
        self.complaints.push(format!("metadata {key}: {problem}"));
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

    fn read<T>(&mut self, key: &str, reader: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(key)?;
        reader(&text).map_err(|problem| self.complain(key, problem)).ok()
    }

    fn rate(&mut self) -> Option<SampleRate> {
        const KEY: &str = "rate";
        let value = self.keys.remove(KEY).filter(|value| !value.is_null())?;
        let Some(hz) = value.as_u64().and_then(|hz| u32::try_from(hz).ok()) else {
            self.complain(
                KEY,
                format_args!(
                    "it is {} and must be a whole number of Hz, such as 8000",
                    kind(&value)
                ),
            );
            return None;
        };
        SampleRate::new(hz)
            .map_err(|error| self.complain(KEY, error))
            .ok()
    }
}

fn no_object(found: &str) -> String {
    format!(
        "the metadata is no JSON object as docs/protocol.md describes it ({found}); the domain's default secretary answers"
    )
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

    #[test]
    fn an_empty_object_claims_nothing() {
        assert_eq!(Metadata::parse("{}"), (Metadata::default(), vec![]));
    }

    #[test]
    fn foreign_keys_are_left_alone() {
        let (metadata, complaints) =
            Metadata::parse(r#"{"hello":"metadata","secretary":"isp","rate":8000,"mix":"stereo"}"#);
        assert!(complaints.is_empty());
        assert_eq!(metadata.secretary.as_deref(), Some("isp"));
        assert_eq!(metadata.rate, Some(SampleRate::HZ_8000));
        assert_eq!(metadata.mix, Some(Layout::Stereo));
    }

    #[test]
    fn what_cannot_be_used_is_told_and_the_rest_is_kept() {
        let (metadata, complaints) =
            Metadata::parse(r#"{"secretary":"isp","rate":11025,"mix":"both","language":"klingon"}"#);
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
        let (metadata, complaints) = Metadata::parse(
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
            let (_, complaints) = Metadata::parse(text);
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
            let (metadata, complaints) = Metadata::parse(text);
            assert_eq!(metadata, Metadata::default(), "{text}");
            assert_eq!(complaints.len(), 1, "{text}");
        }
    }
}
