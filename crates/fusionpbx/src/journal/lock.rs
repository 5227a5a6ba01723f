//! The lock that lets one command of a host change things at a time.

use super::{JournalError, Watch};
use crate::Text;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often a lock that another command holds is tried.
const TRY_EVERY: Duration = Duration::from_millis(100);

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process.
    pub pid: u32,
    /// What it was started as.
    pub command: String,
    /// Since when, in UTC: `2026-11-23T15:51:33Z`.
    pub since: String,
}

impl Holder {
    /// What to tell who has to wait.
    pub fn text(&self) -> Text {
        let Self { pid, command, since } = self;
        if *pid == 0 {
            return Text::new(
                "another command is changing things on this machine; wait for its end and run this one again",
                "outro comando está mudando coisas nesta máquina; espere o fim dele e execute este de novo",
            );
        }
        Text::new(
            format!(
                "`{command}` (process {pid}) has been changing things on this machine since {since}; wait for its end and run this \
                 command again"
            ),
            format!(
                "`{command}` (processo {pid}) está mudando coisas nesta máquina desde {since}; espere o fim dele e execute este \
                 comando de novo"
            ),
        )
    }
}

/// A lock that this process holds until it is dropped, or ends however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a file, for which another command is waited for so long.
    pub(super) async fn take(
        path: &Path,
        command: &str,
        limit: Duration,
        watch: &mut dyn Watch,
    ) -> Result<Self, JournalError> {
        let failed = |source| JournalError::Io {
            path: path.into(),
            source,
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        let end = Instant::now() + limit;
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => return Err(failed(source)),
                Err(TryLockError::WouldBlock) if Instant::now() >= end => {
                    return Err(JournalError::Held(holder(path)));
                }
                Err(TryLockError::WouldBlock) => {}
            }
            if !told {
                watch.told(&holder(path).text());
                told = true;
            }
            sleep(TRY_EVERY).await;
        }
        sign(&file, command).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// Whoever signed last. One that has taken the lock a moment ago has not signed yet: process 0.
fn holder(path: &Path) -> Holder {
    fs::read_to_string(path)
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_else(|| Holder {
            pid: 0,
            command: String::new(),
            since: String::new(),
        })
}

fn sign(mut file: &File, command: &str) -> std::io::Result<()> {
    let holder = Holder {
        pid: std::process::id(),
        command: command.into(),
        since: super::now(),
    };
    file.set_len(0)?;
    file.write_all(serde_json::to_string(&holder)?.as_bytes())
}
