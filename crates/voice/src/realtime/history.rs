//! What was said before, for models that are told of it in their instructions.

use crate::engine::Exchange;
use call::Role;
use std::fmt::Write as _;

/// Instructions, and what was said before this session.
pub(crate) fn with_history(mut text: String, history: &[Exchange]) -> String {
    if history.is_empty() {
        return text;
    }
    text.push_str("\n\nThe call goes on: this was said so far.");
    for said in history {
        let who = match said.role {
            Role::User => "Caller",
            Role::Assistant => "You",
        };
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{who}: {}", said.text);
    }
    text.trim_start().to_owned()
}
