//! Sines to send and to look for.

use std::f64::consts::TAU;

/// A sine of this frequency and amplitude.
pub(crate) fn sine(hz: f64, amplitude: f64, rate: u32, samples: usize) -> Vec<i16> {
    (0..samples)
        .map(|i| (amplitude * (TAU * hz * i as f64 / f64::from(rate)).sin()).round() as i16)
        .collect()
}

/// The amplitude of one frequency in the samples, through a Hann window.
pub(crate) fn level_of(samples: &[i16], hz: f64, rate: u32) -> f64 {
    let count = samples.len() as f64;
    let (mut re, mut im) = (0.0, 0.0);
    for (i, sample) in samples.iter().enumerate() {
        let window = 1.0 - (TAU * i as f64 / count).cos();
        let (sin, cos) = (TAU * hz * i as f64 / f64::from(rate)).sin_cos();
        re += f64::from(*sample) * window * cos;
        im += f64::from(*sample) * window * sin;
    }
    2.0 * re.hypot(im) / count
}
