//! One connection, from the first filter to its loss.

use crate::arrivals::Arrivals;
use crate::event;
use crate::request::{self, Answer, Ask, Refusal, Request};
use crate::routes::{Interest, Routes};
use crate::{Channel, Command, Happening, Settings};
use freeswitch_esl_tokio::{
    ConnectionStatus, EslClient, EslCommand, EslError, EslEvent, EslEventStream, EslEventType, EslResponse,
    EslResult, EventFormat,
};
use secretary::CallUuid;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

/// What is subscribed to. CHANNEL_HANGUP tells of an end first; CHANNEL_DESTROY tells it to one who began to follow in between.
const EVENTS: &str = "CHANNEL_PARK CHANNEL_UNPARK CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_HANGUP CHANNEL_DESTROY \
                      CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE PLAYBACK_START PLAYBACK_STOP DTMF BACKGROUND_JOB \
                      CUSTOM mod_audio_stream::connect mod_audio_stream::disconnect mod_audio_stream::error \
                      mod_audio_stream::play mod_audio_stream::json";

/// What passes of them. FreeSWITCH hands out an event that matches any filter (mod_event_socket.c, `event_handler`): the answers
/// to `bgapi`, what tells of channels that the dialplan gave to us, and each channel that is followed by its own
/// filter. So a PBX with thousands of other calls costs us nothing, and costs it one comparison a followed channel and event.
const FILTERS: [(&str, &str); 2] = [("Event-Name", "BACKGROUND_JOB"), ("variable_voice_ai", "true")];

/// How many results of jobs are kept that came before the number of their job.
const EARLY_JOBS: usize = 64;

type Underway = Pin<Box<dyn Future<Output = EslResult<EslResponse>> + Send>>;

/// Why a connection ended.
pub(crate) enum End {
    /// Nobody holds the switch any more.
    Unwanted,
    /// It was lost.
    Lost(String),
}

/// What the reply that is waited for belongs to. ESL answers one command after the other.
enum Errand {
    Api(oneshot::Sender<Answer>),
    Job(oneshot::Sender<Answer>),
    Message(oneshot::Sender<Answer>),
    Interest,
    Exists(CallUuid),
    Dump,
    Ping,
}

pub(crate) struct Connection<'a> {
    settings: &'a Settings,
    client: EslClient,
    events: EslEventStream,
    routes: &'a Routes,
    arrivals: &'a mut Arrivals,
    underway: Option<(Errand, Underway)>,
    /// The request whose turn is next.
    next: Option<Request>,
    /// Channels of which is to be asked whether they live.
    unsure: VecDeque<CallUuid>,
    /// Channels that may be parked for us.
    parked: VecDeque<CallUuid>,
    jobs: HashMap<String, oneshot::Sender<Answer>>,
    early: VecDeque<(String, Answer)>,
    heard: Instant,
    doubtful: bool,
    /// Has the channels in park listed.
    list: &'a Notify,
}

impl<'a> Connection<'a> {
    /// Subscribes, and asks for the version. Channels that are followed already are asked for first of all that comes then.
    pub(crate) async fn begin(
        settings: &'a Settings,
        client: EslClient,
        events: EslEventStream,
        routes: &'a Routes,
        arrivals: &'a mut Arrivals,
        list: &'a Notify,
    ) -> EslResult<(Self, String)> {
        client.set_command_timeout(settings.patience);
        // Ends the task that reads, should the peer be gone without a word; the pings end the connection long before.
        client.set_liveness_timeout(settings.patience * 10);
        arrivals.begin_anew();
        let followed = routes.connected();
        for (header, value) in FILTERS {
            client.filter_raw(header, value).await?;
        }
        for call in &followed {
            client.filter_raw("Unique-ID", &call.to_string()).await?;
        }
        client.subscribe_events_raw(EventFormat::Plain, EVENTS).await?;
        let version = client.api("version").await?.api_result()?.trim().to_owned();
        let connection = Self {
            settings,
            client,
            events,
            routes,
            arrivals,
            underway: None,
            next: None,
            unsure: followed.into(),
            parked: VecDeque::new(),
            jobs: HashMap::new(),
            early: VecDeque::new(),
            heard: Instant::now(),
            doubtful: false,
            list,
        };
        Ok((connection, version))
    }

    /// Carries requests out and passes events on until the end. What is read is passed on at once; a reply is never waited for
    /// with the events standing still.
    pub(crate) async fn run(
        mut self,
        requests: &mut mpsc::Receiver<Request>,
        parked: &mut mpsc::Receiver<Vec<CallUuid>>,
    ) -> End {
        let mut tick = ticks(self.settings.patience / 4);
        loop {
            if self.underway.is_none() {
                self.begin_errand();
            }
            let idle = self.underway.is_none();
            tokio::select! {
                result = landed(&mut self.underway) => if let Some(end) = self.land(result) { return end },
                event = self.events.recv() => if let Some(end) = self.take(event) { return end },
                request = requests.recv(), if idle => match request {
                    Some(request) => self.next = Some(request),
                    None => return End::Unwanted,
                },
                () = self.routes.changed(), if idle => {}
                Some(calls) = parked.recv() => self.parked.extend(calls),
                () = self.arrivals.hand_over(self.routes), if self.arrivals.waits() => {}
                _ = tick.tick() => self.look_after(),
            }
        }
    }

    /// Begins what is to be done next. Who follows a channel and then asks for it must not miss its end: what is to be told of is
    /// therefore told to FreeSWITCH before any request.
    fn begin_errand(&mut self) {
        if self.doubtful {
            return self.ping();
        }
        if let Some(interest) = self.routes.next_interest() {
            if let Interest::Over(call) = interest {
                // What becomes of it is not told any more.
                self.arrivals.left(call);
            }
            return self.send(Errand::Interest, filter(interest));
        }
        if let Some(call) = self.unsure.pop_front() {
            return self.send(Errand::Exists(call), api(&Command::Exists(call)));
        }
        while let Some(call) = self.parked.pop_front() {
            if !self.routes.follows(call) && !self.arrivals.has_told(call) {
                return self.send(Errand::Dump, api(&Command::Dump(call)));
            }
        }
        if let Some(request) = self.next.take() {
            self.ask(request);
        }
    }

    fn ask(&mut self, request: Request) {
        if request.reply.is_closed() {
            return;
        }
        let reply = request.reply;
        match request.ask {
            Ask::Api(command) => self.send(Errand::Api(reply), EslCommand::Api { command }),
            Ask::Job(command) => self.send(Errand::Job(reply), EslCommand::BgApi { command }),
            Ask::Message(call, event) => self.send(
                Errand::Message(reply),
                EslCommand::SendMsg {
                    uuid: Some(call.to_string()),
                    event: *event,
                },
            ),
        }
    }

    /// A command of the crate must be carried to its end: given up half-way, its reply would be taken for the next one's.
    fn send(&mut self, errand: Errand, command: EslCommand) {
        let client = self.client.clone();
        self.underway = Some((
            errand,
            Box::pin(async move { client.send_command(command).await }),
        ));
    }

    fn ping(&mut self) {
        self.doubtful = false;
        let command = "uptime".to_owned();
        self.send(Errand::Ping, EslCommand::Api { command });
    }

    /// A reply has come, or none.
    fn land(&mut self, result: EslResult<EslResponse>) -> Option<End> {
        let (errand, _) = self.underway.take()?;
        let response = match result {
            Ok(response) => response,
            Err(EslError::Timeout { .. }) => return self.unanswered(errand),
            // Never sent: a value with a line's end in it, which the types forbid.
            Err(error @ EslError::ProtocolError { .. }) if self.client.is_connected() => {
                refuse(errand, &error);
                return None;
            }
            Err(_) => return Some(End::Lost(self.reason())),
        };
        self.heard = Instant::now();
        match errand {
            Errand::Api(reply) => {
                let _ = reply.send(request::of_api(&response));
            }
            Errand::Message(reply) => {
                let _ = reply.send(request::of_message(response));
            }
            Errand::Job(reply) => self.job_begun(&response, reply),
            Errand::Exists(call) => self.routes.tell(call, &whether_alive(&response)),
            Errand::Dump => {
                if let Ok(dump) = response.api_result() {
                    self.found(dump);
                }
            }
            Errand::Interest | Errand::Ping => {}
        }
        self.early.clear();
        None
    }

    fn unanswered(&mut self, errand: Errand) -> Option<End> {
        match errand {
            Errand::Ping => {
                return Some(End::Lost(format!(
                    "no answer within {:?}",
                    self.settings.patience
                )));
            }
            Errand::Api(reply) | Errand::Job(reply) | Errand::Message(reply) => {
                let _ = reply.send(Err(Refusal::TimedOut));
            }
            Errand::Exists(call) => self.unsure.push_back(call),
            Errand::Interest | Errand::Dump => {}
        }
        // Either that command is slow, or nobody is there any more.
        self.doubtful = true;
        None
    }

    /// A channel was found in park.
    fn found(&mut self, dump: &str) {
        let Some(channel) = Channel::of_dump(dump) else {
            return;
        };
        if let Some(mark) = Channel::mistaken_mark(dump) {
            let (switch, call) = (&self.settings.name, channel.call);
            tracing::warn!(%switch, %call, mark, "a parked channel is not taken up: voice_ai must be `true`; set that in the dialplan");
        }
        self.arrivals.found(channel, self.routes);
    }

    fn job_begun(&mut self, response: &EslResponse, reply: oneshot::Sender<Answer>) {
        let Some(job) = response.job_uuid() else {
            let _ = reply.send(request::of_api(response));
            return;
        };
        let early = self.early.iter().position(|(early, _)| early == job);
        match early.and_then(|at| self.early.remove(at)) {
            Some((_, answer)) => {
                let _ = reply.send(answer);
            }
            None => {
                self.jobs.insert(job.to_owned(), reply);
            }
        }
    }

    fn take(&mut self, event: Option<Result<EslEvent, EslError>>) -> Option<End> {
        match event {
            Some(Ok(event)) => {
                self.heard = Instant::now();
                self.pass_on(&event);
                None
            }
            Some(Err(EslError::QueueFull)) => {
                tracing::warn!(switch = %self.settings.name, "events were lost: every channel is asked for again");
                self.unsure = self.routes.torn().into();
                self.arrivals.lost_events();
                self.list.notify_one();
                None
            }
            // An event that cannot be read; the connection goes on, or ends by itself.
            Some(Err(error)) => {
                tracing::debug!(switch = %self.settings.name, %error, "an event cannot be read");
                None
            }
            None => Some(End::Lost(self.reason())),
        }
    }

    fn pass_on(&mut self, event: &EslEvent) {
        match event.event_type() {
            Some(EslEventType::BackgroundJob) => return self.job_done(event),
            Some(EslEventType::ChannelPark) => {
                let channel = Channel::read(|name| event.header_str(name));
                if let Some(channel) = channel {
                    self.arrivals.parked(channel, self.routes);
                }
            }
            Some(
                EslEventType::ChannelUnpark | EslEventType::ChannelHangup | EslEventType::ChannelDestroy,
            ) => {
                if let Some(call) = event::channel_of(event) {
                    self.arrivals.left(call);
                }
            }
            _ => {}
        }
        for (call, happening) in event::told(event) {
            self.routes.tell(call, &happening);
        }
    }

    fn job_done(&mut self, event: &EslEvent) {
        let Some(job) = event.header_str("Job-UUID") else {
            return;
        };
        let answer = || request::of_job(event.body().unwrap_or_default());
        if let Some(reply) = self.jobs.remove(job) {
            let _ = reply.send(answer());
            return;
        }
        // Not ours, or its number is in a reply that was read and is yet to be looked at.
        if matches!(self.underway, Some((Errand::Job(_), _))) && self.early.len() < EARLY_JOBS {
            self.early.push_back((job.to_owned(), answer()));
        }
    }

    fn look_after(&mut self) {
        self.routes.catch_up();
        self.jobs.retain(|_, reply| !reply.is_closed());
        if self.underway.is_none() && self.heard.elapsed() >= self.settings.patience {
            self.ping();
        }
    }

    fn reason(&self) -> String {
        match self.client.status() {
            ConnectionStatus::Disconnected(reason) => reason.to_string(),
            _ => "connection closed".to_owned(),
        }
    }
}

fn ticks(period: Duration) -> Interval {
    let mut ticks = interval(period.max(Duration::from_millis(10)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

async fn landed(underway: &mut Option<(Errand, Underway)>) -> EslResult<EslResponse> {
    match underway {
        Some((_, reply)) => reply.await,
        None => std::future::pending().await,
    }
}

fn api(command: &Command) -> EslCommand {
    let command = command.to_string();
    EslCommand::Api { command }
}

fn filter(interest: Interest) -> EslCommand {
    let header = "Unique-ID".to_owned();
    match interest {
        Interest::Begun(call) => EslCommand::Filter {
            header,
            value: call.to_string(),
        },
        Interest::Over(call) => EslCommand::FilterDelete {
            header,
            value: Some(call.to_string()),
        },
    }
}

fn whether_alive(response: &EslResponse) -> Happening {
    match response.api_result() {
        Ok(text) if text.trim() == "false" => Happening::HungUp { cause: None },
        _ => Happening::ControlBack,
    }
}

fn refuse(errand: Errand, error: &EslError) {
    if let Errand::Api(reply) | Errand::Job(reply) | Errand::Message(reply) = errand {
        let _ = reply.send(Err(Refusal::Failed(error.to_string())));
    }
}
