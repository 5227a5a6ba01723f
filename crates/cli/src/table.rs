//! How values are written for people: in columns, in the domain's time, safe for a terminal.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Zoned, civil};
use std::io::{self, Write};
use store::UnixMs;

/// What stands where nothing is known.
pub(crate) const NOTHING: &str = "-";

/// Rows under a heading, each column as wide as its widest cell.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(heading: &[&str]) -> Self {
        Self {
            rows: vec![heading.iter().map(|&cell| cell.to_owned()).collect()],
        }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows
            .push(cells.into_iter().map(|cell| printable(&cell)).collect());
    }

    pub(crate) fn print(&self, to: &mut impl Write) -> io::Result<()> {
        let width_of = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let widths: Vec<_> = (0..columns).map(width_of).collect();
        for row in &self.rows {
            let line: Vec<_> = row
                .iter()
                .zip(&widths)
                .map(|(cell, &width)| format!("{cell:width$}"))
                .collect();
            writeln!(to, "{}", line.join("  ").trim_end())?;
        }
        Ok(())
    }
}

/// A text from outside, on one line and without what a terminal would obey: neither controls nor marks that turn the direction of
/// what stands around them.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|char| match char {
            '\n' | '\t' => ' ',
            char if char.is_control() || is_bidirectional(char) => char::REPLACEMENT_CHARACTER,
            char => char,
        })
        .collect()
}

/// Embeddings, overrides, isolates and marks of Unicode's bidirectional algorithm (UAX #9, 2): text that shows in another order than
/// it is written.
const fn is_bidirectional(char: char) -> bool {
    matches!(char, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A text that may be missing.
pub(crate) fn or_nothing(text: Option<&String>) -> String {
    text.map_or_else(|| NOTHING.into(), Clone::clone)
}

/// An instant in a time zone, to the second.
pub(crate) fn when(at: UnixMs, zone: &TimeZone) -> String {
    Timestamp::from_millisecond(at.0).map_or_else(
        |_| NOTHING.into(),
        |at| {
            at.to_zoned(zone.clone())
                .strftime("%Y-%m-%d %H:%M:%S")
                .to_string()
        },
    )
}

/// A length of time in minutes and seconds.
pub(crate) fn minutes(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Millionths as the amount that they are, without zeros that say nothing.
pub(crate) fn amount(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Now.
pub(crate) fn now() -> UnixMs {
    UnixMs(Timestamp::now().as_millisecond())
}

/// An instant as somebody writes it: a day or a day and a time in the domain's time zone, an instant of RFC 3339, or how long ago.
pub(crate) fn instant(text: &str, zone: &TimeZone, now: UnixMs) -> anyhow::Result<UnixMs> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(UnixMs(instant.as_millisecond()));
    }
    if let Ok(moment) = text.parse::<civil::DateTime>() {
        return Ok(of(&moment.to_zoned(zone.clone())?));
    }
    let ago = text.strip_suffix('d').and_then(|days| days.parse::<u16>().ok());
    let Some(days) = ago else {
        anyhow::bail!(
            "{text:?} is no instant: write a day (2026-03-02), a day and a time (2026-03-02T08:00), or days ago (7d)"
        );
    };
    let now = Timestamp::from_millisecond(now.0)?.to_zoned(zone.clone());
    Ok(of(&now.checked_sub(i64::from(days).days())?))
}

fn of(moment: &Zoned) -> UnixMs {
    UnixMs(moment.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_in_the_domain_s_time() {
        let zone = TimeZone::get("America/Sao_Paulo").unwrap();
        let noon = UnixMs(1_772_452_800_000);
        let read = |text: &str| instant(text, &zone, noon).unwrap();
        assert_eq!(when(noon, &zone), "2026-03-02 09:00:00");
        assert_eq!(read("2026-03-02T09:00"), noon);
        assert_eq!(read("2026-03-02T12:00:00Z"), noon);
        assert_eq!(when(read("2026-03-02"), &zone), "2026-03-02 00:00:00");
        assert_eq!(when(read("7d"), &zone), "2026-02-23 09:00:00");
        let refused = instant("yesterday", &zone, noon).unwrap_err().to_string();
        assert!(refused.contains("\"yesterday\" is no instant"), "{refused}");
    }

    #[test]
    fn amounts_lengths_and_strange_texts_are_written_plainly() {
        assert_eq!(
            [0, 125_000, 1_000_000, 2_000_001].map(amount),
            ["0", "0.125", "1", "2.000001"]
        );
        assert_eq!(
            [-1, 59_999, 61_000, 3_600_000].map(minutes),
            ["0:00", "0:59", "1:01", "60:00"]
        );
        assert_eq!(printable("a\x1b[2Jb\nc\u{7}"), "a\u{FFFD}[2Jb c\u{FFFD}");
        let marks =
            "\u{200E}\u{200F}\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}\u{2066}\u{2067}\u{2068}\u{2069}";
        assert_eq!(printable(marks), "\u{FFFD}".repeat(11));
        assert_eq!(
            printable("olá, مرحبا \u{1F468}\u{200D}\u{1F469}"),
            "olá, مرحبا \u{1F468}\u{200D}\u{1F469}"
        );
    }
}
