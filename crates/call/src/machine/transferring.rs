//! The way to somebody else: the PBX is asked, and what it tells decides whether the conversation goes on.

use super::{Call, Engine, Line};
use crate::ending::{Asker, Departure, Stage, Transfer};
use crate::tools::{HandOver, Way};
use crate::{ClearReason, LegCommand, Outcome, Record, TransferOutcome};
use std::time::{Duration, Instant};

/// What the engine is to do with a caller who is back.
const NEXT: &str =
    "The caller is back with you: tell them, and offer to take a message or to try somebody else";

impl Call {
    /// The last words were heard: the PBX hands the call over.
    pub(super) fn hand_over(&mut self, by: Asker, to: HandOver, now: Instant) {
        let transfer = Transfer {
            by,
            destination: to.destination.clone(),
            until: now + self.longest_transfer(),
        };
        if !self.is_told_of_transfers() {
            self.order_transfer(to, now);
            self.departure = Departure::Transferring(transfer);
            return;
        }
        // What is on its way would be said to nobody.
        self.clear_if_needed(ClearReason::Engine);
        self.thinking.forget_say();
        self.order_transfer(to, now);
        self.stage = Stage::PutThrough(transfer);
    }

    pub(super) fn order_transfer(&mut self, to: HandOver, now: Instant) {
        self.unhold(now);
        let HandOver { destination, way } = to;
        self.leg(match way {
            Way::Blind => LegCommand::Transfer {
                destination,
                announcement: None,
            },
            Way::Announced(about) => LegCommand::Transfer {
                destination,
                announcement: Some(about),
            },
            Way::Voicemail => LegCommand::Voicemail { destination },
        });
    }

    /// How long a transfer may take.
    pub(super) fn longest_transfer(&self) -> Duration {
        self.rules.transfer_limit.unwrap_or(self.rules.tool_limit)
    }

    /// Whether the PBX tells what becomes of a transfer.
    pub(super) fn is_told_of_transfers(&self) -> bool {
        self.rules.transfer_limit.is_some()
    }

    /// The destination of the transfer that is under way.
    fn under_way(&self) -> Option<&str> {
        match (&self.stage, &self.departure) {
            (Stage::PutThrough(transfer), _) | (Stage::Talking, Departure::Transferring(transfer)) => {
                Some(&transfer.destination)
            }
            (Stage::HandingOver { destination, .. }, _) => Some(destination),
            _ => None,
        }
    }

    fn record_transfer(&mut self, outcome: TransferOutcome) {
        if let Some(destination) = self.under_way() {
            let destination = destination.to_owned();
            self.record(Record::TransferEnded { destination, outcome });
        }
    }

    /// The PBX tells what became of a transfer, or its time is over.
    pub(super) fn transfer_ended(&mut self, outcome: TransferOutcome, now: Instant) {
        match outcome {
            // Whatever the call thought meanwhile: the caller talks to somebody else, or to nobody.
            TransferOutcome::Answered => self.leave(Outcome::Transferred),
            TransferOutcome::CallerGone => self.leave(Outcome::CallerHungUp),
            failure => {
                self.record_transfer(failure.clone());
                self.transfer_failed(&failure, now);
            }
        }
    }

    /// The call ends while a transfer is under way: that has an end too.
    pub(super) fn record_transfer_at_end(&mut self, outcome: Outcome) {
        self.record_transfer(match outcome {
            Outcome::Transferred => TransferOutcome::Answered,
            Outcome::CallerHungUp => TransferOutcome::CallerGone,
            Outcome::StreamLost => failed("the stream was lost"),
            _ => failed("the call was ended"),
        });
    }

    /// The transfer that is under way has had its time.
    pub(super) fn transfer_overdue(&mut self, now: Instant) {
        self.transfer_ended(failed("timed out"), now);
    }

    fn transfer_failed(&mut self, failure: &TransferOutcome, now: Instant) {
        match &self.stage {
            Stage::PutThrough(transfer) => {
                let transfer = transfer.clone();
                self.take_back(transfer, failure, now);
            }
            Stage::HandingOver { .. } => self.hand_over_failed(now),
            _ => {
                if let Some(transfer) = self.departure.take_transfer() {
                    let why = told(failure, &transfer.destination);
                    self.tell_asker(transfer.by, why, now);
                }
            }
        }
    }

    /// Who wanted a transfer that came to nothing is told why.
    pub(super) fn tell_asker(&mut self, asker: Asker, why: String, now: Instant) {
        match asker {
            Asker::Engine(id) => self.tool_result(id, false, why, now),
            Asker::Operator => self.ask_after_caller(now),
        }
    }

    /// The caller is back, and the conversation goes on with whoever is left.
    fn take_back(&mut self, transfer: Transfer, failure: &TransferOutcome, now: Instant) {
        self.stage = Stage::Talking;
        self.floor.hush();
        match self.engine {
            Engine::Gone => self.apologise_but_not_to(&transfer.destination, now),
            Engine::Connecting | Engine::Ready => {
                let why = told(failure, &transfer.destination);
                self.tell_asker(transfer.by, why, now);
            }
        }
    }

    pub(super) fn line_ended(&mut self) {
        // A PBX that tells nothing ends the leg when it has handed the call over.
        let handed_over = self.under_way().is_some() && !self.is_told_of_transfers();
        let outcome = match self.line {
            _ if handed_over => Outcome::Transferred,
            Line::Detached => Outcome::StreamLost,
            Line::Waiting | Line::Attached => Outcome::CallerHungUp,
        };
        self.drop_utterances();
        self.end(outcome);
    }
}

fn failed(cause: &str) -> TransferOutcome {
    TransferOutcome::Failed {
        cause: cause.to_owned(),
    }
}

/// What the engine is told of a transfer that came to nothing.
fn told(failure: &TransferOutcome, destination: &str) -> String {
    let what = match failure {
        TransferOutcome::Busy => format!("{destination} is on the phone"),
        TransferOutcome::NoAnswer => format!("nobody answered at {destination}"),
        TransferOutcome::Refused => format!("{destination} cannot take the call now"),
        TransferOutcome::Unavailable => {
            format!("{destination} cannot be reached: no phone is registered there")
        }
        TransferOutcome::Failed { cause } => format!("the transfer to {destination} failed ({cause})"),
        TransferOutcome::Answered | TransferOutcome::CallerGone => {
            format!("the transfer to {destination} is over")
        }
    };
    format!("{what}. {NEXT}")
}
