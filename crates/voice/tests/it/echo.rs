//! Our own voice comes back: nobody takes it for the caller's, and his words are understood over it.

mod bench;

use audio::{Return, SampleRate};
use bench::{Case, Clips, Errors, Words};
use secretary::Language;
use sim::Line;

/// An edge of the tables of docs/echo.md, and something from their middle.
const CASES: [Case; 6] = [
    case(Return::Line, -6.0, 20, 0),
    case(Return::Line, -6.0, 400, -40),
    case(Return::Line, -18.0, 60, 40),
    case(Return::Line, -30.0, 150, -40),
    case(Return::Mix, 0.0, 60, 0),
    case(Return::Mix, 0.0, 250, 40),
];

const fn case(back: Return, gain: f64, delay: u64, jump: i64) -> Case {
    Case {
        back,
        gain,
        delay,
        jump,
    }
}

async fn clips() -> [Clips; 2] {
    [
        Clips::make(SampleRate::HZ_16000, Line::Alaw).await,
        Clips::make(SampleRate::HZ_8000, Line::Ulaw).await,
    ]
}

#[tokio::test]
async fn a_silent_caller_is_not_heard() {
    let _alone = crate::WHISPER.lock().await;
    let mut words = Words::load();
    for clips in clips().await {
        for case in CASES {
            let scene = case.silent(&clips);
            let outcome = scene.play();
            assert_eq!(outcome.onsets, [], "{case:?}");
            if let Some(words) = &mut words {
                assert_eq!(words.hear(&outcome.wide, Language::En), "", "{case:?}");
            }
            let without = bench::uncancelled(scene).play();
            assert!(!without.onsets.is_empty(), "the scene proves nothing: {case:?}");
        }
    }
}

#[tokio::test]
async fn a_caller_who_speaks_over_the_echo_is_heard_within_400_ms() {
    for clips in clips().await {
        for case in CASES {
            for spoken in &clips.callers {
                let outcome = case.talking(&clips, spoken).play();
                let after = bench::onset_after(&outcome, spoken);
                assert!(after.is_some_and(|ms| ms <= 400), "{case:?}: {after:?} ms");
            }
        }
    }
}

#[tokio::test]
async fn a_caller_who_speaks_over_the_echo_is_understood() {
    let _alone = crate::WHISPER.lock().await;
    let Some(mut words) = Words::load() else { return };
    let mut errors = Errors::default();
    // Fewer words than these say nothing: what Whisper makes of a clip turns on its smallest differences.
    for clips in clips().await {
        for (case, spoken) in CASES.into_iter().zip(&clips.callers) {
            let outcome = case.talking(&clips, spoken).play();
            errors += words.errors(spoken, &outcome);
        }
    }
    println!("{errors:?}");
    assert!(
        10 * errors.echo <= 13 * errors.clean.max(1),
        "over an echo {} of {} words were wrong, without one {}",
        errors.echo,
        errors.words,
        errors.clean
    );
}
