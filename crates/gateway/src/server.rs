//! The running gateway: its two listeners, its calls, and how it ends.

use crate::access::Access;
use crate::allowance::Allowances;
use crate::api::{self, Api};
use crate::arrivals::Arrivals;
use crate::books::Books;
use crate::calls::Calls;
use crate::certificate::Certificate;
use crate::claims::Claims;
use crate::config::{Config, Secret};
use crate::control::Control;
use crate::driver::Services;
use crate::engines::Engines;
use crate::health::{Controlled, Health};
use crate::keeping::Keeping;
use crate::limits::{Addresses, Domains, LogLines, Rate};
use crate::listen::{Terms, listen};
use crate::metrics::Metrics;
use crate::reload::{Reload, Secretaries};
use crate::stream::Streams;
use crate::switches::Switches;
use crate::{allowance, door, messages, recordings, retention};
use audio::{EarModel, TurnModel};
use recording::Recorder;
use secretary::{Folder, SecretarySource, Snapshot};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use voice::Engine;

/// Connections at once to the control listener, which few ask.
const CONTROL_CONNECTIONS: usize = 32;

/// The server between FreeSWITCH and a voice engine.
pub struct Gateway;

/// A gateway that runs.
pub struct Running {
    stream_addr: SocketAddr,
    control_addr: SocketAddr,
    metrics: Metrics,
    shutdown: Shutdown,
    reload: Reload,
    ended: JoinHandle<()>,
}

/// Ends a gateway. Clones end the same one.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    drain: CancellationToken,
    now: CancellationToken,
}

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is right by itself and cannot be carried out.
    #[error("{}", .0.join("\n"))]
    Config(Vec<String>),
    /// An address cannot be listened on.
    #[error("{key}: cannot listen on {addr}: {source}; {}", remedy(.source, .addr, .key))]
    Bind {
        /// The key that names it.
        key: &'static str,
        /// The address.
        addr: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
}

fn remedy(error: &std::io::Error, addr: &SocketAddr, key: &str) -> String {
    let port = addr.port();
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "is another voice-ai running? `ss -ltnp 'sport = :{port}'` shows what holds it; end that, or set {key} to \
             another port"
        ),
        ErrorKind::AddrNotAvailable => {
            format!(
                "this machine has no address {}; `ip addr` shows those it has",
                addr.ip()
            )
        }
        ErrorKind::PermissionDenied => format!("port {port} is for root; set {key} to a port above 1023"),
        _ => format!("set {key} to another address"),
    }
}

impl Shutdown {
    /// Takes no new call; ends when the last has ended or `server.drain_seconds` are over.
    pub fn drain(&self) {
        self.drain.cancel();
    }

    /// Ends every call now.
    pub fn now(&self) {
        self.now.cancel();
        self.drain.cancel();
    }
}

impl Gateway {
    /// Whether a gateway could be made of this configuration: the secretaries' files, and the engines that they want. All
    /// that is wrong, each with its remedy. Starts nothing.
    pub fn check(config: &Config) -> Result<(), Vec<String>> {
        prepare(config, Vec::new())?;
        certificate(config).map(drop)
    }

    /// Whether these secretaries would do in a gateway of this configuration, whatever `secretaries.dir` says: their files and
    /// scripts, and the engines that they want. They may be a part of all. Starts nothing.
    pub fn check_secretaries(config: &Config, folder: &Folder) -> Result<(), Vec<String>> {
        let snapshot = Snapshot::load_part(&config.domain_entries(), folder)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        Engines::build(config)?.fit(&snapshot).map(drop)
    }

    /// Starts a gateway in the present tokio runtime. It listens when this returns.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        Self::start_with(config, Vec::new()).await
    }

    /// The same with engines of the embedder's own, each in the place of ours of the same name.
    pub async fn start_with(config: Config, own: Vec<Arc<dyn Engine>>) -> Result<Running, StartError> {
        let (snapshot, engines) = prepare(&config, own).map_err(StartError::Config)?;
        let certificate = certificate(&config).map_err(StartError::Config)?;
        let tls = certificate
            .as_ref()
            .map(Certificate::acceptor)
            .transpose()
            .map_err(|error| StartError::Config(vec![format!("server.tls: {error}")]))?;
        let metrics = Metrics::new();
        let stream = bind("server.listen", config.server.listen).await?;
        let control = bind("server.control", config.server.control).await?;
        let (stream_addr, control_addr) = (
            local(&stream, config.server.listen),
            local(&control, config.server.control),
        );
        let scheme = if tls.is_some() { "wss" } else { "ws" };
        announce(scheme, stream_addr, control_addr, &snapshot, &engines);
        let transcription = engines.transcription.clone();
        tokio::spawn(async move { transcription.warm().await });

        let keeping = Keeping::start(&config, &metrics).map_err(|error| StartError::Config(vec![error]))?;
        let recorder = recordings::start(&config).map_err(|error| {
            StartError::Config(vec![format!(
                "the writer of recordings cannot be started: {error}"
            )])
        })?;
        let data = config.data.dir.clone();
        tokio::task::spawn_blocking(move || recordings::repair(&data));

        let engines = Arc::new(engines);
        let secretaries = Arc::new(Secretaries::new(
            snapshot,
            config.domain_entries(),
            config.secretaries.dir.clone(),
            engines.clone(),
        ));
        let health = |calls: &Calls| {
            Health::new(
                calls.clone(),
                engines.names(),
                engines.transcription.clone(),
                config.tts.espeak.clone(),
                config.data.dir.clone(),
                secretaries.clone(),
                keeping.kept.clone(),
            )
            .certified(certificate.clone())
        };
        messages::mention_former(&config.data.dir);
        let books = Books::new(keeping.kept.keeper.clone(), keeping.kept.webhooks.clone());
        let allowances = Allowances::new(Arc::new(jiff::Timestamp::now));
        let (switches, parked) =
            Switches::connect(&config).map_err(|error| StartError::Config(vec![format!("pbx: {error}")]))?;
        metrics.watch(switches.all().iter().map(|one| one.switch.clone()));
        let calls = Calls::new(
            Arc::new(services(
                &config,
                &engines,
                &metrics,
                &recorder,
                books,
                switches.clone(),
            )),
            config.server.max_calls,
            allowances.clone(),
        );
        let health = Arc::new(health(&calls).controlling(Controlled {
            switches: switches.clone(),
            configs: config.pbx.clone(),
            verify: config.server.verify,
        }));
        let time = config.server.upgrade_limit();
        let streams = Streams {
            access: Access::to_streams(&config.server),
            addresses: Addresses::new(
                config.server.address_handshakes,
                Rate {
                    per_second: config.server.address_requests_per_second,
                    burst: config.server.address_request_burst,
                },
            ),
            domains: Domains::new(&config.domains, Instant::now()),
            claims: Claims::new(switches.clone(), config.server.verify, time),
            secretaries: secretaries.clone(),
            calls: calls.clone(),
            runtime: Handle::current(),
            health: health.clone(),
            metrics: metrics.clone(),
            log: LogLines::new(Instant::now()),
        };
        let control_site = Control {
            access: Access::to_control(&config.server),
            health,
            metrics: metrics.clone(),
            kept: keeping.kept.clone(),
            api: Api {
                calls: calls.clone(),
                switches: switches.clone(),
                pbx: config.pbx.clone(),
                secretaries: secretaries.clone(),
                token: token(&config),
            },
        };
        let shutdown = Shutdown::default();
        let closed = CancellationToken::new();
        let arrivals = Arrivals {
            secretaries: secretaries.clone(),
            calls: calls.clone(),
            metrics: metrics.clone(),
        };
        for (controlled, parked) in switches.all().iter().zip(parked) {
            let arrivals = arrivals.clone();
            tokio::spawn(arrivals.take(controlled.clone(), parked, closed.clone()));
        }
        let handshakes = Terms {
            connections: config.server.max_handshakes as usize,
            time,
            tls,
        };
        door::open(stream, handshakes, Arc::new(streams), closed.clone()).map_err(|error| {
            StartError::Config(vec![format!(
                "the thread that takes streams cannot be started: {error}"
            )])
        })?;
        let few = Terms {
            connections: CONTROL_CONNECTIONS,
            time,
            tls: None,
        };
        tokio::spawn(listen(control, few, Arc::new(control_site), closed.clone()));
        if let Some(certificate) = &certificate {
            tokio::spawn(certificate.clone().follow(closed.clone()));
        }
        if config.secretaries.reload_seconds > 0 && config.secretaries.dir.is_some() {
            let period = Duration::from_secs(config.secretaries.reload_seconds.into());
            tokio::spawn(secretaries.clone().follow(period, closed.clone()));
        }
        let domains = secretaries.snapshot().domains.values().cloned().collect();
        tokio::spawn(allowance::read_books(
            allowances,
            keeping.kept.store.clone(),
            domains,
            closed.clone(),
        ));
        tokio::spawn(retention::run(
            secretaries.clone(),
            keeping.kept.store.clone(),
            config.data.dir.clone(),
            closed.clone(),
        ));
        let ended = tokio::spawn(end(
            calls,
            shutdown.clone(),
            config.server.drain(),
            closed,
            recorder,
            keeping,
        ));
        Ok(Running {
            stream_addr,
            control_addr,
            metrics,
            shutdown,
            reload: Reload::new(secretaries, certificate),
            ended,
        })
    }
}

fn prepare(config: &Config, own: Vec<Arc<dyn Engine>>) -> Result<(Snapshot, Engines), Vec<String>> {
    let (snapshot, mut engines) = match (config.snapshot(), Engines::build(config)) {
        (Ok(snapshot), Ok(engines)) => (snapshot, engines),
        (snapshot, engines) => {
            let wrong = [snapshot.err(), engines.err()];
            return Err(wrong.into_iter().flatten().flatten().collect());
        }
    };
    engines
        .by_name
        .extend(own.into_iter().map(|engine| (engine.name().to_owned(), engine)));
    engines.adopt(engines.fit(&snapshot)?);
    Ok((snapshot, engines))
}

/// Reads the certificate, where one is configured. Blocks.
fn certificate(config: &Config) -> Result<Option<Arc<Certificate>>, Vec<String>> {
    let read = config.server.tls.clone().map(Certificate::read).transpose();
    match read {
        Ok(certificate) => Ok(certificate.map(Arc::new)),
        Err(error) => Err(vec![error.to_string()]),
    }
}

/// What requests to the API must show. Calls go on without: nobody is served there then.
fn token(config: &Config) -> Option<Secret> {
    let made = api::make_token(config);
    made.inspect_err(|error| {
        let folder = config.data.dir.display();
        tracing::error!(%error, "no token can be kept in {folder}, and `voice-ai calls` and `voice-ai pbx` are refused: let this user write there, or set server.control_token");
    })
    .ok()
}

/// Waits for the shutdown and carries it out. The listeners answer until the last call has ended: whoever asks is told that the
/// node drains, and a stream that was lost may come back.
async fn end(
    calls: Calls,
    shutdown: Shutdown,
    patience: Duration,
    closed: CancellationToken,
    recorder: Recorder,
    keeping: Keeping,
) {
    shutdown.drain.cancelled().await;
    tracing::info!(
        calls = calls.live(),
        seconds = patience.as_secs(),
        "draining: no new calls"
    );
    tokio::select! {
        () = calls.drain(patience) => {}
        () = shutdown.now.cancelled() => calls.drain(Duration::ZERO).await,
    }
    closed.cancel();
    keeping.close().await;
    // What it still has to write is not much; a thread of its own may wait for the disk.
    if tokio::task::spawn_blocking(move || recorder.close())
        .await
        .is_err()
    {
        tracing::error!("the recorder could not be closed");
    }
}

async fn bind(key: &'static str, addr: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(addr)
        .await
        .map_err(|source| StartError::Bind { key, addr, source })
}

fn local(listener: &TcpListener, asked: SocketAddr) -> SocketAddr {
    listener.local_addr().unwrap_or(asked)
}

fn services(
    config: &Config,
    engines: &Engines,
    metrics: &Metrics,
    recorder: &Recorder,
    books: Books,
    switches: Switches,
) -> Services {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Services {
        engines: engines.by_name.clone(),
        prompts: engines.prompts.clone(),
        ear: config.vad.enabled.then(EarModel::embedded),
        turn: config.vad.enabled.then(TurnModel::embedded),
        judges: Arc::new(Semaphore::new(cores)),
        stream: config.stream.clone(),
        prices: BTreeMap::from([
            ("openai", config.openai.prices.clone()),
            ("local", config.chat.prices.of_text()),
        ]),
        recorder: recorder.clone(),
        event_log: config.recording.event_log,
        metrics: metrics.clone(),
        books,
        switches,
        words: engines.transcription.transcriber(),
    }
}

fn announce(scheme: &str, stream: SocketAddr, control: SocketAddr, snapshot: &Snapshot, engines: &Engines) {
    tracing::info!("calls on {scheme}://{stream}/stream/{{domain_uuid}}/{{call_uuid}}");
    tracing::info!("metrics on http://{control}/metrics, health on http://{control}/health/ready");
    for domain in snapshot.domains.values() {
        let secretaries: Vec<&str> = domain.secretaries.keys().map(String::as_str).collect();
        tracing::info!(
            domain = %domain.uuid, name = domain.name, secretaries = secretaries.join(", "),
            default = domain.default_secretary, max_calls = domain.max_calls, "serving"
        );
    }
    tracing::info!(engines = engines.names(), secretaries = snapshot.version, "ready");
    match engines.transcription.is_there() {
        true => tracing::info!("speech to text by {}", engines.transcription),
        false => tracing::warn!("{}", engines.transcription),
    }
}

impl Running {
    /// Where modules stream calls to.
    pub fn stream_addr(&self) -> SocketAddr {
        self.stream_addr
    }

    /// Where metrics and health are.
    pub fn control_addr(&self) -> SocketAddr {
        self.control_addr
    }

    /// What was counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// What ends it, from anywhere.
    pub fn shutdown(&self) -> Shutdown {
        self.shutdown.clone()
    }

    /// What reads its secretaries again, from anywhere.
    pub fn reload(&self) -> Reload {
        self.reload.clone()
    }

    /// Returns when it has ended.
    pub async fn wait(self) {
        // A panic would be one of ours in `end`; there is nothing left to wait for then.
        if let Err(error) = self.ended.await {
            tracing::error!(%error, "the shutdown failed");
        }
    }
}
