//! Whatever happens in whatever order, each leg ends bridged, returned or hung up.

use super::{announcement, key, words};
use crate::bench::ms;
use call::TransferOutcome;
use call::announcing::{Announcing, Event, Order};
use secretary::Language;
use std::time::Instant;

/// So many things happen, in every order.
const DEPTH: usize = 5;

/// What can happen at any moment; nothing is that nobody does anything until a limit is reached.
fn events() -> [Option<Event>; 13] {
    [
        None,
        Some(Event::LegRinging),
        Some(Event::LegAnswered),
        Some(Event::LegFailed(TransferOutcome::Busy)),
        Some(Event::LegFailed(TransferOutcome::Answered)),
        Some(Event::PromptPlayed),
        Some(key('1')),
        Some(key('2')),
        Some(words("who is that?")),
        Some(Event::Bridged),
        Some(Event::BridgeFailed),
        Some(Event::CallerGone),
        Some(Event::CalleeGone),
    ]
}

/// A leg, as the PBX knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leg {
    /// Nobody has called it yet.
    None,
    There,
    Bridged,
    Gone,
}

/// The two legs of a transfer, and what must hold of them.
struct World {
    transfer: Announcing,
    now: Instant,
    caller: Leg,
    callee: Leg,
    bridge_wanted: bool,
    returned: Option<TransferOutcome>,
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        let mut world = Self {
            transfer: Announcing::new(announcement(Language::En), now),
            now,
            caller: Leg::There,
            callee: Leg::None,
            bridge_wanted: false,
            returned: None,
        };
        world.obey();
        world
    }

    fn happen(&mut self, event: Option<Event>) {
        match event {
            None => self.wait(),
            Some(event) => {
                // What cannot be is told all the same, as a mistaken or late PBX would; but it changes no leg.
                match &event {
                    Event::LegFailed(_) | Event::CalleeGone if self.callee == Leg::There => {
                        self.callee = Leg::Gone;
                    }
                    Event::CallerGone if self.caller == Leg::There => self.caller = Leg::Gone,
                    Event::Bridged if self.may_be_bridged() => {
                        (self.caller, self.callee) = (Leg::Bridged, Leg::Bridged);
                    }
                    _ => {}
                }
                self.transfer.handle(event, self.now);
            }
        }
        self.obey();
    }

    fn may_be_bridged(&self) -> bool {
        self.bridge_wanted && (self.caller, self.callee) == (Leg::There, Leg::There)
    }

    fn wait(&mut self) {
        if let Some(due) = self.transfer.poll_timeout() {
            self.now = due;
            self.transfer.handle_timeout(due);
            assert!(
                self.transfer.poll_timeout().is_none_or(|next| next > due),
                "a timer that is due again at once"
            );
        }
    }

    fn obey(&mut self) {
        while let Some(order) = self.transfer.poll_order() {
            assert_eq!(self.returned, None, "nothing comes after the end, but {order:?}");
            match order {
                Order::Call { .. } => self.callee = Leg::There,
                Order::Play { .. } | Order::Listen => {}
                Order::Bridge => self.bridge_wanted = true,
                Order::HangUpCallee => self.callee = Leg::Gone,
                Order::Return(outcome) => self.returned = Some(outcome),
            }
        }
        assert_eq!(self.returned.is_some(), self.transfer.is_over());
    }

    fn check(&self, path: &[usize]) {
        let Some(outcome) = &self.returned else { return };
        let legs = (self.caller, self.callee);
        match outcome {
            TransferOutcome::Answered => assert_eq!(legs, (Leg::Bridged, Leg::Bridged), "{path:?}"),
            TransferOutcome::CallerGone => assert_eq!(legs, (Leg::Gone, Leg::Gone), "{path:?}"),
            _ => assert_eq!(legs, (Leg::There, Leg::Gone), "{outcome:?} {path:?}"),
        }
    }
}

/// A world in which this has happened, up to its end.
fn after(path: &[usize]) -> World {
    let mut world = World::new();
    for event in path {
        world.happen(events()[*event].clone());
        if world.returned.is_some() {
            break;
        }
    }
    world
}

#[test]
fn each_leg_ends_bridged_returned_or_hung_up() {
    let mut paths = vec![Vec::new()];
    let mut ended = 0_u32;
    for _ in 0..DEPTH {
        let mut longer = Vec::new();
        for path in &paths {
            for event in 0..events().len() {
                let mut path: Vec<usize> = path.clone();
                path.push(event);
                let world = after(&path);
                match world.returned {
                    Some(_) => {
                        ended += 1;
                        world.check(&path);
                    }
                    None => longer.push(path),
                }
            }
        }
        paths = longer;
    }
    assert!(ended > 10_000, "{ended} ends were seen");
    // What has not ended does by time alone.
    for path in &paths {
        let mut world = after(path);
        let began = world.now;
        while world.returned.is_none() {
            world.happen(None);
        }
        world.check(path);
        assert!(world.now <= began + ms(80_000), "{path:?}");
    }
}

#[test]
fn what_comes_after_the_end_orders_nothing() {
    for first in [
        Event::CallerGone,
        Event::LegFailed(TransferOutcome::Busy),
        Event::CalleeGone,
    ] {
        let mut world = World::new();
        world.happen(Some(first));
        for late in events() {
            world.happen(late);
        }
    }
}
