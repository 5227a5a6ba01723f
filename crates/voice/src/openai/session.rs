//! The session as each dialect wants it.

use super::config::{Config, TurnDetection};
use super::conversation::Opening;
use super::dialect::Dialect;
use super::protocol::{
    AudioConfig, AudioFormat, AudioInput, AudioOutput, FlatSession, Function, NestedTool, NewItem,
    Resumption, SessionConfig, Tool, TopAudio, TopDirection, TopSession, Transcription,
    TurnDetection as WireDetection,
};
use crate::engine::{Setup, ToolSpec};
use crate::realtime::{instructions, with_history};
use call::{By, Role};

impl Config {
    /// What a session is told first.
    fn session(&self, setup: &Setup) -> SessionConfig {
        match self.dialect {
            Dialect::OpenAi | Dialect::Azure => self.nested(setup),
            Dialect::Xai => self.top(setup),
            Dialect::Qwen => self.flat(setup),
        }
    }

    /// What a conversation begins with.
    pub(super) fn opening(&self, setup: &Setup) -> Opening {
        Opening {
            session: self.session(setup),
            history: self.items(setup),
            output: self.dialect.rates(setup.rate).output,
            names: self.names(),
            longest: self.longest,
        }
    }

    /// What was said before, as items of the conversation. Qwen is told in its instructions, xAI has it where the session is resumed.
    fn items(&self, setup: &Setup) -> Vec<NewItem> {
        let resumed = self.dialect == Dialect::Xai && setup.resume.is_some();
        if resumed || self.dialect == Dialect::Qwen {
            return Vec::new();
        }
        let item = |said: &crate::Exchange| match said.role {
            Role::User => NewItem::user_text(said.text.clone()),
            Role::Assistant => NewItem::assistant_text(said.text.clone()),
        };
        setup.history.iter().map(item).collect()
    }

    fn voice_for(&self, setup: &Setup) -> Option<String> {
        [&setup.secretary.voice, &self.voice]
            .into_iter()
            .find(|v| !v.is_empty())
            .cloned()
    }

    fn transcription(&self, setup: &Setup) -> Transcription {
        Transcription {
            model: self.transcription_model.clone(),
            language: setup.secretary.language.code(),
        }
    }

    fn detection(&self) -> WireDetection {
        let kind = match (self.turn_detection, self.dialect) {
            (TurnDetection::ServerVad, _) | (_, Dialect::Xai) => "server_vad",
            (TurnDetection::SemanticVad, _) => "semantic_vad",
        };
        let by_engine = self.dialect.leads() == By::Engine;
        WireDetection {
            r#type: kind,
            create_response: by_engine,
            interrupt_response: by_engine,
        }
    }

    fn nested(&self, setup: &Setup) -> SessionConfig {
        let rates = self.dialect.rates(setup.rate);
        SessionConfig::Nested {
            r#type: "realtime",
            instructions: instructions(&setup.secretary),
            output_modalities: ["audio"],
            audio: AudioConfig {
                input: AudioInput {
                    format: AudioFormat::pcm(rates.input),
                    transcription: self.transcription(setup),
                    turn_detection: self.detection(),
                },
                output: AudioOutput {
                    format: AudioFormat::pcm(rates.output),
                    voice: self.voice_for(setup),
                },
            },
            tools: setup.tools.iter().map(tool).collect(),
            tool_choice: "auto",
        }
    }

    fn top(&self, setup: &Setup) -> SessionConfig {
        let rates = self.dialect.rates(setup.rate);
        SessionConfig::Top(TopSession {
            instructions: instructions(&setup.secretary),
            voice: self.voice_for(setup),
            turn_detection: self.detection(),
            audio: TopAudio {
                input: TopDirection {
                    format: AudioFormat::pcm(rates.input),
                    transcription: Some(self.transcription(setup)),
                },
                output: TopDirection {
                    format: AudioFormat::pcm(rates.output),
                    transcription: None,
                },
            },
            tools: setup.tools.iter().map(tool).collect(),
            resumption: Resumption { enabled: true },
        })
    }

    fn flat(&self, setup: &Setup) -> SessionConfig {
        SessionConfig::Flat(FlatSession {
            modalities: ["text", "audio"],
            instructions: with_history(instructions(&setup.secretary), &setup.history),
            voice: self.voice_for(setup),
            input_audio_format: "pcm",
            output_audio_format: "pcm",
            input_audio_transcription: self.transcription(setup),
            turn_detection: self.detection(),
            tools: setup.tools.iter().map(nested_tool).collect(),
        })
    }
}

fn tool(spec: &ToolSpec) -> Tool {
    Tool {
        r#type: "function",
        function: function(spec),
    }
}

fn nested_tool(spec: &ToolSpec) -> NestedTool {
    NestedTool {
        r#type: "function",
        function: function(spec),
    }
}

fn function(spec: &ToolSpec) -> Function {
    Function {
        name: spec.name.clone(),
        description: spec.description.clone(),
        parameters: spec.parameters.clone(),
    }
}
