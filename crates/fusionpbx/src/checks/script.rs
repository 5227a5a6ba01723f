//! SC: `voice_secretary.lua` as it is installed. It is looked at where a dialplan row hands calls to it.

mod address;
mod lua;
mod published;
mod token;

use super::{no_database, repair, unread};
use crate::{Code, Facts, Finding, Lang, ScriptFacts, Text, Verdict};
use freeswitch::{SCRIPT, SCRIPT_NAME, ScriptVersion};
use similar::TextDiff;

/// The lines of a difference that are shown.
const SHOWN: usize = 12;

/// What a script of ours cannot be without, and still carry a call.
const NEEDED: [&str; 6] = [
    "session:answer()",
    "\"uuid_audio_stream\"",
    "\"/stream/\"",
    "{ \"mono\", \"mixed\", \"stereo\" }",
    "\"send_silence_when_idle\", \"-1\"",
    "pcall(answer)",
];

const CODES: [Code; 10] = [
    Code::ScriptMissing,
    Code::ScriptUnreadable,
    Code::ScriptOld,
    Code::ScriptEdited,
    Code::ScriptMix,
    Code::ScriptSilence,
    Code::ScriptRate,
    Code::ScriptPath,
    Code::ScriptAddress,
    Code::ScriptToken,
];

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    if let Some(why) = not_used(facts) {
        return unread(&CODES, &why);
    }
    let script = match &facts.script {
        Ok(script) => script,
        Err(why) => return unread(&CODES, &why.0),
    };
    let Some(file) = &script.file else {
        return absent(script);
    };
    let text = file.text.as_str();
    let mut findings = vec![
        Finding::ok(
            Code::ScriptMissing,
            Text::plain(script.path.display().to_string()),
        ),
        readable(script),
        edited(text),
    ];
    if ScriptVersion::of(text).is_some() {
        findings.push(version(text));
        findings.extend(ours());
        findings.extend(address::check(facts));
        findings.extend(token::check(script, facts));
        return findings;
    }
    let streams = published::check(facts, text);
    let worse = streams.iter().any(|finding| finding.verdict == Verdict::Fault);
    findings.push(if worse { told_below() } else { version(text) });
    findings.extend(streams);
    findings.push(Finding::skipped(Code::ScriptToken, of_others()));
    findings
}

/// Why a script of somebody else's is not held against the service's token: it shows what it likes.
fn of_others() -> Text {
    Text::new(
        "the script is none of voice-ai: see SC-03",
        "o script não é do voice-ai: veja SC-03",
    )
}

/// A script of somebody else's whose faults are told one by one.
fn told_below() -> Finding {
    let why = Text::new(
        "it is none of voice-ai; what is wrong with it is told below",
        "ele não é do voice-ai; o que há de errado com ele é dito abaixo",
    );
    Finding::skipped(Code::ScriptOld, why)
}

/// Why the script matters to no call; `None` where a row that is switched on hands calls to it.
pub(super) fn not_used(facts: &Facts) -> Option<Text> {
    let database = match &facts.database {
        Ok(database) => database,
        Err(_) => return Some(no_database(facts)),
    };
    let uses = |xml: &String| xml.contains(SCRIPT_NAME);
    let used = database
        .dialplans
        .iter()
        .any(|row| row.enabled && row.xml.as_ref().is_some_and(uses));
    (!used).then(|| {
        Text::new(
            format!("no dialplan row hands calls to {SCRIPT_NAME}"),
            format!("nenhuma linha do dialplan entrega chamadas a {SCRIPT_NAME}"),
        )
    })
}

fn absent(script: &ScriptFacts) -> Vec<Finding> {
    let path = script.path.display();
    let missing = Finding::fault(
        Code::ScriptMissing,
        Text::new(
            format!("the dialplan hands calls to {SCRIPT_NAME}, and there is no {path}"),
            format!("o dialplan entrega chamadas a {SCRIPT_NAME}, e não existe {path}"),
        ),
        Text::new(
            "the script of this version there, readable by FreeSWITCH's user",
            "o script desta versão ali, legível pelo usuário do FreeSWITCH",
        ),
        repair(Code::ScriptMissing),
    );
    let why = Text::new("there is no script: see SC-01", "não há script: veja SC-01");
    let others = unread(&CODES[1..], &why);
    [vec![missing], others].concat()
}

fn readable(script: &ScriptFacts) -> Finding {
    let code = Code::ScriptUnreadable;
    let path = script.path.display();
    match script.readable {
        None => Finding::skipped(
            code,
            Text::new(
                "FreeSWITCH's user is not known",
                "o usuário do FreeSWITCH não é conhecido",
            ),
        ),
        Some(true) => Finding::ok(
            code,
            Text::new(
                "FreeSWITCH's user can read it",
                "o usuário do FreeSWITCH pode lê-lo",
            ),
        ),
        Some(false) => Finding::fault(
            code,
            Text::new(
                format!("FreeSWITCH's user cannot read {path}"),
                format!("o usuário do FreeSWITCH não consegue ler {path}"),
            ),
            Text::new(
                "owned by FreeSWITCH's user, mode 0644",
                "dono: o usuário do FreeSWITCH, modo 0644",
            ),
            repair(code),
        ),
    }
}

fn version(text: &str) -> Finding {
    let code = Code::ScriptOld;
    let ours = ScriptVersion::of(SCRIPT).map_or_else(String::new, |version| version.to_string());
    let right = Text::new(format!("version {ours}"), format!("versão {ours}"));
    match ScriptVersion::of(text) {
        None => Finding::fault(
            code,
            Text::new(
                "the script is none of voice-ai: it sends no audio while nobody speaks, and drops the caller when the server is gone",
                "o script não é do voice-ai: não envia áudio enquanto ninguém fala, e perde a chamada quando o servidor some",
            ),
            right,
            repair(code),
        ),
        Some(found) if found.to_string() == ours => Finding::ok(
            code,
            Text::new(format!("version {ours}"), format!("versão {ours}")),
        ),
        Some(found) => Finding::fault(
            code,
            Text::new(
                format!("the script is of version {found}"),
                format!("o script é da versão {found}"),
            ),
            right,
            repair(code),
        ),
    }
}

/// A script that claims to be this version's, and is another.
fn edited(text: &str) -> Finding {
    let code = Code::ScriptEdited;
    if ScriptVersion::of(text) != ScriptVersion::of(SCRIPT) {
        return Finding::skipped(
            code,
            Text::new("it is of another version", "ele é de outra versão"),
        );
    }
    if text == SCRIPT {
        return Finding::ok(code, Text::new("as it was installed", "como foi instalado"));
    }
    let difference = difference(text);
    if let Some(broken) = broken(text) {
        let (en, pt_br) = (broken.in_lang(Lang::En), broken.in_lang(Lang::PtBr));
        return Finding::fault(
            code,
            Text::new(
                format!("the script was changed by hand and carries no call any more: {en}\n{difference}"),
                format!("o script foi alterado à mão e não leva mais chamadas: {pt_br}\n{difference}"),
            ),
            Text::new("the script as delivered", "o script como entregue"),
            repair(code),
        );
    }
    Finding::warning(
        code,
        Text::new(
            format!("the script was changed by hand:\n{difference}"),
            format!("o script foi alterado à mão:\n{difference}"),
        ),
        Text::new(
            "settings as channel variables of the dialplan (voice_ai_…), and the script as delivered",
            "ajustes como variáveis de canal no dialplan (voice_ai_…), e o script como entregue",
        ),
        repair(code),
    )
}

/// Why a script that was ours cannot carry a call, as far as that is seen in its text.
fn broken(text: &str) -> Option<Text> {
    if let Err(at) = lua::read(text) {
        let (line, near) = (at.line, &at.near);
        return Some(match near.as_str() {
            "" => Text::new(
                format!("it is no Lua: something is missing before its end (line {line})"),
                format!("não é Lua: falta algo antes do fim (linha {line})"),
            ),
            near => Text::new(
                format!("it is no Lua: line {line}, at {near}"),
                format!("não é Lua: linha {line}, em {near}"),
            ),
        });
    }
    let missing = NEEDED.into_iter().find(|needed| !text.contains(needed))?;
    Some(Text::new(
        format!("it is without {missing}"),
        format!("está sem {missing}"),
    ))
}

/// From the delivered script to the installed one, in the unified form, cut.
fn difference(text: &str) -> String {
    let diff = TextDiff::from_lines(SCRIPT, text);
    let unified = diff.unified_diff().context_radius(0).to_string();
    let mut lines: Vec<_> = unified.lines().collect();
    let more = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    let rest = if more > 0 {
        format!("\n… (+{more})")
    } else {
        String::new()
    };
    lines.join("\n") + &rest
}

/// What our own script gets right by itself, whatever the variables.
fn ours() -> Vec<Finding> {
    let why = Text::new("the script chooses it by itself", "o próprio script o escolhe");
    CODES[4..8]
        .iter()
        .map(|&code| Finding::ok(code, why.clone()))
        .collect()
}
