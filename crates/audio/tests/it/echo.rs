//! Our own voice is taken out, and nothing else.

use crate::line::{ABOUT_MY, BILL, FINANCEIRO, NAO, SALES, heard, mix, ms, noise};
use audio::{EchoCanceller, Return, SampleRate};
use std::time::{Duration, Instant};

const RATE: SampleRate = SampleRate::HZ_16000;
const FRAME: usize = ms(20);

/// What we say: 6 s.
fn said() -> Vec<i16> {
    [heard(SALES), heard(BILL), heard(ABOUT_MY)].concat()
}

fn delayed(samples: &[i16], by: usize, gain: f64, length: usize) -> Vec<i16> {
    let louder = samples
        .iter()
        .map(|sample| (f64::from(*sample) * gain).round() as i16);
    let mut track: Vec<i16> = std::iter::repeat_n(0, by).chain(louder).collect();
    track.resize(length, 0);
    track
}

/// Plays `said` without a lead from the first frame on, captures `captured`, and returns what is passed on.
fn pass(back: Return, said: &[i16], captured: &[i16]) -> Vec<i16> {
    let begin = Instant::now();
    let mut canceller = EchoCanceller::new(RATE, back);
    let mut clean = Vec::new();
    for (number, frame) in captured.chunks_exact(FRAME).enumerate() {
        let now = begin + Duration::from_millis(20) * number as u32;
        if let Some(frame) = said.chunks_exact(FRAME).nth(number) {
            // One frame ahead of what is heard, so that the run has no holes.
            let unheard = if number == 0 { 0 } else { FRAME as u64 };
            canceller.released(frame, unheard, now);
        }
        canceller.hear(frame, now + Duration::from_millis(20), &mut clean);
    }
    clean
}

fn level(samples: &[i16]) -> f64 {
    let power: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    10.0 * (power / samples.len() as f64).max(1e-3).log10()
}

fn difference(one: &[i16], other: &[i16]) -> Vec<i16> {
    one.iter()
        .zip(other)
        .map(|(one, other)| one.saturating_sub(*other))
        .collect()
}

/// Where they differ first: a failure shall not print every sample.
fn first_difference(one: &[i16], other: &[i16]) -> Option<usize> {
    one.iter().zip(other).position(|(one, other)| one != other)
}

#[test]
fn a_line_without_echo_is_passed_on_unchanged_and_whole() {
    let said = said();
    let caller = delayed(&heard(FINANCEIRO), ms(3000), 1.0, ms(8000));
    let clean = pass(Return::Line, &said, &caller);
    assert_eq!(clean.len(), caller.len());
    assert_eq!(first_difference(&clean, &caller), None);
}

#[test]
fn a_caller_on_a_noisy_line_without_echo_is_not_muted() {
    let said = said();
    let caller = delayed(&heard(FINANCEIRO), ms(3000), 1.0, ms(8000));
    let line = mix(&caller, &noise(60, caller.len()));
    let clean = pass(Return::Line, &said, &line);
    let words = ms(3000)..ms(6500);
    assert_eq!(first_difference(&clean[words.clone()], &line[words]), None);
}

#[test]
fn of_a_mixed_stream_the_caller_is_left_as_he_is() {
    let said = said();
    let length = ms(8000);
    let caller = delayed(&heard(FINANCEIRO), ms(2500), 0.5, length);
    let mixed = mix(&caller, &delayed(&said, ms(130), 1.0, length));
    let clean = pass(Return::Mix, &said, &mixed);
    let words = ms(2500)..ms(5500);
    let left = level(&difference(&clean[words.clone()], &caller[words.clone()]));
    let loud = level(&caller[words]);
    assert!(
        loud - left > 40.0,
        "the caller at {loud:.0} dB, what is wrong with him at {left:.0} dB"
    );
}

#[test]
fn the_first_sound_of_a_word_is_not_faded_in() {
    let said = said();
    let length = ms(8000);
    let caller = delayed(&heard(FINANCEIRO), ms(3000), 1.0, length);
    let captured = mix(&caller, &delayed(&said, ms(200), 0.25, length));
    let clean = pass(Return::Line, &said, &captured);
    let begins = caller
        .iter()
        .position(|sample| sample.unsigned_abs() > 1_000)
        .expect("he speaks");
    let first = begins..begins + ms(10);
    let (left, loud) = (level(&clean[first.clone()]), level(&caller[first]));
    assert!(
        (loud - left).abs() < 1.0,
        "it begins with {loud:.0} dB, of which {left:.0} dB are passed on"
    );
}

#[test]
fn nothing_is_left_of_a_mixed_stream_without_a_caller() {
    let said = said();
    for delay in [20, 55, 130, 400] {
        let mixed = delayed(&said, ms(delay), 1.0, ms(8000));
        let clean = pass(Return::Mix, &said, &mixed);
        assert!(clean.iter().all(|sample| *sample == 0), "{delay} ms late");
    }
}

#[test]
fn a_room_that_answers_long_is_silenced() {
    let said = said();
    let length = ms(8000);
    let mut room = vec![0; length];
    for (at, gain) in [(60, 0.3), (67, -0.15), (81, 0.1), (99, -0.06), (118, 0.04)] {
        room = mix(&room, &delayed(&said, ms(at), gain, length));
    }
    let clean = pass(Return::Line, &said, &room);
    // Once it had a second to learn.
    let quieter = level(&room[ms(1500)..]) - level(&clean[ms(1500)..]);
    assert!(quieter > 25.0, "{quieter:.0} dB quieter");
}

#[test]
fn as_much_goes_on_as_comes_in() {
    let said = said();
    let length = ms(8000);
    let caller = delayed(&heard(FINANCEIRO), ms(2500), 1.0, length);
    for gain in [0.0, 0.02, 0.5] {
        let captured = mix(&caller, &delayed(&said, ms(200), gain, length));
        let clean = pass(Return::Line, &said, &captured);
        let held = captured.len() - clean.len();
        assert!(held <= ms(260), "{held} samples are held back at the end");
    }
}

#[test]
fn what_was_called_back_is_not_taken_out() {
    let said = said();
    let begin = Instant::now();
    let at = |ms| begin + Duration::from_millis(ms);
    let mut canceller = EchoCanceller::new(RATE, Return::Mix);
    let mut clean = Vec::new();
    let voice = heard(FINANCEIRO);
    let mut played = vec![0; ms(8000)];
    for number in 0..400 {
        let now = number as u64 * 20;
        let range = number * FRAME..(number + 1) * FRAME;
        if number < 100 {
            canceller.released(
                &said[range.clone()],
                if number == 0 { 0 } else { FRAME as u64 },
                at(now),
            );
            played[range.clone()].copy_from_slice(&said[range.clone()]);
        }
        if number == 100 {
            // 40 ms more were sent, and dropped before anybody heard them.
            canceller.released(&said[range.start..range.end + FRAME], FRAME as u64, at(now));
            canceller.called_back(2 * FRAME as u64);
        }
        let late: Vec<i16> = range
            .map(|at| at.checked_sub(ms(60)).map_or(0, |at| played[at]))
            .collect();
        let spoken = match number.checked_sub(150) {
            Some(frame) => voice
                .chunks_exact(FRAME)
                .nth(frame)
                .unwrap_or(&[0; FRAME])
                .to_vec(),
            None => vec![0; FRAME],
        };
        canceller.hear(&mix(&late, &spoken), at(now + 20), &mut clean);
    }
    assert!(clean[..ms(2900)].iter().all(|sample| *sample == 0));
    assert_eq!(first_difference(&clean[ms(3000)..ms(5000)], &voice), None);
}

#[test]
fn nothing_is_allocated_from_frame_to_frame_and_a_call_costs_little_memory() {
    let said = said();
    let echo = delayed(&said, ms(100), 0.3, said.len());
    let begin = Instant::now();
    // The first one brings the search's own memory, once a thread.
    for first in [true, false] {
        let mut canceller = None;
        let fresh = allocation_counter::measure(|| canceller = Some(EchoCanceller::new(RATE, Return::Line)));
        let mut canceller = canceller.expect("it was made");
        let mut clean = Vec::with_capacity(ms(400));
        let mut hear = |frames: std::ops::Range<usize>| {
            allocation_counter::measure(|| {
                for number in frames {
                    let range = number * FRAME..(number + 1) * FRAME;
                    let now = begin + Duration::from_millis(20) * number as u32;
                    let unheard = if number == 0 { 0 } else { FRAME as u64 };
                    canceller.released(&said[range.clone()], unheard, now);
                    clean.clear();
                    canceller.hear(&echo[range], now + Duration::from_millis(20), &mut clean);
                }
            })
        };
        let found = hear(0..50);
        let on = hear(50..150);
        println!(
            "{} bytes, {} more with an echo",
            fresh.bytes_current, found.bytes_current
        );
        assert!(fresh.bytes_current < 80_000, "{} bytes", fresh.bytes_current);
        assert!(found.bytes_current > 0, "the echo was found");
        assert!(
            first || found.bytes_current < 80_000,
            "{} bytes",
            found.bytes_current
        );
        assert_eq!(on.count_total, 0);
    }
}

#[test]
fn a_short_word_over_an_echo_is_kept() {
    let said = said();
    let length = ms(8000);
    let word = heard(NAO);
    let caller = delayed(&word, ms(3000), 1.0, length);
    let captured = mix(&caller, &delayed(&said, ms(200), 0.25, length));
    let clean = pass(Return::Line, &said, &captured);
    let words = ms(3000)..ms(3000) + word.len();
    let (left, loud) = (level(&clean[words.clone()]), level(&caller[words]));
    assert!(
        (loud - left).abs() < 2.0,
        "said at {loud:.0} dB, passed on at {left:.0} dB"
    );
}

/// A caller who speaks over an echo whose delay jumps from 200 ms by `jump`, at 3.5 s and back at 4.5 s: how far below his words lies
/// what is wrong with them.
fn over_a_jump(jump: i64, gain: f64) -> f64 {
    let said = said();
    let length = ms(8000);
    let voice = [heard(FINANCEIRO), heard(BILL)].concat();
    let caller = delayed(&voice, ms(2800), 0.7, length);
    let early = delayed(&said, ms(200), gain, length);
    let late = delayed(
        &said,
        ms(200_usize.saturating_add_signed(jump as isize)),
        gain,
        length,
    );
    let jumped = ms(3500)..ms(4500);
    let mut echo = early.clone();
    echo[jumped.clone()].copy_from_slice(&late[jumped]);
    let clean = pass(Return::Line, &said, &mix(&caller, &echo));
    let words = ms(3400)..ms(4900);
    level(&caller[words.clone()]) - level(&difference(&clean[words.clone()], &caller[words]))
}

#[test]
fn a_delay_that_jumps_while_a_caller_speaks_is_put_right_before_he_is_passed_on() {
    for gain in [0.5, 0.25, 0.125] {
        for jump in [40, -40, 15, 90] {
            let below = over_a_jump(jump, gain);
            assert!(
                below > 13.0,
                "by {jump} ms at {gain}: what is wrong lies only {below:.0} dB below his words"
            );
        }
    }
}

#[test]
fn a_caller_who_falls_silent_is_passed_on_whole_before_the_ear_tells_it() {
    let said = said();
    let length = ms(8000);
    let voice = heard(FINANCEIRO);
    let end = ms(2000) + voice.len();
    let caller = delayed(&voice, ms(2000), 1.0, length);
    let captured = mix(&caller, &delayed(&said, ms(200), 0.25, length));
    let ends = end.next_multiple_of(FRAME);
    let speaks = pass(Return::Line, &said, &captured[..ends - ms(500)]);
    assert!(
        speaks.len() < ends - ms(500),
        "nothing was held back: the test proves nothing"
    );
    // The ear waits for 224 ms without speech.
    let told = ends + ms(220);
    assert_eq!(pass(Return::Line, &said, &captured[..told]).len(), told);
}

#[test]
fn what_a_caller_said_before_audio_was_missed_is_passed_on() {
    let said = said();
    let length = ms(8000);
    let caller = delayed(&heard(FINANCEIRO), ms(2000), 1.0, length);
    let captured = mix(&caller, &delayed(&said, ms(200), 0.25, length));
    let begin = Instant::now();
    let mut canceller = EchoCanceller::new(RATE, Return::Line);
    let mut clean = Vec::new();
    for number in 0..150 {
        let range = number * FRAME..(number + 1) * FRAME;
        let now = begin + Duration::from_millis(20) * number as u32;
        let unheard = if number == 0 { 0 } else { FRAME as u64 };
        canceller.released(&said[range.clone()], unheard, now);
        canceller.hear(&captured[range], now + Duration::from_millis(20), &mut clean);
    }
    let behind = 150 * FRAME - clean.len();
    assert_eq!(behind, ms(200));
    canceller.missed(ms(1000) as u64);
    let frame = &captured[200 * FRAME..201 * FRAME];
    canceller.hear(frame, begin + Duration::from_millis(4020), &mut clean);
    assert_eq!(clean.len(), 151 * FRAME);
    let words = 140 * FRAME..150 * FRAME;
    let (left, loud) = (level(&clean[words.clone()]), level(&caller[words]));
    assert!(
        (loud - left).abs() < 2.0,
        "said at {loud:.0} dB, passed on at {left:.0} dB"
    );
}
