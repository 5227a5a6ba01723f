//! Whole conversations: whatever the delays, each comes to its end, and nobody is interrupted by a cough.

use crate::bench::*;
use crate::world::{Act, World};
use call::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Rules whose engine says texts itself, or leaves them to the driver.
fn talkative(verbatim: bool) -> Settings {
    let engine = Capabilities { verbatim, ..OBEDIENT };
    Settings {
        engine,
        greeting: "Bom dia, aqui é a Clara.".into(),
        ..rules()
    }
}

/// The same where a PBX tells what becomes of transfers, and callers wait with music.
fn telling(rules: Settings) -> Settings {
    Settings {
        transfer_limit: Some(ms(15_000)),
        longest_hold: ms(10_000),
        ..rules
    }
}

fn plan() -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec(0_u64..1_000_000, 7..50)
}

fn gap() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..500, 500_u64..8_000]
}

fn short() -> impl Strategy<Value = u64> {
    100_u64..640
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn any_conversation_comes_to_its_end_with_every_turn_answered(
        verbatim: bool,
        numbers in plan(),
        script in proptest::collection::vec((gap(), prop_oneof![
            4 => (300_u64..5_000).prop_map(Act::Sentence),
            2 => short().prop_map(Act::Murmur),
            2 => short().prop_map(Act::Cough),
            1 => Just(Act::Key),
            1 => (0_u64..4_000).prop_map(Act::Loss),
        ]), 0..10),
    ) {
        let world = World::new(talkative(verbatim), numbers).run(&script);
        prop_assert_eq!(world.outcome(), Some(Outcome::NoInput), "{:?}", world.records);
    }

    #[test]
    fn transfers_that_come_to_nothing_and_holds_change_nothing_of_that(
        verbatim: bool,
        numbers in plan(),
        script in proptest::collection::vec((gap(), prop_oneof![
            4 => (300_u64..5_000).prop_map(Act::Sentence),
            1 => short().prop_map(Act::Cough),
            1 => Just(Act::Key),
            1 => (0_u64..4_000).prop_map(Act::Loss),
        ]), 2..10),
    ) {
        let world = World::new(telling(talkative(verbatim)), numbers).run(&script);
        prop_assert_eq!(world.outcome(), Some(Outcome::NoInput), "{:?}", world.records);
    }

    #[test]
    fn coughs_and_murmurs_never_cost_a_word(
        verbatim: bool,
        numbers in plan(),
        script in proptest::collection::vec((gap(), prop_oneof![
            short().prop_map(Act::Murmur),
            short().prop_map(Act::Cough),
        ]), 1..12),
    ) {
        let world = World::new(talkative(verbatim), numbers).run(&script);
        let cut = world.records.iter().find(|record| matches!(record, Record::Heard { cut: true, .. } | Record::BargeIn { .. }));
        prop_assert_eq!(cut, None);
    }

    #[test]
    fn no_utterance_is_reported_twice(numbers in plan(), script in proptest::collection::vec(
        (gap(), (300_u64..3_000).prop_map(Act::Sentence)), 1..8)) {
        let world = World::new(talkative(true), numbers).run(&script);
        let mut seen = BTreeSet::new();
        for record in &world.records {
            if let Record::Heard { utterance, .. } = record {
                prop_assert!(seen.insert(*utterance), "{utterance:?}");
            }
        }
    }
}
