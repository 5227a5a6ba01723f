//! The service: its health, its port, and a stream's upgrade as a module asks for one.

mod http;
mod tls;

use super::Options;
use super::switch::is_one;
use crate::plan::USER;
use crate::{Esl, Host, PortOwner, ServerFacts, ServerState, Service, Text, Unread, Upgrade};
use http::{Answer, Request};
use secretary::{CallUuid, DomainUuid};
use serde::Deserialize;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use uuid::Uuid;

/// What the service's process is called.
pub(super) const PROGRAM: &str = "voice-ai";

/// How long health may take: it tries its programs, of which one starts a process.
const HEALTH: Duration = Duration::from_millis(1_500);

/// How long an upgrade may take. amigniter's module gives a stream up after a second (measured).
const UPGRADE: Duration = Duration::from_millis(1_000);

/// What `/health/ready` of the control listener says.
#[derive(Deserialize)]
struct Health {
    #[serde(rename = "ready")]
    _ready: bool,
    version: Option<String>,
    domains: Option<Vec<DomainUuid>>,
    #[serde(default)]
    checks: Vec<Check>,
}

#[derive(Deserialize)]
struct Check {
    name: String,
    state: String,
    detail: String,
}

impl Check {
    fn is_ok(&self) -> bool {
        self.state == "ok"
    }
}

/// The service, and which of its FreeSWITCHes it is connected to, in the order of its configuration.
pub(super) struct Found {
    facts: ServerFacts,
    connected: Vec<bool>,
}

pub(super) async fn find(host: &Host, service: &Service, options: &Options) -> Found {
    let port = host.owner_of(service.listen);
    let (state, health) = health(host, service, options).await;
    // Of whoever else has the port nothing is asked, and no token is shown.
    let upgrade = match state {
        ServerState::Up(_) => Some(upgrade(service, options).await),
        ServerState::Down(_) | ServerState::Stranger(_) => None,
    };
    let checks = health.as_ref().map_or(&[][..], |health| &health.checks);
    let (switches, others): (Vec<_>, Vec<_>) = checks.iter().partition(|check| check.name == "pbx");
    Found {
        connected: switches.iter().map(|check| check.is_ok()).collect(),
        facts: ServerFacts {
            state,
            port,
            upgrade,
            connected: None,
            complaints: others
                .iter()
                .filter(|check| !check.is_ok())
                .map(|check| format!("{}: {}", check.name, check.detail))
                .collect(),
            domains: health.and_then(|health| health.domains),
        },
    }
}

impl Found {
    /// What was found, with whether the service is connected to this FreeSWITCH.
    pub(super) async fn with_connection(self, service: &Service, esl: &Esl) -> ServerFacts {
        ServerFacts {
            connected: connected(&self.connected, service, esl).await,
            ..self.facts
        }
    }
}

/// Whether the service is connected to this FreeSWITCH; `None` where it has none, or does not tell.
async fn connected(states: &[bool], service: &Service, esl: &Esl) -> Option<bool> {
    if states.is_empty() {
        return None;
    }
    if states.len() != service.event_sockets.len() {
        // It runs with another configuration than the file's: which is which cannot be told.
        return Some(states.contains(&true));
    }
    for ((host, port), state) in service.event_sockets.iter().zip(states) {
        if *port == esl.port && is_one(host, &esl.host).await {
            return Some(*state);
        }
    }
    Some(false)
}

/// The service's process: the one that has its port, else any of its name.
pub(super) fn process(host: &Host, port: Option<&PortOwner>) -> Option<u32> {
    let owner = port.filter(|owner| owner.name == PROGRAM).map(|owner| owner.pid);
    owner.or_else(|| host.processes(PROGRAM).first().map(|account| account.pid))
}

/// Its health. The token is shown once it has said that it is ours, and only to somebody who may know it.
async fn health(host: &Host, service: &Service, options: &Options) -> (ServerState, Option<Health>) {
    let control = service.control;
    let asked = async {
        let answer = ask_health(control, None).await?;
        match options.control_token.as_deref() {
            Some(token) if is_ours(&answer) && is_trusted(host, service) => {
                ask_health(control, Some(token)).await
            }
            _ => Ok(answer),
        }
    };
    match timeout(HEALTH, asked).await {
        Err(_) => (down(control, &format!("no answer within {HEALTH:?}")), None),
        Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
            (ServerState::Stranger(format!("{control}: {error}")), None)
        }
        Ok(Err(error)) => (down(control, &error.to_string()), None),
        Ok(Ok(answer)) => read_health(control, &answer),
    }
}

fn read_health(control: SocketAddr, answer: &Answer) -> (ServerState, Option<Health>) {
    match serde_json::from_str::<Health>(&answer.body) {
        Ok(health) => {
            let version = health.version.clone().unwrap_or_default();
            (ServerState::Up(version), Some(health))
        }
        // With a token that we do not have it says no more than that it is there.
        Err(_) if wants_token(answer) => (ServerState::Up(String::new()), None),
        Err(_) => {
            let what = format!("{control}: HTTP {}", answer.status);
            (ServerState::Stranger(what), None)
        }
    }
}

fn is_ours(answer: &Answer) -> bool {
    wants_token(answer) || serde_json::from_str::<Health>(&answer.body).is_ok()
}

fn wants_token(answer: &Answer) -> bool {
    answer.status == 401 && answer.body.contains("server.control_token")
}

/// Whether who listens at the control address is root, the service's user, the owner of its configuration, or we ourselves. A program's
/// name says nothing: everybody may call his so, and wait at that port until the service does not run.
fn is_trusted(host: &Host, service: &Service) -> bool {
    let owner = |path: &Path| fs::metadata(host.path(path)).ok().map(|file| file.uid());
    let known = [
        Some(0),
        host.user(USER).map(|user| user.owner.uid),
        owner(&service.config),
        fs::metadata("/proc/self").ok().map(|process| process.uid()),
    ];
    let listeners = host.listeners_at(service.control);
    !listeners.is_empty() && listeners.iter().all(|user| known.contains(&Some(*user)))
}

async fn ask_health(control: SocketAddr, token: Option<&str>) -> io::Result<Answer> {
    let address = reached_at(control);
    let stream = TcpStream::connect(address).await?;
    let request = Request {
        path: "/health/ready",
        host: address,
        token,
        headers: &[("Connection", "close")],
    };
    http::exchange(stream, &request).await
}

fn down(control: SocketAddr, why: &str) -> ServerState {
    ServerState::Down(Unread(Text::new(
        format!("nothing answers at {control}: {why}"),
        format!("nada responde em {control}: {why}"),
    )))
}

/// How much of an upgrade is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attempt {
    /// All, for a call that there is not: the refusal that says so comes last of all.
    Whole,
    /// One without its key: a service that believes whoever streams would take a whole one for a call.
    Half,
}

async fn upgrade(service: &Service, options: &Options) -> Upgrade {
    // Without a FreeSWITCH to ask, every stream is believed.
    let attempt = match options.believes || service.event_sockets.is_empty() {
        true => Attempt::Half,
        false => Attempt::Whole,
    };
    match timeout(UPGRADE, ask_upgrade(service, options, attempt)).await {
        Err(_) => Upgrade::Unreachable(format!("no answer within {UPGRADE:?}")),
        Ok(Err(error)) => Upgrade::Unreachable(error.to_string()),
        Ok(Ok(answer)) => read_upgrade(&answer, options, attempt),
    }
}

async fn ask_upgrade(service: &Service, options: &Options, attempt: Attempt) -> io::Result<Answer> {
    let domain = service.domains.first().map(|domain| domain.uuid);
    let domain = domain.unwrap_or_else(|| DomainUuid::new(Uuid::new_v4()));
    // The service leaves no word in its log of a look at this call, which nobody has.
    let path = format!("/stream/{domain}/{}", CallUuid::new(Uuid::nil()));
    let host = reached_at(service.listen);
    let mut headers = vec![
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
    ];
    if attempt == Attempt::Whole {
        // Sixteen bytes in base64; no answer is held against it.
        headers.push(("Sec-WebSocket-Key", "dm9pY2UtYWktZG9jdG9yIQ=="));
    }
    let request = Request {
        path: &path,
        host,
        token: options.stream_token.as_deref(),
        headers: &headers,
    };
    let stream = TcpStream::connect(host).await?;
    if !service.tls {
        return http::exchange(stream, &request).await;
    }
    http::exchange(tls::wrap(stream, host.ip()).await?, &request).await
}

fn read_upgrade(answer: &Answer, options: &Options, attempt: Attempt) -> Upgrade {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    let words = serde_json::from_str::<Refusal>(&answer.body).map_or_else(
        |_| answer.body.chars().take(200).collect(),
        |refusal| refusal.error,
    );
    let works = match answer.status {
        101 => true,
        // What a request without a key is told by a service that would take it with one.
        426 => attempt == Attempt::Half,
        403 => words.contains("is no channel of domain"),
        // The token is asked for before anything else, and the one to show is not known here.
        401 => options.stream_token.is_none() && words == "a token is needed",
        _ => false,
    };
    if works {
        Upgrade::Works
    } else {
        Upgrade::Refused(answer.status, words)
    }
}

/// Where a listener is reached from this machine.
fn reached_at(listener: SocketAddr) -> SocketAddr {
    let ip = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listener.port())
}
