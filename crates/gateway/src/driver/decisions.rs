//! What the call decided, done.

use super::Driver;
use crate::leg::control::Control;
use crate::metrics::ErrorKind;
use crate::pbx::Order;
use crate::tools;
use crate::transfer;
use call::{LegCommand, Output, Record, Role, ToolRequest, Utterance};
use std::time::{Duration, Instant};
use voice::Session;

impl Driver {
    pub(super) fn perform(&mut self, output: Output, now: Instant) {
        match output {
            Output::Engine(command) => {
                if let Some(session) = &mut self.session {
                    session.command(command);
                }
            }
            Output::ReplaceEngine => {
                if let Some(session) = &mut self.session {
                    session.replace();
                }
            }
            Output::Leg(command) => self.leg_command(&command, now),
            Output::JudgeTurn { turn } => self.work.judge(&self.services, turn, &self.hearing),
            Output::PlayPrompt { prompt, text } => {
                self.speaking.prompt_asked(prompt);
                self.work.prompt(&self.services, &self.secretary, prompt, text);
            }
            Output::Tool(request) => self.use_tool(request),
            Output::Record(record) => self.record(&record, now),
        }
    }

    fn use_tool(&mut self, request: ToolRequest) {
        if let Some(beyond) = self.offer.beyond(&request.name) {
            let limit = Duration::from_millis(self.secretary.limits.tool_ms.into());
            return self
                .work
                .beyond(&self.services, self.id, (beyond, limit), request);
        }
        let secretary = &self.secretary;
        match tools::user(&request.name) {
            tools::User::Call => {
                let found = tools::found(secretary, &request);
                self.work.told(request.id, found);
            }
            tools::User::Pbx => match tools::for_pbx(secretary, &request) {
                Ok(request) => self.pbx.order(Order::Tool(&request), self.leg.as_mut()),
                Err(why) => self.work.told(request.id, Err(why)),
            },
            tools::User::Nobody => {
                let why = self.offer.refuse(&request.name);
                self.work.told(request.id, Err(why));
            }
            tools::User::Books => self
                .work
                .tool(self.account.books(), self.account.subject(), request),
        }
    }

    pub(super) fn leg_command(&mut self, command: &LegCommand, now: Instant) {
        let unheard = self.speaking.unheard(now);
        self.sound.unheard(unheard, now);
        let ahead = self.speaking.ahead_of_echo(now);
        let control = match command {
            LegCommand::Pause => {
                self.speaking.pause(now);
                if self.speaking.keeps_unheard() {
                    self.sound.called_back();
                }
                self.hearing.echo.paused(ahead);
                Control::Pause
            }
            LegCommand::Resume => {
                self.speaking.resume(now);
                self.hearing.echo.resumed(now);
                Control::Resume
            }
            LegCommand::Clear { through, .. } => {
                self.speaking.clear(*through, now);
                self.waiting.cleared();
                self.sound.called_back();
                self.hearing.echo.called_back(ahead);
                Control::Clear
            }
            LegCommand::Transcript {
                role: Role::User,
                text,
                is_final,
            } => {
                if *is_final {
                    self.account.caller_said(text);
                }
                Control::Transcript {
                    role: Role::User,
                    text: self.account.told_of_caller(text),
                    r#final: *is_final,
                }
            }
            // The record that follows at once tells of which answer it is, and so whether it is private.
            LegCommand::Transcript {
                role: Role::Assistant,
                text,
                ..
            } => {
                self.heard_words = Some(text.clone());
                return;
            }
            LegCommand::Transfer {
                destination,
                announcement,
            } => {
                let target = transfer::target(&self.secretary, destination, announcement.as_deref());
                return self.pbx.order(Order::Transfer(target), self.leg.as_mut());
            }
            LegCommand::Voicemail { destination } => {
                let target = transfer::mailbox(&self.secretary, destination);
                return self.pbx.order(Order::Transfer(target), self.leg.as_mut());
            }
            LegCommand::Hold => return self.pbx.order(Order::Hold, self.leg.as_mut()),
            LegCommand::Unhold => return self.pbx.order(Order::Unhold, self.leg.as_mut()),
            LegCommand::HangUp => return self.pbx.order(Order::HangUp, self.leg.as_mut()),
        };
        if let Some(leg) = &mut self.leg {
            leg.control(&control);
        }
    }

    /// Tells the leg what was heard of this utterance, if the call wants it told.
    fn tell_heard_words(&mut self, utterance: Utterance) {
        let (Some(words), Some(leg)) = (self.heard_words.take(), &mut self.leg) else {
            return;
        };
        leg.control(&Control::Transcript {
            role: Role::Assistant,
            text: self.account.told_of_secretary(utterance, &words),
            r#final: true,
        });
    }

    /// Tells how long the caller waited once the first of the answer has left.
    pub(super) fn notice_departure(&mut self, now: Instant) {
        if !self.speaking.has_begun_to_leave() {
            return;
        }
        let Some(latency) = self.waiting.left(now) else {
            return;
        };
        self.services.metrics.waiting(self.engine(), &latency);
        self.account.answered(latency);
        if let Some(leg) = &mut self.leg {
            leg.control(&Control::Latency(latency.into()));
        }
    }

    /// Notes what is worth keeping: numbers and kinds, never words.
    pub(super) fn record(&mut self, record: &Record, now: Instant) {
        if let Record::Heard { utterance, .. } = record {
            self.tell_heard_words(*utterance);
        }
        self.account.record(record);
        self.show_record(record);
        let metrics = &self.services.metrics;
        match record {
            Record::UserTurn { turn } => {
                tracing::debug!(call = %self.id, %turn, "the caller's turn is over");
                self.waiting.over(*turn, now);
            }
            Record::Answered { turn, response_ms } => {
                // The call counts from the ear's decision; the caller has waited since the last sound.
                let response = Duration::from_millis(*response_ms) + self.hangover;
                let latency = self.waiting.answered(*turn, response, now);
                let response_ms = latency.response_ms;
                metrics.engine_response(self.engine(), response);
                self.overseen
                    .sheet
                    .update(|call| call.response_ms = Some(response_ms));
                tracing::info!(call = %self.id, %turn, response_ms, "answered");
                self.account.answered(latency);
            }
            Record::Heard {
                utterance,
                played,
                cut,
                ..
            } => {
                tracing::debug!(call = %self.id, ?utterance, played_ms = played.0, cut, "heard");
            }
            Record::BargeIn { after_ms } => {
                metrics.barge_in();
                tracing::info!(call = %self.id, after_ms, "the caller interrupted");
            }
            Record::FalseBargeIn => {
                metrics.false_barge_in();
                tracing::info!(call = %self.id, "a sound did not interrupt");
            }
            Record::EngineFailed { kind } => {
                metrics.error(ErrorKind::Engine(*kind));
                tracing::warn!(call = %self.id, engine = self.engine(), ?kind, "the engine failed, and no other took its place");
            }
            Record::EngineReplaced { kind } => {
                metrics.error(ErrorKind::Engine(*kind));
                metrics.engine_replaced();
                tracing::info!(call = %self.id, engine = self.engine(), ?kind, "another engine takes the place of one that failed");
            }
            Record::TransferEnded { outcome, .. } => {
                metrics.transfer_ended(outcome);
                tracing::info!(call = %self.id, ?outcome, "a transfer has ended");
            }
            Record::ToolTimedOut { name } => {
                metrics.error(ErrorKind::ToolTimeout);
                tracing::warn!(call = %self.id, tool = name, "a tool did not answer in time");
            }
            Record::Ended { outcome } => {
                self.outcome = *outcome;
                tracing::info!(call = %self.id, ?outcome, "the call is over");
            }
        }
    }
}
