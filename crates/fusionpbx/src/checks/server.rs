//! SV: the service.

mod configured;

use super::service_is_up;
use super::switch::{is_elsewhere, not_reached};
use crate::{Code, EslState, Facts, Finding, PortOwner, ServerState, ServiceDomain, Text, Upgrade};
use configured::{config, configuration, key, models};

/// What its process is called.
const PROGRAM: &str = "voice-ai";

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    vec![
        running(facts),
        port(facts),
        reached(facts),
        upgrade(facts),
        key(facts),
        models(facts),
        connected(facts),
        config(facts),
    ]
}

fn start() -> Text {
    Text::plain("systemctl start voice-ai-realtime; journalctl -u voice-ai-realtime -n 50")
}

fn running(facts: &Facts) -> Finding {
    let code = Code::ServerNotRunning;
    match &facts.server.state {
        ServerState::Up(version) => {
            let complaints: Vec<_> = complaints(facts).collect();
            match complaints.first() {
                None => Finding::ok(code, Text::plain(format!("voice-ai-realtime {version}"))),
                Some(complaint) => complains(complaint, complaints.len()),
            }
        }
        ServerState::Down(_) if stranger(facts).is_some() => Finding::skipped(
            code,
            Text::new(
                "the service cannot start: see SV-02",
                "o serviço não consegue iniciar: veja SV-02",
            ),
        ),
        ServerState::Down(_) if !facts.service.is_known() => Finding::skipped(
            code,
            Text::new(
                "the service does not start without a sound configuration: see SV-08",
                "o serviço não inicia sem uma configuração correta: veja SV-08",
            ),
        ),
        ServerState::Down(why) => Finding::fault(
            code,
            Text::new(
                format!("the service does not answer: {}", why.0.in_lang(crate::Lang::En)),
                format!("o serviço não responde: {}", why.0.in_lang(crate::Lang::PtBr)),
            ),
            Text::new("voice-ai-realtime runs", "o voice-ai-realtime está rodando"),
            start(),
        ),
        ServerState::Stranger(what) => Finding::fault(
            code,
            Text::new(
                format!("another program answers at the control address: {what}"),
                format!("outro programa responde no endereço de controle: {what}"),
            ),
            Text::new("voice-ai-realtime runs", "o voice-ai-realtime está rodando"),
            Text::new(
                "stop that program, or choose another server.control; then systemctl restart voice-ai-realtime",
                "pare esse programa, ou escolha outro server.control; depois systemctl restart voice-ai-realtime",
            ),
        ),
    }
}

/// What the service complains of and no other check tells: of a model SV-06 does, and that there is to be none is no complaint.
fn complaints(facts: &Facts) -> impl Iterator<Item = &str> {
    let is_told = |complaint: &&String| {
        let of_model = complaint.starts_with("speech_to_text:");
        of_model && (!facts.service.missing_models.is_empty() || complaint.contains("stt.model is empty"))
    };
    let all = facts.server.complaints.iter();
    all.filter(move |complaint| !is_told(complaint))
        .map(String::as_str)
}

/// A service that runs, and of whose parts one is not well, in its own words.
fn complains(complaint: &str, number: usize) -> Finding {
    Finding::warning(
        Code::ServerNotRunning,
        Text::new(
            format!("the service runs, and its health has complaints ({number}): {complaint}"),
            format!(
                "o serviço está rodando, e sua saúde tem queixas ({number}); nas palavras dele: {complaint}"
            ),
        ),
        Text::new("a health without complaints", "uma saúde sem queixas"),
        Text::new(
            "as the complaint says; journalctl -u voice-ai-realtime -n 50 tells more",
            "como diz a queixa; journalctl -u voice-ai-realtime -n 50 diz mais",
        ),
    )
}

fn down() -> Text {
    Text::new(
        "the service does not run: see SV-01",
        "o serviço não está rodando: veja SV-01",
    )
}

fn see(code: Code) -> Text {
    Text::new(format!("see {code}"), format!("veja {code}"))
}

/// The program that has the service's port, where it is another. Whoever has it for the service, such as a container's proxy, is none: the
/// service takes streams there.
fn stranger(facts: &Facts) -> Option<&PortOwner> {
    let serves = service_is_up(facts) && facts.server.upgrade == Some(Upgrade::Works);
    let owner = facts.server.port.as_ref();
    owner.filter(|owner| owner.name != PROGRAM && !serves)
}

fn port(facts: &Facts) -> Finding {
    let code = Code::ServerPortTaken;
    let port = facts.service.listen.port();
    if let Some(owner) = stranger(facts) {
        return Finding::fault(
            code,
            Text::new(
                format!("port {port} belongs to {} (process {})", owner.name, owner.pid),
                format!(
                    "a porta {port} pertence a {} (processo {})",
                    owner.name, owner.pid
                ),
            ),
            Text::new("voice-ai has it", "ela pertence ao voice-ai"),
            Text::new(
                format!(
                    "stop {}, or choose another server.listen; then systemctl restart voice-ai-realtime",
                    owner.name
                ),
                format!(
                    "pare {}, ou escolha outro server.listen; depois systemctl restart voice-ai-realtime",
                    owner.name
                ),
            ),
        );
    }
    match &facts.server.port {
        Some(_) => Finding::ok(
            code,
            Text::new(
                format!("port {port} is the service's"),
                format!("a porta {port} é do serviço"),
            ),
        ),
        None if service_is_up(facts) => Finding::skipped(
            code,
            Text::new(
                format!("this machine does not tell whose port {port} is"),
                format!("esta máquina não diz de quem é a porta {port}"),
            ),
        ),
        None => Finding::ok(
            code,
            Text::new(
                format!("no program is seen at port {port}"),
                format!("nenhum programa é visto na porta {port}"),
            ),
        ),
    }
}

fn reached(facts: &Facts) -> Finding {
    let code = Code::ServerUnreachable;
    let listen = facts.service.listen;
    if is_elsewhere(&facts.switch) && listen.ip().is_loopback() {
        return only_here(facts);
    }
    match &facts.server.upgrade {
        Some(Upgrade::Works | Upgrade::Refused(..)) => Finding::ok(
            code,
            Text::new(
                format!("streams reach {listen}"),
                format!("os streams alcançam {listen}"),
            ),
        ),
        Some(Upgrade::Unreachable(reason)) if service_is_up(facts) => Finding::fault(
            code,
            Text::new(
                format!("the service runs, and {listen} is not reached from FreeSWITCH's side: {reason}"),
                format!(
                    "o serviço está rodando, mas {listen} não é alcançado do lado do FreeSWITCH: {reason}"
                ),
            ),
            Text::new(
                "server.listen on an address that FreeSWITCH reaches",
                "server.listen em um endereço que o FreeSWITCH alcança",
            ),
            Text::new(
                "check server.listen of voice-ai.toml and the firewall; then systemctl restart voice-ai-realtime",
                "confira server.listen em voice-ai.toml e o firewall; depois systemctl restart voice-ai-realtime",
            ),
        ),
        Some(Upgrade::Unreachable(_)) | None => Finding::skipped(code, down()),
    }
}

/// FreeSWITCH is on another machine, and nobody there reaches this one's loopback.
fn only_here(facts: &Facts) -> Finding {
    let (listen, host) = (facts.service.listen, &facts.switch.esl.host);
    Finding::fault(
        Code::ServerUnreachable,
        Text::new(
            format!("the service listens at {listen}, on this machine alone, and FreeSWITCH is at {host}"),
            format!("o serviço escuta em {listen}, só nesta máquina, e o FreeSWITCH está em {host}"),
        ),
        Text::new(
            "server.listen on an address that FreeSWITCH reaches",
            "server.listen em um endereço que o FreeSWITCH alcança",
        ),
        configuration(facts),
    )
}

fn upgrade(facts: &Facts) -> Finding {
    let code = Code::ServerUpgradeRefused;
    match &facts.server.upgrade {
        Some(Upgrade::Works) => Finding::ok(
            code,
            Text::new("a stream would be taken", "um stream seria aceito"),
        ),
        // The service could not ask FreeSWITCH of the call; it has refused nothing itself.
        Some(Upgrade::Refused(503, why)) if why.contains("could not be verified") => {
            Finding::skipped(code, unverified(facts))
        }
        Some(Upgrade::Refused(status, why)) => Finding::fault(
            code,
            Text::new(
                format!("the service refuses streams with {status}: {why}"),
                format!("o serviço recusa streams com {status}; nas palavras dele: {why}"),
            ),
            Text::new(
                "token, address list and TLS of the service as the script uses them",
                "token, lista de endereços e TLS do serviço como o script os usa",
            ),
            Text::new(
                "server.token, server.allow and server.tls of voice-ai.toml against voice_ai_token and voice_ai_url of the dialplan \
                 (docs/security.md)",
                "compare server.token, server.allow e server.tls de voice-ai.toml com voice_ai_token e voice_ai_url do dialplan \
                 (docs/security.md)",
            ),
        ),
        Some(Upgrade::Unreachable(_)) if service_is_up(facts) => {
            Finding::skipped(code, see(Code::ServerUnreachable))
        }
        Some(Upgrade::Unreachable(_)) | None => Finding::skipped(code, down()),
    }
}

fn unverified(facts: &Facts) -> Text {
    match facts.switch.esl.state {
        EslState::Up => see(Code::ServerNotConnected),
        _ => not_reached(&facts.switch),
    }
}

fn connected(facts: &Facts) -> Finding {
    let code = Code::ServerNotConnected;
    if !service_is_up(facts) {
        return Finding::skipped(code, down());
    }
    match facts.server.connected {
        Some(true) => known(facts),
        // Why, is told there.
        Some(false) if facts.switch.esl.state != EslState::Up => {
            Finding::skipped(code, not_reached(&facts.switch))
        }
        Some(false) => Finding::fault(
            code,
            Text::new(
                "the service runs and is not connected to FreeSWITCH's event socket",
                "o serviço está rodando e não está conectado ao event socket do FreeSWITCH",
            ),
            Text::new(
                "a [[pbx]] section with host, port and password of the event socket",
                "uma seção [[pbx]] com host, porta e senha do event socket",
            ),
            Text::plain("voice-ai pbx status"),
        ),
        None if facts.service.event_sockets.is_empty() => Finding::warning(
            code,
            Text::new(
                "the service has no [[pbx]] section: it can neither put calls through nor take parked ones",
                "o serviço não tem seção [[pbx]]: não transfere chamadas nem assume as estacionadas",
            ),
            Text::new(
                "a [[pbx]] section with host, port and password of the event socket",
                "uma seção [[pbx]] com host, porta e senha do event socket",
            ),
            configuration(facts),
        ),
        None => Finding::skipped(
            code,
            Text::new(
                "the service does not tell without server.control_token",
                "o serviço não diz sem server.control_token",
            ),
        ),
    }
}

/// Whether the running service has the domains that its configuration has by now.
fn known(facts: &Facts) -> Finding {
    let code = Code::ServerNotConnected;
    let served = facts.server.domains.as_deref();
    let is_unknown = |domain: &&ServiceDomain| {
        let is_served = served.is_none_or(|served| served.contains(&domain.uuid));
        !domain.secretaries.is_empty() && !is_served
    };
    let unknown = facts.service.domains.iter().find(is_unknown);
    let Some(unknown) = unknown else {
        return Finding::ok(
            code,
            Text::new(
                "the service controls FreeSWITCH by its event socket",
                "o serviço controla o FreeSWITCH pelo event socket",
            ),
        );
    };
    let uuid = unknown.uuid.to_string();
    let name = unknown.name.as_ref().unwrap_or(&uuid);
    Finding::fault(
        code,
        Text::new(
            format!("the running service does not serve {name}, which its configuration has"),
            format!("o serviço em execução não atende {name}, que está na configuração"),
        ),
        Text::new(
            "all domains of the configuration",
            "todos os domínios da configuração",
        ),
        Text::plain("systemctl restart voice-ai-realtime"),
    )
}
