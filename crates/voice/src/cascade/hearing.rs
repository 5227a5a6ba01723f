//! The caller's audio of late, and which part of it is the turn's.

use audio::SampleRate;
use call::TurnId;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// What every speech-to-text model hears.
pub(super) const RATE: SampleRate = SampleRate::HZ_16000;

/// Speech begins before the ear reports it (up to 100 ms), and a soft first syllable before that.
const PRE_ROLL: usize = RATE.samples_in(Duration::from_millis(400)) as usize;

/// The longest turn: what Whisper takes at once. Of a longer one the end is kept.
const LONGEST: usize = RATE.samples_in(Duration::from_secs(30)) as usize;

/// The last samples: the pre-roll while nobody speaks, the whole turn while somebody does.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    samples: VecDeque<i16>,
    /// Samples heard in all; positions count from the first of the call.
    end: u64,
    turn: Option<Span>,
    /// Where the last answered turn ended: what was before is not heard again.
    floor: u64,
    lost: u64,
}

/// What becomes of a turn that begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begun {
    /// It is another than before.
    Anew,
    /// It goes on.
    Again,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    turn: TurnId,
    start: u64,
}

impl Hearing {
    /// Takes the next samples. Without a turn no more than the pre-roll is kept.
    pub(super) fn hear(&mut self, samples: &[i16]) {
        self.samples.extend(samples);
        self.end += samples.len() as u64;
        let limit = if self.turn.is_some() { LONGEST } else { PRE_ROLL };
        let surplus = self.samples.len().saturating_sub(limit);
        self.samples.drain(..surplus);
        match self.turn {
            Some(span) => self.lost += (self.begin().saturating_sub(span.start)).min(surplus as u64),
            // What a long turn needed is given back: an idle call keeps some 20 KiB.
            None if self.samples.capacity() > 4 * PRE_ROLL => {
                self.samples.shrink_to(PRE_ROLL + samples.len())
            }
            None => {}
        }
    }

    /// A turn begins, a little before now. The same turn again goes on. Tells whether it is another.
    pub(super) fn start(&mut self, turn: TurnId) -> Begun {
        if self.turn.is_some_and(|span| span.turn == turn) {
            return Begun::Again;
        }
        let start = self
            .end
            .saturating_sub(PRE_ROLL as u64)
            .max(self.floor)
            .max(self.begin());
        self.turn = Some(Span { turn, start });
        Begun::Anew
    }

    /// The turn's audio from a position on, and the position behind it; nothing if the turn is not the one under way.
    pub(super) fn after(&self, turn: TurnId, position: u64) -> Option<(Vec<i16>, u64)> {
        let span = self.turn.filter(|span| span.turn == turn)?;
        let from = position.max(span.start).saturating_sub(self.begin());
        let skip = usize::try_from(from).unwrap_or(usize::MAX);
        Some((self.samples.iter().skip(skip).copied().collect(), self.end))
    }

    /// The audio of the turn so far; nothing if it is not the one under way.
    pub(super) fn cut(&self, turn: TurnId) -> Option<Arc<[i16]>> {
        let span = self.turn.filter(|span| span.turn == turn)?;
        let skip = usize::try_from(span.start.saturating_sub(self.begin())).unwrap_or(usize::MAX);
        Some(self.samples.iter().skip(skip).copied().collect())
    }

    /// The turn's audio belongs to it up to now: another turn does not begin before.
    pub(super) fn close(&mut self, turn: TurnId) {
        if self.turn.is_some_and(|span| span.turn == turn) {
            self.floor = self.end;
        }
    }

    /// The turn is answered or was none.
    pub(super) fn forget(&mut self, turn: TurnId) {
        self.turn.take_if(|span| span.turn == turn);
    }

    /// Milliseconds that a turn of more than 30 s has lost at its beginning.
    pub(super) fn lost_ms(&self) -> u64 {
        self.lost * 1_000 / u64::from(RATE.hz())
    }

    /// The position of the oldest sample that is kept.
    fn begin(&self) -> u64 {
        self.end - self.samples.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: TurnId = TurnId(1);
    const TWO: TurnId = TurnId(2);

    /// Hears so many frames of 20 ms; sample values count the frames.
    fn frames(hearing: &mut Hearing, numbers: std::ops::Range<i16>) {
        for number in numbers {
            hearing.hear(&[number; 320]);
        }
    }

    fn bounds(hearing: &Hearing, turn: TurnId) -> (i16, i16) {
        let cut = hearing.cut(turn).unwrap();
        (cut[0], cut[cut.len() - 1])
    }

    #[test]
    fn a_turn_begins_400_ms_before_it_is_told_and_goes_on_after_a_pause() {
        let mut hearing = Hearing::default();
        frames(&mut hearing, 0..100);
        hearing.start(ONE);
        assert_eq!(bounds(&hearing, ONE), (80, 99));
        frames(&mut hearing, 100..150);
        hearing.start(ONE);
        assert_eq!(bounds(&hearing, ONE), (80, 149));
        assert_eq!(hearing.cut(TWO), None);
    }

    #[test]
    fn a_turn_right_after_an_answered_one_does_not_hear_it_again() {
        let mut hearing = Hearing::default();
        hearing.start(ONE);
        assert_eq!(hearing.cut(ONE).as_deref(), Some(&[][..]));
        frames(&mut hearing, 0..10);
        hearing.close(ONE);
        frames(&mut hearing, 10..15);
        hearing.forget(ONE);
        hearing.start(TWO);
        assert_eq!(bounds(&hearing, TWO), (10, 14));
    }

    #[test]
    fn what_was_not_taken_yet_can_be_taken_piece_by_piece() {
        let mut hearing = Hearing::default();
        frames(&mut hearing, 0..100);
        assert_eq!(hearing.start(ONE), Begun::Anew);
        let (first, position) = hearing.after(ONE, 0).unwrap();
        assert_eq!((first.len(), first[0], position), (20 * 320, 80, 32_000));
        frames(&mut hearing, 100..102);
        assert_eq!(hearing.start(ONE), Begun::Again);
        let (second, position) = hearing.after(ONE, position).unwrap();
        assert_eq!((second.len(), second[0]), (640, 100));
        assert_eq!(hearing.after(ONE, position), Some((Vec::new(), position)));
        assert_eq!(hearing.after(TWO, 0), None);
    }

    #[test]
    fn of_a_monologue_the_last_30_s_are_kept_and_the_rest_is_counted() {
        let mut hearing = Hearing::default();
        frames(&mut hearing, 0..20);
        hearing.start(ONE);
        frames(&mut hearing, 20..1_600);
        assert_eq!(hearing.cut(ONE).unwrap().len(), LONGEST);
        assert_eq!(bounds(&hearing, ONE), (100, 1_599));
        assert_eq!(hearing.lost_ms(), 2_000);
    }

    #[test]
    fn an_idle_call_is_small_even_after_a_long_turn() {
        let mut hearing = Hearing::default();
        assert_eq!(hearing.samples.capacity(), 0, "nothing before the first audio");
        hearing.start(ONE);
        frames(&mut hearing, 0..1_500);
        assert!(hearing.samples.capacity() >= LONGEST);
        hearing.forget(ONE);
        frames(&mut hearing, 0..50);
        let idle = hearing.samples.capacity();
        assert!(idle <= 4 * PRE_ROLL, "{idle} samples");
        frames(&mut hearing, 0..50);
        assert_eq!(
            hearing.samples.capacity(),
            idle,
            "no growing and shrinking by turns"
        );
    }
}
