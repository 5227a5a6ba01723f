//! An announced transfer: a person is called on a leg of their own and asked, while the caller hears music. What follows from what is
//! the machine's ([`Announcing`]); here it is done.

use super::booth::{Booth, Told};
use super::causes;
use super::last_resort::LastResort;
use super::route::Route;
use super::{Means, PbxSettings};
use call::announcing::{Announcement, Announcing, Event, Limits, Order};
use call::{Digit, TransferOutcome};
use freeswitch::{
    ArgumentError, Channel, Command, CommandError, DialString, Following, HangupCause, Happening, Switch,
    Timer, VariableName, VariableValue,
};
use secretary::CallUuid;
use std::time::{Duration, Instant};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;
use voice::tts::Speech;

/// An announced transfer under way.
pub(super) struct Introduction {
    machine: Announcing,
    switch: Switch,
    caller: CallUuid,
    /// What all channels have that are made to reach the person, however many phones they have.
    mark: CallUuid,
    person: Option<Person>,
    /// A leg that nobody renews is hung up: it is never left in park, whatever becomes of us.
    last_resort: LastResort,
    speech: Speech,
    means: Means,
    stage: Stage,
    control: Control,
    /// The person's leg could not be hung up: what ends it is left in place.
    left_to_last_resort: bool,
}

/// Who has picked up.
struct Person {
    leg: CallUuid,
    following: Following,
}

/// Whether FreeSWITCH tells what happens to the person's leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Control {
    Held,
    Lost,
}

/// A phone that the dialplan calls for a `loopback` is offered what that speaks, L16, and nothing else, which most refuse
/// (INCOMPATIBLE_DESTINATION, measured on 1.10.12). With this it is offered what its profile speaks, too.
const OF_DIALPLAN: [(&str, &str); 2] = [
    ("media_mix_inbound_outbound_codecs", "true"),
    ("export_vars", "media_mix_inbound_outbound_codecs"),
];

/// How far the person's leg is.
enum Stage {
    /// It is yet to be called.
    Ready(Box<(Route, Channel)>),
    /// It rings.
    Ringing(Dialling),
    /// It is in park, and spoken to.
    Spoken(Booth),
    /// It is being joined with the caller.
    Joining { since: Instant },
    /// It is over.
    Left,
}

/// `originate`, which lasts as long as the phone rings.
type Dialling = AbortOnDropHandle<Result<String, CommandError>>;

/// What happens to a person's leg.
pub(super) enum News {
    Dialled(Result<String, CommandError>),
    Happened(Happening),
    /// The leg is gone.
    Gone,
    Told(Told),
    Due,
}

/// What the attendant is to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Join the caller and the person's leg, which the mark's last resort ends unless that is taken away.
    Join { person: CallUuid, mark: CallUuid },
    /// It is over.
    Return(TransferOutcome),
}

impl Introduction {
    /// Prepares all that is needed; nobody is called yet.
    pub(super) fn prepare(
        switch: &Switch,
        channel: &Channel,
        settings: &PbxSettings,
        mut route: Route,
        about: &str,
    ) -> Result<Self, ArgumentError> {
        let mark = CallUuid::new(Uuid::new_v4());
        let (call, marked) = (channel.call.to_string(), mark.to_string());
        let of_leg = [
            (Command::MARK, marked.as_str()),
            ("voice_ai_person_of", call.as_str()),
            ("hangup_after_bridge", "true"),
        ];
        let by_dialplan = match route.to {
            DialString::Dialplan { .. } => &OF_DIALPLAN[..],
            _ => &[],
        };
        for (name, value) in of_leg.iter().chain(by_dialplan) {
            let variable = (VariableName::parse(name)?, VariableValue::parse(value)?);
            route.variables.push(variable);
        }
        let announcement = Announcement {
            to: route.to.to_string(),
            about: about.to_owned(),
            language: settings.language,
            limits: Limits::default(),
        };
        Ok(Self {
            machine: Announcing::new(announcement, Instant::now()),
            switch: switch.clone(),
            caller: channel.call,
            mark,
            person: None,
            last_resort: LastResort::new(switch.clone(), mark, Timer::HangUpMarked),
            speech: Speech {
                text: String::new(),
                language: settings.language,
                voice: settings.voice.clone(),
            },
            means: settings.means.clone(),
            stage: Stage::Ready(Box::new((route, channel.clone()))),
            control: Control::Held,
            left_to_last_resort: false,
        })
    }

    /// The next thing that happens to the person's leg.
    pub(super) async fn next(&mut self) -> News {
        let due = self.next_due();
        let Self { person, stage, .. } = self;
        tokio::select! {
            news = of_person(person) => news,
            news = of_leg(stage) => news,
            () = due => News::Due,
        }
    }

    /// Whom the caller may talk to already nothing is done to by the clock: the attendant looks what has become of them.
    fn next_due(&self) -> impl Future<Output = ()> + use<> {
        let due = match self.stage {
            Stage::Joining { .. } => None,
            _ => {
                let renewal = self.last_resort.due();
                let machine = self.machine.poll_timeout();
                Some(machine.map_or(renewal, |due| renewal.min(due.into())))
            }
        };
        async move {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        }
    }

    /// Takes the news in.
    pub(super) async fn news(&mut self, news: News) {
        let now = Instant::now();
        let event = match news {
            News::Dialled(Ok(leg)) => Some(self.picked_up(&leg).await),
            News::Dialled(Err(error)) => Some(self.not_reached(error).await),
            // Two who talk need none: `loopback` takes itself out.
            News::Gone if self.is_out_of_sight() => None,
            News::Gone => Some(Event::CalleeGone),
            News::Happened(Happening::Digit(key)) => Digit::new(key).map(Event::Digit),
            News::Happened(Happening::ControlLost) => {
                self.control = Control::Lost;
                None
            }
            // The attendant looks what has become of them.
            News::Happened(Happening::ControlBack) if self.joining_since().is_some() => None,
            News::Happened(Happening::ControlBack) => {
                self.control = Control::Held;
                self.last_resort.arm().await;
                None
            }
            News::Happened(_) => None,
            News::Told(Told::Said) => Some(Event::PromptPlayed),
            News::Told(Told::Words(words)) => Some(Event::Words(words)),
            News::Due => {
                if self.last_resort.due().into_std() <= now {
                    self.last_resort.arm().await;
                }
                self.machine.handle_timeout(self.now());
                None
            }
        };
        if let Some(event) = event {
            self.tell(event);
        }
    }

    /// Tells the machine what happens to the caller.
    pub(super) fn tell(&mut self, event: Event) {
        let now = self.now();
        self.machine.handle(event, now);
    }

    /// Since when the two are being joined: FreeSWITCH has been told.
    pub(super) fn joining_since(&self) -> Option<tokio::time::Instant> {
        match self.stage {
            Stage::Joining { since } => Some(since.into()),
            _ => None,
        }
    }

    /// Whether they may talk to each other without our being told.
    fn is_out_of_sight(&self) -> bool {
        self.joining_since().is_some() && self.control != Control::Held
    }

    /// The machine's time, which stands still while two are being joined: it would part them when it has waited long enough.
    fn now(&self) -> Instant {
        match self.stage {
            Stage::Joining { since } => since,
            _ => Instant::now(),
        }
    }

    /// Does what the machine wants, up to what is the attendant's to do.
    pub(super) async fn step(&mut self) -> Option<Step> {
        while let Some(order) = self.machine.poll_order() {
            match order {
                Order::Call { .. } => self.call().await,
                Order::Play { text } => self.say(text),
                Order::Listen => {
                    if let Stage::Spoken(booth) = &self.stage {
                        booth.listen();
                    }
                }
                Order::Bridge => {
                    let since = Instant::now();
                    self.stage = Stage::Joining { since };
                    match &self.person {
                        Some(Person { leg, .. }) => {
                            let (person, mark) = (*leg, self.mark);
                            return Some(Step::Join { person, mark });
                        }
                        None => self.tell(Event::CalleeGone),
                    }
                }
                Order::HangUpCallee => self.hang_up().await,
                Order::Return(outcome) => {
                    self.stage = Stage::Left;
                    return Some(Step::Return(outcome));
                }
            }
        }
        None
    }

    /// Ends it, with the person's leg.
    pub(super) async fn abandon(mut self) {
        self.tell(Event::CallerGone);
        while self.step().await.is_some() {}
        self.over().await;
    }

    /// It has ended, and nobody is on the person's leg any more.
    pub(super) async fn over(mut self) {
        if !self.left_to_last_resort {
            self.last_resort.forget().await;
        }
    }

    /// Both talk to each other: the leg is its own now.
    pub(super) async fn joined(mut self) {
        self.last_resort.disarm().await;
    }

    async fn call(&mut self) {
        let Stage::Ready(ready) = std::mem::replace(&mut self.stage, Stage::Left) else {
            return;
        };
        let (route, channel) = *ready;
        // Before there is a leg: from its first moment on something ends it.
        self.last_resort.arm().await;
        let shown = |text: Option<&str>| VariableValue::washed(text.unwrap_or_default());
        let command = Command::Originate {
            to: route.to,
            caller_number: shown(channel.caller_number.as_deref()),
            caller_name: shown(channel.caller_name.as_deref()),
            ring: route.ring,
            variables: route.variables,
        };
        tracing::info!(call = %self.caller, mark = %self.mark, "somebody is called for the caller");
        let switch = self.switch.clone();
        let dialling = tokio::spawn(async move { switch.command(command).await });
        self.stage = Stage::Ringing(AbortOnDropHandle::new(dialling));
    }

    async fn picked_up(&mut self, leg: &str) -> Event {
        let Ok(leg) = leg.trim().parse::<CallUuid>() else {
            tracing::warn!(call = %self.caller, "FreeSWITCH has not told which channel was answered");
            self.hang_up().await;
            return Event::LegFailed(TransferOutcome::Failed {
                cause: "FreeSWITCH's answer cannot be read".to_owned(),
            });
        };
        let following = self.switch.follow(leg);
        // It may have gone before it was followed.
        if let Ok(None) = self.switch.channel(leg).await {
            self.stage = Stage::Left;
            return Event::LegFailed(TransferOutcome::Refused);
        }
        self.person = Some(Person { leg, following });
        self.stage = Stage::Spoken(Booth::open(leg, self.speech.language, self.means.clone()));
        Event::LegAnswered
    }

    async fn not_reached(&mut self, error: CommandError) -> Event {
        self.stage = Stage::Left;
        let outcome = match error {
            CommandError::Failed { reply, .. } => causes::outcome(&reply),
            error => {
                // The phone may ring on all the same.
                self.hang_up().await;
                TransferOutcome::Failed {
                    cause: causes::of_refusal(&error).to_owned(),
                }
            }
        };
        Event::LegFailed(outcome)
    }

    fn say(&mut self, text: String) {
        let speech = Speech {
            text,
            ..self.speech.clone()
        };
        match &self.stage {
            Stage::Spoken(booth) => booth.say(speech),
            Stage::Ready(_) | Stage::Ringing(_) | Stage::Joining { .. } | Stage::Left => {}
        }
    }

    async fn hang_up(&mut self) {
        self.left_to_last_resort |= !kill(&self.switch, self.mark).await;
        let Stage::Ringing(mut dialling) = std::mem::replace(&mut self.stage, Stage::Left) else {
            return;
        };
        // A leg that was only about to be made is there when its `originate` has ended.
        match tokio::time::timeout(PATIENCE, &mut dialling).await {
            Ok(Ok(Ok(_))) => self.left_to_last_resort |= !kill(&self.switch, self.mark).await,
            Ok(_) => {}
            Err(_) => {
                self.left_to_last_resort = true;
                let follow_up = follow_up(self.switch.clone(), self.mark, dialling);
                self.means.controlled.attendants.spawn(follow_up);
            }
        }
    }
}

/// How long the end of an `originate` is waited for whose leg was hung up. After that nothing waits for it.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often a leg is looked for then that may be made yet.
const AGAIN: Duration = Duration::from_secs(1);

/// Ends whatever has this mark. Whether it could.
async fn kill(switch: &Switch, mark: CallUuid) -> bool {
    let kill = Command::KillMarked(mark, HangupCause::NormalClearing);
    let killed = switch.command(kill).await;
    if let Err(error) = &killed {
        tracing::warn!(%mark, %error, "a person who was called could not be hung up; FreeSWITCH does it soon, as its last resort");
    }
    killed.is_ok()
}

/// An `originate` that has not ended yet looks up whom to call, and may have them called long after: nobody's phone rings for a call
/// that is given up for more than a moment, and what ends what was made is left in place as long.
async fn follow_up(switch: Switch, mark: CallUuid, mut dialling: Dialling) {
    let mut last_resort = LastResort::new(switch.clone(), mark, Timer::HangUpMarked);
    loop {
        last_resort.arm().await;
        let ended = tokio::time::timeout(AGAIN, &mut dialling).await.is_ok();
        if kill(&switch, mark).await && ended {
            return last_resort.forget().await;
        }
        if ended {
            return;
        }
    }
}

/// What FreeSWITCH tells of the person's leg. After its end nothing more.
async fn of_person(person: &mut Option<Person>) -> News {
    let happening = match person {
        Some(Person { following, .. }) => following.next().await,
        None => std::future::pending().await,
    };
    match happening {
        None | Some(Happening::HungUp { .. }) => {
            *person = None;
            News::Gone
        }
        Some(happening) => News::Happened(happening),
    }
}

/// What comes of the leg besides what FreeSWITCH tells.
async fn of_leg(stage: &mut Stage) -> News {
    match stage {
        Stage::Ringing(dialling) => match dialling.await {
            Ok(dialled) => News::Dialled(dialled),
            // A fault of ours, told where it happened. The machine does not wait for ever.
            Err(_) => {
                *stage = Stage::Left;
                std::future::pending().await
            }
        },
        Stage::Spoken(booth) => News::Told(booth.next().await),
        Stage::Ready(_) | Stage::Joining { .. } | Stage::Left => std::future::pending().await,
    }
}
