//! What answers to a number.

use super::exchange::Exchange;
use std::time::Duration;

/// What is behind a number of the dialplan, or a user's phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// It rings, answers, and stays on the line until somebody hangs up.
    Answers {
        /// How long it rings.
        after: Duration,
    },
    /// It answers, and hangs up after a while.
    Talks {
        /// How long it rings.
        after: Duration,
        /// How long it talks.
        hangs_up: Duration,
    },
    /// 486: `USER_BUSY`.
    Busy,
    /// It rings, and nobody takes it: `NO_ANSWER` when the caller's patience ends.
    NoAnswer,
    /// 603: `CALL_REJECTED`.
    Refuses,
    /// No phone is registered for it: `USER_NOT_REGISTERED`, as FusionPBX's dial string has it.
    Unregistered,
    /// 480 after it has rung: `NO_USER_RESPONSE`.
    Unavailable,
    /// The dialplan of a secretary: answers, sets `voice_ai=true` and parks.
    Parks,
    /// Whatever else the dialplan executes (a queue, a mailbox): applications and their data. A leg that comes here is answered at once.
    Executes(Vec<(String, String)>),
    /// The same, with both ends of a `loopback` that comes here: this is what the far one executes, and the near one is answered when it
    /// answers.
    Dialplan(Vec<(String, String)>),
}

impl Exchange {
    pub(super) fn behaviour(&self, extension: &str) -> Option<Behaviour> {
        self.inner().extensions.get(extension).cloned()
    }
}

/// A dial string: variables and one endpoint. Several, by `,` or `|`, are not known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dialled {
    pub(super) variables: Vec<(String, String)>,
    pub(super) endpoint: Endpoint,
}

/// Whom a dial string names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    User {
        extension: String,
    },
    Dialplan {
        extension: String,
        context: String,
        /// Whether the dial string names the dialplan too.
        named: bool,
    },
    /// A gateway or an address: what is behind the last slash.
    Outside {
        number: String,
    },
    /// `error/user_busy`.
    Error {
        cause: String,
    },
    Invalid,
}

impl Endpoint {
    /// What is dialled.
    pub(super) fn extension(&self) -> &str {
        match self {
            Self::User { extension } | Self::Dialplan { extension, .. } => extension,
            Self::Outside { number } => number,
            Self::Error { .. } | Self::Invalid => "",
        }
    }

    /// The channel's name.
    pub(super) fn channel_name(&self) -> String {
        match self {
            Self::User { extension } => format!("sofia/internal/{extension}@127.0.0.1:5060"),
            Self::Dialplan { extension, .. } => format!("loopback/{extension}-a"),
            Self::Outside { number } => format!("sofia/external/{number}"),
            Self::Error { .. } | Self::Invalid => String::new(),
        }
    }

    /// The module that makes the channel.
    pub(super) fn source(&self) -> &'static str {
        match self {
            Self::Dialplan { .. } => "mod_loopback",
            _ => "mod_sofia",
        }
    }
}

impl Dialled {
    pub(super) fn parse(text: &str) -> Self {
        let (mut variables, rest) = braced(text.trim(), '{', '}');
        let (more, rest) = braced(rest, '[', ']');
        variables.extend(more);
        let endpoint = match rest.split_once('/') {
            Some(("user", user)) => Endpoint::User {
                extension: user.split('@').next().unwrap_or_default().to_owned(),
            },
            Some(("loopback", rest)) => {
                let (extension, context) = rest.split_once('/').unwrap_or((rest, "default"));
                let (context, dialplan) = context.split_once('/').unwrap_or((context, ""));
                Endpoint::Dialplan {
                    extension: extension.to_owned(),
                    context: context.to_owned(),
                    named: !dialplan.is_empty(),
                }
            }
            Some(("error", cause)) => Endpoint::Error {
                cause: cause.to_ascii_uppercase(),
            },
            Some(("sofia", rest)) => Endpoint::Outside {
                number: rest.rsplit('/').next().unwrap_or_default().to_owned(),
            },
            _ => Endpoint::Invalid,
        };
        Self { variables, endpoint }
    }

    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.variables
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Variables in front: `{a=1,b='x, y'}`. Quotes keep commas.
fn braced(text: &str, open: char, close: char) -> (Vec<(String, String)>, &str) {
    let Some(inner) = text.strip_prefix(open) else {
        return (Vec::new(), text);
    };
    let (mut quoted, mut end) = (false, inner.len());
    let mut parts = vec![String::new()];
    for (at, c) in inner.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            ',' if !quoted => parts.push(String::new()),
            c if c == close && !quoted => {
                end = at;
                break;
            }
            c => {
                if let Some(part) = parts.last_mut() {
                    part.push(c);
                }
            }
        }
    }
    let variables = parts
        .iter()
        .filter_map(|part| part.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.to_owned()))
        .collect();
    (variables, inner.get(end + close.len_utf8()..).unwrap_or_default())
}
