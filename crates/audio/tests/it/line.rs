//! Voices as they come over a telephone line, and what else is heard on one; all at 16 kHz.

use audio::g711::Law;
use audio::{Resampler, SampleRate};

pub(crate) const FINANCEIRO: &[u8] = include_bytes!("../data/financeiro.alaw");
pub(crate) const SALES: &[u8] = include_bytes!("../data/sales.alaw");
pub(crate) const BILL: &[u8] = include_bytes!("../data/bill.alaw");
pub(crate) const ABOUT_MY: &[u8] = include_bytes!("../data/about_my.alaw");
pub(crate) const NAO: &[u8] = include_bytes!("../data/nao.alaw");
pub(crate) const SIM: &[u8] = include_bytes!("../data/sim.alaw");

/// Samples of so many milliseconds.
pub(crate) const fn ms(ms: usize) -> usize {
    ms * 16
}

/// What the caller's line carries, as the ear hears it.
pub(crate) fn heard(line: &[u8]) -> Vec<i16> {
    let (mut narrow, mut wide) = (Vec::new(), Vec::new());
    Law::A.decode(line, &mut narrow);
    Resampler::new(SampleRate::HZ_8000, SampleRate::HZ_16000).push(&narrow, &mut wide);
    wide
}

/// Noise with a flat spectrum and this peak, the same for each run.
pub(crate) fn noise(peak: i16, samples: usize) -> Vec<i16> {
    let mut state = 0x2545_f491_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (i64::from(state) * 2 * i64::from(peak) / i64::from(u32::MAX) - i64::from(peak)) as i16
    };
    (0..samples).map(|_| next()).collect()
}

/// Both at once.
pub(crate) fn mix(a: &[i16], b: &[i16]) -> Vec<i16> {
    a.iter().zip(b).map(|(a, b)| a.saturating_add(*b)).collect()
}
