//! What each part costs: microseconds of one core for a second of audio (best of five runs), and a judgement.
//!
//! `cargo run --release -p audio --example cost`

use audio::g711::Law;
use audio::{
    Ear, EarModel, EchoCanceller, Framer, Layout, Playout, Resampler, Return, SampleRate, TurnModel,
};
use std::hint::black_box;
use std::time::{Duration, Instant};

const SECONDS: usize = 20;

/// Runs `part` on `SECONDS` of audio at a rate, in frames of 20 ms; `prepare` is not counted.
fn measure<State>(
    name: &str,
    audio: &[i16],
    rate: SampleRate,
    prepare: impl Fn() -> State,
    part: impl Fn(&mut State, &[i16]),
) {
    let run = || {
        let mut state = prepare();
        let start = Instant::now();
        for frame in audio.chunks(rate.frame_samples()) {
            part(&mut state, black_box(frame));
        }
        start.elapsed()
    };
    let best = (0..5).map(|_| run()).min().unwrap_or_default();
    let seconds = audio.len() as f64 / f64::from(rate.hz());
    println!(
        "{name:<40} {:>9.1} us a second",
        best.as_secs_f64() * 1e6 / seconds
    );
}

fn main() {
    let mut line = Vec::new();
    Law::A.decode(include_bytes!("../tests/data/sales.alaw"), &mut line);
    let narrow: Vec<i16> = line.iter().copied().cycle().take(8000 * SECONDS).collect();
    let mut wide = Vec::new();
    Resampler::new(SampleRate::HZ_8000, SampleRate::HZ_16000).push(&narrow, &mut wide);

    for (name, layout) in [
        ("framer, 16 kHz mono", Layout::Mono),
        ("framer, 16 kHz stereo", Layout::Stereo),
    ] {
        let framer = || {
            (
                Framer::new(SampleRate::HZ_16000, layout),
                vec![0_u8; 320 * layout.sample_bytes()],
            )
        };
        measure(name, &wide, SampleRate::HZ_16000, framer, |(framer, bytes), _| {
            framer.push(bytes, |frame| {
                black_box(frame);
            });
        });
    }
    for law in [Law::A, Law::Mu] {
        measure(
            &format!("g711 {law:?} there and back, 8 kHz"),
            &narrow,
            SampleRate::HZ_8000,
            Vec::new,
            |bytes, frame| {
                bytes.clear();
                law.encode(frame, bytes);
                let mut back = [0; 160];
                for (sample, byte) in back.iter_mut().zip(&*bytes) {
                    *sample = law.decode_byte(*byte);
                }
                black_box(back);
            },
        );
    }
    for (from, to) in [
        (8000, 16000),
        (8000, 24000),
        (16000, 8000),
        (16000, 24000),
        (24000, 8000),
        (24000, 16000),
        (48000, 16000),
    ] {
        let (Ok(from), Ok(to)) = (SampleRate::new(from), SampleRate::new(to)) else {
            continue;
        };
        let audio: Vec<i16> = narrow
            .iter()
            .copied()
            .cycle()
            .take(from.hz() as usize * SECONDS)
            .collect();
        let resampler = || (Resampler::new(from, to), Vec::new());
        measure(
            &format!("resampler, {from} to {to}"),
            &audio,
            from,
            resampler,
            |(resampler, output), frame| {
                output.clear();
                resampler.push(frame, output);
            },
        );
    }
    playout(&wide);
    echo(SampleRate::HZ_8000, &narrow);
    echo(SampleRate::HZ_16000, &wide);
    ear(&wide);
    turn(&wide);
}

fn playout(audio: &[i16]) {
    let start = Instant::now();
    let playout = || {
        let playout = Playout::new(
            SampleRate::HZ_16000,
            Duration::from_millis(60),
            Duration::from_secs(300),
        );
        (playout, Vec::new(), start)
    };
    measure(
        "playout, 16 kHz in real time",
        audio,
        SampleRate::HZ_16000,
        playout,
        |(playout, frame, now), samples| {
            playout.push(1, samples);
            while playout.release(*now, frame) {
                black_box(&frame);
            }
            black_box((
                playout.poll_played(*now),
                playout.next_due(),
                playout.position(*now),
            ));
            *now += Duration::from_millis(20);
        },
    );
}

/// While we speak without a pause.
fn echo(rate: SampleRate, audio: &[i16]) {
    let start = Instant::now();
    let late = rate.samples_in(Duration::from_millis(150)) as usize;
    let caller = rate.samples_in(Duration::from_millis(7_300)) as usize;
    let second = rate.hz() as usize;
    for (name, back, gain, spoken, jump) in [
        ("a line without", Return::Line, 0, 0, 0),
        ("-12 dB", Return::Line, 4, 0, 0),
        ("a mixed stream", Return::Mix, 16, 0, 0),
        ("-12 dB, a caller over it", Return::Line, 4, 12, 0),
        ("the same, jumping each second", Return::Line, 4, 12, late / 4),
    ] {
        let canceller = || (EchoCanceller::new(rate, back), Vec::new(), start, 0);
        measure(
            &format!("echo, {} kHz, {name}", rate.hz() / 1000),
            audio,
            rate,
            canceller,
            |(canceller, clean, now, played), frame| {
                let unheard = if *played == 0 { 0 } else { frame.len() as u64 };
                canceller.released(frame, unheard, *now);
                let captured: Vec<i16> = (*played..*played + frame.len())
                    .map(|at| {
                        let late = late + at / second % 2 * jump;
                        let echo = at.checked_sub(late).map_or(0, |at| audio[at] / 16 * gain);
                        echo + audio[(at + caller) % audio.len()] / 16 * spoken
                    })
                    .map(|sample| match back {
                        Return::Line => Law::A.decode_byte(Law::A.encode_sample(sample)),
                        Return::Mix => sample,
                    })
                    .collect();
                *played += frame.len();
                *now += Duration::from_millis(20);
                clean.clear();
                canceller.hear(&captured, *now, clean);
                black_box(&clean);
            },
        );
    }
}

fn ear(audio: &[i16]) {
    let start = Instant::now();
    let model = EarModel::embedded();
    println!(
        "{:<40} {:>9.1} us",
        "ear, loading the model",
        start.elapsed().as_secs_f64() * 1e6
    );
    let listen = || Ear::new(model.clone());
    let hear = |ear: &mut Ear, frame: &[i16]| {
        black_box(ear.hear(frame));
    };
    let hum: Vec<i16> = (0..audio.len())
        .map(|i| ((i as f64 * 0.0196).sin() * 300.0) as i16)
        .collect();
    measure(
        "ear, silence",
        &vec![0; audio.len()],
        SampleRate::HZ_16000,
        listen,
        hear,
    );
    measure(
        "ear, mains hum (the gate alone)",
        &hum,
        SampleRate::HZ_16000,
        listen,
        hear,
    );
    measure("ear, speech", audio, SampleRate::HZ_16000, listen, hear);
}

fn turn(audio: &[i16]) {
    let start = Instant::now();
    let model = TurnModel::embedded();
    println!(
        "{:<40} {:>9.1} us",
        "turn, loading the model",
        start.elapsed().as_secs_f64() * 1e6
    );
    let judge = |_| {
        let start = Instant::now();
        black_box(model.complete(&audio[..8 * 16_000]));
        start.elapsed()
    };
    let best = (0..5).map(judge).min().unwrap_or_default();
    println!("{:<40} {:>9.1} us", "turn, a judgement", best.as_secs_f64() * 1e6);
}
