//! Calls that the dialplan has parked for us: each gets a `unicast` leg and is carried, or goes to its fallback at once. Nobody waits
//! in park for a secretary who does not come.

use crate::calls::{AdmitError, Calls, ModuleBuild, Seat};
use crate::config::LegChoice;
use crate::driver::{Attachment, who_answers};
use crate::leg::Leg;
use crate::leg::metadata::Keys;
use crate::leg::unicast::UnicastLeg;
use crate::metrics::Metrics;
use crate::pbx::{LAST_RESORT_AFTER, Line, last_resort};
use crate::refusal::Refusal;
use crate::switches::{Controlled, Mute};
use freeswitch::{Channel, Command, CommandError, HangupCause, Timer};
use secretary::{CallUuid, Domain, SecretarySource};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// When what FreeSWITCH did not do is asked for again.
const AGAIN: Duration = Duration::from_secs(1);
/// How long those that are being turned away are waited for at the end.
const LAST_MOMENT: Duration = Duration::from_secs(3);

/// Takes the calls that FreeSWITCH parks for us.
#[derive(Clone)]
pub(crate) struct Arrivals {
    pub(crate) secretaries: Arc<dyn SecretarySource>,
    pub(crate) calls: Calls,
    pub(crate) metrics: Metrics,
}

/// Why a parked call is not carried.
#[derive(Debug, thiserror::Error)]
enum Unserved {
    /// The channel names no tenant, and there are several.
    #[error(
        "the channel has no domain_uuid, and this node serves several domains; let the dialplan set it before it parks the call"
    )]
    NoDomain,
    /// It was parked for a leg that it cannot have here.
    #[error(
        "leg of pbx {pbx} is {leg}, and a parked call has no audio but by unicast; set leg to auto or unicast, or let the dialplan run \
         the script in the place of park"
    )]
    OtherLeg {
        /// The FreeSWITCH.
        pbx: String,
        /// What is configured.
        leg: LegChoice,
    },
    /// It is not admitted.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Its audio does not come.
    #[error(transparent)]
    Mute(#[from] Mute),
}

impl Unserved {
    /// The word under which it is counted.
    fn reason(&self) -> &'static str {
        match self {
            Self::NoDomain => "no_domain",
            Self::OtherLeg { .. } => "leg",
            Self::Refused(refusal) => refusal.reason(),
            Self::Mute(Mute::Gone) => "gone",
            Self::Mute(Mute::HandedOver) => "handed_over",
            Self::Mute(Mute::Ports(_)) => "no_port",
            Self::Mute(Mute::Control(_) | Mute::Late(_)) => "pbx",
            Self::Mute(Mute::Silent(_)) => "no_audio",
        }
    }
}

impl Arrivals {
    /// Takes what comes from one FreeSWITCH until `closed`. Each call is a task of its own; those that are being turned away then are
    /// given a moment.
    pub(crate) async fn take(
        self,
        controlled: Arc<Controlled>,
        mut parked: mpsc::Receiver<Channel>,
        closed: CancellationToken,
    ) {
        let mut calls = JoinSet::new();
        loop {
            tokio::select! {
                () = closed.cancelled() => break,
                channel = parked.recv() => {
                    let Some(channel) = channel else { break };
                    let (arrivals, controlled) = (self.clone(), controlled.clone());
                    calls.spawn(async move { arrivals.arrived(controlled, channel).await });
                }
                Some(ended) = calls.join_next() => told_of_a_fault(ended),
            }
        }
        let _ = timeout(LAST_MOMENT, async {
            while let Some(ended) = calls.join_next().await {
                told_of_a_fault(ended);
            }
        })
        .await;
    }

    async fn arrived(&self, controlled: Arc<Controlled>, channel: Channel) {
        let domain = self.domain(&channel);
        let seated = match &domain {
            Ok(domain) => self.seat(domain, &controlled, &channel).await,
            Err(_) => Err(Unserved::NoDomain),
        };
        match (seated, domain) {
            (Ok((seat, attachment)), _) => seat.carry(attachment).await,
            (Err(unserved), Ok(domain)) => {
                turn_away(&self.metrics, &controlled, &channel, Some(&domain), &unserved).await;
            }
            (Err(_), Err(unserved)) => turn_away(&self.metrics, &controlled, &channel, None, &unserved).await,
        }
    }

    /// Takes a place for the call, and opens its audio.
    async fn seat(
        &self,
        domain: &Arc<Domain>,
        controlled: &Arc<Controlled>,
        channel: &Channel,
    ) -> Result<(Seat, Box<Attachment>), Unserved> {
        let call = channel.call;
        match controlled.config.leg {
            LegChoice::Auto | LegChoice::Unicast => {}
            leg @ (LegChoice::File | LegChoice::Raw) => {
                let pbx = controlled.switch.name().to_owned();
                return Err(Unserved::OtherLeg { pbx, leg });
            }
        }
        let seat = self.calls.admit(domain, call).map_err(Refusal::from)?;
        // Whatever becomes of us until the call is attended to: the dialplan may have wound no last resort.
        let last_resort = fallback(controlled, channel, Some(domain));
        let waits = controlled.switch.stand_by(call, last_resort, LAST_RESORT_AFTER);
        if let Err(error) = waits.await {
            tracing::warn!(%call, %error, "the last resort of a call that begins could not be wound");
        }
        let (channel, unicast) = controlled.take_up(channel).await?;
        let peer = unicast.to().local;
        let leg = UnicastLeg::new(unicast, &channel, controlled.clone());
        let switch = controlled.switch.clone();
        let attachment = Box::new(Attachment {
            leg: Leg::Unicast(leg),
            peer,
            build: ModuleBuild::Core,
            address: Keys::default(),
            line: Some(Line { switch, channel }),
        });
        Ok((seat, attachment))
    }

    /// Whose call it is.
    fn domain(&self, channel: &Channel) -> Result<Arc<Domain>, Unserved> {
        let snapshot = self.secretaries.snapshot();
        let mut all = snapshot.domains.values();
        match (channel.domain, all.next(), all.next()) {
            (Some(uuid), _, _) => match snapshot.domain(uuid) {
                Some(domain) => Ok(domain.clone()),
                None => Err(Refusal::UnknownDomain(uuid).into()),
            },
            // A FreeSWITCH without FusionPBX knows no tenants, and here is but one.
            (None, Some(only), None) => Ok(only.clone()),
            (None, _, _) => Err(Unserved::NoDomain),
        }
    }
}

/// A call's own task catches its panics; this is one before it began.
fn told_of_a_fault(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a parked call could not be begun by a fault of ours; FreeSWITCH hands it to its last resort");
    }
}

/// Sends a caller whom nobody carries where somebody is.
async fn turn_away(
    metrics: &Metrics,
    controlled: &Controlled,
    channel: &Channel,
    domain: Option<&Domain>,
    unserved: &Unserved,
) {
    let (call, pbx) = (channel.call, controlled.switch.name());
    let begun = Instant::now();
    if let Unserved::Mute(mute @ (Mute::Gone | Mute::HandedOver)) = unserved {
        tracing::info!(%call, pbx, "{mute} before the call could begin");
        return unschedule(controlled, call, begun).await;
    }
    metrics.refused(unserved.reason());
    let command = match unserved {
        // Somebody carries it: it is theirs.
        Unserved::Refused(Refusal::NotAdmitted(AdmitError::Attached(_))) => {
            tracing::warn!(%call, pbx, "a parked call was left alone: {unserved}");
            return;
        }
        Unserved::Refused(Refusal::NotAdmitted(AdmitError::Ended(_))) => {
            Command::Kill(call, HangupCause::NormalClearing)
        }
        _ => match fallback(controlled, channel, domain) {
            Timer::Transfer(extension, context) => Command::Transfer(call, extension, context),
            _ => Command::Kill(call, HangupCause::NormalTemporaryFailure),
        },
    };
    tracing::warn!(%call, pbx, then = %command, "a parked call was refused: {unserved}");
    match send_away(controlled, channel, command, begun).await {
        // The last resort would take the caller away from there again (seen on 1.10.12).
        Ok(()) => unschedule(controlled, call, begun).await,
        Err(error) => {
            tracing::error!(%call, pbx, %error, "a refused call could not be sent away, and waits in park for its last resort");
        }
    }
}

/// Has a caller go away; tries as long as the last resort would take.
async fn send_away(
    controlled: &Controlled,
    channel: &Channel,
    command: Command,
    begun: Instant,
) -> Result<(), CommandError> {
    loop {
        let error = match controlled.switch.command(command.clone()).await {
            Ok(_) | Err(CommandError::NoSuchChannel { .. }) => return Ok(()),
            // With the next connection it is found in park, and taken up or refused anew.
            Err(error @ CommandError::NotConnected { .. }) => return Err(error),
            Err(error) => error,
        };
        // No answer is no refusal: it may have been done, and must not be done to the caller twice.
        if let CommandError::TimedOut { .. } = error
            && let Ok(now) = controlled.switch.channel(channel.call).await
            && now.is_none_or(|now| !now.parked_for_us || now.destination != channel.destination)
        {
            return Ok(());
        }
        if begun.elapsed() >= LAST_RESORT_AFTER {
            return Err(error);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Takes away what would take the caller from where they are now.
async fn unschedule(controlled: &Controlled, call: CallUuid, begun: Instant) {
    while let Err(error) = controlled.switch.disarm(call).await {
        if begun.elapsed() >= LAST_RESORT_AFTER {
            return tracing::warn!(%call, %error, "the last resort of a call that is not ours may stand");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Where a call goes that nobody carries.
fn fallback(controlled: &Controlled, channel: &Channel, domain: Option<&Domain>) -> Timer {
    let secretary =
        domain.and_then(|domain| who_answers(domain, channel.secretary.as_deref(), None, channel.call));
    last_resort(secretary.as_deref(), channel, &controlled.config)
}
