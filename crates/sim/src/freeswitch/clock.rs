//! The frames of all callers' speech, on one clock.

use super::channel::{Channel, State};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

/// Phones do not send at the same instant: their frames are spread over so many.
const STEP: Duration = Duration::from_millis(5);

/// Serves the channels whose speech goes somewhere.
#[derive(Default)]
pub(super) struct Clock {
    served: Mutex<Vec<Weak<Channel>>>,
    begun: Notify,
}

impl Clock {
    /// Serves a channel from now on, for as long as it has somewhere to send its speech, or anything to say.
    pub(super) fn serve(&self, channel: &Arc<Channel>) {
        let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        let known = Arc::downgrade(channel);
        if !served.iter().any(|one| one.ptr_eq(&known)) {
            served.push(known);
        }
        self.begun.notify_one();
    }

    /// Ticks for ever.
    pub(super) async fn run(self: Arc<Self>) {
        loop {
            self.begun.notified().await;
            let mut ticks = interval(STEP);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let mut tick = 0_u64;
            while self.step(tick) {
                ticks.tick().await;
                tick += 1;
            }
        }
    }

    /// Sends the frames that are due. False when there is nobody left.
    fn step(&self, tick: u64) -> bool {
        let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        served.retain(|channel| channel.upgrade().is_some_and(|channel| frame(&channel, tick)));
        !served.is_empty()
    }
}

/// Sends a channel's frame if it is due. False when the channel needs no clock any more.
fn frame(channel: &Channel, tick: u64) -> bool {
    let ptime = channel.codec.ptime;
    let steps = (ptime.as_millis() / STEP.as_millis()).max(1) as u64;
    if tick % steps != channel.number % steps {
        return true;
    }
    let samples = channel.codec.rate.samples_in(ptime) as usize;
    let mut state = channel.state();
    let mut sound = channel.sound();
    let said = sound.next(samples);
    let silence = state
        .variable("send_silence_when_idle")
        .is_some_and(|value| value != "0");
    let State {
        stream,
        unicast,
        idle_in_park,
        cause,
        ..
    } = &mut *state;
    if let Some(unicast) = unicast.as_ref().filter(|_| *idle_in_park) {
        unicast.send(&said);
    }
    if let Some(stream) = stream.as_mut() {
        let played = sound
            .played(samples)
            .or_else(|| silence.then(|| vec![0; samples]));
        stream.push(&said, played.as_deref());
    }
    let needed = sound.speaks() || unicast.is_some() || stream.is_some();
    cause.is_none() && needed
}
