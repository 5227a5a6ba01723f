//! Sentences that several checks of the dialplan say.

use super::super::repair;
use crate::dialplan::{Malformed, breaks_context, mend};
use crate::{Code, DialplanRow, Facts, Text};

/// The command that mends a row, or what is to be done by hand where no command can.
pub(super) fn remedy(code: Code, row: &DialplanRow, facts: &Facts, by_hand: Text) -> Text {
    match mend(code, row, facts) {
        Some(_) => repair(code),
        None => by_hand,
    }
}

/// Where operators change a row themselves.
pub(super) fn in_the_page(en: &str, pt_br: &str) -> Text {
    Text::new(
        format!("in FusionPBX, Dialplan, Dialplan Manager: {en}"),
        format!("no FusionPBX, Plano de Discagem, Gerenciador: {pt_br}"),
    )
}

/// What XML that is not well formed does, after who has it: `the row's XML`.
pub(super) fn malformed(en: &str, pt_br: &str, xml: &str, at: &Malformed) -> Text {
    let (so, assim) = if breaks_context(xml) {
        (
            "no extension of the context works with it",
            "nenhum ramal do contexto funciona com isso",
        )
    } else {
        (
            "FreeSWITCH reads it, but not as it is meant",
            "o FreeSWITCH lê, mas não como se pretendia",
        )
    };
    Text::new(
        format!("{en} is malformed ({at}): {so}"),
        format!(
            "{pt_br} está malformado (linha {}, coluna {}): {assim}",
            at.line, at.column
        ),
    )
}
