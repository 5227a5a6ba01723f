//! What people say to "may I put it through?".

use super::{announcement, words};
use call::announcing::{Announcing, Event, Order};
use secretary::Language;
use std::time::Instant;

/// What is ordered when they say this.
fn said(language: Language, text: &str) -> Order {
    let now = Instant::now();
    let mut transfer = Announcing::new(announcement(language), now);
    transfer.handle(Event::LegAnswered, now);
    transfer.handle(Event::PromptPlayed, now);
    while transfer.poll_order().is_some() {}
    transfer.handle(words(text), now);
    transfer.poll_order().unwrap()
}

#[test]
fn yes_in_its_ways() {
    let said_in = |language, texts: &[&str]| {
        for text in texts {
            assert_eq!(said(language, text), Order::Bridge, "{text}");
        }
    };
    said_in(
        Language::PtBr,
        &[
            "Sim.",
            "Pode",
            "pode passar",
            "Claro, pode passar.",
            "tá bom, manda",
            "não tem problema, pode passar",
            "Por que não?",
        ],
    );
    said_in(
        Language::En,
        &[
            "Yes.",
            "sure",
            "Put him through, please.",
            "no problem",
            "okay, I'll take it",
        ],
    );
}

#[test]
fn no_in_its_ways() {
    let said_in = |language, texts: &[&str]| {
        for text in texts {
            assert_eq!(said(language, text), Order::HangUpCallee, "{text}");
        }
    };
    said_in(
        Language::PtBr,
        &[
            "Não.",
            "agora não",
            "Agora não posso, estou ocupada.",
            "claro que não",
            "Tô em reunião, mais tarde.",
            "não passa não",
        ],
    );
    said_in(
        Language::En,
        &[
            "No.",
            "not now",
            "Don't put him through.",
            "I can't take it, I'm busy",
            "of course not",
        ],
    );
}

#[test]
fn what_says_neither_or_both_is_asked_again() {
    for (language, text) in [
        (Language::PtBr, "quem é?"),
        (Language::PtBr, "sim, quer dizer, não"),
        (Language::PtBr, "simpatia"),
        (Language::En, "who is it?"),
        (Language::En, "I'm not sure"),
        (Language::En, "yes... no"),
        (Language::En, "knowing her"),
    ] {
        assert!(matches!(said(language, text), Order::Play { .. }), "{text}");
    }
}
