//! What smart-turn says, against the Python implementation and of sentences cut short.

use crate::line::{ABOUT_MY, BILL, FINANCEIRO, heard, ms};
use audio::TurnModel;
use audio::g711::Law;
use std::sync::LazyLock;

static MODEL: LazyLock<TurnModel> = LazyLock::new(TurnModel::embedded);

/// The samples as the reference heard them: each of the line twice.
fn doubled(line: &[u8]) -> Vec<i16> {
    let mut narrow = Vec::new();
    Law::A.decode(line, &mut narrow);
    narrow.iter().flat_map(|sample| [*sample; 2]).collect()
}

fn reference(name: &str) -> f32 {
    let rows = include_str!("../data/turn_reference.tsv").lines();
    let mut found = rows.filter_map(|row| {
        row.strip_prefix("complete\t")?
            .strip_prefix(name)?
            .strip_prefix('\t')
    });
    found.next().unwrap().parse().unwrap()
}

fn then_pause(sound: &[i16]) -> Vec<i16> {
    [sound, &vec![0; ms(200)]].concat()
}

/// The network computes in 8 bits: where it is undecided, a ten-thousandth more or less in its input moves the reference
/// itself by two tenths. These are cases in which that moves it by one at most.
#[test]
fn judges_as_the_reference_does() {
    for (name, line) in [("financeiro", FINANCEIRO), ("bill", BILL), ("about_my", ABOUT_MY)] {
        let (judged, expected) = (MODEL.complete(&then_pause(&doubled(line))), reference(name));
        assert!(
            (judged - expected).abs() < 0.03,
            "{name}: {judged}, not {expected}"
        );
    }
    let (judged, expected) = (MODEL.complete(&[]), reference("nothing"));
    assert!(
        (judged - expected).abs() < 0.03,
        "nothing: {judged}, not {expected}"
    );
}

#[test]
fn a_finished_sentence_is_complete_and_the_same_without_its_last_word_is_not() {
    let (finished, cut) = (
        MODEL.complete(&then_pause(&heard(BILL))),
        MODEL.complete(&then_pause(&heard(ABOUT_MY))),
    );
    assert!(finished > 0.5 && cut < 0.5, "finished {finished}, cut {cut}");
}

#[test]
fn only_the_last_eight_seconds_count() {
    let sentence = [vec![0; ms(6500)], then_pause(&heard(BILL))].concat();
    let after_another = [heard(FINANCEIRO), sentence.clone()].concat();
    assert!(sentence.len() >= ms(8000));
    assert_eq!(MODEL.complete(&after_another), MODEL.complete(&sentence));
}

#[test]
fn calls_judge_at_the_same_time() {
    let sound = then_pause(&heard(BILL));
    let alone = MODEL.complete(&sound);
    std::thread::scope(|scope| {
        let judges: Vec<_> = (0..4).map(|_| scope.spawn(|| MODEL.complete(&sound))).collect();
        for judge in judges {
            assert_eq!(judge.join().unwrap(), alone);
        }
    });
}
