//! The service's unit, by systemd's own programs.

use crate::{Text, UnitState};
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

/// The service's unit.
const UNIT: &str = "voice-ai-realtime.service";

/// How long a service must have been up to count as running. `Type=exec` is up as soon as its program is begun; one that cannot use its
/// configuration ends within the second.
const STEADY: Duration = Duration::from_secs(2);

/// How long that may take in all. One that always ends is begun again each second.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a program of systemd's may take. Calls are finished before a service stops, which the unit limits to `TimeoutStopSec` (90 s).
const LONGEST: Duration = Duration::from_secs(180);

/// How often systemd is asked meanwhile.
const EACH: Duration = Duration::from_millis(100);

/// systemd.
#[derive(Debug)]
pub(super) struct Systemd {
    systemctl: PathBuf,
    sysusers: PathBuf,
    steady: Duration,
    patience: Duration,
    longest: Duration,
}

impl Default for Systemd {
    fn default() -> Self {
        Self {
            systemctl: "systemctl".into(),
            sysusers: "systemd-sysusers".into(),
            steady: STEADY,
            patience: PATIENCE,
            longest: LONGEST,
        }
    }
}

/// What `systemctl show` tells of the unit, by property.
struct Shown(HashMap<String, String>);

impl Shown {
    fn of(text: &str) -> Self {
        let properties = text.lines().filter_map(|line| line.split_once('='));
        Self(
            properties
                .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
                .collect(),
        )
    }

    fn property(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl Systemd {
    /// Reads the units' files again, enables and starts the service, and looks whether it stays.
    pub(super) async fn run(&self) -> Result<(), Text> {
        self.read_files().await?;
        self.systemctl(&["enable", UNIT]).await?;
        self.restart().await
    }

    /// Stops and disables the service.
    pub(super) async fn stop(&self) -> Result<(), Text> {
        self.systemctl(&["disable", "--now", UNIT]).await.map(drop)
    }

    /// Puts the unit back as it stood.
    pub(super) async fn restore(&self, state: UnitState) -> Result<(), Text> {
        if !state.enabled && !state.active {
            return self.stop().await;
        }
        self.read_files().await?;
        let enable = if state.enabled { "enable" } else { "disable" };
        self.systemctl(&[enable, UNIT]).await?;
        match state.active {
            true => self.restart().await,
            false => self.systemctl(&["stop", UNIT]).await.map(drop),
        }
    }

    /// How the unit stands; `None` where systemd does not say.
    pub(super) async fn state(&self) -> Option<UnitState> {
        let shown = self.shown().await.ok()?;
        Some(UnitState {
            enabled: shown.property("UnitFileState").starts_with("enabled"),
            active: matches!(
                shown.property("ActiveState"),
                "active" | "activating" | "reloading"
            ),
        })
    }

    /// Forgets units whose files are gone.
    pub(super) async fn forget(&self) -> Result<(), Text> {
        self.systemctl(&["daemon-reload"]).await.map(drop)
    }

    async fn read_files(&self) -> Result<(), Text> {
        told(&self.sysusers, &[], self.longest).await?;
        self.forget().await
    }

    /// Restarts the service, as one that runs already may have another configuration now.
    async fn restart(&self) -> Result<(), Text> {
        self.systemctl(&["restart", UNIT]).await?;
        let begun = Instant::now();
        let mut up: Option<(String, Instant)> = None;
        loop {
            let shown = self.shown().await?;
            let process = shown.property("MainPID");
            up = match shown.property("ActiveState") {
                "active" => up
                    .filter(|(known, _)| known == process)
                    .or_else(|| Some((process.to_owned(), Instant::now()))),
                "failed" | "inactive" => return Err(ended(&shown)),
                _ => None,
            };
            if up
                .as_ref()
                .is_some_and(|(_, since)| since.elapsed() >= self.steady)
            {
                return Ok(());
            }
            if begun.elapsed() >= self.patience {
                return Err(ended(&shown));
            }
            sleep(EACH).await;
        }
    }

    async fn shown(&self) -> Result<Shown, Text> {
        let properties = "--property=ActiveState,UnitFileState,MainPID,ExecMainStatus,Result";
        let told = self.systemctl(&["show", properties, UNIT]).await?;
        Ok(Shown::of(&told))
    }

    async fn systemctl(&self, arguments: &[&str]) -> Result<String, Text> {
        told(&self.systemctl, arguments, self.longest).await
    }
}

/// A service that ended by itself.
fn ended(shown: &Shown) -> Text {
    let (result, code) = (shown.property("Result"), shown.property("ExecMainStatus"));
    Text::new(
        format!(
            "{UNIT} was started and does not stay ({result}, exit code {code}); journalctl -u {UNIT} -n 50 tells why"
        ),
        format!(
            "{UNIT} foi iniciado e não permanece ({result}, código de saída {code}); journalctl -u {UNIT} -n 50 diz por quê"
        ),
    )
}

/// Runs a program of systemd's: what it says, or why it failed.
async fn told(program: &PathBuf, arguments: &[&str], longest: Duration) -> Result<String, Text> {
    let line = format!("{} {}", program.display(), arguments.join(" "));
    let line = line.trim();
    let output = Command::new(program).args(arguments).kill_on_drop(true).output();
    let Ok(output) = timeout(longest, output).await else {
        let seconds = longest.as_secs();
        return Err(Text::new(
            format!(
                "{line} has not ended after {seconds} s; systemctl status {UNIT} tells what it waits for"
            ),
            format!("{line} não terminou após {seconds} s; systemctl status {UNIT} diz o que ele aguarda"),
        ));
    };
    let why = match output {
        Ok(output) if output.status.success() => {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    Err(Text::new(
        format!("{line}: {why}; journalctl -u {UNIT} -n 50 tells more"),
        format!("{line}: {why}; journalctl -u {UNIT} -n 50 diz mais"),
    ))
}

#[cfg(test)]
mod tests;
