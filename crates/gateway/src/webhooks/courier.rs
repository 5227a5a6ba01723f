//! Takes what is due out of the store and sends it. Each receiver has a few requests of its own under way, the fewer the more there
//! are in all, and receivers are served in turn, so that slow ones hold up nobody else.

use super::backoff::Patience;
use super::sending::{ANSWER, Sender, Verdict};
use super::{Webhook, Webhooks};
use crate::metrics::{Delivered, Metrics};
use secretary::DomainUuid;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};
use store::{Due, LateStore, Store, StoreError, UnixMs};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Requests under way to one receiver.
const TO_ONE: usize = 4;
/// Requests under way to all.
const TO_ALL: usize = 256;
/// From so many on a receiver has one request under way and no more: the places that are left are for those that have none.
const CROWDED: usize = TO_ALL / 2;
/// How long a delivery is one gateway's: longer than a request can take, so that nobody else sends it meanwhile.
const LEASE: Duration = ANSWER.saturating_mul(2);
/// How often is looked for what became due by the clock. What calls tell is looked for at once.
const LOOK: Duration = Duration::from_secs(1);
/// The shortest time between two looks: to look is to go through all that waits.
const BETWEEN: Duration = Duration::from_millis(50);
/// How long the store is left alone that could not be opened.
const OPEN_AGAIN: Duration = Duration::from_secs(5);
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
    /// Those that something is due to and that this gateway does not know: each is told once.
    unknown: Mutex<BTreeSet<Receiver>>,
}

/// Requests under way. Each hands out whom it went to.
type Requests = JoinSet<Receiver>;

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
            unknown: Mutex::default(),
        });
        let mut requests = Requests::new();
        stopped
            .run_until_cancelled(Box::pin(self.deliver(&route, &mut requests)))
            .await;
        let last = async { while requests.join_next().await.is_some() {} };
        let _rest_is_sent_again = tokio::time::timeout(LAST, last).await;
    }

    /// The store, as soon as it is open. What an earlier process left is sent whether a call comes or not, so nothing is waited for.
    async fn store(&self) -> Store {
        let mut is_told = false;
        loop {
            match self.store.get().await {
                Ok(store) => return store.clone(),
                Err(error) if !is_told => {
                    tracing::warn!(%error, "webhooks are told nothing until the store can be opened; it is tried again");
                    is_told = true;
                }
                Err(error) => tracing::debug!(%error, "the store cannot be opened yet"),
            }
            tokio::time::sleep(OPEN_AGAIN).await;
        }
    }

    async fn deliver(&mut self, route: &Arc<Route>, requests: &mut Requests) {
        let mut look = tokio::time::interval(LOOK);
        let mut count = tokio::time::interval(COUNT);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        count.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut earliest = Instant::now();
        let mut last = None;
        loop {
            let sent = tokio::select! {
                _ = look.tick() => {
                    let began = Instant::now();
                    let sent = self.send_due(route, requests, &mut last).await;
                    // A large backlog is gone through for a fifth of the time.
                    earliest = Instant::now() + (began.elapsed() * 4).clamp(BETWEEN, LOOK);
                    sent
                }
                changed = self.carried.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    look.reset_at(earliest);
                    continue;
                }
                Some(ended) = requests.join_next() => match ended {
                    // Its next one goes at once …
                    Ok(receiver) if requests.len() < CROWDED => self.send_to(route, requests, receiver).await,
                    // … unless others may wait for the place.
                    _ => {
                        look.reset_at(earliest);
                        continue;
                    }
                },
                _ = count.tick() => {
                    self.count(route).await;
                    continue;
                }
            };
            if let Err(error) = sent {
                tracing::debug!(%error, "the outbox cannot be read");
            }
        }
    }

    /// Sends what is due, beginning with the receiver after the `last` one that was served.
    async fn send_due(
        &self,
        route: &Arc<Route>,
        requests: &mut Requests,
        last: &mut Option<Receiver>,
    ) -> Result<(), StoreError> {
        let receivers = route.store.due_receivers(now()).await?;
        for receiver in in_turn(receivers, last.as_ref()) {
            if requests.len() >= TO_ALL {
                break;
            }
            *last = Some(receiver.clone());
            self.send_to(route, requests, receiver).await?;
        }
        Ok(())
    }

    /// Sends what is due to one receiver, as far as there is room.
    async fn send_to(
        &self,
        route: &Arc<Route>,
        requests: &mut Requests,
        receiver: Receiver,
    ) -> Result<(), StoreError> {
        let room = room(route.under_way_to(&receiver), requests.len());
        if room == 0 {
            return Ok(());
        }
        let (domain, name) = (receiver.0, receiver.1.as_str());
        let limit = u32::try_from(room).unwrap_or(u32::MAX);
        let due = route.store.due((domain, name), now(), limit, LEASE).await?;
        let webhook = self.webhooks.find(domain, name).cloned();
        for due in due {
            let under_way = route.clone().begin(receiver.clone());
            let (webhook, receiver) = (webhook.clone(), receiver.clone());
            requests.spawn(async move {
                under_way.attempt(webhook.as_deref(), &due).await;
                receiver
            });
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

/// How many more requests may go to a receiver, with so many under way to it and to all.
fn room(to_it: usize, to_all: usize) -> usize {
    let of_its_own = if to_all < CROWDED {
        TO_ONE.min(CROWDED - to_all + to_it)
    } else {
        1
    };
    of_its_own
        .saturating_sub(to_it)
        .min(TO_ALL.saturating_sub(to_all))
}

/// Receivers in their order, beginning after the last one that was served.
fn in_turn(mut receivers: Vec<Receiver>, last: Option<&Receiver>) -> Vec<Receiver> {
    receivers.sort_unstable();
    let served = last.map_or(0, |last| receivers.partition_point(|receiver| receiver <= last));
    receivers.rotate_left(served);
    receivers
}

impl Route {
    fn under_way_to(&self, receiver: &Receiver) -> usize {
        let under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.get(receiver).copied().unwrap_or(0)
    }

    /// What becomes of a delivery to a receiver that this gateway does not know. Another gateway on the same store may know it, or
    /// this one after its next start.
    fn unknown(&self, due: &Due) -> Verdict {
        let receiver = (due.domain, due.webhook.clone());
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if unknown.insert(receiver) {
            tracing::warn!(
                domain = %due.domain, webhook = due.webhook,
                "the outbox has deliveries for a webhook that is not configured here; they are put off, and given up in about a day"
            );
        }
        Verdict::Later {
            why: "its webhook is not configured here".into(),
            asked: None,
        }
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
            None => self.route.unknown(due),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn receivers(names: &[&str]) -> Vec<Receiver> {
        let domain: DomainUuid = "11111111-2222-4333-8444-555555555555".parse().unwrap();
        names.iter().map(|&name| (domain, name.to_owned())).collect()
    }

    #[test]
    fn receivers_that_never_answer_leave_places_to_the_others() {
        let (mut to_all, mut served) = (0, 0);
        for _ in 0..64 {
            let room = room(0, to_all);
            to_all += room;
            served += usize::from(room > 0);
        }
        assert_eq!((served, to_all), (64, 160));
        assert_eq!(room(0, to_all), 1);
        assert_eq!(room(1, to_all), 0, "others come first");
        assert_eq!([room(0, 0), room(3, 3), room(4, 4)], [4, 1, 0]);
        assert_eq!([room(0, TO_ALL - 1), room(0, TO_ALL)], [1, 0]);
    }

    #[test]
    fn receivers_are_served_in_turn() {
        let turn = |last: &str| in_turn(receivers(&["c", "a", "d"]), receivers(&[last]).first());
        assert_eq!(
            in_turn(receivers(&["c", "a", "d"]), None),
            receivers(&["a", "c", "d"])
        );
        assert_eq!(turn("a"), receivers(&["c", "d", "a"]));
        assert_eq!(
            turn("b"),
            receivers(&["c", "d", "a"]),
            "the last one has nothing more"
        );
        assert_eq!(turn("d"), receivers(&["a", "c", "d"]));
    }
}
