//! Where in what came back our own voice is: the delay of the echo, by correlation.

use super::reference::Reference;
use super::track::Track;
use crate::SampleRate;
use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

/// The longest way back that is searched.
pub(super) const LONGEST: Duration = Duration::from_millis(640);
/// How much of what came back is compared at most.
pub(super) const WINDOW: Duration = Duration::from_millis(256);
/// A peak so many times higher than the rest of the correlation is no accident: of the 10,000 places of an unrelated voice the
/// highest is at 4 to 6.
const SIGNIFICANT: f32 = 9.0;
/// Where a delay is known it is enough that the peak is higher than that: it is tried out before it is believed.
const WORTH_A_TRY: f32 = 4.0;
/// How many peaks are told: in a vowel those of its pitch are nearly as high as the right one, or higher.
const PEAKS: usize = 8;
/// Within this of a peak there is no other one.
const APART: Duration = Duration::from_micros(500);
/// Of the mean power, what is added to each bin before it is made white: bins that hold next to nothing shall not count as much
/// as the voice.
const FLOOR: f32 = 0.02;

/// A copy of what was played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    /// How many samples after it was heard it was captured.
    pub(super) lag: i64,
    /// Its amplitude against what was played; negative with the other polarity.
    pub(super) gain: f32,
}

/// The likeliest first.
pub(super) type Peaks = [Option<Found>; PEAKS];

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Among {
    /// A first echo, of which the search alone must be sure.
    First,
    /// Whatever is worth a try, in so much of the newest part.
    Others(Duration),
}

/// Looks for the reference in the newest part of `captured`.
pub(super) fn search(rate: SampleRate, captured: &Track, reference: &Reference, among: Among) -> Peaks {
    SCRATCH.with_borrow_mut(|scratch| {
        let fits = scratch.as_ref().is_some_and(|scratch| scratch.rate == rate);
        if !fits {
            *scratch = Some(Scratch::new(rate));
        }
        let found = scratch.as_mut().map(|scratch| match among {
            Among::First => scratch.search(captured, reference, SIGNIFICANT, WINDOW),
            Among::Others(newest) => scratch.search(captured, reference, WORTH_A_TRY, newest),
        });
        found.unwrap_or_default()
    })
}

thread_local! {
    /// Half a megabyte at 16 kHz, which a search needs for half a millisecond: one for all calls of a thread.
    static SCRATCH: RefCell<Option<Scratch>> = const { RefCell::new(None) };
}

struct Scratch {
    rate: SampleRate,
    window: usize,
    lags: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    time: Vec<f32>,
    captured: Vec<Complex32>,
    played: Vec<Complex32>,
    work: Vec<Complex32>,
}

impl Scratch {
    fn new(rate: SampleRate) -> Self {
        let window = rate.samples_in(WINDOW) as usize;
        let lags = rate.samples_in(LONGEST) as usize;
        let size = (window + lags).next_power_of_two();
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
        let work = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            rate,
            window,
            lags,
            time: vec![0.0; size],
            captured: forward.make_output_vec(),
            played: forward.make_output_vec(),
            work: vec![Complex32::default(); work],
            forward,
            inverse,
        }
    }

    fn search(&mut self, captured: &Track, reference: &Reference, enough: f32, newest: Duration) -> Peaks {
        let window = self.window.min(self.rate.samples_in(newest) as usize);
        let begin = captured.end() - window as i64;
        self.time.fill(0.0);
        captured.read(begin, &mut self.time[..window]);
        forward(&*self.forward, &mut self.time, &mut self.captured, &mut self.work);
        self.time.fill(0.0);
        reference.read(begin - self.lags as i64, &mut self.time[..window + self.lags]);
        forward(&*self.forward, &mut self.time, &mut self.played, &mut self.work);
        self.whiten();
        inverse(&*self.inverse, &mut self.played, &mut self.time, &mut self.work);
        let lags = self.peaks(enough);
        lags.map(|lag| {
            let lag = lag?;
            let gain = self.gain(captured, reference, lag);
            Some(Found { lag, gain })
        })
    }

    /// Leaves in `played` the cross spectrum with nearly equal weight for each bin.
    fn whiten(&mut self) {
        let bins = self.played.len() as f32;
        let mean = |spectrum: &[Complex32]| spectrum.iter().map(Complex32::norm_sqr).sum::<f32>() / bins;
        let (floor_played, floor_captured) = (FLOOR * mean(&self.played), FLOOR * mean(&self.captured));
        for (played, captured) in self.played.iter_mut().zip(&self.captured) {
            let power = (played.norm_sqr() + floor_played) * (captured.norm_sqr() + floor_captured);
            *played = *played * captured.conj() / power.sqrt().max(f32::MIN_POSITIVE);
        }
    }

    /// The highest of the correlation, until one is not high `enough`.
    fn peaks(&mut self, enough: f32) -> [Option<i64>; PEAKS] {
        let correlation = &mut self.time[..=self.lags];
        let power = correlation.iter().map(|value| value * value).sum::<f32>() / correlation.len() as f32;
        let enough = (enough * power.sqrt()).max(f32::MIN_POSITIVE);
        let apart = self.rate.samples_in(APART) as usize;
        let mut lags = [None; PEAKS];
        for lag in &mut lags {
            let heights = correlation.iter().map(|value| value.abs()).enumerate();
            let Some((index, _)) = heights
                .filter(|(_, height)| *height > enough)
                .max_by(|one, other| one.1.total_cmp(&other.1))
            else {
                break;
            };
            *lag = Some((self.lags - index) as i64);
            let last = (index + apart).min(self.lags);
            correlation[index.saturating_sub(apart)..=last].fill(0.0);
        }
        lags
    }

    /// The amplitude that leaves the least of the window.
    fn gain(&mut self, captured: &Track, reference: &Reference, lag: i64) -> f32 {
        let begin = captured.end() - self.window as i64;
        let (back, rest) = self.time.split_at_mut(self.window);
        let played = &mut rest[..self.window];
        captured.read(begin, back);
        reference.read(begin - lag, played);
        let product: f32 = back.iter().zip(&*played).map(|(b, p)| b * p).sum();
        let power: f32 = played.iter().map(|p| p * p).sum();
        product / power.max(f32::MIN_POSITIVE)
    }
}

#[expect(
    clippy::expect_used,
    reason = "fails only for buffers of other lengths than the plan's"
)]
pub(super) fn forward(
    plan: &dyn RealToComplex<f32>,
    time: &mut [f32],
    spectrum: &mut [Complex32],
    work: &mut [Complex32],
) {
    plan.process_with_scratch(time, spectrum, &mut work[..plan.get_scratch_len()])
        .expect("buffers of the plan's lengths");
}

/// Without the factor 1/N. The first and last bin of a real signal have no imaginary part; what rounding left there is dropped.
#[expect(
    clippy::expect_used,
    reason = "fails only for buffers of other lengths than the plan's, or imaginary parts at both ends"
)]
pub(super) fn inverse(
    plan: &dyn ComplexToReal<f32>,
    spectrum: &mut [Complex32],
    time: &mut [f32],
    work: &mut [Complex32],
) {
    let last = spectrum.len() - 1;
    spectrum[0].im = 0.0;
    spectrum[last].im = 0.0;
    plan.process_with_scratch(spectrum, time, &mut work[..plan.get_scratch_len()])
        .expect("buffers of the plan's lengths");
}
