//! Engines that end turns by themselves, and those that interrupt by themselves too.

use crate::bench::*;
use call::*;

fn turn_ended() -> Input {
    Input::Engine(EngineEvent::TurnEnded)
}

fn interrupted(number: u64) -> Input {
    Input::Engine(EngineEvent::Interrupted {
        answer: AnswerId(number),
    })
}

fn listening(engine: Capabilities) -> Settings {
    Settings { engine, ..rules() }
}

#[test]
fn the_engine_ends_the_turn() {
    let mut bench = Bench::begun(listening(LISTENING));
    assert_eq!(bench.tell(Input::SpeechStarted), [turn_started(1)]);
    bench.at(1_000);
    assert_eq!(
        bench.tell(Input::SpeechEnded),
        [],
        "nothing is judged or transcribed for it"
    );
    bench.at(3_000);
    assert_eq!(bench.tell(turn_ended()), [respond(1), user_turn(1)]);
    assert_eq!(bench.tell(heard(None, "Bom dia")), [user("Bom dia", true)]);
    bench.at(3_500);
    assert_eq!(
        bench.answer(1, Cause::Turn(TurnId(1)), "Olá.", 500),
        [answered(1, 2_500)]
    );
}

#[test]
fn an_engine_may_be_faster_than_the_ear() {
    let mut bench = Bench::begun(listening(LISTENING));
    bench.tell(Input::SpeechStarted);
    bench.at(1_000);
    assert_eq!(bench.tell(turn_ended()), [respond(1), user_turn(1)]);
    bench.at(1_200);
    assert_eq!(bench.tell(Input::SpeechEnded), []);
    bench.at(1_500);
    assert_eq!(
        bench.answer(1, Cause::Turn(TurnId(1)), "Olá.", 500),
        [answered(1, 300)]
    );
}

#[test]
fn an_answer_says_that_the_turn_is_over_too() {
    let mut bench = Bench::begun(listening(LISTENING));
    bench.tell(Input::SpeechStarted);
    assert_eq!(
        bench.tell(started(1, Cause::Turn(TurnId(1)))),
        [respond(1), user_turn(1)]
    );
    assert_eq!(bench.tell(turn_ended()), []);
    assert_eq!(bench.tell(audio(1, 500)), [answered(1, 0)]);
}

#[test]
fn a_turn_that_the_ear_missed_is_one_all_the_same() {
    let mut bench = Bench::begun(listening(LISTENING));
    assert_eq!(
        bench.tell(turn_ended()),
        [turn_started(1), respond(1), user_turn(1)]
    );
}

#[test]
fn a_sound_that_the_engine_makes_nothing_of_is_silence() {
    let mut bench = Bench::begun(listening(LISTENING));
    bench.tell(Input::SpeechStarted);
    bench.at(500);
    bench.tell(Input::SpeechEnded);
    assert_eq!(
        bench.until(8_500),
        all_at(8_500, [discard(1), say(1, "Você está aí?"), no_input()])
    );
}

#[test]
fn a_turn_whose_words_were_not_found_is_answered_by_an_engine_that_ended_it() {
    let mut bench = Bench::begun(listening(LISTENING));
    bench.tell(Input::SpeechStarted);
    bench.at(500);
    bench.tell(Input::SpeechEnded);
    bench.tell(turn_ended());
    assert_eq!(bench.tell(heard(None, "")), []);
    assert_eq!(
        bench.answer(1, Cause::Turn(TurnId(1)), "Olá.", 500),
        [answered(1, 0)]
    );
}

#[test]
fn words_that_come_while_the_caller_speaks_again_are_those_of_the_turn_before() {
    let mut bench = Bench::speaking(listening(LISTENING));
    bench.at(4_000);
    bench.tell(finished(answer(1), 4_000));
    bench.tell(Input::SpeechStarted);
    bench.tell(turn_ended());
    bench.tell(Input::SpeechStarted);
    assert_eq!(bench.tell(heard(None, "Boa tarde")), [user("Boa tarde", true)]);
}

#[test]
fn a_cough_while_such_an_engine_thinks_does_not_make_its_answer_void() {
    let mut bench = Bench::begun(listening(LISTENING));
    bench.tell(Input::SpeechStarted);
    bench.at(500);
    bench.tell(Input::SpeechEnded);
    bench.tell(turn_ended());
    bench.tell(heard(None, "Bom dia"));
    assert_eq!(bench.tell(Input::SpeechStarted), [pause(), turn_started(2)]);
    bench.at(700);
    bench.tell(Input::SpeechEnded);
    assert_eq!(
        bench.answer(1, Cause::Turn(TurnId(1)), "Olá.", 500),
        [answered(1, 200)],
        "held, not void"
    );
    assert_eq!(
        bench.tell(heard(None, "")),
        [discard(2), resume(), false_barge_in()]
    );
}

#[test]
fn two_turns_in_a_row_get_the_engines_answer_to_the_second() {
    let mut bench = Bench::begun(listening(LISTENING));
    bench.tell(Input::SpeechStarted);
    bench.at(500);
    bench.tell(Input::SpeechEnded);
    bench.tell(turn_ended());
    bench.tell(Input::SpeechStarted);
    bench.at(900);
    bench.tell(Input::SpeechEnded);
    assert_eq!(
        bench.tell(turn_ended()),
        [clear(0, ClearReason::BargeIn), respond(2), user_turn(2)]
    );
    assert_eq!(
        bench.tell(started(1, Cause::Turn(TurnId(1)))),
        [clear(1, ClearReason::BargeIn), interrupt(1, 0, "")]
    );
    assert_eq!(
        bench.answer(2, Cause::Turn(TurnId(2)), "Olá.", 500),
        [answered(2, 0)]
    );
}

#[test]
fn the_call_interrupts_where_the_engine_only_ends_turns() {
    let mut bench = Bench::speaking(listening(LISTENING));
    assert_eq!(bench.tell(Input::SpeechStarted), [pause(), turn_started(2)]);
    bench.at(2_800);
    assert_eq!(bench.tell(Input::SpeechEnded), []);
    assert_eq!(bench.tell(turn_ended()), [], "not yet known to be meant");
    let outputs = bench.tell(heard(None, "Não"));
    assert_eq!(outputs[0], clear(1, ClearReason::BargeIn));
    assert_eq!(
        outputs[4..],
        [
            barge_in(300),
            user("Não", false),
            respond(2),
            user_turn(2),
            user("Não", true)
        ]
    );
}

#[test]
fn a_murmur_goes_by_even_if_the_engine_called_it_a_turn() {
    let mut bench = Bench::speaking(listening(LISTENING));
    bench.tell(Input::SpeechStarted);
    assert_eq!(bench.tell(heard(None, "uhum")), [], "faster than the ear");
    bench.tell(turn_ended());
    bench.at(2_800);
    assert_eq!(
        bench.tell(Input::SpeechEnded),
        [discard(2), resume(), false_barge_in()]
    );
    let outputs = bench.tell(started(2, Cause::Turn(TurnId(2))));
    assert_eq!(outputs, [interrupt(2, 0, "")], "an answer to it is void");
}

#[test]
fn an_answer_to_speech_that_is_held_proves_that_it_was_meant() {
    let mut bench = Bench::speaking(listening(LISTENING));
    bench.tell(Input::SpeechStarted);
    bench.at(2_800);
    bench.tell(Input::SpeechEnded);
    let outputs = bench.tell(started(2, Cause::Turn(TurnId(2))));
    assert_eq!(
        outputs[0],
        clear(1, ClearReason::BargeIn),
        "not the answer that proves it"
    );
    assert_eq!(outputs[4..], [barge_in(300), respond(2), user_turn(2)]);
    assert_eq!(bench.tell(audio(2, 500)), [answered(2, 0)]);
}

#[test]
fn a_headstrong_engine_interrupts_by_itself() {
    let mut bench = Bench::speaking(listening(HEADSTRONG));
    assert_eq!(bench.tell(Input::SpeechStarted), [pause(), turn_started(2)]);
    bench.at(5_000);
    assert_eq!(
        bench.tell(interrupted(1)),
        [
            clear(1, ClearReason::BargeIn),
            interrupt(1, 1_000, "um"),
            assistant("um"),
            cut(answer(1), 1_000, "um"),
            barge_in(2_500),
        ],
        "however long it takes while the caller speaks"
    );
    bench.tell(Input::SpeechEnded);
    assert_eq!(bench.tell(turn_ended()), [respond(2), user_turn(2)]);
}

#[test]
fn what_a_headstrong_engine_does_not_interrupt_goes_on() {
    let mut bench = Bench::speaking(listening(HEADSTRONG));
    bench.tell(Input::SpeechStarted);
    bench.at(3_500);
    bench.tell(Input::SpeechEnded);
    bench.tell(heard(None, "Não"));
    assert_eq!(
        bench.until(5_000),
        all_at(5_000, [discard(2), resume(), false_barge_in()])
    );
}

#[test]
fn a_headstrong_engine_may_hear_what_the_ear_does_not() {
    let mut bench = Bench::speaking(listening(HEADSTRONG));
    assert_eq!(
        bench.tell(interrupted(1))[..2],
        [clear(1, ClearReason::Engine), interrupt(1, 1_000, "um")]
    );
    assert_eq!(
        bench.tell(turn_ended()),
        [turn_started(2), respond(2), user_turn(2)]
    );
}

#[test]
fn a_headstrong_engine_may_talk_while_the_caller_does() {
    let mut bench = Bench::begun(listening(HEADSTRONG));
    bench.tell(Input::SpeechStarted);
    bench.at(2_000);
    assert_eq!(bench.tell(started(1, Cause::Own)), []);
    assert_eq!(bench.tell(audio(1, 500)), []);
}

#[test]
fn a_headstrong_engine_has_no_say_in_a_shielded_greeting() {
    let greeting = Settings {
        greeting: "Bom dia.".into(),
        greeting_interruptible: false,
        ..listening(Capabilities {
            verbatim: true,
            ..HEADSTRONG
        })
    };
    let mut bench = Bench::begun(greeting);
    bench.answer(1, Cause::Say(SayId(1)), "Bom dia.", 500);
    assert_eq!(bench.tell(interrupted(1)), []);
}
