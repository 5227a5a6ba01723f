//! Hours that were checked once and can tell the time.

use super::Hours;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan, Zoned};

/// How far ahead an opening is looked for, in days: a year, and the holidays around its turn.
const HORIZON_DAYS: usize = 380;

/// A day in minutes.
const DAY: u16 = 24 * 60;

/// What can be wrong with hours. Each names the value as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// No time zone of the database that is part of the program.
    #[error("{0:?} is no time zone; use an IANA name such as America/Sao_Paulo")]
    Timezone(String),
    /// No span.
    #[error(
        "{0:?} is no span of hours; write it like \"08:00-18:00\" (24:00 ends a day, \"22:00-06:00\" goes over midnight)"
    )]
    Span(String),
    /// No date.
    #[error("{0:?} is no date; write \"2026-12-25\", or \"12-25\" for every year")]
    Holiday(String),
}

impl HoursError {
    /// The value that is wrong, to find its line by.
    pub fn value(&self) -> &str {
        match self {
            Self::Timezone(value) | Self::Span(value) | Self::Holiday(value) => value,
        }
    }
}

/// Hours, checked and made ready.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    zone: TimeZone,
    /// From Monday to Sunday, each day's in the order of their beginnings.
    week: [Vec<Span>; 7],
    holidays: Vec<Holiday>,
}

/// Whether somebody is there.
#[derive(Debug, Clone, PartialEq)]
pub enum Opening {
    /// Somebody is.
    Open,
    /// Nobody is.
    Closed {
        /// When somebody will be, in the hours' own time zone; nothing where that is not within a year.
        opens: Option<Zoned>,
    },
}

/// From the first minute to before the last, counted from the midnight at which the day begins; up to two days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    from: u16,
    to: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holiday {
    Once(Date),
    EveryYear { month: i8, day: i8 },
}

impl Hours {
    /// Checks the hours.
    ///
    /// # Errors
    ///
    /// With the first value that is no time zone, span or date.
    pub fn calendar(&self) -> Result<Calendar, HoursError> {
        let zone = TimeZone::get(&self.timezone).map_err(|_| HoursError::Timezone(self.timezone.clone()))?;
        let mut week: [Vec<Span>; 7] = Default::default();
        for (spans, texts) in week.iter_mut().zip(self.week.days()) {
            *spans = texts.iter().map(|text| span(text)).collect::<Result<_, _>>()?;
            spans.sort_unstable();
        }
        let holidays = self
            .holidays
            .iter()
            .map(|text| holiday(text))
            .collect::<Result<_, _>>()?;
        Ok(Calendar { zone, week, holidays })
    }
}

impl Calendar {
    /// Whether somebody is there at that instant, and if not, when.
    pub fn opening(&self, now: Timestamp) -> Opening {
        let here = now.to_zoned(self.zone.clone());
        if self.is_open(here.datetime()) {
            return Opening::Open;
        }
        let opens = here
            .date()
            .series(1.day())
            .take(HORIZON_DAYS)
            .find_map(|date| self.opens_on(date, now));
        Opening::Closed { opens }
    }

    fn is_open(&self, at: DateTime) -> bool {
        let minute = at.hour() as u16 * 60 + at.minute() as u16;
        let spans = |date: Date, minute: u16| {
            self.spans(date)
                .iter()
                .any(|span| (span.from..span.to).contains(&minute))
        };
        let from_yesterday = || at.date().yesterday().is_ok_and(|date| spans(date, minute + DAY));
        !self.is_holiday(at.date()) && (spans(at.date(), minute) || from_yesterday())
    }

    /// The spans that begin on a day.
    fn spans(&self, date: Date) -> &[Span] {
        if self.is_holiday(date) {
            return &[];
        }
        let day = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
        &self.week[day]
    }

    fn is_holiday(&self, date: Date) -> bool {
        self.holidays.iter().any(|holiday| match holiday {
            Holiday::Once(day) => *day == date,
            Holiday::EveryYear { month, day } => (*month, *day) == (date.month(), date.day()),
        })
    }

    /// The first opening after `now` on a day.
    fn opens_on(&self, date: Date, now: Timestamp) -> Option<Zoned> {
        self.spans(date)
            .iter()
            .filter_map(|span| Time::new((span.from / 60) as i8, (span.from % 60) as i8, 0, 0).ok())
            .flat_map(|time| self.instants(date.to_datetime(time)))
            .filter(|at| at.timestamp() > now && self.is_open(at.datetime()))
            .min()
    }

    /// The instants at which clocks show a time: two when they are set back; of a time that they skip, the instant after it.
    fn instants(&self, time: DateTime) -> Vec<Zoned> {
        let ambiguous = self.zone.to_ambiguous_zoned(time);
        let (earlier, later) = (ambiguous.clone().earlier(), ambiguous.clone().later());
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => later.into_iter().collect(),
            AmbiguousOffset::Fold { .. } => earlier.into_iter().chain(later).collect(),
            AmbiguousOffset::Gap { .. } => later
                .ok()
                // The skip itself may be that instant, and only what is before is looked through.
                .and_then(|later| self.zone.preceding(later.timestamp() + 1.second()).next())
                .map(|skip| skip.timestamp().to_zoned(self.zone.clone()))
                .into_iter()
                .collect(),
        }
    }
}

fn span(text: &str) -> Result<Span, HoursError> {
    let wrong = || HoursError::Span(text.into());
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let (from, to) = (minute(from).ok_or_else(wrong)?, minute(to).ok_or_else(wrong)?);
    if from == to || from == DAY {
        return Err(wrong());
    }
    Ok(Span {
        from,
        to: if to < from { to + DAY } else { to },
    })
}

/// The minute of a day.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits = |text: &str| !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour) || minute.len() != 2 || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let of_day = hour * 60 + minute;
    (minute < 60 && of_day <= DAY).then_some(of_day)
}

fn holiday(text: &str) -> Result<Holiday, HoursError> {
    let wrong = || HoursError::Holiday(text.into());
    if text.len() == 10 {
        return text.parse().map(Holiday::Once).map_err(|_| wrong());
    }
    if text.len() != 5 {
        return Err(wrong());
    }
    // A leap year, so that 02-29 is a day.
    let date: Date = format!("2024-{text}").parse().map_err(|_| wrong())?;
    Ok(Holiday::EveryYear {
        month: date.month(),
        day: date.day(),
    })
}
