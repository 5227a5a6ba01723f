//! Whole recordings from any rate to any other. (Streams inside a call go through `audio::Resampler`, which knows
//! only the rates of legs; a WAV file or a voice may have 22,050 or 44,100 Hz.)

use rubato::audioadapter::Adapter;
use rubato::audioadapter_buffers::owned::InterleavedOwned;
use rubato::{Async, FixedAsync, Resampler, SincInterpolationParameters, WindowFunction};

/// Converts a whole mono recording; its beginning stays where it is.
pub(crate) fn whole(samples: &[i16], from_hz: u32, to_hz: u32) -> Vec<i16> {
    if from_hz == to_hz || samples.is_empty() {
        return samples.to_vec();
    }
    let ratio = f64::from(to_hz) / f64::from(from_hz);
    let filter = SincInterpolationParameters::new(128, WindowFunction::BlackmanHarris2);
    let input: Vec<f32> = samples.iter().map(|&sample| f32::from(sample)).collect();
    let length = input.len();
    let converted = Async::<f32>::new_sinc(ratio, 1.0, &filter, 1024, 1, FixedAsync::Input)
        .ok()
        .zip(InterleavedOwned::new_from(input, 1, length).ok())
        .and_then(|(mut resampler, input)| resampler.process_all(&input, length, None).ok());
    let Some(converted) = converted else {
        // Only nonsensical parameters are refused, and a WAV header's rate of 0 is refused by who reads it.
        tracing::error!(
            from_hz,
            to_hz,
            "the converter of sample rates refused its parameters"
        );
        return Vec::new();
    };
    (0..converted.frames())
        .filter_map(|index| converted.read_sample(0, index))
        .map(to_sample)
        .collect()
}

fn to_sample(value: f32) -> i16 {
    // `as` saturates, which is what a loud peak between samples needs.
    value.round() as i16
}
