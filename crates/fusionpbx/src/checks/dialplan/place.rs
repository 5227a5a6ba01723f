//! DP-01, 02, 04, 05, 12, 13, 14, 18: whether a row is there, and in the place where its calls come.

use super::super::repair;
use super::texts::{in_the_page, remedy};
use super::{Kind, Seen};
use crate::dialplan::{
    Carrier, answered_by, carrier, domain_by_column, domain_by_context, domain_by_variable,
    hostname as hostname_of, is_from_outside, is_of_another_host, secretary_rows, served,
};
use crate::{
    ChoiceOfDialplan, Code, DatabaseFacts, DialplanRow, Domain, Facts, Finding, ServiceDomain, Text,
};
use secretary::DomainUuid;

/// Each domain with secretaries is to have a row for one.
pub(super) fn missing(facts: &Facts, database: &DatabaseFacts, only: Option<DomainUuid>) -> Vec<Finding> {
    let code = Code::DialplanMissing;
    facts
        .service
        .domains
        .iter()
        .filter(|served| only.is_none_or(|only| served.uuid == only) && !served.secretaries.is_empty())
        .filter_map(|served| {
            let Some(domain) = database.domains.iter().find(|domain| domain.uuid == served.uuid) else {
                return Some(no_domain(served, facts, database));
            };
            // Which machine this is cannot be told where FreeSWITCH says nothing.
            let is_here =
                |row: &&DialplanRow| hostname_of(facts).is_none() || !is_of_another_host(row, facts);
            let has_row = secretary_rows(database).filter(is_here).any(|row| {
                let by = [domain_by_context, domain_by_column, domain_by_variable];
                by.iter()
                    .filter_map(|by| by(row, database))
                    .any(|of| of.uuid == domain.uuid)
            });
            let finding = Finding::fault(
                code,
                Text::new(
                    "no row of the dialplan carries calls to a secretary",
                    "nenhuma linha do dialplan leva chamadas a uma secretária",
                ),
                Text::new(
                    "one for each extension of a secretary's",
                    "uma para cada ramal de secretária",
                ),
                Text::plain(format!(
                    "voice-ai dialplan add --domain {} --extension 8000",
                    domain.name
                )),
            );
            (!has_row).then(|| finding.about(&domain.name))
        })
        .collect()
}

/// The service has secretaries for a domain that FusionPBX does not have. One of that name tells which is meant.
fn no_domain(served: &ServiceDomain, facts: &Facts, database: &DatabaseFacts) -> Finding {
    let uuid = served.uuid;
    let config = facts.service.config.display();
    let is_meant = |domain: &&Domain| {
        let name = served.name.as_deref();
        name.is_some_and(|name| name.eq_ignore_ascii_case(&domain.name))
    };
    let found = Text::new(
        format!("the service has secretaries for the domain {uuid}, which FusionPBX does not have"),
        format!("o serviço tem secretárias para o domínio {uuid}, que o FusionPBX não tem"),
    );
    let (right, remedy) = match database.domains.iter().find(is_meant) {
        Some(meant) => (
            Text::plain(format!("uuid = \"{}\" ({})", meant.uuid, meant.name)),
            Text::new(
                format!(
                    "in {config}, [[domains]]: replace {uuid} by {}, and restart the service",
                    meant.uuid
                ),
                format!(
                    "em {config}, [[domains]]: troque {uuid} por {}, e reinicie o serviço",
                    meant.uuid
                ),
            ),
        ),
        None => (
            Text::new(
                "the domain_uuid of v_domains",
                "o domain_uuid da tabela v_domains",
            ),
            Text::new(
                format!("correct uuid = \"{uuid}\" of [[domains]] in {config}, and restart the service"),
                format!("corrija uuid = \"{uuid}\" de [[domains]] em {config}, e reinicie o serviço"),
            ),
        ),
    };
    let subject = served.name.clone().unwrap_or_else(|| uuid.to_string());
    Finding::fault(Code::DialplanMissing, found, right, remedy).about(subject)
}

pub(super) fn disabled(seen: &Seen<'_>) -> Vec<Finding> {
    // A route of FusionPBX's own page may be switched off for good reason, and is none of ours.
    if seen.row.enabled || !seen.is_made_for_us() {
        return Vec::new();
    }
    let code = Code::DialplanDisabled;
    if let Some(other) = answered_by(seen.row, seen.database) {
        let (name, uuid) = (&other.name, seen.row.uuid);
        return seen.about(Finding::warning(
            code,
            Text::new(
                format!("the row is switched off, and {name:?} answers its number"),
                format!("a linha está desativada, e {name:?} atende seu número"),
            ),
            Text::new("one row for a number", "uma linha por número"),
            Text::new(
                format!("nothing, or remove it: voice-ai dialplan remove {uuid}"),
                format!("nada, ou remova-a: voice-ai dialplan remove {uuid}"),
            ),
        ));
    }
    seen.about(Finding::fault(
        code,
        Text::new(
            "the row is switched off: its number is not answered",
            "a linha está desativada: seu número não é atendido",
        ),
        Text::new(
            "switched on; where nobody is to answer any more, removed",
            "ativada; se ninguém mais deve atender, removida",
        ),
        repair(code),
    ))
}

pub(super) fn context(seen: &Seen<'_>) -> Vec<Finding> {
    let code = Code::DialplanContext;
    let row = seen.row;
    if seen.kind == Kind::Did || !wrong_context(seen) {
        return Vec::new();
    }
    let found = Text::new(
        format!("the context is {:?}", row.context),
        format!("o contexto é {:?}", row.context),
    );
    let claimed = domain_by_column(row, seen.database).or_else(|| domain_by_variable(row, seen.database));
    let right = match claimed {
        Some(domain) => Text::plain(&domain.name),
        None => Text::new("the name of its domain", "o nome do seu domínio"),
    };
    if is_from_outside(row, seen.database) {
        return seen.about(Finding::warning(
            code,
            found,
            Text::new(
                "a row in the domain's context, and a destination that leads to its extension: transfers and the fallback look for \
                 extensions in the call's own context",
                "uma linha no contexto do domínio, e um destino que leve ao ramal dela: transferências e a alternativa procuram ramais no \
                 contexto da própria chamada",
            ),
            Text::new(
                "voice-ai dialplan add for an extension, then for the number from outside (--did)",
                "voice-ai dialplan add para um ramal, depois para o número externo (--did)",
            ),
        ));
    }
    let by_hand = in_the_page(
        "give the row its domain and its domain's name as context",
        "dê à linha o domínio dela e o nome dele como contexto",
    );
    seen.about(Finding::fault(
        code,
        found,
        right,
        remedy(code, row, seen.facts, by_hand),
    ))
}

/// A context that is no domain's; or another's than the row's, where the call is told to be the row's domain's.
pub(super) fn wrong_context(seen: &Seen<'_>) -> bool {
    let Some(by_context) = seen.domain() else {
        return true;
    };
    let Some(by_column) = domain_by_column(seen.row, seen.database) else {
        return false;
    };
    let said = domain_by_variable(seen.row, seen.database);
    by_column.uuid != by_context.uuid && said.is_none_or(|said| said.uuid != by_context.uuid)
}

pub(super) fn domain(seen: &Seen<'_>) -> Vec<Finding> {
    let code = Code::DialplanDomain;
    let row = seen.row;
    let right = match seen.kind {
        Kind::Secretary if wrong_context(seen) => return Vec::new(),
        Kind::Secretary => seen.domain(),
        Kind::Did => destination_domain(seen),
    };
    let Some(right) = right.filter(|right| row.domain != Some(right.uuid.uuid())) else {
        return Vec::new();
    };
    let found = match (domain_by_column(row, seen.database), row.domain) {
        (Some(domain), _) => Text::new(
            format!("the row belongs to {}", domain.name),
            format!("a linha pertence a {}", domain.name),
        ),
        (None, Some(uuid)) => Text::new(
            format!("the row belongs to {uuid}, which is no domain"),
            format!("a linha pertence a {uuid}, que não é um domínio"),
        ),
        (None, None) => Text::new(
            "the row belongs to no domain",
            "a linha não pertence a nenhum domínio",
        ),
    };
    let right = Text::plain(format!("{} ({})", right.name, right.uuid));
    seen.about(Finding::fault(code, found, right, repair(code)))
}

/// The domain to whose extension a call from outside is sent.
fn destination_domain<'a>(seen: &Seen<'a>) -> Option<&'a Domain> {
    let meaning = seen.meaning()?;
    let transfer = meaning
        .actions()
        .find(|action| Carrier::of(action) == Some(Carrier::Transfer))?;
    let context = transfer.data.split(' ').nth(2)?;
    seen.database.domains.iter().find(|domain| domain.name == context)
}

pub(super) fn continues(seen: &Seen<'_>) -> Vec<Finding> {
    let code = Code::DialplanContinue;
    let by_xml = seen.meaning().is_some_and(|meaning| meaning.continues);
    if !(by_xml || seen.row.continues) || !seen.is_made_for_us() {
        return Vec::new();
    }
    let by_hand = in_the_page("set Continue to false", "defina Continuar como falso");
    seen.about(Finding::fault(
        code,
        Text::new(
            "continue is true: later rows take the call too, and play or ring into it",
            "continue é true: linhas posteriores também pegam a chamada, e tocam nela",
        ),
        Text::plain("continue=\"false\""),
        remedy(code, seen.row, seen.facts, by_hand),
    ))
}

/// Another machine's name is right in a cluster, and its row is none of this one's.
pub(super) fn hostname(seen: &Seen<'_>) -> Vec<Finding> {
    let code = Code::DialplanHostname;
    if seen.row.hostname.as_deref() != Some("") || !seen.is_made_for_us() {
        return Vec::new();
    }
    seen.about(Finding::fault(
        code,
        Text::new(
            "hostname is empty and not NULL: no machine has that name, so no call sees the row",
            "hostname está vazio e não NULL: nenhuma máquina tem esse nome, e nenhuma chamada vê a linha",
        ),
        Text::plain("NULL"),
        repair(code),
    ))
}

pub(super) fn app_uuid(seen: &Seen<'_>) -> Vec<Finding> {
    let code = Code::DialplanAppUuid;
    if seen.row.app.is_some() {
        return Vec::new();
    }
    seen.about(Finding::warning(
        code,
        Text::new(
            "app_uuid is NULL: FusionPBX's list does not show the row",
            "app_uuid é NULL: a lista do FusionPBX não mostra a linha",
        ),
        Text::plain(crate::dialplan::APP_UUID.to_string()),
        repair(code),
    ))
}

pub(super) fn unbound(seen: &Seen<'_>) -> Vec<Finding> {
    let code = Code::DidUnbound;
    let (row, database) = (seen.row, seen.database);
    let single = database.mode == ChoiceOfDialplan::Single;
    // The rest of what keeps a row from being served is told by its own codes.
    let asked =
        row.enabled && row.hostname.as_deref() != Some("") && seen.meaning().and_then(carrier).is_some();
    if seen.kind != Kind::Did || !single || !asked || row.domain.is_none() {
        return Vec::new();
    }
    let Some(number) = seen.number.as_deref() else {
        return Vec::new();
    };
    let bare = number.trim_start_matches('+');
    let is_served = [bare.to_owned(), format!("+{bare}")].iter().any(|number| {
        served(database, "public", number, hostname_of(seen.facts))
            .iter()
            .any(|served| served.uuid == row.uuid)
    });
    if is_served {
        return Vec::new();
    }
    let by_hand = Text::new(
        format!("in FusionPBX, Dialplan, Destinations: add {number} with this row's action"),
        format!("no FusionPBX, Plano de Discagem, Destinos: adicione {number} com a ação desta linha"),
    );
    seen.about(Finding::fault(
        code,
        Text::new(
            format!("no destination of {number} leads to this row, and destinations/dialplan_mode is single: its calls are refused"),
            format!("nenhum destino de {number} leva a esta linha, e destinations/dialplan_mode é single: as chamadas são recusadas"),
        ),
        Text::new("a row of v_destinations that does", "uma linha de v_destinations que leve"),
        remedy(code, row, seen.facts, by_hand),
    ))
}
