//! The task that keeps a connection: connects, has it served, waits, connects again.

use crate::arrivals::Arrivals;
use crate::connection::{Connection, End};
use crate::request::Request;
use crate::routes::Routes;
use crate::tally::Tally;
use crate::{Command, Settings, State};
use freeswitch_esl_tokio::{AuthMethod, EslClient, EslConnectOptions, EslError, EslEventStream, EslResult};
use secretary::CallUuid;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::lookup_host;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

/// How many events may wait between the socket's reader and us. We take each at once; this is for a machine out of breath. What
/// comes then is lost, and every channel is asked for.
const EVENT_QUEUE: usize = 4096;

/// After this long channels are listed a second time: FreeSWITCH writes its list of channels behind the events (core database), so
/// one that was parked just before we subscribed may stand in it late.
const LIST_AGAIN: Duration = Duration::from_secs(2);

/// What the task shares with the [`Switch`](crate::Switch)es. It holds none of them: when the last is gone, so is the sender of the
/// requests, and the task ends.
pub(crate) struct Supervisor {
    pub(crate) settings: Arc<Settings>,
    pub(crate) requests: mpsc::Receiver<Request>,
    pub(crate) routes: Arc<Routes>,
    pub(crate) arrivals: Arrivals,
    pub(crate) state: watch::Sender<State>,
    pub(crate) addresses: watch::Sender<Arc<[SocketAddr]>>,
    pub(crate) tally: Arc<Tally>,
}

/// A connection that was just made, and the addresses behind the host's name: first the one that it goes to.
pub(crate) struct Connected {
    pub(crate) client: EslClient,
    pub(crate) events: EslEventStream,
    pub(crate) addresses: Arc<[SocketAddr]>,
}

impl Supervisor {
    pub(crate) async fn run(mut self) {
        let mut pauses = Pauses::new(self.settings.longest_pause);
        loop {
            let attempt = tokio::select! {
                attempt = connect(&self.settings) => attempt,
                () = unwanted(&mut self.requests) => return,
            };
            let state = match attempt {
                Ok(connected) => match self.serve(connected, &mut pauses).await {
                    Some(state) => state,
                    None => return,
                },
                Err(error) => state_of(&error, &self.settings),
            };
            self.enter(&state);
            tokio::select! {
                () = sleep(pauses.next()) => {}
                () = unwanted(&mut self.requests) => return,
            }
        }
    }

    /// Serves a connection to its end. Returns the state that this leads to; none if nobody wants another.
    async fn serve(&mut self, connected: Connected, pauses: &mut Pauses) -> Option<State> {
        let Connected {
            client,
            events,
            addresses,
        } = connected;
        let settings = Arc::clone(&self.settings);
        let routes = Arc::clone(&self.routes);
        let list = Arc::new(Notify::new());
        let begun = Connection::begin(&settings, client, events, &routes, &mut self.arrivals, &list).await;
        let (connection, version) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                routes.disconnected();
                return Some(state_of(&error, &settings));
            }
        };
        pauses.begin_anew();
        self.tally.connected();
        self.addresses.send_replace(Arc::clone(&addresses));
        tracing::info!(switch = %settings.name, %version, "FreeSWITCH is connected");
        self.state.send_replace(State::Up { version });
        let (found, mut parked) = mpsc::channel(1);
        let _listing = AbortOnDropHandle::new(tokio::spawn(find_parked(
            Arc::clone(&settings),
            addresses,
            Arc::clone(&list),
            found,
        )));
        let end = connection.run(&mut self.requests, &mut parked).await;
        match end {
            End::Unwanted => None,
            End::Lost(reason) => {
                let state = State::Lost { reason };
                self.enter(&state);
                routes.disconnected();
                Some(state)
            }
        }
    }

    /// Says a new state once.
    fn enter(&self, state: &State) {
        let changed = self.state.send_if_modified(|present| {
            let changed = present != state;
            present.clone_from(state);
            changed
        });
        if changed {
            tracing::warn!(switch = %self.settings.name, %state, "FreeSWITCH is not connected");
        }
    }
}

/// Refuses what is asked meanwhile, by dropping it; ends when nobody can ask any more.
async fn unwanted(requests: &mut mpsc::Receiver<Request>) {
    while requests.recv().await.is_some() {}
}

/// Connects to the first address behind the host's name that answers, and shows the password.
pub(crate) async fn connect(settings: &Settings) -> EslResult<Connected> {
    let found = addresses(settings).await?;
    let mut failed = None;
    for (at, address) in found.iter().enumerate() {
        match connect_to(settings, *address).await {
            Ok((client, events)) => {
                let mut addresses = found.clone();
                addresses.swap(0, at);
                return Ok(Connected {
                    client,
                    events,
                    addresses: addresses.into(),
                });
            }
            // It may be another's.
            Err(error @ (EslError::Io(_) | EslError::Timeout { .. })) => failed = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(failed.unwrap_or_else(|| io::Error::from(ErrorKind::NotFound).into()))
}

/// Looks the host up. The system may take half a minute over a name server that does not answer, which is not waited for.
async fn addresses(settings: &Settings) -> EslResult<Vec<SocketAddr>> {
    let looked_up = lookup_host((settings.host.as_str(), settings.port));
    match timeout(settings.patience, looked_up).await {
        Ok(found) => Ok(found?.collect()),
        Err(_) => Err(timed_out(settings.patience)),
    }
}

async fn connect_to(settings: &Settings, address: SocketAddr) -> EslResult<(EslClient, EslEventStream)> {
    let options = EslConnectOptions::new()
        .with_connect_timeout(settings.patience)
        .with_event_queue_size(EVENT_QUEUE);
    let auth = AuthMethod::password(settings.password.reveal());
    // A peer that sends a byte now and then is no FreeSWITCH: what the crate limits is each step, this the whole.
    let limit = settings.patience * 3;
    let host = address.ip().to_string();
    let attempt = Box::pin(EslClient::connect_with_auth(&host, address.port(), auth, options));
    timeout(limit, attempt).await.unwrap_or(Err(timed_out(limit)))
}

fn timed_out(limit: Duration) -> EslError {
    EslError::Timeout {
        timeout_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
    }
}

/// What an attempt that came to nothing says of the connection.
pub(crate) fn state_of(error: &EslError, settings: &Settings) -> State {
    let reason = match error {
        EslError::AuthenticationFailed { .. } => return State::WrongPassword,
        EslError::AccessDenied { .. } => return State::Refused,
        EslError::Io(error) => error.to_string(),
        EslError::Timeout { .. } => format!("no answer within {:?}", settings.patience),
        other => other.to_string(),
    };
    State::Unreachable { reason }
}

/// Gives a command on a connection of its own: for an answer that is long, or that the database of FreeSWITCH takes its time for.
pub(crate) async fn aside(settings: &Settings, address: SocketAddr, line: &str) -> EslResult<String> {
    let (client, _events) = connect_to(settings, address).await?;
    client.set_liveness_timeout(settings.patience * 10);
    client.set_command_timeout(settings.patience * 5);
    let response = client.api(line).await?;
    let text = response.api_result()?.to_owned();
    client.disconnect().await?;
    Ok(text)
}

/// Looks for channels that were parked before we came, and again when their events may be lost.
async fn find_parked(
    settings: Arc<Settings>,
    addresses: Arc<[SocketAddr]>,
    again: Arc<Notify>,
    found: mpsc::Sender<Vec<CallUuid>>,
) {
    let Some(address) = addresses.first().copied() else {
        return;
    };
    loop {
        for _ in 0..2 {
            match aside(&settings, address, &Command::ShowChannels.to_string()).await {
                Ok(list) => match in_park(&list) {
                    Ok(calls) => {
                        if found.send(calls).await.is_err() {
                            return;
                        }
                    }
                    Err(error) => unlisted(&settings, &error),
                },
                Err(error) => unlisted(&settings, &error),
            }
            sleep(LIST_AGAIN).await;
        }
        again.notified().await;
    }
}

fn unlisted(settings: &Settings, error: &impl fmt::Display) {
    tracing::warn!(switch = %settings.name, %error, "channels that are parked already cannot be listed");
}

/// What is shown of a channel in park: that, or what it was told to execute there last, even after its end (measured on 1.10.12).
const IN_PARK: [&str; 4] = ["park", "answer", "playback", "bridge"];

/// The channels of a `show channels as json` that may be in park.
fn in_park(list: &str) -> serde_json::Result<Vec<CallUuid>> {
    #[derive(serde::Deserialize)]
    struct List {
        #[serde(default)]
        rows: Vec<Row>,
    }
    #[derive(serde::Deserialize)]
    struct Row {
        uuid: String,
        state: Option<String>,
        application: Option<String>,
    }
    let list: List = serde_json::from_str(list)?;
    let parked = list.rows.iter().filter(|row| {
        row.state.as_deref() == Some("CS_PARK")
            || row
                .application
                .as_deref()
                .is_some_and(|application| IN_PARK.contains(&application))
    });
    Ok(parked.filter_map(|row| row.uuid.parse().ok()).collect())
}

/// How long to wait between two attempts: twice as long each time, and never as long as another gateway.
struct Pauses {
    longest: Duration,
    next: Duration,
}

impl Pauses {
    fn new(longest: Duration) -> Self {
        Self {
            longest,
            next: longest / 20,
        }
    }

    fn begin_anew(&mut self) {
        self.next = self.longest / 20;
    }

    fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}
