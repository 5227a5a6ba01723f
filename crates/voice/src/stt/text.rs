//! What Whisper writes beside what was said: annotations, credits of films it was trained on, loops.

/// Texts that Whisper writes over noise and that no caller says: credits of subtitles. Folded as by [`folded`].
const CREDITS: &[&str] = &[
    "amara.org",
    "legendas pela comunidade",
    "legenda por sonia ruberti",
    "legendado por",
    "transcricao e legendas",
    "subtitles by",
    "subtitled by",
    "transcribed by",
    "inscreva-se no canal",
    "thanks for watching",
    "thank you for watching",
    "obrigado por assistir",
    "obrigada por assistir",
];

/// Words that a repeated piece may have at most.
const LONGEST_PERIOD: usize = 12;

/// The words without annotations, credits and loops.
pub(super) fn clean(text: &str) -> String {
    let text = without_annotations(text);
    let kept = repetition(&text).map_or(text.as_str(), |end| &text[..end]);
    let words: Vec<&str> = kept.split_whitespace().collect();
    let line = words.join(" ");
    let spoken = line.chars().any(char::is_alphanumeric);
    if !spoken || is_credit(&line) {
        String::new()
    } else {
        line
    }
}

/// Drops `[Música]`, `(risos)`, `*tosse*` and notes. What has a digit stays: `(11) 98765-4321` is a telephone number.
fn without_annotations(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['[', '(', '*', '♪']) {
        kept.push_str(&rest[..at]);
        let mut inside = rest[at..].chars();
        let close = match inside.next() {
            Some('[') => ']',
            Some('(') => ')',
            Some(mark) => mark,
            None => break,
        };
        let after = inside.as_str();
        match after.split_once(close) {
            Some((inner, next)) if !inner.contains(|c: char| c.is_ascii_digit()) => {
                kept.push(' ');
                rest = next;
            }
            _ => {
                kept.push_str(&rest[at..rest.len() - after.len()]);
                rest = after;
            }
        }
    }
    kept.push_str(rest);
    kept.replace('♪', " ")
}

/// Where a text that ends in a loop should be cut: in bytes, after the first of the repeated pieces.
///
/// A loop is a piece of up to [`LONGEST_PERIOD`] words that fills the end of the text at least four times and eight
/// words; callers say "não, não, não" and "nove nove nove nove". Or one word of more than 40 letters.
pub(super) fn repetition(text: &str) -> Option<usize> {
    let words: Vec<(usize, String)> = text
        .split_whitespace()
        .map(|word| {
            (
                word.as_ptr() as usize - text.as_ptr() as usize + word.len(),
                folded(word),
            )
        })
        .collect();
    let looping = |period: usize| {
        let repeated = words
            .iter()
            .rev()
            .zip(words.iter().rev().skip(period))
            .take_while(|(a, b)| a.1 == b.1)
            .count();
        // `repeated` words equal the one a period before: with the first piece that many and one period more.
        let filled = repeated + period;
        (filled >= (4 * period).max(8)).then(|| words[words.len() - filled + period - 1].0)
    };
    let endless = || {
        let at = words.iter().position(|(_, word)| word.chars().count() > 40)?;
        Some(if at == 0 { 0 } else { words[at - 1].0 })
    };
    (1..=LONGEST_PERIOD)
        .filter(|period| 4 * period <= words.len())
        .find_map(looping)
        .or_else(endless)
}

/// Whether the whole text is a credit: short, and with nothing of a conversation around it.
fn is_credit(line: &str) -> bool {
    let line = folded(line);
    line.split(' ').count() <= 8
        && CREDITS
            .iter()
            .any(|credit| line.starts_with(credit) || line.ends_with(credit))
}

/// Lower case, without accents, and without punctuation at the ends.
fn folded(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let plain: String = text
        .nfd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .collect();
    plain
        .to_lowercase()
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_go_and_telephone_numbers_stay() {
        assert_eq!(clean("[Música]"), "");
        assert_eq!(
            clean(" (risos) Quero o *tosse* financeiro. ♪ lá ♪"),
            "Quero o financeiro."
        );
        assert_eq!(
            clean("Meu número é (11) 98765-4321."),
            "Meu número é (11) 98765-4321."
        );
        assert_eq!(clean("um [ parêntese aberto"), "um [ parêntese aberto");
        assert_eq!(clean(" ... "), "");
    }

    #[test]
    fn credits_go_and_thanks_stay() {
        assert_eq!(clean("Legendas pela comunidade Amara.org"), "");
        assert_eq!(clean("Legenda por Sônia Ruberti"), "");
        assert_eq!(clean("Thanks for watching!"), "");
        assert_eq!(clean("Obrigado."), "Obrigado.");
        assert_eq!(clean("Thank you."), "Thank you.");
        let long = "Eu quero saber se vocês fazem legendas e transcrições, como fazia a amara.org";
        assert_eq!(clean(long), long);
    }

    #[test]
    fn loops_are_cut_after_the_first_piece() {
        let looped = format!("Quero falar com {}", "o financeiro, ".repeat(6));
        assert_eq!(clean(&looped), "Quero falar com o financeiro,");
        assert_eq!(clean(&"Não. ".repeat(12)), "Não.");
        assert_eq!(clean(&format!("Sim {}", "ha".repeat(40))), "Sim");
    }

    #[test]
    fn what_people_repeat_stays() {
        for said in [
            "Não, não, não, não.",
            "nove nove nove nove um dois",
            "sim sim sim, pode ser, pode ser",
        ] {
            assert_eq!(clean(said), said);
        }
    }
}
