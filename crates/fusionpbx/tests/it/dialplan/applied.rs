//! Changes, carried out on facts in memory.

use fusionpbx::{Change, DatabaseFacts, Destination, Detail, DialplanRow, Facts, RowChange, Table};
use serde_json::{Map, Value};
use uuid::Uuid;

pub(super) fn apply_all(facts: &mut Facts, changes: &[Change]) {
    let database = facts.database.as_mut().unwrap();
    for change in changes {
        apply(database, change);
    }
}

pub(super) fn apply(facts: &mut DatabaseFacts, change: &Change) {
    let Change::Row(change) = change else {
        return;
    };
    match change.table {
        Table::Dialplans => dialplan(facts, change),
        Table::DialplanDetails => detail(facts, change),
        Table::Destinations => destination(facts, change),
        _ => panic!("the dialplan has nothing to do with {:?}", change.table),
    }
}

fn dialplan(facts: &mut DatabaseFacts, change: &RowChange) {
    let at = facts.dialplans.iter().position(|row| row.uuid == change.key);
    let row = match (at, &change.before) {
        (Some(at), Some(before)) => {
            let row = facts.dialplans.remove(at);
            agrees(before, "dialplan_xml", row.xml.as_deref());
            agrees(before, "dialplan_context", Some(&row.context));
            agrees(before, "dialplan_name", Some(&row.name));
            agrees(before, "hostname", row.hostname.as_deref());
            row
        }
        (None, None) => DialplanRow {
            uuid: change.key,
            domain: None,
            app: None,
            hostname: None,
            context: String::new(),
            name: String::new(),
            number: None,
            order: 0,
            enabled: false,
            continues: false,
            xml: None,
            details: Vec::new(),
        },
        (at, before) => panic!("a row at {at:?} where {before:?} was expected"),
    };
    let Some(after) = &change.after else {
        return;
    };
    facts.dialplans.push(changed(row, after));
    facts
        .dialplans
        .sort_by(|one, other| (one.order, &one.name).cmp(&(other.order, &other.name)));
}

fn changed(mut row: DialplanRow, after: &Map<String, Value>) -> DialplanRow {
    for (column, value) in after {
        match column.as_str() {
            "domain_uuid" => row.domain = uuid(value),
            "app_uuid" => row.app = uuid(value),
            "hostname" => row.hostname = text(value),
            "dialplan_context" => row.context = text(value).unwrap(),
            "dialplan_name" => row.name = text(value).unwrap(),
            "dialplan_number" => row.number = text(value),
            "dialplan_order" => row.order = value.as_i64().unwrap(),
            "dialplan_enabled" => row.enabled = flag(value),
            "dialplan_continue" => row.continues = flag(value),
            "dialplan_xml" => row.xml = text(value),
            "dialplan_description" | "dialplan_destination" => {}
            other => panic!("no column {other} of v_dialplans is known here"),
        }
    }
    row
}

fn detail(facts: &mut DatabaseFacts, change: &RowChange) {
    let Some(after) = &change.after else {
        for row in &mut facts.dialplans {
            row.details.retain(|detail| detail.uuid != change.key);
        }
        return;
    };
    assert_eq!(change.before, None, "details are written anew");
    let value = |column: &str| &after[column];
    let row = uuid(value("dialplan_uuid")).unwrap();
    let row = facts.dialplans.iter_mut().find(|one| one.uuid == row).unwrap();
    row.details.push(Detail {
        uuid: change.key,
        tag: text(value("dialplan_detail_tag")).unwrap(),
        kind: text(value("dialplan_detail_type")).unwrap(),
        data: text(value("dialplan_detail_data")).unwrap(),
        breaks: text(value("dialplan_detail_break")),
        inline: text(value("dialplan_detail_inline")),
        group: value("dialplan_detail_group").as_i64().unwrap(),
        order: value("dialplan_detail_order").as_i64().unwrap(),
        enabled: flag(value("dialplan_detail_enabled")),
    });
    row.details.sort_by_key(|detail| (detail.group, detail.order));
}

fn destination(facts: &mut DatabaseFacts, change: &RowChange) {
    let at = facts.destinations.iter().position(|one| one.uuid == change.key);
    let Some(after) = &change.after else {
        facts.destinations.remove(at.unwrap());
        return;
    };
    if let Some(at) = at {
        facts.destinations[at].dialplan = uuid(&after["dialplan_uuid"]);
        return;
    }
    facts.destinations.push(Destination {
        uuid: change.key,
        domain: uuid(&after["domain_uuid"]),
        dialplan: uuid(&after["dialplan_uuid"]),
        kind: text(&after["destination_type"]).unwrap(),
        prefix: text(&after["destination_prefix"]),
        trunk_prefix: None,
        area_code: None,
        number: text(&after["destination_number"]).unwrap(),
        enabled: flag(&after["destination_enabled"]),
        description: text(&after["destination_description"]),
    });
}

fn agrees(before: &Map<String, Value>, column: &str, there: Option<&str>) {
    if let Some(value) = before.get(column) {
        assert_eq!(value.as_str(), there, "{column} is another than was looked at");
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn uuid(value: &Value) -> Option<Uuid> {
    Some(value.as_str()?.parse().unwrap())
}

/// As both versions take it: text that a boolean column reads too.
fn flag(value: &Value) -> bool {
    value.as_str().unwrap().parse().unwrap()
}
