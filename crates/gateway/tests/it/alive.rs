//! The sign of life that the script needs to keep a call.

use crate::line::{DOMAIN, Line, Node, Wanted, secretary};
use crate::pbx_site::soon;
use serde_json::json;
use sim::freeswitch::{Caller, Dial, Dialplan, FreeSwitch, Place, Setup};

fn echo() -> Wanted {
    secretary("echo", "loopback")
}

/// Ana's call runs the script on a FreeSWITCH that a node controls.
async fn site() -> (FreeSwitch, Node, Caller) {
    let fake = FreeSwitch::start(Setup::default()).await.unwrap();
    let pbx = format!("pbx = [{{ name = \"fake\", port = {} }}]", fake.addr().port());
    let node = Node::start(echo(), &pbx).await;
    soon("control", node.shows("voice_ai_pbx_up{pbx=\"fake\"} 1")).await;
    let caller = fake.caller(Dial {
        variables: vec![("domain_uuid".to_owned(), DOMAIN.to_owned())],
        dialplan: Dialplan::Script,
        ..Dial::default()
    });
    soon("an answer", caller.until(|place| *place == Place::Answered)).await;
    (fake, node, caller)
}

/// Waits for a sign that says so of the control.
async fn says(line: &mut Line, control: bool) {
    let wanted = json!({"type": "alive", "control": control});
    soon(&wanted.to_string(), async {
        while line.control("alive").await != wanted {}
    })
    .await;
}

#[tokio::test]
async fn a_stream_is_told_again_and_again_that_its_call_is_carried() {
    let node = Node::start(echo(), "").await;
    let mut line = Line::open(&node, "aaaaaaaa-bbbb-4ccc-8ddd-000000000001").await;
    line.text(r#"{"rate":8000}"#).await;
    for _ in 0..3 {
        assert_eq!(
            line.control("alive").await,
            json!({"type": "alive", "control": false})
        );
    }
}

#[tokio::test]
async fn a_stream_that_comes_back_is_told_at_once() {
    let node = Node::start(echo(), "").await;
    let call = "aaaaaaaa-bbbb-4ccc-8ddd-000000000001";
    let mut line = Line::open(&node, call).await;
    line.text(r#"{"rate":8000}"#).await;
    says(&mut line, false).await;
    line.lose();
    node.detached().await;
    let mut line = Line::open(&node, call).await;
    says(&mut line, false).await;
}

#[tokio::test]
async fn while_control_of_freeswitch_is_lost_the_script_is_told() {
    let (fake, node, caller) = site().await;
    let mut line = Line::open(&node, &caller.uuid().to_string()).await;
    line.text(r#"{"rate":8000}"#).await;
    says(&mut line, true).await;
    fake.stop();
    says(&mut line, false).await;
    fake.restart().await.unwrap();
    says(&mut line, true).await;
    line.hang_up().await;
    node.ends_empty().await;
}

/// Whoever is heard by files alone says nothing without control, and the fallback is the better place for the caller.
#[tokio::test]
async fn the_script_is_not_asked_to_keep_a_call_that_can_say_nothing() {
    let (fake, node, caller) = site().await;
    let mut line = Line::open(&node, &caller.uuid().to_string()).await;
    line.text(r#"{"rate":8000,"leg":"file"}"#).await;
    says(&mut line, true).await;
    fake.stop();
    soon("the loss", node.shows("voice_ai_pbx_up{pbx=\"fake\"} 0")).await;
    for _ in 0..2 {
        assert_eq!(
            line.control("alive").await,
            json!({"type": "alive", "control": true})
        );
    }
}
