//! What a journal reaches in reality: the database, the cache, FreeSWITCH and systemd of a machine.

mod systemd;

use crate::database::Database;
use crate::journal::Outside;
use crate::settings::{EventSocket, Settings};
use crate::{Host, SwitchChange, Text, UnitState, Unread, cache};
use freeswitch::{CacheKey, Console, ModuleName, Password};
use sqlx::PgPool;
use std::path::Path;
use std::time::Duration;
use systemd::Systemd;
use tokio::sync::OnceCell;

/// How long a connection or one answer of FreeSWITCH may take. Loading a module takes the longest.
const PATIENCE: Duration = Duration::from_secs(5);

/// A machine with FusionPBX.
#[derive(Debug)]
pub struct Reality {
    host: Host,
    settings: Settings,
    event_socket: EventSocket,
    pool: OnceCell<PgPool>,
    systemd: Systemd,
}

impl Reality {
    /// The machine, as its FusionPBX says how things are reached.
    pub fn new(host: Host, settings: Settings, event_socket: EventSocket) -> Self {
        Self {
            host,
            settings,
            event_socket,
            pool: OnceCell::new(),
            systemd: Systemd::default(),
        }
    }

    /// A connection to FreeSWITCH.
    ///
    /// # Errors
    /// Why there is none, and what helps.
    pub async fn console(&self) -> Result<Console, Text> {
        let settings = freeswitch::Settings {
            name: format!("{}:{}", self.event_socket.host, self.event_socket.port),
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
        match run {
            true => self.systemd.run().await,
            false => self.systemd.stop().await,
        }
    }

    async fn unit(&self) -> Option<UnitState> {
        match has_systemd(&self.host) {
            true => self.systemd.state().await,
            false => None,
        }
    }

    async fn restore_unit(&self, state: UnitState) -> Result<(), Text> {
        self.systemd.restore(state).await
    }

    async fn forget_unit(&self) -> Result<(), Text> {
        match has_systemd(&self.host) {
            true => self.systemd.forget().await,
            false => Ok(()),
        }
    }
}

/// Whether systemd runs the machine that this is.
fn has_systemd(host: &Host) -> bool {
    host.is_here() && Path::new("/run/systemd/system").is_dir()
}
