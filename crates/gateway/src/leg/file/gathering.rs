//! What is to be played, until it makes a piece that is worth a file. Pure: time is an argument.

use audio::SampleRate;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The first piece into silence: enough to last until the next one is there where a machine is busy, and short enough to come at once
/// from an engine that speaks as fast as it is heard.
const FIRST: Duration = Duration::from_millis(60);
/// How long the rest of a first piece is awaited.
const AWAITED: Duration = Duration::from_millis(45);
/// A piece while others play. Each is a file, two events and a message of FreeSWITCH's.
const PIECE: Duration = Duration::from_millis(200);
/// From a piece's sending to its first sample at the caller (39 to 47 ms, measured on 1.10.12 with both builds), on a busy machine.
const WAY: Duration = Duration::from_millis(60);
/// What there is is sent when FreeSWITCH has no more than this left to play.
const RESERVE: Duration = Duration::from_millis(140);

/// Samples on their way into files.
pub(super) struct Gathering {
    rate: SampleRate,
    /// Samples of a packet of the phone's: FreeSWITCH fills the last packet of a file up, which is heard inside speech.
    packet: usize,
    samples: VecDeque<i16>,
    /// So many of the samples end an utterance: nothing is awaited that would go with them.
    whole: usize,
    /// Since when samples wait.
    since: Instant,
    /// Until when what was sent lasts.
    covered: Instant,
}

impl Gathering {
    pub(super) fn new(rate: SampleRate, packet: Duration, now: Instant) -> Self {
        Self {
            rate,
            packet: (rate.samples_in(packet) as usize).max(1),
            samples: VecDeque::new(),
            whole: 0,
            since: now,
            covered: now,
        }
    }

    /// Takes a frame.
    pub(super) fn push(&mut self, frame: &[i16], now: Instant) {
        if self.samples.is_empty() {
            self.since = now;
        }
        self.samples.extend(frame);
    }

    /// An utterance ends here.
    pub(super) fn ends(&mut self) {
        self.whole = self.samples.len();
    }

    /// Forgets what was not sent. Nothing of what was plays any more.
    pub(super) fn clear(&mut self, now: Instant) {
        self.samples.clear();
        self.whole = 0;
        self.covered = now;
    }

    /// FreeSWITCH has so much left to play, as it tells.
    pub(super) fn lasts(&mut self, left: Duration, now: Instant) {
        self.covered = now + left;
    }

    /// The next piece, if it is to be sent now.
    pub(super) fn next(&mut self, now: Instant) -> Option<Vec<i16>> {
        let count = self.ready(now)?;
        let piece: Vec<i16> = self.samples.drain(..count).collect();
        self.whole = self.whole.saturating_sub(count);
        self.since = now;
        self.covered = self.covered.max(now + WAY) + self.rate.duration_of(count as u64);
        Some(piece)
    }

    /// When [`Gathering::next`] has something without more samples.
    pub(super) fn due(&self) -> Option<Instant> {
        (self.packets() > 0).then(|| self.gathered_until())
    }

    fn ready(&self, now: Instant) -> Option<usize> {
        let piece = self.piece(now);
        if self.whole > 0 {
            return Some(self.whole.min(piece));
        }
        let packets = self.packets().min(piece);
        let due = packets == piece || now >= self.gathered_until();
        (packets > 0 && due).then_some(packets)
    }

    /// Until when more is awaited: not long into silence, else as long as FreeSWITCH has enough to play.
    fn gathered_until(&self) -> Instant {
        if self.since >= self.covered {
            return self.since + AWAITED;
        }
        self.covered.checked_sub(RESERVE).unwrap_or(self.covered)
    }

    /// The length of a piece that waits for nothing.
    fn piece(&self, now: Instant) -> usize {
        let length = if now >= self.covered { FIRST } else { PIECE };
        let samples = self.rate.samples_in(length) as usize;
        samples.div_ceil(self.packet) * self.packet
    }

    /// Samples of whole packets.
    fn packets(&self) -> usize {
        self.samples.len() / self.packet * self.packet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: SampleRate = SampleRate::HZ_8000;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn gathering(packet: u64, now: Instant) -> Gathering {
        Gathering::new(RATE, ms(packet), now)
    }

    fn frames(gathering: &mut Gathering, count: usize, now: Instant) {
        for _ in 0..count {
            gathering.push(&[7; RATE.frame_samples()], now);
        }
    }

    /// The pieces that are to be sent now, in milliseconds.
    fn pieces(gathering: &mut Gathering, now: Instant) -> Vec<usize> {
        std::iter::from_fn(|| gathering.next(now))
            .map(|piece| piece.len() / 8)
            .collect()
    }

    #[test]
    fn a_short_piece_goes_at_once_and_longer_ones_follow() {
        let start = Instant::now();
        let mut gathering = gathering(20, start);
        frames(&mut gathering, 25, start);
        assert_eq!(pieces(&mut gathering, start), [60, 200, 200]);
        // The last 40 ms wait for more.
        assert_eq!(gathering.due(), Some(start + WAY + ms(460) - RESERVE));
        assert_eq!(pieces(&mut gathering, start + ms(379)), [0; 0]);
        assert_eq!(pieces(&mut gathering, start + ms(380)), [40]);
    }

    #[test]
    fn the_end_of_an_utterance_waits_for_nothing() {
        let start = Instant::now();
        let mut gathering = gathering(20, start);
        gathering.push(&[7; 90], start);
        gathering.ends();
        assert_eq!(gathering.next(start).map(|piece| piece.len()), Some(90));
        frames(&mut gathering, 11, start);
        gathering.ends();
        frames(&mut gathering, 1, start);
        assert_eq!(
            pieces(&mut gathering, start),
            [200, 20],
            "the next utterance waits"
        );
    }

    #[test]
    fn what_comes_as_fast_as_it_is_heard_is_awaited_a_little_and_then_never_again() {
        let start = Instant::now();
        let mut gathering = gathering(20, start);
        let mut sent = Vec::new();
        for n in 0..50 {
            let now = start + ms(20 * n);
            frames(&mut gathering, 1, now);
            sent.extend(
                pieces(&mut gathering, now)
                    .into_iter()
                    .map(|length| (n * 20, length)),
            );
        }
        assert_eq!(sent[0], (40, 60));
        let mut end = 40 + 45 + 60;
        for (at, length) in &sent[1..] {
            assert!(at + 45 <= end, "sent at {at}, and FreeSWITCH ran dry at {end}");
            end += *length as u64;
        }
    }

    #[test]
    fn an_end_without_a_mark_goes_after_a_moment() {
        let start = Instant::now();
        let mut gathering = gathering(20, start);
        frames(&mut gathering, 1, start);
        assert_eq!(pieces(&mut gathering, start), [0; 0]);
        assert_eq!(gathering.due(), Some(start + AWAITED));
        assert_eq!(pieces(&mut gathering, start + AWAITED), [20]);
        assert_eq!(gathering.due(), None);
    }

    #[test]
    fn pieces_are_whole_packets_of_the_phone() {
        let start = Instant::now();
        let mut gathering = gathering(30, start);
        frames(&mut gathering, 25, start);
        assert_eq!(pieces(&mut gathering, start), [60, 210, 210]);
        gathering.ends();
        assert_eq!(pieces(&mut gathering, start), [20]);
    }

    #[test]
    fn after_a_clear_a_short_piece_goes_first_again() {
        let start = Instant::now();
        let mut gathering = gathering(20, start);
        frames(&mut gathering, 25, start);
        pieces(&mut gathering, start);
        gathering.clear(start);
        assert_eq!(gathering.due(), None);
        frames(&mut gathering, 25, start + ms(5));
        assert_eq!(pieces(&mut gathering, start + ms(5))[0], 60);
    }

    #[test]
    fn what_freeswitch_tells_goes_before_what_was_reckoned() {
        let start = Instant::now();
        let mut gathering = gathering(20, start);
        frames(&mut gathering, 4, start);
        assert_eq!(pieces(&mut gathering, start), [60, 20]);
        frames(&mut gathering, 1, start);
        gathering.lasts(ms(400), start);
        assert_eq!(gathering.due(), Some(start + ms(400) - RESERVE));
    }
}
