//! Tells receivers what happened: signed, until they acknowledge it, or visibly given up. See `docs/webhooks.md`.

mod backoff;
mod courier;
mod sending;
mod signature;

pub(crate) use backoff::Patience;
pub(crate) use courier::{Courier, Outbox};

use crate::config::{Config, Secret};
use ::tools::Reach;
use secretary::DomainUuid;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Delivery, DeliveryId};

/// What a receiver may be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookEvent {
    /// A message was taken.
    Message,
    /// A caller wishes to be called back.
    Callback,
    /// A call ended.
    CallEnded,
}

impl WebhookEvent {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Message, Self::Callback, Self::CallEnded];

    /// Its name in the configuration and in a payload.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Callback => "callback",
            Self::CallEnded => "call_ended",
        }
    }
}

/// One receiver.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    name: String,
    url: String,
    secret: Option<Secret>,
    events: Vec<WebhookEvent>,
    reach: Reach,
}

/// The receivers of every domain.
#[derive(Debug, Clone, Default)]
pub(crate) struct Webhooks {
    by_domain: Arc<BTreeMap<DomainUuid, BTreeMap<String, Arc<Webhook>>>>,
}

impl Webhooks {
    /// Those of a configuration; one whose domain is not configured was refused with it.
    pub(crate) fn of(config: &Config) -> Self {
        let mut by_domain: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for webhook in &config.webhooks {
            let Some(domain) = webhook.domain_of(&config.domains) else {
                continue;
            };
            let receiver = Webhook {
                name: webhook.name.clone(),
                url: webhook.url.clone(),
                secret: webhook.secret.clone(),
                events: webhook.events.clone(),
                reach: Reach::of(webhook.allow_private),
            };
            by_domain
                .entry(domain.uuid)
                .or_default()
                .insert(webhook.name.clone(), Arc::new(receiver));
        }
        Self {
            by_domain: Arc::new(by_domain),
        }
    }

    /// What is to be told of an event in a domain: one delivery for each receiver of the domain that wants to know, each with an id
    /// of its own. `data` is what there is to tell, masked already.
    pub(crate) fn deliveries(
        &self,
        domain: DomainUuid,
        event: WebhookEvent,
        data: &serde_json::Value,
    ) -> Vec<Delivery> {
        let receivers = self.by_domain.get(&domain).into_iter().flat_map(BTreeMap::values);
        let wanting = receivers.filter(|webhook| webhook.events.contains(&event));
        wanting
            .map(|webhook| {
                let id = DeliveryId::random();
                let payload =
                    json!({ "version": 1, "event": event.name(), "id": id, "domain": domain, "data": data });
                Delivery {
                    id,
                    webhook: webhook.name.clone(),
                    payload,
                }
            })
            .collect()
    }

    fn find(&self, domain: DomainUuid, name: &str) -> Option<&Arc<Webhook>> {
        self.by_domain.get(&domain)?.get(name)
    }
}

#[cfg(test)]
mod tests;
