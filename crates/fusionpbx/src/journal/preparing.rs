//! What is there before a plan: compared with what the plan expects, and kept.

use super::plan::{Image, once_each};
use super::{JournalError, Outside, files, rows};
use crate::{Change, FileChange, Host, RowChange};
use sqlx::{PgConnection, PgPool};

/// Compares everything that a plan changes with what the plan expects there, and keeps it. Nothing is written.
pub(super) async fn images(
    host: &Host,
    changes: &[Change],
    outside: &impl Outside,
) -> Result<Vec<Image>, JournalError> {
    once_each(changes)?;
    let mut database: Option<PgPool> = None;
    let mut images = Vec::with_capacity(changes.len());
    for change in changes {
        images.push(match change {
            Change::File(file) => Image::File(file_image(host, file)?),
            Change::Row(row) => {
                let pool = match database.take() {
                    Some(pool) => pool,
                    None => outside.database().await.map_err(JournalError::Unreachable)?,
                };
                let mut connection = pool.acquire().await.map_err(|error| super::unreachable(&error))?;
                database = Some(pool);
                Image::Row(row_image(&mut connection, row).await?)
            }
            Change::Unit { .. } | Change::UnitBack(_) => {
                outside.unit().await.map_or(Image::Nothing, Image::Unit)
            }
            Change::CacheKey(_) | Change::Switch(_) => Image::Nothing,
        });
    }
    Ok(images)
}

fn file_image(host: &Host, file: &FileChange) -> Result<Option<crate::FileState>, JournalError> {
    let now = files::read(&host.path(&file.path))?;
    if files::is_as(now.as_ref(), file.before.as_ref()) {
        return Ok(now);
    }
    Err(JournalError::FileChanged(file.path.clone()))
}

async fn row_image(
    connection: &mut PgConnection,
    row: &RowChange,
) -> Result<Option<super::plan::Columns>, JournalError> {
    let RowChange {
        table,
        key,
        before,
        after,
    } = row;
    let used = before.iter().chain(after).flat_map(|columns| columns.keys());
    rows::known(connection, *table, used).await?;
    match rows::difference(connection, *table, *key, before.as_ref()).await? {
        None => rows::read(connection, *table, *key).await,
        Some(in_what) => Err(JournalError::RowChanged {
            table: *table,
            key: *key,
            in_what,
        }),
    }
}
