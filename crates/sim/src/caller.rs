//! One simulated call in real time, from the upgrade to the account of what the caller heard.

use crate::address::StreamAddress;
use crate::dial::{DialError, dial};
use crate::echo::{EchoPath, LineEcho};
use crate::event::{Event, Facts, Outcome, Summary, What};
use crate::line::Line;
use crate::manners::Manners;
use crate::module::{Mix, Module, Uplink};
use crate::phone::Phone;
use crate::resample;
use crate::script::Step;
use crate::wire::Metadata;
use audio::SampleRate;
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Bytes, Message};
use tokio_util::sync::CancellationToken;

/// How often the caller's clock looks around; moments are exact to the sample all the same.
const TICK: Duration = Duration::from_millis(10);
/// A server that does not read for so long is gone.
const STALLED: Duration = Duration::from_secs(5);

/// A call to be made.
#[derive(Debug, Clone)]
pub struct Call {
    /// Where to.
    pub address: StreamAddress,
    /// Behind which build of the audio module.
    pub module: Module,
    /// On which line.
    pub line: Line,
    /// How that line returns what is played on it, if it does.
    pub echo: Option<LineEcho>,
    /// Which channels are sent.
    pub mix: Mix,
    /// The rate asked of the module.
    pub rate: SampleRate,
    /// The first text frame; none when the dialplan gives the module no metadata.
    pub metadata: Option<Metadata>,
    /// What the caller does.
    pub script: Vec<Step>,
    /// How patient the caller is.
    pub manners: Manners,
}

/// What remains of a call.
#[derive(Debug, Clone)]
pub struct Account {
    /// What the call was made of.
    pub facts: Facts,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// The figures.
    pub summary: Summary,
    /// The rate of both tracks.
    pub rate: SampleRate,
    /// The caller's voice as it left the line; sample 0 is the moment the call was accepted.
    pub caller: Vec<i16>,
    /// The assistant as the caller heard it, through the line, sample by sample beside the caller.
    pub heard: Vec<i16>,
}

impl Call {
    /// Dials, and lives the call to its end, or until `stop`. Every event is also told as it happens.
    pub async fn make(
        self,
        stop: &CancellationToken,
        tell: impl FnMut(&Event),
    ) -> Result<Account, DialError> {
        let socket = dial(&self.address, self.module).await?;
        Ok(self.converse(socket, stop, tell).await)
    }

    /// Lives the call on an accepted stream.
    pub async fn converse<S>(
        self,
        mut socket: WebSocketStream<S>,
        stop: &CancellationToken,
        mut tell: impl FnMut(&Event),
    ) -> Account
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let facts = self.facts();
        let (rate, line) = (self.rate, self.line);
        let phone = Phone::new(rate, line, self.script, self.manners);
        let path = EchoPath::new(self.echo, line, rate);
        let uplink = Uplink::new(self.module, self.mix, rate, line.rate(rate));
        let mut talk = Talk {
            start: Instant::now(),
            rate,
            phone,
            path,
            captured: Vec::new(),
            uplink,
            sent_to: 0,
            told: 0,
            frames_in: 0,
            frames_out: 0,
        };
        talk.phone.note(What::Connected(facts.clone()));
        if let Some(metadata) = self
            .metadata
            .and_then(|metadata| serde_json::to_string(&metadata).ok())
            && socket.send(Message::text(metadata)).await.is_err()
        {
            talk.phone.end(Outcome::Closed(1006));
        }
        talk.run(&mut socket, stop, &mut tell).await;
        hang_up(&mut socket).await;
        talk.account(facts, line)
    }

    fn facts(&self) -> Facts {
        Facts {
            address: self.address.shown(),
            module: self.module,
            line: self.line,
            mix: self.mix,
            rate: self.rate.hz(),
            secretary: self
                .metadata
                .as_ref()
                .and_then(|metadata| metadata.secretary.clone()),
        }
    }
}

/// The conversation while it lasts.
struct Talk {
    start: Instant,
    rate: SampleRate,
    phone: Phone,
    path: EchoPath,
    /// What FreeSWITCH received last.
    captured: Vec<i16>,
    uplink: Uplink,
    /// Samples handed to the uplink.
    sent_to: usize,
    /// Events told.
    told: usize,
    frames_in: u64,
    frames_out: u64,
}

impl Talk {
    async fn run<S>(
        &mut self,
        socket: &mut WebSocketStream<S>,
        stop: &CancellationToken,
        tell: &mut impl FnMut(&Event),
    ) where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut ticks = interval_at(self.start + TICK, TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        while self.phone.outcome().is_none() {
            tokio::select! {
                () = stop.cancelled() => self.phone.end(Outcome::Stopped),
                message = socket.next() => {
                    self.catch_up();
                    self.receive(message);
                }
                _ = ticks.tick() => self.catch_up(),
            }
            self.tell(tell);
            if let Err(lost) = self.send(socket).await {
                self.lost(&lost);
            }
        }
        self.tell(tell);
    }

    /// Moves the caller's clock to the present.
    fn catch_up(&mut self) {
        let now = self.rate.samples_in(self.start.elapsed());
        self.phone.advance_to(now);
    }

    fn receive(&mut self, message: Option<Result<Message, tungstenite::Error>>) {
        match message {
            Some(Ok(Message::Binary(bytes))) => {
                self.frames_in += 1;
                self.phone.receive_audio(&bytes);
            }
            Some(Ok(Message::Text(text))) => self.phone.receive_text(&text),
            Some(Ok(Message::Close(frame))) => {
                let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                    (frame.code.into(), frame.reason.to_string())
                });
                self.closed(code, reason);
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Err(error)) => self.lost(&error),
            None => self.closed(1006, "the connection ended without a close".to_owned()),
        }
    }

    fn lost(&mut self, error: &tungstenite::Error) {
        self.closed(1006, error.to_string());
    }

    fn closed(&mut self, code: u16, reason: String) {
        if self.phone.outcome().is_some() {
            return;
        }
        self.phone.note(What::Closed { code, reason });
        self.phone.end(Outcome::Closed(code));
    }

    fn tell(&mut self, tell: &mut impl FnMut(&Event)) {
        let events = self.phone.events();
        for event in &events[self.told..] {
            tell(event);
        }
        self.told = events.len();
    }

    /// Sends what is due. Text first: a key or a mark's echo belongs to what was already heard.
    async fn send<S>(&mut self, socket: &mut WebSocketStream<S>) -> Result<(), tungstenite::Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (caller, heard) = self.phone.tracks();
        self.captured.clear();
        self.path.push(&caller[self.sent_to..], heard, &mut self.captured);
        self.uplink.push(&self.captured, &heard[self.sent_to..]);
        self.sent_to = caller.len();
        let mut messages: Vec<Message> = self.phone.outbox().map(Message::text).collect();
        let mut bytes = Vec::new();
        while self.uplink.next_message(&mut bytes) {
            self.frames_out += 1;
            messages.push(Message::Binary(Bytes::copy_from_slice(&bytes)));
        }
        if messages.is_empty() {
            return Ok(());
        }
        let sending = async {
            for message in messages {
                socket.feed(message).await?;
            }
            socket.flush().await
        };
        let stalled = || {
            tungstenite::Error::Io(std::io::Error::other(format!(
                "the server read nothing for {STALLED:?}"
            )))
        };
        timeout(STALLED, sending).await.map_err(|_| stalled())?
    }

    fn account(self, facts: Facts, line: Line) -> Account {
        let recording = self.phone.finish((self.frames_in, self.frames_out));
        Account {
            facts,
            events: recording.events,
            summary: recording.summary,
            rate: self.rate,
            heard: through(line, &recording.heard, self.rate),
            caller: recording.caller,
        }
    }
}

/// What was played, after the codec of the caller's line.
fn through(line: Line, heard: &[i16], rate: SampleRate) -> Vec<i16> {
    let narrow = resample::whole(heard, rate.hz(), line.rate(rate).hz());
    let coded: Vec<i16> = narrow.into_iter().map(|sample| line.carry(sample)).collect();
    let mut wide = resample::whole(&coded, line.rate(rate).hz(), rate.hz());
    wide.resize(heard.len(), line.carry(0));
    wide
}

/// Closes as the modules do at hangup (1000), and leaves the server a moment to agree.
async fn hang_up<S>(socket: &mut WebSocketStream<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let goodbye = CloseFrame {
        code: CloseCode::Normal,
        reason: "".into(),
    };
    let closing = async {
        // A stream that is closed already refuses this, which is as good.
        if socket.close(Some(goodbye)).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        }
    };
    let _ = timeout(Duration::from_secs(1), closing).await;
}
