//! A stream that is lost and comes back, or does not.

use crate::bench::*;
use call::*;

#[test]
fn what_was_playing_is_cut_where_the_caller_heard_it() {
    let mut bench = Bench::speaking(rules());
    assert_eq!(
        bench.tell(detached()),
        [
            clear(1, ClearReason::Detached),
            interrupt(1, 1_000, "um"),
            assistant("um"),
            cut(answer(1), 1_000, "um"),
        ]
    );
}

#[test]
fn no_silence_counts_while_nobody_is_there() {
    let mut bench = Bench::listening();
    bench.at(4_000);
    assert_eq!(bench.tell(detached()), []);
    bench.at(20_000);
    assert_eq!(bench.tell(attached()), []);
    bench.at(27_999);
    assert_eq!(
        bench.until(28_000),
        all_at(28_000, [say(1, "Você está aí?"), no_input()])
    );
}

#[test]
fn a_pause_of_the_caller_counts_from_the_return() {
    let mut bench = Bench::listening();
    bench.tell(Input::SpeechStarted);
    bench.at(500);
    bench.tell(Input::SpeechEnded);
    bench.tell(detached());
    bench.at(4_000);
    bench.tell(attached());
    assert_eq!(bench.until(5_200), all_at(5_200, [respond(1), user_turn(1)]));
}

#[test]
fn speech_that_was_held_has_the_floor_after_it() {
    let mut bench = Bench::speaking(rules());
    bench.tell(Input::SpeechStarted);
    assert_eq!(bench.tell(detached())[0], clear(1, ClearReason::Detached));
    bench.tell(attached());
    bench.at(2_600);
    bench.tell(Input::SpeechEnded);
    assert_eq!(bench.tell(judged(2, true)), [respond(2), user_turn(2)]);
}

#[test]
fn an_answer_that_comes_meanwhile_is_kept() {
    let mut bench = Bench::listening();
    bench.tell(Input::SpeechStarted);
    bench.at(500);
    bench.tell(Input::SpeechEnded);
    bench.tell(judged(1, true));
    bench.tell(detached());
    assert_eq!(
        bench.answer(1, Cause::Turn(TurnId(1)), "Pois não.", 500),
        [answered(1, 0)]
    );
    bench.at(4_000);
    bench.tell(attached());
    bench.at(4_500);
    assert_eq!(bench.tell(finished(answer(1), 500))[0], assistant("Pois não."));
}

#[test]
fn an_answer_without_sound_yet_is_not_lost_with_the_stream() {
    let mut bench = Bench::listening();
    bench.tell(Input::SpeechStarted);
    bench.at(500);
    bench.tell(Input::SpeechEnded);
    bench.tell(judged(1, true));
    bench.tell(started(1, Cause::Turn(TurnId(1))));
    assert_eq!(bench.tell(detached()), []);
    bench.at(600);
    bench.tell(attached());
    assert_eq!(bench.tell(audio(1, 500)), [answered(1, 100)]);
}

#[test]
fn an_answer_that_was_interrupted_before_its_sound_is_not_owed() {
    let mut bench = Bench::speaking(rules());
    bench.tell(key('1'));
    bench.tell(started(2, Cause::Own));
    bench.tell(audio(2, 500));
    bench.tell(key('2'));
    bench.tell(started(3, Cause::Own));
    bench.tell(audio(3, 500));
    bench.tell(started(4, Cause::FollowUp));
    bench.tell(detached());
    bench.at(3_000);
    bench.tell(attached());
    assert_eq!(
        bench.until(11_000),
        all_at(11_000, [say(1, "Você está aí?"), no_input()]),
        "the call listens"
    );
}

#[test]
fn a_stream_that_does_not_come_back_is_lost() {
    let mut bench = Bench::listening();
    bench.tell(detached());
    bench.at(5_000);
    assert_eq!(
        bench.tell(ended()),
        [clear(0, ClearReason::End), over(Outcome::StreamLost)]
    );
}

#[test]
fn a_stream_that_came_back_was_not_lost() {
    let mut bench = Bench::listening();
    bench.tell(detached());
    bench.tell(attached());
    assert_eq!(bench.tell(ended()).last(), Some(&over(Outcome::CallerHungUp)));
}

#[test]
fn a_stream_lost_before_the_call_began_is_waited_for() {
    let mut bench = Bench::new(Settings {
        greeting: "Bom dia.".into(),
        ..rules()
    });
    bench.tell(attached());
    bench.tell(detached());
    assert_eq!(bench.tell(ready()), []);
    assert_eq!(bench.tell(attached()), [say(1, "Bom dia.")]);
}

#[test]
fn the_hang_up_waits_for_a_line_that_can_be_told() {
    let mut bench = Bench::begun(Settings {
        total: ms(3_000),
        ..rules()
    });
    bench.until(3_000);
    bench.answer(1, Cause::Say(SayId(1)), "Até logo.", 2_000);
    bench.at(4_000);
    assert_eq!(
        bench.tell(detached()),
        [clear(1, ClearReason::Detached), interrupt(1, 0, "")]
    );
    bench.at(4_002);
    assert_eq!(bench.tell(attached()), [hang_up(), over(Outcome::TimeLimit)]);
}
