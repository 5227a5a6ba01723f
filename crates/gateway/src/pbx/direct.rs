//! A PBX that is told by ESL only what every call needs: it tells keys and the caller's hang-up, hangs up, and hands a call over
//! without asking what became of it.

use super::{Line, Order, Pbx, Report};
use crate::leg::Leg;
use call::{Digit, ToolCallId, ToolRequest};
use freeswitch::{Command, CommandError, Extension, Following, HangupCause, Happening, Switch};
use secretary::CallUuid;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio_util::task::AbortOnDropHandle;

/// One channel, and what is done to it.
pub(crate) struct Direct {
    line: Line,
    following: Following,
    /// Whether the channel is there at all: it may have gone before it was followed.
    check: Option<AbortOnDropHandle<bool>>,
    refused: VecDeque<ToolCallId>,
    over: bool,
}

impl Direct {
    /// Follows the line's channel. Call it in a tokio runtime.
    pub(crate) fn new(line: Line) -> Self {
        let following = line.switch.follow(line.channel.call);
        let (switch, call) = (line.switch.clone(), line.channel.call);
        let check = tokio::spawn(async move { !matches!(switch.channel(call).await, Ok(None)) });
        Self {
            line,
            following,
            check: Some(AbortOnDropHandle::new(check)),
            refused: VecDeque::new(),
            over: false,
        }
    }

    fn command(&self, command: Command) {
        // Not ended by the call's end: a hang-up must not be lost with the one who asked for it.
        tokio::spawn(given(self.line.switch.clone(), self.line.channel.call, command));
    }

    fn hand_over(&self, number: Option<&str>) {
        let call = self.line.channel.call;
        let Some(extension) = number.and_then(|number| Extension::parse(number).ok()) else {
            return tracing::warn!(%call, "a call could not be handed over: the destination has no number that can be dialled");
        };
        match &self.line.channel.context {
            Some(context) => self.command(Command::Transfer(call, extension, context.clone())),
            None => {
                tracing::warn!(%call, "a call could not be handed over: its channel has no dialplan context")
            }
        }
    }
}

async fn given(switch: Switch, call: CallUuid, command: Command) {
    match switch.command(command).await {
        Ok(_) | Err(CommandError::NoSuchChannel { .. }) => {}
        Err(error) => tracing::warn!(%call, %error, "the PBX was asked in vain"),
    }
}

impl Pbx for Direct {
    fn tells_outcomes(&self) -> bool {
        false
    }

    fn order(&mut self, order: Order<'_>, _: Option<&mut Leg>) {
        match order {
            Order::HangUp => self.command(Command::Kill(self.line.channel.call, HangupCause::NormalClearing)),
            Order::Transfer(target) => self.hand_over(target.number),
            Order::Hold | Order::Unhold => {}
            Order::Tool(ToolRequest { id, .. }) => self.refused.push_back(id.clone()),
        }
    }

    fn poll_report(&mut self, cx: &mut Context<'_>) -> Poll<Report> {
        if let Some(id) = self.refused.pop_front() {
            return Poll::Ready(Report::Done {
                id,
                ok: false,
                result: "the PBX cannot do that".to_owned(),
            });
        }
        if self.over {
            return Poll::Pending;
        }
        if let Some(check) = &mut self.check
            && let Poll::Ready(there) = Pin::new(check).poll(cx)
        {
            self.check = None;
            if let Ok(false) = there {
                self.over = true;
                return Poll::Ready(Report::HungUp);
            }
        }
        while let Poll::Ready(happening) = self.following.poll_next(cx) {
            match happening {
                None | Some(Happening::HungUp { .. }) => {
                    self.over = true;
                    return Poll::Ready(Report::HungUp);
                }
                Some(Happening::Digit(key)) => {
                    if let Some(digit) = Digit::new(key) {
                        return Poll::Ready(Report::Digit(digit));
                    }
                }
                Some(_) => {}
            }
        }
        Poll::Pending
    }
}
