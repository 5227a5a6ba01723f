//! What is wrong: pure functions from [`Facts`] to [`Finding`]s. Each code is told once at least: as it should be, skipped and why, or
//! wrong, once for each thing that is.

mod cache;
mod dialplan;
mod module;
mod script;
mod server;
mod switch;
mod system;

pub(crate) use cache::stale;

use crate::{Code, Facts, Finding, Text, Unread};
use secretary::DomainUuid;

/// All checks, in the order in which a call flows through what they look at; of the dialplan, one domain's rows or all.
pub fn check(facts: &Facts, only: Option<DomainUuid>) -> Vec<Finding> {
    let mut findings = [
        system::check(facts),
        switch::check(facts),
        dialplan::check(facts, only),
        cache::check(facts),
        script::check(facts),
        module::check(facts),
        server::check(facts),
    ]
    .concat();
    findings.sort_by_key(|finding| finding.code);
    findings
}

/// The checks of what could not be read.
fn unread(codes: &[Code], why: &Unread) -> Vec<Finding> {
    codes
        .iter()
        .map(|&code| Finding::skipped(code, why.0.clone()))
        .collect()
}

/// What to type for a fault that has a safe mend.
fn repair(code: Code) -> Text {
    Text::plain(format!("voice-ai repair {code}"))
}
