//! Inputs in any order, likely or not.

use crate::bench::*;
use call::*;
use proptest::prelude::*;

/// Rules to try every order with.
pub(crate) const RULES: [fn() -> Settings; 11] = [
    obedient,
    greeted,
    listening,
    headstrong,
    impatient,
    told,
    told_headstrong,
    told_at_once,
    patient,
    told_patient,
    endless,
];

fn bounded() -> Settings {
    Settings {
        total: ms(60_000),
        fallback: Some("recepcao".into()),
        ..rules()
    }
}

fn obedient() -> Settings {
    bounded()
}

fn greeted() -> Settings {
    Settings {
        greeting: "Bom dia.".into(),
        greeting_interruptible: false,
        ..bounded()
    }
}

fn listening() -> Settings {
    Settings {
        engine: LISTENING,
        notice: "Esta ligação é gravada.".into(),
        greeting: "Bom dia.".into(),
        ..bounded()
    }
}

fn headstrong() -> Settings {
    Settings {
        engine: HEADSTRONG,
        fallback: None,
        ..bounded()
    }
}

/// Every limit at its least.
fn impatient() -> Settings {
    let zero = ms(0);
    Settings {
        min_speech: zero,
        hold_limit: zero,
        turn_silence: zero,
        answer_limit: zero,
        silence: ms(1),
        tool_limit: zero,
        farewell_limit: zero,
        ..bounded()
    }
}

/// A PBX that tells what becomes of a transfer, and a short hold.
fn told() -> Settings {
    Settings {
        transfer_limit: Some(ms(4_000)),
        longest_hold: ms(3_000),
        // One that the engine may try too.
        fallback: Some("2001".into()),
        ..greeted()
    }
}

fn told_headstrong() -> Settings {
    Settings {
        transfer_limit: Some(ms(4_000)),
        longest_hold: ms(20_000),
        fallback: Some("recepcao".into()),
        ..headstrong()
    }
}

fn told_at_once() -> Settings {
    Settings {
        transfer_limit: Some(ms(0)),
        longest_hold: ms(0),
        ..impatient()
    }
}

/// No longest call: only the caller's silence ends it.
fn endless() -> Settings {
    Settings {
        greeting: "Bom dia.".into(),
        ..rules()
    }
}

/// A tool that takes a while is told of.
fn patient() -> Settings {
    let words = |tool: &str| (tool.to_owned(), "Um momento, 5 segundos.".to_owned());
    Settings {
        waiting_words: ["take_message", "send_dtmf", "transfer_call"].map(words).into(),
        ..listening()
    }
}

fn told_patient() -> Settings {
    Settings {
        waiting_words: patient().waiting_words,
        ..told()
    }
}

/// Some inputs, each with the milliseconds that pass before it. Numbers are small, so that they often meet.
pub(crate) fn arbitrary_inputs() -> impl Strategy<Value = Vec<(u64, Input)>> {
    let pass = prop_oneof![3 => Just(0_u64), 3 => 0_u64..400, 2 => 400_u64..3_000, 1 => 3_000_u64..20_000];
    proptest::collection::vec((pass, arbitrary_input()), 0..60)
}

fn arbitrary_input() -> impl Strategy<Value = Input> {
    prop_oneof![
        6 => Just(Input::SpeechStarted),
        6 => Just(Input::SpeechEnded),
        4 => (0_u32..6, any::<bool>()).prop_map(|(turn, complete)| judged(turn, complete)),
        3 => Just(ready()),
        4 => (prop::option::of(0_u32..6), words(), any::<bool>()).prop_map(|(turn, text, is_final)| {
            Input::Engine(EngineEvent::Heard { turn: turn.map(TurnId), text: text.into(), is_final })
        }),
        2 => Just(Input::Engine(EngineEvent::TurnEnded)),
        1 => (0_u64..12).prop_map(|number| Input::Engine(EngineEvent::Interrupted { answer: AnswerId(number) })),
        8 => (0_u64..12, cause()).prop_map(|(number, cause)| started(number, cause)),
        4 => (0_u64..12, words(), prop::option::of(0_u64..3_000)).prop_map(|(number, text, at_ms)| {
            Input::Engine(EngineEvent::AnswerText { answer: AnswerId(number), text: text.into(), at_ms })
        }),
        8 => (0_u64..12, 0_u64..5_000).prop_map(|(number, total)| audio(number, total)),
        4 => (0_u64..12).prop_map(done),
        3 => (tool(), tool_id()).prop_map(|((name, arguments), id)| tool_call(id, name, arguments)),
        1 => tool_id().prop_map(|id| Input::Engine(EngineEvent::ToolCancelled { id: ToolCallId(id.into()) })),
        2 => (tool_id(), any::<bool>(), words()).prop_map(|(id, ok, result)| tool_done(id, ok, result)),
        2 => failure().prop_map(transfer_ended),
        1 => Just(failed()),
        6 => (utterance(), 0_u64..5_000).prop_map(|(utterance, played)| position(utterance, played)),
        5 => (utterance(), 0_u64..5_000).prop_map(|(utterance, played)| finished(utterance, played)),
        1 => (0_u64..12).prop_map(|number| Input::Playout(PlayoutEvent::Full { answer: AnswerId(number) })),
        2 => Just(key('1')),
        3 => Just(attached()),
        1 => Just(detached()),
        1 => words().prop_map(|text| Input::Operator(Directive::Say { text: text.into() })),
        1 => destination().prop_map(|to| Input::Operator(Directive::Transfer { destination: to.into() })),
    ]
}

fn destination() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["2001", "a técnica", "+55 11 98765-4321"])
}

fn words() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        " ",
        "uhum",
        "tá ok",
        "não",
        "quero falar",
        " com o financeiro",
        "Jose\u{301}, 11 98765-4321…",
        "hum 3",
        "２ ½ ™",
    ])
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![
        4 => (0_u32..6).prop_map(|turn| Cause::Turn(TurnId(turn))),
        3 => (0_u32..4).prop_map(|say| Cause::Say(SayId(say))),
        1 => Just(Cause::FollowUp),
        1 => Just(Cause::Own),
    ]
}

/// What a call survives.
fn failure() -> impl Strategy<Value = TransferOutcome> {
    prop::sample::select(vec![
        TransferOutcome::Busy,
        TransferOutcome::NoAnswer,
        TransferOutcome::Refused,
        TransferOutcome::Unavailable,
        TransferOutcome::Failed {
            cause: "NORMAL_TEMPORARY_FAILURE".into(),
        },
    ])
}

fn tool() -> impl Strategy<Value = (&'static str, serde_json::Value)> {
    prop::sample::select(vec![
        ("end_call", serde_json::json!({})),
        ("transfer_call", serde_json::json!({"destination": "2001"})),
        ("transfer_call", serde_json::json!({"destination": "A Tecnica"})),
        ("transfer_call", serde_json::json!({"destination": " Fulana, 3 "})),
        ("transfer_call", serde_json::json!(null)),
        (
            "transfer_announced",
            serde_json::json!({"destination": "2001", "about": " Ana, 11 98765-4321, sobre a fatura "}),
        ),
        ("voicemail", serde_json::json!({"destination": "A Tecnica"})),
        ("hold_call", serde_json::json!({})),
        ("hold_call", serde_json::json!({})),
        ("resume_call", serde_json::json!({})),
        ("send_dtmf", serde_json::json!({"keys": "12#"})),
        (
            "take_message",
            serde_json::json!({"text": "ligar", "phone": 551_198_765}),
        ),
        (
            "transfer_call",
            serde_json::json!({"destination": "+55 11 98765-4321"}),
        ),
    ])
}

fn tool_id() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c"])
}

fn utterance() -> impl Strategy<Value = Utterance> {
    prop_oneof![3 => (0_u64..12).prop_map(answer), 1 => (0_u32..4).prop_map(prompt)]
}
