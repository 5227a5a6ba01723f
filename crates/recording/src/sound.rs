//! The sound of one call while it lives.

use crate::file::CHANNELS;
use crate::state::{Fate, Written};
use crate::tracks::Tracks;
use crate::writer::{Job, Queue};
use audio::SampleRate;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Samples are handed over when they last so long.
const BLOCK: Duration = Duration::from_millis(500);

/// Both voices of a call on their way to the disk. Nothing here waits.
pub struct Sound {
    queue: Queue,
    file: u64,
    fate: Fate,
    tracks: Tracks,
    interleaved: Vec<i16>,
    /// Samples that were lost and not told to the file yet.
    owed: u64,
    /// Samples that were lost and not told by [`Sound::lost`] yet.
    untold: u64,
}

impl Sound {
    pub(crate) fn new(queue: Queue, path: PathBuf, rate: SampleRate, started: Instant) -> Self {
        let file = queue.file();
        let (rate_hz, fate) = (rate.hz(), Fate::default());
        // Where nobody writes any more, nobody minds.
        let _ = queue.send(Job::OpenSound {
            file,
            path,
            rate: rate_hz,
            fate: fate.clone(),
        });
        Self {
            queue,
            file,
            fate,
            tracks: Tracks::new(rate, started),
            interleaved: Vec::new(),
            owed: 0,
            untold: 0,
        }
    }

    /// The timeline of both voices.
    pub fn tracks(&mut self) -> &mut Tracks {
        &mut self.tracks
    }

    /// Hands over what is settled by now, if it is worth it. To be called now and then.
    pub fn flush(&mut self, now: Instant) {
        self.tracks.take(now, &mut self.interleaved);
        let block = self.tracks.rate().samples_in(BLOCK) * u64::from(CHANNELS);
        if self.interleaved.len() as u64 >= block {
            self.hand_over();
        }
    }

    /// How much was lost since this was last asked, because the disk was too slow. It is silence in the file.
    pub fn lost(&mut self) -> Option<Duration> {
        let samples = std::mem::take(&mut self.untold);
        (samples > 0).then(|| self.tracks.rate().duration_of(samples))
    }

    /// How much of it is on the disk.
    pub fn written(&self) -> Written {
        self.fate.written()
    }

    /// The call is over. How much was lost since [`Sound::lost`] was last asked.
    pub fn end(mut self, now: Instant) -> Option<Duration> {
        self.tracks.finish(now, &mut self.interleaved);
        self.hand_over();
        self.lost()
    }

    fn hand_over(&mut self) {
        let samples = self.interleaved.len() as u64 / u64::from(CHANNELS);
        let job = Job::Sound {
            file: self.file,
            silence: self.owed,
            interleaved: std::mem::take(&mut self.interleaved),
        };
        if self.queue.send(job).is_ok() {
            self.owed = 0;
        } else {
            self.owed += samples;
            self.untold += samples;
            let lost = self.tracks.rate().duration_of(samples);
            self.queue.counts().lost(lost.as_millis() as u64);
        }
    }
}

impl Drop for Sound {
    fn drop(&mut self) {
        self.hand_over();
        let _ = self.queue.send(Job::CloseSound {
            file: self.file,
            silence: self.owed,
        });
    }
}
