//! What an operator sees of the call.

use super::Driver;
use crate::api::{CallState, EndedTransfer, LiveCall};
use crate::books::now;
use crate::leg::Leg;
use crate::metrics::transfer_label;
use crate::pbx::Line;
use audio::Layout;
use call::{Record, Standing};
use secretary::Domain;

impl Driver {
    /// From now on the call is seen.
    pub(super) fn show(&self, domain: &Domain, line: Option<&Line>) {
        let (format, build) = self.hearing.stream();
        let call = LiveCall {
            uuid: self.id,
            domain: domain.name.clone(),
            domain_uuid: domain.uuid,
            secretary: self.secretary.name.clone(),
            engine: self.engine().to_owned(),
            since: now(),
            caller: self.account.subject().caller.clone(),
            pbx: line.map(|line| line.switch.name().to_owned()),
            state: CallState::Opening,
            leg: self.leg.as_ref().map_or("", Leg::kind).to_owned(),
            build: build.name().to_owned(),
            rate: format.rate.hz(),
            mix: mix(format.layout).to_owned(),
            turns: 0,
            interruptions: 0,
            response_ms: None,
            heard_ms: 0,
            said_ms: 0,
            dropped_ms: 0,
            underruns: 0,
            last_transfer: None,
        };
        self.overseen.sheet.begin(call, self.secretary.clone());
    }

    /// What the call is doing now.
    pub(super) fn show_state(&self) {
        let detached = self.detached_at.is_some();
        let standing = self.call.standing();
        self.overseen.sheet.update(|call| {
            if !is_shown(&call.state, standing, detached) {
                call.state = state(standing, detached);
            }
        });
    }

    /// What was lost since this was last told, what has come and gone, and what the audio has turned out to be.
    pub(super) fn show_counts(&self, underruns: u64, dropped_ms: u64) {
        let (format, build) = self.hearing.stream();
        let leg = self.leg.as_ref().map(Leg::kind);
        let (heard, said) = (self.hearing.arrived(), self.speaking.released());
        self.overseen.sheet.update(|call| {
            call.underruns += underruns;
            call.dropped_ms += dropped_ms;
            call.heard_ms = heard.as_millis() as u64;
            call.said_ms = said.as_millis() as u64;
            call.rate = format.rate.hz();
            replace(&mut call.build, build.name());
            if let Some(leg) = leg {
                replace(&mut call.leg, leg);
            }
        });
    }

    /// What has happened.
    pub(super) fn show_record(&self, record: &Record) {
        let sheet = &self.overseen.sheet;
        match record {
            Record::UserTurn { .. } => sheet.update(|call| call.turns += 1),
            Record::BargeIn { .. } => sheet.update(|call| call.interruptions += 1),
            Record::TransferEnded { destination, outcome } => sheet.update(|call| {
                call.last_transfer = Some(EndedTransfer {
                    to: destination.clone(),
                    outcome: transfer_label(outcome).to_owned(),
                });
            }),
            _ => {}
        }
    }
}

/// Whether a state says this already: it is looked at after everything that happens.
fn is_shown(shown: &CallState, standing: Standing<'_>, detached: bool) -> bool {
    match (shown, standing) {
        (CallState::Transferring { to }, Standing::Transferring { destination }) => {
            !detached && to == destination
        }
        (shown, standing) => *shown == state(standing, detached),
    }
}

fn state(standing: Standing<'_>, detached: bool) -> CallState {
    match standing {
        _ if detached => CallState::Detached,
        Standing::Opening => CallState::Opening,
        Standing::Talking => CallState::Talking,
        Standing::OnHold => CallState::OnHold,
        Standing::Transferring { destination } => CallState::Transferring {
            to: destination.to_owned(),
        },
        Standing::Leaving | Standing::Over => CallState::Leaving,
    }
}

const fn mix(layout: Layout) -> &'static str {
    match layout {
        Layout::Mono => "mono",
        Layout::Mixed => "mixed",
        Layout::Stereo => "stereo",
    }
}

fn replace(text: &mut String, by: &str) {
    if text != by {
        by.clone_into(text);
    }
}
