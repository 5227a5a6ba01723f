//! A PostgreSQL server of our own: one for all tests of this process, a database for each.

pub(crate) mod server;

use server::Server;
use sqlx::{Connection as _, PgConnection};
use std::sync::OnceLock;
use uuid::Uuid;

static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();

/// The URL of an empty database, or why there is none.
pub(crate) async fn database() -> Result<String, String> {
    let server = SERVER.get_or_init(Server::start).as_ref().map_err(Clone::clone)?;
    let name = format!("test_{}", Uuid::new_v4().simple());
    let mut connection = PgConnection::connect(&server.url("postgres")).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    Ok(server.url(&name))
}
