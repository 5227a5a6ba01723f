//! What of a captured frame our own voice explains, and what may be passed on.

/// Mean squares of a frame's parts, samples as parts of full scale.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Levels {
    /// The imitated echo.
    pub(super) echo: f32,
    /// What is left when it is subtracted.
    pub(super) left: f32,
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
/// How fast an echo dies away at most once we are silent, by the frame: what a room holds back counts as its echo.
const DECAY: f32 = 0.5;
/// The noise of a line rises by 1.5 dB a second at most.
const NOISE_RISES: f32 = 1.007;

/// Follows how much of the echo is left, and how loud the line's own noise is.
#[derive(Debug)]
pub(super) struct Gate {
    best: f32,
    leak: f32,
    echo: f32,
    noise: f32,
}

impl Gate {
    pub(super) fn new(best: f32) -> Self {
        Self {
            best,
            leak: LEAK_AT_FIRST,
            echo: 0.0,
            noise: INAUDIBLE / OVER_NOISE,
        }
    }

    /// Another imitation began.
    pub(super) fn restart(&mut self) {
        self.leak = LEAK_AT_FIRST;
    }

    /// Whether there is more in the frame than noise and what is left of the echo. Frames are weighed in their order.
    pub(super) fn weigh(&mut self, levels: Levels) -> bool {
        self.echo = levels.echo.max(DECAY * self.echo);
        let unexplained = self.unexplained(levels);
        self.hear_noise(levels.left);
        let part = levels.left / self.echo.max(f32::MIN_POSITIVE);
        if levels.echo > 30.0 * INAUDIBLE {
            let change = if part < LEAK_MARGIN * self.leak {
                LEAK_FALLS
            } else {
                LEAK_RISES
            };
            self.leak = (self.leak * change).clamp(self.best, LEAK_AT_FIRST);
        }
        unexplained
    }

    /// The same, without learning from it: of a frame that was already weighed.
    pub(super) fn unexplained(&self, levels: Levels) -> bool {
        let echo = levels.echo.max(self.echo);
        levels.left > INAUDIBLE.max(OVER_NOISE * self.noise) && levels.left > self.leak * echo
    }

    /// Follows the softest that is heard on the line.
    pub(super) fn hear_noise(&mut self, left: f32) {
        self.noise = (self.noise * NOISE_RISES).min(left).max(INAUDIBLE / OVER_NOISE);
    }
}
