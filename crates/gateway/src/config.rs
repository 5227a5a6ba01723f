//! The configuration: a TOML file, the environment over it, a default for every key.
//!
//! `VOICE_AI__SECTION__KEY=value` overrides a key of the file; the value is read as TOML, else as a text. Whatever is wrong is
//! told at once and all of it, each with its line or variable and its remedy. Secrets are named by `{ env = "NAME" }` or
//! `{ file = "/path" }`.

mod amount;
mod echo;
mod engines;
mod error;
mod log;
mod mcp;
mod node;
mod pbx;
mod prices;
mod read;
mod rules;
mod secret;
mod store;
mod tenants;
mod values;
mod verify;
mod webhooks;
mod zone;

pub use crate::webhooks::WebhookEvent;
pub use amount::Amount;
pub use echo::EchoMode;
pub use engines::{EngineConfig, PartConfig};
pub use error::{ConfigError, ConfigErrors, Origin};
pub use log::LogFormat;
pub use mcp::Setting;
pub use pbx::LegChoice;
pub use prices::{ChatPrices, RealtimePrices};
pub use secret::Secret;
pub use store::StoreUrl;
pub use verify::Verify;

use audio::{Layout, SampleRate};
use ipnet::IpNet;
use node::Node;
use read::{Read, Reading, section};
use secretary::{DomainUuid, SAMPLE_DEFAULT, SAMPLE_DOMAIN, SAMPLE_DOMAIN_NAME};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use zone::KnownZone;

section! {
    /// Everything that can be configured.
    Config {
        /// The listeners, who may use them, and their limits.
        server: ServerConfig = ServerConfig::default(),
        /// The streams of calls.
        stream: StreamConfig = StreamConfig::default(),
        /// Hearing when the caller speaks.
        vad: VadConfig = VadConfig::default(),
        /// The files of models.
        models: ModelsConfig = ModelsConfig::default(),
        /// Speech to text of the local engine.
        stt: SttConfig = SttConfig::default(),
        /// Text to speech of the local engine.
        tts: TtsConfig = TtsConfig::default(),
        /// The OpenAI Realtime engine.
        openai: OpenAiConfig = OpenAiConfig::default(),
        /// Further engines, by the name that secretaries give.
        engines: BTreeMap<String, EngineConfig> = BTreeMap::new(),
        /// The chat brain of the local engine.
        chat: ChatConfig = ChatConfig::default(),
        /// Servers whose tools secretaries may use, by their names.
        mcp: BTreeMap<String, McpConfig> = BTreeMap::new(),
        /// The FreeSWITCHes that are controlled; none where calls only come by streams.
        pbx: Vec<PbxConfig> = Vec::new(),
        /// What the node keeps.
        data: DataConfig = DataConfig::default(),
        /// Where what happened is kept.
        store: StoreConfig = StoreConfig::default(),
        /// Who is told what happened.
        webhooks: Vec<WebhookConfig> = Vec::new(),
        /// The files of calls.
        recording: RecordingConfig = RecordingConfig::default(),
        /// What the node says about itself.
        log: LogConfig = LogConfig::default(),
        /// The files of secretaries.
        secretaries: SecretariesConfig = SecretariesConfig::default(),
        /// The tenants.
        domains: Vec<DomainConfig> = vec![DomainConfig::default()],
    }
}

section! {
    /// The listeners, who may use them, and their limits.
    ServerConfig {
        /// Where modules stream calls to. Any address but a loopback one needs `token` or `allow`.
        listen: SocketAddr = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 8085),
        /// Where metrics and health are read. Any address but a loopback one needs `control_token`.
        control: SocketAddr = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 8086),
        /// What a stream's request must show, as `Authorization: Bearer …` or `?token=…`.
        token: Option<Secret> = None,
        /// What a request to the control listener must show, as `Authorization: Bearer …`.
        control_token: Option<Secret> = None,
        /// The addresses and networks that may stream; empty for all.
        allow: Vec<IpNet> = Vec::new(),
        /// The calls of this node at once.
        max_calls: u32 = 500 => 1..=100_000,
        /// How long calls may go on after SIGTERM, in seconds.
        drain_seconds: u32 = 60 => 0..=86_400,
        /// How long a connection may take to make its request and be answered, in seconds.
        upgrade_seconds: u32 = 5 => 1..=60,
        /// The connections that have not yet become calls, at once.
        max_handshakes: u32 = 1_024 => 1..=65_536,
        /// Those of one address (of one /64 network with IPv6), at once.
        address_handshakes: u32 = 512 => 1..=65_536,
        /// The requests of one address, in a second.
        address_requests_per_second: u32 = 100 => 1..=100_000,
        /// The requests of one address that may come at once after it was quiet.
        address_request_burst: u32 = 1_000 => 1..=100_000,
        /// What a stream's address must be true of, where a FreeSWITCH is configured.
        verify: Verify = Verify::Domain,
        /// The certificate, where streams come encrypted (`wss://`).
        tls: Option<TlsConfig> = None,
    }
}

section! {
    /// The certificate of the stream listener.
    TlsConfig {
        /// The certificate and those above it, in PEM, the server's own first. Read again when the file changes.
        certificate: PathBuf = PathBuf::new(),
        /// Its private key, in PEM.
        key: PathBuf = PathBuf::new(),
    }
}

section! {
    /// The streams of calls.
    StreamConfig {
        /// What a stream carries that does not say so.
        assume: AssumeConfig = AssumeConfig::default(),
        /// The caller's audio that waits longer than this is dropped, in milliseconds.
        backlog_ms: u32 = 500 => 40..=10_000,
        /// A stream without audio for so long after its start is warned of, in milliseconds; 0 for never.
        idle_warning_ms: u32 = 2_000 => 0..=60_000,
        /// A mono stream of an open module that brings no audio for so long counts as lost, in milliseconds; 0 for never.
        mute_limit_ms: u32 = 5_000 => 0..=60_000,
        /// How long a call waits for a lost stream to come back, in milliseconds.
        reattach_grace_ms: u32 = 5_000 => 0..=60_000,
        /// How far audio is sent ahead of what the caller hears, in milliseconds.
        lead_ms: u32 = 60 => 20..=60,
        /// Whether the echo of callers' lines is taken out.
        echo: EchoMode = EchoMode::Auto,
        /// The most of an answer that waits to be played, in seconds.
        hold_seconds: u32 = 300 => 10..=300,
    }
}

section! {
    /// What a stream carries that does not say so.
    AssumeConfig {
        /// The sample rate in Hz.
        rate: SampleRate = SampleRate::HZ_16000,
        /// The channels.
        mix: Layout = Layout::Mixed,
    }
}

section! {
    /// Hearing when the caller speaks.
    VadConfig {
        /// Whether the ear listens at all. Without it nobody is interrupted, and only engines that end turns by themselves answer.
        enabled: bool = true,
    }
}

section! {
    /// The files of models.
    ModelsConfig {
        /// The folder where `voice-ai models install` puts them; the command's own default where none is named.
        dir: Option<PathBuf> = None,
    }
}

section! {
    /// Speech to text of the local engine.
    SttConfig {
        /// A model's name, or the path of a ggml file; empty for none, then callers answer by keys.
        model: String = "whisper-base".into(),
        /// Worker processes, each with the model in memory (about 200 MB for whisper-base).
        workers: u32 = 1 => 1..=64,
        /// Threads of each worker.
        threads: u32 = 2 => 1..=64,
        /// Utterances that may wait for a worker.
        queue: u32 = 16 => 1..=1_000,
    }
}

section! {
    /// Text to speech of the local engine.
    TtsConfig {
        /// The espeak-ng program: a name that is looked up in PATH, or a path.
        espeak: String = "espeak-ng".into(),
        /// Texts that are spoken at once, each by a process.
        processes: u32 = 8 => 1..=256,
        /// Its pace in words a minute.
        words_per_minute: u32 = 160 => 80..=450,
        /// A Piper voice that speaks Portuguese instead: a model's name, or the path of a `….onnx` with its `….onnx.json`
        /// beside it; empty for none.
        piper_pt_br: String = String::new(),
        /// A Piper voice that speaks English instead.
        piper_en: String = String::new(),
    }
}

section! {
    /// The OpenAI Realtime engine.
    OpenAiConfig {
        /// The address of the API.
        url: String = "wss://api.openai.com/v1/realtime".into(),
        /// The model.
        model: String = "gpt-realtime-2.1".into(),
        /// The model that writes down the caller's words.
        transcription_model: String = "gpt-transcribe".into(),
        /// The key; secretaries may use the engine `openai` only where there is one.
        api_key: Option<Secret> = None,
        /// The voice of secretaries that name none.
        voice: String = "marin".into(),
        /// What it charges for a million tokens; without, a call costs 0.
        prices: RealtimePrices = RealtimePrices::default(),
    }
}

section! {
    /// The chat brain of the local engine: any OpenAI-compatible chat endpoint.
    ChatConfig {
        /// The address of the API, up to and with its version.
        base_url: String = "http://127.0.0.1:11434/v1".into(),
        /// The model; secretaries may use the brain `chat` only where one is named.
        model: String = String::new(),
        /// The key, where the endpoint wants one.
        api_key: Option<Secret> = None,
        /// What it charges for a million tokens; without, a call costs 0.
        prices: ChatPrices = ChatPrices::default(),
    }
}

section! {
    /// A server of the Model Context Protocol: a process of ours, or a service.
    McpConfig {
        /// The program, where it is a process.
        command: String = String::new(),
        /// Its arguments.
        args: Vec<String> = Vec::new(),
        /// Variables of its environment; of ours it has PATH, HOME, LANG and their like alone.
        env: BTreeMap<String, Setting> = BTreeMap::new(),
        /// The endpoint, where it is a service (streamable HTTP).
        url: String = String::new(),
        /// Headers of each request to it.
        headers: BTreeMap<String, Setting> = BTreeMap::new(),
        /// Whether its address may be private, and its URL begin with `http://`.
        allow_private: bool = false,
        /// How long one of its tools may take, in milliseconds; a secretary's `limits.tool_ms` holds besides.
        timeout_ms: u32 = 10_000 => 100..=600_000,
    }
}

section! {
    /// A FreeSWITCH that is controlled by its event socket.
    PbxConfig {
        /// Its name, in logs and commands.
        name: String = "local".into(),
        /// Where its event socket is.
        host: String = "127.0.0.1".into(),
        /// The port of its event socket.
        port: u16 = 8021,
        /// The password of its event socket; FreeSWITCH's own default where none is named.
        password: Option<Secret> = None,
        /// How the audio of its calls travels.
        leg: LegChoice = LegChoice::Auto,
        /// Our address as FreeSWITCH reaches it, for the `unicast` leg: loopback, or one of a private network.
        unicast_address: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST),
        /// The first port of the `unicast` leg; each call takes two, ours and FreeSWITCH's.
        unicast_port: u16 = 26_000,
        /// The extension that gets a call when nobody carries it any more and its secretary names no fallback; empty for a hang-up.
        fallback: String = String::new(),
        /// The stream of mod_local_stream that a caller hears who waits; empty for silence.
        music: String = "moh".into(),
        /// What is dialled before an extension to reach its mailbox; FusionPBX's own code where none is named.
        mailbox_prefix: String = "*99".into(),
    }
}

section! {
    /// What the node keeps.
    DataConfig {
        /// The folder of messages that callers left. Made when it is missing.
        dir: PathBuf = "data".into(),
    }
}

section! {
    /// Where what happened is kept.
    StoreConfig {
        /// The database: `sqlite:PATH` (below `data.dir` where it is relative) or `postgres://…`.
        url: StoreUrl = StoreUrl::sqlite(),
        /// What waits for the database, on disk in `data.dir`, at most so many megabytes (2^20 bytes).
        journal_mb: u32 = 256 => 1..=65_536,
    }
}

section! {
    /// Who is told what happened in a domain.
    WebhookConfig {
        /// Its name, its own in its domain.
        name: String = String::new(),
        /// The domain, by name or UUID.
        domain: String = String::new(),
        /// Where it is told, by a POST.
        url: String = String::new(),
        /// What requests are signed with.
        secret: Option<Secret> = None,
        /// What it is told.
        events: Vec<WebhookEvent> = WebhookEvent::ALL.into(),
        /// Whether its address may be private, and its URL begin with `http://`.
        allow_private: bool = false,
    }
}

section! {
    /// The files of calls. Whether a call's sound is recorded is its secretary's `privacy.recording`.
    RecordingConfig {
        /// Whether every call has an event log, which `voice-ai replay` reads.
        event_log: bool = true,
        /// The program that makes Opus of finished recordings, called as opusenc is; empty for WAV.
        opus: String = String::new(),
        /// With less free space than this, in megabytes, no sound is recorded.
        least_free_mb: u32 = 500 => 0..=1_000_000_000,
    }
}

section! {
    /// What the node says about itself.
    LogConfig {
        /// What is logged: a level, or directives as RUST_LOG has them (RUST_LOG goes before it).
        level: String = "info".into(),
        /// How.
        format: LogFormat = LogFormat::Text,
    }
}

section! {
    /// The files of secretaries.
    SecretariesConfig {
        /// The folder of all domains' secretaries (`*.toml`, also in direct subfolders); where none is named, every domain has the
        /// embedded samples.
        dir: Option<PathBuf> = None,
        /// How often the folder is looked at for changes, in seconds; 0 for never.
        reload_seconds: u32 = 5 => 0..=86_400,
    }
}

section! {
    /// One tenant.
    DomainConfig {
        /// Its UUID in FusionPBX.
        uuid: DomainUuid = SAMPLE_DOMAIN,
        /// Its name.
        name: String = SAMPLE_DOMAIN_NAME.into(),
        /// The secretary that answers where the metadata names none.
        default_secretary: String = SAMPLE_DEFAULT.into(),
        /// The IANA name of the time zone in which its days begin.
        timezone: String = "UTC".into() => KnownZone,
        /// Its calls at once.
        max_calls: u32 = 100 => 1..=100_000,
        /// Its streams that may begin in a second.
        streams_per_second: u32 = 50 => 1..=100_000,
        /// Its streams that may begin at once after a quiet time.
        stream_burst: u32 = 500 => 1..=100_000,
        /// Its minutes of calls in a day; 0 for no limit.
        minutes_per_day: u32 = 0 => 0..=10_000_000,
        /// What its engines may cost in a day; 0 for no limit.
        spend_per_day: Amount = Amount::ZERO,
        /// After how many days what its calls left is erased; 0 for never.
        retention_days: u32 = 0 => 0..=36_500,
    }
}

impl Config {
    /// Reads the file, if one is named, and `environment` over it.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        let text = match file {
            None => None,
            Some(path) => match std::fs::read_to_string(path) {
                Ok(text) => Some((path.display().to_string(), text)),
                Err(source) => {
                    return Err(ConfigErrors(vec![ConfigError::Unreadable {
                        path: path.into(),
                        source,
                    }]));
                }
            },
        };
        Self::parse(
            text.as_ref().map(|(name, text)| (name.as_str(), text.as_str())),
            environment,
        )
    }

    /// Reads a file's name and text, if there is one, and `environment` over it.
    pub fn parse(
        file: Option<(&str, &str)>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        Self::parse_for(file, environment, Path::new("/"), &[])
    }

    /// The same for a machine whose files are below `root`, where the file's absolute paths lead then, and for which the files of `coming`
    /// are still to be written, each with its text.
    pub fn parse_for(
        file: Option<(&str, &str)>,
        environment: impl IntoIterator<Item = (String, String)>,
        root: &Path,
        coming: &[(PathBuf, String)],
    ) -> Result<Self, ConfigErrors> {
        let there = coming
            .iter()
            .map(|(path, text)| (below(root, path), text.clone()));
        let mut reading = Reading {
            environment: environment.into_iter().collect(),
            coming: there.collect(),
            errors: Vec::new(),
        };
        let mut tree = match file {
            Some((name, text)) => Node::from_file(name, text, &mut reading.errors),
            None => Node::empty(),
        };
        if root != Path::new("/") {
            tree.move_paths(&|path| below(root, path));
        }
        tree.override_by(&reading.environment, &mut reading.errors);
        let config = <Self as Read>::read(tree, &mut reading).unwrap_or_default();
        if reading.errors.is_empty() {
            reading.errors = config.contradictions();
        }
        if reading.errors.is_empty() {
            Ok(config)
        } else {
            Err(ConfigErrors(reading.errors))
        }
    }

    /// Every key there is, with its section, as `server.listen`.
    pub fn keys() -> Vec<String> {
        let mut keys = Vec::new();
        <Self as Read>::keys("", &mut keys);
        keys
    }
}

/// Where an absolute path of a machine whose `/` is `root` is found from here.
fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

impl ServerConfig {
    /// How long calls may go on after SIGTERM.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds.into())
    }

    /// How long a connection may take to become a call.
    pub fn upgrade_limit(&self) -> Duration {
        Duration::from_secs(self.upgrade_seconds.into())
    }
}

impl StreamConfig {
    /// See [`StreamConfig::backlog_ms`].
    pub fn backlog(&self) -> Duration {
        Duration::from_millis(self.backlog_ms.into())
    }

    /// See [`StreamConfig::idle_warning_ms`]; none for never.
    pub fn idle_warning(&self) -> Option<Duration> {
        (self.idle_warning_ms > 0).then(|| Duration::from_millis(self.idle_warning_ms.into()))
    }

    /// See [`StreamConfig::mute_limit_ms`]; none for never.
    pub fn mute_limit(&self) -> Option<Duration> {
        (self.mute_limit_ms > 0).then(|| Duration::from_millis(self.mute_limit_ms.into()))
    }

    /// See [`StreamConfig::reattach_grace_ms`].
    pub fn reattach_grace(&self) -> Duration {
        Duration::from_millis(self.reattach_grace_ms.into())
    }

    /// See [`StreamConfig::lead_ms`].
    pub fn lead(&self) -> Duration {
        Duration::from_millis(self.lead_ms.into())
    }

    /// See [`StreamConfig::hold_seconds`].
    pub fn hold(&self) -> Duration {
        Duration::from_secs(self.hold_seconds.into())
    }
}
