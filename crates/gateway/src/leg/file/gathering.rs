//! What is to be played, until it makes a piece that is worth a file. Pure: time is an argument.

use audio::SampleRate;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So much goes into silence at once: engines give more than that at a time.
const FIRST: Duration = Duration::from_millis(100);
/// An engine that gives less speaks no faster than it is heard: so much is awaited of it, or FreeSWITCH would run dry again and again.
const SLOW_FIRST: Duration = Duration::from_millis(240);
/// And for so long.
const AWAITED: Duration = Duration::from_millis(220);
/// No piece is longer. Each is a file, and costs the caller about 40 ms of what they say: behind each playback that a `sendmsg` asks for
/// FreeSWITCH drops what it has received (`switch_channel_audio_sync` in switch_ivr.c and `do_flush` in switch_rtp.c, 1.10.12). With
/// pieces of 40 ms nothing was left of what some callers said.
const PIECE: Duration = Duration::from_secs(1);
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
        let piece = self.in_packets(PIECE);
        if self.whole > 0 {
            return Some(self.whole.min(piece));
        }
        let packets = self.packets().min(piece);
        let due = packets >= self.enough(now) || now >= self.gathered_until();
        (packets > 0 && due).then_some(packets)
    }

    /// Until when more is awaited: not long into silence, else as long as FreeSWITCH has enough to play.
    fn gathered_until(&self) -> Instant {
        if self.since >= self.covered {
            return self.since + AWAITED;
        }
        self.covered.checked_sub(RESERVE).unwrap_or(self.covered)
    }

    /// Samples of a piece that waits for nothing.
    fn enough(&self, now: Instant) -> usize {
        if now < self.covered {
            return self.in_packets(PIECE);
        }
        // Twice as fast as it is heard is fast.
        let passed = now.saturating_duration_since(self.since);
        self.in_packets((passed * 2).clamp(FIRST, SLOW_FIRST))
    }

    fn in_packets(&self, length: Duration) -> usize {
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
    fn what_an_engine_gives_goes_at_once_and_the_rest_when_it_is_needed() {
        let start = Instant::now();
        let mut gathering = gathering(20, start);
        frames(&mut gathering, 10, start);
        assert_eq!(pieces(&mut gathering, start), [200]);
        frames(&mut gathering, 30, start);
        assert_eq!(gathering.due(), Some(start + WAY + ms(200) - RESERVE));
        assert_eq!(pieces(&mut gathering, start + ms(119)), [0; 0]);
        assert_eq!(pieces(&mut gathering, start + ms(120)), [600]);
        frames(&mut gathering, 60, start + ms(121));
        assert_eq!(
            pieces(&mut gathering, start + ms(121)),
            [1000],
            "no piece is longer"
        );
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
        assert_eq!(pieces(&mut gathering, start), [220], "the next utterance waits");
    }

    #[test]
    fn what_comes_as_fast_as_it_is_heard_is_awaited_once_and_never_runs_dry() {
        let start = Instant::now();
        let mut gathering = gathering(20, start);
        let mut sent = Vec::new();
        for n in 0..100 {
            let now = start + ms(20 * n);
            frames(&mut gathering, 1, now);
            sent.extend(
                pieces(&mut gathering, now)
                    .into_iter()
                    .map(|length| (n * 20, length)),
            );
        }
        assert_eq!(sent[0], (220, 240));
        let mut end = 220 + 45 + 240;
        for (at, length) in &sent[1..] {
            assert!(at + 45 <= end, "sent at {at}, and FreeSWITCH ran dry at {end}");
            assert!(*length >= 100, "{length} ms cost the caller a packet");
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
        assert_eq!(pieces(&mut gathering, start), [480]);
        gathering.ends();
        assert_eq!(pieces(&mut gathering, start), [20]);
    }

    #[test]
    fn after_a_clear_nothing_waits() {
        let start = Instant::now();
        let mut gathering = gathering(20, start);
        frames(&mut gathering, 25, start);
        pieces(&mut gathering, start);
        frames(&mut gathering, 1, start);
        gathering.clear(start);
        assert_eq!(gathering.due(), None);
        frames(&mut gathering, 5, start + ms(5));
        assert_eq!(pieces(&mut gathering, start + ms(5)), [100]);
    }

    #[test]
    fn what_freeswitch_tells_goes_before_what_was_reckoned() {
        let start = Instant::now();
        let mut gathering = gathering(20, start);
        frames(&mut gathering, 6, start);
        assert_eq!(pieces(&mut gathering, start), [120]);
        frames(&mut gathering, 1, start);
        gathering.lasts(ms(400), start);
        assert_eq!(gathering.due(), Some(start + ms(400) - RESERVE));
    }
}
