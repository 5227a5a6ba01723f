//! Whisper's log-mel spectrogram of 8 s at 16 kHz, as smart-turn v3 hears it.
//!
//! The numbers are those of OpenAI's Whisper as Hugging Face's feature extractor computes them: frames of 400 samples
//! (a periodic Hann window) every 160, the ends mirrored, 80 triangles on Slaney's mel scale from 0 to 8000 Hz with
//! equal area, decimal logarithm, nothing more than 8 below the loudest, then (x + 4) / 4. Before that the whole 8 s
//! are brought to mean 0 and variance 1.

use realfft::{RealFftPlanner, RealToComplex};
use std::f64::consts::TAU;
use std::sync::Arc;

/// Samples of the 8 s.
pub(crate) const SAMPLES: usize = 128_000;
/// Bands of a frame.
pub(crate) const BANDS: usize = 80;
/// Frames of the 8 s.
pub(crate) const FRAMES: usize = SAMPLES / HOP;

const WINDOW: usize = 400;
const HOP: usize = 160;
const BINS: usize = WINDOW / 2 + 1;
const NYQUIST: f64 = 8000.0;

const VARIANCE_FLOOR: f64 = 1e-7;
const POWER_FLOOR: f32 = 1e-10;
/// In decades of power.
const DYNAMIC_RANGE: f32 = 8.0;

/// What does not change between spectrograms.
pub(crate) struct Mel {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    bands: Vec<Band>,
}

/// A triangle over the bins of the spectrum.
struct Band {
    first: usize,
    weights: Vec<f32>,
}

impl Mel {
    pub(crate) fn new() -> Self {
        let hann = |i: usize| (0.5 - 0.5 * (TAU * i as f64 / WINDOW as f64).cos()) as f32;
        Self {
            fft: RealFftPlanner::new().plan_fft_forward(WINDOW),
            window: (0..WINDOW).map(hann).collect(),
            bands: bands(),
        }
    }

    /// The spectrogram, band by band, of the last 8 s of these samples; silence stands before what is shorter.
    #[expect(
        clippy::expect_used,
        reason = "fails only for buffers of other lengths than the plan's"
    )]
    pub(crate) fn spectrogram(&self, samples: &[i16]) -> Vec<f32> {
        let sound = normalised(samples);
        let mut frame = self.fft.make_input_vec();
        let mut spectrum = self.fft.make_output_vec();
        let mut scratch = self.fft.make_scratch_vec();
        let mut power = [0.0; BINS];
        let mut mel = vec![0.0; BANDS * FRAMES];
        for number in 0..FRAMES {
            self.cut(&sound, number, &mut frame);
            self.fft
                .process_with_scratch(&mut frame, &mut spectrum, &mut scratch)
                .expect("buffers of the plan's own lengths");
            for (power, bin) in power.iter_mut().zip(&spectrum) {
                *power = bin.norm_sqr();
            }
            for (band, triangle) in self.bands.iter().enumerate() {
                mel[band * FRAMES + number] = triangle.sum(&power).max(POWER_FLOOR).log10();
            }
        }
        compress(&mut mel);
        mel
    }

    /// The frame around a sample, under the window.
    fn cut(&self, sound: &[f32], number: usize, frame: &mut [f32]) {
        let first = (number * HOP) as isize - (WINDOW / 2) as isize;
        for (i, (to, weight)) in frame.iter_mut().zip(&self.window).enumerate() {
            *to = sound[mirrored(first + i as isize)] * weight;
        }
    }
}

impl Band {
    fn sum(&self, power: &[f32; BINS]) -> f32 {
        self.weights
            .iter()
            .zip(&power[self.first..])
            .map(|(weight, power)| weight * power)
            .sum()
    }
}

/// An index before the beginning or after the end, reflected at the first or last sample.
fn mirrored(index: isize) -> usize {
    let last = SAMPLES - 1;
    let index = index.unsigned_abs();
    if index > last { 2 * last - index } else { index }
}

/// The last 8 s with mean 0 and variance 1, silence in front.
fn normalised(samples: &[i16]) -> Vec<f32> {
    let recent = &samples[samples.len().saturating_sub(SAMPLES)..];
    let scaled = || recent.iter().map(|sample| f64::from(*sample) / 32768.0);
    let mean = scaled().sum::<f64>() / SAMPLES as f64;
    let squares = scaled().map(|sample| sample * sample).sum::<f64>() / SAMPLES as f64;
    let deviation = (squares - mean * mean + VARIANCE_FLOOR).sqrt();
    let mut sound = vec![(-mean / deviation) as f32; SAMPLES - recent.len()];
    sound.extend(scaled().map(|sample| ((sample - mean) / deviation) as f32));
    sound
}

fn compress(mel: &mut [f32]) {
    let loudest = mel.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for value in mel {
        *value = (value.max(loudest - DYNAMIC_RANGE) + 4.0) / 4.0;
    }
}

fn bands() -> Vec<Band> {
    let edges: Vec<f64> = (0..BANDS + 2)
        .map(|i| hertz(mel(NYQUIST) * i as f64 / (BANDS + 1) as f64))
        .collect();
    edges
        .windows(3)
        .map(|three| band(three[0], three[1], three[2]))
        .collect()
}

/// The triangle that rises from `low` to its `top` and falls to `high`, of area 1 (over hertz).
fn band(low: f64, top: f64, high: f64) -> Band {
    let weight = |bin: usize| {
        let hertz = NYQUIST * bin as f64 / (BINS - 1) as f64;
        let height = ((hertz - low) / (top - low))
            .min((high - hertz) / (high - top))
            .max(0.0);
        (height * 2.0 / (high - low)) as f32
    };
    let inside = |bin: &usize| weight(*bin) > 0.0;
    let first = (0..BINS).find(inside).unwrap_or(0);
    let weights = (first..BINS).take_while(inside).map(weight).collect();
    Band { first, weights }
}

/// Slaney's scale: linear up to 1000 Hz (15 mel), logarithmic above with 27 mel for a factor of 6.4.
const LINEAR_HERTZ_PER_MEL: f64 = 200.0 / 3.0;
const BREAK_HERTZ: f64 = 1000.0;
const BREAK_MEL: f64 = 15.0;

fn mel(hertz: f64) -> f64 {
    if hertz < BREAK_HERTZ {
        return hertz / LINEAR_HERTZ_PER_MEL;
    }
    BREAK_MEL + (hertz / BREAK_HERTZ).ln() * 27.0 / 6.4_f64.ln()
}

fn hertz(mel: f64) -> f64 {
    if mel < BREAK_MEL {
        return mel * LINEAR_HERTZ_PER_MEL;
    }
    BREAK_HERTZ * ((mel - BREAK_MEL) * 6.4_f64.ln() / 27.0).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::g711::Law;

    #[test]
    fn the_spectrogram_is_that_of_the_reference() {
        let mut narrow = Vec::new();
        Law::A.decode(include_bytes!("../tests/data/financeiro.alaw"), &mut narrow);
        let mut sound: Vec<i16> = narrow.iter().flat_map(|sample| [*sample; 2]).collect();
        sound.extend([0; 3200]);
        let mel = Mel::new().spectrogram(&sound);
        let reference = include_str!("../tests/data/turn_reference.tsv");
        let mut compared = 0;
        for row in reference.lines().filter_map(|line| line.strip_prefix("mel\t")) {
            let numbers: Vec<f32> = row.split('\t').map(|number| number.parse().unwrap()).collect();
            let (frame, expected) = (numbers[0] as usize, &numbers[1..]);
            assert_eq!(expected.len(), BANDS);
            for (band, expected) in expected.iter().enumerate() {
                let value = mel[band * FRAMES + frame];
                assert!(
                    (value - expected).abs() < 1e-3,
                    "frame {frame}, band {band}: {value}, not {expected}"
                );
                compared += 1;
            }
        }
        assert_eq!(compared, 11 * BANDS);
    }
}
