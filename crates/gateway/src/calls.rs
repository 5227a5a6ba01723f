//! The calls of this node: who may begin one, who carries one, which are attached, detached or ended.
//!
//! A call is *attached* while a stream carries it, *detached* while it may still come back (both builds can lose a stream; sptmru
//! connects again 2 ms after any close), and *ended* after that. Each call is one task; a panic in it ends that call alone.

mod oversight;

pub(crate) use oversight::{Overseen, Oversight};

use crate::allowance::{Allowances, Charge, Exhausted};
use crate::driver::{self, Attachment, Services};
use crate::leg::Leg;
use crate::leg::metadata::Keys;
use crate::leg::raw::RawLeg;
use crate::pbx::Line;
use axum::extract::ws::WebSocket;
use secretary::{CallUuid, Domain, DomainUuid};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

/// A stream from which nothing has come for so long, not even the answer to a ping, no longer keeps its call from another one.
const ANSWERING: Duration = Duration::from_secs(3);
/// How long an ended call is remembered, so that a module which connects again by itself is told that it is over.
const REMEMBERED: Duration = Duration::from_secs(30);
/// At most so many ended calls are remembered.
const REMEMBERED_CALLS: usize = 4096;
/// How long calls that a shutdown ends may take to say so.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Which module sends the stream, as its upgrade request tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModuleBuild {
    /// amigniter/mod_audio_stream: its own client (libwsc), no User-Agent, `Connection: upgrade` in lower case.
    Amigniter,
    /// sptmru/freeswitch_mod_audio_stream: `User-Agent: ixwebsocket/…`.
    Sptmru,
    /// None: FreeSWITCH's core sends it (`unicast`).
    Core,
    /// Anything else.
    Other,
}

impl ModuleBuild {
    /// Its name for people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Amigniter => "amigniter",
            Self::Sptmru => "sptmru",
            Self::Core => "core",
            Self::Other => "other",
        }
    }

    /// What the length of the first audio frame adds where a proxy has taken the headers away: at the rate that was asked for sptmru
    /// sends 40 ms at a time, amigniter 20 ms (captures of 5f179d6 and ec2a781).
    pub(crate) fn or_by_first_frame(self, first: Duration) -> Self {
        match (self, first.as_millis()) {
            (Self::Other, 40) => Self::Sptmru,
            _ => self,
        }
    }
}

/// Why a stream is not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AdmitError {
    /// Another stream carries this call, or is about to.
    #[error(
        "call {0} has a stream that answers, or one is on its way to it; another is taken only when that one is gone"
    )]
    Attached(CallUuid),
    /// The secretary has ended this call.
    #[error("call {0} has ended; a new call has a UUID of its own")]
    Ended(CallUuid),
    /// The domain has its share.
    #[error("domain {name} has {limit} calls, its limit; raise max_calls of the domain")]
    DomainFull {
        /// The domain.
        name: String,
        /// Its limit.
        limit: u32,
    },
    /// The domain has used up its day.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
    /// The node is full.
    #[error("this node has {0} calls, its limit; raise server.max_calls or add a node")]
    NodeFull(u32),
    /// The node is shutting down.
    #[error("this node is draining and takes no new call")]
    Draining,
}

/// The calls of this node.
#[derive(Clone)]
pub(crate) struct Calls(Arc<Inner>);

struct Inner {
    services: Arc<Services>,
    max_calls: u32,
    allowances: Allowances,
    table: Mutex<Table>,
    ended: Notify,
}

#[derive(Default)]
struct Table {
    calls: HashMap<Key, Entry>,
    per_domain: HashMap<DomainUuid, u32>,
    /// Calls that we ended, oldest first.
    ended: VecDeque<(Key, Instant)>,
    draining: bool,
    serial: u64,
}

/// A call is one of its tenant's. Another tenant that names the same channel names another call, and learns nothing of the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    domain: DomainUuid,
    call: CallUuid,
}

struct Entry {
    /// Tells this call from a later one of the same UUID.
    serial: u64,
    presence: Arc<Presence>,
    streams: mpsc::Sender<Box<Attachment>>,
    stop: CancellationToken,
    oversight: Oversight,
}

/// When a call's stream was last heard of.
#[derive(Debug)]
pub(crate) struct Presence {
    origin: Instant,
    /// Milliseconds since `origin`; `u64::MAX` while detached.
    seen: AtomicU64,
}

impl Presence {
    fn new(now: Instant) -> Self {
        Self {
            origin: now,
            seen: AtomicU64::new(0),
        }
    }

    /// The stream gave a sign of life.
    pub(crate) fn seen(&self, now: Instant) {
        self.seen.store(
            now.duration_since(self.origin).as_millis() as u64,
            Ordering::Relaxed,
        );
    }

    /// The stream is gone.
    pub(crate) fn gone(&self) {
        self.seen.store(u64::MAX, Ordering::Relaxed);
    }

    fn answers(&self, now: Instant) -> bool {
        let seen = self.seen.load(Ordering::Relaxed);
        let age = now
            .duration_since(self.origin)
            .saturating_sub(Duration::from_millis(seen));
        seen != u64::MAX && age < ANSWERING
    }
}

/// A place among the calls, held until the stream is handed over or given up.
pub(crate) struct Seat {
    calls: Calls,
    call: CallUuid,
    kind: SeatKind,
}

enum SeatKind {
    /// A call that begins.
    New {
        place: Place,
        charge: Charge,
        domain: Arc<Domain>,
        arrivals: mpsc::Receiver<Box<Attachment>>,
        stop: CancellationToken,
        overseen: Overseen,
    },
    /// A call that comes back.
    Again(Return),
}

/// A stream on its way back to its call, which counts as attached meanwhile.
struct Return {
    /// None once the call has it.
    presence: Option<Arc<Presence>>,
    streams: mpsc::Sender<Box<Attachment>>,
}

impl Return {
    /// Gives the stream to the call. False if the call has ended.
    fn hand_over(mut self, attachment: Box<Attachment>) -> bool {
        let taken = self.streams.try_send(attachment).is_ok();
        if taken {
            self.presence = None;
        }
        taken
    }
}

impl Drop for Return {
    /// A stream that did not arrive keeps its call from no other one.
    fn drop(&mut self) {
        if let Some(presence) = &self.presence {
            presence.gone();
        }
    }
}

/// A call's place in the table, given back when it is dropped.
struct Place {
    calls: Calls,
    key: Key,
    serial: u64,
    presence: Arc<Presence>,
    /// Whether the gateway itself ended the call.
    ended_here: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.calls.table();
        if table
            .calls
            .get(&self.key)
            .is_none_or(|entry| entry.serial != self.serial)
        {
            return;
        }
        table.calls.remove(&self.key);
        if let Some(count) = table.per_domain.get_mut(&self.key.domain) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                table.per_domain.remove(&self.key.domain);
            }
        }
        if self.ended_here {
            if table.ended.len() == REMEMBERED_CALLS {
                table.ended.pop_front();
            }
            table.ended.push_back((self.key, Instant::now()));
        }
        drop(table);
        self.calls.0.ended.notify_waiters();
    }
}

impl Calls {
    /// No calls yet, and at most `max_calls` at once.
    pub(crate) fn new(services: Arc<Services>, max_calls: u32, allowances: Allowances) -> Self {
        Self(Arc::new(Inner {
            services,
            max_calls,
            allowances,
            table: Mutex::default(),
            ended: Notify::new(),
        }))
    }

    /// How the writer of calls' files is doing.
    pub(crate) fn recorder(&self) -> recording::State {
        self.0.services.recorder.state()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing under this lock can panic half-way through a change.
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for a stream of this call.
    pub(crate) fn admit(&self, domain: &Arc<Domain>, call: CallUuid) -> Result<Seat, AdmitError> {
        let now = Instant::now();
        let key = Key {
            domain: domain.uuid,
            call,
        };
        let mut table = self.table();
        if let Some(entry) = table.calls.get(&key) {
            if entry.presence.answers(now) {
                return Err(AdmitError::Attached(call));
            }
            entry.presence.seen(now);
            let kind = SeatKind::Again(Return {
                presence: Some(entry.presence.clone()),
                streams: entry.streams.clone(),
            });
            return Ok(Seat {
                calls: self.clone(),
                call,
                kind,
            });
        }
        table.ended.retain(|(_, at)| now.duration_since(*at) < REMEMBERED);
        if table.ended.iter().any(|(ended, _)| *ended == key) {
            return Err(AdmitError::Ended(call));
        }
        if table.draining {
            return Err(AdmitError::Draining);
        }
        if table.calls.len() >= self.0.max_calls as usize {
            return Err(AdmitError::NodeFull(self.0.max_calls));
        }
        let count = table.per_domain.get(&domain.uuid).copied().unwrap_or_default();
        if count >= domain.max_calls {
            return Err(AdmitError::DomainFull {
                name: domain.name.clone(),
                limit: domain.max_calls,
            });
        }
        // Under the same lock as the count: calls that come together are admitted one after the other.
        let charge = self.0.allowances.begin(domain)?;
        table.per_domain.insert(domain.uuid, count + 1);
        table.serial += 1;
        let serial = table.serial;
        let presence = Arc::new(Presence::new(now));
        // One stream may wait while the task lets go of the former.
        let (streams, arrivals) = mpsc::channel(1);
        let stop = CancellationToken::new();
        let (oversight, overseen) = Oversight::of(stop.clone());
        let entry = Entry {
            serial,
            presence: presence.clone(),
            streams,
            stop: stop.clone(),
            oversight,
        };
        table.calls.insert(key, entry);
        let place = Place {
            calls: self.clone(),
            key,
            serial,
            presence,
            ended_here: false,
        };
        let kind = SeatKind::New {
            place,
            charge,
            domain: domain.clone(),
            arrivals,
            stop,
            overseen,
        };
        Ok(Seat {
            calls: self.clone(),
            call,
            kind,
        })
    }

    /// How many calls live now, attached or detached.
    pub(crate) fn live(&self) -> usize {
        self.table().calls.len()
    }

    /// Whether new calls are refused.
    pub(crate) fn draining(&self) -> bool {
        self.table().draining
    }

    /// Takes no new call from now on; returns when the last has ended or `patience` is over (then the rest are ended).
    pub(crate) async fn drain(&self, patience: Duration) {
        self.table().draining = true;
        if tokio::time::timeout(patience, self.all_ended()).await.is_ok() {
            return;
        }
        for entry in self.table().calls.values() {
            entry.stop.cancel();
        }
        if tokio::time::timeout(LAST_WORDS, self.all_ended()).await.is_err() {
            tracing::warn!(calls = self.live(), "shutting down over calls that would not end");
        }
    }

    async fn all_ended(&self) {
        loop {
            let ended = self.0.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            if self.live() == 0 {
                return;
            }
            ended.await;
        }
    }
}

impl Seat {
    /// Carries the call over a WebSocket until one of them ends.
    pub(crate) async fn serve(
        self,
        socket: WebSocket,
        peer: SocketAddr,
        build: ModuleBuild,
        address: Keys,
        line: Option<Line>,
    ) {
        let attachment = Box::new(Attachment {
            leg: Leg::Raw(RawLeg::new(socket)),
            peer,
            build,
            address,
            line,
        });
        self.carry(attachment).await;
    }

    /// Carries the call over this stream until one of them ends.
    pub(crate) async fn carry(self, attachment: Box<Attachment>) {
        let peer = attachment.peer;
        let services = self.calls.0.services.clone();
        let (place, charge, domain, arrivals, stop, overseen) = match self.kind {
            SeatKind::New {
                place,
                charge,
                domain,
                arrivals,
                stop,
                overseen,
            } => (place, charge, domain, arrivals, stop, overseen),
            SeatKind::Again(stream) => {
                if !stream.hand_over(attachment) {
                    // The call ended between the upgrade's request and its answer.
                    tracing::info!(call = %self.call, %peer, "a stream came back after its call had ended");
                }
                return;
            }
        };
        let call = self.call;
        let beginning = driver::Beginning {
            services,
            domain,
            charge,
            call,
            attachment,
            arrivals,
            stop,
            overseen,
            presence: place.presence.clone(),
        };
        let task = tokio::spawn(async move {
            // Moved whole: it is dropped, and the place given back, with the task.
            let mut place = place;
            place.ended_here = driver::run(beginning).await == driver::EndedBy::Gateway;
        });
        // The task gives its place back even when it panics; here the panic is only told.
        if let Err(error) = task.await {
            tracing::error!(%call, %error, "a call failed by a fault of ours; the other calls go on");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_never_arrives_keeps_no_other_one_out() {
        let now = Instant::now();
        let presence = Arc::new(Presence::new(now));
        presence.gone();
        assert!(!presence.answers(now));
        presence.seen(now);
        let (streams, _arrivals) = mpsc::channel(1);
        let coming = Return {
            presence: Some(presence.clone()),
            streams,
        };
        assert!(presence.answers(now));
        drop(coming);
        assert!(!presence.answers(now));
    }

    #[test]
    fn a_stream_answers_for_three_seconds_after_its_last_sign() {
        let now = Instant::now();
        let presence = Presence::new(now);
        let at = |ms| now + Duration::from_millis(ms);
        assert!(presence.answers(at(2_999)) && !presence.answers(at(3_000)));
        presence.seen(at(2_000));
        assert!(presence.answers(at(4_999)) && !presence.answers(at(5_000)));
    }
}
