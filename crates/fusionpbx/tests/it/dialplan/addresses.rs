//! Where the script streams a row's calls to: SC-09 of a row, and what is kept and written when a row is made anew.

use super::applied::apply_all;
use super::healthy::{self, bare};
use super::injected::{edit_both, ours};
use freeswitch::{SCRIPT, VariableName, VariableValue};
use fusionpbx::checks::check;
use fusionpbx::dialplan::{EntryLeg, mend, stream_url};
use fusionpbx::{ChoiceOfDialplan, Code, Facts, FileFacts, Finding, Owner, ScriptFacts, ShownToken, Verdict};

/// A PBX with our script, and a row that sets these variables for it.
fn with(variables: &[(&str, &str)]) -> Facts {
    let variables = variables.iter().map(|(name, value)| {
        let value = VariableValue::parse(value).unwrap();
        (VariableName::parse(name).unwrap(), value)
    });
    let mut facts = healthy::facts(ChoiceOfDialplan::Single, EntryLeg::Script(variables.collect()));
    facts.script = Ok(ScriptFacts {
        path: "/usr/share/freeswitch/scripts/voice_secretary.lua".into(),
        file: Some(FileFacts {
            text: SCRIPT.to_owned(),
            mode: 0o644,
            owner: Owner { uid: 33, gid: 33 },
        }),
        readable: Some(true),
        token: Ok(ShownToken::default()),
    });
    facts
}

fn address(facts: &Facts) -> Finding {
    let mut findings = check(facts, None).into_iter();
    findings
        .find(|finding| finding.code == Code::ScriptAddress)
        .unwrap()
}

#[test]
fn a_row_that_streams_to_where_the_service_is_not_is_told_and_mended() {
    for (variables, listen) in [
        (&[][..], "127.0.0.1:9085"),
        (&[("voice_ai_url", "ws://127.0.0.1:9085")], "127.0.0.1:8085"),
        (&[("voice_ai_url", "ws://localhost:9085")], "0.0.0.0:8085"),
        (&[("voice_ai_url", "ws://10.0.0.3:8085")], "10.0.0.2:8085"),
        (&[("voice_ai_host", "127.0.0.1:9085")], "127.0.0.1:8085"),
        (&[("voice_ai_host", "10.0.0.3")], "10.0.0.2:8085"),
    ] {
        let mut facts = with(variables);
        facts.service.listen = listen.parse().unwrap();
        let finding = address(&facts);
        assert_eq!(finding.verdict, Verdict::Fault, "{variables:?} {listen}");
        assert_eq!(finding.row, Some(ours(&mut facts).uuid));
        let row = ours(&mut facts).clone();
        let changes = mend(Code::ScriptAddress, &row, &facts).unwrap();
        apply_all(&mut facts, &changes);
        assert_eq!(address(&facts).verdict, Verdict::Ok, "{variables:?} {listen}");
        let url = stream_url(&facts.service).unwrap();
        let xml = ours(&mut facts).xml.clone().unwrap();
        assert!(xml.contains(&format!("voice_ai_url={url}")), "{xml}");
    }
}

#[test]
fn what_reaches_the_service_or_may_be_a_proxy_is_no_fault() {
    for (variables, listen) in [
        (&[][..], "127.0.0.1:8085"),
        (&[], "0.0.0.0:8085"),
        (&[("voice_ai_url", "ws://127.0.0.1:9085/")], "127.0.0.1:9085"),
        (&[("voice_ai_url", "ws://10.0.0.2:8085")], "0.0.0.0:8085"),
        (&[("voice_ai_url", "ws://voice.example.com:80")], "127.0.0.1:8085"),
        (&[("voice_ai_url", "wss://10.0.0.9")], "127.0.0.1:8085"),
        (&[("voice_ai_leg", "unicast")], "127.0.0.1:9085"),
    ] {
        let mut facts = with(variables);
        facts.service.listen = listen.parse().unwrap();
        assert_eq!(address(&facts).verdict, Verdict::Ok, "{variables:?} {listen}");
    }
}

#[test]
fn a_service_everywhere_is_reached_by_loopback() {
    let mut service = bare(ChoiceOfDialplan::Single).service;
    for (listen, url) in [
        ("0.0.0.0:9085", Some("ws://127.0.0.1:9085")),
        ("[::]:8085", Some("ws://127.0.0.1:8085")),
        ("10.0.0.2:8085", Some("ws://10.0.0.2:8085")),
        ("[::1]:8085", None),
    ] {
        service.listen = listen.parse().unwrap();
        assert_eq!(stream_url(&service).as_deref(), url, "{listen}");
    }
}

#[test]
fn a_row_that_is_made_anew_keeps_its_fallback_and_gets_the_services_address() {
    for leg in [EntryLeg::Script(Vec::new()), EntryLeg::Unicast] {
        let mut facts = healthy::facts(ChoiceOfDialplan::Single, leg.clone());
        facts.service.listen = "127.0.0.1:9085".parse().unwrap();
        let row = ours(&mut facts);
        row.details.clear();
        row.xml = row.xml.as_ref().map(|xml| xml.replace("</condition>", ""));
        let row = row.clone();
        let changes = mend(Code::DialplanXmlMalformed, &row, &facts).unwrap();
        apply_all(&mut facts, &changes);
        let xml = ours(&mut facts).xml.clone().unwrap();
        assert!(xml.contains("voice_ai_fallback=8999"), "{xml}");
        let is_script = leg != EntryLeg::Unicast;
        assert_eq!(
            xml.contains("voice_ai_url=ws://127.0.0.1:9085"),
            is_script,
            "{xml}"
        );
        assert_eq!(xml.contains("\"park\""), !is_script, "{xml}");
        assert_eq!(
            xml.contains("uuid_transfer ${uuid} ${voice_ai_fallback}"),
            !is_script,
            "{xml}"
        );
    }
}

#[test]
fn a_stream_as_an_application_is_replaced_with_the_fallback_kept() {
    let mut facts = with(&[]);
    facts.service.listen = "127.0.0.1:9085".parse().unwrap();
    facts.switch.running.as_mut().unwrap().modules.clear();
    let stream = "audio_stream\" data=\"ws://127.0.0.1:9085/ws/${domain_uuid}/${uuid}";
    edit_xml(&mut facts, stream);
    let row = ours(&mut facts).clone();
    let mut parked = facts.clone();
    apply_all(
        &mut parked,
        &mend(Code::DialplanAudioStream, &row, &facts).unwrap(),
    );
    let xml = ours(&mut parked).xml.clone().unwrap();
    assert!(
        xml.contains("uuid_transfer ${uuid} ${voice_ai_fallback}"),
        "{xml}"
    );
    facts.switch.running = None;
    let changes = mend(Code::DialplanAudioStream, &row, &facts).unwrap();
    apply_all(&mut facts, &changes);
    let xml = ours(&mut facts).xml.clone().unwrap();
    assert!(xml.contains("voice_ai_url=ws://127.0.0.1:9085"), "{xml}");
    assert!(xml.contains("voice_ai_fallback=8999"), "{xml}");
}

fn edit_xml(facts: &mut Facts, stream: &str) {
    super::injected::edit_xml(facts, "lua\" data=\"voice_secretary.lua", stream);
}

#[test]
fn an_address_that_a_row_has_stays_where_it_is_right_or_open() {
    let mut facts = with(&[("voice_ai_url", "ws://127.0.0.1:8085")]);
    edit_both(
        &mut facts,
        "voice_ai_url=ws://127.0.0.1:8085",
        "voice_ai_url=ws://localhost:8085",
    );
    assert_eq!(address(&facts).verdict, Verdict::Ok);
    // What is known only in a call is not judged.
    edit_both(&mut facts, "ws://localhost:8085", "ws://${server}:1");
    assert_eq!(address(&facts).verdict, Verdict::Ok);
    let row = ours(&mut facts).clone();
    assert_eq!(mend(Code::ScriptAddress, &row, &facts), None);
}
