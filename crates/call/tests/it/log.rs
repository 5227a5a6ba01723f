//! Inputs and outputs as lines of JSON, from which a call can be fed in again.

use crate::arbitrary::{RULES, arbitrary_inputs};
use crate::bench::cases;
use call::*;
use proptest::prelude::*;
use std::time::{Duration, Instant};

#[test]
fn a_line_is_readable() {
    let line = r#"{"engine":{"answer_started":{"answer":3,"cause":{"turn":2}}}}"#;
    let input: Input = serde_json::from_str(line).unwrap();
    let cause = Cause::Turn(TurnId(2));
    assert_eq!(
        input,
        Input::Engine(EngineEvent::AnswerStarted {
            answer: AnswerId(3),
            cause
        })
    );
    assert_eq!(serde_json::to_string(&input).unwrap(), line);
    let output = Output::Leg(LegCommand::Clear {
        through: AnswerId(3),
        reason: ClearReason::BargeIn,
    });
    assert_eq!(
        serde_json::to_string(&output).unwrap(),
        r#"{"leg":{"clear":{"through":3,"reason":"barge_in"}}}"#
    );
}

#[test]
fn a_key_that_no_phone_has_is_refused_with_what_would_be_right() {
    let error = serde_json::from_str::<Input>(r#"{"dtmf":"x"}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "'x' is not a key of a phone: use 0-9, *, # or A-D"
    );
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn a_call_fed_in_again_from_its_log_does_the_same(rules in 0..RULES.len(), inputs in arbitrary_inputs()) {
        let rules = RULES[rules]();
        let base = Instant::now();
        let mut first = Call::new(rules.clone(), base);
        let mut second = Call::new(rules, base);
        let mut now = base;
        for (pass, input) in inputs {
            now += Duration::from_millis(pass);
            let line = serde_json::to_string(&input).unwrap();
            let read: Input = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(&read, &input);
            for call in [&mut first, &mut second] {
                call.handle_timeout(now);
            }
            first.handle(input, now);
            second.handle(read, now);
            prop_assert_eq!(first.poll_timeout(), second.poll_timeout());
            loop {
                let (one, other) = (first.poll_output(), second.poll_output());
                prop_assert_eq!(&one, &other);
                let Some(output) = one else { break };
                let line = serde_json::to_string(&output).unwrap();
                prop_assert_eq!(serde_json::from_str::<Output>(&line).unwrap(), output);
            }
        }
    }
}
