//! How a simulated caller behaves between the steps of the script.

use std::time::Duration;

/// How patient the caller is.
#[derive(Debug, Clone, Copy)]
pub struct Manners {
    /// Silence after the assistant's last word before the caller goes on to the next step.
    pub breath: Duration,
    /// How long the caller waits for somebody to say something first.
    pub greeting: Duration,
    /// How long the caller waits for an answer.
    pub answer: Duration,
    /// Quiet after everything is said before the caller hangs up.
    pub hold: Duration,
    /// The longest call.
    pub longest: Duration,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            breath: Duration::from_millis(500),
            greeting: Duration::from_secs(4),
            answer: Duration::from_secs(20),
            hold: Duration::from_secs(2),
            longest: Duration::from_secs(300),
        }
    }
}
