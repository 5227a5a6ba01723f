//! At which station a test call stopped, told from what was seen of it.

use fusionpbx::test_call::{Call, End, Passed, Row, Seen, Service, Station, Stop, is_whole, stations};
use fusionpbx::{Code, Lang, ModuleBuild, Text, Upgrade};

/// A parked call that passed every station.
fn whole() -> Seen {
    Seen {
        extension: "8000".to_owned(),
        context: "pbx.example.com".to_owned(),
        row: Row::Parks,
        end: End::Parked { ours: true },
        module: Some(false),
        build: None,
        service: Service::Connected,
        upgrade: Some(Upgrade::Works),
        call: Some(Call {
            secretary: "reception".to_owned(),
            engine: "local".to_owned(),
            leg: "unicast".to_owned(),
            opening: false,
            heard_ms: 20,
            said_ms: 20,
        }),
    }
}

/// The same by the script.
fn streamed() -> Seen {
    Seen {
        end: End::Script("voice_secretary.lua".to_owned()),
        module: Some(true),
        ..whole()
    }
}

fn stopped(seen: &Seen) -> (Station, Stop) {
    let all = stations(seen);
    assert_eq!(
        all.iter().map(|(station, _)| *station).collect::<Vec<_>>(),
        Station::ALL
    );
    let at = all
        .iter()
        .position(|(_, passed)| !matches!(passed, Passed::Ok(_)));
    let at = at.unwrap_or_else(|| panic!("{seen:?} stopped nowhere"));
    assert!(!is_whole(seen));
    assert!(
        all[at + 1..]
            .iter()
            .all(|(_, passed)| *passed == Passed::NotReached)
    );
    match &all[at] {
        (station, Passed::Stopped(stop)) => (*station, stop.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_whole_call_passes_every_station_by_park_and_by_script() {
    for seen in [whole(), streamed()] {
        assert!(is_whole(&seen));
        let all = stations(&seen);
        assert!(
            all.iter().all(|(_, passed)| matches!(passed, Passed::Ok(_))),
            "{all:?}"
        );
    }
}

#[test]
fn each_thing_that_is_missing_stops_a_call_at_its_own_station() {
    let refused = |cause: &str| Seen {
        end: End::Refused(cause.to_owned()),
        call: None,
        ..whole()
    };
    let ends = |end: End| Seen {
        end,
        call: None,
        ..whole()
    };
    let lost = |service: Service| Seen {
        service,
        call: None,
        ..whole()
    };
    let unstreamed = |upgrade: Upgrade| Seen {
        upgrade: Some(upgrade),
        call: None,
        ..streamed()
    };
    let told = |change: fn(&mut Call)| {
        let mut seen = whole();
        seen.call.iter_mut().for_each(change);
        seen
    };
    let cases = [
        (
            refused("NO_ROUTE_DESTINATION"),
            Station::Dialplan,
            Code::DialplanMissing,
        ),
        (
            refused("DESTINATION_OUT_OF_ORDER"),
            Station::Dialplan,
            Code::DialplanAudioStream,
        ),
        (refused("USER_BUSY"), Station::Dialplan, Code::DialplanShadowed),
        // A missing script, measured on 1.10.12.
        (refused("NORMAL_CLEARING"), Station::Script, Code::ScriptMissing),
        (refused("NO_ANSWER"), Station::Script, Code::ModuleLua),
        (ends(End::Gone), Station::Server, Code::DialplanVariableWrong),
        (
            Seen {
                row: Row::Other,
                ..ends(End::Gone)
            },
            Station::Script,
            Code::ScriptMissing,
        ),
        (
            ends(End::Parked { ours: false }),
            Station::Script,
            Code::DialplanVariableMissing,
        ),
        (
            ends(End::Other("voicemail".to_owned())),
            Station::Script,
            Code::DialplanShadowed,
        ),
        (
            Seen {
                module: Some(false),
                call: None,
                ..streamed()
            },
            Station::Module,
            Code::ModuleNotLoaded,
        ),
        (
            lost(Service::Silent(Text::new("nothing answers", "nada responde"))),
            Station::Socket,
            Code::ServerNotRunning,
        ),
        (
            lost(Service::Apart(None)),
            Station::Socket,
            Code::ServerNotConnected,
        ),
        (
            lost(Service::Apart(Some("refused".to_owned()))),
            Station::Socket,
            Code::EslWrongPassword,
        ),
        (unstreamed(Upgrade::Works), Station::Socket, Code::ScriptAddress),
        (
            unstreamed(Upgrade::Unreachable("refused".to_owned())),
            Station::Socket,
            Code::ServerUnreachable,
        ),
        (
            unstreamed(Upgrade::Refused(403, "no".to_owned())),
            Station::Server,
            Code::ServerUpgradeRefused,
        ),
        (
            lost(Service::Connected),
            Station::Server,
            Code::DialplanVariableWrong,
        ),
        (
            told(|call| call.opening = true),
            Station::Engine,
            Code::ServerEngineKey,
        ),
        (
            told(|call| call.heard_ms = 0),
            Station::AudioIn,
            Code::ScriptSilence,
        ),
        (
            told(|call| call.said_ms = 0),
            Station::AudioOut,
            Code::ServerModels,
        ),
    ];
    for (seen, station, code) in cases {
        let (at, stop) = stopped(&seen);
        assert_eq!(at, station, "{seen:?}: {stop:?}");
        assert!(stop.codes.contains(&code), "{seen:?}: {stop:?}");
    }
}

#[test]
fn audio_that_the_module_does_not_play_is_not_heard() {
    let raw = |build| {
        let mut seen = Seen { build, ..streamed() };
        seen.call.as_mut().unwrap().leg = "raw".to_owned();
        seen
    };
    for build in [ModuleBuild::Amigniter, ModuleBuild::Sptmru] {
        let (station, stop) = stopped(&raw(Some(build)));
        assert_eq!(
            (station, stop.codes),
            (Station::AudioOut, &[Code::ModuleNoPlayback][..])
        );
    }
    assert!(is_whole(&raw(Some(ModuleBuild::Closed))));
    assert!(is_whole(&raw(None)));
}

#[test]
fn a_number_that_is_no_secretarys_stops_at_the_dialplan_whatever_takes_it() {
    for end in [
        End::Refused("CALL_REJECTED".to_owned()),
        End::Refused("NORMAL_CLEARING".to_owned()),
        End::Gone,
        End::Parked { ours: false },
        End::Other("voicemail".to_owned()),
    ] {
        let seen = Seen {
            extension: "7777".to_owned(),
            row: Row::Missing,
            end,
            call: None,
            ..whole()
        };
        let (station, stop) = stopped(&seen);
        assert_eq!(station, Station::Dialplan, "{seen:?}");
        for code in [
            Code::DialplanMissing,
            Code::DialplanDisabled,
            Code::DialplanContext,
        ] {
            assert!(stop.codes.contains(&code), "{seen:?}: {stop:?}");
        }
        let found = stop.found.in_lang(Lang::En);
        assert!(found.contains("leads 7777 to a secretary"), "{found}");
        // Where nobody has read the rows, what is seen of the call is all that can be told.
        let unread = Seen {
            row: Row::Unread,
            ..seen
        };
        let found = stations(&unread)[0].1.clone();
        assert!(
            matches!(found, Passed::Ok(_) | Passed::Stopped(Stop { .. })),
            "{found:?}"
        );
        assert_ne!(found, Passed::Stopped(stop));
    }
    // By a number from outside, or a row by a pattern of somebody's own.
    let seen = Seen {
        row: Row::Missing,
        ..whole()
    };
    assert!(is_whole(&seen));
}

#[test]
fn what_is_told_names_the_value_and_a_command_in_both_languages() {
    let seen = Seen {
        end: End::Refused("NO_ROUTE_DESTINATION".to_owned()),
        call: None,
        ..whole()
    };
    let (_, stop) = stopped(&seen);
    for lang in [Lang::En, Lang::PtBr] {
        let found = stop.found.in_lang(lang);
        assert!(
            found.contains("8000") && found.contains("NO_ROUTE_DESTINATION"),
            "{found}"
        );
        assert!(
            stop.remedy.in_lang(lang).contains("voice-ai "),
            "{:?}",
            stop.remedy
        );
    }
    assert_ne!(stop.found.in_lang(Lang::En), stop.found.in_lang(Lang::PtBr));
    let names: Vec<_> = Station::ALL.iter().map(|station| station.name()).collect();
    assert_eq!(names[6].in_lang(Lang::PtBr), "áudio de entrada");
}
