//! DP-17: other rows of the same contexts, one of which can break all.

use super::Seen;
use super::texts::{in_the_page, malformed};
use crate::dialplan::{breaks_context, is_everywhere, is_of_another_host, is_public, read};
use crate::{Code, DatabaseFacts, DialplanRow, Facts, Finding, Text};
use std::collections::BTreeSet;

pub(super) fn check(rows: &[Seen<'_>], facts: &Facts, database: &DatabaseFacts) -> Vec<Finding> {
    let contexts: BTreeSet<_> = rows.iter().map(|seen| seen.row.context.as_str()).collect();
    let own: BTreeSet<_> = rows.iter().map(|seen| seen.row.uuid).collect();
    let has_domains = contexts.iter().any(|context| !is_public(context));
    let is_near = |row: &&DialplanRow| {
        let here = contexts.contains(row.context.as_str()) || (has_domains && is_everywhere(&row.context));
        let served = row.enabled && row.hostname.as_deref() != Some("") && !is_of_another_host(row, facts);
        here && served && !own.contains(&row.uuid)
    };
    database
        .dialplans
        .iter()
        .filter(is_near)
        .filter_map(neighbour)
        .collect()
}

fn neighbour(row: &DialplanRow) -> Option<Finding> {
    let code = Code::DialplanNeighbourMalformed;
    let subject = format!("{} @{}", row.name, row.context);
    let xml = row.xml.as_deref().filter(|xml| !xml.trim().is_empty())?;
    let right = Text::new("well-formed XML", "XML bem formado");
    match read(xml) {
        Err(at) => {
            let finding = if breaks_context(xml) {
                Finding::fault
            } else {
                Finding::warning
            };
            let finding = finding(
                code,
                malformed("its XML", "o XML", xml, &at),
                right,
                in_the_page(
                    "open the row and take quotation marks, < and & out of its values, or switch it off",
                    "abra a linha e retire aspas, < e & dos valores, ou desative-a",
                ),
            );
            Some(finding.about(subject))
        }
        Ok(reading) => {
            let unescaped = reading.unescaped?;
            let finding = Finding::warning(
                code,
                Text::new(
                    format!(
                        "a value has & or < that is not escaped, {unescaped}: FreeSWITCH takes it, other readers do not"
                    ),
                    format!(
                        "um valor tem & ou < sem escape (linha {}, coluna {}): o FreeSWITCH aceita, outros leitores não",
                        unescaped.line, unescaped.column
                    ),
                ),
                right,
                in_the_page(
                    "write the value without & and <, if you can",
                    "escreva o valor sem & e <, se puder",
                ),
            );
            Some(finding.about(subject))
        }
    }
}
