//! A call under test: inputs at offsets from its start, and what it put out at which.

use crate::logged::LoggedCall;
pub(crate) use crate::outputs::*;
use call::*;
use proptest::prelude::ProptestConfig;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub(crate) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// At least so many cases of a property; `PROPTEST_CASES` asks for more.
pub(crate) fn cases(least: u32) -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig {
        cases: asked.cases.max(least),
        ..asked
    }
}

/// An engine that leaves everything to the call.
pub(crate) const OBEDIENT: Capabilities = Capabilities {
    turns: By::Call,
    interruptions: By::Call,
    verbatim: true,
    truncation: true,
};
/// An engine that ends turns by itself.
pub(crate) const LISTENING: Capabilities = Capabilities {
    turns: By::Engine,
    ..OBEDIENT
};
/// An engine that also interrupts by itself.
pub(crate) const HEADSTRONG: Capabilities = Capabilities {
    interruptions: By::Engine,
    verbatim: false,
    ..LISTENING
};

/// The rules of the tests: no greeting, no limit of the whole.
pub(crate) fn rules() -> Settings {
    Settings {
        engine: OBEDIENT,
        notice: String::new(),
        greeting: String::new(),
        greeting_interruptible: true,
        reprompts: vec!["Você está aí?".into(), "Alô?".into()],
        farewell: "Até logo.".into(),
        apology: "Desculpe, algo falhou.".into(),
        waiting: String::new(),
        bridge: String::new(),
        patience: Duration::ZERO,
        backchannels: ["uhum", "tá", "ok"].map(String::from).to_vec(),
        min_speech: ms(700),
        hold_limit: ms(1_500),
        turn_silence: ms(1_200),
        answer_limit: ms(15_000),
        silence: ms(8_000),
        total: Duration::ZERO,
        transfer_limit: None,
        longest_hold: Settings::LONGEST_HOLD,
        tool_limit: ms(10_000),
        waiting_words: BTreeMap::new(),
        farewell_limit: ms(20_000),
        refuses_end_call: false,
        refuses_hold: false,
        fallback: None,
    }
}

pub(crate) struct Bench {
    pub(crate) call: LoggedCall,
    base: Instant,
    now: u64,
}

impl Bench {
    /// A call before anything has happened.
    pub(crate) fn new(rules: Settings) -> Self {
        let base = Instant::now();
        Self {
            call: LoggedCall::new(rules, base),
            base,
            now: 0,
        }
    }

    /// A call that has begun, and whose first words (if any) are ordered.
    pub(crate) fn begun(rules: Settings) -> Self {
        let mut bench = Self::new(rules);
        bench.tell(attached());
        bench.tell(ready());
        bench
    }

    /// A call that listens, of the plain rules.
    pub(crate) fn listening() -> Self {
        Self::begun(rules())
    }

    /// A call whose caller has said something by 1 s; answer 1 to it began at 1.5 s, is complete with 4 s of audio, and was
    /// heard for 1 s by 2.5 s.
    pub(crate) fn speaking(rules: Settings) -> Self {
        let mut bench = Self::begun(rules);
        bench.turn(1, "Bom dia");
        bench.answer(1, Cause::Turn(TurnId(1)), "um dois três quatro", 4_000);
        bench.at(2_500);
        bench.tell(position(answer(1), 1_000));
        bench
    }

    /// A turn of the caller: from 500 ms to 1 s, judged and heard at once; then it is 1.5 s.
    pub(crate) fn turn(&mut self, turn: u32, words: &str) {
        self.at(500);
        self.tell(Input::SpeechStarted);
        self.at(1_000);
        self.tell(Input::SpeechEnded);
        let by_engine = self.tell(judged(turn, true)).is_empty();
        if by_engine {
            self.tell(Input::Engine(EngineEvent::TurnEnded));
        }
        self.tell(heard((!by_engine).then_some(turn), words));
        self.at(1_500);
    }

    /// A whole answer at once.
    pub(crate) fn answer(&mut self, number: u64, cause: Cause, text: &str, total_ms: u64) -> Vec<Output> {
        let mut outputs = self.tell(started(number, cause));
        outputs.extend(self.tell(said(number, text)));
        outputs.extend(self.tell(audio(number, total_ms)));
        outputs.extend(self.tell(done(number)));
        outputs
    }

    /// Gives an input now. What the call puts out for it.
    pub(crate) fn tell(&mut self, input: Input) -> Vec<Output> {
        self.call.handle(input, self.base + ms(self.now));
        self.drain()
    }

    /// Lets time pass until so long after the start. What the call puts out on the way, with its offset.
    pub(crate) fn until(&mut self, at: u64) -> Vec<(u64, Output)> {
        let end = self.base + ms(at);
        let mut outputs = Vec::new();
        while let Some(due) = self.call.poll_timeout().filter(|due| *due <= end) {
            self.now = u64::try_from((due - self.base).as_millis()).unwrap();
            self.call.handle_timeout(due);
            assert!(
                self.call.poll_timeout().is_none_or(|next| next > due),
                "a timer that is due again at once"
            );
            outputs.extend(self.drain().into_iter().map(|output| (self.now, output)));
        }
        self.now = at;
        outputs
    }

    /// Lets time pass in which nothing may happen.
    pub(crate) fn at(&mut self, at: u64) {
        assert_eq!(self.until(at), []);
    }

    /// Whether the caller is listened to.
    pub(crate) fn is_listening(&self) -> bool {
        self.call.is_listening()
    }

    /// What the call is doing.
    pub(crate) fn standing(&self) -> Standing<'_> {
        self.call.standing()
    }

    fn drain(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.call.poll_output()).collect()
    }
}

// Inputs.

pub(crate) fn attached() -> Input {
    Input::Leg(LegEvent::Attached)
}

pub(crate) fn detached() -> Input {
    Input::Leg(LegEvent::Detached)
}

pub(crate) fn ended() -> Input {
    Input::Leg(LegEvent::Ended)
}

pub(crate) fn ready() -> Input {
    Input::Engine(EngineEvent::Ready)
}

pub(crate) fn judged(turn: u32, complete: bool) -> Input {
    Input::TurnJudged {
        turn: TurnId(turn),
        complete,
    }
}

pub(crate) fn heard(turn: Option<u32>, text: &str) -> Input {
    Input::Engine(EngineEvent::Heard {
        turn: turn.map(TurnId),
        text: text.into(),
        is_final: true,
    })
}

pub(crate) fn hearing(turn: u32, text: &str) -> Input {
    Input::Engine(EngineEvent::Heard {
        turn: Some(TurnId(turn)),
        text: text.into(),
        is_final: false,
    })
}

pub(crate) fn started(number: u64, cause: Cause) -> Input {
    Input::Engine(EngineEvent::AnswerStarted {
        answer: AnswerId(number),
        cause,
    })
}

pub(crate) fn said(number: u64, text: &str) -> Input {
    Input::Engine(EngineEvent::AnswerText {
        answer: AnswerId(number),
        text: text.into(),
        at_ms: None,
    })
}

pub(crate) fn said_at(number: u64, text: &str, at_ms: u64) -> Input {
    Input::Engine(EngineEvent::AnswerText {
        answer: AnswerId(number),
        text: text.into(),
        at_ms: Some(at_ms),
    })
}

pub(crate) fn audio(number: u64, total_ms: u64) -> Input {
    Input::Engine(EngineEvent::AnswerAudio {
        answer: AnswerId(number),
        total_ms,
    })
}

pub(crate) fn done(number: u64) -> Input {
    Input::Engine(EngineEvent::AnswerDone {
        answer: AnswerId(number),
    })
}

pub(crate) fn replaced(engine: Capabilities) -> Input {
    Input::Engine(EngineEvent::Replaced {
        kind: FailureKind::Transient,
        engine,
    })
}

pub(crate) fn failed() -> Input {
    Input::Engine(EngineEvent::Failed {
        kind: FailureKind::Quota,
        message: "no credit left".into(),
    })
}

pub(crate) fn tool_call(id: &str, name: &str, arguments: serde_json::Value) -> Input {
    Input::Engine(EngineEvent::ToolCall {
        id: ToolCallId(id.into()),
        name: name.into(),
        arguments,
    })
}

/// What the driver is asked for by [`tool_call`].
pub(crate) fn tool(id: &str, name: &str, arguments: serde_json::Value) -> Output {
    Output::Tool(ToolRequest {
        id: ToolCallId(id.into()),
        name: name.into(),
        arguments,
    })
}

pub(crate) fn tool_done(id: &str, ok: bool, result: &str) -> Input {
    Input::ToolDone {
        id: ToolCallId(id.into()),
        ok,
        result: result.into(),
    }
}

pub(crate) fn transfer_ended(outcome: TransferOutcome) -> Input {
    Input::TransferEnded { outcome }
}

pub(crate) fn position(utterance: Utterance, played: u64) -> Input {
    Input::Playout(PlayoutEvent::Position {
        utterance,
        played: PlayedMs(played),
    })
}

pub(crate) fn finished(utterance: Utterance, played: u64) -> Input {
    Input::Playout(PlayoutEvent::Finished {
        utterance,
        played: PlayedMs(played),
    })
}

pub(crate) fn key(key: char) -> Input {
    Input::Dtmf(Digit::new(key).unwrap())
}

pub(crate) fn answer(number: u64) -> Utterance {
    Utterance::Answer(AnswerId(number))
}

pub(crate) fn prompt(number: u32) -> Utterance {
    Utterance::Prompt(PromptId(number))
}
