//! Connections that have not made their request. Whoever says nothing costs nothing but a place, so that is what is taken from them
//! when the places run out.

use super::addresses::Source;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// All of a listener's.
#[derive(Default)]
pub(crate) struct Silent(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    came: u64,
    /// In the order in which they came.
    connections: BTreeMap<u64, (Source, CancellationToken)>,
}

/// One of them, until it speaks or is gone.
pub(crate) struct Hush {
    silent: Arc<Silent>,
    number: u64,
    given_up: CancellationToken,
}

impl Silent {
    /// One more has come.
    pub(crate) fn came(self: &Arc<Self>, from: IpAddr) -> Hush {
        let given_up = CancellationToken::new();
        let mut waiting = self.waiting();
        waiting.came += 1;
        let number = waiting.came;
        waiting
            .connections
            .insert(number, (from.into(), given_up.clone()));
        Hush {
            silent: self.clone(),
            number,
            given_up,
        }
    }

    /// Gives one up, if there is any: the oldest of the address that has most of them, so that a few addresses with many cannot take
    /// the place of another's one.
    pub(crate) fn make_room(&self) {
        let mut waiting = self.waiting();
        let mut counts = HashMap::new();
        for (source, _) in waiting.connections.values() {
            *counts.entry(*source).or_insert(0) += 1;
        }
        let most = counts.values().max().copied().unwrap_or(0);
        let mut oldest_first = waiting.connections.iter();
        let found = oldest_first.find(|(_, (source, _))| counts[source] == most);
        let number = found.map(|(number, _)| *number);
        if let Some((_, given_up)) = number.and_then(|number| waiting.connections.remove(&number)) {
            given_up.cancel();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hush {
    /// It has made its request, and keeps its place.
    pub(crate) fn ends(&self) {
        self.silent.waiting().connections.remove(&self.number);
    }

    /// Returns when it is given up.
    pub(crate) async fn given_up(&self) {
        self.given_up.cancelled().await;
    }
}

impl Drop for Hush {
    fn drop(&mut self) {
        self.ends();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given_up(all: &[Hush]) -> Vec<bool> {
        all.iter().map(|one| one.given_up.is_cancelled()).collect()
    }

    #[test]
    fn the_oldest_of_the_address_with_most_makes_room() {
        let silent = Arc::<Silent>::default();
        let from = |last| silent.came([192, 0, 2, last].into());
        let all = [from(1), from(2), from(3), from(2), from(3), from(2)];
        silent.make_room();
        assert_eq!(given_up(&all), [false, true, false, false, false, false]);
        // Two have two now, and the older of the oldest is 3's.
        silent.make_room();
        assert_eq!(given_up(&all), [false, true, true, false, false, false]);
    }

    #[test]
    fn who_has_spoken_or_is_gone_makes_none() {
        let silent = Arc::<Silent>::default();
        let all = [1, 1, 2].map(|last| silent.came([192, 0, 2, last].into()));
        all[0].ends();
        let [first, second, third] = all;
        drop(third);
        silent.make_room();
        silent.make_room();
        assert_eq!(given_up(&[first, second]), [false, true]);
    }
}
