//! The playout of a leg that tells when it begins to play what it was sent, and cannot hold it.

use audio::{Played, Playout, SampleRate};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

const RATE: SampleRate = SampleRate::HZ_8000;
const FRAME: usize = RATE.frame_samples();
const LEAD: Duration = ms(500);

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn playout() -> Playout<u32> {
    Playout::told(RATE, LEAD, ms(60_000))
}

/// Numbered samples.
fn speech(duration: Duration) -> Vec<i16> {
    (0..RATE.samples_in(duration)).map(|n| n as i16).collect()
}

fn release_all(playout: &mut Playout<u32>, now: Instant) -> Vec<i16> {
    let (mut all, mut frame) = (Vec::new(), Vec::new());
    while playout.release(now, &mut frame) {
        all.extend(&frame);
    }
    all
}

fn heard(playout: &mut Playout<u32>, now: Instant) -> Vec<i16> {
    let mut heard = Vec::new();
    playout.take_heard(now, &mut heard);
    heard
}

#[test]
fn nothing_counts_as_heard_before_the_other_end_tells_that_it_begins() {
    let (mut playout, start) = (playout(), Instant::now());
    playout.push(1, &speech(ms(2000)));
    assert_eq!(release_all(&mut playout, start).len(), 25 * FRAME);
    assert_eq!(playout.next_due(), None, "only the other end can wake it");
    assert_eq!(playout.position(start + ms(45)), Some((1, ms(0))));
    assert_eq!(heard(&mut playout, start + ms(45)), []);
    playout.begins(3 * FRAME, start + ms(45));
    assert_eq!(playout.position(start + ms(65)), Some((1, ms(20))));
    assert_eq!(playout.next_due(), Some(start + ms(65)));
    assert_eq!(release_all(&mut playout, start + ms(65)).len(), FRAME);
}

#[test]
fn the_clock_waits_at_the_end_of_what_was_begun_and_goes_on_with_the_next() {
    let (mut playout, start) = (playout(), Instant::now());
    playout.push(1, &speech(ms(400)));
    playout.finish(1);
    release_all(&mut playout, start);
    playout.begins(10 * FRAME, start);
    assert_eq!(playout.position(start + ms(230)), Some((1, ms(200))));
    // Told late, and no hole.
    playout.begins(10 * FRAME, start + ms(220));
    assert_eq!(playout.position(start + ms(320)), Some((1, ms(300))));
    assert_eq!(playout.poll_played(start + ms(419)), None);
    let end = Some(Played::Finished(1, ms(400)));
    assert_eq!(playout.poll_played(start + ms(420)), end);
    assert_eq!(playout.underruns(), 0);
    assert_eq!(heard(&mut playout, start + ms(420)), speech(ms(400)));
}

#[test]
fn a_piece_that_begins_before_the_one_before_it_is_through_moves_the_clock_forward() {
    let (mut playout, start) = (playout(), Instant::now());
    playout.push(1, &speech(ms(400)));
    release_all(&mut playout, start);
    // The first was told 20 ms late.
    playout.begins(10 * FRAME, start + ms(20));
    playout.begins(10 * FRAME, start + ms(200));
    assert_eq!(playout.position(start + ms(200)), Some((1, ms(200))));
}

#[test]
fn a_piece_that_begins_late_was_a_hole() {
    let (mut playout, start) = (playout(), Instant::now());
    playout.push(1, &speech(ms(400)));
    release_all(&mut playout, start);
    playout.begins(10 * FRAME, start);
    playout.begins(10 * FRAME, start + ms(260));
    assert_eq!(playout.underruns(), 1);
}

#[test]
fn a_pause_calls_back_what_was_not_heard_and_a_resume_releases_it_again() {
    let (mut playout, start) = (playout(), Instant::now());
    playout.push(1, &speech(ms(300)));
    playout.finish(1);
    playout.push(2, &[9; 800]);
    playout.finish(2);
    release_all(&mut playout, start);
    assert_eq!(
        [playout.poll_released(), playout.poll_released()],
        [Some(1), Some(2)]
    );
    playout.begins(15 * FRAME, start);
    playout.pause(start + ms(130));
    assert_eq!(playout.position(start + ms(900)), Some((1, ms(130))));
    assert_eq!(playout.unheard(start + ms(900)), 0, "nothing is on its way");
    assert_eq!(release_all(&mut playout, start + ms(900)), []);
    assert_eq!(heard(&mut playout, start + ms(900)), speech(ms(130)));
    playout.resume(start + ms(900));
    let again = release_all(&mut playout, start + ms(900));
    let rest = &speech(ms(300))[RATE.samples_in(ms(130)) as usize..];
    assert_eq!(again, [rest, &[9; 800]].concat());
    assert_eq!(
        [playout.poll_released(), playout.poll_released()],
        [Some(1), Some(2)],
        "the marks are due again"
    );
    playout.begins(again.len(), start + ms(950));
    assert_eq!(playout.position(start + ms(960)), Some((1, ms(140))));
    let first = Some(Played::Finished(1, ms(300)));
    assert_eq!(playout.poll_played(start + ms(1120)), first);
    let second = Some(Played::Finished(2, ms(100)));
    assert_eq!(playout.poll_played(start + ms(1220)), second);
    assert_eq!(playout.underruns(), 0);
}

#[test]
fn a_clear_drops_what_was_kept_but_not_what_was_heard() {
    let (mut playout, start) = (playout(), Instant::now());
    playout.push(1, &speech(ms(700)));
    playout.finish(1);
    release_all(&mut playout, start);
    playout.begins(10 * FRAME, start);
    assert_eq!(playout.clear(start + ms(100)), ms(600));
    assert_eq!(heard(&mut playout, start + ms(100)), speech(ms(100)));
    playout.push(2, &[7; FRAME]);
    assert_eq!(release_all(&mut playout, start + ms(110)), [7; FRAME]);
    playout.begins(FRAME, start + ms(150));
    assert_eq!(heard(&mut playout, start + ms(200)), [7; FRAME]);
}

#[test]
fn without_a_word_from_the_other_end_a_recall_gives_all_back() {
    let (mut playout, start) = (playout(), Instant::now());
    playout.push(1, &speech(ms(100)));
    assert_eq!(release_all(&mut playout, start), speech(ms(100)));
    assert_eq!(playout.recall(start + ms(50)), ms(100));
    assert_eq!(release_all(&mut playout, start + ms(50)), speech(ms(100)));
}

#[test]
fn a_playout_whose_clock_is_its_own_keeps_nothing_and_heeds_no_begin() {
    let (mut playout, start) = (Playout::new(RATE, ms(60), ms(1000)), Instant::now());
    playout.push(1, &speech(ms(100)));
    release_all(&mut playout, start);
    playout.begins(FRAME, start);
    assert_eq!(playout.recall(start + ms(20)), ms(0));
    assert_eq!(heard(&mut playout, start + ms(60)), []);
    assert_eq!(playout.position(start + ms(30)), Some((1, ms(30))));
}

#[derive(Debug, Clone)]
enum Step {
    Push(usize),
    Finish,
    Wait(u64),
    Pause,
    Resume,
    /// The other end drops what it has, by itself.
    Drops,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..5000usize).prop_map(Step::Push),
        1 => Just(Step::Finish),
        8 => (1..400u64).prop_map(Step::Wait),
        1 => Just(Step::Pause),
        2 => Just(Step::Resume),
        1 => Just(Step::Drops),
    ]
}

/// An end that plays pieces of so many samples, each so long after it was sent, one after the other.
struct Far {
    piece: usize,
    delay: Duration,
    /// Samples not yet in a piece.
    loose: usize,
    /// When each piece may begin, and its samples.
    pieces: VecDeque<(Instant, usize)>,
    free: Instant,
}

impl Far {
    fn sent(&mut self, samples: usize, whole: bool, now: Instant) {
        self.loose += samples;
        while self.loose >= self.piece || (whole && self.loose > 0) {
            let piece = self.loose.min(self.piece);
            self.loose -= piece;
            self.pieces.push_back((now + self.delay, piece));
        }
    }

    /// The next piece that begins by `now`: when, and its samples.
    fn begins(&mut self, now: Instant) -> Option<(Instant, usize)> {
        let (ready, samples) = *self.pieces.front()?;
        let at = ready.max(self.free);
        if at > now {
            return None;
        }
        self.pieces.pop_front();
        self.free = at + RATE.duration_of(samples as u64);
        Some((at, samples))
    }

    fn drops(&mut self, now: Instant) {
        self.loose = 0;
        self.pieces.clear();
        self.free = now;
    }
}

proptest! {
    /// Whatever is called back and when: each sample is heard once, in its place.
    #[test]
    fn nothing_is_lost_or_heard_twice(steps in prop::collection::vec(step(), 1..60), piece in 1..2000usize, delay in 0..80u64) {
        let (mut playout, mut now) = (playout(), Instant::now());
        let mut far = Far { piece, delay: ms(delay), loose: 0, pieces: VecDeque::new(), free: now };
        let (mut pushed, mut all) = (0_usize, Vec::new());
        let mut utterance = 0;
        let mut frame = Vec::new();
        let steps = steps.into_iter().chain([Step::Resume, Step::Finish]).chain((0..1000).map(|_| Step::Wait(400)));
        for step in steps {
            let until = now + match step {
                Step::Wait(time) => ms(time),
                _ => Duration::ZERO,
            };
            match step {
                Step::Push(count) => {
                    let samples: Vec<i16> = (pushed..pushed + count).map(|n| n as i16).collect();
                    if playout.push(utterance, &samples) {
                        pushed += count;
                    }
                }
                Step::Finish => {
                    playout.finish(utterance);
                    utterance += 1;
                }
                Step::Pause => {
                    playout.pause(now);
                    far.drops(now);
                }
                Step::Resume => playout.resume(now),
                Step::Drops => {
                    playout.recall(now);
                    far.drops(now);
                }
                Step::Wait(_) => {}
            }
            loop {
                while playout.release(now, &mut frame) {
                    far.sent(frame.len(), false, now);
                }
                while playout.poll_released().is_some() {
                    far.sent(0, true, now);
                }
                playout.take_heard(now, &mut all);
                while playout.poll_played(now).is_some() {}
                match far.begins(until) {
                    Some((at, samples)) => {
                        now = now.max(at);
                        playout.begins(samples, now);
                    }
                    None => match playout.next_due() {
                        Some(due) if due <= until => now = now.max(due),
                        _ => break,
                    },
                }
            }
            now = now.max(until);
        }
        prop_assert_eq!(all.len(), pushed, "all is heard in the end");
        prop_assert!(all.iter().enumerate().all(|(n, sample)| *sample == n as i16));
    }
}
