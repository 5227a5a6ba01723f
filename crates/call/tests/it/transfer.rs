//! Handing the call to somebody, as the engine wants it.

use crate::bench::*;
use call::*;
use serde_json::json;

/// Answer 1 says that it will be done (1 s), from 0 on, and the driver looks for whom it means.
fn seeking() -> Bench {
    let mut bench = Bench::listening();
    bench.tell(started(1, Cause::Own));
    bench.tell(said(1, "Um momento."));
    bench.tell(audio(1, 1_000));
    let arguments = json!({"destination": " o finaceiro "});
    assert_eq!(
        bench.tell(tool_call("x", "transfer_call", arguments.clone())),
        [tool("x", "transfer_call", arguments)]
    );
    bench.tell(done(1));
    bench
}

/// It is found.
fn announcing() -> Bench {
    let mut bench = seeking();
    assert_eq!(bench.tell(tool_done("x", true, "financeiro")), []);
    bench
}

/// A call to a number that is known, without a word.
fn silently(bench: &mut Bench) {
    bench.tell(tool_call("x", "transfer_call", json!({"destination": "2001"})));
    bench.tell(tool_done("x", true, "2001"));
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
    silently(&mut bench);
    assert_eq!(bench.until(1_500), all_at(1_500, [transfer("2001")]));
}

#[test]
fn whom_the_caller_means_may_be_found_after_the_announcement() {
    let mut bench = seeking();
    bench.at(1_000);
    bench.tell(finished(answer(1), 1_000));
    assert_eq!(bench.until(4_000), [], "nobody is guessed, and no answer is owed");
    assert_eq!(
        bench.tell(tool_done("x", true, "financeiro")),
        [transfer("financeiro")],
        "the last words were heard already"
    );
}

#[test]
fn whom_nobody_knows_or_who_is_not_there_gets_no_call() {
    let mut bench = seeking();
    let why = "o financeiro abre amanhã às oito";
    assert_eq!(
        bench.tell(tool_done("x", false, why)),
        [tool_result("x", false, why)]
    );
    bench.at(1_000);
    assert_eq!(
        bench.tell(finished(answer(1), 1_000)).len(),
        2,
        "heard, and no more"
    );
    assert_eq!(bench.answer(2, Cause::FollowUp, "Está fechado.", 500), []);
    silently(&mut bench);
    bench.at(1_500);
    assert_eq!(
        bench.tell(finished(answer(2), 500)).last(),
        Some(&transfer("2001")),
        "another may be asked for"
    );
}

#[test]
fn a_search_that_takes_too_long_is_given_up() {
    let mut bench = Bench::listening();
    bench.tell(tool_call("x", "transfer_call", json!({"destination": "Ana"})));
    assert_eq!(
        bench.until(10_000),
        all_at(
            10_000,
            [
                Output::Record(Record::ToolTimedOut {
                    name: "transfer_call".into()
                }),
                tool_result(
                    "x",
                    false,
                    "transfer_call did not answer in time: go on without it"
                ),
            ]
        )
    );
    assert_eq!(bench.tell(tool_done("x", true, "Ana")), [], "too late");
}

#[test]
fn one_destination_is_sought_at_a_time() {
    let mut bench = seeking();
    let busy = "the call is already being ended or handed over";
    for name in ["transfer_call", "end_call"] {
        let arguments = json!({"destination": "Ana"});
        assert_eq!(
            bench.tell(tool_call("y", name, arguments)),
            [tool_result("y", false, busy)]
        );
    }
    assert_eq!(
        bench.tell(tool_call("x", "transfer_call", json!({"destination": "Ana"}))),
        [],
        "the same once more is the same"
    );
    assert_eq!(bench.tell(tool_done("x", true, "financeiro")), []);
}

#[test]
fn a_caller_who_speaks_on_calls_the_search_off() {
    let mut bench = seeking();
    bench.tell(Input::SpeechStarted);
    assert_eq!(
        bench.until(700).last(),
        Some(&(700, tool_result("x", false, "the caller went on speaking")))
    );
    assert_eq!(bench.tell(tool_done("x", true, "financeiro")), []);
    assert_eq!(bench.until(3_000), []);
}

#[test]
fn an_engine_that_thinks_better_of_it_hands_nothing_over() {
    for mut bench in [seeking(), announcing()] {
        let id = ToolCallId("x".into());
        bench.tell(Input::Engine(EngineEvent::ToolCancelled { id }));
        bench.tell(tool_done("x", true, "financeiro"));
        bench.at(1_000);
        assert_eq!(
            bench.tell(finished(answer(1), 1_000)).len(),
            2,
            "heard, and no more"
        );
    }
}

#[test]
fn the_answer_to_a_turn_may_be_the_transfer_alone() {
    let mut bench = Bench::begun(Settings {
        answer_limit: ms(3_000),
        ..rules()
    });
    bench.at(500);
    bench.tell(Input::SpeechStarted);
    bench.at(1_000);
    bench.tell(Input::SpeechEnded);
    bench.tell(heard(Some(1), "o financeiro"));
    bench.tell(judged(1, true));
    bench.at(1_500);
    silently(&mut bench);
    assert_eq!(bench.until(3_000), all_at(3_000, [transfer("2001")]));
    assert_eq!(
        bench.until(12_999),
        [],
        "the engine is not taken for dead while the PBX is at it"
    );
    assert_eq!(bench.tell(ended()).last(), Some(&over(Outcome::Transferred)));
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
    silently(&mut bench);
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
    silently(&mut bench);
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
