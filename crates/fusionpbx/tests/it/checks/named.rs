//! Each fault is named alone, and repair does with it what it says.

use super::table::{CASES, Case, Mend};
use super::whole::whole;
use fusionpbx::checks::check;
use fusionpbx::plan::{MENDED, Repair, repair};
use fusionpbx::{Code, Facts, Finding, Group, Lang, Text, Verdict};
use std::collections::BTreeMap;

/// What begins a text that is a command, and the same in every language.
const COMMANDS: [&str; 6] = [
    "voice-ai ",
    "systemctl ",
    "timedatectl ",
    "mkdir ",
    "module_exists ",
    "/stream/",
];

fn wrong(facts: &Facts) -> Vec<Finding> {
    let mut findings = check(facts, None);
    findings.retain(|finding| finding.verdict > Verdict::Skipped);
    findings
}

fn codes(findings: &[Finding]) -> Vec<Code> {
    findings.iter().map(|finding| finding.code).collect()
}

/// The worst of each check.
fn verdicts(facts: &Facts) -> BTreeMap<Code, Verdict> {
    let mut verdicts = BTreeMap::new();
    for finding in check(facts, None) {
        let worst = verdicts.entry(finding.code).or_insert(finding.verdict);
        *worst = (*worst).max(finding.verdict);
    }
    verdicts
}

#[test]
fn a_machine_that_is_well_has_no_fault_and_little_that_is_skipped() {
    let facts = whole();
    assert_eq!(wrong(&facts), []);
    let skipped: Vec<_> = verdicts(&facts)
        .into_iter()
        .filter_map(|(code, verdict)| (verdict == Verdict::Skipped).then_some(code))
        .collect();
    // The cache is in files.
    assert_eq!(skipped, [Code::MemcachedUnreachable]);
}

/// What is not as it should be of one fault.
fn named(case: &Case) -> Result<(), String> {
    let well = verdicts(&whole());
    let mut facts = whole();
    (case.cause)(&mut facts);
    let found = wrong(&facts);
    let [finding] = found.as_slice() else {
        return Err(format!("told {found:#?}"));
    };
    if (finding.code, finding.verdict) != (case.code, case.verdict) {
        return Err(format!("told {finding:#?}"));
    }
    let others = verdicts(&facts)
        .into_iter()
        .filter(|(code, _)| *code != case.code);
    for (code, verdict) in others {
        // What follows from a fault may be skipped, and never becomes well by it.
        if verdict != well[&code] && verdict != Verdict::Skipped && well[&code] != Verdict::Skipped {
            return Err(format!("{code} is {verdict:?}"));
        }
    }
    spoken(case, finding)?;
    mended(case, &facts)
}

/// Whether people are told, in each language, what was found, what would be right, and what helps.
fn spoken(case: &Case, finding: &Finding) -> Result<(), String> {
    let (Some(right), Some(remedy)) = (&finding.right, &finding.remedy) else {
        return Err(format!("no remedy: {finding:#?}"));
    };
    for lang in [Lang::En, Lang::PtBr] {
        if [&finding.found, right, remedy]
            .iter()
            .any(|text| text.in_lang(lang).trim().is_empty())
        {
            return Err(format!("nothing in {lang:?}: {finding:#?}"));
        }
        let subject = finding.subject.as_deref().unwrap_or_default();
        if !format!("{subject} {}", finding.found.in_lang(lang)).contains(case.value) {
            return Err(format!("{:?} is not in {lang:?}: {finding:#?}", case.value));
        }
    }
    match [&finding.found, right, remedy]
        .into_iter()
        .find(|text| is_untranslated(text, case))
    {
        Some(text) => Err(format!("in one language: {text:?}")),
        None => Ok(()),
    }
}

/// Whether a sentence is the same in both languages. Commands are, and what others say in their own words.
fn is_untranslated(text: &Text, case: &Case) -> bool {
    let english = text.in_lang(Lang::En);
    let is_command = COMMANDS.iter().any(|begin| english.starts_with(begin));
    let is_theirs = case.code.group() == Group::Server
        && matches!(case.code, Code::ServerEngineKey | Code::ServerConfig)
        || english == case.value;
    let is_sentence = english.split_whitespace().count() > 2;
    is_sentence && !is_command && !is_theirs && english == text.in_lang(Lang::PtBr)
}

/// Whether repair mends it, or leaves it, as the table has it.
fn mended(case: &Case, facts: &Facts) -> Result<(), String> {
    let Repair {
        changes,
        mended,
        left,
    } = repair(facts, None, &[case.code]);
    // Of some only one cause is for people.
    let is_mended = |other: &Case| other.code == case.code && other.mend == Mend::Safe;
    let is_as_said = MENDED.contains(&case.code) == CASES.iter().any(is_mended);
    let is_as_done = match case.mend {
        Mend::Safe => codes(&mended) == [case.code] && left.is_empty() && !changes.is_empty(),
        Mend::ByHand => mended.is_empty() && codes(&left) == [case.code] && changes.is_empty(),
    };
    if is_as_said && is_as_done {
        return Ok(());
    }
    Err(format!(
        "mended {mended:#?}, left {left:#?}, changes {changes:#?}"
    ))
}

#[test]
fn each_fault_is_named_alone_in_every_language_and_mended_where_that_is_said() {
    let failed: Vec<_> = CASES
        .iter()
        .filter_map(|case| Some(format!("{} {:?}: {}", case.code, case.value, named(case).err()?)))
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn no_check_is_without_a_fault() {
    let known =
        |code: &&Code| CASES.iter().any(|case| case.code == **code) || code.group() == Group::Dialplan;
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !known(code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// What is otherwise.
type Change = fn(&mut Facts);

#[test]
fn what_is_as_well_in_another_way_is_no_fault() {
    use fusionpbx::{LoadedModule, Owner, PortOwner};
    let others: &[(&str, Change)] = &[
        ("the event socket everywhere, for this machine alone", |facts| {
            // FreeSWITCH's own configuration: `::`, and no list.
            facts.switch.esl.listens = vec!["::".parse().unwrap()];
            facts.switch.esl.access = Some(Vec::new());
        }),
        ("FreeSWITCH as its own user", |facts| {
            let process = facts.switch.process.as_mut().unwrap();
            process.name = "freeswitch".to_owned();
            process.owner = Owner { uid: 999, gid: 999 };
            facts.switch.folder.as_mut().unwrap().1 = process.owner;
        }),
        ("pages and FreeSWITCH in one group", |facts| {
            facts.switch.process.as_mut().unwrap().owner = Owner { uid: 999, gid: 33 };
        }),
        ("FreeSWITCH as root", |facts| {
            facts.switch.process.as_mut().unwrap().owner = Owner { uid: 0, gid: 0 };
        }),
        ("the event socket on both loopbacks", |facts| {
            facts.switch.esl.listens = ["127.0.0.1", "::1", "::ffff:127.0.0.1"]
                .map(|ip| ip.parse().unwrap())
                .to_vec();
        }),
        ("a container's proxy has the port", |facts| {
            facts.server.port = Some(PortOwner {
                pid: 5,
                name: "docker-proxy".to_owned(),
            });
        }),
        ("an old complaint of a module that is loaded", |facts| {
            let line = "undefined symbol: speex_resampler_init; out of date module";
            facts.module.as_mut().unwrap().log = vec![line.to_owned()];
            assert!(
                facts
                    .switch
                    .running
                    .as_ref()
                    .unwrap()
                    .modules
                    .contains(&LoadedModule::AudioStream)
            );
        }),
        ("a folder with a slash at its end", |facts| {
            facts.database.as_mut().unwrap().php_cache.location = "/var/cache/fusionpbx/".into();
        }),
        ("FreeSWITCH on another machine", |facts| {
            super::table::elsewhere(facts);
            facts.service.listen = "0.0.0.0:8085".parse().unwrap();
        }),
    ];
    for (name, change) in others {
        let mut facts = whole();
        change(&mut facts);
        assert_eq!(wrong(&facts), [], "{name}");
    }
}

#[test]
fn a_model_is_installed_where_the_service_looks_for_it() {
    let mut facts = whole();
    facts.service.missing_models = vec!["whisper-base".to_owned()];
    facts.service.models = Some("/var/lib/voice-ai/models".into());
    let remedy = wrong(&facts)[0].remedy.clone().unwrap();
    assert_eq!(
        remedy,
        Text::plain("voice-ai models install whisper-base --dir /var/lib/voice-ai/models")
    );
}
