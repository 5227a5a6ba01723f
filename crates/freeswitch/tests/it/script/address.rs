//! What must not be lost stands in the stream's address, where no module can lose it.

use super::stage::{CALL, DOMAIN, SECRETARY, Stage};
use serde_json::Value;

/// What the address says that the metadata says too.
fn agreed(stage: &Stage) -> Option<Vec<String>> {
    let play = stage.play()?;
    let (address, told) = play.address();
    assert_eq!(address, format!("ws://127.0.0.1:8085/stream/{DOMAIN}/{CALL}"));
    let metadata = play.metadata();
    for (key, value) in &told {
        let same = match &metadata[key] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        assert_eq!(*value, same, "{key}");
    }
    Some(told.into_keys().collect())
}

#[test]
fn the_published_dialplan_asks_with_rate_mix_and_secretary() {
    let Some(play) = Stage::published().play() else {
        return;
    };
    let (_, told) = play.address();
    let told: Vec<_> = told
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        told,
        [("mix", "mono"), ("rate", "8000"), ("secretary", SECRETARY)]
    );
}

#[test]
fn it_says_what_the_metadata_says_but_for_who_calls() {
    let full = Stage::published()
        .variable("voice_ai_secretary", "isp")
        .variable("voice_ai_language", "pt-BR")
        .variable("voice_ai_leg", "raw")
        .variable("voice_ai_mix", "stereo")
        .variable("voice_ai_rate", "16000");
    let Some(keys) = agreed(&full) else {
        return;
    };
    assert_eq!(keys, ["language", "leg", "mix", "rate", "secretary"]);
    let least = Stage::published().without("secretary_uuid");
    assert_eq!(agreed(&least).unwrap(), ["mix", "rate"]);
}

#[test]
fn a_secretarys_name_arrives_whatever_is_in_it() {
    for name in [
        &b"Ana & Rui"[..],
        b"100% = all?",
        b"&token=x&rate=16000",
        b"?#/\\ '\" ${uuid} `id` +",
        b"two\nlines\r\n",
        b"%00%zz%",
        "José 😀 日本".as_bytes(),
        b"Jos\xe9",
        b"ok \xf0\x9f\x98",
        b"\x01\x7f",
    ] {
        let stage = Stage::published().variable("voice_ai_secretary", name);
        let Some(keys) = agreed(&stage) else {
            return;
        };
        assert_eq!(keys, ["mix", "rate", "secretary"], "{name:?}");
    }
}

#[test]
fn every_byte_can_stand_in_a_secretarys_name() {
    for byte in 1..=255_u8 {
        let stage = Stage::published().variable("voice_ai_secretary", [b'<', byte, b'>']);
        if agreed(&stage).is_none() {
            return;
        }
    }
}

/// Half a name is somebody else's.
#[test]
fn a_name_that_is_too_long_is_left_to_the_metadata() {
    for (name, told) in [
        ("a".repeat(96), true),
        ("a".repeat(97), false),
        ("é".repeat(17), false),
    ] {
        let Some(play) = Stage::published().variable("voice_ai_secretary", &name).play() else {
            return;
        };
        assert_eq!(play.address().1.contains_key("secretary"), told, "{name}");
        assert_eq!(play.metadata()["secretary"], name);
    }
}
