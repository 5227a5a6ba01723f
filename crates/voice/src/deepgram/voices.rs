//! Voices of other providers: Deepgram itself does not speak every language.

use super::protocol::{Endpoint, Speak, SpeakProvider};
use crate::ApiKey;
use secretary::Language;

/// Whose voice speaks instead of Deepgram's. Deepgram fetches it there, with the operator's key.
#[derive(Debug, Clone)]
pub struct OtherVoice {
    /// Whose.
    pub vendor: VoiceVendor,
    /// The key there.
    pub key: ApiKey,
    /// The model; the usual one where it is empty.
    pub model: String,
    /// The voice of secretaries that name none.
    pub voice: String,
}

/// A provider of voices that Deepgram speaks with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoiceVendor {
    /// ElevenLabs, whose voices speak 30 languages.
    ElevenLabs,
    /// OpenAI, whose voices speak what their text is in.
    OpenAi,
}

impl VoiceVendor {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::ElevenLabs, Self::OpenAi];

    /// Its name in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ElevenLabs => "elevenlabs",
            Self::OpenAi => "openai",
        }
    }

    /// The vendor of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| vendor.name() == name)
    }
}

impl OtherVoice {
    /// `agent.speak` for this voice; `voice` is the secretary's own, if it names one.
    pub(super) fn speak(&self, voice: &str, language: Language) -> Speak {
        let voice = if voice.is_empty() { &self.voice } else { voice };
        let model = |usual: &str| match self.model.as_str() {
            "" => usual.to_owned(),
            model => model.to_owned(),
        };
        let key = self.key.reveal();
        match self.vendor {
            VoiceVendor::ElevenLabs => Speak {
                provider: SpeakProvider::ElevenLabs {
                    model_id: model("eleven_turbo_v2_5"),
                    language: language.code(),
                },
                endpoint: Some(Endpoint {
                    url: format!(
                        "wss://api.elevenlabs.io/v1/text-to-speech/{}/multi-stream-input",
                        segment(voice)
                    ),
                    headers: [("xi-api-key", key.to_owned())].into(),
                }),
            },
            VoiceVendor::OpenAi => Speak {
                provider: SpeakProvider::OpenAi {
                    model: model("tts-1"),
                    voice: voice.to_owned(),
                },
                endpoint: Some(Endpoint {
                    url: "https://api.openai.com/v1/audio/speech".into(),
                    headers: [("authorization", format!("Bearer {key}"))].into(),
                }),
            },
        }
    }
}

/// A voice's id as part of a path: it has letters and digits alone, and what it should not have cannot leave its place.
fn segment(voice: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    voice.chars().filter(plain).collect()
}
