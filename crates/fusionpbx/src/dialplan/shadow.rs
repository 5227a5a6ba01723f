//! Which row takes a call before ours.

use super::entry::{Entry, ORDERS, Route};
use super::handler::served;
use super::takes::Takes;
use super::{Refusal, read};
use crate::{DatabaseFacts, DialplanRow};
use std::ops::RangeInclusive;
use uuid::Uuid;

/// A row that takes calls before another, or may.
#[derive(Debug, Clone, Copy)]
pub struct Shadow<'a> {
    /// Which.
    pub row: &'a DialplanRow,
    /// Whether it does.
    pub takes: Takes,
    /// Whether both have one order, so that the database decides which comes first.
    pub tied: bool,
}

/// The first row that takes calls to `number` in `context` before a row at `order` could, other than `own`.
pub fn shadow<'a>(
    facts: &'a DatabaseFacts,
    context: &str,
    number: &str,
    (own, order): (Uuid, i64),
    hostname: Option<&str>,
) -> Option<Shadow<'a>> {
    let found = shadows(facts, context, number, (own, order), hostname);
    let sure = found.iter().find(|shadow| shadow.takes == Takes::Yes);
    sure.or(found.first()).copied()
}

/// All rows that take calls to `number` in `context` before a row at `order` could, or may, in their order.
pub(crate) fn shadows<'a>(
    facts: &'a DatabaseFacts,
    context: &str,
    number: &str,
    (own, order): (Uuid, i64),
    hostname: Option<&str>,
) -> Vec<Shadow<'a>> {
    served(facts, context, number, hostname)
        .into_iter()
        .filter(|row| row.uuid != own && row.order <= order)
        .filter_map(|row| {
            let takes = takes(row, number);
            (takes != Takes::No).then_some(Shadow {
                row,
                takes,
                tied: row.order == order,
            })
        })
        .collect()
}

/// Whether a row takes calls to a number.
pub(crate) fn takes(row: &DialplanRow, number: &str) -> Takes {
    let Some(Ok(reading)) = row.xml.as_deref().map(read) else {
        return Takes::No;
    };
    reading
        .extensions
        .iter()
        .map(|meaning| meaning.takes(number))
        .max()
        .unwrap_or(Takes::No)
}

/// An order at which no other row takes the calls of an entry for sure: the wanted one, or the next that suits.
pub(crate) fn free_order(
    entry: &Entry,
    facts: &DatabaseFacts,
    hostname: Option<&str>,
    wanted: i64,
) -> Result<i64, Refusal> {
    let number = entry.number();
    let taken_at = |order| {
        shadow(facts, entry.context(), &number, (entry.row, order), hostname)
            .filter(|shadow| shadow.takes == Takes::Yes)
    };
    let Some(first) = taken_at(wanted) else {
        return Ok(wanted);
    };
    let suitable: RangeInclusive<i64> = match entry.route {
        Route::Secretary(_) => ORDERS,
        // Among FusionPBX's own inbound routes.
        Route::Did(..) => 90..=110,
    };
    let fixed = entry.order.is_some();
    suitable
        .rev()
        .find(|order| !fixed && *order < wanted && taken_at(*order).is_none())
        .ok_or_else(|| Refusal::Taken {
            number: number.clone(),
            row: first.row.name.clone(),
            order: first.row.order,
        })
}
