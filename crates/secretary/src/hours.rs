//! When somebody is there.

use serde::{Deserialize, Serialize};

/// Opening hours of a company or of one destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// An IANA time zone, as `America/Sao_Paulo`.
    pub timezone: String,
    /// The usual week.
    pub week: Week,
    /// Days on which nobody is there: `2027-02-09`, or `12-25` for every year.
    #[serde(default)]
    pub holidays: Vec<String>,
}

/// A usual week: spans as `08:00-18:00`, none for a closed day. A day that is not given is as `weekdays` if it is one, else closed.
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
