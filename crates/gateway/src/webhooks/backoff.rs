//! When a delivery that failed is tried again, and when it is given up.

use std::time::Duration;

/// How patient deliveries are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// The most that is waited after the first attempt; twice as long after each further one.
    pub(crate) first: Duration,
    /// The longest wait.
    pub(crate) longest: Duration,
    /// How often it is tried.
    pub(crate) attempts: u32,
    /// The most that a receiver may ask for by `Retry-After`.
    pub(crate) asked: Duration,
}

impl Patience {
    /// With waits of half their most on average, the last attempt is about 24 hours after the first:
    /// 5 s + 10 s + … + 2560 s are 85 minutes, and 45 times an hour are 45 hours.
    pub(crate) const ABOUT_A_DAY: Self = Self {
        first: Duration::from_secs(5),
        longest: Duration::from_secs(3_600),
        attempts: 57,
        asked: Duration::from_secs(24 * 3_600),
    };

    /// How long to wait after this attempt (from 1), none if it was the last one. `chance` is from 0 to 1: full jitter, so that many
    /// deliveries which failed together do not come back together.
    pub(super) fn pause(&self, attempt: u32, chance: f64, asked: Option<Duration>) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let doubled = 2_u32.checked_pow(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        let most = self.first.saturating_mul(doubled).min(self.longest);
        let pause = most.mul_f64(chance.clamp(0.0, 1.0));
        Some(asked.map_or(pause, |asked| pause.max(asked.min(self.asked))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience::ABOUT_A_DAY;

    #[test]
    fn waits_double_up_to_an_hour() {
        let most = |attempt| PATIENCE.pause(attempt, 1.0, None).map(|pause| pause.as_secs());
        assert_eq!(
            [1, 2, 3, 10].map(most),
            [Some(5), Some(10), Some(20), Some(2_560)]
        );
        assert_eq!(
            [11, 40, 56, 57, 58].map(most),
            [Some(3_600), Some(3_600), Some(3_600), None, None]
        );
    }

    #[test]
    fn chance_spreads_them_over_all_of_it() {
        let pause = |chance| PATIENCE.pause(4, chance, None);
        assert_eq!(pause(0.0), Some(Duration::ZERO));
        assert_eq!(pause(0.25), Some(Duration::from_secs(10)));
    }

    #[test]
    fn it_takes_about_a_day_until_a_delivery_is_given_up() {
        let on_average: Duration = (1..)
            .map_while(|attempt| PATIENCE.pause(attempt, 0.5, None))
            .sum();
        assert!(
            (23..=25).contains(&(on_average.as_secs() / 3_600)),
            "{on_average:?}"
        );
    }

    #[test]
    fn what_a_receiver_asks_for_is_waited_but_not_for_ever() {
        let asked = |seconds| PATIENCE.pause(1, 1.0, Some(Duration::from_secs(seconds)));
        assert_eq!(asked(2), Some(Duration::from_secs(5)));
        assert_eq!(asked(120), Some(Duration::from_secs(120)));
        assert_eq!(asked(1_000_000), Some(Duration::from_secs(86_400)));
    }
}
