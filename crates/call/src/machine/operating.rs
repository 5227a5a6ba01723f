//! What an operator of the node wants of a call.

use super::{Call, Line};
use crate::ending::{Asker, Stage, Then};
use crate::tools::{HandOver, Way};
use crate::utterances::Guard;
use crate::{ClearReason, Directive, EngineCommand, Outcome};
use std::time::Instant;

/// So many notes wait to be said; more are no operator's.
const MOST_NOTES: usize = 8;

impl Call {
    pub(super) fn directed(&mut self, directive: Directive, now: Instant) {
        match directive {
            Directive::Say { text } if text.trim().is_empty() || self.notes.len() == MOST_NOTES => {}
            Directive::Say { text } => self.notes.push_back(text),
            Directive::Transfer { destination } => self.send_to(destination, now),
            Directive::HangUp => self.dismiss(now),
        }
    }

    /// Says what an operator wants said, while nothing else is: neither side loses words by it.
    pub(super) fn pass_a_note_on(&mut self, now: Instant) -> bool {
        if !self.is_idle() {
            return false;
        }
        let Some(text) = self.notes.pop_front() else {
            return false;
        };
        self.prompt(text, Guard::Shielded, now);
        true
    }

    /// Has the PBX hand the call over, whatever is being said.
    fn send_to(&mut self, destination: String, now: Instant) {
        if self.stage != Stage::Talking || self.departure.is_transferring() {
            return;
        }
        self.call_off("an operator hands the call over", now);
        // What is owed is told of by a clear as well: it may come all the same.
        if self.thinking.owes() {
            self.clear(ClearReason::Engine);
        } else {
            self.clear_if_needed(ClearReason::Engine);
        }
        self.discard_turn();
        if let Some(turn) = self.thinking.owed_turn() {
            self.tell(EngineCommand::Discard { turn });
        }
        self.thinking.supersede();
        let to = HandOver {
            destination,
            way: Way::Blind,
        };
        self.hand_over(Asker::Operator, to, now);
    }

    /// Ends the call with a good-bye, where the caller can hear one.
    fn dismiss(&mut self, now: Instant) {
        match &mut self.stage {
            Stage::Talking if self.line == Line::Attached => {
                let farewell = self.rules.farewell.clone();
                self.say_last_words(farewell, Then::HangUp(Outcome::Stopped), now);
            }
            Stage::LastWords { then, .. } => {
                if let Then::HandOver(_) = then {
                    *then = Then::HangUp(Outcome::Stopped);
                }
            }
            Stage::Opening | Stage::Talking | Stage::PutThrough(_) | Stage::HandingOver { .. } => self.stop(),
            Stage::Over => {}
        }
    }
}
