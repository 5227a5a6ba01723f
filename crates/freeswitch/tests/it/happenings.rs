//! What is told of a channel, from events as FreeSWITCH 1.10.12 and two builds of mod_audio_stream sent them.

use crate::peer::{LONG, Peer};
use crate::states::up;
use freeswitch::{Following, HangupCause, Happening, ModuleEvent, PlaybackEnd, Switch};
use secretary::CallUuid;
use serde_json::json;

/// The channel of most captures.
pub(crate) const CALL: &str = "aaaaaaaa-bbbb-4ccc-8ddd-900000000001";
/// Its other end in the captured bridge.
pub(crate) const OTHER: &str = "aaaaaaaa-bbbb-4ccc-8ddd-900000000004";
/// The channel of the modules' captures.
const STREAMED: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000010";

pub(crate) fn uuid(text: &str) -> CallUuid {
    text.parse().unwrap()
}

/// The next happening.
pub(crate) async fn next(following: &mut Following) -> Happening {
    happens(following).await.expect("something happens")
}

/// The next happening, or the end.
pub(crate) async fn happens(following: &mut Following) -> Option<Happening> {
    tokio::time::timeout(LONG, following.next())
        .await
        .expect("something happens, or the following ends")
}

/// Follows a channel, and waits until FreeSWITCH was told so.
pub(crate) async fn follow(switch: &Switch, peer: &mut Peer, call: &str) -> Following {
    let following = switch.follow(uuid(call));
    peer.heard(&format!("filter Unique-ID {call}")).await;
    following
}

macro_rules! event {
    ($name:literal) => {
        include_str!(concat!("../data/event_", $name, ".txt"))
    };
}
pub(crate) use event;

#[tokio::test]
async fn each_captured_event_is_told_as_what_happened() {
    let mut peer = Peer::start().await;
    let (switch, _arrivals) = up(peer.settings()).await;
    let mut following = follow(&switch, &mut peer, CALL).await;
    let file = || "/usr/local/freeswitch/sounds/tone440_1s.wav".to_owned();
    let told = [
        (event!("answer"), Happening::Answered),
        (event!("park"), Happening::Parked),
        (
            event!("execute"),
            Happening::Began {
                id: "aaaaaaaa-bbbb-4ccc-8ddd-900000000005".parse().unwrap(),
            },
        ),
        (
            event!("execute_complete"),
            Happening::Ended {
                id: "aaaaaaaa-bbbb-4ccc-8ddd-900000000007".parse().unwrap(),
                response: "FILE PLAYED".to_owned(),
                disposition: None,
            },
        ),
        (
            event!("playback_start"),
            Happening::PlaybackStarted { file: file() },
        ),
        (
            event!("playback_done"),
            Happening::PlaybackStopped {
                file: file(),
                end: PlaybackEnd::Done,
            },
        ),
        (
            event!("playback_break"),
            Happening::PlaybackStopped {
                file: "/usr/local/freeswitch/sounds/tone440_5s.wav".to_owned(),
                end: PlaybackEnd::Broken,
            },
        ),
        (event!("dtmf"), Happening::Digit('5')),
        (event!("bridge"), Happening::Bridged { with: uuid(OTHER) }),
        (
            event!("hangup"),
            Happening::HungUp {
                cause: Some(HangupCause::NormalTemporaryFailure),
            },
        ),
    ];
    for (event, happening) in told {
        peer.say(event);
        assert_eq!(next(&mut following).await, happening);
    }
    assert_eq!(happens(&mut following).await, None, "nothing comes after the end");
}

#[tokio::test]
async fn a_bridge_is_told_to_both_of_its_channels() {
    let mut peer = Peer::start().await;
    let (switch, _arrivals) = up(peer.settings()).await;
    let mut one = follow(&switch, &mut peer, CALL).await;
    let mut other = follow(&switch, &mut peer, OTHER).await;
    peer.say(event!("bridge"));
    assert_eq!(next(&mut one).await, Happening::Bridged { with: uuid(OTHER) });
    assert_eq!(next(&mut other).await, Happening::Bridged { with: uuid(CALL) });
}

#[tokio::test]
async fn how_a_bridge_went_is_told_at_its_end() {
    let mut peer = Peer::start().await;
    let (switch, _arrivals) = up(peer.settings()).await;
    let mut following = follow(&switch, &mut peer, CALL).await;
    let ended = event!("execute_complete").replace("Application: playback", "Application: bridge");
    for (variables, disposition) in [
        ("variable_originate_disposition: USER_BUSY", Some("USER_BUSY")),
        (
            "variable_last_bridge_hangup_cause: NORMAL_CLEARING",
            Some("NORMAL_CLEARING"),
        ),
        ("variable_other: 1", None),
    ] {
        peer.say(&format!("{}\n{variables}", ended.trim_end()));
        let Happening::Ended {
            disposition: told, ..
        } = next(&mut following).await
        else {
            panic!("an end");
        };
        assert_eq!(told.as_deref(), disposition);
    }
}

#[tokio::test]
async fn one_who_follows_only_then_is_told_of_the_end_by_the_last_event() {
    let mut peer = Peer::start().await;
    let (switch, _arrivals) = up(peer.settings()).await;
    let mut following = follow(&switch, &mut peer, CALL).await;
    peer.say(event!("destroy"));
    let cause = Some(HangupCause::NormalTemporaryFailure);
    assert_eq!(next(&mut following).await, Happening::HungUp { cause });
    assert_eq!(happens(&mut following).await, None);
}

#[tokio::test]
async fn the_modules_events_are_told_with_their_bodies() {
    for capture in [
        include_bytes!("../data/module_amigniter.txt").as_slice(),
        include_bytes!("../data/module_sptmru.txt").as_slice(),
    ] {
        let mut peer = Peer::start().await;
        let (switch, _arrivals) = up(peer.settings()).await;
        // The capture without a server is of another channel than the one with it.
        let absent = String::from_utf8_lossy(capture);
        let absent = absent.split("Unique-ID: ").nth(1).unwrap()[..36].to_owned();
        let mut failed = follow(&switch, &mut peer, &absent).await;
        let mut following = follow(&switch, &mut peer, STREAMED).await;
        peer.say_bytes(capture.to_vec());
        let Happening::Module(ModuleEvent::Failed(body)) = next(&mut failed).await else {
            panic!("an error");
        };
        assert_eq!(body["status"], "error");
        let file = |name: &str| format!("/tmp/{STREAMED}_{name}");
        let told = [
            ModuleEvent::Connected,
            ModuleEvent::Json(json!({"type": "transcription", "text": "olá"})),
            ModuleEvent::Play(
                json!({"audioDataType": "raw", "sampleRate": 16000, "file": file("0.tmp.r16")}),
            ),
            ModuleEvent::Play(
                json!({"audioDataType": "raw", "sampleRate": 8000, "my_id": 7, "file": file("1.tmp.r8")}),
            ),
            ModuleEvent::Play(json!({"audioDataType": "wav", "file": file("2.tmp.wav")})),
        ];
        for event in told {
            assert_eq!(next(&mut following).await, Happening::Module(event));
        }
        for _ in 0..2 {
            let event = next(&mut following).await;
            assert!(
                matches!(event, Happening::Module(ModuleEvent::Json(_))),
                "{event:?}"
            );
        }
        let text = ModuleEvent::Json(json!("not json"));
        assert_eq!(next(&mut following).await, Happening::Module(text));
        assert_eq!(
            next(&mut following).await,
            Happening::Module(ModuleEvent::Disconnected)
        );
    }
}

#[tokio::test]
async fn events_in_halves_are_told_whole() {
    let mut peer = Peer::start().await;
    let (switch, _arrivals) = up(peer.settings()).await;
    let mut following = follow(&switch, &mut peer, CALL).await;
    let bytes = crate::peer::framed(event!("dtmf")).into_bytes();
    for piece in bytes.chunks(7) {
        peer.say_bytes(piece.to_vec());
    }
    assert_eq!(next(&mut following).await, Happening::Digit('5'));
}

#[tokio::test]
async fn only_what_is_followed_is_asked_for_and_no_longer_than_that() {
    let mut peer = Peer::start().await;
    let (switch, _arrivals) = up(peer.settings()).await;
    let begun = peer.all_heard();
    for filter in [
        "filter Event-Name BACKGROUND_JOB",
        "filter variable_voice_ai true",
    ] {
        assert!(begun.iter().any(|command| command == filter), "{begun:?}");
    }
    // The filters stand before the first event can come.
    let position = |begin: &str| {
        begun
            .iter()
            .position(|command| command.starts_with(begin))
            .unwrap()
    };
    assert!(position("filter") < position("event plain"));
    let first = follow(&switch, &mut peer, CALL).await;
    let second = switch.follow(uuid(CALL));
    drop(first);
    let third = follow(&switch, &mut peer, OTHER).await;
    drop(second);
    peer.heard(&format!("filter delete Unique-ID {CALL}")).await;
    drop(third);
    peer.heard(&format!("filter delete Unique-ID {OTHER}")).await;
}

#[tokio::test]
async fn who_follows_a_channel_and_then_asks_for_it_misses_nothing() {
    let mut peer = Peer::start().await;
    let (switch, _arrivals) = up(peer.settings()).await;
    for _ in 0..100 {
        let call = CallUuid::new(uuid::Uuid::new_v4());
        let following = switch.follow(call);
        assert_eq!(switch.channel(call).await.unwrap(), None);
        let heard = peer.all_heard();
        let position = |wanted: &str| heard.iter().position(|command| command.contains(wanted)).unwrap();
        let (told, asked) = (format!("filter Unique-ID {call}"), format!("uuid_dump {call}"));
        assert!(position(&told) < position(&asked), "{heard:?}");
        drop(following);
    }
}

#[tokio::test]
async fn one_who_does_not_keep_up_is_told_so_and_never_loses_the_end() {
    let mut peer = Peer::start().await;
    let (switch, _arrivals) = up(peer.settings()).await;
    let mut slow = follow(&switch, &mut peer, CALL).await;
    let mut quick = follow(&switch, &mut peer, OTHER).await;
    let quick_digit = event!("dtmf").replace(CALL, OTHER);
    for _ in 0..1000 {
        peer.say(event!("dtmf"));
    }
    // What comes after them has come to the other: the 1000 were read.
    peer.say(&quick_digit);
    assert_eq!(next(&mut quick).await, Happening::Digit('5'));
    assert_eq!(switch.lost_happenings(), 1000 - 256);
    for _ in 0..256 {
        assert_eq!(next(&mut slow).await, Happening::Digit('5'));
    }
    assert_eq!(next(&mut slow).await, Happening::ControlLost);
    assert_eq!(next(&mut slow).await, Happening::ControlBack);
    for _ in 0..300 {
        peer.say(event!("dtmf"));
    }
    peer.say(event!("hangup"));
    peer.say(&quick_digit);
    assert_eq!(next(&mut quick).await, Happening::Digit('5'));
    let mut last = None;
    while let Some(happening) = happens(&mut slow).await {
        last = Some(happening);
    }
    assert!(matches!(last, Some(Happening::HungUp { .. })), "{last:?}");
}
