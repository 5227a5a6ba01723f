//! Who a row names: a secretary by its UUID or by its name, or nobody; and domains that only one side has.

use super::applied::apply_all;
use super::healthy::{self, DOMAIN, OTHER_SECRETARY, SECRETARY};
use super::injected::{edit_both, ours};
use fusionpbx::checks::check;
use fusionpbx::dialplan::{EntryLeg, mend};
use fusionpbx::plan::repair;
use fusionpbx::{ChoiceOfDialplan, Code, Facts, Finding, Group, Lang, Verdict};

fn wrong(facts: &Facts) -> Vec<Finding> {
    let findings = check(facts, None).into_iter();
    findings
        .filter(|finding| finding.code.group() == Group::Dialplan && finding.verdict > Verdict::Skipped)
        .collect()
}

/// What is wrong with the one thing that is, and what helps.
fn only(facts: &Facts) -> (Code, Verdict, String) {
    let found = wrong(facts);
    let [finding] = found.as_slice() else {
        panic!("{found:#?}")
    };
    let remedy = finding.remedy.as_ref().unwrap().in_lang(Lang::En);
    (finding.code, finding.verdict, remedy.to_owned())
}

fn sound() -> Facts {
    healthy::facts(ChoiceOfDialplan::Single, EntryLeg::Script(Vec::new()))
}

#[test]
fn a_secretary_without_a_uuid_is_named_by_its_name() {
    let mut facts = sound();
    facts.service.domains[0].secretaries[0].uuid = None;
    edit_both(
        &mut facts,
        &format!("secretary_uuid={SECRETARY}"),
        "voice_ai_secretary=ana",
    );
    assert_eq!(wrong(&facts), []);
    edit_both(&mut facts, "voice_ai_secretary=ana", "voice_ai_secretary=nobody");
    let (code, verdict, _) = only(&facts);
    assert_eq!((code, verdict), (Code::DialplanVariableWrong, Verdict::Fault));
    let row = ours(&mut facts).clone();
    let changes = mend(code, &row, &facts).unwrap();
    apply_all(&mut facts, &changes);
    assert!(
        ours(&mut facts)
            .xml
            .as_ref()
            .unwrap()
            .contains("voice_ai_secretary=Ana")
    );
    assert_eq!(wrong(&facts), []);
}

#[test]
fn without_a_secretary_the_domains_usual_one_answers() {
    let mut facts = sound();
    edit_both(&mut facts, "secretary_uuid=", "other=");
    let (code, verdict, _) = only(&facts);
    assert_eq!((code, verdict), (Code::DialplanVariableMissing, Verdict::Warning));
    assert_eq!(repair(&facts, None, &[]).changes, [], "it may be meant");
    assert!(!repair(&facts, None, &[code]).changes.is_empty());
    // Without a domain no call is taken.
    edit_both(&mut facts, "domain_uuid=", "another=");
    assert_eq!(only(&facts).1, Verdict::Fault);
}

#[test]
fn a_domain_that_fusionpbx_has_not_is_corrected_where_it_is_written() {
    let mut facts = sound();
    let strange = "99999999-9999-4999-8999-999999999999";
    facts.service.domains[0].uuid = strange.parse().unwrap();
    let database = facts.database.as_mut().unwrap();
    database.dialplans.retain(|row| row.context != "pbx.example.com");
    let (code, verdict, remedy) = only(&facts);
    assert_eq!((code, verdict), (Code::DialplanMissing, Verdict::Fault));
    assert!(!remedy.contains("setup"), "{remedy}");
    for part in ["/etc/voice-ai/voice-ai.toml", strange, DOMAIN] {
        assert!(remedy.contains(part), "{remedy}");
    }
    facts.service.domains[0].name = Some("nobody.example.com".to_owned());
    let (_, _, remedy) = only(&facts);
    assert!(remedy.contains(strange) && !remedy.contains(DOMAIN), "{remedy}");
}

#[test]
fn a_domain_that_the_service_has_not_is_set_up_there() {
    let mut facts = sound();
    facts.service.domains.remove(0);
    let (code, verdict, remedy) = only(&facts);
    assert_eq!((code, verdict), (Code::DialplanVariableWrong, Verdict::Fault));
    for part in ["voice-ai setup --domain pbx.example.com", "[[domains]]", DOMAIN] {
        assert!(remedy.contains(part), "{remedy}");
    }
    // A secretary of another domain's is another matter.
    let mut facts = sound();
    edit_both(&mut facts, SECRETARY, OTHER_SECRETARY);
    assert!(!only(&facts).2.contains("setup"));
}
