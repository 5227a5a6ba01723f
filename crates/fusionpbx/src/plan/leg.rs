//! Which way the audio of a row's calls takes, and where the service is for it.

use super::Hindrance;
use crate::dialplan::{EntryLeg, USUAL_URL, stream_url};
use crate::{Facts, ModuleBuild, SwitchFacts, Text};
use freeswitch::{VariableName, VariableValue};
use std::net::IpAddr;

/// How the audio of calls shall travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegChoice {
    /// `unicast` where FreeSWITCH is on this machine, else what the loaded module can.
    Auto,
    /// By FreeSWITCH's core, without a module.
    Unicast,
    /// By an open mod_audio_stream and the script.
    File,
    /// By a module that plays binary frames, and the script.
    Raw,
}

impl LegChoice {
    /// The one that a row has.
    pub fn of(leg: &EntryLeg) -> Self {
        match (leg, named(leg)) {
            (EntryLeg::Unicast, _) => Self::Unicast,
            (EntryLeg::Script(_), Some("file")) => Self::File,
            (EntryLeg::Script(_), Some("raw")) => Self::Raw,
            (EntryLeg::Script(_), _) => Self::Auto,
        }
    }
}

/// The service's address as FreeSWITCH reaches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress {
    host: String,
    port: Option<u16>,
}

impl ServerAddress {
    /// Parses `192.0.2.7`, `voice.example.com` or `192.0.2.7:8085`.
    ///
    /// # Errors
    /// When it is none that an audio module takes: their hosts have letters, digits, `-` and `.` alone, so there is no IPv6.
    pub fn parse(text: &str) -> Result<Self, Text> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| refused(text))?)),
            None => (text, None),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
        if host.is_empty() || host.len() > 100 || !host.chars().all(fits) {
            return Err(refused(text));
        }
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }

    /// It by number, as datagrams need it.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

fn refused(text: &str) -> Text {
    Text::new(
        format!(
            "{text:?} is no address: give HOST or HOST:PORT, such as 192.0.2.7 or voice.example.com:8085 (no IPv6)"
        ),
        format!(
            "{text:?} não é um endereço: indique HOST ou HOST:PORTA, como 192.0.2.7 ou voice.example.com:8085 (sem IPv6)"
        ),
    )
}

/// Whether FreeSWITCH is on this machine and has its network, so that `127.0.0.1` is the same for both.
pub fn is_near(switch: &SwitchFacts) -> bool {
    if switch.apart.network {
        // In a container, whose 127.0.0.1 is another.
        return false;
    }
    let loopback = switch.esl.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    switch.process.is_some() || loopback || switch.esl.host == "localhost"
}

/// What a choice is in a row.
///
/// # Errors
/// When FreeSWITCH is elsewhere and nobody has said where the service is from there.
pub fn leg(choice: LegChoice, server: Option<&ServerAddress>, facts: &Facts) -> Result<EntryLeg, Hindrance> {
    let near = is_near(&facts.switch);
    let named = match choice {
        // Whoever says where the service is has it elsewhere.
        LegChoice::Auto if near && server.is_none() => return Ok(EntryLeg::Unicast),
        LegChoice::Unicast => return unicast(server, facts, near),
        LegChoice::Auto => None,
        LegChoice::File => Some("file"),
        LegChoice::Raw => Some("raw"),
    };
    let url = match server {
        Some(server) => Some(url_of(server, facts)),
        None if !near && is_vague(facts) => return Err(Hindrance::Missing(nowhere(facts))),
        None => stream_url(&facts.service).filter(|url| url != USUAL_URL),
    };
    let variables = [("voice_ai_leg", named.map(str::to_owned)), ("voice_ai_url", url)];
    let variables = variables
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let parsed = variables.map(|(name, value)| {
        let unfit = |error: freeswitch::ArgumentError| Hindrance::Row(error.into());
        let name = VariableName::parse(name).map_err(unfit)?;
        Ok((name, VariableValue::parse(&value).map_err(unfit)?))
    });
    let leg = EntryLeg::Script(parsed.collect::<Result<_, Hindrance>>()?);
    fits(&leg, facts)?;
    Ok(leg)
}

/// The variable by which a row says how the module plays.
const LEG: &str = "voice_ai_leg";

/// Which leg a row asks for by its name.
fn named(leg: &EntryLeg) -> Option<&str> {
    match leg {
        EntryLeg::Unicast => None,
        EntryLeg::Script(variables) => {
            let mut values = variables.iter().filter(|(name, _)| name.as_str() == LEG);
            values.next().map(|(_, value)| value.as_str())
        }
    }
}

/// Whether the module that is there can play what a row asks it to; nothing is said where none is seen.
///
/// # Errors
/// When callers would hear nothing: the open builds drop binary frames, the closed one plays no files.
pub(super) fn fits(leg: &EntryLeg, facts: &Facts) -> Result<(), Hindrance> {
    let build = facts.module.as_ref().ok().and_then(|module| module.build);
    let text = match (named(leg), build) {
        (Some("raw"), Some(ModuleBuild::Amigniter | ModuleBuild::Sptmru)) => Text::new(
            "the mod_audio_stream that is there is an open build (amigniter, sptmru), which plays no binary frames, so callers would hear \
             nothing: use --leg file, or --leg unicast",
            "o mod_audio_stream que está lá é uma compilação aberta (amigniter, sptmru), que não reproduz quadros binários, e quem liga não \
             ouviria nada: use --leg file ou --leg unicast",
        ),
        (Some("file"), Some(ModuleBuild::Closed)) => Text::new(
            "the mod_audio_stream that is there is the closed build (1.0.3), which plays no files, so callers would hear nothing: use --leg \
             raw, or --leg unicast",
            "o mod_audio_stream que está lá é a compilação fechada (1.0.3), que não reproduz arquivos, e quem liga não ouviria nada: use \
             --leg raw ou --leg unicast",
        ),
        _ => return Ok(()),
    };
    Err(Hindrance::Missing(text))
}

/// What an operator is to see to where it cannot be told whether the module plays what a row asks it to.
pub(super) fn doubt(leg: &EntryLeg, facts: &Facts) -> Option<Text> {
    let build = facts.module.as_ref().ok().and_then(|module| module.build);
    let is_unsure = matches!(build, Some(ModuleBuild::Unknown) | None);
    (is_unsure && named(leg) == Some("raw")).then(|| {
        Text::new(
            "which build of mod_audio_stream is there cannot be told: only one that plays binary frames is heard with the leg raw, so call \
             and listen",
            "não dá para saber qual compilação do mod_audio_stream está lá: no modo raw só se ouve uma que reproduza quadros binários, \
             então ligue e ouça",
        )
    })
}

/// Datagrams go to the address of `[[pbx]]`: one that is there already is somebody's, a new one is to be told.
fn unicast(server: Option<&ServerAddress>, facts: &Facts, near: bool) -> Result<EntryLeg, Hindrance> {
    let esl = &facts.switch.esl;
    let sockets = &facts.service.event_sockets;
    let is_known = sockets
        .iter()
        .any(|(host, port)| *host == esl.host && *port == esl.port);
    if near || is_known || server.and_then(ServerAddress::ip).is_some() {
        return Ok(EntryLeg::Unicast);
    }
    Err(Hindrance::Missing(nowhere(facts)))
}

/// Whether the address where the service listens says nothing to another machine.
fn is_vague(facts: &Facts) -> bool {
    let ip = facts.service.listen.ip();
    ip.is_unspecified() || ip.is_loopback() || ip.is_ipv6()
}

fn url_of(server: &ServerAddress, facts: &Facts) -> String {
    let scheme = if facts.service.tls { "wss" } else { "ws" };
    let port = server.port.unwrap_or_else(|| facts.service.listen.port());
    format!("{scheme}://{}:{port}", server.host)
}

fn nowhere(facts: &Facts) -> Text {
    let (listen, esl) = (facts.service.listen, &facts.switch.esl.host);
    Text::new(
        format!(
            "FreeSWITCH ({esl}) is on another machine or in a container with its own network, and the service listens on {listen}, which \
             says nothing there: give --server ADDRESS, this machine's address as FreeSWITCH reaches it (an IP address for the leg \
             unicast)"
        ),
        format!(
            "o FreeSWITCH ({esl}) está em outra máquina ou em um contêiner com rede própria, e o serviço escuta em {listen}, que lá não \
             diz nada: informe --server ENDEREÇO, o endereço desta máquina como o FreeSWITCH a alcança (um endereço IP para o modo \
             unicast)"
        ),
    )
}
