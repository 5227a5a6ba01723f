//! One call of the local engine.

use super::Cascade;
use super::answers::{Answers, Ask, Met, Want};
use super::hearing::RATE;
use super::hint::hint;
use super::listening::{Listening, Report, milliseconds_since};
use super::sentences::sentences;
use super::speaking::{Kind, Piece, Speaking, Voice};
use crate::brain::{Mind, Stimulus, Thought};
use crate::engine::{Event, Latency, Session, Setup};
use crate::stt::SttError;
use audio::SampleRate;
use call::{AnswerId, Cause, EngineCommand, EngineEvent, FailureKind, TurnId};
use secretary::CallUuid;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::time::Instant;

/// The session: routes between the listening, the brain and the speaking. Nothing in here waits; what takes time runs in
/// tasks that end when their owner is dropped.
pub(super) struct Local {
    call: CallUuid,
    listening: Listening,
    mind: Box<dyn Mind>,
    voice: Arc<Voice>,
    answers: Answers,
    current: Option<Current>,
    /// The latest answer that the brain knows of.
    known: AnswerId,
    words: Words,
    /// What is to be reported before anything else is done.
    events: VecDeque<Event>,
    /// Whether what is said now is for nobody else, as it was reported last.
    private: bool,
    deaf: bool,
    failed: bool,
    waker: Option<Waker>,
}

/// What became of the words that the brain was told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    /// Nothing is owed for them.
    Settled,
    /// The latest answer that the brain knows of is theirs.
    Answered,
    /// Their answer was interrupted before anything of it was heard.
    Unheard,
}

/// The answer under way.
struct Current {
    answer: AnswerId,
    /// True while the brain has more to say.
    thinking: bool,
    speaking: Speaking,
    stt_ms: u64,
    begun: Instant,
    first_token: Option<Instant>,
    first_clause: Option<Instant>,
}

impl Local {
    /// A session of the engine's parts.
    pub(super) fn new(engine: &Cascade, setup: &Setup) -> Self {
        let secretary = &setup.secretary;
        let voice = Voice {
            synthesizer: engine.synthesizer.clone(),
            prompts: engine.prompts.clone(),
            language: secretary.language,
            name: secretary.voice.clone(),
        };
        let mut mind = engine.brain.begin(secretary.clone(), setup.tools.clone());
        mind.remember(&setup.history);
        let hint: Arc<str> = hint(secretary, &mind.vocabulary(), &mind.sayings()).into();
        let language = secretary.language;
        let listener = engine.live.as_ref().map(|live| live.listen(language, &hint));
        Self {
            call: setup.call,
            listening: Listening::new(engine.transcriber.clone(), listener, language, hint),
            mind,
            voice: Arc::new(voice),
            answers: Answers::default(),
            current: None,
            known: AnswerId::default(),
            words: Words::Settled,
            events: VecDeque::from([Event::Engine(EngineEvent::Ready)]),
            private: false,
            deaf: false,
            failed: false,
            waker: None,
        }
    }

    fn want(&mut self, cause: Cause, ask: Ask, stt_ms: u64) {
        if let Err(want) = self.answers.want(Want { cause, ask, stt_ms }) {
            tracing::warn!(call = %self.call, cause = ?want.cause, "too many answers wait: this one is not given");
        }
    }

    /// The brain is told of its latest answer alone: it could not tell an older one from it, and the call voids them together.
    fn interrupt(&mut self, answer: AnswerId, heard: String) {
        let met = self.answers.interrupt(answer);
        if met == Met::Nothing {
            return;
        }
        self.events.retain(|event| answer_of(event) != Some(answer));
        if met == Met::Current {
            self.current = None;
        }
        if answer == self.known {
            if self.words == Words::Answered && heard.trim().is_empty() {
                self.words = Words::Unheard;
            }
            self.stimulate(Stimulus::Interrupted { heard });
        }
    }

    /// Does one thing that can be done now; false if there is none.
    fn step(&mut self, cx: &mut Context<'_>, pcm: &mut Vec<i16>) -> bool {
        if let Poll::Ready(report) = self.listening.poll(cx) {
            self.report(report);
            return true;
        }
        self.begin() || self.think(cx) || self.speak(cx, pcm)
    }

    fn report(&mut self, report: Report) {
        let usage = self.listening.usage();
        if !usage.is_nothing() {
            self.events.push_back(Event::Usage(usage));
        }
        match report {
            Report::Partial { turn, text } => {
                self.tell(EngineEvent::Heard {
                    turn: Some(turn),
                    text,
                    is_final: false,
                });
            }
            Report::Heard { turn, text } => {
                self.tell(EngineEvent::Heard {
                    turn: Some(turn),
                    text,
                    is_final: true,
                });
            }
            Report::Answer {
                turn,
                found,
                waited_ms,
            } => {
                let ask = match found {
                    Ok(text) if text.trim().is_empty() => Ask::Nothing,
                    Ok(text) => Ask::Words(text),
                    Err(error) => self.unheard(turn, &error),
                };
                self.want(Cause::Turn(turn), ask, waited_ms);
            }
        }
    }

    /// The error is the operator's concern once a call, not once a turn.
    fn unheard(&mut self, turn: TurnId, error: &SttError) -> Ask {
        if !std::mem::replace(&mut self.deaf, true) {
            tracing::warn!(call = %self.call, %turn, "the caller's words are not understood: {error}");
        }
        Ask::Unheard
    }

    /// Begins the next answer, if one waits and none is under way.
    fn begin(&mut self) -> bool {
        let Some((answer, want)) = self.answers.begin() else {
            return false;
        };
        self.tell(EngineEvent::AnswerStarted {
            answer,
            cause: want.cause,
        });
        // The caller made a sound while what he had said was thought about: that is still to be answered.
        let ask = match want.ask {
            Ask::Nothing if self.words == Words::Unheard => Ask::Words(String::new()),
            ask => ask,
        };
        if ask != Ask::Nothing {
            self.known = answer;
        }
        self.words = match ask {
            Ask::Words(_) => Words::Answered,
            // The result of a tool that was called off answers nothing.
            Ask::Nothing | Ask::ToolResult { .. } => self.words,
            Ask::Unheard | Ask::Key(_) | Ask::Text(_) => Words::Settled,
        };
        let kind = if matches!(ask, Ask::Text(_)) {
            Kind::Prompt
        } else {
            Kind::Fresh
        };
        let mut speaking = Speaking::new(self.voice.clone(), kind);
        let stimulus = match ask {
            Ask::Words(words) => Some(Stimulus::Words(words)),
            Ask::Unheard => Some(Stimulus::Unheard),
            Ask::Key(digit) => Some(Stimulus::Key(digit)),
            Ask::ToolResult { id, ok, result } => Some(Stimulus::ToolResult { id, ok, result }),
            Ask::Nothing => None,
            Ask::Text(text) => {
                sentences(&text).for_each(|sentence| speaking.add(sentence));
                self.stimulate(Stimulus::Said(text));
                None
            }
        };
        let (thinking, begun) = (stimulus.is_some(), Instant::now());
        let first_clause = if thinking { None } else { Some(begun) };
        self.current = Some(Current {
            answer,
            thinking,
            speaking,
            stt_ms: want.stt_ms,
            begun,
            first_token: None,
            first_clause,
        });
        if let Some(stimulus) = stimulus {
            self.stimulate(stimulus);
        }
        true
    }

    /// Tells the brain something, and the call at once if what is said from here on is for nobody else, or is that no more.
    fn stimulate(&mut self, stimulus: Stimulus) {
        self.mind.tell(stimulus);
        let private = self.mind.is_private();
        if std::mem::replace(&mut self.private, private) != private {
            self.events.push_back(Event::Sensitive(private));
        }
    }

    /// Takes a thought of the answer under way, as long as the speaking can follow.
    fn think(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(current) = &mut self.current else {
            return false;
        };
        if !current.thinking || !current.speaking.wants_more() {
            return false;
        }
        let Poll::Ready(thought) = self.mind.poll_thought(cx) else {
            return false;
        };
        match thought {
            Thought::Clause(text) => {
                if current.first_clause.is_none() {
                    current.first_clause = Some(Instant::now());
                    current.first_token = self.mind.first_token();
                }
                current.speaking.add(&text);
            }
            Thought::Tool { id, name, arguments } => self.tell(EngineEvent::ToolCall { id, name, arguments }),
            Thought::Usage(usage) => self.events.push_back(Event::Usage(usage)),
            Thought::Done => current.thinking = false,
            Thought::Failed { kind, message } => self.fail(kind, message),
        }
        true
    }

    /// Gives what has been spoken of the answer under way.
    fn speak(&mut self, cx: &mut Context<'_>, pcm: &mut Vec<i16>) -> bool {
        let Some(current) = &mut self.current else {
            return false;
        };
        let answer = current.answer;
        let Poll::Ready(piece) = current.speaking.poll(cx, pcm) else {
            return false;
        };
        match piece {
            Ok(Some(Piece::Text { text, at_ms })) => {
                self.tell(EngineEvent::AnswerText {
                    answer,
                    text,
                    at_ms: Some(at_ms),
                });
            }
            Ok(Some(Piece::First)) => {
                let latency = current.latency();
                self.log(latency);
                self.events.push_back(Event::Latency(latency));
            }
            Ok(Some(Piece::Audio)) => self.events.push_back(Event::Audio { answer }),
            Ok(None) if current.thinking => return false,
            Ok(None) => {
                self.current = None;
                self.answers.end();
                self.tell(EngineEvent::AnswerDone { answer });
            }
            Err(error) => self.fail(error.kind(), error.to_string()),
        }
        true
    }

    fn log(
        &self,
        Latency {
            answer,
            stt_ms,
            brain_ms,
            token_ms,
            tts_ms,
        }: Latency,
    ) {
        tracing::debug!(call = %self.call, %answer, stt_ms, brain_ms, token_ms, tts_ms, "first audio");
    }

    fn tell(&mut self, event: EngineEvent) {
        self.events.push_back(Event::Engine(event));
    }

    fn fail(&mut self, kind: FailureKind, message: String) {
        self.failed = true;
        self.current = None;
        self.answers.clear();
        self.listening.stop();
        self.tell(EngineEvent::Failed { kind, message });
    }
}

impl Current {
    fn latency(&self) -> Latency {
        let clause = self.first_clause.unwrap_or(self.begun);
        let until = |at: Instant| u64::try_from((at - self.begun).as_millis()).unwrap_or(u64::MAX);
        Latency {
            answer: self.answer,
            stt_ms: self.stt_ms,
            brain_ms: until(clause),
            token_ms: self.first_token.map(until),
            tts_ms: milliseconds_since(clause),
        }
    }
}

impl Session for Local {
    fn input_rate(&self) -> SampleRate {
        RATE
    }

    fn output_rate(&self) -> SampleRate {
        self.voice.synthesizer.rate()
    }

    fn hear(&mut self, samples: &[i16]) {
        if !self.failed {
            self.listening.hear(samples);
        }
    }

    fn command(&mut self, command: EngineCommand) {
        if self.failed {
            return;
        }
        match command {
            EngineCommand::TurnStarted { turn } => self.listening.start(turn),
            EngineCommand::Transcribe { turn } => self.listening.transcribe(turn),
            EngineCommand::Respond { turn } => self.listening.respond(turn),
            EngineCommand::Discard { turn } => {
                self.listening.discard(turn);
                self.answers.withdraw(Cause::Turn(turn));
            }
            EngineCommand::Say { say, text } => self.want(Cause::Say(say), Ask::Text(text), 0),
            EngineCommand::Interrupt {
                answer,
                heard: _,
                text,
            } => self.interrupt(answer, text),
            EngineCommand::ToolResult { id, ok, result } => {
                self.want(Cause::FollowUp, Ask::ToolResult { id, ok, result }, 0);
            }
            EngineCommand::Dtmf { digit } => self.want(Cause::FollowUp, Ask::Key(digit), 0),
            EngineCommand::NoInput => self.stimulate(Stimulus::NoInput),
        }
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn ask(&mut self, turn: TurnId, words: String) {
        self.want(Cause::Turn(turn), Ask::Words(words), 0);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>, pcm: &mut Vec<i16>) -> Poll<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Poll::Ready(event);
            }
            if self.failed {
                return Poll::Pending;
            }
            if !self.step(cx, pcm) {
                self.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
        }
    }

    fn dropped_ms(&self) -> u64 {
        self.listening.lost_ms()
    }
}

/// The answer of which an event is a part.
fn answer_of(event: &Event) -> Option<AnswerId> {
    match event {
        Event::Audio { answer } | Event::Latency(Latency { answer, .. }) => Some(*answer),
        Event::Engine(
            EngineEvent::AnswerStarted { answer, .. }
            | EngineEvent::AnswerText { answer, .. }
            | EngineEvent::AnswerDone { answer },
        ) => Some(*answer),
        Event::Sensitive(_) | Event::Usage(_) | Event::Expiring { .. } | Event::Engine(_) => None,
    }
}
