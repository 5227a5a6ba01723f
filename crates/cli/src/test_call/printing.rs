//! A line for each station.

use crate::table::printable;
use fusionpbx::test_call::{Passed, Seen, is_whole, stations};
use fusionpbx::{Lang, Text};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Where what is told of a station begins.
const INDENT: &str = "                                ";

pub(super) fn print(to: &mut impl Write, seen: &Seen, lang: Lang) -> io::Result<()> {
    for (station, passed) in stations(seen) {
        let name = station.name();
        let (word, found) = match &passed {
            Passed::Ok(found) => (Text::plain("ok"), Some(found)),
            Passed::Stopped(stop) => (Text::new("stopped here", "parou aqui"), Some(&stop.found)),
            Passed::NotReached => (Text::new("not reached", "não alcançado"), None),
        };
        let (name, word) = (name.in_lang(lang), word.in_lang(lang));
        let found = found.map_or("", |found| found.in_lang(lang));
        let line = format!("{name:17}{word:15}{found}");
        writeln!(to, "{}", printable(line.trim_end()))?;
        if let Passed::Stopped(stop) = passed {
            let (remedy, see) = match lang {
                Lang::En => ("do:    ", "see:   "),
                Lang::PtBr => ("faça:  ", "veja:  "),
            };
            writeln!(to, "{INDENT}{remedy}{}", printable(stop.remedy.in_lang(lang)))?;
            if !stop.codes.is_empty() {
                let codes: Vec<_> = stop.codes.iter().map(|code| code.as_str()).collect();
                writeln!(to, "{INDENT}{see}voice-ai explain {}", codes.join(", "))?;
            }
        }
    }
    let whole = match is_whole(seen) {
        true => Text::new(
            format!("{} of {} is answered", seen.extension, seen.context),
            format!("{} de {} é atendido", seen.extension, seen.context),
        ),
        false => Text::new(
            format!(
                "{} of {} is not answered by a secretary",
                seen.extension, seen.context
            ),
            format!(
                "{} de {} não é atendido por uma secretária",
                seen.extension, seen.context
            ),
        ),
    };
    writeln!(to, "{}", printable(whole.in_lang(lang)))
}

pub(super) fn object(seen: &Seen, lang: Lang) -> Value {
    let all: Vec<_> = stations(seen)
        .into_iter()
        .map(|(station, passed)| {
            let (state, found, stop) = match &passed {
                Passed::Ok(found) => ("ok", Some(found), None),
                Passed::Stopped(stop) => ("stopped", Some(&stop.found), Some(stop)),
                Passed::NotReached => ("not_reached", None, None),
            };
            json!({
                "station": station,
                "state": state,
                "found": found.map(|found| found.in_lang(lang)),
                "remedy": stop.map(|stop| stop.remedy.in_lang(lang)),
                "codes": stop.map(|stop| stop.codes),
            })
        })
        .collect();
    json!({
        "extension": seen.extension,
        "domain": seen.context,
        "whole": is_whole(seen),
        "stations": all,
    })
}
