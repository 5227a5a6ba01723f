//! `unicast`: datagrams both ways.

use super::{Client, soon, started};
use sim::freeswitch::{Caller, Codec, Dial, FreeSwitch, Place, Source};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::timeout;

struct Scene {
    _fake: FreeSwitch,
    client: Client,
    caller: Caller,
    ours: UdpSocket,
    theirs: u16,
}

async fn scene(codec: Codec) -> Scene {
    let fake = started().await;
    let caller = fake.caller(Dial {
        codec,
        ..Dial::default()
    });
    soon("park", caller.until(|place| *place == Place::Parked)).await;
    let client = Client::connect(&fake, "CHANNEL_EXECUTE_COMPLETE CHANNEL_PARK PRIVATE_COMMAND").await;
    let ours = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    // A port that is free now; nobody else of this test's machine is likely to take it in between.
    let theirs = std::net::UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    Scene {
        _fake: fake,
        client,
        caller,
        ours,
        theirs,
    }
}

impl Scene {
    async fn begin(&mut self) {
        let ours = self.ours.local_addr().unwrap().port().to_string();
        let theirs = self.theirs.to_string();
        let headers = [
            ("call-command", "unicast"),
            ("local-ip", "127.0.0.1"),
            ("local-port", &theirs),
            ("remote-ip", "127.0.0.1"),
            ("remote-port", &ours),
            ("transport", "udp"),
        ];
        self.client
            .message(&self.caller.uuid().to_string(), &headers)
            .await;
        self.client.named("PRIVATE_COMMAND").await;
    }

    async fn datagram(&self) -> Vec<u8> {
        let mut bytes = [0; 4096];
        let length = soon("a datagram", self.ours.recv(&mut bytes)).await.unwrap();
        bytes[..length].to_vec()
    }

    /// Whether nothing comes for a while; what was on its way is taken.
    async fn is_silent(&self) -> bool {
        let mut bytes = [0; 4096];
        while self.ours.try_recv(&mut bytes).is_ok() {}
        timeout(Duration::from_millis(300), self.ours.recv(&mut bytes))
            .await
            .is_err()
    }
}

fn wide() -> Codec {
    Codec {
        name: "L16".to_owned(),
        rate: audio::SampleRate::HZ_16000,
        ptime: Duration::from_millis(20),
    }
}

#[tokio::test]
async fn what_the_caller_says_comes_a_frame_a_datagram_at_the_rate_of_the_line() {
    for (codec, bytes) in [(Codec::default(), 320), (wide(), 640)] {
        let mut scene = scene(codec).await;
        scene.begin().await;
        scene.caller.speak(&[4096; 1600]);
        soon("speech", async {
            loop {
                let datagram = scene.datagram().await;
                assert_eq!(datagram.len(), bytes);
                let first = i16::from_le_bytes([datagram[0], datagram[1]]);
                if first != 0 {
                    // Through µ-law it is not quite what was said.
                    assert!((4000..4200).contains(&first), "{first}");
                    return;
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_sent_is_heard() {
    let mut scene = scene(Codec::default()).await;
    scene.begin().await;
    let bytes: Vec<u8> = (0..160_i16).flat_map(i16::to_le_bytes).collect();
    scene
        .ours
        .send_to(&bytes, ("127.0.0.1", scene.theirs))
        .await
        .unwrap();
    let heard = soon("the sound", async {
        loop {
            if let Some(heard) = scene.caller.heard().pop() {
                return heard;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(heard.source, Source::Unicast);
    assert_eq!(heard.samples, (0..160).collect::<Vec<i16>>());
}

#[tokio::test]
async fn a_playback_and_a_bridge_end_it_until_the_channel_is_parked_anew() {
    let mut scene = scene(Codec::default()).await;
    let id = scene.caller.uuid().to_string();
    scene
        .client
        .api(&format!("uuid_setvar {id} continue_on_fail true"))
        .await;
    for (application, data) in [("playback", "silence_stream://40"), ("bridge", "error/user_busy")] {
        scene.begin().await;
        scene.datagram().await;
        scene.client.execute(&id, application, data, &[]).await;
        scene.client.named("CHANNEL_EXECUTE_COMPLETE").await;
        assert!(scene.is_silent().await, "after {application}");
        scene.begin().await;
        assert!(scene.is_silent().await, "asked again after {application}");
        assert_eq!(scene.client.api(&format!("uuid_park {id}")).await, "+OK\n");
        scene.client.named("CHANNEL_PARK").await;
        // Asked by the park before, in vain.
        scene.begin().await;
        scene.datagram().await;
        scene.client.api(&format!("uuid_transfer {id} park inline")).await;
        scene.client.named("CHANNEL_PARK").await;
    }
}

#[tokio::test]
async fn a_channel_that_is_parked_from_outside_twice_sleeps_until_it_is_transferred() {
    let mut scene = scene(Codec::default()).await;
    let id = scene.caller.uuid().to_string();
    scene.client.api(&format!("uuid_park {id}")).await;
    scene.client.named("CHANNEL_PARK").await;
    scene.begin().await;
    scene.datagram().await;
    assert_eq!(scene.client.api(&format!("uuid_park {id}")).await, "+OK\n");
    assert!(scene.is_silent().await);
    scene.client.api(&format!("uuid_transfer {id} park inline")).await;
    scene.client.named("CHANNEL_PARK").await;
    scene.begin().await;
    scene.datagram().await;
}
