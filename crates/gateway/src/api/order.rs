//! What an operator wants of a call, and whether it can be done now.

use super::answers::{CallState, LiveCall, Taken};
use super::destination;
use super::refusal::ApiError;
use super::route::Kind;
use crate::calls::Oversight;
use call::Directive;
use jiff::Timestamp;
use secretary::CallUuid;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The most that is said at once, in characters: about half a minute.
const LONGEST_TEXT: usize = 500;

/// One thing wanted.
pub(super) enum Order {
    HangUp(HangUp),
    Transfer(Transfer),
    Say(Say),
}

/// The end of the call.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HangUp {
    /// Without a good-bye.
    #[serde(default)]
    now: bool,
}

/// Somebody else for the caller.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Transfer {
    to: String,
    /// Even where nobody is there at this hour.
    #[serde(default)]
    force: bool,
}

/// A text for the caller.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Say {
    text: String,
}

impl Order {
    pub(super) fn read(kind: Kind, body: &[u8]) -> Result<Self, ApiError> {
        Ok(match kind {
            Kind::HangUp if body.is_empty() => Self::HangUp(HangUp::default()),
            Kind::HangUp => Self::HangUp(parsed(body)?),
            Kind::Transfer => Self::Transfer(parsed(body)?),
            Kind::Say => {
                let Say { text } = parsed(body)?;
                let text = spoken(&text)?;
                Self::Say(Say { text })
            }
        })
    }

    /// Its name in logs; never what is to be said.
    const fn name(&self) -> &'static str {
        match self {
            Self::HangUp(HangUp { now: true }) => "hang up now",
            Self::HangUp(_) => "hang up",
            Self::Transfer(_) => "transfer",
            Self::Say(_) => "say",
        }
    }

    /// Gives it to the call.
    pub(super) fn give(self, call: CallUuid, to: &Oversight) -> Result<Taken, ApiError> {
        let now = to.sheet.read().ok_or(ApiError::NoSuchCall(call))?;
        let order = self.name();
        let taken = match self {
            Self::HangUp(HangUp { now: true }) => {
                to.stop();
                taken(call)
            }
            Self::HangUp(HangUp { now: false }) => {
                direct(to, call, Directive::HangUp)?;
                taken(call)
            }
            Self::Transfer(wanted) => wanted.give(&now, to)?,
            Self::Say(Say { text }) => {
                may_be_told(&now)?;
                direct(to, call, Directive::Say { text })?;
                taken(call)
            }
        };
        tracing::info!(%call, domain = %now.domain, order, to = taken.to.as_deref(), "an operator's order was taken");
        Ok(taken)
    }
}

impl Transfer {
    fn give(self, now: &LiveCall, to: &Oversight) -> Result<Taken, ApiError> {
        match now.state {
            CallState::Talking | CallState::OnHold => {}
            _ => {
                return Err(ApiError::State {
                    state: now.state.clone(),
                    what: "sent to somebody else",
                });
            }
        }
        let secretary = to.sheet.secretary().ok_or(ApiError::NoSuchCall(now.uuid))?;
        let meant = destination::meant(&secretary, &self.to, Timestamp::now())?;
        if let (Some(opens), false) = (&meant.closed, self.force) {
            return Err(ApiError::Closed {
                name: meant.name,
                opens: opens.clone(),
            });
        }
        let destination = meant.name.clone();
        direct(to, now.uuid, Directive::Transfer { destination })?;
        Ok(Taken {
            to: Some(meant.name),
            opens: meant.closed,
            ..taken(now.uuid)
        })
    }
}

fn taken(uuid: CallUuid) -> Taken {
    Taken {
        uuid,
        to: None,
        opens: None,
    }
}

/// Whether the caller can hear something of ours, now or before long.
fn may_be_told(call: &LiveCall) -> Result<(), ApiError> {
    match call.state {
        CallState::Opening | CallState::Talking | CallState::OnHold | CallState::Detached => Ok(()),
        CallState::Transferring { .. } | CallState::Leaving => Err(ApiError::State {
            state: call.state.clone(),
            what: "told anything",
        }),
    }
}

fn direct(to: &Oversight, call: CallUuid, directive: Directive) -> Result<(), ApiError> {
    if to.direct(directive) {
        return Ok(());
    }
    Err(ApiError::Busy(call))
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::Body(error.to_string()))
}

/// The words, without what nobody can pronounce.
fn spoken(text: &str) -> Result<String, ApiError> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let length = text.chars().count();
    if length == 0 || length > LONGEST_TEXT || text.chars().any(char::is_control) {
        return Err(ApiError::Text {
            length,
            longest: LONGEST_TEXT,
        });
    }
    Ok(text)
}
