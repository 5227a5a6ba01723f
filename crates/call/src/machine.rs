//! The call itself: what composes the rules.

use crate::{Input, LegCommand, LegEvent, Outcome, Output, Record, Settings};
use std::collections::VecDeque;
use std::time::Instant;

/// One phone call. See the crate's documentation for the contract with its driver.
#[derive(Debug)]
pub struct Call {
    settings: Settings,
    started: Instant,
    outputs: VecDeque<Output>,
    over: bool,
}

impl Call {
    /// A call that begins now. Nothing is said before the leg is attached and the engine is ready.
    pub fn new(settings: Settings, now: Instant) -> Self {
        Self {
            settings,
            started: now,
            outputs: VecDeque::new(),
            over: false,
        }
    }

    /// Takes one input. `now` must not be earlier than any instant given before.
    pub fn handle(&mut self, input: Input, now: Instant) {
        let _ = now;
        if self.over {
            return;
        }
        match input {
            Input::Leg(LegEvent::Ended) => self.end(Outcome::CallerHungUp),
            Input::End => {
                self.outputs.push_back(Output::Leg(LegCommand::HangUp));
                self.end(Outcome::Stopped);
            }
            _ => {}
        }
    }

    /// The next thing to do, if there is one.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Call::handle_timeout`] is wanted next, if no input comes before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.over || self.settings.total.is_zero() {
            return None;
        }
        Some(self.started + self.settings.total)
    }

    /// Does what is due at `now`. Too early is harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|due| due <= now) {
            self.outputs.push_back(Output::Leg(LegCommand::HangUp));
            self.end(Outcome::TimeLimit);
        }
    }

    /// True once [`Record::Ended`] has been put out: what is still to be polled is the last.
    pub fn is_over(&self) -> bool {
        self.over
    }

    fn end(&mut self, outcome: Outcome) {
        self.over = true;
        self.outputs.push_back(Output::Record(Record::Ended { outcome }));
    }
}
