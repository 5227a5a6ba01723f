//! Tools beyond the PBX: how often they are used, with which outcome, and how long they take; and whether MCP servers are there.

use super::Metrics;
use super::latency::{ANSWER_BOUNDS, Durations};
use ::tools::Trouble;
use ::tools::mcp::{Servers, Standing};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Where a tool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolKind {
    /// A service that is asked by a request.
    Http,
    /// An MCP server.
    Mcp,
}

impl ToolKind {
    const fn label(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Mcp => "mcp",
        }
    }
}

#[derive(Clone)]
pub(super) struct ToolCounts {
    uses: Family<UseLabel, Counter>,
    seconds: Family<KindLabel, Durations, fn() -> Durations>,
    servers: UpServers,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UseLabel {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

impl Default for ToolCounts {
    fn default() -> Self {
        Self {
            uses: Family::default(),
            seconds: Family::new_with_constructor(|| Durations::new(ANSWER_BOUNDS)),
            servers: UpServers::default(),
        }
    }
}

impl ToolCounts {
    pub(super) fn register(&self, r: &mut Registry) {
        r.register(
            "tool_uses",
            "Uses of tools beyond the PBX, by where they are and what came of it",
            self.uses.clone(),
        );
        r.register(
            "tool_seconds",
            "How long tools beyond the PBX took",
            self.seconds.clone(),
        );
        r.register_collector(Box::new(self.servers.clone()));
    }
}

/// The MCP servers that are watched, once they are there.
#[derive(Debug, Clone, Default)]
struct UpServers(Arc<OnceLock<Servers>>);

impl Collector for UpServers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(servers) = self.0.get().filter(|servers| servers.names().next().is_some()) else {
            return Ok(());
        };
        let help = "Whether an MCP server answers";
        let mut metric = encoder.encode_descriptor("mcp_up", help, None, MetricType::Gauge)?;
        for (name, standing) in servers.standings() {
            let up = ConstGauge::new(i64::from(standing == Standing::Up));
            up.encode(metric.encode_family(&[("server", name)])?)?;
        }
        Ok(())
    }
}

impl Metrics {
    /// A tool was used, with that trouble, if there was any.
    pub fn tool_used(&self, kind: ToolKind, trouble: Option<Trouble>, took: Duration) {
        let outcome = trouble.map_or("done", Trouble::name);
        let kind = kind.label();
        self.tools.uses.get_or_create(&UseLabel { kind, outcome }).inc();
        self.tools
            .seconds
            .get_or_create(&KindLabel { kind })
            .observe(took);
    }

    /// From now on it is told of these whether they are up. Once; what is told later is left alone.
    pub(crate) fn watch_mcp(&self, servers: Servers) {
        self.tools.servers.0.get_or_init(|| servers);
    }
}
