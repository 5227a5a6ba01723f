//! The task that owns a session's socket. It always reads, whatever waits to be written.

use super::connect::Socket;
use super::conversation::{Action, Conversation};
use super::protocol::ClientEvent;
use super::{Counts, failure};
use crate::Usage;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use call::{AnswerId, EngineCommand, EngineEvent, FailureKind};
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
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Messages that wait to be written before commands are left in their queue.
const COMMANDS_BEFORE: usize = 64;

/// Messages that wait to be written before the connection is given up. Beyond the commands these are our answers to events.
const GIVE_UP: usize = 1024;

/// How long the good-bye may take.
const CLOSING: Duration = Duration::from_secs(1);

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
    /// Anything else.
    Event(EngineEvent),
}

/// What the task of a session is made of.
pub(super) struct Link {
    pub(super) socket: Socket,
    pub(super) conversation: Conversation,
    pub(super) commands: mpsc::Receiver<EngineCommand>,
    pub(super) audio: mpsc::Receiver<Vec<i16>>,
    pub(super) told: mpsc::Sender<Told>,
    /// Samples that wait for the session.
    pub(super) queued: Arc<AtomicU64>,
    /// How many samples may wait for it.
    pub(super) hold: u64,
    pub(super) setup_limit: Duration,
    pub(super) silence_limit: Duration,
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
    Command(Option<EngineCommand>),
    Audio(Option<Vec<i16>>),
    Tick,
    SetupTooLong,
    End,
}

/// Runs until the session is dropped or has failed.
pub(super) async fn run(link: Link) {
    let Link {
        socket,
        conversation,
        mut commands,
        mut audio,
        told,
        queued,
        hold,
        counts,
        end,
        ..
    } = link;
    let _live = Live::new(counts.clone());
    let (mut sink, mut stream) = socket.split();
    let mut task = Task {
        conversation,
        told,
        queued,
        hold,
        counts,
        outbox: Outbox::default(),
        silence_limit: link.silence_limit,
        last_sign: Instant::now(),
        over: false,
    };
    let mut ticks = tokio::time::interval(link.silence_limit / 3);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let setup = tokio::time::sleep(link.setup_limit);
    tokio::pin!(setup);

    while !task.over {
        let ready = task.conversation.is_ready();
        let takes_commands = ready && task.outbox.messages.len() < COMMANDS_BEFORE;
        let takes_audio = ready && task.outbox.messages.is_empty();
        let step = tokio::select! {
            () = end.cancelled() => Step::End,
            message = stream.next() => Step::Received(message),
            written = poll_fn(|cx| task.outbox.poll_write(&mut sink, cx)), if task.outbox.pending => Step::Written(written),
            command = commands.recv(), if takes_commands => Step::Command(command),
            piece = audio.recv(), if takes_audio => Step::Audio(piece),
            _ = ticks.tick() => Step::Tick,
            () = &mut setup, if !ready => Step::SetupTooLong,
        };
        task.take(step);
        task.settle();
    }
    // Nobody is left to tell whether the good-bye arrived.
    let _ = tokio::time::timeout(CLOSING, sink.send(Message::Close(None))).await;
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

struct Task {
    conversation: Conversation,
    told: mpsc::Sender<Told>,
    queued: Arc<AtomicU64>,
    hold: u64,
    counts: Arc<Counts>,
    outbox: Outbox,
    silence_limit: Duration,
    /// When the server last sent anything.
    last_sign: Instant,
    over: bool,
}

impl Task {
    fn take(&mut self, step: Step) {
        match step {
            Step::Received(Some(Ok(message))) => self.receive(message),
            Step::Received(Some(Err(error))) | Step::Written(Err(error)) => self.lost(&error),
            Step::Received(None) => self.fail(FailureKind::Transient, "OpenAI ended the connection"),
            Step::Written(Ok(())) => {}
            Step::Command(Some(command)) => self.conversation.command(command),
            Step::Audio(Some(samples)) => self.append(&samples),
            Step::Tick => self.tick(),
            Step::SetupTooLong => self.fail(
                FailureKind::Transient,
                "OpenAI did not configure the session in time",
            ),
            Step::Command(None) | Step::Audio(None) | Step::End => self.over = true,
        }
    }

    fn receive(&mut self, message: Message) {
        self.last_sign = Instant::now();
        match message {
            Message::Text(text) => self.conversation.receive(&text),
            Message::Close(frame) => self.closed(frame.as_ref()),
            Message::Binary(_) => self.fail(FailureKind::Protocol, "OpenAI sent binary data"),
            // The library answers pings by itself.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }

    fn closed(&mut self, frame: Option<&CloseFrame>) {
        let (kind, message) = match frame {
            Some(frame) => failure::of_close(frame.code.into(), &frame.reason),
            None => failure::of_close(1005, ""),
        };
        self.conversation.fail(kind, message);
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
        self.fail(kind, &format!("the connection to OpenAI was lost: {error}"));
    }

    fn fail(&mut self, kind: FailureKind, what: &str) {
        self.conversation.fail(kind, failure::plain(kind, what));
    }

    fn append(&mut self, samples: &[i16]) {
        let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        self.send(&ClientEvent::Append {
            audio: STANDARD.encode(bytes),
        });
    }

    fn tick(&mut self) {
        if self.last_sign.elapsed() >= self.silence_limit {
            let what = format!(
                "OpenAI has sent nothing for {} ms",
                self.last_sign.elapsed().as_millis()
            );
            self.fail(FailureKind::Transient, &what);
            return;
        }
        self.outbox.push(Message::Ping(Bytes::new()));
    }

    fn send(&mut self, event: &ClientEvent) {
        match serde_json::to_string(event) {
            Ok(text) => self.outbox.push(Message::text(text)),
            Err(error) => self.fail(
                FailureKind::Protocol,
                &format!("an event cannot be written as JSON: {error}"),
            ),
        }
    }

    /// Does what the conversation wants done.
    fn settle(&mut self) {
        while let Some(action) = self.conversation.poll_action() {
            match action {
                Action::Send(event) => self.send(&event),
                Action::Tell(event) => self.tell(Told::Event(event)),
                Action::Charge(usage) => self.tell(Told::Usage(usage)),
                Action::Audio(answer, samples) => self.give(answer, samples),
            }
        }
        if self.outbox.messages.len() > GIVE_UP {
            self.over = true;
        }
        self.over |= self.conversation.is_failed();
    }

    fn give(&mut self, answer: AnswerId, samples: Vec<i16>) {
        let added = samples.len() as u64;
        if self.queued.load(Ordering::Relaxed) + added > self.hold {
            self.counts.overflows.fetch_add(1, Ordering::Relaxed);
            warn!(%answer, "an answer was cancelled: more of its audio waits for the call than may");
            self.conversation.overflow(answer);
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
