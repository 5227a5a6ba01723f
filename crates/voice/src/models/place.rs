//! The folder of models, and what is in it.

use super::catalogue::{Kept, Model};
use super::error::ModelError;
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The folder of models where nobody names one: `VOICE_AI__MODELS__DIR`, else `voice-ai/models` under `XDG_DATA_HOME`, else under
/// `~/.local/share`.
pub fn default_dir() -> Result<PathBuf, ModelError> {
    dir_from(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
}

fn dir_from(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, ModelError> {
    if let Some(dir) = variable("VOICE_AI__MODELS__DIR") {
        return Ok(dir.into());
    }
    let data = variable("XDG_DATA_HOME").map(PathBuf::from);
    let home = || variable("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    data.or_else(home)
        .map(|data| data.join("voice-ai/models"))
        .ok_or(ModelError::NoFolder)
}

/// What a model's files look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The program contains it.
    Embedded,
    /// All files are there and are what they should be.
    Good,
    /// The file is not there.
    Missing(PathBuf),
    /// The file is another than the one that was installed.
    Damaged {
        /// Which.
        path: PathBuf,
        /// The hash that it should have.
        expected: String,
        /// The hash that it has.
        found: String,
    },
}

/// Reads a model's files and compares their hashes: with the catalogue's, or with the one that was given when the file was
/// installed from a URL.
pub fn verify(model: &Model, dir: &Path) -> Result<State, ModelError> {
    if model.kept == Kept::Embedded {
        return Ok(State::Embedded);
    }
    for file in model.files {
        let path = dir.join(file.name);
        if !path.exists() {
            return Ok(State::Missing(path));
        }
        let expected = accepted(&path)?.unwrap_or_else(|| file.sha256.to_owned());
        let found = sha256(&path)?;
        if found != expected {
            return Ok(State::Damaged {
                path,
                expected,
                found,
            });
        }
    }
    Ok(State::Good)
}

/// The file beside a model that holds the hash it was installed with, where that is not the catalogue's. Its format is that of
/// `sha256sum`.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sha256");
    name.into()
}

fn accepted(path: &Path) -> Result<Option<String>, ModelError> {
    let beside = beside(path);
    match std::fs::read_to_string(&beside) {
        Ok(text) => parse_hash(text.split_whitespace().next().unwrap_or_default()).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ModelError::file("reading", &beside)(error)),
    }
}

/// A SHA-256 in lower case.
pub(super) fn parse_hash(text: &str) -> Result<String, ModelError> {
    if text.len() != 64 || !text.chars().all(|c| c.is_ascii_hexdigit()) {
        return Err(ModelError::Hash(text.chars().take(80).collect()));
    }
    Ok(text.to_ascii_lowercase())
}

/// A file's SHA-256, in lower-case hexadecimal digits.
pub(super) fn sha256(path: &Path) -> Result<String, ModelError> {
    let mut file = File::open(path).map_err(ModelError::file("opening", path))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file
            .read(&mut buffer)
            .map_err(ModelError::file("reading", path))?
        {
            0 => return Ok(hex(&hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_follows_the_environment() {
        let of = |set: &[(&str, &str)]| {
            dir_from(|name| {
                set.iter()
                    .find(|(of, _)| *of == name)
                    .map(|(_, value)| OsString::from(value))
            })
        };
        let home = ("HOME", "/home/ana");
        assert_eq!(
            of(&[home]).unwrap(),
            Path::new("/home/ana/.local/share/voice-ai/models")
        );
        assert_eq!(
            of(&[home, ("XDG_DATA_HOME", "/data")]).unwrap(),
            Path::new("/data/voice-ai/models")
        );
        let own = ("VOICE_AI__MODELS__DIR", "/models");
        assert_eq!(
            of(&[home, ("XDG_DATA_HOME", "/data"), own]).unwrap(),
            Path::new("/models")
        );
        assert!(matches!(of(&[]), Err(ModelError::NoFolder)));
    }

    #[test]
    fn hashes_are_parsed_at_the_border() {
        assert_eq!(parse_hash(&"AB".repeat(32)).unwrap(), "ab".repeat(32));
        for bad in ["", "ab", &"zz".repeat(32), &"ã".repeat(32)] {
            assert!(parse_hash(bad).is_err(), "{bad}");
        }
    }
}
