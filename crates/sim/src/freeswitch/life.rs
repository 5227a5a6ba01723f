//! A channel from its first state to its last.

use super::channel::{Channel, CoreState, Leaving};
use super::exchange::{Exchange, micros};
use super::extension::Behaviour;
use super::{Dialplan, Place};
use std::sync::Arc;
use std::time::Duration;

/// Applications and their data, in order.
pub(super) type Plan = Vec<(String, String)>;

/// What a channel does next.
pub(super) enum Step {
    /// Executes applications, as the dialplan has them.
    Execute(Plan),
    /// Waits in the state CS_PARK, where no application is told.
    Park,
    /// Nothing at all: `uuid_park` of a channel that is in CS_PARK ends its park and begins no other (measured).
    Sleep,
    /// Has its sound consumed or exchanged by somebody else, until it is told to do something.
    Wait,
    /// Joins another channel.
    Bridge { other: String, lead: bool },
}

impl Dialplan {
    /// What the extension that was dialled executes.
    pub(super) fn plan(&self, variables: &[(String, String)]) -> Plan {
        let mut plan: Plan = match self {
            Self::Parks => vec![app("answer", ""), app("set", "voice_ai=true")],
            Self::Script => vec![],
            Self::Executes(plan) => return plan.clone(),
        };
        plan.extend(
            variables
                .iter()
                .map(|(name, value)| app("set", &format!("{name}={value}"))),
        );
        plan.push(match self {
            Self::Script => app("lua", "voice_secretary.lua"),
            _ => app("park", ""),
        });
        plan
    }
}

fn app(name: &str, data: &str) -> (String, String) {
    (name.to_owned(), data.to_owned())
}

/// Until the channel is called away. What it is sent waits.
async fn sleep(channel: &Channel) {
    let mut changes = channel.changes();
    while channel.ready() {
        let _ = changes.changed().await;
    }
}

impl Exchange {
    /// The life of a channel that somebody outside began.
    pub(super) async fn inbound(self: Arc<Self>, channel: Arc<Channel>, plan: Plan) {
        self.enter(&channel, CoreState::New);
        self.enter(&channel, CoreState::Init);
        self.tell(&channel, "CHANNEL_CREATE");
        channel.state().core = CoreState::Routing;
        self.call_state(&channel, "RINGING");
        self.enter(&channel, CoreState::Routing);
        self.enter(&channel, CoreState::Execute);
        self.live(&channel, Step::Execute(plan)).await;
    }

    /// Takes one step after the other, until the channel is hung up, and buries it.
    pub(super) async fn live(self: &Arc<Self>, channel: &Arc<Channel>, first: Step) {
        let mut step = first;
        loop {
            match step {
                Step::Execute(plan) => self.execute_all(channel, plan).await,
                Step::Park => {
                    self.enter(channel, CoreState::Park);
                    self.park(channel).await;
                }
                Step::Sleep => sleep(channel).await,
                Step::Wait => self.wait(channel).await,
                Step::Bridge { other, lead } => self.join(channel, &other, lead).await,
            }
            match self.next_step(channel) {
                Some(next) => step = next,
                None => return self.bury(channel),
            }
        }
    }

    async fn execute_all(self: &Arc<Self>, channel: &Arc<Channel>, plan: Plan) {
        for (name, data) in plan {
            if !channel.ready() {
                return;
            }
            self.execute(channel, &name, &data, None).await;
        }
        // A dialplan that has nothing left hangs up.
        if channel.ready() {
            self.hang_up(channel, "NORMAL_CLEARING");
        }
    }

    fn next_step(self: &Arc<Self>, channel: &Arc<Channel>) -> Option<Step> {
        let leaving = {
            let mut state = channel.state();
            if state.cause.is_some() {
                return None;
            }
            state.leaving.take()
        };
        match leaving {
            Some(Leaving::Dialplan { extension, context }) => self.route(channel, &extension, &context),
            Some(Leaving::Inline(plan)) => {
                channel.state().profile.inline = true;
                self.reroute(channel);
                Some(Step::Execute(plan))
            }
            Some(Leaving::Execute(plan)) => {
                self.enter(channel, CoreState::Execute);
                Some(Step::Execute(plan))
            }
            Some(Leaving::Park) if channel.state().core == CoreState::Park => Some(Step::Sleep),
            Some(Leaving::Park) => Some(Step::Park),
            Some(Leaving::Bridge { other, lead }) => Some(Step::Bridge { other, lead }),
            None => {
                self.hang_up(channel, "NORMAL_CLEARING");
                None
            }
        }
    }

    /// Looks an extension up.
    fn route(self: &Arc<Self>, channel: &Arc<Channel>, extension: &str, context: &str) -> Option<Step> {
        {
            let mut state = channel.state();
            extension.clone_into(&mut state.profile.destination);
            context.clone_into(&mut state.profile.context);
            state.profile.transferred = micros();
            state.profile.inline = false;
            state.other = None;
        }
        let behaviour = self.behaviour(extension);
        channel.is_at(Place::Transferred {
            extension: extension.to_owned(),
            context: context.to_owned(),
        });
        let Some(behaviour) = behaviour else {
            channel.state().core = CoreState::Routing;
            self.call_state(channel, "RINGING");
            self.enter(channel, CoreState::Routing);
            self.hang_up(channel, "NO_ROUTE_DESTINATION");
            return None;
        };
        self.reroute(channel);
        let plan = match behaviour {
            Behaviour::Parks => Dialplan::Parks.plan(&[]),
            Behaviour::Executes(plan) | Behaviour::Dialplan(plan) => plan,
            // The usual extension of a user.
            _ => vec![app("bridge", &format!("user/{extension}"))],
        };
        Some(Step::Execute(plan))
    }

    fn reroute(&self, channel: &Channel) {
        channel.state().core = CoreState::Routing;
        self.call_state(channel, "RINGING");
        self.enter(channel, CoreState::Routing);
        channel.state().core = CoreState::Execute;
        self.call_state(channel, "ACTIVE");
        self.enter(channel, CoreState::Execute);
    }

    /// Waits until the channel is told to do something else; obeys meanwhile what it is sent.
    async fn wait(self: &Arc<Self>, channel: &Arc<Channel>) {
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

    /// The life of a channel that FreeSWITCH itself began.
    pub(super) async fn outbound(self: Arc<Self>, channel: Arc<Channel>, behaviour: Option<Behaviour>) {
        self.tell(&channel, "CHANNEL_OUTGOING");
        self.enter(&channel, CoreState::Init);
        self.tell(&channel, "CHANNEL_CREATE");
        self.tell(&channel, "CHANNEL_ORIGINATE");
        self.enter(&channel, CoreState::Routing);
        self.enter(&channel, CoreState::ConsumeMedia);
        self.ring(&channel, behaviour).await;
        self.live(&channel, Step::Wait).await;
    }

    /// What the other end makes of it.
    async fn ring(self: &Arc<Self>, channel: &Arc<Channel>, behaviour: Option<Behaviour>) {
        let Some(behaviour) = behaviour else {
            return self.hang_up(channel, "NO_ROUTE_DESTINATION");
        };
        let (after, ends) = match behaviour {
            Behaviour::Answers { after } | Behaviour::Talks { after, .. } => (after, Ok(())),
            Behaviour::Parks | Behaviour::Executes(_) => (Duration::ZERO, Ok(())),
            Behaviour::Dialplan(plan) => return self.loop_back(channel, plan).await,
            Behaviour::Busy => (Duration::ZERO, Err("USER_BUSY")),
            Behaviour::Refuses => (Duration::ZERO, Err("CALL_REJECTED")),
            Behaviour::Unregistered => (Duration::ZERO, Err("USER_NOT_REGISTERED")),
            Behaviour::Unavailable => (Duration::from_millis(20), Err("NO_USER_RESPONSE")),
            Behaviour::NoAnswer => (Duration::MAX, Ok(())),
        };
        if behaviour != Behaviour::Unregistered {
            self.tell(channel, "CHANNEL_PROGRESS");
            self.call_state(channel, "RINGING");
        }
        if !self.rings_for(channel, after).await {
            return;
        }
        if let Err(cause) = ends {
            return self.hang_up(channel, cause);
        }
        self.answer(channel);
        // The endpoint `user` tells the call as its own once more.
        if channel.name.starts_with("sofia/internal") {
            self.tell(channel, "CHANNEL_OUTGOING");
        }
        if let Behaviour::Talks { hangs_up, .. } = behaviour {
            let (exchange, channel) = (Arc::clone(self), Arc::clone(channel));
            self.spawn(async move {
                tokio::time::sleep(hangs_up).await;
                exchange.hang_up(&channel, "NORMAL_CLEARING");
            });
        }
    }

    /// False when it was hung up meanwhile.
    async fn rings_for(&self, channel: &Channel, time: Duration) -> bool {
        let mut changes = channel.changes();
        let hung_up = async {
            loop {
                changes.borrow_and_update();
                if channel.cause().is_some() {
                    return;
                }
                let _ = changes.changed().await;
            }
        };
        tokio::time::timeout(time, hung_up).await.is_err()
    }

    /// Tells that a channel was answered.
    pub(super) fn answer(&self, channel: &Channel) {
        if channel.state().answered != 0 {
            return;
        }
        {
            let mut state = channel.state();
            state.answer = "answered";
            state.answered = micros();
            state.set("endpoint_disposition", "ANSWER");
        }
        self.tell(channel, "CHANNEL_ANSWER");
        self.call_state(channel, "ACTIVE");
        channel.touch();
        channel.is_at(Place::Answered);
    }
}
