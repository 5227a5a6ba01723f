//! Keys of the phone.

use crate::bench::*;
use call::*;

#[test]
fn a_key_interrupts_what_is_being_said() {
    let mut bench = Bench::speaking(rules());
    assert_eq!(
        bench.tell(key('1')),
        [
            clear(1, ClearReason::Key),
            interrupt(1, 1_000, "um"),
            assistant("um"),
            cut(answer(1), 1_000, "um"),
            dtmf('1'),
        ]
    );
    assert_eq!(bench.answer(2, Cause::FollowUp, "Financeiro.", 500), []);
}

#[test]
fn a_key_that_means_nothing_to_the_engine_is_no_failure() {
    let mut bench = Bench::listening();
    bench.at(5_000);
    assert_eq!(bench.tell(key('#')), [dtmf('#')]);
    assert_eq!(
        bench.until(15_000),
        all_at(15_000, [say(1, "Você está aí?"), no_input()]),
        "two seconds of thinking, then the silence"
    );
}

#[test]
fn a_slow_answer_to_a_key_is_still_wanted() {
    let mut bench = Bench::listening();
    bench.tell(key('1'));
    bench.at(6_000);
    assert_eq!(bench.answer(1, Cause::FollowUp, "Financeiro.", 500), []);
    bench.at(6_500);
    assert_eq!(bench.tell(finished(answer(1), 500))[0], assistant("Financeiro."));
}

#[test]
fn a_key_in_the_middle_of_a_turn_leaves_the_turn_alone() {
    let mut bench = Bench::listening();
    bench.tell(Input::SpeechStarted);
    bench.at(1_000);
    assert_eq!(bench.tell(key('5')), [dtmf('5')]);
    bench.tell(Input::SpeechEnded);
    assert_eq!(bench.tell(judged(1, true)), [respond(1), user_turn(1)]);
}

#[test]
fn a_key_while_speech_is_held_gives_the_caller_the_floor() {
    let mut bench = Bench::speaking(rules());
    bench.tell(Input::SpeechStarted);
    bench.at(2_600);
    assert_eq!(bench.tell(key('1'))[0], clear(1, ClearReason::Key));
    bench.tell(Input::SpeechEnded);
    assert_eq!(bench.tell(heard(Some(2), "uhum")), [user("uhum", false)]);
    assert_eq!(
        bench.tell(judged(2, true)),
        [respond(2), user_turn(2), user("uhum", true)]
    );
}

#[test]
fn a_key_while_the_engine_thinks_may_be_answered_instead() {
    for cause in [Cause::Turn(TurnId(1)), Cause::FollowUp] {
        let mut bench = Bench::listening();
        bench.tell(Input::SpeechStarted);
        bench.at(1_000);
        bench.tell(Input::SpeechEnded);
        bench.tell(judged(1, true));
        assert_eq!(bench.tell(key('1')), [dtmf('1')]);
        bench.at(3_500);
        assert_eq!(bench.answer(1, cause, "Sim.", 500), [answered(1, 2_500)]);
    }
}

#[test]
fn keys_begin_the_count_of_silences_anew() {
    let mut bench = Bench::listening();
    bench.until(8_000);
    bench.answer(1, Cause::Say(SayId(1)), "Você está aí?", 500);
    bench.tell(finished(answer(1), 500));
    bench.tell(key('1'));
    assert_eq!(
        bench.until(18_000),
        all_at(18_000, [say(2, "Você está aí?"), no_input()])
    );
}

#[test]
fn a_text_on_its_way_is_given_up_for_a_key() {
    let mut bench = Bench::begun(Settings {
        greeting: "Bom dia.".into(),
        ..rules()
    });
    assert_eq!(bench.tell(key('1')), [clear(0, ClearReason::Key), dtmf('1')]);
    assert_eq!(
        bench.tell(started(1, Cause::Say(SayId(1)))),
        [clear(1, ClearReason::BargeIn), interrupt(1, 0, "")]
    );
}
