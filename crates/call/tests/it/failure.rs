//! An engine that fails: the caller is told, and gets a human if there is one.

use crate::bench::*;
use call::*;

const APOLOGY: &str = "Desculpe, algo falhou.";

fn with_fallback() -> Settings {
    Settings {
        fallback: Some("recepcao".into()),
        ..rules()
    }
}

#[test]
fn without_anybody_to_hand_it_to_the_call_ends_after_the_apology() {
    let mut bench = Bench::speaking(rules());
    assert_eq!(
        bench.tell(failed()),
        [
            engine_failed(FailureKind::Quota),
            clear(1, ClearReason::Engine),
            assistant("um"),
            cut(answer(1), 1_000, "um"),
            play_prompt(1, APOLOGY),
        ],
        "the engine is told nothing any more"
    );
    bench.at(4_000);
    assert_eq!(
        bench.tell(finished(prompt(1), 1_500)),
        [
            assistant(APOLOGY),
            whole(prompt(1), 1_500, APOLOGY),
            hang_up(),
            over(Outcome::EngineFailed)
        ]
    );
}

#[test]
fn with_a_fallback_the_call_is_handed_over() {
    let mut bench = Bench::begun(with_fallback());
    bench.tell(failed());
    assert_eq!(
        bench.tell(finished(prompt(1), 1_500))[2..],
        [transfer("recepcao")]
    );
    bench.at(3_000);
    assert_eq!(
        bench.tell(ended()),
        [clear(0, ClearReason::End), over(Outcome::Transferred)]
    );
}

#[test]
fn a_fallback_that_does_not_take_the_call_is_not_waited_for() {
    let mut bench = Bench::begun(with_fallback());
    bench.tell(failed());
    bench.tell(finished(prompt(1), 1_500));
    assert_eq!(
        bench.until(10_000),
        all_at(10_000, [hang_up(), over(Outcome::EngineFailed)])
    );
}

#[test]
fn an_apology_that_is_never_heard_is_not_waited_for() {
    let mut bench = Bench::begun(with_fallback());
    bench.tell(failed());
    assert_eq!(
        bench.until(20_000),
        all_at(20_000, [clear(0, ClearReason::End), transfer("recepcao")])
    );
}

#[test]
fn an_empty_apology_or_fallback_is_none() {
    let mut bench = Bench::begun(Settings {
        apology: String::new(),
        fallback: Some(" ".into()),
        ..rules()
    });
    assert_eq!(
        bench.tell(failed()),
        [
            engine_failed(FailureKind::Quota),
            clear(0, ClearReason::Engine),
            hang_up(),
            over(Outcome::EngineFailed)
        ]
    );
}

#[test]
fn an_engine_that_is_not_ready_in_time_has_failed() {
    let mut bench = Bench::new(rules());
    bench.tell(attached());
    assert_eq!(
        bench.until(15_000),
        all_at(
            15_000,
            [
                engine_failed(FailureKind::Transient),
                clear(0, ClearReason::Engine),
                play_prompt(1, APOLOGY)
            ]
        )
    );
    assert_eq!(bench.tell(ready()), [], "too late");
    assert_eq!(bench.tell(started(1, Cause::Own)), []);
}

#[test]
fn an_engine_that_cannot_be_reached_has_failed_before_the_call_began() {
    let mut bench = Bench::new(rules());
    assert_eq!(bench.tell(failed()).last(), Some(&play_prompt(1, APOLOGY)));
    bench.tell(attached());
    assert_eq!(
        bench.tell(finished(prompt(1), 900)).last(),
        Some(&over(Outcome::EngineFailed))
    );
}

#[test]
fn an_engine_that_does_not_answer_in_time_is_to_be_replaced_and_has_failed_if_it_is_not() {
    let mut bench = Bench::listening();
    bench.tell(Input::SpeechStarted);
    bench.at(1_000);
    bench.tell(Input::SpeechEnded);
    bench.tell(judged(1, true));
    bench.tell(started(1, Cause::Turn(TurnId(1))));
    assert_eq!(
        bench.until(16_000),
        all_at(16_000, [Output::ReplaceEngine]),
        "an answer counts from its first sound"
    );
    assert_eq!(
        bench.until(31_000),
        all_at(
            31_000,
            [
                engine_failed(FailureKind::Transient),
                clear(1, ClearReason::Engine),
                play_prompt(1, APOLOGY)
            ]
        )
    );
}

#[test]
fn an_engine_that_does_not_say_what_it_was_told_is_to_be_replaced() {
    let mut bench = Bench::begun(Settings {
        greeting: "Bom dia.".into(),
        ..rules()
    });
    assert_eq!(bench.until(15_000), all_at(15_000, [Output::ReplaceEngine]));
}

#[test]
fn nothing_of_a_dead_engine_counts() {
    let mut bench = Bench::listening();
    bench.tell(tool_call("t1", "look_up", serde_json::json!({})));
    bench.tell(failed());
    for late in [
        ready(),
        started(1, Cause::Own),
        audio(1, 500),
        heard(None, "Alô"),
        tool_done("t1", true, "{}"),
        failed(),
        key('1'),
        Input::SpeechStarted,
        Input::SpeechEnded,
    ] {
        assert_eq!(bench.tell(late.clone()), [], "{late:?}");
    }
}

#[test]
fn an_engine_that_fails_in_its_farewell_leaves_it_to_the_driver() {
    for begun in [true, false] {
        let mut bench = Bench::begun(Settings {
            total: ms(3_000),
            ..rules()
        });
        bench.until(3_000);
        if begun {
            bench.tell(started(1, Cause::Say(SayId(1))));
            bench.tell(audio(1, 200));
        }
        assert_eq!(
            bench.tell(failed()),
            [
                engine_failed(FailureKind::Quota),
                clear(u64::from(begun), ClearReason::Engine),
                play_prompt(1, "Até logo.")
            ]
        );
        assert_eq!(
            bench.tell(finished(prompt(1), 500)).last(),
            Some(&over(Outcome::TimeLimit))
        );
    }
}

#[test]
fn an_engine_that_fails_while_the_driver_says_the_farewell_changes_nothing() {
    let engine = Capabilities {
        verbatim: false,
        ..OBEDIENT
    };
    let mut bench = Bench::begun(Settings {
        total: ms(3_000),
        engine,
        ..rules()
    });
    assert_eq!(bench.until(3_000), all_at(3_000, [play_prompt(1, "Até logo.")]));
    assert_eq!(bench.tell(failed()), [engine_failed(FailureKind::Quota)]);
    assert_eq!(
        bench.tell(finished(prompt(1), 500)).last(),
        Some(&over(Outcome::TimeLimit))
    );
}
