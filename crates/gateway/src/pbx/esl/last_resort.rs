//! The dead man's switch: FreeSWITCH's own task that hands the caller to somebody when we no longer renew it.

use super::route;
use crate::config::PbxConfig;
use crate::pbx::Target;
use crate::transfer;
use freeswitch::{ArgumentError, Channel, CommandError, Extension, Switch, Timer};
use secretary::{CallUuid, DestinationKind, Secretary};
use std::ops::Range;
use std::time::Duration;
use tokio::time::Instant;

/// How long after the last renewal FreeSWITCH acts: with what that takes, the caller is with somebody within 15 s (of 15 it was 15.2,
/// measured).
pub(crate) const AFTER: Duration = Duration::from_secs(14);
/// How much earlier it may: its scheduler counts whole seconds of the epoch (measured on 1.10.12), and what it does takes a moment
/// to be seen.
const EARLY: Duration = Duration::from_secs(2);
/// How often it is renewed, in milliseconds. Not all at the same moment: five hundred calls may have begun in one.
const RENEWAL_MS: Range<u64> = 4_000..6_000;
/// When it is tried again after it could not be renewed.
const AGAIN: Duration = Duration::from_secs(1);

/// Where a caller goes whom nobody carries, now or when FreeSWITCH finds that out: the secretary's fallback destination, else what
/// the dialplan has set (`voice_ai_fallback`), else what is configured for this FreeSWITCH, else the end of the call. No secretary
/// is known of a call of an unknown tenant's.
pub(crate) fn last_resort(secretary: Option<&Secretary>, channel: &Channel, config: &PbxConfig) -> Timer {
    let of_secretary = secretary.and_then(|secretary| {
        let name = secretary.fallback.as_deref()?;
        dialled(&transfer::target(secretary, name, None), config)
            .inspect_err(
                |error| tracing::warn!(call = %channel.call, secretary = %secretary.name, %error, "the fallback"),
            )
            .ok()
    });
    let configured = || Extension::parse(&config.fallback).ok();
    let extension = of_secretary
        .or_else(|| channel.fallback.clone())
        .or_else(configured);
    match (extension, route::context(channel)) {
        (Some(extension), Ok(context)) => Timer::Transfer(extension, context),
        _ => Timer::HangUp,
    }
}

/// What the dialplan is asked for. A destination without a number is none of the secretary's, and its name is no number.
fn dialled(target: &Target<'_>, config: &PbxConfig) -> Result<Extension, ArgumentError> {
    let number = target.number.unwrap_or_default();
    match target.kind {
        Some(DestinationKind::Voicemail) => route::mailbox(number, &config.mailbox_prefix),
        _ => Extension::parse(number),
    }
}

/// One channel's dead man's switch.
pub(super) struct LastResort {
    switch: Switch,
    call: CallUuid,
    timer: Timer,
    due: Instant,
    /// The last time at which FreeSWITCH has taken it.
    armed: Option<Instant>,
    /// Whether it could not be renewed the last time, which is told once.
    fails: bool,
}

impl LastResort {
    /// One that is not armed yet.
    pub(super) fn new(switch: Switch, call: CallUuid, timer: Timer) -> Self {
        Self {
            switch,
            call,
            timer,
            due: Instant::now(),
            armed: None,
            fails: false,
        }
    }

    /// When it is to be renewed.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Whether FreeSWITCH may have acted by now. It may at any time where we have never armed it: then it is as the dialplan, or who
    /// took the call up, has left it.
    pub(super) fn may_have_fired(&self) -> bool {
        self.armed.is_none_or(|at| at.elapsed() + EARLY >= AFTER)
    }

    /// Arms it, or renews it: from now on there is the whole time again.
    pub(super) async fn arm(&mut self) {
        let at = Instant::now();
        match self.switch.arm(self.call, self.timer.clone(), AFTER).await {
            Ok(()) => {
                self.armed = Some(at);
                self.fails = false;
                self.due = at + Duration::from_millis(fastrand::u64(RENEWAL_MS));
            }
            Err(error) => {
                if !std::mem::replace(&mut self.fails, true) {
                    tracing::warn!(call = %self.call, %error, "the last resort could not be renewed; it is tried each second");
                }
                self.due = Instant::now() + AGAIN;
            }
        }
    }

    /// It is tried again in a moment.
    pub(super) fn postpone(&mut self) {
        self.due = Instant::now() + AGAIN;
    }

    /// Takes it away: somebody else carries the caller now, or nobody is left. Goes on trying while it could still act.
    pub(super) async fn disarm(&mut self) {
        let Some(armed) = self.armed.take() else { return };
        loop {
            match self.switch.disarm(self.call).await {
                Ok(()) => return,
                Err(CommandError::NotConnected { .. } | CommandError::TimedOut { .. })
                    if armed.elapsed() < AFTER =>
                {
                    tokio::time::sleep(AGAIN).await;
                }
                Err(error) => {
                    return tracing::warn!(call = %self.call, %error, "the last resort could not be taken away");
                }
            }
        }
    }

    /// Takes it away where that is only tidier: its channel is gone.
    pub(super) async fn forget(&mut self) {
        if self.armed.take().is_some()
            && let Err(error) = self.switch.disarm(self.call).await
        {
            tracing::debug!(call = %self.call, %error, "the last resort of a channel that is gone stays behind");
        }
    }
}
