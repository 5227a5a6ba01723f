//! What can be wrong with a script.

/// Why a script cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// There is no such file or sample.
    #[error("script {name:?}: {reason}; name a sample ({}) or the path of a .yaml file", samples.join(", "))]
    Missing {
        /// What was asked for.
        name: String,
        /// What the system says.
        reason: String,
        /// The embedded ones.
        samples: Vec<&'static str>,
    },
    /// The secretary's hours are wrong.
    #[error("secretary {secretary:?}: {reason}")]
    Hours {
        /// The secretary.
        secretary: String,
        /// What is wrong, with the value and what would be right.
        reason: secretary::HoursError,
    },
    /// The file is no script.
    #[error("{file}, line {line}: {problem}{}", remedy.as_ref().map(|r| format!("; {r}")).unwrap_or_default())]
    Invalid {
        /// The file, or the name of the embedded sample.
        file: String,
        /// The line, from 1; 0 where the whole file is meant.
        line: u64,
        /// What is wrong there, with the value.
        problem: String,
        /// What would be right, where it is known.
        remedy: Option<String>,
    },
}
