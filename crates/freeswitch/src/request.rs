//! What the holders of a [`Switch`](crate::Switch) ask of its connection, and how the answers are read.

use freeswitch_esl_tokio::{CommandFailure, EslError, EslEvent, EslResponse, EslResult, parse_api_body};
use secretary::CallUuid;
use tokio::sync::oneshot;

/// One thing asked. Who asked waits with a time limit of his own; a request that nobody waits for any more is not sent.
pub(crate) struct Request {
    pub(crate) ask: Ask,
    pub(crate) reply: oneshot::Sender<Answer>,
}

pub(crate) enum Ask {
    /// `api`: answered at once.
    Api(String),
    /// `bgapi`: the answer comes by an event, in any order.
    Job(String),
    /// `sendmsg` to a channel.
    Message(CallUuid, Box<EslEvent>),
}

/// What FreeSWITCH said, without `+OK`.
pub(crate) type Answer = Result<String, Refusal>;

/// Why it did not.
#[derive(Debug)]
pub(crate) enum Refusal {
    NoSuchChannel,
    Failed(String),
    TimedOut,
}

/// The answer to an `api`.
pub(crate) fn of_api(response: &EslResponse) -> Answer {
    // Nothing at all is an answer too (`uuid_getvar` of an empty variable).
    if response.is_success() && response.body().is_none_or(str::is_empty) {
        return Ok(String::new());
    }
    read(response.api_result())
}

/// The body of a BACKGROUND_JOB.
pub(crate) fn of_job(body: &str) -> Answer {
    if body.is_empty() {
        return Ok(String::new());
    }
    read(parse_api_body(body))
}

/// The answer to a `sendmsg`.
pub(crate) fn of_message(response: EslResponse) -> Answer {
    match response.check() {
        Ok(()) => Ok(String::new()),
        Err(error) => Err(refusal(&error)),
    }
}

fn read(result: EslResult<&str>) -> Answer {
    match result {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) => Err(refusal(&error)),
    }
}

fn refusal(error: &EslError) -> Refusal {
    let text = match error.command_failure() {
        Some(CommandFailure::Err(text) | CommandFailure::Usage(text) | CommandFailure::Unprefixed(text)) => {
            text.trim().to_owned()
        }
        _ => error.to_string(),
    };
    let lower = text.to_ascii_lowercase();
    // The four ways in which FreeSWITCH 1.10.12 says so: most of uuid_*; uuid_record and uuid_send_dtmf; sendmsg; uuid_bridge.
    let gone = [
        "no such channel",
        "cannot locate session",
        "invalid session id",
        "invalid uuid",
    ];
    if gone.iter().any(|words| lower.contains(words)) {
        return Refusal::NoSuchChannel;
    }
    Refusal::Failed(text)
}
