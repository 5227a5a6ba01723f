//! `voice-ai repair --list`: what was changed so far, and whether it can be taken back.

use crate::table::Table;
use fusionpbx::Lang;
use fusionpbx::journal::{Entry, State};
use serde_json::{Value, json};
use std::io::{self, Write};

/// A line for each plan, the last first; why one cannot be taken back stands at its end.
pub(crate) fn print(to: &mut impl Write, entries: &[Entry], lang: Lang) -> io::Result<()> {
    if entries.is_empty() {
        return match lang {
            Lang::En => writeln!(to, "nothing was changed so far"),
            Lang::PtBr => writeln!(to, "nada foi mudado até agora"),
        };
    }
    let mut table = Table::new(match lang {
        Lang::En => &["NAME", "WHEN", "COMMAND", "STATE", "UNDO"],
        Lang::PtBr => &["NOME", "QUANDO", "COMANDO", "ESTADO", "DESFAZER"],
    });
    for entry in entries {
        let undo = entry.undo.as_ref();
        table.row([
            entry.name.clone(),
            entry.when.clone(),
            entry.command.clone(),
            state(&entry.state, lang).to_owned(),
            undo.map_or_else(|| possible(lang).to_owned(), |why| why.in_lang(lang).to_owned()),
        ]);
    }
    table.print(to)
}

pub(crate) fn object(entry: &Entry, lang: Lang) -> Value {
    let by = match &entry.state {
        State::TakenBack(by) => Some(by),
        State::Done | State::Left | State::Failed => None,
    };
    json!({
        "name": entry.name,
        "when": entry.when,
        "command": entry.command,
        "state": key(&entry.state),
        "taken_back_by": by,
        "undoable": entry.undo.is_none(),
        "why_not": entry.undo.as_ref().map(|why| why.in_lang(lang)),
    })
}

const fn key(state: &State) -> &'static str {
    match state {
        State::Done => "done",
        State::Left => "left",
        State::Failed => "failed",
        State::TakenBack(_) => "taken_back",
    }
}

const fn state(state: &State, lang: Lang) -> &'static str {
    match (state, lang) {
        (State::Done, Lang::En) => "done",
        (State::Done, Lang::PtBr) => "feito",
        (State::Left, Lang::En) => "something is left to do",
        (State::Left, Lang::PtBr) => "falta algo",
        (State::Failed, Lang::En) => "failed, nothing is left of it",
        (State::Failed, Lang::PtBr) => "falhou, nada restou",
        (State::TakenBack(_), Lang::En) => "taken back",
        (State::TakenBack(_), Lang::PtBr) => "desfeito",
    }
}

const fn possible(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "yes",
        Lang::PtBr => "sim",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fusionpbx::Text;

    fn entry(state: State, undo: Option<Text>) -> Entry {
        Entry {
            name: "20261123T155133Z-setup".to_owned(),
            when: "2026-11-23T15:51:33Z".to_owned(),
            command: "voice-ai setup".to_owned(),
            state,
            undo,
        }
    }

    #[test]
    fn what_can_be_taken_back_is_told_in_both_languages() {
        let why = Text::new("somebody has changed it", "alguém o alterou");
        let entries = [entry(State::Done, None), entry(State::Left, Some(why))];
        for (lang, expected) in [
            (Lang::En, ["yes", "somebody has changed it"]),
            (Lang::PtBr, ["sim", "alguém o alterou"]),
        ] {
            let mut text = Vec::new();
            print(&mut text, &entries, lang).unwrap();
            let text = String::from_utf8(text).unwrap();
            let ends: Vec<_> = text.lines().skip(1).collect();
            assert!(
                ends.len() == 2 && ends.iter().zip(expected).all(|(line, end)| line.ends_with(end)),
                "{text}"
            );
        }
        let taken = entry(State::TakenBack("20261123T155300Z-undo-setup".to_owned()), None);
        assert_eq!(
            object(&taken, Lang::En)["taken_back_by"],
            "20261123T155300Z-undo-setup"
        );
    }
}
