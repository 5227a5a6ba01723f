//! One worker process, seen from the pool.

use super::command::WorkerCommand;
use super::frame::{Reply, Request, Utterance, VERSION, payload_len};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// A running worker with its model loaded. Dropping it kills it.
pub(super) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    last_id: u64,
}

/// How an utterance ended for a worker that is still good.
pub(super) enum Outcome {
    /// Its words.
    Text(String),
    /// The worker says that it cannot be done.
    Refused(String),
    /// Nobody waits for it any more.
    Abandoned,
}

impl Process {
    /// Starts a worker and waits until its model is loaded, at most `limit`. The error is for the operator.
    pub(super) async fn start(command: &WorkerCommand, limit: Duration) -> Result<Self, String> {
        let program = command.program.display();
        let mut spawn = Command::new(&command.program);
        spawn.args(&command.arguments);
        spawn.envs(command.environment.iter().map(|(name, value)| (name, value)));
        spawn
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        spawn.kill_on_drop(true);
        // A Ctrl-C in the terminal is for the server, which still needs its workers while it drains.
        spawn.process_group(0);
        let mut child = spawn
            .spawn()
            .map_err(|error| format!("{program} cannot be started: {error}"))?;
        let (Some(input), Some(output), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(format!("{program} was started without its pipes"));
        };
        tokio::spawn(log(stderr, child.id()));
        let mut process = Self {
            child,
            input,
            output: BufReader::new(output),
            last_id: 0,
        };
        let ready = timeout(limit, read_reply(&mut process.output)).await;
        match ready.map_err(|_| format!("{program} did not load its model within {} s", limit.as_secs()))? {
            Ok(Reply::Ready {
                version: VERSION,
                millis,
            }) => {
                tracing::debug!(
                    pid = process.child.id(),
                    millis,
                    "a speech-to-text worker is ready"
                );
                Ok(process)
            }
            Ok(Reply::Ready { version, .. }) => Err(format!(
                "{program} speaks version {version} of the worker's frames, not {VERSION}: restart the server after an upgrade"
            )),
            Ok(_) => Err(format!("{program} answered before it was asked")),
            Err(error) => Err(format!(
                "{program} ended while loading its model: {error}{}",
                process.status().await
            )),
        }
    }

    /// True unless the process has ended.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Has an utterance recognised within `limit`. After an error the process is of no more use. When `waiting` is
    /// closed, the work is given up.
    pub(super) async fn transcribe<T>(
        &mut self,
        utterance: &Utterance,
        limit: Duration,
        waiting: &mut oneshot::Sender<T>,
    ) -> Result<Outcome, String> {
        self.last_id += 1;
        let id = self.last_id;
        let asked = Request::Transcribe {
            id,
            utterance: utterance.clone(),
        }
        .encode();
        let exchange = async {
            self.input
                .write_all(&asked)
                .await
                .map_err(|error| error.to_string())?;
            // One future throughout: dropping a half-read frame would lose its bytes.
            let mut reply = std::pin::pin!(read_reply(&mut self.output));
            tokio::select! {
                reply = &mut reply => return reply.map(|reply| (reply, false)),
                () = waiting.closed() => {}
            }
            let cancel = Request::Cancel { id }.encode();
            self.input
                .write_all(&cancel)
                .await
                .map_err(|error| error.to_string())?;
            reply.await.map(|reply| (reply, true))
        };
        let exchanged = timeout(limit, exchange).await;
        let (reply, abandoned) = match exchanged {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => return Err(format!("{error}{}", self.status().await)),
            Err(_) => return Err(format!("no answer within {:.1} s", limit.as_secs_f32())),
        };
        match reply {
            Reply::Text { id: of, .. } | Reply::Failed { id: of, .. } if of == id && abandoned => {
                Ok(Outcome::Abandoned)
            }
            Reply::Text { id: of, millis, text } if of == id => {
                tracing::debug!(millis, samples = utterance.samples.len(), "recognised");
                Ok(Outcome::Text(text))
            }
            Reply::Failed { id: of, reason, .. } if of == id => Ok(Outcome::Refused(reason)),
            _ => Err("it answered something else than was asked".into()),
        }
    }

    /// How the process ended, for the end of a message. A broken pipe is seen a moment before the end.
    async fn status(&mut self) -> String {
        match timeout(Duration::from_millis(200), self.child.wait()).await {
            Ok(Ok(status)) => format!(" ({status})"),
            _ => String::new(),
        }
    }
}

async fn read_reply(output: &mut (impl AsyncRead + Unpin)) -> Result<Reply, String> {
    let mut prefix = [0; 4];
    output
        .read_exact(&mut prefix)
        .await
        .map_err(|_| "it closed its output".to_owned())?;
    let mut payload = vec![0; payload_len(prefix).map_err(|error| error.to_string())?];
    output
        .read_exact(&mut payload)
        .await
        .map_err(|_| "it closed its output in the middle of a frame".to_owned())?;
    Reply::decode(&payload).map_err(|error| error.to_string())
}

/// What a worker complains about. It never writes words of a caller there ([`super::worker`]).
async fn log(mut stderr: ChildStderr, pid: Option<u32>) {
    let mut buffer = [0; 2048];
    while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
        for line in String::from_utf8_lossy(&buffer[..read])
            .lines()
            .filter(|line| !line.trim().is_empty())
        {
            tracing::debug!(pid, "speech-to-text worker: {line}");
        }
    }
}
