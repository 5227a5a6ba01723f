//! DP: the rows of FusionPBX's dialplan that carry calls to a secretary, and those that lead calls from outside to them.
//!
//! A row that has one fault is not told of for what follows from it: malformed XML sets no variables either.

mod calls;
mod neighbours;
mod place;
mod texts;
mod variables;

use super::{no_database, unread};
use crate::dialplan::{
    APP_UUID, Malformed, Meaning, did_rows, domain_by_column, domain_by_context, is_of_another_host,
    number_of, read_one, secretary_rows,
};
use crate::{Code, DatabaseFacts, DialplanRow, Domain, Facts, Finding, Text};
use secretary::DomainUuid;

const CODES: [Code; 18] = [
    Code::DialplanMissing,
    Code::DialplanDisabled,
    Code::DialplanAudioStream,
    Code::DialplanContext,
    Code::DialplanDomain,
    Code::DialplanShadowed,
    Code::DialplanUnknownApplication,
    Code::DialplanXmlNull,
    Code::DialplanXmlMalformed,
    Code::DialplanDetailsMissing,
    Code::DialplanDetailsDiffer,
    Code::DialplanContinue,
    Code::DialplanHostname,
    Code::DialplanAppUuid,
    Code::DialplanVariableMissing,
    Code::DialplanVariableWrong,
    Code::DialplanNeighbourMalformed,
    Code::DidUnbound,
];

/// What is looked at in each row.
const OF_A_ROW: [fn(&Seen<'_>) -> Vec<Finding>; 13] = [
    place::disabled,
    calls::audio_stream,
    place::context,
    place::domain,
    calls::shadowed,
    calls::unknown_application,
    calls::xml,
    calls::details,
    place::continues,
    place::hostname,
    place::app_uuid,
    variables::check,
    place::unbound,
];

/// All checks of the dialplan, of one domain's rows or of all.
pub(super) fn check(facts: &Facts, only: Option<DomainUuid>) -> Vec<Finding> {
    let database = match &facts.database {
        Ok(database) => database,
        Err(_) => return unread(&CODES, &no_database(facts)),
    };
    let of = |row: &'_ DialplanRow| {
        let domains = [domain_by_context(row, database), domain_by_column(row, database)];
        only.is_none_or(|only| domains.iter().flatten().any(|domain| domain.uuid == only))
    };
    let rows: Vec<_> = secretary_rows(database)
        .map(|row| (row, Kind::Secretary))
        .chain(did_rows(database).map(|row| (row, Kind::Did)))
        .filter(|(row, _)| of(row) && !is_of_another_host(row, facts))
        .map(|(row, kind)| Seen::new(row, kind, facts, database))
        .collect();
    let mut findings = place::missing(facts, database, only);
    findings.extend(
        rows.iter()
            .flat_map(|row| OF_A_ROW.iter().flat_map(|check| check(row))),
    );
    findings.extend(neighbours::check(&rows, facts, database));
    let silent: Vec<_> = CODES
        .into_iter()
        .filter(|code| findings.iter().all(|finding| finding.code != *code))
        .collect();
    findings.extend(silent.into_iter().map(|code| without_fault(code, &rows, facts)));
    findings
}

/// What is said of a check that found nothing wrong.
fn without_fault(code: Code, rows: &[Seen<'_>], facts: &Facts) -> Finding {
    let of_service = matches!(code, Code::DialplanMissing | Code::DialplanVariableWrong);
    if of_service && !facts.service.is_known() {
        let why = Text::new(
            "the service's secretaries are not known: see SV-08",
            "as secretárias do serviço não são conhecidas: veja SV-08",
        );
        return Finding::skipped(code, why);
    }
    let kind = match code {
        Code::DidUnbound => Kind::Did,
        _ => Kind::Secretary,
    };
    match (rows.iter().filter(|row| row.kind == kind).count(), kind) {
        (0, Kind::Did) => Finding::ok(
            code,
            Text::new(
                "no number from outside leads to a secretary by a row of its own",
                "nenhum número externo leva a uma secretária por uma linha própria",
            ),
        ),
        (0, Kind::Secretary) => Finding::skipped(
            code,
            Text::new(
                "there is no row that carries calls to a secretary",
                "não há linha que leve chamadas a uma secretária",
            ),
        ),
        (count, _) => Finding::ok(code, Text::counted(count, ["row", "rows"], ["linha", "linhas"])),
    }
}

/// What a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It carries calls to a secretary.
    Secretary,
    /// It leads calls from outside to such a row.
    Did,
}

/// A row, with what is known of it.
struct Seen<'a> {
    row: &'a DialplanRow,
    kind: Kind,
    facts: &'a Facts,
    database: &'a DatabaseFacts,
    /// What its XML means; `None` where there is none.
    meaning: Option<Result<Meaning, Malformed>>,
    /// The number that it is for.
    number: Option<String>,
}

impl<'a> Seen<'a> {
    fn new(row: &'a DialplanRow, kind: Kind, facts: &'a Facts, database: &'a DatabaseFacts) -> Self {
        let xml = row.xml.as_deref().filter(|xml| !xml.trim().is_empty());
        Self {
            row,
            kind,
            facts,
            database,
            meaning: xml.map(read_one),
            number: number_of(row, database),
        }
    }

    /// What its XML means, where it is XML.
    fn meaning(&self) -> Option<&Meaning> {
        self.meaning.as_ref()?.as_ref().ok()
    }

    /// Whose its calls are.
    fn domain(&self) -> Option<&'a Domain> {
        domain_by_context(self.row, self.database)
    }

    /// Whether it is made by us or by hand for us, and not by FusionPBX's own page of destinations.
    fn is_made_for_us(&self) -> bool {
        self.kind == Kind::Secretary || self.row.app == Some(APP_UUID)
    }

    /// How operators find it: its name, number and context.
    fn subject(&self) -> String {
        let number = self.number.as_deref().unwrap_or("?");
        format!("{} {number}@{}", self.row.name, self.row.context)
    }

    fn about(&self, finding: Finding) -> Vec<Finding> {
        vec![finding.about(self.subject()).of_row(self.row.uuid)]
    }
}
