//! What a call puts out, as the tests expect it.

use call::*;

pub(crate) fn turn_started(turn: u32) -> Output {
    Output::Engine(EngineCommand::TurnStarted { turn: TurnId(turn) })
}

pub(crate) fn transcribe(turn: u32) -> Output {
    Output::Engine(EngineCommand::Transcribe { turn: TurnId(turn) })
}

pub(crate) fn respond(turn: u32) -> Output {
    Output::Engine(EngineCommand::Respond { turn: TurnId(turn) })
}

pub(crate) fn discard(turn: u32) -> Output {
    Output::Engine(EngineCommand::Discard { turn: TurnId(turn) })
}

pub(crate) fn say(number: u32, text: &str) -> Output {
    Output::Engine(EngineCommand::Say {
        say: SayId(number),
        text: text.into(),
    })
}

pub(crate) fn interrupt(number: u64, heard: u64, text: &str) -> Output {
    Output::Engine(EngineCommand::Interrupt {
        answer: AnswerId(number),
        heard: PlayedMs(heard),
        text: text.into(),
    })
}

pub(crate) fn tool_result(id: &str, ok: bool, result: &str) -> Output {
    Output::Engine(EngineCommand::ToolResult {
        id: ToolCallId(id.into()),
        ok,
        result: result.into(),
    })
}

pub(crate) fn dtmf(key: char) -> Output {
    Output::Engine(EngineCommand::Dtmf {
        digit: Digit::new(key).unwrap(),
    })
}

pub(crate) fn no_input() -> Output {
    Output::Engine(EngineCommand::NoInput)
}

pub(crate) fn pause() -> Output {
    Output::Leg(LegCommand::Pause)
}

pub(crate) fn resume() -> Output {
    Output::Leg(LegCommand::Resume)
}

pub(crate) fn clear(through: u64, reason: ClearReason) -> Output {
    Output::Leg(LegCommand::Clear {
        through: AnswerId(through),
        reason,
    })
}

pub(crate) fn hang_up() -> Output {
    Output::Leg(LegCommand::HangUp)
}

pub(crate) fn transfer(destination: &str) -> Output {
    Output::Leg(LegCommand::Transfer {
        announcement: None,
        destination: destination.into(),
    })
}

pub(crate) fn hold() -> Output {
    Output::Leg(LegCommand::Hold)
}

pub(crate) fn unhold() -> Output {
    Output::Leg(LegCommand::Unhold)
}

pub(crate) fn transfer_over(destination: &str, outcome: TransferOutcome) -> Output {
    Output::Record(Record::TransferEnded {
        destination: destination.into(),
        outcome,
    })
}

pub(crate) fn user(text: &str, is_final: bool) -> Output {
    Output::Leg(LegCommand::Transcript {
        role: Role::User,
        text: text.into(),
        is_final,
    })
}

pub(crate) fn assistant(text: &str) -> Output {
    Output::Leg(LegCommand::Transcript {
        role: Role::Assistant,
        text: text.into(),
        is_final: true,
    })
}

pub(crate) fn judge(turn: u32) -> Output {
    Output::JudgeTurn { turn: TurnId(turn) }
}

pub(crate) fn play_prompt(number: u32, text: &str) -> Output {
    Output::PlayPrompt {
        prompt: PromptId(number),
        text: text.into(),
    }
}

pub(crate) fn user_turn(turn: u32) -> Output {
    Output::Record(Record::UserTurn { turn: TurnId(turn) })
}

pub(crate) fn answered(turn: u32, response_ms: u64) -> Output {
    Output::Record(Record::Answered {
        turn: TurnId(turn),
        response_ms,
    })
}

pub(crate) fn whole(utterance: Utterance, played: u64, text: &str) -> Output {
    Output::Record(Record::Heard {
        utterance,
        played: PlayedMs(played),
        cut: false,
        text: text.into(),
    })
}

pub(crate) fn cut(utterance: Utterance, played: u64, text: &str) -> Output {
    Output::Record(Record::Heard {
        utterance,
        played: PlayedMs(played),
        cut: true,
        text: text.into(),
    })
}

pub(crate) fn barge_in(after_ms: u64) -> Output {
    Output::Record(Record::BargeIn { after_ms })
}

pub(crate) fn false_barge_in() -> Output {
    Output::Record(Record::FalseBargeIn)
}

pub(crate) fn engine_failed(kind: FailureKind) -> Output {
    Output::Record(Record::EngineFailed { kind })
}

pub(crate) fn over(outcome: Outcome) -> Output {
    Output::Record(Record::Ended { outcome })
}

/// Outputs that all came at the same offset.
pub(crate) fn all_at<const N: usize>(at: u64, outputs: [Output; N]) -> Vec<(u64, Output)> {
    outputs.into_iter().map(|output| (at, output)).collect()
}
