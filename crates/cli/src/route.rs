//! A secretary on an extension, as commands are told of it.

use crate::site::Found;
use clap::ValueEnum;
use freeswitch::{Extension, VariableName, VariableValue};
use fusionpbx::dialplan::{Did, Entry, EntryLeg, Route, SecretaryRoute, USUAL_URL, present, stream_url};
use fusionpbx::{Domain, ServiceSecretary};
use secretary::SecretaryUuid;
use std::net::IpAddr;
use uuid::Uuid;

/// How the audio of calls travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Leg {
    /// `unicast` where FreeSWITCH is on this machine, else what the loaded module can.
    Auto,
    /// By FreeSWITCH's core, without a module.
    Unicast,
    /// By an open mod_audio_stream and the script.
    File,
    /// By a module that plays binary frames, and the script.
    Raw,
}

/// How calls reach a secretary.
#[derive(clap::Args)]
pub(crate) struct RouteArguments {
    /// The extension that callers dial.
    #[arg(long, default_value = "8000")]
    pub(crate) extension: String,
    /// How the audio travels [default: as it does already, else auto].
    #[arg(long, value_enum)]
    leg: Option<Leg>,
    /// The extension that gets a caller when nobody carries the call any more: a phone, a queue, a ring group [default: the one that
    /// it is already].
    #[arg(long, value_name = "EXTENSION")]
    fallback: Option<String>,
}

impl RouteArguments {
    /// The row for a secretary.
    pub(crate) fn entry(
        &self,
        found: &Found,
        domain: Domain,
        secretary: &ServiceSecretary,
    ) -> Result<Entry, String> {
        let extension =
            |option: &str, text: &str| Extension::parse(text).map_err(|error| format!("--{option}: {error}"));
        let database = found.facts.database.as_ref().ok();
        let there = database.and_then(|database| present(&domain, &self.extension, database));
        let fallback = self.fallback.as_deref();
        let fallback = fallback.map(|text| extension("fallback", text)).transpose()?;
        let route = SecretaryRoute {
            extension: extension("extension", &self.extension)?,
            secretary: uuid_of(secretary)?,
            leg: match (self.leg, &there) {
                (None, Some(there)) => there.leg.clone(),
                (leg, _) => of_leg(leg.unwrap_or(Leg::Auto), found)?,
            },
            fallback: fallback.or_else(|| there.and_then(|there| there.fallback)),
        };
        let description = format!("voice-ai: {}", secretary.name);
        Ok(Entry::new(domain, Route::Secretary(route), description))
    }
}

/// What a choice of leg is in a row.
fn of_leg(leg: Leg, found: &Found) -> Result<EntryLeg, String> {
    let named = match leg {
        Leg::Unicast => return Ok(EntryLeg::Unicast),
        Leg::Auto if is_near(found) => return Ok(EntryLeg::Unicast),
        Leg::Auto => None,
        Leg::File => Some("file"),
        Leg::Raw => Some("raw"),
    };
    let service = &found.facts.service;
    let url = stream_url(service).filter(|url| url != USUAL_URL);
    let variables = [("voice_ai_leg", named.map(str::to_owned)), ("voice_ai_url", url)];
    variables
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .map(|(name, value)| {
            let name = VariableName::parse(name).map_err(|error| error.to_string())?;
            let value = VariableValue::parse(&value).map_err(|error| error.to_string())?;
            Ok((name, value))
        })
        .collect::<Result<_, _>>()
        .map(EntryLeg::Script)
}

/// What a row names the secretary by.
fn uuid_of(secretary: &ServiceSecretary) -> Result<SecretaryUuid, String> {
    secretary.uuid.ok_or_else(|| {
        format!(
            "the file of {} has no uuid, by which a row names it: add uuid = \"{}\" there, and run this again",
            secretary.name,
            Uuid::new_v4()
        )
    })
}

/// Whether FreeSWITCH is on this machine, so that its datagrams stay on it.
fn is_near(found: &Found) -> bool {
    let switch = &found.facts.switch;
    let loopback = switch.esl.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if switch.apart.network {
        // In a container, whose 127.0.0.1 is another.
        return false;
    }
    switch.process.is_some() || loopback || switch.esl.host == "localhost"
}

/// The entry of a number from outside, which leads to an extension of the domain.
pub(crate) fn did(number: &str, extension: &str, domain: Domain) -> Result<Entry, String> {
    let number = Did::parse(number).map_err(|refusal| refusal.to_string())?;
    let extension = Extension::parse(extension).map_err(|error| format!("--extension: {error}"))?;
    let description = format!("voice-ai: {}", extension.as_str());
    Ok(Entry::new(domain, Route::Did(number, extension), description))
}

/// The secretary of a domain that is meant: the one of this name, or the only one.
pub(crate) fn secretary(
    found: &Found,
    domain: &Domain,
    wanted: Option<&str>,
) -> Result<Option<ServiceSecretary>, String> {
    let served = found.facts.service.domains.iter();
    let secretaries = served
        .filter(|served| served.uuid == domain.uuid)
        .flat_map(|served| &served.secretaries)
        .collect::<Vec<_>>();
    let names = secretaries.iter().map(|secretary| secretary.name.as_str());
    let names = names.collect::<Vec<_>>().join(", ");
    match (wanted, secretaries.as_slice()) {
        (_, []) => Ok(None),
        (None, [only]) => Ok(Some((*only).clone())),
        (None, _) => Err(format!("say which secretary is meant with --secretary: {names}")),
        (Some(wanted), _) => {
            let is_meant = |secretary: &&ServiceSecretary| {
                secretary.name.eq_ignore_ascii_case(wanted)
                    || secretary.uuid.is_some_and(|uuid| uuid.to_string() == wanted)
            };
            let meant = secretaries.iter().copied().find(is_meant);
            meant.cloned().map(Some).ok_or_else(|| {
                format!(
                    "{} has no secretary {wanted:?}; it has {names} (`voice-ai secretaries new` writes one)",
                    domain.name
                )
            })
        }
    }
}
