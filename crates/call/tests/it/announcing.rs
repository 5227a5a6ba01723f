//! The announced transfer: who is asked what, and that nobody is left on the line, whoever hangs up when.

mod consent;
mod every_order;

use crate::bench::ms;
use call::announcing::{Announcement, Announcing, Event, Limits, Order};
use call::{Digit, TransferOutcome};
use secretary::Language;
use std::time::Instant;

pub(super) const LIMITS: Limits = Limits {
    ringing: ms(30_000),
    prompt: ms(25_000),
    reply: ms(8_000),
    bridging: ms(5_000),
    whole: ms(75_000),
};

pub(super) fn announcement(language: Language) -> Announcement {
    Announcement {
        to: "3001".into(),
        about: "Ana, about the invoice".into(),
        language,
        limits: LIMITS,
    }
}

pub(super) fn key(key: char) -> Event {
    Event::Digit(Digit::new(key).unwrap())
}

pub(super) fn words(words: &str) -> Event {
    Event::Words(words.into())
}

fn failed(cause: &str) -> TransferOutcome {
    TransferOutcome::Failed { cause: cause.into() }
}

/// One that is under way, at offsets from its start.
struct Bench {
    transfer: Announcing,
    base: Instant,
    now: u64,
}

impl Bench {
    /// Jenny Cole's phone is being called.
    fn calling() -> Self {
        let base = Instant::now();
        let mut bench = Self {
            transfer: Announcing::new(announcement(Language::En), base),
            base,
            now: 0,
        };
        assert_eq!(bench.orders(), [Order::Call { to: "3001".into() }]);
        bench
    }

    /// She has picked up at 5 s, and is told and asked.
    fn asking() -> Self {
        let mut bench = Self::calling();
        assert_eq!(bench.tell(Event::LegRinging), []);
        bench.pass(5_000);
        let text = "Ana, about the invoice. May I put it through? Say yes or no, or press 1 to take it or 2 to decline.";
        assert_eq!(
            bench.tell(Event::LegAnswered),
            [Order::Play { text: text.into() }]
        );
        bench
    }

    /// She has heard the question at 10 s.
    fn listening() -> Self {
        let mut bench = Self::asking();
        bench.pass(5_000);
        assert_eq!(bench.tell(Event::PromptPlayed), [Order::Listen]);
        bench
    }

    /// She was asked once more.
    fn listening_again() -> Self {
        let mut bench = Self::listening();
        bench.tell(words("who is that?"));
        assert_eq!(bench.tell(Event::PromptPlayed), [Order::Listen]);
        bench
    }

    /// She takes the call.
    fn bridging() -> Self {
        let mut bench = Self::listening();
        assert_eq!(bench.tell(words("yes, put her through")), [Order::Bridge]);
        bench
    }

    fn tell(&mut self, event: Event) -> Vec<Order> {
        self.transfer.handle(event, self.base + ms(self.now));
        self.orders()
    }

    fn pass(&mut self, pass: u64) -> Vec<Order> {
        self.now += pass;
        self.transfer.handle_timeout(self.base + ms(self.now));
        self.orders()
    }

    fn orders(&mut self) -> Vec<Order> {
        std::iter::from_fn(|| self.transfer.poll_order()).collect()
    }
}

/// The other end is hung up, and the caller is free.
fn given_up(outcome: TransferOutcome) -> [Order; 2] {
    [Order::HangUpCallee, Order::Return(outcome)]
}

#[test]
fn who_takes_the_call_is_bridged() {
    for answer in [key('1'), words("Sure, go ahead.")] {
        for mut bench in [Bench::asking(), Bench::listening(), Bench::listening_again()] {
            assert_eq!(bench.tell(answer.clone()), [Order::Bridge]);
            assert!(!bench.transfer.is_over(), "not before the PBX has done it");
            assert_eq!(
                bench.tell(Event::Bridged),
                [Order::Return(TransferOutcome::Answered)]
            );
            assert_eq!(bench.transfer.poll_timeout(), None);
        }
    }
}

#[test]
fn who_declines_is_hung_up_and_the_caller_returns() {
    for answer in [key('2'), words("No, not now.")] {
        for mut bench in [Bench::asking(), Bench::listening(), Bench::listening_again()] {
            assert_eq!(bench.tell(answer.clone()), given_up(TransferOutcome::Refused));
        }
    }
}

#[test]
fn what_is_unclear_is_asked_once_more_and_then_a_refusal() {
    let again = "Sorry, I did not get that. Press 1 to take the call or 2 to decline.";
    let mut bench = Bench::listening();
    assert_eq!(
        bench.tell(words("who is that?")),
        [Order::Play { text: again.into() }]
    );
    bench.tell(Event::PromptPlayed);
    assert_eq!(bench.tell(words("")), [], "a sound is no answer");
    assert_eq!(
        bench.tell(words("leave a message after the tone")),
        given_up(TransferOutcome::Refused)
    );
}

#[test]
fn silence_is_unclear_too() {
    let mut bench = Bench::listening();
    assert_eq!(bench.pass(7_999), []);
    assert!(matches!(bench.pass(1)[..], [Order::Play { .. }]));
    bench.tell(Event::PromptPlayed);
    assert_eq!(bench.pass(8_000), given_up(TransferOutcome::Refused));
}

#[test]
fn a_key_that_was_not_asked_for_says_nothing() {
    let mut bench = Bench::listening();
    assert_eq!(bench.tell(key('5')), []);
    assert_eq!(bench.tell(key('1')), [Order::Bridge]);
}

#[test]
fn a_prompt_whose_end_is_lost_does_not_hold_the_caller() {
    let mut bench = Bench::asking();
    assert_eq!(bench.pass(25_000), [Order::Listen]);
}

#[test]
fn a_phone_that_is_not_taken_returns_the_caller_with_the_reason() {
    let outcomes = [
        TransferOutcome::Busy,
        TransferOutcome::NoAnswer,
        TransferOutcome::Refused,
        TransferOutcome::Unavailable,
        failed("NORMAL_TEMPORARY_FAILURE"),
    ];
    for outcome in outcomes {
        let mut bench = Bench::calling();
        assert_eq!(
            bench.tell(Event::LegFailed(outcome.clone())),
            [Order::Return(outcome)]
        );
    }
    let mut bench = Bench::calling();
    assert_eq!(bench.pass(29_999), []);
    assert_eq!(bench.pass(1), given_up(TransferOutcome::NoAnswer));
}

#[test]
fn all_of_it_has_a_limit() {
    let mut bench = Bench::calling();
    bench.pass(29_999);
    bench.tell(Event::LegAnswered);
    bench.pass(24_000);
    bench.tell(Event::PromptPlayed);
    bench.tell(words("who is that?"));
    assert_eq!(bench.pass(21_000), [], "at 74,999");
    assert_eq!(bench.pass(1), given_up(TransferOutcome::Refused));
}

#[test]
fn whoever_hangs_up_frees_the_other() {
    type Stage = fn() -> Bench;
    let stages: [(Stage, TransferOutcome); 5] = [
        (Bench::calling, TransferOutcome::NoAnswer),
        (Bench::asking, TransferOutcome::Refused),
        (Bench::listening, TransferOutcome::Refused),
        (Bench::listening_again, TransferOutcome::Refused),
        (Bench::bridging, failed("could not be bridged")),
    ];
    for (stage, callee_gone) in stages {
        assert_eq!(
            stage().tell(Event::CallerGone),
            given_up(TransferOutcome::CallerGone)
        );
        assert_eq!(
            stage().tell(Event::CalleeGone),
            [Order::Return(callee_gone)],
            "their leg is not there any more"
        );
    }
}

#[test]
fn a_bridge_that_fails_or_is_never_seen_frees_both() {
    let unbridged = given_up(failed("could not be bridged"));
    assert_eq!(Bench::bridging().tell(Event::BridgeFailed), unbridged);
    let mut bench = Bench::bridging();
    assert_eq!(bench.pass(4_999), []);
    assert_eq!(bench.pass(1), unbridged);
}

#[test]
fn the_question_is_in_the_secretarys_language_and_stands_without_a_reason() {
    let asked = |about: &str, language| {
        let now = Instant::now();
        let announcement = Announcement {
            about: about.into(),
            ..announcement(language)
        };
        let mut transfer = Announcing::new(announcement, now);
        transfer.handle(Event::LegAnswered, now);
        match std::iter::from_fn(|| transfer.poll_order()).last() {
            Some(Order::Play { text }) => text,
            other => panic!("{other:?}"),
        }
    };
    let question = "Posso passar? Diga sim ou não, ou aperte 1 para atender ou 2 para recusar.";
    assert_eq!(
        asked(" Ana, sobre a fatura! ", Language::PtBr),
        format!("Ana, sobre a fatura! {question}")
    );
    assert_eq!(
        asked(" ", Language::PtBr),
        format!("Há uma ligação para você. {question}")
    );
    assert!(asked("", Language::En).starts_with("There is a call for you. May I"));
}
