//! The FreeSWITCHes that are controlled, as their connections count themselves: read at each scrape.

use super::Metrics;
use freeswitch::{ANSWER_BOUNDS_US, Counts, Switch};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The switches that are watched, once they are there.
#[derive(Debug, Clone, Default)]
pub(super) struct PbxCounts(Arc<OnceLock<Vec<Switch>>>);

impl PbxCounts {
    pub(super) fn register(&self, r: &mut Registry) {
        r.register_collector(Box::new(self.clone()));
    }

    /// One metric of every switch.
    fn each(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        (name, help): (&str, &str),
        kind: MetricType,
        encode: impl Fn(&Switch, MetricEncoder<'_>) -> fmt::Result,
    ) -> fmt::Result {
        let mut metric = encoder.encode_descriptor(name, help, None, kind)?;
        for switch in self.0.get().into_iter().flatten() {
            encode(switch, metric.encode_family(&[("pbx", switch.name())])?)?;
        }
        Ok(())
    }
}

impl Collector for PbxCounts {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        if self.0.get().is_none_or(Vec::is_empty) {
            return Ok(());
        }
        let up = ("pbx_up", "Whether a FreeSWITCH is connected");
        self.each(&mut encoder, up, MetricType::Gauge, |switch, mut metric| {
            metric.encode_gauge(&i64::from(switch.state().is_up()))
        })?;
        let reconnects = (
            "pbx_reconnects",
            "How often the connection to a FreeSWITCH came again",
        );
        self.each(
            &mut encoder,
            reconnects,
            MetricType::Counter,
            |switch, mut metric| {
                let again = switch.counts().connects.saturating_sub(1);
                metric.encode_counter::<NoLabelSet, _, u64>(&again, None)
            },
        )?;
        let latency = (
            "pbx_command_seconds",
            "From a command to the answer of a FreeSWITCH",
        );
        self.each(
            &mut encoder,
            latency,
            MetricType::Histogram,
            |switch, mut metric| {
                let Counts { answers, waited, .. } = switch.counts();
                let bounds = ANSWER_BOUNDS_US.iter().map(|us| *us as f64 / 1e6);
                let buckets: Vec<_> = bounds.chain([f64::INFINITY]).zip(answers).collect();
                metric.encode_histogram::<NoLabelSet>(
                    waited.as_secs_f64(),
                    answers.iter().sum(),
                    &buckets,
                    None,
                )
            },
        )?;
        self.failures(&mut encoder)
    }
}

impl PbxCounts {
    fn failures(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut metric = encoder.encode_descriptor(
            "pbx_command_failures",
            "Commands that a FreeSWITCH did not carry out, by why",
            None,
            MetricType::Counter,
        )?;
        for switch in self.0.get().into_iter().flatten() {
            let counts = switch.counts();
            let failures = [
                ("no_such_channel", counts.no_such_channel),
                ("refused", counts.failed),
                ("not_connected", counts.not_connected),
                ("timed_out", counts.timed_out),
            ];
            for (kind, count) in failures {
                metric
                    .encode_family(&[("pbx", switch.name()), ("kind", kind)])?
                    .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
            }
        }
        Ok(())
    }
}

impl Metrics {
    /// From now on these are counted too. Once; what is told later is left alone.
    pub(crate) fn watch(&self, switches: impl IntoIterator<Item = Switch>) {
        self.pbx.0.get_or_init(|| switches.into_iter().collect());
    }
}
