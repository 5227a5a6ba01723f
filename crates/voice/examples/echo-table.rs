//! What is left of our own voice, and what becomes of the caller's words: the tables and the picture of docs/echo.md.
//!
//! `cargo run -p voice --example echo-table -- docs/echo.svg` (twenty minutes on two cores, most of it speech to text; `--without-words`
//! leaves that out). Needs espeak-ng, and whisper-base in `.models` for the words.

#[expect(clippy::expect_used, reason = "whoever measures is told where it went wrong")]
#[path = "../tests/it/echo/bench.rs"]
mod bench;

use audio::{Return, SampleRate};
use bench::{Case, Clips, Words};
use sim::Line;
use std::fmt::Write as _;

const RATES: [SampleRate; 2] = [SampleRate::HZ_16000, SampleRate::HZ_8000];
const LINES: [Line; 2] = [Line::Alaw, Line::Ulaw];
const GAINS: [f64; 5] = [-6.0, -12.0, -18.0, -24.0, -30.0];
const DELAYS: [u64; 5] = [20, 60, 150, 250, 400];
const JUMPS: [i64; 3] = [0, 40, -40];

#[tokio::main]
async fn main() {
    println!(
        "| stream | echo | onsets without | onsets with | of scenes | slowest onset of the caller | word errors, clean | with echo |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let mut words = std::env::args()
        .all(|argument| argument != "--without-words")
        .then(Words::load)
        .flatten();
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
    for gain in GAINS {
        row("mono", Return::Line, gain, &clips, &mut words);
    }
    row("mixed", Return::Mix, 0.0, &clips, &mut words);
}

fn row(name: &str, back: Return, gain: f64, clips: &[Clips], words: &mut Option<Words>) {
    let (mut without, mut with, mut scenes) = (0, 0, 0);
    let mut slowest = 0;
    let mut errors = bench::Errors::default();
    for clips in clips {
        for delay in DELAYS {
            let case = |jump| Case {
                back,
                gain,
                delay,
                jump,
            };
            for jump in JUMPS.into_iter().filter(|jump| delay as i64 + jump >= 0) {
                let scene = case(jump).silent(clips);
                with += scene.play().onsets.len();
                without += bench::uncancelled(scene).play().onsets.len();
                scenes += 1;
            }
            for (index, spoken) in clips.callers.iter().enumerate() {
                let talk = case(0).talking(clips, spoken);
                let outcome = talk.play();
                slowest = slowest.max(bench::onset_after(&outcome, spoken).unwrap_or(u128::MAX));
                // One clip for each delay: all of them would take hours.
                if let Some(words) = words
                    && index == (delay as usize / 10) % clips.callers.len()
                {
                    errors += words.errors(spoken, &outcome);
                }
            }
        }
    }
    println!(
        "| {name} | {gain} dB | {without} | {with} | {scenes} | {slowest} ms | {} of {} | {} of {} |",
        errors.clean, errors.words, errors.echo, errors.words
    );
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
