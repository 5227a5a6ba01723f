//! A call as a stereo WAV file: left the caller, right the assistant as heard.

use crate::caller::Account;
use std::path::Path;

/// Writes both tracks side by side, sample for sample, at the leg's rate.
pub fn write_wav(account: &Account, path: &Path) -> Result<(), hound::Error> {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: account.rate.hz(),
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec)?;
    for (&caller, &heard) in account.caller.iter().zip(&account.heard) {
        writer.write_sample(caller)?;
        writer.write_sample(heard)?;
    }
    writer.finalize()
}
