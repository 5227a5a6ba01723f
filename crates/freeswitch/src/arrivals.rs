//! Channels that the dialplan has parked for us.

use crate::Channel;
use crate::routes::Routes;
use secretary::CallUuid;
use std::collections::{HashSet, VecDeque};
use tokio::sync::mpsc;

/// How many wait for the receiver, which takes them at once.
const LONGEST_QUEUE: usize = 64;
/// How many wait behind those.
const LONGEST_LINE: usize = 4096;

/// The line of channels that wait for somebody to take them up. Each is told of once for each parking: what was told is held against
/// the channels that are found in park after a connect, whose events may have come before.
pub(crate) struct Arrivals {
    receiver: mpsc::Sender<Channel>,
    line: VecDeque<Channel>,
    told: HashSet<CallUuid>,
}

impl Arrivals {
    pub(crate) fn new() -> (Self, mpsc::Receiver<Channel>) {
        let (receiver, arrivals) = mpsc::channel(LONGEST_QUEUE);
        let line = VecDeque::new();
        let told = HashSet::new();
        (Self { receiver, line, told }, arrivals)
    }

    /// Forgets what was told: with a new connection those that still wait are told again.
    pub(crate) fn begin_anew(&mut self) {
        self.line.clear();
        self.told.clear();
    }

    /// Events were lost: who was told of may have left park, and come back to it. Those that still wait are told again.
    pub(crate) fn lost_events(&mut self) {
        self.told = self.line.iter().map(|channel| channel.call).collect();
    }

    /// Tells of a channel that was parked this moment. Each parking is a new one, whatever was told of the channel before: that it
    /// has left park is not told of one whose `voice_ai` was taken away meanwhile, as after a transfer.
    pub(crate) fn parked(&mut self, channel: Channel, routes: &Routes) {
        self.left(channel.call);
        self.found(channel, routes);
    }

    /// Tells of a channel that was found in park, unless it was told of already or somebody follows it.
    pub(crate) fn found(&mut self, channel: Channel, routes: &Routes) {
        if !channel.parked_for_us || routes.follows(channel.call) || !self.told.insert(channel.call) {
            return;
        }
        if self.line.len() >= LONGEST_LINE {
            tracing::warn!(call = %channel.call, "too many parked channels wait to be taken up, this one is left to its fallback");
            return;
        }
        self.line.push_back(channel);
    }

    /// Whether a channel was told of and has not left park since.
    pub(crate) fn has_told(&self, call: CallUuid) -> bool {
        self.told.contains(&call)
    }

    /// A channel has left park, or is gone.
    pub(crate) fn left(&mut self, call: CallUuid) {
        if self.told.remove(&call) {
            self.line.retain(|channel| channel.call != call);
        }
    }

    /// Whether any waits.
    pub(crate) fn waits(&self) -> bool {
        !self.line.is_empty()
    }

    /// Hands one over as soon as the receiver has room. May be dropped and begun again.
    pub(crate) async fn hand_over(&mut self, routes: &Routes) {
        let Ok(room) = self.receiver.reserve().await else {
            // Nobody takes arrivals.
            self.line.clear();
            return;
        };
        if let Some(channel) = self.line.pop_front()
            && !routes.follows(channel.call)
        {
            room.send(channel);
        }
    }
}
