//! What a journal reaches in reality: the database, the cache, FreeSWITCH and systemd of a machine.

use crate::database::Database;
use crate::journal::Outside;
use crate::settings::{EventSocket, Settings};
use crate::{Host, SwitchChange, Text, Unread, cache};
use freeswitch::{CacheKey, Console, ModuleName, Password};
use sqlx::PgPool;
use std::path::Path;
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::OnceCell;

/// The service's unit.
const UNIT: &str = "voice-ai-realtime.service";

/// How long a connection or one answer of FreeSWITCH may take. Loading a module takes the longest.
const PATIENCE: Duration = Duration::from_secs(5);

/// A machine with FusionPBX.
#[derive(Debug)]
pub struct Reality {
    host: Host,
    settings: Settings,
    event_socket: EventSocket,
    pool: OnceCell<PgPool>,
}

impl Reality {
    /// The machine, as its FusionPBX says how things are reached.
    pub fn new(host: Host, settings: Settings, event_socket: EventSocket) -> Self {
        Self {
            host,
            settings,
            event_socket,
            pool: OnceCell::new(),
        }
    }

    /// A connection to FreeSWITCH.
    ///
    /// # Errors
    /// Why there is none, and what helps.
    pub async fn console(&self) -> Result<Console, Text> {
        let settings = freeswitch::Settings {
            name: "FusionPBX".into(),
            host: self.event_socket.host.clone(),
            port: self.event_socket.port,
            password: Password::new(self.event_socket.password.reveal()),
            patience: PATIENCE,
            longest_pause: PATIENCE,
        };
        Console::connect(&settings).await.map_err(|state| {
            let place = format!("{}:{}", self.event_socket.host, self.event_socket.port);
            Text::new(
                format!("FreeSWITCH's event socket at {place} could not be used ({state}); voice-ai doctor tells more"),
                format!("o event socket do FreeSWITCH em {place} não pôde ser usado ({state}); voice-ai doctor diz mais"),
            )
        })
    }
}

impl Outside for Reality {
    async fn database(&self) -> Result<PgPool, Text> {
        let connect = async || {
            let database = Database::connect(&self.settings.database).await;
            database.map(|database| database.pool().clone())
        };
        let pool = self.pool.get_or_try_init(connect).await;
        pool.cloned().map_err(|error| Unread::from(&error).0)
    }

    async fn clear_cache(&self, key: &str) -> Result<(), Text> {
        let key = CacheKey::parse(key).map_err(|error| Text::plain(error.to_string()))?;
        // Without FreeSWITCH files are cleared all the same.
        let mut console = self.console().await.ok();
        let cleared = cache::clear(&self.settings.lua_cache, &self.host, &[key], console.as_mut()).await;
        for cleared in cleared {
            cleared.removed.map_err(|error| error.text())?;
        }
        Ok(())
    }

    async fn tell_switch(&self, change: &SwitchChange) -> Result<(), Text> {
        let mut console = self.console().await?;
        let told = match change {
            SwitchChange::ReloadXml => console.reload_xml().await,
            SwitchChange::Load(name) => {
                let name = ModuleName::parse(name).map_err(|error| Text::plain(error.to_string()))?;
                console.load(&name).await
            }
        };
        told.map_err(|error| Text::plain(error.to_string()))
    }

    async fn run_unit(&self, run: bool) -> Result<(), Text> {
        if !run {
            return systemd("systemctl", &["disable", "--now", UNIT]).await;
        }
        systemd("systemd-sysusers", &[]).await?;
        systemd("systemctl", &["daemon-reload"]).await?;
        systemd("systemctl", &["enable", UNIT]).await?;
        // One that runs already may have another configuration now.
        systemd("systemctl", &["restart", UNIT]).await
    }

    async fn forget_unit(&self) -> Result<(), Text> {
        if !has_systemd(&self.host) {
            return Ok(());
        }
        systemd("systemctl", &["daemon-reload"]).await
    }
}

/// Whether systemd runs the machine that this is.
fn has_systemd(host: &Host) -> bool {
    host.is_here() && Path::new("/run/systemd/system").is_dir()
}

/// Runs a program of systemd's.
async fn systemd(program: &str, arguments: &[&str]) -> Result<(), Text> {
    let line = format!("{program} {}", arguments.join(" "));
    let output = Command::new(program).args(arguments).output().await;
    let why = match output {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    let line = line.trim();
    Err(Text::new(
        format!("{line}: {why}; journalctl -u {UNIT} -n 50 tells more"),
        format!("{line}: {why}; journalctl -u {UNIT} -n 50 diz mais"),
    ))
}
