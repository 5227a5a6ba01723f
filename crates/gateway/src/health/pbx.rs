//! How the FreeSWITCHes are that calls come from.

use super::{Check, State};
use crate::api;
use crate::config::{PbxConfig, Verify};
use crate::switches::Switches;

const NAME: &str = "pbx";

/// The FreeSWITCHes of a node, and what is asked of them about a stream.
pub(crate) struct Controlled {
    pub(crate) switches: Switches,
    pub(crate) configs: Vec<PbxConfig>,
    pub(crate) verify: Verify,
}

impl Controlled {
    /// A check of each.
    pub(super) fn checks(&self) -> Vec<Check> {
        let states: Vec<_> = self.switches.all().iter().map(|one| one.switch.state()).collect();
        let without = self.without_one(states.iter().any(freeswitch::State::is_up));
        let each = states.iter().zip(&self.configs).enumerate();
        each.map(|(index, (state, config))| {
            let told = format!("{}: {}", config.name, api::detail(state));
            match api::remedy(state, config, index) {
                None => Check::new(NAME, State::Ok, told),
                Some(remedy) => Check::new(NAME, without, format!("{told}; {remedy}")),
            }
        })
        .collect()
    }

    /// What it means that one is not connected. Parked calls come from it no more, and streams cannot be held against it; without any,
    /// no call can be taken unless streams are believed.
    const fn without_one(&self, another: bool) -> State {
        match self.verify {
            Verify::Nothing => State::Degraded,
            _ if another => State::Degraded,
            Verify::Domain | Verify::Channel => State::Failed,
        }
    }
}
