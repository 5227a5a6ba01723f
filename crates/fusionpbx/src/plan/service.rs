//! The service's own files: its user, its unit, its configuration, and the password of the event socket.

use super::script::state;
use super::setup::{Hindrance, Wish};
use super::token::{self, Made};
use crate::{
    Change, Domain, EslState, EventSocket, Facts, FileChange, FileFacts, FileState, HomeFacts, Owner,
    ServerState, Text,
};
use jiff::tz::TimeZone;
use secretary::DomainUuid;
use std::fmt::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// The user that the service runs as.
pub const USER: &str = "voice-ai";
/// The service's unit, where no package has put one.
pub const UNIT: &str = "/etc/systemd/system/voice-ai-realtime.service";
/// Where systemd reads which users there are to be.
pub const SYSUSERS: &str = "/etc/sysusers.d/voice-ai.conf";
/// The file of the event socket's password, where no other event socket's is there.
pub const PASSWORD: &str = "/etc/voice-ai/esl.password";

/// The package's own, which serve without it as well.
const PACKAGED_UNIT: &str = include_str!("../../../../deploy/debian/voice-ai-realtime.service");
const PACKAGED_CONFIG: &str = include_str!("../../../../deploy/debian/voice-ai.toml");
/// Where the package puts the program and its configuration.
const PACKAGED_PROGRAM: &str = "/usr/bin/voice-ai";
const PACKAGED_CONFIG_PATH: &str = "/etc/voice-ai/voice-ai.toml";

/// Folders in which the hardened unit sees nothing (`ProtectHome`, `PrivateTmp`).
const HIDDEN: [&str; 4] = ["/root", "/home", "/run/user", "/tmp"];

/// Whose the service's files are: its user's, or of the one that systemd will make; where nothing makes one, of FreeSWITCH's, or of whoever
/// runs this.
pub(super) fn user(facts: &Facts, home: &HomeFacts) -> Owner {
    if let Some(user) = home.user {
        return user;
    }
    let coming = Owner {
        uid: home.free_id,
        gid: home.free_id,
    };
    if !home.is_bare() {
        return coming;
    }
    let process = facts.switch.process.as_ref();
    process.map_or(Owner { uid: 0, gid: 0 }, |process| process.owner)
}

/// The time zone of a domain that is new to the service: FusionPBX's, else this machine's.
pub(super) fn time_zone(wish: &Wish, home: &HomeFacts) -> String {
    let known = [&wish.more.time_zone, &home.time_zone].into_iter().flatten();
    let mut known = known.filter(|zone| TimeZone::get(zone).is_ok());
    known.next().map_or_else(|| "UTC".to_owned(), String::clone)
}

/// What is to change so that the service is there as it is wanted; nothing where it is.
///
/// # Errors
/// When the service could not start with what would be written, or is another's matter.
pub(super) fn service(wish: &Wish, facts: &Facts, home: &HomeFacts) -> Result<Vec<Change>, Hindrance> {
    understood(wish, facts, home)?;
    let user = user(facts, home);
    let password = password_file(facts, home, &wish.event_socket);
    let mut own: Vec<_> = self::password(&password, &wish.event_socket, facts, home, user)
        .into_iter()
        .collect();
    let Made { changes, is_new } = token::token(wish, facts, home, user);
    own.extend(changes);
    let names_token = is_new;
    own.extend(configuration(&password, names_token, wish, facts, home, user));
    let runs = matches!(facts.server.state, ServerState::Up(_));
    if home.unit.is_some() {
        return Ok(own);
    }
    if runs {
        return if own.is_empty() {
            Ok(own)
        } else {
            Err(of_others(facts))
        };
    }
    if home.is_bare() {
        return Ok(own);
    }
    let mut changes = Vec::new();
    if home.user.is_none() {
        let line = format!(
            "u {USER} {} \"voice-ai-realtime\" /var/lib/voice-ai\n",
            home.free_id
        );
        changes.push(new_file(SYSUSERS, line, 0o644, None));
    }
    let unit = PACKAGED_UNIT
        .replace(PACKAGED_PROGRAM, &program(wish, home)?)
        .replace(PACKAGED_CONFIG_PATH, &facts.service.config.display().to_string());
    changes.push(new_file(UNIT, unit, 0o644, None));
    changes.extend(own);
    Ok(changes)
}

/// Whether a unit's text is what setup writes, whatever program and configuration it names.
pub(super) fn is_our_unit(text: &str) -> bool {
    let rest = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with("ExecStart="));
        lines.map(str::to_owned).collect()
    };
    rest(text) == rest(PACKAGED_UNIT)
}

/// Nothing is added to a configuration that the service itself does not take: it would not start again.
fn understood(wish: &Wish, facts: &Facts, home: &HomeFacts) -> Result<(), Hindrance> {
    let config = facts.service.config.display();
    let wrong = facts.service.wrong.iter().chain(&facts.service.unserved).next();
    if let Some(wrong) = wrong.filter(|_| home.config.is_some()) {
        return Err(Hindrance::Missing(Text::new(
            format!(
                "{config} is not as the service takes it: {wrong}; mend that first, `voice-ai config check --config {config}` tells all of it"
            ),
            format!(
                "{config} não está como o serviço o aceita: {wrong}; corrija isso antes, `voice-ai config check --config {config}` diz tudo"
            ),
        )));
    }
    let domain = &wish.entry.domain;
    let namesake = facts
        .service
        .domains
        .iter()
        .find(|known| known.name.as_deref() == Some(&domain.name) && known.uuid != domain.uuid);
    if let Some(known) = namesake.filter(|known| is_written(known.uuid, home)) {
        let (name, uuid, theirs) = (&domain.name, domain.uuid, known.uuid);
        return Err(Hindrance::Missing(Text::new(
            format!(
                "{config} has {name} with the UUID {theirs}, FusionPBX has it with {uuid}; correct uuid of that [[domains]] first"
            ),
            format!(
                "{config} tem {name} com o UUID {theirs}, o FusionPBX o tem com {uuid}; corrija antes o uuid desse [[domains]]"
            ),
        )));
    }
    if facts.switch.esl.state != EslState::Up {
        let socket = &wish.event_socket;
        let place = format!("{}:{}", socket.host, socket.port);
        return Err(Hindrance::Missing(Text::new(
            format!(
                "FreeSWITCH's event socket at {place} cannot be used; `voice-ai doctor` tells why (SW-01 to SW-04)"
            ),
            format!(
                "o event socket do FreeSWITCH em {place} não pode ser usado; `voice-ai doctor` diz por quê (SW-01 a SW-04)"
            ),
        )));
    }
    Ok(())
}

/// Whether the configuration itself has the domain. Where it names none, the service has the sample's `pbx.example.com` by default.
fn is_written(uuid: DomainUuid, home: &HomeFacts) -> bool {
    let uuid = uuid.to_string();
    let has_it = |line: &str| !line.trim_start().starts_with('#') && line.to_lowercase().contains(&uuid);
    home.config
        .as_ref()
        .is_some_and(|file| file.text.lines().any(has_it))
}

/// A service that runs without a unit of systemd's: somebody starts it otherwise, such as a container, and its files are theirs.
fn of_others(facts: &Facts) -> Hindrance {
    let config = facts.service.config.display();
    Hindrance::Missing(Text::new(
        format!(
            "the service runs without a unit of systemd (in a container?), so its configuration is not written: add [[pbx]] and \
                 [[domains]] to {config} as docs/packages.md shows, restart it, and run this again"
        ),
        format!(
            "o serviço roda sem uma unidade do systemd (em um contêiner?), por isso a configuração dele não é escrita: acrescente \
                 [[pbx]] e [[domains]] a {config} como em docs/packages.pt-BR.md, reinicie-o e execute isto de novo"
        ),
    ))
}

/// The program of the unit. Of another machine's files it is the package's.
fn program(wish: &Wish, home: &HomeFacts) -> Result<String, Hindrance> {
    if !home.systemd {
        return Ok(PACKAGED_PROGRAM.to_owned());
    }
    let program = wish.program.display().to_string();
    let strange = |c: char| c.is_whitespace() || c.is_control() || "%\"'\\$".contains(c);
    let hidden = HIDDEN.iter().any(|folder| wish.program.starts_with(folder));
    if !hidden && !program.contains(strange) {
        return Ok(program);
    }
    Err(Hindrance::Missing(Text::new(
        format!(
            "the service cannot be started from {program}; install it first: install -m 755 {program} /usr/local/bin/voice-ai"
        ),
        format!(
            "o serviço não pode ser iniciado de {program}; instale-o antes: install -m 755 {program} /usr/local/bin/voice-ai"
        ),
    )))
}

/// The file for an event socket's password: another event socket's is not written over.
fn password_file(facts: &Facts, home: &HomeFacts, socket: &EventSocket) -> PathBuf {
    let usual = PathBuf::from(PASSWORD);
    let same = |file: &FileFacts| file.text.trim() == socket.password.reveal();
    match &home.password {
        Some(file) if !same(file) && !facts.service.event_sockets.is_empty() => {
            let host = socket
                .host
                .replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "_");
            usual.with_file_name(format!("esl-{host}-{}.password", socket.port))
        }
        _ => usual,
    }
}

fn new_file(path: impl Into<PathBuf>, text: String, mode: u32, owner: Option<Owner>) -> Change {
    Change::File(FileChange {
        path: path.into(),
        before: None,
        after: Some(FileState { text, mode, owner }),
    })
}

/// The password's file, unless the service is configured with this event socket already.
fn password(
    path: &Path,
    socket: &EventSocket,
    facts: &Facts,
    home: &HomeFacts,
    user: Owner,
) -> Option<Change> {
    if knows(socket, facts) {
        return None;
    }
    let text = format!("{}\n", socket.password.reveal());
    let after = FileState {
        text,
        mode: 0o600,
        owner: Some(user),
    };
    let is_usual = path == Path::new(PASSWORD);
    let before = home.password.as_ref().filter(|_| is_usual).map(state);
    (before.as_ref() != Some(&after)).then(|| {
        Change::File(FileChange {
            path: path.to_owned(),
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
fn configuration(
    password: &Path,
    names_token: bool,
    wish: &Wish,
    facts: &Facts,
    home: &HomeFacts,
    user: Owner,
) -> Option<Change> {
    let mut more = String::new();
    if !knows(&wish.event_socket, facts) {
        more += &event_socket(&wish.event_socket, password, wish.more.unicast_address);
    }
    let served = facts.service.domains.iter();
    if !served.clone().any(|domain| domain.uuid == wish.entry.domain.uuid) {
        more += &domain(&wish.entry.domain, &wish.secretary, &time_zone(wish, home));
    }
    if more.is_empty() && !names_token {
        return None;
    }
    let named = |text: &str| match names_token {
        true => token::named_in(text),
        false => text.to_owned(),
    };
    let path = facts.service.config.clone();
    let Some(file) = &home.config else {
        // The service reads it, and root alone writes it.
        let owner = Owner {
            uid: if home.systemd { 0 } else { user.uid },
            gid: user.gid,
        };
        let text = format!("{}{more}", named(PACKAGED_CONFIG));
        return Some(new_file(path, text, 0o640, Some(owner)));
    };
    Some(Change::File(FileChange {
        path,
        before: Some(state(file)),
        after: Some(FileState {
            text: appended(&named(&file.text), &more),
            ..state(file)
        }),
    }))
}

fn appended(text: &str, more: &str) -> String {
    let newline = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{text}{newline}{more}")
}

fn event_socket(socket: &EventSocket, password: &Path, unicast: Option<IpAddr>) -> String {
    let mut section = format!(
        "\n[[pbx]]\nname = {}\n",
        quoted(&format!("{}:{}", socket.host, socket.port))
    );
    let _ = write!(
        section,
        "host = {}\nport = {}\npassword = {{ file = {} }}\n",
        quoted(&socket.host),
        socket.port,
        quoted(&password.display().to_string())
    );
    if let Some(address) = unicast {
        let _ = writeln!(section, "unicast_address = {}", quoted(&address.to_string()));
    }
    section
}

fn domain(domain: &Domain, secretary: &str, time_zone: &str) -> String {
    format!(
        "\n[[domains]]\nuuid = {}\nname = {}\ndefault_secretary = {}\ntimezone = {}\n",
        quoted(&domain.uuid.to_string()),
        quoted(&domain.name),
        quoted(secretary),
        quoted(time_zone)
    )
}

/// A text as TOML has it.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
