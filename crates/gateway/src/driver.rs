//! The driver of one call: it moves audio between leg, ear, engine and playout, tells the pure [`call::Call`] what happened, and
//! does what the call decides. It routes; each part knows its own work.

mod hearing;
mod opening;
mod services;
mod speaking;
mod work;

pub use services::Services;

use crate::calls::{ModuleBuild, Presence};
use crate::leg::raw::{Control, RawLeg};
use crate::leg::{Closing, Incoming};
use crate::metrics::{Dropped, ErrorKind, LatencySheet};
use call::{Call, EngineEvent, Input, LegCommand, LegEvent, Outcome, Output, Record};
use hearing::Hearing;
use secretary::{CallUuid, Domain, Secretary};
use speaking::Speaking;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use voice::{Engine, Session};
use work::{Done, Work};

/// How often a stream that says nothing is asked whether it is there, and the call's own counts go to the node's metrics.
const SECOND: Duration = Duration::from_secs(1);
/// How long the other end may take to close a stream after a hang-up or a transfer.
const CLOSING_LIMIT: Duration = Duration::from_secs(2);

/// A stream that has come for a call.
pub(crate) struct Attachment {
    pub(crate) leg: RawLeg,
    pub(crate) peer: SocketAddr,
    pub(crate) build: ModuleBuild,
}

/// What a call begins with.
pub(crate) struct Beginning {
    pub(crate) services: Arc<Services>,
    pub(crate) domain: Arc<Domain>,
    pub(crate) call: CallUuid,
    pub(crate) attachment: Attachment,
    /// Streams that come later for the same call.
    pub(crate) arrivals: mpsc::Receiver<Attachment>,
    pub(crate) stop: CancellationToken,
    pub(crate) presence: Arc<Presence>,
}

/// Who ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndedBy {
    /// The caller, the PBX, or a stream that was lost.
    Line,
    /// The gateway: a hang-up or a transfer of the secretary's, or a shutdown.
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
        Outcome::CallerHungUp | Outcome::StreamLost => EndedBy::Line,
        _ => EndedBy::Gateway,
    }
}

/// One call.
struct Driver {
    services: Arc<Services>,
    domain: Arc<Domain>,
    id: CallUuid,
    secretary: Arc<Secretary>,
    engine: Arc<dyn Engine>,
    call: Call,
    leg: Option<RawLeg>,
    arrivals: mpsc::Receiver<Attachment>,
    stop: CancellationToken,
    presence: Arc<Presence>,
    session: Option<Box<dyn Session>>,
    hearing: Hearing,
    speaking: Speaking,
    work: Work,
    latency: LatencySheet,
    /// Where the time before the next answer's first audio went, if the engine knows.
    latency_parts: Option<voice::engine::Latency>,
    /// When the stream was lost, while it is.
    detached_at: Option<Instant>,
    last_heard: Instant,
    next_second: Instant,
    outcome: Outcome,
    stopping: bool,
}

/// What wakes the driver.
enum Wake {
    Leg(Incoming),
    Session(voice::Event),
    Work(Done),
    Arrival(Attachment),
    Stop,
    Timer,
}

impl Driver {
    /// Goes on until the call is over.
    async fn converse(&mut self) {
        let sleep = tokio::time::sleep_until(Instant::now().into());
        tokio::pin!(sleep);
        let mut armed = Instant::now();
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
            session,
            work,
            arrivals,
            stop,
            stopping,
            speaking,
            ..
        } = self;
        let now = Instant::now();
        tokio::select! {
            // Audio before everything else: fairness between the rest does not matter, as each is bounded.
            biased;
            incoming = poll_fn(|cx| match leg {
                Some(leg) => leg.poll_incoming(cx, now),
                None => std::task::Poll::Pending,
            }) => Wake::Leg(incoming),
            event = poll_fn(|cx| match session {
                Some(session) => session.poll_event(cx, &mut speaking.pcm),
                None => std::task::Poll::Pending,
            }) => Wake::Session(event),
            done = work.next() => Wake::Work(done),
            Some(attachment) = arrivals.recv() => Wake::Arrival(attachment),
            () = stop.cancelled(), if !*stopping => Wake::Stop,
            () = sleep => Wake::Timer,
        }
    }

    fn woken(&mut self, wake: Wake) {
        let now = Instant::now();
        match wake {
            Wake::Leg(incoming) => self.incoming(incoming, now),
            Wake::Session(event) => self.session_event(event, now),
            Wake::Work(done) => self.work_done(done, now),
            Wake::Arrival(attachment) => self.reattach(attachment, now),
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

    fn incoming(&mut self, incoming: Incoming, now: Instant) {
        let mut next = Some(incoming);
        // What the socket already holds is taken at once, so that a backlog is seen as one and its oldest part dropped.
        while let Some(incoming) = next {
            self.last_heard = now;
            match incoming {
                Incoming::Audio(bytes) => self.hearing.take(&bytes, now),
                Incoming::Text(text) => self.text(&text, now),
                Incoming::Alive => {}
                Incoming::Closed(closing) => return self.closed(closing, now),
            }
            next = self.leg.as_mut().and_then(|leg| leg.already_here(now));
        }
        self.presence.seen(now);
        self.hear(now);
        self.latency.record(now.elapsed());
    }

    /// Lets ear and engine hear what has come.
    fn hear(&mut self, now: Instant) {
        let edges = self.hearing.hear(self.session.as_deref_mut(), now);
        for edge in edges {
            let input = match edge {
                audio::Edge::Started { .. } => Input::SpeechStarted,
                audio::Edge::Ended { .. } => Input::SpeechEnded,
            };
            self.tell(input, now);
        }
    }

    fn text(&mut self, text: &str, now: Instant) {
        match opening::text_frame(text) {
            Ok(opening::TextFrame::Dtmf(digit)) => self.tell(Input::Dtmf(digit), now),
            Ok(opening::TextFrame::Other) => {
                tracing::debug!(call = %self.id, "a text frame that means nothing to this leg was left alone");
            }
            Err(complaint) => {
                self.services.metrics.error(ErrorKind::Metadata);
                tracing::warn!(call = %self.id, %complaint, "a text frame could not be used");
            }
        }
    }

    fn closed(&mut self, closing: Closing, now: Instant) {
        self.leg = None;
        self.presence.gone();
        match closing {
            Closing::Normal => self.tell(Input::Leg(LegEvent::Ended), now),
            Closing::Lost => {
                tracing::info!(call = %self.id, grace = ?self.services.stream.reattach_grace(), "the stream was lost; the call waits for another");
                self.services.metrics.call_detached();
                self.detached_at = Some(now);
                self.tell(Input::Leg(LegEvent::Detached), now);
            }
        }
    }

    fn reattach(&mut self, attachment: Attachment, now: Instant) {
        tracing::info!(call = %self.id, peer = %attachment.peer, "the call came back on another stream");
        if self.leg.is_some() {
            // The old stream no longer answers: the call was detached without our knowing.
            self.tell(Input::Leg(LegEvent::Detached), now);
        }
        self.services.metrics.call_reattached();
        self.hearing.restart(attachment.build);
        self.leg = Some(attachment.leg);
        self.detached_at = None;
        self.last_heard = now;
        self.presence.seen(now);
        self.tell(Input::Leg(LegEvent::Attached), now);
    }

    fn session_event(&mut self, event: voice::Event, now: Instant) {
        match event {
            voice::Event::Audio { answer } => {
                let Some(session) = &self.session else { return };
                if let Some(input) = self.speaking.answer_audio(answer, session.output_rate()) {
                    self.tell(input, now);
                }
            }
            voice::Event::Engine(event) => {
                if let EngineEvent::AnswerDone { answer } = event
                    && let Some(input) = self.speaking.answer_done(answer)
                {
                    self.tell(input, now);
                }
                self.tell(Input::Engine(event), now);
            }
            voice::Event::Latency(parts) => self.latency_parts = Some(parts),
        }
    }

    fn work_done(&mut self, done: Done, now: Instant) {
        match done {
            Done::Connected(Ok(session)) => {
                self.hearing.engine_hears_at(session.input_rate());
                self.session = Some(session);
            }
            Done::Connected(Err(error)) => {
                tracing::warn!(call = %self.id, engine = self.engine.name(), %error, "the engine could not be reached");
                let failed = EngineEvent::Failed {
                    kind: error.kind,
                    message: error.message,
                };
                self.tell(Input::Engine(failed), now);
            }
            Done::Judged { turn, complete } => self.tell(Input::TurnJudged { turn, complete }, now),
            Done::Tool { id, ok, result } => self.tell(Input::ToolDone { id, ok, result }, now),
            Done::Prompt { prompt, audio } => {
                if let Err(error) = &audio {
                    self.services.metrics.error(ErrorKind::Synthesis);
                    tracing::warn!(call = %self.id, %error, "a prompt could not be rendered");
                }
                self.speaking.prompt(prompt, audio.ok());
            }
        }
    }

    /// Does all that is to be done now: what the call decided, and the audio that is due.
    fn settle(&mut self, now: Instant) {
        loop {
            while let Some(output) = self.call.poll_output() {
                self.perform(output, now);
            }
            if let Some(leg) = &mut self.leg {
                self.speaking.release(leg, now);
            }
            match self.speaking.played(now) {
                Some(event) => self.call.handle(Input::Playout(event), now),
                None => return,
            }
        }
    }

    fn perform(&mut self, output: Output, now: Instant) {
        match output {
            Output::Engine(command) => {
                if let Some(session) = &mut self.session {
                    session.command(command);
                }
            }
            Output::Leg(command) => self.leg_command(command, now),
            Output::JudgeTurn { turn } => self.work.judge(&self.services, turn, &self.hearing),
            Output::PlayPrompt { prompt, text } => {
                self.work.prompt(&self.services, &self.secretary, prompt, text)
            }
            Output::Tool(request) => self.work.tool(&self.services, &self.domain, self.id, request),
            Output::Record(record) => self.record(&record),
        }
    }

    fn leg_command(&mut self, command: LegCommand, now: Instant) {
        let control = match &command {
            LegCommand::Pause => {
                self.speaking.pause(now);
                Control::Pause
            }
            LegCommand::Resume => {
                self.speaking.resume(now);
                Control::Resume
            }
            LegCommand::Clear { through, .. } => {
                self.speaking.clear(*through, now);
                Control::Clear
            }
            LegCommand::Transcript { role, text, is_final } => Control::Transcript {
                role: *role,
                text,
                r#final: *is_final,
            },
            LegCommand::Transfer { destination } => Control::Transfer { destination },
            LegCommand::HangUp => Control::Hangup,
        };
        if let Some(leg) = &mut self.leg {
            leg.control(&control);
        }
    }

    /// Notes what is worth keeping: numbers and kinds, never words.
    fn record(&mut self, record: &Record) {
        let metrics = &self.services.metrics;
        match record {
            Record::UserTurn { turn } => tracing::debug!(call = %self.id, %turn, "the caller's turn is over"),
            Record::Answered { turn, response_ms } => {
                metrics.engine_response(self.engine.name(), Duration::from_millis(*response_ms));
                tracing::info!(call = %self.id, %turn, response_ms, "answered");
                let control = Control::latency(*response_ms, self.latency_parts.take());
                if let Some(leg) = &mut self.leg {
                    leg.control(&control);
                }
            }
            Record::Heard {
                utterance,
                played,
                cut,
                ..
            } => {
                tracing::debug!(call = %self.id, ?utterance, played_ms = played.0, cut, "heard");
            }
            Record::BargeIn { after_ms } => {
                metrics.barge_in();
                tracing::info!(call = %self.id, after_ms, "the caller interrupted");
            }
            Record::FalseBargeIn => {
                metrics.false_barge_in();
                tracing::info!(call = %self.id, "a sound did not interrupt");
            }
            Record::EngineFailed { kind } => {
                metrics.error(ErrorKind::Engine(*kind));
                tracing::warn!(call = %self.id, engine = self.engine.name(), ?kind, "the engine failed");
            }
            Record::ToolTimedOut { name } => {
                metrics.error(ErrorKind::ToolTimeout);
                tracing::warn!(call = %self.id, tool = name, "a tool did not answer in time");
            }
            Record::Ended { outcome } => {
                self.outcome = *outcome;
                tracing::info!(call = %self.id, ?outcome, "the call is over");
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
            self.hearing.complain_of_silence(self.id, now);
        }
        if self.next_second <= now {
            self.next_second = now + SECOND;
            self.ask_if_silent(now);
            self.flush();
        }
    }

    fn ask_if_silent(&mut self, now: Instant) {
        if now.duration_since(self.last_heard) < SECOND {
            return;
        }
        if let Some(leg) = &mut self.leg {
            leg.ping();
        }
    }

    /// Adds what this call counted by itself to the node's metrics.
    fn flush(&mut self) {
        self.latency.flush();
        let metrics = &self.services.metrics;
        metrics.underruns(self.speaking.new_underruns());
        metrics.dropped_ms(Dropped::Backlog, self.hearing.new_backlog_ms());
        metrics.dropped_ms(Dropped::Playout, self.speaking.new_dropped_ms());
        let session_ms = self.session.as_ref().map_or(0, |session| session.dropped_ms());
        metrics.dropped_ms(Dropped::Engine, self.hearing.new_engine_drops(session_ms));
        let refused = self.leg.as_ref().map_or(0, RawLeg::refused);
        metrics.dropped_ms(Dropped::Leg, self.speaking.new_refused(refused) * 20);
    }

    /// Ends the stream and all that the call started.
    async fn close(&mut self) {
        self.session = None;
        self.work.abandon();
        self.flush();
        let Some(mut leg) = self.leg.take() else { return };
        self.presence.seen(Instant::now());
        // After a hang-up or a transfer the PBX closes the stream; only if it does not, we do.
        if closed_by_other_end(&mut leg).await {
            return;
        }
        leg.close();
        if !closed_by_other_end(&mut leg).await {
            tracing::debug!(call = %self.id, "the other end did not answer our close");
        }
    }
}

/// Waits for the end of a stream, but not for long.
async fn closed_by_other_end(leg: &mut RawLeg) -> bool {
    let closed = async {
        loop {
            let now = Instant::now();
            if let Incoming::Closed(_) = poll_fn(|cx| leg.poll_incoming(cx, now)).await {
                return;
            }
        }
    };
    tokio::time::timeout(CLOSING_LIMIT, closed).await.is_ok()
}
