//! A row as it would be made today, with what is still known of it, and what carries its calls.

use super::address::{USUAL_URL, stream_url};
use super::entry::{Entry, EntryLeg, Route, SecretaryRoute, unicast};
use super::mend::Mending;
use super::ours::{Carrier, by_details, carrier};
use super::{Action, Meaning, is_stream};
use crate::LoadedModule;
use freeswitch::{Extension, SCRIPT_NAME, VariableName, VariableValue};
use secretary::SecretaryUuid;
use std::net::IpAddr;

const FALLBACK: &str = "voice_ai_fallback";
const URL: &str = "voice_ai_url";
const HOST: &str = "voice_ai_host";

/// Whether a row that streams was one that parks: the service's mark is set before.
pub(crate) fn parks(meaning: &Meaning) -> bool {
    meaning.variable_before(is_stream, "voice_ai") == Some("true")
}

/// Whether a row does this already, or sets the same variable.
fn does(meaning: &Meaning, wanted: &Action) -> bool {
    let name = |action: &Action| action.variable().map(|(name, _)| name.to_owned());
    meaning.actions().any(|action| match name(wanted) {
        Some(wanted) => name(action) == Some(wanted),
        None => action.application == wanted.application,
    })
}

impl Mending<'_> {
    /// As it would be made today, where neither XML nor details can be read. What its malformed XML still says is kept.
    pub(super) fn anew(&self) -> Option<Meaning> {
        let said = self.said();
        let value = |wanted: &str| {
            let mut of_it = said.iter().filter(|(name, _)| *name == wanted);
            of_it.next_back().map(|(_, value)| *value)
        };
        let its_own = value("secretary_uuid")
            .filter(|value| self.is_secretary(value))
            .and_then(|value| value.parse::<SecretaryUuid>().ok());
        let route = SecretaryRoute {
            extension: Extension::parse(self.row.number.as_deref()?).ok()?,
            secretary: its_own.or_else(|| self.only_uuid())?,
            leg: self.leg(&said),
            fallback: value(FALLBACK).and_then(|extension| Extension::parse(extension).ok()),
        };
        let entry = Entry::new(self.domain()?.clone(), Route::Secretary(route), "");
        Some(entry.meaning(&self.row.name))
    }

    /// The way that its XML names, else the one that FreeSWITCH can.
    fn leg(&self, said: &[(&str, &str)]) -> EntryLeg {
        let xml = self.row.xml.as_deref().unwrap_or_default();
        let is_script = xml.contains(SCRIPT_NAME) || (!xml.contains("\"park\"") && self.has_script());
        if !is_script {
            return EntryLeg::Unicast;
        }
        let is_of_script = |name: &str| name.starts_with("voice_ai_") && name != FALLBACK;
        let mut variables: Vec<_> = said
            .iter()
            .filter(|(name, _)| is_of_script(name))
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        if !variables.iter().any(|(name, _)| [URL, HOST].contains(name)) {
            variables.extend(self.other_url().map(|url| (URL, url)));
        }
        let parsed = variables.into_iter().filter_map(|(name, value)| {
            Some((
                VariableName::parse(name).ok()?,
                VariableValue::parse(&value).ok()?,
            ))
        });
        EntryLeg::Script(parsed.collect())
    }

    /// The variables that XML sets, even where it is malformed.
    fn said(&self) -> Vec<(&str, &str)> {
        let xml = self.row.xml.as_deref().unwrap_or_default();
        xml.split("data=\"")
            .skip(1)
            .filter_map(|rest| rest.split_once('"')?.0.split_once('='))
            .filter(|(_, value)| !value.contains('&'))
            .collect()
    }

    /// What carries calls in the place of a stream: as the row still says, by the variables that are set before it or by its details, else as
    /// FreeSWITCH can.
    pub(super) fn carrying(&self, meaning: &Meaning) -> Vec<Action> {
        let is_set = |name| meaning.variable_before(is_stream, name).is_some();
        let kept = by_details(self.row, self.database).as_ref().and_then(carrier);
        if kept == Some(Carrier::Park) || (kept.is_none() && parks(meaning)) || !self.has_script() {
            let mut actions = unicast(is_set(FALLBACK));
            actions.retain(|action| !does(meaning, action));
            return actions;
        }
        let url = self.other_url().filter(|_| !is_set(URL) && !is_set(HOST));
        let set = url.map(|url| Action::new("set", format!("{URL}={url}")));
        set.into_iter().chain([Action::new("lua", SCRIPT_NAME)]).collect()
    }

    /// Whether the script can carry calls, as far as FreeSWITCH tells.
    fn has_script(&self) -> bool {
        let needed = [LoadedModule::AudioStream, LoadedModule::Lua];
        let running = self.facts.switch.running.as_ref();
        running.is_none_or(|running| needed.iter().all(|module| running.modules.contains(module)))
    }

    /// Where the service is, where that is not where the script looks by itself.
    fn other_url(&self) -> Option<String> {
        self.url().filter(|url| url != USUAL_URL)
    }

    /// Where FreeSWITCH reaches the service; `None` where that cannot be told from here.
    pub(super) fn url(&self) -> Option<String> {
        let service = &self.facts.service;
        let switch = &self.facts.switch;
        let is_loopback = |host: &str| host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let is_near =
            switch.process.is_some() || switch.esl.host == "localhost" || is_loopback(&switch.esl.host);
        let ip = service.listen.ip();
        if !service.is_known() || (!is_near && (ip.is_loopback() || ip.is_unspecified())) {
            return None;
        }
        stream_url(service)
    }
}
