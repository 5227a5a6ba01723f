//! What can be wrong with the dialplan, each fault by what brings it about.

use super::healthy::{DOMAIN, OTHER_DOMAIN, OTHER_SECRETARY, SECRETARY, row, takes};
use fusionpbx::{Code, DialplanRow, Facts};
use uuid::Uuid;

/// What is to become of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mend {
    /// It is mended.
    Safe,
    /// It is said what is to be done by hand.
    ByHand,
}
pub(super) use Mend::{ByHand, Safe};

pub(super) fn ours(facts: &mut Facts) -> &mut DialplanRow {
    let database = facts.database.as_mut().unwrap();
    let is_ours =
        |row: &&mut DialplanRow| row.name == "voice_secretary_8000" && row.context == "pbx.example.com";
    database.dialplans.iter_mut().find(is_ours).unwrap()
}

pub(super) fn did(facts: &mut Facts) -> &mut DialplanRow {
    let database = facts.database.as_mut().unwrap();
    database
        .dialplans
        .iter_mut()
        .find(|row| row.name == "551155550199")
        .unwrap()
}

pub(super) fn edit_xml(facts: &mut Facts, from: &str, to: &str) {
    let xml = ours(facts).xml.as_mut().unwrap();
    assert!(xml.contains(from), "{xml}");
    *xml = xml.replace(from, to);
}

pub(super) fn edit_details(facts: &mut Facts, from: &str, to: &str) {
    let mut edited = 0;
    for detail in &mut ours(facts).details {
        if detail.data.contains(from) {
            detail.data = detail.data.replace(from, to);
            edited += 1;
        }
    }
    assert!(edited > 0, "{from}");
}

pub(super) fn neighbour(facts: &mut Facts, row: DialplanRow) {
    facts.database.as_mut().unwrap().dialplans.push(row);
}

pub(super) type Break = fn(&mut Facts);

/// Faults of a row for the script.
pub(super) const FAULTS: &[(Code, Mend, Break)] = &[
    (Code::DialplanMissing, ByHand, |facts| {
        let uuid = ours(facts).uuid;
        let database = facts.database.as_mut().unwrap();
        // Its number from outside goes with it.
        database
            .dialplans
            .retain(|row| row.uuid != uuid && row.name != "551155550199");
        database.destinations.clear();
    }),
    (Code::DialplanMissing, ByHand, |facts| {
        facts.service.domains[0].uuid = "99999999-9999-4999-8999-999999999999".parse().unwrap();
        // Its row would tell a secretary of a domain that the service has not.
        facts
            .database
            .as_mut()
            .unwrap()
            .dialplans
            .retain(|row| row.context != "pbx.example.com" && row.context != "public");
    }),
    (Code::DialplanDisabled, Safe, |facts| ours(facts).enabled = false),
    (Code::DialplanDisabled, Safe, |facts| did(facts).enabled = false),
    (Code::DialplanAudioStream, Safe, |facts| {
        let stream =
            format!("audio_stream\" data=\"ws://127.0.0.1:8085/ws/${{domain_uuid}}/{SECRETARY}/${{uuid}}");
        edit_xml(facts, "lua\" data=\"voice_secretary.lua", &stream);
    }),
    (Code::DialplanAudioStream, Safe, |facts| {
        let xml = ours(facts).xml.clone().unwrap();
        let kept = xml
            .lines()
            .filter(|line| !line.contains("\"set\""))
            .collect::<Vec<_>>()
            .join("\n");
        let stream = format!("audio_stream\" data=\"ws://127.0.0.1:8085/ws/{DOMAIN}/{SECRETARY}/${{uuid}}");
        ours(facts).xml = Some(kept.replace("lua\" data=\"voice_secretary.lua", &stream));
    }),
    (Code::DialplanContext, Safe, |facts| {
        ours(facts).context = "default".to_owned()
    }),
    (Code::DialplanContext, Safe, |facts| {
        ours(facts).context = "global".to_owned()
    }),
    (Code::DialplanContext, Safe, |facts| {
        ours(facts).context = "public".to_owned();
    }),
    (Code::DialplanDomain, Safe, |facts| ours(facts).domain = None),
    (Code::DialplanDomain, Safe, |facts| {
        ours(facts).domain = Some(OTHER_DOMAIN.parse().unwrap())
    }),
    (Code::DialplanDomain, Safe, |facts| {
        ours(facts).domain = Some(Uuid::nil())
    }),
    (Code::DialplanShadowed, Safe, |facts| {
        neighbour(
            facts,
            row("pbx.example.com", "pattern", 230, &takes("pattern", r"^(\d{4})$")),
        );
    }),
    (Code::DialplanShadowed, Safe, |facts| {
        neighbour(
            facts,
            row("pbx.example.com", "pattern", 250, &takes("pattern", r"^(\d{4})$")),
        );
    }),
    (Code::DialplanShadowed, ByHand, |facts| {
        neighbour(
            facts,
            row("pbx.example.com", "own", 230, &takes("own", r"^8000$")),
        );
    }),
    (Code::DialplanUnknownApplication, ByHand, |facts| {
        edit_xml(facts, "\"lua\"", "\"luaa\"")
    }),
    (Code::DialplanUnknownApplication, ByHand, |facts| {
        edit_xml(
            facts,
            "\t\t<action application=\"lua\"",
            "\t\t<action application=\"nonsense\" data=\"\"/>\n\t\t<action application=\"lua\"",
        );
    }),
    (Code::DialplanXmlNull, Safe, |facts| ours(facts).xml = None),
    (Code::DialplanXmlNull, Safe, |facts| {
        ours(facts).xml = Some(" \n".to_owned())
    }),
    (Code::DialplanXmlNull, Safe, |facts| {
        ours(facts).xml = None;
        ours(facts).details.clear();
    }),
    (Code::DialplanXmlMalformed, Safe, |facts| {
        edit_xml(facts, "</condition>", "")
    }),
    (Code::DialplanXmlMalformed, Safe, |facts| {
        edit_xml(facts, "voice_secretary.lua", "voice_secretary.lua \"Ana\"")
    }),
    (Code::DialplanDetailsMissing, Safe, |facts| {
        ours(facts).details.clear()
    }),
    (Code::DialplanDetailsDiffer, Safe, |facts| {
        edit_details(facts, "voice_secretary.lua", "other.lua")
    }),
    (Code::DialplanDetailsDiffer, Safe, |facts| {
        edit_details(facts, "^8000$", "^8001$")
    }),
    (Code::DialplanDetailsDiffer, Safe, |facts| {
        edit_details(facts, "voice_secretary.lua", "voice_secretary.lua \"Ana\"")
    }),
    (Code::DialplanDetailsDiffer, Safe, |facts| {
        ours(facts).details[2].enabled = false
    }),
    (Code::DialplanContinue, Safe, |facts| ours(facts).continues = true),
    (Code::DialplanContinue, Safe, |facts| {
        edit_xml(facts, "continue=\"false\"", "continue=\"1\"")
    }),
    (Code::DialplanHostname, Safe, |facts| {
        ours(facts).hostname = Some(String::new())
    }),
    (Code::DialplanHostname, Safe, |facts| {
        did(facts).hostname = Some(String::new())
    }),
    (Code::DialplanAppUuid, Safe, |facts| ours(facts).app = None),
    (Code::DialplanVariableMissing, Safe, |facts| {
        edit_both(facts, "domain_uuid=", "other=")
    }),
    (Code::DialplanVariableMissing, Safe, |facts| {
        edit_both(facts, "secretary_uuid=", "other=")
    }),
    (Code::DialplanVariableWrong, Safe, |facts| {
        edit_both(
            facts,
            &format!("domain_uuid={DOMAIN}"),
            &format!("domain_uuid={OTHER_DOMAIN}"),
        )
    }),
    (Code::DialplanVariableWrong, Safe, |facts| {
        edit_both(
            facts,
            &format!("domain_uuid={DOMAIN}"),
            "domain_uuid=pbx.example.com",
        )
    }),
    (Code::DialplanVariableWrong, Safe, |facts| {
        edit_both(facts, SECRETARY, OTHER_SECRETARY)
    }),
    (Code::DialplanVariableWrong, Safe, |facts| {
        edit_both(facts, SECRETARY, "Jenny Cole")
    }),
    (Code::DialplanVariableWrong, ByHand, |facts| {
        let other = facts.service.domains[1].secretaries[0].clone();
        facts.service.domains[0].secretaries.push(other);
        edit_both(facts, SECRETARY, "99999999-9999-4999-8999-999999999999");
    }),
    (Code::DialplanNeighbourMalformed, ByHand, |facts| {
        neighbour(
            facts,
            row(
                "pbx.example.com",
                "broken",
                400,
                "<extension name=\"broken\"><condition></extension>",
            ),
        );
    }),
    (Code::DialplanNeighbourMalformed, ByHand, |facts| {
        neighbour(
            facts,
            row(
                "global",
                "broken",
                400,
                "<extension><condition><action data=\"a \"b\" <c>\"/></condition></extension>",
            ),
        );
    }),
    (Code::DialplanNeighbourMalformed, ByHand, |facts| {
        neighbour(
            facts,
            row(
                "global",
                "careless",
                400,
                "<extension><condition><action data=\"a & b\"/></condition></extension>",
            ),
        );
    }),
];

pub(super) fn edit_both(facts: &mut Facts, from: &str, to: &str) {
    edit_xml(facts, from, to);
    edit_details(facts, from, to);
}
