//! What is kept of calls: the journal on disk, the store behind it, and the receivers that are told.

use crate::config::Config;
use crate::metrics::Metrics;
use crate::webhooks::{Courier, Outbox, Patience, Webhooks};
use std::sync::Arc;
use store::{Keeper, KeeperConfig, LateStore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A megabyte of `store.journal_mb`.
const MEGABYTE: u64 = 1 << 20;

/// What is kept of calls. Clones share it.
#[derive(Clone)]
pub(crate) struct Kept {
    /// Takes what calls tell.
    pub(crate) keeper: Keeper,
    /// Where it goes.
    pub(crate) store: LateStore,
    /// Who is told.
    pub(crate) webhooks: Webhooks,
    /// What is yet to be told.
    pub(crate) outbox: Arc<Outbox>,
}

/// What keeps it while the node runs.
pub(crate) struct Keeping {
    pub(crate) kept: Kept,
    courier: JoinHandle<()>,
    stopped: CancellationToken,
}

impl Keeping {
    /// Opens the journal in `data.dir`, and begins to carry it into the store and the outbox to its receivers. A database that is
    /// not there is waited for.
    ///
    /// # Errors
    /// What is wrong, with its remedy: another process has the journal, or its folder cannot be used.
    pub(crate) fn start(config: &Config, metrics: &Metrics) -> Result<Self, String> {
        let location = config
            .store_location()
            .map_err(|error| format!("store.url: {error}"))?;
        let store = LateStore::new(location);
        let bytes = u64::from(config.store.journal_mb) * MEGABYTE;
        let journal = KeeperConfig::new(config.data.dir.join("journal"), bytes);
        let keeper = Keeper::open(&journal, store.clone()).map_err(|error| error.to_string())?;
        let webhooks = Webhooks::of(config);
        let outbox = Arc::<Outbox>::default();
        let stopped = CancellationToken::new();
        let courier = Courier {
            store: store.clone(),
            webhooks: webhooks.clone(),
            metrics: metrics.clone(),
            outbox: outbox.clone(),
            carried: keeper.carried(),
            patience: Patience::ABOUT_A_DAY,
        };
        let courier = tokio::spawn(courier.run(stopped.clone()));
        let kept = Kept {
            keeper,
            store,
            webhooks,
            outbox,
        };
        Ok(Self {
            kept,
            courier,
            stopped,
        })
    }

    /// Carries what calls told, as far as the database takes it, and stops telling. The rest is done after the next start.
    pub(crate) async fn close(self) {
        self.kept.keeper.close().await;
        self.stopped.cancel();
        if let Err(error) = self.courier.await {
            tracing::error!(%error, "telling webhooks failed");
        }
        if let Some(store) = self.kept.store.opened() {
            store.close().await;
        }
    }
}
