//! Ends that the engine has not asked for: the caller's, the operator's, the clock's.

use crate::bench::*;
use call::*;

#[test]
fn the_caller_hangs_up_in_the_middle_of_an_answer() {
    let mut bench = Bench::speaking(rules());
    assert_eq!(
        bench.tell(ended()),
        [
            clear(1, ClearReason::End),
            cut(answer(1), 1_000, "um"),
            over(Outcome::CallerHungUp)
        ]
    );
    assert!(bench.call.is_over());
    for late in [
        ended(),
        Input::End,
        attached(),
        Input::SpeechStarted,
        audio(1, 5_000),
        key('1'),
        failed(),
    ] {
        assert_eq!(bench.tell(late), []);
    }
    assert_eq!(bench.call.poll_timeout(), None);
    bench.at(100_000);
}

#[test]
fn the_caller_hangs_up_before_anything_was_said() {
    let mut bench = Bench::new(rules());
    assert_eq!(
        bench.tell(ended()),
        [clear(0, ClearReason::End), over(Outcome::CallerHungUp)]
    );
}

#[test]
fn the_call_is_ended_from_outside() {
    let mut bench = Bench::speaking(rules());
    assert_eq!(
        bench.tell(Input::End),
        [
            clear(1, ClearReason::End),
            cut(answer(1), 1_000, "um"),
            hang_up(),
            over(Outcome::Stopped)
        ]
    );
    assert_eq!(
        Bench::new(rules()).tell(Input::End),
        [hang_up(), over(Outcome::Stopped)]
    );
}

#[test]
fn the_longest_call_ends_with_the_farewell() {
    let mut bench = Bench::speaking(Settings {
        total: ms(3_000),
        ..rules()
    });
    assert_eq!(
        bench.until(3_000),
        all_at(
            3_000,
            [
                clear(1, ClearReason::End),
                interrupt(1, 1_000, "um"),
                assistant("um"),
                cut(answer(1), 1_000, "um"),
                say(1, "Até logo."),
            ]
        )
    );
    bench.answer(2, Cause::Say(SayId(1)), "Até logo.", 800);
    bench.at(3_800);
    assert_eq!(
        bench.tell(finished(answer(2), 800))[2..],
        [hang_up(), over(Outcome::TimeLimit)]
    );
}

#[test]
fn the_longest_call_ends_a_turn_too() {
    let mut bench = Bench::begun(Settings {
        total: ms(3_000),
        ..rules()
    });
    bench.tell(Input::SpeechStarted);
    assert_eq!(
        bench.until(3_000),
        all_at(3_000, [discard(1), say(1, "Até logo.")])
    );
}

/// A call whose farewell began at 3 s and is 2 s long.
fn leaving() -> Bench {
    let mut bench = Bench::begun(Settings {
        total: ms(3_000),
        ..rules()
    });
    bench.until(3_000);
    assert_eq!(bench.answer(1, Cause::Say(SayId(1)), "Até logo.", 2_000), []);
    bench
}

#[test]
fn nothing_interrupts_the_farewell() {
    let mut bench = leaving();
    for input in [
        Input::SpeechStarted,
        key('1'),
        judged(1, true),
        tool_call("t", "take_message", serde_json::json!({})),
    ] {
        assert_eq!(bench.tell(input), []);
    }
    bench.at(4_000);
    assert_eq!(bench.tell(Input::SpeechEnded), []);
    assert_eq!(
        bench.tell(started(2, Cause::Own)),
        [interrupt(2, 0, "")],
        "and nothing is said after it"
    );
    bench.at(5_000);
    assert_eq!(
        bench.tell(finished(answer(1), 2_000))[2..],
        [hang_up(), over(Outcome::TimeLimit)]
    );
}

#[test]
fn a_farewell_that_is_never_heard_to_its_end_is_not_waited_for() {
    let mut bench = leaving();
    bench.tell(position(answer(1), 500));
    assert_eq!(
        bench.until(23_000),
        all_at(
            23_000,
            [
                clear(1, ClearReason::End),
                cut(answer(1), 500, ""),
                hang_up(),
                over(Outcome::TimeLimit),
            ]
        )
    );
}

#[test]
fn a_farewell_that_never_begins_is_not_waited_for() {
    let mut bench = Bench::begun(Settings {
        total: ms(3_000),
        ..rules()
    });
    bench.until(3_000);
    assert_eq!(
        bench.until(23_000),
        all_at(23_000, [hang_up(), over(Outcome::TimeLimit)])
    );
}

#[test]
fn the_caller_hangs_up_during_the_farewell() {
    let mut bench = leaving();
    assert_eq!(
        bench.tell(ended()),
        [clear(1, ClearReason::End), over(Outcome::CallerHungUp)]
    );
}

#[test]
fn an_answer_that_comes_before_the_farewell_is_void() {
    let mut bench = Bench::begun(Settings {
        total: ms(3_000),
        ..rules()
    });
    bench.until(3_000);
    assert_eq!(
        bench.tell(started(1, Cause::FollowUp)),
        [clear(1, ClearReason::End), interrupt(1, 0, "")]
    );
    assert_eq!(bench.answer(2, Cause::Say(SayId(1)), "Até logo.", 500), []);
    assert_eq!(
        bench.tell(finished(answer(2), 500))[2..],
        [hang_up(), over(Outcome::TimeLimit)]
    );
}

#[test]
fn a_late_driver_finds_what_was_due_done_before_its_input() {
    let mut bench = Bench::begun(Settings {
        total: ms(3_000),
        farewell: String::new(),
        ..rules()
    });
    let base = bench.call.poll_timeout().unwrap() - ms(3_000);
    bench.call.handle(Input::SpeechStarted, base + ms(5_000));
    let outputs: Vec<Output> = std::iter::from_fn(|| bench.call.poll_output()).collect();
    assert_eq!(outputs, [hang_up(), over(Outcome::TimeLimit)]);
}
