//! `sched_api`.

use super::{Client, soon, started};
use sim::freeswitch::{Behaviour, Dial, Place};

#[tokio::test]
async fn a_dead_mans_switch_hands_the_caller_over() {
    let fake = started().await;
    fake.extension("9000", Behaviour::NoAnswer);
    let client = Client::connect(&fake, "CHANNEL_PARK").await;
    let caller = fake.caller(Dial::default());
    soon("park", caller.until(|place| *place == Place::Parked)).await;
    let id = caller.uuid();
    let command = format!("sched_api +2 voiceai-{id} uuid_transfer {id} 9000 XML default");
    assert!(client.api(&command).await.starts_with("+OK Added: "));
    assert!(client.api("show tasks").await.contains(&format!("voiceai-{id}")));
    let fallback = Place::Transferred {
        extension: "9000".to_owned(),
        context: "default".to_owned(),
    };
    soon("the hand-over", caller.until(|place| *place == fallback)).await;
    assert!(fake.tasks().is_empty());
}

#[tokio::test]
async fn a_task_is_taken_back_by_its_group_and_others_stay() {
    let fake = started().await;
    let client = Client::connect(&fake, "CHANNEL_PARK").await;
    let caller = fake.caller(Dial::default());
    soon("park", caller.until(|place| *place == Place::Parked)).await;
    let id = caller.uuid();
    client.api(&format!("sched_api +600 {id} uuid_kill {id}")).await;
    client
        .api(&format!("sched_api +600 voiceai-{id} uuid_kill {id}"))
        .await;
    assert_eq!(
        client.api(&format!("sched_del voiceai-{id}")).await,
        "+OK Deleted: 1\n"
    );
    assert_eq!(
        client.api(&format!("sched_del voiceai-{id}")).await,
        "+OK Deleted: 0\n"
    );
    assert_eq!(fake.tasks().len(), 1);
    // A channel takes the tasks of its bare UUID with it.
    caller.hang_up();
    soon("the end", caller.until_hung_up()).await;
    assert!(fake.tasks().is_empty());
    let usage = "-ERR Invalid syntax. USAGE: [+@]<time> <group_name> <command_string>[&]\n";
    assert_eq!(client.api("sched_api x").await, usage);
}
