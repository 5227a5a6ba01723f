//! What FusionPBX's editor makes of a row's details when somebody saves it.

use super::context::is_public;
use super::reading::TIMES;
use crate::{Detail, DialplanRow, Domain};
use std::fmt::Write;

/// The XML that the editor would save: nothing is escaped, and switched-off details are left out. `None`: it saves no XML, as there are no
/// details. In a public context it puts the direction of the call and the domain in front of the first action.
pub fn editor(row: &DialplanRow, domains: &[Domain]) -> Option<String> {
    let mut details: Vec<_> = row.details.iter().filter(|detail| detail.enabled).collect();
    if details.is_empty() {
        return None;
    }
    details.sort_by_key(|detail| (detail.group, rank(detail), detail.order));
    let mut given = given(row, domains);
    let mut xml = String::new();
    // Writing into a string cannot fail.
    let _ = writeln!(
        xml,
        "<extension name=\"{}\" continue=\"{}\" uuid=\"{}\">",
        row.name, row.continues, row.uuid
    );
    for group in details.chunk_by(|one, next| one.group == next.group) {
        write_group(&mut xml, group, &mut given);
    }
    xml.push_str("</extension>\n");
    Some(xml)
}

/// The actions that the editor puts in front of a public row's own.
pub(crate) fn given(row: &DialplanRow, domains: &[Domain]) -> Vec<super::Action> {
    if !is_public(&row.context) {
        return Vec::new();
    }
    let domain = domains
        .iter()
        .find(|domain| Some(domain.uuid.uuid()) == row.domain);
    public_actions(row.domain, domain.map(|domain| domain.name.as_str()))
}

/// The same, of a domain.
pub(crate) fn public_actions(domain: Option<uuid::Uuid>, name: Option<&str>) -> Vec<super::Action> {
    let set = |data: String| super::Action::new("set", data).inline();
    let mut actions = vec![super::Action::new("export", "call_direction=inbound").inline()];
    actions.extend(domain.map(|uuid| set(format!("domain_uuid={uuid}"))));
    actions.extend(name.map(|name| set(format!("domain_name={name}"))));
    actions
}

/// Within a group conditions come first, then what is done.
fn rank(detail: &Detail) -> u8 {
    match detail.tag.as_str() {
        "condition" => 0,
        "regex" => 1,
        "action" => 2,
        "anti-action" => 3,
        _ => 4,
    }
}

fn write_group(xml: &mut String, group: &[&Detail], given: &mut Vec<super::Action>) {
    let is = |detail: &&&Detail, tag: &str| detail.tag == tag;
    let conditions: Vec<_> = group
        .iter()
        .filter(|detail| is(detail, "condition"))
        .copied()
        .collect();
    let tests: Vec<_> = group
        .iter()
        .filter(|detail| is(detail, "regex"))
        .copied()
        .collect();
    let done: Vec<_> = group
        .iter()
        .filter(|detail| is(detail, "action") || is(detail, "anti-action"))
        .copied()
        .collect();
    // Conditions of the time in a row are attributes of one.
    let tags: Vec<_> = conditions
        .chunk_by(|one, next| is_time(one) && is_time(next))
        .collect();
    let open = !tests.is_empty() || !done.is_empty();
    for (tag, left) in tags.iter().zip((0..tags.len()).rev()) {
        xml.push_str("\t<condition");
        xml.push_str(&attributes(tag));
        xml.push_str(if left == 0 && open { ">\n" } else { "/>\n" });
    }
    for test in tests {
        let _ = writeln!(
            xml,
            "\t\t<regex field=\"{}\" expression=\"{}\"/>",
            test.kind,
            data(test)
        );
    }
    for detail in done {
        if detail.tag == "action" {
            for action in given.drain(..) {
                let _ = writeln!(
                    xml,
                    "\t\t<action application=\"{}\" data=\"{}\" inline=\"true\"/>",
                    action.application, action.data
                );
            }
        }
        let _ = write!(
            xml,
            "\t\t<{} application=\"{}\" data=\"{}\"",
            detail.tag,
            detail.kind,
            data(detail)
        );
        if let Some(inline) = some(detail.inline.as_deref()) {
            let _ = write!(xml, " inline=\"{inline}\"");
        }
        xml.push_str("/>\n");
    }
    if open && !tags.is_empty() {
        xml.push_str("\t</condition>\n");
    }
}

fn attributes(conditions: &[&Detail]) -> String {
    let mut text = String::new();
    for condition in conditions {
        let _ = match condition.kind.as_str() {
            "regex" => write!(text, " regex=\"{}\"", data(condition)),
            kind if is_time(condition) => write!(text, " {kind}=\"{}\"", data(condition)),
            kind => write!(text, " field=\"{kind}\" expression=\"{}\"", data(condition)),
        };
    }
    // Of several the last one's counts.
    if let Some(breaks) = conditions.last().and_then(|last| some(last.breaks.as_deref())) {
        let _ = write!(text, " break=\"{breaks}\"");
    }
    text
}

fn is_time(detail: &Detail) -> bool {
    TIMES.contains(&detail.kind.as_str())
}

fn some(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// The editor takes `$$` for a `$` that was typed twice.
fn data(detail: &Detail) -> String {
    detail.data.replace("$$", "$")
}
