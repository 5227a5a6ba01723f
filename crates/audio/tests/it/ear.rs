//! When the ear hears speech and when it does not.

use crate::line::{FINANCEIRO, NAO, SALES, SIM, heard, mix, ms, noise};
use crate::tone::sine;
use audio::{Ear, EarModel, Edge};
use std::sync::LazyLock;

static MODEL: LazyLock<EarModel> = LazyLock::new(EarModel::embedded);

/// An edge, when it was told and where it lies, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Told {
    Started { at: i64, first: i64 },
    Ended { at: i64, last: i64 },
}

/// Hears in frames of 20 ms.
fn listen(samples: &[i16]) -> Vec<Told> {
    let mut ear = Ear::new(MODEL.clone());
    let mut at = 0;
    let mut told = Vec::new();
    for frame in samples.chunks(ms(20)) {
        at += 20;
        match ear.hear(frame) {
            Some(Edge::Started { ago }) => told.push(Told::Started {
                at,
                first: at - ago.as_millis() as i64,
            }),
            Some(Edge::Ended { ago }) => told.push(Told::Ended {
                at,
                last: at - ago.as_millis() as i64,
            }),
            None => {}
        }
    }
    told
}

/// So much silence, the sound, and a second of silence.
fn after(silence: usize, sound: &[i16]) -> Vec<i16> {
    [vec![0; silence].as_slice(), sound, &vec![0; ms(1000)]].concat()
}

#[test]
fn an_onset_is_told_within_100_ms_wherever_a_word_begins() {
    for (name, word) in [("bom dia", FINANCEIRO), ("não", NAO)] {
        for offset in (0..512).step_by(64) {
            let begin = ms(600) + offset;
            let told = listen(&after(begin, &heard(word)));
            let Some(Told::Started { at, first }) = told.first().copied() else {
                panic!("{name}: {told:?}")
            };
            let begin = begin as i64 / 16;
            assert!(at - begin <= 100, "{name} at {begin} was told at {at}");
            assert!(
                (first - begin).abs() <= 40,
                "{name} at {begin} was said to begin at {first}"
            );
        }
    }
}

#[test]
fn a_word_that_begins_without_voice_is_told_within_100_ms_of_its_voice() {
    // "sim" begins with 70 ms of "s", "hello" with 40 ms of "h".
    for (name, word, unvoiced) in [("sim", SIM, 70), ("hello", SALES, 40)] {
        for offset in (0..512).step_by(64) {
            let begin = ms(600) + offset;
            let told = listen(&after(begin, &heard(word)));
            let Some(Told::Started { at, first }) = told.first().copied() else {
                panic!("{name}: {told:?}")
            };
            let begin = begin as i64 / 16;
            assert!(at - begin - unvoiced <= 100, "{name} at {begin} was told at {at}");
            assert!(
                (first - begin).abs() <= 70,
                "{name} at {begin} was said to begin at {first}"
            );
        }
    }
}

#[test]
fn the_end_is_told_after_the_hangover_and_says_where_it_was() {
    for word in [FINANCEIRO, SALES, NAO] {
        let sound = heard(word);
        let end = 600 + (sound.len() / 16) as i64;
        let told = listen(&after(ms(600), &sound));
        let Some(Told::Ended { at, last }) = told.last().copied() else {
            panic!("{told:?}")
        };
        assert!((last - end).abs() <= 110, "ended at {end}, said to at {last}");
        assert!(
            (224..=224 + 32 + 20).contains(&(at - last)),
            "told at {at}, for {last}"
        );
    }
}

#[test]
fn started_and_ended_alternate() {
    let words = [after(ms(300), &heard(FINANCEIRO)), after(ms(300), &heard(SALES))].concat();
    let told = listen(&words);
    assert!(told.len() >= 4 && told.len().is_multiple_of(2), "{told:?}");
    for pair in told.chunks(2) {
        assert!(
            matches!(pair, [Told::Started { .. }, Told::Ended { .. }]),
            "{told:?}"
        );
    }
}

#[test]
fn speech_is_heard_over_noise_and_noise_is_not() {
    let voice = after(ms(1000), &heard(SALES));
    let quieter: Vec<i16> = voice.iter().map(|sample| sample / 3).collect();
    let told = listen(&mix(&quieter, &noise(1000, quieter.len())));
    let Some(Told::Started { at, .. }) = told.first().copied() else {
        panic!("nothing heard")
    };
    assert!((1000..=1140).contains(&at), "{told:?}");
    for peak in [20, 100, 1000, 8000] {
        assert_eq!(listen(&noise(peak, ms(4000))), [], "noise of {peak}");
    }
}

#[test]
fn tones_of_the_line_are_no_speech() {
    let dial = sine(425.0, 8000.0, 16000, ms(3000));
    assert_eq!(listen(&after(ms(300), &dial)), []);
    let busy: Vec<i16> = dial
        .iter()
        .enumerate()
        .map(|(i, s)| if (i / ms(250)).is_multiple_of(2) { *s } else { 0 })
        .collect();
    assert_eq!(listen(&after(ms(300), &busy)), []);
    let key = mix(
        &sine(770.0, 6000.0, 16000, ms(120)),
        &sine(1336.0, 6000.0, 16000, ms(120)),
    );
    assert_eq!(listen(&after(ms(300), &key)), []);
}

#[test]
fn a_burst_as_of_a_cough_is_no_speech() {
    let swell = |i: usize, length: usize| (std::f64::consts::PI * i as f64 / length as f64).sin().powi(2);
    let burst: Vec<i16> = noise(20_000, ms(55));
    let burst: Vec<i16> = burst
        .iter()
        .enumerate()
        .map(|(i, s)| (f64::from(*s) * swell(i, ms(55))) as i16)
        .collect();
    for offset in (0..512).step_by(64) {
        assert_eq!(listen(&after(ms(500) + offset, &burst)), []);
    }
}

#[test]
fn any_cutting_hears_the_same_and_loses_no_edge() {
    let sound = after(ms(300), &heard(NAO));
    let mut at_once = Ear::new(MODEL.clone());
    let first = at_once.hear(&sound);
    let second = at_once.hear(&[]);
    assert!(matches!(first, Some(Edge::Started { .. })), "{first:?}");
    assert!(matches!(second, Some(Edge::Ended { .. })), "{second:?}");
    let mut in_pieces = Ear::new(MODEL.clone());
    let mut ends = Vec::new();
    let mut heard = 0;
    for piece in sound.chunks(77) {
        heard += piece.len();
        if let Some(Edge::Started { ago } | Edge::Ended { ago }) = in_pieces.hear(piece) {
            ends.push(heard as i64 - (ago.as_micros() * 16 / 1000) as i64);
        }
    }
    let whole = [first, second].map(|edge| match edge {
        Some(Edge::Started { ago } | Edge::Ended { ago }) => {
            sound.len() as i64 - (ago.as_micros() * 16 / 1000) as i64
        }
        None => 0,
    });
    assert_eq!(ends.len(), 2);
    assert!(
        ends.iter().zip(whole).all(|(a, b)| (a - b).abs() <= 1),
        "{ends:?} {whole:?}"
    );
}

#[test]
fn recent_is_the_last_eight_seconds_once_somebody_has_spoken() {
    let mut ear = Ear::new(MODEL.clone());
    let silence: Vec<i16> = (0..ms(10_000)).map(|i| (i % 7) as i16).collect();
    ear.hear(&silence);
    assert_eq!(
        ear.recent(),
        silence[silence.len() - ms(500)..],
        "half a second while nobody speaks"
    );
    let talk: Vec<i16> = std::iter::repeat_n(heard(FINANCEIRO), 4).flatten().collect();
    for frame in talk.chunks(ms(20)) {
        ear.hear(frame);
    }
    assert_eq!(ear.recent(), talk[talk.len() - ms(8000)..]);
    for frame in silence.chunks(ms(20)) {
        ear.hear(frame);
    }
    assert_eq!(ear.recent().len(), ms(500));
}
