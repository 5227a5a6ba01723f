//! The caller's audio as it arrives: which format it has, whether it comes as fast as it should, and what is too old.

use crate::calls::ModuleBuild;
use audio::{Layout, SampleRate};
use std::time::{Duration, Instant};

/// Rate and layout of a leg's audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) rate: SampleRate,
    pub(crate) layout: Layout,
}

impl Format {
    /// Bytes of one second.
    pub(crate) fn bytes_per_second(self) -> u64 {
        let channels = match self.layout {
            Layout::Mono | Layout::Mixed => 1,
            Layout::Stereo => 2,
        };
        u64::from(self.rate.hz()) * 2 * channels
    }

    /// How long so many bytes last.
    pub(crate) fn duration_of(self, bytes: usize) -> Duration {
        Duration::from_nanos(bytes as u64 * 1_000_000_000 / self.bytes_per_second())
    }

    /// Bytes of so much time, whole samples of all channels.
    pub(crate) fn bytes_in(self, duration: Duration) -> usize {
        let sample = (self.bytes_per_second() / u64::from(self.rate.hz())) as usize;
        (duration.as_millis() as usize * self.bytes_per_second() as usize / 1000) / sample * sample
    }
}

/// What the byte rate says of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The bytes come as fast as the format says.
    Confirmed,
    /// sptmru does not resample: its samples are of this lower rate, whatever was asked (measured on 5f179d6).
    NotResampled(SampleRate),
    /// The bytes come at another rate, in bytes a second, and nothing known explains it.
    Odd(u64),
}

/// Measures bytes a second over one second of steady arrival. A burst (audio held back and sent at once) or a pause starts
/// the measurement anew, as neither says anything of the rate.
#[derive(Debug)]
pub(crate) struct ByteRate {
    format: Format,
    window: Option<Window>,
    done: bool,
}

#[derive(Debug)]
struct Window {
    since: Instant,
    last: Instant,
    /// Bytes that arrived after `since`: the first chunk marks the beginning and is not counted.
    bytes: u64,
}

impl ByteRate {
    const MEASURE: Duration = Duration::from_secs(1);
    /// Longer than the longest chunk of either build (80 ms) with jitter.
    const PAUSE: Duration = Duration::from_millis(300);
    /// Ahead of real time by more than this, a stretch contains a burst.
    const BURST: Duration = Duration::from_millis(250);

    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            window: None,
            done: false,
        }
    }

    /// Takes note of a chunk. A verdict comes once.
    pub(crate) fn arrived(&mut self, bytes: usize, build: ModuleBuild, now: Instant) -> Option<Verdict> {
        if self.done {
            return None;
        }
        let fresh = Window {
            since: now,
            last: now,
            bytes: 0,
        };
        let Some(window) = &mut self.window else {
            self.window = Some(fresh);
            return None;
        };
        let elapsed = now.duration_since(window.since);
        window.bytes += bytes as u64;
        let ahead = self
            .format
            .duration_of(window.bytes as usize)
            .saturating_sub(elapsed);
        if now.duration_since(window.last) > Self::PAUSE || ahead > Self::BURST {
            *window = fresh;
            return None;
        }
        window.last = now;
        if elapsed < Self::MEASURE {
            return None;
        }
        self.done = true;
        let measured = (u128::from(window.bytes) * 1_000_000_000 / elapsed.as_nanos()) as u64;
        Some(self.judge(measured, build))
    }

    fn judge(&self, measured: u64, build: ModuleBuild) -> Verdict {
        let expected = self.format.bytes_per_second();
        if near(measured, expected) {
            return Verdict::Confirmed;
        }
        let channels = expected / u64::from(self.format.rate.hz()) / 2;
        let lower = (1..=6)
            .filter_map(|k| SampleRate::new(k * 8000).ok())
            .find(|rate| near(measured, u64::from(rate.hz()) * 2 * channels));
        match lower {
            Some(rate) if build == ModuleBuild::Sptmru && rate < self.format.rate => {
                Verdict::NotResampled(rate)
            }
            _ => Verdict::Odd(measured),
        }
    }
}

/// Within an eighth: chunks of 80 ms in a window of a second make up to 8 %.
fn near(measured: u64, expected: u64) -> bool {
    measured.abs_diff(expected) <= expected / 8
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Format = Format {
        rate: SampleRate::HZ_16000,
        layout: Layout::Mono,
    };

    /// Chunks of so many bytes, each so many milliseconds after the one before, for two seconds.
    fn judged(bytes: usize, every_ms: u64, build: ModuleBuild) -> Option<Verdict> {
        let start = Instant::now();
        let mut rate = ByteRate::new(WIDE);
        (0..2000 / every_ms)
            .find_map(|n| rate.arrived(bytes, build, start + Duration::from_millis(n * every_ms)))
    }

    #[test]
    fn the_rate_asked_for_is_confirmed() {
        assert_eq!(judged(640, 20, ModuleBuild::Amigniter), Some(Verdict::Confirmed));
        assert_eq!(judged(3200, 100, ModuleBuild::Other), Some(Verdict::Confirmed));
    }

    #[test]
    fn sptmru_sends_8_khz_under_the_name_of_16() {
        // 1280 bytes each 80 ms: captures of sptmru 5f179d6, "mono 16000" on an 8 kHz call.
        assert_eq!(
            judged(1280, 80, ModuleBuild::Sptmru),
            Some(Verdict::NotResampled(SampleRate::HZ_8000))
        );
        assert_eq!(
            judged(1280, 80, ModuleBuild::Amigniter),
            Some(Verdict::Odd(16000))
        );
    }

    #[test]
    fn a_burst_and_a_pause_say_nothing_of_the_rate() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut rate = ByteRate::new(WIDE);
        // Half a second at once, then steady, then a pause, then steady: only the last second counts.
        for n in 0..25 {
            assert_eq!(rate.arrived(640, ModuleBuild::Other, at(n / 10)), None);
        }
        for n in 0..30 {
            assert_eq!(rate.arrived(640, ModuleBuild::Other, at(20 + n * 20)), None);
        }
        let verdicts: Vec<_> = (0..60)
            .filter_map(|n| rate.arrived(640, ModuleBuild::Other, at(2000 + n * 20)))
            .collect();
        assert_eq!(verdicts, [Verdict::Confirmed]);
    }

    #[test]
    fn bytes_and_time_convert_at_whole_samples() {
        let stereo = Format {
            rate: SampleRate::HZ_8000,
            layout: Layout::Stereo,
        };
        assert_eq!(stereo.bytes_per_second(), 32000);
        assert_eq!(stereo.bytes_in(Duration::from_millis(500)), 16000);
        assert_eq!(stereo.duration_of(16000), Duration::from_millis(500));
    }
}
