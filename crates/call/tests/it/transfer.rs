//! Handing the call to somebody, as the engine wants it.

use crate::bench::*;
use call::*;
use serde_json::json;

/// Answer 1 says that it will be done (1 s), from 0 on.
fn announcing() -> Bench {
    let mut bench = Bench::listening();
    bench.tell(started(1, Cause::Own));
    bench.tell(said(1, "Um momento."));
    bench.tell(audio(1, 1_000));
    assert_eq!(
        bench.tell(tool_call(
            "x",
            "transfer_call",
            json!({"destination": " financeiro "})
        )),
        []
    );
    bench.tell(done(1));
    bench
}

/// The PBX was asked at 1 s.
fn transferring() -> Bench {
    let mut bench = announcing();
    bench.at(1_000);
    assert_eq!(
        bench.tell(finished(answer(1), 1_000))[2..],
        [transfer("financeiro")]
    );
    bench
}

#[test]
fn the_announcement_is_heard_then_the_call_is_transferred() {
    let mut bench = transferring();
    bench.at(2_000);
    assert_eq!(
        bench.tell(ended()),
        [clear(1, ClearReason::End), over(Outcome::Transferred)]
    );
}

#[test]
fn the_stream_may_be_lost_on_the_way() {
    let mut bench = transferring();
    bench.tell(detached());
    bench.at(6_000);
    assert_eq!(
        bench.tell(ended()),
        [clear(1, ClearReason::End), over(Outcome::Transferred)]
    );
}

#[test]
fn a_transfer_that_does_not_happen_is_told_and_the_call_goes_on() {
    let mut bench = transferring();
    assert_eq!(
        bench.until(11_000),
        all_at(
            11_000,
            [tool_result(
                "x",
                false,
                "the PBX did not transfer the call in time"
            )]
        )
    );
    assert_eq!(bench.answer(2, Cause::FollowUp, "Não atendem.", 500), []);
    assert_eq!(bench.tell(ended()).last(), Some(&over(Outcome::CallerHungUp)));
}

#[test]
fn a_transfer_without_an_announcement_does_not_wait_long() {
    let mut bench = Bench::listening();
    bench.tell(tool_call("x", "transfer_call", json!({"destination": "2001"})));
    assert_eq!(bench.until(1_500), all_at(1_500, [transfer("2001")]));
}

#[test]
fn a_destination_is_needed() {
    for arguments in [
        json!({}),
        json!({"destination": "  "}),
        json!({"destination": 2001}),
        json!(null),
        json!([1]),
    ] {
        let mut bench = Bench::listening();
        assert_eq!(
            bench.tell(tool_call("x", "transfer_call", arguments)),
            [tool_result(
                "x",
                false,
                "transfer_call needs a destination: give {\"destination\": \"a name or number of the secretary's\"}"
            )]
        );
    }
}

#[test]
fn a_caller_who_speaks_on_calls_the_transfer_off() {
    let mut bench = announcing();
    bench.tell(Input::SpeechStarted);
    assert_eq!(
        bench.until(700).last(),
        Some(&(700, tool_result("x", false, "the caller went on speaking")))
    );
}

#[test]
fn the_longest_call_does_not_cut_a_transfer_short() {
    let mut bench = Bench::begun(Settings {
        total: ms(3_000),
        ..rules()
    });
    bench.tell(tool_call("x", "transfer_call", json!({"destination": "2001"})));
    bench.until(1_500);
    bench.at(11_499);
    assert_eq!(
        bench.until(11_500),
        all_at(
            11_500,
            [
                tool_result("x", false, "the PBX did not transfer the call in time"),
                say(1, "Até logo.")
            ]
        )
    );
}

#[test]
fn an_engine_that_fails_during_the_transfer_does_not_stop_it() {
    let fallback = Some("recepcao".to_owned());
    let mut bench = Bench::begun(Settings { fallback, ..rules() });
    bench.tell(tool_call("x", "transfer_call", json!({"destination": "2001"})));
    bench.until(1_500);
    bench.at(2_000);
    assert_eq!(
        bench.tell(failed()),
        [engine_failed(FailureKind::Quota), clear(0, ClearReason::Engine)]
    );
    assert_eq!(
        bench.until(11_500),
        all_at(
            11_500,
            [
                clear(0, ClearReason::Engine),
                play_prompt(1, "Desculpe, algo falhou.")
            ]
        ),
        "only if the PBX does not do it, somebody else is asked"
    );
    assert_eq!(bench.tell(finished(prompt(1), 900))[2..], [transfer("recepcao")]);
}
