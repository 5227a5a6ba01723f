//! What of a captured frame our own voice explains, and what may be passed on.

/// How many bands a voice is weighed in.
pub(super) const BANDS: usize = 6;
/// In the bands from this one on (2 kHz) the leak is never thought to be lower than at first: vowels have next to nothing there
/// from which an "s" could be learned.
const SURE: usize = 4;
/// Mean squares by band.
pub(super) type Bands = [f32; BANDS];

/// Mean squares of a frame's parts, samples as parts of full scale.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Levels {
    /// The imitated echo.
    pub(super) echo: Bands,
    /// What is left when it is subtracted.
    pub(super) left: Bands,
}

impl Levels {
    /// Of a frame from which nothing is subtracted.
    pub(super) fn without_echo(left: f32) -> Self {
        let mut levels = Self::default();
        levels.left[0] = left;
        levels
    }

    pub(super) fn echo(&self) -> f32 {
        self.echo.iter().sum()
    }

    pub(super) fn left(&self) -> f32 {
        self.left.iter().sum()
    }
}

/// Softer than this (-60 dB of full scale) nobody hears anything.
pub(super) const INAUDIBLE: f32 = 1e-6;
/// So far over the line's noise (6 dB) something is more than noise.
const OVER_NOISE: f32 = 4.0;
/// What an imitation that has just begun may leave of the echo: -10 dB.
const LEAK_AT_FIRST: f32 = 0.1;
/// What the best one is thought to leave, with a margin: a G.711 line's steps alone lie 37 dB below the echo, a mixed stream has none.
pub(super) const LINE_LEAKS: f32 = 1e-3;
pub(super) const MIX_LEAKS: f32 = 1e-4;
/// How fast the leak is believed to be lower, or higher, by the frame of 20 ms.
const LEAK_FALLS: f32 = 0.93;
const LEAK_RISES: f32 = 1.004;
/// A frame with less than this part of the leak shows that it is lower.
const LEAK_MARGIN: f32 = 0.2;
/// The power of an echo in a band (-50 dB of full scale) from which on its leak can be told.
const TELLING: f32 = 10.0 * INAUDIBLE;
/// How fast an echo dies away at most once we are silent, by the frame: what a room holds back counts as its echo.
const DECAY: f32 = 0.5;
/// The noise of a line rises by 1.5 dB a second at most.
const NOISE_RISES: f32 = 1.007;

/// Follows how much of the echo is left, and how loud the line's own noise is.
#[derive(Debug)]
pub(super) struct Gate {
    best: f32,
    /// By band: what was learned in a vowel says nothing of an "s".
    leak: Bands,
    echo: Bands,
    noise: f32,
}

impl Gate {
    pub(super) fn new(best: f32) -> Self {
        Self {
            best,
            leak: [LEAK_AT_FIRST; BANDS],
            echo: [0.0; BANDS],
            noise: INAUDIBLE / OVER_NOISE,
        }
    }

    /// Another imitation began.
    pub(super) fn restart(&mut self) {
        self.leak = [LEAK_AT_FIRST; BANDS];
    }

    /// Whether there is more in the frame than noise and what is left of the echo. Frames are weighed in their order.
    pub(super) fn weigh(&mut self, levels: Levels) -> bool {
        for (echo, now) in self.echo.iter_mut().zip(levels.echo) {
            *echo = now.max(DECAY * *echo);
        }
        let unexplained = self.unexplained(levels);
        self.hear_noise(levels.left());
        for band in 0..BANDS {
            if levels.echo[band] <= TELLING {
                continue;
            }
            let part = levels.left[band] / self.echo[band].max(f32::MIN_POSITIVE);
            let change = if part < LEAK_MARGIN * self.leak[band] {
                LEAK_FALLS
            } else {
                LEAK_RISES
            };
            let best = if band < SURE { self.best } else { LEAK_AT_FIRST };
            self.leak[band] = (self.leak[band] * change).clamp(best, LEAK_AT_FIRST);
        }
        unexplained
    }

    /// The same, without learning from it: of a frame that was already weighed.
    pub(super) fn unexplained(&self, levels: Levels) -> bool {
        let echo = levels
            .echo
            .iter()
            .zip(&self.echo)
            .map(|(now, lasting)| now.max(*lasting));
        let leaks: f32 = echo.zip(&self.leak).map(|(echo, leak)| leak * echo).sum();
        let left = levels.left();
        left > INAUDIBLE.max(OVER_NOISE * self.noise) && left > leaks
    }

    /// Follows the softest that is heard on the line.
    pub(super) fn hear_noise(&mut self, left: f32) {
        self.noise = (self.noise * NOISE_RISES).min(left).max(INAUDIBLE / OVER_NOISE);
    }
}
