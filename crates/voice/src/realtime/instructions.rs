//! What every realtime model is told of itself.

use secretary::Secretary;

/// The secretary's own instructions as of now, and what the model cannot know: the language, and that the call has spoken
/// already.
pub(crate) fn instructions(secretary: &Secretary) -> String {
    let mut text = format!(
        "{}\n\nThis is a phone call. Speak {}.",
        secretary.instructions(jiff::Timestamp::now()),
        secretary.language
    );
    if !secretary.greeting.text.is_empty() {
        text.push_str(" The caller has already been greeted with these words; do not greet again: ");
        text.push_str(&secretary.greeting.text);
    }
    text.trim_start().to_owned()
}
