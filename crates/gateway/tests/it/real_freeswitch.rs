//! The `unicast` leg on a real FreeSWITCH, heard at the caller's RTP:
//! `VOICE_AI_FREESWITCH=host:port cargo test -p gateway --test it real_freeswitch -- --nocapture --test-threads 1`.
//!
//! Its event socket has the password ClueCon, or the one of `VOICE_AI_FREESWITCH_PASSWORD`. Calls go to `VOICE_AI_FREESWITCH_SIP`
//! (host:port, else port 5060 of the same host) with the dialplan of `tests/data/real_freeswitch.xml`, for whoever calls. No other
//! gateway may take its calls meanwhile.

use crate::chime::{Chime, said};
use crate::line::{Node, secretary};
use crate::pbx_site::soon;
use crate::sip_phone::{PCMU, Packet, Phone, Speech};
use audio::g711::Law;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;
use voice::Engine;

/// Where a real FreeSWITCH is.
#[derive(Clone)]
pub(crate) struct Real {
    /// Its event socket.
    pub(crate) address: String,
    first_port: u16,
    pub(crate) keys: String,
    pub(crate) password: String,
    pub(crate) sip: SocketAddr,
    /// What our phone dials.
    extension: &'static str,
}

/// None, and said so, where no FreeSWITCH is named.
pub(crate) fn real(first_port: u16) -> Option<Real> {
    let Ok(address) = std::env::var("VOICE_AI_FREESWITCH") else {
        eprintln!("skipped: VOICE_AI_FREESWITCH names no FreeSWITCH");
        return None;
    };
    let (host, port) = address
        .rsplit_once(':')
        .expect("VOICE_AI_FREESWITCH is host:port");
    let password = std::env::var("VOICE_AI_FREESWITCH_PASSWORD").unwrap_or("ClueCon".to_owned());
    let sip = std::env::var("VOICE_AI_FREESWITCH_SIP").unwrap_or(format!("{host}:5060"));
    let sip = sip
        .to_socket_addrs()
        .unwrap()
        .next()
        .expect("VOICE_AI_FREESWITCH_SIP is host:port");
    let port = port.parse().expect("VOICE_AI_FREESWITCH is host:port");
    let keys = keys(host, port, first_port);
    Some(Real {
        address: address.clone(),
        first_port,
        keys,
        password,
        sip,
        extension: "8000",
    })
}

fn keys(host: &str, port: u16, first_port: u16) -> String {
    format!(
        "vad.enabled = false\nstream.echo = \"off\"\n\
         pbx = [{{ name = \"real\", host = {host:?}, port = {port}, password = {{ env = \"REAL_PASSWORD\" }}, unicast_port = {first_port} }}]"
    )
}

impl Real {
    /// The same, reached by what listens on this port here.
    pub(crate) fn by(&self, port: u16) -> Self {
        Self {
            keys: keys("127.0.0.1", port, self.first_port),
            ..self.clone()
        }
    }

    /// The section of the configuration for it, in one line.
    pub(crate) fn pbx(&self) -> &str {
        self.keys.lines().last().unwrap_or_default()
    }

    /// The same, where our phone dials this.
    pub(crate) fn dialling(self, extension: &'static str) -> Self {
        Self { extension, ..self }
    }

    async fn node(&self, engine: &str, own: Vec<Arc<dyn Engine>>) -> Node {
        Node::launch(
            &[&secretary("tester", engine)],
            &self.keys,
            [("REAL_PASSWORD", self.password.as_str())],
            own,
        )
        .await
    }

    pub(crate) async fn call(&self, speech: Speech) -> Phone {
        let Self { sip, extension, .. } = *self;
        tokio::task::spawn_blocking(move || Phone::call(sip, extension, speech))
            .await
            .unwrap()
    }
}

fn loud(phone: &Phone) -> Vec<Packet> {
    phone.heard().into_iter().filter(Packet::is_loud).collect()
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let poll = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    soon(what, poll).await;
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_chunks_are_heard_at_once_and_without_a_hole() {
    let Some(real) = real(28_000) else { return };
    let a_little_faster_than_it_is_heard = Duration::from_millis(180);
    for speech in [
        PCMU,
        Speech {
            codec: "PCMA",
            rate: 8000,
            ptime_ms: 30,
        },
        Speech {
            codec: "PCMU",
            rate: 8000,
            ptime_ms: 10,
        },
        Speech {
            codec: "PCMU",
            rate: 8000,
            ptime_ms: 40,
        },
        Speech {
            codec: "L16",
            rate: 16000,
            ptime_ms: 20,
        },
    ] {
        let chime = Chime::new(10, a_little_faster_than_it_is_heard);
        let node = real.node("openai", vec![Arc::new(chime.clone())]).await;
        let phone = real.call(speech).await;
        let all = 2 * speech.rate as usize;
        let samples = || {
            loud(&phone)
                .iter()
                .map(|packet| packet.samples.len())
                .sum::<usize>()
        };
        until("two seconds of speech", || samples() >= all).await;
        let heard = loud(&phone);
        let began = chime.began().expect("the engine has spoken");
        let first = ms(heard[0].at.duration_since(began));
        let gaps = heard.windows(2).map(|two| two[1].at.duration_since(two[0].at));
        let packet = Duration::from_millis(speech.ptime_ms);
        let holes = gaps.clone().filter(|gap| *gap >= packet * 2).count();
        let longest = ms(gaps.max().unwrap_or_default());
        println!(
            "{} {} Hz, {} ms: first audio {first:.1} ms after the engine's first chunk; longest gap {longest:.1} ms, {holes} holes",
            speech.codec, speech.rate, speech.ptime_ms,
        );
        let packet = speech.rate as usize * speech.ptime_ms as usize / 1000;
        assert!(samples() < all + packet, "something was heard twice");
        drop(phone);
        node.ends_empty().await;
        node.closed().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_ends_with_the_decision() {
    let Some(real) = real(28_100) else { return };
    let chime = Chime::new(50, Duration::ZERO);
    let node = real.node("openai", vec![Arc::new(chime.clone())]).await;
    for packets in [50, 63, 77, 84, 98] {
        let phone = real.call(PCMU).await;
        until("speech", || loud(&phone).len() >= packets).await;
        phone.press(5);
        until("the decision", || chime.interrupted().is_some()).await;
        let (decided, _) = chime.interrupted().expect("it was interrupted");
        until("silence", || {
            let heard = phone.heard();
            heard
                .last()
                .is_some_and(|last| !last.is_loud() && last.at > decided)
        })
        .await;
        let last = loud(&phone).last().map(|last| last.at).expect("speech");
        let begins = ms(last.saturating_duration_since(decided));
        println!("after the decision the last packet of speech came within {begins:.1} ms, and lasts 20 ms");
        assert!(begins <= 40.0);
        drop(phone);
        node.ends_empty().await;
    }
    node.closed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_caller_is_echoed_to_the_sample() {
    let Some(real) = real(28_200) else { return };
    let node = real.node("loopback", Vec::new()).await;
    for (speech, law) in [
        (PCMU, Law::Mu),
        (
            Speech {
                codec: "PCMA",
                ..PCMU
            },
            Law::A,
        ),
    ] {
        let phone = real.call(speech).await;
        soon("the call begins", node.shows("voice_ai_calls_live 1")).await;
        let says: Vec<i16> = said()
            .map(|sample| law.decode_byte(law.encode_sample(sample)))
            .take(8_000)
            .collect();
        phone.say(said().take(8_000));
        until("the echo", || loud(&phone).len() >= 40).await;
        let heard: Vec<i16> = loud(&phone)
            .into_iter()
            .flat_map(|packet| packet.samples)
            .take(6_000)
            .collect();
        let begin = says.windows(160).position(|window| *window == heard[..160]);
        let begin = begin.expect("the echo is of what was said");
        let wanted = &says[begin..];
        let same = heard
            .iter()
            .zip(wanted)
            .take_while(|(heard, said)| heard == said)
            .count();
        assert!(
            same >= 5_000.min(wanted.len()),
            "only {same} samples came as they were said"
        );
        drop(phone);
        node.ends_empty().await;
    }
    node.closed().await;
}
