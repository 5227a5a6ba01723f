//! Speaking into the assistant's utterance: what stops, when, and what goes on.

use crate::fake::{assert_ms, call, converse, ms, say};
use sim::{What, When};

const PAUSE: &str = r#"{"type":"pause"}"#;
const RESUME: &str = r#"{"type":"resume"}"#;
const CLEAR: &str = r#"{"type":"clear"}"#;

#[tokio::test(start_paused = true)]
async fn a_pause_and_a_clear_are_timed_from_the_onset_of_speech() {
    let script = vec![say(ms(600), When::IntoUtterance(1, ms(700)))];
    let account = converse(call(script), async |server| {
        server.speak(ms(600)).await;
        server.audio(&crate::fake::tone(ms(3000))).await;
        server.hear_onset().await;
        server.wait(ms(40)).await;
        server.text(PAUSE).await;
        server.wait(ms(200)).await;
        server.text(CLEAR).await;
        server.hear_turn_and_wait(ms(500)).await;
        server.speak(ms(400)).await;
        server.mark("answer-2").await;
    })
    .await;
    // The first loud frame is complete 20 ms after the onset, the pause comes 40 ms later, and is final.
    assert_ms(&account.summary.duck_ms, &[60.0]);
    assert_ms(&account.summary.barge_in_stop_ms, &[60.0]);
    assert_ms(&account.summary.response_ms, &[500.0]);
    assert_eq!(account.summary.false_barge_ins, 0);
    assert_eq!(account.summary.underruns, 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_pause_the_clear_is_both() {
    let script = vec![say(ms(300), When::IntoNextUtterance(ms(500)))];
    let account = converse(call(script), async |server| {
        server.audio(&crate::fake::tone(ms(3000))).await;
        server.hear_onset().await;
        server.wait(ms(230)).await;
        server.text(CLEAR).await;
        server.hear_turn_and_wait(ms(400)).await;
        server.speak(ms(200)).await;
        server.mark("answer-2").await;
    })
    .await;
    assert_ms(&account.summary.duck_ms, &[250.0]);
    assert_ms(&account.summary.barge_in_stop_ms, &[250.0]);
}

#[tokio::test(start_paused = true)]
async fn a_cough_holds_the_assistant_and_every_sample_is_heard_all_the_same() {
    let script = vec![say(ms(200), When::IntoUtterance(1, ms(500)))];
    let spoken = crate::fake::tone(ms(2000));
    let account = converse(call(script), async |server| {
        server.audio(&spoken).await;
        server.mark("answer-1").await;
        server.hear_onset().await;
        server.text(PAUSE).await;
        server.wait(ms(350)).await;
        server.text(RESUME).await;
    })
    .await;
    assert_eq!(account.summary.false_barge_ins, 1);
    assert_ms(&account.summary.duck_ms, &[20.0]);
    assert_eq!(account.summary.barge_in_stop_ms, [0.0; 0]);
    assert_eq!(account.summary.response_ms, [0.0; 0], "going on is no answer");
    assert_eq!(account.summary.underruns, 0);
    let heard: Vec<i16> = account
        .heard
        .iter()
        .copied()
        .filter(|sample| *sample != 0)
        .collect();
    assert_eq!(heard, spoken, "held and gone on at the same sample");
}

#[tokio::test(start_paused = true)]
async fn an_utterance_that_nobody_stops_has_no_stop_time() {
    let script = vec![say(ms(300), When::IntoUtterance(1, ms(300)))];
    let account = converse(call(script), async |server| {
        server.audio(&crate::fake::tone(ms(1500))).await;
        server.mark("prompt-1").await;
    })
    .await;
    let barge_ins: Vec<_> = account
        .events
        .iter()
        .filter_map(|event| {
            if let What::BargeIn(it) = &event.what {
                Some(*it)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(barge_ins.len(), 1);
    assert_eq!((barge_ins[0].duck_ms, barge_ins[0].stop_ms), (None, None));
}
