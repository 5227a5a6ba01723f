//! Another engine takes the place of one that failed: the caller waits a moment, and the conversation goes on.

use crate::bench::*;
use call::*;

const WAIT: &str = "Só um momento.";
const BRIDGE: &str = "Um instante, por favor.";

fn patient() -> Settings {
    Settings {
        waiting: WAIT.into(),
        bridge: BRIDGE.into(),
        patience: ms(2_500),
        ..rules()
    }
}

/// A caller who has asked something at 1 s, and waits.
fn waiting(rules: Settings) -> Bench {
    let mut bench = Bench::begun(rules);
    bench.tell(Input::SpeechStarted);
    bench.at(1_000);
    bench.tell(Input::SpeechEnded);
    bench.tell(heard(Some(1), "Qual é o horário?"));
    bench.tell(judged(1, true));
    bench
}

fn engine_replaced() -> Output {
    Output::Record(Record::EngineReplaced {
        kind: FailureKind::Transient,
    })
}

#[test]
fn who_waits_for_long_is_told_so_once() {
    let mut bench = waiting(patient());
    assert_eq!(bench.until(3_500), all_at(3_500, [play_prompt(1, WAIT)]));
    bench.at(4_500);
    bench.tell(finished(prompt(1), 900));
    assert_eq!(bench.until(15_999), []);
}

#[test]
fn who_is_answered_in_time_is_not() {
    let mut bench = waiting(patient());
    bench.at(3_000);
    bench.answer(1, Cause::Turn(TurnId(1)), "Das oito às seis.", 1_500);
    assert_eq!(bench.until(4_400), []);
}

#[test]
fn zero_is_for_ever() {
    let mut bench = waiting(Settings {
        patience: ms(0),
        ..patient()
    });
    assert_eq!(bench.until(15_999), []);
}

#[test]
fn an_owed_answer_comes_from_the_other_engine_after_a_bridge() {
    let mut bench = waiting(patient());
    bench.at(1_500);
    assert_eq!(
        bench.tell(replaced(OBEDIENT)),
        [engine_replaced(), play_prompt(1, BRIDGE)]
    );
    assert_eq!(bench.tell(ready()), []);
    bench.tell(started(1, Cause::Turn(TurnId(1))));
    let answered = Record::Answered {
        turn: TurnId(1),
        response_ms: 500,
    };
    assert_eq!(bench.tell(audio(1, 800)), [Output::Record(answered)]);
}

#[test]
fn who_was_told_to_wait_is_not_told_again() {
    let mut bench = waiting(patient());
    bench.until(3_500);
    bench.at(5_000);
    bench.tell(finished(prompt(1), 900));
    assert_eq!(bench.tell(replaced(OBEDIENT)), [engine_replaced()]);
    assert_eq!(
        bench.until(20_000),
        all_at(20_000, [Output::ReplaceEngine]),
        "the other engine has its own time"
    );
}

#[test]
fn half_an_answer_is_heard_and_the_whole_is_owed_once_more() {
    let mut bench = waiting(patient());
    bench.at(1_500);
    bench.tell(started(1, Cause::Turn(TurnId(1))));
    bench.tell(said(1, "Das oito"));
    bench.tell(audio(1, 400));
    bench.at(1_700);
    assert_eq!(
        bench.tell(replaced(OBEDIENT)),
        [engine_replaced(), play_prompt(1, BRIDGE)]
    );
    assert_eq!(bench.tell(done(1)), []);
    bench.at(1_900);
    assert_eq!(
        bench.tell(finished(answer(1), 400)),
        [assistant("Das oito"), whole(answer(1), 400, "Das oito")]
    );
    bench.tell(ready());
    bench.tell(started(2, Cause::Turn(TurnId(1))));
    assert_eq!(bench.tell(audio(2, 1_000)), [], "it is wanted: nothing stops it");
}

#[test]
fn an_answer_that_runs_dry_is_owed_by_another_engine() {
    let mut bench = waiting(rules());
    bench.tell(started(1, Cause::Turn(TurnId(1))));
    bench.tell(audio(1, 400));
    assert_eq!(bench.until(16_400)[0], (16_400, Output::ReplaceEngine));
}

#[test]
fn one_whose_answers_come_faster_than_they_are_heard_is_waited_for_no_longer_than_a_caller_is_patient() {
    let engine = Capabilities {
        verbatim: false,
        ..OBEDIENT
    };
    let mut bench = waiting(Settings { engine, ..patient() });
    bench.tell(started(1, Cause::Turn(TurnId(1))));
    bench.tell(audio(1, 400));
    bench.at(1_400);
    bench.tell(position(answer(1), 400));
    let outputs = bench.until(4_400);
    assert_eq!(outputs[0], (4_400, Output::ReplaceEngine));
    assert_eq!(
        bench.tell(replaced(OBEDIENT)),
        [engine_replaced(), play_prompt(1, BRIDGE)]
    );
}

#[test]
fn an_engine_that_makes_nothing_of_two_turns_is_deaf() {
    let mut bench = Bench::begun(Settings {
        engine: LISTENING,
        ..patient()
    });
    for (turn, deaf) in [(0, false), (1, true)] {
        let begins = 12_000 * turn;
        bench.until(begins);
        bench.at(begins);
        bench.tell(Input::SpeechStarted);
        bench.at(begins + 1_000);
        bench.tell(Input::SpeechEnded);
        let outputs = bench.until(begins + 9_000);
        let replaced = outputs.contains(&(begins + 9_000, Output::ReplaceEngine));
        assert_eq!(replaced, deaf, "{outputs:?}");
        bench.answer(turn + 1, Cause::Say(SayId(turn as u32 + 1)), "Alô?", 500);
        bench.at(begins + 9_600);
        bench.tell(finished(answer(turn + 1), 500));
    }
}

#[test]
fn what_it_was_told_to_say_is_said_by_the_driver() {
    let mut bench = Bench::begun(Settings {
        greeting: "Bom dia.".into(),
        ..patient()
    });
    assert_eq!(
        bench.tell(replaced(OBEDIENT)),
        [engine_replaced(), play_prompt(1, "Bom dia.")]
    );
}

#[test]
fn nobody_who_waits_for_nothing_hears_of_it() {
    let mut bench = Bench::begun(patient());
    assert_eq!(bench.tell(replaced(HEADSTRONG)), [engine_replaced()]);
}

#[test]
fn the_other_engine_may_leave_more_to_the_call_than_the_one_before() {
    let mut bench = Bench::begun(Settings {
        engine: LISTENING,
        ..patient()
    });
    bench.tell(Input::SpeechStarted);
    bench.at(500);
    assert_eq!(bench.tell(replaced(OBEDIENT)), [engine_replaced()]);
    bench.tell(ready());
    bench.at(1_000);
    assert_eq!(
        bench.tell(Input::SpeechEnded),
        [transcribe(1), Output::JudgeTurn { turn: TurnId(1) }]
    );
}

#[test]
fn a_turn_that_the_engine_before_was_to_end_is_ended_by_its_silence() {
    let mut bench = Bench::begun(Settings {
        engine: LISTENING,
        ..patient()
    });
    bench.tell(Input::SpeechStarted);
    bench.at(1_000);
    assert_eq!(bench.tell(Input::SpeechEnded), []);
    bench.at(1_100);
    bench.tell(replaced(OBEDIENT));
    let outputs = bench.until(2_300);
    assert!(outputs.contains(&(2_200, respond(1))), "{outputs:?}");
}
