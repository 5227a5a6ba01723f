//! The task that owns a session's socket. It always reads, whatever waits to be written.

use super::{Action, Bounds, Counts, Order, Protocol, Received, Socket};
use crate::Usage;
use bytes::Bytes;
use call::{AnswerId, EngineEvent, FailureKind};
use futures_util::stream::SplitSink;
use futures_util::{SinkExt, StreamExt};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Messages that wait to be written before orders are left in their queue.
const ORDERS_BEFORE: usize = 64;

/// Messages that wait to be written before the connection is given up. Beyond the orders these are our answers to events.
const GIVE_UP: usize = 1024;

/// How long the good-bye may take.
const CLOSING: Duration = Duration::from_secs(1);

/// How often a protocol is asked whether it keeps its session alive.
const SECOND: Duration = Duration::from_secs(1);

/// The close code of a connection that was closed without one (RFC 6455, 7.1.5).
const NO_CODE: u16 = 1005;

/// What the task tells its session.
#[derive(Debug)]
pub(super) enum Told {
    /// Audio of an answer.
    Audio {
        /// The answer.
        answer: AnswerId,
        /// The samples.
        samples: Vec<i16>,
    },
    /// What will be charged.
    Usage(Usage),
    /// The provider ends the session soon.
    Expiring {
        /// How long it still lasts.
        within: Duration,
        /// What opens the next with its memory.
        resume: Option<String>,
    },
    /// Anything else.
    Event(EngineEvent),
}

/// What the task of a session is made of.
pub(super) struct Link<P> {
    pub(super) socket: Socket,
    pub(super) protocol: P,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) audio: mpsc::Receiver<Vec<i16>>,
    pub(super) told: mpsc::Sender<Told>,
    /// Samples that wait for the session.
    pub(super) queued: Arc<AtomicU64>,
    /// How many samples may wait for it.
    pub(super) hold: u64,
    pub(super) bounds: Bounds,
    pub(super) counts: Arc<Counts>,
    pub(super) end: CancellationToken,
}

/// Counts a task while it lives.
struct Live(Arc<Counts>);

impl Live {
    fn new(counts: Arc<Counts>) -> Self {
        counts.sessions.fetch_add(1, Ordering::Relaxed);
        Self(counts)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.sessions.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One thing that happened to the task.
enum Step {
    Received(Option<Result<Message, Error>>),
    Written(Result<(), Error>),
    Order(Option<Order>),
    Audio(Option<Vec<i16>>),
    Ping,
    Second,
    SetupTooLong,
    /// Nothing can be written any more, and nothing has come that says why.
    NothingLeft,
    End,
}

/// Runs until the session is dropped or has failed.
pub(super) async fn run<P: Protocol>(link: Link<P>) {
    let Link {
        socket,
        protocol,
        mut orders,
        mut audio,
        told,
        queued,
        hold,
        bounds,
        counts,
        end,
    } = link;
    let _live = Live::new(counts.clone());
    let (mut sink, mut stream) = socket.split();
    let mut task = Task {
        protocol,
        told,
        queued,
        hold,
        counts,
        outbox: Outbox::default(),
        silence_limit: bounds.silence,
        keepalive: bounds.keepalive,
        began: Instant::now(),
        last_sign: Instant::now(),
        last_sent: Instant::now(),
        unwritten: None,
        over: false,
    };
    task.settle();
    let mut pings = tokio::time::interval(bounds.silence / 3);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seconds = tokio::time::interval(SECOND);
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let setup = tokio::time::sleep(bounds.setup);
    tokio::pin!(setup);

    while !task.over {
        let ready = task.protocol.is_ready();
        let takes_orders = ready && task.outbox.messages.len() < ORDERS_BEFORE;
        let takes_audio = ready && task.outbox.messages.is_empty();
        let step = tokio::select! {
            () = end.cancelled() => Step::End,
            message = stream.next() => Step::Received(message),
            written = poll_fn(|cx| task.outbox.poll_write(&mut sink, cx)), if task.outbox.pending => Step::Written(written),
            order = orders.recv(), if takes_orders => Step::Order(order),
            piece = audio.recv(), if takes_audio => Step::Audio(piece),
            _ = pings.tick() => Step::Ping,
            _ = seconds.tick() => Step::Second,
            () = &mut setup, if !ready => Step::SetupTooLong,
            () = last_words(task.unwritten.as_ref()) => Step::NothingLeft,
        };
        task.take(step);
        task.settle();
    }
    // Nobody is left to tell whether the good-bye arrived.
    let _ = tokio::time::timeout(CLOSING, sink.send(Message::Close(None))).await;
}

/// Waits until nothing more is to be expected of a connection that cannot be written to; for ever of one that can.
async fn last_words(unwritten: Option<&(Error, Instant)>) {
    match unwritten {
        Some((_, until)) => tokio::time::sleep_until(*until).await,
        None => std::future::pending().await,
    }
}

/// What waits to be written. It survives a write that is given up half way.
#[derive(Default)]
struct Outbox {
    messages: VecDeque<Message>,
    /// True while something is not written or not flushed.
    pending: bool,
}

impl Outbox {
    fn push(&mut self, message: Message) {
        self.messages.push_back(message);
        self.pending = true;
    }

    fn poll_write(
        &mut self,
        sink: &mut SplitSink<Socket, Message>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        while !self.messages.is_empty() {
            ready!(sink.poll_ready_unpin(cx))?;
            if let Some(message) = self.messages.pop_front() {
                sink.start_send_unpin(message)?;
            }
        }
        ready!(sink.poll_flush_unpin(cx))?;
        self.pending = false;
        Poll::Ready(Ok(()))
    }
}

struct Task<P> {
    protocol: P,
    told: mpsc::Sender<Told>,
    queued: Arc<AtomicU64>,
    hold: u64,
    counts: Arc<Counts>,
    outbox: Outbox,
    silence_limit: Duration,
    keepalive: Duration,
    began: Instant,
    /// When the server last sent anything.
    last_sign: Instant,
    /// When the protocol last sent anything.
    last_sent: Instant,
    /// Why nothing can be written any more, and until when what is left to be read may tell more.
    unwritten: Option<(Error, Instant)>,
    over: bool,
}

impl<P: Protocol> Task<P> {
    fn take(&mut self, step: Step) {
        match step {
            Step::Received(Some(Ok(message))) => self.receive(message),
            Step::Received(Some(Err(error))) => self.lost(&error),
            Step::Written(Err(error)) => self.cannot_write(error),
            Step::Received(None) | Step::NothingLeft => match self.unwritten.take() {
                Some((error, _)) => self.lost(&error),
                None => self.protocol.closed(NO_CODE, ""),
            },
            Step::Written(Ok(())) => {}
            Step::Order(Some(Order::Command(command))) => self.protocol.command(command),
            Step::Order(Some(Order::Ask { turn, words })) => self.protocol.ask(turn, words),
            Step::Audio(Some(samples)) => self.protocol.hear(&samples),
            Step::Ping => self.ping(),
            Step::Second => self.second(),
            Step::SetupTooLong => self
                .protocol
                .fail(FailureKind::Transient, "the session was not configured in time"),
            Step::Order(None) | Step::Audio(None) | Step::End => self.over = true,
        }
    }

    fn receive(&mut self, message: Message) {
        self.last_sign = Instant::now();
        match message {
            Message::Text(text) => self.protocol.receive(Received::Text(&text)),
            Message::Binary(bytes) => self.protocol.receive(Received::Binary(&bytes)),
            Message::Close(Some(frame)) => self.protocol.closed(frame.code.into(), &frame.reason),
            Message::Close(None) => self.protocol.closed(NO_CODE, ""),
            // The library answers pings by itself.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }

    /// A provider that closes the connection says why first, and closes it while we still write.
    fn cannot_write(&mut self, error: Error) {
        self.outbox = Outbox::default();
        self.unwritten.get_or_insert((error, Instant::now() + CLOSING));
    }

    fn lost(&mut self, error: &Error) {
        let kind = match error {
            Error::Capacity(_) | Error::Protocol(_) | Error::Utf8(_) => FailureKind::Protocol,
            _ => FailureKind::Transient,
        };
        // A reset in the middle of a message is the network's doing.
        let reset = tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake;
        let kind = if matches!(error, Error::Protocol(e) if *e == reset) {
            FailureKind::Transient
        } else {
            kind
        };
        self.protocol
            .fail(kind, &format!("the connection was lost: {error}"));
    }

    fn ping(&mut self) {
        let silent = self.last_sign.elapsed();
        if silent >= self.silence_limit {
            let what = format!("nothing has come for {} ms", silent.as_millis());
            self.protocol.fail(FailureKind::Transient, &what);
            return;
        }
        self.push(Message::Ping(Bytes::new()));
    }

    fn second(&mut self) {
        if self.protocol.is_ready() && self.last_sent.elapsed() >= self.keepalive {
            self.protocol.idle();
        }
        self.protocol.lasts(self.began.elapsed());
    }

    fn send(&mut self, message: Message) {
        self.last_sent = Instant::now();
        self.push(message);
    }

    fn push(&mut self, message: Message) {
        if self.unwritten.is_none() {
            self.outbox.push(message);
        }
    }

    /// Does what the protocol wants done.
    fn settle(&mut self) {
        while let Some(action) = self.protocol.poll_action() {
            match action {
                Action::Text(text) => self.send(Message::Text(text)),
                Action::Binary(bytes) => self.send(Message::Binary(bytes)),
                Action::Tell(event) => self.tell(Told::Event(event)),
                Action::Charge(usage) => self.tell(Told::Usage(usage)),
                Action::Audio(answer, samples) => self.give(answer, samples),
                Action::Expiring { within, resume } => self.tell(Told::Expiring { within, resume }),
            }
        }
        if self.outbox.messages.len() > GIVE_UP {
            self.over = true;
        }
        self.over |= self.protocol.is_failed();
    }

    fn give(&mut self, answer: AnswerId, samples: Vec<i16>) {
        let added = samples.len() as u64;
        if self.queued.load(Ordering::Relaxed) + added > self.hold {
            self.counts.overflows.fetch_add(1, Ordering::Relaxed);
            warn!(%answer, "an answer was cancelled: more of its audio waits for the call than may");
            self.protocol.overflow(answer);
            return;
        }
        self.queued.fetch_add(added, Ordering::Relaxed);
        self.tell(Told::Audio { answer, samples });
    }

    /// A full queue means a driver that has stopped polling; a closed one, a session that has ended.
    fn tell(&mut self, told: Told) {
        if self.told.try_send(told).is_err() {
            self.over = true;
        }
    }
}
