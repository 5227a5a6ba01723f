//! The tables, and how they follow the program.

use crate::StoreError;
use crate::database::Database;
use crate::location::Location;
use sqlx::SqlSafeStr as _;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

/// The steps in their order. One that was released is never changed.
const STEPS: &[(i64, &str, &str)] = &[
    (
        1,
        "what happened",
        include_str!("../migrations/0001_what_happened.sql"),
    ),
    (
        2,
        "parts of the waiting",
        include_str!("../migrations/0002_parts_of_the_waiting.sql"),
    ),
];

pub(crate) async fn run(database: &Database, location: &Location) -> Result<(), StoreError> {
    let result = match database {
        // SQLite has no lock for it: where two programs make the tables at the same moment the second fails, and finds the step done.
        Database::Sqlite(pool) => {
            let mut done = migrator().run(pool).await;
            for _ in STEPS {
                if !matches!(
                    done,
                    Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..))
                ) {
                    break;
                }
                done = migrator().run(pool).await;
            }
            done
        }
        Database::Postgres(pool) => migrator().run(pool).await,
    };
    result.map_err(|error| match error {
        MigrateError::VersionMissing(version) => StoreError::Newer {
            location: location.to_string(),
            version,
            known: STEPS.iter().map(|step| step.0).max().unwrap_or_default(),
        },
        source => StoreError::Migration {
            location: location.to_string(),
            source,
        },
    })
}

fn migrator() -> Migrator {
    let steps = STEPS.iter().map(|&(version, name, sql)| {
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    });
    let mut migrator = Migrator::with_migrations(steps.collect());
    migrator.dangerous_set_table_name("voice_ai_migrations");
    migrator
}
