//! Time zones that there are.

use super::read::Bound;
use jiff::tz::TimeZone;

/// The name of a zone of the IANA database.
pub(super) struct KnownZone;

impl Bound<String> for KnownZone {
    fn refuses(&self, name: &String) -> Option<String> {
        // A text of POSIX rules is no name, though some systems take one.
        TimeZone::get(name).is_err().then(|| {
            format!("{name:?} is no time zone; use a name as \"America/Sao_Paulo\" or \"UTC\" (`timedatectl list-timezones`)")
        })
    }
}
