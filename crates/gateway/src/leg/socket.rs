//! The WebSocket of a leg whose other end is an audio module: what comes in, and what goes out without anybody waiting for it.

use super::alive::Alive;
use super::control::Control;
use super::{Closing, Incoming};
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use std::collections::VecDeque;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// How long the other end may refuse to read before its stream counts as lost.
pub(super) const STALL_LIMIT: Duration = Duration::from_secs(5);

/// Orders that may wait for the other end: far more than a call gives in the time after which its stream counts as lost.
pub(super) const MOST_ORDERS: usize = 64;

/// A WebSocket that carries a call.
pub(super) struct Socket {
    socket: WebSocket,
    unflushed: bool,
    /// Orders that the socket did not take yet. Nothing overtakes them: audio after a `clear` must not be cleared by it.
    orders: VecDeque<Message>,
    /// More orders waited than may: the other end has long stopped reading.
    overrun: bool,
    stalled_since: Option<Instant>,
    refused: u64,
    alive: Alive,
}

impl Socket {
    pub(super) fn new(socket: WebSocket) -> Self {
        Self {
            socket,
            unflushed: false,
            orders: VecDeque::new(),
            overrun: false,
            stalled_since: None,
            refused: 0,
            alive: Alive::default(),
        }
    }

    /// The next thing that comes; sends on what is buffered meanwhile.
    pub(super) fn poll_incoming(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Incoming> {
        if self.overrun {
            return Poll::Ready(Incoming::Closed(Closing::Lost));
        }
        if self.unflushed {
            match self.poll_sent(cx) {
                Poll::Ready(Ok(())) => {
                    self.unflushed = false;
                    self.stalled_since = None;
                }
                Poll::Ready(Err(_)) => return Poll::Ready(Incoming::Closed(Closing::Lost)),
                Poll::Pending => {
                    let since = *self.stalled_since.get_or_insert(now);
                    if now.duration_since(since) > STALL_LIMIT {
                        return Poll::Ready(Incoming::Closed(Closing::Lost));
                    }
                }
            }
        }
        let message = match self.socket.poll_next_unpin(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(message) => message,
        };
        if let Some(Ok(Message::Close(_))) = &message {
            // The socket has queued the answer that RFC 6455 (5.5.1) asks for, and whoever owns us drops us now. What the
            // system does not take at once was for an end that reads no more.
            let _ = self.socket.poll_flush_unpin(cx);
        }
        Poll::Ready(match message {
            Some(Ok(Message::Binary(bytes))) => Incoming::Audio(bytes),
            Some(Ok(Message::Text(text))) => Incoming::Text(text),
            Some(Ok(Message::Ping(_))) => {
                // The answer was queued by the socket itself and leaves with the next flush.
                self.unflushed = true;
                Incoming::Alive
            }
            Some(Ok(Message::Pong(_))) => Incoming::Alive,
            Some(Ok(Message::Close(Some(frame)))) if frame.code == close_code::NORMAL => {
                Incoming::Closed(Closing::Normal)
            }
            // mod_audio_stream answers our own close with ours; a close without a code is as good as 1000.
            Some(Ok(Message::Close(None))) => Incoming::Closed(Closing::Normal),
            Some(Ok(Message::Close(Some(_))) | Err(_)) | None => Incoming::Closed(Closing::Lost),
        })
    }

    /// Sends bytes of audio. What the other end is too slow for is lost.
    pub(super) fn audio(&mut self, bytes: Bytes) {
        self.send(Message::Binary(bytes));
    }

    /// Sends a text frame that must arrive. It waits for a slow other end.
    pub(super) fn text(&mut self, text: String) {
        self.order(Message::Text(text.into()));
    }

    /// Hands over the orders that wait, then flushes.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        ready!(self.poll_orders(cx))?;
        self.socket.poll_flush_unpin(cx)
    }

    fn poll_orders(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        while !self.orders.is_empty() {
            ready!(self.socket.poll_ready_unpin(cx))?;
            if let Some(order) = self.orders.pop_front() {
                self.socket.start_send_unpin(order)?;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Sends a text frame. Orders wait for a slow other end, whatever is only told does not.
    pub(super) fn control(&mut self, control: &Control<'_>) {
        match serde_json::to_string(control) {
            Ok(text) if control.is_order() => self.text(text),
            Ok(text) => self.send(Message::Text(text.into())),
            Err(error) => tracing::error!(%error, "a control frame could not be written"),
        }
    }

    /// Asks whether the other end is there.
    pub(super) fn ping(&mut self) {
        self.send(Message::Ping(Bytes::new()));
    }

    /// Says that we are there, when that is due.
    pub(super) fn vouch(&mut self, control: bool, now: Instant) {
        if let Some(sign) = self.alive.due(control, now) {
            self.control(&sign);
        }
    }

    /// Messages that the other end was too slow to take.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// Says good-bye. The other end's answer comes as [`Incoming::Closed`].
    pub(super) fn close(&mut self) {
        self.order(Message::Close(Some(CloseFrame {
            code: close_code::NORMAL,
            reason: "".into(),
        })));
    }

    /// Hands a message to the socket as soon as it takes one; never waits.
    fn order(&mut self, message: Message) {
        self.unflushed = true;
        if self.orders.len() == MOST_ORDERS {
            self.overrun = true;
            return;
        }
        self.orders.push_back(message);
        // An error here comes again from the next read, where it ends the stream.
        let _ = self.poll_orders(&mut Context::from_waker(std::task::Waker::noop()));
    }

    /// Hands a message to the socket if it takes one now; never waits.
    fn send(&mut self, message: Message) {
        // The waker does not matter: `poll_incoming` polls the flush with the task's own.
        let mut cx = Context::from_waker(std::task::Waker::noop());
        self.unflushed = true;
        let overtakes = !matches!(self.poll_orders(&mut cx), Poll::Ready(Ok(())));
        if overtakes || !matches!(self.socket.poll_ready_unpin(&mut cx), Poll::Ready(Ok(()))) {
            self.refused += 1;
            return;
        }
        // An error here comes again from the next read, where it ends the stream.
        let _ = self.socket.start_send_unpin(message);
    }
}
