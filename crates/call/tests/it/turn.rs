//! The caller's turns, where the call ends them.

use crate::bench::*;
use call::*;

/// A call in which the caller has spoken from 500 ms to 1 s.
fn paused() -> Bench {
    let mut bench = Bench::listening();
    bench.at(500);
    assert_eq!(bench.tell(Input::SpeechStarted), [turn_started(1)]);
    bench.at(1_000);
    assert_eq!(bench.tell(Input::SpeechEnded), [transcribe(1), judge(1)]);
    bench
}

#[test]
fn a_turn_judged_complete_is_answered_at_once() {
    let mut bench = paused();
    bench.at(1_100);
    assert_eq!(bench.tell(judged(1, true)), [respond(1), user_turn(1)]);
    bench.at(1_500);
    assert_eq!(
        bench.tell(heard(Some(1), "Quero falar com o financeiro")),
        [user("Quero falar com o financeiro", true)]
    );
    assert_eq!(bench.tell(started(1, Cause::Turn(TurnId(1)))), []);
    bench.at(1_800);
    assert_eq!(bench.tell(audio(1, 200)), [answered(1, 800)]);
    assert_eq!(bench.tell(audio(1, 400)), [], "answered once");
}

#[test]
fn a_turn_judged_incomplete_or_not_at_all_ends_by_silence() {
    for judgement in [Some(judged(1, false)), None] {
        let mut bench = paused();
        bench.at(1_100);
        if let Some(judgement) = judgement {
            assert_eq!(bench.tell(judgement), []);
        }
        assert_eq!(bench.until(2_200), all_at(2_200, [respond(1), user_turn(1)]));
    }
}

#[test]
fn a_judgement_that_comes_after_the_response_changes_nothing() {
    let mut bench = paused();
    bench.until(2_200);
    assert_eq!(bench.tell(judged(1, true)), []);
}

#[test]
fn a_pause_does_not_end_the_turn_if_the_caller_goes_on() {
    let mut bench = paused();
    bench.at(1_200);
    assert_eq!(bench.tell(Input::SpeechStarted), [turn_started(1)]);
    assert_eq!(
        bench.tell(judged(1, true)),
        [],
        "the judgement of the pause before"
    );
    bench.at(5_000);
    assert_eq!(bench.tell(Input::SpeechEnded), [transcribe(1), judge(1)]);
    assert_eq!(bench.tell(judged(1, true)), [respond(1), user_turn(1)]);
}

#[test]
fn a_judgement_of_an_earlier_pause_does_not_end_the_turn_in_a_later_one() {
    let mut bench = paused();
    bench.at(1_200);
    bench.tell(Input::SpeechStarted);
    bench.at(1_300);
    bench.tell(Input::SpeechEnded);
    assert_eq!(bench.tell(judged(1, true)), [], "that of the first pause");
    assert_eq!(
        bench.tell(judged(1, true)),
        [respond(1), user_turn(1)],
        "that of the second"
    );
}

#[test]
fn words_are_told_as_they_come_and_once_for_good() {
    let mut bench = Bench::listening();
    bench.tell(Input::SpeechStarted);
    assert_eq!(bench.tell(hearing(1, "Quero")), [user("Quero", false)]);
    bench.at(800);
    bench.tell(Input::SpeechEnded);
    assert_eq!(
        bench.tell(heard(Some(1), "Quero pagar")),
        [user("Quero pagar", false)]
    );
    bench.at(900);
    bench.tell(Input::SpeechStarted);
    bench.at(1_500);
    bench.tell(Input::SpeechEnded);
    assert_eq!(
        bench.tell(heard(Some(1), "Quero pagar a conta")),
        [user("Quero pagar a conta", false)]
    );
    assert_eq!(bench.tell(judged(1, false)), []);
    assert_eq!(
        bench.until(2_700),
        all_at(
            2_700,
            [respond(1), user_turn(1), user("Quero pagar a conta", true)]
        )
    );
    assert_eq!(bench.tell(heard(Some(1), "Quero pagar a conta")), []);
}

#[test]
fn a_turn_without_words_is_none_before_the_response() {
    let mut bench = paused();
    bench.at(1_400);
    assert_eq!(bench.tell(heard(Some(1), " ")), [discard(1)]);
    assert_eq!(bench.tell(judged(1, true)), []);
    assert_eq!(
        bench.until(9_400),
        all_at(9_400, [say(1, "Você está aí?"), no_input()]),
        "the silence began anew"
    );
}

#[test]
fn a_turn_without_words_is_none_after_the_response() {
    let mut bench = paused();
    bench.tell(judged(1, true));
    bench.at(1_400);
    assert_eq!(bench.tell(heard(Some(1), "")), [discard(1)]);
    assert_eq!(
        bench.tell(started(1, Cause::Turn(TurnId(1)))),
        [clear(1, ClearReason::BargeIn), interrupt(1, 0, "")],
        "its answer is void"
    );
    assert_eq!(
        bench.until(9_400),
        all_at(9_400, [say(1, "Você está aí?"), no_input()])
    );
}

#[test]
fn an_answer_that_has_begun_is_not_taken_back_for_want_of_words() {
    let mut bench = paused();
    bench.tell(judged(1, true));
    bench.tell(started(1, Cause::Turn(TurnId(1))));
    assert_eq!(bench.tell(heard(Some(1), "")), []);
    assert_eq!(bench.tell(audio(1, 500)), [answered(1, 0)]);
}

#[test]
fn a_caller_who_goes_on_while_the_engine_thinks_gets_one_answer_to_all() {
    let mut bench = paused();
    bench.tell(judged(1, true));
    bench.at(1_300);
    assert_eq!(bench.tell(Input::SpeechStarted), [pause(), turn_started(2)]);
    assert_eq!(
        bench.until(2_000),
        all_at(2_000, [clear(0, ClearReason::BargeIn)]),
        "it is meant"
    );
    assert_eq!(
        bench.tell(started(1, Cause::Turn(TurnId(1)))),
        [clear(1, ClearReason::BargeIn), interrupt(1, 0, "")],
        "the answer to the first half is void"
    );
    for late in [said(1, "Claro"), audio(1, 300), done(1)] {
        assert_eq!(bench.tell(late), []);
    }
    bench.at(2_400);
    bench.tell(Input::SpeechEnded);
    assert_eq!(bench.tell(judged(2, true)), [respond(2), user_turn(2)]);
    bench.at(2_900);
    assert_eq!(
        bench.answer(2, Cause::Turn(TurnId(2)), "Pois não.", 800),
        [answered(2, 500)]
    );
}

#[test]
fn an_answer_that_was_not_heard_yet_is_taken_back_when_the_caller_goes_on() {
    for sounds in [false, true] {
        let mut bench = paused();
        bench.tell(judged(1, true));
        bench.tell(started(1, Cause::Turn(TurnId(1))));
        bench.at(1_300);
        assert_eq!(bench.tell(Input::SpeechStarted), [pause(), turn_started(2)]);
        bench.tell(said(1, "Claro"));
        if sounds {
            assert_eq!(bench.tell(audio(1, 500)), [answered(1, 300)]);
        }
        let outputs = bench.until(2_000);
        assert_eq!(
            outputs[..2],
            all_at(2_000, [clear(1, ClearReason::BargeIn), interrupt(1, 0, "")])
        );
        assert_eq!(outputs.len(), if sounds { 3 } else { 2 });
    }
}

#[test]
fn a_short_word_while_the_engine_thinks_goes_on_with_the_sentence() {
    let mut bench = paused();
    bench.tell(judged(1, true));
    bench.at(1_300);
    bench.tell(Input::SpeechStarted);
    bench.at(1_600);
    assert_eq!(bench.tell(Input::SpeechEnded), [transcribe(2), judge(2)]);
    assert_eq!(bench.tell(judged(2, true)), []);
    assert_eq!(
        bench.tell(heard(Some(2), "amanhã")),
        [
            clear(0, ClearReason::BargeIn),
            user("amanhã", false),
            respond(2),
            user_turn(2),
            user("amanhã", true)
        ]
    );
}

#[test]
fn a_cough_or_a_murmur_while_the_engine_thinks_does_not_cost_the_answer() {
    for words in ["", "uhum"] {
        let mut bench = paused();
        bench.tell(judged(1, true));
        bench.tell(heard(Some(1), "Quero pagar"));
        bench.at(1_300);
        bench.tell(Input::SpeechStarted);
        bench.at(1_500);
        bench.tell(Input::SpeechEnded);
        assert_eq!(
            bench.answer(1, Cause::Turn(TurnId(1)), "Pois não.", 800),
            [answered(1, 500)],
            "it is held"
        );
        assert_eq!(
            bench.tell(heard(Some(2), words)),
            [discard(2), resume(), false_barge_in()]
        );
        bench.at(2_300);
        assert_eq!(bench.tell(finished(answer(1), 800))[0], assistant("Pois não."));
    }
}

#[test]
fn a_late_void_answer_says_nothing_of_the_cough_in_which_it_comes() {
    let mut bench = paused();
    bench.tell(judged(1, true));
    bench.tell(heard(Some(1), "Quero pagar"));
    bench.at(1_300);
    bench.tell(Input::SpeechStarted);
    assert_eq!(
        bench.tell(started(1, Cause::Turn(TurnId(9)))),
        [clear(1, ClearReason::BargeIn), pause(), interrupt(1, 0, "")]
    );
    bench.at(1_500);
    bench.tell(Input::SpeechEnded);
    assert_eq!(
        bench.answer(2, Cause::Turn(TurnId(1)), "Pois não.", 800),
        [answered(1, 500)],
        "it is held"
    );
    assert_eq!(
        bench.tell(heard(Some(2), "uhum")),
        [discard(2), resume(), false_barge_in()]
    );
    bench.at(2_300);
    assert_eq!(bench.tell(finished(answer(2), 800))[0], assistant("Pois não."));
}

#[test]
fn a_long_noise_while_the_engine_thinks_leaves_it_to_the_engine_what_the_sentence_was() {
    let mut bench = paused();
    bench.tell(judged(1, true));
    bench.tell(heard(Some(1), "Quero pagar"));
    bench.tell(Input::SpeechStarted);
    bench.until(1_700);
    bench.tell(Input::SpeechEnded);
    assert_eq!(bench.tell(heard(Some(2), "")), [respond(2), user_turn(2)]);
}

#[test]
fn words_of_a_turn_that_is_not_known_are_ignored() {
    let mut bench = paused();
    assert_eq!(bench.tell(heard(Some(9), "Nada")), []);
    assert_eq!(bench.tell(judged(9, true)), []);
}

#[test]
fn two_answers_to_one_turn_are_played_one_after_the_other() {
    let mut bench = Bench::speaking(rules());
    assert_eq!(bench.answer(2, Cause::Turn(TurnId(1)), "cinco seis", 1_000), []);
    assert_eq!(bench.answer(3, Cause::FollowUp, "sete", 500), []);
    assert_eq!(bench.answer(4, Cause::Own, "oito", 500), []);
    bench.at(5_500);
    for (number, length, words) in [
        (1, 4_000, "um dois três quatro"),
        (2, 1_000, "cinco seis"),
        (3, 500, "sete"),
    ] {
        assert_eq!(
            bench.tell(finished(answer(number), length)),
            [assistant(words), whole(answer(number), length, words)]
        );
    }
    bench.at(13_500);
    bench.tell(finished(answer(4), 500));
    assert_eq!(
        bench.until(21_500).len(),
        2,
        "the silence counts from the last one's end"
    );
}

#[test]
fn an_answer_without_sound_is_over_when_it_is_done_or_played() {
    for end in [
        [done(1), finished(answer(1), 0)],
        [finished(answer(1), 0), done(1)],
    ] {
        let mut bench = paused();
        bench.tell(judged(1, true));
        bench.tell(started(1, Cause::Turn(TurnId(1))));
        bench.tell(said(1, "…"));
        for input in end {
            assert_eq!(bench.tell(input), []);
        }
        assert_eq!(
            bench.until(9_000),
            all_at(9_000, [say(1, "Você está aí?"), no_input()])
        );
    }
}

#[test]
fn edges_told_twice_count_once() {
    let mut bench = Bench::listening();
    assert_eq!(bench.tell(Input::SpeechEnded), []);
    bench.tell(Input::SpeechStarted);
    assert_eq!(bench.tell(Input::SpeechStarted), []);
    bench.at(500);
    bench.tell(Input::SpeechEnded);
    assert_eq!(bench.tell(Input::SpeechEnded), []);
}
