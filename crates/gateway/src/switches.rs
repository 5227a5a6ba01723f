//! The FreeSWITCHes of this node: one supervised connection each.

mod parked;

pub(crate) use parked::{Heard, Mute};

use crate::config::{Config, PbxConfig};
use crate::pbx::Line;
use freeswitch::{Channel, CommandError, Ports, PortsError, Switch};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use secretary::CallUuid;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

/// The FreeSWITCHes that are configured. Without any, whoever may stream is believed.
#[derive(Clone)]
pub(crate) struct Switches(Arc<[Arc<Controlled>]>);

/// One of them.
pub(crate) struct Controlled {
    pub(crate) config: PbxConfig,
    pub(crate) switch: Switch,
    /// The ports of its calls' audio.
    pub(crate) ports: Ports,
    /// Who attends to its channels, also when their calls are over here.
    pub(crate) attendants: TaskTracker,
}

impl Switches {
    /// Begins to connect to each. With each come the channels that are parked for us there.
    pub(crate) fn connect(config: &Config) -> Result<(Self, Vec<mpsc::Receiver<Channel>>), PortsError> {
        let pairs = config.server.max_calls;
        let connected = config.pbx.iter().map(|config| {
            let ports = Ports::new(config.unicast_address, config.unicast_port, pairs)?;
            let (switch, arrivals) = Switch::connect(config.settings());
            let config = config.clone();
            let controlled = Controlled {
                config,
                switch,
                ports,
                attendants: TaskTracker::new(),
            };
            Ok((Arc::new(controlled), arrivals))
        });
        let (all, arrivals): (Vec<_>, Vec<_>) = connected.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        Ok((Self(all.into()), arrivals))
    }

    /// Waits until all is done that calls have left to be done, when no other begins any more. Not for ever: what FreeSWITCH is not
    /// told it does by itself.
    pub(crate) async fn attended(&self, patience: Duration) {
        let all = async {
            for one in self.all() {
                one.attendants.close();
                one.attendants.wait().await;
            }
        };
        if tokio::time::timeout(patience, all).await.is_err() {
            let left: usize = self.all().iter().map(|one| one.attendants.len()).sum();
            tracing::warn!(
                left,
                "channels are left to their last resort: FreeSWITCH does not answer"
            );
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[Arc<Controlled>] {
        &self.0
    }

    /// The one that a line is on.
    pub(crate) fn of(&self, line: &Line) -> Option<&Arc<Controlled>> {
        let name = line.switch.name();
        self.0.iter().find(|controlled| controlled.switch.name() == name)
    }

    /// The channel of this call, on whichever of them it is. None where all answer and none has it. All are asked at once: one that is
    /// slow keeps nobody from the answer of another.
    pub(crate) async fn line(&self, call: CallUuid) -> Result<Option<Line>, CommandError> {
        let ask = async |switch: &Switch| (switch.clone(), switch.channel(call).await);
        let mut asked: FuturesUnordered<_> = self.all().iter().map(|one| ask(&one.switch)).collect();
        let mut failed = None;
        while let Some((switch, answer)) = asked.next().await {
            match answer {
                Ok(Some(channel)) => return Ok(Some(Line { switch, channel })),
                Ok(None) => {}
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(None), Err)
    }
}
