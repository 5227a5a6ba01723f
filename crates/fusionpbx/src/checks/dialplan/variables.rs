//! DP-15, 16: whether a row tells whose a call is, and which secretary's, before the call is carried.

use super::place::wrong_context;
use super::texts::{in_the_page, remedy};
use super::{Kind, Seen};
use crate::dialplan::{Action, Carrier, Meaning, carrier};
use crate::{Code, Domain, Finding, Lang, ServiceDomain, Text};
use secretary::{DomainUuid, SecretaryUuid, folded};

pub(super) fn check(seen: &Seen<'_>) -> Vec<Finding> {
    let Some(meaning) = seen.meaning().filter(|_| seen.kind == Kind::Secretary) else {
        return Vec::new();
    };
    let Some(carrier @ (Carrier::Script | Carrier::Park)) = carrier(meaning) else {
        return Vec::new();
    };
    let missing = missing(seen, meaning, carrier);
    if missing.is_empty() {
        // Held against a context that is not the row's, right ones are wrong.
        if is_misplaced(seen) {
            return Vec::new();
        }
        wrong(seen, meaning)
    } else {
        missing
    }
}

/// Whether a row has got into another domain's context.
fn is_misplaced(seen: &Seen<'_>) -> bool {
    seen.domain().is_some() && wrong_context(seen)
}

fn value<'a>(meaning: &'a Meaning, name: &str) -> Option<&'a str> {
    let is_carrier = |action: &Action| Carrier::of(action).is_some();
    meaning.variable_before(is_carrier, name)
}

fn missing(seen: &Seen<'_>, meaning: &Meaning, carrier: Carrier) -> Vec<Finding> {
    let secretary = value(meaning, "secretary_uuid").or_else(|| value(meaning, "voice_ai_secretary"));
    let mut needed = vec![
        ("domain_uuid", value(meaning, "domain_uuid").is_some()),
        ("secretary_uuid", secretary.is_some()),
    ];
    if carrier == Carrier::Park {
        needed.push(("voice_ai=true", value(meaning, "voice_ai") == Some("true")));
        let silent = value(meaning, "send_silence_when_idle") == Some("0");
        needed.push(("send_silence_when_idle=0", silent));
    }
    let names: Vec<_> = needed
        .into_iter()
        .filter_map(|(name, is_there)| (!is_there).then_some(name))
        .collect();
    if names.is_empty() {
        return Vec::new();
    }
    let code = Code::DialplanVariableMissing;
    // Without a secretary the domain's usual one answers.
    let finding = match names.as_slice() {
        ["secretary_uuid"] => Finding::warning,
        _ => Finding::fault,
    };
    let names = names.join(", ");
    let by_hand = in_the_page(
        &format!("add set {names} before the action that carries the call"),
        &format!("adicione set {names} antes da ação que leva a chamada"),
    );
    seen.about(finding(
        code,
        Text::new(
            format!("not set before the call is carried: {names}"),
            format!("sem definição antes de a chamada ser levada: {names}"),
        ),
        Text::new("set before it", "definido antes"),
        remedy(code, seen.row, seen.facts, by_hand),
    ))
}

/// A variable with a wrong value: what was found and what would be right.
type Wrong = (Text, Text);

fn wrong(seen: &Seen<'_>, meaning: &Meaning) -> Vec<Finding> {
    let code = Code::DialplanVariableWrong;
    let wrong = [wrong_domain(seen, meaning), wrong_secretary(seen, meaning)];
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    let both = |text: fn(&Wrong) -> &Text, lang| {
        let all: Vec<_> = wrong.iter().map(|wrong| text(wrong).in_lang(lang)).collect();
        all.join("; ")
    };
    let joined = |text| Text::new(both(text, Lang::En), both(text, Lang::PtBr));
    if wrong.is_empty() {
        return Vec::new();
    }
    if let Some(domain) = unserved(seen) {
        let (uuid, name) = (domain.uuid, &domain.name);
        let config = seen.facts.service.config.display();
        let cure = Text::new(
            format!(
                "voice-ai setup --domain {name}, or [[domains]] with uuid = \"{uuid}\" in {config} and a restart of the service"
            ),
            format!(
                "voice-ai setup --domain {name}, ou [[domains]] com uuid = \"{uuid}\" em {config} e reiniciar o serviço"
            ),
        );
        return seen.about(Finding::fault(
            code,
            joined(|wrong| &wrong.0),
            joined(|wrong| &wrong.1),
            cure,
        ));
    }
    let by_hand = Text::new(
        "voice-ai dialplan add with its domain, extension and --secretary sets the right one",
        "voice-ai dialplan add com domínio, ramal e --secretary define o correto",
    );
    seen.about(Finding::fault(
        code,
        joined(|wrong| &wrong.0),
        joined(|wrong| &wrong.1),
        remedy(code, seen.row, seen.facts, by_hand),
    ))
}

/// A value that holds a variable is known only in a call.
fn is_open(value: &str) -> bool {
    value.contains("${")
}

fn wrong_domain(seen: &Seen<'_>, meaning: &Meaning) -> Option<Wrong> {
    let said = value(meaning, "domain_uuid").filter(|value| !is_open(value))?;
    let right = seen.domain()?;
    if said.parse::<DomainUuid>().is_ok_and(|uuid| uuid == right.uuid) {
        return None;
    }
    let other = seen
        .database
        .domains
        .iter()
        .find(|domain| domain.uuid.to_string() == said);
    let found = match other {
        Some(other) => Text::new(
            format!("domain_uuid is {}'s", other.name),
            format!("domain_uuid é o de {}", other.name),
        ),
        None => Text::new(
            format!("domain_uuid is {said:?}, which is no domain"),
            format!("domain_uuid é {said:?}, que não é um domínio"),
        ),
    };
    Some((found, Text::plain(format!("domain_uuid={}", right.uuid))))
}

/// The row's domain, where the service has domains and this is none of them.
fn unserved<'a>(seen: &Seen<'a>) -> Option<&'a Domain> {
    let service = &seen.facts.service;
    let is_known = service.is_known() && !service.domains.is_empty();
    seen.domain()
        .filter(|domain| is_known && service.domains.iter().all(|served| served.uuid != domain.uuid))
}

fn wrong_secretary(seen: &Seen<'_>, meaning: &Meaning) -> Option<Wrong> {
    let domains = &seen.facts.service.domains;
    let domain = seen.domain()?;
    // A service without any domain, or with a configuration that cannot be read, is told of where the service is looked at.
    if domains.is_empty() || !seen.facts.service.is_known() {
        return None;
    }
    let Some(service) = domains.iter().find(|served| served.uuid == domain.uuid) else {
        return Some((
            Text::new(
                format!("the service has no domain {}", domain.uuid),
                format!("o serviço não tem o domínio {}", domain.uuid),
            ),
            Text::new(
                format!("[[domains]] of {} in the service's configuration", domain.name),
                format!("[[domains]] de {} na configuração do serviço", domain.name),
            ),
        ));
    };
    // The name wins over the UUID, as for the service.
    let said = value(meaning, "voice_ai_secretary").or_else(|| value(meaning, "secretary_uuid"))?;
    if is_open(said) || is_of(service, said) {
        return None;
    }
    let found = match domains.iter().find(|other| is_of(other, said)) {
        Some(other) => {
            let name = other.name.clone().unwrap_or_else(|| other.uuid.to_string());
            Text::new(
                format!("the secretary {said:?} is {name}'s"),
                format!("a secretária {said:?} é de {name}"),
            )
        }
        None => Text::new(
            format!("the service has no secretary {said:?}"),
            format!("o serviço não tem a secretária {said:?}"),
        ),
    };
    let known: Vec<_> = service
        .secretaries
        .iter()
        .map(|secretary| match secretary.uuid {
            Some(uuid) => format!("{uuid} ({})", secretary.name),
            None => format!("voice_ai_secretary={}", secretary.name),
        })
        .collect();
    let right = match known.as_slice() {
        [] => Text::new("a secretary of the domain's", "uma secretária do domínio"),
        _ => Text::plain(known.join(", ")),
    };
    Some((found, right))
}

fn is_of(service: &ServiceDomain, said: &str) -> bool {
    let uuid = said.parse::<SecretaryUuid>().ok();
    service.secretaries.iter().any(|secretary| {
        (uuid.is_some() && secretary.uuid == uuid) || folded(&secretary.name) == folded(said)
    })
}
