//! What must hold of every call, whatever happens to it.

use call::*;
use std::collections::BTreeMap;

/// What the playout does by order of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    Free,
    Held,
}

#[derive(Debug, Clone, Copy)]
struct Begun {
    cause: Cause,
    sounding: bool,
}

/// Sees what a call is told and what it puts out, and fails the test at the first thing that must not be.
#[derive(Debug)]
pub(crate) struct Observer {
    engine: Capabilities,
    farewell: String,
    hold: Hold,
    /// The furthest position told of each utterance.
    played: BTreeMap<Utterance, PlayedMs>,
    /// Answers that have begun, and are neither void nor at their end.
    begun: BTreeMap<AnswerId, Begun>,
    newest: AnswerId,
    /// What the call has asked for and what has not begun.
    asked: Vec<Cause>,
    last_turn: TurnId,
    session: Session,
    ends: usize,
}

/// The engine, as far as it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Session {
    Alive,
    Dead,
}

impl Observer {
    pub(crate) fn new(rules: &Settings) -> Self {
        Self {
            engine: rules.engine,
            farewell: rules.farewell.clone(),
            hold: Hold::Free,
            played: BTreeMap::new(),
            begun: BTreeMap::new(),
            newest: AnswerId(0),
            asked: Vec::new(),
            last_turn: TurnId(0),
            session: Session::Alive,
            ends: 0,
        }
    }

    /// How often the call has told that it is over.
    pub(crate) fn ends(&self) -> usize {
        self.ends
    }

    /// Before the call is told.
    pub(crate) fn tells(&mut self, input: &Input) {
        match input {
            Input::Engine(_) if self.session == Session::Dead => {}
            Input::Playout(PlayoutEvent::Position { utterance, played }) => {
                self.position(*utterance, *played)
            }
            Input::Playout(PlayoutEvent::Finished { utterance, played }) => {
                self.position(*utterance, *played);
                if let Utterance::Answer(answer) = utterance
                    && let Some(begun) = self.begun.remove(answer)
                {
                    self.paid(begun.cause);
                }
            }
            Input::Engine(EngineEvent::AnswerStarted { answer, cause }) if *answer > self.newest => {
                self.newest = *answer;
                self.begun.insert(
                    *answer,
                    Begun {
                        cause: *cause,
                        sounding: false,
                    },
                );
            }
            Input::Engine(EngineEvent::AnswerAudio { answer, .. }) => {
                if let Some(begun) = self.begun.get_mut(answer) {
                    begun.sounding = true;
                    let cause = begun.cause;
                    self.paid(cause);
                }
            }
            Input::Engine(EngineEvent::AnswerDone { answer }) => {
                if let Some(begun) = self.begun.get(answer).copied()
                    && !begun.sounding
                {
                    self.begun.remove(answer);
                    self.paid(begun.cause);
                }
            }
            _ => {}
        }
    }

    fn position(&mut self, utterance: Utterance, played: PlayedMs) {
        let furthest = self.played.entry(utterance).or_default();
        *furthest = (*furthest).max(played);
    }

    /// An answer of this cause has come: that is what was asked for, or stands for the answer to a turn.
    fn paid(&mut self, cause: Cause) {
        self.asked.retain(|asked| match asked {
            Cause::Say(_) => *asked != cause,
            _ => matches!(cause, Cause::Say(_)),
        });
    }

    /// What the call puts out.
    pub(crate) fn sees(&mut self, output: &Output) {
        assert_eq!(
            self.ends, 0,
            "nothing comes after the end, but here is {output:?}"
        );
        match output {
            Output::Engine(command) => self.engine_told(command),
            Output::Leg(command) => self.leg_told(command),
            Output::Record(Record::Heard {
                utterance, played, ..
            }) => self.was_played(*utterance, *played),
            Output::Record(Record::EngineFailed { .. }) => {
                self.session = Session::Dead;
                self.asked.clear();
            }
            Output::Record(Record::Ended { .. }) => self.ends += 1,
            _ => {}
        }
    }

    fn leg_told(&mut self, command: &LegCommand) {
        match command {
            LegCommand::Pause => {
                assert_eq!(self.hold, Hold::Free, "held twice");
                self.hold = Hold::Held;
            }
            LegCommand::Resume => {
                assert_eq!(self.hold, Hold::Held, "what was cleared does not go on");
                self.hold = Hold::Free;
            }
            LegCommand::Clear { through, .. } => {
                let last = self.begun.keys().filter(|answer| *answer > through).count();
                assert!(
                    last <= 1,
                    "a clear that leaves more than the answer that proves the interruption"
                );
                self.hold = Hold::Free;
                self.begun.retain(|answer, _| answer > through);
                self.asked.clear();
            }
            _ => {}
        }
    }

    fn engine_told(&mut self, command: &EngineCommand) {
        match command {
            EngineCommand::Interrupt { answer, heard, .. } => {
                self.was_played(Utterance::Answer(*answer), *heard);
                self.begun.remove(answer);
            }
            EngineCommand::TurnStarted { turn } => {
                if *turn > self.last_turn && self.hold == Hold::Free {
                    self.asked.retain(|asked| matches!(asked, Cause::Say(_)));
                }
                self.last_turn = *turn;
            }
            EngineCommand::Discard { turn } => self.asked.retain(|asked| *asked != Cause::Turn(*turn)),
            EngineCommand::Respond { turn } => self.asks(Cause::Turn(*turn)),
            EngineCommand::Say { say, text } => {
                if *text == self.farewell {
                    // Whatever else was to be said is void from here on.
                    self.asked.clear();
                }
                self.asks(Cause::Say(*say));
            }
            _ => {}
        }
    }

    fn was_played(&self, utterance: Utterance, played: PlayedMs) {
        let told = self.played.get(&utterance).copied().unwrap_or_default();
        assert!(
            played <= told,
            "{played:?} of {utterance:?} reported as heard, but {told:?} told as played"
        );
    }

    /// The call asks for an answer: nothing else may be expected or be on its way to the caller.
    fn asks(&mut self, cause: Cause) {
        assert_eq!(self.asked, [], "two answers expected, with {cause:?}");
        if self.engine.interruptions == By::Call {
            let others: Vec<_> = self
                .begun
                .iter()
                .filter(|(_, begun)| begun.cause != cause)
                .collect();
            assert!(others.is_empty(), "{cause:?} asked for while {others:?}");
        }
        self.asked.push(cause);
    }
}
