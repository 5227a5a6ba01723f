//! The engines of `[engines.NAME]`, each made of its table.

use super::brains::Brains;
use crate::config::{Config, EngineConfig, PartConfig, Secret};
use secretary::Secretary;
use std::collections::BTreeMap;
use std::sync::Arc;
use voice::brain::llm::{self, LanguageModel};
use voice::brain::{Brain, Mind};
use voice::cascade::Cascade;
use voice::engine::ToolSpec;
use voice::openai::Dialect;
use voice::service::Access;
use voice::stt::{
    LiveConfig, LiveService, LiveTranscriber, LiveVendor, Transcriber, TranscriptionConfig,
    TranscriptionService,
};
use voice::tts::{Prompts, SpeechConfig, SpeechService, StandIn, Synthesizer};
use voice::{ApiKey, Engine, deepgram, elevenlabs, gemini, openai, ultravox};

/// The engines that are there without a table.
pub(super) const OWN: [&str; 3] = ["local", "loopback", "openai"];

/// The kinds of engines that a table can be of.
pub(super) const KINDS: [&str; 10] = [
    "openai",
    "azure",
    "xai",
    "qwen",
    "openai-live",
    "gemini",
    "elevenlabs",
    "deepgram",
    "ultravox",
    "cascade",
];

/// What a cascade takes of the node where its table names no other.
pub(super) struct Parts {
    pub(super) transcriber: Option<Arc<dyn Transcriber>>,
    pub(super) speakers: Arc<dyn Synthesizer>,
    pub(super) brains: Arc<Brains>,
    pub(super) prompt_bytes: usize,
}

/// The engine of a table; what is wrong with it otherwise. Starts nothing.
pub(super) fn engine(
    name: &str,
    table: &EngineConfig,
    config: &Config,
    parts: &Parts,
) -> Result<Arc<dyn Engine>, String> {
    if OWN.contains(&name) {
        return Err(format!(
            "engines.{name}: the name {name} is taken by the node's own engine; give the table another"
        ));
    }
    let key = || key(name, table.api_key.as_ref());
    let realtime = |dialect| openai(name, dialect, table, key()?, config);
    match kind(name, table) {
        "openai" => realtime(Dialect::OpenAi),
        "azure" => realtime(Dialect::Azure),
        "xai" => realtime(Dialect::Xai),
        "qwen" => realtime(Dialect::Qwen),
        "openai-live" => openai_live(name, table, key()?, config),
        "gemini" => gemini(name, table, key()?, config),
        "elevenlabs" => elevenlabs(name, table, config),
        "deepgram" => deepgram(name, table, key()?, config),
        "ultravox" => ultravox(name, table, key()?, config),
        "cascade" => cascade(name, table, parts),
        other => Err(unknown(&format!("engines.{name}"), other, &KINDS)),
    }
}

/// The tables that are cascades, and whether each has a language model of its own.
pub(super) fn cascades(tables: &BTreeMap<String, EngineConfig>) -> BTreeMap<String, bool> {
    tables
        .iter()
        .filter(|(name, table)| kind(name, table) == "cascade")
        .map(|(name, table)| (name.clone(), !table.llm.kind.is_empty()))
        .collect()
}

/// What a table is.
fn kind<'a>(name: &'a str, table: &'a EngineConfig) -> &'a str {
    if table.kind.is_empty() { name } else { &table.kind }
}

/// Sets what every realtime engine has: its name, what the operator has set of address, model and voice, and how much may wait.
macro_rules! as_configured {
    ($wanted:ident, $name:ident, $table:ident, $config:ident) => {
        $wanted.name = $name.to_owned();
        $wanted.hold = $config.stream.hold();
        set(&mut $wanted.url, &$table.url);
        set(&mut $wanted.voice, &$table.voice);
    };
}

/// An engine that can be had, or what is wrong with its table.
fn made<E: Engine + 'static>(engine: Result<E, impl std::fmt::Display>) -> Result<Arc<dyn Engine>, String> {
    match engine {
        Ok(engine) => Ok(Arc::new(engine)),
        Err(error) => Err(error.to_string()),
    }
}

fn openai(
    name: &str,
    dialect: Dialect,
    table: &EngineConfig,
    key: ApiKey,
    config: &Config,
) -> Result<Arc<dyn Engine>, String> {
    let mut wanted = openai::Config::of(name, dialect, key);
    as_configured!(wanted, name, table, config);
    set(&mut wanted.model, &table.model);
    set(&mut wanted.transcription_model, &table.transcription_model);
    made(openai::OpenAi::new(wanted))
}

fn openai_live(
    name: &str,
    table: &EngineConfig,
    key: ApiKey,
    config: &Config,
) -> Result<Arc<dyn Engine>, String> {
    let mut wanted = openai::live::Config::new(key);
    as_configured!(wanted, name, table, config);
    set(&mut wanted.model, &table.model);
    set(&mut wanted.delegate, &table.think_model);
    made(openai::live::Live::new(wanted))
}

fn gemini(name: &str, table: &EngineConfig, key: ApiKey, config: &Config) -> Result<Arc<dyn Engine>, String> {
    let mut wanted = gemini::Config::new(key);
    as_configured!(wanted, name, table, config);
    set(&mut wanted.model, &table.model);
    made(gemini::Gemini::new(wanted))
}

/// An agent that is public needs no key.
fn elevenlabs(name: &str, table: &EngineConfig, config: &Config) -> Result<Arc<dyn Engine>, String> {
    if table.agent.is_empty() {
        return Err(format!(
            "engines.{name}.agent is missing: write the id of your agent, as elevenlabs.io shows it"
        ));
    }
    let mut wanted = elevenlabs::Config::new(&table.agent);
    as_configured!(wanted, name, table, config);
    wanted.key = table.api_key.as_ref().map(|key| ApiKey::new(key.expose()));
    made(elevenlabs::ElevenLabs::new(wanted))
}

fn deepgram(
    name: &str,
    table: &EngineConfig,
    key: ApiKey,
    config: &Config,
) -> Result<Arc<dyn Engine>, String> {
    let mut wanted = deepgram::Config::new(key);
    as_configured!(wanted, name, table, config);
    set(&mut wanted.listen_model, &table.transcription_model);
    set(&mut wanted.think_provider, &table.think_provider);
    set(&mut wanted.model, &table.think_model);
    wanted.other_voice = other_voice(name, &table.tts)?;
    made(deepgram::Deepgram::new(wanted))
}

/// The voice of another provider that Deepgram is to speak with.
fn other_voice(name: &str, part: &PartConfig) -> Result<Option<deepgram::OtherVoice>, String> {
    use deepgram::{OtherVoice, VoiceVendor};
    if part.kind.is_empty() {
        return Ok(None);
    }
    let table = format!("engines.{name}.tts");
    let vendor = VoiceVendor::named(&part.kind)
        .ok_or_else(|| unknown(&table, &part.kind, &VoiceVendor::ALL.map(VoiceVendor::name)))?;
    if !part.url.is_empty() {
        return Err(format!(
            "{table}.url: Deepgram asks {} at its own address; leave url out",
            part.kind
        ));
    }
    Ok(Some(OtherVoice {
        vendor,
        key: key(&format!("{name}.tts"), part.api_key.as_ref())?,
        model: part.model.clone(),
        voice: part.voice.clone(),
    }))
}

fn ultravox(
    name: &str,
    table: &EngineConfig,
    key: ApiKey,
    config: &Config,
) -> Result<Arc<dyn Engine>, String> {
    let mut wanted = ultravox::Config::new(key);
    as_configured!(wanted, name, table, config);
    set(&mut wanted.model, &table.model);
    made(ultravox::Ultravox::new(wanted))
}

fn cascade(name: &str, table: &EngineConfig, parts: &Parts) -> Result<Arc<dyn Engine>, String> {
    // The node's own finds the words where a service that listens along fails.
    let live = LiveVendor::named(&table.stt.kind)
        .map(|vendor| live(name, vendor, &table.stt))
        .transpose()?;
    let transcriber = match table.stt.kind.as_str() {
        "" | "local" => parts.transcriber.clone(),
        _ if live.is_some() => parts.transcriber.clone(),
        _ => Some(transcriber(name, &table.stt)?),
    };
    let synthesizer = match table.tts.kind.as_str() {
        "" | "local" => parts.speakers.clone(),
        _ => synthesizer(name, &table.tts, &parts.speakers)?,
    };
    let model = match table.llm.kind.as_str() {
        "" => None,
        _ => Some(model(name, &table.llm, !table.prices.are_none())?),
    };
    let minds = Minds {
        node: parts.brains.clone(),
        model,
    };
    let prompts = Arc::new(Prompts::new(synthesizer.clone(), parts.prompt_bytes));
    let cascade = Cascade::new(transcriber, synthesizer, prompts, Arc::new(minds));
    let cascade = match live {
        Some(live) => cascade.with_live(live),
        None => cascade,
    };
    Ok(Arc::new(cascade.named(name)))
}

fn live(name: &str, vendor: LiveVendor, part: &PartConfig) -> Result<Arc<dyn LiveTranscriber>, String> {
    let table = format!("engines.{name}.stt");
    let mut wanted = LiveConfig::new(vendor, access(&table, part, vendor.url()));
    set(&mut wanted.model, &part.model);
    let service = LiveService::new(wanted).map_err(|error| error.to_string())?;
    Ok(Arc::new(service))
}

fn transcriber(name: &str, part: &PartConfig) -> Result<Arc<dyn Transcriber>, String> {
    use voice::stt::Vendor;
    let table = format!("engines.{name}.stt");
    let vendor = Vendor::named(&part.kind).ok_or_else(|| {
        let whole = Vendor::ALL.map(Vendor::name);
        let live = LiveVendor::ALL.map(LiveVendor::name);
        unknown(&table, &part.kind, &[&["local"], &whole[..], &live[..]].concat())
    })?;
    let access = access(&table, part, vendor.url().unwrap_or_default());
    let mut wanted = TranscriptionConfig::new(vendor, access);
    set(&mut wanted.model, &part.model);
    let service = TranscriptionService::new(wanted).map_err(|error| error.to_string())?;
    Ok(Arc::new(service))
}

/// The node's own voice stands in for one that fails.
fn synthesizer(
    name: &str,
    part: &PartConfig,
    node: &Arc<dyn Synthesizer>,
) -> Result<Arc<dyn Synthesizer>, String> {
    use voice::tts::Vendor;
    let table = format!("engines.{name}.tts");
    let vendor = Vendor::named(&part.kind)
        .ok_or_else(|| unknown(&table, &part.kind, Vendor::ALL.map(Vendor::name).as_slice()))?;
    let access = access(&table, part, vendor.url().unwrap_or_default());
    let mut wanted = SpeechConfig::new(vendor, access);
    set(&mut wanted.model, &part.model);
    set(&mut wanted.voice, &part.voice);
    let service = SpeechService::new(wanted).map_err(|error| error.to_string())?;
    let stand_in = StandIn::new(Arc::new(service), node.clone()).map_err(|error| error.to_string())?;
    Ok(Arc::new(stand_in))
}

fn model(name: &str, part: &PartConfig, count_tokens: bool) -> Result<LanguageModel, String> {
    let table = format!("engines.{name}.llm");
    let vendor = llm::Vendor::all()
        .find(|vendor| vendor.name() == part.kind)
        .ok_or_else(|| {
            let known: Vec<&str> = llm::Vendor::all().map(llm::Vendor::name).collect();
            unknown(&table, &part.kind, &known)
        })?;
    let mut wanted = llm::Config::of(vendor, &part.model);
    set(&mut wanted.base_url, &part.url);
    wanted.api_key = part.api_key.as_ref().map(|key| ApiKey::new(key.expose()));
    wanted.table = table;
    wanted.count_tokens = count_tokens;
    LanguageModel::new(wanted).map_err(|error| error.to_string())
}

fn access(table: &str, part: &PartConfig, usual: &str) -> Access {
    let url = if part.url.is_empty() { usual } else { &part.url };
    Access {
        api_key: part.api_key.as_ref().map(|key| ApiKey::new(key.expose())),
        ..Access::new(table, url)
    }
}

fn key(name: &str, secret: Option<&Secret>) -> Result<ApiKey, String> {
    let Some(secret) = secret else {
        let variable = name.to_uppercase().replace(['-', '.'], "_");
        return Err(format!(
            "engines.{name}.api_key is missing: write api_key = {{ env = \"{variable}_API_KEY\" }} and set that variable, or {{ file = \"/path\" }}"
        ));
    };
    Ok(ApiKey::new(secret.expose()))
}

fn unknown(table: &str, kind: &str, known: &[&str]) -> String {
    format!("{table}.kind: {kind:?} is none; there is {}", known.join(", "))
}

/// What the operator has set goes before the usual.
fn set(usual: &mut String, wanted: &str) {
    if !wanted.is_empty() {
        wanted.clone_into(usual);
    }
}

/// The brains of a cascade: the node's, with a language model of its own.
struct Minds {
    node: Arc<Brains>,
    model: Option<LanguageModel>,
}

impl Brain for Minds {
    fn begin(&self, secretary: Arc<Secretary>, tools: Arc<[ToolSpec]>) -> Box<dyn Mind> {
        match &self.model {
            Some(model) if secretary.brain == "chat" => model.begin(secretary, tools),
            _ => self.node.begin(secretary, tools),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Config;
    use crate::engines::Engines;

    /// The engines of a configuration, or what is wrong with it.
    fn built(text: &str) -> Result<String, Vec<String>> {
        let text = format!("stt.model = \"\"\n{text}");
        let config = Config::parse(
            Some(("test.toml", &text)),
            [("KEY".to_owned(), "sk-test".to_owned())],
        )
        .expect("a configuration");
        Engines::build(&config).map(|engines| engines.names())
    }

    #[test]
    fn an_engine_of_every_kind_is_made_of_its_table() {
        let mut text = String::new();
        for kind in super::KINDS {
            let more = match kind {
                "azure" => "url = \"wss://res.openai.azure.com/openai/v1/realtime\"\n",
                "elevenlabs" => "agent = \"agent_1\"\n",
                _ => "",
            };
            text.push_str(&format!(
                "[engines.an-{kind}]\nkind = \"{kind}\"\napi_key = {{ env = \"KEY\" }}\n{more}"
            ));
        }
        let names = built(&text).unwrap();
        for kind in super::KINDS {
            assert!(names.contains(&format!("an-{kind}")), "{kind} in {names}");
        }
    }

    #[test]
    fn a_cascade_is_made_of_any_parts() {
        let stt = voice::stt::Vendor::ALL
            .map(voice::stt::Vendor::name)
            .into_iter()
            .chain(super::LiveVendor::ALL.map(super::LiveVendor::name))
            .chain(["", "local"]);
        for kind in stt {
            let part = format!(
                "[engines.c]\nkind = \"cascade\"\nstt = {{ kind = \"{kind}\", url = \"http://127.0.0.1:9/v1\", api_key = {{ env = \"KEY\" }} }}"
            );
            assert!(built(&part).is_ok(), "{kind}: {:?}", built(&part));
        }
        for vendor in voice::brain::llm::Vendor::all() {
            let kind = vendor.name();
            let part = format!(
                "[engines.c]\nkind = \"cascade\"\nllm = {{ kind = \"{kind}\", model = \"m\", url = \"http://127.0.0.1:9/v1\", api_key = {{ env = \"KEY\" }} }}"
            );
            assert!(built(&part).is_ok(), "{kind}: {:?}", built(&part));
        }
        for kind in voice::tts::Vendor::ALL.map(voice::tts::Vendor::name) {
            let part = format!(
                "[engines.c]\nkind = \"cascade\"\ntts = {{ kind = \"{kind}\", voice = \"v\", url = \"http://127.0.0.1:9/v1\", api_key = {{ env = \"KEY\" }} }}"
            );
            assert!(built(&part).is_ok(), "{kind}: {:?}", built(&part));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_what_would_be_right() {
        let wrong = |text: &str, part: &str| {
            let told = built(text).unwrap_err().join("\n");
            assert!(told.contains(part), "{told}");
        };
        wrong("[engines.gemini]", "GEMINI_API_KEY");
        wrong("[engines.local]\nkind = \"cascade\"", "taken by the node's own");
        wrong("[engines.x]\nkind = \"gemni\"", "gemini, elevenlabs");
        wrong("[engines.elevenlabs]", "engines.elevenlabs.agent is missing");
        wrong(
            "[engines.x]\nkind = \"cascade\"\nllm = { kind = \"ollamma\" }",
            "engines.x.llm.kind",
        );
        wrong(
            "[engines.x]\nkind = \"cascade\"\nstt = { kind = \"whisper\" }",
            "local, openai",
        );
    }
}
