//! FusionPBX's database: what is read of it, and the connections on which the journal writes.

mod columns;
mod dialplans;
mod error;
mod numbers;
mod tables;

pub use error::{DatabaseError, Reason};

use crate::settings::{DatabaseSettings, EventSocket, Secret, TlsMode};
use crate::{ChoiceOfDialplan, DatabaseFacts};
use columns::Columns;
use secretary::DomainUuid;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool};
use std::time::Duration;

/// How long a connection may take to come about, and how long everything that is read may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// More than reading and the journal take at a time.
const CONNECTIONS: u32 = 4;

/// A database that answered.
#[derive(Debug, Clone)]
pub struct Database {
    pool: PgPool,
    place: String,
}

impl Database {
    /// Connects.
    ///
    /// # Errors
    /// Why it does not come about within 3 s, sorted, with what to do.
    pub async fn connect(settings: &DatabaseSettings) -> Result<Self, DatabaseError> {
        let place = format!("{}:{}", settings.host, settings.port);
        let options = options(settings);
        // The pool tries a refused connection again until its patience ends; the first attempt is to say what it is.
        let first = tokio::time::timeout(PATIENCE, options.connect()).await;
        let sorted = |error| DatabaseError::of_connecting(&place, settings, error);
        let first = first
            .map_err(|_| DatabaseError::new(&place, Reason::Slow(PATIENCE)))?
            .map_err(sorted)?;
        let _ = first.close().await;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .connect_lazy_with(options);
        Ok(Self { pool, place })
    }

    /// Its connections.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// All that concerns us.
    ///
    /// # Errors
    /// When a table or a column that is needed is not there, or the database fails or does not answer within 3 s.
    pub async fn facts(&self) -> Result<DatabaseFacts, DatabaseError> {
        self.patiently(self.read()).await
    }

    /// The event socket as the web pages of older versions have it, in `v_settings`; `None` where that says nothing.
    ///
    /// # Errors
    /// When the database fails or does not answer within 3 s.
    pub async fn event_socket(&self) -> Result<Option<EventSocket>, DatabaseError> {
        self.patiently(async {
            let mut connection = self.pool.acquire().await?;
            let columns = Columns::read(&mut connection).await?;
            tables::event_socket(&mut connection, &columns).await
        })
        .await
    }

    /// A domain's time zone: its own setting, else that of all domains; `None` where neither says one.
    ///
    /// # Errors
    /// When the database fails or does not answer within 3 s.
    pub async fn time_zone(&self, domain: DomainUuid) -> Result<Option<String>, DatabaseError> {
        self.patiently(async {
            let mut connection = self.pool.acquire().await?;
            let columns = Columns::read(&mut connection).await?;
            tables::time_zone(&mut connection, &columns, domain).await
        })
        .await
    }

    async fn patiently<T>(
        &self,
        reading: impl Future<Output = Result<T, Reason>>,
    ) -> Result<T, DatabaseError> {
        tokio::time::timeout(PATIENCE, reading)
            .await
            .unwrap_or(Err(Reason::Slow(PATIENCE)))
            .map_err(|reason| DatabaseError::new(&self.place, reason))
    }

    async fn read(&self) -> Result<DatabaseFacts, Reason> {
        // On one connection: another one costs more than all queries together. PostgreSQL itself sees to it that nothing is changed, and that
        // all is of one moment.
        let reading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let mut transaction = self.pool.begin_with(reading).await?;
        let facts = Self::read_all(&mut transaction).await;
        // Left to itself it would hold its locks until the connection is used again.
        transaction.rollback().await?;
        facts
    }

    async fn read_all(connection: &mut PgConnection) -> Result<DatabaseFacts, Reason> {
        let columns = Columns::read(connection).await?;
        let version = tables::version(connection, &columns).await?;
        let domains = tables::domains(connection, &columns).await?;
        let dialplans = dialplans::read(connection, &columns).await?;
        let destinations = tables::destinations(connection, &columns).await?;
        let modules = tables::modules(connection, &columns).await?;
        let defaults = tables::defaults(connection, &columns).await?;
        let numbers = numbers::read(connection, &columns).await?;
        let usual = if columns.is_boolean("v_dialplans", "dialplan_enabled") {
            ChoiceOfDialplan::Single
        } else {
            ChoiceOfDialplan::Multiple
        };
        Ok(DatabaseFacts {
            version,
            domains,
            dialplans,
            mode: defaults.mode().unwrap_or(usual),
            destinations,
            modules,
            php_cache: defaults.cache(),
            cache_rows: defaults.cache_rows(),
            switch_folders: defaults.switch_folders(),
            numbers,
        })
    }
}

fn options(settings: &DatabaseSettings) -> PgConnectOptions {
    let options = PgConnectOptions::new_without_pgpass()
        .port(settings.port)
        .username(&settings.user)
        .database(&settings.name)
        .application_name("voice-ai")
        .ssl_mode(match settings.tls {
            TlsMode::Disable => PgSslMode::Disable,
            TlsMode::Allow => PgSslMode::Allow,
            TlsMode::Prefer => PgSslMode::Prefer,
            TlsMode::Require => PgSslMode::Require,
            TlsMode::VerifyCa => PgSslMode::VerifyCa,
            TlsMode::VerifyFull => PgSslMode::VerifyFull,
        });
    let options = match settings.password.reveal() {
        "" => options,
        password => options.password(password),
    };
    if settings.host.starts_with('/') {
        options.socket(&settings.host)
    } else {
        options.host(&settings.host)
    }
}

/// A password from the database.
fn secret(text: Option<String>) -> Secret {
    text.map_or(EventSocket::default().password, Secret::new)
}
