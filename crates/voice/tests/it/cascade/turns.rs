//! From the caller's speech to the words that the brain is told.

use super::stage::{ONE, TWO, deaf_stage, interrupt, respond, scribe, stage, started, transcribe, words};
use call::{EngineCommand, TurnId};
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use voice::Usage;
use voice::brain::{Stimulus, Thought};
use voice::stt::SttError;

#[tokio::test(start_paused = true)]
async fn words_found_in_the_pause_are_used_again() {
    let mut stage = stage(scribe(&["billing please"])).await;
    stage.hear(2_000);
    stage.command(started(ONE));
    stage.hear(1_000);
    stage.command(transcribe(ONE));
    assert_eq!(stage.seen().await, ["ready", "heard 1 \"billing please\""]);
    stage.hear(600);
    stage.command(respond(ONE));
    assert_eq!(stage.seen().await, ["1: Turn(TurnId(1))"]);
    assert_eq!(stage.told(), [words("billing please")]);
    stage.clauses(&["Of course.", "One moment"]);
    stage.think(Thought::Done);
    assert_eq!(
        stage.seen().await,
        [
            "1: \"Of course.\" at 0",
            // A minute is what `seen` waited before the brain was allowed to think.
            "1: stt 0 brain 60000 tts 0",
            // 10 characters of 20 ms, a sentence's pause of 250 ms, and 10 more.
            "1: 450 ms",
            "1: \" One moment\" at 450",
            "1: 200 ms",
            "1: done"
        ]
    );
    assert_eq!(
        *stage.scribe.lengths.lock().unwrap(),
        [1_400 * 16],
        "once, with 400 ms before the start"
    );
}

#[tokio::test(start_paused = true)]
async fn a_models_first_token_is_told_apart_from_its_first_clause() {
    let mut stage = stage(scribe(&["hello"])).await;
    stage.command(started(ONE));
    stage.hear(500);
    stage.command(transcribe(ONE));
    stage.command(respond(ONE));
    stage.seen().await;
    stage.think(Thought::Usage(Usage {
        text_in: 1,
        ..Usage::default()
    }));
    stage.seen().await;
    stage.clauses(&["Hi."]);
    // `seen` waits for a minute each time.
    assert_eq!(
        stage.seen().await[1],
        "1: stt 300 brain 120000 (token 60000) tts 0"
    );
}

#[tokio::test(start_paused = true)]
async fn a_search_under_way_is_waited_for_and_its_time_is_told() {
    let mut stage = stage(scribe(&["hello"])).await;
    stage.command(started(ONE));
    stage.hear(500);
    stage.command(transcribe(ONE));
    stage.command(respond(ONE));
    stage.clauses(&["Hi."]);
    stage.think(Thought::Done);
    assert_eq!(
        stage.seen().await,
        [
            "ready",
            "heard 1 \"hello\"",
            "1: Turn(TurnId(1))",
            "1: \"Hi.\" at 0",
            "1: stt 300 brain 0 tts 0",
            "1: 60 ms",
            "1: done"
        ]
    );
    assert_eq!(stage.transcriptions(), 1);
}

#[tokio::test(start_paused = true)]
async fn speech_after_the_pause_is_transcribed_with_what_came_before() {
    let mut stage = stage(scribe(&["I would", "I would like to pay"])).await;
    stage.command(started(ONE));
    stage.hear(500);
    stage.command(transcribe(ONE));
    assert_eq!(stage.seen().await, ["ready", "heard 1 \"I would\""]);
    stage.command(started(ONE));
    stage.hear(700);
    stage.command(respond(ONE));
    assert_eq!(
        stage.seen().await,
        ["heard 1 \"I would like to pay\"", "1: Turn(TurnId(1))"]
    );
    assert_eq!(stage.told(), [words("I would like to pay")]);
    assert_eq!(*stage.scribe.lengths.lock().unwrap(), [500 * 16, 1_200 * 16]);
}

#[tokio::test(start_paused = true)]
async fn a_newer_search_replaces_the_one_under_way() {
    let mut stage = stage(scribe(&["too", "too late"])).await;
    stage.command(started(ONE));
    stage.hear(200);
    stage.command(transcribe(ONE));
    tokio::task::yield_now().await;
    stage.hear(200);
    stage.command(transcribe(ONE));
    assert_eq!(stage.seen().await, ["ready", "heard 1 \"too late\""]);
    assert_eq!(stage.scribe.given_up.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_goes_on_before_the_words_are_there_is_not_answered_yet() {
    let mut stage = stage(scribe(&["half", "the whole"])).await;
    stage.command(started(ONE));
    stage.hear(300);
    stage.command(respond(ONE));
    tokio::task::yield_now().await;
    stage.command(started(ONE));
    stage.hear(300);
    stage.command(respond(ONE));
    assert_eq!(
        stage.seen().await,
        ["ready", "heard 1 \"the whole\"", "1: Turn(TurnId(1))"]
    );
    assert_eq!(stage.told(), [words("the whole")]);
    assert_eq!(*stage.scribe.lengths.lock().unwrap(), [300 * 16, 600 * 16]);
}

#[tokio::test(start_paused = true)]
async fn a_discarded_turn_is_forgotten_and_the_next_does_not_contain_it() {
    let mut stage = stage(scribe(&["cough", "yes"])).await;
    stage.command(started(ONE));
    stage.hear(200);
    stage.command(transcribe(ONE));
    tokio::task::yield_now().await;
    stage.command(EngineCommand::Discard { turn: ONE });
    assert_eq!(stage.seen().await, ["ready"]);
    assert_eq!(stage.scribe.given_up.load(Ordering::SeqCst), 1);
    stage.hear(1_000);
    stage.command(started(TWO));
    stage.hear(100);
    stage.command(respond(TWO));
    assert_eq!(stage.seen().await, ["heard 2 \"yes\"", "1: Turn(TurnId(2))"]);
    assert_eq!(stage.scribe.lengths.lock().unwrap()[1], 500 * 16);
}

#[tokio::test(start_paused = true)]
async fn a_turn_without_words_gets_an_answer_without_audio() {
    let mut stage = stage(scribe(&["  "])).await;
    stage.command(started(ONE));
    stage.hear(200);
    stage.command(respond(ONE));
    stage.command(respond(TurnId(9)));
    assert_eq!(
        stage.seen().await,
        [
            "ready",
            "heard 1 \"  \"",
            "1: Turn(TurnId(1))",
            "1: done",
            "2: Turn(TurnId(9))",
            "2: done"
        ],
        "also a turn that was never begun"
    );
    assert_eq!(stage.told(), []);
}

#[tokio::test(start_paused = true)]
async fn speech_that_cannot_be_understood_is_told_to_the_brain() {
    let busy = || Err(SttError::Busy { waiting: 9 });
    let mut broken = scribe(&[]);
    broken.results = Mutex::new([Err(SttError::NoModel), busy(), Ok("yes".into()), busy(), busy()].into());
    let mut stage = stage(broken).await;
    for (turn, told) in [(1, Stimulus::Unheard), (2, words("yes")), (3, Stimulus::Unheard)] {
        let turn = TurnId(turn);
        stage.command(started(turn));
        stage.hear(200);
        stage.command(transcribe(turn));
        assert!(
            !stage.seen().await.iter().any(|line| line.starts_with("heard")),
            "a failure is no silence"
        );
        stage.command(respond(turn));
        stage.clauses(&["Press 1."]);
        stage.think(Thought::Done);
        let seen = stage.seen().await;
        assert_eq!(seen.last(), Some(&format!("{turn}: done")), "{seen:?}");
        assert_eq!(stage.told(), [told]);
    }
    assert_eq!(
        stage.transcriptions(),
        5,
        "no model stays so; a full queue may have room by now"
    );
}

#[tokio::test(start_paused = true)]
async fn without_speech_to_text_every_turn_is_unheard() {
    let mut stage = deaf_stage().await;
    stage.command(started(ONE));
    stage.hear(200);
    stage.command(transcribe(ONE));
    assert_eq!(stage.seen().await, ["ready"]);
    stage.command(respond(ONE));
    assert_eq!(stage.seen().await, ["1: Turn(TurnId(1))"]);
    assert_eq!(stage.told(), [Stimulus::Unheard]);
}

#[tokio::test(start_paused = true)]
async fn a_sound_while_the_brain_thinks_leaves_the_words_before_it_to_be_answered() {
    let mut stage = stage(scribe(&["billing please", "", ""])).await;
    stage.command(started(ONE));
    stage.hear(500);
    stage.command(respond(ONE));
    assert_eq!(stage.seen().await.last().unwrap(), "1: Turn(TurnId(1))");
    stage.command(started(TWO));
    stage.hear(500);
    stage.command(interrupt(1, ""));
    stage.command(respond(TWO));
    assert_eq!(stage.seen().await, ["heard 2 \"\"", "2: Turn(TurnId(2))"]);
    assert_eq!(
        stage.told(),
        [
            words("billing please"),
            Stimulus::Interrupted { heard: String::new() },
            words("")
        ]
    );
    stage.clauses(&["Of course."]);
    stage.think(Thought::Done);
    assert_eq!(stage.seen().await.last().unwrap(), "2: done");
    let three = TurnId(3);
    stage.command(started(three));
    stage.hear(200);
    stage.command(respond(three));
    assert_eq!(stage.seen().await.last().unwrap(), "3: done");
    assert_eq!(stage.told(), [], "all that was said is answered");
}

#[tokio::test(start_paused = true)]
async fn words_are_still_owed_when_the_sound_came_before_they_were_found() {
    let mut stage = stage(scribe(&["billing please", ""])).await;
    stage.command(started(ONE));
    stage.hear(500);
    stage.command(respond(ONE));
    stage.command(started(TWO));
    stage.hear(500);
    stage.command(respond(TWO));
    // The call rejects the first answer as soon as it begins.
    let seen = stage.seen().await;
    assert!(seen.contains(&"1: Turn(TurnId(1))".into()), "{seen:?}");
    stage.command(interrupt(1, ""));
    assert_eq!(stage.seen().await.last().unwrap(), "2: Turn(TurnId(2))");
    assert_eq!(stage.told().last(), Some(&words("")));
}
