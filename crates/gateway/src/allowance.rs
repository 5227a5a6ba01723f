//! What each tenant has used of its day: minutes of calls, and money that its engines cost.
//!
//! A day is one of the tenant's time zone. A limit refuses calls that would begin; one that lives goes on.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use secretary::{Domain, DomainUuid};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::{LateStore, StoreError, UnixMs, Usage};
use tokio_util::sync::CancellationToken;

/// A call counts for so much as soon as it begins, so that calls which begin together do not all take the same last minute.
const AT_LEAST_MS: u64 = 60_000;

/// How long a store that does not answer is left alone.
const AGAIN: Duration = Duration::from_secs(10);

/// Why no call may begin today.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Exhausted {
    /// Its minutes are used.
    #[error(
        "domain {name} has used {used} of its {limit} minutes of calls today; new ones begin at {renewed}"
    )]
    Minutes {
        /// The domain.
        name: String,
        /// Whole minutes.
        used: u64,
        /// Its limit.
        limit: u32,
        /// When its next day begins.
        renewed: Timestamp,
    },
    /// Its money is spent.
    #[error("domain {name} has spent {} of {} on engines today; a new day begins at {renewed}", units(*.spent_micros), units(*.limit_micros))]
    Spend {
        /// The domain.
        name: String,
        /// Millionths.
        spent_micros: u64,
        /// Its limit, in millionths.
        limit_micros: u64,
        /// When its next day begins.
        renewed: Timestamp,
    },
}

impl Exhausted {
    /// When the limit is new.
    pub(crate) const fn renewed(&self) -> Timestamp {
        match self {
            Self::Minutes { renewed, .. } | Self::Spend { renewed, .. } => *renewed,
        }
    }

    /// The key that sets it.
    pub(crate) const fn key(&self) -> &'static str {
        match self {
            Self::Minutes { .. } => "minutes_per_day",
            Self::Spend { .. } => "spend_per_day",
        }
    }
}

/// An amount in units, with two decimals or as many as it has.
fn units(micros: u64) -> String {
    let decimals = format!("{:06}", micros % 1_000_000);
    let short = decimals.trim_end_matches('0');
    format!("{}.{short:0<2}", micros / 1_000_000)
}

/// What tells the time of day.
pub(crate) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The days of all tenants. Clones share them.
#[derive(Clone)]
pub(crate) struct Allowances {
    clock: Clock,
    days: Arc<Mutex<HashMap<DomainUuid, Day>>>,
}

/// One tenant's day.
#[derive(Debug, Default)]
struct Day {
    begins: Timestamp,
    ends: Timestamp,
    /// Milliseconds of calls that are over.
    used_ms: u64,
    spent_micros: u64,
    /// Since when each live call counts.
    live: HashMap<u64, Timestamp>,
    serial: u64,
}

impl Day {
    /// Begins anew at midnight; what lives through it counts from there.
    fn turn(&mut self, now: Timestamp, zone: &str) {
        if now < self.ends {
            return;
        }
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let today = now.to_zoned(zone);
        let midnight = |day: Result<jiff::Zoned, jiff::Error>| day.and_then(|day| day.start_of_day());
        // Neither fails before the year 9999.
        let begins = midnight(Ok(today.clone())).map_or(now, |begins| begins.timestamp());
        let ends = midnight(today.tomorrow()).map_or(Timestamp::MAX, |ends| ends.timestamp());
        let live = std::mem::take(&mut self.live);
        *self = Self {
            begins,
            ends,
            live: live
                .into_iter()
                .map(|(serial, since)| (serial, since.max(begins)))
                .collect(),
            serial: self.serial,
            ..Self::default()
        };
    }

    fn used_ms(&self, now: Timestamp) -> u64 {
        let live = self.live.values();
        live.map(|since| lasted_ms(*since, now).max(AT_LEAST_MS))
            .fold(self.used_ms, u64::saturating_add)
    }

    fn exhausted(&self, domain: &Domain, now: Timestamp) -> Option<Exhausted> {
        let (name, renewed) = (domain.name.clone(), self.ends);
        let used_ms = self.used_ms(now);
        if domain.minutes_per_day > 0 && used_ms >= u64::from(domain.minutes_per_day) * 60_000 {
            return Some(Exhausted::Minutes {
                name,
                used: used_ms / 60_000,
                limit: domain.minutes_per_day,
                renewed,
            });
        }
        let limit_micros = domain.spend_per_day_micros;
        (limit_micros > 0 && self.spent_micros >= limit_micros).then_some(Exhausted::Spend {
            name,
            spent_micros: self.spent_micros,
            limit_micros,
            renewed,
        })
    }
}

/// From one instant to a later one; nothing where the clock was set back.
fn lasted_ms(since: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.as_millisecond() - since.as_millisecond()).unwrap_or(0)
}

impl Allowances {
    /// Nothing used yet.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            days: Arc::default(),
        }
    }

    fn days(&self) -> MutexGuard<'_, HashMap<DomainUuid, Day>> {
        // Nothing under this lock can panic half-way through a change.
        self.days.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the present day of this tenant began.
    pub(crate) fn today(&self, domain: &Domain) -> Timestamp {
        let mut days = self.days();
        let day = days.entry(domain.uuid).or_default();
        day.turn((self.clock)(), &domain.timezone);
        day.begins
    }

    /// Takes over what the store knows of the day that began then, which may hold calls of this process as well. Too late if the
    /// day is over.
    pub(crate) fn used_before(&self, domain: &Domain, begins: Timestamp, used_ms: u64, spent_micros: u64) {
        let mut days = self.days();
        let day = days.entry(domain.uuid).or_default();
        day.turn((self.clock)(), &domain.timezone);
        if day.begins == begins {
            day.used_ms = day.used_ms.max(used_ms);
            day.spent_micros = day.spent_micros.max(spent_micros);
        }
    }

    /// A call begins, if the day has room for one more; it counts until the charge is dropped.
    pub(crate) fn begin(&self, domain: &Arc<Domain>) -> Result<Charge, Exhausted> {
        let now = (self.clock)();
        let mut days = self.days();
        let day = days.entry(domain.uuid).or_default();
        day.turn(now, &domain.timezone);
        if let Some(exhausted) = day.exhausted(domain, now) {
            return Err(exhausted);
        }
        day.serial += 1;
        day.live.insert(day.serial, now);
        Ok(Charge {
            allowances: self.clone(),
            domain: domain.clone(),
            serial: day.serial,
        })
    }
}

/// Takes from the store what the day has used before this process began. Who could not be asked about is asked about again in the next
/// pass over all that are left.
pub(crate) async fn read_books(
    allowances: Allowances,
    store: LateStore,
    domains: Vec<Arc<Domain>>,
    stopped: CancellationToken,
) {
    let usage = |domain, since| {
        let store = store.clone();
        async move { store.get().await?.usage(domain, since).await }
    };
    let mut unknown = domains;
    loop {
        let pass = Box::pin(read_once(&allowances, unknown, usage));
        let Some(left) = stopped.run_until_cancelled(pass).await.flatten() else {
            return;
        };
        tracing::warn!(domains = left.domains.len(), last = ?left.domains.last().map(|domain| domain.uuid), error = %left.why, "what so many domains have used today is not known yet; calls are taken as if it were nothing");
        unknown = left.domains;
        if stopped
            .run_until_cancelled(tokio::time::sleep(AGAIN))
            .await
            .is_none()
        {
            return;
        }
    }
}

/// Those that could not be asked about.
#[derive(Debug)]
struct Left {
    domains: Vec<Arc<Domain>>,
    /// Why not the last of them.
    why: StoreError,
}

/// One pass over these; none is left when all are known.
async fn read_once<Asked: Future<Output = Result<Usage, StoreError>>>(
    allowances: &Allowances,
    domains: Vec<Arc<Domain>>,
    usage: impl Fn(DomainUuid, UnixMs) -> Asked,
) -> Option<Left> {
    let mut left = Vec::new();
    let mut last = None;
    for domain in domains {
        let begins = allowances.today(&domain);
        match usage(domain.uuid, UnixMs(begins.as_millisecond())).await {
            Ok(used) => allowances.used_before(&domain, begins, used.call_ms, used.cost_micros),
            Err(why) => {
                left.push(domain);
                last = Some(why);
            }
        }
    }
    last.map(|why| Left { domains: left, why })
}

/// A live call on its tenant's account.
pub(crate) struct Charge {
    allowances: Allowances,
    domain: Arc<Domain>,
    serial: u64,
}

impl Charge {
    /// Its engine cost so much, in millionths.
    pub(crate) fn spend(&self, micros: u64) {
        self.change(|day, _| day.spent_micros = day.spent_micros.saturating_add(micros));
    }

    fn change(&self, change: impl FnOnce(&mut Day, Timestamp)) {
        let now = (self.allowances.clock)();
        let mut days = self.allowances.days();
        let day = days.entry(self.domain.uuid).or_default();
        day.turn(now, &self.domain.timezone);
        change(day, now);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.change(|day, now| {
            if let Some(since) = day.live.remove(&self.serial) {
                day.used_ms = day.used_ms.saturating_add(lasted_ms(since, now));
            }
        });
    }
}

#[cfg(test)]
mod tests;
