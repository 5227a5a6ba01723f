//! What is left of our own voice, and what becomes of the caller's words: the tables and the picture of docs/echo.md.
//!
//! `cargo run -p voice --example echo-table -- docs/echo.svg` (four minutes on two cores). Instead of the table `--jumps` counts delays
//! that jump in other places (four minutes), and `--words` the words that are misunderstood (750 clips for Whisper: a quarter of an
//! hour or more). Needs espeak-ng, and whisper-base in `.models` for the words.

#[expect(clippy::expect_used, reason = "whoever measures is told where it went wrong")]
#[path = "../tests/it/echo/bench.rs"]
mod bench;

use audio::{Return, SampleRate};
use bench::{AROUND, Case, Clips, DELAYS, Jumping, WAYS, Words, Wrong};
use sim::Line;
use std::fmt::Write as _;

const RATES: [SampleRate; 2] = [SampleRate::HZ_16000, SampleRate::HZ_8000];
const LINES: [Line; 2] = [Line::Alaw, Line::Ulaw];
/// Of the scenes in which the delay jumps at other moments, in milliseconds, and how many there are for each of them and each text.
const JUMPS: [i64; 10] = [10, -10, 20, -20, 30, -30, 40, -40, 60, -60];
const JUMPED: [u64; 4] = [60, 120, 250, 400];
const SCENES: u64 = 2;

#[tokio::main]
async fn main() {
    let mut clips = Vec::new();
    for rate in RATES {
        for line in LINES {
            clips.push(Clips::make(rate, line).await);
        }
    }
    if let Some(file) = std::env::args()
        .nth(1)
        .filter(|argument| argument.ends_with(".svg"))
    {
        let picture = picture(&clips[0]);
        if let Err(error) = std::fs::write(&file, picture) {
            eprintln!("cannot write {file}: {error}");
        }
    }
    if std::env::args().any(|argument| argument == "--jumps") {
        return jumps(&clips);
    }
    if std::env::args().any(|argument| argument == "--words") {
        return words(&clips);
    }
    println!("| stream | echo | onsets without | onsets with | of scenes | slowest onset of the caller |");
    println!("|---|---|---|---|---|---|");
    for (back, gain) in WAYS {
        row(back, gain, &clips);
    }
}

fn name(back: Return) -> &'static str {
    match back {
        Return::Line => "mono",
        Return::Mix => "mixed",
    }
}

fn row(back: Return, gain: f64, clips: &[Clips]) {
    let (mut without, mut with, mut scenes) = (0, 0, 0);
    let mut slowest = 0;
    for clips in clips {
        for case in Case::row(back, gain) {
            let scene = case.silent(clips);
            with += scene.play().onsets.len();
            without += bench::uncancelled(scene).play().onsets.len();
            scenes += 1;
        }
        for delay in DELAYS {
            let case = Case {
                back,
                gain,
                delay,
                jump: 0,
            };
            for spoken in &clips.callers {
                let outcome = case.talking(clips, spoken).play();
                slowest = slowest.max(bench::onset_after(&outcome, spoken).unwrap_or(u128::MAX));
            }
        }
    }
    println!(
        "| {} | {gain} dB | {without} | {with} | {scenes} | {slowest} ms |",
        name(back)
    );
}

/// What is misunderstood of the clear clips on two kinds of line that have nothing in common, over an echo that stays and one whose
/// delay jumps while the caller speaks; and of the same clips alone, in each of the windows that are used over an echo.
fn words(clips: &[Clips]) {
    let Some(mut words) = Words::load() else { return };
    let lines = [&clips[0], &clips[3]];
    let mut alone = Wrong::default();
    for around in AROUND {
        for spoken in lines.iter().flat_map(|line| &line.clear) {
            alone += words.alone(spoken, around);
        }
    }
    println!("alone: {alone} ({:.1} %)", 100.0 * alone.part());
    println!("| stream | echo | delay | wrong | of alone |");
    println!("|---|---|---|---|---|");
    let mut all = [Wrong::default(); 2];
    for (row, (back, gain)) in WAYS.into_iter().enumerate() {
        for (kind, all) in ["steady", "jumps"].into_iter().zip(&mut all) {
            let mut wrong = Wrong::default();
            for clips in lines {
                for (index, spoken) in clips.clear.iter().enumerate() {
                    let delay = DELAYS[(index + row) % DELAYS.len()];
                    let jump = match kind {
                        "steady" => 0,
                        _ if index % 2 == 0 || delay < 40 => 40,
                        _ => -40,
                    };
                    let case = Case {
                        back,
                        gain,
                        delay,
                        jump,
                    };
                    let around = AROUND[(index + row) % AROUND.len()];
                    wrong += words.over(spoken, &case.talking(clips, spoken), around);
                }
            }
            *all += wrong;
            println!(
                "| {} | {gain} dB | {kind} | {wrong} | {:.2} |",
                name(back),
                wrong.part() / alone.part()
            );
        }
    }
    for (kind, all) in ["steady", "jumps"].into_iter().zip(all) {
        println!("| all | | {kind} | {all} | {:.2} |", all.part() / alone.part());
    }
}

/// Four jumps in each scene at other moments in other texts, without a caller and with one who begins at the first.
fn jumps(clips: &[Clips]) {
    println!(
        "| stream | echo | onsets | of jumps | callers heard after: half, 99 %, all | later than 400 ms | of callers |"
    );
    println!("|---|---|---|---|---|---|---|");
    let ways = WAYS.into_iter().filter(|(_, gain)| *gain >= -18.0);
    for (back, gain) in ways {
        let (mut scenes, mut onsets) = (0, 0);
        let mut after = Vec::new();
        for clips in clips {
            for jump in JUMPS {
                for said in 0..4 * SCENES {
                    scenes += 1;
                    let case = Jumping {
                        back,
                        gain,
                        delay: JUMPED[scenes % JUMPED.len()],
                        jump,
                        said: (said / SCENES) as usize,
                        seed: scenes as u64,
                    };
                    let told = case.silent(clips).play().onsets;
                    onsets += told.len();
                    if !told.is_empty() {
                        eprintln!("{case:?}: {told:?}");
                    }
                    let (scene, begin) = case.talking(clips, &clips.callers[scenes % clips.callers.len()]);
                    after.push(bench::told_after(&scene.play(), begin).unwrap_or(u128::MAX));
                }
            }
        }
        after.sort_unstable();
        println!(
            "| {} | {gain} dB | {onsets} | {} | {}, {}, {} ms | {} | {scenes} |",
            name(back),
            scenes * Jumping::JUMPS,
            after[scenes / 2],
            after[scenes * 99 / 100],
            after[scenes - 1],
            after.iter().filter(|ms| **ms > 400).count(),
        );
    }
}

/// Before and after: what comes in and what is passed on while the caller speaks over an echo of -12 dB.
fn picture(clips: &Clips) -> String {
    const WIDTH: usize = 1000;
    const LANE: usize = 110;
    let case = Case {
        back: Return::Line,
        gain: -12.0,
        delay: 150,
        jump: 40,
    };
    let scene = case.talking(clips, &clips.callers[3]);
    let outcome = scene.play();
    let mut caller = vec![0; outcome.captured.len()];
    let begin = clips.rate.samples_in(bench::CALLER_AT) as usize;
    let samples = clips.callers[3].clip.samples();
    caller[begin..begin + samples.len()].copy_from_slice(samples);
    let lanes = [
        ("what the caller says", &caller, "#2b6cb0"),
        (
            "what comes in: the caller and our own voice, 150 ms late and 12 dB softer; 190 ms late from 2.5 to 5.5 s",
            &outcome.captured,
            "#c05621",
        ),
        ("what the ear and the engine hear", &outcome.clean, "#2f855a"),
    ];
    let height = LANE * lanes.len() + 30;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    for (lane, (name, track, colour)) in lanes.into_iter().enumerate() {
        let middle = lane * LANE + LANE / 2 + 18;
        let _ = writeln!(svg, "<text x=\"4\" y=\"{}\">{name}</text>", lane * LANE + 16);
        let _ = write!(svg, "<path stroke=\"{colour}\" d=\"");
        for (x, piece) in track.chunks(track.len().div_ceil(WIDTH)).enumerate() {
            let peak = piece
                .iter()
                .map(|sample| f64::from(sample.unsigned_abs()))
                .fold(0.0, f64::max);
            let tall = (peak / 32768.0 * 40.0).max(0.3);
            let _ = write!(
                svg,
                "M{x} {:.1}V{:.1}",
                middle as f64 - tall,
                middle as f64 + tall
            );
        }
        svg.push_str("\"/>\n");
    }
    for second in 0..=bench::LENGTH.as_secs() {
        let x = second as usize * WIDTH / bench::LENGTH.as_secs() as usize;
        let _ = writeln!(
            svg,
            "<text x=\"{x}\" y=\"{}\" fill=\"#666\">{second} s</text>",
            height - 6
        );
    }
    svg.push_str("</svg>\n");
    svg
}
