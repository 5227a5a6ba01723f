//! What can go wrong with the database, and what to do then.

use crate::settings::DatabaseSettings;
use crate::{Lang, Text, Unread};
use std::fmt;
use std::io;
use std::time::Duration;

/// Why the database could not be read. No message has a password.
#[derive(Debug, thiserror::Error)]
pub struct DatabaseError {
    /// Where it is: host and port, or the folder of its socket.
    pub place: String,
    /// What went wrong.
    #[source]
    pub reason: Reason,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// Nothing listens there.
    #[error("nothing listens")]
    Refused,
    /// The way there is not found or not open.
    #[error(transparent)]
    Unreachable(io::Error),
    /// It takes longer than this.
    #[error("no answer within {0:?}")]
    Slow(Duration),
    /// The password of this role is another.
    #[error("wrong password of {0}")]
    WrongPassword(String),
    /// There is no role of this name.
    #[error("no role {0}")]
    NoRole(String),
    /// There is no database of this name.
    #[error("no database {0}")]
    NoDatabase(String),
    /// `pg_hba.conf` does not let this role in from here.
    #[error("pg_hba.conf refuses {0}")]
    NotLetIn(String),
    /// TLS did not come about, in the library's words.
    #[error("TLS: {0}")]
    Tls(String),
    /// It starts, stops, or has no connection left, in its own words.
    #[error("{0}")]
    Busy(String),
    /// The role may not read something, in the database's words.
    #[error("{0}")]
    Denied(String),
    /// A table (`v_domains`) or a column (`v_domains.domain_name`) is not there.
    #[error("no {0}")]
    Schema(String),
    /// Anything else.
    #[error(transparent)]
    Failed(sqlx::Error),
}

impl DatabaseError {
    pub(super) fn new(place: &str, reason: Reason) -> Self {
        Self {
            place: place.into(),
            reason,
        }
    }

    /// Sorts what became of connecting.
    pub(super) fn of_connecting(place: &str, settings: &DatabaseSettings, error: sqlx::Error) -> Self {
        let user = || settings.user.clone();
        let reason = match code(&error).as_deref() {
            Some("28P01") => Reason::WrongPassword(user()),
            // Both are "invalid_authorization_specification", in the language of the server; the name of the file stays.
            Some("28000") if error.to_string().contains("pg_hba.conf") => Reason::NotLetIn(user()),
            Some("28000") => Reason::NoRole(user()),
            Some("3D000") => Reason::NoDatabase(settings.name.clone()),
            _ => Reason::from(error),
        };
        Self::new(place, reason)
    }

    /// The message for operators.
    pub fn text(&self) -> Text {
        let place = &self.place;
        match &self.reason {
            Reason::Refused => Text::new(
                format!(
                    "nothing listens at the database's address {place}: systemctl status postgresql, and database.0.host and \
                     port of config.conf"
                ),
                format!(
                    "nada escuta no endereço do banco de dados {place}: systemctl status postgresql, e database.0.host e port \
                     do config.conf"
                ),
            ),
            Reason::Unreachable(error) => Text::new(
                format!(
                    "the database at {place} is not reached: {error}; see database.0.host of config.conf"
                ),
                format!(
                    "não se chega ao banco de dados em {place}: {error}; veja database.0.host do config.conf"
                ),
            ),
            Reason::Slow(patience) => {
                let seconds = patience.as_secs();
                Text::new(
                    format!(
                        "the database at {place} has not answered within {seconds} s: a firewall, or a server that is overloaded"
                    ),
                    format!(
                        "o banco de dados em {place} não respondeu em {seconds} s: um firewall, ou um servidor sobrecarregado"
                    ),
                )
            }
            Reason::WrongPassword(user) => Text::new(
                format!(
                    "the database at {place} refuses the password of {user}: database.0.password of config.conf is to be the \
                     one of ALTER ROLE {user} PASSWORD"
                ),
                format!(
                    "o banco de dados em {place} recusa a senha de {user}: database.0.password do config.conf deve ser a de \
                     ALTER ROLE {user} PASSWORD"
                ),
            ),
            Reason::NoRole(user) => Text::new(
                format!(
                    "the database at {place} does not let {user} in: there is no such role, or it needs another way to log \
                     in; see database.0.username of config.conf"
                ),
                format!(
                    "o banco de dados em {place} não aceita {user}: esse usuário não existe, ou precisa de outra forma de \
                     entrar; veja database.0.username do config.conf"
                ),
            ),
            Reason::NoDatabase(name) => Text::new(
                format!(
                    "there is no database {name} at {place}: see database.0.name of config.conf, and psql -l"
                ),
                format!(
                    "não existe o banco de dados {name} em {place}: veja database.0.name do config.conf, e psql -l"
                ),
            ),
            Reason::NotLetIn(user) => Text::new(
                format!(
                    "pg_hba.conf of the database at {place} does not let {user} in from this machine: add a line for it, then \
                     systemctl reload postgresql"
                ),
                format!(
                    "o pg_hba.conf do banco de dados em {place} não permite {user} a partir desta máquina: acrescente uma \
                     linha, depois systemctl reload postgresql"
                ),
            ),
            Reason::Tls(error) => Text::new(
                format!(
                    "no TLS with the database at {place}: {error}; see database.0.sslmode of config.conf (prefer is usual), \
                     and ssl of postgresql.conf"
                ),
                format!(
                    "sem TLS com o banco de dados em {place}: {error}; veja database.0.sslmode do config.conf (o usual é \
                     prefer), e ssl do postgresql.conf"
                ),
            ),
            Reason::Busy(said) => Text::new(
                format!(
                    "the database at {place} takes nobody now ({said}): wait a moment; if it stays, systemctl status \
                     postgresql, and max_connections"
                ),
                format!(
                    "o banco de dados em {place} não aceita ninguém agora ({said}): espere um momento; se continuar, \
                     systemctl status postgresql, e max_connections"
                ),
            ),
            Reason::Denied(said) => Text::new(
                format!(
                    "the database at {place} does not let us read ({said}): the tables are to belong to database.0.username \
                     of config.conf"
                ),
                format!(
                    "o banco de dados em {place} não nos deixa ler ({said}): as tabelas devem pertencer a database.0.username \
                     do config.conf"
                ),
            ),
            Reason::Schema(missing) => Text::new(
                format!(
                    "the database at {place} has no {missing}: it is no FusionPBX's, or one whose schema needs an upgrade \
                     (php core/upgrade/upgrade.php)"
                ),
                format!(
                    "o banco de dados em {place} não tem {missing}: não é de um FusionPBX, ou o esquema precisa de \
                     atualização (php core/upgrade/upgrade.php)"
                ),
            ),
            Reason::Failed(error) => Text::new(
                format!("the database at {place} failed: {error}; see PostgreSQL's log"),
                format!("o banco de dados em {place} falhou: {error}; veja o log do PostgreSQL"),
            ),
        }
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().in_lang(Lang::En))
    }
}

impl From<&DatabaseError> for Unread {
    fn from(error: &DatabaseError) -> Self {
        Self(error.text())
    }
}

impl From<sqlx::Error> for Reason {
    fn from(error: sqlx::Error) -> Self {
        let said = |error: &sqlx::Error| {
            let message = error.as_database_error().map(|error| error.message().to_owned());
            message.unwrap_or_else(|| error.to_string())
        };
        match code(&error).as_deref() {
            // Too many connections, and "cannot connect now" of a server that starts or stops.
            Some("53300" | "57P01" | "57P03") => return Self::Busy(said(&error)),
            Some("42501") => return Self::Denied(said(&error)),
            Some("42P01" | "42703") => return Self::Schema(said(&error)),
            _ => {}
        }
        match error {
            // Of a socket whose server does not run the file is there, or it is not.
            sqlx::Error::Io(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound
                ) =>
            {
                Self::Refused
            }
            sqlx::Error::Io(error) => Self::Unreachable(error),
            sqlx::Error::Tls(error) => Self::Tls(error.to_string()),
            sqlx::Error::PoolTimedOut => Self::Slow(super::PATIENCE),
            other => Self::Failed(other),
        }
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    let code = error.as_database_error()?.code()?;
    Some(code.into_owned())
}
