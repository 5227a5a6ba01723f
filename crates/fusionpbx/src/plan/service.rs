//! The service's own files: its user, its unit, its configuration, and the password of the event socket.

use super::script::state;
use crate::{Change, Domain, EventSocket, Facts, FileChange, FileFacts, FileState, HomeFacts, Owner};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The user that the service runs as.
pub const USER: &str = "voice-ai";
/// The service's unit, where no package has put one.
pub const UNIT: &str = "/etc/systemd/system/voice-ai-realtime.service";
/// Where systemd reads which users there are to be.
pub const SYSUSERS: &str = "/etc/sysusers.d/voice-ai.conf";
/// The file of the event socket's password.
pub const PASSWORD: &str = "/etc/voice-ai/esl.password";

/// The package's own, which serve without it as well.
const PACKAGED_UNIT: &str = include_str!("../../../../deploy/debian/voice-ai-realtime.service");
const PACKAGED_CONFIG: &str = include_str!("../../../../deploy/debian/voice-ai.toml");
/// Where the package puts the program.
const PACKAGED_PROGRAM: &str = "/usr/bin/voice-ai";

/// What the configuration is to have.
pub(super) struct Wanted<'a> {
    pub(super) domain: &'a Domain,
    /// The secretary that answers where none is named, for a domain that is new to the service.
    pub(super) secretary: &'a str,
    pub(super) event_socket: &'a EventSocket,
    pub(super) program: &'a Path,
}

/// What is to change so that the service is there as it is wanted; nothing where it is.
pub(super) fn service(wanted: &Wanted<'_>, facts: &Facts, home: &HomeFacts) -> Vec<Change> {
    let user = home.user.unwrap_or(Owner {
        uid: home.free_id,
        gid: home.free_id,
    });
    let mut changes = Vec::new();
    if home.user.is_none() {
        let line = format!(
            "u {USER} {} \"voice-ai-realtime\" /var/lib/voice-ai\n",
            home.free_id
        );
        changes.push(new_file(SYSUSERS, line, 0o644, None));
    }
    if home.unit.is_none() {
        let program = wanted.program.display().to_string();
        let unit = PACKAGED_UNIT.replace(PACKAGED_PROGRAM, &program);
        changes.push(new_file(UNIT, unit, 0o644, None));
    }
    changes.extend(password(wanted.event_socket, facts, home, user));
    changes.extend(configuration(wanted, facts, home, user));
    changes
}

fn new_file(path: impl Into<PathBuf>, text: String, mode: u32, owner: Option<Owner>) -> Change {
    Change::File(FileChange {
        path: path.into(),
        before: None,
        after: Some(FileState { text, mode, owner }),
    })
}

/// The password's file, unless the service is configured with this event socket already.
fn password(socket: &EventSocket, facts: &Facts, home: &HomeFacts, user: Owner) -> Option<Change> {
    if knows(socket, facts) {
        return None;
    }
    let text = format!("{}\n", socket.password.reveal());
    let after = FileState {
        text,
        mode: 0o600,
        owner: Some(user),
    };
    let before = home.password.as_ref().map(state);
    (before.as_ref() != Some(&after)).then(|| {
        Change::File(FileChange {
            path: PASSWORD.into(),
            before,
            after: Some(after),
        })
    })
}

fn knows(socket: &EventSocket, facts: &Facts) -> bool {
    let known = &facts.service.event_sockets;
    known
        .iter()
        .any(|(host, port)| *port == socket.port && same_host(host, &socket.host))
}

fn same_host(one: &str, other: &str) -> bool {
    let plain = |host: &str| host.replace("localhost", "127.0.0.1");
    plain(one) == plain(other)
}

/// The sections that the configuration lacks, after all that it has: what people have written there stays as it is.
fn configuration(wanted: &Wanted<'_>, facts: &Facts, home: &HomeFacts, user: Owner) -> Option<Change> {
    let mut more = String::new();
    if !knows(wanted.event_socket, facts) {
        more += &event_socket(wanted.event_socket);
    }
    let served = facts.service.domains.iter();
    if !served.clone().any(|domain| domain.uuid == wanted.domain.uuid) {
        more += &domain(wanted.domain, wanted.secretary);
    }
    if more.is_empty() {
        return None;
    }
    let path = facts.service.config.clone();
    let Some(file) = &home.config else {
        return Some(new_file(
            path,
            format!("{PACKAGED_CONFIG}{more}"),
            0o640,
            Some(user),
        ));
    };
    Some(Change::File(FileChange {
        path,
        before: Some(state(file)),
        after: Some(FileState {
            text: appended(file, &more),
            ..state(file)
        }),
    }))
}

fn appended(file: &FileFacts, more: &str) -> String {
    let newline = if file.text.is_empty() || file.text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{}{newline}{more}", file.text)
}

fn event_socket(socket: &EventSocket) -> String {
    let mut section = format!(
        "\n[[pbx]]\nname = {}\n",
        quoted(&format!("{}:{}", socket.host, socket.port))
    );
    let _ = write!(
        section,
        "host = {}\nport = {}\npassword = {{ file = {} }}\n",
        quoted(&socket.host),
        socket.port,
        quoted(PASSWORD)
    );
    section
}

fn domain(domain: &Domain, secretary: &str) -> String {
    format!(
        "\n[[domains]]\nuuid = {}\nname = {}\ndefault_secretary = {}\n",
        quoted(&domain.uuid.to_string()),
        quoted(&domain.name),
        quoted(secretary)
    )
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
