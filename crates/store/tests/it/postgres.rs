//! A database for each test, on the one PostgreSQL server of this process.

use sim::postgres::{PostgresError, Server};
use uuid::Uuid;

/// The URL of an empty database, or why there is none.
pub(crate) fn database() -> Result<String, &'static PostgresError> {
    let server = match Server::shared() {
        Ok(server) => server,
        Err(absent @ PostgresError::Absent) => return Err(absent),
        Err(error) => panic!("{error}"),
    };
    let name = format!("test_{}", Uuid::new_v4().simple());
    server
        .run("postgres", &format!("CREATE DATABASE {name}"))
        .unwrap();
    Ok(server.url(&name))
}
