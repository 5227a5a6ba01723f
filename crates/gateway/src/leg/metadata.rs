//! The first text frame of a stream: what the dialplan says of the call. A claim, not a fact.

use audio::{Layout, SampleRate};
use secretary::Language;
use serde::Deserialize;

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

/// The JSON form. Keys that we do not know are somebody else's and are left alone.
#[derive(Deserialize)]
struct Wire {
    secretary: Option<String>,
    caller_number: Option<String>,
    caller_name: Option<String>,
    destination: Option<String>,
    leg: Option<String>,
    rate: Option<u32>,
    mix: Option<String>,
    language: Option<String>,
}

impl Metadata {
    /// Reads a text frame. What cannot be used is told in the second part, one sentence each; nothing is fatal.
    pub(crate) fn parse(text: &str) -> (Self, Vec<String>) {
        let wire: Wire = match serde_json::from_str(text) {
            Ok(wire) => wire,
            Err(error) => {
                let complaint = format!(
                    "the metadata is no JSON object as docs/protocol.md describes it ({error}); the domain's default secretary answers"
                );
                return (Self::default(), vec![complaint]);
            }
        };
        let mut complaints = Vec::new();
        let mut keep = |complaint: String| complaints.push(complaint);
        let rate = wire.rate.and_then(|hz| {
            SampleRate::new(hz)
                .map_err(|e| keep(format!("metadata rate: {e}")))
                .ok()
        });
        let mix = wire.mix.and_then(|name| mix(&name).map_err(&mut keep).ok());
        let language = wire.language.and_then(|tag| {
            tag.parse()
                .map_err(|e| keep(format!("metadata language: {e}")))
                .ok()
        });
        let metadata = Self {
            secretary: wire.secretary,
            caller_number: wire.caller_number,
            caller_name: wire.caller_name,
            destination: wire.destination,
            leg: wire.leg,
            rate,
            mix,
            language,
        };
        (metadata, complaints)
    }
}

fn mix(name: &str) -> Result<Layout, String> {
    match name {
        "mono" => Ok(Layout::Mono),
        "mixed" => Ok(Layout::Mixed),
        "stereo" => Ok(Layout::Stereo),
        _ => Err(format!(
            "metadata mix: {name:?} is no mix type of mod_audio_stream: use mono, mixed or stereo"
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
