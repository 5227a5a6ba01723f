//! What an engine that follows instructions is told of a secretary: one Markdown text in the secretary's language.

use crate::{Destination, Hours, Language, Opening, Secretary, spoken_opening};
use jiff::Timestamp;
use std::fmt::Write;

/// The words that stand around what the tenant has written.
struct Wording {
    rules: &'static str,
    facts: &'static str,
    hours: &'static str,
    people: &'static str,
    also: &'static str,
    days: [&'static str; 7],
    closed: &'static str,
    closed_on: &'static str,
    times_of: &'static str,
    call_began: &'static str,
    open_now: &'static str,
    closed_now: &'static str,
    opens: &'static str,
    transfer: &'static str,
}

const PT_BR: Wording = Wording {
    rules: "Regras",
    facts: "O que os clientes podem saber",
    hours: "Horário de atendimento",
    people: "Pessoas e setores",
    also: "também",
    days: [
        "segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo",
    ],
    closed: "fechado",
    closed_on: "Fechado em",
    times_of: "Horários de",
    call_began: "Esta ligação começou em",
    open_now: "Está aberto agora.",
    closed_now: "Está fechado agora.",
    opens: "Abre",
    transfer: "Só é possível transferir para:",
};

const EN: Wording = Wording {
    rules: "Rules",
    facts: "What callers may know",
    hours: "Opening hours",
    people: "People and departments",
    also: "also",
    days: [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ],
    closed: "closed",
    closed_on: "Closed on",
    times_of: "Times of",
    call_began: "This call began on",
    open_now: "It is open now.",
    closed_now: "It is closed now.",
    opens: "It opens",
    transfer: "Calls can be transferred to these alone:",
};

impl Secretary {
    /// Persona, rules, facts, hours and, where it may transfer, destinations as one Markdown text; empty where there is none of
    /// them. `now` is the beginning of the call: with it stands whether the company is open. Numbers of destinations are not
    /// among it: engines transfer by name.
    pub fn instructions(&self, now: Timestamp) -> String {
        let wording = match self.language {
            Language::PtBr => &PT_BR,
            Language::En => &EN,
        };
        let facts: Vec<String> = self
            .facts
            .iter()
            .map(|(name, text)| format!("- **{name}**: {}", text.trim()))
            .collect();
        let sections = [
            (None, self.persona.trim().to_owned()),
            (Some(wording.rules), self.rules.trim().to_owned()),
            (Some(wording.facts), facts.join("\n")),
            (Some(wording.hours), self.hours_told(wording, now)),
            (Some(wording.people), self.people_told(wording)),
        ];
        let written = sections.into_iter().filter(|(_, text)| !text.is_empty());
        let texts: Vec<String> = written
            .map(|(title, text)| title.map_or_else(|| text.clone(), |title| format!("## {title}\n\n{text}")))
            .collect();
        texts.join("\n\n")
    }

    /// An engine without the tool would promise what it cannot do.
    fn people_told(&self, wording: &Wording) -> String {
        if self.destinations.is_empty() || !self.tools.iter().any(|tool| tool.takes_destination()) {
            return String::new();
        }
        people(wording, &self.destinations)
    }

    fn hours_told(&self, wording: &Wording, now: Timestamp) -> String {
        let Some(hours) = &self.hours else {
            return String::new();
        };
        let mut text = format!("{} {}.", wording.times_of, hours.timezone);
        // A snapshot has checked them; without a calendar the hours are told all the same.
        if let (Ok(calendar), Ok(here)) = (hours.calendar(), now.in_tz(&hours.timezone)) {
            let day = wording.days[here.weekday().to_monday_zero_offset().unsigned_abs() as usize % 7];
            let began = format!(
                " {} {day}, {}.",
                wording.call_began,
                here.strftime("%Y-%m-%d %H:%M")
            );
            text.push_str(&began);
            match calendar.opening(now) {
                Opening::Open => text.push_str(&format!(" {}", wording.open_now)),
                Opening::Closed { opens } => {
                    text.push_str(&format!(" {}", wording.closed_now));
                    if let Some(opens) = opens {
                        let when = spoken_opening(self.language, now, &opens);
                        text.push_str(&format!(" {} {when}.", wording.opens));
                    }
                }
            }
        }
        text.push_str("\n\n");
        text.push_str(&week(wording, hours));
        text
    }
}

fn week(wording: &Wording, hours: &Hours) -> String {
    let mut lines: Vec<String> = wording
        .days
        .iter()
        .zip(hours.week.days())
        .map(|(day, spans)| match spans {
            [] => format!("- {day}: {}", wording.closed),
            spans => format!("- {day}: {}", spans.join(", ")),
        })
        .collect();
    if !hours.holidays.is_empty() {
        lines.push(format!("- {}: {}", wording.closed_on, hours.holidays.join(", ")));
    }
    lines.join("\n")
}

fn people(wording: &Wording, destinations: &[Destination]) -> String {
    let mut text = wording.transfer.to_owned();
    for destination in destinations {
        // Writing into a text cannot fail.
        let _ = write!(text, "\n- **{}**", destination.name);
        if !destination.aliases.is_empty() {
            let _ = write!(text, " ({}: {})", wording.also, destination.aliases.join(", "));
        }
    }
    text
}
