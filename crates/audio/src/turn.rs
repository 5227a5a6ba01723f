//! Whether a caller who paused has finished the turn: smart-turn v3.2.

use crate::mel::{BANDS, FRAMES, Mel};
use crate::network::Network;
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};
use std::sync::Arc;

/// The end-of-turn model, loaded once and shared by all calls. About 100 ms of one core a judgement: call it on
/// a thread that may block.
#[derive(Clone)]
pub struct TurnModel(Arc<Loaded>);

struct Loaded {
    network: Network<1, 1>,
    mel: Mel,
}

impl TurnModel {
    /// Loads the embedded smart-turn model.
    pub fn embedded() -> Self {
        let onnx = include_bytes!("../models/smart-turn-v3.2-cpu.onnx");
        let network = Network::embedded(onnx, ["input_features"], ["logits"]);
        Self(Arc::new(Loaded {
            network,
            mel: Mel::new(),
        }))
    }

    /// The probability that the speech in up to 8 s of 16 kHz audio is complete: of longer audio its last 8 s. It
    /// should end with the pause, some 200 ms of it. From 0.5 on the model's makers take a turn for complete.
    ///
    /// Trust it with a time-out, not alone: of synthetic voices (espeak-ng) it told finished English sentences from the
    /// same cut short in most cases, but took nearly every pause in Portuguese ones for the end. Silence is complete.
    #[expect(
        clippy::expect_used,
        reason = "the network declares one output, of floats, for one input"
    )]
    pub fn complete(&self, recent: &[i16]) -> f32 {
        let features = NdTensor::from_data([1, BANDS, FRAMES], self.0.mel.spectrogram(recent));
        let [probability] = self.0.network.run(&self.0.network.lane(), [features.into()]);
        // Named "logits", but the sigmoid is already in the graph.
        let probability: Tensor<f32> = probability.try_into().expect("a probability");
        probability.iter().next().copied().expect("a probability")
    }
}
