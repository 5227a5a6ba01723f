//! `uuid_audio_stream`: the open audio modules (amigniter ec2a781, sptmru 5f179d6), with their faults.

mod audio_file;
mod socket;

use super::channel::Channel;
use super::exchange::Exchange;
use super::words::words;
use crate::{Mix, Module, StreamAddress, Uplink};
use audio::{Resampler, SampleRate};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::mpsc;

const USAGE: &str = "-USAGE: <uuid> [start | stop | send_text | pause | resume | graceful-shutdown ] [wss-url | path] \
                     [mono | mixed | stereo] [8000 | 16000] [metadata]\n";

/// A stream that is attached to a channel: what the module sends, and its way to the socket.
pub(super) struct Stream {
    mix: Mix,
    paused: bool,
    /// For what is said, and for what is played.
    to_leg: Option<[Resampler; 2]>,
    uplink: Uplink,
    /// What the caller said while nothing was played, where both are wanted.
    held: VecDeque<i16>,
    socket: mpsc::UnboundedSender<ToSocket>,
    /// Files that the module wrote.
    files: Vec<std::path::PathBuf>,
    written: u32,
}

/// What the socket of a stream is told.
enum ToSocket {
    Audio(Vec<u8>),
    Text(String),
    /// Say the text, if any, and good-bye.
    Stop(Option<String>),
}

/// What `start` asks for.
struct Start {
    address: StreamAddress,
    mix: Mix,
    rate: SampleRate,
    metadata: Option<String>,
}

impl Start {
    /// `<url> <mix> [<rate>] [<metadata>]`.
    fn parse(words: &[String]) -> Option<Self> {
        let hz = match words.get(2).map(String::as_str) {
            None | Some("8k") => 8000,
            Some("16k") => 16000,
            Some(hz) => hz.parse().ok()?,
        };
        let url = words.first().filter(|url| url.starts_with("ws"))?;
        Some(Self {
            address: StreamAddress::parse(url).ok()?,
            mix: words.get(1)?.parse().ok()?,
            rate: SampleRate::new(hz).ok()?,
            metadata: words.get(3).cloned(),
        })
    }
}

impl Stream {
    fn new(start: &Start, module: Module, line: SampleRate, socket: mpsc::UnboundedSender<ToSocket>) -> Self {
        Self {
            mix: start.mix,
            paused: false,
            to_leg: (line != start.rate).then(|| [(); 2].map(|()| Resampler::new(line, start.rate))),
            uplink: Uplink::new(module, start.mix, start.rate, line),
            held: VecDeque::new(),
            socket,
            files: Vec::new(),
            written: 0,
        }
    }

    /// Whether what is played is sent as well.
    pub(super) fn wants_played(&self) -> bool {
        self.mix != Mix::Mono
    }

    /// Takes a frame of what the caller says, and as much of what was played; none where nothing was written to the channel.
    pub(super) fn push(&mut self, said: &[i16], played: Option<&[i16]>) {
        if self.paused {
            return;
        }
        match played {
            _ if !self.wants_played() => self.send(said, &vec![0; said.len()]),
            // Until something is played nothing flows, and then what the caller said meanwhile goes first.
            None => self.held.extend(said),
            Some(played) => {
                self.held.extend(said);
                let said: Vec<_> = self.held.drain(..played.len().min(self.held.len())).collect();
                self.send(&said, &played[..said.len()]);
            }
        }
    }

    fn send(&mut self, said: &[i16], played: &[i16]) {
        match &mut self.to_leg {
            None => self.uplink.push(said, played),
            Some([of_said, of_played]) => {
                let (mut at_leg, mut played_at_leg) = (Vec::new(), Vec::new());
                of_said.push(said, &mut at_leg);
                of_played.push(played, &mut played_at_leg);
                self.uplink.push(&at_leg, &played_at_leg);
            }
        }
        let mut bytes = Vec::new();
        while self.uplink.next_message(&mut bytes) {
            // A socket that is gone has no more use for it.
            let _ = self.socket.send(ToSocket::Audio(bytes.clone()));
        }
    }
}

impl Exchange {
    /// `uuid_audio_stream <uuid> start|stop|send_text|pause|resume …`.
    pub(super) fn audio_stream(self: &Arc<Self>, arguments: &str) -> String {
        let Some(module) = self.setup.stream else {
            return "-ERR uuid_audio_stream Command not found!\n".to_owned();
        };
        let words = words(arguments, 6);
        if words.len() < 2 || words[1] == "start" && words.len() < 4 {
            return USAGE.to_owned();
        }
        let done = self.channel(&words[0]).is_some_and(|channel| {
            let rest = &words[2..];
            match words[1].as_str() {
                "start" => self.start_stream(&channel, module, rest),
                "stop" => self.stop_stream(&channel, rest.first().cloned()),
                "send_text" => send_text(&channel, rest.first()),
                "pause" => pause(&channel, true),
                "resume" => pause(&channel, false),
                _ => false,
            }
        });
        match done {
            true => "+OK Success\n".to_owned(),
            false => "-ERR Operation Failed\n".to_owned(),
        }
    }

    fn start_stream(self: &Arc<Self>, channel: &Arc<Channel>, module: Module, words: &[String]) -> bool {
        let Some(start) = Start::parse(words) else {
            return false;
        };
        let (socket, told) = mpsc::unbounded_channel();
        {
            let mut state = channel.state();
            // A second one is refused, also while the first is dead (amigniter).
            if state.stream.is_some() || state.answered == 0 {
                return false;
            }
            state.stream = Some(Stream::new(&start, module, channel.codec.rate, socket));
        }
        channel.sound().keep_played(start.mix != Mix::Mono);
        self.tell_with(channel, "MEDIA_BUG_START", BUG);
        self.clock.serve(channel);
        let socket = socket::Socket {
            exchange: Arc::clone(self),
            channel: Arc::clone(channel),
            module,
            address: start.address,
            metadata: start.metadata,
        };
        self.spawn(socket.run(told));
        true
    }

    /// Detaches a stream, ends its socket and removes its files. False where there is none.
    pub(super) fn stop_stream(&self, channel: &Channel, text: Option<String>) -> bool {
        let Some(stream) = channel.state().stream.take() else {
            return false;
        };
        channel.sound().keep_played(false);
        let _ = stream.socket.send(ToSocket::Stop(text));
        for file in &stream.files {
            let _ = std::fs::remove_file(file);
        }
        self.tell_with(channel, "MEDIA_BUG_STOP", BUG);
        true
    }

    /// Tells an event of the module's.
    fn module_event(&self, channel: &Channel, name: &str, body: String) {
        let mut headers = vec![("Event-Subclass".into(), format!("mod_audio_stream::{name}"))];
        headers.extend(channel.all());
        self.fire("CUSTOM", headers, Some(body));
    }
}

const BUG: &[(&str, &str)] = &[
    ("Media-Bug-Function", "audio_stream"),
    ("Media-Bug-Target", "_undef_"),
];

fn send_text(channel: &Channel, text: Option<&String>) -> bool {
    let state = channel.state();
    let (Some(stream), Some(text)) = (&state.stream, text) else {
        return false;
    };
    stream.socket.send(ToSocket::Text(text.clone())).is_ok()
}

fn pause(channel: &Channel, paused: bool) -> bool {
    let mut state = channel.state();
    match &mut state.stream {
        Some(stream) => {
            stream.paused = paused;
            true
        }
        None => false,
    }
}
