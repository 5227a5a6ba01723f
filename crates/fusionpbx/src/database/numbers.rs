//! Who has a number. Each kind is a table of an app, and apps can be removed.

use super::Reason;
use super::columns::Columns;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

/// Table, the column of the number, the column of the name, and what it is.
const KINDS: [(&str, &str, &str, &str); 10] = [
    (
        "v_extensions",
        "extension",
        "effective_caller_id_name",
        "extension",
    ),
    ("v_extensions", "number_alias", "extension", "number alias"),
    (
        "v_ring_groups",
        "ring_group_extension",
        "ring_group_name",
        "ring group",
    ),
    (
        "v_call_center_queues",
        "queue_extension",
        "queue_name",
        "call center queue",
    ),
    ("v_ivr_menus", "ivr_menu_extension", "ivr_menu_name", "IVR menu"),
    (
        "v_conference_centers",
        "conference_center_extension",
        "conference_center_name",
        "conference center",
    ),
    (
        "v_conferences",
        "conference_extension",
        "conference_name",
        "conference",
    ),
    ("v_fifo", "fifo_extension", "fifo_name", "queue"),
    (
        "v_call_flows",
        "call_flow_extension",
        "call_flow_name",
        "call flow",
    ),
    ("v_fax", "fax_extension", "fax_name", "fax"),
];

/// Domain, number, and what has it: `ring group "Sales"`. Whether it is switched on does not matter: it may be again tomorrow.
pub(super) async fn read(
    connection: &mut PgConnection,
    columns: &Columns,
) -> Result<Vec<(Uuid, String, String)>, Reason> {
    let queries: Vec<_> = KINDS
        .iter()
        .filter(|(table, number, name, _)| columns.has(table, &["domain_uuid", number, name]))
        .map(|(table, number, name, kind)| {
            format!(
                "SELECT domain_uuid, {number}::text, concat_ws(' ', '{kind}', '\"' || nullif({name}, '') || '\"') FROM {table} \
                 WHERE domain_uuid IS NOT NULL AND {number} <> ''"
            )
        })
        .collect();
    if queries.is_empty() {
        return Ok(Vec::new());
    }
    // All names in it are the constants above.
    let sql = format!("{} ORDER BY 1, 2, 3", queries.join(" UNION ALL "));
    Ok(sqlx::query_as(AssertSqlSafe(sql)).fetch_all(connection).await?)
}
