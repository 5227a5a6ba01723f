//! A PBX that is controlled by ESL. A task of its own, the attendant, follows the caller's channel and does what the call asks, so
//! that nothing here waits for FreeSWITCH.

mod announced;
mod attendant;
mod booth;
mod bridge_state;
mod causes;
mod last_resort;
mod route;
mod tools;

pub(crate) use booth::Means;
pub(crate) use last_resort::{AFTER as LAST_RESORT_AFTER, last_resort};

use super::{Line, Order, Pbx, Report, Target};
use crate::leg::Leg;
use attendant::Attendant;
use call::{ToolCallId, ToolRequest};
use freeswitch::{Music, Switch, Timer};
use secretary::{DestinationKind, Language};
use std::collections::VecDeque;
use std::task::{Context, Poll};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// So many orders wait while FreeSWITCH is slow to answer; a call gives one at a time.
const ORDERS: usize = 32;
/// So many reports wait for the driver. One that takes none any more is no longer vouched for: the attendant waits for it, and
/// FreeSWITCH for the attendant, but only until the last resort.
const REPORTS: usize = 64;

/// How a call's PBX is to behave.
#[derive(Clone)]
pub(crate) struct PbxSettings {
    /// What FreeSWITCH does with the caller when nobody carries the call any more: [`last_resort`].
    pub(crate) last_resort: Timer,
    /// What the caller hears who waits.
    pub(crate) music: Music,
    /// What is dialled before an extension's number to reach its mailbox (`*99` on FusionPBX).
    pub(crate) mailbox_prefix: String,
    /// The language of what a person is asked who is called for the caller.
    pub(crate) language: Language,
    /// The voice of that; empty for the engine's own.
    pub(crate) voice: String,
    /// How the call's audio travels.
    pub(crate) audio: CallAudio,
    /// With what people are spoken to who are called for the caller.
    pub(crate) means: Means,
}

/// How the audio of a call travels, as far as it is to be ended here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallAudio {
    /// By FreeSWITCH's core, which sends nothing once the channel has left park.
    Core,
    /// By an audio module, which goes on until it is stopped.
    Module,
}

/// Orders by ESL.
pub(crate) struct ByEsl {
    switch: Switch,
    orders: mpsc::Sender<Errand>,
    hang_up: CancellationToken,
    reports: mpsc::Receiver<Report>,
    /// Tools that could not be passed on, to be reported.
    refused: VecDeque<ToolCallId>,
}

/// An order that outlives its call.
enum Errand {
    Transfer(Wanted),
    Hold,
    Unhold,
    LetGo,
    GiveUp,
    Tool(ToolRequest),
}

/// Whom the caller wants.
struct Wanted {
    destination: String,
    number: Option<String>,
    kind: Option<DestinationKind>,
    announcement: Option<String>,
}

impl ByEsl {
    /// Takes the line's channel into care: from now on FreeSWITCH hands it to the last resort unless the attendant goes on renewing
    /// that. The attendant ends when this is dropped; whom it has called for the caller it hangs up. Call it in a tokio runtime.
    pub(crate) fn new(line: Line, settings: PbxSettings) -> Self {
        let (orders, taken) = mpsc::channel(ORDERS);
        let (told, reports) = mpsc::channel(REPORTS);
        let hang_up = CancellationToken::new();
        let switch = line.switch.clone();
        let attendants = settings.means.controlled.attendants.clone();
        let attendant = Attendant::new(line, settings, taken, hang_up.clone(), told);
        // Not ended by force: what is left to be done when the call is over (a hang-up, above all) it still does.
        attendants.spawn(attendant.run());
        Self {
            switch,
            orders,
            hang_up,
            reports,
            refused: VecDeque::new(),
        }
    }
}

impl Pbx for ByEsl {
    fn tells_outcomes(&self) -> bool {
        true
    }

    fn has_control(&self) -> bool {
        self.switch.state().is_up()
    }

    fn order(&mut self, order: Order<'_>, _: Option<&mut Leg>) {
        let errand = match order {
            // Besides the queue: it waits behind nothing.
            Order::HangUp => return self.hang_up.cancel(),
            Order::Transfer(target) => Errand::Transfer(Wanted::from(target)),
            Order::Hold => Errand::Hold,
            Order::Unhold => Errand::Unhold,
            Order::LetGo => Errand::LetGo,
            Order::GiveUp => Errand::GiveUp,
            Order::Tool(request) => Errand::Tool(request.clone()),
        };
        if let Err(error) = self.orders.try_send(errand) {
            tracing::warn!(%error, "FreeSWITCH is too slow for what the call asks of it");
            if let Errand::Tool(request) = error.into_inner() {
                self.refused.push_back(request.id);
            }
        }
    }

    fn poll_report(&mut self, cx: &mut Context<'_>) -> Poll<Report> {
        if let Some(id) = self.refused.pop_front() {
            let result = "the PBX does not answer".to_owned();
            return Poll::Ready(Report::Done {
                id,
                ok: false,
                result,
            });
        }
        match self.reports.poll_recv(cx) {
            Poll::Ready(Some(report)) => Poll::Ready(report),
            // After the channel's end nothing more is told.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

impl From<Target<'_>> for Wanted {
    fn from(target: Target<'_>) -> Self {
        Self {
            destination: target.destination.to_owned(),
            number: target.number.map(str::to_owned),
            kind: target.kind,
            announcement: target.announcement.map(str::to_owned),
        }
    }
}
