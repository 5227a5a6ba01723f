//! An ordered list of engines as one session: the next takes over from one that fails, with the conversation so far, and a session
//! whose provider ends it is renewed in a quiet moment.
//!
//! ```text
//! call ──▶ Relay ──▶ the session that serves        its audio, words and tools are remembered on the way through
//!             ├────▶ a candidate that is being reached (the first, one after a failure, or the renewal of the one that serves)
//!             └────▶ Health, shared by all calls: whom not to try now
//! ```
//!
//! The call is told of a failure by [`EngineEvent::Replaced`] at once, and by [`EngineEvent::Failed`] when nobody is left. What it
//! commands meanwhile is not lost: a turn that is owed is asked of the next engine by its words where they are known, by its sound
//! where they are not. A tool that was called is used once, and its result is told to whoever then has the call.

mod candidate;
mod health;
mod memory;
mod sound;

pub use health::{Health, Reach};

use crate::engine::{Engine, Event, Latency, Session, Setup};
use audio::SampleRate;
use call::{AnswerId, Capabilities, EngineCommand, EngineEvent, FailureKind, SayId, ToolCallId, TurnId};
use candidate::Candidate;
use memory::{Memory, Owed};
use secretary::Secretary;
use sound::Sound;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::time::Instant;

/// How long a candidate may take until it may be spoken to.
const REACH: Duration = Duration::from_secs(5);

/// How long after a renewal that failed the next is tried.
const RENEW_AGAIN: Duration = Duration::from_secs(5);

/// How often engines may take over in one call: engines that fail in turns leave a caller with half answers for ever.
const TAKEOVERS: u32 = 8;

/// Keys that wait for an engine at most.
const KEYS: usize = 32;

/// The engines of a secretary, in their order, and what is known of their health.
#[derive(Clone)]
pub struct Lineup {
    engines: Arc<[Arc<dyn Engine>]>,
    health: Arc<Health>,
}

impl Lineup {
    /// A list of engines; none where it is empty.
    pub fn new(engines: Vec<Arc<dyn Engine>>, health: Arc<Health>) -> Option<Self> {
        (!engines.is_empty()).then(|| Self {
            engines: engines.into(),
            health,
        })
    }
}

/// One call's session with whichever engine serves it.
pub struct Relay {
    lineup: Lineup,
    setup: Setup,
    /// Which engine serves, or is being reached.
    place: usize,
    stage: Stage,
    /// The same engine's next session, while it is prepared.
    renewal: Renewal,
    /// What is added to the numbers of the session's answers.
    offset: u64,
    newest: AnswerId,
    memory: Memory,
    sound: Sound,
    /// What the session that serves is still to be told.
    untold: Untold,
    /// Engines that have failed since an answer was last heard.
    failed: BTreeSet<usize>,
    takeovers: u32,
    events: VecDeque<Event>,
    dropped_ms: u64,
    waker: Option<Waker>,
}

enum Stage {
    /// Nobody serves yet, or any more.
    Reaching(Candidate),
    Serving(Box<dyn Session>),
    /// Nobody is left.
    Over,
}

enum Renewal {
    None,
    /// In the next quiet moment, but not before this instant.
    Wanted {
        resume: Option<String>,
        not_before: Instant,
    },
    UnderWay {
        candidate: Candidate,
        /// The memory's epoch when it was told what was said.
        told: u64,
    },
}

/// What was commanded while nobody served.
#[derive(Default)]
struct Untold {
    say: Option<(SayId, String)>,
    keys: VecDeque<call::Digit>,
    /// A turn is to be asked for as soon as no tool of the session before is under way.
    ask: Option<TurnId>,
}

impl Relay {
    /// Begins with the first engine that is not known to be out of order. Reaching it goes on inside.
    pub fn open(lineup: Lineup, setup: Setup) -> Self {
        let now = Instant::now();
        let admits = |place: &usize| {
            lineup
                .health
                .admits(lineup.engines[*place].name(), setup.domain, now)
        };
        let place = (0..lineup.engines.len()).find(admits).unwrap_or(0);
        let first = Setup {
            secretary: as_spoken_for_by(place, &setup.secretary),
            ..setup.clone()
        };
        let candidate = Candidate::reach(lineup.engines[place].clone(), first, REACH);
        Self {
            sound: Sound::new(setup.rate),
            lineup,
            setup,
            place,
            stage: Stage::Reaching(candidate),
            renewal: Renewal::None,
            offset: 0,
            newest: AnswerId(0),
            memory: Memory::default(),
            untold: Untold::default(),
            failed: BTreeSet::new(),
            takeovers: 0,
            events: VecDeque::new(),
            dropped_ms: 0,
            waker: None,
        }
    }

    /// The name of the engine that serves, or is being reached.
    pub fn engine(&self) -> &str {
        self.current().name()
    }

    /// What that engine can do and what it leaves to the call.
    pub fn capabilities(&self) -> Capabilities {
        self.current().capabilities()
    }

    /// What the engine owes has not come in time: another is to take its place.
    pub fn replace(&mut self) {
        let message = format!("{} did not answer in time", self.engine());
        self.lost(FailureKind::Transient, message);
    }

    fn current(&self) -> &Arc<dyn Engine> {
        &self.lineup.engines[self.place]
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// The engine that serves or was being reached is of no more use.
    fn lost(&mut self, kind: FailureKind, message: String) {
        if matches!(self.stage, Stage::Over) {
            return;
        }
        let now = Instant::now();
        let served = matches!(self.stage, Stage::Serving(_));
        // In the midst of a call a provider may repeat the caller's words.
        let knows_words = served || self.memory.turn().is_some() || !self.memory.history().is_empty();
        let reason = if knows_words { "" } else { message.as_str() };
        tracing::warn!(call = %self.setup.call, engine = self.engine(), ?kind, reason, "an engine failed");
        self.lineup
            .health
            .failed(self.engine(), self.setup.domain, kind, now);
        let first_time = self.failed.insert(self.place);
        let open = self.memory.close_answers();
        self.dropped_ms += self.session_dropped();
        // The same once more, where that can succeed: at once where it was no fault of its own.
        let again = (served && first_time && may_succeed_again(kind)).then_some(self.place);
        let next = again
            .filter(|_| kind == FailureKind::Expired)
            .or_else(|| self.next_place(now))
            .or(again);
        self.takeovers += 1;
        let Some(place) = next.filter(|_| self.takeovers <= TAKEOVERS) else {
            self.stage = Stage::Over;
            self.renewal = Renewal::None;
            self.events
                .push_back(Event::Engine(EngineEvent::Failed { kind, message }));
            return self.wake();
        };
        let same = place == self.place;
        self.place = place;
        self.untold.ask = self.memory.owed();
        self.events.push_back(Event::Engine(EngineEvent::Replaced {
            kind,
            engine: self.capabilities(),
        }));
        let done = open
            .into_iter()
            .map(|answer| Event::Engine(EngineEvent::AnswerDone { answer }));
        self.events.extend(done);
        let renewed = std::mem::replace(&mut self.renewal, Renewal::None);
        self.stage = Stage::Reaching(match renewed {
            // Its next session was on its way already.
            Renewal::UnderWay { candidate, told }
                if kind == FailureKind::Expired && same && told == self.memory.epoch() =>
            {
                candidate
            }
            _ => Candidate::reach(self.current().clone(), self.setup_now(None), REACH),
        });
        self.wake();
    }

    fn session_dropped(&self) -> u64 {
        match &self.stage {
            Stage::Serving(session) => session.dropped_ms(),
            Stage::Reaching(_) | Stage::Over => 0,
        }
    }

    /// The first engine that has not failed since an answer was last heard, and is not known to be out of order.
    fn next_place(&self, now: Instant) -> Option<usize> {
        (0..self.lineup.engines.len()).find(|place| {
            let name = self.lineup.engines[*place].name();
            !self.failed.contains(place) && self.lineup.health.admits(name, self.setup.domain, now)
        })
    }

    /// What a session is told that takes over now.
    fn setup_now(&self, resume: Option<String>) -> Setup {
        Setup {
            secretary: as_spoken_for_by(self.place, &self.setup.secretary),
            history: self.memory.history(),
            resume,
            ..self.setup.clone()
        }
    }

    /// A session serves from here on: it is told what the one before can no longer be told.
    fn install(&mut self, mut session: Box<dyn Session>) {
        self.offset = self.newest.0;
        self.lineup.health.reached(self.engine(), self.setup.domain);
        let asked = self.untold.ask.is_some();
        if let Some((say, text)) = self.untold.say.take() {
            session.command(EngineCommand::Say { say, text });
        }
        for digit in self.untold.keys.drain(..) {
            session.command(EngineCommand::Dtmf { digit });
        }
        match self.memory.turn() {
            Some(turn) if !asked || turn.words.is_none() => {
                self.untold.ask = None;
                session.command(EngineCommand::TurnStarted { turn: turn.id });
                self.sound.replay(session.as_mut());
                if turn.transcribe && !turn.responded {
                    session.command(EngineCommand::Transcribe { turn: turn.id });
                }
                if turn.responded && !turn.answered {
                    session.command(EngineCommand::Respond { turn: turn.id });
                }
            }
            // Asked by its words: by its sound as well it would be answered twice.
            Some(_) => self.sound.forget(),
            None => self.sound.replay(session.as_mut()),
        }
        self.sound.at(session.input_rate());
        self.stage = Stage::Serving(session);
        self.ask_what_is_owed();
    }

    /// Asks for the answer that the session before owed, once all its tools have ended.
    fn ask_what_is_owed(&mut self) {
        let Stage::Serving(session) = &mut self.stage else {
            return;
        };
        if self.memory.tools_pending() {
            return;
        }
        if let Some(turn) = self.untold.ask.take()
            && let Owed::Words(words) = self.memory.words_owed(turn)
        {
            session.ask(turn, words);
        }
    }

    /// Prepares the next session of the same engine, or puts it in place. True if it was put in place.
    fn renew(&mut self, cx: &mut Context<'_>) -> bool {
        let now = Instant::now();
        match &mut self.renewal {
            Renewal::None => {}
            // The driver asks at least once a second.
            Renewal::Wanted { resume, not_before } => {
                if *not_before > now || !self.memory.is_quiet() {
                    return false;
                }
                let resume = resume.take();
                let setup = self.setup_now(resume);
                self.renewal = Renewal::UnderWay {
                    candidate: Candidate::reach(self.current().clone(), setup, REACH),
                    told: self.memory.epoch(),
                };
                return self.renew(cx);
            }
            Renewal::UnderWay { candidate, told } => match candidate.poll(cx) {
                Poll::Pending => {}
                Poll::Ready(Err(error)) => {
                    // It was told what was said, and may repeat it.
                    tracing::warn!(call = %self.setup.call, engine = self.engine(), kind = ?error.kind, "the engine's session could not be renewed; it is tried again");
                    self.renewal = Renewal::Wanted {
                        resume: None,
                        not_before: now + RENEW_AGAIN,
                    };
                }
                // What is said meanwhile is finished first; the session waits.
                Poll::Ready(Ok(())) if !self.memory.is_quiet() => {}
                // More was said since, of which it knows nothing.
                Poll::Ready(Ok(())) if *told != self.memory.epoch() => {
                    self.renewal = Renewal::Wanted {
                        resume: None,
                        not_before: now,
                    };
                    return self.renew(cx);
                }
                Poll::Ready(Ok(())) => {
                    let Renewal::UnderWay { candidate, .. } =
                        std::mem::replace(&mut self.renewal, Renewal::None)
                    else {
                        return false;
                    };
                    self.dropped_ms += self.session_dropped();
                    if let Some(session) = candidate.session() {
                        tracing::info!(call = %self.setup.call, engine = self.engine(), "the engine's session was renewed");
                        self.sound.forget();
                        self.install(session);
                        return true;
                    }
                }
            },
        }
        false
    }

    /// What the call is told of an event of the session.
    fn passed_on(&mut self, event: Event) -> Option<Event> {
        match event {
            Event::Audio { answer } => {
                self.failed.clear();
                self.lineup.health.succeeded(self.engine(), self.setup.domain);
                Some(Event::Audio {
                    answer: self.outer(answer),
                })
            }
            Event::Latency(latency) => Some(Event::Latency(Latency {
                answer: self.outer(latency.answer),
                ..latency
            })),
            Event::Expiring { within, resume } => {
                tracing::info!(call = %self.setup.call, engine = self.engine(), ?within, "the engine's session ends soon; it is renewed");
                self.renewal = Renewal::Wanted {
                    resume,
                    not_before: Instant::now(),
                };
                None
            }
            Event::Engine(EngineEvent::Failed { kind, message }) => {
                self.lost(kind, message);
                None
            }
            // Told when it was installed.
            Event::Engine(EngineEvent::Ready) => None,
            Event::Engine(event) => {
                let event = self.renumbered(event);
                self.memory.told(&event);
                if let EngineEvent::AnswerStarted {
                    cause: call::Cause::Turn(_),
                    ..
                } = event
                {
                    self.sound.forget();
                }
                Some(Event::Engine(event))
            }
            Event::Sensitive(_) | Event::Usage(_) => Some(event),
        }
    }

    fn outer(&mut self, inner: AnswerId) -> AnswerId {
        let outer = AnswerId(inner.0 + self.offset);
        self.newest = self.newest.max(outer);
        outer
    }

    fn renumbered(&mut self, event: EngineEvent) -> EngineEvent {
        match event {
            EngineEvent::Interrupted { answer } => EngineEvent::Interrupted {
                answer: self.outer(answer),
            },
            EngineEvent::AnswerStarted { answer, cause } => EngineEvent::AnswerStarted {
                answer: self.outer(answer),
                cause,
            },
            EngineEvent::AnswerText { answer, text, at_ms } => EngineEvent::AnswerText {
                answer: self.outer(answer),
                text,
                at_ms,
            },
            EngineEvent::AnswerAudio { answer, total_ms } => EngineEvent::AnswerAudio {
                answer: self.outer(answer),
                total_ms,
            },
            EngineEvent::AnswerDone { answer } => EngineEvent::AnswerDone {
                answer: self.outer(answer),
            },
            other => other,
        }
    }

    /// A command as the session that serves is to have it; nothing where it is about another session's.
    fn inner(&self, command: EngineCommand) -> Option<EngineCommand> {
        match command {
            EngineCommand::Interrupt { answer, heard, text } => {
                let answer = AnswerId(answer.0.checked_sub(self.offset).filter(|inner| *inner > 0)?);
                Some(EngineCommand::Interrupt { answer, heard, text })
            }
            other => Some(other),
        }
    }

    fn tool_ended(&mut self, id: &ToolCallId) -> bool {
        let stranger = self.memory.is_strangers(id);
        self.memory.tool_forgotten(id);
        stranger
    }
}

/// The secretary's voice is one of its first engine's: the others know it not, and have voices of their own.
fn as_spoken_for_by(place: usize, secretary: &Arc<Secretary>) -> Arc<Secretary> {
    if place == 0 || secretary.voice.is_empty() {
        return secretary.clone();
    }
    Arc::new(Secretary {
        voice: String::new(),
        ..Secretary::clone(secretary)
    })
}

/// Whether a failure of this kind need not come again at once.
const fn may_succeed_again(kind: FailureKind) -> bool {
    match kind {
        FailureKind::Transient | FailureKind::Protocol | FailureKind::Expired => true,
        FailureKind::Unauthorized
        | FailureKind::Quota
        | FailureKind::RateLimited
        | FailureKind::Unsupported
        | FailureKind::Policy => false,
    }
}

impl Session for Relay {
    /// Changes with the engine: to be asked before audio is given.
    fn input_rate(&self) -> SampleRate {
        match &self.stage {
            Stage::Serving(session) => session.input_rate(),
            Stage::Reaching(_) | Stage::Over => self.sound.rate(),
        }
    }

    fn output_rate(&self) -> SampleRate {
        match &self.stage {
            Stage::Serving(session) => session.output_rate(),
            Stage::Reaching(_) | Stage::Over => self.setup.rate,
        }
    }

    fn hear(&mut self, samples: &[i16]) {
        match &mut self.stage {
            Stage::Over => return,
            Stage::Serving(session) => session.hear(samples),
            Stage::Reaching(_) => {}
        }
        let serves = matches!(self.stage, Stage::Serving(_));
        self.sound.hear(samples, self.memory.turn().is_some(), serves);
    }

    fn command(&mut self, command: EngineCommand) {
        self.memory.commanded(&command);
        let Stage::Serving(_) = self.stage else {
            match command {
                EngineCommand::Say { say, text } => self.untold.say = Some((say, text)),
                EngineCommand::Dtmf { digit } if self.untold.keys.len() < KEYS => {
                    self.untold.keys.push_back(digit);
                }
                EngineCommand::Respond { turn } => self.untold.ask = Some(turn),
                EngineCommand::TurnStarted { .. } => {
                    self.sound.turn_began();
                    // The sentence goes on: it is answered as one.
                    self.untold.ask = None;
                }
                EngineCommand::Discard { turn } => {
                    self.untold.ask.take_if(|asked| *asked == turn);
                    self.sound.forget();
                }
                EngineCommand::ToolResult { id, .. } => {
                    self.tool_ended(&id);
                }
                _ => {}
            }
            return;
        };
        match &command {
            EngineCommand::TurnStarted { .. } => self.sound.turn_began(),
            EngineCommand::Discard { .. } => self.sound.forget(),
            EngineCommand::ToolResult { id, .. } if self.tool_ended(&id.clone()) => {
                return self.ask_what_is_owed();
            }
            _ => {}
        }
        if let Some(command) = self.inner(command)
            && let Stage::Serving(session) = &mut self.stage
        {
            session.command(command);
        }
        // A quiet moment may have come.
        if !matches!(self.renewal, Renewal::None) {
            self.wake();
        }
    }

    fn ask(&mut self, turn: TurnId, words: String) {
        if let Stage::Serving(session) = &mut self.stage {
            session.ask(turn, words);
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>, pcm: &mut Vec<i16>) -> Poll<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Poll::Ready(event);
            }
            match &mut self.stage {
                Stage::Over => return Poll::Pending,
                Stage::Reaching(candidate) => match candidate.poll(cx) {
                    Poll::Pending => break,
                    Poll::Ready(Err(error)) => self.lost(error.kind, error.message),
                    Poll::Ready(Ok(())) => {
                        let Stage::Reaching(candidate) = std::mem::replace(&mut self.stage, Stage::Over)
                        else {
                            break;
                        };
                        if let Some(session) = candidate.session() {
                            self.install(session);
                            self.events.push_back(Event::Engine(EngineEvent::Ready));
                        }
                    }
                },
                Stage::Serving(session) => match session.poll_event(cx, pcm) {
                    // Not before all that the session has told already is passed on.
                    Poll::Pending if self.renew(cx) => {}
                    Poll::Pending => break,
                    Poll::Ready(event) => {
                        if let Some(event) = self.passed_on(event) {
                            return Poll::Ready(event);
                        }
                    }
                },
            }
        }
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => self.waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    fn dropped_ms(&self) -> u64 {
        self.dropped_ms + self.sound.missed_ms() + self.session_dropped()
    }
}
