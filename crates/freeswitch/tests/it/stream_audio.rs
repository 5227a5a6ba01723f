//! Audio that an audio module writes into files.

use audio::SampleRate;
use base64::Engine as _;
use freeswitch::{AudioFile, AudioId, FileRate, stream_audio};
use proptest::prelude::*;
use serde_json::{Value, json};

const ID: AudioId = AudioId {
    generation: 7,
    number: 3,
};

fn narrow() -> FileRate {
    FileRate::of(SampleRate::HZ_8000).unwrap()
}

proptest! {
    /// sptmru 5f179d6 ends FreeSWITCH over a message without a type of audio, or with audio that is no base64.
    #[test]
    fn every_message_is_whole(samples in prop::collection::vec(any::<i16>(), 0..4000), k in 1..=6u32, generation: u32, number: u32) {
        let rate = SampleRate::new(k * 8000).unwrap();
        let Some(rate) = FileRate::of(rate) else {
            prop_assert_eq!(k, 5, "no extension stands for 40 kHz alone");
            return Ok(());
        };
        let message: Value = serde_json::from_str(&stream_audio(rate, AudioId { generation, number }, &samples).unwrap()).unwrap();
        prop_assert_eq!(&message["type"], "streamAudio");
        let data = &message["data"];
        prop_assert_eq!(&data["audioDataType"], "raw");
        prop_assert_eq!(&data["sampleRate"], k * 8000);
        let bytes = base64::engine::general_purpose::STANDARD.decode(data["audioData"].as_str().unwrap()).unwrap();
        let back: Vec<i16> = bytes.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
        prop_assert_eq!(back, samples);
        prop_assert_eq!(&data["generation"], generation);
        prop_assert_eq!(&data["number"], number);
    }
}

#[test]
fn the_message_is_as_the_modules_read_it() {
    let wanted = r#"{"type":"streamAudio","data":{"audioDataType":"raw","sampleRate":8000,"audioData":"AQD//w==","generation":7,"number":3}}"#;
    assert_eq!(stream_audio(narrow(), ID, &[1, -1]).unwrap(), wanted);
}

#[test]
fn what_the_modules_tell_of_a_file_is_read_back() {
    // As captured of both builds, with ids of ours in the place of another.
    let body = json!({"audioDataType": "raw", "sampleRate": 8000, "generation": 7, "number": 3,
        "file": "/tmp/aaaaaaaa-bbbb-4ccc-8ddd-000000000010_1.tmp.r8"});
    let file = AudioFile::read(&body).unwrap();
    assert_eq!(file.id, ID);
    assert_eq!(
        file.file.to_string(),
        "/tmp/aaaaaaaa-bbbb-4ccc-8ddd-000000000010_1.tmp.r8"
    );
}

#[test]
fn audio_of_somebody_elses_is_left_alone() {
    let file = "/tmp/aaaaaaaa-bbbb-4ccc-8ddd-000000000010_0.tmp.r16";
    for body in [
        json!({"audioDataType": "raw", "sampleRate": 16000, "file": file}),
        json!({"generation": 7, "number": 3}),
        json!({"generation": "7", "number": 3, "file": file}),
        json!({"generation": -7, "number": 3, "file": file}),
        json!({"generation": 7, "number": 3, "file": "/tmp/a b\nc"}),
        json!({"generation": 7, "number": 3, "file": "tone_stream://%(1,1,1)"}),
        json!("no object"),
    ] {
        assert_eq!(AudioFile::read(&body), None, "{body}");
    }
}
