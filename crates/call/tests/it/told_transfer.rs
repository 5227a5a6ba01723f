//! Handing the call to somebody where the PBX tells what becomes of it: the caller hears ringing, and comes back.

use crate::bench::*;
use call::*;
use serde_json::json;

const APOLOGY: &str = "Desculpe, algo falhou.";

/// A PBX that tells, within a minute.
fn told() -> Settings {
    Settings {
        transfer_limit: Some(ms(60_000)),
        ..rules()
    }
}

fn with_fallback(fallback: &str) -> Settings {
    Settings {
        fallback: Some(fallback.into()),
        ..told()
    }
}

/// The engine has asked in a turn of the caller's, without a word; it is put through at 3 s.
fn put_through_with(rules: Settings) -> Bench {
    let mut bench = Bench::begun(rules);
    bench.at(500);
    bench.tell(Input::SpeechStarted);
    bench.at(1_000);
    bench.tell(Input::SpeechEnded);
    bench.tell(heard(Some(1), "a cobrança"));
    bench.tell(judged(1, true));
    bench.at(1_500);
    bench.tell(tool_call(
        "x",
        "transfer_call",
        json!({"destination": "cobranca"}),
    ));
    bench.tell(tool_done("x", true, "Billing"));
    assert!(bench.is_listening());
    assert_eq!(bench.until(3_000), all_at(3_000, [transfer("Billing")]));
    assert!(!bench.is_listening(), "the caller hears ringing");
    bench
}

fn put_through() -> Bench {
    put_through_with(told())
}

fn failed_with(cause: &str) -> TransferOutcome {
    TransferOutcome::Failed { cause: cause.into() }
}

/// The outcomes after which the caller is back, and what the engine is told.
fn failures() -> [(TransferOutcome, &'static str); 5] {
    [
        (TransferOutcome::Busy, "Billing is on the phone"),
        (TransferOutcome::NoAnswer, "nobody answered at Billing"),
        (TransferOutcome::Refused, "Billing cannot take the call now"),
        (
            TransferOutcome::Unavailable,
            "Billing cannot be reached: no phone is registered there",
        ),
        (
            failed_with("NORMAL_TEMPORARY_FAILURE"),
            "the transfer to Billing failed (NORMAL_TEMPORARY_FAILURE)",
        ),
    ]
}

fn next(what: &str) -> String {
    format!(
        "{what}. The caller is back with you: tell them, and offer to take a message or to try somebody else"
    )
}

#[test]
fn whoever_answers_ends_the_call_as_transferred() {
    let mut bench = put_through();
    bench.at(20_000);
    assert_eq!(
        bench.tell(transfer_ended(TransferOutcome::Answered)),
        [
            transfer_over("Billing", TransferOutcome::Answered),
            over(Outcome::Transferred)
        ]
    );
}

#[test]
fn whoever_does_not_leaves_the_caller_with_an_engine_that_knows_why() {
    for (outcome, what) in failures() {
        let mut bench = put_through();
        bench.at(20_000);
        assert_eq!(
            bench.tell(transfer_ended(outcome.clone())),
            [
                transfer_over("Billing", outcome),
                tool_result("x", false, &next(what))
            ]
        );
        assert!(bench.is_listening());
        bench.at(21_000);
        assert_eq!(
            bench.answer(1, Cause::FollowUp, "Não atendem.", 500),
            [answered(1, 20_000)],
            "the answer to the turn that asked for it"
        );
        bench.at(21_500);
        bench.tell(finished(answer(1), 500));
        assert_eq!(bench.tell(Input::SpeechStarted), [turn_started(2)]);
    }
}

#[test]
fn somebody_else_may_be_tried_after_that() {
    let mut bench = put_through();
    bench.tell(transfer_ended(TransferOutcome::Busy));
    bench.tell(tool_call("y", "transfer_call", json!({"destination": "suporte"})));
    bench.tell(tool_done("y", true, "Support"));
    assert_eq!(bench.until(4_500), all_at(4_500, [transfer("Support")]));
    assert_eq!(
        bench.tell(transfer_ended(TransferOutcome::Answered))[0],
        transfer_over("Support", TransferOutcome::Answered)
    );
}

#[test]
fn who_is_announced_is_told_who_calls_and_why() {
    let mut bench = Bench::begun(told());
    let arguments = json!({"destination": "jenny", "about": " Ana, about the invoice. "});
    assert_eq!(
        bench.tell(tool_call("x", "transfer_announced", arguments.clone())),
        [tool("x", "transfer_announced", arguments)]
    );
    bench.tell(tool_done("x", true, "Jenny Cole"));
    let announced = Output::Leg(LegCommand::Transfer {
        destination: "Jenny Cole".into(),
        announcement: Some("Ana, about the invoice.".into()),
    });
    assert_eq!(bench.until(1_500), all_at(1_500, [announced]));
    assert_eq!(
        bench.tell(transfer_ended(TransferOutcome::Refused))[1],
        tool_result("x", false, &next("Jenny Cole cannot take the call now"))
    );
}

#[test]
fn a_mailbox_is_a_destination_too() {
    let mut bench = Bench::begun(told());
    bench.tell(tool_call("x", "voicemail", json!({"destination": "jenny"})));
    bench.tell(tool_done("x", true, "Jenny Cole"));
    let destination = "Jenny Cole".into();
    let mailbox = Output::Leg(LegCommand::Voicemail { destination });
    assert_eq!(bench.until(1_500), all_at(1_500, [mailbox]));
    assert_eq!(
        bench.tell(transfer_ended(TransferOutcome::Answered)),
        [
            transfer_over("Jenny Cole", TransferOutcome::Answered),
            over(Outcome::Transferred)
        ]
    );
}

#[test]
fn each_way_needs_a_destination() {
    for name in ["transfer_announced", "voicemail"] {
        let mut bench = Bench::begun(told());
        let why = format!(
            "{name} needs a destination: give {{\"destination\": \"a name or number of the secretary's\"}}"
        );
        assert_eq!(
            bench.tell(tool_call("x", name, json!({"about": "Ana"}))),
            [tool_result("x", false, &why)]
        );
    }
}

#[test]
fn nothing_of_the_caller_counts_while_it_rings() {
    let mut bench = put_through();
    for told in [
        Input::SpeechStarted,
        heard(None, "alô?"),
        key('1'),
        Input::SpeechEnded,
        Input::SpeechStarted,
        Input::Engine(EngineEvent::TurnEnded),
        detached(),
        attached(),
    ] {
        assert_eq!(bench.tell(told.clone()), [], "{told:?}");
    }
    bench.at(40_000);
    let outputs = bench.tell(transfer_ended(TransferOutcome::NoAnswer));
    assert_eq!(
        outputs.len(),
        2,
        "what was said meanwhile is no turn: {outputs:?}"
    );
    bench.tell(done(1));
    assert_eq!(
        bench.tell(Input::SpeechStarted),
        [pause(), turn_started(2)],
        "what is said from now on is one"
    );
}

#[test]
fn nobody_is_asked_whether_they_are_there_and_no_engine_is_taken_for_dead() {
    let mut bench = put_through_with(Settings {
        total: ms(10_000),
        silence: ms(2_000),
        answer_limit: ms(3_000),
        ..told()
    });
    bench.at(62_999);
    let outputs = bench.until(63_000);
    assert_eq!(
        outputs[..2],
        all_at(
            63_000,
            [
                transfer_over("Billing", failed_with("timed out")),
                tool_result("x", false, &next("the transfer to Billing failed (timed out)")),
            ]
        )
    );
    assert_eq!(
        outputs.last(),
        Some(&(63_000, say(1, "Até logo."))),
        "the longest call was over long ago"
    );
}

#[test]
fn what_the_engine_says_meanwhile_is_heard_by_nobody() {
    let mut bench = put_through();
    for cause in [Cause::FollowUp, Cause::Own, Cause::Turn(TurnId(1))] {
        let number = match cause {
            Cause::FollowUp => 1,
            Cause::Own => 2,
            _ => 3,
        };
        assert_eq!(
            bench.answer(number, cause, "Ainda está chamando.", 900),
            [clear(number, ClearReason::Engine), interrupt(number, 0, "")]
        );
    }
}

#[test]
fn an_answer_on_its_way_is_void_when_the_call_goes() {
    let mut bench = Bench::begun(told());
    bench.tell(tool_call("x", "transfer_call", json!({"destination": "2001"})));
    bench.tell(tool_done("x", true, "2001"));
    bench.tell(started(1, Cause::FollowUp));
    assert_eq!(
        bench.until(1_500),
        all_at(
            1_500,
            [
                clear(1, ClearReason::Engine),
                interrupt(1, 0, ""),
                transfer("2001")
            ]
        )
    );
    assert_eq!(bench.tell(audio(1, 500)), []);
}

#[test]
fn a_message_may_be_written_down_meanwhile_but_nothing_else_becomes_of_the_call() {
    let mut bench = put_through();
    assert_eq!(bench.tell(tool_call("m", "take_message", json!({}))).len(), 1);
    assert_eq!(
        bench.tell(tool_done("m", true, "{}")),
        [tool_result("m", true, "{}")]
    );
    let busy = "the call is already being ended or handed over";
    for name in [
        "transfer_call",
        "transfer_announced",
        "voicemail",
        "end_call",
        "hold_call",
        "resume_call",
    ] {
        let arguments = json!({"destination": "Ana"});
        assert_eq!(
            bench.tell(tool_call("y", name, arguments)),
            [tool_result("y", false, busy)],
            "{name}"
        );
    }
    bench.tell(tool_call("n", "take_message", json!({})));
    assert_eq!(bench.until(13_000).len(), 2, "a tool has its limit here too");
}

#[test]
fn a_caller_who_hangs_up_ends_it() {
    for gone in [transfer_ended(TransferOutcome::CallerGone), ended()] {
        let mut bench = put_through();
        let outputs = bench.tell(gone);
        assert_eq!(
            outputs[outputs.len() - 2..],
            [
                transfer_over("Billing", TransferOutcome::CallerGone),
                over(Outcome::CallerHungUp)
            ]
        );
    }
    let mut bench = put_through();
    bench.tell(detached());
    assert_eq!(
        bench.tell(ended())[1..],
        [
            transfer_over("Billing", failed_with("the stream was lost")),
            over(Outcome::StreamLost)
        ]
    );
}

#[test]
fn an_operator_may_end_it() {
    assert_eq!(
        put_through().tell(Input::End),
        [
            hang_up(),
            transfer_over("Billing", failed_with("the call was ended")),
            over(Outcome::Stopped)
        ]
    );
}

#[test]
fn the_truth_of_a_late_outcome_counts() {
    let mut bench = put_through();
    bench.until(63_000);
    assert!(bench.is_listening(), "given up");
    assert_eq!(
        bench.tell(transfer_ended(TransferOutcome::NoAnswer)),
        [],
        "that is no news"
    );
    assert_eq!(
        bench.tell(transfer_ended(TransferOutcome::Answered)),
        [over(Outcome::Transferred)],
        "but the caller talks to somebody else"
    );
}

#[test]
fn the_engines_failure_does_not_stop_the_ringing() {
    let mut bench = put_through_with(with_fallback("Reception"));
    assert_eq!(bench.tell(failed()), [engine_failed(FailureKind::Quota)]);
    assert!(!bench.is_listening());
    assert_eq!(
        bench.tell(transfer_ended(TransferOutcome::Answered)),
        [
            transfer_over("Billing", TransferOutcome::Answered),
            over(Outcome::Transferred)
        ]
    );
}

/// The engine is gone while it rings, and nobody takes the call.
fn back_without_an_engine(rules: Settings) -> (Bench, Vec<Output>) {
    let mut bench = put_through_with(rules);
    bench.tell(failed());
    bench.at(20_000);
    let outputs = bench.tell(transfer_ended(TransferOutcome::NoAnswer));
    assert_eq!(
        outputs[..],
        [
            transfer_over("Billing", TransferOutcome::NoAnswer),
            clear(0, ClearReason::Engine),
            play_prompt(1, APOLOGY)
        ]
    );
    bench.at(21_000);
    let outputs = bench.tell(finished(prompt(1), 900))[2..].to_vec();
    (bench, outputs)
}

#[test]
fn without_an_engine_the_fallback_gets_the_call() {
    let (mut bench, outputs) = back_without_an_engine(with_fallback("Reception"));
    assert_eq!(outputs, [transfer("Reception")]);
    assert!(!bench.is_listening());
    assert_eq!(
        bench.tell(transfer_ended(TransferOutcome::Answered)),
        [
            transfer_over("Reception", TransferOutcome::Answered),
            over(Outcome::Transferred)
        ]
    );
}

#[test]
fn who_has_just_not_taken_the_call_is_not_asked_again() {
    let (_, outputs) = back_without_an_engine(with_fallback("Billing"));
    assert_eq!(outputs, [hang_up(), over(Outcome::EngineFailed)]);
    let (_, outputs) = back_without_an_engine(told());
    assert_eq!(outputs, [hang_up(), over(Outcome::EngineFailed)]);
}

#[test]
fn a_fallback_that_does_not_take_the_call_is_asked_once() {
    for (outcome, _) in failures() {
        let (mut bench, _) = back_without_an_engine(with_fallback("Reception"));
        assert_eq!(
            bench.tell(transfer_ended(outcome.clone())),
            [
                transfer_over("Reception", outcome),
                hang_up(),
                over(Outcome::EngineFailed)
            ]
        );
    }
    let (mut bench, _) = back_without_an_engine(with_fallback("Reception"));
    bench.at(80_999);
    assert_eq!(
        bench.until(81_000),
        all_at(
            81_000,
            [
                transfer_over("Reception", failed_with("timed out")),
                hang_up(),
                over(Outcome::EngineFailed)
            ]
        )
    );
    for gone in [transfer_ended(TransferOutcome::CallerGone), ended()] {
        let (mut bench, _) = back_without_an_engine(with_fallback("Reception"));
        let outputs = bench.tell(gone);
        assert_eq!(
            outputs[outputs.len() - 2..],
            [
                transfer_over("Reception", TransferOutcome::CallerGone),
                over(Outcome::CallerHungUp)
            ]
        );
    }
}

#[test]
fn an_outcome_of_no_transfer_changes_nothing() {
    for (outcome, _) in failures() {
        let mut bench = Bench::speaking(told());
        assert_eq!(bench.tell(transfer_ended(outcome)), []);
        assert!(bench.is_listening() && !bench.call.is_over());
    }
}
