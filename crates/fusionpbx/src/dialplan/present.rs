//! What a row of ours says already, for a command that is told less.

use super::entry::{APP_UUID, EntryLeg};
use super::ours::{Carrier, carrier, meaning_of, number_of, secretary_rows};
use super::{Action, Meaning};
use crate::{DatabaseFacts, Domain};
use freeswitch::{Extension, VariableName, VariableValue};

/// How a secretary's calls travel, and who gets them when nobody carries them any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// How audio travels.
    pub leg: EntryLeg,
    /// The fallback.
    pub fallback: Option<Extension>,
}

/// What a choice of leg decides: how audio travels, and where to.
const OF_LEG: [&str; 3] = ["voice_ai_leg", "voice_ai_url", "voice_ai_host"];
/// A secretary by name, which would win over the one that is chosen.
const BY_NAME: &str = "voice_ai_secretary";

impl Present {
    /// A leg that was chosen anew, with what the row says beside it to the script, such as its language. A parked call is told nothing of that.
    pub fn kept_in(&self, leg: EntryLeg) -> EntryLeg {
        match (leg, &self.leg) {
            (EntryLeg::Script(mut variables), EntryLeg::Script(said)) => {
                let is_kept = |name: &str| !OF_LEG.contains(&name) && name != BY_NAME;
                let kept = said.iter().filter(|(name, _)| is_kept(name.as_str()));
                variables.extend(kept.cloned());
                EntryLeg::Script(variables)
            }
            (leg, _) => leg,
        }
    }
}

/// What the row of a number in a domain says; `None` where there is none, or it says nothing that a row of ours would.
pub fn present(domain: &Domain, number: &str, facts: &DatabaseFacts) -> Option<Present> {
    let row = secretary_rows(facts)
        // What somebody wrote by hand is set up anew.
        .filter(|row| row.context == domain.name && row.app == Some(APP_UUID))
        .find(|row| number_of(row, facts).as_deref() == Some(number))?;
    let meaning = meaning_of(row, facts)?;
    let leg = match carrier(&meaning)? {
        Carrier::Script => EntryLeg::Script(of_script(&meaning)),
        Carrier::Park => EntryLeg::Unicast,
        Carrier::Transfer => return None,
    };
    let is_carrier = |action: &Action| Carrier::of(action).is_some();
    let fallback = meaning.variable_before(is_carrier, "voice_ai_fallback");
    Some(Present {
        leg,
        fallback: fallback.and_then(|text| Extension::parse(text).ok()),
    })
}

/// The variables by which the script is told more than it takes for granted.
fn of_script(meaning: &Meaning) -> Vec<(VariableName, VariableValue)> {
    let set = meaning.actions().filter_map(Action::variable);
    set.filter(|(name, _)| name.starts_with("voice_ai_") && *name != "voice_ai_fallback")
        .filter_map(|(name, value)| {
            Some((VariableName::parse(name).ok()?, VariableValue::parse(value).ok()?))
        })
        .collect()
}
