//! Sample-rate conversion with memory, one per direction.

use crate::SampleRate;
use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{
    Async, FixedAsync, Resampler as _, Resizable as _, SincInterpolationParameters, SincInterpolationType,
    WindowFunction,
};

/// Converts a continuous mono stream from one rate to another, keeping its state between frames.
///
/// A sinc of 32 samples of the lower rate under a Hann window: the whole telephone band of the lower rate passes
/// unchanged (measured within 0.1 dB up to 0.85 of half that rate) and what cannot be carried is at least 40 dB down
/// from 1.125 of it. Sound comes out 2.2 ms late where the lower rate is 8 kHz, and half of that at 16 kHz. Nothing is
/// buffered beyond that: 20 ms in give 20 ms out, any shorter piece its share.
#[derive(Debug)]
pub struct Resampler {
    from: SampleRate,
    /// `None` between equal rates.
    filter: Option<Filter>,
}

impl Resampler {
    /// A converter; between equal rates it copies.
    pub fn new(from: SampleRate, to: SampleRate) -> Self {
        Self {
            from,
            filter: (from != to).then(|| Filter::new(from, to)),
        }
    }

    /// Converts `input` and appends what is ready to `output`.
    pub fn push(&mut self, input: &[i16], output: &mut Vec<i16>) {
        let Some(filter) = &mut self.filter else {
            output.extend_from_slice(input);
            return;
        };
        for piece in input.chunks(self.from.frame_samples()) {
            filter.push(piece, output);
        }
    }

    /// Appends what the filter still holds, as at the end of an answer, and starts anew.
    pub fn flush(&mut self, output: &mut Vec<i16>) {
        if let Some(filter) = &mut self.filter {
            filter.flush(output);
        }
    }
}

/// The length of the sinc in samples of the lower rate.
const SINC_SAMPLES: u32 = 32;

/// rubato evaluates a chunk up to two samples before its end. Two samples of silence in front, and every frame gives
/// as much as it should.
const HEAD_START: [i16; 2] = [0; 2];

/// rubato adds up positions in floating point. A ratio that is too large by this keeps rounding errors (below 4e-13 a
/// step) from withholding a sample now and then, and takes months to add up to one.
const RATIO_MARGIN: f64 = 1e-12;

struct Filter {
    sinc: Async<f32>,
    input: Vec<f32>,
    output: Vec<f32>,
    /// Input samples until the middle of the sinc has passed the last one.
    tail: usize,
    /// Whether there is something to flush.
    fed: bool,
}

impl Filter {
    fn new(from: SampleRate, to: SampleRate) -> Self {
        let ratio = f64::from(to.hz()) / f64::from(from.hz());
        let sinc_samples = SINC_SAMPLES * from.hz().max(to.hz()) / to.hz();
        let parameters = SincInterpolationParameters {
            sinc_len: sinc_samples as usize,
            // Half of the lower rate.
            f_cutoff: Some(1.0),
            // Every output sample then lies on one of the prepared points, so the nearest is exact.
            oversampling_factor: (to.hz() / greatest_common_divisor(from.hz(), to.hz())) as usize,
            interpolation: SincInterpolationType::Nearest,
            window: WindowFunction::Hann,
        };
        let frame = from.frame_samples();
        #[expect(
            clippy::expect_used,
            reason = "fails only for a ratio or a frame of 0, and SampleRate is never 0"
        )]
        let sinc = Async::new_sinc(
            ratio * (1.0 + RATIO_MARGIN),
            1.0,
            &parameters,
            frame,
            1,
            FixedAsync::Input,
        )
        .expect("a sinc between two sample rates");
        let output = vec![0.0; sinc.output_frames_max()];
        let tail = sinc_samples as usize / 2;
        let mut filter = Self {
            sinc,
            input: Vec::with_capacity(frame),
            output,
            tail,
            fed: false,
        };
        filter.start();
        filter
    }

    fn start(&mut self) {
        self.convert(&HEAD_START);
        self.fed = false;
    }

    /// Converts up to a frame.
    fn push(&mut self, piece: &[i16], output: &mut Vec<i16>) {
        let ready = self.convert(piece);
        output.extend(ready.iter().map(|sample| sample.round() as i16));
        self.fed = true;
    }

    fn flush(&mut self, output: &mut Vec<i16>) {
        if !self.fed {
            return;
        }
        const SILENCE: [i16; 16] = [0; 16];
        let mut left = self.tail;
        while left > 0 {
            let piece = left.min(SILENCE.len());
            self.push(&SILENCE[..piece], output);
            left -= piece;
        }
        self.sinc.reset();
        self.start();
    }

    #[expect(
        clippy::expect_used,
        reason = "fails only for buffers shorter than the lengths rubato gave itself"
    )]
    fn convert(&mut self, piece: &[i16]) -> &[f32] {
        self.input.clear();
        self.input.extend(piece.iter().map(|sample| f32::from(*sample)));
        let room = self.output.len();
        self.sinc
            .set_chunk_size(piece.len())
            .expect("a piece is a frame at most");
        let input = SequentialSlice::new(&self.input, 1, piece.len()).expect("as long as the piece");
        let mut output = SequentialSlice::new_mut(&mut self.output, 1, room).expect("as long as it is");
        let (_, ready) = self
            .sinc
            .process_into_buffer(&input, &mut output, None)
            .expect("room for the longest output");
        &self.output[..ready]
    }
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filter")
            .field("ratio", &self.sinc.resample_ratio())
            .finish_non_exhaustive()
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}
