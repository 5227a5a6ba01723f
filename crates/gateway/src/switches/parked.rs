//! The audio of a parked channel, opened by `unicast`, and opened again after FreeSWITCH has ended it.

use super::Controlled;
use freeswitch::{
    Application, Channel, Command, CommandError, Following, Happening, PortsError, Unicast, VariableName,
    VariableValue,
};
use secretary::CallUuid;
use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The channel's mark of a park that has a `unicast`, perhaps to a gateway that is gone. A second one in the same park would do
/// nothing but keep a port of FreeSWITCH's for good (measured on 1.10.12).
const MARK: &str = "voice_ai_unicast";
/// Park reads it once, when it begins.
const SILENCE: &str = "send_silence_when_idle";
/// How long FreeSWITCH may take to answer a call, or to park it again.
const STEP: Duration = Duration::from_secs(3);
/// How long the caller's first packet may take. Measured: 16 to 56 ms, and longer where a hundred calls come at once.
const FIRST_PACKET: Duration = Duration::from_secs(2);
/// Pairs of ports that are tried: FreeSWITCH does not tell when it could not bind its own.
const PAIRS: usize = 3;

/// Why a parked channel has no audio.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Mute {
    /// It is not there any more.
    #[error("the caller has hung up")]
    Gone,
    /// FreeSWITCH cannot be told.
    #[error(transparent)]
    Control(CommandError),
    /// There is no pair of ports.
    #[error(transparent)]
    Ports(#[from] PortsError),
    /// FreeSWITCH does not do as it was told.
    #[error("FreeSWITCH did not {0} in time")]
    Late(&'static str),
    /// Everything was done, and nothing comes.
    #[error("no audio came from {0}; does unicast_address fit, and is nothing between that drops UDP?")]
    Silent(SocketAddr),
}

impl From<CommandError> for Mute {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NoSuchChannel { .. } => Self::Gone,
            error => Self::Control(error),
        }
    }
}

/// What is known of the park that a channel is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Park {
    /// `unicast` may be asked for.
    Fresh,
    /// It was asked for before, or what park does would spoil it: another must begin.
    Spent,
}

impl Controlled {
    /// Answers a channel that was parked for us, if nobody did, and opens its audio.
    pub(crate) async fn take_up(&self, parked: &Channel) -> Result<(Channel, Unicast), Mute> {
        let call = parked.call;
        let mut following = self.switch.follow(call);
        let mut channel = parked.clone();
        if !channel.answered {
            self.switch.execute(call, Application::Answer).await?;
            until(&mut following, "answer the call", &Happening::Answered).await?;
            // Only now it is known in which format.
            channel = self.switch.channel(call).await?.ok_or(Mute::Gone)?;
        }
        let park = self.park(call).await?;
        let unicast = self.open(call, park, &mut following).await?;
        Ok((channel, unicast))
    }

    /// Opens the audio of a parked channel again: a playback or a bridge has ended it, and the same park never opens it any more
    /// (measured on 1.10.12).
    pub(crate) async fn open_again(&self, call: CallUuid) -> Result<Unicast, Mute> {
        let mut following = self.switch.follow(call);
        self.open(call, Park::Spent, &mut following).await
    }

    async fn open(&self, call: CallUuid, park: Park, following: &mut Following) -> Result<Unicast, Mute> {
        let theirs = self.theirs().await;
        let mut park = park;
        let mut told = SocketAddr::from((theirs, 0));
        for _ in 0..PAIRS {
            if park == Park::Spent {
                patient(self.switch.command(Command::Park(call)).await)?;
                until(following, "park the call again", &Happening::Parked).await?;
            }
            park = Park::Spent;
            let mut unicast = self.ports.open(theirs)?;
            told = unicast.to().local;
            self.set(call, MARK, "true").await?;
            patient(self.switch.unicast(call, unicast.to()).await)?;
            if first_packet(&mut unicast, following).await? {
                return Ok(unicast);
            }
        }
        Err(Mute::Silent(told))
    }

    /// What the channel's variables tell of its park.
    async fn park(&self, call: CallUuid) -> Result<Park, Mute> {
        let Some(dump) = patient(self.switch.command(Command::Dump(call)).await)? else {
            return Ok(Park::Spent);
        };
        let dump: serde_json::Value = serde_json::from_str(&dump).unwrap_or_default();
        let set = |name: &str| {
            let value = dump.get(format!("variable_{name}"));
            value.and_then(serde_json::Value::as_str).unwrap_or_default()
        };
        let writes_silence = !matches!(set(SILENCE), "" | "0");
        if writes_silence {
            self.set(call, SILENCE, "0").await?;
        }
        match writes_silence || !set(MARK).is_empty() {
            true => Ok(Park::Spent),
            false => Ok(Park::Fresh),
        }
    }

    async fn set(&self, call: CallUuid, name: &str, value: &str) -> Result<(), Mute> {
        if let (Ok(name), Ok(value)) = (VariableName::parse(name), VariableValue::parse(value)) {
            self.switch
                .command(Command::SetVariable(call, name, value))
                .await?;
        }
        Ok(())
    }

    /// FreeSWITCH's own address, as it binds it: ours where it runs on this machine.
    pub(crate) async fn theirs(&self) -> Ipv4Addr {
        let ours = self.ports.address();
        if ours.is_loopback() {
            return ours;
        }
        let found = tokio::net::lookup_host((self.config.host.as_str(), self.config.port)).await;
        let address = found.into_iter().flatten().find_map(|address| match address {
            SocketAddr::V4(address) if !address.ip().is_loopback() => Some(*address.ip()),
            _ => None,
        });
        address.unwrap_or(ours)
    }
}

/// A FreeSWITCH that is slow to answer may have done what it was told: what comes of it tells.
fn patient<T>(answer: Result<T, CommandError>) -> Result<Option<T>, Mute> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(CommandError::TimedOut { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Waits for what FreeSWITCH was asked for.
async fn until(following: &mut Following, what: &'static str, wanted: &Happening) -> Result<(), Mute> {
    let happened = async {
        while let Some(happening) = following.next().await {
            match happening {
                Happening::HungUp { .. } => return Err(Mute::Gone),
                happening if happening == *wanted => return Ok(()),
                _ => {}
            }
        }
        Err(Mute::Gone)
    };
    tokio::time::timeout(STEP, happened)
        .await
        .unwrap_or(Err(Mute::Late(what)))
}

/// Whether audio comes, which alone proves that FreeSWITCH has its port.
async fn first_packet(unicast: &mut Unicast, following: &mut Following) -> Result<bool, Mute> {
    let gone = async {
        loop {
            if let None | Some(Happening::HungUp { .. }) = following.next().await {
                return;
            }
        }
    };
    tokio::select! {
        packet = poll_fn(|cx| unicast.poll_receive(cx)) => Ok(packet.is_ok()),
        () = gone => Err(Mute::Gone),
        () = tokio::time::sleep(FIRST_PACKET) => Ok(false),
    }
}
