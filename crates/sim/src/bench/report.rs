//! The figures of a run.

use serde::Serialize;

/// What one server did under the load.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// From a frame's intended send time to its return: the median, in µs.
    pub p50_us: u64,
    /// 90 of 100 frames were not later than this.
    pub p90_us: u64,
    /// 99 of 100.
    pub p99_us: u64,
    /// The latest.
    pub max_us: u64,
    /// Frames sent while it was measured.
    pub sent: u64,
    /// Frames of these that never came back.
    pub lost: u64,
    /// Of one core, in percent, for each call.
    pub server_core_percent_per_call: f64,
    /// Memory for each call that is connected and silent.
    pub server_rss_kib_per_call: f64,
    /// The same after the load.
    pub server_rss_kib_per_busy_call: f64,
    /// How late the generator itself was.
    pub generator: Lateness,
}

/// From the intended to the real send time, and what the generator used.
#[derive(Debug, Clone, Serialize)]
pub struct Lateness {
    /// The median, in µs.
    pub p50_us: u64,
    /// 99 of 100 frames left not later than this.
    pub p99_us: u64,
    /// The latest.
    pub max_us: u64,
    /// Of one core, in percent, for all calls together.
    pub core_percent: f64,
}

impl Lateness {
    /// Why the figures say more about the generator than about the server, if they do.
    pub fn warning(&self, server_p99_us: u64) -> Option<String> {
        if self.core_percent > 85.0 {
            return Some(format!(
                "the generator used {:.0} % of a core and is the bottleneck: make fewer calls",
                self.core_percent
            ));
        }
        (self.p99_us > 1_000 && self.p99_us * 2 > server_p99_us).then(|| {
            format!(
                "the generator was late by {} µs at p99, which is most of the {server_p99_us} µs measured: \
                 make fewer calls, or free the machine",
                self.p99_us
            )
        })
    }
}

/// The gateway against the floor.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Ratio {
    /// Of the medians.
    pub p50: f64,
    /// Of the 99th percentiles.
    pub p99: f64,
    /// Of the time on a core.
    pub cpu: f64,
}

/// A whole run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Calls at once.
    pub calls: usize,
    /// How long each was measured.
    pub seconds: u64,
    /// What was on besides the relay.
    pub with: Vec<String>,
    /// The gateway through the loop-back engine.
    pub gateway: Figures,
    /// The bare echo.
    pub floor: Figures,
    /// The one against the other.
    pub ratio: Ratio,
    /// What speaks against believing the figures.
    pub warnings: Vec<String>,
}

impl Report {
    /// Sets the gateway against the floor.
    pub fn new(calls: usize, seconds: u64, with: Vec<String>, gateway: Figures, floor: Figures) -> Self {
        let hundredths = |ratio: f64| (ratio * 100.0).round() / 100.0;
        let ratio = Ratio {
            p50: hundredths(gateway.p50_us as f64 / floor.p50_us.max(1) as f64),
            p99: hundredths(gateway.p99_us as f64 / floor.p99_us.max(1) as f64),
            cpu: hundredths(
                gateway.server_core_percent_per_call / floor.server_core_percent_per_call.max(1e-6),
            ),
        };
        let warnings = [("gateway", &gateway), ("floor", &floor)]
            .into_iter()
            .filter_map(|(name, figures)| Some((name, figures.generator.warning(figures.p99_us)?)))
            .map(|(name, warning)| format!("{name}: {warning}"))
            .collect();
        Self {
            calls,
            seconds,
            with,
            gateway,
            floor,
            ratio,
            warnings,
        }
    }
}
