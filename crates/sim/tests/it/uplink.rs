//! What the server gets, as the two builds of the audio module send it (sizes and rates measured on FreeSWITCH 1.10.12).

use crate::fake::{RATE, call, converse, ms, tone};
use audio::SampleRate;
use sim::{Account, Line, Metadata, Mix, Module, Uplink};
use std::time::Duration;

/// Bytes of each message that comes within a second.
fn second_of(module: Module, mix: Mix, leg: SampleRate) -> Vec<(usize, usize)> {
    let mut uplink = Uplink::new(module, mix, leg, SampleRate::HZ_8000);
    let block = vec![1000; leg.samples_in(ms(10)) as usize];
    let mut bytes = Vec::new();
    let mut messages = Vec::new();
    for tick in 1..=100 {
        uplink.push(&block, &block);
        while uplink.next_message(&mut bytes) {
            messages.push((tick * 10, bytes.len()));
        }
    }
    messages
}

fn size(messages: &[(usize, usize)]) -> usize {
    assert!(
        messages.iter().all(|message| message.1 == messages[0].1),
        "{messages:?}"
    );
    messages[0].1
}

#[test]
fn sizes_are_those_of_the_real_modules() {
    let narrow = SampleRate::HZ_8000;
    for (module, mix, leg, expected) in [
        (Module::Amigniter, Mix::Mono, narrow, 320),
        (Module::Amigniter, Mix::Mixed, RATE, 640),
        (Module::Amigniter, Mix::Stereo, narrow, 640),
        (Module::Amigniter, Mix::Stereo, RATE, 1280),
        (Module::Sptmru, Mix::Mono, narrow, 640),
        (Module::Sptmru, Mix::Mixed, RATE, 1280),
        (Module::Sptmru, Mix::Stereo, narrow, 1280),
        (Module::Sptmru, Mix::Stereo, RATE, 2560),
    ] {
        assert_eq!(
            size(&second_of(module, mix, leg)),
            expected,
            "{module} {mix} {leg}"
        );
    }
}

#[test]
fn sptmru_sends_the_channels_own_samples_under_the_name_of_another_rate() {
    let messages = second_of(Module::Sptmru, Mix::Mono, RATE);
    let bytes: usize = messages.iter().map(|message| message.1).sum();
    // 8,000 samples a second and no more, in chunks of 80 ms of which the last is not full yet.
    assert_eq!((bytes, messages.len()), (12 * 1280, 12));
    assert_eq!(
        second_of(Module::Amigniter, Mix::Mono, RATE)
            .iter()
            .map(|message| message.1)
            .sum::<usize>(),
        32_000
    );
}

#[test]
fn amigniters_second_chunk_comes_with_the_third() {
    let times: Vec<usize> = second_of(Module::Amigniter, Mix::Mono, RATE)
        .iter()
        .map(|message| message.0)
        .collect();
    assert_eq!(&times[..5], &[20, 60, 60, 80, 100]);
    let punctual: Vec<usize> = second_of(Module::Plain, Mix::Mono, RATE)
        .iter()
        .map(|message| message.0)
        .collect();
    assert_eq!(&punctual[..4], &[20, 40, 60, 80]);
}

async fn first_frames(mut call: sim::Call, mix: Mix, line: Line) -> (Vec<Vec<i16>>, Account) {
    call.mix = mix;
    call.line = line;
    let mut frames = Vec::new();
    let account = converse(call, async |server| {
        server.audio(&tone(ms(400))).await;
        while frames.len() < 10 {
            frames.push(server.frame().await.unwrap());
        }
        server.mark("prompt-1").await;
    })
    .await;
    (frames, account)
}

#[tokio::test(start_paused = true)]
async fn stereo_carries_what_is_played_on_the_right() {
    let (frames, _) = first_frames(call(vec![]), Mix::Stereo, Line::Pcm).await;
    assert!(frames[5].iter().step_by(2).all(|left| *left == 0));
    assert!(
        frames[5]
            .iter()
            .skip(1)
            .step_by(2)
            .all(|right| right.abs() == 6000)
    );
}

#[tokio::test(start_paused = true)]
async fn mixed_carries_what_is_played_with_the_caller() {
    let (mixed, _) = first_frames(call(vec![]), Mix::Mixed, Line::Pcm).await;
    assert!(mixed[5].iter().all(|sample| sample.abs() == 6000));
    let (mono, _) = first_frames(call(vec![]), Mix::Mono, Line::Pcm).await;
    assert!(mono[5].iter().all(|sample| *sample == 0));
}

#[tokio::test(start_paused = true)]
async fn a_g711_line_colours_both_directions() {
    let (frames, account) = first_frames(call(vec![]), Mix::Mono, Line::Alaw).await;
    assert!(frames[5].iter().all(|sample| *sample == 8), "A-law has no zero");
    assert_eq!(account.caller.len(), account.heard.len());
    let middle = &account.heard[tone(ms(100)).len()..tone(ms(300)).len()];
    assert!(
        middle.iter().any(|sample| sample.abs() > 4000),
        "the tone is still heard"
    );
    assert!(
        middle.iter().any(|sample| sample.abs() != 6000),
        "and no longer as it was sent"
    );
}

#[tokio::test(start_paused = true)]
async fn the_metadata_comes_first_and_names_only_what_is_known() {
    let mut with_metadata = call(vec![]);
    with_metadata.metadata = Some(Metadata {
        leg: Some("raw".to_owned()),
        rate: Some(16000),
        ..Metadata::default()
    });
    let mut first = Vec::new();
    converse(with_metadata, async |server| {
        server.frame().await.unwrap();
        first.extend(server.texts.drain(..));
        server.speak(Duration::from_millis(100)).await;
        server.mark("prompt-1").await;
    })
    .await;
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&first[0].1).unwrap(),
        serde_json::json!({"leg":"raw","rate":16000})
    );
}
