//! An announced transfer: somebody is called, told who wants them and why, and asked whether they take the call, while the caller
//! hears music.
//!
//! A machine as [`crate::Call`] is one, with the same contract: [`Announcing::handle`] each [`Event`] with its instant, take orders
//! from [`Announcing::poll_order`] until there is none, sleep until [`Announcing::poll_timeout`] at the latest, then
//! [`Announcing::handle_timeout`]. It ends with exactly one [`Order::Return`], and after that nothing is ordered: by then either both
//! are bridged, or the one who was called has been hung up (or has hung up by themself) and the caller is free to go back, or gone.

mod consent;

use crate::{Digit, TransferOutcome};
use consent::Consent;
use secretary::Language;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The keys that answer the question.
const TAKE: char = '1';
const DECLINE: char = '2';
/// The cause of a transfer whose two sides could not be joined.
const UNBRIDGED: &str = "could not be bridged";

/// What is to be announced, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Who is called, as the driver knows them: it comes back in [`Order::Call`].
    pub to: String,
    /// Who calls, and why, as the engine put it. It may be empty.
    pub about: String,
    /// The language of the question and of its answer.
    pub language: Language,
    /// How long each part may take.
    pub limits: Limits,
}

/// How long each part of an announced transfer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the call to its answer.
    pub ringing: Duration,
    /// One announcement or question, played.
    pub prompt: Duration,
    /// From the end of the question to what they say to it.
    pub reply: Duration,
    /// Until both are bridged.
    pub bridging: Duration,
    /// All of it, but for the bridging.
    pub whole: Duration,
}

impl Default for Limits {
    /// All together well below the 90 s that a call waits for a transfer.
    fn default() -> Self {
        Self {
            ringing: Duration::from_secs(30),
            prompt: Duration::from_secs(25),
            reply: Duration::from_secs(8),
            bridging: Duration::from_secs(5),
            whole: Duration::from_secs(75),
        }
    }
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Their phone rings.
    LegRinging,
    /// They have picked up.
    LegAnswered,
    /// They could not be called, or have not picked up. There is no leg of theirs any more.
    LegFailed(TransferOutcome),
    /// What was to be played was played to its end, or cannot be played.
    PromptPlayed,
    /// They pressed a key.
    Digit(Digit),
    /// They said this.
    Words(String),
    /// Both are bridged, as [`Order::Bridge`] wanted.
    Bridged,
    /// They cannot be bridged, and both legs are still there.
    BridgeFailed,
    /// The caller has hung up.
    CallerGone,
    /// The one who was called has hung up.
    CalleeGone,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Call them, on a leg of their own.
    Call {
        /// [`Announcement::to`].
        to: String,
    },
    /// Play this to them; [`Event::PromptPlayed`] follows. What they press or say meanwhile counts.
    Play {
        /// The words.
        text: String,
    },
    /// The question was heard: understand what they say, and tell it as [`Event::Words`].
    Listen,
    /// Stop what is being played, and join both.
    Bridge,
    /// End their leg, whatever it is doing.
    HangUpCallee,
    /// It is over; nothing comes after this. [`TransferOutcome::Answered`]: both are bridged. [`TransferOutcome::CallerGone`]: nobody is
    /// left. Anything else: the caller goes back to the secretary.
    Return(TransferOutcome),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Their phone is called.
    Calling {
        until: Instant,
    },
    /// They are told and asked.
    Asking {
        attempt: Attempt,
        until: Instant,
    },
    /// They are waited for.
    Listening {
        attempt: Attempt,
        until: Instant,
    },
    /// Both are being joined.
    Bridging {
        until: Instant,
    },
    Over,
}

/// How often they were asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    First,
    Last,
}

/// One announced transfer.
#[derive(Debug)]
pub struct Announcing {
    announcement: Announcement,
    stage: Stage,
    /// When all of it has taken too long.
    whole: Instant,
    /// The latest instant told: time never runs backwards in here.
    latest: Instant,
    orders: VecDeque<Order>,
}

impl Announcing {
    /// A transfer that begins now.
    pub fn new(announcement: Announcement, now: Instant) -> Self {
        let limits = announcement.limits;
        let call = Order::Call {
            to: announcement.to.clone(),
        };
        Self {
            announcement,
            stage: Stage::Calling {
                until: now + limits.ringing,
            },
            whole: now + limits.whole,
            latest: now,
            orders: VecDeque::from([call]),
        }
    }

    /// Takes one event. What was due before it is done first.
    pub fn handle(&mut self, event: Event, now: Instant) {
        let now = self.advance_clock(now);
        while self.poll_timeout().is_some_and(|due| due < now) {
            self.time_out(now);
        }
        match (self.stage, event) {
            (Stage::Over, _) => {}
            (_, Event::CallerGone) => self.give_up(TransferOutcome::CallerGone),
            (Stage::Calling { .. }, Event::LegAnswered) => self.ask(Attempt::First, now),
            (Stage::Calling { .. }, Event::LegFailed(outcome)) => self.end(as_failure(outcome)),
            (Stage::Calling { .. }, Event::CalleeGone) => self.end(TransferOutcome::NoAnswer),
            (Stage::Asking { .. } | Stage::Listening { .. }, Event::Digit(digit)) => self.key(digit, now),
            (Stage::Asking { attempt, .. }, Event::PromptPlayed) => self.listen(attempt, now),
            (Stage::Asking { .. }, Event::Words(words)) => {
                if let Some(consent) = consent::heard(self.announcement.language, &words) {
                    self.decide(consent, now);
                }
            }
            (Stage::Listening { attempt, .. }, Event::Words(words)) => self.reply(attempt, &words, now),
            (Stage::Asking { .. } | Stage::Listening { .. }, Event::CalleeGone | Event::LegFailed(_)) => {
                self.end(TransferOutcome::Refused);
            }
            (Stage::Bridging { .. }, Event::Bridged) => self.end(TransferOutcome::Answered),
            (Stage::Bridging { .. }, Event::BridgeFailed) => self.give_up(unbridged()),
            (Stage::Bridging { .. }, Event::CalleeGone | Event::LegFailed(_)) => self.end(unbridged()),
            // News of a stage that is past, and what says nothing new.
            (_, _) => {}
        }
    }

    /// The next thing to do, if there is one.
    pub fn poll_order(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    /// When [`Announcing::handle_timeout`] is wanted next, if nothing happens before. None when it is over.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.stage {
            Stage::Calling { until } | Stage::Asking { until, .. } | Stage::Listening { until, .. } => {
                Some(until.min(self.whole))
            }
            Stage::Bridging { until } => Some(until),
            Stage::Over => None,
        }
    }

    /// Does what is due at `now`. Too early is harmless, too late is made up for.
    pub fn handle_timeout(&mut self, now: Instant) {
        let now = self.advance_clock(now);
        while self.poll_timeout().is_some_and(|due| due <= now) {
            self.time_out(now);
        }
    }

    /// True once [`Order::Return`] has been given: what is still to be polled is the last.
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    fn advance_clock(&mut self, now: Instant) -> Instant {
        self.latest = self.latest.max(now);
        self.latest
    }

    fn time_out(&mut self, now: Instant) {
        match self.stage {
            Stage::Calling { .. } => self.give_up(TransferOutcome::NoAnswer),
            Stage::Bridging { .. } => self.give_up(unbridged()),
            Stage::Asking { .. } | Stage::Listening { .. } if self.whole <= now => {
                self.give_up(TransferOutcome::Refused);
            }
            // Its end was lost.
            Stage::Asking { attempt, .. } => self.listen(attempt, now),
            Stage::Listening { attempt, .. } => self.unclear(attempt, now),
            Stage::Over => {}
        }
    }

    fn ask(&mut self, attempt: Attempt, now: Instant) {
        let text = match attempt {
            Attempt::First => question(&self.announcement),
            Attempt::Last => again(self.announcement.language).to_owned(),
        };
        self.orders.push_back(Order::Play { text });
        self.stage = Stage::Asking {
            attempt,
            until: now + self.announcement.limits.prompt,
        };
    }

    fn listen(&mut self, attempt: Attempt, now: Instant) {
        self.orders.push_back(Order::Listen);
        self.stage = Stage::Listening {
            attempt,
            until: now + self.announcement.limits.reply,
        };
    }

    fn key(&mut self, digit: Digit, now: Instant) {
        match digit.key() {
            TAKE => self.decide(Consent::Yes, now),
            DECLINE => self.decide(Consent::No, now),
            // A key that was not asked for.
            _ => {}
        }
    }

    fn reply(&mut self, attempt: Attempt, words: &str, now: Instant) {
        match consent::heard(self.announcement.language, words) {
            Some(consent) => self.decide(consent, now),
            // A sound is no answer, and the time runs on.
            None if words.trim().is_empty() => {}
            None => self.unclear(attempt, now),
        }
    }

    /// They were asked, and have not said which. What takes the call by itself (an answering machine) never does.
    fn unclear(&mut self, attempt: Attempt, now: Instant) {
        match attempt {
            Attempt::First => self.ask(Attempt::Last, now),
            Attempt::Last => self.give_up(TransferOutcome::Refused),
        }
    }

    fn decide(&mut self, consent: Consent, now: Instant) {
        match consent {
            Consent::No => self.give_up(TransferOutcome::Refused),
            Consent::Yes => {
                self.orders.push_back(Order::Bridge);
                self.stage = Stage::Bridging {
                    until: now + self.announcement.limits.bridging,
                };
            }
        }
    }

    /// Ends it while there may be a leg of the one who was called.
    fn give_up(&mut self, outcome: TransferOutcome) {
        self.orders.push_back(Order::HangUpCallee);
        self.end(outcome);
    }

    /// Ends it.
    fn end(&mut self, outcome: TransferOutcome) {
        self.orders.push_back(Order::Return(outcome));
        self.stage = Stage::Over;
    }
}

fn unbridged() -> TransferOutcome {
    TransferOutcome::Failed {
        cause: UNBRIDGED.into(),
    }
}

/// Why a leg failed. One that was answered has not: nobody is told that the caller is served who is not.
fn as_failure(outcome: TransferOutcome) -> TransferOutcome {
    match outcome {
        TransferOutcome::Answered => TransferOutcome::Failed {
            cause: "answered and gone".into(),
        },
        other => other,
    }
}

fn question(announcement: &Announcement) -> String {
    let about = announcement.about.trim();
    let (nothing, question) = match announcement.language {
        Language::PtBr => (
            "Há uma ligação para você",
            "Posso passar? Diga sim ou não, ou aperte 1 para atender ou 2 para recusar.",
        ),
        Language::En => (
            "There is a call for you",
            "May I put it through? Say yes or no, or press 1 to take it or 2 to decline.",
        ),
    };
    let about = if about.is_empty() { nothing } else { about };
    let stop = if about.ends_with(['.', '!', '?', '…']) {
        ""
    } else {
        "."
    };
    format!("{about}{stop} {question}")
}

const fn again(language: Language) -> &'static str {
    match language {
        Language::PtBr => "Desculpe, não entendi. Aperte 1 para atender ou 2 para recusar.",
        Language::En => "Sorry, I did not get that. Press 1 to take the call or 2 to decline.",
    }
}
