//! What FreeSWITCH plays for a `file` leg: the module's files, one after the other, as it tells of them.

use freeswitch::{
    Application, AudioFile, AudioId, Command, CommandError, FilePath, Following, Happening, ModuleEvent,
    PlaybackEnd, Switch,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secretary::CallUuid;
use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The module has the file written within milliseconds. One that does not do so by then never will.
const WRITING: Duration = Duration::from_secs(5);
/// FreeSWITCH's event socket tells what happened when it is spoken to, else up to 20 ms later (`read_packet` of mod_event_socket.c,
/// 1.10.12). So it is spoken to when a file ought to be written, this long after it was sent.
const NUDGES: [Duration; 3] = [
    Duration::from_millis(3),
    Duration::from_millis(7),
    Duration::from_millis(12),
];
/// FreeSWITCH has taken a file and plays nothing: somebody's break may have taken it out of the queue, which nobody tells.
const QUEUED: Duration = Duration::from_secs(5);

/// The files of one leg.
pub(super) struct Player {
    switch: Switch,
    call: CallUuid,
    following: Following,
    generation: u32,
    number: u32,
    /// What was sent and is not over, oldest first.
    pieces: VecDeque<Piece>,
    orders: VecDeque<Order>,
    under_way: Option<BoxFuture<'static, Answer>>,
    /// Whether FreeSWITCH can be told anything.
    control: Control,
    told: VecDeque<Told>,
}

/// A stretch of audio in a file of its own.
struct Piece {
    number: u32,
    samples: usize,
    stage: Stage,
    /// Since when it is in this stage.
    since: Instant,
    /// How often FreeSWITCH was spoken to about it.
    nudges: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    /// The module has it.
    Sent,
    /// The module has written it; FreeSWITCH is being asked to play it.
    Written(String),
    /// FreeSWITCH has it in its queue, under this id.
    Queued(String, Uuid),
    /// It is heard.
    Playing(String),
}

/// What FreeSWITCH is told.
enum Order {
    Play {
        number: u32,
        file: FilePath,
    },
    Break,
    /// Something that it answers when it has taken in whom we follow.
    Follow,
    /// Something that has it tell what happened.
    Nudge,
    /// The module is to end the stream, and to remove its files.
    Stop,
}

/// What it answers.
enum Answer {
    Play(u32, Result<Uuid, CommandError>),
    Break(Result<String, CommandError>),
    Follow(Result<String, CommandError>),
    /// Whatever it is.
    Nudge,
    Stop(Result<String, CommandError>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Control {
    /// FreeSWITCH may not have taken in yet that we follow the channel: a file that is written before is told to nobody.
    Awaited,
    Here,
    Lost,
}

/// What the leg is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// There is control: what waits for it may be sent.
    Ready,
    /// The caller begins to hear the next so many samples of what was sent.
    Begins { samples: usize },
    /// What was sent and not heard will not be.
    Dropped,
    /// The stream could not be stopped: the other end must be told itself.
    Unstopped,
}

impl Player {
    /// One that FreeSWITCH is told of at once. Call it in a tokio runtime.
    pub(super) fn new(switch: Switch, call: CallUuid) -> Self {
        let mut player = Self {
            following: switch.follow(call),
            switch,
            call,
            // A file of a gateway that was here before must not be taken for one of ours.
            generation: fastrand::u32(..u32::MAX / 2),
            number: 0,
            pieces: VecDeque::new(),
            orders: VecDeque::new(),
            under_way: None,
            control: Control::Awaited,
            told: VecDeque::new(),
        };
        player.order(Order::Follow);
        player
    }

    /// Whether FreeSWITCH can be told anything now. What is sent meanwhile would be played by nobody.
    pub(super) fn has_control(&self) -> bool {
        self.control == Control::Here
    }

    /// The number of a piece that is sent now.
    pub(super) fn sends(&mut self, samples: usize, now: Instant) -> AudioId {
        self.number += 1;
        self.pieces.push_back(Piece {
            number: self.number,
            samples,
            stage: Stage::Sent,
            since: now,
            nudges: 0,
        });
        AudioId {
            generation: self.generation,
            number: self.number,
        }
    }

    /// Samples that FreeSWITCH has and has not begun to play, and of what is heard all.
    pub(super) fn ahead(&self) -> usize {
        self.pieces.iter().map(|piece| piece.samples).sum()
    }

    /// Nothing of what was sent is to be heard any more. What plays of somebody else's goes on.
    pub(super) fn clear(&mut self) {
        let audible = self.pieces.iter().any(|piece| self.was_asked_for(piece));
        self.generation += 1;
        self.pieces.clear();
        self.orders.retain(|order| !matches!(order, Order::Play { .. }));
        self.told.retain(|told| matches!(told, Told::Unstopped));
        if audible {
            self.order(Order::Break);
        }
    }

    /// Whether FreeSWITCH may have it by now.
    fn was_asked_for(&self, piece: &Piece) -> bool {
        let waits = |order: &Order| matches!(order, Order::Play { number, .. } if *number == piece.number);
        match piece.stage {
            Stage::Sent => false,
            Stage::Written(_) => !self.orders.iter().any(waits),
            Stage::Queued(..) | Stage::Playing(_) => true,
        }
    }

    /// The stream is over: the module is told, or the leg where it cannot be.
    pub(super) fn stop(&mut self) {
        match self.control {
            Control::Awaited | Control::Here => self.order(Order::Stop),
            Control::Lost => self.told.push_back(Told::Unstopped),
        }
    }

    /// The stream is lost, and whoever carries the call now says what is left another time.
    pub(super) fn abandon(&mut self) {
        self.clear();
        let Self {
            switch,
            call,
            orders,
            under_way,
            ..
        } = self;
        if orders.is_empty() && under_way.is_none() {
            return;
        }
        let (switch, call) = (switch.clone(), *call);
        let (orders, under_way) = (std::mem::take(orders), under_way.take());
        // Nobody polls us any more.
        tokio::spawn(async move {
            if let Some(under_way) = under_way {
                under_way.await;
            }
            for order in orders {
                obey(switch.clone(), call, order).await;
            }
        });
    }

    /// Takes an order to FreeSWITCH at once, if nothing is under way to it.
    fn order(&mut self, order: Order) {
        self.orders.push_back(order);
        // Whoever owns us polls with a waker of its own soon.
        self.carry_on(&mut Context::from_waker(Waker::noop()));
    }

    /// The next thing to be told.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Told> {
        loop {
            if let Some(told) = self.told.pop_front() {
                return Poll::Ready(told);
            }
            // Before what happens: the answer tells the id under which it does.
            self.carry_on(cx);
            match self.following.poll_next(cx) {
                Poll::Ready(Some(happening)) => self.happened(happening, now),
                // The channel is gone, which the PBX tells the call.
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
        self.nudge(now);
        self.carry_on(cx);
        self.complain(now);
        match self.told.pop_front() {
            Some(told) => Poll::Ready(told),
            None => Poll::Pending,
        }
    }

    /// When [`Player::poll`] has something to do whatever FreeSWITCH tells.
    pub(super) fn due(&self) -> Option<Instant> {
        let nudge = self.pieces.iter().filter_map(Piece::nudge);
        nudge.chain(self.overdue()).min().filter(|_| self.has_control())
    }

    /// When what was sent first counts as lost.
    fn overdue(&self) -> Option<Instant> {
        let first = self.pieces.front().filter(|_| self.has_control())?;
        match first.stage {
            Stage::Sent => Some(first.since + WRITING),
            Stage::Queued(..) => Some(first.since + QUEUED),
            Stage::Written(_) | Stage::Playing(_) => None,
        }
    }

    fn nudge(&mut self, now: Instant) {
        if !self.has_control() {
            return;
        }
        let due = |piece: &&mut Piece| piece.nudge().is_some_and(|due| due <= now);
        let mut wanted = false;
        for piece in self.pieces.iter_mut().filter(due) {
            piece.nudges += 1;
            wanted = true;
        }
        // Any order does it.
        if wanted && self.orders.is_empty() && self.under_way.is_none() {
            self.orders.push_back(Order::Nudge);
        }
    }

    fn complain(&mut self, now: Instant) {
        if self.overdue().is_none_or(|due| now < due) {
            return;
        }
        let call = self.call;
        match self.pieces.front().map(|piece| &piece.stage) {
            Some(Stage::Sent) => {
                tracing::warn!(%call, "the audio module has not written what it was sent: is FreeSWITCH's temp folder full, or the module one that plays \
                    binary frames (then set leg = \"raw\")?");
                // A caller who hears nothing of us is better off with the fallback.
                self.pieces.clear();
                self.stop();
            }
            _ => {
                tracing::warn!(%call, "FreeSWITCH has not begun to play what it was asked to; it is asked again");
                self.begin_again();
            }
        }
    }

    /// Has everything sent again that was not heard.
    fn begin_again(&mut self) {
        self.clear();
        self.told.push_back(Told::Dropped);
    }

    /// Takes orders to FreeSWITCH one after the other, so that they are obeyed in their order.
    fn carry_on(&mut self, cx: &mut Context<'_>) {
        loop {
            if let Some(under_way) = &mut self.under_way {
                let Poll::Ready(answer) = under_way.poll_unpin(cx) else {
                    return;
                };
                self.under_way = None;
                self.answered(answer);
            }
            let Some(order) = self.orders.pop_front() else {
                return;
            };
            self.under_way = Some(obey(self.switch.clone(), self.call, order));
        }
    }

    fn answered(&mut self, answer: Answer) {
        let call = self.call;
        match answer {
            Answer::Play(number, Ok(id)) => {
                let piece = self.pieces.iter_mut().find(|piece| piece.number == number);
                if let Some(piece) = piece
                    && let Stage::Written(file) = &mut piece.stage
                {
                    piece.stage = Stage::Queued(std::mem::take(file), id);
                }
            }
            Answer::Play(_, Err(error)) => {
                tracing::warn!(%call, %error, "FreeSWITCH could not be asked to play what is said");
            }
            // Nothing plays on a channel that is gone.
            Answer::Break(Err(error)) if !matches!(error, CommandError::NoSuchChannel { .. }) => {
                tracing::warn!(%call, %error, "FreeSWITCH could not be told to stop playing");
            }
            Answer::Stop(Err(error)) => {
                tracing::debug!(%call, %error, "the module could not be told to stop the stream");
                self.told.push_back(Told::Unstopped);
            }
            // That control is lost is told by itself, and so is that it is back, with everybody followed.
            Answer::Follow(Err(CommandError::NotConnected { .. })) => {}
            // Whatever else it answers, and where it is too slow to answer: nobody waits longer.
            Answer::Follow(_) => {
                if self.control == Control::Awaited {
                    self.has_control_now();
                }
            }
            Answer::Break(_) | Answer::Nudge | Answer::Stop(Ok(_)) => {}
        }
    }

    fn happened(&mut self, happening: Happening, now: Instant) {
        match happening {
            Happening::Module(ModuleEvent::Play(body)) => self.written(&body, now),
            Happening::PlaybackStarted { file } => self.begins(&file, now),
            Happening::PlaybackStopped { file, end } => self.ends(&file, end),
            Happening::Ended { id, response, .. } => self.over(id, &response),
            Happening::ControlLost => self.control = Control::Lost,
            Happening::ControlBack => {
                self.has_control_now();
                if !self.pieces.is_empty() {
                    // Some of it may have been written, or played, without our hearing of it.
                    self.begin_again();
                }
            }
            _ => {}
        }
    }

    fn has_control_now(&mut self) {
        self.control = Control::Here;
        self.told.push_back(Told::Ready);
    }

    /// A file of another generation is played by nobody, and goes with the stream.
    fn written(&mut self, body: &serde_json::Value, now: Instant) {
        let Some(AudioFile { id, file }) = AudioFile::read(body) else {
            return;
        };
        let ours = id.generation == self.generation;
        let piece = self.pieces.iter_mut().find(|piece| piece.number == id.number);
        if let Some(piece) = piece.filter(|piece| ours && piece.stage == Stage::Sent) {
            piece.stage = Stage::Written(file.to_string());
            piece.since = now;
            self.orders.push_back(Order::Play {
                number: id.number,
                file,
            });
        }
    }

    fn begins(&mut self, file: &str, now: Instant) {
        let Some(index) = self.pieces.iter().position(|piece| piece.is_in(file)) else {
            return;
        };
        self.pass(index);
        if let Some(piece) = self.pieces.front_mut() {
            let samples = piece.samples;
            piece.stage = Stage::Playing(file.to_owned());
            self.told.push_back(Told::Begins { samples });
        }
        if let Some(next) = self.pieces.get_mut(1) {
            next.since = now;
        }
    }

    /// The first so many pieces are over, whatever of them was told: FreeSWITCH plays in their order.
    fn pass(&mut self, count: usize) {
        for piece in self.pieces.drain(..count) {
            let samples = piece.samples;
            if !matches!(piece.stage, Stage::Playing(_)) {
                self.told.push_back(Told::Begins { samples });
            }
        }
    }

    fn ends(&mut self, file: &str, end: PlaybackEnd) {
        let Some(index) = self.pieces.iter().position(|piece| piece.is_in(file)) else {
            return;
        };
        match end {
            PlaybackEnd::Done => self.pass(index + 1),
            // It was not us, and FreeSWITCH's queue may be empty now.
            PlaybackEnd::Broken => self.begin_again(),
        }
    }

    /// A playback is over; one that was never heard (`FILE NOT FOUND`) is left out.
    fn over(&mut self, id: Uuid, response: &str) {
        let unheard = |piece: &Piece| matches!(piece.stage, Stage::Queued(_, of) if of == id);
        if let Some(index) = self.pieces.iter().position(unheard) {
            tracing::warn!(call = %self.call, response, "FreeSWITCH could not play a file of its audio module");
            self.pass(index + 1);
        }
    }
}

impl Piece {
    /// When FreeSWITCH is to be spoken to about it.
    fn nudge(&self) -> Option<Instant> {
        let after = NUDGES.get(self.nudges)?;
        (self.stage == Stage::Sent).then_some(self.since + *after)
    }

    fn is_in(&self, wanted: &str) -> bool {
        match &self.stage {
            Stage::Sent => false,
            Stage::Written(file) | Stage::Queued(file, _) | Stage::Playing(file) => file == wanted,
        }
    }
}

fn obey(switch: Switch, call: CallUuid, order: Order) -> BoxFuture<'static, Answer> {
    async move {
        match order {
            Order::Play { number, file } => {
                Answer::Play(number, switch.execute(call, Application::Playback(file)).await)
            }
            // What it is told of whom we follow goes before any command.
            Order::Follow => Answer::Follow(switch.command(Command::Exists(call)).await),
            Order::Nudge => {
                let _ = switch.command(Command::Exists(call)).await;
                Answer::Nudge
            }
            Order::Break => Answer::Break(switch.command(Command::Break(call)).await),
            Order::Stop => Answer::Stop(switch.command(Command::StreamStop(call)).await),
        }
    }
    .boxed()
}
