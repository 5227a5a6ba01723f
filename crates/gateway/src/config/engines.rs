//! Engines beside the local one and `[openai]`: `[engines.NAME]`.

use super::prices::RealtimePrices;
use super::read::section;
use super::secret::Secret;

section! {
    /// An engine that secretaries name by the name of its table.
    EngineConfig {
        /// What it is: `gemini`, `elevenlabs`, `deepgram`, `ultravox`, `azure`, `xai`, `qwen`, `openai`, `openai-live` or `cascade`;
        /// its table's name where it is left out.
        kind: String = String::new(),
        /// The address of the API; the provider's own where it is left out.
        url: String = String::new(),
        /// The model; the usual one where it is left out.
        model: String = String::new(),
        /// The key.
        api_key: Option<Secret> = None,
        /// The voice of secretaries that name none, and of those that name it as not their first engine.
        voice: String = String::new(),
        /// The model that writes down the caller's words, where the provider has several.
        transcription_model: String = String::new(),
        /// The agent, of providers whose agents are configured with them.
        agent: String = String::new(),
        /// Whose model thinks, of providers that listen and speak with the models of others.
        think_provider: String = String::new(),
        /// The model that thinks, of providers that listen and speak with the models of others.
        think_model: String = String::new(),
        /// A cascade's speech to text; the node's own where it is left out.
        stt: PartConfig = PartConfig::default(),
        /// A cascade's language model; the node's `[chat]` where it is left out.
        llm: PartConfig = PartConfig::default(),
        /// A cascade's text to speech; the node's own where it is left out.
        tts: PartConfig = PartConfig::default(),
        /// What it charges for a million tokens; without, a call costs 0.
        prices: RealtimePrices = RealtimePrices::default(),
    }
}

section! {
    /// A part of a cascade.
    PartConfig {
        /// Whose; the node's own part where it is left out.
        kind: String = String::new(),
        /// The address of the API; the provider's own where it is left out.
        url: String = String::new(),
        /// The model; the usual one where it is left out.
        model: String = String::new(),
        /// The key.
        api_key: Option<Secret> = None,
        /// The voice of secretaries that name none.
        voice: String = String::new(),
    }
}
