//! The limits of a call, and what is kept of it.

use crate::fold::suggestion;
use crate::keys::{Keys, Placed, Reading};
use crate::{Limits, Phrases, Privacy, Recording};

pub(super) fn limits(keys: &mut Keys<'_>, reading: &mut Reading<'_>) -> Limits {
    let mut limits = Limits::default();
    let Some(mut keys_of) = keys.table("limits", reading) else {
        return limits;
    };
    for (key, limit, never_zero) in [
        ("min_speech_ms", &mut limits.min_speech_ms, false),
        ("turn_silence_ms", &mut limits.turn_silence_ms, false),
        ("silence_ms", &mut limits.silence_ms, false),
        ("total_ms", &mut limits.total_ms, false),
        ("answer_ms", &mut limits.answer_ms, true),
        ("waiting_ms", &mut limits.waiting_ms, false),
        ("tool_ms", &mut limits.tool_ms, true),
    ] {
        let Some(Placed { value, line }) = keys_of.number(key, reading) else {
            continue;
        };
        if never_zero && value == 0 {
            reading.fault(
                line,
                format!("{key} is 0, which leaves no time at all"),
                format!("give milliseconds ({limit} is usual), or leave it out"),
            );
        }
        *limit = value;
    }
    keys_of.close(&[], reading);
    limits
}

const RECORDING: [(&str, Recording); 3] = [
    ("off", Recording::Off),
    ("on", Recording::On),
    ("announce", Recording::Announce),
];

pub(super) fn privacy(keys: &mut Keys<'_>, phrases: &Phrases, reading: &mut Reading<'_>) -> Privacy {
    let mut privacy = Privacy::default();
    let Some(mut keys_of) = keys.table("privacy", reading) else {
        return privacy;
    };
    if let Some(Placed { value, line }) = keys_of.text("recording", reading) {
        match RECORDING.iter().find(|(name, _)| *name == value) {
            Some((_, recording)) => privacy.recording = *recording,
            None => {
                let known = RECORDING.map(|(name, _)| name);
                reading.fault(
                    line,
                    format!("recording is {value:?}"),
                    suggestion(&value, &known),
                );
            }
        }
        // What is to be announced needs words.
        if privacy.recording == Recording::Announce && phrases.recording_notice.trim().is_empty() {
            let problem = "recording is to be announced, and phrases.recording_notice is empty";
            reading.fault(
                line,
                problem,
                "leave phrases.recording_notice out for the usual words",
            );
        }
    }
    privacy.transcript = keys_of.switch("transcript", reading).unwrap_or_default();
    for Placed { value, line } in keys_of.texts("sensitive", reading).unwrap_or_default() {
        if value.trim().is_empty() {
            let remedy = "name a slot of the script or an argument of a tool, such as \"cpf\"";
            reading.fault(line, "privacy.sensitive has an empty name", remedy);
        }
        privacy.sensitive.push(value);
    }
    keys_of.close(&[], reading);
    privacy
}
