//! A secretary on an extension, as commands are told of it.

use crate::site::Found;
use clap::ValueEnum;
use freeswitch::Extension;
use fusionpbx::dialplan::{Did, Entry, Route, SecretaryRoute, present};
use fusionpbx::plan::{LegChoice, ServerAddress, leg};
use fusionpbx::{Domain, ServiceSecretary, Text};
use secretary::SecretaryUuid;
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

impl From<Leg> for LegChoice {
    fn from(leg: Leg) -> Self {
        match leg {
            Leg::Auto => Self::Auto,
            Leg::Unicast => Self::Unicast,
            Leg::File => Self::File,
            Leg::Raw => Self::Raw,
        }
    }
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
    /// The service's address as FreeSWITCH reaches it, HOST or HOST:PORT; needed only where FreeSWITCH is elsewhere.
    #[arg(long, value_name = "ADDRESS")]
    server: Option<String>,
    /// The extension that gets a caller when nobody carries the call any more: a phone, a queue, a ring group [default: the one that
    /// it is already].
    #[arg(long, value_name = "EXTENSION")]
    fallback: Option<String>,
}

impl RouteArguments {
    /// The service's address, where it is told.
    pub(crate) fn server(&self) -> Result<Option<ServerAddress>, Text> {
        let parsed = self.server.as_deref().map(ServerAddress::parse).transpose();
        parsed.map_err(|why| of_option("server", &why))
    }

    /// The row for a secretary.
    pub(crate) fn entry(
        &self,
        found: &Found,
        domain: Domain,
        secretary: &ServiceSecretary,
    ) -> Result<Entry, Text> {
        let database = found.facts.database.as_ref().ok();
        let there = database.and_then(|database| present(&domain, &self.extension, database));
        let fallback = self.fallback.as_deref();
        let fallback = fallback.map(|text| extension("fallback", text)).transpose()?;
        let server = self.server()?;
        let route = SecretaryRoute {
            extension: extension("extension", &self.extension)?,
            secretary: uuid_of(secretary)?,
            leg: match (self.leg, &there, &server) {
                (None, Some(there), None) => there.leg.clone(),
                (choice, there, _) => {
                    let as_it_is = || {
                        there
                            .as_ref()
                            .map_or(LegChoice::Auto, |there| LegChoice::of(&there.leg))
                    };
                    let choice = choice.map_or_else(as_it_is, LegChoice::from);
                    let chosen = leg(choice, server.as_ref(), &found.facts);
                    let chosen = chosen.map_err(|hindrance| hindrance.text())?;
                    match there {
                        Some(there) => there.kept_in(chosen),
                        None => chosen,
                    }
                }
            },
            fallback: fallback.or_else(|| there.and_then(|there| there.fallback)),
        };
        let description = format!("voice-ai: {}", secretary.name);
        Ok(Entry::new(domain, Route::Secretary(route), description))
    }
}

fn extension(option: &str, text: &str) -> Result<Extension, Text> {
    Extension::parse(text).map_err(|error| Text::plain(format!("--{option}: {error}")))
}

/// What is wrong with the value of an option.
fn of_option(option: &str, why: &Text) -> Text {
    let told = |lang| format!("--{option}: {}", why.in_lang(lang));
    Text::new(told(fusionpbx::Lang::En), told(fusionpbx::Lang::PtBr))
}

/// What a row names the secretary by.
fn uuid_of(secretary: &ServiceSecretary) -> Result<SecretaryUuid, Text> {
    secretary.uuid.ok_or_else(|| {
        let (name, uuid) = (&secretary.name, Uuid::new_v4());
        Text::new(
            format!(
                "the file of {name} has no uuid, by which a row names it: add this line at its top, and run this again: uuid = \"{uuid}\""
            ),
            format!(
                "o arquivo de {name} não tem uuid, pelo qual uma linha a indica: acrescente esta linha no início dele e execute de novo: \
                 uuid = \"{uuid}\""
            ),
        )
    })
}

/// The entry of a number from outside, which leads to an extension of the domain.
pub(crate) fn did(number: &str, to: &str, domain: Domain) -> Result<Entry, Text> {
    let number = Did::parse(number).map_err(|refusal| refusal.text())?;
    let extension = extension("extension", to)?;
    let description = format!("voice-ai: {}", extension.as_str());
    Ok(Entry::new(domain, Route::Did(number, extension), description))
}

/// How a number from outside was understood.
pub(crate) fn understood(did: &Did) -> Text {
    let (whole, prefix) = (did.whole(), did.prefix());
    match prefix.is_empty() {
        true => Text::new(
            format!("the number from outside: {whole}, with and without +"),
            format!("o número externo: {whole}, com e sem +"),
        ),
        false => Text::new(
            format!(
                "the number from outside: {whole}, with and without + (country {prefix}, number {})",
                did.number()
            ),
            format!(
                "o número externo: {whole}, com e sem + (país {prefix}, número {})",
                did.number()
            ),
        ),
    }
}

/// The secretary of a domain that is meant: the one of this name, or the only one.
pub(crate) fn secretary(
    found: &Found,
    domain: &Domain,
    wanted: Option<&str>,
) -> Result<Option<ServiceSecretary>, Text> {
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
        (None, _) => Err(Text::new(
            format!("say which secretary is meant with --secretary: {names}"),
            format!("diga com --secretary qual secretária é: {names}"),
        )),
        (Some(wanted), _) => {
            let is_meant = |secretary: &&ServiceSecretary| {
                secretary.name.eq_ignore_ascii_case(wanted)
                    || secretary.uuid.is_some_and(|uuid| uuid.to_string() == wanted)
            };
            let meant = secretaries.iter().copied().find(is_meant);
            let name = &domain.name;
            meant.cloned().map(Some).ok_or_else(|| {
                Text::new(
                    format!("{name} has no secretary {wanted:?}; it has {names} (`voice-ai secretaries new` writes one)"),
                    format!("{name} não tem a secretária {wanted:?}; tem {names} (`voice-ai secretaries new` escreve uma)"),
                )
            })
        }
    }
}
