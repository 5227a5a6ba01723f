//! Which engines not to try now: a circuit breaker for each engine of each tenant, shared by all calls of a node.

use call::FailureKind;
use secretary::DomainUuid;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long an engine rests that cannot work before an operator does something.
const UNTIL_MENDED: Duration = Duration::from_secs(60);

/// How long one rests that was asked too often.
const TOO_OFTEN: Duration = Duration::from_secs(10);

/// How long one rests at first that failed twice in a row; doubled each time, up to [`LONGEST`].
const AT_FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(300);

/// For how long nobody else tries an engine that somebody tries again.
const TRIAL: Duration = Duration::from_secs(15);

/// What is known of all engines.
#[derive(Debug, Default)]
pub struct Health {
    breakers: Mutex<HashMap<(String, DomainUuid), Breaker>>,
}

#[derive(Debug, Default)]
struct Breaker {
    /// Failures in a row that may pass by themselves.
    in_a_row: u32,
    /// Until when it rests, and why.
    rests: Option<(Instant, FailureKind)>,
}

/// How an engine stands with a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The engine.
    pub engine: String,
    /// The tenant.
    pub domain: DomainUuid,
    /// Why it is not tried.
    pub kind: FailureKind,
    /// For how long.
    pub rests: Duration,
}

impl Health {
    /// Whether an engine may be tried. When its rest is over one caller tries it, and the others wait for what comes of that.
    pub(super) fn admits(&self, engine: &str, domain: DomainUuid, now: Instant) -> bool {
        let mut breakers = self.lock();
        let Some(breaker) = breakers.get_mut(&(engine.to_owned(), domain)) else {
            return true;
        };
        match breaker.rests {
            Some((until, _)) if until > now => false,
            Some((_, kind)) => {
                breaker.rests = Some((now + TRIAL, kind));
                true
            }
            None => true,
        }
    }

    pub(super) fn failed(&self, engine: &str, domain: DomainUuid, kind: FailureKind, now: Instant) {
        let mut breakers = self.lock();
        let breaker = breakers.entry((engine.to_owned(), domain)).or_default();
        let rest = match kind {
            FailureKind::Unauthorized | FailureKind::Quota | FailureKind::Unsupported => UNTIL_MENDED,
            FailureKind::RateLimited => TOO_OFTEN,
            FailureKind::Transient | FailureKind::Protocol => {
                breaker.in_a_row += 1;
                match breaker.in_a_row.checked_sub(2) {
                    None => return,
                    Some(more) => AT_FIRST.saturating_mul(1 << more.min(16)).min(LONGEST),
                }
            }
            // Of this conversation, not of the engine.
            FailureKind::Policy | FailureKind::Expired => return,
        };
        breaker.rests = Some((now + rest, kind));
    }

    /// A session was opened: whoever is refused is not.
    pub(super) fn reached(&self, engine: &str, domain: DomainUuid) {
        if let Some(breaker) = self.lock().get_mut(&(engine.to_owned(), domain)) {
            breaker.rests = None;
        }
    }

    /// It has answered.
    pub(super) fn succeeded(&self, engine: &str, domain: DomainUuid) {
        let mut breakers = self.lock();
        if !breakers.is_empty() {
            breakers.remove(&(engine.to_owned(), domain));
        }
    }

    /// The engines that are not tried now.
    pub fn resting(&self, now: Instant) -> Vec<Reach> {
        let breakers = self.lock();
        let mut resting: Vec<Reach> = breakers
            .iter()
            .filter_map(|((engine, domain), breaker)| {
                let (until, kind) = breaker.rests.filter(|(until, _)| *until > now)?;
                Some(Reach {
                    engine: engine.clone(),
                    domain: *domain,
                    kind,
                    rests: until - now,
                })
            })
            .collect();
        resting.sort_by(|a, b| (&a.engine, a.domain).cmp(&(&b.engine, b.domain)));
        resting
    }

    /// Held for a look-up: nothing can panic under it.
    fn lock(&self) -> MutexGuard<'_, HashMap<(String, DomainUuid), Breaker>> {
        self.breakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain() -> DomainUuid {
        "22222222-3333-4444-8555-666666666666".parse().unwrap()
    }

    #[test]
    fn what_an_operator_must_mend_rests_at_once_and_one_caller_tries_it_then() {
        let (health, now) = (Health::default(), Instant::now());
        health.failed("a", domain(), FailureKind::Unauthorized, now);
        assert!(!health.admits("a", domain(), now));
        assert!(health.admits("b", domain(), now), "another engine");
        let other = "33333333-3333-4444-8555-666666666666".parse().unwrap();
        assert!(health.admits("a", other, now), "another tenant");
        assert_eq!(health.resting(now).len(), 1);
        let later = now + UNTIL_MENDED;
        assert!(health.admits("a", domain(), later));
        assert!(!health.admits("a", domain(), later), "the others wait");
        health.succeeded("a", domain());
        assert!(health.admits("a", domain(), later));
    }

    #[test]
    fn what_may_pass_rests_after_the_second_time_and_longer_each_time() {
        let (health, now) = (Health::default(), Instant::now());
        health.failed("a", domain(), FailureKind::Transient, now);
        assert!(health.admits("a", domain(), now));
        health.failed("a", domain(), FailureKind::Transient, now);
        assert!(!health.admits("a", domain(), now));
        assert!(health.admits("a", domain(), now + AT_FIRST));
        health.failed("a", domain(), FailureKind::Protocol, now);
        assert!(!health.admits("a", domain(), now + AT_FIRST));
        assert!(health.admits("a", domain(), now + 2 * AT_FIRST));
    }

    #[test]
    fn what_is_no_fault_of_the_engine_changes_nothing() {
        let (health, now) = (Health::default(), Instant::now());
        for _ in 0..5 {
            health.failed("a", domain(), FailureKind::Policy, now);
            health.failed("a", domain(), FailureKind::Expired, now);
        }
        assert!(health.admits("a", domain(), now));
    }
}
