//! Our own voice comes back: nobody takes it for the caller's, and his words are understood over it.

mod bench;

use audio::{Return, SampleRate};
use bench::{AROUND, Case, Clips, Jumping, WAYS, Words, Wrong};
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

/// Of so many scenes one is heard without a canceller.
const SAMPLE: usize = 5;

const fn case(back: Return, gain: f64, delay: u64, jump: i64) -> Case {
    Case {
        back,
        gain,
        delay,
        jump,
    }
}

/// Each was taken for a caller while only the highest peak of the search was tried, on the line and the leg's rate beside it.
const JUMPING: [(SampleRate, Line, Jumping); 12] = {
    use Return::{Line as Echo, Mix};
    const WIDE: SampleRate = SampleRate::HZ_16000;
    const NARROW: SampleRate = SampleRate::HZ_8000;
    [
        (WIDE, Line::Alaw, jumping(Echo, -6.0, (120, 10), 2, 5)),
        (WIDE, Line::Alaw, jumping(Echo, -6.0, (60, -10), 1, 12)),
        (WIDE, Line::Alaw, jumping(Echo, -6.0, (120, 20), 2, 21)),
        (WIDE, Line::Alaw, jumping(Echo, -6.0, (120, -60), 0, 73)),
        (WIDE, Line::Alaw, jumping(Echo, -12.0, (400, 60), 3, 71)),
        (WIDE, Line::Alaw, jumping(Mix, 0.0, (400, 40), 1, 51)),
        (WIDE, Line::Alaw, jumping(Mix, 0.0, (250, 60), 0, 66)),
        (NARROW, Line::Ulaw, jumping(Echo, -6.0, (250, -10), 0, 250)),
        (NARROW, Line::Ulaw, jumping(Echo, -6.0, (120, 60), 2, 309)),
        (NARROW, Line::Ulaw, jumping(Echo, -18.0, (120, -60), 0, 313)),
        (NARROW, Line::Ulaw, jumping(Mix, 0.0, (400, -60), 3, 319)),
        (NARROW, Line::Ulaw, jumping(Mix, 0.0, (250, -30), 2, 286)),
    ]
};

const fn jumping(back: Return, gain: f64, (delay, jump): (u64, i64), said: usize, seed: u64) -> Jumping {
    Jumping {
        back,
        gain,
        delay,
        jump,
        said,
        seed,
    }
}

async fn clips() -> [Clips; 2] {
    [
        Clips::make(SampleRate::HZ_16000, Line::Alaw).await,
        Clips::make(SampleRate::HZ_8000, Line::Ulaw).await,
    ]
}

fn on(lines: &[Clips], rate: SampleRate) -> &Clips {
    let line = lines.iter().find(|clips| clips.rate == rate);
    line.expect("there is one of each rate")
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

/// All that docs/echo.md counts.
#[tokio::test]
async fn a_silent_caller_is_not_heard_in_any_scene_of_the_tables() {
    let mut lines = Vec::new();
    for rate in [SampleRate::HZ_16000, SampleRate::HZ_8000] {
        for line in [Line::Alaw, Line::Ulaw] {
            let clips = Clips::make(rate, line).await;
            lines.push(tokio::task::spawn_blocking(move || {
                let cases = WAYS.into_iter().flat_map(|(back, gain)| Case::row(back, gain));
                cases
                    .map(|case| {
                        let onsets = case.silent(&clips).play().onsets;
                        assert_eq!(onsets, [], "{case:?} at {rate:?} behind {line}");
                    })
                    .count()
            }));
        }
    }
    let mut scenes = 0;
    for line in lines {
        scenes += line.await.expect("no onset");
    }
    assert_eq!(scenes, 336);
}

#[tokio::test]
async fn a_delay_that_jumps_in_the_middle_of_a_word_is_not_taken_for_a_caller() {
    let lines = clips().await;
    for (rate, line, case) in JUMPING {
        let clips = on(&lines, rate);
        let outcome = case.silent(clips).play();
        assert_eq!(outcome.onsets, [], "{case:?} at {rate:?} behind {line}");
    }
}

#[tokio::test]
async fn a_caller_who_begins_while_the_delay_jumps_is_heard_within_400_ms() {
    let lines = clips().await;
    for (rate, line, case) in JUMPING {
        let clips = on(&lines, rate);
        for spoken in &clips.callers {
            let (scene, begin) = case.talking(clips, spoken);
            let after = bench::told_after(&scene.play(), begin);
            assert!(
                after.is_some_and(|ms| ms <= 400),
                "{case:?} at {rate:?} behind {line}, {:?}: {after:?} ms",
                spoken.clip.text()
            );
        }
    }
}

#[tokio::test]
async fn a_caller_who_speaks_over_the_echo_is_heard_within_400_ms() {
    for clips in clips().await {
        for (index, case) in CASES.into_iter().enumerate() {
            let clear = clips.clear.iter().skip(index).step_by(CASES.len());
            for spoken in clips.callers.iter().chain(clear) {
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
    let (mut alone, mut over, mut without) = (Wrong::default(), Wrong::default(), Wrong::default());
    // Fewer words than these say nothing: what Whisper makes of a clip turns on its smallest differences.
    for clips in clips().await {
        for (index, (spoken, case)) in clips.clear.iter().zip(CASES.into_iter().cycle()).enumerate() {
            let around = AROUND[index % AROUND.len()];
            alone += words.alone(spoken, around);
            over += words.over(spoken, &case.talking(&clips, spoken), around);
            if index % SAMPLE == 0 {
                let scene = bench::uncancelled(case.talking(&clips, spoken));
                without += words.over(spoken, &scene, around);
            }
        }
    }
    println!("wrong alone: {alone}, over an echo: {over}, without a canceller: {without}");
    assert!(
        over.part() <= 1.3 * alone.part(),
        "over an echo {over} words were wrong, without one {alone}"
    );
    assert!(
        without.part() > 3.0 * alone.part(),
        "the scenes prove nothing: without a canceller {without} words were wrong, alone {alone}"
    );
}
