//! Calls that FreeSWITCH makes, and channels that talk to each other.

use super::Place;
use super::channel::{Birth, Channel, CoreState, Direction, Leaving, Profile};
use super::exchange::{Exchange, micros};
use super::extension::{Behaviour, Dialled, Endpoint};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

/// How long a call rings where the dial string says nothing.
const RING: Duration = Duration::from_secs(60);
/// How long `uuid_bridge` waits for the other side to come.
const JOINING: Duration = Duration::from_secs(10);

/// Why nobody was reached.
pub(super) struct Unreached {
    pub(super) cause: String,
    /// Whether a channel had been made.
    had_leg: bool,
}

impl Unreached {
    fn without_leg(cause: &str) -> Self {
        let cause = cause.to_owned();
        Self {
            cause,
            had_leg: false,
        }
    }
}

impl Exchange {
    /// The application `bridge`. The channel is hung up if nobody takes the call, unless `continue_on_fail` allows it.
    pub(super) async fn bridge(self: &Arc<Self>, channel: &Arc<Channel>, data: &str) {
        self.call_state(channel, "RING_WAIT");
        let reached = self.originate(Some(channel), &Dialled::parse(data)).await;
        Self::end_unicast(channel);
        match reached {
            Ok(other) => {
                channel.set("originate_disposition", "SUCCESS");
                other.state().other = Some(channel.as_other("originator"));
                channel.state().other = Some(other.as_other("originatee"));
                self.call_state(channel, "ACTIVE");
                self.talk(channel, &other).await;
                self.after_bridge(channel, &other);
            }
            Err(unreached) => {
                channel.set("originate_disposition", &*unreached.cause);
                if unreached.had_leg {
                    channel.set("last_bridge_hangup_cause", &*unreached.cause);
                }
                if channel.cause().is_none() {
                    self.call_state(channel, "ACTIVE");
                }
                if channel.ready() && !continues(channel, &unreached.cause) {
                    self.hang_up(channel, &unreached.cause);
                }
            }
        }
        let back_in_park = {
            let state = channel.state();
            state.applications.iter().any(|(name, _)| name == "park") || state.core == CoreState::Park
        };
        if channel.ready() && back_in_park {
            channel.is_at(Place::Parked);
        }
    }

    fn after_bridge(&self, channel: &Channel, other: &Channel) {
        let Some(cause) = other.cause() else { return };
        if channel.ready() && (channel.is_true("hangup_after_bridge") || is_explicit(channel)) {
            self.hang_up(channel, &cause);
        }
    }

    /// Calls somebody, for a channel or for nobody, until they answer.
    pub(super) async fn originate(
        self: &Arc<Self>,
        by: Option<&Arc<Channel>>,
        dialled: &Dialled,
    ) -> Result<Arc<Channel>, Unreached> {
        let behaviour = self.behaviour(dialled.endpoint.extension());
        match &dialled.endpoint {
            Endpoint::Error { cause } => return Err(Unreached::without_leg(cause)),
            Endpoint::Invalid => return Err(Unreached::without_leg("CHAN_NOT_IMPLEMENTED")),
            Endpoint::User { .. } if behaviour.is_none() => {
                return Err(Unreached::without_leg("SUBSCRIBER_ABSENT"));
            }
            Endpoint::User { .. } if behaviour == Some(Behaviour::Unregistered) => {
                return Err(Unreached::without_leg("USER_NOT_REGISTERED"));
            }
            _ => {}
        }
        let leg = self.leg(by, dialled);
        let inherits_inline = by.is_some_and(|by| by.state().profile.inline);
        if inherits_inline && matches!(dialled.endpoint, Endpoint::Dialplan { named: false, .. }) {
            self.hang_up(&leg, "DESTINATION_OUT_OF_ORDER");
        }
        self.spawn(Arc::clone(self).outbound(Arc::clone(&leg), behaviour));
        let ring = ["originate_timeout", "leg_timeout", "call_timeout"]
            .iter()
            .find_map(|name| dialled.variable(name)?.parse().ok())
            .map_or(RING, Duration::from_secs);
        let answered = timeout(ring, self.answered(by, &leg)).await;
        if answered.is_err() {
            self.hang_up(&leg, "NO_ANSWER");
        }
        match leg.cause() {
            None => Ok(leg),
            Some(cause) => Err(Unreached { cause, had_leg: true }),
        }
    }

    fn leg(&self, by: Option<&Arc<Channel>>, dialled: &Dialled) -> Arc<Channel> {
        let caller = by.map(|by| by.state().profile.clone()).unwrap_or_default();
        let shown = |name: &str, otherwise: String| dialled.variable(name).map_or(otherwise, str::to_owned);
        let context = match &dialled.endpoint {
            Endpoint::Dialplan { context, .. } => context.clone(),
            _ => "default".to_owned(),
        };
        self.create(Birth {
            id: dialled
                .variable("origination_uuid")
                .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned),
            number: 0,
            direction: Direction::Outbound,
            name: dialled.endpoint.channel_name(),
            codec: by.map_or_else(Default::default, |by| by.codec.clone()),
            created: micros(),
            profile: Profile {
                number: shown("origination_caller_id_number", caller.number),
                name: shown("origination_caller_id_name", caller.name),
                destination: dialled.endpoint.extension().to_owned(),
                context,
                source: dialled.endpoint.source(),
                ..Profile::default()
            },
            variables: dialled.variables.clone(),
            other: by.map(|by| by.as_other("originator")),
        })
    }

    /// Waits until the leg was answered, or ended; ends it if who calls goes away.
    async fn answered(&self, by: Option<&Arc<Channel>>, leg: &Arc<Channel>) {
        let mut changes = leg.changes();
        let mut callers = by.map(|by| by.changes());
        loop {
            changes.borrow_and_update();
            if let Some(callers) = &mut callers {
                callers.borrow_and_update();
            }
            if leg.cause().is_some() || leg.state().answered != 0 {
                return;
            }
            if by.is_some_and(|by| !by.ready()) {
                return self.hang_up(leg, "ORIGINATOR_CANCEL");
            }
            tokio::select! {
                _ = changes.changed() => {}
                () = change(callers.as_mut()) => {}
            }
        }
    }

    /// Two channels talk until one of them leaves. If it is the first, the second is hung up.
    async fn talk(self: &Arc<Self>, channel: &Arc<Channel>, other: &Arc<Channel>) {
        let pair = [
            ("Bridge-A-Unique-ID", channel.id.as_str()),
            ("Bridge-B-Unique-ID", other.id.as_str()),
        ];
        for (one, partner) in [(channel, other), (other, channel)] {
            let mut state = one.state();
            state.profile.bridged = micros();
            state.set("bridge_channel", &*partner.name);
            state.set("bridge_uuid", &*partner.id);
            state.set("signal_bond", &*partner.id);
            drop(state);
            one.is_at(Place::Bridged {
                with: partner.id.clone(),
            });
        }
        self.tell_with(channel, "CHANNEL_BRIDGE", &pair);
        self.enter(other, CoreState::ExchangeMedia);
        for (one, leg) in [(channel, "aleg"), (other, "bleg")] {
            self.execute_first(channel, one, leg).await;
        }
        let (mut ours, mut theirs) = (channel.changes(), other.changes());
        loop {
            ours.borrow_and_update();
            theirs.borrow_and_update();
            if !channel.ready() || !other.ready() {
                break;
            }
            if self.obey_next(channel).await {
                continue;
            }
            self.tell_digits(channel);
            tokio::select! {
                _ = ours.changed() => {}
                _ = theirs.changed() => {}
            }
        }
        self.next_frame(channel).await;
        if !channel.ready() && other.ready() && !other.is_true("park_after_bridge") {
            self.hang_up(other, "NORMAL_CLEARING");
        }
        if let Some(cause) = other.cause() {
            channel.set("last_bridge_hangup_cause", cause);
        }
        self.tell_with(channel, "CHANNEL_UNBRIDGE", &pair);
        for one in [channel, other] {
            one.unset("bridge_uuid");
            one.unset("signal_bond");
        }
    }

    /// What the first of two who talk has set for one of them to execute before (`bridge_pre_execute_aleg_app`).
    async fn execute_first(self: &Arc<Self>, channel: &Channel, one: &Arc<Channel>, leg: &str) {
        let Some(application) = channel.variable(&format!("bridge_pre_execute_{leg}_app")) else {
            return;
        };
        let data = channel.variable(&format!("bridge_pre_execute_{leg}_data"));
        self.execute(one, &application, &data.unwrap_or_default(), None)
            .await;
    }

    /// `uuid_bridge`: one of two channels that were told to talk to each other.
    pub(super) async fn join(self: &Arc<Self>, channel: &Arc<Channel>, other: &str, lead: bool) {
        for state in [CoreState::Hibernate, CoreState::Reset, CoreState::SoftExecute] {
            self.enter(channel, state);
        }
        self.tell_with(
            channel,
            "CHANNEL_EXECUTE",
            &[("Application", "uuid_bridge"), ("Application-Data", other)],
        );
        if !lead {
            return self.joined(channel).await;
        }
        let Some(other) = self.channel(other) else {
            return self.parts(channel);
        };
        if std::mem::take(&mut self.inner().faults.leaves_before_joined) {
            self.hang_up(&other, "NORMAL_CLEARING");
        }
        let arrived = timeout(JOINING, arrives(&other)).await.unwrap_or(false);
        if !arrived {
            return self.unjoined(channel);
        }
        self.talk(channel, &other).await;
        self.parts(&other);
        if channel.ready() && is_explicit(channel) {
            return self.hang_up(
                channel,
                &other.cause().unwrap_or_else(|| "NORMAL_CLEARING".to_owned()),
            );
        }
        if channel.ready() && !channel.is_true("park_after_bridge") {
            self.enter(channel, CoreState::Execute);
        }
        self.parts(channel);
    }

    /// The second of the two is led by the first.
    async fn joined(self: &Arc<Self>, channel: &Arc<Channel>) {
        let mut changes = channel.changes();
        loop {
            changes.borrow_and_update();
            if !channel.ready() {
                return;
            }
            if self.obey_next(channel).await {
                continue;
            }
            self.tell_digits(channel);
            let _ = changes.changed().await;
        }
    }

    /// What becomes of the first of two whose second is no longer there (`uuid_bridge_on_soft_execute`).
    fn unjoined(&self, channel: &Channel) {
        if !channel.ready() {
            return;
        }
        if !channel.is_true("uuid_bridge_park_on_cancel") {
            return self.hang_up(channel, "ORIGINATOR_CANCEL");
        }
        channel.state().leaving = Some(Leaving::Park);
        channel.touch();
    }

    /// What becomes of a channel after `uuid_bridge`: it parks where `park_after_bridge` says so, or is hung up.
    fn parts(&self, channel: &Channel) {
        if !channel.ready() {
            return;
        }
        if !channel.is_true("park_after_bridge") {
            return self.hang_up(channel, "NORMAL_CLEARING");
        }
        channel.state().leaving = Some(Leaving::Park);
        channel.touch();
    }
}

/// Whether a channel is hung up after a bridge before anything else is looked at (`switch_ivr_multi_threaded_bridge`).
fn is_explicit(channel: &Channel) -> bool {
    channel.variable("hangup_after_bridge").as_deref() == Some("explicit")
}

/// Whether a channel has come to where it can be joined.
async fn arrives(channel: &Channel) -> bool {
    let mut changes = channel.changes();
    loop {
        changes.borrow_and_update();
        if channel.cause().is_some() {
            return false;
        }
        if channel.state().core == CoreState::SoftExecute {
            return true;
        }
        let _ = changes.changed().await;
    }
}

async fn change(changes: Option<&mut tokio::sync::watch::Receiver<()>>) {
    match changes {
        Some(changes) => {
            let _ = changes.changed().await;
        }
        None => std::future::pending().await,
    }
}

/// Whether a channel survives that nobody took its call (`switch_channel_handle_cause`).
fn continues(channel: &Channel, cause: &str) -> bool {
    match channel.variable("continue_on_fail") {
        None => ["NO_ANSWER", "NO_USER_RESPONSE", "ORIGINATOR_CANCEL"].contains(&cause),
        Some(causes) => {
            super::channel::truth(&causes)
                || causes
                    .split(',')
                    .any(|one| one.trim().eq_ignore_ascii_case(cause))
        }
    }
}
