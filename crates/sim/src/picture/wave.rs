//! The envelope of a voice: for each pixel the loudest sample, mirrored about the middle of the lane.

use super::axis::{Axis, LEFT};
use audio::SampleRate;
use std::fmt::Write;

/// The outline of a track in one row, or none where it is silent all along.
pub(super) fn envelope(
    track: &[i16],
    rate: SampleRate,
    axis: &Axis,
    row: usize,
    middle: f64,
    height: f64,
) -> Option<String> {
    let columns = (axis.end_x(row) - LEFT) as usize;
    let sample_at = |x: f64| (axis.ms_at(row, x) / 1000.0 * f64::from(rate.hz())) as usize;
    let loudness: Vec<f64> = (0..columns)
        .map(|column| {
            let from = sample_at(LEFT + column as f64).min(track.len());
            let to = sample_at(LEFT + column as f64 + 1.0).clamp(from, track.len());
            let peak = track[from..to]
                .iter()
                .map(|sample| sample.unsigned_abs())
                .max()
                .unwrap_or(0);
            scaled(peak)
        })
        .collect();
    if loudness.iter().all(|value| *value == 0.0) {
        return None;
    }
    let mut outline = String::new();
    for (name, direction) in [('M', -1.0), ('L', 1.0)] {
        let mut columns: Vec<(usize, f64)> = loudness.iter().copied().enumerate().collect();
        if direction > 0.0 {
            columns.reverse();
        }
        let mut command = name;
        for (column, value) in columns {
            let y = middle + direction * (value * height / 2.0).max(0.4);
            // Writing to a String cannot fail.
            let _ = write!(outline, "{command}{:.0} {y:.1}", LEFT + column as f64);
            command = 'L';
        }
    }
    outline.push('Z');
    Some(outline)
}

/// Loudness from 0 to 1: a curve between linear and decibel, so that soft speech is seen and noise is not.
fn scaled(peak: u16) -> f64 {
    if peak < 64 {
        return 0.0;
    }
    (f64::from(peak) / 32768.0).powf(0.6)
}
