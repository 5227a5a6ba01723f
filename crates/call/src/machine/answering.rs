//! The engine's side: its answers, what is heard of them, and its tools.

use super::{Call, Completeness, Engine, Line, Stray};
use crate::ending::{Departure, LastWords, Stage};
use crate::tools::{self, Admission, Own, Wanted, Way};
use crate::turn::Claim;
use crate::utterances::Guard;
use crate::{
    AnswerId, By, Cause, ClearReason, EngineCommand, LegCommand, Output, PlayedMs, Record, Settings,
    ToolCallId, ToolRequest, TurnId, Utterance,
};
use serde_json::Value;
use std::time::Instant;

/// Why no second departure is taken up.
const DEPARTING: &str = "the call is already being ended or handed over";

impl Call {
    pub(super) fn engine_ready(&mut self) {
        if self.engine == Engine::Connecting {
            self.engine = Engine::Ready;
        }
    }

    pub(super) fn answer_started(&mut self, answer: AnswerId, cause: Cause, now: Instant) {
        if answer <= self.utterances.newest() {
            return;
        }
        // Before its number is noted: what this clears is only what came before it.
        if let Cause::Turn(turn) = cause {
            self.engine_answers(turn, now);
        }
        self.utterances.note(answer);
        if !self.is_wanted(cause, now) || !self.utterances.has_room() {
            return self.reject(answer);
        }
        let said = match cause {
            Cause::Say(say) => self.thinking.said(say).cloned(),
            Cause::Turn(_) | Cause::FollowUp | Cause::Own => None,
        };
        let guard = said.as_ref().map_or(Guard::Open, |said| said.guard);
        self.utterances
            .begin_answer(answer, cause, guard, said.map(|said| said.text), now);
    }

    /// An engine that ends turns by itself answers the turn that is being spoken: so it is over.
    fn engine_answers(&mut self, turn: TurnId, now: Instant) {
        if self.rules.engine.turns == By::Call || self.floor.turn() != Some(turn) {
            return;
        }
        if self.floor.is_disputed() {
            self.uphold_turn(now);
        }
        self.respond(now);
    }

    fn is_wanted(&self, cause: Cause, now: Instant) -> bool {
        match cause {
            Cause::Say(say) => self.thinking.said(say).is_some(),
            _ if self.stage != Stage::Talking => false,
            Cause::Turn(turn) => self.thinking.is_answerable(turn),
            Cause::FollowUp | Cause::Own => {
                self.rules.engine.interruptions == By::Engine || !self.floor.is_meant(&self.rules, now)
            }
        }
    }

    /// An answer that nobody wants any more. Nothing of it has come yet, so it is void by its number alone; only while
    /// something else is being said, which a clear would end too, the engine must be trusted to stop.
    fn reject(&mut self, answer: AnswerId) {
        if self.utterances.is_empty() {
            self.clear_void(match self.stage {
                Stage::Opening | Stage::PutThrough(_) => ClearReason::Engine,
                Stage::Talking => ClearReason::BargeIn,
                Stage::LastWords { .. } | Stage::HandingOver { .. } | Stage::Over => ClearReason::End,
            });
        } else {
            self.stray.reject(answer);
        }
        self.tell(EngineCommand::Interrupt {
            answer,
            heard: PlayedMs(0),
            text: String::new(),
        });
    }

    /// Clears what the engine has sent of a void answer all the same, as soon as what is before it has ended.
    pub(super) fn sweep(&mut self) -> bool {
        let Stray::Queued(answer) = self.stray else {
            return false;
        };
        if self.utterances.sounds_before(answer) {
            return false;
        }
        self.clear_void(ClearReason::BargeIn);
        true
    }

    /// Clears what nobody wants any more. It says nothing of the caller's present sound: what that holds is held on.
    fn clear_void(&mut self, reason: ClearReason) {
        let disputed = self.floor.is_disputed();
        self.clear(reason);
        if disputed {
            self.floor.set_claim(Claim::Disputed);
            self.leg(LegCommand::Pause);
        }
    }

    pub(super) fn answer_audio(&mut self, answer: AnswerId, total_ms: u64, now: Instant) {
        if !self.utterances.has(answer) {
            return self.stray.sounds(answer);
        }
        let Some(cause) = self.utterances.audio(answer, total_ms, now) else {
            return;
        };
        self.unhold(now);
        self.thinking.pay(cause);
        self.departure.said();
        if let Some((turn, response)) = self.thinking.answered(cause, now) {
            self.silence.broken();
            let response_ms = u64::try_from(response.as_millis()).unwrap_or(u64::MAX);
            self.record(Record::Answered { turn, response_ms });
        }
        if self.rules.engine.interruptions == By::Call && self.floor.claim() == Some(Claim::Undisputed) {
            self.floor.set_claim(Claim::Disputed);
            self.leg(LegCommand::Pause);
        }
    }

    pub(super) fn answer_done(&mut self, answer: AnswerId, now: Instant) {
        if let Some(cause) = self.utterances.done(answer, now) {
            self.ended_silently(cause);
        }
    }

    /// The engine has stopped its own answer because the caller spoke.
    pub(super) fn interrupted(&mut self, answer: AnswerId, now: Instant) {
        if self.stage != Stage::Talking || !self.utterances.has(answer) || self.utterances.is_shielded() {
            return;
        }
        if self.floor.is_disputed() {
            return self.uphold_turn(now);
        }
        self.clear(if self.floor.turn().is_some() {
            ClearReason::BargeIn
        } else {
            ClearReason::Engine
        });
        self.thinking.supersede();
    }

    pub(super) fn finished(&mut self, utterance: Utterance, played: PlayedMs, now: Instant) {
        let Some((heard, cause)) = self.utterances.finished(utterance, played, now) else {
            return;
        };
        self.note_heard(heard, Completeness::Whole);
        if let Some(cause) = cause {
            self.ended_silently(cause);
        }
    }

    /// An answer without any sound is one all the same, unless the result of a tool is still to come.
    fn ended_silently(&mut self, cause: Cause) {
        if self.tools.is_empty() || matches!(cause, Cause::Say(_)) {
            self.thinking.pay(cause);
        }
    }

    /// The playout took no more of an answer: it ends where the caller is.
    pub(super) fn overflowed(&mut self, answer: AnswerId) {
        if self.utterances.has(answer) {
            self.clear(ClearReason::Overflow);
        }
    }

    pub(super) fn tool_called(&mut self, id: ToolCallId, name: String, arguments: Value, now: Instant) {
        if !matches!(self.stage, Stage::Opening | Stage::Talking | Stage::PutThrough(_)) {
            return;
        }
        match tools::wanted(&name, &arguments) {
            Wanted::Outside => {
                self.use_tool(id, name, arguments, now);
            }
            Wanted::Refused(why) => self.tool_result(id, false, why, now),
            _ if matches!(self.stage, Stage::PutThrough(_)) => {
                self.tool_result(id, false, DEPARTING.to_owned(), now);
            }
            Wanted::End if self.rules.refuses_end_call => {
                let why = "end_call is not offered here: the call ends when the caller hangs up";
                self.tool_result(id, false, why.to_owned(), now);
            }
            Wanted::End => self.wish(id, Own::EndCall, now),
            Wanted::Hold if self.rules.refuses_hold => {
                let why = "hold_call is not offered here: the caller waits without music";
                self.tool_result(id, false, why.to_owned(), now);
            }
            Wanted::Hold if self.is_held() => {
                let why = "the caller is on hold already";
                self.tool_result(id, false, why.to_owned(), now);
            }
            Wanted::Hold => self.wish(id, Own::Hold, now),
            Wanted::Resume => self.resume(id, now),
            Wanted::HandOver(way) => self.seek(ToolRequest { id, name, arguments }, way, now),
        }
    }

    fn use_tool(&mut self, id: ToolCallId, name: String, arguments: Value, now: Instant) -> Admission {
        let words = self.rules.waiting_words.get(&name);
        let words_due = words.map(|_| now + Settings::TOOL_PATIENCE);
        let admission = self
            .tools
            .admit(&id, &name, now + self.rules.tool_limit, words_due);
        match admission {
            Admission::Known => {}
            Admission::TooMany => {
                self.tool_result(
                    id,
                    false,
                    "too many tools at once: wait for a result first".to_owned(),
                    now,
                );
            }
            Admission::Taken => {
                self.thinking.tool_called();
                self.outputs
                    .push_back(Output::Tool(ToolRequest { id, name, arguments }));
            }
        }
        admission
    }

    /// Tells the caller that a tool takes a while, unless they hear something already or have the word themselves. The driver's own
    /// voice does: what the engine owes, it owes after the result.
    pub(super) fn tool_takes_a_while(&mut self, now: Instant) {
        let Some(name) = self.tools.slow(now) else { return };
        let is_free = !self.is_saying() && !self.is_held() && self.floor.turn().is_none();
        if let Some(words) = self.rules.waiting_words.get(&name).filter(|_| is_free)
            && !words.trim().is_empty()
        {
            self.thinking.asked_for_patience();
            self.prompt(words.clone(), Guard::Open, now);
        }
    }

    fn wish(&mut self, id: ToolCallId, aim: Own, now: Instant) {
        if let Some(words) = self.may_depart(&id, now) {
            self.departure = Departure::wish(id, aim, words, now);
        }
    }

    /// Has the driver find out whom the caller means, and whether that is possible now.
    fn seek(&mut self, request: ToolRequest, way: Way, now: Instant) {
        let ToolRequest { id, name, arguments } = request;
        let Some(words) = self.may_depart(&id, now) else {
            return;
        };
        if self.use_tool(id.clone(), name, arguments, now) == Admission::Taken {
            self.departure = Departure::Sought { id, way, words };
        }
    }

    /// Whether the engine has said anything with its wish to end or hand over the call; nothing, and the engine is told why, where
    /// the call cannot do so.
    fn may_depart(&mut self, id: &ToolCallId, now: Instant) -> Option<LastWords> {
        let why_not = if self.departure.sought() == Some(id) {
            return None;
        } else if !self.departure.is_none() {
            DEPARTING
        } else if self.floor.turn().is_some() && !self.floor.is_disputed() {
            "the caller went on speaking"
        } else {
            let sounding = self.utterances.is_sounding();
            return Some(if sounding {
                LastWords::Said
            } else {
                LastWords::Unsaid
            });
        };
        self.tool_result(id.clone(), false, why_not.to_owned(), now);
        None
    }

    pub(super) fn tool_done(&mut self, id: ToolCallId, ok: bool, result: String, now: Instant) {
        if !self.tools.end(&id) {
            return;
        }
        if ok && self.departure.sought() == Some(&id) {
            self.departure.found(result, now);
            return;
        }
        self.departure.cancel(&id);
        self.tool_result(id, ok, result, now);
    }

    pub(super) fn tool_cancelled(&mut self, id: &ToolCallId, now: Instant) {
        let waited = self.departure.cancel(id);
        if (self.tools.end(id) || waited) && self.tools.is_empty() {
            self.thinking.restart(now + self.rules.answer_limit);
        }
    }

    /// Tells the engine what became of a tool: something may follow, in its own time.
    pub(super) fn tool_result(&mut self, id: ToolCallId, ok: bool, result: String, now: Instant) {
        self.tell(EngineCommand::ToolResult { id, ok, result });
        if !self.tools.is_empty() {
            return;
        }
        let until = now + self.rules.answer_limit;
        self.thinking.restart(until);
        if self.floor.turn().is_none() {
            self.thinking.expect_follow_up(until, now);
        }
    }

    pub(super) fn attached(&mut self, now: Instant) {
        self.line = Line::Attached;
        self.floor.restart(now);
        self.utterances.resumed(now);
        self.departure.restart(now);
    }

    /// The stream is gone, and with it what it had not played. The caller may come back.
    pub(super) fn detached(&mut self) {
        self.line = Line::Detached;
        if self.utterances.is_sounding() {
            self.clear(ClearReason::Detached);
            if self.greeting.is_some() {
                // The notice was not heard to its end: the call begins again.
                self.stage = Stage::Opening;
            }
        }
    }
}
