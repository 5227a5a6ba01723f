//! Takes what is due out of the store and sends it. Each receiver has a few requests of its own under way, so that a slow one holds
//! up nobody else.

use super::backoff::Patience;
use super::sending::{ANSWER, Sender, Verdict};
use super::{Webhook, Webhooks};
use crate::metrics::{Delivered, Metrics};
use secretary::DomainUuid;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};
use store::{Due, LateStore, Store, StoreError, UnixMs};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Requests under way to one receiver.
const TO_ONE: usize = 4;
/// Requests under way to all.
const TO_ALL: usize = 256;
/// How long a delivery is one gateway's: longer than a request can take, so that nobody else sends it meanwhile.
const LEASE: Duration = ANSWER.saturating_mul(2);
/// How often is looked for what became due by the clock. What calls tell is looked for at once.
const LOOK: Duration = Duration::from_secs(1);
/// How often dead letters are counted.
const COUNT: Duration = Duration::from_secs(5);
/// How long requests under way may take to end with the node.
const LAST: Duration = Duration::from_secs(3);

/// What waits to be told and what was given up, for health.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: AtomicU64,
    dead: AtomicU64,
}

impl Outbox {
    /// Deliveries that wait.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Deliveries that were given up.
    pub(crate) fn dead(&self) -> u64 {
        self.dead.load(Ordering::Relaxed)
    }
}

/// A receiver: its domain and the webhook's name.
type Receiver = (DomainUuid, String);

/// Sends what is due, until it is stopped.
pub(crate) struct Courier {
    pub(crate) store: LateStore,
    pub(crate) webhooks: Webhooks,
    pub(crate) metrics: Metrics,
    pub(crate) outbox: Arc<Outbox>,
    /// Changes when the store has got something new.
    pub(crate) carried: watch::Receiver<u64>,
    pub(crate) patience: Patience,
}

/// What every request needs.
struct Route {
    store: Store,
    sender: Sender,
    metrics: Metrics,
    patience: Patience,
    /// How many requests are under way to whom.
    under_way: Mutex<HashMap<Receiver, usize>>,
}

impl Courier {
    /// Until `stopped`; then the requests under way have a moment to end. What is not sent then is sent by the next process.
    pub(crate) async fn run(mut self, stopped: CancellationToken) {
        let sender = match Sender::new() {
            Ok(sender) => sender,
            Err(error) => {
                tracing::error!(%error, "webhooks cannot be told anything");
                return;
            }
        };
        let Some(store) = stopped.run_until_cancelled(self.store()).await else {
            return;
        };
        let route = Arc::new(Route {
            store,
            sender,
            metrics: self.metrics.clone(),
            patience: self.patience,
            under_way: Mutex::default(),
        });
        let mut requests = JoinSet::new();
        stopped
            .run_until_cancelled(Box::pin(self.deliver(&route, &mut requests)))
            .await;
        let last = async { while requests.join_next().await.is_some() {} };
        let _rest_is_sent_again = tokio::time::timeout(LAST, last).await;
    }

    /// The store, as soon as it is open. The keeper opens it, and says why it cannot.
    async fn store(&mut self) -> Store {
        loop {
            if let Some(store) = self.store.opened() {
                return store.clone();
            }
            if let Ok(Err(_closed)) = tokio::time::timeout(LOOK, self.carried.changed()).await {
                // The keeper is gone, and nobody will open it: this is about to be stopped.
                std::future::pending::<()>().await;
            }
        }
    }

    async fn deliver(&mut self, route: &Arc<Route>, requests: &mut JoinSet<()>) {
        let mut look = tokio::time::interval(LOOK);
        let mut count = tokio::time::interval(COUNT);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        count.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = look.tick() => {}
                changed = self.carried.changed() => if changed.is_err() { return },
                Some(_) = requests.join_next() => {}
                _ = count.tick() => {
                    self.count(route).await;
                    continue;
                }
            }
            if let Err(error) = self.send_due(route, requests).await {
                tracing::debug!(%error, "the outbox cannot be read");
            }
        }
    }

    async fn send_due(&self, route: &Arc<Route>, requests: &mut JoinSet<()>) -> Result<(), StoreError> {
        for receiver in route.store.due_receivers(now()).await? {
            let room = route.room(&receiver).min(TO_ALL.saturating_sub(requests.len()));
            if room == 0 {
                continue;
            }
            let (domain, name) = (receiver.0, receiver.1.as_str());
            let limit = u32::try_from(room).unwrap_or(u32::MAX);
            let due = route.store.due_to((domain, name), now(), limit, LEASE).await?;
            let webhook = self.webhooks.find(domain, name).cloned();
            for due in due {
                let under_way = route.clone().begin(receiver.clone());
                let webhook = webhook.clone();
                requests.spawn(async move { under_way.attempt(webhook.as_deref(), &due).await });
            }
        }
        Ok(())
    }

    async fn count(&self, route: &Route) {
        let counts = match route.store.outbox_counts().await {
            Ok(counts) => counts,
            Err(error) => return tracing::debug!(%error, "the outbox cannot be counted"),
        };
        let (waiting, dead) = counts.values().fold((0, 0), |(waiting, dead), one| {
            (waiting + one.waiting, dead + one.dead)
        });
        self.outbox.waiting.store(waiting, Ordering::Relaxed);
        self.outbox.dead.store(dead, Ordering::Relaxed);
        self.metrics.outbox(waiting, dead);
    }
}

impl Route {
    fn room(&self, receiver: &Receiver) -> usize {
        let under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        TO_ONE.saturating_sub(under_way.get(receiver).copied().unwrap_or(0))
    }

    fn begin(self: Arc<Self>, receiver: Receiver) -> UnderWay {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        *under_way.entry(receiver.clone()).or_default() += 1;
        drop(under_way);
        UnderWay {
            route: self,
            receiver,
        }
    }
}

/// One request under way, counted until it is dropped.
struct UnderWay {
    route: Arc<Route>,
    receiver: Receiver,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut under_way = self
            .route
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let left = under_way
            .get(&self.receiver)
            .copied()
            .unwrap_or(0)
            .saturating_sub(1);
        if left == 0 {
            under_way.remove(&self.receiver);
        } else {
            under_way.insert(self.receiver.clone(), left);
        }
    }
}

impl UnderWay {
    async fn attempt(self, webhook: Option<&Webhook>, due: &Due) {
        let verdict = match webhook {
            Some(webhook) => self.route.sender.send(webhook, due, now()).await,
            None => Verdict::Never("its webhook is not configured any more".into()),
        };
        if let Err(error) = self.settle(due, verdict).await {
            // Its lease ends, and it is sent again with the same key.
            tracing::warn!(delivery = %due.id, %error, "what became of a delivery cannot be written down");
        }
    }

    async fn settle(&self, due: &Due, verdict: Verdict) -> Result<(), StoreError> {
        let Route {
            store,
            metrics,
            patience,
            ..
        } = &*self.route;
        let (why, pause) = match verdict {
            Verdict::Delivered => {
                metrics.delivery(Delivered::Yes);
                return store.delivered(due, now()).await;
            }
            Verdict::Never(why) => (why, None),
            Verdict::Later { why, asked } => (why, patience.pause(due.attempts, fastrand::f64(), asked)),
        };
        let Some(pause) = pause else {
            metrics.delivery(Delivered::Never);
            tracing::warn!(
                domain = %due.domain, webhook = due.webhook, delivery = %due.id, attempts = due.attempts, why,
                "a delivery is given up; `voice-ai outbox retry` sends it again"
            );
            return store.bury(due, now(), &why).await;
        };
        metrics.delivery(Delivered::Later);
        tracing::debug!(
            domain = %due.domain, webhook = due.webhook, delivery = %due.id, attempts = due.attempts, why,
            seconds = pause.as_secs(), "a delivery failed and is tried again"
        );
        let next = now()
            .0
            .saturating_add(pause.as_millis().try_into().unwrap_or(i64::MAX));
        store.put_off(due, UnixMs(next), &why).await
    }
}

pub(super) fn now() -> UnixMs {
    let since = UNIX_EPOCH.elapsed().unwrap_or_default();
    UnixMs(since.as_millis().try_into().unwrap_or(i64::MAX))
}
