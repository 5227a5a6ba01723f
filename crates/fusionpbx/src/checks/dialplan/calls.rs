//! DP-03, 06 to 11: what a row does with its calls, and whether they come to it.

use super::texts::{in_the_page, malformed, remedy};
use super::{Kind, Seen};
use crate::dialplan::{
    Action, Takes, by_details, carrier, editor, hostname, is_ours, is_public, is_stream, number_of, parks,
    read_one, shadow,
};
use crate::{Code, Finding, Text, Verdict};
use freeswitch::SCRIPT_NAME;

pub(super) fn audio_stream(seen: &Seen<'_>) -> Vec<Finding> {
    let code = Code::DialplanAudioStream;
    let Some(action) = stream(seen) else {
        return Vec::new();
    };
    let by_hand = in_the_page(
        &format!("put lua {SCRIPT_NAME} in its place, and set secretary_uuid before it"),
        &format!("ponha lua {SCRIPT_NAME} no lugar, e defina secretary_uuid antes"),
    );
    let (application, data) = (&action.application, &action.data);
    let carrier = match seen.meaning().is_some_and(parks) {
        true => "park".to_owned(),
        false => format!("lua {SCRIPT_NAME}"),
    };
    seen.about(Finding::fault(
        code,
        Text::new(
            format!("{application} {data:?} as an application: it is an API, and FreeSWITCH ends the call with DESTINATION_OUT_OF_ORDER"),
            format!("{application} {data:?} como aplicação: é uma API, e o FreeSWITCH encerra a chamada com DESTINATION_OUT_OF_ORDER"),
        ),
        Text::plain(carrier),
        remedy(code, seen.row, seen.facts, by_hand),
    ))
}

fn stream<'a>(seen: &'a Seen<'_>) -> Option<&'a Action> {
    seen.meaning()?.actions().find(|action| is_stream(action))
}

pub(super) fn unknown_application(seen: &Seen<'_>) -> Vec<Finding> {
    let code = Code::DialplanUnknownApplication;
    let Some(meaning) = seen.meaning().filter(|_| seen.is_made_for_us()) else {
        return Vec::new();
    };
    if stream(seen).is_some() {
        return Vec::new();
    }
    let by_hand = in_the_page(
        "correct the action, or load the module that has it",
        "corrija a ação, ou carregue o módulo que a tem",
    );
    if let Some(action) = unknown(seen) {
        let name = &action.application;
        return seen.about(Finding::fault(
            code,
            Text::new(
                format!("FreeSWITCH has no application {name:?} and ends the call there"),
                format!("o FreeSWITCH não tem a aplicação {name:?} e encerra a chamada nela"),
            ),
            Text::new(
                "an application of show application",
                "uma aplicação que esteja em show application",
            ),
            by_hand,
        ));
    }
    if carrier(meaning).is_some() {
        return Vec::new();
    }
    seen.about(Finding::warning(
        code,
        Text::new("nothing in it carries the call", "nada nela leva a chamada"),
        Text::new(
            format!("lua {SCRIPT_NAME}, or park with voice_ai=true"),
            format!("lua {SCRIPT_NAME}, ou park com voice_ai=true"),
        ),
        by_hand,
    ))
}

/// An application that FreeSWITCH does not have, as it says itself.
fn unknown<'a>(seen: &'a Seen<'_>) -> Option<&'a Action> {
    let known = &seen.facts.switch.running.as_ref()?.applications;
    let is_unknown = |action: &&Action| !known.is_empty() && !known.contains(&action.application);
    seen.meaning()?.actions().find(is_unknown)
}

pub(super) fn shadowed(seen: &Seen<'_>) -> Vec<Finding> {
    let code = Code::DialplanShadowed;
    let row = seen.row;
    let (Some(number), true, Some(_)) = (&seen.number, row.enabled, seen.meaning()) else {
        return Vec::new();
    };
    let place = (row.uuid, row.order);
    let Some(shadow) = shadow(seen.database, &row.context, number, place, hostname(seen.facts)) else {
        return Vec::new();
    };
    // One of ours that stands in a wrong context is told of for that.
    if is_ours(shadow.row) && shadow.row.context != row.context {
        return Vec::new();
    }
    let (name, order) = (&shadow.row.name, shadow.row.order);
    let right = Text::new("no row before it that does", "nenhuma linha antes dela que fique");
    let twice = is_ours(shadow.row) && number_of(shadow.row, seen.database).as_ref() == Some(number);
    let by_hand = if twice {
        Text::new(
            format!(
                "two rows are for {number}: remove one, voice-ai dialplan remove {}",
                row.uuid
            ),
            format!(
                "duas linhas são para {number}: remova uma, voice-ai dialplan remove {}",
                row.uuid
            ),
        )
    } else {
        in_the_page(
            &format!("switch off {name:?}, or give the secretary another extension"),
            &format!("desative {name:?}, ou dê outro ramal à secretária"),
        )
    };
    let remedy = remedy(code, row, seen.facts, by_hand);
    seen.about(match (shadow.takes, shadow.tied) {
        (Takes::Yes, false) => Finding::fault(
            code,
            Text::new(
                format!("the row {name:?} (order {order}) takes calls to {number} first"),
                format!("a linha {name:?} (ordem {order}) fica antes com as chamadas para {number}"),
            ),
            right,
            remedy,
        ),
        (Takes::Yes, true) => Finding::fault(
            code,
            Text::new(
                format!("the row {name:?} takes calls to {number} too, and has the same order {order}: either may come first"),
                format!("a linha {name:?} também fica com as chamadas para {number}, e tem a mesma ordem {order}: qualquer uma pode vir antes"),
            ),
            right,
            remedy,
        ),
        _ => Finding::warning(
            code,
            Text::new(
                format!("the row {name:?} (order {order}) may take calls to {number} first, as caller, time or variables have it"),
                format!("a linha {name:?} (ordem {order}) pode ficar antes com as chamadas para {number}, conforme o chamador, a hora ou variáveis"),
            ),
            right,
            remedy,
        ),
    })
}

pub(super) fn xml(seen: &Seen<'_>) -> Vec<Finding> {
    let by_hand = Text::new(
        "voice-ai dialplan add with its domain, extension and secretary writes it anew",
        "voice-ai dialplan add com domínio, ramal e secretária a escreve de novo",
    );
    let (code, found, right) = match &seen.meaning {
        Some(Ok(_)) => return Vec::new(),
        None => (
            Code::DialplanXmlNull,
            Text::new(
                "dialplan_xml is empty: no call sees the row",
                "dialplan_xml está vazio: nenhuma chamada vê a linha",
            ),
            Text::new("the XML of its details", "o XML dos seus detalhes"),
        ),
        Some(Err(at)) => (
            Code::DialplanXmlMalformed,
            malformed(
                "dialplan_xml",
                "dialplan_xml",
                seen.row.xml.as_deref().unwrap_or_default(),
                at,
            ),
            Text::new("well-formed XML", "XML bem formado"),
        ),
    };
    seen.about(Finding::fault(
        code,
        found,
        right,
        remedy(code, seen.row, seen.facts, by_hand),
    ))
}

pub(super) fn details(seen: &Seen<'_>) -> Vec<Finding> {
    let Some(meaning) = seen.meaning().filter(|_| seen.is_made_for_us()) else {
        return Vec::new();
    };
    // What is wrong in the XML is mended there first, and the details with it. In a public context, where a secretary's row should not
    // be, the editor adds actions of its own.
    let variables = super::variables::check(seen);
    let wrong = stream(seen).is_some()
        || (seen.kind == Kind::Secretary && is_public(&seen.row.context))
        || unknown(seen).is_some()
        || (seen.kind == Kind::Secretary
            && variables.iter().any(|finding| finding.verdict == Verdict::Fault));
    let by_hand = in_the_page(
        "enter the actions of dialplan_xml as details",
        "cadastre as ações de dialplan_xml como detalhes",
    );
    if seen.row.details.is_empty() {
        let code = Code::DialplanDetailsMissing;
        return seen.about(Finding::fault(
            code,
            Text::new(
                "there are no details: the next save in the editor empties the row",
                "não há detalhes: o próximo salvamento no editor esvazia a linha",
            ),
            Text::new(
                "details that mean what the XML means",
                "detalhes com o mesmo sentido do XML",
            ),
            remedy(code, seen.row, seen.facts, by_hand),
        ));
    }
    if wrong || by_details(seen.row, seen.database).is_some_and(|other| other.does_the_same(meaning)) {
        return Vec::new();
    }
    let code = Code::DialplanDetailsDiffer;
    let saved = editor(seen.row, &seen.database.domains).unwrap_or_default();
    let found = match read_one(&saved) {
        Ok(_) => Text::new(
            "the details mean something else than the XML: the next save in the editor changes what calls do",
            "os detalhes dizem outra coisa que o XML: o próximo salvamento no editor muda o que as chamadas fazem",
        ),
        Err(at) => malformed(
            "what the next save in the editor makes of the details",
            "o que o próximo salvamento no editor faz dos detalhes",
            &saved,
            &at,
        ),
    };
    seen.about(Finding::fault(
        code,
        found,
        Text::new(
            "details that mean what the XML means",
            "detalhes com o mesmo sentido do XML",
        ),
        remedy(code, seen.row, seen.facts, by_hand),
    ))
}
