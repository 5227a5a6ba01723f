//! A caller who says nothing.

use crate::bench::*;
use call::*;

#[test]
fn reprompts_then_the_farewell_then_the_hang_up() {
    let mut bench = Bench::listening();
    assert_eq!(
        bench.until(8_000),
        all_at(8_000, [say(1, "Você está aí?"), no_input()])
    );
    bench.answer(1, Cause::Say(SayId(1)), "Você está aí?", 1_000);
    bench.at(9_000);
    bench.tell(finished(answer(1), 1_000));
    assert_eq!(bench.until(17_000), all_at(17_000, [say(2, "Alô?"), no_input()]));
    bench.answer(2, Cause::Say(SayId(2)), "Alô?", 500);
    bench.at(17_500);
    bench.tell(finished(answer(2), 500));
    assert_eq!(bench.until(25_500), all_at(25_500, [say(3, "Até logo.")]));
    bench.answer(3, Cause::Say(SayId(3)), "Até logo.", 800);
    bench.at(26_300);
    assert_eq!(
        bench.tell(finished(answer(3), 800)),
        [
            assistant("Até logo."),
            whole(answer(3), 800, "Até logo."),
            hang_up(),
            over(Outcome::NoInput)
        ]
    );
    assert!(bench.call.is_over());
}

#[test]
fn words_begin_the_count_anew() {
    let mut bench = Bench::listening();
    bench.until(8_000);
    bench.answer(1, Cause::Say(SayId(1)), "Você está aí?", 1_000);
    bench.tell(finished(answer(1), 1_000));
    bench.tell(Input::SpeechStarted);
    bench.at(9_000);
    bench.tell(Input::SpeechEnded);
    bench.tell(heard(Some(1), "Estou"));
    bench.tell(judged(1, true));
    bench.answer(2, Cause::Turn(TurnId(1)), "Ótimo.", 500);
    bench.at(10_000);
    bench.tell(finished(answer(2), 500));
    assert_eq!(
        bench.until(18_000),
        all_at(18_000, [say(2, "Você está aí?"), no_input()]),
        "the first again"
    );
}

#[test]
fn a_noise_begins_the_silence_anew_but_not_the_count() {
    let mut bench = Bench::listening();
    bench.until(8_000);
    bench.answer(1, Cause::Say(SayId(1)), "Você está aí?", 1_000);
    bench.tell(finished(answer(1), 1_000));
    bench.at(12_000);
    bench.tell(Input::SpeechStarted);
    bench.at(12_300);
    bench.tell(Input::SpeechEnded);
    assert_eq!(bench.tell(heard(Some(1), "")), [discard(1)]);
    assert_eq!(bench.until(20_300), all_at(20_300, [say(2, "Alô?"), no_input()]));
}

#[test]
fn nothing_is_asked_while_the_caller_speaks_or_the_engine_thinks_or_speaks() {
    let mut bench = Bench::listening();
    bench.tell(Input::SpeechStarted);
    bench.at(60_000);
    bench.tell(Input::SpeechEnded);
    bench.tell(heard(Some(1), "Muito"));
    bench.tell(judged(1, true));
    bench.at(74_000);
    bench.answer(1, Cause::Turn(TurnId(1)), "Sim.", 30_000);
    bench.at(104_000);
    assert_eq!(bench.tell(finished(answer(1), 30_000)).len(), 2);
}

#[test]
fn zero_is_never() {
    let mut bench = Bench::begun(Settings {
        silence: ms(0),
        ..rules()
    });
    assert_eq!(bench.call.poll_timeout(), None);
    bench.at(10_000_000);
}

#[test]
fn without_reprompts_or_farewell_the_call_just_ends() {
    let mut bench = Bench::begun(Settings {
        reprompts: vec![],
        farewell: " ".into(),
        ..rules()
    });
    assert_eq!(
        bench.until(8_000),
        all_at(8_000, [hang_up(), over(Outcome::NoInput)])
    );
}

#[test]
fn an_empty_reprompt_only_tells_the_engine() {
    let mut bench = Bench::begun(Settings {
        reprompts: vec![String::new()],
        ..rules()
    });
    assert_eq!(bench.until(8_000), all_at(8_000, [no_input()]));
    assert_eq!(bench.until(16_000), all_at(16_000, [say(1, "Até logo.")]));
}

#[test]
fn a_reprompt_can_be_interrupted() {
    let mut bench = Bench::listening();
    bench.until(8_000);
    bench.answer(1, Cause::Say(SayId(1)), "Você está aí?", 1_000);
    bench.at(8_500);
    bench.tell(position(answer(1), 500));
    assert_eq!(bench.tell(Input::SpeechStarted), [pause(), turn_started(1)]);
    assert_eq!(bench.until(9_200)[0].1, clear(1, ClearReason::BargeIn));
}
