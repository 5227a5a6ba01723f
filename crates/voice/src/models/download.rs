//! Files over HTTP: resumed where they broke off, and kept only if their hash is right.

use super::error::ModelError;
use super::place::sha256;
use futures_util::StreamExt;
use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderMap, RANGE};
use reqwest::{Response, StatusCode, Url};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a broken transfer is taken up again without a byte of progress.
const ATTEMPTS: u32 = 3;

/// The largest page of an index that is read, in bytes.
const MAX_PAGE: usize = 32 << 20;

/// Fetches over HTTP and HTTPS. `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, `SSL_CERT_FILE` and `SSL_CERT_DIR` are respected.
#[derive(Debug, Clone)]
pub(super) struct Client {
    http: reqwest::Client,
}

/// What a file should be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// Its size, where it is known; more is refused.
    pub(super) bytes: Option<u64>,
    /// Its SHA-256 in lower case.
    pub(super) sha256: &'a str,
}

/// A page of an index.
#[derive(Debug)]
pub(super) struct Page {
    /// Where it was found in the end.
    pub(super) url: Url,
    /// Whether it is JSON, else HTML.
    pub(super) is_json: bool,
    /// The page.
    pub(super) text: String,
}

/// How a transfer ended.
enum Transfer {
    /// All that the server has is there.
    Complete,
    /// It broke off; what came is kept.
    Broken(String),
    /// The server does not go on from there: begin anew.
    Restart,
}

impl Client {
    /// A client with the system's certificates.
    pub(super) fn new() -> Result<Self, ModelError> {
        // The program installs it at its start; elsewhere (tests) this does. Either way there is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let built = reqwest::Client::builder()
            .user_agent(concat!("voice-ai/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(20))
            .read_timeout(Duration::from_secs(60))
            .build();
        let http = built.map_err(|error| ModelError::Network {
            url: "HTTP client".into(),
            reason: chain(&error),
        })?;
        Ok(Self { http })
    }

    /// Reads a page, at most [`MAX_PAGE`] bytes of it.
    pub(super) async fn page(&self, url: &Url, accept: &str) -> Result<Page, ModelError> {
        let failed = |error: reqwest::Error| ModelError::Network {
            url: shown(url),
            reason: chain(&error),
        };
        let request = self.http.get(url.clone()).header(reqwest::header::ACCEPT, accept);
        let response = request
            .send()
            .await
            .and_then(Response::error_for_status)
            .map_err(failed)?;
        let is_json = text_of(response.headers(), CONTENT_TYPE).contains("json");
        let found_at = response.url().clone();
        let mut body = Vec::new();
        let mut stream = response.bytes_stream();
        while let Some(piece) = stream.next().await {
            body.extend_from_slice(&piece.map_err(failed)?);
            if body.len() > MAX_PAGE {
                return Err(ModelError::TooLong {
                    url: shown(url),
                    expected: MAX_PAGE as u64,
                });
            }
        }
        Ok(Page {
            url: found_at,
            is_json,
            text: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    /// Fetches a file to `target`, by way of `target.part`. `progress` is told the bytes so far and in all.
    pub(super) async fn fetch(
        &self,
        url: &Url,
        wanted: Wanted<'_>,
        target: &Path,
        progress: &mut (dyn FnMut(u64, Option<u64>) + Send),
    ) -> Result<(), ModelError> {
        if target.exists() && sha256(target)? == wanted.sha256 {
            return Ok(());
        }
        let part = with_suffix(target, ".part");
        let mut older = length(&part);
        let mut attempts = 0;
        loop {
            let before = length(&part);
            let reason = match self.transfer(url, wanted, &part, progress).await? {
                Transfer::Complete => {
                    let found = sha256(&part)?;
                    if found == wanted.sha256 {
                        return std::fs::rename(&part, target).map_err(ModelError::file("renaming", &part));
                    }
                    remove(&part)?;
                    if older == 0 {
                        let (file, expected) = (shown(url), wanted.sha256.to_owned());
                        return Err(ModelError::WrongHash {
                            file,
                            expected,
                            found,
                        });
                    }
                    // The beginning is from an earlier run, perhaps of another file at the same address.
                    older = 0;
                    continue;
                }
                Transfer::Restart => {
                    remove(&part)?;
                    older = 0;
                    "the server does not go on where the transfer broke off".to_owned()
                }
                Transfer::Broken(reason) => reason,
            };
            attempts = if length(&part) > before { 1 } else { attempts + 1 };
            if attempts >= ATTEMPTS {
                return Err(ModelError::Network {
                    url: shown(url),
                    reason,
                });
            }
        }
    }

    /// One request for what is not there yet.
    async fn transfer(
        &self,
        url: &Url,
        wanted: Wanted<'_>,
        part: &Path,
        progress: &mut (dyn FnMut(u64, Option<u64>) + Send),
    ) -> Result<Transfer, ModelError> {
        let have = length(part);
        if have > 0 && wanted.bytes == Some(have) {
            return Ok(Transfer::Complete);
        }
        let mut request = self.http.get(url.clone());
        if have > 0 {
            request = request.header(RANGE, format!("bytes={have}-"));
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Ok(Transfer::Broken(chain(&error))),
        };
        let goes_on = text_of(response.headers(), CONTENT_RANGE).starts_with(&format!("bytes {have}-"));
        let mut done = match response.status() {
            StatusCode::PARTIAL_CONTENT if have > 0 && goes_on => have,
            StatusCode::OK => 0,
            StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::PARTIAL_CONTENT if have > 0 => {
                return Ok(Transfer::Restart);
            }
            status if status.is_server_error() => return Ok(Transfer::Broken(status.to_string())),
            status => {
                return Err(ModelError::Network {
                    url: shown(url),
                    reason: status.to_string(),
                });
            }
        };
        let total = wanted
            .bytes
            .or_else(|| response.content_length().map(|rest| done + rest));
        let mut file = opened(part, done)?;
        let mut stream = response.bytes_stream();
        while let Some(piece) = stream.next().await {
            let piece = match piece {
                Ok(piece) => piece,
                Err(error) => return Ok(Transfer::Broken(chain(&error))),
            };
            done += piece.len() as u64;
            if let Some(expected) = wanted.bytes.filter(|&expected| done > expected) {
                drop(file);
                remove(part)?;
                return Err(ModelError::TooLong {
                    url: shown(url),
                    expected,
                });
            }
            file.write_all(&piece)
                .map_err(ModelError::file("writing", part))?;
            progress(done, total);
        }
        match total {
            Some(total) if done < total => Ok(Transfer::Broken(format!("{done} of {total} bytes came"))),
            _ => Ok(Transfer::Complete),
        }
    }
}

/// An address for messages: without the credentials that it may hold.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Neither can fail for an address with a host, and one without has no credentials.
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.set_query(None);
    url.to_string()
}

/// Parses an address of a file or an index.
pub(super) fn parse_url(text: &str) -> Result<Url, ModelError> {
    // What is before an @ may be a password.
    let plain = || {
        text.rsplit('@')
            .next()
            .unwrap_or_default()
            .chars()
            .take(200)
            .collect()
    };
    let url = Url::parse(text).map_err(|error| ModelError::Url {
        url: plain(),
        reason: error.to_string(),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(ModelError::Url {
            url: plain(),
            reason: "it is neither http nor https".into(),
        });
    }
    Ok(url)
}

/// A path with something at its end.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), ModelError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(ModelError::file("removing", path)(error))
        }
        _ => Ok(()),
    }
}

fn opened(part: &Path, from: u64) -> Result<File, ModelError> {
    let mut options = File::options();
    let options = if from > 0 {
        options.append(true)
    } else {
        options.write(true).truncate(true)
    };
    options
        .create(true)
        .open(part)
        .map_err(ModelError::file("opening", part))
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn text_of(headers: &HeaderMap, name: reqwest::header::HeaderName) -> &str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// An error and what is behind it, without the address: it may hold credentials.
fn chain(error: &reqwest::Error) -> String {
    let mut reason = match error.status() {
        Some(status) => status.to_string(),
        None if error.is_timeout() => "no answer in time".to_owned(),
        None => "the connection failed".to_owned(),
    };
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        reason.push_str(": ");
        reason.push_str(&error.to_string());
        source = error.source();
    }
    reason
}
