//! What is answered, in which order, and when what of it is reported.

use super::stage::{ONE, Puppet, TWO, engine, respond, say, scribe, stage, started, words};
use audio::SampleRate;
use call::{By, Digit, EngineCommand, ToolCallId};
use voice::Engine;
use voice::brain::{Stimulus, Thought};

#[tokio::test(start_paused = true)]
async fn it_is_ready_at_once_and_leaves_the_turns_to_the_call() {
    let mut stage = stage(scribe(&[])).await;
    assert_eq!(stage.seen().await, ["ready"]);
    assert_eq!(stage.session.input_rate(), SampleRate::HZ_16000);
    assert_eq!(stage.session.output_rate(), SampleRate::HZ_16000);
    let engine = engine(None, &stage.tongue, Puppet::default());
    let can = engine.capabilities();
    assert_eq!(
        (engine.name(), can.turns, can.interruptions),
        ("local", By::Call, By::Call)
    );
    assert!(can.verbatim && can.truncation);
}

#[tokio::test(start_paused = true)]
async fn a_text_is_said_sentence_by_sentence_and_rendered_once() {
    let mut stage = stage(scribe(&[])).await;
    stage.command(say(7, "Good morning. Who is it?"));
    let first = stage.seen().await;
    assert_eq!(
        first,
        [
            "ready",
            "1: Say(SayId(7))",
            "1: \"Good morning.\" at 0",
            "1: stt 0 brain 0 tts 0",
            "1: 510 ms",
            "1: \" Who is it?\" at 510",
            "1: 200 ms",
            "1: done"
        ]
    );
    assert_eq!(stage.told(), [Stimulus::Said("Good morning. Who is it?".into())]);
    stage.command(say(8, "Good morning. Who is it?"));
    assert_eq!(
        stage.seen().await[1..],
        first[2..]
            .iter()
            .map(|l| l.replace("1: ", "2: "))
            .collect::<Vec<_>>()
    );
    assert_eq!(
        stage.tongue.texts.lock().unwrap().len(),
        2,
        "the second time from the cache"
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_waits_for_the_one_under_way() {
    let mut stage = stage(scribe(&["hello"])).await;
    stage.command(started(ONE));
    stage.command(respond(ONE));
    stage.hear(100);
    assert_eq!(
        stage.seen().await[..],
        ["ready", "heard 1 \"\"", "1: Turn(TurnId(1))", "1: done"]
    );
    stage.command(started(TWO));
    stage.hear(100);
    stage.command(respond(TWO));
    assert_eq!(stage.seen().await, ["heard 2 \"hello\"", "2: Turn(TurnId(2))"]);
    stage.command(say(1, "Bye."));
    stage.command(EngineCommand::Dtmf {
        digit: Digit::new('5').unwrap(),
    });
    stage.clauses(&["Hi."]);
    let seen = stage.seen().await;
    assert!(seen.iter().all(|line| line.starts_with("2: ")), "{seen:?}");
    assert_eq!(
        stage.told(),
        [words("hello")],
        "the key would end the brain's answer"
    );
    stage.think(Thought::Done);
    let seen = stage.seen().await;
    assert_eq!(
        (&*seen[0], &*seen[1], &*seen[6]),
        ("2: done", "3: Say(SayId(1))", "4: FollowUp"),
        "{seen:?}"
    );
    assert_eq!(
        stage.told(),
        [
            Stimulus::Said("Bye.".into()),
            Stimulus::Key(Digit::new('5').unwrap())
        ]
    );
    stage.think(Thought::Done);
    assert_eq!(stage.seen().await, ["4: done"]);
}

#[tokio::test(start_paused = true)]
async fn the_next_clause_is_spoken_ahead_but_no_more_than_that() {
    let mut stage = stage(scribe(&["hello"])).await;
    stage.tongue.permits.forget_permits(1_000);
    stage.command(started(ONE));
    stage.hear(100);
    stage.command(respond(ONE));
    stage.clauses(&["one", "two", "three", "four", "five"]);
    assert_eq!(stage.seen().await.last().unwrap(), "1: \"one\" at 0");
    assert_eq!(
        *stage.tongue.texts.lock().unwrap(),
        ["one"],
        "it must be audible before it is overtaken"
    );
    stage.tongue.permits.add_permits(1);
    assert_eq!(stage.seen().await.len(), 2);
    assert_eq!(*stage.tongue.texts.lock().unwrap(), ["one", "two"]);
    stage.tongue.permits.add_permits(100);
    let texts = stage
        .seen()
        .await
        .iter()
        .filter(|line| line.contains(" at "))
        .count();
    assert_eq!((texts, stage.tongue.texts.lock().unwrap().len()), (4, 5));
}

#[tokio::test(start_paused = true)]
async fn a_tool_is_called_and_its_result_is_answered() {
    let mut stage = stage(scribe(&["opening hours"])).await;
    stage.command(started(ONE));
    stage.hear(100);
    stage.command(respond(ONE));
    stage.clauses(&["Let me look."]);
    let id = ToolCallId("t1".into());
    let arguments = serde_json::json!({"topic": "hours"});
    stage.think(Thought::Tool {
        id: id.clone(),
        name: "get_business_info".into(),
        arguments,
    });
    stage.think(Thought::Done);
    let seen = stage.seen().await;
    assert!(seen.contains(&"tool get_business_info".into()), "{seen:?}");
    assert_eq!(seen.last().unwrap(), "1: done");
    stage.command(EngineCommand::ToolResult {
        id: id.clone(),
        ok: true,
        result: "9 to 5".into(),
    });
    stage.clauses(&["From nine to five."]);
    stage.think(Thought::Done);
    let seen = stage.seen().await;
    assert_eq!(seen[..2], ["2: FollowUp", "2: \"From nine to five.\" at 0"]);
    assert_eq!(seen.last().unwrap(), "2: done");
    let result = Stimulus::ToolResult {
        id,
        ok: true,
        result: "9 to 5".into(),
    };
    assert_eq!(stage.told(), [words("opening hours"), result]);
}

#[tokio::test(start_paused = true)]
async fn silence_is_told_and_not_answered() {
    let mut stage = stage(scribe(&[])).await;
    stage.command(EngineCommand::NoInput);
    assert_eq!(stage.seen().await, ["ready"]);
    assert_eq!(stage.told(), [Stimulus::NoInput]);
}

#[tokio::test(start_paused = true)]
async fn the_queue_of_answers_is_bounded() {
    let mut stage = stage(scribe(&[])).await;
    for _ in 0..40 {
        stage.command(EngineCommand::Dtmf {
            digit: Digit::new('0').unwrap(),
        });
    }
    for _ in 0..40 {
        stage.think(Thought::Done);
    }
    let done = stage
        .seen()
        .await
        .iter()
        .filter(|line| line.ends_with("done"))
        .count();
    assert_eq!((done, stage.told().len()), (16, 16));
}

#[tokio::test(start_paused = true)]
async fn what_is_for_nobody_else_is_told_before_a_word_of_the_answer_and_once() {
    let mut stage = stage(scribe(&["eleven"])).await;
    let digit = Digit::new('#').unwrap();
    stage.command(EngineCommand::Dtmf { digit });
    stage.clauses(&["Your number?"]);
    stage.think(Thought::Done);
    let seen = stage.seen().await;
    assert_eq!(seen[1..3], ["1: FollowUp", "sensitive true"], "{seen:?}");
    assert_eq!(
        seen.iter().filter(|line| line.starts_with("sensitive")).count(),
        1
    );
    stage.command(started(ONE));
    stage.hear(100);
    stage.command(respond(ONE));
    stage.think(Thought::Done);
    let seen = stage.seen().await;
    let at = |line: &str| seen.iter().position(|seen| seen == line);
    assert!(at("heard 1 \"eleven\"") < at("sensitive false"), "{seen:?}");
    assert!(at("sensitive false").is_some());
}
