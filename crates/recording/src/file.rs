//! The WAV file of one call while it is written.

use crate::disk;
use crate::place::unfinished;
use hound::{SampleFormat, WavSpec, WavWriter};
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

/// Left and right.
pub(crate) const CHANNELS: u16 = 2;

/// A file that is written as `….wav.part`, locked, and gets its name when it is finished.
pub(crate) struct WavFile {
    path: PathBuf,
    writer: WavWriter<BufWriter<File>>,
    /// Keeps the lock that tells a repair to leave the file alone.
    lock: File,
}

impl WavFile {
    pub(crate) fn create(path: &Path, rate: u32) -> io::Result<Self> {
        let file = disk::create(&unfinished(path))?;
        file.try_lock()?;
        let lock = file.try_clone()?;
        let spec = WavSpec {
            channels: CHANNELS,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let writer = WavWriter::new(BufWriter::new(file), spec).map_err(io_error)?;
        Ok(Self {
            path: path.to_owned(),
            writer,
            lock,
        })
    }

    /// Adds silence, in samples of both channels.
    pub(crate) fn silence(&mut self, samples: u64) -> io::Result<()> {
        for _ in 0..samples * u64::from(CHANNELS) {
            self.writer.write_sample(0_i16).map_err(io_error)?;
        }
        Ok(())
    }

    /// Adds samples: left, right, left, …
    pub(crate) fn write(&mut self, interleaved: &[i16]) -> io::Result<()> {
        for sample in interleaved {
            self.writer.write_sample(*sample).map_err(io_error)?;
        }
        Ok(())
    }

    /// Makes the header tell how much there is by now.
    pub(crate) fn mend_header(&mut self) -> io::Result<()> {
        self.writer.flush().map_err(io_error)
    }

    /// The name that it gets.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Ends the file and gives it its name.
    pub(crate) fn finish(self) -> io::Result<PathBuf> {
        let Self { path, writer, lock } = self;
        writer.finalize().map_err(io_error)?;
        std::fs::rename(unfinished(&path), &path)?;
        drop(lock);
        Ok(path)
    }
}

pub(crate) fn io_error(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(error) => error,
        other => io::Error::other(other),
    }
}
