//! A supervised connection to one FreeSWITCH.

use crate::arrivals::Arrivals;
use crate::request::{Ask, Refusal, Request};
use crate::routes::{Follow, Routes};
use crate::supervisor::{self, Supervisor};
use crate::tally::Tally;
use crate::{
    Application, Channel, Command, CommandError, Counts, Happening, Settings, State, TaskGroup, Timer,
    UnicastTo,
};
use freeswitch_esl_tokio::{EslError, EslEvent};
use secretary::CallUuid;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use uuid::Uuid;

/// How many requests may wait for their turn; each takes about 0.15 ms on FreeSWITCH 1.10.12 (measured).
const REQUEST_QUEUE: usize = 1024;

/// A supervised connection. Clones share it; it ends when the last one is dropped, and the last [`Following`].
#[derive(Clone)]
pub struct Switch(Arc<Inner>);

struct Inner {
    settings: Arc<Settings>,
    state: watch::Receiver<State>,
    addresses: watch::Receiver<Arc<[SocketAddr]>>,
    requests: mpsc::Sender<Request>,
    routes: Arc<Routes>,
    tally: Arc<Tally>,
}

/// How a command travels.
enum Way {
    /// `api`: answered before anything else on the connection.
    Api,
    /// `bgapi`: takes its time, and holds up nothing.
    Job(Duration),
    /// On a connection of its own, as the answer may be long.
    Aside,
}

impl Switch {
    /// Begins to connect, in the present tokio runtime. Channels that the dialplan has parked for us come by the receiver: at once
    /// when they are parked, and after each connect those that wait already (a gateway that was away finds its callers again).
    pub fn connect(settings: Settings) -> (Self, mpsc::Receiver<Channel>) {
        let settings = Arc::new(settings);
        let (requests, asked) = mpsc::channel(REQUEST_QUEUE);
        let (told, state) = watch::channel(State::Connecting);
        let (found, addresses) = watch::channel(Arc::default());
        let (line, arrivals) = Arrivals::new();
        let routes = Arc::new(Routes::default());
        let tally = Arc::new(Tally::default());
        let supervisor = Supervisor {
            settings: Arc::clone(&settings),
            requests: asked,
            routes: Arc::clone(&routes),
            arrivals: line,
            state: told,
            addresses: found,
            tally: Arc::clone(&tally),
        };
        tokio::spawn(supervisor.run());
        let inner = Inner {
            settings,
            state,
            addresses,
            requests,
            routes,
            tally,
        };
        (Self(Arc::new(inner)), arrivals)
    }

    /// Its name in the configuration.
    pub fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// How the connection is.
    pub fn state(&self) -> State {
        self.0.state.borrow().clone()
    }

    /// What was found behind the host's name when it was last connected: first the address that the connection goes to. Empty before.
    pub fn addresses(&self) -> Arc<[SocketAddr]> {
        Arc::clone(&self.0.addresses.borrow())
    }

    /// Tells of each change of state.
    pub fn states(&self) -> watch::Receiver<State> {
        self.0.state.clone()
    }

    /// How many happenings were lost because one that follows did not keep up.
    pub fn lost_happenings(&self) -> u64 {
        self.0.routes.lost()
    }

    /// What has been counted.
    pub fn counts(&self) -> Counts {
        self.0.tally.counts()
    }

    /// Gives a command and waits for its answer, without the `+OK` in front. Commands of one task are carried out in the order in
    /// which they are given; [`Command::Originate`] and [`Command::Contact`], which may take long, beside the
    /// others. One that is given up before its turn is not carried out.
    pub async fn command(&self, command: Command) -> Result<String, CommandError> {
        let done = self.carried_out(&command).await;
        done.inspect_err(|error| self.0.tally.came_to_nothing(error))
    }

    async fn carried_out(&self, command: &Command) -> Result<String, CommandError> {
        let line = command.to_string();
        // `uuid_kill 11111111-…`: what FreeSWITCH answers is about these two.
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default().to_owned();
        let call = words.next().and_then(|word| word.parse().ok());
        let patience = self.0.settings.patience;
        let (answer, limit) = match self.way(command) {
            Way::Api => (self.ask(Ask::Api(line), patience).await, patience),
            Way::Job(limit) => (self.ask(Ask::Job(line), limit).await, limit),
            Way::Aside => return self.aside(&line).await,
        };
        answer.map_err(|refusal| self.error(refusal, &name, call, limit))
    }

    /// Asks a channel to execute an application. The id comes back in [`Happening::Began`] and [`Happening::Ended`].
    pub async fn execute(&self, call: CallUuid, application: Application) -> Result<Uuid, CommandError> {
        let id = Uuid::new_v4();
        let mut message = EslEvent::new();
        message.set_header("call-command", "execute");
        message.set_header("execute-app-name", application.name());
        message.set_header("execute-app-arg", application.argument());
        message.set_header("event-uuid", id.to_string());
        if application.waits_its_turn() {
            message.set_header("event-lock", "true");
        }
        self.message(call, message, application.name()).await?;
        Ok(id)
    }

    /// Has a parked channel send its audio to `to.remote` and play what comes to `to.local`.
    pub async fn unicast(&self, call: CallUuid, to: UnicastTo) -> Result<(), CommandError> {
        let mut message = EslEvent::new();
        message.set_header("call-command", "unicast");
        message.set_header("local-ip", to.local.ip().to_string());
        message.set_header("local-port", to.local.port().to_string());
        message.set_header("remote-ip", to.remote.ip().to_string());
        message.set_header("remote-port", to.remote.port().to_string());
        message.set_header("transport", "udp");
        self.message(call, message, "unicast").await
    }

    /// What FreeSWITCH says of a channel; none if it has no such one.
    pub async fn channel(&self, call: CallUuid) -> Result<Option<Channel>, CommandError> {
        let dump = match self.command(Command::Dump(call)).await {
            Ok(dump) => dump,
            Err(CommandError::NoSuchChannel { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        match Channel::of_dump(&dump) {
            Some(channel) => Ok(Some(channel)),
            None => Err(self.error(
                Refusal::Failed("a description of a channel that cannot be read".to_owned()),
                "uuid_dump",
                None,
                Duration::ZERO,
            )),
        }
    }

    /// Winds the dead man's switch: unless it is wound again or [disarmed](Self::disarm), FreeSWITCH does by itself what `timer`
    /// says, `after` so long (whole seconds, at least one). Whatever was wound for the channel before, by whomever, is taken away.
    ///
    /// There is no moment without a task: one of another group stands in while the former goes, so that whoever is killed in between
    /// leaves at most two that do the same at the same time. After an error it stands as before, or nearly: try again.
    pub async fn arm(&self, call: CallUuid, timer: Timer, after: Duration) -> Result<(), CommandError> {
        let schedule = async |group| {
            self.command(Command::Schedule(group, call, timer.clone(), after))
                .await
        };
        schedule(TaskGroup::Renewal).await?;
        self.replaced(call, TaskGroup::LastResort).await?;
        schedule(TaskGroup::LastResort).await?;
        self.replaced(call, TaskGroup::Renewal).await
    }

    /// Winds another beside whatever was wound for the channel, by one command, for the moments before it is [armed](Self::arm):
    /// hundreds of calls may begin at once. That or [`Self::disarm`] takes both away.
    pub async fn stand_by(&self, call: CallUuid, timer: Timer, after: Duration) -> Result<(), CommandError> {
        self.command(Command::Schedule(TaskGroup::Renewal, call, timer, after))
            .await
            .map(drop)
    }

    /// Takes the dead man's switch of a channel away.
    pub async fn disarm(&self, call: CallUuid) -> Result<(), CommandError> {
        self.command(Command::Unschedule(TaskGroup::LastResort, call))
            .await?;
        self.command(Command::Unschedule(TaskGroup::Renewal, call))
            .await
            .map(drop)
    }

    /// Takes away what another task stands in for. Where that is not there it is no error (measured: `+OK Deleted: 0`), and an answer
    /// that is late tells of nothing that the next renewal would not mend.
    async fn replaced(&self, call: CallUuid, group: TaskGroup) -> Result<(), CommandError> {
        match self.command(Command::Unschedule(group, call)).await {
            Ok(_) | Err(CommandError::TimedOut { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Tells from now on what happens to a channel. Nothing is told of one that is gone already: ask [`Switch::channel`] after this.
    /// While there is no connection it begins with [`Happening::ControlLost`].
    pub fn follow(&self, call: CallUuid) -> Following {
        let follow = self.0.routes.follow(call);
        Following {
            call,
            follow,
            switch: self.clone(),
        }
    }

    fn way(&self, command: &Command) -> Way {
        let patience = self.0.settings.patience;
        match command {
            Command::Originate { ring, .. } => Way::Job(*ring + patience * 3),
            Command::Contact { .. } => Way::Job(patience * 3),
            Command::ShowChannels => Way::Aside,
            _ => Way::Api,
        }
    }

    async fn message(&self, call: CallUuid, message: EslEvent, name: &str) -> Result<(), CommandError> {
        let patience = self.0.settings.patience;
        match self.ask(Ask::Message(call, Box::new(message)), patience).await {
            Ok(_) => Ok(()),
            Err(refusal) => {
                let error = self.error(refusal, name, Some(call), patience);
                self.0.tally.came_to_nothing(&error);
                Err(error)
            }
        }
    }

    async fn aside(&self, line: &str) -> Result<String, CommandError> {
        let address = self.addresses().first().copied();
        let Some(address) = address.filter(|_| self.state().is_up()) else {
            return Err(self.not_connected());
        };
        let settings = &self.0.settings;
        supervisor::aside(settings, address, line)
            .await
            .map_err(|error| match error {
                EslError::Timeout { timeout_ms } => {
                    self.error(Refusal::TimedOut, line, None, Duration::from_millis(timeout_ms))
                }
                error => self.error(Refusal::Failed(error.to_string()), line, None, Duration::ZERO),
            })
    }

    /// None where there is no connection, or it was lost before the answer.
    async fn ask(&self, ask: Ask, limit: Duration) -> Result<String, Option<Refusal>> {
        if !self.state().is_up() {
            return Err(None);
        }
        let at_once = !matches!(ask, Ask::Job(_));
        let begun = Instant::now();
        let (reply, answer) = oneshot::channel();
        let asked = async {
            self.0.requests.send(Request { ask, reply }).await.ok()?;
            answer.await.ok()
        };
        match timeout(limit, asked).await {
            Ok(Some(answer)) => {
                if at_once {
                    self.0.tally.answered(begun.elapsed());
                }
                answer.map_err(Some)
            }
            Ok(None) => Err(None),
            Err(_) => Err(Some(Refusal::TimedOut)),
        }
    }

    fn error(
        &self,
        refusal: impl Into<Option<Refusal>>,
        command: &str,
        call: Option<CallUuid>,
        limit: Duration,
    ) -> CommandError {
        let switch = self.name().to_owned();
        let command = command.to_owned();
        match (refusal.into(), call) {
            (None, _) => self.not_connected(),
            (Some(Refusal::NoSuchChannel), Some(call)) => CommandError::NoSuchChannel { switch, call },
            (Some(Refusal::NoSuchChannel), None) => CommandError::Failed {
                switch,
                command,
                reply: "no such channel".to_owned(),
            },
            (Some(Refusal::Failed(reply)), _) => CommandError::Failed {
                switch,
                command,
                reply,
            },
            (Some(Refusal::TimedOut), _) => CommandError::TimedOut {
                switch,
                command,
                limit,
            },
        }
    }

    fn not_connected(&self) -> CommandError {
        CommandError::NotConnected {
            switch: self.name().to_owned(),
            state: self.state().to_string(),
        }
    }
}

impl fmt::Debug for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switch")
            .field("name", &self.name())
            .field("state", &self.state())
            .finish()
    }
}

/// What happens to one channel. Dropping it ends the following.
///
/// At most 256 happenings wait to be taken. Of those that come then none is kept but the end; once half of them are taken, the gap
/// is told as [`Happening::ControlLost`] and [`Happening::ControlBack`].
pub struct Following {
    call: CallUuid,
    follow: Follow,
    switch: Switch,
}

impl Following {
    /// The next one; none after [`Happening::HungUp`].
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Happening>> {
        let next = self.follow.happenings.poll_recv(cx);
        if let Poll::Ready(Some(_)) = next {
            self.follow.queued.fetch_sub(1, Ordering::Relaxed);
        }
        next
    }

    /// The next one; none after [`Happening::HungUp`]. May be given up and asked for again.
    pub async fn next(&mut self) -> Option<Happening> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.switch.0.routes.leave(self.call, self.follow.id);
    }
}
