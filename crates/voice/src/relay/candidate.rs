//! A session that is being reached, until it may be spoken to.

use crate::engine::{ConnectError, Engine, Event, Session, Setup};
use call::{EngineEvent, FailureKind};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

pub(super) struct Candidate {
    engine: String,
    state: State,
    limit: Duration,
    until: Pin<Box<Sleep>>,
}

enum State {
    Opening(BoxFuture<'static, Result<Box<dyn Session>, ConnectError>>),
    /// Connected, and being configured.
    Open(Box<dyn Session>),
    Ready(Box<dyn Session>),
    Spent,
}

impl Candidate {
    /// Begins to reach an engine. Dropping it gives that up.
    pub(super) fn reach(engine: Arc<dyn Engine>, setup: Setup, limit: Duration) -> Self {
        Self {
            engine: engine.name().to_owned(),
            state: State::Opening(Box::pin(async move { engine.connect(setup).await })),
            limit,
            until: Box::pin(tokio::time::sleep(limit)),
        }
    }

    /// Ready once the session may be spoken to, or cannot be had.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        loop {
            match &mut self.state {
                State::Opening(opening) => match opening.poll_unpin(cx) {
                    Poll::Ready(Ok(session)) => self.state = State::Open(session),
                    Poll::Ready(Err(error)) => return self.failed(error),
                    Poll::Pending => return self.poll_limit(cx),
                },
                State::Open(session) => match session.poll_event(cx, &mut Vec::new()) {
                    Poll::Ready(Event::Engine(EngineEvent::Ready)) => {
                        if let State::Open(session) = std::mem::replace(&mut self.state, State::Spent) {
                            self.state = State::Ready(session);
                        }
                    }
                    Poll::Ready(Event::Engine(EngineEvent::Failed { kind, message })) => {
                        return self.failed(ConnectError { kind, message });
                    }
                    // Nothing was said yet that anything else could be about.
                    Poll::Ready(_) => {}
                    Poll::Pending => return self.poll_limit(cx),
                },
                State::Ready(_) => return Poll::Ready(Ok(())),
                State::Spent => return Poll::Pending,
            }
        }
    }

    /// The session, once it may be spoken to.
    pub(super) fn session(self) -> Option<Box<dyn Session>> {
        match self.state {
            State::Ready(session) => Some(session),
            State::Opening(_) | State::Open(_) | State::Spent => None,
        }
    }

    fn poll_limit(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        std::task::ready!(self.until.poll_unpin(cx));
        let message = format!(
            "{} was not there within {} ms; a later call may succeed",
            self.engine,
            self.limit.as_millis()
        );
        self.failed(ConnectError {
            kind: FailureKind::Transient,
            message,
        })
    }

    fn failed(&mut self, error: ConnectError) -> Poll<Result<(), ConnectError>> {
        self.state = State::Spent;
        Poll::Ready(Err(error))
    }
}
