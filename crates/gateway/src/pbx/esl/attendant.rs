//! The attendant of one call: it renews the caller's last resort, tells what happens to the caller's channel, and does what the call
//! asks of the PBX, one thing after the other.

mod transferring;

use super::announced::News;
use super::causes;
use super::last_resort::LastResort;
use super::tools::{self, Recording};
use super::{CallAudio, Errand, PbxSettings};
use crate::pbx::{Line, Report};
use call::{Digit, ToolCallId, ToolRequest, TransferOutcome};
use freeswitch::{
    Application, ArgumentError, Channel, Command, CommandError, Following, HangupCause, Happening, Switch,
    Timer, VariableName, VariableValue,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use transferring::Transfer;
use uuid::Uuid;

/// The attendant.
pub(super) struct Attendant {
    switch: Switch,
    channel: Channel,
    settings: PbxSettings,
    caller: Following,
    orders: mpsc::Receiver<Errand>,
    hang_up: CancellationToken,
    reports: mpsc::Sender<Report>,
    last_resort: LastResort,
    waiting: Waiting,
    transfer: Transfer,
    /// When it is looked what has become of the transfer, as far as FreeSWITCH carries it out by itself.
    look: Instant,
    recording: Option<Recording>,
    /// Tools that ask FreeSWITCH something.
    work: JoinSet<Report>,
}

/// Whether the caller waits with music, which is an application of this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Not,
    WithMusic(Uuid),
    /// It is being ended.
    NoMore(Uuid),
}

/// What wakes it.
enum Wake {
    HangUp,
    Order(Option<Errand>),
    Caller(Option<Happening>),
    Person(News),
    Done(Report),
    Renewal,
    Look,
}

/// Whether it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    /// The channel is gone.
    Gone,
    /// The call is over for us, whatever becomes of the channel.
    Over,
}

impl Attendant {
    pub(super) fn new(
        line: Line,
        settings: PbxSettings,
        orders: mpsc::Receiver<Errand>,
        hang_up: CancellationToken,
        reports: mpsc::Sender<Report>,
    ) -> Self {
        let Line { switch, channel } = line;
        let call = channel.call;
        Self {
            caller: switch.follow(call),
            last_resort: LastResort::new(switch.clone(), call, settings.last_resort.clone()),
            switch,
            channel,
            settings,
            orders,
            hang_up,
            reports,
            waiting: Waiting::Not,
            transfer: Transfer::None,
            look: Instant::now(),
            recording: None,
            work: JoinSet::new(),
        }
    }

    /// Attends to the call until it is over.
    pub(super) async fn run(mut self) {
        let mut flow = self.begin().await;
        while flow == Flow::On {
            let wake = self.wake().await;
            flow = self.woken(wake).await;
        }
        self.leave(flow).await;
    }

    async fn begin(&mut self) -> Flow {
        // First of all, as a break takes what was asked for with it, and we are about to speak. What is said before hides the music.
        self.end_hold_of_another(&self.channel).await;
        self.last_resort.arm().await;
        self.mark().await;
        // It may have gone before it was followed.
        match self.switch.channel(self.channel.call).await {
            Ok(None) => self.gone().await,
            Ok(Some(channel)) => {
                self.end_hold_of_another(&channel).await;
                Flow::On
            }
            Err(_) => Flow::On,
        }
    }

    /// A gateway before us has put the caller on hold, and nobody else ends that: with a module, behind whose stream it goes on for ever.
    async fn end_hold_of_another(&self, channel: &Channel) {
        if !channel.held || self.settings.audio == CallAudio::Core {
            return;
        }
        let ended = self.switch.command(Command::Break(channel.call)).await;
        tools::told_in_log(channel.call, ended);
        self.is_held_no_more().await;
    }

    /// Whoever comes after us finds the caller in park by this, whatever was executed there.
    async fn mark(&self) {
        if let (CallAudio::Core, Some(at)) = (self.settings.audio, &self.channel.destination) {
            tools::told_in_log(self.channel.call, self.set(Channel::TAKEN_UP_AT, at).await);
        }
    }

    async fn wake(&mut self) -> Wake {
        let Self {
            caller,
            orders,
            hang_up,
            last_resort,
            transfer,
            look,
            work,
            ..
        } = self;
        // Whoever talks to somebody else needs no last resort of ours.
        let away = matches!(transfer, Transfer::Away);
        let is_looked_after = transfer.is_looked_after();
        let introduction = async {
            match transfer {
                Transfer::Announced(introduction) => introduction.next().await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            () = hang_up.cancelled() => Wake::HangUp,
            order = orders.recv() => Wake::Order(order),
            happening = caller.next() => Wake::Caller(happening),
            news = introduction => Wake::Person(news),
            Some(Ok(done)) = work.join_next() => Wake::Done(done),
            () = tokio::time::sleep_until(last_resort.due()), if !away => Wake::Renewal,
            () = tokio::time::sleep_until(*look), if is_looked_after => Wake::Look,
        }
    }

    async fn woken(&mut self, wake: Wake) -> Flow {
        match wake {
            Wake::HangUp | Wake::Order(None) => return Flow::Over,
            Wake::Order(Some(errand)) => return self.errand(errand).await,
            Wake::Caller(happening) => return self.happened(happening).await,
            Wake::Person(news) => {
                if let Transfer::Announced(introduction) = &mut self.transfer {
                    introduction.news(news).await;
                }
                self.go_on_announcing().await;
            }
            Wake::Done(report) => self.tell(report).await,
            Wake::Renewal => return self.renew().await,
            Wake::Look => self.look_after_the_transfer().await,
        }
        Flow::On
    }

    /// What is still to be done when the call is over.
    async fn leave(mut self, flow: Flow) {
        let transfer = std::mem::replace(&mut self.transfer, Transfer::None);
        if flow == Flow::Over && self.hang_up.is_cancelled() {
            self.end_the_call().await;
        } else if flow == Flow::Gone {
            self.last_resort.forget().await;
        }
        // Else nobody carries the caller any more, and nobody has said why: FreeSWITCH hands them to the last resort.
        if let Transfer::Announced(introduction) = transfer {
            introduction.abandon().await;
        }
    }

    async fn end_the_call(&mut self) {
        let call = self.channel.call;
        match self
            .switch
            .command(Command::Kill(call, HangupCause::NormalClearing))
            .await
        {
            Ok(_) | Err(CommandError::NoSuchChannel { .. }) => self.last_resort.forget().await,
            Err(error) => {
                tracing::warn!(%call, %error, "the call could not be hung up; FreeSWITCH hands it to the last resort within 15 s");
            }
        }
    }

    async fn errand(&mut self, errand: Errand) -> Flow {
        match errand {
            Errand::Transfer(wanted) => self.transfer(&wanted).await,
            Errand::Hold => self.hold().await,
            Errand::Unhold => self.unhold().await,
            Errand::LetGo if matches!(self.transfer, Transfer::None) => return self.taken().await,
            // A transfer of ours tells itself what becomes of it.
            Errand::LetGo => {}
            Errand::GiveUp => return self.give_up().await,
            Errand::Tool(request) => self.tool(request).await,
        }
        Flow::On
    }

    async fn happened(&mut self, happening: Option<Happening>) -> Flow {
        let Some(happening) = happening else {
            return self.gone().await;
        };
        match happening {
            Happening::HungUp { .. } => return self.gone().await,
            Happening::Digit(key) => {
                if let Some(digit) = Digit::new(key) {
                    self.tell(Report::Digit(digit)).await;
                }
            }
            Happening::Bridged { .. } if matches!(self.transfer, Transfer::None) => {
                return self.taken().await;
            }
            Happening::Bridged { .. } => self.bridged().await,
            Happening::Unparked if matches!(self.transfer, Transfer::None) => return self.unparked().await,
            Happening::Ended {
                id,
                response,
                disposition,
            } => self.ended(id, &response, disposition.as_deref()).await,
            Happening::ControlBack => return self.control_back().await,
            _ => {}
        }
        Flow::On
    }

    async fn gone(&mut self) -> Flow {
        match std::mem::replace(&mut self.transfer, Transfer::None) {
            Transfer::Blind(_) => self.transfer_ended(TransferOutcome::CallerGone).await,
            Transfer::Announced(introduction) => {
                introduction.abandon().await;
                self.transfer_ended(TransferOutcome::CallerGone).await;
            }
            Transfer::None | Transfer::Away => {}
        }
        self.tell(Report::HungUp).await;
        Flow::Gone
    }

    /// Renews the last resort, unless FreeSWITCH has already turned to it.
    async fn renew(&mut self) -> Flow {
        if let Some(flow) = self.taken_for_dead().await {
            return flow;
        }
        self.last_resort.arm().await;
        Flow::On
    }

    /// What follows where FreeSWITCH may have turned to the last resort: nothing, if the caller is where they were. A new park keeps
    /// what was dialled (measured on 1.10.12).
    async fn taken_for_dead(&mut self) -> Option<Flow> {
        if !self.last_resort.may_have_fired() {
            return None;
        }
        let known = &self.channel;
        match self.switch.channel(known.call).await {
            Ok(Some(now)) if is_where(&now, known) => None,
            Ok(Some(_)) => Some(self.lost().await),
            Ok(None) => Some(self.gone().await),
            Err(_) => {
                self.last_resort.postpone();
                Some(Flow::On)
            }
        }
    }

    /// FreeSWITCH has handed the caller to the last resort.
    async fn lost(&mut self) -> Flow {
        tracing::warn!(call = %self.channel.call, "FreeSWITCH has handed the caller to the last resort");
        self.tell(Report::LastResort).await;
        Flow::Over
    }

    /// The caller goes to the last resort at once.
    async fn give_up(&mut self) -> Flow {
        let call = self.channel.call;
        let command = match self.settings.last_resort.clone() {
            Timer::Transfer(extension, context) => Command::Transfer(call, extension, context),
            _ => Command::Kill(call, HangupCause::NormalTemporaryFailure),
        };
        match self.switch.command(command).await {
            // It would take the caller away from there again (seen on 1.10.12).
            Ok(_) => self.last_resort.disarm().await,
            Err(CommandError::NoSuchChannel { .. }) => return self.gone().await,
            Err(error) => {
                tracing::warn!(%call, %error, "the caller could not be sent to the last resort; FreeSWITCH does it within 15 s");
            }
        }
        self.lost().await
    }

    /// The caller has left park: to be parked anew by us, unless somebody has sent them elsewhere.
    async fn unparked(&mut self) -> Flow {
        match self.switch.channel(self.channel.call).await {
            Ok(Some(now)) if !is_where(&now, &self.channel) => self.taken().await,
            Ok(None) => self.gone().await,
            // Where it cannot be asked the silence that follows has it looked at again.
            Ok(Some(_)) | Err(_) => Flow::On,
        }
    }

    /// The caller is with somebody else, and not by a transfer of ours: with the last resort, or with whom an operator has chosen.
    async fn taken(&mut self) -> Flow {
        if self.last_resort.may_have_fired() {
            return self.lost().await;
        }
        self.away().await;
        Flow::On
    }

    async fn control_back(&mut self) -> Flow {
        if let Transfer::Away = self.transfer {
            return Flow::On;
        }
        // Who is with the last resort may talk, too.
        if let Some(flow) = self.taken_for_dead().await {
            return flow;
        }
        if self.transfer.is_looked_after() {
            self.look_after_the_transfer().await;
        }
        if !matches!(self.transfer, Transfer::Away) {
            self.last_resort.arm().await;
        }
        Flow::On
    }

    /// An application of ours has ended on the caller's channel.
    async fn ended(&mut self, id: Uuid, response: &str, disposition: Option<&str>) {
        if let Waiting::WithMusic(music) | Waiting::NoMore(music) = self.waiting
            && music == id
        {
            self.waiting = Waiting::Not;
            self.is_held_no_more().await;
        }
        if let Transfer::Blind(ringing) = &self.transfer
            && ringing.bridge == id
        {
            match disposition.unwrap_or(response) {
                // It was answered, and is over: the channel's end follows.
                "SUCCESS" => self.away().await,
                cause => self.come_back(causes::outcome(cause)).await,
            }
        }
    }

    async fn hold(&mut self) {
        if let Waiting::WithMusic(_) = self.waiting {
            return;
        }
        // First, so that whoever comes after us finds no music that seems to be somebody else's.
        let by = self.settings.music.to_string();
        tools::told_in_log(self.channel.call, self.set(Channel::HELD_WITH, &by).await);
        let music = Application::HoldMusic(self.settings.music.clone());
        match self.switch.execute(self.channel.call, music).await {
            Ok(id) => self.waiting = Waiting::WithMusic(id),
            Err(error) => {
                tracing::warn!(call = %self.channel.call, %error, "the caller waits without music");
            }
        }
    }

    /// The caller is to hear the secretary again.
    async fn unhold(&mut self) {
        let Waiting::WithMusic(id) = self.waiting else {
            return;
        };
        self.waiting = Waiting::NoMore(id);
        match self.settings.audio {
            // The leg has the channel parked anew, which ends the music. A break could come in between, and takes what was asked for
            // with it (measured on 1.10.12: `uuid_break … all` forgets messages that wait).
            CallAudio::Core => {}
            CallAudio::Module => self.silence().await,
        }
    }

    /// The music ends now, if there is any.
    async fn silence(&mut self) {
        if self.waiting == Waiting::Not {
            return;
        }
        self.waiting = Waiting::Not;
        let call = self.channel.call;
        tools::told_in_log(call, self.switch.command(Command::Break(call)).await);
        self.is_held_no_more().await;
    }

    async fn is_held_no_more(&self) {
        tools::told_in_log(self.channel.call, self.set(Channel::HELD_WITH, "").await);
    }

    async fn tool(&mut self, request: ToolRequest) {
        let ToolRequest { id, name, arguments } = request;
        let (switch, channel) = (self.switch.clone(), self.channel.clone());
        match name.as_str() {
            // This one asks of all channels, which may take a moment.
            "check_extension_available" => {
                self.work.spawn(async move {
                    let found = tools::availability(&switch, &channel, &arguments).await;
                    done(id, found)
                });
            }
            "send_dtmf" => {
                let sent = tools::send_keys(&switch, channel.call, &arguments).await;
                self.tell(done(id, sent)).await;
            }
            "record_call" => {
                let recorded = tools::record(&switch, &channel, &arguments, &mut self.recording).await;
                self.tell(done(id, recorded)).await;
            }
            other => {
                let unknown = Err(tools::PbxToolError::Unknown(other.to_owned()));
                self.tell(done(id, unknown)).await;
            }
        }
    }

    async fn set(&self, name: &str, value: &str) -> Result<String, CommandError> {
        let refused = |error: ArgumentError| CommandError::Failed {
            switch: self.switch.name().to_owned(),
            command: "uuid_setvar".to_owned(),
            reply: error.to_string(),
        };
        let name = VariableName::parse(name).map_err(refused)?;
        let value = VariableValue::parse(value).map_err(refused)?;
        let set = Command::SetVariable(self.channel.call, name, value);
        self.switch.command(set).await
    }

    async fn tell(&self, report: Report) {
        // Nobody listens any more: the call is over.
        let _ = self.reports.send(report).await;
    }
}

/// Whether a channel is where it was. A new park keeps what was dialled (measured on 1.10.12).
fn is_where(now: &Channel, known: &Channel) -> bool {
    now.destination == known.destination && now.context == known.context
}

fn done(id: ToolCallId, result: Result<String, tools::PbxToolError>) -> Report {
    let (ok, result) = match result {
        Ok(result) => (true, result),
        Err(why) => (false, why.to_string()),
    };
    Report::Done { id, ok, result }
}
