//! Which words of an interrupted answer were heard. (The cutting itself is tested beside `heard.rs`.)

use crate::bench::*;
use call::*;

/// Interrupts answer 1 by speech when so much of it was played. The words that the engine is told.
fn words_heard(bench: &mut Bench, played: u64) -> String {
    bench.tell(position(answer(1), played));
    bench.tell(Input::SpeechStarted);
    let outputs = bench.until(700);
    outputs
        .into_iter()
        .find_map(|(_, output)| match output {
            Output::Engine(EngineCommand::Interrupt {
                answer: AnswerId(1),
                text,
                ..
            }) => Some(text),
            _ => None,
        })
        .unwrap()
}

fn timed() -> Bench {
    let mut bench = Bench::listening();
    bench.tell(started(1, Cause::Own));
    bench.tell(said_at(1, "Bom dia.", 0));
    bench.tell(said_at(1, " Aqui é a Clara.", 1_000));
    bench.tell(audio(1, 3_000));
    bench.tell(done(1));
    bench
}

#[test]
fn the_engines_places_decide() {
    for (played, words) in [
        (0, ""),
        (900, "Bom"),
        (1_000, "Bom dia."),
        (1_700, "Bom dia. Aqui"),
        (3_000, "Bom dia. Aqui é a Clara."),
    ] {
        assert_eq!(words_heard(&mut timed(), played), words, "{played} ms");
    }
}

#[test]
fn without_places_the_share_of_the_audio_decides() {
    for (played, words) in [
        (0, ""),
        (1_000, "um"),
        (2_600, "um dois três"),
        (4_000, "um dois três quatro"),
    ] {
        let mut bench = Bench::listening();
        bench.answer(1, Cause::Own, "um dois três quatro", 4_000);
        assert_eq!(words_heard(&mut bench, played), words, "{played} ms");
    }
}

#[test]
fn text_that_came_before_its_audio_was_not_heard() {
    let mut bench = Bench::listening();
    bench.tell(started(1, Cause::Own));
    bench.tell(said(1, "um dois três quatro cinco seis sete oito nove dez"));
    bench.tell(audio(1, 300));
    assert_eq!(words_heard(&mut bench, 300), "um dois");
}

#[test]
fn the_position_only_rises() {
    let mut bench = timed();
    bench.tell(position(answer(1), 1_000));
    assert_eq!(words_heard(&mut bench, 400), "Bom dia.");
}
