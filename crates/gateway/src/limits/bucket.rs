//! A rate with a burst.

use std::time::{Duration, Instant};

/// So many in a second, and so many at once after a quiet time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) per_second: u32,
    pub(crate) burst: u32,
}

impl Rate {
    /// How much of the time one takes.
    fn each(self) -> Duration {
        Duration::from_secs(1) / self.per_second.max(1)
    }
}

/// What is left of a [`Rate`] (the generic cell rate algorithm of ITU-T I.371: one instant is all that is kept).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    /// When all that was taken will have been earned.
    even: Instant,
}

impl Bucket {
    /// A full one.
    pub(crate) const fn full(now: Instant) -> Self {
        Self { even: now }
    }

    /// Takes one. If none is left: how long until there is one.
    pub(crate) fn take(&mut self, rate: Rate, now: Instant) -> Result<(), Duration> {
        let even = self.even.max(now) + rate.each();
        let ahead = even.duration_since(now);
        let allowed = rate.each() * rate.burst.max(1);
        if ahead > allowed {
            return Err(ahead - allowed);
        }
        self.even = even;
        Ok(())
    }

    /// Whether nothing of it is taken.
    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.even <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        per_second: 10,
        burst: 3,
    };

    #[test]
    fn a_burst_is_given_at_once_and_then_one_at_a_time() {
        let now = Instant::now();
        let at = |ms| now + Duration::from_millis(ms);
        let mut bucket = Bucket::full(now);
        let taken = (0..5).map(|_| bucket.take(RATE, now)).collect::<Vec<_>>();
        let wait = Duration::from_millis(100);
        assert_eq!(taken, [Ok(()), Ok(()), Ok(()), Err(wait), Err(wait)]);
        assert!(bucket.take(RATE, at(99)).is_err());
        assert!(bucket.take(RATE, at(100)).is_ok());
        assert!(bucket.take(RATE, at(100)).is_err());
    }

    #[test]
    fn a_long_rest_earns_no_more_than_the_burst() {
        let now = Instant::now();
        let mut bucket = Bucket::full(now);
        let later = now + Duration::from_secs(3_600);
        assert!(bucket.is_full(later));
        let taken = (0..10).filter(|_| bucket.take(RATE, later).is_ok()).count();
        assert_eq!(taken, 3);
        assert!(!bucket.is_full(later));
    }
}
