//! Piper voices: VITS models in ONNX, run by rten; the phonemes come from an `espeak-ng` process.

mod phonemes;

use super::convert::Converters;
use super::espeak::{TEXT_LIMIT, plain};
use super::{Speech, Spoken, Synthesizer, TtsError};
use audio::SampleRate;
use futures_util::future::{BoxFuture, FutureExt};
use phonemes::{Phonemes, phonemize};
use rten::{Model, NodeId, Value, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// As [`super::Espeak`]: the most that a phone carries.
const RATE: SampleRate = SampleRate::HZ_16000;

/// Samples in one piece for the listener: half a second.
const PIECE: usize = 8_000;

/// Why a voice cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PiperError {
    /// A file that cannot be read.
    #[error(
        "{file} cannot be read: {source}; a Piper voice is a `.onnx` file with its `.onnx.json` beside it"
    )]
    File {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// A description that is none.
    #[error("{file} does not describe a Piper voice: {source}")]
    Json {
        /// The file.
        file: String,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// A model that rten cannot run or that is no Piper voice.
    #[error("{file} is no Piper voice that can be run: {reason}")]
    Model {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
}

/// Speaks with one Piper voice, at 16 kHz. The voice has a language of its own: [`Speech::language`] and
/// [`Speech::voice`] do not change it.
pub struct Piper {
    espeak: String,
    voice: Arc<Voice>,
    places: Arc<Semaphore>,
}

/// A loaded voice.
struct Voice {
    model: Model,
    inputs: Inputs,
    output: NodeId,
    about: About,
    phonemes: Phonemes,
    converters: Converters,
}

struct Inputs {
    phonemes: NodeId,
    lengths: NodeId,
    scales: NodeId,
    /// Only in a voice of several speakers.
    speaker: Option<NodeId>,
}

/// The part of `.onnx.json` that matters here. Format: github.com/OHF-Voice/piper1-gpl, `docs/TRAINING.md`, and the files
/// themselves.
#[derive(Debug, Deserialize)]
struct About {
    audio: Audio,
    espeak: EspeakVoice,
    inference: Inference,
    phoneme_id_map: std::collections::HashMap<String, Vec<i32>>,
}

#[derive(Debug, Deserialize)]
struct Audio {
    sample_rate: u32,
}

#[derive(Debug, Deserialize)]
struct EspeakVoice {
    voice: String,
}

#[derive(Debug, Deserialize)]
struct Inference {
    noise_scale: f32,
    length_scale: f32,
    noise_w: f32,
}

impl Piper {
    /// Loads the voice `model` (`….onnx`, with `….onnx.json` beside it); takes about a second and some 70 MB. `espeak` is the
    /// program that finds phonemes, `inferences` how many texts may be computed at once on this node. Blocks.
    pub fn load(model: &Path, espeak: &str, inferences: usize) -> Result<Self, PiperError> {
        let voice = Voice::load(model, inferences)?;
        let places = Arc::new(Semaphore::new(inferences.clamp(1, Semaphore::MAX_PERMITS)));
        Ok(Self {
            espeak: espeak.into(),
            voice: Arc::new(voice),
            places,
        })
    }

    async fn run(&self, speech: Speech, out: mpsc::Sender<Vec<i16>>) -> Result<Spoken, TtsError> {
        let text = plain(&speech.text, TEXT_LIMIT);
        if text.is_empty() {
            return Ok(Spoken::AsAsked);
        }
        let work = self.work(&text);
        let samples = tokio::select! {
            samples = work => samples?,
            () = out.closed() => return Ok(Spoken::AsAsked),
        };
        for piece in samples.chunks(PIECE) {
            if out.send(piece.to_vec()).await.is_err() {
                break;
            }
        }
        Ok(Spoken::AsAsked)
    }

    async fn work(&self, text: &str) -> Result<Vec<i16>, TtsError> {
        let spoken = phonemize(&self.espeak, &self.voice.about.espeak.voice, text).await?;
        let ids = self.voice.phonemes.ids(&spoken);
        let closed = |_| TtsError::Failed("the gateway is shutting down".into());
        let place = self.places.clone().acquire_owned().await.map_err(closed)?;
        let voice = self.voice.clone();
        // An inference cannot be stopped half way. It keeps its place to its end even if nobody waits for it any more.
        let inference = tokio::task::spawn_blocking(move || {
            let _place = place;
            voice.infer(ids)
        });
        inference.await.map_err(|e| TtsError::Failed(e.to_string()))?
    }
}

impl Synthesizer for Piper {
    fn rate(&self) -> SampleRate {
        RATE
    }

    fn speak(&self, speech: Speech, out: mpsc::Sender<Vec<i16>>) -> BoxFuture<'_, Result<Spoken, TtsError>> {
        self.run(speech, out).boxed()
    }
}

impl Voice {
    fn load(path: &Path, inferences: usize) -> Result<Self, PiperError> {
        let file = path.display().to_string();
        let described = format!("{file}.json");
        let json = std::fs::read(&described).map_err(|source| PiperError::File {
            file: described.clone(),
            source,
        })?;
        let about: About = serde_json::from_slice(&json).map_err(|source| PiperError::Json {
            file: described,
            source,
        })?;
        let bytes = std::fs::read(path).map_err(|source| PiperError::File {
            file: file.clone(),
            source,
        })?;
        let wrong = |reason: String| PiperError::Model {
            file: file.clone(),
            reason,
        };
        let model = Model::load(bytes).map_err(|e| wrong(e.to_string()))?;
        let node = |name: &str| model.node_id(name).map_err(|e| wrong(format!("{name}: {e}")));
        let inputs = Inputs {
            phonemes: node("input")?,
            lengths: node("input_lengths")?,
            scales: node("scales")?,
            speaker: model.find_node("sid"),
        };
        let output = *model
            .output_ids()
            .first()
            .ok_or_else(|| wrong("it has no output".into()))?;
        let phonemes = Phonemes::new(&about.phoneme_id_map).map_err(wrong)?;
        let converters = Converters::new(RATE, inferences);
        let converter = converters
            .take(about.audio.sample_rate)
            .map_err(|e| wrong(e.to_string()))?;
        converters.put_back(converter);
        Ok(Self {
            model,
            inputs,
            output,
            about,
            phonemes,
            converters,
        })
    }

    /// The audio of a row of phonemes, at the leg's rate. Takes a tenth of its length or so.
    fn infer(&self, ids: Vec<i32>) -> Result<Vec<i16>, TtsError> {
        let Inference {
            noise_scale,
            length_scale,
            noise_w,
        } = self.about.inference;
        let count = i32::try_from(ids.len()).unwrap_or(i32::MAX);
        let mut inputs: Vec<(NodeId, ValueOrView)> = vec![
            (
                self.inputs.phonemes,
                Tensor::from_data(&[1, ids.len()], ids).into(),
            ),
            (self.inputs.lengths, NdTensor::from([count]).into()),
            (
                self.inputs.scales,
                NdTensor::from([noise_scale, length_scale, noise_w]).into(),
            ),
        ];
        if let Some(speaker) = self.inputs.speaker {
            inputs.push((speaker, NdTensor::from([0]).into()));
        }
        let failed = |e: &dyn std::fmt::Display| TtsError::Failed(format!("Piper: {e}"));
        let [audio] = self
            .model
            .run_n(inputs, [self.output], None)
            .map_err(|e| failed(&e))?;
        let audio: Tensor<f32> = Value::try_into(audio).map_err(|e: rten::TryFromValueError| failed(&e))?;
        let native: Vec<i16> = audio
            .iter()
            .map(|sample| (sample * 32_767.0).round() as i16)
            .collect();
        let (mut samples, mut converter) = (Vec::new(), self.converters.take(self.about.audio.sample_rate)?);
        converter.push(&native, &mut samples)?;
        converter.finish(&mut samples)?;
        self.converters.put_back(converter);
        Ok(samples)
    }
}
