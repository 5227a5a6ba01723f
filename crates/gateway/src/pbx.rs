//! The PBX as a call sees it: what it is asked for, and what it tells.

mod esl;
mod text;

pub(crate) use esl::{ByEsl, CallAudio, LAST_RESORT_AFTER, Means, PbxSettings, last_resort};
pub(crate) use text::ByText;

use crate::leg::Leg;
use call::{Digit, ToolCallId, ToolRequest, TransferOutcome};
use freeswitch::{Channel, Switch};
use secretary::DestinationKind;
use std::task::{Context, Poll};

/// A call's channel on a FreeSWITCH that we control.
#[derive(Clone)]
pub(crate) struct Line {
    /// The FreeSWITCH.
    pub(crate) switch: Switch,
    /// What it says of the channel.
    pub(crate) channel: Channel,
}

/// What a call asks of the PBX. By ESL where a FreeSWITCH is configured, else as text frames over the leg, for the script there.
pub(crate) trait Pbx: Send {
    /// Whether it tells what becomes of a transfer.
    fn tells_outcomes(&self) -> bool;

    /// Whether it can be told anything now, and puts the caller's last resort off.
    fn has_control(&self) -> bool;

    /// Takes an order. Never waits; what comes of it is reported.
    fn order(&mut self, order: Order<'_>, leg: Option<&mut Leg>);

    /// What it tells next.
    fn poll_report(&mut self, cx: &mut Context<'_>) -> Poll<Report>;
}

/// One thing that the PBX is to do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Order<'a> {
    /// End the call.
    HangUp,
    /// Hand it over, and tell what became of that where [`Pbx::tells_outcomes`].
    Transfer(Target<'a>),
    /// Let the caller wait with music.
    Hold,
    /// End that.
    Unhold,
    /// Let the caller be: somebody else has taken them. [`Report::TransferEnded`] follows.
    LetGo,
    /// Hand the caller to the last resort now: nothing is left by which they hear us. [`Report::LastResort`] follows.
    GiveUp,
    /// Use a tool of the PBX's; [`Report::Done`] follows.
    Tool(&'a ToolRequest),
}

/// Whom a call goes to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target<'a> {
    /// A destination's name, or what the engine called it where the secretary has none.
    pub(crate) destination: &'a str,
    /// What is dialled for it.
    pub(crate) number: Option<&'a str>,
    /// What the number is on the PBX.
    pub(crate) kind: Option<DestinationKind>,
    /// What they are told before they say whether they take the call.
    pub(crate) announcement: Option<&'a str>,
}

/// What the PBX tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Report {
    /// The channel is gone.
    HungUp,
    /// FreeSWITCH has handed the caller to the last resort: we were taken for dead.
    LastResort,
    /// A key was pressed.
    Digit(Digit),
    /// What became of a transfer.
    TransferEnded(TransferOutcome),
    /// A tool of the PBX's has ended.
    Done {
        id: ToolCallId,
        ok: bool,
        result: String,
    },
}
