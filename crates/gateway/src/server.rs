//! The running gateway: its two listeners, its calls, and how it ends.

mod bound;
mod life;
mod parts;
mod prepared;
mod tasks;

use crate::config::Config;
use crate::engines::Engines;
use crate::metrics::Metrics;
use crate::reload::Reload;
use crate::tools::check_tools;
use bound::Bound;
use parts::Parts;
use prepared::Prepared;
use secretary::{Folder, Snapshot};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use voice::Engine;

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
    #[error("{key}: cannot listen on {addr}: {source}; {}", bound::remedy(.source, .addr, .key))]
    Bind {
        /// The key that names it.
        key: &'static str,
        /// The address.
        addr: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
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
        Prepared::check(config)
    }

    /// Whether these secretaries would do in a gateway of this configuration, whatever `secretaries.dir` says: their files and
    /// scripts, and the engines that they want. They may be a part of all. Starts nothing.
    pub fn check_secretaries(config: &Config, folder: &Folder) -> Result<(), Vec<String>> {
        let snapshot = Snapshot::load_part(&config.domain_entries(), folder)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        Engines::build(config)?.fit(&snapshot)?;
        check_tools(&snapshot, &config.mcp.keys().cloned().collect())
    }

    /// Starts a gateway in the present tokio runtime. It listens when this returns.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        Self::start_with(config, Vec::new()).await
    }

    /// The same with engines of the embedder's own, each in the place of ours of the same name.
    pub async fn start_with(config: Config, own: Vec<Arc<dyn Engine>>) -> Result<Running, StartError> {
        let prepared = Prepared::of(&config, own)?;
        let bound = Bound::to(&config.server).await?;
        let (stream_addr, control_addr) = (bound.stream_addr, bound.control_addr);
        announce(&prepared, stream_addr, control_addr);
        let parts = Parts::join(config, prepared)?;
        let (metrics, reload) = (parts.metrics.clone(), parts.reload());
        let shutdown = Shutdown::default();
        let life = parts.begin(bound)?;
        let ended = tokio::spawn(life.end(shutdown.clone()));
        Ok(Running {
            stream_addr,
            control_addr,
            metrics,
            shutdown,
            reload,
            ended,
        })
    }
}

fn announce(prepared: &Prepared, stream: SocketAddr, control: SocketAddr) {
    let Prepared {
        snapshot,
        engines,
        tls,
        ..
    } = prepared;
    let scheme = if tls.is_some() { "wss" } else { "ws" };
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
