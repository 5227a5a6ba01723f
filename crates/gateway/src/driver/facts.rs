//! What the PBX says of a channel, before what a stream's metadata claims: claims complement, and never override.

use crate::leg::metadata::Metadata;
use crate::metrics::{ErrorKind, Metrics};
use freeswitch::Channel;
use secretary::Domain;

/// The claims with the facts in their place. A claim that contradicts is told of without its value: it may be a caller's number.
pub(super) fn before_claims(
    channel: &Channel,
    domain: &Domain,
    claims: Metadata,
    metrics: &Metrics,
) -> Metadata {
    let call = channel.call;
    let fact = |what: &'static str, fact: &Option<String>, claim: Option<String>| {
        let Some(fact) = fact.clone() else { return claim };
        if claim.is_some_and(|claim| claim != fact) {
            metrics.error(ErrorKind::Metadata);
            tracing::warn!(%call, what, "the metadata contradicts FreeSWITCH, which is believed");
        }
        Some(fact)
    };
    // The published dialplan sets a UUID here, which is a name only where a secretary is called so.
    let secretary = channel
        .secretary
        .clone()
        .filter(|name| claims.secretary.is_none() || domain.secretary(Some(name)).is_some());
    Metadata {
        secretary: fact("secretary", &secretary, claims.secretary),
        caller_number: fact("caller_number", &channel.caller_number, claims.caller_number),
        caller_name: fact("caller_name", &channel.caller_name, claims.caller_name),
        destination: fact("destination", &channel.destination, claims.destination),
        ..claims
    }
}
