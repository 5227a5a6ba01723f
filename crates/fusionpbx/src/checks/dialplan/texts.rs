//! Sentences that several checks of the dialplan say.

use super::super::repair;
use crate::dialplan::mend;
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
