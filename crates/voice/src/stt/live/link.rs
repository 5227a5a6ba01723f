//! The task that owns a call's connection to a provider.

use super::order::Found;
use super::wire::{News, Talk, Wire};
use crate::realtime::{Dialler, Refused, Socket};
use crate::service::{Failure, Refusal, Service};
use call::FailureKind;
use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;

/// How long a message may take to be written.
const WRITING: Duration = Duration::from_secs(5);

/// What a call wants.
pub(super) enum Command {
    /// A turn begins, of this number.
    Begin(u64),
    /// Sound of it.
    Sound(Vec<i16>),
    /// The words of the turn.
    Words {
        reply: oneshot::Sender<Found>,
        /// Until when.
        until: Instant,
        /// What is said when they have not come.
        slow: Failure,
    },
}

/// What the task is made of.
pub(super) struct Link {
    pub(super) service: Service,
    pub(super) dialler: Dialler,
    pub(super) url: Url,
    pub(super) wire: &'static dyn Wire,
    pub(super) connect_timeout: Duration,
    pub(super) keepalive: Duration,
    pub(super) partials: mpsc::Sender<(u64, String)>,
}

/// Runs until the call's end of it is dropped: one connection after the other, each opened with a turn after the last was lost.
pub(super) async fn run(link: Link, mut commands: mpsc::Receiver<Command>) {
    let mut turn = None;
    loop {
        let failure = match link.connection(&mut commands, turn).await {
            Ok(()) => return,
            Err(failure) => failure,
        };
        // Its message may repeat what the service says, and that may be the conversation.
        tracing::warn!(kind = ?failure.kind, service = link.service.place().service, "live speech to text was lost");
        turn = loop {
            match commands.recv().await {
                None => return,
                Some(Command::Begin(turn)) if may_mend(failure.kind) => break Some(turn),
                Some(Command::Words { reply, .. }) => {
                    let _ = reply.send(Err(failure.clone()));
                }
                Some(Command::Begin(_) | Command::Sound(_)) => {}
            }
        };
    }
}

/// Whether another connection may succeed where one has failed so.
fn may_mend(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::Transient | FailureKind::RateLimited | FailureKind::Expired | FailureKind::Protocol
    )
}

impl Link {
    /// One connection, from its opening to its loss. Fine if nobody listens any more.
    async fn connection(
        &self,
        commands: &mut mpsc::Receiver<Command>,
        turn: Option<u64>,
    ) -> Result<(), Failure> {
        let request = self.request()?;
        let socket = self.dialler.dial(request, self.connect_timeout).await;
        let mut open = Open {
            link: self,
            socket: socket.map_err(|refused| self.refused(refused))?,
            talk: self.wire.talk(),
            turn: Turn::default(),
            sent: Instant::now(),
        };
        if let Some(number) = turn {
            open.begin(number).await?;
        }
        let outcome = open.serve(commands).await;
        if let (Err(failure), Some(asked)) = (&outcome, open.turn.asked.take()) {
            let _ = asked.reply.send(Err(failure.clone()));
        }
        outcome
    }

    fn request(&self) -> Result<Request, Failure> {
        let mut url = self.url.clone();
        let scheme = if url.scheme() == "http" { "ws" } else { "wss" };
        let wrong = || {
            self.service
                .place()
                .broke("has no address that a WebSocket may have")
        };
        url.set_scheme(scheme).map_err(|()| wrong())?;
        let mut request = url.as_str().into_client_request().map_err(|_| wrong())?;
        request.headers_mut().extend(self.service.headers().clone());
        Ok(request)
    }

    fn refused(&self, refused: Refused) -> Failure {
        let place = self.service.place();
        match refused {
            Refused::Status { status, body } => {
                let body = String::from_utf8_lossy(body.as_deref().unwrap_or_default()).into_owned();
                let refusal = Refusal { status, body };
                self.service.refused(&refusal, &[])
            }
            Refused::NoWebSocket(reason) => place.broke(&format!("speaks no WebSocket ({reason})")),
            Refused::Unreachable(reason) => Failure::transient(format!(
                "no connection to {} ({reason}); check {}.url, and that the service runs and can be reached from here",
                place.service, place.table
            )),
        }
    }

    fn lost(&self, how: &str) -> Failure {
        Failure::transient(format!(
            "the connection to {} was lost: {how}",
            self.service.place().service
        ))
    }
}

/// An open connection.
struct Open<'a> {
    link: &'a Link,
    socket: Socket,
    talk: Box<dyn Talk>,
    turn: Turn,
    /// When anything was sent last.
    sent: Instant,
}

/// The present turn.
#[derive(Default)]
struct Turn {
    number: u64,
    /// Its words that will not change.
    words: Vec<String>,
    /// Whether the provider has said anything of it.
    heard: bool,
    asked: Option<Asked>,
}

/// Someone who waits for the words.
struct Asked {
    reply: oneshot::Sender<Found>,
    until: Instant,
    slow: Failure,
}

impl Turn {
    fn text(&self, interim: &str) -> String {
        let words = self.words.iter().map(String::as_str).chain([interim]);
        words
            .filter(|words| !words.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// All words have come.
    fn finalized(&mut self) {
        if let Some(asked) = self.asked.take() {
            let _ = asked.reply.send(Ok(self.text("")));
        }
    }

    /// The time is up: what is there must do. A provider that was not heard of at all is given up.
    fn late(&mut self) -> Result<(), Failure> {
        let Some(asked) = self.asked.take() else {
            return Ok(());
        };
        if self.heard {
            let _ = asked.reply.send(Ok(self.text("")));
            return Ok(());
        }
        let _ = asked.reply.send(Err(asked.slow.clone()));
        Err(asked.slow)
    }
}

impl Open<'_> {
    /// Until the connection is lost. Fine if nobody listens any more.
    async fn serve(&mut self, commands: &mut mpsc::Receiver<Command>) -> Result<(), Failure> {
        loop {
            let idle = self.sent + self.link.keepalive;
            let late = self.turn.asked.as_ref().map_or(idle, |asked| asked.until);
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.take(command).await?,
                    None => return self.close().await,
                },
                message = self.socket.next() => self.receive(message)?,
                () = sleep_until(late), if self.turn.asked.is_some() => self.turn.late()?,
                () = sleep_until(idle) => self.stay().await?,
            }
        }
    }

    async fn take(&mut self, command: Command) -> Result<(), Failure> {
        match command {
            Command::Begin(number) => self.begin(number).await,
            Command::Sound(samples) => {
                let sound = self.talk.sound(&samples);
                self.send(sound).await
            }
            Command::Words { reply, until, slow } => {
                self.turn.asked = Some(Asked { reply, until, slow });
                let finalize = self.talk.finalize();
                self.send(finalize).await
            }
        }
    }

    async fn begin(&mut self, number: u64) -> Result<(), Failure> {
        self.turn = Turn {
            number,
            ..Turn::default()
        };
        match self.talk.begin() {
            Some(message) => self.send(message).await,
            None => Ok(()),
        }
    }

    fn receive(
        &mut self,
        message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>,
    ) -> Result<(), Failure> {
        let text = match message {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(frame))) => {
                let code = frame.map_or(1005, |frame| frame.code.into());
                return Err(self.link.lost(&format!("it was closed with code {code}")));
            }
            Some(Ok(_)) => return Ok(()),
            Some(Err(error)) => return Err(self.link.lost(&error.to_string())),
            None => return Err(self.link.lost("it ended")),
        };
        let event = serde_json::from_str(&text)
            .map_err(|_| self.link.service.place().broke("sends what is no JSON"))?;
        for news in self.talk.read(&event) {
            self.learn(news)?;
        }
        Ok(())
    }

    fn learn(&mut self, news: News) -> Result<(), Failure> {
        let partial = match news {
            News::Refused { status, error } => {
                let body = error.to_string();
                return Err(self.link.service.refused(&Refusal { status, body }, &[]));
            }
            News::Finalized => {
                self.turn.finalized();
                return Ok(());
            }
            News::Final(words) => {
                self.turn.words.push(words);
                self.turn.text("")
            }
            News::Interim(words) => self.turn.text(&words),
        };
        self.turn.heard = true;
        if !partial.is_empty() {
            // Nobody has asked for the last ones: the next says more.
            let _ = self.link.partials.try_send((self.turn.number, partial));
        }
        Ok(())
    }

    async fn stay(&mut self) -> Result<(), Failure> {
        let message = self
            .talk
            .keepalive()
            .unwrap_or(Message::Ping(bytes::Bytes::new()));
        self.send(message).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Failure> {
        self.sent = Instant::now();
        match timeout(WRITING, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.link.lost(&error.to_string())),
            Err(_) => Err(self.link.lost("it takes nothing any more")),
        }
    }

    async fn close(&mut self) -> Result<(), Failure> {
        if let Some(goodbye) = self.talk.goodbye() {
            self.send(goodbye).await?;
        }
        self.send(Message::Close(None)).await
    }
}
