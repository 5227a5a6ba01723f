//! Where a configured model's file is.

use crate::config::ModelsConfig;
use std::path::{Path, PathBuf};
use voice::models::{default_dir, find};

/// The purposes of models that are loaded from files, as the catalogue's texts begin.
pub(super) const SPEECH_TO_TEXT: &str = "speech to text";
pub(super) const TEXT_TO_SPEECH: &str = "text to speech";

/// The file of a model that `key` names: a path is taken as it stands, a name is looked up in the catalogue. Whether the file is
/// there is another question.
pub(super) fn model_file(
    key: &str,
    model: &str,
    purpose: &str,
    models: &ModelsConfig,
) -> Result<PathBuf, String> {
    if model.contains('/') {
        return Ok(Path::new(model).into());
    }
    let known = find(model)
        .map_err(|error| format!("{key}: {error}; name one of them, or a file by a path with a slash"))?;
    if !known.purpose.starts_with(purpose) {
        return Err(format!(
            "{key}: {model} is for {}; `voice-ai models list` names those for {purpose}",
            known.purpose
        ));
    }
    let folder = match &models.dir {
        Some(folder) => folder.clone(),
        None => default_dir().map_err(|error| format!("models.dir: {error}"))?,
    };
    Ok(known.path_in(&folder))
}
