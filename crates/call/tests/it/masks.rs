//! A masked log replays to the letter, and says nothing that it is to keep to itself.

use crate::arbitrary::{RULES, arbitrary_inputs};
use crate::bench::*;
use crate::logged::LoggedCall;
use call::*;
use proptest::prelude::*;
use std::time::Instant;

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn a_call_does_the_same_on_its_masked_log(
        rules in 0..RULES.len(),
        inputs in arbitrary_inputs(),
        private in proptest::collection::vec(0_u32..6, 60),
    ) {
        let mut now = Instant::now();
        // Compares when it is dropped.
        let mut call = LoggedCall::new(RULES[rules](), now);
        for ((pass, input), toggle) in inputs.into_iter().zip(private) {
            now += ms(pass);
            call.handle_timeout(now);
            call.handle(input, now);
            while toggle != 5 && call.poll_output().is_some() {}
            if toggle < 2 {
                call.private(toggle == 1);
            }
        }
    }
}

/// What a caller says, in a question that is private and out of it.
fn told() -> Bench {
    let mut bench = Bench::speaking(Settings {
        greeting: "Ligue 0800 123.".into(),
        ..rules()
    });
    bench.tell(key('7'));
    bench.until(4_000);
    bench.tell(Input::SpeechStarted);
    bench.call.private(true);
    bench.until(5_000);
    bench.tell(Input::SpeechEnded);
    bench.tell(heard(Some(2), "João da Silva, 11 98765-4321"));
    bench.call.private(false);
    bench.tell(judged(2, true));
    bench.tell(heard(None, "uhum"));
    let arguments = serde_json::json!({"text": "Maria mora aqui", "phone": 5_511, "to": ["rua 9"]});
    bench.tell(tool_call("x", "take_message", arguments));
    bench.tell(tool_done("x", true, "anotado: Ana, 42"));
    bench.tell(tool_call(
        "y",
        "transfer_call",
        serde_json::json!({"destination": "Suporte 2"}),
    ));
    bench
}

#[test]
fn neither_keys_nor_digits_nor_private_words_are_in_a_log() {
    let bench = told();
    let open = bench.call.logs().next().unwrap();
    for kept in [
        "um dois",
        "Ligue 0000 000.",
        "Bom dia",
        "anotado: Ana, 00",
        "Suporte 2",
    ] {
        assert!(open.contains(kept), "{kept:?} is missing:\n{open}");
    }
    for secret in [
        "João",
        "Silva",
        "98765",
        "5511",
        "Maria",
        "rua 9",
        "42",
        r#""dtmf":"7""#,
    ] {
        assert!(!open.contains(secret), "{secret:?} is there:\n{open}");
    }
    assert!(
        open.contains("xxxx xx xxxxx, 00 00000-0000"),
        "lengths and borders are kept:\n{open}"
    );
}

#[test]
fn without_a_transcript_no_word_of_either_side_is_in_a_log() {
    let bench = told();
    let closed = bench.call.logs().nth(1).unwrap();
    for secret in ["um dois", "Ligue", "dia", "João", "Até", "Alô", "anotado", "mora"] {
        assert!(!closed.contains(secret), "{secret:?} is there:\n{closed}");
    }
    assert!(
        closed.contains("Suporte 2") && closed.contains("uhum"),
        "{closed}"
    );
}

#[test]
fn dump_fixture() {
    let mut bench = Bench::new(Settings {
        greeting: "Bom dia, aqui é a Clara. Em que posso ajudar?".into(),
        fallback: Some("recepção".into()),
        total: ms(1_800_000),
        ..rules()
    });
    bench.tell(attached());
    bench.tell(ready());
    bench.until(120);
    bench.tell(started(1, Cause::Say(SayId(1))));
    bench.tell(said(1, "Bom dia, aqui é a Clara."));
    bench.tell(said_at(1, " Em que posso ajudar?", 1_500));
    bench.tell(audio(1, 3_000));
    bench.tell(done(1));
    bench.until(1_620);
    // A murmur into the greeting.
    bench.tell(position(answer(1), 1_480));
    bench.tell(Input::SpeechStarted);
    bench.until(1_900);
    bench.tell(position(answer(1), 1_480));
    bench.tell(Input::SpeechEnded);
    bench.until(2_000);
    bench.tell(heard(Some(1), "Uhum."));
    bench.until(3_540);
    bench.tell(finished(answer(1), 3_000));
    // Silence until a reprompt, interrupted.
    bench.until(11_600);
    bench.tell(started(2, Cause::Say(SayId(2))));
    bench.tell(audio(2, 1_000));
    bench.tell(done(2));
    bench.until(12_000);
    bench.tell(position(answer(2), 380));
    bench.tell(Input::SpeechStarted);
    bench.until(12_700);
    bench.until(13_500);
    bench.tell(Input::SpeechEnded);
    bench.tell(hearing(2, "Quero deixar"));
    bench.tell(heard(Some(2), "Quero deixar um recado para o José, 11 98765-4321"));
    bench.tell(judged(2, true));
    bench.until(13_700);
    bench.tell(started(3, Cause::Turn(TurnId(2))));
    bench.tell(tool_call("call_a", "take_message", serde_json::json!({"text": "recado para o José", "phone": "11987654321"})));
    bench.until(13_800);
    bench.tell(tool_done("call_a", true, "{\"noted\":true}"));
    bench.tell(done(3));
    bench.until(14_000);
    bench.tell(started(4, Cause::FollowUp));
    bench.tell(said(4, "Anotei: 11 98765-4321. Mais alguma coisa?"));
    bench.tell(audio(4, 2_500));
    bench.tell(done(4));
    bench.until(15_000);
    bench.tell(position(answer(4), 980));
    bench.call.private(true);
    bench.tell(key('5'));
    bench.call.private(false);
    bench.until(15_200);
    bench.tell(started(5, Cause::FollowUp));
    bench.tell(tool_call("call_b", "transfer_call", serde_json::json!({"destination": "suporte"})));
    bench.tell(tool_done("call_b", false, "o suporte abre às 8"));
    bench.tell(done(5));
    bench.until(15_400);
    bench.tell(started(6, Cause::FollowUp));
    bench.tell(said(6, "Até logo!"));
    bench.tell(audio(6, 800));
    bench.tell(tool_call("call_c", "end_call", serde_json::json!({})));
    bench.tell(done(6));
    bench.until(15_800);
    bench.tell(detached());
    bench.until(16_000);
    bench.tell(attached());
    bench.until(18_000);
    bench.tell(finished(prompt(1), 0));
    bench.until(40_000);
    let text = bench.call.logs().next().unwrap().to_owned();
    drop(bench);
    std::fs::write("/tmp/format-1.jsonl", text).unwrap();
}

#[test]
fn dump_fixture_two() {
    let mut bench = Bench::new(Settings {
        engine: HEADSTRONG,
        greeting: "Bom dia.".into(),
        greeting_interruptible: false,
        fallback: Some("recepção".into()),
        ..rules()
    });
    bench.tell(attached());
    bench.tell(ready());
    bench.until(1_000);
    bench.tell(finished(prompt(1), 900));
    bench.until(2_000);
    bench.tell(Input::SpeechStarted);
    bench.until(3_000);
    bench.tell(started(1, Cause::Turn(TurnId(1))));
    bench.tell(audio(1, 700));
    bench.tell(heard(None, "Suporte, por favor"));
    bench.tell(Input::SpeechEnded);
    bench.tell(tool_call("x", "transfer_call", serde_json::json!({"destination": "o suporti"})));
    bench.tell(tool_done("x", true, "Suporte"));
    bench.tell(done(1));
    bench.until(3_700);
    bench.tell(finished(answer(1), 700));
    bench.until(14_000);
    bench.tell(started(2, Cause::FollowUp));
    bench.tell(audio(2, 2_000));
    bench.tell(Input::SpeechStarted);
    bench.tell(position(answer(2), 100));
    bench.tell(Input::Engine(EngineEvent::Interrupted { answer: AnswerId(2) }));
    bench.tell(Input::Engine(EngineEvent::TurnEnded));
    bench.until(15_000);
    bench.tell(tool_call("y", "take_message", serde_json::json!({"text": "oi"})));
    bench.tell(Input::Engine(EngineEvent::ToolCancelled { id: ToolCallId("y".into()) }));
    bench.tell(tool_call("z", "lookup", serde_json::json!({"text": "oi"})));
    bench.until(25_500);
    bench.tell(started(3, Cause::FollowUp));
    bench.tell(audio(3, 300_000));
    bench.tell(Input::Playout(PlayoutEvent::Full { answer: AnswerId(3) }));
    bench.tell(failed());
    bench.until(26_000);
    bench.tell(finished(prompt(2), 1_500));
    bench.until(26_200);
    bench.tell(ended());
    let text = bench.call.logs().next().unwrap().to_owned();
    drop(bench);
    std::fs::write("/tmp/format-1b.jsonl", text).unwrap();
}
