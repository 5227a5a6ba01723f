//! What the pool and a worker say to each other, over the worker's standard input and output.
//!
//! A frame is its payload's length in bytes (`u32`), then the payload: one byte that names the kind, then the fields.
//! Every integer is little-endian.
//!
//! | to the worker | kind | fields |
//! |---|---|---|
//! | [`Request::Transcribe`] | 1 | `u64` id, two ASCII letters (ISO 639-1), `u32` audio context, `u16` length of the hint, the hint in UTF-8, then `i16` samples, mono 16 kHz |
//! | [`Request::Cancel`] | 2 | `u64` id |
//!
//! | from the worker | kind | fields |
//! |---|---|---|
//! | [`Reply::Ready`] | 1 | `u16` protocol version, `u32` milliseconds that loading took; first and once |
//! | [`Reply::Text`] | 2 | `u64` id, `u32` milliseconds, UTF-8 |
//! | [`Reply::Failed`] | 3 | `u64` id, `u32` milliseconds, UTF-8 reason |
//!
//! Each [`Request::Transcribe`] is answered once, in order, a cancelled one too. The end of standard input ends the worker.

use secretary::Language;
use std::sync::Arc;

/// Changed with every change of the frames.
pub const VERSION: u16 = 1;

/// The largest payload, in bytes: two minutes of audio and some room.
pub const MAX_PAYLOAD: usize = 4 << 20;

/// Samples of Whisper's audio per second.
pub const RATE: usize = 16_000;

/// The encoder's positions in Whisper's full context of 30 s.
pub const FULL_CONTEXT: u32 = 1500;

/// The most audio of one utterance, in samples: a minute.
pub const MAX_SAMPLES: usize = 60 * RATE;

/// The longest hint, in bytes: some 200 of the 223 tokens that Whisper takes. Each token of it costs time, and of a longer one
/// Whisper forgets the beginning.
pub const MAX_HINT: usize = 600;

/// A piece of speech to be recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utterance {
    /// Its language.
    pub language: Language,
    /// How many of the encoder's positions (50 a second, less than [`FULL_CONTEXT`]) are computed; 0 for all.
    pub audio_ctx: u32,
    /// A sentence in that language that tells what the call is about; empty for none. At most [`MAX_HINT`] bytes.
    pub hint: Arc<str>,
    /// Mono 16 kHz.
    pub samples: Arc<[i16]>,
}

impl Utterance {
    /// An utterance with the context that fits it: 50 positions a second, and 128 more because Whisper loses last words
    /// when the context ends with the speech. Of more than [`MAX_SAMPLES`] the last are kept.
    pub fn new(samples: Arc<[i16]>, language: Language) -> Self {
        let samples = match samples.len().checked_sub(MAX_SAMPLES) {
            None | Some(0) => samples,
            Some(surplus) => samples[surplus..].into(),
        };
        let positions = samples.len().div_ceil(RATE / 50) + 128;
        // Above 30 s Whisper works in windows of its full context.
        let audio_ctx = if positions >= FULL_CONTEXT as usize {
            0
        } else {
            positions as u32
        };
        Self {
            language,
            audio_ctx,
            hint: Arc::from(""),
            samples,
        }
    }

    /// The same with a hint, cut at [`MAX_HINT`].
    #[must_use]
    pub fn about(mut self, hint: &Arc<str>) -> Self {
        let cut = hint.floor_char_boundary(MAX_HINT);
        self.hint = if cut == hint.len() {
            hint.clone()
        } else {
            Arc::from(&hint[..cut])
        };
        self
    }
}

/// What a worker is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Recognise this.
    Transcribe {
        /// Rises with each.
        id: u64,
        /// The speech.
        utterance: Utterance,
    },
    /// Nobody waits for this any more; answer as soon as can be, with anything.
    Cancel {
        /// The request's id.
        id: u64,
    },
}

/// What a worker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The model is loaded.
    Ready {
        /// [`VERSION`] of the worker.
        version: u16,
        /// How long it took.
        millis: u32,
    },
    /// The words.
    Text {
        /// The request's id.
        id: u64,
        /// How long it took.
        millis: u32,
        /// The words; empty if there are none.
        text: String,
    },
    /// It could not be done, and trying again would not help.
    Failed {
        /// The request's id.
        id: u64,
        /// How long it took.
        millis: u32,
        /// Why.
        reason: String,
    },
}

/// Bytes that are no frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a frame of the speech-to-text worker: {0}")]
pub struct FrameError(pub String);

/// Takes a length prefix: the payload's size, if it is believable.
pub fn payload_len(prefix: [u8; 4]) -> Result<usize, FrameError> {
    let len = u32::from_le_bytes(prefix) as usize;
    if len == 0 || len > MAX_PAYLOAD {
        return Err(FrameError(format!(
            "{len} bytes; 1 to {MAX_PAYLOAD} are expected"
        )));
    }
    Ok(len)
}

fn framed(kind: u8, capacity: usize, fill: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut frame = Vec::with_capacity(5 + capacity);
    frame.extend([0, 0, 0, 0, kind]);
    fill(&mut frame);
    let len = (frame.len() - 4) as u32;
    frame[..4].copy_from_slice(&len.to_le_bytes());
    frame
}

impl Request {
    /// The whole frame, its prefix included.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Transcribe { id, utterance } => framed(
                1,
                16 + utterance.hint.len() + 2 * utterance.samples.len(),
                |frame| {
                    frame.extend(id.to_le_bytes());
                    frame.extend(utterance.language.code().as_bytes());
                    frame.extend(utterance.audio_ctx.to_le_bytes());
                    frame.extend((utterance.hint.len() as u16).to_le_bytes());
                    frame.extend(utterance.hint.as_bytes());
                    frame.extend(utterance.samples.iter().flat_map(|sample| sample.to_le_bytes()));
                },
            ),
            Self::Cancel { id } => framed(2, 8, |frame| frame.extend(id.to_le_bytes())),
        }
    }

    /// Reads a payload.
    pub fn decode(payload: &[u8]) -> Result<Self, FrameError> {
        let mut fields = Fields(payload);
        match fields.byte()? {
            1 => {
                let id = fields.u64()?;
                let code = fields.array::<2>()?;
                let language = std::str::from_utf8(&code)
                    .ok()
                    .and_then(|code| code.parse().ok())
                    .ok_or_else(|| FrameError(format!("language {code:?}")))?;
                let audio_ctx = fields.u32()?;
                let hint = usize::from(u16::from_le_bytes(fields.array()?));
                let hint = fields.text(hint)?.into();
                if !fields.0.len().is_multiple_of(2) {
                    return Err(FrameError(format!("{} bytes of 16-bit samples", fields.0.len())));
                }
                let samples = fields
                    .0
                    .chunks_exact(2)
                    .map(|b| i16::from_le_bytes([b[0], b[1]]))
                    .collect();
                Ok(Self::Transcribe {
                    id,
                    utterance: Utterance {
                        language,
                        audio_ctx,
                        hint,
                        samples,
                    },
                })
            }
            2 => Ok(Self::Cancel { id: fields.u64()? }),
            kind => Err(FrameError(format!("a request of kind {kind}"))),
        }
    }
}

impl Reply {
    /// The whole frame, its prefix included.
    pub fn encode(&self) -> Vec<u8> {
        let numbered = |kind, id: u64, millis: u32, text: &str| {
            framed(kind, 12 + text.len(), |frame| {
                frame.extend(id.to_le_bytes());
                frame.extend(millis.to_le_bytes());
                frame.extend(text.as_bytes());
            })
        };
        match self {
            Self::Ready { version, millis } => framed(1, 6, |frame| {
                frame.extend(version.to_le_bytes());
                frame.extend(millis.to_le_bytes());
            }),
            Self::Text { id, millis, text } => numbered(2, *id, *millis, text),
            Self::Failed { id, millis, reason } => numbered(3, *id, *millis, reason),
        }
    }

    /// Reads a payload.
    pub fn decode(payload: &[u8]) -> Result<Self, FrameError> {
        let mut fields = Fields(payload);
        match fields.byte()? {
            1 => Ok(Self::Ready {
                version: u16::from_le_bytes(fields.array()?),
                millis: fields.u32()?,
            }),
            2 => Ok(Self::Text {
                id: fields.u64()?,
                millis: fields.u32()?,
                text: fields.text(fields.0.len())?,
            }),
            3 => Ok(Self::Failed {
                id: fields.u64()?,
                millis: fields.u32()?,
                reason: fields.text(fields.0.len())?,
            }),
            kind => Err(FrameError(format!("a reply of kind {kind}"))),
        }
    }
}

/// What is left of a payload.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (head, rest) = self
            .0
            .split_first_chunk()
            .ok_or_else(|| FrameError("it ends in the middle of a field".into()))?;
        self.0 = rest;
        Ok(*head)
    }

    fn byte(&mut self) -> Result<u8, FrameError> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Result<u32, FrameError> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, FrameError> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self, len: usize) -> Result<String, FrameError> {
        let (text, rest) = self
            .0
            .split_at_checked(len)
            .ok_or_else(|| FrameError("it ends in the middle of a text".into()))?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).map_err(|_| FrameError("a text that is not UTF-8".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_as_they_went() {
        let utterance =
            Utterance::new([1, -2, i16::MIN].as_slice().into(), Language::PtBr).about(&"ligação".into());
        for request in [
            Request::Transcribe { id: 7, utterance },
            Request::Cancel { id: u64::MAX },
        ] {
            let frame = request.encode();
            let len = payload_len(frame[..4].try_into().unwrap()).unwrap();
            assert_eq!(len, frame.len() - 4);
            assert_eq!(Request::decode(&frame[4..]).unwrap(), request);
        }
        let replies = [
            Reply::Ready {
                version: 1,
                millis: 90,
            },
            Reply::Text {
                id: 7,
                millis: 500,
                text: "não".into(),
            },
            Reply::Failed {
                id: 8,
                millis: 1,
                reason: "because".into(),
            },
        ];
        for reply in replies {
            assert_eq!(Reply::decode(&reply.encode()[4..]).unwrap(), reply);
        }
    }

    #[test]
    fn broken_frames_are_named() {
        assert!(payload_len([0; 4]).is_err());
        assert!(payload_len([0xff; 4]).is_err());
        for payload in [&[9][..], &[1, 2, 3], &[], &[2, 0]] {
            assert!(Request::decode(payload).is_err(), "{payload:?}");
            assert!(Reply::decode(payload).is_err(), "{payload:?}");
        }
        let frame = Request::Transcribe {
            id: 1,
            utterance: Utterance::new([1].as_slice().into(), Language::En),
        };
        let frame = frame.encode();
        assert!(
            Request::decode(&frame[4..frame.len() - 1]).is_err(),
            "half a sample"
        );
        assert!(Request::decode(&frame[4..20]).is_err(), "half a field");
    }

    #[test]
    fn a_long_hint_is_cut_between_letters() {
        let utterance =
            Utterance::new([1].as_slice().into(), Language::PtBr).about(&"ã".repeat(MAX_HINT).into());
        assert_eq!(utterance.hint.len(), MAX_HINT);
    }

    #[test]
    fn the_context_fits_the_utterance() {
        let of = |seconds: usize| Utterance::new(vec![0; seconds * RATE].into(), Language::En);
        assert_eq!(of(3).audio_ctx, 278);
        assert_eq!(of(29).audio_ctx, 0, "nearly the whole window");
        let long = of(70);
        assert_eq!((long.samples.len(), long.audio_ctx), (MAX_SAMPLES, 0));
        assert!(
            Request::Transcribe {
                id: 1,
                utterance: long
            }
            .encode()
            .len()
                < MAX_PAYLOAD
        );
    }
}
