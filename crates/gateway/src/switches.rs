//! The FreeSWITCHes of this node: one supervised connection each.

use crate::config::{Config, PbxConfig};
use crate::pbx::Line;
use freeswitch::{Channel, CommandError, Switch};
use secretary::CallUuid;
use std::sync::Arc;
use tokio::sync::mpsc;

/// The FreeSWITCHes that are configured. Without any, whoever may stream is believed.
#[derive(Clone)]
pub(crate) struct Switches(Arc<[Controlled]>);

/// One of them.
pub(crate) struct Controlled {
    pub(crate) config: PbxConfig,
    pub(crate) switch: Switch,
}

impl Switches {
    /// Begins to connect to each. With each come the channels that are parked for us there.
    pub(crate) fn connect(config: &Config) -> (Self, Vec<mpsc::Receiver<Channel>>) {
        let (controlled, arrivals): (Vec<_>, Vec<_>) = config
            .pbx
            .iter()
            .map(|config| {
                let (switch, arrivals) = Switch::connect(config.settings());
                let config = config.clone();
                (Controlled { config, switch }, arrivals)
            })
            .unzip();
        (Self(controlled.into()), arrivals)
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[Controlled] {
        &self.0
    }

    /// The channel of this call, on whichever of them it is. None where all answer and none has it.
    pub(crate) async fn line(&self, call: CallUuid) -> Result<Option<Line>, CommandError> {
        let mut failed = None;
        for Controlled { switch, .. } in self.all() {
            match switch.channel(call).await {
                Ok(Some(channel)) => {
                    let switch = switch.clone();
                    return Ok(Some(Line { switch, channel }));
                }
                Ok(None) => {}
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(None), Err)
    }
}
