//! How a call ends.

use crate::fake::{assert_ms, call, converse, ms, say, tone};
use sim::{Act, Manners, Outcome, Step, What, When};

#[tokio::test(start_paused = true)]
async fn the_server_hangs_up() {
    let account = converse(call(vec![say(ms(300), When::AfterAssistant)]), async |server| {
        server.wait(ms(250)).await;
        server.text(r#"{"type":"hangup"}"#).await;
    })
    .await;
    assert_eq!(account.summary.outcome, Outcome::HungUp);
    assert_ms(&[account.summary.duration_ms], &[250.0]);
}

#[tokio::test(start_paused = true)]
async fn the_server_transfers() {
    let account = converse(call(vec![]), async |server| {
        server.text(r#"{"type":"transfer","destination":"2001"}"#).await;
    })
    .await;
    assert_eq!(account.summary.outcome, Outcome::Transferred("2001".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn the_server_closes() {
    let account = converse(call(vec![]), async |server| server.close().await).await;
    assert!(
        matches!(account.summary.outcome, Outcome::Closed(_)),
        "{:?}",
        account.summary.outcome
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_has_a_longest_time() {
    let mut short = call(vec![]);
    short.manners = Manners {
        longest: ms(1500),
        ..short.manners
    };
    let account = converse(short, async |server| server.audio(&tone(ms(9000))).await).await;
    assert_eq!(account.summary.outcome, Outcome::TimedOut);
    assert_ms(&[account.summary.duration_ms], &[1500.0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_unknown_or_malformed_does_not_end_a_call() {
    let account = converse(call(vec![]), async |server| {
        for text in [
            r#"{"type":"weather"}"#,
            "{",
            "null",
            r#"{"type":"transcript","role":"nobody"}"#,
        ] {
            server.text(text).await;
        }
        server.speak(ms(200)).await;
        server
            .text(r#"{"type":"transcript","role":"assistant","text":"Olá","final":true}"#)
            .await;
        server.mark("prompt-1").await;
    })
    .await;
    assert_eq!(account.summary.outcome, Outcome::Completed);
    assert_eq!(account.summary.transcript.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn keys_are_pressed_in_their_turn() {
    let script = vec![Step {
        when: When::AfterAssistant,
        act: Act::Press('1'),
    }];
    let mut pressed = Vec::new();
    let account = converse(call(script), async |server| {
        server.speak(ms(300)).await;
        server.mark("prompt-1").await;
        while server.texts.len() < 2 && server.frame().await.is_some() {}
        pressed.extend(server.texts.drain(..).map(|(_, text)| text));
        server.speak(ms(300)).await;
        server.mark("answer-1").await;
    })
    .await;
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&pressed[1]).unwrap(),
        serde_json::json!({"type":"dtmf","digit":"1"})
    );
    assert!(
        account
            .events
            .iter()
            .any(|event| matches!(event.what, What::Digit { digit: '1' }))
    );
    assert_eq!(account.summary.utterances, 2);
}
