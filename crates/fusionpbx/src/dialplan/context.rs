//! Contexts: only they decide whose a call is.

use crate::{DatabaseFacts, Domain};

/// Where calls from outside come in, as the handler takes it.
pub(crate) fn is_public(context: &str) -> bool {
    context == "public" || context.starts_with("public@") || context.ends_with(".public")
}

/// A context whose rows are in every domain's.
pub(crate) fn is_everywhere(context: &str) -> bool {
    matches!(context, "global" | "${domain_name}")
}

/// The domain that has a name.
pub(crate) fn domain_named<'a>(facts: &'a DatabaseFacts, name: &str) -> Option<&'a Domain> {
    facts.domains.iter().find(|domain| domain.name == name)
}
