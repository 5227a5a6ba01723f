//! Secrets that a file names and does not hold.

use secretary::Given;

/// Why a secret cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// There is no such variable.
    #[error("the environment variable {0} is not set; set it, or name another")]
    NoVariable(String),
    /// The file cannot be read.
    #[error("{file}: {reason}; the service's user must be able to read it")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// There is nothing in it.
    #[error("the secret of {0} is empty")]
    Empty(String),
}

/// The text that is meant, without the white space around a secret. Reads a file: blocks for as long as that takes.
pub fn resolve(given: &Given) -> Result<String, SecretError> {
    let (secret, prefix, from) = match given {
        Given::Text(text) => return Ok(text.clone()),
        Given::Env { env, prefix } => {
            let secret = std::env::var(env).map_err(|_| SecretError::NoVariable(env.clone()))?;
            (secret, prefix, env)
        }
        Given::File { file, prefix } => {
            let secret = std::fs::read_to_string(file).map_err(|error| SecretError::Unreadable {
                file: file.clone(),
                reason: error.to_string(),
            })?;
            (secret, prefix, file)
        }
    };
    match secret.trim() {
        "" => Err(SecretError::Empty(from.clone())),
        secret => Ok(format!("{prefix}{secret}")),
    }
}
