//! Somebody at a phone, as a test sees them.

use super::Codec;
use super::channel::{Birth, Channel, Direction, Profile};
use super::exchange::{Exchange, micros};
use super::life::Plan;
use super::sound::Heard;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use uuid::Uuid;

/// A call that somebody makes.
#[derive(Debug, Clone)]
pub struct Dial {
    /// The caller's number.
    pub number: String,
    /// The caller's name.
    pub name: String,
    /// What is dialled.
    pub destination: String,
    /// In which context of the dialplan.
    pub context: String,
    /// The codec of the line.
    pub codec: Codec,
    /// Variables that the dialplan sets.
    pub variables: Vec<(String, String)>,
    /// What the dialplan executes.
    pub dialplan: Dialplan,
}

impl Default for Dial {
    /// Ana dials 8000 over a µ-law line and is parked.
    fn default() -> Self {
        Self {
            number: "1000".to_owned(),
            name: "Ana".to_owned(),
            destination: "8000".to_owned(),
            context: "default".to_owned(),
            codec: Codec::default(),
            variables: Vec::new(),
            dialplan: Dialplan::Parks,
        }
    }
}

/// What the extension that was dialled executes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialplan {
    /// Answers, sets `voice_ai=true` and the variables, and parks.
    Parks,
    /// Sets the variables and runs a Lua script that answers and then sleeps for ever.
    Script,
    /// Applications and their data.
    Executes(Vec<(String, String)>),
}

/// Where a channel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// It was answered.
    Answered,
    /// It waits in park.
    Parked,
    /// It is in the hands of the script.
    InScript,
    /// It talks to another channel.
    Bridged {
        /// The other's UUID.
        with: String,
    },
    /// It was sent to an extension of the dialplan.
    Transferred {
        /// The extension.
        extension: String,
        /// Its context.
        context: String,
    },
    /// It is gone.
    HungUp {
        /// Why.
        cause: String,
    },
}

/// A channel in a test's hands: a caller, or whoever was called.
pub struct Caller {
    pub(super) exchange: Arc<Exchange>,
    pub(super) channel: Arc<Channel>,
    looked_at: AtomicUsize,
}

impl Caller {
    pub(super) fn new(exchange: Arc<Exchange>, channel: Arc<Channel>) -> Self {
        Self {
            exchange,
            channel,
            looked_at: AtomicUsize::new(0),
        }
    }

    /// The channel's UUID.
    ///
    /// # Panics
    ///
    /// When whoever made the channel gave it an id that is none.
    #[expect(
        clippy::panic,
        reason = "a test that asks for the UUID of a channel without one is wrong"
    )]
    pub fn uuid(&self) -> Uuid {
        match self.channel.id.parse() {
            Ok(uuid) => uuid,
            Err(_) => panic!("{:?} is no UUID: give origination_uuid one", self.channel.id),
        }
    }

    /// Its number and name as they are shown.
    pub fn shown_as(&self) -> (String, String) {
        let state = self.channel.state();
        (state.profile.number.clone(), state.profile.name.clone())
    }

    /// What was dialled for it.
    pub fn destination(&self) -> String {
        self.channel.state().profile.destination.clone()
    }

    /// A variable of its channel.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.channel.variable(name)
    }

    /// Presses a key.
    pub fn press(&self, digit: char) {
        self.channel.state().digits.push_back((digit, "RTP"));
        self.channel.touch();
    }

    /// Puts the phone down.
    pub fn hang_up(&self) {
        self.exchange.hang_up(&self.channel, "NORMAL_CLEARING");
    }

    /// Says something, at the line's rate, after what is being said.
    pub fn speak(&self, samples: &[i16]) {
        self.channel.sound().say(samples);
        self.exchange.clock.serve(&self.channel);
    }

    /// What reached its ear so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.channel.sound().heard()
    }

    /// Where it is; none before it was answered.
    pub fn place(&self) -> Option<Place> {
        self.channel.places().borrow().last().cloned()
    }

    /// Where it has been, in order.
    pub fn places(&self) -> Vec<Place> {
        self.channel.places().borrow().clone()
    }

    /// Waits until it is, or was since the place that the last call of this found, where it is wanted. Never returns if it
    /// does not come there: put a limit around it.
    pub async fn until(&self, wanted: impl Fn(&Place) -> bool) -> Place {
        let mut places = self.channel.places();
        let from = self.looked_at.load(Ordering::Relaxed);
        let find = |places: &Vec<Place>| (from..places.len()).find(|at| wanted(&places[*at]));
        let found = places
            .wait_for(|places| find(places).is_some())
            .await
            .ok()
            .and_then(|places| find(&places).map(|at| (at, places[at].clone())));
        match found {
            Some((at, place)) => {
                self.looked_at.store(at, Ordering::Relaxed);
                place
            }
            None => std::future::pending().await,
        }
    }

    /// Waits until the channel is gone, and tells why.
    pub async fn until_hung_up(&self) -> String {
        match self.until(|place| matches!(place, Place::HungUp { .. })).await {
            Place::HungUp { cause } => cause,
            _ => String::new(),
        }
    }
}

impl Exchange {
    /// Begins a call.
    pub(super) fn dial(self: &Arc<Self>, dial: Dial) -> Arc<Channel> {
        let plan: Plan = dial.dialplan.plan(&dial.variables);
        let channel = self.create(Birth {
            id: Uuid::new_v4().to_string(),
            number: 0,
            direction: Direction::Inbound,
            name: format!("sofia/internal/{}@127.0.0.1", dial.number),
            codec: dial.codec,
            created: micros(),
            profile: Profile {
                number: dial.number,
                name: dial.name,
                destination: dial.destination,
                context: dial.context,
                source: "mod_sofia",
                ..Profile::default()
            },
            variables: Vec::new(),
            other: None,
        });
        self.spawn(Arc::clone(self).inbound(Arc::clone(&channel), plan));
        channel
    }
}
