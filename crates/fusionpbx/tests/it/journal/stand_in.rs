//! What is outside of a journal, as a test has it: a real database, and the rest as files, so that all of it can be compared.

use fusionpbx::journal::Outside;
use fusionpbx::{Host, SwitchChange, Text, UnitState};
use sqlx::{Connection as _, PgConnection, PgPool};
use std::fs;
use std::io;
use std::path::PathBuf;
use tokio::sync::OnceCell;

/// The unit's file, without which nobody can start or stop it.
pub(crate) const UNIT: &str = "/etc/systemd/system/voice-ai-realtime.service";

/// The rest of the world.
pub(crate) struct StandIn {
    host: Host,
    url: String,
    pool: OnceCell<PgPool>,
}

impl StandIn {
    pub(crate) fn new(host: Host, url: &str) -> Self {
        Self {
            host,
            url: url.into(),
            pool: OnceCell::new(),
        }
    }

    /// Where a cache key is kept, as FusionPBX's Lua names it.
    fn key(&self, key: &str) -> PathBuf {
        self.host
            .path(format!("/var/cache/fusionpbx/{}", key.replace(':', ".")))
    }

    /// FreeSWITCH answers as long as its folder is there.
    fn switch(&self, file: &str, text: &str) -> Result<(), Text> {
        let path = self.host.path(format!("/switch/{file}"));
        fs::write(path, text).map_err(|error| Text::plain(format!("FreeSWITCH: {error}")))
    }
}

impl Outside for StandIn {
    async fn database(&self) -> Result<PgPool, Text> {
        let failed = |error: sqlx::Error| Text::plain(error.to_string());
        let connect = async || {
            // A pool would try again for its whole patience where nobody listens.
            PgConnection::connect(&self.url).await?.close().await?;
            PgPool::connect(&self.url).await
        };
        let pool = self.pool.get_or_try_init(connect).await;
        pool.cloned().map_err(failed)
    }

    async fn clear_cache(&self, key: &str) -> Result<(), Text> {
        match fs::remove_file(self.key(key)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Text::plain(error.to_string())),
            _ => Ok(()),
        }
    }

    async fn tell_switch(&self, change: &SwitchChange) -> Result<(), Text> {
        match change {
            SwitchChange::ReloadXml => self.switch("read", "XML"),
            SwitchChange::Load(module) => self.switch(module, "loaded"),
        }
    }

    async fn run_unit(&self, run: bool) -> Result<(), Text> {
        if !self.host.path(UNIT).exists() {
            return Err(Text::plain("Unit file voice-ai-realtime.service does not exist."));
        }
        self.switch("unit", if run { "runs" } else { "is stopped" })
    }

    async fn unit(&self) -> Option<UnitState> {
        let told = fs::read_to_string(self.host.path("/switch/unit")).ok()?;
        Some(UnitState {
            enabled: told == "runs" || told == "is enabled",
            active: told == "runs" || told == "is active",
        })
    }

    async fn restore_unit(&self, state: UnitState) -> Result<(), Text> {
        if state.active && !self.host.path(UNIT).exists() {
            return Err(Text::plain("Unit file voice-ai-realtime.service does not exist."));
        }
        let told = match (state.enabled, state.active) {
            (true, true) => "runs",
            (true, false) => "is enabled",
            (false, true) => "is active",
            (false, false) => "is stopped",
        };
        self.switch("unit", told)
    }

    async fn forget_unit(&self) -> Result<(), Text> {
        if self.host.path(UNIT).exists() {
            return Err(Text::plain("the unit's file is still there"));
        }
        self.switch("forgotten", "the unit")
    }
}
