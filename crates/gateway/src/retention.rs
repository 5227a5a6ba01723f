//! Forgetting what domains keep no longer: rows and files.

use jiff::{SignedDuration, Timestamp};
use secretary::{Domain, SecretarySource};
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
        let (before, now) = (UnixMs(before.as_millisecond()), UnixMs(now.as_millisecond()));
        let erased = match store.purge(domain.uuid, before, now).await {
            Ok(erased) => erased,
            Err(error) => {
                tracing::warn!(domain = %domain.uuid, %error, "what is too old cannot be forgotten now; it is tried again");
                continue;
            }
        };
        if erased.is_nothing() {
            continue;
        }
        let (folder, files) = (data.to_owned(), erased.files);
        // A thread that may wait for the disk; a panic of its would be ours and has been told.
        let _ended = tokio::task::spawn_blocking(move || remove(&folder, &files)).await;
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

#[cfg(test)]
mod tests;
