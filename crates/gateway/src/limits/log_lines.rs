//! How often the log tells of what strangers do: a flood of requests must not become a flood of lines.

use super::bucket::{Bucket, Rate};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

const RATE: Rate = Rate {
    per_second: 5,
    burst: 50,
};

/// The lines that may be written. What is left out is counted, and told with the next one; metrics count everything.
pub(crate) struct LogLines(Mutex<Lines>);

struct Lines {
    bucket: Bucket,
    left_out: u64,
}

impl LogLines {
    /// All of them.
    pub(crate) fn new(now: Instant) -> Self {
        let lines = Lines {
            bucket: Bucket::full(now),
            left_out: 0,
        };
        Self(Mutex::new(lines))
    }

    /// Whether one may be written now, and how many were left out before it.
    pub(crate) fn next(&self, now: Instant) -> Option<u64> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.bucket.take(RATE, now).is_err() {
            lines.left_out += 1;
            return None;
        }
        Some(std::mem::take(&mut lines.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_left_out_is_told_with_the_next_line() {
        let now = Instant::now();
        let lines = LogLines::new(now);
        let told = (0..2_000).filter_map(|_| lines.next(now)).collect::<Vec<_>>();
        assert_eq!(told, [0; 50]);
        let later = now + Duration::from_secs(1);
        assert_eq!(lines.next(later), Some(1_950));
        assert_eq!(lines.next(later), Some(0));
    }
}
