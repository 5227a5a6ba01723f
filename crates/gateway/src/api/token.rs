//! What a request to the API must show: `server.control_token`, or a token that the service makes at each start and keeps where only
//! its own user can read it.

use super::refusal::ApiError;
use crate::access::bearer;
use crate::config::{Config, Secret};
use axum::http::request::Parts;
use ring::rand::{SecureRandom, SystemRandom};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The file of the token that the service makes, below `data.dir`.
pub const TOKEN_FILE: &str = "control.token";

/// Why whoever asks has no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The service has made none.
    #[error(
        "{}: there is no such file, and server.control_token is not set; is the service running, and with this data.dir? \
         Give --config the service's own configuration", .0.display()
    )]
    Missing(PathBuf),
    /// It is not for this user.
    #[error("{}: {source}; run this as the service's user, or as root", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The token by which the service of this configuration serves its API.
pub fn token(config: &Config) -> Result<Secret, TokenError> {
    if let Some(token) = &config.server.control_token {
        return Ok(token.clone());
    }
    let file = config.data.dir.join(TOKEN_FILE);
    match fs::read_to_string(&file) {
        Ok(text) => Ok(Secret::of(text.trim())),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Err(TokenError::Missing(file)),
        Err(source) => Err(TokenError::Unreadable { file, source }),
    }
}

/// The configured token, or a new one, kept. Blocks.
pub(crate) fn make_token(config: &Config) -> io::Result<Secret> {
    if let Some(token) = &config.server.control_token {
        return Ok(token.clone());
    }
    let mut bytes = [0; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| io::Error::other("the system gives no random numbers"))?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    keep(&config.data.dir, &text)?;
    Ok(Secret::of(&text))
}

/// Writes it whole, for the service's user alone, in the place of the former.
fn keep(folder: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let new = folder.join(format!(".{TOKEN_FILE}.{}", std::process::id()));
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Made anew, so that its mode is this one whatever stood there.
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)?;
    writeln!(file, "{text}")?;
    fs::rename(&new, folder.join(TOKEN_FILE))
}

/// Whether a request may be served.
pub(super) fn check(token: Option<&Secret>, request: &Parts) -> Result<(), ApiError> {
    let Some(token) = token else {
        return Err(ApiError::NoToken);
    };
    match bearer(request) {
        Some(claim) if token.matches(&claim) => Ok(()),
        claim => Err(ApiError::Token {
            shown: claim.is_some(),
        }),
    }
}
