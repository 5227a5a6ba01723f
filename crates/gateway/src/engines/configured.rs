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
use voice::service::Access;
use voice::stt::{Transcriber, TranscriptionConfig, TranscriptionService};
use voice::tts::{Prompts, SpeechConfig, SpeechService, StandIn, Synthesizer};
use voice::{ApiKey, Engine, deepgram, gemini};

/// The engines that are there without a table.
pub(super) const OWN: [&str; 3] = ["local", "loopback", "openai"];

/// The kinds of engines that a table can be of.
pub(super) const KINDS: [&str; 3] = ["gemini", "deepgram", "cascade"];

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
    match kind(name, table) {
        "gemini" => gemini(name, table, config),
        "deepgram" => deepgram(name, table, config),
        "cascade" => cascade(name, table, parts),
        other => Err(format!(
            "engines.{name}.kind: {other:?} is no kind of engine; there is {}",
            KINDS.join(", ")
        )),
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

fn gemini(name: &str, table: &EngineConfig, config: &Config) -> Result<Arc<dyn Engine>, String> {
    let mut wanted = gemini::Config::new(key(name, table.api_key.as_ref())?);
    wanted.name = name.to_owned();
    wanted.hold = config.stream.hold();
    set(&mut wanted.url, &table.url);
    set(&mut wanted.model, &table.model);
    set(&mut wanted.voice, &table.voice);
    let engine = gemini::Gemini::new(wanted).map_err(|error| error.to_string())?;
    Ok(Arc::new(engine))
}

fn deepgram(name: &str, table: &EngineConfig, config: &Config) -> Result<Arc<dyn Engine>, String> {
    let mut wanted = deepgram::Config::new(key(name, table.api_key.as_ref())?);
    wanted.name = name.to_owned();
    wanted.hold = config.stream.hold();
    set(&mut wanted.url, &table.url);
    set(&mut wanted.model, &table.model);
    set(&mut wanted.voice, &table.voice);
    set(&mut wanted.listen_model, &table.transcription_model);
    set(&mut wanted.think_provider, &table.think_provider);
    wanted.other_voice = other_voice(name, &table.tts)?;
    let engine = deepgram::Deepgram::new(wanted).map_err(|error| error.to_string())?;
    Ok(Arc::new(engine))
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

fn cascade(name: &str, table: &EngineConfig, parts: &Parts) -> Result<Arc<dyn Engine>, String> {
    let transcriber = match table.stt.kind.as_str() {
        "" | "local" => parts.transcriber.clone(),
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
    Ok(Arc::new(cascade.named(name)))
}

fn transcriber(name: &str, part: &PartConfig) -> Result<Arc<dyn Transcriber>, String> {
    use voice::stt::Vendor;
    let table = format!("engines.{name}.stt");
    let vendor = Vendor::named(&part.kind)
        .ok_or_else(|| unknown(&table, &part.kind, Vendor::ALL.map(Vendor::name).as_slice()))?;
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
        let variable = name.to_uppercase().replace('-', "_");
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
