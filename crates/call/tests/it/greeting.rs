//! The start of a call.

use crate::bench::*;
use call::*;

fn greeting() -> Settings {
    Settings {
        greeting: "Bom dia, aqui é a Clara.".into(),
        ..rules()
    }
}

fn shielded() -> Settings {
    Settings {
        greeting_interruptible: false,
        ..greeting()
    }
}

#[test]
fn the_call_waits_for_leg_and_engine_in_any_order() {
    let hello = [say(1, "Bom dia, aqui é a Clara.")];
    let mut bench = Bench::new(greeting());
    assert_eq!(bench.tell(attached()), []);
    bench.at(300);
    assert_eq!(bench.tell(ready()), hello);
    let mut bench = Bench::new(greeting());
    assert_eq!(bench.tell(ready()), []);
    bench.at(60_000);
    assert_eq!(bench.tell(attached()), hello);
}

#[test]
fn an_engine_that_cannot_say_it_leaves_the_greeting_to_the_driver() {
    let engine = Capabilities {
        verbatim: false,
        ..OBEDIENT
    };
    let mut bench = Bench::new(Settings { engine, ..greeting() });
    assert_eq!(
        bench.tell(attached()),
        [play_prompt(1, "Bom dia, aqui é a Clara.")],
        "the engine is not waited for"
    );
    assert_eq!(bench.tell(ready()), []);
    bench.at(2_000);
    assert_eq!(
        bench.tell(finished(prompt(1), 1_900)),
        [
            assistant("Bom dia, aqui é a Clara."),
            whole(prompt(1), 1_900, "Bom dia, aqui é a Clara.")
        ]
    );
}

#[test]
fn an_empty_greeting_means_listening() {
    let mut bench = Bench::listening();
    bench.at(7_999);
    assert_eq!(
        bench.until(8_000),
        all_at(8_000, [say(1, "Você está aí?"), no_input()])
    );
}

#[test]
fn the_greeting_is_heard_then_the_silence_counts() {
    let mut bench = Bench::begun(greeting());
    assert_eq!(
        bench.answer(1, Cause::Say(SayId(1)), "Bom dia, aqui é a Clara.", 2_000),
        []
    );
    bench.at(2_000);
    assert_eq!(
        bench.tell(finished(answer(1), 2_000)),
        [
            assistant("Bom dia, aqui é a Clara."),
            whole(answer(1), 2_000, "Bom dia, aqui é a Clara.")
        ]
    );
    bench.at(9_999);
    assert_eq!(
        bench.until(10_000),
        all_at(10_000, [say(2, "Você está aí?"), no_input()])
    );
}

#[test]
fn an_engine_that_does_not_tell_the_words_of_a_text_is_known_to_say_them() {
    let mut bench = Bench::begun(greeting());
    bench.tell(started(1, Cause::Say(SayId(1))));
    bench.tell(audio(1, 2_000));
    bench.tell(done(1));
    assert_eq!(
        bench.tell(finished(answer(1), 2_000))[0],
        assistant("Bom dia, aqui é a Clara.")
    );
}

#[test]
fn an_interruptible_greeting_is_held_before_its_first_sound_and_given_up_for_real_speech() {
    let mut bench = Bench::begun(greeting());
    bench.at(100);
    assert_eq!(bench.tell(Input::SpeechStarted), [pause(), turn_started(1)]);
    bench.at(300);
    assert_eq!(
        bench.answer(1, Cause::Say(SayId(1)), "Bom dia, aqui é a Clara.", 2_000),
        []
    );
    assert_eq!(
        bench.until(900),
        all_at(
            800,
            [clear(1, ClearReason::BargeIn), interrupt(1, 0, ""), barge_in(700)]
        )
    );
}

#[test]
fn a_cough_before_the_greeting_does_not_cost_it() {
    let mut bench = Bench::begun(greeting());
    bench.tell(Input::SpeechStarted);
    bench.at(200);
    bench.tell(Input::SpeechEnded);
    assert_eq!(bench.tell(heard(Some(1), "")), [discard(1), resume()]);
    assert_eq!(
        bench.answer(1, Cause::Say(SayId(1)), "Bom dia, aqui é a Clara.", 2_000),
        []
    );
    bench.at(2_200);
    assert_eq!(
        bench.tell(finished(answer(1), 2_000))[0],
        assistant("Bom dia, aqui é a Clara.")
    );
}

#[test]
fn a_greeting_given_up_before_it_began_is_void_when_it_comes() {
    let mut bench = Bench::begun(greeting());
    bench.tell(Input::SpeechStarted);
    assert_eq!(bench.until(700), all_at(700, [clear(0, ClearReason::BargeIn)]));
    assert_eq!(
        bench.tell(started(1, Cause::Say(SayId(1)))),
        [clear(1, ClearReason::BargeIn), interrupt(1, 0, "")]
    );
    assert_eq!(bench.tell(audio(1, 500)), []);
}

#[test]
fn a_shielded_greeting_is_not_interrupted() {
    let mut bench = Bench::begun(shielded());
    assert_eq!(bench.tell(Input::SpeechStarted), [], "before its first sound");
    assert_eq!(bench.tell(Input::SpeechEnded), []);
    bench.answer(1, Cause::Say(SayId(1)), "Bom dia, aqui é a Clara.", 3_000);
    bench.at(500);
    assert_eq!(bench.tell(Input::SpeechStarted), []);
    bench.at(2_000);
    assert_eq!(bench.tell(Input::SpeechEnded), []);
    assert_eq!(bench.tell(key('1')), [dtmf('1')]);
    bench.at(3_000);
    assert_eq!(bench.tell(finished(answer(1), 3_000)).len(), 2);
    bench.at(4_000);
}

#[test]
fn who_still_speaks_when_a_shielded_greeting_ends_has_the_floor() {
    let mut bench = Bench::begun(shielded());
    bench.answer(1, Cause::Say(SayId(1)), "Bom dia.", 1_000);
    bench.at(500);
    bench.tell(Input::SpeechStarted);
    bench.at(1_000);
    assert_eq!(
        bench.tell(finished(answer(1), 1_000)),
        [
            assistant("Bom dia."),
            whole(answer(1), 1_000, "Bom dia."),
            turn_started(1)
        ]
    );
    bench.at(1_500);
    assert_eq!(bench.tell(Input::SpeechEnded), [transcribe(1), judge(1)]);
}

#[test]
fn who_speaks_before_anybody_can_answer_is_heard_from_the_start_on() {
    let mut bench = Bench::new(rules());
    bench.tell(attached());
    assert_eq!(bench.tell(Input::SpeechStarted), []);
    bench.at(400);
    assert_eq!(bench.tell(ready()), [turn_started(1)]);
}

#[test]
fn a_void_answer_waits_behind_a_shielded_greeting_until_it_can_be_cleared() {
    let mut bench = Bench::begun(shielded());
    bench.tell(started(1, Cause::Say(SayId(1))));
    bench.tell(audio(1, 1_000));
    assert_eq!(
        bench.tell(started(2, Cause::Turn(TurnId(7)))),
        [interrupt(2, 0, "")]
    );
    assert_eq!(bench.tell(audio(2, 100)), [], "it was already on its way");
    bench.tell(done(1));
    bench.at(1_000);
    assert_eq!(
        bench.tell(finished(answer(1), 1_000))[2..],
        [clear(2, ClearReason::BargeIn)]
    );
}

/// What must be heard, and then a greeting that may be interrupted.
fn announced() -> Settings {
    Settings {
        notice: "Esta ligação é gravada.".into(),
        ..greeting()
    }
}

#[test]
fn nothing_interrupts_the_notice_and_the_greeting_behind_it_has_its_own_rule() {
    let mut bench = Bench::new(announced());
    bench.tell(attached());
    assert_eq!(bench.tell(ready()), [say(1, "Esta ligação é gravada.")]);
    bench.answer(1, Cause::Say(SayId(1)), "Esta ligação é gravada.", 2_000);
    bench.at(500);
    assert_eq!(bench.tell(Input::SpeechStarted), []);
    bench.at(1_500);
    assert_eq!(bench.tell(Input::SpeechEnded), []);
    assert_eq!(bench.tell(key('1')), [dtmf('1')], "nor a key");
    bench.at(2_000);
    let told = bench.tell(finished(answer(1), 2_000));
    assert_eq!(told[0], assistant("Esta ligação é gravada."));
    assert_eq!(told[2..], [say(2, "Bom dia, aqui é a Clara.")]);
    bench.answer(2, Cause::Say(SayId(2)), "Bom dia, aqui é a Clara.", 2_000);
    bench.at(2_500);
    bench.tell(position(answer(2), 500));
    assert_eq!(bench.tell(Input::SpeechStarted), [pause(), turn_started(1)]);
}

#[test]
fn who_still_speaks_when_the_notice_ends_speaks_into_the_greeting() {
    let mut bench = Bench::begun(announced());
    bench.answer(1, Cause::Say(SayId(1)), "Esta ligação é gravada.", 1_000);
    bench.at(900);
    bench.tell(Input::SpeechStarted);
    bench.at(1_000);
    assert_eq!(
        bench.tell(finished(answer(1), 1_000))[2..],
        [say(2, "Bom dia, aqui é a Clara."), pause(), turn_started(1)]
    );
}

#[test]
fn a_driver_that_renders_them_says_notice_and_greeting_one_after_the_other() {
    let engine = Capabilities {
        verbatim: false,
        ..OBEDIENT
    };
    let mut bench = Bench::new(Settings {
        engine,
        ..announced()
    });
    assert_eq!(
        bench.tell(attached()),
        [play_prompt(1, "Esta ligação é gravada.")]
    );
    bench.at(2_000);
    assert_eq!(
        bench.tell(finished(prompt(1), 1_900))[2..],
        [play_prompt(2, "Bom dia, aqui é a Clara.")]
    );
}

#[test]
fn a_notice_that_a_lost_stream_cut_is_said_again() {
    let mut bench = Bench::begun(announced());
    bench.answer(1, Cause::Say(SayId(1)), "Esta ligação é gravada.", 2_000);
    bench.at(500);
    bench.tell(Input::Leg(LegEvent::Detached));
    bench.at(600);
    assert_eq!(bench.tell(attached()), [say(2, "Esta ligação é gravada.")]);
}

#[test]
fn a_notice_without_a_greeting_means_listening_after_it() {
    let mut bench = Bench::begun(Settings {
        greeting: String::new(),
        ..announced()
    });
    bench.answer(1, Cause::Say(SayId(1)), "Esta ligação é gravada.", 1_000);
    bench.at(1_000);
    assert_eq!(bench.tell(finished(answer(1), 1_000)).len(), 2);
    bench.at(1_500);
    assert_eq!(bench.tell(Input::SpeechStarted), [turn_started(1)]);
}
