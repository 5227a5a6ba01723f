//! Where a FreeSWITCH is and how it is spoken to.

use std::fmt;
use std::time::Duration;

/// How to reach the event socket of a FreeSWITCH.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name in the configuration, in logs and metrics.
    pub name: String,
    /// Host name or address.
    pub host: String,
    /// The port of mod_event_socket; 8021 as delivered.
    pub port: u16,
    /// The password of event_socket.conf.xml.
    pub password: Password,
    /// How long a connection or the answer to a command may take.
    pub patience: Duration,
    /// The longest pause between two attempts to connect; the first is a twentieth of it.
    pub longest_pause: Duration,
}

/// A password that shows itself nowhere.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Wraps a password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the wire alone.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}
