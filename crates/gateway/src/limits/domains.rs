//! How fast the streams of each tenant may begin.

use super::bucket::{Bucket, Rate};
use crate::config::DomainConfig;
use secretary::DomainUuid;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Every tenant's rate. Only streams whose claim is true are counted: what strangers ask in a tenant's name takes nothing from it.
pub(crate) struct Domains(HashMap<DomainUuid, (Rate, Mutex<Bucket>)>);

/// A domain's streams begin too fast.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("domain {name} begins more than {per_second} streams a second, its limit")]
pub(crate) struct TooFast {
    /// The domain.
    pub(crate) name: String,
    /// Its limit.
    pub(crate) per_second: u32,
    /// When the next may begin.
    pub(crate) wait: Duration,
}

impl Domains {
    /// The domains as they are configured.
    pub(crate) fn new(domains: &[DomainConfig], now: Instant) -> Self {
        let rate = |domain: &DomainConfig| Rate {
            per_second: domain.streams_per_second,
            burst: domain.stream_burst,
        };
        let each = |domain: &DomainConfig| (domain.uuid, (rate(domain), Mutex::new(Bucket::full(now))));
        Self(domains.iter().map(each).collect())
    }

    /// One more stream of this domain.
    pub(crate) fn begin(&self, domain: &secretary::Domain, now: Instant) -> Result<(), TooFast> {
        let Some((rate, bucket)) = self.0.get(&domain.uuid) else {
            return Ok(());
        };
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.take(*rate, now).map_err(|wait| TooFast {
            name: domain.name.clone(),
            per_second: rate.per_second,
            wait,
        })
    }
}
