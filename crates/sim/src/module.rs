//! The FreeSWITCH audio module between the line and the server: how each build cuts, times and names its audio.
//!
//! Measured on FreeSWITCH 1.10.12 with an 8 kHz call: `amigniter` (main ec2a781) sends a chunk each 20 ms and
//! resamples to the rate asked for; `sptmru` (main 5f179d6) fills a chunk of 40 ms at the rate asked for with the
//! channel's own samples, so that 16 kHz asked on an 8 kHz channel gives 8 kHz samples in chunks of 80 ms.

use audio::{Resampler, SampleRate};
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// Which build the caller's FreeSWITCH runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Module {
    /// Headers without a space after the colon; 20 ms chunks of which some come in pairs.
    Amigniter,
    /// ixwebsocket's headers; 40 ms chunks of unresampled audio.
    Sptmru,
    /// An ordinary WebSocket client with punctual 20 ms chunks.
    Plain,
}

/// Which channels the module sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mix {
    /// The caller.
    Mono,
    /// The caller and what is played to the caller, added.
    Mixed,
    /// Interleaved: left the caller, right what is played.
    Stereo,
}

/// A word that names none of the choices.
#[derive(Debug, thiserror::Error)]
#[error("{found:?} is not a {what}: use {choices}")]
pub struct UnknownName {
    found: String,
    what: &'static str,
    choices: &'static str,
}

impl Module {
    /// The upgrade request, byte for byte as the build writes it (but for the key and the address).
    pub(crate) fn upgrade_request(self, host: &str, path: &str, key: &str) -> String {
        match self {
            Self::Amigniter => format!(
                "GET {path} HTTP/1.1\r\nHost:{host}\r\nUpgrade:websocket\r\nConnection:upgrade\r\n\
                 Sec-WebSocket-Key:{key}\r\nSec-WebSocket-Version:13\r\nOrigin:http://{host}\r\n\r\n"
            ),
            Self::Sptmru => format!(
                "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nUser-Agent: {IXWEBSOCKET}\r\n\
                 Origin: ws://{host}\r\n\r\n"
            ),
            Self::Plain => format!(
                "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nUser-Agent: voice-ai-call/{VERSION}\r\n\r\n"
            ),
        }
    }

    fn resamples(self) -> bool {
        self != Self::Sptmru
    }

    /// Samples of one channel in a chunk.
    fn chunk(self, leg: SampleRate) -> usize {
        match self {
            Self::Amigniter | Self::Plain => leg.frame_samples(),
            Self::Sptmru => leg.frame_samples() * 2,
        }
    }

    /// Whether this chunk is held back until the next one (Nagle's algorithm): in every capture of amigniter the
    /// second chunk waits for the third, and later about one in fifty does.
    fn waits_for_next(self, chunk: u64) -> bool {
        self == Self::Amigniter && chunk % 50 == 1
    }
}

const IXWEBSOCKET: &str = "ixwebsocket/11.4.3 linux ssl/OpenSSL OpenSSL 3.0.22 25 Aug 2026 zlib 1.2.13";
const VERSION: &str = env!("CARGO_PKG_VERSION");

impl FromStr for Module {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text {
            "amigniter" => Ok(Self::Amigniter),
            "sptmru" => Ok(Self::Sptmru),
            "plain" => Ok(Self::Plain),
            _ => Err(UnknownName {
                found: text.to_owned(),
                what: "module",
                choices: "amigniter, sptmru or plain",
            }),
        }
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Amigniter => "amigniter",
            Self::Sptmru => "sptmru",
            Self::Plain => "plain",
        })
    }
}

impl FromStr for Mix {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text {
            "mono" => Ok(Self::Mono),
            "mixed" => Ok(Self::Mixed),
            "stereo" => Ok(Self::Stereo),
            _ => Err(UnknownName {
                found: text.to_owned(),
                what: "mix",
                choices: "mono, mixed or stereo",
            }),
        }
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mono => "mono",
            Self::Mixed => "mixed",
            Self::Stereo => "stereo",
        })
    }
}

/// The way of the audio from the call into the WebSocket.
pub struct Uplink {
    module: Module,
    mix: Mix,
    chunk: usize,
    chunks: u64,
    caller: Channel,
    played: Channel,
}

/// One direction's samples, at the rate in which they are sent, that wait for a chunk to be full.
struct Channel {
    to_channel_rate: Option<Resampler>,
    waiting: Vec<i16>,
}

impl Channel {
    fn new(module: Module, leg: SampleRate, line: SampleRate) -> Self {
        let unresampled = line != leg && !module.resamples();
        Self {
            to_channel_rate: unresampled.then(|| Resampler::new(leg, line)),
            waiting: Vec::new(),
        }
    }

    fn push(&mut self, samples: &[i16]) {
        match &mut self.to_channel_rate {
            Some(resampler) => resampler.push(samples, &mut self.waiting),
            None => self.waiting.extend_from_slice(samples),
        }
    }
}

impl Uplink {
    /// The uplink of a build for a leg (the rate asked of the module) on a line of another rate.
    pub fn new(module: Module, mix: Mix, leg: SampleRate, line: SampleRate) -> Self {
        Self {
            module,
            mix,
            chunk: module.chunk(leg),
            chunks: 0,
            caller: Channel::new(module, leg, line),
            played: Channel::new(module, leg, line),
        }
    }

    /// Takes what was said and played in the same stretch of time, at the leg's rate.
    pub fn push(&mut self, caller: &[i16], played: &[i16]) {
        self.caller.push(caller);
        self.played.push(played);
    }

    /// The next binary message into `bytes` (cleared first), if it is time for one.
    pub fn next_message(&mut self, bytes: &mut Vec<u8>) -> bool {
        let needed = if self.module.waits_for_next(self.chunks) {
            2 * self.chunk
        } else {
            self.chunk
        };
        if self.caller.waiting.len() < needed {
            return false;
        }
        self.chunks += 1;
        bytes.clear();
        let played = self.played.waiting.drain(..self.chunk);
        for (caller, played) in self.caller.waiting.drain(..self.chunk).zip(played) {
            match self.mix {
                Mix::Mono => bytes.extend_from_slice(&caller.to_le_bytes()),
                Mix::Mixed => bytes.extend_from_slice(&caller.saturating_add(played).to_le_bytes()),
                Mix::Stereo => {
                    bytes.extend_from_slice(&caller.to_le_bytes());
                    bytes.extend_from_slice(&played.to_le_bytes());
                }
            }
        }
        true
    }
}
