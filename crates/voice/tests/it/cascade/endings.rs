//! Interruptions, failures, and the end of a session.

use super::stage::{ONE, TWO, interrupt, respond, say, scribe, stage, started, transcribe, words};
use call::{Digit, EngineCommand, FailureKind};
use std::sync::atomic::Ordering;
use voice::brain::{Stimulus, Thought};

#[tokio::test(start_paused = true)]
async fn nothing_of_an_interrupted_answer_is_reported_any_more() {
    let mut stage = stage(scribe(&["hello", "stop"])).await;
    stage.tongue.permits.forget_permits(1_000);
    stage.command(started(ONE));
    stage.hear(100);
    stage.command(respond(ONE));
    stage.clauses(&["a long story", "that goes on"]);
    stage.tongue.permits.add_permits(1);
    assert_eq!(stage.seen().await.last().unwrap(), "1: 120 ms");
    stage.command(interrupt(1, "a long"));
    stage.tongue.permits.add_permits(100);
    assert_eq!(stage.seen().await, [""; 0]);
    assert_eq!(
        stage.told(),
        [
            words("hello"),
            Stimulus::Interrupted {
                heard: "a long".into()
            }
        ]
    );
    assert_eq!(
        stage.tongue.stopped.load(Ordering::SeqCst),
        2,
        "the clause under way and the one ahead"
    );
    stage.command(started(TWO));
    stage.hear(100);
    stage.command(respond(TWO));
    stage.clauses(&["Yes."]);
    stage.think(Thought::Done);
    assert_eq!(stage.seen().await.last().unwrap(), "2: done");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_only_still_being_heard_can_be_interrupted() {
    let mut stage = stage(scribe(&[])).await;
    stage.command(say(1, "Good morning."));
    assert_eq!(stage.seen().await.last().unwrap(), "1: done");
    stage.command(interrupt(1, "Good"));
    stage.command(interrupt(2, "never begun"));
    assert_eq!(stage.seen().await, [""; 0]);
    let heard = Stimulus::Interrupted { heard: "Good".into() };
    assert_eq!(stage.told(), [Stimulus::Said("Good morning.".into()), heard]);
}

#[tokio::test(start_paused = true)]
async fn of_several_interrupted_answers_the_brain_is_told_of_its_latest() {
    let mut stage = stage(scribe(&["hello", " "])).await;
    stage.command(say(1, "Good morning."));
    assert_eq!(stage.seen().await.last().unwrap(), "1: done");
    stage.command(started(ONE));
    stage.hear(100);
    stage.command(respond(ONE));
    assert_eq!(stage.seen().await.last().unwrap(), "2: Turn(TurnId(1))");
    stage.told();
    stage.command(interrupt(1, "Good"));
    assert_eq!(
        stage.told(),
        [],
        "it would end the second answer, which nobody has interrupted"
    );
    stage.clauses(&["Hi."]);
    stage.think(Thought::Done);
    assert_eq!(stage.seen().await.last().unwrap(), "2: done");
    stage.command(started(TWO));
    stage.hear(100);
    stage.command(respond(TWO));
    assert_eq!(
        stage.seen().await.last().unwrap(),
        "3: done",
        "no words, no brain"
    );
    stage.command(interrupt(2, "H"));
    stage.command(interrupt(3, ""));
    assert_eq!(stage.told(), [Stimulus::Interrupted { heard: "H".into() }]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_the_last_thing_reported() {
    let mut stage = stage(scribe(&[])).await;
    stage.command(say(1, "bad"));
    stage.command(say(2, "good"));
    let seen = stage.seen().await;
    let last = "failed Transient: text to speech failed: as asked";
    assert_eq!(seen, ["ready", "1: Say(SayId(1))", "1: \"bad\" at 0", last]);
    stage.command(say(3, "more"));
    stage.hear(100);
    assert_eq!(stage.seen().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_brain_that_fails_ends_the_session_with_its_own_reason() {
    let mut stage = stage(scribe(&[])).await;
    stage.command(EngineCommand::Dtmf {
        digit: Digit::new('1').unwrap(),
    });
    stage.think(Thought::Failed {
        kind: FailureKind::Quota,
        message: "no credit left".into(),
    });
    assert_eq!(
        stage.seen().await,
        ["ready", "1: FollowUp", "failed Quota: no credit left"]
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_session_started_ends_with_it() {
    let mut stage = stage(scribe(&["hello", "never"])).await;
    stage.tongue.permits.forget_permits(1_000);
    stage.command(started(ONE));
    stage.hear(100);
    stage.command(respond(ONE));
    stage.clauses(&["one"]);
    stage.seen().await;
    stage.command(started(TWO));
    stage.hear(100);
    stage.command(transcribe(TWO));
    // The search begins, and is far from its end.
    tokio::task::yield_now().await;
    let (searches, clauses) = (stage.scribe.given_up.clone(), stage.tongue.stopped.clone());
    assert_eq!(
        (
            stage.transcriptions(),
            searches.load(Ordering::SeqCst),
            clauses.load(Ordering::SeqCst)
        ),
        (2, 0, 0)
    );
    drop(stage.session);
    tokio::task::yield_now().await;
    assert_eq!(
        (searches.load(Ordering::SeqCst), clauses.load(Ordering::SeqCst)),
        (1, 1)
    );
}
