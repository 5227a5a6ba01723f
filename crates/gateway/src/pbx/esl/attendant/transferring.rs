//! What becomes of a transfer, blind or announced, from its wish to its end.

use super::{Attendant, Waiting};
use crate::pbx::Report;
use crate::pbx::esl::announced::{Introduction, Step};
use crate::pbx::esl::bridge_state::BridgeState;
use crate::pbx::esl::route::Route;
use crate::pbx::esl::{CallAudio, Wanted, causes, tools};
use call::TransferOutcome;
use call::announcing::Event;
use freeswitch::{Application, ArgumentError, Channel, Command, CommandError, Ringback, TaskGroup};
use secretary::{CallUuid, Language};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// How often a caller is looked after whose phone call to somebody rings: what was told of it may have been lost.
const LOOK_AT_RINGING: Duration = Duration::from_secs(5);
/// The same of two who are being joined, which takes 20 to 60 ms, and after a look that could not be had.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// FreeSWITCH itself ends the ringing in time. After so long more it has come to nothing, whatever is told.
const OVERDUE: Duration = Duration::from_secs(5);
/// After so long two who were to be joined and do not talk never will.
const JOINING: Duration = Duration::from_secs(5);

/// The transfer under way.
pub(super) enum Transfer {
    None,
    /// The caller hears ringing.
    Blind(Ringing),
    /// The caller hears music.
    Announced(Box<Introduction>),
    /// The caller talks to somebody else. The channel is not ours any more.
    Away,
}

/// Somebody's phone, called from the caller's channel.
pub(super) struct Ringing {
    /// The application that calls.
    pub(super) bridge: Uuid,
    /// When it has come to nothing.
    until: Instant,
}

impl Transfer {
    /// Whether FreeSWITCH carries it out by itself, and is only looked at.
    pub(super) fn is_looked_after(&self) -> bool {
        match self {
            Self::Blind(_) => true,
            Self::Announced(introduction) => introduction.joining_since().is_some(),
            Self::None | Self::Away => false,
        }
    }
}

impl Attendant {
    /// What has become of a transfer, where FreeSWITCH may have told it to nobody.
    pub(super) async fn look_after_the_transfer(&mut self) {
        let dump = self.switch.command(Command::Dump(self.channel.call)).await;
        let now = Instant::now();
        self.look = now + LOOK_AGAIN;
        // Without control nothing is given up.
        let Ok(dump) = dump else { return };
        let state = BridgeState::read(&dump);
        match &mut self.transfer {
            Transfer::Blind(ringing) => {
                let overdue = ringing.until <= now;
                self.look = ringing.until.min(now + LOOK_AT_RINGING);
                match state {
                    BridgeState::Talks => self.away().await,
                    BridgeState::Failed(cause) => self.come_back(causes::outcome(&cause)).await,
                    BridgeState::Pending if overdue => self.come_back(TransferOutcome::NoAnswer).await,
                    BridgeState::Pending => {}
                }
            }
            Transfer::Announced(introduction) => {
                let event = match (state, introduction.joining_since()) {
                    (BridgeState::Talks, _) => Event::Bridged,
                    (_, Some(since)) if since + JOINING <= now => Event::BridgeFailed,
                    _ => return,
                };
                introduction.tell(event);
                self.go_on_announcing().await;
            }
            Transfer::None | Transfer::Away => {}
        }
    }

    pub(super) async fn transfer(&mut self, wanted: &Wanted) {
        let call = self.channel.call;
        if !matches!(self.transfer, Transfer::None) {
            tracing::warn!(%call, "a transfer was asked for while another is under way; that goes on");
            return self
                .transfer_ended(failure("another transfer is under way"))
                .await;
        }
        let route = match Route::find(wanted, &self.channel, &self.settings.mailbox_prefix) {
            Ok(route) => route,
            Err(error) => return self.undiallable(&error).await,
        };
        match &wanted.announcement {
            Some(about) => self.announce(route, about).await,
            None => self.put_through(route).await,
        }
    }

    async fn put_through(&mut self, route: Route) {
        let call = self.channel.call;
        self.silence().await;
        let bridging = async {
            // Without the first a caller whom nobody takes is hung up (`switch_channel_handle_cause`).
            self.set("continue_on_fail", "true").await?;
            self.set("hangup_after_bridge", "true").await?;
            self.set("park_after_bridge", "false").await?;
            // Of the one before.
            self.set("originate_disposition", "").await?;
            let tone = match self.settings.language {
                Language::PtBr => Ringback::Brazil,
                Language::En => Ringback::NorthAmerica,
            };
            self.switch.command(Command::Ringback(call, tone)).await?;
            let route = route.freeing(call).map_err(|error| CommandError::Failed {
                switch: self.switch.name().to_owned(),
                command: "bridge".to_owned(),
                reply: error.to_string(),
            })?;
            let Route { to, ring, variables } = route;
            tracing::info!(%call, %to, "the caller is put through");
            let bridge = Application::Bridge { to, ring, variables };
            Ok((self.switch.execute(call, bridge).await?, ring))
        };
        match bridging.await {
            Ok((bridge, ring)) => {
                let now = Instant::now();
                let until = now + ring + OVERDUE;
                self.look = now + LOOK_AT_RINGING;
                self.transfer = Transfer::Blind(Ringing { bridge, until });
            }
            // The channel's end is told by itself.
            Err(CommandError::NoSuchChannel { .. }) => {
                self.transfer_ended(TransferOutcome::CallerGone).await;
            }
            Err(error) => {
                tracing::warn!(%call, %error, "the caller could not be put through");
                self.failed(causes::of_refusal(&error)).await;
            }
        }
    }

    async fn announce(&mut self, route: Route, about: &str) {
        let prepared = Introduction::prepare(&self.switch, &self.channel, &self.settings, route, about);
        match prepared {
            Ok(introduction) => self.transfer = Transfer::Announced(Box::new(introduction)),
            Err(error) => return self.undiallable(&error).await,
        }
        self.hold().await;
        self.go_on_announcing().await;
    }

    /// Does what is to be done of an announced transfer, as far as it is known.
    pub(super) async fn go_on_announcing(&mut self) {
        while let Transfer::Announced(introduction) = &mut self.transfer {
            match introduction.step().await {
                None => return,
                Some(Step::Join { person, mark }) => {
                    if let Some(event) = self.join(person, mark).await
                        && let Transfer::Announced(introduction) = &mut self.transfer
                    {
                        introduction.tell(event);
                    }
                }
                Some(Step::Return(outcome)) => return self.announced(outcome).await,
            }
        }
    }

    /// Has both talk to each other. What came of it at once.
    async fn join(&mut self, person: CallUuid, mark: CallUuid) -> Option<Event> {
        let call = self.channel.call;
        // From here on the music ends by itself.
        self.waiting = Waiting::Not;
        self.look = Instant::now() + LOOK_AGAIN;
        let joined = match self.leave_them_alone(mark).await {
            Ok(()) => self.switch.command(Command::Bridge(call, person)).await,
            Err(error) => Err(error),
        };
        match joined {
            // FreeSWITCH tells when they talk, also where it has not answered; and it is looked whether they do.
            Ok(_) | Err(CommandError::NotConnected { .. } | CommandError::TimedOut { .. }) => None,
            Err(error) => {
                tracing::warn!(%call, %person, %error, "the caller and whom they wanted could not be joined");
                Some(Event::BridgeFailed)
            }
        }
    }

    /// Whatever becomes of us, FreeSWITCH itself takes both last resorts away when the two are joined (measured on 1.10.12: it
    /// executes these applications first), and whoever hangs up first, the caller is not left in the dialplan. A person who hangs up
    /// after +OK and before they are joined would take the caller along (ORIGINATOR_CANCEL, or DESTINATION_OUT_OF_ORDER where the
    /// channel is gone already): of the last three the first ends the caller who has talked before the second is looked at, and
    /// by the others the caller who has not is parked (`switch_ivr_bridge.c`; measured).
    async fn leave_them_alone(&self, mark: CallUuid) -> Result<(), CommandError> {
        let group = |call| TaskGroup::LastResort.of(call);
        for (name, value) in [
            (Channel::HELD_WITH, String::new()),
            ("bridge_pre_execute_aleg_app", "sched_cancel".to_owned()),
            ("bridge_pre_execute_aleg_data", group(self.channel.call)),
            ("bridge_pre_execute_bleg_app", "sched_cancel".to_owned()),
            ("bridge_pre_execute_bleg_data", group(mark)),
            ("hangup_after_bridge", "explicit".to_owned()),
            ("park_after_bridge", "true".to_owned()),
            ("uuid_bridge_park_on_cancel", "true".to_owned()),
        ] {
            self.set(name, &value).await?;
        }
        Ok(())
    }

    /// An announced transfer has ended.
    async fn announced(&mut self, outcome: TransferOutcome) {
        let Transfer::Announced(introduction) = std::mem::replace(&mut self.transfer, Transfer::None) else {
            return;
        };
        if outcome != TransferOutcome::Answered {
            introduction.over().await;
            // Where two were to be joined and never were FreeSWITCH leaves it, as if they talked.
            tools::told_in_log(self.channel.call, self.set("signal_bond", "").await);
            return self.come_back(outcome).await;
        }
        self.away().await;
        introduction.joined().await;
    }

    /// The caller's channel talks to another.
    pub(super) async fn bridged(&mut self) {
        match &mut self.transfer {
            Transfer::Blind(_) => self.away().await,
            Transfer::Announced(introduction) => {
                introduction.tell(Event::Bridged);
                self.go_on_announcing().await;
            }
            Transfer::None | Transfer::Away => {}
        }
    }

    /// The caller talks to whom they wanted: nothing of ours stays with them.
    pub(super) async fn away(&mut self) {
        self.transfer = Transfer::Away;
        self.transfer_ended(TransferOutcome::Answered).await;
        self.last_resort.disarm().await;
        let call = self.channel.call;
        if let Some(recording) = self.recording.take() {
            recording.stop_at_last(&self.switch, call).await;
        }
        if self.settings.audio == CallAudio::Module {
            tools::told_in_log(call, self.switch.command(Command::StreamStop(call)).await);
        }
        // Whoever parks the caller later does so for somebody else.
        tools::told_in_log(call, self.set("voice_ai", "false").await);
    }

    /// Nobody has taken the caller, who is back.
    pub(super) async fn come_back(&mut self, outcome: TransferOutcome) {
        self.transfer = Transfer::None;
        self.unhold().await;
        self.transfer_ended(outcome).await;
    }

    /// The number itself may be a caller's words, which the log is not told.
    async fn undiallable(&mut self, error: &ArgumentError) {
        let call = self.channel.call;
        let ArgumentError { what, rule, .. } = error;
        tracing::warn!(%call, rule, "nobody is called: what the call asked for cannot be {what}");
        self.failed("its number cannot be dialled").await;
    }

    async fn failed(&mut self, cause: &str) {
        self.come_back(failure(cause)).await;
    }

    pub(super) async fn transfer_ended(&self, outcome: TransferOutcome) {
        self.tell(Report::TransferEnded(outcome)).await;
    }
}

fn failure(cause: &str) -> TransferOutcome {
    TransferOutcome::Failed {
        cause: cause.to_owned(),
    }
}
