//! From the end of the caller's speech to the first audible sample of the answer.

use crate::fake::{assert_ms, call, converse, ms, say};
use sim::{Module, Outcome, When};

#[tokio::test(start_paused = true)]
async fn an_answer_half_a_second_after_the_last_loud_frame_is_measured_as_that() {
    let account = converse(call(vec![say(ms(600), When::At(ms(200)))]), async |server| {
        server.hear_turn_and_wait(ms(500)).await;
        server.speak(ms(800)).await;
        server.mark("answer-1").await;
    })
    .await;
    assert_ms(&account.summary.response_ms, &[500.0]);
    assert_eq!(account.summary.outcome, Outcome::Completed);
    assert_eq!(account.summary.underruns, 0);
    // 200 + 100 until the tone, 600 of it, 500 + 800 for the answer, 2 s of quiet.
    assert_ms(&[account.summary.duration_ms], &[4200.0]);
}

#[tokio::test(start_paused = true)]
async fn larger_chunks_of_the_module_are_part_of_what_the_caller_waits() {
    let mut with_sptmru = call(vec![say(ms(600), When::At(ms(200)))]);
    with_sptmru.module = Module::Sptmru;
    let account = converse(with_sptmru, async |server| {
        server.hear_turn_and_wait(ms(500)).await;
        server.speak(ms(400)).await;
        server.mark("answer-1").await;
    })
    .await;
    // Speech ends at 900 ms, and the chunk of 40 ms in which it does at 920 ms.
    assert_ms(&account.summary.response_ms, &[520.0]);
}

#[tokio::test(start_paused = true)]
async fn leading_silence_of_an_answer_is_waited_for_too() {
    let account = converse(call(vec![say(ms(600), When::At(ms(200)))]), async |server| {
        server.hear_turn_and_wait(ms(300)).await;
        server.audio(&vec![0; 1600]).await;
        server.wait(ms(60)).await;
        server.speak(ms(400)).await;
        server.mark("answer-1").await;
    })
    .await;
    assert_ms(&account.summary.response_ms, &[400.0]);
}

#[tokio::test(start_paused = true)]
async fn the_caller_waits_for_greeting_and_answers_before_the_next_step() {
    let script = vec![
        say(ms(400), When::AfterAssistant),
        say(ms(400), When::AfterAssistant),
    ];
    let account = converse(call(script), async |server| {
        server.speak(ms(1000)).await;
        server.mark("prompt-1").await;
        for answer in 1..=2 {
            server.hear_turn_and_wait(ms(700)).await;
            server.speak(ms(600)).await;
            server.mark(&format!("answer-{answer}")).await;
        }
    })
    .await;
    assert_ms(&account.summary.response_ms, &[700.0, 700.0]);
    assert_eq!(account.summary.utterances, 3);
    assert_eq!(account.summary.barge_in_stop_ms, [0.0; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_left_after_the_callers_patience() {
    let account = converse(call(vec![say(ms(400), When::AfterAssistant)]), async |_| {}).await;
    assert_eq!(account.summary.utterances, 0);
    assert_eq!(account.summary.outcome, Outcome::Completed);
    // 4 s for a greeting, 100 + 400 to speak, 5 s for an answer.
    assert_ms(&[account.summary.duration_ms], &[9500.0]);
}
