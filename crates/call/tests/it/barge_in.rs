//! The caller speaks while something is being said: held at once, cleared for what is meant.

use crate::bench::*;
use call::*;

/// What ends answer 1 of [`Bench::speaking`] after 1 s of its 4.
fn cleared(after_ms: u64) -> Vec<Output> {
    vec![
        clear(1, ClearReason::BargeIn),
        interrupt(1, 1_000, "um"),
        assistant("um"),
        cut(answer(1), 1_000, "um"),
        barge_in(after_ms),
    ]
}

/// Answer 1 is held since 2.5 s.
fn held() -> Bench {
    let mut bench = Bench::speaking(rules());
    assert_eq!(bench.tell(Input::SpeechStarted), [pause(), turn_started(2)]);
    bench
}

#[test]
fn speech_that_lasts_interrupts() {
    let mut bench = held();
    bench.at(3_199);
    let outputs: Vec<Output> = bench.until(3_200).into_iter().map(|(_, output)| output).collect();
    assert_eq!(outputs, cleared(700));
    bench.at(4_000);
    assert_eq!(bench.tell(Input::SpeechEnded), [transcribe(2), judge(2)]);
    assert_eq!(
        bench.tell(judged(2, true)),
        [respond(2), user_turn(2)],
        "the turn goes on as any other"
    );
}

#[test]
fn a_cough_goes_by_and_the_answer_goes_on() {
    let mut bench = held();
    bench.at(2_700);
    assert_eq!(bench.tell(Input::SpeechEnded), [transcribe(2), judge(2)]);
    bench.at(2_900);
    assert_eq!(
        bench.tell(heard(Some(2), "")),
        [discard(2), resume(), false_barge_in()]
    );
    bench.at(5_900);
    assert_eq!(
        bench.tell(finished(answer(1), 4_000))[0],
        assistant("um dois três quatro")
    );
}

#[test]
fn a_murmur_goes_by_without_a_clear_or_a_transcript() {
    for murmur in ["Uhum.", "uhum, uhum", "Tá, ok!"] {
        let mut bench = held();
        bench.at(2_800);
        bench.tell(Input::SpeechEnded);
        assert_eq!(bench.tell(hearing(2, murmur)), []);
        assert_eq!(
            bench.tell(judged(2, true)),
            [],
            "judged complete, but not yet known to be meant"
        );
        assert_eq!(
            bench.tell(heard(Some(2), murmur)),
            [discard(2), resume(), false_barge_in()]
        );
        assert_eq!(
            bench.tell(heard(Some(2), "não")),
            [],
            "nothing more is heard of it"
        );
    }
}

#[test]
fn a_short_word_that_is_no_murmur_interrupts() {
    let mut bench = held();
    bench.at(2_800);
    bench.tell(Input::SpeechEnded);
    assert_eq!(bench.tell(judged(2, true)), []);
    bench.at(3_100);
    let mut expected = cleared(600);
    expected.extend([user("Não", false), respond(2), user_turn(2), user("Não", true)]);
    assert_eq!(bench.tell(heard(Some(2), "Não")), expected);
}

#[test]
fn a_short_word_that_is_not_judged_complete_waits_for_the_turns_silence() {
    let mut bench = held();
    bench.at(2_800);
    bench.tell(Input::SpeechEnded);
    assert_eq!(bench.tell(heard(Some(2), "Mas"))[5..], [user("Mas", false)]);
    assert_eq!(
        bench.until(4_000),
        all_at(4_000, [respond(2), user_turn(2), user("Mas", true)])
    );
}

#[test]
fn a_sound_without_words_in_time_goes_by() {
    let mut bench = held();
    bench.at(2_800);
    bench.tell(Input::SpeechEnded);
    assert_eq!(
        bench.until(4_300),
        all_at(4_300, [discard(2), resume(), false_barge_in()])
    );
    assert_eq!(
        bench.tell(heard(Some(2), "Não")),
        [],
        "too late: the turn is none"
    );
}

#[test]
fn speech_that_begins_again_is_held_on_in_the_same_turn_and_counts_anew() {
    let mut bench = held();
    bench.at(2_900);
    bench.tell(Input::SpeechEnded);
    bench.at(3_300);
    assert_eq!(bench.tell(Input::SpeechStarted), [turn_started(2)]);
    assert_eq!(
        bench.tell(heard(Some(2), "uhum")),
        [],
        "that was the sound before"
    );
    bench.at(3_999);
    let outputs = bench.until(4_000);
    assert_eq!(outputs[0], (4_000, clear(1, ClearReason::BargeIn)));
    assert_eq!(outputs[4], (4_000, barge_in(1_500)), "from the first onset");
}

#[test]
fn the_answers_that_wait_are_interrupted_too_with_nothing_heard() {
    let mut bench = Bench::speaking(rules());
    bench.answer(2, Cause::FollowUp, "cinco", 600);
    bench.tell(started(3, Cause::Own));
    bench.tell(Input::SpeechStarted);
    let outputs: Vec<Output> = bench.until(3_200).into_iter().map(|(_, output)| output).collect();
    assert_eq!(
        outputs,
        [
            clear(3, ClearReason::BargeIn),
            interrupt(1, 1_000, "um"),
            interrupt(2, 0, ""),
            interrupt(3, 0, ""),
            assistant("um"),
            cut(answer(1), 1_000, "um"),
            barge_in(700),
        ]
    );
}

#[test]
fn a_prompt_is_interrupted_like_an_answer() {
    let engine = Capabilities {
        verbatim: false,
        ..OBEDIENT
    };
    let mut bench = Bench::begun(Settings { engine, ..rules() });
    assert_eq!(bench.until(8_000)[0].1, play_prompt(1, "Você está aí?"));
    bench.at(8_600);
    bench.tell(position(prompt(1), 550));
    bench.tell(Input::SpeechStarted);
    let outputs: Vec<Output> = bench.until(9_300).into_iter().map(|(_, output)| output).collect();
    assert_eq!(
        outputs,
        [
            clear(0, ClearReason::BargeIn),
            assistant("Você"),
            cut(prompt(1), 550, "Você"),
            barge_in(700),
        ]
    );
}

#[test]
fn an_answer_that_ends_while_it_is_held_leaves_the_floor_to_the_caller() {
    let mut bench = held();
    bench.at(2_560);
    assert_eq!(
        bench.tell(finished(answer(1), 4_000)),
        [
            assistant("um dois três quatro"),
            whole(answer(1), 4_000, "um dois três quatro"),
            resume()
        ]
    );
    bench.at(5_000);
    bench.tell(Input::SpeechEnded);
    assert_eq!(bench.tell(judged(2, true)), [respond(2), user_turn(2)]);
}

#[test]
fn an_answer_of_the_engines_own_does_not_talk_over_the_caller() {
    let mut bench = Bench::listening();
    bench.tell(Input::SpeechStarted);
    bench.at(300);
    assert_eq!(bench.tell(started(1, Cause::Own)), []);
    assert_eq!(
        bench.tell(audio(1, 400)),
        [pause()],
        "held while it is not clear that the caller means it"
    );
    assert_eq!(
        bench.until(700),
        all_at(
            700,
            [clear(1, ClearReason::BargeIn), interrupt(1, 0, ""), barge_in(700)]
        )
    );
    assert_eq!(
        bench.tell(started(2, Cause::FollowUp)),
        [clear(2, ClearReason::BargeIn), interrupt(2, 0, "")],
        "void while the caller surely speaks"
    );
}

#[test]
fn more_is_never_reported_as_heard_than_the_engine_has_sent() {
    let mut bench = Bench::speaking(rules());
    bench.tell(position(answer(1), 4_020));
    bench.tell(Input::SpeechStarted);
    assert_eq!(
        bench.until(3_200)[1].1,
        interrupt(1, 4_000, "um dois três quatro")
    );
}
