//! Finished recordings as Opus, made by a program of the operator's choice in a process of its own.

use crate::place::unfinished;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often it is looked whether the program has ended.
const LOOK: Duration = Duration::from_millis(50);

/// How long the program may take: opusenc needs less than a minute for an hour of speech. One that hangs must not hold up the others.
const LIMIT: Duration = Duration::from_secs(10 * 60);

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
                if let Err(error) = encode(&program, &wav, &stopped, LIMIT) {
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
    #[error("{program} had not ended after {} s and was killed: run it by hand on the file to see why", limit.as_secs())]
    Slow { program: String, limit: Duration },
    #[error("the service ends")]
    Stopped,
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
}

/// Encodes, and removes the WAV when that has succeeded.
fn encode(program: &str, wav: &Path, stopped: &mpsc::Receiver<()>, limit: Duration) -> Result<(), OpusError> {
    let opus = wav.with_extension("opus");
    let part = unfinished(&opus);
    let file = |path: &Path, source| OpusError::File {
        path: path.to_owned(),
        source,
    };
    // Made by us first, so that it is nobody else's to read.
    crate::disk::create(&part).map_err(|source| file(&part, source))?;
    let encoded = run(program, wav, &part, stopped, limit)
        .and_then(|()| std::fs::rename(&part, &opus).map_err(|source| file(&opus, source)));
    if let Err(error) = encoded {
        // Half an encoding is of no use; if it cannot be removed, the next repair does it.
        let _ = std::fs::remove_file(&part);
        return Err(error);
    }
    std::fs::remove_file(wav).map_err(|source| file(wav, source))
}

fn run(
    program: &str,
    wav: &Path,
    to: &Path,
    stopped: &mpsc::Receiver<()>,
    limit: Duration,
) -> Result<(), OpusError> {
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
    let program = program.to_owned();
    match ended(&mut child, stopped, limit).map_err(failed)? {
        End::Itself(status) if status.success() => Ok(()),
        End::Itself(status) => Err(OpusError::Failed { program, status }),
        End::Slow => Err(OpusError::Slow { program, limit }),
        End::Stopped => Err(OpusError::Stopped),
    }
}

/// How a program came to its end.
enum End {
    /// By itself.
    Itself(ExitStatus),
    /// It was killed because it took too long.
    Slow,
    /// It was killed because the service ends.
    Stopped,
}

/// Waits for the program's end, or brings it about.
fn ended(child: &mut Child, stopped: &mpsc::Receiver<()>, limit: Duration) -> std::io::Result<End> {
    let begun = Instant::now();
    let end = loop {
        if let Some(status) = child.try_wait()? {
            return Ok(End::Itself(status));
        }
        if stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Disconnected) {
            break End::Stopped;
        }
        if begun.elapsed() >= limit {
            break End::Slow;
        }
    };
    child.kill()?;
    child.wait()?;
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn an_encoder_that_hangs_is_killed_and_the_wav_stays() {
        let folder = tempfile::TempDir::new().unwrap();
        let program = folder.path().join("hangs");
        std::fs::write(&program, "#!/bin/sh\nexec sleep 600\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let wav = folder.path().join("call.wav");
        std::fs::write(&wav, "sound").unwrap();
        let (_going, stopped) = mpsc::channel();
        let program = program.display().to_string();
        let error = encode(&program, &wav, &stopped, Duration::from_millis(100)).unwrap_err();
        assert!(matches!(error, OpusError::Slow { .. }), "{error}");
        assert!(error.to_string().contains("was killed"), "{error}");
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!((left, wav.exists()), (2, true), "the program and the WAV");
    }
}
