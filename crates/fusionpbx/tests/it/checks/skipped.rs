//! What cannot be told is skipped, with a short word on why, and never said to be well.

use super::table::{down, unasked, why};
use super::whole::whole;
use fusionpbx::checks::check;
use fusionpbx::{Code, EslState, Facts, Group, Lang, Upgrade, Verdict};

/// Why a check is skipped; none where it is not.
fn skipped(facts: &Facts, code: Code) -> Option<String> {
    let findings = check(facts, None);
    let finding = findings.iter().find(|finding| finding.code == code).unwrap();
    let why = finding.found.in_lang(Lang::En).to_owned();
    (finding.verdict == Verdict::Skipped).then_some(why)
}

#[test]
fn without_fusionpbx_all_that_needs_it_points_to_the_check_that_tells() {
    let mut facts = whole();
    let long = "looked for /etc/fusionpbx/config.conf, /usr/local/etc/fusionpbx/config.conf";
    facts.system.installation = Err(why(long));
    facts.database = Err(why(long));
    facts.cache = Err(why(long));
    for &code in Code::ALL {
        let needs = matches!(
            code.group(),
            Group::Dialplan | Group::Cache | Group::Script | Group::Module
        ) || matches!(
            code,
            Code::DatabaseRefused | Code::PasswordCut | Code::SecondConfig
        );
        let why = skipped(&facts, code);
        assert_eq!(why.is_some(), needs, "{code}");
        assert!(why.is_none_or(|why| why.ends_with("see SY-01")), "{code}");
    }
}

#[test]
fn without_the_database_all_that_lies_in_it_points_to_the_check_that_tells() {
    let mut facts = whole();
    facts.database = Err(why("nothing answers at 127.0.0.1:5432"));
    for code in [
        Code::DialplanMissing,
        Code::CacheStale,
        Code::CacheDiffers,
        Code::ScriptMissing,
        Code::ModuleLua,
    ] {
        assert!(skipped(&facts, code).unwrap().ends_with("see SY-02"), "{code}");
    }
}

#[test]
fn of_a_list_of_modules_that_cannot_be_read_nothing_is_said() {
    let mut facts = whole();
    let module = facts.module.as_mut().unwrap();
    (module.conf, module.in_file) = (None, false);
    for row in &mut facts.database.as_mut().unwrap().modules {
        row.enabled = Some(false);
    }
    for code in [Code::ModuleNoAutoload, Code::ModuleGeneratedOnly] {
        assert_eq!(
            skipped(&facts, code).as_deref(),
            Some("modules.conf.xml could not be read"),
            "{code}"
        );
    }
}

#[test]
fn what_freeswitch_was_not_asked_points_to_the_check_that_tells() {
    for (state, see) in [
        (EslState::WrongPassword, "see SW-03"),
        (EslState::Refused, "see SW-04"),
        (EslState::Unreachable("refused".to_owned()), "see SW-02"),
    ] {
        let mut facts = whole();
        unasked(&mut facts, state);
        for code in [Code::ModuleNotLoaded, Code::ModuleLua, Code::EslDefaultPassword] {
            assert!(skipped(&facts, code).unwrap().ends_with(see), "{code} {see}");
        }
        facts.switch.process = None;
        let is_silent = see == "see SW-02";
        let stopped = check(&facts, None)
            .iter()
            .any(|finding| finding.code == Code::SwitchNotRunning && finding.verdict == Verdict::Fault);
        assert_eq!(stopped, is_silent, "what refuses runs");
    }
}

#[test]
fn of_a_configuration_that_cannot_be_read_neither_engines_nor_models_are_said_to_be_there() {
    let mut facts = whole();
    facts.service.wrong = vec!["voice-ai.toml:3: unknown field".to_owned()];
    // Nothing is known of its secretaries either.
    facts.service.domains[0].secretaries.clear();
    for code in [
        Code::ServerEngineKey,
        Code::ServerModels,
        Code::DialplanMissing,
        Code::DialplanVariableWrong,
    ] {
        assert!(skipped(&facts, code).unwrap().ends_with("see SV-08"), "{code}");
    }
    facts.service.wrong.clear();
    facts.service.is_configured = false;
    for code in [
        Code::ServerConfig,
        Code::ServerEngineKey,
        Code::ServerModels,
        Code::DialplanVariableWrong,
    ] {
        assert!(skipped(&facts, code).is_some(), "{code}");
    }
}

#[test]
fn of_a_service_that_is_not_reached_nothing_more_is_said() {
    let mut stopped = whole();
    down(&mut stopped);
    for code in [
        Code::FileLimit,
        Code::ServerUnreachable,
        Code::ServerUpgradeRefused,
        Code::ServerNotConnected,
    ] {
        assert!(skipped(&stopped, code).unwrap().ends_with("see SV-01"), "{code}");
    }
    let mut unreached = whole();
    unreached.server.upgrade = Some(Upgrade::Unreachable("no answer".to_owned()));
    assert_eq!(
        skipped(&unreached, Code::ServerUpgradeRefused).as_deref(),
        Some("see SV-03")
    );
    let mut silent = whole();
    silent.server.connected = None;
    assert!(
        skipped(&silent, Code::ServerNotConnected)
            .unwrap()
            .contains("server.control_token")
    );
}

#[test]
fn a_log_that_says_nothing_of_a_module_that_is_not_loaded_does_not_say_that_it_is_well() {
    use fusionpbx::LoadedModule;
    let mut facts = whole();
    facts
        .switch
        .running
        .as_mut()
        .unwrap()
        .modules
        .remove(&LoadedModule::AudioStream);
    for code in [Code::ModuleUndefinedSymbols, Code::ModuleWrongVersion] {
        assert!(skipped(&facts, code).is_some(), "{code}");
    }
}
