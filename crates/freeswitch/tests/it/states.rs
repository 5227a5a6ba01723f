//! How a connection comes up, what is said when it does not, and that it comes again.

use crate::peer::{LONG, Peer, settings};
use freeswitch::{Command, CommandError, Password, Settings, State, Switch};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Waits for a state.
pub(crate) async fn reaches(switch: &Switch, wanted: impl Fn(&State) -> bool) -> State {
    let mut states = switch.states();
    let state = tokio::time::timeout(LONG, states.wait_for(|state| wanted(state))).await;
    state
        .unwrap_or_else(|_| panic!("still {:?}", switch.state()))
        .unwrap()
        .clone()
}

/// A switch whose connection is up.
pub(crate) async fn up(settings: Settings) -> (Switch, tokio::sync::mpsc::Receiver<freeswitch::Channel>) {
    let (switch, arrivals) = Switch::connect(settings);
    reaches(&switch, State::is_up).await;
    (switch, arrivals)
}

#[tokio::test]
async fn a_connection_tells_the_version_of_its_freeswitch() {
    let peer = Peer::start().await;
    let (switch, _arrivals) = up(peer.settings()).await;
    assert_eq!(
        switch.state(),
        State::Up {
            version: "FreeSWITCH Version 1.10.12-release~64bit ( 64bit)".to_owned()
        }
    );
}

#[tokio::test]
async fn what_stands_behind_the_hosts_name_is_told_with_the_connection() {
    let peer = Peer::start().await;
    let named = Settings {
        host: "localhost".to_owned(),
        ..peer.settings()
    };
    let (switch, _arrivals) = up(named).await;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, peer.settings().port));
    assert_eq!(
        switch.addresses().first(),
        Some(&address),
        "nobody listens on another"
    );
    let listed = switch.command(Command::ShowChannels).await;
    listed.expect("the same address serves a connection aside");
}

#[tokio::test]
async fn a_wrong_password_is_told_and_another_attempt_is_made() {
    let mut peer = Peer::start().await;
    let wrong = Settings {
        password: Password::new("wrong"),
        ..peer.settings()
    };
    let (switch, _arrivals) = Switch::connect(wrong);
    let state = reaches(&switch, |state| *state == State::WrongPassword).await;
    assert!(state.to_string().contains("event_socket.conf.xml"), "{state}");
    for _ in 0..3 {
        assert_eq!(peer.heard("auth").await, "auth wrong");
    }
    let error = switch.command(Command::ShowChannels).await.unwrap_err();
    assert!(matches!(error, CommandError::NotConnected { .. }), "{error}");
}

#[tokio::test]
async fn a_refusal_by_the_access_list_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let rude = b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n";
            stream.write_all(rude).await.unwrap();
        }
    });
    let (switch, _arrivals) = Switch::connect(settings(port));
    let state = reaches(&switch, |state| *state == State::Refused).await;
    assert!(state.to_string().contains("apply-inbound-acl"), "{state}");
}

#[tokio::test]
async fn a_freeswitch_that_comes_up_later_is_found_and_one_that_goes_is_missed() {
    let mut peer = Peer::start().await;
    peer.stop().await;
    let (switch, _arrivals) = Switch::connect(peer.settings());
    reaches(&switch, |state| matches!(state, State::Unreachable { .. })).await;
    peer.start_again().await;
    reaches(&switch, State::is_up).await;
    peer.stop().await;
    // Told as lost first, as unreachable from the next attempt on.
    reaches(&switch, |state| matches!(state, State::Unreachable { .. })).await;
    peer.start_again().await;
    reaches(&switch, State::is_up).await;
}

#[tokio::test]
async fn a_loss_is_told_as_one() {
    let mut peer = Peer::start().await;
    let slow = Settings {
        longest_pause: Duration::from_secs(3600),
        ..peer.settings()
    };
    let (switch, _arrivals) = up(slow).await;
    peer.stop().await;
    let state = reaches(&switch, |state| matches!(state, State::Lost { .. })).await;
    assert!(state.to_string().starts_with("connection lost ("), "{state}");
}

#[tokio::test]
async fn a_peer_that_says_nothing_more_is_given_up() {
    let peer = Peer::start().await;
    let hasty = Settings {
        patience: Duration::from_millis(300),
        longest_pause: Duration::from_secs(3600),
        ..peer.settings()
    };
    let (switch, _arrivals) = up(hasty).await;
    // The connection stands, and nothing comes on it.
    peer.answer(|_| Some(crate::peer::Answer::Silence));
    reaches(&switch, |state| matches!(state, State::Lost { .. })).await;
}

#[tokio::test]
async fn a_peer_that_is_no_freeswitch_is_not_waited_for_forever() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let hasty = Settings {
        patience: Duration::from_millis(200),
        ..settings(port)
    };
    let (switch, _arrivals) = Switch::connect(hasty);
    // Accepted by the system, and never answered.
    let state = reaches(&switch, |state| matches!(state, State::Unreachable { .. })).await;
    assert!(state.to_string().contains("no answer within"), "{state}");
}

#[tokio::test]
async fn the_connection_ends_with_its_last_holder() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (switch, _arrivals) = Switch::connect(settings(port));
    let (mut stream, _) = listener.accept().await.unwrap();
    let following = switch
        .clone()
        .follow("00000000-0000-4000-8000-0000000000f1".parse().unwrap());
    drop(switch);
    stream.write_all(b"Content-Type: auth/request\n\n").await.unwrap();
    let mut buffer = [0; 64];
    let count = stream.read(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..count], b"auth ClueCon\n\n", "one that follows holds it");
    drop(following);
    let end = tokio::time::timeout(LONG, async {
        while stream.read(&mut buffer).await.unwrap_or(0) > 0 {}
    });
    end.await.expect("the connection is closed");
}
