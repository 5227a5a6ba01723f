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
    let arguments = serde_json::json!({"name": "Beatriz"});
    bench.tell(tool_call("w", "take_message", arguments));
    bench.call.private(false);
    bench.tell(tool_done("w", true, "anotado de Beatriz"));
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
        "Beatriz",
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

/// The arguments with which the engine asks for this destination, as the logs have them: with words and without.
fn asked_for(destination: &str) -> [String; 2] {
    let mut bench = Bench::speaking(rules());
    bench.tell(tool_call(
        "y",
        "transfer_call",
        serde_json::json!({"destination": destination}),
    ));
    let logged = bench.call.logs().map(|log| {
        let (_, rest) = log.split_once(r#""destination":""#).unwrap();
        rest.split('"').next().unwrap().to_owned()
    });
    logged.collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn a_destination_stays_readable_where_it_is_the_secretarys_own() {
    for (asked, logged) in [
        ("Suporte 2", ["Suporte 2", "Suporte 2"]),
        ("a tecnica!", ["a tecnica!", "a tecnica!"]),
        ("2001", ["2001", "2001"]),
        ("Fulana de Tal", ["Fulana de Tal", "xxxxxx xx xxx"]),
        ("o Suporte 2 da Ana", ["o Suporte 0 da Ana", "x xxxxxxx 0 xx xxx"]),
        ("2002", ["0000", "0000"]),
        ("+55 11 98765-4321", ["+00 00 00000-0000", "+00 00 00000-0000"]),
    ] {
        assert_eq!(asked_for(asked), logged, "{asked:?}");
    }
}

/// A transfer that is announced and comes to nothing, of a destination that is none of the secretary's.
fn announced(private: bool) -> Bench {
    let mut bench = Bench::begun(Settings {
        transfer_limit: Some(ms(60_000)),
        fallback: Some("+55 11 3333-4444".into()),
        ..rules()
    });
    bench.call.private(private);
    let arguments = serde_json::json!({
        "destination": "+55 11 98765-4321", "about": " Beatriz, ramal 2417, sobre a fatura ", "text": "é Beatriz"});
    bench.tell(tool_call("x", "transfer_announced", arguments));
    bench.call.private(false);
    bench.tell(tool_done("x", true, "+55 11 98765-4321"));
    bench.until(1_500);
    bench.tell(transfer_ended(TransferOutcome::Busy));
    bench
}

#[test]
fn what_is_announced_and_to_which_number_is_masked_and_replays() {
    let bench = announced(false);
    for (log, kept) in bench
        .call
        .logs()
        .zip(["Beatriz, ramal 0000", "xxxxxxx, xxxxx 0000"])
    {
        assert!(
            log.contains(kept) && log.contains("+00 00 00000-0000 is on the phone"),
            "{log}"
        );
        assert!(!log.contains("98765") && !log.contains("2417"), "{log}");
    }
    // What was said in private stays so when it is repeated.
    let bench = announced(true);
    for log in bench.call.logs() {
        assert!(
            !log.contains("Beatriz") && log.contains("xxxxxxx, xxxxx 0000"),
            "{log}"
        );
    }
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
