//! What the recogniser is told of a call, so that it finds the names and words of this company.
//!
//! Whisper base finds the words of its hint far more often. Of 24 renderings of "Quero falar com o financeiro, por favor" by
//! espeak-ng it got the department right in 5 without a hint and in 21 with one that names it. But each word costs time: two
//! seconds of speech took it 0.55 s with 86 bytes of hint on two busy cores, 0.6 s with 300 and 0.85 s with 600.

use secretary::{Language, Secretary};
use std::collections::BTreeSet;

/// The longest hint, in bytes: less than a recogniser remembers ([`crate::stt::frame::MAX_HINT`]), for the sake of its speed.
const LONGEST: usize = 300;

/// One sentence with the names of people and departments, then what else callers speak of, up to [`LONGEST`].
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
        if hint.len() + separator.len() + word.len() + ".".len() > LONGEST {
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
    fn it_is_no_longer_than_its_time_is_worth() {
        let many: Vec<String> = (0..500).map(|number| format!("ação {number}")).collect();
        let hint = hint(&sample(), &many);
        assert!((LONGEST - 20..=LONGEST).contains(&hint.len()), "{}", hint.len());
        assert!(hint.ends_with('.'), "no word is cut: {hint}");
    }

    #[test]
    fn a_secretary_without_any_words_has_none() {
        let mut secretary = sample();
        secretary.destinations.clear();
        assert_eq!(hint(&secretary, &[]), "");
    }
}
