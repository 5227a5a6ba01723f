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

use crate::{Code, Facts, Finding, ServerState, Text};
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
fn unread(codes: &[Code], why: &Text) -> Vec<Finding> {
    codes
        .iter()
        .map(|&code| Finding::skipped(code, why.clone()))
        .collect()
}

/// Why nothing can be said of what lies in the database. The whole of it is told by the check that is named.
fn no_database(facts: &Facts) -> Text {
    match &facts.system.installation {
        Err(_) => no_fusionpbx(),
        Ok(_) => Text::new(
            "the database could not be read: see SY-02",
            "o banco de dados não pôde ser lido: veja SY-02",
        ),
    }
}

/// Why nothing can be said of what FusionPBX's configuration tells.
fn no_fusionpbx() -> Text {
    Text::new(
        "no FusionPBX was found: see SY-01",
        "nenhum FusionPBX foi encontrado: veja SY-01",
    )
}

fn service_is_up(facts: &Facts) -> bool {
    matches!(facts.server.state, ServerState::Up(_))
}

/// What to type for a fault that has a safe mend.
fn repair(code: Code) -> Text {
    Text::plain(format!("voice-ai repair {code}"))
}
