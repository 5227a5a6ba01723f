//! What the module makes of the server's text frames.

use super::super::channel::Channel;
use crate::Module;
use base64::Engine as _;
use serde_json::Value;
use std::path::Path;

/// What a text frame comes to.
pub(super) enum Made {
    /// Audio lies in a file: the body of `mod_audio_stream::play`.
    Play(String),
    /// Anything else: `mod_audio_stream::json` with the text as it came.
    Json,
    /// FreeSWITCH is no more.
    Crash,
}

/// `streamAudio` becomes a file in the directory; any other text is told as it is.
pub(super) fn make(text: &str, module: Module, channel: &Channel, directory: &Path) -> Made {
    let Ok(mut message) = serde_json::from_str::<Value>(text) else {
        return Made::Json;
    };
    if message["type"] != "streamAudio" {
        return Made::Json;
    }
    let Some(data) = message["data"].as_object_mut() else {
        return Made::Json;
    };
    let Some(kind) = data.get("audioDataType").and_then(Value::as_str) else {
        return fault(module);
    };
    let rate = data.get("sampleRate").and_then(Value::as_u64).unwrap_or(0);
    let extension = match (kind, rate) {
        ("raw", 8000 | 16000 | 24000 | 32000 | 48000 | 64000) => format!("r{}", rate / 1000),
        ("wav" | "mp3" | "ogg", _) => kind.to_owned(),
        _ => return Made::Json,
    };
    let Some(Value::String(audio)) = data.get("audioData") else {
        return Made::Json;
    };
    let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(audio) else {
        return fault(module);
    };
    // In the order in which they came, and the file last, as the modules write it.
    let Some(kept) = without_audio(text) else {
        return Made::Json;
    };
    let mut state = channel.state();
    let Some(stream) = &mut state.stream else {
        return Made::Json;
    };
    let file = directory.join(format!("{}_{}.tmp.{extension}", channel.id, stream.written));
    stream.written += 1;
    if std::fs::write(&file, bytes).is_err() {
        return Made::Json;
    }
    stream.files.push(file.clone());
    let file = Value::from(file.to_string_lossy()).to_string();
    Made::Play(format!("{{{kept}\"file\":{file}}}"))
}

/// What amigniter answers with an event and sptmru with the end of the process.
fn fault(module: Module) -> Made {
    match module {
        Module::Sptmru => Made::Crash,
        Module::Amigniter | Module::Plain => Made::Json,
    }
}

/// The members of `data` but `audioData`, each with a comma behind it, in their order.
fn without_audio(text: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Message {
        data: Members,
    }
    let Message {
        data: Members(members),
    } = serde_json::from_str(text).ok()?;
    let kept = members.iter().filter(|(name, _)| name != "audioData");
    Some(
        kept.map(|(name, value)| format!("{}:{value},", Value::from(name.as_str())))
            .collect(),
    )
}

/// An object's members in their order.
struct Members(Vec<(String, Value)>);

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}
