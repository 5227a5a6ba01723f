//! The audio of a parked channel, opened by `unicast`, and opened again after FreeSWITCH has ended it.

use super::Controlled;
use freeswitch::{
    Application, Channel, Command, CommandError, ContextName, Following, Happening, PortsError, Unicast,
    VariableName, VariableValue,
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
/// How often it is asked whether somebody else's announcement has ended.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
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
    /// Somebody else has the caller: they talk to another channel, or have been sent elsewhere.
    #[error("somebody else on the PBX has taken the caller")]
    HandedOver,
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

/// Whose the sound is that the caller may hear meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Music of ours, which is over.
    Ours,
    /// An announcement of somebody else's, which the caller hears to its end.
    Theirs,
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
        let unicast = self.open(parked, park, Heard::Theirs, &mut following).await?;
        Ok((channel, unicast))
    }

    /// Opens the audio of a channel again that was taken up so: a playback or a bridge has ended it, and the same park never opens it
    /// any more (measured on 1.10.12).
    pub(crate) async fn open_again(&self, taken_up: &Channel, heard: Heard) -> Result<Unicast, Mute> {
        let mut following = self.switch.follow(taken_up.call);
        self.open(taken_up, Park::Spent, heard, &mut following).await
    }

    async fn open(
        &self,
        taken_up: &Channel,
        park: Park,
        heard: Heard,
        following: &mut Following,
    ) -> Result<Unicast, Mute> {
        let call = taken_up.call;
        let theirs = self.theirs();
        let mut park = park;
        let mut told = SocketAddr::from((theirs, 0));
        for _ in 0..PAIRS {
            if park == Park::Spent {
                self.still_ours(taken_up, heard, following).await?;
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
        let dump = Dump::of(&dump);
        let writes_silence = !matches!(dump.variable(SILENCE), "" | "0");
        if writes_silence {
            self.set(call, SILENCE, "0").await?;
        }
        match writes_silence || !dump.variable(MARK).is_empty() {
            true => Ok(Park::Spent),
            false => Ok(Park::Fresh),
        }
    }

    /// Returns when the channel may be parked anew. Whoever has taken the caller meanwhile (an operator's `uuid_transfer` or `uuid_bridge`,
    /// FreeSWITCH's own last resort) keeps them.
    async fn still_ours(
        &self,
        taken_up: &Channel,
        heard: Heard,
        following: &mut Following,
    ) -> Result<(), Mute> {
        let call = taken_up.call;
        let mut unanswered = 0;
        loop {
            let Some(dump) = patient(self.switch.command(Command::Dump(call)).await)? else {
                unanswered += 1;
                if unanswered == PAIRS {
                    return Err(Mute::Late("tell where the caller is"));
                }
                continue;
            };
            // A gateway that was here before has put them on hold, which nobody else will end.
            let held = Channel::of_dump(&dump).is_some_and(|channel| channel.held);
            let dump = Dump::of(&dump);
            if !dump.is_where(taken_up) {
                return Err(Mute::HandedOver);
            }
            if held || heard == Heard::Ours || !dump.plays() {
                return Ok(());
            }
            something_happens(following).await?;
        }
    }

    async fn set(&self, call: CallUuid, name: &str, value: &str) -> Result<(), Mute> {
        if let (Ok(name), Ok(value)) = (VariableName::parse(name), VariableValue::parse(value)) {
            patient(self.switch.command(Command::SetVariable(call, name, value)).await)?;
        }
        Ok(())
    }

    /// FreeSWITCH's own address, as it binds it: ours where it runs on this machine.
    fn theirs(&self) -> Ipv4Addr {
        let ours = self.ports.address();
        if ours.is_loopback() {
            return ours;
        }
        let addresses = self.switch.addresses();
        let address = addresses.iter().find_map(|address| match address {
            SocketAddr::V4(address) if !address.ip().is_loopback() => Some(*address.ip()),
            _ => None,
        });
        address.unwrap_or(ours)
    }
}

/// A reply to `uuid_dump … json`.
struct Dump(serde_json::Value);

impl Dump {
    fn of(json: &str) -> Self {
        Self(serde_json::from_str(json).unwrap_or_default())
    }

    /// A header's value; empty where there is none.
    fn header(&self, name: &str) -> &str {
        let value = self.0.get(name);
        value.and_then(serde_json::Value::as_str).unwrap_or_default()
    }

    fn variable(&self, name: &str) -> &str {
        self.header(&format!("variable_{name}"))
    }

    /// Whether the channel is where it was taken up: it talks to no other one, and was sent nowhere. [`Command::Park`] keeps what was
    /// dialled (measured on 1.10.12, as all of this).
    fn is_where(&self, taken_up: &Channel) -> bool {
        let dialled = taken_up.destination.as_deref();
        let context = taken_up.context.as_ref().map(ContextName::as_str);
        let stays = |name: &str, was: Option<&str>| was.is_none_or(|was| was == self.header(name));
        self.variable("signal_bond").is_empty()
            && stays("Caller-Destination-Number", dialled)
            && stays("Caller-Context", context)
    }

    /// Whether a file is being played: the response is empty from the beginning of an application to its end.
    fn plays(&self) -> bool {
        matches!(
            self.variable("current_application"),
            "playback" | "endless_playback"
        ) && self.variable("current_application_response").is_empty()
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

/// Waits for whatever happens to the channel next, but not for long: it may have happened before.
async fn something_happens(following: &mut Following) -> Result<(), Mute> {
    match tokio::time::timeout(LOOK_AGAIN, following.next()).await {
        Ok(None | Some(Happening::HungUp { .. })) => Err(Mute::Gone),
        Ok(Some(_)) | Err(_) => Ok(()),
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
