//! The caller on hold: music instead of the conversation, until something is said to them again.

use super::Call;
use crate::utterances::Guard;
use crate::{EngineCommand, LegCommand, ToolCallId};
use std::time::Instant;

const HELD: &str = "the caller hears music and does not hear you, nor you them. Do now what they wait for; the next that you say ends the \
                    hold, and so does resume_call";
const RESUMED: &str = "the music has ended: the caller hears you";
const NOT_HELD: &str = "the caller is not on hold: they hear you";

impl Call {
    /// The last words were heard: the music begins.
    pub(super) fn hold(&mut self, id: ToolCallId, now: Instant) {
        self.leg(LegCommand::Hold);
        self.held_until = Some(now + self.rules.longest_hold);
        self.tool_result(id, true, HELD.to_owned(), now);
    }

    /// Whether the caller waits with music.
    pub(super) fn is_held(&self) -> bool {
        self.held_until.is_some()
    }

    /// The music ends, if there is any: what is owed has its time from now.
    pub(super) fn unhold(&mut self, now: Instant) {
        if self.held_until.take().is_none() {
            return;
        }
        self.floor.hush();
        self.thinking.restart(now + self.rules.answer_limit);
        self.leg(LegCommand::Unhold);
    }

    /// The engine wants the caller back.
    pub(super) fn resume(&mut self, id: ToolCallId, now: Instant) {
        let (ok, result) = match self.is_held() {
            true => (true, RESUMED),
            false => (false, NOT_HELD),
        };
        self.unhold(now);
        self.tool_result(id, ok, result.to_owned(), now);
    }

    /// Nobody waits for ever. If the engine has nothing to say, the caller is asked whether they are still there.
    pub(super) fn held_too_long(&mut self, now: Instant) {
        self.unhold(now);
        self.tell(EngineCommand::NoInput);
        self.ask_after_caller(now);
    }

    /// Unless somebody has something to say, the caller, who has heard nobody for a while, is asked whether they are still there.
    pub(super) fn ask_after_caller(&mut self, now: Instant) {
        self.thinking.forgive();
        if self.is_idle() && self.floor.turn().is_none() && self.greeting.is_none() {
            let text = self.rules.reprompts.first().cloned().unwrap_or_default();
            self.speak(&text, Guard::Open, now);
        }
    }
}
