//! What is known again after a connection was lost, and who waits in park.

use crate::happenings::{CALL, OTHER, event, follow, happens, next, uuid};
use crate::peer::{LONG, Peer};
use crate::states::{reaches, up};
use freeswitch::{Channel, Command, Happening, State, Switch};
use tokio::sync::mpsc;

const DUMP: &str = include_str!("../data/dump_parked.json");

async fn arrival(arrivals: &mut mpsc::Receiver<Channel>) -> Channel {
    tokio::time::timeout(LONG, arrivals.recv())
        .await
        .expect("a channel arrives")
        .unwrap()
}

/// Waits until all that was said so far was read: a digit of another channel comes after it.
async fn all_read(switch: &Switch, peer: &mut Peer) {
    let witness = "aaaaaaaa-bbbb-4ccc-8ddd-90000000ffff";
    let mut following = follow(switch, peer, witness).await;
    peer.say(&event!("dtmf").replace(CALL, witness));
    assert_eq!(next(&mut following).await, Happening::Digit('5'));
}

fn parked(call: &str) -> String {
    let event = event!("park").replace(CALL, call);
    format!("{}\nvariable_voice_ai: true", event.trim_end())
}

#[tokio::test]
async fn who_ended_meanwhile_and_who_lives_is_told_after_a_loss() {
    let mut peer = Peer::start().await;
    peer.channel(CALL, "{}");
    peer.channel(OTHER, "{}");
    let (switch, _arrivals) = up(peer.settings()).await;
    let mut ends = follow(&switch, &mut peer, CALL).await;
    let mut lives = follow(&switch, &mut peer, OTHER).await;
    peer.stop().await;
    assert_eq!(next(&mut ends).await, Happening::ControlLost);
    assert_eq!(next(&mut lives).await, Happening::ControlLost);
    peer.gone(CALL);
    peer.start_again().await;
    assert_eq!(next(&mut ends).await, Happening::HungUp { cause: None });
    assert_eq!(happens(&mut ends).await, None);
    assert_eq!(next(&mut lives).await, Happening::ControlBack);
    // What happens to it is told again.
    peer.say(&event!("dtmf").replace(CALL, OTHER));
    assert_eq!(next(&mut lives).await, Happening::Digit('5'));
}

#[tokio::test]
async fn one_who_begins_to_follow_without_a_connection_is_told_so() {
    let mut peer = Peer::start().await;
    peer.channel(CALL, "{}");
    peer.stop().await;
    let (switch, _arrivals) = Switch::connect(peer.settings());
    let mut following = switch.follow(uuid(CALL));
    assert_eq!(next(&mut following).await, Happening::ControlLost);
    peer.start_again().await;
    assert_eq!(next(&mut following).await, Happening::ControlBack);
}

#[tokio::test]
async fn a_channel_arrives_once_for_each_parking() {
    let mut peer = Peer::start().await;
    let (switch, mut arrivals) = up(peer.settings()).await;
    peer.say(event!("park"));
    all_read(&switch, &mut peer).await;
    assert!(arrivals.try_recv().is_err(), "it is not parked for us");
    peer.say(&parked(CALL));
    let channel = arrival(&mut arrivals).await;
    assert_eq!(channel.call, uuid(CALL));
    assert!(channel.parked_for_us && channel.answered);
    assert_eq!(channel.destination.as_deref(), Some("9000"));
    // It has left park, and comes again.
    peer.say(&parked(CALL).replace("CHANNEL_PARK", "CHANNEL_UNPARK"));
    peer.say(&parked(CALL));
    assert_eq!(arrival(&mut arrivals).await.call, uuid(CALL));
    // It was transferred: what takes `voice_ai` away keeps the next event from us. And it was sent back.
    peer.say(&parked(CALL));
    assert_eq!(arrival(&mut arrivals).await.call, uuid(CALL));
    all_read(&switch, &mut peer).await;
    assert!(arrivals.try_recv().is_err(), "each parking is told once");
}

#[tokio::test]
async fn a_parking_that_was_told_is_not_found_again() {
    let mut peer = Peer::start().await;
    let (switch, mut arrivals) = up(peer.settings()).await;
    peer.heard("api show channels").await;
    peer.say(&parked(CALL));
    assert_eq!(arrival(&mut arrivals).await.call, uuid(CALL));
    // FreeSWITCH's list is late: only the second one has it, and another.
    peer.channel(CALL, DUMP);
    peer.channel(OTHER, &DUMP.replace(CALL, OTHER));
    assert_eq!(arrival(&mut arrivals).await.call, uuid(OTHER));
    // Behind all that was found.
    switch.command(Command::Exists(uuid(OTHER))).await.unwrap();
    all_read(&switch, &mut peer).await;
    assert!(arrivals.try_recv().is_err());
}

#[tokio::test]
async fn only_true_is_true_by_event_and_by_list() {
    let mut peer = Peer::start().await;
    let call = |last: usize| format!("aaaaaaaa-bbbb-4ccc-8ddd-9000000001{last:02}");
    for (last, word) in ["1", "yes", "on", "t", "false", ""].into_iter().enumerate() {
        let mark = format!(r#""variable_voice_ai":"{word}""#);
        let dump = DUMP.replace(r#""variable_voice_ai":"true""#, &mark);
        peer.channel(&call(last), &dump.replace(CALL, &call(last)));
    }
    peer.channel(
        CALL,
        &DUMP.replace(r#""variable_voice_ai":"true""#, r#""variable_voice_ai":"TRUE""#),
    );
    let (switch, mut arrivals) = up(peer.settings()).await;
    assert_eq!(arrival(&mut arrivals).await.call, uuid(CALL));
    switch.command(Command::Exists(uuid(CALL))).await.unwrap();
    peer.say(&parked(OTHER).replace("variable_voice_ai: true", "variable_voice_ai: yes"));
    all_read(&switch, &mut peer).await;
    assert!(
        arrivals.try_recv().is_err(),
        "FreeSWITCH's filter knows no other word"
    );
}

#[tokio::test]
async fn a_channel_that_is_followed_does_not_arrive() {
    let mut peer = Peer::start().await;
    let (switch, mut arrivals) = up(peer.settings()).await;
    let mut following = follow(&switch, &mut peer, CALL).await;
    peer.say(&parked(CALL));
    assert_eq!(next(&mut following).await, Happening::Parked);
    assert!(arrivals.try_recv().is_err());
}

/// A channel to which something was played in park.
fn played_to(there: &str) -> String {
    let variables = format!(r#""variable_current_application":"playback",{there}"#);
    DUMP.replace(r#""variable_current_application":"park""#, &variables)
}

#[tokio::test]
async fn who_was_played_something_in_park_arrives_as_well() {
    let peer = Peer::start().await;
    peer.channel(CALL, &played_to(r#""variable_voice_ai_at":"8000""#));
    let (_switch, mut arrivals) = up(peer.settings()).await;
    assert_eq!(arrival(&mut arrivals).await.call, uuid(CALL));
}

#[tokio::test]
async fn who_waits_in_park_already_arrives_at_each_connect() {
    let mut peer = Peer::start().await;
    peer.channel(CALL, DUMP);
    // One that is not for us, and one that is no longer in park.
    peer.channel(
        OTHER,
        &DUMP
            .replace(r#""variable_voice_ai":"true""#, r#""variable_voice_ai":"false""#)
            .replace(CALL, OTHER),
    );
    let playing = "aaaaaaaa-bbbb-4ccc-8ddd-900000000009";
    peer.channel(
        playing,
        &DUMP
            .replace(
                r#""variable_current_application":"park""#,
                r#""variable_current_application":"bridge""#,
            )
            .replace(CALL, playing),
    );
    // Two that were taken up before, and of which one was sent elsewhere and the other talks to somebody.
    for (number, there) in [
        (1, r#""variable_voice_ai_at":"8001""#),
        (2, r#""variable_voice_ai_at":"8000","variable_signal_bond":"x""#),
    ] {
        let call = format!("aaaaaaaa-bbbb-4ccc-8ddd-90000000001{number}");
        peer.channel(&call, &played_to(there).replace(CALL, &call));
    }
    let (switch, mut arrivals) = up(peer.settings()).await;
    let channel = arrival(&mut arrivals).await;
    assert_eq!(channel.call, uuid(CALL));
    assert_eq!(channel.caller_name.as_deref(), Some("Jenny Cole"));
    // A connection later it waits still, as nobody took it up.
    peer.stop().await;
    reaches(&switch, |state| !matches!(state, State::Up { .. })).await;
    peer.start_again().await;
    assert_eq!(arrival(&mut arrivals).await.call, uuid(CALL));
    // It was taken up: the next connection does not bring it.
    let mut following = switch.follow(uuid(CALL));
    peer.stop().await;
    assert_eq!(next(&mut following).await, Happening::ControlLost);
    peer.start_again().await;
    assert_eq!(next(&mut following).await, Happening::ControlBack);
    peer.heard("api show channels").await;
    all_read(&switch, &mut peer).await;
    assert!(arrivals.try_recv().is_err());
}

/// On one thread the socket's reader reads far ahead before anybody else gets a turn: what it holds for us is bounded.
#[tokio::test]
async fn after_a_flood_that_was_too_much_every_channel_is_asked_for() {
    let mut peer = Peer::start().await;
    peer.channel(CALL, "{}");
    let (switch, mut arrivals) = up(peer.settings()).await;
    let mut following = follow(&switch, &mut peer, CALL).await;
    peer.say(&parked(OTHER));
    assert_eq!(arrival(&mut arrivals).await.call, uuid(OTHER));
    // They left and were parked again, and the events that told it are among the lost ones.
    peer.channel(OTHER, &DUMP.replace(CALL, OTHER));
    let flood = crate::peer::framed("Event-Name: HEARTBEAT").repeat(20_000);
    let told = tokio::time::timeout(LONG, async {
        loop {
            peer.say_bytes(flood.clone().into_bytes());
            let mut soon = std::pin::pin!(following.next());
            for _ in 0..1000 {
                tokio::select! {
                    biased;
                    happening = &mut soon => return happening,
                    () = tokio::task::yield_now() => {}
                }
            }
        }
    });
    assert_eq!(told.await.expect("a loss is told"), Some(Happening::ControlLost));
    let back = loop {
        match next(&mut following).await {
            Happening::ControlLost => {}
            other => break other,
        }
    };
    assert_eq!(back, Happening::ControlBack);
    assert_eq!(arrival(&mut arrivals).await.call, uuid(OTHER));
}
