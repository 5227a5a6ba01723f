//! Finished recordings as Opus, made by a program of the operator's choice in a process of its own.

use crate::place::unfinished;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often it is looked whether the program has ended.
const LOOK: Duration = Duration::from_millis(50);

/// Encodes one recording after the other, on a thread of its own.
pub(crate) struct Encoder {
    waiting: mpsc::Sender<PathBuf>,
    /// Dropped to stop.
    going: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

impl Encoder {
    /// An encoder by this program, which takes `--quiet IN.wav OUT.opus` as opusenc does.
    pub(crate) fn start(program: String) -> std::io::Result<Self> {
        let (waiting, wavs) = mpsc::channel::<PathBuf>();
        let (going, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new().name("opus".into()).spawn(move || {
            for wav in wavs {
                if let Err(error) = encode(&program, &wav, &stopped) {
                    tracing::warn!(wav = %wav.display(), %error, "a recording stays a WAV");
                }
            }
        })?;
        Ok(Self {
            waiting,
            going,
            thread,
        })
    }

    /// Has a recording encoded, in its turn.
    pub(crate) fn encode(&self, wav: PathBuf) {
        // The thread lives as long as this does.
        let _ = self.waiting.send(wav);
    }

    /// Ends: what is being encoded or still waits stays a WAV.
    pub(crate) fn stop(self) {
        drop(self.going);
        drop(self.waiting);
        if self.thread.join().is_err() {
            tracing::error!("the Opus encoder failed by a fault of ours");
        }
    }
}

/// Why a recording was not encoded.
#[derive(Debug, thiserror::Error)]
enum OpusError {
    #[error(
        "{program} cannot be run ({source}): install it (Debian: opus-tools) or set recording.opus = \"\""
    )]
    Run { program: String, source: std::io::Error },
    #[error("{program} ended with {status}: run it by hand on the file to see why")]
    Failed { program: String, status: ExitStatus },
    #[error("the service ends")]
    Stopped,
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
}

/// Encodes, and removes the WAV when that has succeeded.
fn encode(program: &str, wav: &Path, stopped: &mpsc::Receiver<()>) -> Result<(), OpusError> {
    let opus = wav.with_extension("opus");
    let part = unfinished(&opus);
    let file = |path: &Path, source| OpusError::File {
        path: path.to_owned(),
        source,
    };
    // Made by us first, so that it is nobody else's to read.
    crate::disk::create(&part).map_err(|source| file(&part, source))?;
    let encoded = run(program, wav, &part, stopped)
        .and_then(|()| std::fs::rename(&part, &opus).map_err(|source| file(&opus, source)));
    if let Err(error) = encoded {
        // Half an encoding is of no use; if it cannot be removed, the next repair does it.
        let _ = std::fs::remove_file(&part);
        return Err(error);
    }
    std::fs::remove_file(wav).map_err(|source| file(wav, source))
}

fn run(program: &str, wav: &Path, to: &Path, stopped: &mpsc::Receiver<()>) -> Result<(), OpusError> {
    let failed = |source| OpusError::Run {
        program: program.to_owned(),
        source,
    };
    let mut child = Command::new(program)
        .arg("--quiet")
        .arg(wav)
        .arg(to)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    match ended(&mut child, stopped).map_err(failed)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(OpusError::Failed {
            program: program.to_owned(),
            status,
        }),
        None => Err(OpusError::Stopped),
    }
}

/// Waits for the program's end; none if it was ended because the service ends.
fn ended(child: &mut Child, stopped: &mpsc::Receiver<()>) -> std::io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Disconnected) {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
    }
}
