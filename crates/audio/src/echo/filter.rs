//! The adaptive filter that imitates the way back, so that the echo can be subtracted.
//!
//! A Kalman filter in the frequency domain, in partitions of one block (Enzner and Vary, "Frequency-domain adaptive Kalman
//! filter for acoustic echo control in hands-free telephones", Signal Processing 86, 2006; partitioned as in Kuech, Mabande and
//! Enzner, ICASSP 2014). It knows how unsure it is of each bin, so that a caller who speaks over the echo does not lead it astray.

use super::Return;
use super::gate::{BANDS, Bands};
use super::reference::Reference;
use super::search::{forward, inverse};
use crate::SampleRate;
use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::f32::consts::PI;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// The length of the imitation: most of a small room, and any hybrid.
const LENGTH: Duration = Duration::from_millis(100);
/// How far the imitation begins before the found delay, for what precedes the peak (a resampler's sinc).
const MARGIN: Duration = Duration::from_millis(4);
/// How much a line and a room are thought to stay the same from block to block, and FreeSWITCH's mixing.
const ROOM_STAYS: f32 = 0.9998;
const MIX_STAYS: f32 = 0.999_998;
/// How slowly the near end's power is followed.
const NEAR_MEMORY: f32 = 0.8;
/// The power of a sample (-66 dB of full scale) below which nothing is left that could teach anything.
const NOTHING_LEFT: f32 = 2.5e-7;
/// An echo so much louder than that proves the imitation, and by how much doubt shrinks then.
const PROVEN: f32 = 100.0;
const BELIEF: f32 = 0.8;
/// The power of a sample of a line on which nobody speaks (the steps of G.711).
const QUIET: f32 = 3e-8;

/// The bins of 50 Hz that every line carries: from 0.2 to 3.6 kHz.
const TELEPHONE: Range<usize> = 4..72;

/// Where all bands but the last end, in bins of 50 Hz (two blocks are 20 ms): at 0.5, 1, 1.5, 2 and 3 kHz.
const BAND_ENDS: [usize; BANDS - 1] = [10, 20, 30, 40, 60];

/// The imitation of one way back. Samples are parts of full scale.
pub(super) struct Filter {
    block: usize,
    margin: i64,
    back: Return,
    lag: i64,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    work: Vec<Complex32>,
    time: Vec<f32>,
    /// Of two blocks, by Hann.
    window: Vec<f32>,
    spectrum: Vec<Complex32>,
    error: Vec<Complex32>,
    /// The power of what is not echo.
    near: Vec<f32>,
    expected: Vec<f32>,
    partitions: Vec<Partition>,
    /// The spectrum of the newest two blocks of the reference is in the partition's `played` of this index.
    newest: usize,
    /// The number of the captured sample after the last filtered block.
    next: Option<i64>,
}

struct Partition {
    played: Vec<Complex32>,
    weights: Vec<Complex32>,
    /// The variance of each weight's error.
    doubt: Vec<f32>,
}

impl Filter {
    /// An imitation that is a mere delay by `lag` samples with a gain.
    pub(super) fn new(rate: SampleRate, block: usize, back: Return, lag: i64, gain: f32) -> Self {
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (
            planner.plan_fft_forward(2 * block),
            planner.plan_fft_inverse(2 * block),
        );
        let work = forward.get_scratch_len().max(inverse.get_scratch_len());
        let bins = block + 1;
        let count = (rate.samples_in(LENGTH) as usize).div_ceil(block);
        let empty = || Partition {
            played: vec![Complex32::default(); bins],
            weights: vec![Complex32::default(); bins],
            doubt: vec![0.0; bins],
        };
        let mut filter = Self {
            block,
            margin: rate.samples_in(MARGIN) as i64,
            back,
            lag,
            work: vec![Complex32::default(); work],
            time: vec![0.0; 2 * block],
            window: (0..2 * block)
                .map(|at| (PI * at as f32 / (2 * block) as f32).sin().powi(2))
                .collect(),
            spectrum: vec![Complex32::default(); bins],
            error: vec![Complex32::default(); bins],
            near: vec![0.0; bins],
            expected: vec![0.0; bins],
            partitions: (0..count).map(|_| empty()).collect(),
            newest: 0,
            next: None,
            forward,
            inverse,
        };
        filter.begin_with(gain);
        filter
    }

    /// How long the way back is thought to be.
    pub(super) fn lag(&self) -> i64 {
        self.lag
    }

    /// So many samples after our last sound nothing of it comes back any more.
    pub(super) fn dies_after(&self) -> i64 {
        self.lag + (self.partitions.len() * self.block) as i64
    }

    /// The amplitude of what comes back of white noise.
    pub(super) fn gain(&self) -> f32 {
        let weights = self.partitions.iter().flat_map(|partition| &partition.weights);
        let power: f32 = weights.map(Complex32::norm_sqr).sum();
        (power / self.spectrum.len() as f32).sqrt()
    }

    /// The same way back, but longer or shorter.
    pub(super) fn shift(&mut self, lag: i64) {
        self.lag = lag;
        self.next = None;
    }

    /// Forgets the imitation for a mere delay.
    pub(super) fn restart(&mut self, lag: i64, gain: f32) {
        self.shift(lag);
        self.begin_with(gain);
    }

    fn begin_with(&mut self, gain: f32) {
        self.time.fill(0.0);
        self.time[self.margin as usize] = gain;
        forward(&*self.forward, &mut self.time, &mut self.spectrum, &mut self.work);
        self.near.fill(0.0);
        for (index, partition) in self.partitions.iter_mut().enumerate() {
            let first = index == 0;
            let spread = if first { 0.3 } else { 0.03 };
            partition.doubt.fill(spread * gain * gain);
            match first {
                true => partition.weights.copy_from_slice(&self.spectrum),
                false => partition.weights.fill(Complex32::default()),
            }
        }
    }

    /// Subtracts the imitated echo of the block that was captured from sample `from` on: what is left replaces it, and the echo
    /// goes to `echo`.
    pub(super) fn subtract(
        &mut self,
        reference: &Reference,
        from: i64,
        captured: &mut [f32],
        echo: &mut [f32],
        adapt: bool,
    ) {
        self.hear_reference(reference, from);
        self.imitate(echo);
        for (sample, imitated) in captured.iter_mut().zip(&*echo) {
            *sample -= imitated;
        }
        let left = mean_square(captured);
        if !adapt {
            return;
        }
        if left > NOTHING_LEFT {
            self.learn(captured);
        } else if self.back == Return::Mix && mean_square(echo) > PROVEN * NOTHING_LEFT {
            self.believe();
        }
    }

    /// The mean square of two blocks by band.
    pub(super) fn bands(&mut self, samples: &[f32]) -> Bands {
        self.time.copy_from_slice(samples);
        forward(&*self.forward, &mut self.time, &mut self.spectrum, &mut self.work);
        let scale = 2.0 / (samples.len() * samples.len()) as f32;
        let mut bands = Bands::default();
        for (index, bin) in self.spectrum.iter().enumerate() {
            let band = BAND_ENDS.iter().position(|end| index < *end).unwrap_or(BANDS - 1);
            bands[band] += bin.norm_sqr() * scale;
        }
        bands
    }

    /// How much less is left of two blocks than came in: the mean over the spectrum of the natural logarithm of the quotient.
    ///
    /// Each bin says as much as the other. Where a caller is loud he says nothing of the echo, be it there or not; between his
    /// harmonics and above his vowels it is heard also if it is far softer than he.
    pub(super) fn explained(&mut self, captured: &[f32], left: &[f32]) -> f32 {
        self.log_power(captured) - self.log_power(left)
    }

    /// The mean of the logarithm of each bin's power.
    fn log_power(&mut self, samples: &[f32]) -> f32 {
        for ((to, sample), weight) in self.time.iter_mut().zip(samples).zip(&self.window) {
            *to = sample * weight;
        }
        forward(&*self.forward, &mut self.time, &mut self.spectrum, &mut self.work);
        let floor = QUIET * samples.len() as f32;
        let sum: f32 = self.spectrum[TELEPHONE]
            .iter()
            .map(|bin| (bin.norm_sqr() + floor).ln())
            .sum();
        sum / TELEPHONE.len() as f32
    }

    fn hear_reference(&mut self, reference: &Reference, from: i64) {
        let count = self.partitions.len();
        if self.next == Some(from) {
            self.newest = (self.newest + count - 1) % count;
            self.load(reference, from, self.newest);
        } else {
            self.newest = 0;
            for index in 0..count {
                self.load(reference, from - (index * self.block) as i64, index);
            }
        }
        self.next = Some(from + self.block as i64);
    }

    fn load(&mut self, reference: &Reference, from: i64, index: usize) {
        let begin = from - self.block as i64 - (self.lag - self.margin);
        reference.read(begin, &mut self.time);
        let played = &mut self.partitions[index].played;
        forward(&*self.forward, &mut self.time, played, &mut self.work);
    }

    fn imitate(&mut self, echo: &mut [f32]) {
        self.spectrum.fill(Complex32::default());
        let count = self.partitions.len();
        for index in 0..count {
            let weights = &self.partitions[index].weights;
            let played = &self.partitions[(self.newest + index) % count].played;
            for ((sum, weight), played) in self.spectrum.iter_mut().zip(weights).zip(played) {
                *sum += weight * played;
            }
        }
        inverse(&*self.inverse, &mut self.spectrum, &mut self.time, &mut self.work);
        let scale = 1.0 / (2 * self.block) as f32;
        for (sample, sum) in echo.iter_mut().zip(&self.time[self.block..]) {
            *sample = sum * scale;
        }
    }

    /// Nothing was left of a loud mix: the imitation is right, for all that may be played.
    fn believe(&mut self) {
        for partition in &mut self.partitions {
            for doubt in &mut partition.doubt {
                *doubt *= BELIEF;
            }
        }
    }

    fn learn(&mut self, left: &[f32]) {
        self.time[..self.block].fill(0.0);
        self.time[self.block..].copy_from_slice(left);
        forward(&*self.forward, &mut self.time, &mut self.error, &mut self.work);
        for (near, error) in self.near.iter_mut().zip(&self.error) {
            *near = NEAR_MEMORY * *near + (1.0 - NEAR_MEMORY) * error.norm_sqr();
        }
        self.expect_error();
        let count = self.partitions.len();
        for index in 0..count {
            self.step(index, (self.newest + index) % count);
            self.constrain(index);
        }
    }

    /// The power that the error would have, as far as it is known.
    fn expect_error(&mut self) {
        let count = self.partitions.len();
        self.expected.copy_from_slice(&self.near);
        for index in 0..count {
            let doubt = &self.partitions[index].doubt;
            let played = &self.partitions[(self.newest + index) % count].played;
            for ((expected, doubt), played) in self.expected.iter_mut().zip(doubt).zip(played) {
                *expected += doubt * played.norm_sqr();
            }
        }
    }

    /// One step of a partition's weights towards the error, as far as they are doubted.
    fn step(&mut self, index: usize, played_at: usize) {
        let quiet = QUIET * self.block as f32;
        let stays = match self.back {
            Return::Line => ROOM_STAYS,
            Return::Mix => MIX_STAYS,
        };
        for bin in 0..self.spectrum.len() {
            let played = self.partitions[played_at].played[bin];
            let Partition { weights, doubt, .. } = &mut self.partitions[index];
            let gain = doubt[bin] / (self.expected[bin] + quiet);
            self.spectrum[bin] = played.conj() * self.error[bin] * gain;
            let surer = stays * (1.0 - 0.5 * gain * played.norm_sqr()).max(0.0) * doubt[bin];
            doubt[bin] = surer + (1.0 - stays) * weights[bin].norm_sqr();
        }
    }

    /// Adds the step without what would wrap around the end of a block.
    fn constrain(&mut self, index: usize) {
        inverse(&*self.inverse, &mut self.spectrum, &mut self.time, &mut self.work);
        self.time[self.block..].fill(0.0);
        forward(&*self.forward, &mut self.time, &mut self.spectrum, &mut self.work);
        let scale = 1.0 / (2 * self.block) as f32;
        let weights = &mut self.partitions[index].weights;
        for (weight, step) in weights.iter_mut().zip(&self.spectrum) {
            *weight += step * scale;
        }
    }
}

fn mean_square(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32
}
