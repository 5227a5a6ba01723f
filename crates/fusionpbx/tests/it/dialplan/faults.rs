//! Every fault of the dialplan, one at a time: it is named and nothing else is, and what is mended is mended with nothing else changed.

use super::applied::apply_all;
use super::dump;
use super::healthy::{self, DOMAIN, OTHER_DOMAIN, SECRETARY, bare, row, takes};
use super::injected::{Break, FAULTS, Mend, Safe, edit_both, edit_xml, neighbour, ours};
use fusionpbx::checks::check;
use fusionpbx::dialplan::{Did, Entry, EntryLeg, Route, add, did_rows, mend, secretary_rows};
use fusionpbx::plan::repair;
use fusionpbx::{Change, ChoiceOfDialplan, Code, DialplanRow, Facts, Finding, Group, Lang, Verdict};
use secretary::DomainUuid;
use std::collections::BTreeSet;
use uuid::Uuid;

fn wrong(facts: &Facts) -> Vec<Finding> {
    wrong_of(facts, None)
}

fn wrong_of(facts: &Facts, only: Option<DomainUuid>) -> Vec<Finding> {
    check(facts, only)
        .into_iter()
        .filter(|finding| finding.code.group() == Group::Dialplan && finding.verdict > Verdict::Skipped)
        .collect()
}

/// A PBX with 8000, and a number from outside that leads there.
fn healthy(mode: ChoiceOfDialplan, leg: EntryLeg) -> Facts {
    let mut facts = healthy::facts(mode, leg);
    let route = Route::Did(
        Did::parse("55 1155550199").unwrap(),
        freeswitch::Extension::parse("8000").unwrap(),
    );
    let did = Entry::new(healthy::domain(), route, "From outside");
    let changes = add(&did, &facts).unwrap();
    apply_all(&mut facts, &changes);
    facts
}

#[test]
fn a_healthy_pbx_has_no_fault() {
    for mode in [ChoiceOfDialplan::Multiple, ChoiceOfDialplan::Single] {
        for leg in [EntryLeg::Script(Vec::new()), EntryLeg::Unicast] {
            let facts = healthy(mode, leg);
            assert_eq!(wrong(&facts), []);
            let database = facts.database.as_ref().unwrap();
            assert_eq!(
                (secretary_rows(database).count(), did_rows(database).count()),
                (2, 1)
            );
        }
    }
}

#[test]
fn each_fault_is_named_alone_and_mended_with_nothing_else_changed() {
    for mode in [ChoiceOfDialplan::Multiple, ChoiceOfDialplan::Single] {
        all_named_and_mended(&healthy(mode, EntryLeg::Script(Vec::new())), FAULTS);
    }
}

#[test]
fn so_are_those_of_a_parked_call() {
    let faults: &[(Code, Mend, Break)] = &[
        (Code::DialplanVariableMissing, Safe, |facts| {
            edit_both(facts, "voice_ai=true", "voice_ai=yes")
        }),
        (Code::DialplanVariableMissing, Safe, |facts| {
            edit_both(facts, "send_silence_when_idle=0", "send_silence_when_idle=-1")
        }),
        (Code::DialplanVariableMissing, Safe, |facts| {
            // Set after park, which is too late.
            let xml = ours(facts).xml.clone().unwrap();
            let line = "\t\t<action application=\"set\" data=\"voice_ai=true\"/>\n";
            let park = "\t\t<action application=\"park\" data=\"\"/>\n";
            assert!(xml.contains(line) && xml.contains(park));
            ours(facts).xml = Some(xml.replace(line, "").replace(park, &format!("{park}{line}")));
        }),
        (Code::DialplanXmlNull, Safe, |facts| ours(facts).xml = None),
        (Code::DialplanDetailsMissing, Safe, |facts| {
            ours(facts).details.clear()
        }),
    ];
    all_named_and_mended(&healthy(ChoiceOfDialplan::Single, EntryLeg::Unicast), faults);
}

#[test]
fn a_number_that_no_destination_leads_to_is_bound() {
    let sound = healthy(ChoiceOfDialplan::Single, EntryLeg::Unicast);
    let unbound: &[(Code, Mend, Break)] = &[(Code::DidUnbound, Safe, |facts| {
        facts.database.as_mut().unwrap().destinations.clear();
    })];
    all_named_and_mended(&sound, unbound);
    let mut multiple = healthy(ChoiceOfDialplan::Multiple, EntryLeg::Unicast);
    multiple.database.as_mut().unwrap().destinations.clear();
    assert_eq!(wrong(&multiple), []);
}

/// What is not as it should be of one fault.
fn named_and_mended(sound: &Facts, (code, expected, break_it): &(Code, Mend, Break)) -> Result<(), String> {
    let mut facts = sound.clone();
    break_it(&mut facts);
    let found = wrong(&facts);
    let [finding] = found.as_slice() else {
        return Err(format!("told: {found:#?}"));
    };
    let safe = *expected == Safe;
    let remedy = finding.remedy.as_ref().unwrap().in_lang(Lang::En);
    if finding.code != *code || (remedy == format!("voice-ai repair {code}")) != safe {
        return Err(format!("told: {finding:#?}"));
    }
    let of_row = |uuid| {
        facts
            .database
            .as_ref()
            .unwrap()
            .dialplans
            .iter()
            .find(move |row| row.uuid == uuid)
    };
    let changes = finding
        .row
        .and_then(of_row)
        .and_then(|row| mend(*code, row, &facts));
    let Some(changes) = changes.filter(|_| safe) else {
        return if safe {
            Err("not mended".to_owned())
        } else {
            Ok(())
        };
    };
    let row = finding.row.unwrap();
    let mut mended = facts.clone();
    apply_all(&mut mended, &changes);
    if !wrong(&mended).is_empty() {
        return Err(format!("after the mend: {:#?}", wrong(&mended)));
    }
    if others(&facts, row) != others(&mended, row) {
        return Err("another row has changed".to_owned());
    }
    if !changes.iter().any(|change| matches!(change, Change::CacheKey(_))) {
        return Err("no key is forgotten".to_owned());
    }
    let rows = &mended.database.as_ref().unwrap().dialplans;
    let again: Vec<_> = rows.iter().filter_map(|row| mend(*code, row, &mended)).collect();
    if again.is_empty() {
        Ok(())
    } else {
        Err(format!("mended again: {again:#?}"))
    }
}

fn all_named_and_mended(sound: &Facts, faults: &[(Code, Mend, Break)]) {
    let failed: Vec<_> = faults
        .iter()
        .enumerate()
        .filter_map(|(at, fault)| {
            Some(format!(
                "{at} {}: {}",
                fault.0,
                named_and_mended(sound, fault).err()?
            ))
        })
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn others(facts: &Facts, row: Uuid) -> Vec<DialplanRow> {
    let database = facts.database.as_ref().unwrap();
    let mut rows: Vec<_> = database
        .dialplans
        .iter()
        .filter(|one| one.uuid != row)
        .cloned()
        .collect();
    rows.sort_by_key(|row| row.uuid);
    rows
}

#[test]
fn two_rows_for_one_number_are_told_with_the_one_that_is_first() {
    let mut facts = healthy(ChoiceOfDialplan::Single, EntryLeg::Unicast);
    let mut twin = ours(&mut facts).clone();
    twin.uuid = Uuid::new_v4();
    twin.name = "voice_secretary_carlos".to_owned();
    twin.order = 240;
    neighbour(&mut facts, twin);
    let found = wrong(&facts);
    let [finding] = found.as_slice() else {
        panic!("{found:#?}")
    };
    assert_eq!(
        (finding.code, finding.verdict),
        (Code::DialplanShadowed, Verdict::Fault)
    );
    assert!(
        finding.found.in_lang(Lang::En).contains("voice_secretary_carlos"),
        "{finding:?}"
    );
    assert!(
        finding
            .remedy
            .as_ref()
            .unwrap()
            .in_lang(Lang::PtBr)
            .contains("dialplan remove"),
        "{finding:?}"
    );
}

#[test]
fn what_may_take_the_calls_is_a_warning() {
    let mut facts = healthy(ChoiceOfDialplan::Single, EntryLeg::Unicast);
    let night = "<extension name=\"night\"><condition field=\"destination_number\" expression=\"^8000$\"/><condition wday=\"1,7\"/></extension>";
    neighbour(&mut facts, row("pbx.example.com", "night", 100, night));
    let found = wrong(&facts);
    assert_eq!(
        found
            .iter()
            .map(|finding| (finding.code, finding.verdict))
            .collect::<Vec<_>>(),
        [(Code::DialplanShadowed, Verdict::Warning)]
    );
    assert_eq!(repair(&facts, None, &[Code::DialplanShadowed]).changes, []);
    // With a pattern that takes the calls for sure beside it: before that, but not before the night.
    let pattern = row("pbx.example.com", "pattern", 230, &takes("pattern", r"^(\d{4})$"));
    neighbour(&mut facts, pattern);
    let mended = |facts: &Facts| repair(facts, None, &[]).mended.len();
    assert_eq!(mended(&facts), 1);
    for order in [229, 240] {
        let night = |row: &&mut DialplanRow| row.name == "night";
        let rows = &mut facts.database.as_mut().unwrap().dialplans;
        rows.iter_mut().find(night).unwrap().order = order;
        assert_eq!(mended(&facts), 0, "{order}");
    }
}

#[test]
fn what_may_be_meant_is_mended_only_where_it_is_named() {
    let mut facts = healthy(ChoiceOfDialplan::Single, EntryLeg::Unicast);
    ours(&mut facts).app = None;
    let unasked = repair(&facts, None, &[]);
    assert_eq!(unasked.changes, []);
    let left: Vec<_> = unasked
        .left
        .iter()
        .map(|finding| (finding.code, finding.verdict))
        .collect();
    assert!(
        left.contains(&(Code::DialplanAppUuid, Verdict::Warning)),
        "{left:?}"
    );
    let asked = repair(&facts, None, &[Code::DialplanAppUuid]);
    apply_all(&mut facts, &asked.changes);
    assert!(ours(&mut facts).app.is_some());
}

#[test]
fn a_row_that_is_switched_off_is_a_fault_where_nobody_else_answers_its_number() {
    let mut facts = healthy(ChoiceOfDialplan::Single, EntryLeg::Unicast);
    ours(&mut facts).enabled = false;
    let found = wrong(&facts);
    assert_eq!(found[0].verdict, Verdict::Fault);
    assert_eq!(repair(&facts, None, &[]).mended.len(), 1);
    // Its successor answers: switched on, the two would be in each other's way.
    let mut successor = ours(&mut facts).clone();
    successor.uuid = Uuid::new_v4();
    successor.name = "voice_secretary_carlos".to_owned();
    successor.enabled = true;
    neighbour(&mut facts, successor);
    let found = wrong(&facts);
    let [finding] = found.as_slice() else {
        panic!("{found:#?}")
    };
    assert_eq!(
        (finding.code, finding.verdict),
        (Code::DialplanDisabled, Verdict::Warning)
    );
    assert!(finding.found.in_lang(Lang::En).contains("voice_secretary_carlos"));
    assert_eq!(repair(&facts, None, &[Code::DialplanDisabled]).changes, []);
}

#[test]
fn a_number_from_outside_that_a_row_in_public_answers_itself_is_a_warning() {
    for (number, destination) in [("551155550100", false), ("8000", true)] {
        let mut facts = healthy(ChoiceOfDialplan::Single, EntryLeg::Unicast);
        edit_both(&mut facts, "^8000$", &format!("^{number}$"));
        let row = ours(&mut facts);
        row.context = "public".to_owned();
        let uuid = row.uuid;
        let database = facts.database.as_mut().unwrap();
        database.destinations[0].dialplan = destination.then_some(uuid);
        let of_row = |facts: &Facts| {
            let mut found = wrong(facts);
            found.retain(|finding| finding.code == Code::DialplanContext);
            found
        };
        let found = of_row(&facts);
        assert_eq!((found.len(), found[0].verdict), (1, Verdict::Warning), "{number}");
        assert_eq!(repair(&facts, None, &[Code::DialplanContext]).changes, []);
    }
}

#[test]
fn a_row_that_streams_is_mended_on_the_leg_that_it_had() {
    let stream = "audio_stream\" data=\"ws://127.0.0.1:8085/ws/${domain_uuid}/${uuid}";
    for (leg, carrier) in [
        (EntryLeg::Unicast, "park\" data=\""),
        (EntryLeg::Script(Vec::new()), "lua\" data=\"voice_secretary.lua"),
    ] {
        let sound = healthy(ChoiceOfDialplan::Single, leg);
        let well = sound.database.as_ref().unwrap().dialplans.clone();
        for details_too in [true, false] {
            let mut facts = sound.clone();
            edit_xml(&mut facts, carrier, stream);
            for detail in ours(&mut facts).details.iter_mut().filter(|_| details_too) {
                if ["park", "lua"].contains(&detail.kind.as_str()) {
                    detail.kind = "audio_stream".to_owned();
                    detail.data = "ws://127.0.0.1:8085/ws/${domain_uuid}/${uuid}".to_owned();
                }
            }
            let changes = repair(&facts, None, &[]).changes;
            apply_all(&mut facts, &changes);
            let xml =
                |rows: &[DialplanRow]| -> BTreeSet<_> { rows.iter().map(|row| row.xml.clone()).collect() };
            assert_eq!(
                xml(&facts.database.as_ref().unwrap().dialplans),
                xml(&well),
                "{carrier}"
            );
            assert_eq!(wrong(&facts), []);
        }
    }
}

#[test]
fn one_domain_alone_is_looked_at_where_that_is_asked() {
    let mut facts = healthy(ChoiceOfDialplan::Single, EntryLeg::Unicast);
    ours(&mut facts).enabled = false;
    let [own, other] = [DOMAIN, OTHER_DOMAIN].map(|uuid| Some(uuid.parse().unwrap()));
    assert_eq!(wrong_of(&facts, own).len(), 1);
    assert_eq!(wrong_of(&facts, other), []);
}

#[test]
fn each_check_is_told_once_at_least_and_skipped_where_there_is_nothing_to_look_at() {
    let codes = |facts: &Facts, verdict| -> Vec<Code> {
        check(facts, None)
            .into_iter()
            .filter(|finding| finding.code.group() == Group::Dialplan && finding.verdict == verdict)
            .map(|finding| finding.code)
            .collect()
    };
    let all: Vec<_> = Code::ALL
        .iter()
        .copied()
        .filter(|code| code.group() == Group::Dialplan)
        .collect();
    assert_eq!(
        codes(&healthy(ChoiceOfDialplan::Single, EntryLeg::Unicast), Verdict::Ok),
        all
    );
    let mut none = bare(ChoiceOfDialplan::Single);
    none.service.domains.clear();
    assert_eq!(codes(&none, Verdict::Skipped).len(), all.len() - 1);
    none.database = Err(fusionpbx::Unread(fusionpbx::Text::plain("no database")));
    assert_eq!(codes(&none, Verdict::Skipped), all);
}

#[test]
fn the_published_guides_row_is_mended_on_a_real_database() {
    for version in dump::VERSIONS {
        let Some(mut database) = dump::database(version) else {
            return;
        };
        let published = database
            .dialplans
            .iter_mut()
            .find(|row| row.name == "voice_secretary")
            .unwrap();
        published.xml = Some(format!(
            "<extension name=\"voice_secretary\" continue=\"false\" uuid=\"{}\"><condition field=\"destination_number\" expression=\"^8000$\">\
             <action application=\"audio_stream\" data=\"ws://127.0.0.1:8085/ws/${{domain_uuid}}/${{secretary_uuid}}/${{uuid}}\"/></condition></extension>",
            published.uuid
        ));
        let uuid = published.uuid;
        let mut facts = Facts {
            database: Ok(database),
            ..bare(ChoiceOfDialplan::Single)
        };
        // FusionPBX 5.4.4 has left the route of the number from outside without XML.
        let mut expected = vec![Code::DialplanAudioStream];
        expected.extend((version == "5.4.4").then_some(Code::DialplanXmlNull));
        let found = wrong(&facts);
        let codes: Vec<_> = found.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, expected, "{version}: {found:#?}");
        for code in expected {
            let changes = {
                let database = facts.database.as_ref().unwrap();
                let mut rows = secretary_rows(database).chain(did_rows(database));
                rows.find_map(|row| mend(code, row, &facts)).unwrap()
            };
            apply_all(&mut facts, &changes);
        }
        let row = facts
            .database
            .as_ref()
            .unwrap()
            .dialplans
            .iter()
            .find(|row| row.uuid == uuid)
            .unwrap();
        assert!(row.xml.as_deref().unwrap().contains(SECRETARY), "{version}");
        assert_eq!(wrong(&facts), [], "{version}");
    }
}

#[test]
fn whether_a_neighbour_breaks_all_is_told_as_freeswitch_reads_it() {
    // FreeSWITCH 1.10.12's own parser was given each of these between two others.
    for (inner, breaks) in [
        ("<condition></extension>", true),
        (
            "<condition><action data=\"a \"q\" <x>\"/></condition></extension>",
            true,
        ),
        ("</extension></context>", true),
        ("<condition", true),
        ("<condition data=\"a/></extension>", true),
        ("<!-- a -- b --></extension>", true),
        (
            "<condition><action data=\"a \"q\" b\"/></condition></extension>",
            false,
        ),
        ("<condition field=a expression=\"b\"/></extension>", false),
        ("<condition field=\"a\" field=\"b\"/></extension>", false),
    ] {
        let mut facts = healthy(ChoiceOfDialplan::Single, EntryLeg::Unicast);
        let xml = format!("<extension name=\"broken\">{inner}");
        neighbour(&mut facts, row("pbx.example.com", "broken", 400, &xml));
        let found = wrong(&facts);
        let [finding] = found.as_slice() else {
            panic!("{xml}: {found:#?}")
        };
        let expected = if breaks { Verdict::Fault } else { Verdict::Warning };
        assert_eq!(
            (finding.code, finding.verdict),
            (Code::DialplanNeighbourMalformed, expected),
            "{xml}"
        );
    }
}
