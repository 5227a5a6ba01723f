//! Where the script streams a row's calls to, and where the service is.

use super::ours::{Carrier, carrier, is_of_another_host, is_ours};
use super::{Action, Meaning, read_one};
use crate::{DatabaseFacts, DialplanRow, Facts, Service};
use std::net::{IpAddr, Ipv4Addr};

/// The address that the script takes where it is told none.
pub const USUAL_URL: &str = "ws://127.0.0.1:8085";
/// The port that it takes where it is told a host alone.
const USUAL_PORT: u16 = 8085;

/// The rows that hand calls to the script and have it stream to where the service does not listen, each with the address. An address by
/// a name, or by `wss://` where the service has no TLS, may be a proxy's: it is not judged. Nor is anything where the service's
/// configuration is not known.
pub(crate) fn missed<'a>(facts: &'a Facts, database: &'a DatabaseFacts) -> Vec<(&'a DialplanRow, String)> {
    if !facts.service.is_known() {
        return Vec::new();
    }
    database
        .dialplans
        .iter()
        .filter(|row| row.enabled && is_ours(row) && !is_of_another_host(row, facts))
        .filter_map(|row| {
            let meaning = read_one(row.xml.as_deref()?).ok()?;
            let url = streams_to(&meaning)?;
            misses(&url, &facts.service).then_some((row, url))
        })
        .collect()
}

/// The address that the script makes of a row's variables; `None` where it streams nothing, or what is known only in a call.
pub(crate) fn streams_to(meaning: &Meaning) -> Option<String> {
    if carrier(meaning) != Some(Carrier::Script) {
        return None;
    }
    let is_carrier = |action: &Action| Carrier::of(action).is_some();
    let value = |name: &str| {
        let value = meaning.variable_before(is_carrier, name);
        value.filter(|value| !value.is_empty())
    };
    if value("voice_ai_leg") == Some("unicast") {
        return None;
    }
    let url = match (value("voice_ai_url"), value("voice_ai_host")) {
        (Some(url), _) => url.to_owned(),
        (None, Some(host)) if host.contains(':') => format!("ws://{host}"),
        (None, Some(host)) => format!("ws://{host}:{USUAL_PORT}"),
        (None, None) => USUAL_URL.to_owned(),
    };
    (!url.contains("${")).then_some(url)
}

/// Whether an address is certainly not where the service listens.
fn misses(url: &str, service: &Service) -> bool {
    let (scheme, rest) = match url.split_once("://") {
        Some(("wss", _)) if !service.tls => return false,
        Some((scheme @ ("ws" | "wss"), rest)) => (scheme, rest),
        // The script takes no other.
        _ => return true,
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let usual_port = if scheme == "wss" { "443" } else { "80" };
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, usual_port));
    let ip = match host {
        "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        _ => match host.parse() {
            Ok(ip) => ip,
            Err(_) => return false,
        },
    };
    let listen = service.listen;
    let is_there = listen.ip().is_unspecified() || listen.ip() == ip;
    !is_there || port.parse() != Ok(listen.port())
}

/// The address of the service for `voice_ai_url`, for a FreeSWITCH on the same machine. `None` where it listens on an address of IPv6 alone,
/// which no module takes.
pub fn stream_url(service: &Service) -> Option<String> {
    let scheme = if service.tls { "wss" } else { "ws" };
    let ip = match service.listen.ip() {
        ip if ip.is_unspecified() => Ipv4Addr::LOCALHOST,
        IpAddr::V4(ip) => ip,
        IpAddr::V6(_) => return None,
    };
    Some(format!("{scheme}://{ip}:{}", service.listen.port()))
}
