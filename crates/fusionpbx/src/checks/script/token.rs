//! SC-10: our script shows the token that the service wants.

use crate::checks::repair;
use crate::dialplan::{
    Action, Carrier, carrier, is_of_another_host, is_ours, number_of, read_one, stream_url, streams_to,
};
use crate::plan::{TOKEN_VARIABLE, shown, shown_at};
use crate::{Code, DatabaseFacts, DialplanRow, Facts, Finding, ScriptFacts, Secret, ShownToken, Text};

/// A row that streams, with the token of its own that it has.
struct Streaming<'a> {
    row: &'a DialplanRow,
    /// Where to; `None` where that is known only in a call.
    url: Option<String>,
    own: Option<String>,
}

/// A finding for each row with a wrong token of its own, and one for what the others show; one that says so where all is well.
pub(super) fn check(script: &ScriptFacts, facts: &Facts) -> Vec<Finding> {
    let code = Code::ScriptToken;
    if !facts.service.is_known() {
        return vec![Finding::skipped(
            code,
            Text::new(
                "what the service wants is not known: see SV-08",
                "não se sabe o que o serviço quer: veja SV-08",
            ),
        )];
    }
    let Some(wanted) = &facts.service.token else {
        let none = Text::new("the service wants no token", "o serviço não quer token");
        return vec![Finding::ok(code, none)];
    };
    let Ok(database) = &facts.database else {
        return Vec::new();
    };
    let rows = streaming(facts, database);
    let mut findings: Vec<_> = rows
        .iter()
        .filter(|streaming| is_refused(streaming, wanted, facts))
        .map(|streaming| of_row(streaming.row, script, database))
        .collect();
    if rows.iter().any(|streaming| streaming.own.is_none()) {
        findings.push(of_file(script, wanted, facts));
    } else if findings.is_empty() {
        findings.push(Finding::ok(
            code,
            Text::new("no row needs the file", "nenhuma linha precisa do arquivo"),
        ));
    }
    findings
}

fn streaming<'a>(facts: &Facts, database: &'a DatabaseFacts) -> Vec<Streaming<'a>> {
    let is_carrier = |action: &Action| Carrier::of(action).is_some();
    let rows = database.dialplans.iter();
    rows.filter(|row| row.enabled && is_ours(row) && !is_of_another_host(row, facts))
        .filter_map(|row| {
            let meaning = read_one(row.xml.as_deref()?).ok()?;
            let value = |name| meaning.variable_before(is_carrier, name);
            let streams =
                carrier(&meaning) == Some(Carrier::Script) && value("voice_ai_leg") != Some("unicast");
            let own = value(TOKEN_VARIABLE).filter(|token| !token.is_empty());
            streams.then(|| Streaming {
                row,
                url: streams_to(&meaning),
                own: own.map(str::to_owned),
            })
        })
        .collect()
}

/// Whether a row has a token of its own that this service certainly refuses: at another address it may be another's.
fn is_refused(streaming: &Streaming<'_>, wanted: &Secret, facts: &Facts) -> bool {
    let is_wrong = |own: &String| !own.contains("${") && own != wanted.reveal();
    let is_here = streaming.url.is_some() && streaming.url == stream_url(&facts.service);
    is_here && streaming.own.as_ref().is_some_and(is_wrong)
}

fn of_row(row: &DialplanRow, script: &ScriptFacts, database: &DatabaseFacts) -> Finding {
    let path = shown_at(&script.path);
    let path = path.display();
    let number = number_of(row, database).unwrap_or_else(|| "?".to_owned());
    Finding::fault(
        Code::ScriptToken,
        Text::new(
            format!("{TOKEN_VARIABLE} of the row is not server.token: its callers are refused with 401"),
            format!("{TOKEN_VARIABLE} da linha não é o server.token: quem liga é recusado com 401"),
        ),
        right(),
        Text::new(
            format!(
                "take {TOKEN_VARIABLE} out of the row in FusionPBX: the script shows what {path} holds then"
            ),
            format!(
                "retire {TOKEN_VARIABLE} da linha no FusionPBX: o script apresenta então o que {path} contém"
            ),
        ),
    )
    .about(format!("{} {number}@{}", row.name, row.context))
    .of_row(row.uuid)
}

fn right() -> Text {
    Text::new(
        "the token of server.token, which FreeSWITCH's user alone reads",
        "o token de server.token, que só o usuário do FreeSWITCH lê",
    )
}

/// What rows without a token of their own show.
fn of_file(script: &ScriptFacts, wanted: &Secret, facts: &Facts) -> Finding {
    let code = Code::ScriptToken;
    let path = shown_at(&script.path);
    let path = path.display();
    let token = match &script.token {
        Ok(token) => token,
        Err(why) => return Finding::skipped(code, why.0.clone()),
    };
    let Some(found) = wrong(token, wanted, &path.to_string()) else {
        return Finding::ok(
            code,
            Text::new(
                "the script shows the token that the service wants",
                "o script apresenta o token que o serviço quer",
            ),
        );
    };
    let Some(user) = &facts.switch.process else {
        return Finding::skipped(
            code,
            Text::new(
                "FreeSWITCH's user is not known",
                "o usuário do FreeSWITCH não é conhecido",
            ),
        );
    };
    let name = &user.name;
    let remedy = match shown(facts) {
        Some(_) => repair(code),
        // The file is as it should be: it is a folder on the way.
        None => Text::new(
            format!("let {name} into every folder on the way to {path} (chmod o+x)"),
            format!("dê a {name} acesso a todas as pastas no caminho até {path} (chmod o+x)"),
        ),
    };
    Finding::fault(code, found, right(), remedy)
}

/// What is wrong with the file, in words that do not hold the token.
fn wrong(token: &ShownToken, wanted: &Secret, path: &str) -> Option<Text> {
    let Some(file) = &token.file else {
        return Some(Text::new(
            format!(
                "the service wants a token (server.token), and there is no {path}: streams are refused with 401"
            ),
            format!(
                "o serviço quer um token (server.token), e não existe {path}: os streams são recusados com 401"
            ),
        ));
    };
    if token.readable == Some(false) {
        return Some(Text::new(
            format!("FreeSWITCH's user cannot read {path}: streams are refused with 401"),
            format!("o usuário do FreeSWITCH não consegue ler {path}: os streams são recusados com 401"),
        ));
    }
    (file.text.trim_end() != wanted.reveal()).then(|| {
        Text::new(
            format!("{path} holds another token than server.token: streams are refused with 401"),
            format!("{path} contém outro token que não o server.token: os streams são recusados com 401"),
        )
    })
}
