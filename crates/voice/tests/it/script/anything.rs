//! Whatever happens in whatever order, a script keeps its promises.

use super::{CLOSED, Conversation, OPEN};
use call::{Digit, ToolCallId};
use proptest::prelude::*;
use std::collections::BTreeSet;
use voice::brain::{Stimulus, Thought};

const WORDS: &[&str] = &[
    "quero falar com o financeiro",
    "minha internet caiu",
    "quais são os planos?",
    "quero cancelar",
    "quero deixar um recado",
    "onde fica a loja?",
    "bom dia",
    "sim",
    "não",
    "Ana Souza",
    "onze nove oito sete meia cinco quatro três dois um",
    "dois",
    "pode repetir?",
    "qual é a capital da França?",
    "boleto, cancelamento",
    "obrigado",
    "tchau",
    "",
];

#[derive(Debug, Clone)]
enum Happening {
    Words(usize),
    Key(char),
    /// The oldest tool that waits for its result.
    Tool(bool),
    Unheard,
    NoInput,
    /// After so many pieces of the answer.
    Interrupted(usize),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (0..WORDS.len()).prop_map(Happening::Words),
        4 => prop::sample::select("0123456789*#".chars().collect::<Vec<_>>()).prop_map(Happening::Key),
        3 => any::<bool>().prop_map(Happening::Tool),
        2 => Just(Happening::Unheard),
        1 => Just(Happening::NoInput),
        2 => (0..3_usize).prop_map(Happening::Interrupted),
    ]
}

/// Takes an answer, up to so many pieces; whether it was complete.
fn take(call: &mut Conversation, used: &mut Vec<ToolCallId>, pieces: usize) -> bool {
    for _ in 0..pieces {
        match call.next() {
            Some(Thought::Done) => return true,
            Some(Thought::Tool { id, .. }) => used.push(id),
            Some(Thought::Clause(text)) => {
                assert!(!text.trim().is_empty() && !text.contains('{'), "{text:?}")
            }
            Some(Thought::Usage(_)) => panic!("a script costs nothing"),
            Some(Thought::Failed { message, .. }) => panic!("{message}"),
            None => return false,
        }
    }
    false
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_ends_and_no_tool_is_used_twice(
        happenings in prop::collection::vec(happening(), 1..30),
        open in any::<bool>(),
    ) {
        let mut call = Conversation::with("provedor", if open { OPEN } else { CLOSED });
        let mut used: Vec<ToolCallId> = Vec::new();
        let mut answered = 0;
        let mut cut = usize::MAX;
        for happening in happenings {
            let stimulus = match happening {
                Happening::Words(at) => Stimulus::Words(WORDS[at].into()),
                Happening::Key(key) => Stimulus::Key(Digit::new(key).unwrap()),
                Happening::Unheard => Stimulus::Unheard,
                Happening::Tool(ok) if answered < used.len() => {
                    answered += 1;
                    let id = used[answered - 1].clone();
                    Stimulus::ToolResult { id, ok, result: String::new() }
                }
                Happening::Tool(ok) => Stimulus::ToolResult { id: ToolCallId("none".into()), ok, result: String::new() },
                Happening::NoInput => {
                    call.mind.tell(Stimulus::NoInput);
                    continue;
                }
                Happening::Interrupted(pieces) => {
                    cut = pieces;
                    continue;
                }
            };
            call.mind.tell(stimulus);
            let pieces = std::mem::replace(&mut cut, usize::MAX);
            let done = take(&mut call, &mut used, pieces);
            if pieces == usize::MAX {
                prop_assert!(done, "an answer ends with Done");
            } else {
                call.mind.tell(Stimulus::Interrupted { heard: String::new() });
            }
            prop_assert_eq!(call.next(), None, "nothing comes unasked");
        }
        let ids: BTreeSet<_> = used.iter().collect();
        prop_assert_eq!(ids.len(), used.len());
        // However it went, the caller can still get somewhere: to a question, a menu or a human.
        call.mind.tell(Stimulus::Unheard);
        let led_on = matches!(call.next(), Some(Thought::Clause(_) | Thought::Tool { .. }));
        prop_assert!(led_on, "the caller is left alone");
    }
}
