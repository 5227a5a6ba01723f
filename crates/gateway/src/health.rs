//! Whether the node is alive, and whether it can carry calls: each thing that a call needs is really tried.

mod keeping;
mod mcp;
mod pbx;

pub(crate) use pbx::Controlled;

use crate::calls::Calls;
use crate::certificate::Certificate;
use crate::engines::Transcription;
use crate::keeping::Kept;
use crate::refusal::json;
use crate::reload::Secretaries;
use ::tools::mcp::Servers;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use secretary::SecretarySource;
use serde::Serialize;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::process::Command;
use tokio::sync::{Mutex, Semaphore};

/// How long a program may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(2);

/// So long the answer of a program holds: whoever watches the node asks each second or so.
const FRESH: Duration = Duration::from_secs(5);

/// What is tried, and with what.
pub(crate) struct Health {
    calls: Calls,
    engines: String,
    transcription: Transcription,
    espeak: String,
    data: PathBuf,
    secretaries: Arc<Secretaries>,
    kept: Kept,
    certificate: Option<Arc<Certificate>>,
    controlled: Option<Controlled>,
    servers: Servers,
    /// One trial at a time, whoever asks how often.
    trial: Semaphore,
    /// What the last trial of the text-to-speech program told, and when: each starts a process.
    spoken: Mutex<Option<(Instant, Result<String, String>)>>,
}

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// It works.
    Ok,
    /// Calls go on, with less.
    Degraded,
    /// Calls cannot be carried.
    Failed,
}

#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    detail: String,
}

impl Check {
    fn new(name: &'static str, state: State, detail: impl Into<String>) -> Self {
        Self {
            name,
            state,
            detail: detail.into(),
        }
    }
}

impl Health {
    /// Tries these; `engines` names those that are there.
    pub(crate) fn new(
        calls: Calls,
        engines: String,
        transcription: Transcription,
        espeak: String,
        data: PathBuf,
        secretaries: Arc<Secretaries>,
        kept: Kept,
    ) -> Self {
        Self {
            calls,
            engines,
            transcription,
            espeak,
            data,
            secretaries,
            kept,
            certificate: None,
            controlled: None,
            servers: Servers::default(),
            trial: Semaphore::new(1),
            spoken: Mutex::default(),
        }
    }

    /// The same with the certificate that serves.
    pub(crate) fn certified(self, certificate: Option<Arc<Certificate>>) -> Self {
        Self { certificate, ..self }
    }

    /// The same with the FreeSWITCHes.
    pub(crate) fn controlling(self, controlled: Controlled) -> Self {
        let controlled = Some(controlled);
        Self { controlled, ..self }
    }

    /// The same with the MCP servers.
    pub(crate) fn served_by(self, servers: Servers) -> Self {
        Self { servers, ..self }
    }

    /// The process answers.
    pub(crate) fn live(&self) -> Response<Body> {
        json(StatusCode::OK, &serde_json::json!({ "live": true }))
    }

    /// 200 if calls can be carried, else 503; never why, as that names folders, domains and secretaries of all tenants.
    pub(crate) async fn ready(&self) -> Response<Body> {
        let ready = carries_calls(&self.checks().await);
        json(status(ready), &serde_json::json!({ "ready": ready }))
    }

    /// The same with what was tried, for the operator.
    pub(crate) async fn ready_in_detail(&self) -> Response<Body> {
        let checks = self.checks().await;
        let ready = carries_calls(&checks);
        let domains: Vec<_> = self.secretaries.snapshot().domains.keys().copied().collect();
        let body = serde_json::json!({
            "ready": ready, "version": env!("CARGO_PKG_VERSION"), "calls": self.calls.live(), "domains": domains, "checks": checks,
        });
        json(status(ready), &body)
    }

    async fn checks(&self) -> Vec<Check> {
        let _one_at_a_time = self.trial.acquire().await;
        let mut checks = vec![
            self.draining(),
            Check::new("engines", State::Ok, self.engines.clone()),
            self.speech_to_text(),
            self.text_to_speech().await,
            self.data().await,
            keeping::recorder(self.calls.recorder()),
            self.secretaries(),
            keeping::journal(&self.kept.keeper.state()),
            keeping::webhooks(&self.kept.outbox),
        ];
        checks.extend(self.certificate.as_deref().map(certificate));
        checks.extend(self.controlled.iter().flat_map(Controlled::checks));
        checks.extend(mcp::checks(&self.servers));
        checks
    }

    fn secretaries(&self) -> Check {
        const NAME: &str = "secretaries";
        let version = &self.secretaries.snapshot().version;
        let wrong = self.secretaries.wrong();
        if wrong.is_empty() {
            return Check::new(NAME, State::Ok, format!("version {version}"));
        }
        let detail = format!(
            "version {version} stays until this is mended: {}",
            wrong.join(" | ")
        );
        Check::new(NAME, State::Degraded, detail)
    }

    fn draining(&self) -> Check {
        if self.calls.draining() {
            return Check::new(
                "calls",
                State::Failed,
                "the node is draining and takes no new call",
            );
        }
        Check::new("calls", State::Ok, "new calls are taken")
    }

    fn speech_to_text(&self) -> Check {
        const NAME: &str = "speech_to_text";
        let Transcription::Workers { model, file, pool } = &self.transcription else {
            return Check::new(NAME, State::Degraded, self.transcription.to_string());
        };
        if !file.is_file() {
            let detail = format!(
                "{} is gone; `voice-ai models install {model}` fetches it again",
                file.display()
            );
            return Check::new(NAME, State::Degraded, detail);
        }
        let state = pool.state();
        let detail = format!(
            "{model}: {} at work, {} utterances waiting, {} workers lost so far",
            state.busy, state.waiting, state.failures
        );
        Check::new(NAME, State::Ok, detail)
    }

    async fn text_to_speech(&self) -> Check {
        const NAME: &str = "text_to_speech";
        match self.espeak_version().await {
            Ok(version) => Check::new(NAME, State::Ok, version),
            Err(reason) => {
                let detail = format!(
                    "{}: {reason}; `apt-get install espeak-ng` installs it",
                    self.espeak
                );
                Check::new(NAME, State::Failed, detail)
            }
        }
    }

    /// Of the last trial, while that is fresh.
    async fn espeak_version(&self) -> Result<String, String> {
        let mut spoken = self.spoken.lock().await;
        if let Some((at, told)) = &*spoken
            && at.elapsed() < FRESH
        {
            return told.clone();
        }
        let told = version(&self.espeak).await;
        *spoken = Some((Instant::now(), told.clone()));
        told
    }

    async fn data(&self) -> Check {
        const NAME: &str = "data";
        let folder = self.data.clone();
        let tried = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&folder)?;
            let trial = folder.join(".ready");
            // Not empty: a full disk takes an empty file.
            std::fs::write(&trial, b"ready\n")?;
            std::fs::remove_file(&trial)
        })
        .await
        .unwrap_or_else(|panic| Err(std::io::Error::other(panic)));
        match tried {
            Ok(()) => Check::new(NAME, State::Ok, format!("{} can be written", self.data.display())),
            Err(error) => {
                let detail = format!(
                    "{}: {error}; messages would be lost: set data.dir to a folder that this user may write",
                    self.data.display()
                );
                Check::new(NAME, State::Failed, detail)
            }
        }
    }
}

fn certificate(certificate: &Certificate) -> Check {
    const NAME: &str = "certificate";
    match certificate.wrong() {
        None => Check::new(
            NAME,
            State::Ok,
            format!("{} serves", certificate.file().display()),
        ),
        Some(error) => {
            let detail = format!("the former one serves until this is mended: {error}");
            Check::new(NAME, State::Degraded, detail)
        }
    }
}

fn carries_calls(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.state != State::Failed)
}

fn status(ready: bool) -> StatusCode {
    if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

/// The first line that a program prints for `--version`.
pub(crate) async fn version(program: &str) -> Result<String, String> {
    let run = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, run)
        .await
        .map_err(|_| format!("it did not tell its version within {} s", PATIENCE.as_secs()))?
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("it ended with {}", output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}
