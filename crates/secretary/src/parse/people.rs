//! Whom a secretary hands calls to, and when they are there.

use crate::fold::{folded, suggestion};
use crate::keys::{Keys, Placed, Reading};
use crate::{Destination, DestinationKind, Hours, Week};
use std::collections::BTreeMap;

const KINDS: [(&str, DestinationKind); 6] = [
    ("extension", DestinationKind::Extension),
    ("ring_group", DestinationKind::RingGroup),
    ("queue", DestinationKind::Queue),
    ("ivr", DestinationKind::Ivr),
    ("voicemail", DestinationKind::Voicemail),
    ("external", DestinationKind::External),
];

pub(super) fn destinations(keys: &mut Keys<'_>, reading: &mut Reading<'_>) -> Vec<Destination> {
    let mut owners = Owners::new();
    let mut destinations: Vec<Destination> = Vec::new();
    for mut one in keys.tables("destinations", reading) {
        let there = one.has("name");
        let name = one.text("name", reading);
        if !there {
            one.missing("name", "say who it is, as name = \"billing\"", reading);
        }
        let aliases = one.texts("aliases", reading).unwrap_or_default();
        let owner = name.as_ref().map(|name| name.value.clone()).unwrap_or_default();
        for spoken in name.iter().chain(&aliases) {
            spoken_name(spoken, (destinations.len(), &owner), &mut owners, reading);
        }
        let kind = kind(&mut one, reading);
        destinations.push(Destination {
            name: owner,
            aliases: aliases.into_iter().map(|alias| alias.value).collect(),
            kind,
            number: number(&mut one, kind, reading),
            hours: hours(&mut one, reading),
        });
        one.close(&[], reading);
    }
    destinations
}

/// Which destination has a folded name: the how many-th, and its name as it is written.
type Owners = BTreeMap<String, (usize, String)>;

/// Callers say names: two that sound alike could not be told apart.
fn spoken_name(
    spoken: &Placed<String>,
    (index, owner): (usize, &str),
    owners: &mut Owners,
    reading: &mut Reading<'_>,
) {
    let Placed { value, line } = spoken;
    let plain = folded(value);
    if plain.is_empty() {
        let problem = format!("{value:?} is no name that somebody could say");
        reading.fault(*line, problem, "write letters or digits");
        return;
    }
    match owners.get(&plain) {
        Some((before, other)) if *before != index => {
            let problem = format!("{value:?} of {owner:?} is also a name of {other:?}");
            reading.fault(
                *line,
                problem,
                "give each destination names of its own (accents and case do not count)",
            );
        }
        Some(_) => {}
        None => {
            owners.insert(plain, (index, owner.to_owned()));
        }
    }
}

fn kind(keys: &mut Keys<'_>, reading: &mut Reading<'_>) -> DestinationKind {
    let Some(Placed { value, line }) = keys.text("kind", reading) else {
        return DestinationKind::default();
    };
    if let Some((_, kind)) = KINDS.iter().find(|(name, _)| *name == value) {
        return *kind;
    }
    let known = KINDS.map(|(name, _)| name);
    reading.fault(
        line,
        format!("{value:?} is no kind of destination"),
        suggestion(&value, &known),
    );
    DestinationKind::default()
}

/// A number goes into a dialplan: nothing but what extensions and numbers are written with may stand there.
fn number(keys: &mut Keys<'_>, kind: DestinationKind, reading: &mut Reading<'_>) -> String {
    let there = keys.has("number");
    let Some(Placed { value, line }) = keys.text("number", reading) else {
        if !there {
            keys.missing(
                "number",
                "write the extension or number, as number = \"2001\"",
                reading,
            );
        }
        return String::new();
    };
    if value.is_empty() {
        reading.fault(
            line,
            "the number is empty",
            "write the extension or number, as number = \"2001\"",
        );
        return value;
    }
    let digit = |c: char| c.is_ascii_digit() || matches!(c, '+' | '*' | '#');
    let outside = kind == DestinationKind::External;
    let allowed =
        |c: char| digit(c) || (!outside && (c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')));
    if value.chars().all(allowed) {
        return value;
    }
    let digits: String = value.chars().filter(|c| digit(*c)).collect();
    let remedy = if digits.is_empty() {
        "write the extension or number as it is dialled, as number = \"2001\"".to_owned()
    } else {
        format!("write it as it is dialled, as number = {digits:?}")
    };
    reading.fault(
        line,
        format!("{value:?} has characters that no number has"),
        remedy,
    );
    value
}

/// The name of a destination of this secretary, as it is written there.
pub(super) fn fallback(
    keys: &mut Keys<'_>,
    destinations: &[Destination],
    reading: &mut Reading<'_>,
) -> Option<String> {
    let Placed { value, line } = keys.text("fallback", reading)?;
    let wanted = folded(&value);
    let found = destinations.iter().find(|one| folded(&one.name) == wanted);
    if let Some(destination) = found {
        return Some(destination.name.clone());
    }
    let names: Vec<&str> = destinations.iter().map(|one| one.name.as_str()).collect();
    let remedy = if names.is_empty() {
        format!("write a section [[destinations]] with name = {value:?} and its number")
    } else {
        suggestion(&value, &names)
    };
    reading.fault(
        line,
        format!("fallback {value:?} is no destination of this secretary"),
        remedy,
    );
    None
}

pub(super) fn hours(keys: &mut Keys<'_>, reading: &mut Reading<'_>) -> Option<Hours> {
    let mut keys = keys.table("hours", reading)?;
    // A key whose value is of another type is told as that.
    let (has_timezone, has_week) = (keys.has("timezone"), keys.has("week"));
    let timezone = keys.text("timezone", reading);
    if !has_timezone {
        let remedy = "write an IANA name, as timezone = \"America/Sao_Paulo\"";
        keys.missing("timezone", remedy, reading);
    }
    let week = match keys.table("week", reading) {
        Some(week) => week_of(week, reading),
        None => {
            if !has_week {
                keys.missing("week", "write week = { weekdays = [\"08:00-18:00\"] }", reading);
            }
            Week::default()
        }
    };
    let holidays = keys.texts("holidays", reading).unwrap_or_default();
    keys.close(&[], reading);
    for day in &holidays {
        let alone = Hours {
            holidays: vec![day.value.clone()],
            ..always_closed()
        };
        check(&alone, day.line, reading);
    }
    let timezone = timezone?;
    let alone = Hours {
        timezone: timezone.value.clone(),
        ..always_closed()
    };
    check(&alone, timezone.line, reading);
    Some(Hours {
        timezone: timezone.value,
        week,
        holidays: holidays.into_iter().map(|day| day.value).collect(),
    })
}

fn always_closed() -> Hours {
    Hours {
        timezone: "UTC".into(),
        week: Week::default(),
        holidays: Vec::new(),
    }
}

/// One value is checked at a time, so that every wrong one is told with its own line.
fn check(alone: &Hours, line: usize, reading: &mut Reading<'_>) {
    let Err(error) = alone.calendar() else {
        return;
    };
    let told = error.to_string();
    let (problem, remedy) = told.split_once("; ").unwrap_or((&told, "see docs/secretary.md"));
    reading.fault(line, problem, remedy);
}

fn week_of(mut keys: Keys<'_>, reading: &mut Reading<'_>) -> Week {
    let mut day = |key| {
        let spans = keys.texts(key, reading)?;
        for span in &spans {
            let mut alone = always_closed();
            alone.week.weekdays.push(span.value.clone());
            check(&alone, span.line, reading);
        }
        Some(spans.into_iter().map(|span| span.value).collect::<Vec<_>>())
    };
    let week = Week {
        weekdays: day("weekdays").unwrap_or_default(),
        monday: day("monday"),
        tuesday: day("tuesday"),
        wednesday: day("wednesday"),
        thursday: day("thursday"),
        friday: day("friday"),
        saturday: day("saturday"),
        sunday: day("sunday"),
    };
    keys.close(&[], reading);
    week
}
