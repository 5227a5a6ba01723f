//! The thoughts that a reasoning model writes into its answer.

const BEGIN: &str = "<think>";
const END: &str = "</think>";

/// Leaves out what stands in `<think>…</think>` at the beginning of an answer.
#[derive(Debug, Default)]
pub(super) struct Thoughts {
    held: String,
    state: Thinking,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Thinking {
    #[default]
    Maybe,
    Yes,
    No,
}

impl Thoughts {
    /// What of the next piece is meant to be heard.
    pub(super) fn without(&mut self, piece: &str) -> String {
        if self.state == Thinking::No {
            return piece.into();
        }
        self.held.push_str(piece);
        if self.state == Thinking::Maybe {
            let begun = self.held.trim_start();
            if BEGIN.starts_with(begun) {
                return String::new();
            }
            self.state = if begun.starts_with(BEGIN) {
                Thinking::Yes
            } else {
                Thinking::No
            };
        }
        if self.state == Thinking::No {
            return std::mem::take(&mut self.held);
        }
        let Some(end) = self.held.find(END) else {
            return String::new();
        };
        self.state = Thinking::No;
        std::mem::take(&mut self.held)[end + END.len()..]
            .trim_start()
            .into()
    }

    /// What was held back, when no more comes.
    pub(super) fn rest(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        if self.state == Thinking::Maybe {
            held
        } else {
            String::new()
        }
    }
}
