//! What goes wrong when it is asked to.

use super::{Client, header, soon, started};
use freeswitch_esl_tokio::EslClient;
use sim::freeswitch::{Dial, FreeSwitch, Place, Setup};
use std::time::Duration;
use tokio::time::timeout;

#[tokio::test]
async fn channels_live_on_while_the_event_socket_is_away() {
    let fake = started().await;
    let mut client = Client::connect(&fake, "CHANNEL_PARK").await;
    let caller = fake.caller(Dial::default());
    soon("park", caller.until(|place| *place == Place::Parked)).await;
    fake.stop();
    soon("the end of the connection", async {
        while let Some(Ok(_)) = client.events.recv().await {}
    })
    .await;
    let address = fake.addr();
    let refused = Box::pin(EslClient::connect(
        &address.ip().to_string(),
        address.port(),
        "ClueCon",
    ))
    .await;
    assert!(refused.is_err());
    fake.restart().await.unwrap();
    let client = Client::connect(&fake, "CHANNEL_PARK").await;
    assert_eq!(
        client.api(&format!("uuid_exists {}", caller.uuid())).await,
        "true"
    );
}

#[tokio::test]
async fn a_frozen_one_answers_when_it_thaws() {
    let fake = started().await;
    let client = Client::connect(&fake, "CHANNEL_PARK").await;
    fake.freeze();
    let asked = client.esl.api("version");
    tokio::pin!(asked);
    assert!(timeout(Duration::from_millis(200), &mut asked).await.is_err());
    fake.thaw();
    let reply = soon("the answer", asked).await.unwrap();
    assert!(reply.body().unwrap().starts_with("FreeSWITCH Version 1.10.12"));
}

#[tokio::test]
async fn events_that_come_byte_by_byte_are_whole() {
    let setup = Setup {
        dribbles: true,
        ..Setup::default()
    };
    let fake = FreeSwitch::start(setup).await.unwrap();
    let mut client = Client::connect(&fake, "CHANNEL_PARK").await;
    let caller = fake.caller(Dial::default());
    let event = client.named("CHANNEL_PARK").await;
    assert_eq!(header(&event, "Unique-ID"), caller.uuid().to_string());
}

#[tokio::test]
async fn results_of_jobs_come_out_of_order() {
    let fake = started().await;
    let mut client = Client::connect(&fake, "BACKGROUND_JOB").await;
    fake.reverse_jobs(2);
    let first = client.esl.bgapi("echo first").await.unwrap();
    fake.until_received(|received| received.iter().any(|one| one.contains("first")))
        .await;
    client.esl.bgapi("echo second").await.unwrap().check().unwrap();
    let results = [
        client.named("BACKGROUND_JOB").await,
        client.named("BACKGROUND_JOB").await,
    ];
    let mut bodies = results.each_ref().map(|job| job.body().unwrap_or_default());
    assert_eq!(
        header(&results[usize::from(bodies[0] == "second")], "Job-UUID"),
        first.job_uuid().unwrap()
    );
    bodies.sort_unstable();
    assert_eq!(bodies, ["first", "second"]);
}

#[tokio::test]
async fn the_next_command_of_a_name_is_refused_and_the_one_after_obeyed() {
    let fake = started().await;
    let client = Client::connect(&fake, "CHANNEL_PARK").await;
    fake.refuse_next("uuid_exists", "-ERR not today\n");
    assert_eq!(client.api("uuid_exists x").await, "-ERR not today\n");
    assert_eq!(client.api("uuid_exists x").await, "false");
    assert!(
        fake.commands()
            .iter()
            .filter(|one| *one == "api uuid_exists x")
            .count()
            == 2
    );
}
