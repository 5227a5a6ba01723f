//! Audio on its way through mod_audio_stream, which writes it into a file and tells where that is. Somebody else plays it
//! ([`Application::Playback`](crate::Application::Playback)).
//!
//! The message is `streamAudio` of `processMessage` in audio_streamer_glue.cpp (read in amigniter ec2a781 and sptmru 5f179d6). The module
//! tells it back as `mod_audio_stream::play`: the message's `data` without the audio, with `file`, so that ids of ours ride along.

use crate::FilePath;
use audio::SampleRate;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;

/// A rate at which both builds write raw audio. One at which they do not is the rate of no codec of FreeSWITCH's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileRate(SampleRate);

impl FileRate {
    /// None for a rate that the modules have no extension for (`.r8`, `.r16`, `.r24`, `.r32`, `.r48`).
    pub fn of(rate: SampleRate) -> Option<Self> {
        matches!(rate.hz(), 8000 | 16000 | 24000 | 32000 | 48000).then_some(Self(rate))
    }

    /// In Hz.
    pub fn rate(self) -> SampleRate {
        self.0
    }
}

/// Which audio a file holds: numbers of ours that come back with its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AudioId {
    /// Between one break of the playing and the next.
    pub generation: u32,
    /// Rising within a generation.
    pub number: u32,
}

#[derive(Serialize)]
struct Message<'a> {
    r#type: &'static str,
    data: Data<'a>,
}

/// sptmru 5f179d6 takes FreeSWITCH with it where `audioDataType` is missing or `audioData` is no base64, so neither can be left to
/// whoever calls.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    audio_data_type: &'static str,
    sample_rate: u32,
    audio_data: &'a str,
    #[serde(flatten)]
    id: AudioId,
}

/// The text frame that has the module write these samples into a file.
///
/// # Errors
///
/// None that can happen: serde's, for texts and numbers.
pub fn stream_audio(rate: FileRate, id: AudioId, samples: &[i16]) -> serde_json::Result<String> {
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    serde_json::to_string(&Message {
        r#type: "streamAudio",
        data: Data {
            audio_data_type: "raw",
            sample_rate: rate.0.hz(),
            audio_data: &STANDARD.encode(bytes),
            id,
        },
    })
}

/// A file that the module wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioFile {
    /// What it holds.
    pub id: AudioId,
    /// Where it is, on FreeSWITCH's machine. The module removes it when the stream is stopped or the call hung up.
    pub file: FilePath,
}

impl AudioFile {
    /// Reads the body of `mod_audio_stream::play`. None where the audio is not ours, or the path could not be played.
    pub fn read(body: &Value) -> Option<Self> {
        #[derive(Deserialize)]
        struct Body {
            file: PathBuf,
            #[serde(flatten)]
            id: AudioId,
        }
        let Body { file, id } = Body::deserialize(body).ok()?;
        let file = FilePath::parse(&file).ok()?;
        Some(Self { id, file })
    }
}
