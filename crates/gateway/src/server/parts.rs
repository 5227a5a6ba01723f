//! The parts of a gateway, joined, and how they begin.

use super::StartError;
use super::bound::Bound;
use super::life::Life;
use super::prepared::Prepared;
use super::tasks::Tasks;
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
use crate::tools::Means;
use crate::{allowance, door, messages, recordings, retention};
use ::tools::mcp::Servers;
use audio::{EarModel, TurnModel};
use freeswitch::Channel;
use recording::Recorder;
use secretary::SecretarySource;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// Connections at once to the control listener, which few ask.
const CONTROL_CONNECTIONS: usize = 32;

/// What the tasks of a gateway share.
pub(super) struct Parts {
    config: Config,
    pub(super) metrics: Metrics,
    engines: Arc<Engines>,
    secretaries: Arc<Secretaries>,
    certificate: Option<Arc<Certificate>>,
    tls: Option<TlsAcceptor>,
    keeping: Keeping,
    recorder: Recorder,
    switches: Switches,
    /// What each of the switches finds parked for us.
    parked: Vec<mpsc::Receiver<Channel>>,
    allowances: Allowances,
    calls: Calls,
    servers: Servers,
}

impl Parts {
    /// Opens what is kept, begins to connect to the FreeSWITCHes, and makes room for calls.
    pub(super) fn join(config: Config, prepared: Prepared) -> Result<Self, StartError> {
        let refused = |why: String| StartError::Config(vec![why]);
        let Prepared {
            snapshot,
            engines,
            certificate,
            tls,
        } = prepared;
        let metrics = Metrics::new();
        let keeping = Keeping::start(&config, &metrics).map_err(refused)?;
        let recorder = recordings::start(&config)
            .map_err(|error| refused(format!("the writer of recordings cannot be started: {error}")))?;
        messages::mention_former(&config.data.dir);
        let engines = Arc::new(engines);
        let secretaries = Arc::new(Secretaries::new(
            snapshot,
            config.domain_entries(),
            config.secretaries.dir.clone(),
            engines.clone(),
            config.mcp.keys().cloned().collect(),
        ));
        let allowances = Allowances::new(Arc::new(jiff::Timestamp::now));
        let (switches, parked) =
            Switches::connect(&config).map_err(|error| refused(format!("pbx: {error}")))?;
        metrics.watch(switches.all().iter().map(|one| one.switch.clone()));
        let books = Books::new(keeping.kept.keeper.clone(), keeping.kept.webhooks.clone());
        let means = Means::of(config.mcp.iter()).map_err(refused)?;
        let servers = means.servers.clone();
        metrics.watch_mcp(servers.clone());
        let services = services(
            &config,
            &engines,
            &metrics,
            &recorder,
            books,
            (switches.clone(), means),
        );
        let calls = Calls::new(Arc::new(services), config.server.max_calls, allowances.clone());
        Ok(Self {
            config,
            metrics,
            engines,
            secretaries,
            certificate,
            tls,
            keeping,
            recorder,
            switches,
            parked,
            allowances,
            calls,
            servers,
        })
    }

    /// What reads the secretaries and the certificate again.
    pub(super) fn reload(&self) -> Reload {
        Reload::new(self.secretaries.clone(), self.certificate.clone())
    }

    /// Answers whoever asks, from now on.
    pub(super) fn begin(mut self, bound: Bound) -> Result<Life, StartError> {
        let closed = CancellationToken::new();
        let mut tasks = Tasks::default();
        let health = self.health();
        self.take_streams(bound.stream, health.clone(), &closed)?;
        self.take_parked(&mut tasks, &closed);
        tasks.spawn(
            "the control listener",
            listen(
                bound.control,
                self.few(),
                Arc::new(self.control(health)),
                closed.clone(),
            ),
        );
        self.follow_files(&mut tasks, &closed);
        self.keep_books(&mut tasks, &closed);
        Ok(Life {
            calls: self.calls,
            switches: self.switches,
            patience: self.config.server.drain(),
            closed,
            tasks,
            recorder: self.recorder,
            keeping: self.keeping,
            servers: self.servers,
        })
    }

    fn health(&self) -> Arc<Health> {
        let health = Health::new(
            self.calls.clone(),
            self.engines.names(),
            self.engines.transcription.clone(),
            self.config.tts.espeak.clone(),
            self.config.data.dir.clone(),
            self.secretaries.clone(),
            self.keeping.kept.clone(),
        );
        Arc::new(
            health
                .certified(self.certificate.clone())
                .served_by(self.servers.clone())
                .controlling(Controlled {
                    switches: self.switches.clone(),
                    configs: self.config.pbx.clone(),
                    verify: self.config.server.verify,
                }),
        )
    }

    /// Takes streams, on a thread of their own.
    fn take_streams(
        &self,
        listener: TcpListener,
        health: Arc<Health>,
        closed: &CancellationToken,
    ) -> Result<(), StartError> {
        let server = &self.config.server;
        let time = server.upgrade_limit();
        let streams = Streams {
            access: Access::to_streams(server),
            addresses: Addresses::new(
                server.address_handshakes,
                Rate {
                    per_second: server.address_requests_per_second,
                    burst: server.address_request_burst,
                },
            ),
            domains: Domains::new(&self.config.domains, Instant::now()),
            claims: Claims::new(self.switches.clone(), server.verify, time),
            secretaries: self.secretaries.clone(),
            calls: self.calls.clone(),
            runtime: Handle::current(),
            health,
            metrics: self.metrics.clone(),
            log: LogLines::new(Instant::now()),
        };
        let terms = Terms {
            connections: server.max_handshakes as usize,
            time,
            tls: self.tls.clone(),
        };
        door::open(listener, terms, Arc::new(streams), closed.clone()).map_err(|error| {
            StartError::Config(vec![format!(
                "the thread that takes streams cannot be started: {error}"
            )])
        })
    }

    /// Takes the calls that FreeSWITCH parks for us.
    fn take_parked(&mut self, tasks: &mut Tasks, closed: &CancellationToken) {
        let arrivals = Arrivals {
            secretaries: self.secretaries.clone(),
            calls: self.calls.clone(),
            metrics: self.metrics.clone(),
        };
        for (controlled, parked) in self.switches.all().iter().zip(std::mem::take(&mut self.parked)) {
            let taking = arrivals.clone().take(controlled.clone(), parked, closed.clone());
            tasks.spawn("what takes parked calls", taking);
        }
    }

    fn few(&self) -> Terms {
        Terms {
            connections: CONTROL_CONNECTIONS,
            time: self.config.server.upgrade_limit(),
            tls: None,
        }
    }

    fn control(&self, health: Arc<Health>) -> Control {
        Control {
            access: Access::to_control(&self.config.server),
            health,
            metrics: self.metrics.clone(),
            kept: self.keeping.kept.clone(),
            api: Api {
                calls: self.calls.clone(),
                switches: self.switches.clone(),
                pbx: self.config.pbx.clone(),
                secretaries: self.secretaries.clone(),
                token: token(&self.config),
            },
        }
    }

    /// Reads files again when they have changed.
    fn follow_files(&self, tasks: &mut Tasks, closed: &CancellationToken) {
        if let Some(certificate) = &self.certificate {
            tasks.spawn(
                "what follows the certificate",
                certificate.clone().follow(closed.clone()),
            );
        }
        let secretaries = &self.config.secretaries;
        if secretaries.reload_seconds > 0 && secretaries.dir.is_some() {
            let period = Duration::from_secs(secretaries.reload_seconds.into());
            let following = self.secretaries.clone().follow(period, closed.clone());
            tasks.spawn("what follows the secretaries", following);
        }
    }

    /// Mends, reads and forgets what is kept.
    fn keep_books(&self, tasks: &mut Tasks, closed: &CancellationToken) {
        let transcription = self.engines.transcription.clone();
        tasks.spawn_for_a_while("the model of speech to text", async move {
            transcription.warm().await;
        });
        let data = self.config.data.dir.clone();
        tokio::task::spawn_blocking(move || recordings::repair(&data));
        let store = &self.keeping.kept.store;
        let domains = self.secretaries.snapshot().domains.values().cloned().collect();
        tasks.spawn_for_a_while(
            "what was used today",
            allowance::read_books(self.allowances.clone(), store.clone(), domains, closed.clone()),
        );
        tasks.spawn(
            "what forgets what is too old",
            retention::run(
                self.secretaries.clone(),
                store.clone(),
                self.config.data.dir.clone(),
                closed.clone(),
            ),
        );
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

fn services(
    config: &Config,
    engines: &Engines,
    metrics: &Metrics,
    recorder: &Recorder,
    books: Books,
    (switches, means): (Switches, Means),
) -> Services {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Services {
        engines: engines.by_name.clone(),
        health: Arc::default(),
        prompts: engines.prompts.clone(),
        ear: config.vad.enabled.then(EarModel::embedded),
        turn: config.vad.enabled.then(TurnModel::embedded),
        judges: Arc::new(Semaphore::new(cores)),
        stream: config.stream.clone(),
        prices: config
            .engines
            .iter()
            .map(|(name, table)| (name.clone(), table.prices.clone()))
            .chain([
                ("openai".to_owned(), config.openai.prices.clone()),
                ("local".to_owned(), config.chat.prices.of_text()),
            ])
            .collect(),
        recorder: recorder.clone(),
        event_log: config.recording.event_log,
        metrics: metrics.clone(),
        books,
        switches,
        means,
        words: engines.transcription.transcriber(),
    }
}
