//! The silero voice activity network (v6, the 16 kHz export that takes its recurrent state as input).

use crate::network::{Lane, Network};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, NdTensorView, Tensor};
use std::sync::Arc;

/// Samples of one decision: 32 ms at 16 kHz.
pub(crate) const CHUNK: usize = 512;
/// Samples before a chunk that the network sees too.
pub(crate) const CONTEXT: usize = 64;

const STATE: usize = 128;

/// The voice activity model, loaded once and shared by all calls.
#[derive(Clone)]
pub struct EarModel(Arc<Network<3, 3>>);

impl EarModel {
    /// Loads the embedded silero model: a few milliseconds.
    pub fn embedded() -> Self {
        let onnx = include_bytes!("../models/silero_vad_16k_sequence.onnx");
        Self(Arc::new(Network::embedded(
            onnx,
            ["input", "h", "c"],
            ["speech_probs", "hn", "cn"],
        )))
    }
}

/// The network's memory of one caller.
pub(crate) struct Silero {
    model: EarModel,
    lane: Lane,
    hidden: NdTensor<f32, 3>,
    cell: NdTensor<f32, 3>,
}

impl Silero {
    pub(crate) fn new(model: EarModel) -> Self {
        let lane = model.0.lane();
        let blank = NdTensor::zeros([1, 1, STATE]);
        Self {
            model,
            lane,
            hidden: blank.clone(),
            cell: blank,
        }
    }

    /// Forgets what it heard.
    pub(crate) fn reset(&mut self) {
        self.hidden.fill(0.0);
        self.cell.fill(0.0);
    }

    /// The probability, from 0 to 1, that there is speech in the last [`CHUNK`] of these samples (from -1 to 1).
    #[expect(
        clippy::expect_used,
        reason = "the network declares these outputs as floats of this shape"
    )]
    pub(crate) fn hear(&mut self, samples: &[f32; CONTEXT + CHUNK]) -> f32 {
        let input = NdTensorView::from_data([1, CONTEXT + CHUNK], samples.as_slice());
        let inputs = [input.into(), self.hidden.view().into(), self.cell.view().into()];
        let [probability, hidden, cell] = self.model.0.run(&self.lane, inputs);
        self.hidden = hidden.try_into().expect("the state is as large as before");
        self.cell = cell.try_into().expect("the state is as large as before");
        let probability: Tensor<f32> = probability.try_into().expect("one probability a chunk");
        probability
            .iter()
            .next()
            .copied()
            .expect("one probability a chunk")
    }
}
