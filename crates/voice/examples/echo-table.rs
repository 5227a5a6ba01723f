//! What is left of our own voice, and what becomes of the caller's words: the tables and the picture of docs/echo.md.
//!
//! `cargo run -p voice --example echo-table -- docs/echo.svg` (a quarter of an hour on two cores, most of it speech to text; `--without-words`
//! leaves that out). Needs espeak-ng, and whisper-base in `.models` for the words.

#[path = "../tests/it/echo/bench.rs"]
mod bench;

use audio::{Return, SampleRate};
use bench::{Case, Clips, Words};
use sim::Line;

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
    for gain in GAINS {
        row("mono", Return::Line, gain, &clips, &mut words);
    }
    row("mixed", Return::Mix, 0.0, &clips, &mut words);
    if let Some(file) = std::env::args()
        .nth(1)
        .filter(|argument| argument.ends_with(".svg"))
    {
        let picture = bench::picture(&clips[0]);
        if let Err(error) = std::fs::write(&file, picture) {
            eprintln!("cannot write {file}: {error}");
        }
    }
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
                // One clip for each cell of the table, all of them in each row.
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
