//! What administrators ask and tell: folders, modules, the clock, FusionPBX's cache in memcached.

use super::FreeSwitch;
use super::applications::KNOWN;
use super::exchange::Exchange;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What administration changes.
#[derive(Debug)]
pub(super) struct Administration {
    globals: BTreeMap<String, String>,
    loaded: BTreeSet<String>,
    loadable: BTreeSet<String>,
    unloaded: BTreeSet<String>,
    memcached: BTreeSet<String>,
    /// How far the clock is ahead, in milliseconds.
    ahead_ms: i64,
}

impl Default for Administration {
    /// The folders of the Debian package.
    fn default() -> Self {
        let globals = [
            ("hold_music", "local_stream://moh"),
            ("recordings_dir", "/var/lib/freeswitch/recordings"),
            ("mod_dir", "/usr/lib/freeswitch/mod"),
            ("script_dir", "/usr/share/freeswitch/scripts"),
            ("conf_dir", "/etc/freeswitch"),
            ("log_dir", "/var/log/freeswitch"),
        ];
        Self {
            globals: globals
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            loaded: BTreeSet::new(),
            loadable: BTreeSet::new(),
            unloaded: BTreeSet::new(),
            memcached: BTreeSet::new(),
            ahead_ms: 0,
        }
    }
}

impl FreeSwitch {
    /// Gives a global variable another value; `""` is none.
    pub fn global(&self, name: &str, value: &str) {
        let mut inner = self.exchange.inner();
        let globals = &mut inner.administration.globals;
        globals.insert(name.to_owned(), value.to_owned());
    }

    /// `load` finds this module from now on.
    pub fn loadable(&self, module: &str) {
        let mut inner = self.exchange.inner();
        inner.administration.loadable.insert(module.to_owned());
    }

    /// A module is not loaded any more.
    pub fn unload(&self, module: &str) {
        let mut inner = self.exchange.inner();
        inner.administration.loaded.remove(module);
        inner.administration.unloaded.insert(module.to_owned());
    }

    /// Something is kept in memcached under this key.
    pub fn remember(&self, key: &str) {
        let mut inner = self.exchange.inner();
        inner.administration.memcached.insert(key.to_owned());
    }

    /// Whether it still is.
    pub fn remembers(&self, key: &str) -> bool {
        self.exchange.inner().administration.memcached.contains(key)
    }

    /// Sets the clock ahead (+) or back (−), in milliseconds.
    pub fn set_clock(&self, ahead_ms: i64) {
        self.exchange.inner().administration.ahead_ms = ahead_ms;
    }
}

impl Exchange {
    pub(super) fn global(&self, name: &str) -> String {
        let inner = self.inner();
        let value = inner.administration.globals.get(name);
        value.cloned().unwrap_or_default()
    }

    pub(super) fn module_exists(&self, module: &str) -> bool {
        let core = [
            "mod_sofia",
            "mod_event_socket",
            "mod_dptools",
            "mod_commands",
            "mod_loopback",
            "mod_lua",
        ];
        let inner = self.inner();
        if inner.administration.unloaded.contains(module) {
            return false;
        }
        core.contains(&module)
            || inner.administration.loaded.contains(module)
            || self.setup.modules.iter().any(|known| known == module)
            || (module == "mod_audio_stream" && self.setup.stream.is_some())
    }

    /// `load`: it reads its XML again first and says +OK to that; what became of the module follows.
    pub(super) fn load(&self, module: &str) -> String {
        let became = if self.module_exists(module) {
            "-ERR [Module already loaded]\n"
        } else if self.inner().administration.loadable.contains(module) {
            let mut inner = self.inner();
            inner.administration.unloaded.remove(module);
            inner.administration.loaded.insert(module.to_owned());
            "+OK\n"
        } else {
            "-ERR [module load file routine returned an error]\n"
        };
        format!("+OK Reloading XML\n{became}")
    }

    /// `memcache delete <key>`, where mod_memcache is loaded.
    pub(super) fn memcache(&self, arguments: &str) -> String {
        if !self.module_exists("mod_memcache") {
            return format!("-ERR memcache {arguments} Command not found!\n");
        }
        let Some(("delete", key)) = arguments.split_once(' ') else {
            return "-ERR\nmemcache <set|replace|add> <key> <value> [expiration] [flags]\n".to_owned();
        };
        if self.inner().administration.memcached.remove(key) {
            "+OK\n".to_owned()
        } else {
            "-ERR NOT FOUND\n".to_owned()
        }
    }

    /// `strepoch` and `strmicroepoch`: since 1970, in the unit asked for.
    pub(super) fn epoch(&self, unit: Duration) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let ahead = self.inner().administration.ahead_ms;
        let ms = Duration::from_millis(ahead.unsigned_abs());
        let told = if ahead < 0 {
            now.saturating_sub(ms)
        } else {
            now + ms
        };
        (told.as_micros() / unit.as_micros()).to_string()
    }

    /// `show application as json`.
    pub(super) fn applications_json(&self) -> String {
        let rows: Vec<_> = KNOWN
            .iter()
            .map(|name| json!({"name": name, "description": "", "syntax": "", "ikey": "mod_dptools"}))
            .collect();
        format!("{}\n", json!({"row_count": rows.len(), "rows": rows}))
    }
}
