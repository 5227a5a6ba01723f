//! A stand-in's voice activity: energy and nothing else.

const WINDOW_MS: u64 = 20;
/// Mean square of a window that is speech: -34 dBFS.
const LOUD: i64 = 650 * 650;
/// Loud windows that make speech.
const ONSET: u32 = 2;

/// What was heard in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    /// Speech began so many milliseconds after the first sample.
    Started(u64),
    /// It ended so many milliseconds after the first sample.
    Stopped(u64),
}

#[derive(Debug)]
pub(crate) struct Hearing {
    /// Samples in 20 ms.
    window_samples: usize,
    partial: Vec<i16>,
    windows: u64,
    loud: u32,
    quiet_ms: u64,
    speaking: bool,
}

impl Hearing {
    /// An ear for samples of this rate.
    pub(crate) fn new(hz: u32) -> Self {
        Self {
            window_samples: hz as usize / 50,
            partial: Vec::new(),
            windows: 0,
            loud: 0,
            quiet_ms: 0,
            speaking: false,
        }
    }

    /// Hears samples; `silence_ms` of quiet end speech.
    pub(crate) fn hear(&mut self, samples: &[i16], silence_ms: u64) -> Vec<Edge> {
        self.partial.extend_from_slice(samples);
        let whole = self.partial.len() / self.window_samples * self.window_samples;
        let windows: Vec<i16> = self.partial.drain(..whole).collect();
        windows
            .chunks_exact(self.window_samples)
            .filter_map(|window| self.window(window, silence_ms))
            .collect()
    }

    fn window(&mut self, window: &[i16], silence_ms: u64) -> Option<Edge> {
        self.windows += 1;
        let energy: i64 = window.iter().map(|s| i64::from(*s).pow(2)).sum();
        let is_loud = energy / self.window_samples as i64 > LOUD;
        self.loud = if is_loud { self.loud + 1 } else { 0 };
        self.quiet_ms = if is_loud { 0 } else { self.quiet_ms + WINDOW_MS };
        let now = self.windows * WINDOW_MS;
        if !self.speaking && self.loud >= ONSET {
            self.speaking = true;
            return Some(Edge::Started(now - u64::from(ONSET) * WINDOW_MS));
        }
        if self.speaking && self.quiet_ms >= silence_ms {
            self.speaking = false;
            return Some(Edge::Stopped(now));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_speech_and_its_end_is_heard_after_the_silence() {
        let mut hearing = Hearing::new(24_000);
        assert!(hearing.hear(&[0; 4_800], 200).is_empty());
        let tone: Vec<i16> = (0..4_800)
            .map(|n| if n % 40 < 20 { 4_000 } else { -4_000 })
            .collect();
        assert_eq!(hearing.hear(&tone, 200), [Edge::Started(200)]);
        assert!(hearing.hear(&[0; 4_799], 200).is_empty());
        assert_eq!(hearing.hear(&[0; 1], 200), [Edge::Stopped(600)]);
    }

    #[test]
    fn a_click_is_no_speech() {
        let mut hearing = Hearing::new(24_000);
        let mut click = vec![9_000; 480];
        click.extend([0; 4_800]);
        assert!(hearing.hear(&click, 200).is_empty());
    }
}
