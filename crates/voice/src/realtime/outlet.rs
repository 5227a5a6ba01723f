//! What a protocol wants done, in its order.

use super::Action;
use crate::Usage;
use bytes::Bytes;
use call::{AnswerId, EngineEvent, FailureKind};
use serde::Serialize;
use std::collections::VecDeque;
use std::time::Duration;

/// The actions of a protocol, and whether it has failed.
#[derive(Debug, Default)]
pub(crate) struct Outlet {
    actions: VecDeque<Action>,
    failed: bool,
}

impl Outlet {
    /// The next thing to do.
    pub(crate) fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// True once [`Outlet::fail`] was called.
    pub(crate) fn is_failed(&self) -> bool {
        self.failed
    }

    /// The session is of no more use. Only the first failure is told.
    pub(crate) fn fail(&mut self, kind: FailureKind, message: String) {
        if !std::mem::replace(&mut self.failed, true) {
            self.tell(EngineEvent::Failed { kind, message });
        }
    }

    /// Sends an event as JSON.
    pub(crate) fn send(&mut self, event: &impl Serialize) {
        match serde_json::to_string(event) {
            Ok(text) => self.actions.push_back(Action::Text(text.into())),
            Err(error) => self.fail(
                FailureKind::Protocol,
                format!("an event cannot be written as JSON: {error}"),
            ),
        }
    }

    /// Sends samples as they are, little-endian.
    pub(crate) fn send_samples(&mut self, samples: &[i16]) {
        let bytes: Bytes = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        self.actions.push_back(Action::Binary(bytes));
    }

    /// Tells the call.
    pub(crate) fn tell(&mut self, event: EngineEvent) {
        self.actions.push_back(Action::Tell(event));
    }

    /// Tells what will be charged, if it is anything.
    pub(crate) fn charge(&mut self, usage: Usage) {
        if !usage.is_nothing() {
            self.actions.push_back(Action::Charge(usage));
        }
    }

    /// Gives the call audio.
    pub(crate) fn audio(&mut self, answer: AnswerId, samples: Vec<i16>) {
        if !samples.is_empty() {
            self.actions.push_back(Action::Audio(answer, samples));
        }
    }

    /// Tells that the session ends soon.
    pub(crate) fn expiring(&mut self, within: Duration, resume: Option<String>) {
        self.actions.push_back(Action::Expiring { within, resume });
    }
}
