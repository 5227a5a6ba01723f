//! Which way audio takes, and where the service is for it.

use crate::dialplan::healthy;
use freeswitch::{VariableName, VariableValue};
use fusionpbx::dialplan::{EntryLeg, Present};
use fusionpbx::plan::{LegChoice, ServerAddress, is_near, leg};
use fusionpbx::{ChoiceOfDialplan, Facts, Lang, ModuleBuild, ModuleFacts};

/// One whose service listens here, and whose FreeSWITCH has its event socket there.
fn facts(listen: &str, esl: &str) -> Facts {
    let mut facts = healthy::facts(ChoiceOfDialplan::Single, EntryLeg::Unicast);
    facts.service.listen = listen.parse().unwrap();
    facts.service.event_sockets.clear();
    facts.switch.process = None;
    facts.switch.apart = fusionpbx::Apart::default();
    facts.switch.esl.host = esl.to_owned();
    facts
}

/// The variables of a row.
fn script(choice: LegChoice, server: Option<&str>, facts: &Facts) -> Vec<String> {
    let server = server.map(|text| ServerAddress::parse(text).unwrap());
    match leg(choice, server.as_ref(), facts).unwrap() {
        EntryLeg::Unicast => vec!["unicast".to_owned()],
        EntryLeg::Script(variables) => variables
            .iter()
            .map(|(name, value)| format!("{}={}", name.as_str(), value.as_str()))
            .collect(),
    }
}

#[test]
fn near_is_what_has_this_machines_network() {
    assert!(is_near(&facts("127.0.0.1:8085", "127.0.0.1").switch));
    assert!(is_near(&facts("127.0.0.1:8085", "localhost").switch));
    let mut far = facts("127.0.0.1:8085", "192.0.2.9").switch;
    assert!(!is_near(&far));
    far.esl.host = "127.0.0.1".to_owned();
    far.apart.network = true;
    assert!(!is_near(&far), "a container's 127.0.0.1 is another");
}

#[test]
fn by_itself_a_call_is_parked_where_freeswitch_is_near_and_streams_where_it_is_not() {
    let near = facts("0.0.0.0:8085", "127.0.0.1");
    assert_eq!(script(LegChoice::Auto, None, &near), ["unicast"]);
    assert!(script(LegChoice::File, None, &near).contains(&"voice_ai_leg=file".to_owned()));
    let far = facts("192.0.2.1:8085", "192.0.2.9");
    assert_eq!(
        script(LegChoice::Auto, None, &far),
        ["voice_ai_url=ws://192.0.2.1:8085"]
    );
    assert_eq!(
        script(LegChoice::Raw, Some("voice.example.com:443"), &far),
        ["voice_ai_leg=raw", "voice_ai_url=ws://voice.example.com:443"]
    );
}

#[test]
fn to_a_freeswitch_elsewhere_an_address_of_this_machine_alone_is_none() {
    for listen in ["0.0.0.0:8085", "127.0.0.1:8085", "[::]:8085"] {
        let far = facts(listen, "192.0.2.9");
        for choice in [
            LegChoice::Auto,
            LegChoice::File,
            LegChoice::Raw,
            LegChoice::Unicast,
        ] {
            let refused = leg(choice, None, &far).unwrap_err().text();
            for (lang, words) in [
                (Lang::En, "give --server ADDRESS"),
                (Lang::PtBr, "informe --server ENDEREÇO"),
            ] {
                let told = refused.in_lang(lang);
                assert!(
                    told.contains(words) && told.contains(listen) && told.contains("192.0.2.9"),
                    "{told}"
                );
            }
        }
        let told = script(LegChoice::File, Some("192.0.2.1"), &far);
        assert_eq!(told, ["voice_ai_leg=file", "voice_ai_url=ws://192.0.2.1:8085"]);
        assert_eq!(script(LegChoice::Unicast, Some("192.0.2.1"), &far), ["unicast"]);
    }
    // Datagrams need an address by number, unless somebody has configured one.
    let mut far = facts("0.0.0.0:8085", "192.0.2.9");
    let named = ServerAddress::parse("voice.example.com").unwrap();
    assert!(leg(LegChoice::Unicast, Some(&named), &far).is_err());
    far.service.event_sockets = vec![("192.0.2.9".to_owned(), far.switch.esl.port)];
    assert_eq!(script(LegChoice::Unicast, None, &far), ["unicast"]);
}

#[test]
fn an_address_is_one_that_audio_modules_take() {
    for text in [
        "",
        ":8085",
        "a b",
        "ws://192.0.2.1",
        "::1",
        "192.0.2.1:x",
        "192.0.2.1:99999",
        "a/b",
    ] {
        let refused = ServerAddress::parse(text).unwrap_err();
        assert!(refused.in_lang(Lang::En).contains("is no address"), "{text:?}");
    }
}

#[test]
fn what_callers_could_not_hear_is_refused() {
    let with = |build| {
        let mut facts = facts("127.0.0.1:8085", "127.0.0.1");
        facts.module = Ok(ModuleFacts {
            path: "/usr/lib/freeswitch/mod/mod_audio_stream.so".into(),
            present: true,
            build: Some(build),
            tls: None,
            in_file: true,
            conf: None,
            log: Vec::new(),
        });
        facts
    };
    for (choice, build, remedy) in [
        (LegChoice::Raw, ModuleBuild::Amigniter, "--leg file"),
        (LegChoice::Raw, ModuleBuild::Sptmru, "--leg file"),
        (LegChoice::File, ModuleBuild::Closed, "--leg raw"),
    ] {
        let refused = leg(choice, None, &with(build)).unwrap_err().text();
        assert!(refused.in_lang(Lang::En).contains(remedy), "{refused:?}");
        assert!(
            refused.in_lang(Lang::PtBr).contains("não ouviria nada"),
            "{refused:?}"
        );
    }
    for (choice, build) in [
        (LegChoice::Raw, ModuleBuild::Closed),
        (LegChoice::Raw, ModuleBuild::Unknown),
        (LegChoice::File, ModuleBuild::Amigniter),
        (LegChoice::File, ModuleBuild::Sptmru),
        (LegChoice::Auto, ModuleBuild::Closed),
    ] {
        assert!(leg(choice, None, &with(build)).is_ok(), "{choice:?} {build:?}");
    }
}

#[test]
fn a_row_that_is_there_keeps_its_leg_when_the_service_moves() {
    let near = facts("127.0.0.1:8085", "127.0.0.1");
    let server = ServerAddress::parse("192.0.2.1").unwrap();
    for choice in [LegChoice::Unicast, LegChoice::File, LegChoice::Raw] {
        assert_eq!(LegChoice::of(&leg(choice, Some(&server), &near).unwrap()), choice);
    }
    // Who says where the service is has it elsewhere.
    let by_itself = leg(LegChoice::Auto, Some(&server), &near).unwrap();
    assert_eq!(
        script(LegChoice::Auto, Some("192.0.2.1"), &near),
        ["voice_ai_url=ws://192.0.2.1:8085"]
    );
    assert_eq!(
        leg(LegChoice::of(&by_itself), Some(&server), &near).unwrap(),
        by_itself
    );
}

#[test]
fn another_leg_or_address_keeps_what_a_row_says_beside() {
    let variables = |all: &[(&str, &str)]| {
        let parsed = all.iter().map(|(name, value)| {
            let value = VariableValue::parse(value).unwrap();
            (VariableName::parse(name).unwrap(), value)
        });
        EntryLeg::Script(parsed.collect())
    };
    let there = Present {
        leg: variables(&[
            ("voice_ai_leg", "file"),
            ("voice_ai_url", "ws://192.0.2.1:8085"),
            ("voice_ai_language", "pt-BR"),
            ("voice_ai_secretary", "Ana"),
            ("voice_ai_token", "of-the-row"),
        ]),
        fallback: None,
    };
    assert_eq!(
        there.kept_in(variables(&[("voice_ai_leg", "raw")])),
        variables(&[
            ("voice_ai_leg", "raw"),
            ("voice_ai_language", "pt-BR"),
            ("voice_ai_token", "of-the-row"),
        ])
    );
    assert_eq!(there.kept_in(EntryLeg::Unicast), EntryLeg::Unicast);
}
