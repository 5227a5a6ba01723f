//! What is told to whom.

use super::node::Node;
use super::read::{Read, Reading};
use super::values::parsed;
use super::{Config, DomainConfig, WebhookConfig};
use crate::webhooks::WebhookEvent;
use ::tools::Reach;
use std::collections::BTreeSet;

/// The shortest secret that signs: 128 bits, if it is random.
const SECRET_BYTES: usize = 16;

impl Read for WebhookEvent {
    fn read(node: Node, reading: &mut Reading) -> Option<Self> {
        parsed(node, reading, "an event", |text| {
            Self::ALL
                .into_iter()
                .find(|event| event.name() == text)
                .ok_or_else(|| format!("use {}", Self::ALL.map(Self::name).join(", ")))
        })
    }
}

impl WebhookConfig {
    /// The domain that it names by UUID or name, of these.
    pub(crate) fn domain_of<'a>(&self, domains: &'a [DomainConfig]) -> Option<&'a DomainConfig> {
        domains
            .iter()
            .find(|domain| domain.name == self.domain || domain.uuid.to_string() == self.domain)
    }
}

impl Config {
    /// Webhooks that could not be told anything.
    pub(super) fn receivers(&self, found: &mut Vec<String>) {
        let mut seen = BTreeSet::new();
        for (index, webhook) in self.webhooks.iter().enumerate() {
            let key = format!("webhooks[{index}]");
            if webhook.name.trim().is_empty() {
                found.push(format!(
                    "{key}.name: a webhook needs a name of its own, such as \"crm\""
                ));
            }
            match &webhook.secret {
                None => found.push(format!(
                    "{key}.secret: a receiver must be able to tell our requests from a stranger's; name one by {{ env = \"NAME\" }}"
                )),
                Some(secret) if secret.expose().len() < SECRET_BYTES => found.push(format!(
                    "{key}.secret: it is shorter than {SECRET_BYTES} bytes and could be guessed; make one with: openssl rand -hex 32"
                )),
                Some(_) => {}
            }
            if webhook.events.is_empty() {
                found.push(format!(
                    "{key}.events: the list is empty; name an event, or leave the key out for all"
                ));
            }
            if let Err(error) = Reach::of(webhook.allow_private).check(&webhook.url) {
                found.push(format!("{key}.url: {error}"));
            }
            match webhook.domain_of(&self.domains) {
                None => found.push(self.no_domain(&key, webhook)),
                Some(domain) if !seen.insert((domain.uuid, &webhook.name)) => found.push(format!(
                    "{key}.name: the domain {} has two webhooks {:?}; give each a name of its own",
                    domain.name, webhook.name
                )),
                Some(_) => {}
            }
        }
    }

    fn no_domain(&self, key: &str, webhook: &WebhookConfig) -> String {
        let names: Vec<_> = self.domains.iter().map(|domain| domain.name.as_str()).collect();
        format!(
            "{key}.domain: there is no domain {:?}; the domains are {}",
            webhook.domain,
            names.join(", ")
        )
    }
}
