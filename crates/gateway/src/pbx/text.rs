//! A PBX that is told by text frames over the leg, and tells nothing: the leg ends when it has done what it was told.

use super::{Order, Pbx, Report, Target};
use crate::leg::Leg;
use crate::leg::control::Control;
use call::{ToolCallId, ToolRequest};
use std::collections::VecDeque;
use std::task::{Context, Poll};

/// Orders as text.
#[derive(Debug, Default)]
pub(crate) struct ByText {
    /// Tools that it cannot use, to be reported.
    refused: VecDeque<ToolCallId>,
}

impl Pbx for ByText {
    fn tells_outcomes(&self) -> bool {
        false
    }

    fn has_control(&self) -> bool {
        false
    }

    fn order(&mut self, order: Order<'_>, leg: Option<&mut Leg>) {
        let control = match order {
            Order::HangUp => Control::Hangup,
            Order::Transfer(Target {
                destination,
                number,
                kind,
                ..
            }) => Control::Transfer {
                destination,
                number,
                kind,
            },
            // A script has no word for these: the caller waits without music.
            Order::Hold | Order::Unhold | Order::LetGo | Order::GiveUp => return,
            Order::Tool(ToolRequest { id, .. }) => return self.refused.push_back(id.clone()),
        };
        if let Some(leg) = leg {
            leg.control(&control);
        }
    }

    fn poll_report(&mut self, _: &mut Context<'_>) -> Poll<Report> {
        // Nothing becomes ready by itself: the driver polls again after each order.
        let Some(id) = self.refused.pop_front() else {
            return Poll::Pending;
        };
        Poll::Ready(Report::Done {
            id,
            ok: false,
            result: "this needs control of the PBX ([[pbx]] in the configuration), which is not there"
                .to_owned(),
        })
    }
}
