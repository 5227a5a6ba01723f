//! Many calls at once.

use super::{Client, soon, started};
use futures_util::future::join_all;
use sim::freeswitch::{Caller, Dial, FreeSwitch, Place};
use std::collections::HashSet;
use std::net::UdpSocket;

async fn parked(fake: &FreeSwitch, count: usize) -> Vec<Caller> {
    let callers: Vec<_> = (0..count).map(|_| fake.caller(Dial::default())).collect();
    let parked = callers
        .iter()
        .map(|caller| caller.until(|place| *place == Place::Parked));
    soon("everybody's park", join_all(parked)).await;
    callers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_callers_park_are_listed_and_leave() {
    let fake = started().await;
    let client = Client::connect(&fake, "CHANNEL_PARK CHANNEL_HANGUP_COMPLETE").await;
    let callers = parked(&fake, 500).await;
    let shown = client.api("show channels as json").await;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["row_count"], 500);
    callers.iter().for_each(Caller::hang_up);
    soon(
        "everybody's end",
        join_all(callers.iter().map(Caller::until_hung_up)),
    )
    .await;
    assert_eq!(fake.channels(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_callers_are_heard_by_unicast_at_once() {
    let fake = started().await;
    let client = Client::connect(&fake, "CHANNEL_PARK").await;
    let callers = parked(&fake, 500).await;
    let ours = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let remote = ours.local_addr().unwrap().port().to_string();
    // All are held until all are chosen, so that none is chosen twice.
    let held: Vec<_> = (0..callers.len())
        .map(|_| UdpSocket::bind("127.0.0.1:0").unwrap())
        .collect();
    let ports: Vec<u16> = held
        .iter()
        .map(|socket| socket.local_addr().unwrap().port())
        .collect();
    drop(held);
    for (caller, port) in callers.iter().zip(&ports) {
        let port = port.to_string();
        let headers = [
            ("call-command", "unicast"),
            ("local-port", &port),
            ("remote-port", &remote),
        ];
        client.message(&caller.uuid().to_string(), &headers).await;
    }
    let mut missing: HashSet<u16> = ports.into_iter().collect();
    soon("a datagram of everybody", async {
        let mut bytes = [0; 1024];
        while !missing.is_empty() {
            let (_, from) = ours.recv_from(&mut bytes).await.unwrap();
            missing.remove(&from.port());
        }
    })
    .await;
}
