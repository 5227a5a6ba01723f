//! Calls that the dialplan has parked for us: each gets a `unicast` leg and is carried, or goes to its fallback at once. Nobody waits
//! in park for a secretary who does not come.

use crate::calls::{AdmitError, Calls, ModuleBuild, Seat};
use crate::driver::{Attachment, who_answers};
use crate::leg::Leg;
use crate::leg::metadata::Keys;
use crate::leg::unicast::UnicastLeg;
use crate::metrics::Metrics;
use crate::pbx::Line;
use crate::refusal::Refusal;
use crate::switches::{Controlled, Mute};
use freeswitch::{Channel, Command, CommandError, Extension, HangupCause};
use secretary::{Domain, SecretarySource};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

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
            Self::Refused(refusal) => refusal.reason(),
            Self::Mute(Mute::Gone) => "gone",
            Self::Mute(Mute::Ports(_)) => "no_port",
            Self::Mute(Mute::Control(_) | Mute::Late(_)) => "pbx",
            Self::Mute(Mute::Silent(_)) => "no_audio",
        }
    }
}

impl Arrivals {
    /// Takes what comes from one FreeSWITCH until `closed`. Each call is a task of its own.
    pub(crate) async fn take(
        self,
        controlled: Arc<Controlled>,
        mut parked: mpsc::Receiver<Channel>,
        closed: CancellationToken,
    ) {
        loop {
            let channel = tokio::select! {
                () = closed.cancelled() => return,
                channel = parked.recv() => channel,
            };
            let Some(channel) = channel else { return };
            let (arrivals, controlled) = (self.clone(), controlled.clone());
            tokio::spawn(async move { arrivals.arrived(controlled, channel).await });
        }
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
        let seat = self.calls.admit(domain, call).map_err(Refusal::from)?;
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

/// Sends a caller whom nobody carries where somebody is.
async fn turn_away(
    metrics: &Metrics,
    controlled: &Controlled,
    channel: &Channel,
    domain: Option<&Domain>,
    unserved: &Unserved,
) {
    let (call, pbx) = (channel.call, controlled.switch.name());
    if let Unserved::Mute(Mute::Gone) = unserved {
        tracing::info!(%call, pbx, "the caller hung up before the call could begin");
        return;
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
        _ => fallback(controlled, channel, domain),
    };
    tracing::warn!(%call, pbx, then = %command, "a parked call was refused: {unserved}");
    match controlled.switch.command(command).await {
        // The last resort that the dialplan has scheduled would take the caller away from there again (seen on 1.10.12).
        Ok(_) => {
            if let Err(error) = controlled.switch.disarm(call).await {
                tracing::warn!(%call, %error, "the last resort of a refused call stands");
            }
        }
        Err(CommandError::NoSuchChannel { .. }) => {}
        Err(error) => {
            tracing::error!(%call, %error, "a refused call could not be sent away, and waits in park")
        }
    }
}

/// Where a call goes that nobody carries: the secretary's fallback, else the dialplan's, else what is configured, else nowhere.
fn fallback(controlled: &Controlled, channel: &Channel, domain: Option<&Domain>) -> Command {
    let call = channel.call;
    let secretary = domain.and_then(|domain| who_answers(domain, channel.secretary.as_deref(), None, call));
    let named = secretary.as_deref().and_then(|secretary| {
        let name = secretary.fallback.as_deref()?;
        secretary.destinations.iter().find(|one| one.name == name)
    });
    let extension = named
        .and_then(|destination| Extension::parse(&destination.number).ok())
        .or_else(|| channel.fallback.clone())
        .or_else(|| Extension::parse(&controlled.config.fallback).ok());
    match (extension, &channel.context) {
        (Some(extension), Some(context)) => Command::Transfer(call, extension, context.clone()),
        _ => Command::Kill(call, HangupCause::NormalTemporaryFailure),
    }
}
