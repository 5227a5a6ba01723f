//! Where calls tell what happened: the journal, which a task carries into the database, and who else is to be told.

use crate::webhooks::{WebhookEvent, Webhooks};
use secretary::{CallUuid, DomainUuid, Secretary};
use serde_json::Value;
use std::sync::Arc;
use store::{ConversationId, Delivery, Entry, KeepError, Keeper, UnixMs};

/// What stands in the place of what is nobody else's. Its length tells nothing.
pub(crate) const MASK: &str = "***";

/// The books of a node. Clones write into the same.
#[derive(Clone)]
pub(crate) struct Books {
    keeper: Keeper,
    webhooks: Webhooks,
}

/// Whose entries they are.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) conversation: ConversationId,
    pub(crate) domain: DomainUuid,
    pub(crate) call: CallUuid,
    pub(crate) secretary: Arc<Secretary>,
    /// The caller's number, as the metadata claims it.
    pub(crate) caller: Option<String>,
}

impl Books {
    /// Books that this journal keeps, and whose readers these are.
    pub(crate) fn new(keeper: Keeper, webhooks: Webhooks) -> Self {
        Self { keeper, webhooks }
    }

    /// Writes down what may be lost rather than be waited for.
    pub(crate) fn note(&self, entry: Entry) {
        self.keeper.note(entry);
    }

    /// Writes down what may not be lost: it is on the disk when this returns well.
    pub(crate) async fn keep(&self, entry: Entry) -> Result<(), KeepError> {
        self.keeper.keep(entry).await
    }

    /// Who is to be told of an event in a domain, of that domain's receivers alone.
    pub(crate) fn deliveries(&self, domain: DomainUuid, event: WebhookEvent, data: &Value) -> Vec<Delivery> {
        self.webhooks.deliveries(domain, event, data)
    }
}

/// The present moment.
pub(crate) fn now() -> UnixMs {
    UnixMs(jiff::Timestamp::now().as_millisecond())
}
