//! What happens to a call: each thing is taken in and told to the call.

use super::work::Done;
use super::{Attachment, Driver, opening};
use crate::leg::{Closing, Incoming};
use crate::metrics::ErrorKind;
use crate::pbx::{Order, Report};
use call::{EngineEvent, Input, LegEvent, TransferOutcome};
use std::time::{Duration, Instant};
use voice::Session;
use voice::relay::Relay;

/// As many messages are taken at once: more than five seconds of either build's.
const AT_ONCE: usize = 256;

impl Driver {
    pub(super) fn incoming(&mut self, incoming: Incoming, now: Instant) {
        let mut next = Some(incoming);
        let mut taken = 0;
        // What the socket already holds is taken at once, so that a backlog is seen as one and its oldest part dropped. But
        // not for ever: whoever sends without end must not keep the rest of the call waiting.
        let mut answers = false;
        let mut brings_audio = false;
        while let Some(incoming) = next {
            taken += 1;
            // What FreeSWITCH tells proves nothing of the stream.
            answers |= !matches!(incoming, Incoming::Begins { .. } | Incoming::Dropped);
            brings_audio |= matches!(incoming, Incoming::Audio(_));
            match incoming {
                Incoming::Audio(bytes) if self.listening => self.hearing.take(&bytes, now),
                // What is said to others, or over music, is for nobody here.
                Incoming::Audio(_) => {}
                Incoming::Text(text) => self.text(&text, now),
                Incoming::Alive => {}
                Incoming::Begins { samples } => self.speaking.begins(samples, now),
                Incoming::Dropped => self.recall(now),
                Incoming::Closed(closing) => return self.closed(closing, now),
            }
            next = self
                .leg
                .as_mut()
                .filter(|_| taken < AT_ONCE)
                .and_then(|leg| leg.already_here(now));
        }
        if answers {
            self.last_heard = now;
            self.presence.seen(now);
        }
        if brings_audio {
            self.mute.ends(now);
        }
        self.hear(now);
        self.latency.record(now.elapsed());
    }

    /// What was sent and not heard is to be sent again.
    fn recall(&mut self, now: Instant) {
        self.sound.unheard(self.speaking.unheard(now), now);
        self.speaking.recall(now);
        self.sound.called_back();
    }

    /// Lets ear and engine hear what has come.
    pub(super) fn hear(&mut self, now: Instant) {
        let edges = self.hearing.hear(
            self.session.as_mut().map(|session| session as _),
            &mut self.sound,
            now,
        );
        for edge in edges {
            let input = match edge {
                audio::Edge::Started { .. } => Input::SpeechStarted,
                audio::Edge::Ended { ago } => {
                    self.hangover = ago;
                    Input::SpeechEnded
                }
            };
            self.tell(input, now);
        }
    }

    pub(super) fn text(&mut self, text: &str, now: Instant) {
        match opening::text_frame(text) {
            Ok(opening::TextFrame::Dtmf(digit)) => self.tell(Input::Dtmf(digit), now),
            Ok(opening::TextFrame::Other) => {
                tracing::debug!(call = %self.id, "a text frame that means nothing to this leg was left alone");
            }
            Err(complaint) => {
                self.services.metrics.error(ErrorKind::Metadata);
                tracing::warn!(call = %self.id, %complaint, "a text frame could not be used");
            }
        }
    }

    /// The PBX tells something of the channel.
    pub(super) fn reported(&mut self, report: Report, now: Instant) {
        match report {
            Report::HungUp => {
                self.tell(Input::Leg(LegEvent::Ended), now);
                self.part();
            }
            Report::LastResort => {
                self.services.metrics.last_resort();
                self.line_lost(now);
                self.part();
            }
            Report::Digit(digit) => self.tell(Input::Dtmf(digit), now),
            Report::TransferEnded(outcome) => {
                let answered = outcome == TransferOutcome::Answered;
                self.tell(Input::TransferEnded { outcome }, now);
                if answered {
                    // They talk to each other now, and nobody else listens.
                    self.part();
                } else if self.left_script {
                    tracing::warn!(call = %self.id, "nobody took the caller, who has no stream any more to come back to");
                    self.pbx.order(Order::GiveUp, None);
                }
            }
            Report::Done { id, ok, result } => self.work_done(Done::Tool { id, ok, result }, now),
        }
    }

    /// We have lost the caller, who has not hung up, and nothing of the call comes back.
    pub(super) fn line_lost(&mut self, now: Instant) {
        self.tell(Input::Leg(LegEvent::Detached), now);
        self.tell(Input::Leg(LegEvent::Ended), now);
    }

    /// Ends the leg of a call that is over for us, and hears nothing more of it.
    pub(super) fn part(&mut self) {
        if let Some(leg) = &mut self.leg {
            leg.close();
        }
    }

    pub(super) fn closed(&mut self, closing: Closing, now: Instant) {
        let leg = self.leg.take();
        self.presence.gone();
        match closing {
            // A caller who is put through leaves the script, which ends its stream some 20 ms before they talk (measured on 1.10.12): that
            // is no hang-up, and the PBX tells which it was.
            Closing::Normal if !self.listening && self.pbx.has_control() => {
                self.left_script = true;
                self.detached_at = Some(now);
            }
            Closing::Normal => self.tell(Input::Leg(LegEvent::Ended), now),
            // The PBX tells the call when it has let go.
            Closing::HandedOver => self.pbx.order(Order::LetGo, None),
            Closing::Lost if leg.is_some_and(|leg| !leg.may_come_back()) => {
                self.services.metrics.error(ErrorKind::Stream);
                self.line_lost(now);
            }
            Closing::Lost => {
                self.services.metrics.error(ErrorKind::Stream);
                tracing::info!(call = %self.id, grace = ?self.services.stream.reattach_grace(), "the stream was lost; the call waits for another");
                self.services.metrics.call_detached();
                self.detached_at = Some(now);
                self.tell(Input::Leg(LegEvent::Detached), now);
            }
        }
    }

    pub(super) fn reattach(&mut self, attachment: Attachment, now: Instant) {
        tracing::info!(call = %self.id, peer = %attachment.peer, "the call came back on another stream");
        if self.leg.is_some() {
            // The old stream no longer answers: the call was detached without our knowing.
            self.tell(Input::Leg(LegEvent::Detached), now);
        }
        self.services.metrics.call_reattached();
        self.hearing.restart(attachment.build);
        self.leg = Some(attachment.leg.played(self.by_files.as_ref()));
        self.detached_at = None;
        self.left_script = false;
        self.last_heard = now;
        self.mute.is_awaited(now);
        self.presence.seen(now);
        self.vouch(now);
        self.tell(Input::Leg(LegEvent::Attached), now);
    }

    pub(super) fn session_event(&mut self, event: voice::Event, now: Instant) {
        match event {
            voice::Event::Audio { answer } => {
                let Some(session) = &self.session else { return };
                if let Some(input) = self.speaking.answer_audio(answer, session.output_rate()) {
                    self.tell(input, now);
                }
            }
            voice::Event::Engine(event) => {
                match &event {
                    EngineEvent::Heard { text, .. } => self.account.caller_heard(text),
                    EngineEvent::AnswerText { answer, .. } => self.account.answer_comes(*answer),
                    EngineEvent::ToolCancelled { id } => self.work.forget_tool(id),
                    _ => {}
                }
                if let EngineEvent::AnswerDone { answer } = event
                    && let Some(input) = self.speaking.answer_done(answer)
                {
                    self.tell(input, now);
                }
                self.tell(Input::Engine(event), now);
            }
            voice::Event::Sensitive(private) => {
                self.call.private(private, now);
                self.account.private(private);
            }
            voice::Event::Usage(usage) => {
                let engine = self.engine().to_owned();
                self.spend(&engine, &usage);
            }
            // The relay's own affair.
            voice::Event::Expiring { .. } => {}
            voice::Event::Latency(parts) => {
                self.services
                    .metrics
                    .transcription(Duration::from_millis(parts.stt_ms));
                self.services
                    .metrics
                    .synthesis(Duration::from_millis(parts.tts_ms));
                self.waiting.told(parts);
            }
        }
    }

    /// The name of the engine that serves the call, or is being reached.
    pub(super) fn engine(&self) -> &str {
        self.session.as_ref().map_or("", Relay::engine)
    }

    /// The engine's provider has counted something that it will charge.
    pub(super) fn spend(&mut self, engine: &str, usage: &voice::Usage) {
        self.services.metrics.usage(engine, usage);
        let Some(prices) = self.services.prices.get(engine) else {
            return;
        };
        let micros = prices.cost_micros(usage);
        self.services.metrics.cost(engine, micros);
        self.charge.spend(micros);
        self.cost_micros = self.cost_micros.saturating_add(micros);
    }

    pub(super) fn work_done(&mut self, done: Done, now: Instant) {
        match done {
            Done::Judged { turn, complete } => {
                self.work.judged(&self.services);
                self.tell(Input::TurnJudged { turn, complete }, now);
            }
            Done::Tool { id, ok, result } => {
                self.work.forget_tool(&id);
                if !ok {
                    self.services.metrics.error(ErrorKind::Tool);
                }
                self.tell(Input::ToolDone { id, ok, result }, now);
            }
            Done::Prompt { prompt, audio } => {
                if let Err(error) = &audio {
                    self.services.metrics.error(ErrorKind::Synthesis);
                    tracing::warn!(call = %self.id, %error, "a prompt could not be rendered");
                }
                self.speaking.prompt(prompt, audio.ok());
            }
        }
    }
}
