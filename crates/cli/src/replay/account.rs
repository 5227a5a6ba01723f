//! What a line of an event log means to a reader.

use call::{
    ClearReason, Directive, EngineCommand, EngineEvent, Input, LegCommand, LegEvent, Outcome, Output, Record,
    Role, TransferOutcome,
};
use recording::What;

/// Who, and what; none for what says nothing to a person.
pub(super) fn told(what: &What) -> Option<(&'static str, String)> {
    Some(match what {
        What::Input(input) => return input_told(input),
        What::Output(output) => return output_told(output),
        What::Private(true) => ("·", "from here on what the caller says is private".to_owned()),
        What::Private(false) => ("·", "no longer private".to_owned()),
        What::Lost(lines) => ("·", format!("{lines} lines are missing: the disk was too slow")),
        What::SoundLost(ms) => (
            "·",
            format!("{ms} ms of the recording are missing: the disk was too slow"),
        ),
        What::Timeout {} | What::End(_) => return None,
    })
}

fn input_told(input: &Input) -> Option<(&'static str, String)> {
    Some(match input {
        Input::SpeechStarted => ("caller", "speaks".to_owned()),
        Input::SpeechEnded => ("caller", "falls silent".to_owned()),
        Input::Dtmf(_) => ("caller", "presses a key".to_owned()),
        Input::Leg(LegEvent::Attached) => ("·", "the line is there".to_owned()),
        Input::Leg(LegEvent::Detached) => ("·", "the stream is lost".to_owned()),
        Input::Leg(LegEvent::Ended) => ("·", "the line has ended".to_owned()),
        // What the call makes of it is recorded.
        Input::TransferEnded { .. } => return None,
        Input::Operator(Directive::Say { .. }) => ("operator", "wants the caller told something".to_owned()),
        Input::Operator(Directive::Transfer { destination }) => {
            ("operator", format!("hands the call to {destination}"))
        }
        Input::Operator(Directive::HangUp) => ("operator", "ends the call".to_owned()),
        Input::End => ("·", "ended from outside".to_owned()),
        Input::ToolDone { ok, result, .. } => {
            let did = if *ok { "done" } else { "not done" };
            ("tool", format!("{did}: {result}"))
        }
        Input::Engine(event) => return event_told(event),
        Input::TurnJudged { .. } | Input::Playout(_) => return None,
    })
}

fn transfer_told(outcome: &TransferOutcome) -> String {
    match outcome {
        TransferOutcome::Answered => "answered".to_owned(),
        TransferOutcome::Busy => "busy".to_owned(),
        TransferOutcome::NoAnswer => "nobody answered".to_owned(),
        TransferOutcome::Refused => "refused".to_owned(),
        TransferOutcome::Unavailable => "cannot be reached".to_owned(),
        TransferOutcome::CallerGone => "the caller hung up".to_owned(),
        TransferOutcome::Failed { cause } => format!("failed ({cause})"),
    }
}

fn event_told(event: &EngineEvent) -> Option<(&'static str, String)> {
    Some(match event {
        EngineEvent::Ready => ("engine", "is ready".to_owned()),
        EngineEvent::Replaced { kind, .. } => {
            ("engine", format!("failed ({kind:?}); another takes its place"))
        }
        EngineEvent::Failed { kind, message } => ("engine", format!("failed ({kind:?}): {message}")),
        EngineEvent::ToolCall { name, arguments, .. } => ("engine", format!("wants {name} {arguments}")),
        EngineEvent::ToolCancelled { .. } => ("engine", "no longer wants a tool".to_owned()),
        _ => return None,
    })
}

fn output_told(output: &Output) -> Option<(&'static str, String)> {
    Some(match output {
        Output::Leg(command) => return leg_told(command),
        Output::Record(record) => return record_told(record),
        Output::PlayPrompt { text, .. } => ("secretary", format!("is to say “{text}”")),
        Output::Engine(EngineCommand::Say { text, .. }) => ("secretary", format!("is to say “{text}”")),
        Output::ReplaceEngine => ("engine", "is too late: another is wanted".to_owned()),
        Output::Engine(_) | Output::JudgeTurn { .. } | Output::Tool(_) => return None,
    })
}

fn leg_told(command: &LegCommand) -> Option<(&'static str, String)> {
    Some(match command {
        LegCommand::Pause => ("secretary", "is held".to_owned()),
        LegCommand::Resume => ("secretary", "goes on".to_owned()),
        LegCommand::Clear { reason, .. } => ("secretary", format!("is cleared: {}", why(*reason))),
        LegCommand::Transcript {
            role: Role::User,
            text,
            is_final: true,
        } => ("understood", format!("“{text}”")),
        LegCommand::Transcript { .. } => return None,
        LegCommand::Hold => ("·", "the caller waits with music".to_owned()),
        LegCommand::Unhold => ("·", "the music ends".to_owned()),
        LegCommand::Transfer {
            destination,
            announcement: None,
        } => ("·", format!("the call is handed to {destination}")),
        LegCommand::Transfer {
            destination,
            announcement: Some(about),
        } => ("·", format!("the call is announced to {destination}: “{about}”")),
        LegCommand::Voicemail { destination } => {
            ("·", format!("the call goes to the mailbox of {destination}"))
        }
        LegCommand::HangUp => ("·", "the secretary hangs up".to_owned()),
    })
}

fn why(reason: ClearReason) -> &'static str {
    match reason {
        ClearReason::BargeIn => "the caller interrupted",
        ClearReason::Key => "a key was pressed",
        ClearReason::Engine => "the engine stopped",
        ClearReason::Overflow => "it was longer than the playout holds",
        ClearReason::Detached => "the stream is gone",
        ClearReason::End => "the end",
    }
}

fn record_told(record: &Record) -> Option<(&'static str, String)> {
    Some(match record {
        Record::Answered { response_ms, .. } => (
            "·",
            format!("answered {response_ms} ms after the caller's silence was heard"),
        ),
        Record::Heard {
            played, cut, text, ..
        } => {
            let seconds = played.0 as f64 / 1_000.0;
            let how = if *cut { ", cut" } else { "" };
            ("secretary", format!("was heard: “{text}” ({seconds:.1} s{how})"))
        }
        Record::BargeIn { after_ms } => ("·", format!("an interruption, decided after {after_ms} ms")),
        Record::FalseBargeIn => ("·", "no interruption: a sound or a murmur".to_owned()),
        Record::ToolTimedOut { name } => ("tool", format!("{name} did not answer in time")),
        Record::Ended { outcome } => ("·", format!("over: {}", ended(*outcome))),
        Record::TransferEnded { destination, outcome } => (
            "·",
            format!("transfer to {destination}: {}", transfer_told(outcome)),
        ),
        Record::UserTurn { .. } | Record::EngineFailed { .. } | Record::EngineReplaced { .. } => return None,
    })
}

/// How a call ended, in words.
pub(super) fn ended(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::CallerHungUp => "the caller hung up",
        Outcome::Completed => "the secretary said good-bye",
        Outcome::Transferred => "handed over",
        Outcome::NoInput => "the caller said nothing",
        Outcome::TimeLimit => "the longest duration was reached",
        Outcome::EngineFailed => "the engine failed and there was nobody to hand it to",
        Outcome::StreamLost => "the stream was lost",
        Outcome::Stopped => "ended from outside",
    }
}
