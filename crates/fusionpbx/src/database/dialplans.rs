//! `v_dialplans`, and of its details those that matter to us.

use super::Reason;
use super::columns::{Columns, flag, is_set, or_empty};
use crate::dialplan::{APP_UUID, is_public};
use crate::{Detail, DialplanRow};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use std::collections::HashMap;
use uuid::Uuid;

/// What only rows that somebody made for a voice AI mention, in LIKE's patterns.
const MARKS: [&str; 4] = [
    "%voice\\_secretary%",
    "%audio\\_stream%",
    "%voice\\_ai=%",
    "%secretary\\_uuid%",
];

/// A row before its details.
struct Read {
    row: DialplanRow,
    is_ours: bool,
}

pub(super) async fn read(
    connection: &mut PgConnection,
    columns: &Columns,
) -> Result<Vec<DialplanRow>, Reason> {
    require(columns)?;
    // FusionPBX sorts by order alone, or by order and name; a place that is NULL comes last in PostgreSQL.
    let rows = sqlx::query(
        "SELECT dialplan_uuid, domain_uuid, app_uuid, hostname, dialplan_context AS context, dialplan_name AS name, \
         dialplan_number AS number, trunc(dialplan_order)::bigint AS place, dialplan_enabled::text AS enabled, \
         dialplan_continue::text AS continues, dialplan_xml AS xml, \
         coalesce(app_uuid = $1 OR dialplan_name LIKE 'voice\\_secretary%' OR dialplan_xml LIKE ANY($2), false) \
         OR dialplan_uuid IN (SELECT dialplan_uuid FROM v_dialplan_details \
           WHERE dialplan_detail_data LIKE ANY($2) OR dialplan_detail_type LIKE ANY($2)) AS is_ours \
         FROM v_dialplans WHERE dialplan_name <> '' OR dialplan_xml <> '' \
         ORDER BY dialplan_order, dialplan_name, dialplan_uuid",
    )
    .bind(APP_UUID)
    .bind(&MARKS[..])
    .fetch_all(&mut *connection)
    .await?;
    let mut rows = rows.iter().map(dialplan).collect::<Result<Vec<_>, _>>()?;
    let mut details = details(connection, &with_details(&rows)).await?;
    for Read { row, .. } in &mut rows {
        row.details = details.remove(&row.uuid).unwrap_or_default();
    }
    Ok(rows.into_iter().map(|read| read.row).collect())
}

fn require(columns: &Columns) -> Result<(), Reason> {
    columns.require(
        "v_dialplans",
        &[
            "dialplan_uuid",
            "domain_uuid",
            "app_uuid",
            "hostname",
            "dialplan_context",
            "dialplan_name",
            "dialplan_number",
            "dialplan_order",
            "dialplan_enabled",
            "dialplan_continue",
            "dialplan_xml",
        ],
    )?;
    columns.require(
        "v_dialplan_details",
        &[
            "dialplan_uuid",
            "dialplan_detail_uuid",
            "dialplan_detail_tag",
            "dialplan_detail_type",
            "dialplan_detail_data",
            "dialplan_detail_break",
            "dialplan_detail_inline",
            "dialplan_detail_group",
            "dialplan_detail_order",
            "dialplan_detail_enabled",
        ],
    )
}

/// The rows that a plan may change: those that are ours or look so, those whose details are all that they have, and inbound routes, one of
/// which may be taken for a number. There may be a hundred thousand details in all.
fn with_details(rows: &[Read]) -> Vec<Uuid> {
    let wanted = |read: &&Read| {
        let is_empty = read.row.xml.as_deref().is_none_or(str::is_empty);
        read.is_ours || is_empty || is_public(&read.row.context)
    };
    rows.iter().filter(wanted).map(|read| read.row.uuid).collect()
}

async fn details(connection: &mut PgConnection, of: &[Uuid]) -> Result<HashMap<Uuid, Vec<Detail>>, Reason> {
    let rows = sqlx::query(
        "SELECT dialplan_uuid, dialplan_detail_uuid, dialplan_detail_tag AS tag, dialplan_detail_type AS kind, \
         dialplan_detail_data AS data, nullif(dialplan_detail_break, '') AS breaks, nullif(dialplan_detail_inline, '') AS inline, \
         trunc(dialplan_detail_group)::bigint AS part, trunc(dialplan_detail_order)::bigint AS place, \
         dialplan_detail_enabled::text AS enabled FROM v_dialplan_details WHERE dialplan_uuid = ANY($1) \
         ORDER BY dialplan_detail_group, dialplan_detail_order, dialplan_detail_uuid",
    )
    .bind(of)
    .fetch_all(connection)
    .await?;
    let mut details: HashMap<_, Vec<_>> = HashMap::new();
    for row in &rows {
        let (of, detail) = detail(row)?;
        details.entry(of).or_default().push(detail);
    }
    Ok(details)
}

fn dialplan(row: &PgRow) -> Result<Read, sqlx::Error> {
    let number: Option<String> = row.try_get("number")?;
    let place: Option<i64> = row.try_get("place")?;
    let enabled: Option<&str> = row.try_get("enabled")?;
    Ok(Read {
        row: DialplanRow {
            uuid: row.try_get("dialplan_uuid")?,
            domain: row.try_get("domain_uuid")?,
            app: row.try_get("app_uuid")?,
            hostname: row.try_get("hostname")?,
            context: or_empty(row, "context")?,
            name: or_empty(row, "name")?,
            number: number.filter(|number| !number.is_empty()),
            order: place.unwrap_or(i64::MAX),
            // Calls are served from rows with `dialplan_enabled = 'true'`, whatever else a column of text may hold.
            enabled: enabled == Some("true"),
            continues: is_set(row, "continues")?,
            xml: row.try_get("xml")?,
            details: Vec::new(),
        },
        is_ours: row.try_get("is_ours")?,
    })
}

fn detail(row: &PgRow) -> Result<(Uuid, Detail), sqlx::Error> {
    let group: Option<i64> = row.try_get("part")?;
    let order: Option<i64> = row.try_get("place")?;
    let enabled: Option<&str> = row.try_get("enabled")?;
    let detail = Detail {
        uuid: row.try_get("dialplan_detail_uuid")?,
        tag: or_empty(row, "tag")?,
        kind: or_empty(row, "kind")?,
        data: or_empty(row, "data")?,
        breaks: row.try_get("breaks")?,
        inline: row.try_get("inline")?,
        group: group.unwrap_or_default(),
        order: order.unwrap_or_default(),
        // The editor takes details that are switched on, and those of which nothing is said.
        enabled: enabled.is_none_or(flag),
    };
    Ok((row.try_get("dialplan_uuid")?, detail))
}
