//! A line that returns what is played on it: a speakerphone, or a hybrid that does not fit.

mod scene;

pub use scene::{Outcome, Scene};

use crate::line::Line;
use audio::{Resampler, SampleRate};
use std::str::FromStr;
use std::time::Duration;

/// How a caller's line returns what is played to him.
#[derive(Debug, Clone, PartialEq)]
pub struct LineEcho {
    /// The echo's level against what is played, in dB: not above 0.
    pub gain_db: f64,
    /// How much later than it is heard it comes back.
    pub delay: Duration,
    /// Moments of the call from which on it comes back with another delay.
    pub jumps: Vec<(Duration, Duration)>,
}

impl LineEcho {
    /// An echo that stays as it is.
    pub fn steady(gain_db: f64, delay: Duration) -> Self {
        Self {
            gain_db,
            delay,
            jumps: Vec::new(),
        }
    }
}

/// A text that describes no echo.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} is not an echo: write its level and its delay, as -12dB,150ms (a level from 0 to -60, a delay up to 600 ms)"
)]
pub struct LineEchoError(String);

impl FromStr for LineEcho {
    type Err = LineEchoError;

    /// Reads `-12dB,150ms`.
    fn from_str(text: &str) -> Result<Self, LineEchoError> {
        let wrong = || LineEchoError(text.to_owned());
        let (gain, delay) = text.split_once(',').ok_or_else(wrong)?;
        let gain_db: f64 = gain.trim_end_matches("dB").parse().map_err(|_| wrong())?;
        let delay: u64 = delay.trim_end_matches("ms").parse().map_err(|_| wrong())?;
        if !(-60.0..=0.0).contains(&gain_db) || delay > 600 {
            return Err(wrong());
        }
        Ok(Self::steady(gain_db, Duration::from_millis(delay)))
    }
}

/// The caller's side of a line that may have an echo: his voice and what returns, through the line's codec together.
pub struct EchoPath {
    rate: SampleRate,
    line: Line,
    echo: Option<LineEcho>,
    gain: f64,
    to_line: Resampler,
    to_leg: Resampler,
    narrow: Vec<i16>,
    sum: Vec<i16>,
    done: usize,
}

impl EchoPath {
    /// A line of this kind behind a leg of that rate. Without an echo it changes nothing: a clip went through the codec already.
    pub fn new(echo: Option<LineEcho>, line: Line, rate: SampleRate) -> Self {
        let gain = echo.as_ref().map_or(0.0, |echo| 10f64.powf(echo.gain_db / 20.0));
        Self {
            rate,
            line,
            echo,
            gain,
            to_line: Resampler::new(rate, line.rate(rate)),
            to_leg: Resampler::new(line.rate(rate), rate),
            narrow: Vec::new(),
            sum: Vec::new(),
            done: 0,
        }
    }

    /// Takes what the caller says next and all that was played to him since the beginning of the call (at least as far as he has
    /// spoken with this). Appends to `captured` what FreeSWITCH receives.
    pub fn push(&mut self, caller: &[i16], played: &[i16], captured: &mut Vec<i16>) {
        if self.echo.is_none() {
            captured.extend_from_slice(caller);
            return;
        }
        let begin = self.done;
        self.done += caller.len();
        self.sum.clear();
        for (index, sample) in caller.iter().enumerate() {
            let sum = f64::from(*sample) + self.returned(begin + index, played);
            self.sum
                .push(sum.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16);
        }
        self.narrow.clear();
        self.to_line.push(&self.sum, &mut self.narrow);
        for sample in &mut self.narrow {
            *sample = self.line.carry(*sample);
        }
        self.to_leg.push(&self.narrow, captured);
    }

    fn returned(&self, at: usize, played: &[i16]) -> f64 {
        let Some(echo) = &self.echo else { return 0.0 };
        let moment = self.rate.duration_of(at as u64);
        let jumped = echo.jumps.iter().rev().find(|(from, _)| *from <= moment);
        let delay = jumped.map_or(echo.delay, |(_, delay)| *delay);
        let delay = self.rate.samples_in(delay) as usize;
        let sample = at.checked_sub(delay).and_then(|index| played.get(index));
        sample.map_or(0.0, |sample| f64::from(*sample) * self.gain)
    }
}
