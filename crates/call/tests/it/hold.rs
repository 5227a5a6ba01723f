//! The caller on hold: music, until something is said.

use crate::bench::*;
use call::*;
use serde_json::json;

const HELD: &str = "the caller hears music and does not hear you, nor you them. Do now what they wait for; the next that you say ends the \
                    hold, and so does resume_call";

/// A caller on hold at 3 s, whose turn at 1 s the engine has answered with nothing else.
fn held_with(rules: Settings) -> Bench {
    let mut bench = Bench::begun(rules);
    bench.at(500);
    bench.tell(Input::SpeechStarted);
    bench.at(1_000);
    bench.tell(Input::SpeechEnded);
    bench.tell(heard(Some(1), "veja meu saldo"));
    bench.tell(judged(1, true));
    bench.at(1_500);
    assert_eq!(bench.tell(tool_call("h", "hold_call", json!({}))), []);
    assert_eq!(
        bench.until(3_000),
        all_at(3_000, [hold(), tool_result("h", true, HELD)])
    );
    assert!(!bench.is_listening());
    bench
}

fn held() -> Bench {
    held_with(rules())
}

#[test]
fn the_last_words_are_heard_before_the_music() {
    let mut bench = Bench::listening();
    bench.tell(started(1, Cause::Own));
    bench.tell(said(1, "Um momento."));
    bench.tell(audio(1, 1_000));
    bench.tell(tool_call("h", "hold_call", json!({})));
    bench.tell(done(1));
    assert!(bench.is_listening());
    bench.at(1_000);
    assert_eq!(
        bench.tell(finished(answer(1), 1_000))[2..],
        [hold(), tool_result("h", true, HELD)]
    );
}

#[test]
fn a_caller_who_speaks_on_is_not_put_on_hold() {
    let mut bench = Bench::listening();
    bench.tell(tool_call("h", "hold_call", json!({})));
    bench.tell(Input::SpeechStarted);
    assert_eq!(
        bench.until(700).last(),
        Some(&(700, tool_result("h", false, "the caller went on speaking")))
    );
    assert_eq!(bench.until(3_000), []);
}

#[test]
fn the_music_ends_before_what_is_said_sounds() {
    let mut bench = held();
    bench.at(30_000);
    assert_eq!(bench.tell(started(1, Cause::FollowUp)), []);
    bench.tell(said(1, "Pronto, seu saldo é dez."));
    bench.at(31_000);
    assert!(!bench.is_listening(), "nothing sounds yet");
    assert_eq!(bench.tell(audio(1, 500)), [unhold(), answered(1, 30_000)]);
    assert!(bench.is_listening());
    assert_eq!(bench.tell(audio(1, 900)), []);
}

#[test]
fn the_engine_may_end_it_without_a_word() {
    let mut bench = held();
    bench.at(5_000);
    let resumed = tool_result("r", true, "the music has ended: the caller hears you");
    assert_eq!(
        bench.tell(tool_call("r", "resume_call", json!({}))),
        [unhold(), resumed]
    );
    assert_eq!(
        bench.tell(tool_call("s", "resume_call", json!({}))),
        [tool_result(
            "s",
            false,
            "the caller is not on hold: they hear you"
        )]
    );
}

#[test]
fn a_key_ends_it_and_is_one() {
    let mut bench = held();
    assert_eq!(bench.tell(key('1')), [unhold(), dtmf('1')]);
    assert!(bench.is_listening());
}

#[test]
fn nothing_that_the_caller_says_counts_meanwhile() {
    for engine in [OBEDIENT, LISTENING, HEADSTRONG] {
        let mut bench = Bench::begun(Settings { engine, ..rules() });
        bench.tell(tool_call("h", "hold_call", json!({})));
        bench.until(1_500);
        for told in [
            Input::SpeechStarted,
            Input::SpeechEnded,
            Input::SpeechStarted,
            Input::Engine(EngineEvent::TurnEnded),
            detached(),
            attached(),
        ] {
            assert_eq!(bench.tell(told.clone()), [], "{told:?}");
        }
        bench.tell(started(1, Cause::Own));
        assert_eq!(bench.tell(audio(1, 500)), [unhold()], "no turn is taken up");
    }
}

#[test]
fn nobody_waits_for_ever() {
    let mut bench = Bench::begun(Settings {
        silence: ms(2_000),
        ..rules()
    });
    bench.tell(tool_call("h", "hold_call", json!({})));
    bench.until(1_500);
    bench.at(121_499);
    assert_eq!(
        bench.until(121_500),
        all_at(121_500, [unhold(), no_input(), say(1, "Você está aí?")])
    );
}

#[test]
fn an_engine_that_owes_an_answer_still_has_its_time_then() {
    let mut bench = held();
    assert_eq!(
        bench.until(123_000),
        all_at(123_000, [unhold(), no_input()]),
        "it is not spoken into what it may begin to say"
    );
    assert_eq!(bench.until(138_000), all_at(138_000, [Output::ReplaceEngine]));
}

#[test]
fn tools_go_on_and_have_their_limits() {
    let mut bench = held();
    bench.tell(tool_call("t", "look_up", json!({})));
    bench.at(12_000);
    assert_eq!(
        bench.tell(tool_done("t", true, "dez")),
        [tool_result("t", true, "dez")]
    );
    bench.tell(tool_call("u", "look_up", json!({})));
    let late = bench.until(22_000);
    assert_eq!(late.len(), 2, "{late:?}");
    assert!(!bench.is_listening());
}

#[test]
fn the_longest_call_ends_the_music_too() {
    let mut bench = held_with(Settings {
        total: ms(10_000),
        ..rules()
    });
    assert_eq!(
        bench.until(10_000),
        all_at(10_000, [discard(1), unhold(), say(1, "Até logo.")])
    );
}

#[test]
fn whoever_is_on_hold_can_be_handed_over_or_told_goodbye() {
    let mut bench = held_with(Settings {
        transfer_limit: Some(ms(60_000)),
        ..rules()
    });
    bench.tell(tool_call("x", "transfer_call", json!({"destination": "2001"})));
    bench.tell(tool_done("x", true, "2001"));
    assert_eq!(
        bench.until(4_500),
        all_at(4_500, [unhold(), transfer("2001")]),
        "ringing instead of music"
    );
    assert!(!bench.is_listening());

    let mut bench = held();
    bench.tell(tool_call("e", "end_call", json!({})));
    assert_eq!(
        bench.until(4_500),
        all_at(4_500, [discard(1), unhold(), say(1, "Até logo.")])
    );
}

#[test]
fn an_engine_that_fails_leaves_nobody_with_the_music() {
    let mut bench = held();
    assert_eq!(
        bench.tell(failed()),
        [
            engine_failed(FailureKind::Quota),
            clear(0, ClearReason::Engine),
            unhold(),
            play_prompt(1, "Desculpe, algo falhou.")
        ]
    );
}

#[test]
fn a_caller_who_hangs_up_ends_it() {
    assert_eq!(
        held().tell(ended()),
        [clear(0, ClearReason::End), over(Outcome::CallerHungUp)]
    );
    assert_eq!(held().tell(Input::End), [hang_up(), over(Outcome::Stopped)]);
}

#[test]
fn one_hold_at_a_time_and_only_where_it_is_offered() {
    let mut bench = held();
    assert_eq!(
        bench.tell(tool_call("i", "hold_call", json!({}))),
        [tool_result("i", false, "the caller is on hold already")]
    );
    let mut bench = Bench::begun(Settings {
        refuses_hold: true,
        ..rules()
    });
    assert_eq!(
        bench.tell(tool_call("h", "hold_call", json!({}))),
        [tool_result(
            "h",
            false,
            "hold_call is not offered here: the caller waits without music"
        )]
    );
}
