//! Both voices on one timeline, whatever the network and the playout do. In virtual time, at 8 kHz: a millisecond is 8 samples.

use audio::{Playout, SampleRate};
use recording::Tracks;
use std::time::{Duration, Instant};

const RATE: SampleRate = SampleRate::HZ_8000;
const FRAME: usize = 160;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A call's tracks, and what was taken of them.
struct Tape {
    tracks: Tracks,
    base: Instant,
    taken: Vec<i16>,
}

impl Tape {
    fn new() -> Self {
        let base = Instant::now();
        Self {
            tracks: Tracks::new(RATE, base),
            base,
            taken: Vec::new(),
        }
    }

    /// A frame of this value comes so long after the beginning.
    fn frame(&mut self, value: i16, at: u64) {
        let now = self.base + ms(at);
        self.tracks.caller(&[value; FRAME], RATE, now);
        self.tracks.take(now, &mut self.taken);
    }

    /// The call ends: both tracks.
    fn end(mut self, at: u64) -> (Vec<i16>, Vec<i16>) {
        self.tracks.finish(self.base + ms(at), &mut self.taken);
        let track = |channel: usize| self.taken.iter().skip(channel).step_by(2).copied().collect();
        (track(0), track(1))
    }
}

/// Runs of one value: from which millisecond, how many of them, which.
fn runs(track: &[i16]) -> Vec<(usize, usize, i16)> {
    let mut runs: Vec<(usize, usize, i16)> = Vec::new();
    for (at, value) in track.iter().enumerate() {
        match runs.last_mut() {
            Some((_, length, last)) if last == value => *length += 1,
            _ => runs.push((at, 1, *value)),
        }
    }
    runs.into_iter()
        .map(|(at, length, value)| (at / 8, length / 8, value))
        .collect()
}

#[test]
fn audio_in_time_is_one_piece_whatever_the_jitter() {
    let mut tape = Tape::new();
    for index in 0..200_u64 {
        tape.frame(
            index as i16 + 1,
            20 * (index + 1) + [0, 35, 7, 60][index as usize % 4],
        );
    }
    let (caller, secretary) = tape.end(4_000);
    let expected: Vec<i16> = (1..=200).flat_map(|value| [value; FRAME]).collect();
    assert_eq!(caller, expected);
    assert_eq!(secretary, vec![0; caller.len()]);
}

#[test]
fn a_burst_after_a_stall_is_where_it_was_said() {
    let mut tape = Tape::new();
    for index in 0..100_u64 {
        let due = 20 * (index + 1);
        // The network holds 500 ms back.
        let at = if (500..1_000).contains(&due) { 1_000 } else { due };
        tape.frame(index as i16 + 1, at);
    }
    let (caller, _) = tape.end(2_000);
    let expected: Vec<i16> = (1..=100).flat_map(|value| [value; FRAME]).collect();
    assert_eq!(caller, expected);
}

#[test]
fn a_hole_is_silence_and_what_follows_is_in_its_place() {
    for hole in [300, 1_000, 5_000] {
        let mut tape = Tape::new();
        for at in (20..=1_000).step_by(20) {
            tape.frame(1, at);
        }
        for at in (1_020..=2_000).step_by(20) {
            tape.frame(2, at + hole);
        }
        let (caller, _) = tape.end(2_000 + hole);
        let hole = hole as usize;
        assert_eq!(
            runs(&caller),
            [(0, 1_000, 1), (1_000, hole, 0), (1_000 + hole, 1_000, 2)],
            "{hole} ms"
        );
    }
}

#[test]
fn a_hole_just_before_the_end_is_one_too() {
    let mut tape = Tape::new();
    tape.frame(1, 20);
    tape.frame(2, 900);
    let (caller, _) = tape.end(900);
    assert_eq!(runs(&caller), [(0, 20, 1), (20, 860, 0), (880, 20, 2)]);
}

#[test]
fn a_clock_that_is_not_ours_never_drifts_far() {
    for (pace, name) in [(19_900, "fast"), (20_100, "slow")] {
        let mut tape = Tape::new();
        let mut last = 0;
        // Ten minutes at half a percent: three seconds, if nobody looked.
        for index in 0..30_000_u64 {
            last = (index + 1) * pace / 1_000;
            tape.frame(if index % 51 == 0 { 2 } else { 1 }, last);
        }
        let (caller, _) = tape.end(last);
        let length = caller.len() as u64 / 8;
        assert!(length.abs_diff(last) <= 140, "{name}: {length} ms in {last} ms");
        let marks = caller.iter().filter(|sample| **sample == 2).count() / FRAME;
        assert!(
            (580..=589).contains(&marks),
            "{name}: {marks} marks of 589 are left"
        );
    }
}

#[test]
fn a_leg_with_another_rate_than_it_said_has_the_same_timeline() {
    let mut tape = Tape::new();
    for index in 1..=100 {
        let now = tape.base + ms(20 * index);
        tape.tracks.caller(&[1_000; 320], SampleRate::HZ_16000, now);
    }
    let (caller, _) = tape.end(2_000);
    assert!(caller.len().abs_diff(16_000) < 80, "{}", caller.len());
    let tail = &caller[8_000..15_000];
    assert!(tail.iter().all(|sample| sample.abs_diff(1_000) < 20));
}

/// A playout whose frames the tape is told of, as the driver does.
struct Speaker {
    tape: Tape,
    playout: Playout<u8>,
    sent: usize,
}

impl Speaker {
    fn new() -> Self {
        Self {
            tape: Tape::new(),
            playout: Playout::new(RATE, ms(60), Duration::from_secs(60)),
            sent: 0,
        }
    }

    fn now(&self, at: u64) -> Instant {
        self.tape.base + ms(at)
    }

    fn told(&mut self, at: u64) {
        let now = self.now(at);
        self.tape.tracks.unheard(self.playout.unheard(now), now);
    }

    /// Time passes, with the wakes that the playout asks for.
    fn pass(&mut self, from: u64, to: u64) {
        let mut frame = Vec::new();
        for at in from..to {
            let now = self.now(at);
            self.told(at);
            while self.playout.release(now, &mut frame) {
                self.tape.tracks.sent(&frame);
                self.sent += frame.len();
            }
            while self.playout.poll_played(now).is_some() {}
        }
    }

    fn end(mut self, at: u64) -> Vec<i16> {
        self.told(at);
        self.tape.end(at).1
    }
}

#[test]
fn the_secretary_is_recorded_when_it_is_heard_not_when_it_is_sent() {
    let mut speaker = Speaker::new();
    speaker.pass(0, 500);
    speaker.playout.push(1, &[7; 8 * 300]);
    speaker.playout.finish(1);
    speaker.pass(500, 1_000);
    assert_eq!(
        runs(&speaker.end(1_000)),
        [(0, 500, 0), (500, 300, 7), (800, 200, 0)]
    );
}

#[test]
fn a_pause_is_silence_at_the_sample_at_which_it_holds() {
    let mut speaker = Speaker::new();
    speaker.playout.push(1, &[7; 8 * 300]);
    speaker.playout.finish(1);
    speaker.pass(0, 100);
    speaker.told(100);
    speaker.playout.pause(speaker.now(100));
    speaker.pass(100, 600);
    speaker.told(600);
    speaker.playout.resume(speaker.now(600));
    speaker.pass(600, 1_000);
    let runs = runs(&speaker.end(1_000));
    assert_eq!(runs, [(0, 100, 7), (100, 500, 0), (600, 200, 7), (800, 200, 0)]);
}

#[test]
fn what_was_called_back_was_never_heard() {
    let mut speaker = Speaker::new();
    speaker.playout.push(1, &[7; 8 * 300]);
    speaker.pass(0, 101);
    assert!(speaker.sent > 8 * 110, "{} were sent ahead", speaker.sent);
    speaker.told(101);
    speaker.playout.clear(speaker.now(101));
    speaker.tape.tracks.called_back();
    speaker.playout.push(2, &[9; 8 * 100]);
    speaker.playout.finish(2);
    speaker.pass(400, 700);
    let runs = runs(&speaker.end(700));
    assert_eq!(runs, [(0, 101, 7), (101, 299, 0), (400, 100, 9), (500, 200, 0)]);
}

#[test]
fn both_are_as_long_as_the_call() {
    let mut tape = Tape::new();
    tape.frame(1, 20);
    let (caller, secretary) = tape.end(12_345);
    assert_eq!((caller.len(), secretary.len()), (12_345 * 8, 12_345 * 8));
}
