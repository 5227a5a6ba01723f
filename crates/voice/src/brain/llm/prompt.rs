//! What a model is told of itself and of the call.

use jiff::Timestamp;
use secretary::{Language, Secretary};

/// The secretary's instructions as of `now`, and how one speaks on the phone.
pub(super) fn system_prompt(secretary: &Secretary, now: Timestamp) -> String {
    let language = match secretary.language {
        Language::PtBr => "Brazilian Portuguese",
        Language::En => "English",
    };
    let mut instructions = secretary.instructions(now);
    if instructions.is_empty() {
        instructions.push_str("You are a friendly secretary who answers the phone.");
    }
    format!(
        "{instructions}\n\nYou are on the phone. Speak {language}, in one to three short sentences at a time, as people do: \
         no lists, no markdown, no emoji. What stands in square brackets is a note about the call and not the caller's words. \
         Use only the tools that you have, and say what you will do before a transfer or the end of the call."
    )
}
