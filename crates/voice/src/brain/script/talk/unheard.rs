//! What becomes of words whose answer the caller never heard.

use super::{Talk, Tool, Waiting};

/// A conversation as it was before its last words, with those words.
#[derive(Clone)]
pub(super) struct Before {
    talk: Box<Talk>,
    words: String,
}

impl Talk {
    /// Answers words, and with them those before whose answer was never heard.
    ///
    /// What is understood by itself stands alone ("não, com o suporte"); of a value, and where it is not understood, the
    /// earlier words are the beginning ("com o financeiro", "por favor").
    pub(super) fn hear(&mut self, text: &str) {
        let before = self.clone();
        let mut heard = text.to_owned();
        match self.unheard.take() {
            None if text.is_empty() => return,
            None => self.words(text),
            Some(earlier) => {
                heard = format!("{earlier} {text}").trim_end().to_owned();
                if text.is_empty() || matches!(self.waiting, Waiting::Value { .. }) {
                    self.words(&heard);
                } else {
                    self.words(text);
                    if self.missed {
                        self.restore(&before);
                        self.unheard = None;
                        self.words(&heard);
                    }
                }
            }
        }
        self.before = Some(Before {
            talk: Box::new(Talk {
                before: None,
                unheard: None,
                ..before
            }),
            words: heard,
        });
    }

    /// The last answer was interrupted. If nothing of it was heard, the caller still is where he was before it.
    pub(super) fn interrupted(&mut self, heard: &str) {
        self.stop();
        let before = self.before.take();
        // A message that is being written down is not taken back.
        let noted =
            matches!(&self.waiting, Waiting::Tool(pending) if matches!(pending.tool, Tool::Message(_)));
        if let Some(before) = before.filter(|_| heard.trim().is_empty() && !noted) {
            self.restore(&before.talk);
            self.unheard = Some(before.words);
        }
        if let Waiting::Tool(pending) = &mut self.waiting {
            pending.interrupted = true;
        }
    }

    /// The conversation has gone on by something else than words.
    pub(super) fn move_on(&mut self) {
        (self.before, self.unheard) = (None, None);
    }

    fn restore(&mut self, before: &Self) {
        // No tool may get a number again: the result of one that was called off may still come.
        let (tools, waker) = (self.tools, self.waker.take());
        *self = Self {
            tools,
            waker,
            ..before.clone()
        };
    }
}
