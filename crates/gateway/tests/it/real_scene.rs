//! A call on a real FreeSWITCH, the gateway that carries it, and an engine that does with it what the test says.

use crate::asker::Asker;
use crate::line::{Node, Wanted, secretary};
use crate::pbx_site::soon;
use crate::real_freeswitch::Real;
use crate::real_view::View;
use crate::sip_desk::{Desk, Line, Manner, loud_since};
use crate::sip_phone::{PCMU, Phone};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// The tools of a secretary who may do everything, and to whom a call goes that nobody carries.
const DESK: &str = r#"
tools = ["transfer_call", "transfer_announced", "voicemail", "hold_call", "resume_call", "send_dtmf", "record_call", "end_call"]
fallback = "Front desk"
[[destinations]]
name = "Front desk"
number = "9000"
[[destinations]]
name = "Nobody"
number = "2999"
[[destinations]]
name = "Ana"
number = "1000"
kind = "extension"
"#;

/// A secretary who knows these phones, too.
pub(crate) fn desk(phones: &[(&str, &Desk)]) -> Wanted {
    let mut lines = DESK.to_owned();
    for (name, desk) in phones {
        let number = desk.number();
        lines.push_str(&format!(
            "[[destinations]]\nname = \"{name}\"\nnumber = \"{number}\"\n"
        ));
    }
    secretary("desk", "openai").with(&lines)
}

/// The call.
pub(crate) struct Scene {
    pub(crate) view: View,
    pub(crate) engine: Asker,
    pub(crate) node: Node,
    pub(crate) phone: Phone,
    /// The UUID of the phone's channel.
    pub(crate) caller: String,
}

impl Scene {
    /// It is carried and guarded, and the caller is heard.
    pub(crate) async fn begin(real: &Real, phones: &[(&str, &Desk)]) -> Self {
        let engine = Asker::new();
        let own: Vec<Arc<dyn voice::Engine>> = vec![Arc::new(engine.clone())];
        let environment = [("REAL_PASSWORD", real.password.as_str())];
        let node = Node::launch(&[&desk(phones)], &real.keys, environment, own).await;
        Self::with(real, node, engine).await
    }

    /// The same, on a node that is there already.
    pub(crate) async fn with(real: &Real, node: Node, engine: Asker) -> Self {
        let mut view = View::open(real).await;
        view.left(0).await;
        let phone = real.call(PCMU).await;
        let caller = view.caller().await;
        view.guarded(&caller, true).await;
        let mut scene = Self {
            view,
            engine,
            node,
            phone,
            caller,
        };
        scene.talks().await;
        scene
    }

    /// What the caller says is heard by the engine, and nothing that is loud by the caller: they are with the secretary.
    pub(crate) async fn talks(&mut self) {
        let heard = self.engine.heard();
        let from = Instant::now();
        let talks = async {
            loop {
                self.phone.say(tone(400));
                tokio::time::sleep(Duration::from_millis(50)).await;
                let packets = self.phone.heard();
                let quiet = packets.iter().filter(|packet| packet.at > from).count() > 0
                    && !loud_since(&packets, Instant::now() - Duration::from_millis(50));
                if self.engine.heard() >= heard + 2_000 && quiet {
                    return;
                }
            }
        };
        soon("caller and engine hear each other", talks).await;
    }

    /// Something that is loud comes to the caller's ear, from now on.
    pub(crate) async fn hears(&self) {
        let from = Instant::now();
        let heard = async {
            while !loud_since(&self.phone.heard(), from) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        soon("something at the caller's ear", heard).await;
    }

    /// Asks for a transfer.
    pub(crate) fn transfer(&self, tool: &str, destination: &str) {
        self.engine.uses(tool, to(destination));
    }

    /// Transfers the call to somebody who does not take it. What the engine is told.
    pub(crate) async fn comes_back(&self, tool: &str, destination: &str) -> String {
        let limit = Duration::from_secs(60);
        let told = timeout(limit, self.engine.has_used(tool, to(destination))).await;
        let (ok, told) = told.unwrap_or_else(|_| panic!("{tool} to {destination} has no end"));
        assert!(!ok, "{told}");
        told
    }

    /// Waits until so many transfers have had this outcome.
    pub(crate) async fn counts(&self, outcome: &str, times: usize) {
        let line = format!("voice_ai_transfers_total{{outcome=\"{outcome}\"}} {times}\n");
        let counted = async {
            while !self.node.metrics().contains(&line) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        soon(&line, counted).await;
    }

    /// The caller hangs up, and nothing is left anywhere.
    pub(crate) async fn ends(self) {
        let Self {
            mut view,
            node,
            phone,
            caller,
            ..
        } = self;
        drop(phone);
        node.ends_empty().await;
        view.left(0).await;
        view.guarded(&caller, false).await;
        node.closed().await;
    }
}

/// What a transfer is asked for with.
pub(crate) fn to(destination: &str) -> Value {
    json!({"destination": destination, "about": "Ana, about her invoice"})
}

/// So many samples of 500 Hz.
pub(crate) fn tone(samples: i32) -> impl Iterator<Item = i16> {
    (0..samples).map(|n| ((n % 16) * 1_000 - 8_000) as i16)
}

/// A phone of this manner.
pub(crate) fn phone(manner: Manner) -> Desk {
    Desk::new(manner)
}

/// Waits until a phone's line is so.
pub(crate) async fn is(desk: &Desk, line: Line) {
    let there = async {
        while desk.line() != line {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon(&format!("the phone that was called is {line:?}"), there).await;
}
