//! The playing of what comes: holes, marks, clears.

use crate::fake::{assert_ms, call, converse, ms, tone};
use sim::What;

#[tokio::test(start_paused = true)]
async fn a_hole_inside_an_utterance_is_an_underrun() {
    let account = converse(call(vec![]), async |server| {
        server.audio(&tone(ms(200))).await;
        server.mark("none").await;
        server.audio(&tone(ms(200))).await;
        server.wait(ms(550)).await;
        server.audio(&tone(ms(200))).await;
        server.mark("prompt-1").await;
    })
    .await;
    let gaps: Vec<f64> = account
        .events
        .iter()
        .filter_map(|event| {
            if let What::Underrun { gap_ms } = event.what {
                Some(gap_ms)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(account.summary.underruns, 1);
    assert_ms(&gaps, &[150.0]);
}

#[tokio::test(start_paused = true)]
async fn silence_between_utterances_and_a_late_mark_are_no_underruns() {
    let account = converse(call(vec![]), async |server| {
        server.audio(&tone(ms(200))).await;
        server.wait(ms(300)).await;
        server.mark("prompt-1").await;
        server.wait(ms(100)).await;
        server.speak(ms(300)).await;
        server.mark("prompt-2").await;
    })
    .await;
    assert_eq!(account.summary.underruns, 0);
    assert_eq!(account.summary.utterances, 2);
}

#[tokio::test(start_paused = true)]
async fn a_mark_is_echoed_when_the_audio_before_it_has_been_played() {
    let mut echoes = Vec::new();
    converse(call(vec![]), async |server| {
        server.audio(&tone(ms(500))).await;
        server.mark("prompt-1").await;
        while server.texts.is_empty() && server.frame().await.is_some() {}
        echoes.extend(server.texts.drain(..));
    })
    .await;
    let (at, text) = &echoes[0];
    assert_ms(&[at.as_secs_f64() * 1000.0], &[500.0]);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(text).unwrap(),
        serde_json::json!({"type":"mark","name":"prompt-1"})
    );
}

#[tokio::test(start_paused = true)]
async fn a_clear_drops_what_was_not_heard_yet_and_its_mark() {
    let account = converse(call(vec![]), async |server| {
        server.audio(&tone(ms(1000))).await;
        server.mark("answer-1").await;
        server.wait(ms(200)).await;
        server.text(r#"{"type":"clear"}"#).await;
        server.wait(ms(500)).await;
        server.audio(&tone(ms(100))).await;
        server.mark("answer-2").await;
    })
    .await;
    let heard = account.heard.iter().filter(|sample| **sample != 0).count();
    assert_eq!(heard, tone(ms(300)).len());
    let marks: Vec<_> = account
        .events
        .iter()
        .filter(|event| matches!(event.what, What::Mark { .. }))
        .collect();
    assert_eq!(marks.len(), 1, "{marks:?}");
    let dropped: Vec<f64> = account
        .events
        .iter()
        .filter_map(|event| {
            if let What::Cleared { dropped_ms } = event.what {
                Some(dropped_ms)
            } else {
                None
            }
        })
        .collect();
    assert_ms(&dropped, &[800.0]);
}

#[tokio::test(start_paused = true)]
async fn both_tracks_are_equally_long_and_aligned() {
    let account = converse(call(vec![]), async |server| {
        server.wait(ms(300)).await;
        server.speak(ms(200)).await;
        server.mark("prompt-1").await;
    })
    .await;
    assert_eq!(account.caller.len(), account.heard.len());
    assert_eq!(
        account.heard.iter().position(|sample| *sample != 0),
        Some(tone(ms(300)).len())
    );
}
