//! Tools: those of the world outside, and `end_call`.

use crate::bench::*;
use call::*;
use serde_json::json;

/// A call whose caller has said something by 1 s, and whose engine thinks about it at 1.5 s.
fn thinking() -> Bench {
    let mut bench = Bench::listening();
    bench.at(500);
    bench.tell(Input::SpeechStarted);
    bench.at(1_000);
    bench.tell(Input::SpeechEnded);
    bench.tell(heard(Some(1), "Anote um recado"));
    bench.tell(judged(1, true));
    bench.at(1_500);
    bench
}

#[test]
fn a_tool_is_used_and_its_result_told() {
    let mut bench = thinking();
    let arguments = json!({"text": "ligar"});
    assert_eq!(
        bench.tell(tool_call("t1", "take_message", arguments.clone())),
        [Output::Tool(ToolRequest {
            id: ToolCallId("t1".into()),
            name: "take_message".into(),
            arguments
        })]
    );
    bench.at(11_400);
    assert_eq!(
        bench.tell(tool_done("t1", true, "{}")),
        [tool_result("t1", true, "{}")]
    );
    bench.at(12_000);
    assert_eq!(bench.tell(started(1, Cause::FollowUp)), []);
    assert_eq!(
        bench.tell(audio(1, 500)),
        [answered(1, 11_000)],
        "the follow-up is the answer to the turn"
    );
}

#[test]
fn a_tool_under_way_is_no_silence_and_no_failure_of_the_engine() {
    let mut bench = Bench::begun(Settings {
        tool_limit: ms(60_000),
        ..rules()
    });
    bench.tell(tool_call("t1", "take_message", json!({})));
    bench.at(59_000);
    bench.tell(tool_done("t1", true, "{}"));
    bench.at(73_999);
    // Nothing followed the result, and nothing had to.
    assert_eq!(
        bench.until(82_000),
        all_at(82_000, [say(1, "Você está aí?"), no_input()])
    );
}

#[test]
fn an_engine_that_owes_an_answer_owes_it_after_the_result_too() {
    let mut bench = thinking();
    bench.tell(tool_call("t1", "take_message", json!({})));
    bench.at(5_000);
    bench.tell(tool_done("t1", true, "{}"));
    assert_eq!(bench.until(20_000), all_at(20_000, [Output::ReplaceEngine]));
}

#[test]
fn a_tool_that_takes_too_long_is_given_up() {
    let mut bench = thinking();
    bench.tell(tool_call("t1", "take_message", json!({})));
    assert_eq!(
        bench.until(11_500),
        all_at(
            11_500,
            [
                Output::Record(Record::ToolTimedOut {
                    name: "take_message".into()
                }),
                tool_result(
                    "t1",
                    false,
                    "take_message did not answer in time: go on without it"
                ),
            ]
        )
    );
    assert_eq!(bench.tell(tool_done("t1", true, "{}")), [], "too late");
}

#[test]
fn a_tool_that_is_cancelled_is_forgotten() {
    let mut bench = thinking();
    bench.tell(tool_call("t1", "take_message", json!({})));
    bench.tell(Input::Engine(EngineEvent::ToolCancelled {
        id: ToolCallId("t1".into()),
    }));
    assert_eq!(bench.tell(tool_done("t1", true, "{}")), []);
    assert_eq!(
        bench.until(16_500),
        all_at(16_500, [Output::ReplaceEngine]),
        "the answer is still owed"
    );
}

#[test]
fn a_tool_asked_for_twice_is_used_once_and_not_more_than_sixteen_at_a_time() {
    let mut bench = thinking();
    for number in 0..16 {
        assert_eq!(
            bench
                .tell(tool_call(&format!("t{number}"), "look_up", json!({})))
                .len(),
            1
        );
    }
    assert_eq!(bench.tell(tool_call("t3", "look_up", json!({}))), []);
    assert_eq!(
        bench.tell(tool_call("t16", "look_up", json!({}))),
        [tool_result(
            "t16",
            false,
            "too many tools at once: wait for a result first"
        )]
    );
}

#[test]
fn an_answer_of_nothing_but_a_tool_call_does_not_end_the_thinking() {
    let mut bench = thinking();
    bench.tell(started(1, Cause::Turn(TurnId(1))));
    bench.tell(tool_call("t1", "look_up", json!({})));
    bench.tell(done(1));
    bench.tell(finished(answer(1), 0));
    bench.at(11_000);
    bench.tell(tool_done("t1", true, "{}"));
    assert_eq!(
        bench.answer(2, Cause::FollowUp, "Pronto.", 500),
        [answered(1, 10_000)]
    );
}

#[test]
fn a_cough_while_a_tool_is_under_way_leaves_the_answer_to_its_result() {
    let mut bench = thinking();
    bench.tell(tool_call("t1", "look_up", json!({})));
    bench.tell(Input::SpeechStarted);
    bench.at(1_700);
    bench.tell(Input::SpeechEnded);
    assert_eq!(bench.tell(heard(Some(2), "")), [discard(2), resume()]);
    bench.at(9_000);
    assert_eq!(
        bench.tell(tool_done("t1", true, "{}")),
        [tool_result("t1", true, "{}")]
    );
    assert_eq!(
        bench.answer(1, Cause::FollowUp, "Pronto.", 500),
        [answered(1, 8_000)]
    );
}

/// The engine says good-bye in answer 1 (2 s long) and wants the call to end.
fn leaving() -> Bench {
    let mut bench = thinking();
    bench.tell(started(1, Cause::Turn(TurnId(1))));
    bench.tell(said(1, "Tchau, tchau!"));
    bench.tell(audio(1, 2_000));
    assert_eq!(bench.tell(tool_call("e", "end_call", json!({}))), []);
    bench.tell(done(1));
    bench
}

#[test]
fn the_last_words_are_heard_before_the_call_ends() {
    let mut bench = leaving();
    bench.at(3_500);
    assert_eq!(
        bench.tell(finished(answer(1), 2_000)),
        [
            assistant("Tchau, tchau!"),
            whole(answer(1), 2_000, "Tchau, tchau!"),
            hang_up(),
            over(Outcome::Completed)
        ]
    );
}

#[test]
fn last_words_that_begin_after_the_wish_are_heard_too() {
    let mut bench = thinking();
    bench.tell(started(1, Cause::Turn(TurnId(1))));
    bench.tell(tool_call("e", "end_call", json!({})));
    bench.at(2_900);
    bench.tell(audio(1, 2_000));
    bench.at(4_900);
    bench.tell(done(1));
    assert_eq!(
        bench.tell(finished(answer(1), 2_000)).last(),
        Some(&over(Outcome::Completed))
    );
}

#[test]
fn an_end_without_a_word_gets_the_farewell() {
    let mut bench = thinking();
    bench.tell(tool_call("e", "end_call", json!({})));
    let outputs = all_at(3_000, [discard(1), say(1, "Até logo.")]);
    assert_eq!(bench.until(3_000), outputs, "no other answer is wanted any more");
    bench.answer(1, Cause::Say(SayId(1)), "Até logo.", 500);
    assert_eq!(
        bench.tell(finished(answer(1), 500))[2..],
        [hang_up(), over(Outcome::Completed)]
    );
}

#[test]
fn a_caller_who_speaks_on_calls_the_end_off() {
    let mut bench = leaving();
    bench.at(2_500);
    bench.tell(position(answer(1), 1_000));
    bench.tell(Input::SpeechStarted);
    let outputs = bench.until(3_200);
    assert_eq!(
        outputs.last(),
        Some(&(3_200, tool_result("e", false, "the caller went on speaking")))
    );
    bench.at(4_000);
    bench.tell(Input::SpeechEnded);
    assert_eq!(bench.tell(judged(2, true)), [respond(2), user_turn(2)]);
}

#[test]
fn a_cough_does_not_call_the_end_off() {
    let mut bench = leaving();
    bench.tell(Input::SpeechStarted);
    bench.at(1_700);
    bench.tell(Input::SpeechEnded);
    assert_eq!(
        bench.tell(heard(Some(2), "")),
        [discard(2), resume(), false_barge_in()]
    );
    bench.at(3_700);
    assert_eq!(
        bench.tell(finished(answer(1), 2_000)).last(),
        Some(&over(Outcome::Completed))
    );
}

#[test]
fn a_cough_before_the_last_words_gives_them_their_time_again() {
    let mut bench = thinking();
    bench.tell(started(1, Cause::Turn(TurnId(1))));
    bench.tell(done(1));
    bench.tell(tool_call("e", "end_call", json!({})));
    bench.at(2_500);
    assert_eq!(bench.tell(Input::SpeechStarted), [pause(), turn_started(2)]);
    bench.at(2_700);
    bench.tell(Input::SpeechEnded);
    bench.at(3_500);
    assert_eq!(bench.tell(heard(Some(2), "")), [discard(2), resume()]);
    assert_eq!(bench.until(5_000), all_at(5_000, [say(1, "Até logo.")]));
}

#[test]
fn a_key_calls_the_end_off() {
    let mut bench = leaving();
    assert_eq!(
        bench.tell(key('2')),
        [
            clear(1, ClearReason::Key),
            interrupt(1, 0, ""),
            tool_result("e", false, "the caller pressed a key"),
            dtmf('2')
        ]
    );
}

#[test]
fn a_wish_that_comes_while_the_caller_speaks_is_refused() {
    let mut bench = Bench::listening();
    bench.tell(Input::SpeechStarted);
    assert_eq!(
        bench.tell(tool_call("e", "end_call", json!({}))),
        [tool_result("e", false, "the caller went on speaking")]
    );
}

#[test]
fn a_wish_that_is_cancelled_is_forgotten() {
    let mut bench = leaving();
    bench.tell(Input::Engine(EngineEvent::ToolCancelled {
        id: ToolCallId("e".into()),
    }));
    bench.at(3_500);
    assert_eq!(bench.tell(finished(answer(1), 2_000)).len(), 2);
}

#[test]
fn a_second_wish_is_refused() {
    let mut bench = leaving();
    assert_eq!(
        bench.tell(tool_call("f", "end_call", json!({}))),
        [tool_result(
            "f",
            false,
            "the call is already being ended or handed over"
        )]
    );
}

#[test]
fn an_engine_that_was_not_offered_it_cannot_end_the_call() {
    let mut bench = Bench::begun(Settings {
        refuses_end_call: true,
        ..rules()
    });
    let told = bench.tell(tool_call("t1", "end_call", json!({})));
    assert!(
        matches!(
            &told[..],
            [Output::Engine(EngineCommand::ToolResult { ok: false, result, .. })] if result.contains("not offered")
        ),
        "{told:?}"
    );
    assert!(!bench.call.is_over());
}

/// A call whose engine has a tool used of which the caller is told when it takes a while.
fn looking_up() -> Bench {
    let words = |tool: &str| (tool.to_owned(), "Um momento, por favor.".to_owned());
    let mut bench = Bench::begun(Settings {
        waiting_words: ["look_up", "find"].map(words).into(),
        ..rules()
    });
    bench.turn(1, "Qual é o meu plano?");
    bench.tell(tool_call("t1", "look_up", json!({})));
    bench
}

#[test]
fn a_caller_who_waits_for_a_tool_is_told_so() {
    let mut bench = looking_up();
    assert_eq!(
        bench.until(8_000),
        all_at(2_200, [play_prompt(1, "Um momento, por favor.")]),
        "once"
    );
    bench.tell(tool_done("t1", true, "{}"));
    bench.tell(finished(prompt(1), 1_000));
    assert_eq!(
        bench.answer(1, Cause::FollowUp, "É o básico.", 500),
        [answered(1, 7_000)],
        "the words for the caller are no answer"
    );
}

#[test]
fn an_engine_that_is_late_after_the_words_for_the_caller_is_to_be_replaced() {
    let mut bench = looking_up();
    bench.until(3_000);
    bench.tell(finished(prompt(1), 800));
    bench.tell(tool_done("t1", true, "{}"));
    assert_eq!(bench.until(18_000), all_at(18_000, [Output::ReplaceEngine]));
}

#[test]
fn a_fast_tool_needs_no_words() {
    let mut bench = looking_up();
    bench.at(2_100);
    bench.tell(tool_done("t1", true, "{}"));
    assert_eq!(bench.until(8_000), []);
}

#[test]
fn whoever_hears_something_already_is_not_told_to_wait() {
    let mut bench = looking_up();
    bench.tell(started(1, Cause::Turn(TurnId(1))));
    bench.tell(audio(1, 3_000));
    bench.tell(done(1));
    assert_eq!(bench.until(4_000), []);
}

#[test]
fn a_caller_who_speaks_is_not_told_to_wait() {
    let mut bench = looking_up();
    bench.at(2_000);
    bench.tell(Input::SpeechStarted);
    let outputs = bench.until(2_600);
    assert!(
        !outputs
            .iter()
            .any(|(_, output)| matches!(output, Output::PlayPrompt { .. })),
        "{outputs:?}"
    );
}

#[test]
fn of_two_tools_at_once_the_caller_is_told_once() {
    let mut bench = looking_up();
    bench.at(1_600);
    bench.tell(tool_call("t2", "find", json!({})));
    assert_eq!(
        bench.until(8_000),
        all_at(2_200, [play_prompt(1, "Um momento, por favor.")])
    );
}

#[test]
fn a_caller_with_music_hears_that_and_no_words() {
    let words = ("look_up".to_owned(), "Um momento.".to_owned());
    let mut bench = Bench::begun(Settings {
        waiting_words: [words].into(),
        ..rules()
    });
    bench.tell(tool_call("h", "hold_call", json!({})));
    bench.until(1_600);
    bench.tell(tool_call("t1", "look_up", json!({})));
    assert_eq!(bench.until(8_000), []);
}
