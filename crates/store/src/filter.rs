//! Which part of a long list is wanted.

use crate::applying::digits;
use crate::database::{Value, values};
use crate::{StoreError, UnixMs};
use secretary::DomainUuid;
use uuid::Uuid;

/// Which conversations or messages. The newest come first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Not those before.
    pub since: Option<UnixMs>,
    /// Not this instant, nor those after.
    pub until: Option<UnixMs>,
    /// Those of this caller alone; only digits count.
    pub caller: Option<String>,
    /// Those after this one in the list, to go on where an earlier answer ended.
    pub before: Option<Cursor>,
    /// The most, 0 for [`Filter::MOST`].
    pub limit: u32,
}

/// A place in a list: the instant and the id of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Its instant.
    pub at: UnixMs,
    /// Its id.
    pub id: Uuid,
}

impl Filter {
    /// The most entries of one answer.
    pub const MOST: u32 = 1_000;

    /// `$1` domain, `$2` since, `$3` until, `$4` the caller's digits or nothing, `$5` and `$6` the place to go on from, `$7` limit.
    pub(crate) fn values(&self, domain: DomainUuid) -> Result<Vec<Value>, StoreError> {
        let caller = self.caller.as_deref().map(caller_digits).transpose()?;
        let limit = if self.limit == 0 {
            Self::MOST
        } else {
            self.limit.min(Self::MOST)
        };
        let before = self.before.unwrap_or(Cursor {
            at: UnixMs(i64::MAX),
            id: Uuid::max(),
        });
        Ok(values![
            domain,
            self.since.unwrap_or(UnixMs(i64::MIN)),
            self.until.unwrap_or(UnixMs(i64::MAX)),
            caller.as_ref(),
            before.at,
            before.id,
            limit,
        ])
    }
}

/// The digits of a number that is looked for; there must be some, or callers without a number would be meant.
pub(crate) fn caller_digits(number: &str) -> Result<String, StoreError> {
    let digits = digits(number);
    if digits.is_empty() {
        return Err(StoreError::NoDigits);
    }
    Ok(digits)
}
