//! Rows of real databases and what FusionPBX served of them, where those stand beside the project.

use fusionpbx::{ChoiceOfDialplan, DatabaseFacts, Destination, Detail, DialplanRow, Domain};
use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use uuid::Uuid;

/// The versions of which there are dumps.
pub(super) const VERSIONS: [&str; 2] = ["5.4.4", "5.6.4-dev"];

/// The text of a file of theirs; `None` where they are not there.
pub(super) fn file(name: &str) -> Option<String> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fusionpbx"));
    let text = fs::read_to_string(folder.join(name)).ok();
    if text.is_none() {
        eprintln!("skipped: {name} of the dumps is not beside the project");
    }
    text
}

/// The dialplan of a version's dump, with all details.
pub(super) fn database(version: &str) -> Option<DatabaseFacts> {
    let sql = file(&format!("{version}/sample-data.sql"))?;
    let mut facts = super::healthy::bare(ChoiceOfDialplan::Single).database.unwrap();
    facts.mode = if version == "5.4.4" {
        ChoiceOfDialplan::Multiple
    } else {
        ChoiceOfDialplan::Single
    };
    facts.domains = rows(&sql, "v_domains").iter().map(domain).collect();
    facts.destinations = rows(&sql, "v_destinations").iter().map(destination).collect();
    facts.dialplans = rows(&sql, "v_dialplans").iter().map(dialplan).collect();
    facts.numbers = Vec::new();
    for detail in rows(&sql, "v_dialplan_details") {
        let row: Uuid = text(&detail, "dialplan_uuid").parse().unwrap();
        let row = facts.dialplans.iter_mut().find(|one| one.uuid == row).unwrap();
        row.details.push(of_detail(&detail));
    }
    facts
        .dialplans
        .sort_by(|one, other| (one.order, &one.name).cmp(&(other.order, &other.name)));
    Some(facts)
}

type Row = HashMap<String, Option<String>>;

fn text(row: &Row, column: &str) -> String {
    row[column].clone().unwrap_or_default()
}

fn flag(row: &Row, column: &str) -> bool {
    row[column].as_deref() == Some("true")
}

fn domain(row: &Row) -> Domain {
    Domain {
        uuid: text(row, "domain_uuid").parse().unwrap(),
        name: text(row, "domain_name"),
        enabled: flag(row, "domain_enabled"),
    }
}

fn dialplan(row: &Row) -> DialplanRow {
    let uuid = |column: &str| row[column].as_ref().map(|uuid| uuid.parse().unwrap());
    DialplanRow {
        uuid: uuid("dialplan_uuid").unwrap(),
        domain: uuid("domain_uuid"),
        app: uuid("app_uuid"),
        hostname: row["hostname"].clone(),
        context: text(row, "dialplan_context"),
        name: text(row, "dialplan_name"),
        number: row["dialplan_number"].clone(),
        order: text(row, "dialplan_order").parse().unwrap(),
        enabled: flag(row, "dialplan_enabled"),
        continues: flag(row, "dialplan_continue"),
        xml: row["dialplan_xml"].clone(),
        details: Vec::new(),
    }
}

fn of_detail(row: &Row) -> Detail {
    Detail {
        uuid: text(row, "dialplan_detail_uuid").parse().unwrap(),
        tag: text(row, "dialplan_detail_tag"),
        kind: text(row, "dialplan_detail_type"),
        data: text(row, "dialplan_detail_data"),
        breaks: row["dialplan_detail_break"].clone(),
        inline: row["dialplan_detail_inline"].clone(),
        group: text(row, "dialplan_detail_group").parse().unwrap(),
        order: text(row, "dialplan_detail_order").parse().unwrap(),
        enabled: row["dialplan_detail_enabled"].as_deref() != Some("false"),
    }
}

fn destination(row: &Row) -> Destination {
    let uuid = |column: &str| row[column].as_ref().map(|uuid| uuid.parse().unwrap());
    Destination {
        uuid: uuid("destination_uuid").unwrap(),
        domain: uuid("domain_uuid"),
        dialplan: uuid("dialplan_uuid"),
        kind: text(row, "destination_type"),
        prefix: row["destination_prefix"].clone(),
        trunk_prefix: row["destination_trunk_prefix"].clone(),
        area_code: row["destination_area_code"].clone(),
        number: text(row, "destination_number"),
        enabled: flag(row, "destination_enabled"),
        description: row["destination_description"].clone(),
    }
}

/// The rows that `pg_dump --column-inserts` wrote of a table.
fn rows(sql: &str, table: &str) -> Vec<Row> {
    let start = format!("INSERT INTO public.{table} (");
    sql.match_indices(&start)
        .map(|(at, _)| {
            let rest = &sql[at + start.len()..];
            let (columns, rest) = rest.split_once(") VALUES (").unwrap();
            columns.split(", ").map(str::to_owned).zip(values(rest)).collect()
        })
        .collect()
}

fn values(sql: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    let mut chars = sql.chars().peekable();
    let mut value = String::new();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                quoted = true;
                while let Some(c) = chars.next() {
                    if c == '\'' && chars.next_if_eq(&'\'').is_none() {
                        break;
                    }
                    value.push(c);
                }
            }
            ',' | ')' => {
                let text = std::mem::take(&mut value);
                values.push((quoted || text != "NULL").then_some(text));
                quoted = false;
                if c == ')' {
                    return values;
                }
            }
            ' ' => {}
            c => value.push(c),
        }
    }
    panic!("a row without end")
}
