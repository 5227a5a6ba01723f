//! One connection to the event socket.

use super::channel::Message;
use super::event::Event;
use super::exchange::Exchange;
use super::subscription::Subscription;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// So many events wait for a listener that does not read; then FreeSWITCH drops it (MAX_QUEUE_LEN).
const MOST_WAITING: usize = 100_000;

/// What goes out to a listener.
pub(super) struct Outlet {
    subscription: Mutex<Subscription>,
    frames: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
    /// Ends the connection.
    pub(super) end: CancellationToken,
    /// Each byte is written alone.
    pub(super) dribbles: Arc<AtomicBool>,
    authed: AtomicBool,
}

impl Outlet {
    fn subscription(&self) -> MutexGuard<'_, Subscription> {
        self.subscription.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wants_name(&self, name: &str) -> bool {
        self.authed.load(Ordering::Relaxed) && self.subscription().wants_name(name)
    }

    pub(super) fn tell(&self, event: &Event) {
        let format = {
            let subscription = self.subscription();
            if !subscription.wants(event) {
                return;
            }
            subscription.format
        };
        self.send(event.frame(format));
    }

    pub(super) fn send(&self, bytes: Vec<u8>) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) > MOST_WAITING {
            return self.end.cancel();
        }
        // The other end is gone with the connection, which needs nothing more.
        let _ = self.frames.send(bytes);
    }
}

/// Serves a connection to its end.
pub(super) async fn serve(exchange: Arc<Exchange>, stream: TcpStream, frozen: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let (read, write) = stream.into_split();
    let (frames, outgoing) = mpsc::unbounded_channel();
    let outlet = Arc::new(Outlet {
        subscription: Mutex::default(),
        frames,
        waiting: Arc::default(),
        end: exchange.life.child_token(),
        dribbles: Arc::new(AtomicBool::new(exchange.setup.dribbles)),
        authed: AtomicBool::new(false),
    });
    let writer = Writer {
        write,
        outgoing,
        waiting: Arc::clone(&outlet.waiting),
        dribbles: Arc::clone(&outlet.dribbles),
        frozen: frozen.clone(),
    };
    let written = tokio::spawn(writer.run(outlet.end.clone()));
    exchange.inner().listeners.push(Arc::clone(&outlet));
    let session = Session {
        exchange: Arc::clone(&exchange),
        outlet: Arc::clone(&outlet),
    };
    tokio::select! {
        () = outlet.end.cancelled() => {}
        _ = session.run(BufReader::new(read), frozen) => {}
    }
    exchange
        .inner()
        .listeners
        .retain(|known| !Arc::ptr_eq(known, &outlet));
    // What was said last is still written; the writer ends when nobody can send any more.
    drop((session, outlet));
    let _ = written.await;
}

struct Writer {
    write: OwnedWriteHalf,
    outgoing: mpsc::UnboundedReceiver<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
    dribbles: Arc<AtomicBool>,
    frozen: watch::Receiver<bool>,
}

impl Writer {
    async fn run(mut self, end: CancellationToken) {
        tokio::select! {
            () = end.cancelled() => {}
            _ = self.write_all() => {}
        }
    }

    async fn write_all(&mut self) -> io::Result<()> {
        while let Some(bytes) = self.outgoing.recv().await {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            let _ = self.frozen.wait_for(|frozen| !frozen).await;
            if !self.dribbles.load(Ordering::Relaxed) {
                self.write.write_all(&bytes).await?;
                continue;
            }
            for byte in bytes {
                self.write.write_all(&[byte]).await?;
                tokio::task::yield_now().await;
            }
        }
        self.write.shutdown().await
    }
}

struct Session {
    exchange: Arc<Exchange>,
    outlet: Arc<Outlet>,
}

/// Whether a session goes on.
#[derive(PartialEq, Eq)]
enum Next {
    Reads,
    Ends,
}

impl Session {
    async fn run(
        &self,
        mut read: BufReader<OwnedReadHalf>,
        mut frozen: watch::Receiver<bool>,
    ) -> io::Result<()> {
        if !self.exchange.setup.allowed {
            let message = "Access Denied, go away.\n";
            self.send(&format!(
                "Content-Type: text/rude-rejection\nContent-Length: {}\n\n{message}",
                message.len()
            ));
            return Ok(());
        }
        self.send("Content-Type: auth/request\n\n");
        loop {
            let packet = read_packet(&mut read).await?;
            let _ = frozen.wait_for(|frozen| !frozen).await;
            self.exchange
                .received
                .send_modify(|received| received.push(packet.text.clone()));
            let delay = self.exchange.inner().faults.delay;
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            if self.obey(packet).await == Next::Ends {
                return Ok(());
            }
        }
    }

    async fn obey(&self, packet: Packet) -> Next {
        let command = packet.command.trim();
        let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
        let rest = rest.trim();
        if let ("auth", password) = (name, rest) {
            return self.authenticate(password);
        }
        if name == "exit" {
            self.reply("+OK bye");
            self.goodbye();
            return Next::Ends;
        }
        if !self.outlet.authed.load(Ordering::Relaxed) {
            self.reply("-ERR command not found");
            return Next::Reads;
        }
        match name {
            "api" if !rest.is_empty() => {
                let text = self.exchange.api(rest).await;
                let text = if text.is_empty() { "-ERR no reply\n" } else { &text };
                self.send(&format!(
                    "Content-Type: api/response\nContent-Length: {}\n\n{text}",
                    text.len()
                ));
            }
            "bgapi" if !rest.is_empty() => self.background(rest, &packet.headers),
            "sendmsg" => {
                let reply = self.send_message(rest, packet.headers);
                self.reply(&reply);
            }
            "sendevent" => self.reply(&format!("+OK {}", Uuid::new_v4())),
            "event" => self.reply_from(|subscription| subscription.add(rest)),
            "nixevent" => self.reply_from(|subscription| subscription.remove(rest)),
            "noevents" => self.reply_from(Subscription::clear),
            "filter" if !rest.is_empty() => self.reply_from(|subscription| subscription.filter(rest)),
            "myevents" if !rest.is_empty() => self.reply_from(|subscription| subscription.mine(rest)),
            "log" => self.reply(&format!("+OK log level {rest} [{rest}]")),
            "nolog" => self.reply("+OK no longer logging"),
            "linger" | "nolinger" => self.reply("-ERR not controlling a session"),
            _ => self.reply("-ERR command not found"),
        }
        Next::Reads
    }

    fn authenticate(&self, password: &str) -> Next {
        if password != self.exchange.setup.password {
            self.reply("-ERR invalid");
            self.goodbye();
            return Next::Ends;
        }
        self.outlet.authed.store(true, Ordering::Relaxed);
        self.reply("+OK accepted");
        Next::Reads
    }

    fn background(&self, line: &str, headers: &[(String, String)]) {
        let job = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("job-uuid"))
            .map_or_else(|| Uuid::new_v4().to_string(), |(_, id)| id.clone());
        self.send(&format!(
            "Content-Type: command/reply\nReply-Text: +OK Job-UUID: {job}\nJob-UUID: {job}\n\n"
        ));
        let (exchange, line) = (Arc::clone(&self.exchange), line.to_owned());
        self.exchange.spawn(async move {
            let result = exchange.api(&line).await;
            exchange.job_done(job, line, result);
        });
    }

    fn send_message(&self, id: &str, headers: Vec<(String, String)>) -> String {
        let refusal = self.exchange.inner().faults.refusal("sendmsg");
        if let Some(reply) = refusal {
            return reply;
        }
        let message = Message(headers);
        let id = match id {
            "" => message.header("session-id").unwrap_or_default(),
            id => id,
        };
        let Some(channel) = self.exchange.channel(id) else {
            return format!("-ERR invalid session id [{id}]");
        };
        channel.state().messages.push_back(message);
        channel.touch();
        "+OK".to_owned()
    }

    fn reply_from(&self, change: impl FnOnce(&mut Subscription) -> String) {
        let reply = change(&mut self.outlet.subscription());
        self.reply(&reply);
    }

    fn reply(&self, text: &str) {
        self.send(&format!("Content-Type: command/reply\nReply-Text: {text}\n\n"));
    }

    fn goodbye(&self) {
        let message = "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n";
        self.send(&format!(
            "Content-Type: text/disconnect-notice\nContent-Length: {}\n\n{message}",
            message.len()
        ));
    }

    fn send(&self, text: &str) {
        self.outlet.send(text.as_bytes().to_vec());
    }
}

impl Exchange {
    /// Tells a job's result, or keeps it until it is to be told out of order.
    fn job_done(&self, job: String, line: String, result: String) {
        let mut inner = self.inner();
        inner.faults.jobs.push((job, line, result));
        if inner.faults.jobs.len() < inner.faults.jobs_kept {
            return;
        }
        let done = std::mem::take(&mut inner.faults.jobs);
        inner.faults.jobs_kept = 0;
        drop(inner);
        for (job, line, result) in done.into_iter().rev() {
            let (command, arguments) = line.split_once(' ').unwrap_or((&line, ""));
            let mut headers = vec![
                ("Job-UUID".into(), job),
                ("Job-Command".into(), command.to_owned()),
            ];
            if !arguments.is_empty() {
                headers.push(("Job-Command-Arg".into(), arguments.to_owned()));
            }
            self.fire("BACKGROUND_JOB", headers, Some(result));
        }
    }
}

/// What a client sends: a command line, headers, perhaps a body.
struct Packet {
    command: String,
    headers: Vec<(String, String)>,
    /// As it came.
    text: String,
}

async fn read_packet(read: &mut BufReader<OwnedReadHalf>) -> io::Result<Packet> {
    let mut lines: Vec<String> = Vec::new();
    loop {
        let mut line = Vec::new();
        if read.read_until(b'\n', &mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = String::from_utf8_lossy(&line);
        match (line.trim_end_matches(['\r', '\n']), lines.is_empty()) {
            // Empty lines in front are nothing.
            ("", true) => {}
            ("", false) => break,
            (line, _) => lines.push(line.to_owned()),
        }
    }
    let mut text = lines.join("\n");
    let headers: Vec<(String, String)> = lines
        .iter()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim_start().to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.parse::<usize>().ok());
    if let Some(length) = length {
        let mut body = vec![0; length.min(10 * 1024 * 1024)];
        read.read_exact(&mut body).await?;
        text.push_str("\n\n");
        text.push_str(&String::from_utf8_lossy(&body));
    }
    Ok(Packet {
        command: lines.swap_remove(0),
        headers,
        text,
    })
}
