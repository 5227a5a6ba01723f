//! The server under load: a child process, what it uses, and its end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// A server has so long to listen.
const START: Duration = Duration::from_secs(20);
/// The unit of `/proc/PID/stat` on every Linux that this runs on (USER_HZ).
const TICKS_A_SECOND: f64 = 100.0;

/// A server that runs as a child of this process, and ends with this value.
pub struct ServerProcess {
    child: Child,
    pid: u32,
}

/// Why a server cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The program does not start.
    #[error("cannot start the server: {0}")]
    Start(std::io::Error),
    /// It ended before it listened.
    #[error("the server ended ({status}) before it listened on {address}; it wrote:\n{wrote}")]
    Ended {
        /// Where it should have listened.
        address: SocketAddr,
        /// How it ended.
        status: String,
        /// Its standard error.
        wrote: String,
    },
    /// It never listened.
    #[error("the server does not listen on {0} after {START:?}")]
    Deaf(SocketAddr),
    /// Its counters cannot be read; this needs Linux.
    #[error("cannot read {path}: {source}")]
    Counters {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl ServerProcess {
    /// Starts a server and waits until it listens. `log` gets its standard error.
    pub async fn start(mut command: Command, address: SocketAddr, log: PathBuf) -> Result<Self, ServerError> {
        let errors = std::fs::File::create(&log).map_err(ServerError::Start)?;
        command
            .kill_on_drop(true)
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null());
        let mut child = command.stderr(errors).spawn().map_err(ServerError::Start)?;
        let pid = child.id().unwrap_or_default();
        let started = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            if let Ok(Some(status)) = child.try_wait() {
                let wrote = std::fs::read_to_string(&log).unwrap_or_default();
                return Err(ServerError::Ended {
                    address,
                    status: status.to_string(),
                    wrote,
                });
            }
            if started.elapsed() > START {
                return Err(ServerError::Deaf(address));
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(Self { child, pid })
    }

    /// Ends it and waits for its end.
    pub async fn stop(mut self) {
        // It may have ended by itself, which is what is wanted.
        let _ = self.child.kill().await;
    }

    /// Its memory in RAM.
    pub(super) fn resident_kib(&self) -> Result<u64, ServerError> {
        let status = read(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        Ok(line
            .and_then(|line| line.split_whitespace().next()?.parse().ok())
            .unwrap_or_default())
    }

    /// The time on a core that it has used, in seconds.
    pub(super) fn core_seconds(&self) -> Result<f64, ServerError> {
        core_seconds(&self.pid.to_string())
    }
}

/// The time on a core that a process has used; `self` is this one.
pub(super) fn core_seconds(pid: &str) -> Result<f64, ServerError> {
    let stat = read(format!("/proc/{pid}/stat"))?;
    // The second field is the program's name in brackets, which may hold anything; utime and stime are the 14th and 15th.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    Ok(ticks / TICKS_A_SECOND)
}

fn read(path: String) -> Result<String, ServerError> {
    std::fs::read_to_string(&path).map_err(|source| ServerError::Counters {
        path: path.into(),
        source,
    })
}
