//! What comes after it is void, or more than fits.

use crate::bench::*;
use call::*;

#[test]
fn what_comes_of_a_cleared_answer_is_ignored() {
    let mut bench = Bench::speaking(rules());
    bench.tell(Input::SpeechStarted);
    bench.until(3_200);
    for late in [
        said(1, " cinco"),
        audio(1, 9_000),
        done(1),
        position(answer(1), 2_000),
        finished(answer(1), 4_000),
        Input::Playout(PlayoutEvent::Full { answer: AnswerId(1) }),
        Input::Engine(EngineEvent::Interrupted { answer: AnswerId(1) }),
    ] {
        assert_eq!(bench.tell(late.clone()), [], "{late:?}");
    }
}

#[test]
fn an_answer_whose_number_does_not_rise_is_a_stray() {
    let mut bench = Bench::speaking(rules());
    for number in [0, 1] {
        assert_eq!(bench.tell(started(number, Cause::Own)), []);
    }
    assert_eq!(bench.tell(audio(0, 500)), []);
    bench.at(5_500);
    assert_eq!(bench.tell(finished(answer(1), 4_000)).len(), 2);
}

#[test]
fn an_answer_to_a_turn_that_was_interrupted_is_void() {
    let mut bench = Bench::speaking(rules());
    bench.tell(Input::SpeechStarted);
    bench.until(3_200);
    assert_eq!(
        bench.tell(started(2, Cause::Turn(TurnId(1)))),
        [clear(2, ClearReason::BargeIn), interrupt(2, 0, "")]
    );
    assert_eq!(bench.tell(audio(2, 100)), []);
}

#[test]
fn an_answer_to_a_turn_that_was_never_over_is_void() {
    let mut bench = Bench::listening();
    bench.tell(Input::SpeechStarted);
    for (number, turn) in [(1, 1), (2, 5)] {
        assert_eq!(
            bench.tell(started(number, Cause::Turn(TurnId(turn)))),
            [clear(number, ClearReason::BargeIn), interrupt(number, 0, "")]
        );
    }
}

#[test]
fn an_answer_longer_than_the_playout_holds_ends_where_the_caller_is() {
    let mut bench = Bench::speaking(rules());
    bench.answer(2, Cause::FollowUp, "cinco", 600);
    assert_eq!(
        bench.tell(Input::Playout(PlayoutEvent::Full { answer: AnswerId(2) })),
        [
            clear(2, ClearReason::Overflow),
            interrupt(1, 1_000, "um"),
            interrupt(2, 0, ""),
            assistant("um"),
            cut(answer(1), 1_000, "um"),
        ]
    );
    assert_eq!(bench.until(10_500).len(), 2, "then the call listens");
}

#[test]
fn an_engine_out_of_its_mind_is_bounded() {
    let mut bench = Bench::listening();
    for number in 1..=32 {
        assert_eq!(bench.tell(started(number, Cause::Own)), []);
    }
    assert_eq!(bench.tell(started(33, Cause::Own)), [interrupt(33, 0, "")]);
}

#[test]
fn a_void_answer_does_not_end_what_is_being_said() {
    for late in [None, Some(audio(2, 100))] {
        let mut bench = Bench::speaking(rules());
        assert_eq!(
            bench.tell(started(2, Cause::Turn(TurnId(9)))),
            [interrupt(2, 0, "")]
        );
        let cleared = late.is_some();
        if let Some(late) = late {
            assert_eq!(bench.tell(late), [], "it was already on its way");
        }
        bench.at(5_500);
        let outputs = bench.tell(finished(answer(1), 4_000));
        assert_eq!(
            outputs[..2],
            [
                assistant("um dois três quatro"),
                whole(answer(1), 4_000, "um dois três quatro")
            ]
        );
        assert_eq!(
            outputs[2..] == [clear(2, ClearReason::BargeIn)],
            cleared,
            "it is not heard"
        );
    }
}

#[test]
fn an_answer_that_never_ends_is_given_up() {
    let mut bench = Bench::listening();
    bench.tell(started(1, Cause::Own));
    bench.tell(said(1, "um dois"));
    bench.tell(audio(1, 1_000));
    bench.at(1_000);
    bench.tell(position(answer(1), 1_000));
    assert_eq!(
        bench.until(16_000),
        all_at(
            16_000,
            [
                clear(1, ClearReason::Engine),
                interrupt(1, 1_000, "um dois"),
                assistant("um dois"),
                cut(answer(1), 1_000, "um dois"),
            ]
        )
    );
    assert_eq!(bench.until(24_000).len(), 2, "and the silence counts");
}

#[test]
fn a_long_answer_is_not_given_up_while_it_plays_unobserved() {
    let mut bench = Bench::listening();
    bench.answer(1, Cause::Own, "um dois", 120_000);
    bench.at(120_000);
    assert_eq!(bench.tell(finished(answer(1), 120_000)).len(), 2);
}
