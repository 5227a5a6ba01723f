//! Transfers and the dead man's switch on a real FreeSWITCH, as [`crate::real_freeswitch`] says, with `real_transfers` for the name.
//!
//! Besides 8000 the context `default` has 7001 (rings), 7002 (answers and sends back what it hears), 7005 (answers, and says nothing)
//! and 9000 (answers, and plays a tone without end). 2999 is nobody's.

use crate::asker::Asker;
use crate::line::{Node, Wanted, secretary};
use crate::pbx_site::soon;
use crate::real_freeswitch::{Real, real};
use crate::sip_phone::{PCMU, Phone};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;

const DESK: &str = r#"
tools = ["transfer_call", "transfer_announced", "hold_call", "resume_call", "end_call"]
fallback = "Front desk"
[[destinations]]
name = "Front desk"
number = "9000"
[[destinations]]
name = "Echo"
number = "7002"
kind = "queue"
[[destinations]]
name = "Nobody"
number = "2999"
[[destinations]]
name = "Ringing"
number = "7001"
[[destinations]]
name = "Jenny Cole"
number = "7005"
"#;

/// Who our phone says that it is.
const NUMBER: &str = "5511999990002";

/// FreeSWITCH's own view, by an event socket of the test's.
struct View(BufStream<TcpStream>);

impl View {
    async fn open(real: &Real) -> Self {
        let address = std::env::var("VOICE_AI_FREESWITCH").unwrap();
        let mut view = Self(BufStream::new(TcpStream::connect(address).await.unwrap()));
        view.read().await;
        let accepted = view.say(&format!("auth {}", real.password)).await;
        assert!(accepted.contains("+OK accepted"), "{accepted}");
        view
    }

    async fn say(&mut self, line: &str) -> String {
        self.0.write_all(format!("{line}\n\n").as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
        self.read().await
    }

    /// One message: its head, and its body behind it.
    async fn read(&mut self) -> String {
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let from = head.len();
            assert!(self.0.read_line(&mut head).await.unwrap() > 0, "closed: {head}");
            let line = head[from..].trim().to_owned();
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.unwrap();
        head + &String::from_utf8_lossy(&body)
    }

    /// The channels that our phone's call has made.
    async fn channels(&mut self) -> Vec<Value> {
        let shown = self.say("api show channels as json").await;
        let json = shown.find('{').map(|at| &shown[at..]).unwrap_or("{}");
        let shown: Value = serde_json::from_str(json).unwrap();
        let rows = shown["rows"].as_array().cloned().unwrap_or_default();
        rows.into_iter()
            .filter(|row| row["initial_cid_num"] == NUMBER)
            .collect()
    }

    /// The UUID of the channel with this name.
    async fn named(&mut self, name: &str) -> String {
        let named = async {
            loop {
                let rows = self.channels().await;
                if let Some(row) = rows.iter().find(|row| row["name"] == name) {
                    return row["uuid"].as_str().unwrap().to_owned();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        soon(name, named).await
    }

    /// Waits until so many are left.
    async fn left(&mut self, count: usize) {
        let left = async {
            while self.channels().await.len() != count {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        soon(&format!("{count} channels are left"), left).await;
    }
}

fn desk() -> Wanted {
    secretary("desk", "openai").with(DESK)
}

async fn node(real: &Real, engine: &Asker) -> Node {
    let own: Vec<Arc<dyn voice::Engine>> = vec![Arc::new(engine.clone())];
    let environment = [("REAL_PASSWORD", real.password.as_str())];
    Node::launch(&[&desk()], &real.keys, environment, own).await
}

async fn transferred(node: &Node, outcome: &str) {
    let line = format!("voice_ai_transfers_total{{outcome=\"{outcome}\"}} 1");
    let limit = Duration::from_secs(45);
    assert!(
        timeout(limit, async {
            while !node.metrics().contains(&line) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .is_ok(),
        "never {line}"
    );
}

/// Whether the phone hears something that is no silence, from now on.
async fn hears(phone: &Phone) {
    let from = Instant::now();
    let heard = async {
        while !phone
            .heard()
            .iter()
            .any(|packet| packet.at > from && packet.is_loud())
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    soon("something at the caller's ear", heard).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_does_not_take_the_call_gives_it_back() {
    let Some(real) = real(28_200) else { return };
    let mut view = View::open(&real).await;
    for (destination, outcome) in [("Nobody", "unavailable"), ("Ringing", "no_answer")] {
        for tool in ["transfer_call", "transfer_announced"] {
            let engine = Asker::new();
            let node = node(&real, &engine).await;
            let phone = real.call(PCMU).await;
            node.shows("voice_ai_calls_live 1").await;
            engine.uses(tool, json!({"destination": destination, "about": "Ana"}));
            let asked = Instant::now();
            if destination == "Ringing" {
                // The tone of ringing, or music.
                hears(&phone).await;
            }
            transferred(&node, outcome).await;
            println!(
                "{tool} to {destination}: {outcome} after {:.1} s",
                asked.elapsed().as_secs_f64()
            );
            let (ok, told) = soon("the engine is told", engine.told(tool)).await;
            assert!(!ok, "{told}");
            // Back in park, with audio: a key is heard.
            view.left(1).await;
            assert!(node.metrics().contains("voice_ai_calls_live 1"));
            drop(phone);
            node.ends_empty().await;
            view.left(0).await;
            node.closed().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_answers_has_the_caller_and_their_end_ends_both() {
    let Some(real) = real(28_300) else { return };
    let mut view = View::open(&real).await;
    let engine = Asker::new();
    let node = node(&real, &engine).await;
    let phone = real.call(PCMU).await;
    node.shows("voice_ai_calls_live 1").await;
    let caller = view.channels().await[0]["uuid"].as_str().unwrap().to_owned();
    engine.uses("transfer_call", json!({"destination": "Echo"}));
    transferred(&node, "answered").await;
    node.ends_empty().await;
    phone.say((0..16_000).map(|n: i32| ((n % 16) * 1_000 - 8_000) as i16));
    hears(&phone).await;
    let deleted = view.say(&format!("api sched_del voiceai-{caller}")).await;
    assert!(deleted.contains("Deleted: 0"), "{deleted}");
    drop(phone);
    view.left(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_asked_decides_and_nobody_stays_alone() {
    let Some(real) = real(28_400) else { return };
    let mut view = View::open(&real).await;
    for (key, outcome) in [("1", "answered"), ("2", "refused")] {
        let engine = Asker::new();
        let node = node(&real, &engine).await;
        let phone = real.call(PCMU).await;
        node.shows("voice_ai_calls_live 1").await;
        let about = json!({"destination": "Jenny Cole", "about": "Ana, about her invoice"});
        engine.uses("transfer_announced", about);
        let jenny = view.named("loopback/7005-a").await;
        hears(&phone).await;
        // The key counts once she is asked.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let pressed = Instant::now();
        view.say(&format!("api uuid_recv_dtmf {jenny} {key}")).await;
        transferred(&node, outcome).await;
        println!(
            "{outcome} {:.0} ms after the key {key}",
            pressed.elapsed().as_secs_f64() * 1000.0
        );
        match key {
            "1" => {
                node.ends_empty().await;
                assert!(view.channels().await.len() >= 2, "they do not talk");
            }
            _ => view.left(1).await,
        }
        drop(phone);
        view.left(0).await;
        node.closed().await;
    }
    // Whoever hangs up while she is asked.
    for first in ["caller", "jenny"] {
        let engine = Asker::new();
        let node = node(&real, &engine).await;
        let phone = real.call(PCMU).await;
        node.shows("voice_ai_calls_live 1").await;
        let about = json!({"destination": "Jenny Cole", "about": "Ana, about her invoice"});
        engine.uses("transfer_announced", about);
        let jenny = view.named("loopback/7005-a").await;
        hears(&phone).await;
        match first {
            "caller" => drop(phone),
            _ => {
                view.say(&format!("api uuid_kill {jenny}")).await;
                let told = soon("the engine is told", engine.told("transfer_announced")).await;
                assert!(!told.0, "{told:?}");
                view.left(1).await;
                drop(phone);
            }
        }
        node.ends_empty().await;
        view.left(0).await;
        node.closed().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_dies_leaves_the_caller_with_the_fallback() {
    let Some(real) = real(28_500) else { return };
    let mut view = View::open(&real).await;
    for asking in [false, true] {
        let engine = Asker::new();
        let runtime = Runtime::new().unwrap();
        let (keys, password, own) = (real.keys.clone(), real.password.clone(), engine.clone());
        let started = runtime.spawn(async move {
            Node::launch(
                &[&desk()],
                &keys,
                [("REAL_PASSWORD", password.as_str())],
                vec![Arc::new(own)],
            )
            .await
        });
        let node = started.await.unwrap();
        let phone = real.call(PCMU).await;
        node.shows("voice_ai_calls_live 1").await;
        if asking {
            let about = json!({"destination": "Jenny Cole", "about": "Ana"});
            engine.uses("transfer_announced", about);
            view.named("loopback/7005-a").await;
        }
        runtime.shutdown_background();
        let died = Instant::now();
        let at_fallback = async {
            loop {
                let rows = view.channels().await;
                if rows.len() == 1 && rows[0]["dest"] == "9000" {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(
            timeout(Duration::from_secs(40), at_fallback).await.is_ok(),
            "the caller is still alone"
        );
        println!(
            "the caller was with the fallback {:.1} s after the gateway's end{}",
            died.elapsed().as_secs_f64(),
            if asking {
                ", and whom it was asking was hung up"
            } else {
                ""
            }
        );
        hears(&phone).await;
        drop(phone);
        view.left(0).await;
        drop(node);
    }
}
