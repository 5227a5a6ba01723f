//! When somebody is there.

mod calendar;
mod spoken;

pub use calendar::{Calendar, HoursError, Opening};
pub use spoken::spoken_opening;

use serde::{Deserialize, Serialize};

/// Opening hours of a company or of one destination, as a file gives them. [`Hours::calendar`] checks them and can tell the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// An IANA time zone, as `America/Sao_Paulo`.
    pub timezone: String,
    /// The usual week.
    pub week: Week,
    /// Days on which nobody is there, from midnight to midnight: `2027-02-09`, or `12-25` for every year.
    #[serde(default)]
    pub holidays: Vec<String>,
}

/// A usual week: spans as `08:00-18:00`, none for a closed day. `22:00-06:00` goes over midnight and belongs to the day on which
/// it begins; `00:00-24:00` is a whole day. A day that is not given is as `weekdays` if it is one, else closed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the days say what they are")]
pub struct Week {
    pub weekdays: Vec<String>,
    pub monday: Option<Vec<String>>,
    pub tuesday: Option<Vec<String>>,
    pub wednesday: Option<Vec<String>>,
    pub thursday: Option<Vec<String>>,
    pub friday: Option<Vec<String>>,
    pub saturday: Option<Vec<String>>,
    pub sunday: Option<Vec<String>>,
}

impl Week {
    /// The spans of each day, from Monday to Sunday.
    pub(crate) fn days<'a>(&'a self) -> [&'a [String]; 7] {
        let weekday = |day: &'a Option<Vec<String>>| day.as_deref().unwrap_or(&self.weekdays);
        [
            weekday(&self.monday),
            weekday(&self.tuesday),
            weekday(&self.wednesday),
            weekday(&self.thursday),
            weekday(&self.friday),
            self.saturday.as_deref().unwrap_or_default(),
            self.sunday.as_deref().unwrap_or_default(),
        ]
    }
}
