//! What a connection counts of itself.

use crate::happenings::{CALL, OTHER, uuid};
use crate::peer::{Answer, Peer};
use crate::states::{reaches, up};
use freeswitch::{Application, Command, Settings, State, Switch};
use std::time::Duration;

fn answers(switch: &Switch) -> u64 {
    switch.counts().answers.iter().sum()
}

#[tokio::test]
async fn answers_and_each_way_without_one_are_counted() {
    let peer = Peer::start().await;
    let hasty = Settings {
        patience: Duration::from_millis(500),
        ..peer.settings()
    };
    let (switch, _arrivals) = up(hasty).await;
    assert_eq!((switch.counts().connects, answers(&switch)), (1, 0));
    peer.channel(CALL, "{}");
    switch.command(Command::Exists(uuid(CALL))).await.unwrap();
    switch.execute(uuid(CALL), Application::Answer).await.unwrap();
    assert_eq!(answers(&switch), 2);
    assert!(switch.counts().waited > Duration::ZERO);

    assert_eq!(switch.channel(uuid(OTHER)).await, Ok(None));
    peer.answer(|command| {
        let refused = command.starts_with("api uuid_break") || command.starts_with("sendmsg");
        refused.then(|| match command.starts_with("api") {
            true => Answer::Api("-ERR no reply\n".into()),
            false => Answer::Reply("-ERR invalid session id [c]".into()),
        })
    });
    switch.command(Command::Break(uuid(CALL))).await.unwrap_err();
    switch.execute(uuid(CALL), Application::Answer).await.unwrap_err();
    peer.answer(|command| command.starts_with("api uuid_exists").then_some(Answer::Silence));
    switch.command(Command::Exists(uuid(CALL))).await.unwrap_err();
    let counts = switch.counts();
    assert_eq!(
        (counts.no_such_channel, counts.failed, counts.timed_out),
        (2, 1, 1),
        "{counts:?}"
    );
    assert_eq!(answers(&switch), 5, "a refusal is an answer, silence is none");
}

#[tokio::test]
async fn each_connection_is_counted_and_what_is_asked_between_them() {
    let mut peer = Peer::start().await;
    let (switch, _arrivals) = up(peer.settings()).await;
    peer.stop().await;
    reaches(&switch, |state| !state.is_up()).await;
    switch.command(Command::Exists(uuid(CALL))).await.unwrap_err();
    switch.command(Command::ShowChannels).await.unwrap_err();
    assert_eq!(switch.counts().not_connected, 2);
    peer.start_again().await;
    reaches(&switch, State::is_up).await;
    assert_eq!(switch.counts().connects, 2);
}
