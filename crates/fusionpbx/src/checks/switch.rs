//! SW: FreeSWITCH and its event socket.

use super::no_fusionpbx;
use crate::{Code, EslState, Facts, Finding, SwitchFacts, Text};
use std::net::IpAddr;

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    let switch = &facts.switch;
    vec![
        running(switch),
        reached(switch),
        password(facts),
        list(switch),
        known_password(switch),
        address(switch),
        user(switch),
    ]
}

fn running(switch: &SwitchFacts) -> Finding {
    let code = Code::SwitchNotRunning;
    if let Some(process) = &switch.process {
        let version = switch
            .running
            .as_ref()
            .map_or_else(String::new, |running| format!(" {}", running.version));
        return Finding::ok(
            code,
            Text::new(
                format!(
                    "FreeSWITCH{version} runs as {} (process {})",
                    process.name, process.pid
                ),
                format!(
                    "FreeSWITCH{version} roda como {} (processo {})",
                    process.name, process.pid
                ),
            ),
        );
    }
    let (host, place) = (&switch.esl.host, place(switch));
    match (&switch.esl.state, &switch.running) {
        (EslState::Unreachable(_), _) if is_elsewhere(switch) => Finding::skipped(
            code,
            Text::new(
                format!("FreeSWITCH is at {host}, on another machine: see SW-02"),
                format!("o FreeSWITCH está em {host}, em outra máquina: veja SW-02"),
            ),
        ),
        (EslState::Unreachable(_), _) => not_running(),
        (_, Some(running)) => Finding::ok(
            code,
            Text::new(
                format!("FreeSWITCH {} answers at {place}", running.version),
                format!("o FreeSWITCH {} responde em {place}", running.version),
            ),
        ),
        (_, None) => Finding::ok(
            code,
            Text::new(
                format!("FreeSWITCH answers at {place}"),
                format!("o FreeSWITCH responde em {place}"),
            ),
        ),
    }
}

fn not_running() -> Finding {
    Finding::fault(
        Code::SwitchNotRunning,
        Text::new(
            "no process of FreeSWITCH on this machine, and none answers",
            "nenhum processo do FreeSWITCH nesta máquina, e nenhum responde",
        ),
        Text::new("FreeSWITCH runs", "o FreeSWITCH está rodando"),
        Text::plain("systemctl start freeswitch; journalctl -u freeswitch -n 50"),
    )
}

/// Whether FreeSWITCH is to be on another machine, as far as its address tells. Its process is seen where it is on this one.
pub(super) fn is_elsewhere(switch: &SwitchFacts) -> bool {
    let ip = switch.esl.host.parse::<IpAddr>();
    let is_here = ip.map_or(switch.esl.host == "localhost", |ip| {
        ip.to_canonical().is_loopback()
    });
    switch.process.is_none() && !is_here
}

/// The address of the event socket.
fn place(switch: &SwitchFacts) -> String {
    format!("{}:{}", switch.esl.host, switch.esl.port)
}

fn reached(switch: &SwitchFacts) -> Finding {
    let code = Code::EslUnreachable;
    let place = place(switch);
    match &switch.esl.state {
        EslState::Unreachable(_) if is_stopped(switch) => Finding::skipped(code, not_reached(switch)),
        EslState::Unreachable(reason) => Finding::fault(
            code,
            Text::new(
                format!("nothing answers at the event socket {place}: {reason}"),
                format!("nada responde no event socket {place}: {reason}"),
            ),
            Text::new(
                "mod_event_socket listens there",
                "o mod_event_socket escuta nesse endereço",
            ),
            Text::new(
                "compare listen-ip and listen-port of autoload_configs/event_socket.conf.xml with switch.event_socket.* of config.conf; \
                 systemctl status freeswitch",
                "confira listen-ip e listen-port em autoload_configs/event_socket.conf.xml com switch.event_socket.* do config.conf; \
                 systemctl status freeswitch",
            ),
        ),
        _ => Finding::ok(
            code,
            Text::new(
                format!("the event socket answers at {place}"),
                format!("o event socket responde em {place}"),
            ),
        ),
    }
}

fn password(facts: &Facts) -> Finding {
    let code = Code::EslWrongPassword;
    let switch = &facts.switch;
    match switch.esl.state {
        EslState::Unreachable(_) | EslState::Refused => Finding::skipped(code, not_reached(switch)),
        // Without FusionPBX's configuration the password as delivered was tried, and nobody has said that it is that.
        EslState::WrongPassword if facts.system.installation.is_err() => {
            Finding::skipped(code, no_fusionpbx())
        }
        EslState::WrongPassword => Finding::fault(
            code,
            Text::new(
                format!("the event socket at {} refuses the password", place(switch)),
                format!("o event socket em {} recusa a senha", place(switch)),
            ),
            Text::new(
                "the password of autoload_configs/event_socket.conf.xml",
                "a senha de autoload_configs/event_socket.conf.xml",
            ),
            Text::new(
                "write it into switch.event_socket.password of FusionPBX's config.conf, and into the file that [[pbx]] password of \
                 voice-ai.toml names; then systemctl restart voice-ai-realtime",
                "escreva-a em switch.event_socket.password do config.conf do FusionPBX e no arquivo indicado por [[pbx]] password de \
                 voice-ai.toml; depois systemctl restart voice-ai-realtime",
            ),
        ),
        EslState::Up => Finding::ok(
            code,
            Text::new(
                "the event socket takes the password",
                "o event socket aceita a senha",
            ),
        ),
    }
}

fn list(switch: &SwitchFacts) -> Finding {
    let code = Code::EslAclRefused;
    match switch.esl.state {
        EslState::Unreachable(_) => Finding::skipped(code, not_reached(switch)),
        EslState::Refused => Finding::fault(
            code,
            Text::new(
                format!(
                    "the event socket at {} refuses this machine's address",
                    place(switch)
                ),
                format!(
                    "o event socket em {} recusa o endereço desta máquina",
                    place(switch)
                ),
            ),
            Text::new(
                "apply-inbound-acl of autoload_configs/event_socket.conf.xml lets this machine in",
                "apply-inbound-acl de autoload_configs/event_socket.conf.xml permite esta máquina",
            ),
            Text::new(
                "add this machine's address to that list (Advanced > Access Controls), then fs_cli -x reloadacl",
                "inclua o endereço desta máquina nessa lista (Avançado > Controles de acesso), depois fs_cli -x reloadacl",
            ),
        ),
        EslState::Up | EslState::WrongPassword => Finding::ok(
            code,
            Text::new(
                "the event socket's access list lets this machine in",
                "a lista de acesso do event socket permite esta máquina",
            ),
        ),
    }
}

fn known_password(switch: &SwitchFacts) -> Finding {
    let code = Code::EslDefaultPassword;
    if switch.esl.state != EslState::Up {
        return Finding::skipped(code, not_reached(switch));
    }
    if !switch.esl.default_password {
        return Finding::ok(
            code,
            Text::new(
                "the event socket's password is none that everybody knows",
                "a senha do event socket não é a que todos conhecem",
            ),
        );
    }
    let found = Text::new(
        "the event socket's password is ClueCon, which everybody knows",
        "a senha do event socket é ClueCon, que todos conhecem",
    );
    let right = Text::new("a password of your own", "uma senha própria");
    let remedy = Text::new(
        "change it in autoload_configs/event_socket.conf.xml, in switch.event_socket.password of config.conf and in the file that [[pbx]] \
         password names; then fs_cli -x 'reload mod_event_socket'; systemctl restart voice-ai-realtime",
        "troque-a em autoload_configs/event_socket.conf.xml, em switch.event_socket.password do config.conf e no arquivo indicado por \
         [[pbx]] password; depois fs_cli -x 'reload mod_event_socket'; systemctl restart voice-ai-realtime",
    );
    if exposed(switch).is_empty() {
        Finding::warning(code, found, right, remedy)
    } else {
        Finding::fault(code, found, right, remedy)
    }
}

/// The list that FreeSWITCH takes where `apply-inbound-acl` names none (mod_event_socket.c of 1.10.12).
const THIS_MACHINE: &str = "loopback.auto";

/// The addresses on which others than this machine may use the event socket.
fn exposed(switch: &SwitchFacts) -> Vec<IpAddr> {
    // Whoever is not on all of them is sent away.
    let is_own = |lists: &[String]| lists.is_empty() || lists.iter().any(|list| list == THIS_MACHINE);
    if switch.esl.access.as_deref().is_some_and(is_own) {
        return Vec::new();
    }
    let listens = switch.esl.listens.iter().copied();
    listens.filter(|ip| !ip.to_canonical().is_loopback()).collect()
}

fn address(switch: &SwitchFacts) -> Finding {
    let code = Code::EslPublicAddress;
    if switch.esl.listens.is_empty() {
        return Finding::skipped(
            code,
            Text::new(
                "this machine does not tell where the event socket listens",
                "esta máquina não diz onde o event socket escuta",
            ),
        );
    }
    let exposed = exposed(switch);
    if exposed.is_empty() {
        return Finding::ok(
            code,
            Text::new(
                "the event socket is for this machine alone",
                "o event socket é só para esta máquina",
            ),
        );
    }
    let addresses = exposed.iter().map(ToString::to_string).collect::<Vec<_>>();
    let addresses = addresses.join(", ");
    Finding::warning(
        code,
        Text::new(
            format!(
                "the event socket listens on {addresses}: whoever its access list lets in and knows its password controls all calls"
            ),
            format!(
                "o event socket escuta em {addresses}: quem a lista de acesso permite e sabe a senha controla todas as chamadas"
            ),
        ),
        Text::new(
            "127.0.0.1, or apply-inbound-acl with the addresses that need it alone",
            "127.0.0.1, ou apply-inbound-acl só com os endereços que precisam",
        ),
        Text::new(
            "listen-ip in autoload_configs/event_socket.conf.xml, then fs_cli -x 'reload mod_event_socket'",
            "listen-ip em autoload_configs/event_socket.conf.xml, depois fs_cli -x 'reload mod_event_socket'",
        ),
    )
}

fn user(switch: &SwitchFacts) -> Finding {
    let code = Code::SwitchUser;
    let (Some(process), Some((folder, owner))) = (&switch.process, &switch.folder) else {
        return Finding::skipped(
            code,
            Text::new(
                "FreeSWITCH's process or its folder is not to be seen from here",
                "o processo do FreeSWITCH ou sua pasta não são visíveis daqui",
            ),
        );
    };
    // A group that both are in is how pages and FreeSWITCH of different users share files; root reads all.
    let is_shared = process.owner.gid == owner.gid || process.owner.uid == 0;
    if process.owner.uid == owner.uid || is_shared {
        let (name, folder) = (&process.name, folder.display());
        return Finding::ok(
            code,
            Text::new(
                format!("FreeSWITCH runs as {name}, and {folder} is for it"),
                format!("o FreeSWITCH roda como {name}, e {folder} é para ele"),
            ),
        );
    }
    let (name, folder, uid) = (&process.name, folder.display(), owner.uid);
    Finding::warning(
        code,
        Text::new(
            format!("FreeSWITCH runs as {name}, and {folder} belongs to user {uid}"),
            format!("o FreeSWITCH roda como {name}, e {folder} pertence ao usuário {uid}"),
        ),
        Text::new(
            "files that belong to the user FreeSWITCH runs as",
            "arquivos que pertencem ao usuário com que o FreeSWITCH roda",
        ),
        Text::new(
            format!("User= of FreeSWITCH's unit, or chown -R {name}: {folder}"),
            format!("User= na unidade do FreeSWITCH, ou chown -R {name}: {folder}"),
        ),
    )
}

/// Whether no FreeSWITCH runs where one should.
fn is_stopped(switch: &SwitchFacts) -> bool {
    let is_silent = matches!(switch.esl.state, EslState::Unreachable(_));
    is_silent && switch.process.is_none() && !is_elsewhere(switch)
}

/// What is said of a check for which FreeSWITCH would have to be asked. The whole of it is told by the check that is named.
pub(super) fn not_reached(switch: &SwitchFacts) -> Text {
    let see = match switch.esl.state {
        EslState::Unreachable(_) if is_stopped(switch) => Code::SwitchNotRunning,
        EslState::Unreachable(_) => Code::EslUnreachable,
        EslState::WrongPassword => Code::EslWrongPassword,
        EslState::Refused => Code::EslAclRefused,
        EslState::Up => {
            return Text::new(
                "FreeSWITCH did not answer all that it was asked",
                "o FreeSWITCH não respondeu a tudo que foi perguntado",
            );
        }
    };
    Text::new(
        format!("FreeSWITCH could not be asked: see {see}"),
        format!("não foi possível consultar o FreeSWITCH: veja {see}"),
    )
}
