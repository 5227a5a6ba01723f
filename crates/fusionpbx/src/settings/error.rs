//! What can be wrong with the files.

use crate::{Lang, Text, Unread};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why FusionPBX's configuration could not be read. No message has a password.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// There is no file.
    NotFound {
        /// All places that were looked at.
        looked: Vec<PathBuf>,
    },
    /// A file could not be read.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line that cannot be understood.
    Line {
        /// Of which file.
        path: PathBuf,
        /// Which, from 1.
        line: usize,
        /// What is wrong with it, and what is right.
        wrong: Wrong,
    },
    /// Something is not said that is needed.
    Missing {
        /// In which file.
        path: PathBuf,
        /// What.
        key: &'static str,
    },
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// It is no text.
    NotText,
    /// A key that is known and no `=`.
    NoEquals {
        /// The key.
        key: String,
    },
    /// A quote that is not closed.
    Unclosed {
        /// The key.
        key: String,
    },
    /// A value that cannot be.
    Value {
        /// The key.
        key: String,
        /// Its value.
        value: String,
        /// What may stand there.
        right: &'static str,
    },
}

impl SettingsError {
    /// The message for operators.
    pub fn text(&self) -> Text {
        match self {
            Self::NotFound { looked } => {
                let looked = list(looked);
                Text::new(
                    format!("FusionPBX's configuration was not found; looked for {looked}"),
                    format!("a configuração do FusionPBX não foi encontrada; foi procurada em {looked}"),
                )
            }
            Self::Unreadable { path, source } => {
                let path = path.display();
                Text::new(
                    format!("{path} cannot be read: {source}; run this as root"),
                    format!("{path} não pode ser lido: {source}; execute como root"),
                )
            }
            Self::Line { path, line, wrong } => {
                let at = format!("{}:{line}", path.display());
                let wrong = wrong.text();
                Text::new(
                    format!("{at}: {}", wrong.in_lang(Lang::En)),
                    format!("{at}: {}", wrong.in_lang(Lang::PtBr)),
                )
            }
            Self::Missing { path, key } => {
                let path = path.display();
                Text::new(
                    format!("{path} does not say {key}: a line `{key} = …` is missing"),
                    format!("{path} não informa {key}: falta uma linha `{key} = …`"),
                )
            }
        }
    }

    pub(super) fn line(path: &Path, line: usize, wrong: Wrong) -> Self {
        Self::Line {
            path: path.into(),
            line,
            wrong,
        }
    }
}

impl Wrong {
    fn text(&self) -> Text {
        match self {
            Self::NotText => Text::new(
                "this is not UTF-8 text; save the file as UTF-8",
                "isto não é texto UTF-8; salve o arquivo como UTF-8",
            ),
            Self::NoEquals { key } => Text::new(
                format!("{key} has no \"=\"; write `{key} = value`"),
                format!("{key} não tem \"=\"; escreva `{key} = valor`"),
            ),
            Self::Unclosed { key } => Text::new(
                format!(
                    "the value of {key} begins with a quote that is not closed; close it, or leave both out"
                ),
                format!("o valor de {key} começa com aspas que não são fechadas; feche-as ou retire as duas"),
            ),
            Self::Value { key, value, right } => Text::new(
                format!("{key} is {value:?}; it can be {right}"),
                format!("{key} é {value:?}; pode ser {right}"),
            ),
        }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().in_lang(Lang::En))
    }
}

impl From<&SettingsError> for Unread {
    fn from(error: &SettingsError) -> Self {
        Self(error.text())
    }
}

fn list(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    paths.join(", ")
}
