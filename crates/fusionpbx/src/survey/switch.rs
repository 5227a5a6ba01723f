//! FreeSWITCH: its process, its event socket, and what it says of itself there.

use crate::settings::EventSocket;
use crate::{Account, Apart, Esl, EslState, Host, LoadedModule, Owner, Running, SwitchFacts};
use freeswitch::{CommandError, Console, ModuleName, Password, Settings, State, VariableName};
use roxmltree::Document;
use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::lookup_host;
use tokio::time::{Instant, timeout};

/// What FreeSWITCH's process is called.
const PROGRAM: &str = "freeswitch";

/// The password that everybody knows, as delivered.
const KNOWN_PASSWORD: &str = "ClueCon";

/// How long a connection or one answer may take; a healthy one takes less than a millisecond on the same machine.
const PATIENCE: Duration = Duration::from_millis(600);

/// How long all of it may take.
const LIMIT: Duration = Duration::from_millis(1_500);

/// How long its name may take to become an address.
const NAMED: Duration = Duration::from_millis(500);

/// What was found.
pub(super) struct Found {
    pub(super) facts: SwitchFacts,
    /// Whether it is on this machine; only then are its files here.
    pub(super) is_here: bool,
    /// How far its clock is ahead, in milliseconds.
    pub(super) clock_ms: Option<i64>,
}

pub(super) async fn find(host: &Host, place: &EventSocket) -> Found {
    let mut told = None;
    // What was told before the time was over counts.
    let state = match timeout(LIMIT, ask(place, &mut told)).await {
        Ok(state) => state,
        Err(_) if told.is_some() => EslState::Up,
        Err(_) => EslState::Unreachable(format!("no answer within {LIMIT:?}")),
    };
    let (running, clock_ms) = told.unwrap_or((None, None));
    let (is_here, port) = (is_of_this_machine(place).await, place.port);
    let esl = Esl {
        host: place.host.clone(),
        port,
        default_password: state == EslState::Up && place.password.reveal() == KNOWN_PASSWORD,
        state,
        listens: if is_here { host.listening(port) } else { Vec::new() },
        access: None,
    };
    let folder = running.as_ref().map(|running| running.conf_dir.clone());
    let process = process(host, is_here.then_some(port));
    let facts = SwitchFacts {
        apart: process
            .as_ref()
            .map_or_else(Apart::default, |process| host.apart(process.pid)),
        process,
        esl,
        running,
        folder: folder.and_then(|folder| owned(host, &folder)),
    };
    Found {
        facts,
        is_here,
        clock_ms,
    }
}

/// Of several FreeSWITCHes the one that has the port, else the oldest.
fn process(host: &Host, port: Option<u16>) -> Option<Account> {
    let found = host.processes(PROGRAM);
    let owner = port.and_then(|port| host.port_owner(port));
    let of_port = owner.and_then(|owner| found.iter().find(|account| account.pid == owner.pid).cloned());
    of_port.or_else(|| found.into_iter().next())
}

/// A folder and whose it is, where it is there.
pub(super) fn owned(host: &Host, folder: &Path) -> Option<(PathBuf, Owner)> {
    let file = fs::metadata(host.path(folder)).ok()?;
    let owner = Owner {
        uid: file.uid(),
        gid: file.gid(),
    };
    Some((folder.to_owned(), owner))
}

/// The lists of addresses that may use the event socket, as its configuration names them; `None` where that is not to be read.
pub(super) fn access(host: &Host, conf: &Path) -> Option<Vec<String>> {
    let path = conf.join("autoload_configs/event_socket.conf.xml");
    let text = super::text::beginning(&host.path(path), 1 << 16).ok()?;
    let document = Document::parse(&text).ok()?;
    let lists = document
        .descendants()
        .filter(|node| node.has_tag_name("param") && node.attribute("name") == Some("apply-inbound-acl"))
        .filter_map(|node| node.attribute("value").map(str::to_owned));
    Some(lists.filter(|list| !list.is_empty()).collect())
}

/// Whether this machine has one of the addresses behind the name.
async fn is_of_this_machine(place: &EventSocket) -> bool {
    addresses(&place.host).await.into_iter().any(is_own)
}

/// Whether two hosts are one: by name, by address, or as both are this machine.
pub(super) async fn is_one(one: &str, other: &str) -> bool {
    if one.eq_ignore_ascii_case(other) {
        return true;
    }
    let (one, other) = tokio::join!(addresses(one), addresses(other));
    let is_own = |addresses: &[IpAddr]| addresses.iter().copied().any(is_own);
    one.iter().any(|address| other.contains(address)) || (is_own(&one) && is_own(&other))
}

/// The addresses behind a name; none where nobody tells them in time.
async fn addresses(host: &str) -> Vec<IpAddr> {
    match timeout(NAMED, lookup_host((host, 0))).await {
        Ok(Ok(addresses)) => addresses.map(|address| address.ip().to_canonical()).collect(),
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}

/// Whether the address is this machine's: of no other can a socket be had.
fn is_own(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

type Told = (Option<Running>, Option<i64>);

async fn ask(place: &EventSocket, told: &mut Option<Told>) -> EslState {
    let settings = Settings {
        name: format!("{}:{}", place.host, place.port),
        host: place.host.clone(),
        port: place.port,
        password: Password::new(place.password.reveal()),
        patience: PATIENCE,
        longest_pause: PATIENCE,
    };
    let mut console = match Console::connect(&settings).await {
        Ok(console) => console,
        Err(state) => return refused(state),
    };
    let told = told.insert((None, None));
    told.1 = clock(&mut console).await.ok();
    told.0 = running(&mut console).await.ok().flatten();
    EslState::Up
}

fn refused(state: State) -> EslState {
    match state {
        State::WrongPassword => EslState::WrongPassword,
        State::Refused => EslState::Refused,
        State::Unreachable { reason } | State::Lost { reason } => EslState::Unreachable(reason),
        State::Connecting | State::Up { .. } => EslState::Unreachable(state.to_string()),
    }
}

/// How far FreeSWITCH's clock is ahead: its answer was true about half-way between question and answer.
async fn clock(console: &mut Console) -> Result<i64, CommandError> {
    let asked = Instant::now();
    let told = console.clock().await?;
    let half_way = SystemTime::now() - asked.elapsed() / 2;
    Ok(ahead_ms(told, half_way))
}

/// How far a clock that tells this time since 1970 is ahead of one that says `now`, in milliseconds.
pub(super) fn ahead_ms(told: Duration, now: SystemTime) -> i64 {
    let ms = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    ms(told).saturating_sub(ms(now))
}

/// What it says of itself; none where it has not told one of its folders.
async fn running(console: &mut Console) -> Result<Option<Running>, CommandError> {
    let version = short_version(&console.version().await?);
    let hostname = console.hostname().await?;
    let mut folders = Vec::new();
    for name in ["mod_dir", "script_dir", "conf_dir", "log_dir"] {
        let Ok(variable) = VariableName::parse(name) else {
            return Ok(None);
        };
        folders.extend(console.folder(&variable).await?);
    }
    let Ok([mod_dir, script_dir, conf_dir, log_dir]) = <[PathBuf; 4]>::try_from(folders) else {
        return Ok(None);
    };
    let mut modules = BTreeSet::new();
    for (module, name) in [
        (LoadedModule::AudioStream, ModuleName::audio_stream()),
        (LoadedModule::Lua, ModuleName::lua()),
        (LoadedModule::Memcache, ModuleName::memcache()),
        (LoadedModule::Loopback, ModuleName::loopback()),
    ] {
        if console.has_module(&name).await? {
            modules.insert(module);
        }
    }
    Ok(Some(Running {
        version,
        mod_dir,
        script_dir,
        conf_dir,
        log_dir,
        hostname,
        modules,
        applications: console.applications().await?,
    }))
}

/// `1.10.12-release` of `FreeSWITCH Version 1.10.12-release~64bit ( 64bit)`.
fn short_version(told: &str) -> String {
    let version = told.strip_prefix("FreeSWITCH Version ").unwrap_or(told);
    let end = version.find(['~', ' ', '+']).unwrap_or(version.len());
    version[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_somebody_else_is_not_ours() {
        assert!(is_own([127, 0, 0, 1].into()));
        // For documentation (RFC 5737): nobody's.
        assert!(!is_own([192, 0, 2, 1].into()));
    }
}
