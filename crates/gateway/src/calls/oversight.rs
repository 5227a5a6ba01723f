//! A call as an operator sees it, and what an operator wants of it.

use super::Calls;
use crate::api::{LiveCall, Sheet};
use call::Directive;
use secretary::{CallUuid, DomainUuid};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// So many directives wait for a call, which takes each at once.
const WAITING: usize = 8;

/// A call's side of it.
pub(crate) struct Overseen {
    /// Where it tells how it is.
    pub(crate) sheet: Arc<Sheet>,
    /// What is wanted of it.
    pub(crate) directives: mpsc::Receiver<Directive>,
}

/// The operator's side.
#[derive(Clone)]
pub(crate) struct Oversight {
    pub(crate) sheet: Arc<Sheet>,
    directives: mpsc::Sender<Directive>,
    stop: CancellationToken,
}

impl Oversight {
    /// Both sides of a call that `stop` ends.
    pub(super) fn of(stop: CancellationToken) -> (Self, Overseen) {
        let (directives, taken) = mpsc::channel(WAITING);
        let sheet = Arc::new(Sheet::default());
        let overseen = Overseen {
            sheet: sheet.clone(),
            directives: taken,
        };
        let oversight = Self {
            sheet,
            directives,
            stop,
        };
        (oversight, overseen)
    }

    /// Wants something of the call. False if it takes nothing more.
    pub(crate) fn direct(&self, directive: Directive) -> bool {
        self.directives.try_send(directive).is_ok()
    }

    /// Ends the call without a word.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }
}

impl Calls {
    /// The calls that have begun, of one tenant or of all, the oldest first.
    pub(crate) fn sheets(&self, domain: Option<DomainUuid>) -> Vec<LiveCall> {
        let overseen = self.overseen(|key| domain.is_none_or(|domain| domain == key.domain));
        let mut calls: Vec<_> = overseen.iter().filter_map(|one| one.sheet.read()).collect();
        calls.sort_by_key(|call| (call.since, call.uuid));
        calls
    }

    /// The calls of that UUID, of one tenant or of all: two tenants may name the same channel.
    pub(crate) fn named(&self, call: CallUuid, domain: Option<DomainUuid>) -> Vec<Oversight> {
        self.overseen(|key| key.call == call && domain.is_none_or(|domain| domain == key.domain))
    }

    fn overseen(&self, wanted: impl Fn(&super::Key) -> bool) -> Vec<Oversight> {
        let table = self.table();
        let found = table.calls.iter().filter(|(key, _)| wanted(key));
        found.map(|(_, entry)| entry.oversight.clone()).collect()
    }
}
