//! Many calls at once.

use super::{Client, soon, started};
use futures_util::future::join_all;
use sim::freeswitch::{Dial, Place};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_callers_park_are_listed_and_leave() {
    let fake = started().await;
    let client = Client::connect(&fake, "CHANNEL_PARK CHANNEL_HANGUP_COMPLETE").await;
    let callers: Vec<_> = (0..500).map(|_| fake.caller(Dial::default())).collect();
    let parked = callers
        .iter()
        .map(|caller| caller.until(|place| *place == Place::Parked));
    soon("everybody's park", join_all(parked)).await;
    let shown: serde_json::Value = serde_json::from_str(&client.api("show channels as json").await).unwrap();
    assert_eq!(shown["row_count"], 500);
    callers.iter().for_each(sim::freeswitch::Caller::hang_up);
    soon(
        "everybody's end",
        join_all(callers.iter().map(|caller| caller.until_hung_up())),
    )
    .await;
    assert_eq!(fake.channels(), 0);
}
