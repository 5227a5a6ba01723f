//! No order of inputs makes a call speak two answers at once, lose a hang-up, wait for ever, report more as heard than was
//! played, or panic.

use crate::arbitrary::{RULES, arbitrary_inputs};
use crate::bench::*;
use crate::observer::Observer;
use call::*;
use proptest::prelude::*;
use std::time::{Duration, Instant};

struct Trial {
    call: Call,
    observer: Observer,
    now: Instant,
}

impl Trial {
    fn new(rules: Settings) -> Self {
        let now = Instant::now();
        Self {
            observer: Observer::new(&rules),
            call: Call::new(rules, now),
            now,
        }
    }

    /// Lets time pass as a punctual driver does.
    fn pass(&mut self, pass: Duration) {
        let end = self.now + pass;
        while let Some(due) = self.call.poll_timeout().filter(|due| *due <= end) {
            self.time_out(due);
        }
        self.now = end;
    }

    fn time_out(&mut self, due: Instant) {
        self.now = self.now.max(due);
        self.call.handle_timeout(self.now);
        let next = self.call.poll_timeout();
        assert!(
            next.is_none_or(|next| next > self.now),
            "a timer that is due again at once"
        );
        self.look();
    }

    fn tell(&mut self, input: Input) {
        self.observer.tells(&input);
        self.call.handle(input, self.now);
        self.look();
    }

    fn look(&mut self) {
        while let Some(output) = self.call.poll_output() {
            self.observer.sees(&output);
        }
        assert_eq!(self.observer.ends(), usize::from(self.call.is_over()));
    }
}

/// A call after some inputs.
fn tried(rules: usize, inputs: Vec<(u64, Input)>) -> Trial {
    let mut trial = Trial::new(RULES[rules]());
    trial.tell(attached());
    trial.tell(ready());
    for (pass, input) in inputs {
        trial.pass(ms(pass));
        trial.tell(input);
    }
    trial
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn a_hang_up_is_never_lost(rules in 0..RULES.len(), inputs in arbitrary_inputs(), by_caller: bool) {
        let mut trial = tried(rules, inputs);
        trial.tell(if by_caller { ended() } else { Input::End });
        prop_assert!(trial.call.is_over());
        prop_assert_eq!(trial.observer.ends(), 1);
        for late in [ended(), Input::End, attached(), Input::SpeechStarted, audio(1, 100), failed()] {
            trial.tell(late);
        }
        prop_assert_eq!(trial.call.poll_timeout(), None);
        trial.pass(ms(100_000));
    }

    #[test]
    fn time_alone_ends_every_call_that_has_a_limit(rules in 0..RULES.len() - 1, inputs in arbitrary_inputs()) {
        let mut trial = tried(rules, inputs);
        for _ in 0..500 {
            match trial.call.poll_timeout() {
                Some(due) => trial.time_out(due),
                None => break,
            }
        }
        prop_assert!(trial.call.is_over());
    }

    #[test]
    fn a_silent_caller_is_always_waited_for_with_a_limit(rules in 0..RULES.len(), inputs in arbitrary_inputs()) {
        let mut trial = tried(rules, inputs);
        trial.tell(attached());
        trial.tell(ready());
        trial.tell(Input::SpeechEnded);
        prop_assert!(trial.call.is_over() || trial.call.poll_timeout().is_some());
        for _ in 0..500 {
            match trial.call.poll_timeout() {
                Some(due) => trial.time_out(due),
                None => break,
            }
        }
        prop_assert!(trial.call.is_over(), "silence ends it");
    }

    #[test]
    fn a_late_driver_or_a_clock_that_runs_backwards_does_no_harm(
        rules in 0..RULES.len(),
        inputs in arbitrary_inputs(),
    ) {
        let base = Instant::now();
        let mut call = Call::new(RULES[rules](), base);
        let mut now = base;
        let mut outputs = Vec::new();
        for (index, (pass, input)) in inputs.into_iter().enumerate() {
            now += ms(pass);
            let told = if index % 3 == 0 { now.checked_sub(ms(pass / 2)).unwrap_or(base) } else { now };
            call.handle(input, told);
            outputs.extend(std::iter::from_fn(|| call.poll_output()));
        }
        call.handle(ended(), now);
        outputs.extend(std::iter::from_fn(|| call.poll_output()));
        let end = outputs.iter().position(|output| matches!(output, Output::Record(Record::Ended { .. })));
        prop_assert_eq!(end, Some(outputs.len() - 1));
    }
}
