//! The playout's pace, positions and ends, one rule a test, in virtual time.

use audio::{Played, Playout, SampleRate};
use std::time::{Duration, Instant};

const RATE: SampleRate = SampleRate::HZ_8000;
const FRAME: usize = RATE.frame_samples();
const LEAD: Duration = ms(60);

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn playout() -> Playout<u32> {
    Playout::new(RATE, LEAD, Duration::from_secs(300))
}

fn speech(duration: Duration) -> Vec<i16> {
    (0..RATE.samples_in(duration)).map(|i| i as i16).collect()
}

/// Releases all that is due and returns the samples.
fn release_all(playout: &mut Playout<u32>, now: Instant) -> Vec<i16> {
    let (mut frame, mut all) = (Vec::new(), Vec::new());
    while playout.release(now, &mut frame) {
        assert!((1..=FRAME).contains(&frame.len()));
        all.extend(&frame);
    }
    assert!(frame.is_empty());
    all
}

/// Plays until nothing is due any more; returns the samples and the ends with their times.
fn play_out(playout: &mut Playout<u32>, from: Instant) -> (Vec<i16>, Vec<(Played<u32>, Duration)>) {
    let (mut now, mut samples, mut ends) = (from, Vec::new(), Vec::new());
    loop {
        samples.extend(release_all(playout, now));
        while let Some(end) = playout.poll_played(now) {
            ends.push((end, now - from));
        }
        let Some(due) = playout.next_due() else {
            return (samples, ends);
        };
        assert!(due > now, "what is due now must already have been given");
        now = due;
    }
}

#[test]
fn a_whole_answer_leaves_at_most_the_lead_ahead() {
    let (mut playout, start) = (playout(), Instant::now());
    assert!(playout.push(1, &speech(ms(200))));
    assert_eq!(release_all(&mut playout, start).len(), 3 * FRAME);
    assert_eq!(playout.next_due(), Some(start + ms(20)));
    assert_eq!(release_all(&mut playout, start + ms(19)).len(), 0);
    assert_eq!(release_all(&mut playout, start + ms(20)).len(), FRAME);
}

#[test]
fn an_answer_is_played_whole_and_its_end_is_told_when_it_is_heard() {
    let (mut playout, start) = (playout(), Instant::now());
    playout.push(1, &speech(ms(207)));
    playout.finish(1);
    let (samples, ends) = play_out(&mut playout, start);
    assert_eq!(samples, speech(ms(207)));
    assert_eq!(ends, [(Played::Finished(1, ms(207)), ms(207))]);
    assert_eq!(playout.position(start + ms(207)), None);
}

#[test]
fn audio_in_real_time_passes_at_once_and_needs_no_timer() {
    let (mut playout, start) = (playout(), Instant::now());
    for frame in 0..100 {
        let now = start + ms(20 * frame);
        playout.push(7, &speech(ms(20)));
        assert_eq!(release_all(&mut playout, now).len(), FRAME);
        assert_eq!(playout.next_due(), None);
    }
    assert_eq!(playout.underruns(), 0);
    assert_eq!(playout.position(start + ms(2000)), Some((7, ms(2000))));
}

#[test]
fn position_counts_what_the_clock_has_passed_and_stops_where_the_release_stopped() {
    let (mut playout, start) = (playout(), Instant::now());
    assert_eq!(playout.position(start), None);
    playout.push(1, &speech(ms(100)));
    assert_eq!(playout.position(start), None);
    release_all(&mut playout, start);
    assert_eq!(playout.position(start), Some((1, ms(0))));
    assert_eq!(playout.position(start + ms(33)), Some((1, ms(33))));
    assert_eq!(playout.position(start + ms(500)), Some((1, ms(60))));
}

#[test]
fn utterances_play_in_the_order_of_their_first_push() {
    let (mut playout, start) = (playout(), Instant::now());
    playout.push(1, &[1; 100]);
    playout.push(2, &[2; 200]);
    playout.push(1, &[1; 50]);
    playout.finish(2);
    playout.finish(1);
    let (samples, ends) = play_out(&mut playout, start);
    assert_eq!(samples, [[1; 150].as_slice(), &[2; 200]].concat());
    let of = |n| RATE.duration_of(n);
    assert_eq!(
        ends,
        [
            (Played::Finished(1, of(150)), of(150)),
            (Played::Finished(2, of(200)), of(350))
        ]
    );
}

#[test]
fn an_unfinished_utterance_holds_back_the_next_and_its_own_partial_frame() {
    let (mut playout, start) = (playout(), Instant::now());
    playout.push(1, &speech(ms(25)));
    playout.push(2, &speech(ms(20)));
    assert_eq!(release_all(&mut playout, start).len(), FRAME);
    assert_eq!(playout.next_due(), None);
    playout.finish(1);
    assert_eq!(release_all(&mut playout, start).len(), 2 * FRAME + 40 - FRAME);
}

#[test]
fn an_utterance_without_samples_ends_at_zero_in_its_turn() {
    let (mut playout, start) = (playout(), Instant::now());
    playout.finish(1);
    assert_eq!(
        playout.poll_played(start),
        Some(Played::Finished(1, Duration::ZERO))
    );
    playout.push(2, &speech(ms(20)));
    playout.finish(2);
    playout.finish(3);
    playout.finish(3);
    let (_, ends) = play_out(&mut playout, start);
    let expected = [
        (Played::Finished(2, ms(20)), ms(20)),
        (Played::Finished(3, ms(0)), ms(20)),
    ];
    assert_eq!(ends, expected);
}

#[test]
fn a_pause_holds_at_a_sample_and_a_resume_goes_on_from_it() {
    let (mut playout, start) = (playout(), Instant::now());
    let answer = speech(ms(200));
    playout.push(1, &answer);
    playout.finish(1);
    let mut heard = release_all(&mut playout, start);
    playout.pause(start + ms(10));
    assert_eq!(release_all(&mut playout, start + ms(500)), []);
    assert_eq!(playout.next_due(), None);
    assert_eq!(playout.position(start + ms(500)), Some((1, ms(10))));
    playout.resume(start + ms(700));
    let (rest, ends) = play_out(&mut playout, start + ms(700));
    heard.extend(rest);
    assert_eq!(heard, answer);
    assert_eq!(ends, [(Played::Finished(1, ms(200)), ms(190))]);
    assert_eq!(playout.underruns(), 0);
}

#[test]
fn an_end_that_the_other_end_holds_back_is_told_when_it_is_heard() {
    let (mut playout, start) = (playout(), Instant::now());
    playout.push(1, &speech(ms(40)));
    playout.finish(1);
    release_all(&mut playout, start);
    playout.pause(start + ms(30));
    assert_eq!(playout.next_due(), None);
    assert_eq!(playout.poll_played(start + ms(40)), None);
    playout.resume(start + ms(100));
    assert_eq!(playout.poll_played(start + ms(109)), None);
    assert_eq!(
        playout.poll_played(start + ms(110)),
        Some(Played::Finished(1, ms(40)))
    );
    assert_eq!(playout.next_due(), None);
}

#[test]
fn a_clear_forgets_everything_and_says_how_much_it_dropped() {
    let (mut playout, start) = (playout(), Instant::now());
    playout.push(1, &speech(ms(100)));
    playout.finish(1);
    playout.push(2, &speech(ms(50)));
    playout.finish(2);
    release_all(&mut playout, start);
    playout.pause(start + ms(5));
    assert_eq!(playout.clear(start + ms(20)), ms(145));
    assert_eq!(playout.position(start + ms(20)), None);
    assert_eq!(playout.next_due(), None);
    assert_eq!(play_out(&mut playout, start + ms(20)), (vec![], vec![]));
}

#[test]
fn after_a_clear_the_next_utterance_starts_at_once() {
    let (mut playout, start) = (playout(), Instant::now());
    playout.push(1, &speech(ms(100)));
    release_all(&mut playout, start);
    playout.clear(start + ms(10));
    playout.push(2, &speech(ms(100)));
    playout.finish(2);
    let (_, ends) = play_out(&mut playout, start + ms(10));
    assert_eq!(ends, [(Played::Finished(2, ms(100)), ms(100))]);
}

#[test]
fn running_dry_in_an_utterance_is_one_underrun_and_restarts_the_clock() {
    let (mut playout, start) = (playout(), Instant::now());
    playout.push(1, &speech(ms(20)));
    release_all(&mut playout, start);
    for waiting in [25, 30, 50] {
        assert_eq!(release_all(&mut playout, start + ms(waiting)), []);
    }
    playout.push(1, &speech(ms(40)));
    playout.finish(1);
    let (_, ends) = play_out(&mut playout, start + ms(50));
    assert_eq!(playout.underruns(), 1);
    assert_eq!(ends, [(Played::Finished(1, ms(60)), ms(40))]);
}

#[test]
fn silence_between_utterances_or_before_a_late_finish_is_no_underrun() {
    let (mut playout, start) = (playout(), Instant::now());
    playout.push(1, &speech(ms(20)));
    release_all(&mut playout, start);
    assert_eq!(release_all(&mut playout, start + ms(30)), []);
    playout.finish(1);
    assert_eq!(
        playout.poll_played(start + ms(30)),
        Some(Played::Finished(1, ms(20)))
    );
    playout.push(2, &speech(ms(20)));
    release_all(&mut playout, start + ms(90));
    assert_eq!(playout.underruns(), 0);
}

#[test]
fn beyond_the_hold_limit_nothing_is_taken() {
    let mut playout = Playout::new(RATE, LEAD, ms(100));
    let start = Instant::now();
    assert!(playout.push(1, &speech(ms(100))));
    assert!(!playout.push(1, &[0]));
    assert_eq!(release_all(&mut playout, start).len(), 3 * FRAME);
    assert!(playout.push(1, &speech(ms(60))));
    assert!(!playout.push(1, &speech(ms(20))));
    playout.finish(1);
    assert_eq!(play_out(&mut playout, start).0.len() + 3 * FRAME, 8 * FRAME);
}

#[test]
fn the_last_release_of_each_utterance_is_told_once_before_it_is_heard() {
    let (mut playout, start) = (playout(), Instant::now());
    playout.push(1, &speech(ms(20)));
    playout.push(2, &speech(ms(30)));
    release_all(&mut playout, start);
    assert_eq!(playout.poll_released(), None, "more of the first may come");
    playout.finish(1);
    playout.finish(2);
    assert_eq!(playout.poll_released(), Some(1));
    assert_eq!(playout.poll_released(), None, "10 ms of the second wait");
    release_all(&mut playout, start);
    assert_eq!(
        (playout.poll_released(), playout.poll_released()),
        (Some(2), None)
    );
    assert_eq!(playout.poll_played(start), None);
}
