//! Calls in a world that behaves as a real one does: a caller with a script, an engine that thinks and speaks, a playout
//! that plays in real time. Whatever the delays, the conversation stays one.

use crate::bench::*;
use crate::logged::LoggedCall;
use crate::observer::Observer;
use call::*;
use std::collections::VecDeque;
use std::time::Instant;

/// How finely the world moves, in milliseconds.
const TICK: u64 = 20;
/// Longer than a silent caller needs to be said good-bye to.
const PATIENCE: u64 = 300_000;

/// What the caller does, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// A sentence of so many milliseconds.
    Sentence(u64),
    /// "Uhum."
    Murmur(u64),
    /// Anything without words.
    Cough(u64),
    Key,
    /// The stream is lost for so long.
    Loss(u64),
}

/// What the world has to say when its time has come.
#[derive(Debug, Clone, PartialEq)]
enum Event {
    Tell(Input),
    Begin(Cause),
    Chunk(AnswerId, u64),
}

/// Delays and lengths, drawn before and used in turn.
#[derive(Debug, Clone)]
struct Plan {
    numbers: Vec<u64>,
    next: usize,
}

impl Plan {
    fn draw(&mut self, range: std::ops::Range<u64>) -> u64 {
        self.next += 1;
        range.start + self.numbers[self.next % self.numbers.len()] % (range.end - range.start)
    }
}

struct Playing {
    utterance: Utterance,
    total: u64,
    played: u64,
    whole: bool,
}

/// One call in it.
pub(crate) struct World {
    call: LoggedCall,
    observer: Observer,
    base: Instant,
    now: u64,
    plan: Plan,
    agenda: Vec<(u64, Event)>,
    playout: VecDeque<Playing>,
    paused: bool,
    /// The caller hears music.
    music: bool,
    attached: bool,
    void: AnswerId,
    /// Answers that the engine still makes, with their cause.
    making: Vec<(AnswerId, Cause)>,
    causes: Vec<(AnswerId, Cause)>,
    last_answer: AnswerId,
    tools: u64,
    speech: String,
    /// Whether a PBX tells what becomes of transfers.
    tells: bool,
    /// The turn that may be answered, and the answers heard of others.
    responded: TurnId,
    pub(crate) records: Vec<Record>,
}

impl World {
    /// A call that begins, with the delays of the world.
    pub(crate) fn new(rules: Settings, numbers: Vec<u64>) -> Self {
        let base = Instant::now();
        let mut world = Self {
            observer: Observer::new(&rules),
            tells: rules.transfer_limit.is_some(),
            call: LoggedCall::new(rules, base),
            base,
            now: 0,
            plan: Plan { numbers, next: 0 },
            agenda: Vec::new(),
            playout: VecDeque::new(),
            paused: false,
            music: false,
            attached: true,
            void: AnswerId(0),
            making: Vec::new(),
            causes: Vec::new(),
            last_answer: AnswerId(0),
            tools: 0,
            speech: String::new(),
            responded: TurnId(0),
            records: Vec::new(),
        };
        world.tell(attached());
        let late = world.plan.draw(0..2_000);
        world.after(late, Event::Tell(ready()));
        world
    }

    /// The caller does one thing after another, then says nothing more. Runs to the end of the call.
    pub(crate) fn run(mut self, script: &[(u64, Act)]) -> Self {
        for (gap, act) in script {
            self.pass(*gap);
            match *act {
                Act::Sentence(length) => self.speak(length, " quero falar com alguém"),
                Act::Murmur(length) => self.speak(length, " uhum"),
                Act::Cough(length) => self.speak(length, ""),
                Act::Key => self.tell(key('1')),
                Act::Loss(length) => self.lose_stream(length),
            }
        }
        self.pass(PATIENCE);
        self
    }

    fn speak(&mut self, length: u64, words: &str) {
        // A driver gives the ear nothing of a caller whom nobody listens to.
        let heard = self.call.is_listening();
        if heard {
            self.tell(Input::SpeechStarted);
        }
        self.pass(length);
        if heard {
            self.speech.push_str(words);
            self.tell(Input::SpeechEnded);
        }
    }

    fn lose_stream(&mut self, length: u64) {
        self.tell(detached());
        self.attached = false;
        self.pass(length);
        self.attached = true;
        self.tell(attached());
    }

    fn pass(&mut self, pass: u64) {
        let end = self.now + pass;
        while self.now < end && !self.call.is_over() {
            self.now += TICK;
            self.play();
            if self.call.poll_timeout().is_some_and(|due| due <= self.instant()) {
                self.tell_position();
                self.call.handle_timeout(self.instant());
                self.perform();
            }
            while let Some(index) = self.agenda.iter().position(|(at, _)| *at <= self.now) {
                let (_, event) = self.agenda.remove(index);
                self.happen(event);
            }
        }
    }

    fn instant(&self) -> Instant {
        self.base + ms(self.now)
    }

    fn after(&mut self, delay: u64, event: Event) {
        self.agenda.push((self.now + delay, event));
    }

    /// Tells the call as the driver does: with the position before it.
    fn tell(&mut self, input: Input) {
        self.tell_position();
        self.observer.tells(&input);
        self.call.handle(input, self.instant());
        self.perform();
    }

    fn tell_position(&mut self) {
        let Some(front) = self.playout.front().filter(|front| front.played > 0) else {
            return;
        };
        let input = position(front.utterance, front.played);
        self.observer.tells(&input);
        self.call.handle(input, self.instant());
    }

    /// One tick of the playout. What is heard must be of the turn that was last answered.
    fn play(&mut self) {
        if self.paused || !self.attached {
            return;
        }
        if let Some(front) = self.playout.front_mut() {
            let before = front.played;
            front.played = (front.played + TICK).min(front.total);
            assert!(
                front.played == before || (self.call.is_listening() && !self.music),
                "something is said into the music or the ringing"
            );
            if let Utterance::Answer(answer) = front.utterance
                && front.played > before
                && let Some((_, Cause::Turn(turn))) = self.causes.iter().find(|(known, _)| *known == answer)
            {
                assert_eq!(
                    *turn, self.responded,
                    "an answer is heard to something that was taken back"
                );
            }
        }
        while let Some(front) = self
            .playout
            .pop_front_if(|front| front.whole && front.played == front.total)
        {
            self.tell(finished(front.utterance, front.total));
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Tell(Input::Engine(EngineEvent::AnswerDone { answer })) => {
                if !self.is_made(answer) {
                    return;
                }
                self.making.retain(|(made, _)| *made != answer);
                if let Some(playing) = self.playing(Utterance::Answer(answer)) {
                    playing.whole = true;
                } else if answer > self.void {
                    self.playout.push_back(Playing {
                        utterance: Utterance::Answer(answer),
                        total: 0,
                        played: 0,
                        whole: true,
                    });
                }
                self.tell(done(answer.0));
            }
            Event::Tell(input) => self.tell(input),
            Event::Begin(cause) => self.begin(cause),
            Event::Chunk(answer, total) => self.chunk(answer, total),
        }
    }

    fn begin(&mut self, cause: Cause) {
        self.last_answer = self.last_answer.next();
        let answer = self.last_answer;
        self.making.push((answer, cause));
        self.causes.push((answer, cause));
        self.tell(started(answer.0, cause));
        self.after(0, Event::Tell(said(answer.0, "um dois três quatro cinco")));
        let mut at = 0;
        let mut total = 0;
        for _ in 0..self.plan.draw(0..4) {
            at += self.plan.draw(0..1_500);
            total += self.plan.draw(100..3_000);
            self.after(at, Event::Chunk(answer, total));
        }
        if cause != Cause::FollowUp && self.plan.draw(0..6) == 0 {
            self.tools += 1;
            // No transfer comes to anything in here, so that every conversation goes on.
            let destination = serde_json::json!({"destination": "financeiro", "about": "Ana"});
            let (name, arguments) = match self.plan.draw(0..6) {
                0 => ("transfer_call", destination),
                1 if self.tells => ("transfer_announced", destination),
                2 if self.tells => ("hold_call", serde_json::json!({})),
                3 if self.tells => ("resume_call", serde_json::json!({})),
                _ => ("take_message", serde_json::json!({})),
            };
            let call = tool_call(&self.tools.to_string(), name, arguments);
            self.after(at, Event::Tell(call));
        }
        self.after(at + 20, Event::Tell(done(answer.0)));
    }

    fn chunk(&mut self, answer: AnswerId, total: u64) {
        if !self.is_made(answer) {
            return;
        }
        if answer > self.void {
            let utterance = Utterance::Answer(answer);
            if self.playing(utterance).is_none() {
                self.playout.push_back(Playing {
                    utterance,
                    total: 0,
                    played: 0,
                    whole: false,
                });
            }
            if let Some(playing) = self.playing(utterance) {
                playing.total = total;
            }
        }
        self.tell(audio(answer.0, total));
    }

    fn is_made(&self, answer: AnswerId) -> bool {
        self.making.iter().any(|(made, _)| *made == answer)
    }

    fn playing(&mut self, utterance: Utterance) -> Option<&mut Playing> {
        self.playout
            .iter_mut()
            .find(|playing| playing.utterance == utterance)
    }

    fn perform(&mut self) {
        while let Some(output) = self.call.poll_output() {
            self.observer.sees(&output);
            match output {
                Output::Engine(command) => self.engine(&command),
                Output::Leg(command) => self.leg(&command),
                Output::JudgeTurn { turn } => {
                    let complete = self.plan.draw(0..3) > 0;
                    self.after(100, Event::Tell(judged(turn.0, complete)));
                }
                Output::PlayPrompt { prompt, text } => {
                    let total = 60 * text.chars().count() as u64 / TICK * TICK;
                    let utterance = Utterance::Prompt(prompt);
                    self.playout.push_back(Playing {
                        utterance,
                        total,
                        played: 0,
                        whole: true,
                    });
                }
                Output::Tool(request) => {
                    let delay = self.plan.draw(0..12_000);
                    let ok = self.plan.draw(0..3) > 0;
                    self.after(delay, Event::Tell(tool_done(&request.id.0, ok, "Financeiro")));
                }
                Output::ReplaceEngine => self.replace_engine(),
                Output::Record(record) => self.records.push(record),
            }
        }
    }

    /// Another engine comes, with a reach of its own, and answers what was owed.
    fn replace_engine(&mut self) {
        let engine = [OBEDIENT, LISTENING, HEADSTRONG][self.plan.draw(0..3) as usize];
        self.making.clear();
        self.after(0, Event::Tell(replaced(engine)));
        let late = self.plan.draw(20..2_000);
        self.after(late, Event::Tell(ready()));
        self.after(late + 500, Event::Begin(Cause::Turn(self.responded)));
    }

    fn engine(&mut self, command: &EngineCommand) {
        match *command {
            EngineCommand::TurnStarted { .. } => {
                // What it was looking for is not the whole turn any more.
                self.agenda.retain(|(_, event)| {
                    !matches!(event, Event::Tell(Input::Engine(EngineEvent::Heard { .. })))
                });
            }
            EngineCommand::Transcribe { turn } => {
                let delay = self.plan.draw(100..1_200);
                let words = self.speech.clone();
                self.after(delay, Event::Tell(heard(Some(turn.0), &words)));
            }
            EngineCommand::Respond { turn } => {
                self.responded = turn;
                self.speech.clear();
                let delay = self.plan.draw(50..3_000);
                self.after(delay, Event::Begin(Cause::Turn(turn)));
            }
            EngineCommand::Discard { .. } => self.speech.clear(),
            EngineCommand::Say { say, .. } => {
                let delay = self.plan.draw(20..1_000);
                self.after(delay, Event::Begin(Cause::Say(say)));
            }
            EngineCommand::Interrupt { answer, .. } => self.making.retain(|(made, _)| *made != answer),
            EngineCommand::ToolResult { .. } | EngineCommand::Dtmf { .. } => {
                let delay = self.plan.draw(20..2_500);
                self.after(delay, Event::Begin(Cause::FollowUp));
            }
            EngineCommand::NoInput => {}
        }
    }

    fn leg(&mut self, command: &LegCommand) {
        match command {
            LegCommand::Pause => self.paused = true,
            LegCommand::Resume => self.paused = false,
            LegCommand::Clear { through, .. } => {
                self.paused = false;
                self.void = self.void.max(*through);
                self.playout.clear();
            }
            LegCommand::Hold => self.music = true,
            LegCommand::Unhold => self.music = false,
            LegCommand::Transfer { .. } if self.tells => {
                let delay = self.plan.draw(100..20_000);
                let outcome = match self.plan.draw(0..3) {
                    0 => TransferOutcome::Busy,
                    1 => TransferOutcome::NoAnswer,
                    _ => TransferOutcome::Refused,
                };
                self.after(delay, Event::Tell(transfer_ended(outcome)));
            }
            _ => {}
        }
    }

    /// How the call ended.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.records.iter().find_map(|record| match record {
            Record::Ended { outcome } => Some(*outcome),
            _ => None,
        })
    }
}
