//! Rate conversion, measured with tones and an impulse.

use crate::tone::{level_of, sine};
use audio::{Resampler, SampleRate};
use proptest::prelude::*;

const AMPLITUDE: f64 = 10_000.0;

/// The conversions a call needs: a leg's rate to the ear's, to an engine's, and back.
const PAIRS: [(u32, u32); 10] = [
    (8000, 16000),
    (8000, 24000),
    (8000, 48000),
    (16000, 8000),
    (16000, 24000),
    (24000, 8000),
    (24000, 16000),
    (24000, 48000),
    (48000, 8000),
    (48000, 16000),
];

fn rate(hz: u32) -> SampleRate {
    SampleRate::new(hz).unwrap()
}

/// Converts in frames of 20 ms.
fn convert(from: u32, to: u32, input: &[i16]) -> Vec<i16> {
    let mut resampler = Resampler::new(rate(from), rate(to));
    let mut output = Vec::new();
    for frame in input.chunks(rate(from).frame_samples()) {
        resampler.push(frame, &mut output);
    }
    output
}

/// How much louder (dB) `heard` is at the output than `sent` at the input, once the filter has filled.
fn gain(from: u32, to: u32, sent: f64, heard: f64) -> f64 {
    let output = convert(from, to, &sine(sent, AMPLITUDE, from, from as usize / 2));
    let steady = &output[output.len() / 5..];
    20.0 * (level_of(steady, heard, to) / AMPLITUDE).log10()
}

#[test]
fn the_telephone_band_passes_unchanged() {
    for (from, to) in PAIRS {
        for hz in [300.0, 440.0, 1000.0, 2000.0, 3000.0, 3400.0] {
            let gain = gain(from, to, hz, hz);
            assert!(gain.abs() < 0.1, "{from} to {to}: {hz} Hz by {gain:.2} dB");
        }
    }
}

#[test]
fn wide_band_passes_where_both_rates_carry_it() {
    for (from, to) in [(16000, 24000), (24000, 16000), (48000, 16000)] {
        let gain = gain(from, to, 6800.0, 6800.0);
        assert!(gain.abs() < 0.1, "{from} to {to}: {gain:.2} dB");
    }
}

#[test]
fn what_the_lower_rate_cannot_carry_is_40_db_down() {
    for (from, to) in PAIRS {
        let half = f64::from(from.min(to)) / 2.0;
        for beyond in [0.125, 0.15, 0.2, 0.3, 0.5] {
            let (above, below) = (half * (1.0 + beyond), half * (1.0 - beyond));
            // Down, what lies above is folded below; up, what lies below has an image above.
            let (sent, heard) = if from > to { (above, below) } else { (below, above) };
            let gain = gain(from, to, sent, heard);
            assert!(
                gain < -40.0,
                "{from} to {to}: {sent} Hz heard at {heard} Hz by {gain:.1} dB"
            );
        }
    }
}

#[test]
fn sound_comes_out_less_than_three_milliseconds_late() {
    for (from, to) in PAIRS {
        let mut click = vec![0; from as usize / 10];
        click[from as usize / 20] = 20_000;
        let output = convert(from, to, &click);
        let loudest = (0..output.len())
            .max_by_key(|i| output[*i].unsigned_abs())
            .unwrap();
        let late = (loudest as f64 / f64::from(to) - 0.05) * 1000.0;
        assert!((0.0..=2.5).contains(&late), "{from} to {to}: {late:.2} ms");
    }
}

#[test]
fn every_frame_of_a_long_call_gives_exactly_a_frame() {
    for (from, to) in PAIRS
        .into_iter()
        .chain([(40000, 48000), (32000, 40000), (48000, 40000)])
    {
        let (from, to) = (rate(from), rate(to));
        let mut resampler = Resampler::new(from, to);
        let (silence, mut output) = (vec![0; from.frame_samples()], Vec::new());
        for frame in 0..10_000 {
            output.clear();
            resampler.push(&silence, &mut output);
            assert_eq!(output.len(), to.frame_samples(), "{from} to {to}, frame {frame}");
        }
    }
}

#[test]
fn a_flush_gives_the_rest_and_starts_anew() {
    for (from, to) in PAIRS {
        let mut resampler = Resampler::new(rate(from), rate(to));
        let word = sine(1000.0, AMPLITUDE, from, from as usize / 50);
        let (mut first, mut second, mut nothing) = (Vec::new(), Vec::new(), Vec::new());
        resampler.flush(&mut nothing);
        assert_eq!(nothing, []);
        resampler.push(&word, &mut first);
        let before = first.len();
        resampler.flush(&mut first);
        assert!(
            first[before..].iter().any(|sample| sample.abs() > 3000),
            "the last milliseconds are still to come"
        );
        resampler.push(&word, &mut second);
        resampler.flush(&mut second);
        assert_eq!(first, second);
    }
}

#[test]
fn the_loudest_sound_does_not_wrap_round() {
    for (from, to) in PAIRS {
        let square: Vec<i16> = (0..from)
            .map(|i| {
                if (i / (from / 200)).is_multiple_of(2) {
                    i16::MAX
                } else {
                    i16::MIN
                }
            })
            .collect();
        let output = convert(from, to, &square[..from as usize / 10]);
        let steps = output
            .windows(2)
            .filter(|two| (i32::from(two[0]) - i32::from(two[1])).abs() > 60_000)
            .count();
        assert!(steps <= 20, "{from} to {to}: {steps} jumps in ten periods");
    }
}

proptest! {
    #[test]
    fn any_cutting_gives_the_same_sound(
        pair in prop::sample::select(PAIRS.to_vec()),
        cuts in prop::collection::vec(0..1500usize, 0..20),
    ) {
        let (from, to) = pair;
        let sound = sine(700.0, AMPLITUDE, from, cuts.iter().sum());
        let mut resampler = Resampler::new(rate(from), rate(to));
        let (mut pieces, mut whole, mut rest) = (Vec::new(), Vec::new(), sound.as_slice());
        for cut in cuts {
            let (piece, behind) = rest.split_at(cut);
            resampler.push(piece, &mut pieces);
            rest = behind;
        }
        Resampler::new(rate(from), rate(to)).push(&sound, &mut whole);
        let expected = sound.len() as u64 * u64::from(to) / u64::from(from);
        prop_assert!(pieces.len().abs_diff(expected as usize) <= 1);
        prop_assert!(pieces.len().abs_diff(whole.len()) <= 1);
        for (piece, whole) in pieces.iter().zip(&whole) {
            prop_assert!((piece - whole).abs() <= 1);
        }
    }

    #[test]
    fn equal_rates_copy(samples in prop::collection::vec(any::<i16>(), 0..700)) {
        let mut resampler = Resampler::new(SampleRate::HZ_16000, SampleRate::HZ_16000);
        let mut output = Vec::new();
        resampler.push(&samples, &mut output);
        resampler.flush(&mut output);
        prop_assert_eq!(output, samples);
    }
}
