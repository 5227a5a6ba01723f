//! From the rate of a voice to that of a leg. Voices are made at 22050 Hz, which no leg carries.

use super::TtsError;
use audio::SampleRate;
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Async, FixedAsync, Indexing, Resampler, SincInterpolationParameters, SincInterpolationType,
    WindowFunction,
};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Taps of the anti-aliasing filter: 3 ms of delay at 22050 Hz, which is cut off again.
const TAPS: usize = 128;

/// Converters that wait for their next text: designing a filter of 320 phases takes some 13 ms.
pub(super) struct Converters {
    to: SampleRate,
    limit: usize,
    idle: Mutex<Vec<Converter>>,
}

/// Converts one mono text's audio. Its output begins with the input's first sample, without the filter's delay.
pub(super) struct Converter {
    from: u32,
    to: SampleRate,
    filter: Option<Filter>,
}

/// What is needed where the rates differ.
struct Filter {
    sinc: Async<f32>,
    input: Vec<f32>,
    output: Vec<f32>,
    /// Samples of the filter's delay that are still to be left out.
    delay: usize,
    taken: u64,
    given: u64,
}

impl Converters {
    /// None yet; at most `limit` are kept.
    pub(super) fn new(to: SampleRate, limit: usize) -> Self {
        Self {
            to,
            limit,
            idle: Mutex::default(),
        }
    }

    /// One for audio of `from` Hz.
    pub(super) fn take(&self, from: u32) -> Result<Converter, TtsError> {
        let waiting = self.lock().pop_if(|converter| converter.from == from);
        waiting.map_or_else(|| Converter::new(from, self.to), Ok)
    }

    /// Takes one back that has finished its text.
    pub(super) fn put_back(&self, converter: Converter) {
        let mut idle = self.lock();
        if idle.len() < self.limit {
            idle.push(converter);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Converter>> {
        // A list of converters is whole at any moment.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Converter {
    /// A converter from `from` Hz; between equal rates it copies.
    pub(super) fn new(from: u32, to: SampleRate) -> Result<Self, TtsError> {
        if !(8_000..=48_000).contains(&from) {
            return Err(TtsError::Failed(format!(
                "a voice of {from} Hz: use one from 8000 to 48000 Hz"
            )));
        }
        let filter = if from == to.hz() {
            None
        } else {
            Some(Filter::new(from, to.hz())?)
        };
        Ok(Self { from, to, filter })
    }

    /// Converts `samples` and appends what is ready to `output`.
    pub(super) fn push(&mut self, samples: &[i16], output: &mut Vec<i16>) -> Result<(), TtsError> {
        let Some(filter) = &mut self.filter else {
            output.extend_from_slice(samples);
            return Ok(());
        };
        filter.taken += samples.len() as u64;
        filter
            .input
            .extend(samples.iter().map(|&sample| f32::from(sample)));
        let mut read = 0;
        while filter.input.len() - read >= filter.sinc.input_frames_next() {
            read += filter.step(read, None, output)?;
        }
        filter.input.drain(..read);
        Ok(())
    }

    /// Appends what the filter still holds, so that the output is as long as the input, and starts anew.
    pub(super) fn finish(&mut self, output: &mut Vec<i16>) -> Result<(), TtsError> {
        let Some(filter) = &mut self.filter else {
            return Ok(());
        };
        let whole = (filter.taken * u64::from(self.to.hz())).div_ceil(u64::from(self.from));
        let rest = filter.input.len();
        filter.input.resize(filter.sinc.input_frames_max(), 0.0);
        let mut fresh = Vec::new();
        let mut left = Some(rest);
        while filter.given < whole {
            filter.step(0, Some(left.take().unwrap_or(0)), &mut fresh)?;
        }
        let surplus = usize::try_from(filter.given - whole).unwrap_or(usize::MAX);
        fresh.truncate(fresh.len().saturating_sub(surplus));
        output.append(&mut fresh);
        filter.start_anew();
        Ok(())
    }
}

impl Filter {
    fn new(from: u32, to: u32) -> Result<Self, TtsError> {
        // With as many phases as the ratio's numerator every output sample falls on a phase: nothing is interpolated.
        let phases = (to / gcd(from, to)) as usize;
        let parameters = SincInterpolationParameters::new(TAPS, WindowFunction::BlackmanHarris2)
            .oversampling_factor(phases)
            .interpolation(SincInterpolationType::Nearest);
        let chunk = (from / 50) as usize;
        let ratio = f64::from(to) / f64::from(from);
        let sinc = Async::new_sinc(ratio, 1.0, &parameters, chunk, 1, FixedAsync::Input)
            .map_err(|e| TtsError::Failed(format!("no conversion from {from} to {to} Hz: {e}")))?;
        let output = vec![0.0; sinc.output_frames_max()];
        let delay = sinc.output_delay();
        Ok(Self {
            sinc,
            input: Vec::new(),
            output,
            delay,
            taken: 0,
            given: 0,
        })
    }

    fn start_anew(&mut self) {
        self.sinc.reset();
        self.input.clear();
        (self.delay, self.taken, self.given) = (self.sinc.output_delay(), 0, 0);
    }

    /// Converts one chunk that begins at `read`, of which `partial` samples are real, and tells how many were read.
    fn step(
        &mut self,
        read: usize,
        partial: Option<usize>,
        output: &mut Vec<i16>,
    ) -> Result<usize, TtsError> {
        let failed = |e: &dyn std::fmt::Display| TtsError::Failed(format!("rate conversion: {e}"));
        let input = &self.input[read..];
        let source = InterleavedSlice::new(input, 1, input.len()).map_err(|e| failed(&e))?;
        let room = self.output.len();
        let mut target = InterleavedSlice::new_mut(&mut self.output, 1, room).map_err(|e| failed(&e))?;
        let indexing = Indexing {
            partial_len: partial,
            ..Indexing::new()
        };
        let (taken, made) = self
            .sinc
            .process_into_buffer(&source, &mut target, Some(&indexing))
            .map_err(|e| failed(&e))?;
        let skipped = self.delay.min(made);
        self.delay -= skipped;
        self.given += (made - skipped) as u64;
        // `as` saturates, which is what a peak that overshoots needs.
        output.extend(
            self.output[skipped..made]
                .iter()
                .map(|sample| sample.round() as i16),
        );
        Ok(taken)
    }
}

const fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn tone(hz: f64, rate: f64, samples: usize) -> Vec<i16> {
        (0..samples)
            .map(|n| ((TAU * hz * n as f64 / rate).sin() * 10_000.0).round() as i16)
            .collect()
    }

    fn convert(input: &[i16], from: u32, piece: usize) -> Vec<i16> {
        let mut converter = Converter::new(from, SampleRate::HZ_16000).unwrap();
        let mut output = Vec::new();
        for part in input.chunks(piece) {
            converter.push(part, &mut output).unwrap();
        }
        converter.finish(&mut output).unwrap();
        output
    }

    /// Level and delay in samples of a tone, and the loudest that is not the tone, from the middle of a second.
    fn analyse(samples: &[i16], hz: f64) -> (f64, f64, f64) {
        let step = TAU * hz / 16_000.0;
        let middle = 2_000..14_000;
        let sum = |wave: fn(f64) -> f64| {
            let terms = middle
                .clone()
                .map(|n| f64::from(samples[n]) * wave(step * n as f64));
            terms.sum::<f64>() * 2.0 / middle.len() as f64
        };
        let (sine, cosine) = (sum(f64::sin), sum(f64::cos));
        let tone = |n: usize| sine * (step * n as f64).sin() + cosine * (step * n as f64).cos();
        let rest = middle
            .clone()
            .map(|n| (f64::from(samples[n]) - tone(n)).abs())
            .fold(0.0, f64::max);
        (sine.hypot(cosine), (-cosine).atan2(sine) / step, rest)
    }

    #[test]
    fn a_tone_keeps_its_length_place_and_level() {
        for from in [22_050, 24_000, 44_100, 8_000] {
            let got = convert(&tone(400.0, f64::from(from), from as usize), from, 1_000);
            assert_eq!(got.len(), 16_000, "a second from {from} Hz");
            let (level, delay, rest) = analyse(&got, 400.0);
            assert!(
                (9_900.0..10_100.0).contains(&level),
                "from {from} Hz: level {level}"
            );
            assert!(delay.abs() < 3.0, "from {from} Hz: {delay} samples late");
            assert!(rest < 10.0, "from {from} Hz: {rest} beside the tone");
        }
    }

    #[test]
    fn what_the_leg_cannot_carry_is_filtered_out() {
        let alias = convert(&tone(10_000.0, 22_050.0, 22_050), 22_050, 441);
        let loudest = alias[200..15_800].iter().map(|s| s.abs()).max();
        assert!(loudest < Some(20), "10 kHz comes through at {loudest:?} of 10000");
    }

    #[test]
    fn any_cut_of_the_input_gives_the_same_output() {
        let input = tone(700.0, 22_050.0, 5_000);
        let whole = convert(&input, 22_050, 5_000);
        assert_eq!(whole.len(), 3_629); // ⌈5000 × 320 / 441⌉
        for piece in [1, 7, 441, 2_048] {
            assert_eq!(convert(&input, 22_050, piece), whole, "pieces of {piece}");
        }
    }

    #[test]
    fn a_converter_that_was_used_before_gives_the_same() {
        let input = tone(700.0, 22_050.0, 5_000);
        let converters = Converters::new(SampleRate::HZ_16000, 1);
        for _ in 0..3 {
            let (mut converter, mut output) = (converters.take(22_050).unwrap(), Vec::new());
            converter.push(&input, &mut output).unwrap();
            converter.finish(&mut output).unwrap();
            assert_eq!(output, convert(&input, 22_050, 441));
            converters.put_back(converter);
        }
        assert_eq!(
            converters.take(24_000).unwrap().from,
            24_000,
            "one for another rate is another"
        );
    }

    #[test]
    fn equal_rates_copy_and_absurd_rates_are_refused() {
        assert_eq!(convert(&[1, -1, 5], 16_000, 2), [1, -1, 5]);
        assert!(Converter::new(0, SampleRate::HZ_16000).is_err());
        assert!(Converter::new(192_000, SampleRate::HZ_16000).is_err());
    }
}
