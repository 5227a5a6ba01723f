//! Whose a row is: what is ours is told by what it does, and what is somebody else's is left alone.

use super::applied::apply_all;
use super::healthy::{self, DOMAIN, HOSTNAME, SECRETARY, bare, entry, row};
use super::injected::{neighbour, ours};
use fusionpbx::checks::check;
use fusionpbx::dialplan::{Did, Entry, EntryLeg, Refusal, Route, add, is_ours, mend, removable, remove};
use fusionpbx::plan::repair;
use fusionpbx::{ChoiceOfDialplan, Code, Destination, DialplanRow, Facts, Group, Verdict};
use uuid::Uuid;

/// An extension that does this with calls to 8000.
fn doing(actions: &str) -> DialplanRow {
    let xml = format!(
        "<extension name=\"bot\" continue=\"false\" uuid=\"x\"><condition field=\"destination_number\" expression=\"^8000$\">{actions}\
         </condition></extension>"
    );
    row("pbx.example.com", "bot", 250, &xml)
}

fn action(application: &str, data: &str) -> String {
    format!("<action application=\"{application}\" data=\"{data}\"/>")
}

fn codes(facts: &Facts) -> Vec<(Code, Verdict)> {
    let findings = check(facts, None).into_iter();
    findings
        .filter(|finding| finding.code.group() == Group::Dialplan && finding.verdict > Verdict::Skipped)
        .map(|finding| (finding.code, finding.verdict))
        .collect()
}

/// Rows of another vendor's bots, or of programs that happen to use the same names.
fn of_others() -> Vec<DialplanRow> {
    let vendor = action("set", &format!("secretary_uuid={SECRETARY}"));
    [
        action("audio_stream", "wss://bot.example.net/v1/listen"),
        action("audio_stream", "wss://bot.example.net/ws/listen"),
        action(
            "uuid_audio_stream",
            "${uuid} start wss://bot.example.net/media mono 8k",
        ),
        format!("{vendor}{}", action("lua", "vendor_bot.lua")),
        action("lua", "voice_secretary.lua.old"),
        action("lua", "other.lua voice_secretary.lua"),
        format!("{}{}", action("set", "voice_ai=true"), action("lua", "bot.lua")),
        action("park", ""),
    ]
    .iter()
    .map(|actions| doing(actions))
    .collect()
}

#[test]
fn what_another_vendor_has_on_the_number_is_neither_ours_nor_overwritten() {
    for bot in of_others() {
        let xml = bot.xml.clone().unwrap();
        assert!(!is_ours(&bot), "{xml}");
        let mut facts = bare(ChoiceOfDialplan::Single);
        neighbour(&mut facts, bot.clone());
        let refused = add(&entry("8000", EntryLeg::Unicast), &facts).unwrap_err();
        assert!(matches!(refused, Refusal::Owned { .. }), "{xml}: {refused}");
        assert!(refused.to_string().contains("\"bot\""), "{refused}");
        // Switched off, it is not switched on, and gets none of our variables.
        facts
            .database
            .as_mut()
            .unwrap()
            .dialplans
            .last_mut()
            .unwrap()
            .enabled = false;
        for code in Code::ALL {
            assert_eq!(mend(*code, &bot, &facts), None, "{code} {xml}");
        }
        assert_eq!(codes(&facts), [(Code::DialplanMissing, Verdict::Fault)], "{xml}");
        assert_eq!(repair(&facts, None, &[]).changes, [], "{xml}");
    }
}

#[test]
fn what_carries_calls_to_the_service_is_ours_whoever_made_the_row() {
    let parked = format!("{}{}", action("set", "voice_ai=true"), action("park", ""));
    for actions in [
        action("lua", "voice_secretary.lua"),
        parked,
        action(
            "audio_stream",
            "ws://127.0.0.1:8085/ws/${domain_uuid}/${secretary_uuid}/${uuid}",
        ),
        action(
            "audio_stream",
            &format!("ws://127.0.0.1:8085/stream/{DOMAIN}/${{uuid}}"),
        ),
    ] {
        let by_hand = doing(&actions);
        assert!(is_ours(&by_hand), "{actions}");
        let mut facts = bare(ChoiceOfDialplan::Single);
        neighbour(&mut facts, by_hand.clone());
        let changes = add(&entry("8000", EntryLeg::Unicast), &facts).unwrap();
        apply_all(&mut facts, &changes);
        let rows = &facts.database.as_ref().unwrap().dialplans;
        let taken_over = rows.iter().find(|row| row.uuid == by_hand.uuid).unwrap();
        assert!(taken_over.xml.as_ref().unwrap().contains(SECRETARY), "{actions}");
    }
}

#[test]
fn a_row_of_another_machine_of_a_cluster_is_let_be() {
    let sound = healthy::facts(ChoiceOfDialplan::Single, EntryLeg::Unicast);
    let mut facts = sound.clone();
    let mut theirs = ours(&mut facts).clone();
    theirs.uuid = Uuid::new_v4();
    theirs.hostname = Some("other-pbx".to_owned());
    theirs.details.clear();
    theirs.xml = Some("<extension".to_owned());
    neighbour(&mut facts, theirs.clone());
    assert_eq!(
        codes(&facts),
        [],
        "neither a fault of its own nor one of its neighbours"
    );
    for code in Code::ALL {
        assert_eq!(mend(*code, &theirs, &facts), None, "{code}");
    }
    assert_eq!(remove(&theirs, &facts), []);
    // It does not count as the row of this machine.
    let own = ours(&mut facts).uuid;
    let database = facts.database.as_mut().unwrap();
    database.dialplans.retain(|row| row.uuid != own);
    assert_eq!(codes(&facts), [(Code::DialplanMissing, Verdict::Fault)]);
    let changes = add(&entry("8000", EntryLeg::Unicast), &facts).unwrap();
    apply_all(&mut facts, &changes);
    assert!(facts.database.as_ref().unwrap().dialplans.contains(&theirs));
    assert_eq!(codes(&facts), []);
}

#[test]
fn a_row_of_this_machine_by_its_name_stays_so() {
    let mut facts = healthy::facts(ChoiceOfDialplan::Single, EntryLeg::Script(Vec::new()));
    ours(&mut facts).hostname = Some(HOSTNAME.to_owned());
    assert_eq!(codes(&facts), []);
    assert_eq!(
        add(&entry("8000", EntryLeg::Script(Vec::new())), &facts).unwrap(),
        []
    );
    // Where FreeSWITCH does not say how it is called, nothing is told of a row that may be its own, and nothing is done with it.
    facts.switch.running = None;
    assert_eq!(codes(&facts), []);
    let row = ours(&mut facts).clone();
    assert_eq!(remove(&row, &facts), []);
}

/// What one finds of the destinations of the number from outside.
fn bound_to(facts: &Facts) -> Vec<(Option<Uuid>, Option<String>)> {
    let destinations = &facts.database.as_ref().unwrap().destinations;
    let told = |one: &'_ Destination| (one.dialplan, one.description.clone());
    destinations.iter().map(told).collect()
}

#[test]
fn a_destination_of_the_operators_is_kept_where_its_row_goes() {
    let number = Did::parse("55 1155550199").unwrap();
    let route = Route::Did(number, freeswitch::Extension::parse("8000").unwrap());
    let did = Entry::new(healthy::domain(), route, "From outside");
    let mut facts = healthy::facts(ChoiceOfDialplan::Single, EntryLeg::Unicast);
    let free = facts.clone();
    let changes = add(&did, &facts).unwrap();
    apply_all(&mut facts, &changes);
    assert_eq!(
        bound_to(&facts),
        [(Some(did.row), Some("voice-ai: From outside".to_owned()))]
    );
    let database = facts.database.as_mut().unwrap();
    let row = database
        .dialplans
        .iter()
        .find(|row| row.uuid == did.row)
        .unwrap()
        .clone();
    let mut theirs = facts.clone();
    let changes = remove(&row, &facts);
    apply_all(&mut facts, &changes);
    assert_eq!(facts.database, free.database, "ours goes");
    theirs.database.as_mut().unwrap().destinations[0].description = Some("Main number".to_owned());
    let changes = remove(&row, &theirs);
    apply_all(&mut theirs, &changes);
    assert_eq!(bound_to(&theirs), [(None, Some("Main number".to_owned()))]);
}

#[test]
fn a_route_of_another_page_is_not_taken_away() {
    let by_us = row("public", "551155550199", 100, "<extension/>");
    let route = "<extension name=\"551155550199\"><condition field=\"destination_number\" expression=\"^(551155550199)$\">\
                 <action application=\"transfer\" data=\"8000 XML pbx.example.com\"/></condition></extension>";
    let theirs = row("public", "551155550199", 100, route);
    let refused = removable(&theirs).unwrap_err();
    assert!(refused.to_string().contains("Destinations"), "{refused}");
    for app in [Some(fusionpbx::dialplan::APP_UUID), None] {
        let ours = DialplanRow { app, ..by_us.clone() };
        assert_eq!(removable(&ours), Ok(()), "{app:?}");
    }
}

#[test]
fn what_freeswitch_lacks_just_now_stays_where_the_api_is_replaced() {
    let mut facts = bare(ChoiceOfDialplan::Single);
    let stream = action(
        "audio_stream",
        &format!("ws://127.0.0.1:8085/ws/{DOMAIN}/${{uuid}}"),
    );
    let loaded_later = action("record_session", "/tmp/a.wav");
    let by_hand = doing(&format!("{loaded_later}{stream}"));
    neighbour(&mut facts, by_hand.clone());
    let changes = mend(Code::DialplanAudioStream, &by_hand, &facts).unwrap();
    apply_all(&mut facts, &changes);
    let rows = &facts.database.as_ref().unwrap().dialplans;
    let xml = rows
        .iter()
        .find(|row| row.uuid == by_hand.uuid)
        .unwrap()
        .xml
        .clone()
        .unwrap();
    assert!(
        xml.contains("record_session") && !xml.contains("audio_stream"),
        "{xml}"
    );
    assert_eq!(mend(Code::DialplanUnknownApplication, &by_hand, &facts), None);
}
