//! The last second or so of a stream of samples, by their number.

/// A stream of which the newest part is kept. What was never written, or is forgotten, is silence.
#[derive(Debug)]
pub(super) struct Track {
    samples: Vec<i16>,
    end: i64,
}

impl Track {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            samples: vec![0; capacity],
            end: 0,
        }
    }

    /// The number of the next sample.
    pub(super) fn end(&self) -> i64 {
        self.end
    }

    pub(super) fn push(&mut self, samples: &[i16]) {
        for sample in samples {
            self.put(*sample);
        }
    }

    /// Goes on at another number, with silence before it.
    pub(super) fn silent_to(&mut self, end: i64) {
        let silence = (end - self.end).min(self.samples.len() as i64);
        if silence <= 0 {
            return;
        }
        self.end = end - silence;
        for _ in 0..silence {
            self.put(0);
        }
    }

    /// Takes back what was written from that number on, and appends it to `taken`.
    pub(super) fn take_back(&mut self, from: i64, taken: &mut Vec<i16>) {
        let from = from.max(self.end - self.samples.len() as i64);
        for number in from..self.end {
            taken.push(self.at(number));
            let index = self.index(number);
            self.samples[index] = 0;
        }
        self.end = self.end.min(from);
    }

    /// Writes again what was written before, from that number on.
    pub(super) fn rewrite(&mut self, from: i64, samples: &[f32]) {
        for (number, sample) in (from..self.end).zip(samples) {
            let index = self.index(number);
            self.samples[index] = (sample * FULL).round() as i16;
        }
    }

    /// The samples from that number on, as parts of full scale.
    pub(super) fn read(&self, from: i64, into: &mut [f32]) {
        for (number, sample) in (from..).zip(into) {
            *sample = f32::from(self.at(number)) / FULL;
        }
    }

    fn at(&self, number: i64) -> i16 {
        let known = number < self.end && number >= self.end - self.samples.len() as i64;
        if known {
            self.samples[self.index(number)]
        } else {
            0
        }
    }

    fn put(&mut self, sample: i16) {
        let index = self.index(self.end);
        self.samples[index] = sample;
        self.end += 1;
    }

    fn index(&self, number: i64) -> usize {
        number.rem_euclid(self.samples.len() as i64) as usize
    }
}

/// Full scale of a sample.
const FULL: f32 = 32768.0;
