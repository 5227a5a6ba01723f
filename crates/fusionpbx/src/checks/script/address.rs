//! SC-09 of our own script: it goes where the variables of each row send it.

use crate::checks::repair;
use crate::dialplan::{mend, missed, number_of, stream_url};
use crate::{Code, Facts, Finding, Text};

/// A finding for each row that sends calls where the service is not; one that says so where there is none.
pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    let code = Code::ScriptAddress;
    let right = stream_url(&facts.service).unwrap_or_else(|| facts.service.listen.to_string());
    let Ok(database) = &facts.database else {
        return Vec::new();
    };
    let findings: Vec<_> = missed(facts, database)
        .into_iter()
        .map(|(row, url)| {
            let remedy = match mend(code, row, facts) {
                Some(_) => repair(code),
                None => Text::new(
                    "set voice_ai_url in the row to where FreeSWITCH reaches the service, ws://HOST:PORT",
                    "defina voice_ai_url na linha com o endereço em que o FreeSWITCH alcança o serviço, ws://HOST:PORTA",
                ),
            };
            let finding = Finding::fault(
                code,
                Text::new(
                    format!("the row has the script stream to {url}, and nothing of ours listens there"),
                    format!("a linha faz o script enviar para {url}, e nada nosso escuta ali"),
                ),
                Text::plain(format!("voice_ai_url={right}")),
                remedy,
            );
            let number = number_of(row, database).unwrap_or_else(|| "?".to_owned());
            let subject = format!("{} {number}@{}", row.name, row.context);
            finding.about(subject).of_row(row.uuid)
        })
        .collect();
    if findings.is_empty() {
        let where_it_is = Text::new("where the service listens", "onde o serviço escuta");
        return vec![Finding::ok(code, where_it_is)];
    }
    findings
}
