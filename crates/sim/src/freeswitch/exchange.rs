//! What all channels and listeners of a fake share: the events, the channels, the settings.

use super::administration::Administration;
use super::channel::{Birth, Channel, CoreState};
use super::clock::Clock;
use super::event::{Event, Headers};
use super::extension::Behaviour;
use super::faults::Faults;
use super::listener::Outlet;
use super::schedule::Tasks;
use super::{Place, Setup};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A FreeSWITCH without its socket.
pub(super) struct Exchange {
    pub(super) setup: Setup,
    core: String,
    pub(super) begun: Instant,
    inner: Mutex<Inner>,
    sequence: AtomicU64,
    pub(super) clock: Arc<Clock>,
    /// Each command as it came.
    pub(super) received: watch::Sender<Vec<String>>,
    pub(super) crashed: watch::Sender<bool>,
    /// Ends with the fake.
    pub(super) life: CancellationToken,
}

pub(super) struct Inner {
    pub(super) channels: HashMap<String, Arc<Channel>>,
    pub(super) numbers: u64,
    pub(super) listeners: Vec<Arc<Outlet>>,
    pub(super) extensions: HashMap<String, Behaviour>,
    pub(super) tasks: Tasks,
    pub(super) faults: Faults,
    pub(super) administration: Administration,
}

impl Exchange {
    pub(super) fn new(setup: Setup) -> Self {
        Self {
            setup,
            core: Uuid::new_v4().to_string(),
            begun: Instant::now(),
            inner: Mutex::new(Inner {
                channels: HashMap::new(),
                numbers: 0,
                listeners: Vec::new(),
                extensions: HashMap::new(),
                tasks: Tasks::default(),
                faults: Faults::default(),
                administration: Administration::default(),
            }),
            sequence: AtomicU64::new(430),
            clock: Arc::default(),
            received: watch::Sender::new(Vec::new()),
            crashed: watch::Sender::new(false),
            life: CancellationToken::new(),
        }
    }

    /// The process is no more: connections, channels and all.
    pub(super) fn crash(&self) {
        self.crashed.send_replace(true);
        self.life.cancel();
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs something for as long as the fake lives.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let life = self.life.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = life.cancelled() => {}
                () = work => {}
            }
        });
    }

    pub(super) fn channel(&self, id: &str) -> Option<Arc<Channel>> {
        self.inner().channels.get(id).cloned()
    }

    /// Makes a channel; its number is filled in.
    pub(super) fn create(&self, mut birth: Birth) -> Arc<Channel> {
        let mut inner = self.inner();
        inner.numbers += 1;
        birth.number = inner.numbers;
        let channel = Arc::new(Channel::new(birth));
        inner.channels.insert(channel.id.clone(), Arc::clone(&channel));
        channel
    }

    /// Tells an event to those who want it.
    pub(super) fn fire(&self, name: &'static str, headers: Headers, body: Option<String>) {
        let listeners: Vec<_> = {
            let mut inner = self.inner();
            if inner.faults.loses(name) {
                return;
            }
            let wanting = inner.listeners.iter().filter(|one| one.wants_name(name));
            wanting.cloned().collect()
        };
        if listeners.is_empty() {
            return;
        }
        let event = self.event(name, headers, body);
        for listener in listeners {
            listener.tell(&event);
        }
    }

    /// An event with the headers that all have.
    pub(super) fn event(&self, name: &'static str, headers: Headers, body: Option<String>) -> Event {
        let (file, function, line) = origin(name);
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
        let now = micros();
        let moment = jiff::Timestamp::from_microsecond(now as i64).unwrap_or_default();
        let mut all: Headers = vec![
            ("Event-Name".into(), name.to_owned()),
            ("Core-UUID".into(), self.core.clone()),
            ("FreeSWITCH-Hostname".into(), "vm".to_owned()),
            ("FreeSWITCH-Switchname".into(), "vm".to_owned()),
            ("FreeSWITCH-IPv4".into(), "192.0.2.2".to_owned()),
            ("FreeSWITCH-IPv6".into(), "fd00::2".to_owned()),
            (
                "Event-Date-Local".into(),
                moment.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            ),
            (
                "Event-Date-GMT".into(),
                moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
            ),
            ("Event-Date-Timestamp".into(), now.to_string()),
            ("Event-Calling-File".into(), file.to_owned()),
            ("Event-Calling-Function".into(), function.to_owned()),
            ("Event-Calling-Line-Number".into(), line.to_string()),
            ("Event-Sequence".into(), sequence.to_string()),
        ];
        all.extend(headers);
        Event::new(name, all, body)
    }

    /// Tells an event of a channel with all that is known of it.
    pub(super) fn tell(&self, channel: &Channel, name: &'static str) {
        self.fire(name, channel.all(), None);
    }

    /// The same with headers of its own.
    pub(super) fn tell_with(&self, channel: &Channel, name: &'static str, more: &[(&'static str, &str)]) {
        let mut headers = channel.all();
        headers.extend(
            more.iter()
                .map(|(name, value)| ((*name).into(), (*value).to_owned())),
        );
        self.fire(name, headers, None);
    }

    /// Puts a channel into a state and tells it.
    pub(super) fn enter(&self, channel: &Channel, core: CoreState) {
        channel.state().core = core;
        channel.touch();
        self.fire("CHANNEL_STATE", channel.basics(), None);
    }

    pub(super) fn call_state(&self, channel: &Channel, call: &'static str) {
        let before = std::mem::replace(&mut channel.state().call, call);
        let mut headers = channel.basics();
        headers.push(("Original-Channel-Call-State".into(), before.to_owned()));
        self.fire("CHANNEL_CALLSTATE", headers, None);
    }

    /// Ends a channel, unless it has ended.
    pub(super) fn hang_up(&self, channel: &Channel, cause: &str) {
        {
            let mut state = channel.state();
            if state.cause.is_some() {
                return;
            }
            state.cause = Some(cause.to_owned());
            state.answer = "hangup";
            state.hung_up = micros();
            let code = q850(cause).to_string();
            state.set("hangup_cause", cause);
            state.set("hangup_cause_q850", code);
        }
        self.tell(channel, "CHANNEL_HANGUP");
        channel.touch();
        // Whoever talks to it notices at the next frame, that is at once here.
        let other = channel.state().other.as_ref().map(|other| other.id.clone());
        if let Some(other) = other.and_then(|id| self.channel(&id)) {
            other.touch();
        }
    }

    /// Tells the end of a channel and forgets it.
    pub(super) fn bury(&self, channel: &Channel) {
        self.enter(channel, CoreState::Hangup);
        self.stop_stream(channel, None);
        self.stop_recordings(channel, |_| true);
        self.call_state(channel, "HANGUP");
        self.enter(channel, CoreState::Reporting);
        self.tell(channel, "CHANNEL_HANGUP_COMPLETE");
        {
            let mut inner = self.inner();
            inner.channels.remove(&channel.id);
            // A channel takes only the tasks of its bare UUID with it (`sched_hangup`'s group).
            inner.tasks.delete_group(&channel.id);
        }
        self.tell(channel, "CHANNEL_DESTROY");
        self.enter(channel, CoreState::Destroy);
        let cause = channel.cause().unwrap_or_default();
        channel.is_at(Place::HungUp { cause });
    }

    /// Waits for the channel's next frame, at which FreeSWITCH looks for what it is to do.
    pub(super) async fn next_frame(&self, channel: &Channel) {
        let ptime = channel.codec.ptime.as_micros() as u64;
        let into = (micros().saturating_sub(channel.created)) % ptime.max(1);
        tokio::time::sleep(Duration::from_micros(ptime - into)).await;
    }
}

/// Microseconds of the epoch.
pub(super) fn micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_micros() as u64
}

/// The number of a cause (Q.850, and FreeSWITCH's own from 487).
fn q850(cause: &str) -> u16 {
    match cause {
        "NO_ROUTE_DESTINATION" => 3,
        "USER_BUSY" => 17,
        "NO_USER_RESPONSE" => 18,
        "NO_ANSWER" => 19,
        "SUBSCRIBER_ABSENT" => 20,
        "CALL_REJECTED" => 21,
        "DESTINATION_OUT_OF_ORDER" => 27,
        "NORMAL_TEMPORARY_FAILURE" => 41,
        "RECOVERY_ON_TIMER_EXPIRE" => 102,
        "ORIGINATOR_CANCEL" => 487,
        "USER_NOT_REGISTERED" => 606,
        _ => 16,
    }
}

/// Where in FreeSWITCH's source 1.10.12 an event comes from, as it says itself.
fn origin(name: &str) -> (&'static str, &'static str, u32) {
    match name {
        "CHANNEL_CREATE" => ("switch_core_state_machine.c", "switch_core_session_run", 626),
        "CHANNEL_ORIGINATE" => ("switch_core_state_machine.c", "switch_core_session_run", 632),
        "CHANNEL_OUTGOING" => (
            "switch_core_session.c",
            "switch_core_session_outgoing_channel",
            768,
        ),
        "CHANNEL_STATE" => (
            "switch_channel.c",
            "switch_channel_perform_set_running_state",
            2408,
        ),
        "CHANNEL_CALLSTATE" => ("switch_channel.c", "switch_channel_perform_set_callstate", 301),
        "CHANNEL_PROGRESS" => (
            "switch_channel.c",
            "switch_channel_perform_mark_ring_ready_value",
            3505,
        ),
        "CHANNEL_ANSWER" => ("switch_channel.c", "switch_channel_perform_mark_answered", 3846),
        "CHANNEL_HANGUP" => ("switch_channel.c", "switch_channel_perform_hangup", 3445),
        "CHANNEL_HANGUP_COMPLETE" => (
            "switch_core_state_machine.c",
            "switch_core_session_reporting_state",
            943,
        ),
        "CHANNEL_DESTROY" => (
            "switch_core_session.c",
            "switch_core_session_perform_destroy",
            1584,
        ),
        "CHANNEL_EXECUTE" => ("switch_core_session.c", "switch_core_session_exec", 2944),
        "CHANNEL_EXECUTE_COMPLETE" => ("switch_core_session.c", "switch_core_session_exec", 2967),
        "CHANNEL_PARK" => ("switch_ivr.c", "switch_ivr_park", 1002),
        "CHANNEL_UNPARK" => ("switch_ivr.c", "switch_ivr_park", 1213),
        "CHANNEL_BRIDGE" => ("switch_ivr_bridge.c", "switch_ivr_multi_threaded_bridge", 1673),
        "CHANNEL_UNBRIDGE" => ("switch_ivr_bridge.c", "switch_ivr_multi_threaded_bridge", 1806),
        "PLAYBACK_START" => ("switch_ivr_play_say.c", "switch_ivr_play_file", 1646),
        "PLAYBACK_STOP" => ("switch_ivr_play_say.c", "switch_ivr_play_file", 2020),
        "PRIVATE_COMMAND" => ("switch_ivr.c", "switch_ivr_parse_next_event", 804),
        "DTMF" => ("switch_channel.c", "switch_channel_dequeue_dtmf", 677),
        "BACKGROUND_JOB" => ("mod_event_socket.c", "api_exec", 1572),
        "CHANNEL_DATA" => ("mod_commands.c", "uuid_dump_function", 6468),
        _ => ("switch_core.c", "switch_core", 1),
    }
}
