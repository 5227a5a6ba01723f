//! The driver of one call: it moves audio between leg, ear, engine and playout, tells the pure [`call::Call`] what happened, and
//! does what the call decides. It routes; each part knows its own work.

mod account;
mod decisions;
mod echo;
mod ending;
mod events;
mod facts;
mod hearing;
mod mute;
mod notice;
mod opening;
mod overseen;
mod recorder;
mod services;
mod speaking;
mod waiting;
mod work;

pub(crate) use opening::who_answers;
pub(crate) use services::Services;

use crate::allowance::Charge;
use crate::calls::{ModuleBuild, Overseen, Presence};
use crate::leg::file::ByFiles;
use crate::leg::metadata::Keys;
use crate::leg::{Incoming, Leg};
use crate::metrics::LatencySheet;
use crate::pbx::{Line, Pbx, Report};
use crate::tools::Offer;
use account::Account;
use call::{Directive, Input, LegEvent, Outcome};
use hearing::Hearing;
use mute::Mute;
use recorder::{Files, LoggedCall, RecordedSound};
use secretary::{CallUuid, Domain, Secretary};
use speaking::Speaking;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use voice::Session;
use voice::relay::Relay;
use waiting::Waiting;
use work::{Done, Work};

/// How often a stream that says nothing is asked whether it is there, and the call's own counts go to the node's metrics.
const SECOND: Duration = Duration::from_secs(1);

/// FreeSWITCH's core sends a packet at least every 120 ms while a channel is parked, whatever the phone does. After so long without any
/// the audio is opened again: somebody has played something to the caller, which ends it.
const SILENT_CORE: Duration = Duration::from_secs(5);

/// A stream that has come for a call.
pub(crate) struct Attachment {
    pub(crate) leg: Leg,
    pub(crate) peer: SocketAddr,
    pub(crate) build: ModuleBuild,
    /// What its address says of the call.
    pub(crate) address: Keys,
    /// The channel, where a FreeSWITCH is configured.
    pub(crate) line: Option<Line>,
}

/// What a call begins with.
pub(crate) struct Beginning {
    pub(crate) services: Arc<Services>,
    pub(crate) domain: Arc<Domain>,
    /// The call on its domain's account, while it lives.
    pub(crate) charge: Charge,
    pub(crate) call: CallUuid,
    pub(crate) attachment: Box<Attachment>,
    /// Streams that come later for the same call.
    pub(crate) arrivals: mpsc::Receiver<Box<Attachment>>,
    pub(crate) stop: CancellationToken,
    pub(crate) overseen: Overseen,
    pub(crate) presence: Arc<Presence>,
}

/// Who ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndedBy {
    /// The caller, the PBX, a stream that was lost, or a transfer.
    Line,
    /// The gateway: a hang-up of the secretary's, or a shutdown.
    Gateway,
}

/// Runs a call from its first stream to its end.
pub(crate) async fn run(beginning: Beginning) -> EndedBy {
    let live = beginning.services.metrics.call_started();
    let Some(mut driver) = Driver::open(beginning).await else {
        live.ended(Outcome::CallerHungUp);
        return EndedBy::Line;
    };
    driver.converse().await;
    driver.close().await;
    let outcome = driver.outcome;
    live.ended(outcome);
    match outcome {
        // A call that was handed over may come back to its secretary.
        Outcome::CallerHungUp | Outcome::StreamLost | Outcome::Transferred => EndedBy::Line,
        _ => EndedBy::Gateway,
    }
}

/// One call.
struct Driver {
    services: Arc<Services>,
    charge: Charge,
    account: Account,
    id: CallUuid,
    secretary: Arc<Secretary>,
    call: LoggedCall,
    sound: RecordedSound,
    files: Files,
    leg: Option<Leg>,
    /// How its streams are played, where that is by files.
    by_files: Option<ByFiles>,
    pbx: Box<dyn Pbx>,
    arrivals: mpsc::Receiver<Box<Attachment>>,
    stop: CancellationToken,
    overseen: Overseen,
    presence: Arc<Presence>,
    session: Option<Relay>,
    hearing: Hearing,
    speaking: Speaking,
    work: Work,
    /// The tools of this call.
    offer: Offer,
    latency: LatencySheet,
    waiting: Waiting,
    /// How long before the ear's last end of speech the caller's last sound was.
    hangover: Duration,
    /// When the stream was lost, while it is.
    detached_at: Option<Instant>,
    /// Whether the caller has left the script that had begun the stream, to be put through: nothing begins another.
    left_script: bool,
    last_heard: Instant,
    mute: Mute,
    next_second: Instant,
    /// Words of the secretary's that were heard and that the leg is to be told.
    heard_words: Option<String>,
    /// How much of the recording was lost.
    sound_lost: Duration,
    outcome: Outcome,
    /// What the engine has cost, in millionths.
    cost_micros: u64,
    stopping: bool,
    /// False while the caller hears somebody else, or music.
    listening: bool,
}

/// What wakes the driver.
enum Wake {
    Leg(Incoming),
    Pbx(Report),
    Session(voice::Event),
    Work(Done),
    Arrival(Box<Attachment>),
    Directive(Directive),
    Stop,
    Timer,
}

impl Driver {
    /// Goes on until the call is over.
    async fn converse(&mut self) {
        let sleep = tokio::time::sleep_until(Instant::now().into());
        tokio::pin!(sleep);
        let mut armed = Instant::now();
        self.vouch(armed);
        loop {
            let now = Instant::now();
            self.settle(now);
            if self.call.is_over() {
                return;
            }
            let due = self.next_due();
            if due != armed {
                sleep.as_mut().reset(due.into());
                armed = due;
            }
            let wake = self.wake(sleep.as_mut()).await;
            self.woken(wake);
        }
    }

    async fn wake(&mut self, sleep: std::pin::Pin<&mut tokio::time::Sleep>) -> Wake {
        let Self {
            leg,
            pbx,
            session,
            work,
            arrivals,
            stop,
            overseen,
            stopping,
            speaking,
            ..
        } = self;
        let now = Instant::now();
        tokio::select! {
            // In no fixed order: a peer or an engine that never pauses must not keep the others waiting.
            incoming = poll_fn(|cx| match leg {
                Some(leg) => leg.poll_incoming(cx, now),
                None => std::task::Poll::Pending,
            }) => Wake::Leg(incoming),
            report = poll_fn(|cx| pbx.poll_report(cx)) => Wake::Pbx(report),
            event = poll_fn(|cx| match session {
                Some(session) => session.poll_event(cx, &mut speaking.pcm),
                None => std::task::Poll::Pending,
            }) => Wake::Session(event),
            done = work.next() => Wake::Work(done),
            Some(attachment) = arrivals.recv() => Wake::Arrival(attachment),
            Some(directive) = overseen.directives.recv() => Wake::Directive(directive),
            () = stop.cancelled(), if !*stopping => Wake::Stop,
            () = sleep => Wake::Timer,
        }
    }

    fn woken(&mut self, wake: Wake) {
        let now = Instant::now();
        match wake {
            Wake::Leg(incoming) => self.incoming(incoming, now),
            Wake::Pbx(report) => self.reported(report, now),
            Wake::Session(event) => self.session_event(event, now),
            Wake::Work(done) => self.work_done(done, now),
            Wake::Arrival(attachment) => self.reattach(*attachment, now),
            Wake::Directive(directive) => self.tell(Input::Operator(directive), now),
            Wake::Stop => {
                self.stopping = true;
                self.tell(Input::End, now);
            }
            Wake::Timer => self.timers(now),
        }
    }

    /// Gives the call an input, with the position of what is playing before it.
    fn tell(&mut self, input: Input, now: Instant) {
        if let Some(position) = self.speaking.position(now) {
            self.call.handle(Input::Playout(position), now);
        }
        self.call.handle(input, now);
    }

    /// Does all that is to be done now: what the call decided, and the audio that is due.
    fn settle(&mut self, now: Instant) {
        loop {
            while let Some(output) = self.call.poll_output(now) {
                if self.call.notice_was_heard() {
                    self.begin_sound();
                }
                self.perform(output, now);
            }
            self.notice_absence();
            if let Some(leg) = &mut self.leg {
                self.speaking
                    .release(leg, &mut self.sound, &mut self.hearing.echo, now);
            }
            self.notice_departure(now);
            match self.speaking.played(now) {
                Some(event) => self.call.handle(Input::Playout(event), now),
                None => {
                    return self.show_state();
                }
            }
        }
    }

    fn next_due(&self) -> Instant {
        let grace = self
            .detached_at
            .map(|at| at + self.services.stream.reattach_grace());
        [
            self.call.poll_timeout(),
            self.speaking.next_due(),
            self.hearing.next_due(),
            grace,
        ]
        .into_iter()
        .flatten()
        .fold(self.next_second, Instant::min)
    }

    fn timers(&mut self, now: Instant) {
        if self.call.poll_timeout().is_some_and(|due| due <= now) {
            if let Some(position) = self.speaking.position(now) {
                self.call.handle(Input::Playout(position), now);
            }
            self.call.handle_timeout(now);
        }
        if self
            .detached_at
            .is_some_and(|at| at + self.services.stream.reattach_grace() <= now)
        {
            self.detached_at = None;
            self.tell(Input::Leg(LegEvent::Ended), now);
        }
        if self.hearing.next_due().is_some_and(|due| due <= now) {
            self.hear(now);
            self.hearing.complain_of_silence(now);
        }
        if self.next_second <= now {
            self.next_second = now + SECOND;
            self.ask_if_silent(now);
            self.give_up_if_mute(now);
            self.vouch(now);
            self.flush();
            self.write_files(now);
        }
    }

    /// The caller is to hear somebody else, or music, or is back from that.
    fn notice_absence(&mut self) {
        let listening = self.call.is_listening();
        let was = std::mem::replace(&mut self.listening, listening);
        let Some(leg) = &mut self.leg else { return };
        match (was, listening) {
            (false, true) => {
                leg.open_again();
                self.last_heard = Instant::now();
                self.mute.is_awaited(self.last_heard);
            }
            (true, false) => leg.step_aside(),
            (true, true) | (false, false) => {}
        }
    }

    /// Tells the stream that its call is carried.
    fn vouch(&mut self, now: Instant) {
        if let Some(leg) = &mut self.leg {
            leg.vouch(self.pbx.has_control(), now);
        }
    }

    fn ask_if_silent(&mut self, now: Instant) {
        if now.duration_since(self.last_heard) < SECOND {
            return;
        }
        let silent = now.duration_since(self.last_heard);
        let Some(leg) = &mut self.leg else { return };
        leg.ping();
        if !leg.may_come_back() {
            // While the caller hears music nothing comes, and its channel vouches for the call.
            self.presence.seen(now);
        }
        if silent >= SILENT_CORE && !leg.may_come_back() && leg.takes_audio() && self.listening {
            tracing::info!(call = %self.id, "no audio comes from FreeSWITCH; it is asked for again");
            self.last_heard = now;
            leg.ask_again();
        }
    }
}
