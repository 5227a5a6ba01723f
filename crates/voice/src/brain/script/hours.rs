//! Business hours: a weekly table, holidays, a time zone.

use super::check::Fault;
use super::format::{self, Name};
use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

/// When somebody is there.
#[derive(Debug, Clone)]
pub(super) struct Hours {
    zone: TimeZone,
    /// From Monday to Sunday.
    week: [Vec<Span>; 7],
    holidays: Vec<Holiday>,
}

/// From the first minute to before the last.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Time,
    to: Time,
}

#[derive(Debug, Clone, Copy)]
enum Holiday {
    Once(Date),
    EveryYear { month: i8, day: i8 },
}

impl Hours {
    pub(super) fn new(hours: &format::Hours) -> Result<Self, Fault> {
        let zone = TimeZone::get(&hours.timezone.value).map_err(|_| {
            let problem = format!("{:?} is no time zone", hours.timezone.value);
            Fault::new(
                &hours.timezone,
                problem,
                "use an IANA name such as America/Sao_Paulo",
            )
        })?;
        let week = &hours.week;
        let own = |day: &Option<Vec<Name>>| spans(day.as_ref().unwrap_or(&week.weekdays));
        let weekend = |day: &Option<Vec<Name>>| spans(day.as_deref().unwrap_or_default());
        let week = [
            own(&week.monday)?,
            own(&week.tuesday)?,
            own(&week.wednesday)?,
            own(&week.thursday)?,
            own(&week.friday)?,
            weekend(&week.saturday)?,
            weekend(&week.sunday)?,
        ];
        let holidays = hours.holidays.iter().map(holiday).collect::<Result<_, _>>()?;
        Ok(Self { zone, week, holidays })
    }

    /// Whether it is open at that instant.
    pub(super) fn open(&self, now: Timestamp) -> bool {
        let local = now.to_zoned(self.zone.clone());
        if self.holidays.iter().any(|h| h.is(local.date())) {
            return false;
        }
        let day = match local.weekday() {
            Weekday::Monday => 0,
            Weekday::Tuesday => 1,
            Weekday::Wednesday => 2,
            Weekday::Thursday => 3,
            Weekday::Friday => 4,
            Weekday::Saturday => 5,
            Weekday::Sunday => 6,
        };
        self.week[day]
            .iter()
            .any(|span| span.from <= local.time() && local.time() < span.to)
    }
}

impl Holiday {
    fn is(self, date: Date) -> bool {
        match self {
            Self::Once(day) => day == date,
            Self::EveryYear { month, day } => (month, day) == (date.month(), date.day()),
        }
    }
}

fn spans(texts: &[Name]) -> Result<Vec<Span>, Fault> {
    texts.iter().map(span).collect()
}

fn span(text: &Name) -> Result<Span, Fault> {
    let wrong = || {
        let problem = format!("{:?} is no span of hours", text.value);
        Fault::new(
            text,
            problem,
            "write it like \"08:00-18:00\", the first before the last (24:00 ends a day)",
        )
    };
    let (from, to) = text.value.split_once('-').ok_or_else(wrong)?;
    let span = Span {
        from: time(from).ok_or_else(wrong)?,
        to: time(to).ok_or_else(wrong)?,
    };
    if span.from >= span.to {
        Err(wrong())
    } else {
        Ok(span)
    }
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
    if (hour, minute) == (24, 0) {
        return Some(Time::MAX);
    }
    Time::new(hour, minute, 0, 0).ok()
}

fn holiday(text: &Name) -> Result<Holiday, Fault> {
    let wrong = || {
        let problem = format!("{:?} is no date", text.value);
        Fault::new(text, problem, "write \"2026-12-25\", or \"12-25\" for every year")
    };
    if text.value.len() > 5 {
        return text.value.parse().map(Holiday::Once).map_err(|_| wrong());
    }
    // A leap year, so that 02-29 is a day.
    let date: Date = format!("2024-{}", text.value).parse().map_err(|_| wrong())?;
    Ok(Holiday::EveryYear {
        month: date.month(),
        day: date.day(),
    })
}
