//! Whether the caller has heard that the call is recorded.

use call::{Cause, EngineCommand, EngineEvent, Input, Output, PlayedMs, Record, SayId, Utterance};

/// The notice of a recording on its way to the caller.
pub(super) struct Notice {
    text: String,
    /// The engine was asked to say it so.
    say: Option<SayId>,
    /// It is said so.
    utterance: Option<Utterance>,
}

impl Notice {
    /// The notice of these words.
    pub(super) fn new(text: String) -> Self {
        Self {
            text,
            say: None,
            utterance: None,
        }
    }

    /// The call is told this.
    pub(super) fn input(&mut self, input: &Input) {
        if let Input::Engine(EngineEvent::AnswerStarted {
            answer,
            cause: Cause::Say(say),
        }) = input
            && self.say == Some(*say)
        {
            self.utterance = Some(Utterance::Answer(*answer));
        }
    }

    /// The call wants this. True once the notice was heard to its end: not where it was cut, could not be rendered, or an engine
    /// had no sound for it.
    pub(super) fn output(&mut self, output: &Output) -> bool {
        match output {
            Output::Engine(EngineCommand::Say { say, text }) if *text == self.text => self.say = Some(*say),
            Output::PlayPrompt { prompt, text } if *text == self.text => {
                self.utterance = Some(Utterance::Prompt(*prompt));
            }
            Output::Record(Record::Heard {
                utterance,
                played,
                cut: false,
                ..
            }) => return self.utterance == Some(*utterance) && *played > PlayedMs(0),
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use call::{AnswerId, PromptId};

    const NOTICE: &str = "This call is recorded.";

    fn play(prompt: PromptId, text: &str) -> Output {
        let text = text.into();
        Output::PlayPrompt { prompt, text }
    }

    fn heard(utterance: Utterance, ms: u64, cut: bool) -> Output {
        Output::Record(Record::Heard {
            utterance,
            played: PlayedMs(ms),
            cut,
            text: String::new(),
        })
    }

    #[test]
    fn a_notice_counts_when_it_was_heard_to_its_end() {
        let mut notice = Notice::new(NOTICE.into());
        assert!(!notice.output(&play(PromptId(1), NOTICE)));
        assert!(!notice.output(&heard(Utterance::Prompt(PromptId(1)), 700, true)));
        assert!(!notice.output(&play(PromptId(2), NOTICE)), "it is said again");
        assert!(notice.output(&heard(Utterance::Prompt(PromptId(2)), 1_500, false)));
    }

    #[test]
    fn one_that_an_engine_says_is_known_by_its_answer() {
        let mut notice = Notice::new(NOTICE.into());
        let text = NOTICE.into();
        notice.output(&Output::Engine(EngineCommand::Say { say: SayId(1), text }));
        for (answer, cause) in [(1, Cause::Own), (2, Cause::Say(SayId(1)))] {
            let answer = AnswerId(answer);
            notice.input(&Input::Engine(EngineEvent::AnswerStarted { answer, cause }));
        }
        assert!(!notice.output(&heard(Utterance::Answer(AnswerId(1)), 900, false)));
        assert!(notice.output(&heard(Utterance::Answer(AnswerId(2)), 900, false)));
    }

    #[test]
    fn a_greeting_behind_a_notice_without_sound_is_no_notice() {
        let mut notice = Notice::new(NOTICE.into());
        notice.output(&play(PromptId(1), NOTICE));
        assert!(!notice.output(&heard(Utterance::Prompt(PromptId(1)), 0, false)));
        notice.output(&play(PromptId(2), "Hello."));
        assert!(!notice.output(&heard(Utterance::Prompt(PromptId(2)), 900, false)));
    }
}
