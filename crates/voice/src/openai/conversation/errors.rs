//! What an error event means for the session.

use super::Conversation;
use crate::openai::failure;
use crate::openai::protocol::ErrorBody;
use crate::realtime::Protocol;
use call::FailureKind;
use tracing::{debug, warn};

/// The words by which our event ids begin, so that an error can be told by what caused it.
pub(super) mod cause {
    pub(in super::super) const CONFIGURE: &str = "configure";
    pub(in super::super) const RESPOND: &str = "respond";
    pub(in super::super) const ITEM: &str = "item";
    /// What may come too late: the response has ended, the item is gone or shorter.
    pub(in super::super) const CANCEL: &str = "cancel";
    pub(in super::super) const TRUNCATE: &str = "truncate";
    pub(in super::super) const DELETE: &str = "delete";
}

impl Conversation {
    /// Most errors leave the session as it was; those end it that leave the caller without an answer.
    pub(super) fn error(&mut self, error: &ErrorBody) {
        // Qwen names what was wrong and not which event.
        let asked = (error.param.as_deref() == Some("response.create"))
            .then(|| self.answers.pending_request().map(ToOwned::to_owned))
            .flatten();
        let event_id = error.event_id.as_deref().or(asked.as_deref()).unwrap_or_default();
        let about = |what: &str| {
            event_id
                .strip_prefix(what)
                .is_some_and(|rest| rest.starts_with('_'))
        };
        let code = error.code.as_deref().unwrap_or_default();
        if about(cause::CANCEL)
            || about(cause::TRUNCATE)
            || about(cause::DELETE)
            || code == "response_cancel_not_active"
        {
            debug!(code, event_id, "the server was told too late");
            return;
        }
        if code == "conversation_already_has_active_response" || asked.is_some() {
            debug!(
                event_id,
                "the server is still answering; the answer is asked for again when it is done"
            );
            self.answers.refused_as_busy(event_id);
            return;
        }
        let refused = self.answers.refused(event_id);
        let kind = failure::kind_of(error);
        let lasting = matches!(
            kind,
            FailureKind::Unauthorized | FailureKind::Quota | FailureKind::Expired | FailureKind::Policy
        );
        if refused || lasting || !self.is_ready() {
            self.fail_with(kind, self.names.message_of(kind, error));
            return;
        }
        warn!(
            reason = self.names.message_of(kind, error),
            "the server reported an error; the session goes on"
        );
    }
}
