//! Forgetting what domains keep no longer: rows and files.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use secretary::{Domain, DomainUuid, SecretarySource};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use store::{LateStore, Store, UnixMs};
use tokio_util::sync::CancellationToken;

/// How often is looked for what is too old: what a domain keeps for days is gone within the hour.
const EVERY: Duration = Duration::from_secs(3600);

/// Forgets at the start and from then on each hour, until it is stopped.
pub(crate) async fn run(
    secretaries: Arc<dyn SecretarySource>,
    store: LateStore,
    data: PathBuf,
    stopped: CancellationToken,
) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = stopped.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let domains: Vec<_> = secretaries.snapshot().domains.values().cloned().collect();
        if !domains.iter().any(|domain| domain.retention_days > 0) {
            continue;
        }
        match store.get().await {
            Ok(store) => forget(store, &domains, &data, Timestamp::now()).await,
            Err(error) => {
                tracing::warn!(%error, "what is too old cannot be forgotten now; it is tried again")
            }
        }
    }
}

/// Forgets what is too old at that moment.
pub(crate) async fn forget(store: &Store, domains: &[Arc<Domain>], data: &Path, now: Timestamp) {
    for domain in domains.iter().filter(|domain| domain.retention_days > 0) {
        let kept = SignedDuration::from_hours(24 * i64::from(domain.retention_days));
        let Ok(before) = now.checked_sub(kept) else {
            continue;
        };
        let (until, now) = (UnixMs(before.as_millisecond()), UnixMs(now.as_millisecond()));
        let erased = match store.purge(domain.uuid, until, now).await {
            Ok(erased) => erased,
            Err(error) => {
                tracing::warn!(domain = %domain.uuid, %error, "what is too old cannot be forgotten now; it is tried again");
                continue;
            }
        };
        let (folder, files, uuid) = (data.to_owned(), erased.files, domain.uuid);
        let removing = move || {
            remove(&folder, &files);
            remove_days(&folder, uuid, before);
        };
        // A thread that may wait for the disk; a panic of its would be ours and has been told.
        let _ended = tokio::task::spawn_blocking(removing).await;
        if erased.conversations == 0 {
            continue;
        }
        tracing::info!(
            domain = %domain.uuid, days = domain.retention_days, conversations = erased.conversations,
            messages = erased.messages, "forgot what is older than the domain keeps"
        );
    }
}

/// Removes files below a folder. What is not below it is not ours.
fn remove(data: &Path, files: &[String]) {
    for file in files {
        let inside = Path::new(file)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !inside {
            tracing::error!(
                file,
                "a file of a forgotten call does not lie below data.dir and was left alone"
            );
            continue;
        }
        for path in recording::every_form(&data.join(file)) {
            match std::fs::remove_file(path) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    tracing::error!(file, %error, "a file of a forgotten call could not be removed; remove it by hand")
                }
            }
        }
    }
}

/// Removes what no row names any more from the days before that instant's: files of calls whose process died, of calls that another
/// gateway on the same database has forgotten, and what a process left that ended between rows and files.
fn remove_days(data: &Path, domain: DomainUuid, before: Timestamp) {
    let first_kept = before.to_zoned(TimeZone::UTC).date();
    let place = recording::Place::new(domain, before, "any").relative("wav");
    let Some(folder) = Path::new(&place).ancestors().nth(2) else {
        return;
    };
    // A domain that has no folder has no files here.
    for day in std::fs::read_dir(data.join(folder))
        .into_iter()
        .flatten()
        .flatten()
    {
        let date = day
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<Date>().ok());
        if date.is_none_or(|date| date >= first_kept) {
            continue;
        }
        if let Err(error) = std::fs::remove_dir_all(day.path()) {
            tracing::error!(path = %day.path().display(), %error, "the files of a day that is too old could not be removed; remove them by hand");
        }
    }
}

#[cfg(test)]
mod tests;
