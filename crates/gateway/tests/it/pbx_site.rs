//! A node that controls a fake FreeSWITCH, and callers on that.

use crate::line::{Node, Wanted};
use sim::freeswitch::{Caller, Dial, FreeSwitch, Heard, Place, Setup, Source};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tokio::time::timeout;
use voice::Engine;

/// Nothing here takes so long unless it is broken.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// Each site has ports of its own, so that tests that run at once do not look for free ones in the same place.
static NEXT_PORT: AtomicU16 = AtomicU16::new(21_000);

/// A fake FreeSWITCH, and the gateway that controls it.
pub(crate) struct PbxSite {
    pub(crate) fake: FreeSwitch,
    pub(crate) node: Node,
    keys: String,
}

impl PbxSite {
    /// A secretary of one of our engines. `keys` are lines of dotted keys.
    pub(crate) async fn start(wanted: Wanted, keys: &str) -> Self {
        Self::start_with(wanted, keys, Vec::new()).await
    }

    /// The same, with engines of the test's own.
    pub(crate) async fn start_with(wanted: Wanted, keys: &str, engines: Vec<Arc<dyn Engine>>) -> Self {
        Self::start_on(wanted, keys, "fallback = \"9000\"", engines).await
    }

    /// The same, with these keys of the FreeSWITCH's.
    pub(crate) async fn start_on(
        wanted: Wanted,
        keys: &str,
        pbx: &str,
        engines: Vec<Arc<dyn Engine>>,
    ) -> Self {
        let fake = FreeSwitch::start(Setup::default())
            .await
            .expect("a fake FreeSWITCH");
        let first = NEXT_PORT.fetch_add(400, Ordering::Relaxed);
        let keys = format!(
            "vad.enabled = false\n{keys}\npbx = [{{ name = \"fake\", port = {}, unicast_port = {first}, {pbx} }}]",
            fake.addr().port()
        );
        let node = Node::launch(&[&wanted], &keys, [], engines).await;
        Self { fake, node, keys }
    }

    /// Another gateway for the same FreeSWITCH, in the place of the first.
    pub(crate) async fn begins_again(self, wanted: Wanted) -> Self {
        let Self { fake, node, keys } = self;
        // It says good-bye to nobody: its connection is cut before it ends.
        fake.stop();
        node.closed().await;
        fake.restart().await.expect("the same port");
        let node = Node::launch(&[&wanted], &keys, [], Vec::new()).await;
        Self { fake, node, keys }
    }

    /// Ana calls 8000, and is parked.
    pub(crate) fn calls(&self) -> Caller {
        self.fake.caller(Dial::default())
    }

    /// Waits until no call lives.
    pub(crate) async fn ends_empty(&self) {
        self.node.ends_empty().await;
    }
}

/// Waits for something, but not for ever.
pub(crate) async fn soon<T>(what: &str, wanted: impl Future<Output = T>) -> T {
    match timeout(LIMIT, wanted).await {
        Ok(it) => it,
        Err(_) => panic!("never: {what}"),
    }
}

/// What the caller has heard so far of us, digital silence left out.
pub(crate) fn words(caller: &Caller) -> Vec<i16> {
    let of_us = |heard: &Heard| heard.source == Source::Unicast;
    let samples = caller
        .heard()
        .into_iter()
        .filter(of_us)
        .flat_map(|heard| heard.samples);
    samples.filter(|sample| *sample != 0).collect()
}

/// Waits until the caller has heard so much of us.
pub(crate) async fn hears(caller: &Caller, samples: usize) -> Vec<i16> {
    let heard = async {
        loop {
            let words = words(caller);
            if words.len() >= samples {
                return words;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon(&format!("{samples} samples at the caller's ear"), heard).await
}

/// Whether the dialplan has it, at this extension.
pub(crate) fn at(extension: &str) -> impl Fn(&Place) -> bool {
    move |place| matches!(place, Place::Transferred { extension: there, .. } if there == extension)
}
