//! Whether somebody takes a call: what they say to "may I put it through?".

use secretary::{Language, folded};

/// What they decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consent {
    Yes,
    No,
}

/// Folded words and phrases that decide. Of two that begin at the same word the longer one counts, and one that stands in both lists
/// decides nothing.
struct Phrases {
    yes: &'static [&'static str],
    no: &'static [&'static str],
}

const PORTUGUESE: Phrases = Phrases {
    yes: &[
        "sim",
        "aham",
        "uhum",
        "claro",
        "pode",
        "posso sim",
        "passa",
        "passe",
        "manda",
        "aceito",
        "atendo",
        "quero",
        "ok",
        "ta",
        "ta bom",
        "beleza",
        "isso",
        "com certeza",
        "sem problema",
        "nao tem problema",
        "nao ha problema",
        "por que nao",
    ],
    no: &[
        "nao",
        "claro que nao",
        "nao pode",
        "nao passa",
        "nao passe",
        "nao quero",
        "nao aceito",
        "nao posso",
        "agora nao",
        "agora nao pode",
        "agora nao posso",
        "negativo",
        "ocupado",
        "ocupada",
        "reuniao",
        "depois",
        "mais tarde",
        "recuso",
        "recusar",
        "sem chance",
        "ta ocupado",
        "ta ocupada",
    ],
};

const ENGLISH: Phrases = Phrases {
    yes: &[
        "yes",
        "yeah",
        "yep",
        "yup",
        "sure",
        "ok",
        "okay",
        "of course",
        "certainly",
        "absolutely",
        "go ahead",
        "put him through",
        "put her through",
        "put them through",
        "put it through",
        "i ll take it",
        "i will take it",
        "i can take it",
        "fine",
        "no problem",
        "why not",
        "please do",
        "not sure",
    ],
    no: &[
        "no",
        "nope",
        "nah",
        "not now",
        "not right now",
        "not sure",
        "of course not",
        "certainly not",
        "absolutely not",
        "don t put him through",
        "don t put her through",
        "don t put them through",
        "don t put it through",
        "don t",
        "can t",
        "can t take it",
        "cannot",
        "won t",
        "busy",
        "later",
        "in a meeting",
        "decline",
    ],
};

/// What these words decide; nothing where they say neither, or both.
pub(super) fn heard(language: Language, text: &str) -> Option<Consent> {
    let phrases = match language {
        Language::PtBr => &PORTUGUESE,
        Language::En => &ENGLISH,
    };
    let text = folded(text);
    let words: Vec<&str> = text.split(' ').collect();
    let mut rest = words.as_slice();
    let (mut yes, mut no) = (false, false);
    while let Some((_, after)) = rest.split_first() {
        let agreed = longest(phrases.yes, rest);
        let declined = longest(phrases.no, rest);
        yes |= agreed > declined;
        no |= declined > agreed;
        rest = match agreed.max(declined) {
            0 => after,
            length => &rest[length..],
        };
    }
    match (yes, no) {
        (true, false) => Some(Consent::Yes),
        (false, true) => Some(Consent::No),
        (true, true) | (false, false) => None,
    }
}

/// How many words the longest phrase has with which `words` begin.
fn longest(phrases: &[&str], words: &[&str]) -> usize {
    phrases
        .iter()
        .map(|phrase| phrase.split(' ').collect::<Vec<_>>())
        .filter(|phrase| words.starts_with(phrase))
        .map(|phrase| phrase.len())
        .max()
        .unwrap_or_default()
}
