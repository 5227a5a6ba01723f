//! What the recogniser is told of a call, so that it finds the names and words of this company.
//!
//! Whisper base finds the words of its hint far more often. Of 24 renderings of "Quero falar com o financeiro, por favor" by
//! espeak-ng it got the department right in 5 without a hint and in 21 with one that names it. But each word costs time: two
//! seconds of speech took it 0.55 s with 86 bytes of hint on two busy cores, 0.6 s with 300 and 0.85 s with 600.
//!
//! A whole sentence does what words do not: of "Quero deixar um recado" by espeak-ng neither verb nor noun was right with a list that
//! holds "recado" ("Cato deixado um tê cato"); with the sentence after the list it was "Quero deixar um tecado" or better, which a
//! script understands.

use secretary::{Language, Secretary, folded};
use std::collections::BTreeSet;

/// The longest hint, in bytes: less than a recogniser remembers ([`crate::stt::frame::MAX_HINT`]), for the sake of its speed.
const LONGEST: usize = 300;

/// How much of it may be whole sentences, in bytes.
const SENTENCES: usize = 120;

/// One sentence with the names of people and departments and what else callers speak of, then some that they say in full; at most
/// [`LONGEST`]. Sentences that say a name are left out: that is found by itself.
pub(super) fn hint(secretary: &Secretary, vocabulary: &[String], sayings: &[String]) -> String {
    // Spaces around, so that a short name is found as a word alone.
    let words = |text: &str| format!(" {} ", folded(text));
    let names: Vec<String> = secretary.destinations.iter().map(|d| words(&d.name)).collect();
    let says_no_name = |saying: &&String| {
        let saying = words(saying);
        !names.iter().any(|name| saying.contains(name.as_str()))
    };
    let mut sentences = String::new();
    for sentence in sayings.iter().filter(says_no_name).map(|saying| sentence(saying)) {
        if sentences.len() + sentence.len() <= SENTENCES {
            sentences.push_str(&sentence);
        }
    }
    let mut hint = list(secretary, vocabulary, LONGEST - sentences.len());
    hint.push_str(&sentences);
    hint.trim_start().to_owned()
}

/// A sentence after others.
fn sentence(saying: &str) -> String {
    let saying = saying.trim().trim_end_matches(['.', '!', '?']);
    let mut letters = saying.chars();
    match letters.next() {
        Some(first) => format!(" {}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

/// The sentence that lists names and words, of at most so many bytes; empty where there are none.
fn list(secretary: &Secretary, vocabulary: &[String], longest: usize) -> String {
    let mut list = match secretary.language {
        Language::PtBr => "Ligação para a empresa: ",
        Language::En => "A call to the company: ",
    }
    .to_owned();
    let names = secretary.destinations.iter().map(|d| &d.name);
    let aliases = secretary.destinations.iter().flat_map(|d| &d.aliases);
    let mut told = BTreeSet::new();
    let words = names
        .chain(aliases)
        .chain(vocabulary)
        .map(|word| word.trim())
        .filter(|word| !word.is_empty());
    let mut separator = "";
    for word in words.filter(|word| told.insert(folded(word))) {
        if list.len() + separator.len() + word.len() + ".".len() > longest {
            break;
        }
        list.push_str(separator);
        list.push_str(word);
        separator = ", ";
    }
    if separator.is_empty() {
        return String::new();
    }
    list.push('.');
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::secretary::Snapshot;

    fn sample() -> Secretary {
        let snapshot = Snapshot::embedded().unwrap();
        let domain = snapshot.domain(secretary::SAMPLE_DOMAIN).unwrap();
        Secretary::clone(&domain.secretaries["provedor"])
    }

    #[test]
    fn names_come_first_and_nothing_twice() {
        let hint = hint(&sample(), &["Financeiro".into(), "segunda via".into()], &[]);
        assert!(
            hint.starts_with("Ligação para a empresa: atendente, financeiro, suporte, vendas"),
            "{hint}"
        );
        assert!(hint.ends_with("segunda via."), "{hint}");
        assert_eq!(hint.to_lowercase().matches("financeiro").count(), 1, "{hint}");
    }

    #[test]
    fn it_is_no_longer_than_its_time_is_worth() {
        let many: Vec<String> = (0..500).map(|number| format!("ação {number}")).collect();
        let hint = hint(&sample(), &many, &[]);
        assert!((LONGEST - 20..=LONGEST).contains(&hint.len()), "{}", hint.len());
        assert!(hint.ends_with('.'), "no word is cut: {hint}");
    }

    #[test]
    fn a_secretary_without_any_words_has_none() {
        let mut secretary = sample();
        secretary.destinations.clear();
        assert_eq!(hint(&secretary, &[], &[]), "");
    }

    #[test]
    fn sentences_keep_their_room_beside_many_words() {
        let many: Vec<String> = (0..500).map(|number| format!("ação {number}")).collect();
        let sayings = [
            "quero deixar um recado",
            "quero falar com o financeiro",
            "qual o endereço?",
        ];
        let hint = hint(&sample(), &many, &sayings.map(str::to_owned));
        assert!(
            hint.ends_with(". Quero deixar um recado. Qual o endereço."),
            "the one with a name is not needed: {hint}"
        );
        assert!((LONGEST - 20..=LONGEST).contains(&hint.len()), "{}", hint.len());
        let endless = super::hint(&sample(), &[], &many);
        assert!(endless.len() <= LONGEST, "{}", endless.len());
    }
}
