//! Cutting a text into clauses that can be spoken one after the other, while it still grows.

/// Commas, colons and dashes cut only after so many words: shorter pieces would sound chopped.
const WORDS_BEFORE_COMMA: usize = 6;

/// A point after these ends no sentence.
const ABBREVIATIONS: [&str; 29] = [
    "sr", "sra", "srs", "srta", "dr", "dra", "prof", "profa", "av", "nº", "tel", "cel", "ref", "ex", "etc",
    "pág", "ltda", "cia", "mr", "mrs", "ms", "st", "jr", "vs", "e.g", "i.e", "a.m", "p.m", "approx",
];

/// Cuts a growing text into clauses.
#[derive(Debug)]
pub struct ClauseCutter {
    rest: String,
    words_before_comma: usize,
}

impl Default for ClauseCutter {
    fn default() -> Self {
        Self::new()
    }
}

impl ClauseCutter {
    /// An empty one that cuts at the ends of sentences, and of long clauses.
    pub fn new() -> Self {
        Self {
            rest: String::new(),
            words_before_comma: WORDS_BEFORE_COMMA,
        }
    }

    /// Adds text; [`ClauseCutter::next_clause`] then gives what can be spoken already.
    pub fn push(&mut self, text: &str) {
        self.rest.push_str(text);
    }

    /// The next whole clause, if there is one.
    pub fn next_clause(&mut self) -> Option<String> {
        loop {
            let end = cut(&self.rest, self.words_before_comma)?;
            let tail = self.rest.split_off(end);
            let clause = std::mem::replace(&mut self.rest, tail);
            if let Some(clause) = spoken(&clause) {
                return Some(clause);
            }
        }
    }

    /// What is left when no more text will come.
    pub fn finish(&mut self) -> Option<String> {
        spoken(&std::mem::take(&mut self.rest))
    }
}

/// The sentences of a complete text: nothing is waited for, so commas need not cut.
pub fn sentences(text: &str) -> Vec<String> {
    all(ClauseCutter {
        rest: text.into(),
        words_before_comma: usize::MAX,
    })
}

fn all(mut cutter: ClauseCutter) -> Vec<String> {
    let mut all: Vec<String> = std::iter::from_fn(|| cutter.next_clause()).collect();
    all.extend(cutter.finish());
    all
}

/// The clause as it is spoken: without the marks of written emphasis and lists; nothing if no letter or number is in it.
fn spoken(clause: &str) -> Option<String> {
    let plain: String = clause.chars().filter(|c| !matches!(c, '*' | '`' | '#')).collect();
    let plain = plain.trim().trim_start_matches(['-', '•', '–']).trim();
    plain
        .chars()
        .any(char::is_alphanumeric)
        .then(|| plain.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Where the first clause ends, in bytes. A mark counts only once the character after it is known.
fn cut(text: &str, words_before_comma: usize) -> Option<usize> {
    let mut marks = text.char_indices().peekable();
    while let Some((at, mark)) = marks.next() {
        if mark == '\n' {
            return Some(at + 1);
        }
        let Some((after, next)) = marks.peek().copied() else {
            break;
        };
        if !next.is_whitespace() {
            continue;
        }
        let before = &text[..at];
        let ends = match mark {
            '!' | '?' | '…' => true,
            '.' => ends_sentence(before),
            '"' | '”' | ')' => before.ends_with(['.', '!', '?', '…']),
            ',' | ';' | ':' | '—' | '–' => before.split_whitespace().count() >= words_before_comma,
            _ => false,
        };
        if ends {
            return Some(after);
        }
    }
    None
}

/// Whether a point after `before` ends a sentence.
fn ends_sentence(before: &str) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    let word = word.trim_start_matches(['(', '"', '“', '\'']).to_lowercase();
    if word.chars().count() == 1 && word.chars().all(char::is_alphabetic) {
        // The initial of a name.
        return false;
    }
    // "1." at the beginning numbers a list.
    let numbers_a_list = before.trim() == word && word.chars().all(|c| c.is_ascii_digit());
    !numbers_a_list && !ABBREVIATIONS.contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clauses(text: &str) -> Vec<String> {
        let mut cutter = ClauseCutter::new();
        cutter.push(text);
        all(cutter)
    }

    #[test]
    fn sentences_are_cut_at_their_ends() {
        assert_eq!(
            clauses("Claro! Vou ver. Um momento?"),
            ["Claro!", "Vou ver.", "Um momento?"]
        );
    }

    #[test]
    fn numbers_and_abbreviations_stay_whole() {
        let text = "O Sr. João e a Dra. M. Lima devem R$ 1.234,56 às 10:30, etc. e só";
        assert_eq!(sentences(text), [text]);
        assert_eq!(clauses("Em 1.234,56 por dia"), ["Em 1.234,56 por dia"]);
    }

    #[test]
    fn a_comma_cuts_only_after_enough_words() {
        assert_eq!(
            clauses("Claro, eu posso te ajudar com isso agora, se você quiser"),
            ["Claro, eu posso te ajudar com isso agora,", "se você quiser"]
        );
    }

    #[test]
    fn lists_and_emphasis_are_not_spoken() {
        assert_eq!(
            clauses("**Planos**:\n- Fibra 300\n1. Fibra 500\n---\n"),
            ["Planos:", "Fibra 300", "1. Fibra 500"]
        );
    }

    #[test]
    fn a_growing_text_gives_the_same_clauses_however_it_comes() {
        let text =
            "São R$ 99,90 por mês. O Sr. quer contratar? Ótimo, então vamos lá agora mesmo, sem demora!";
        let whole = clauses(text);
        for size in 1..8 {
            let mut cutter = ClauseCutter::new();
            let mut got = Vec::new();
            let characters: Vec<char> = text.chars().collect();
            for piece in characters.chunks(size) {
                cutter.push(&piece.iter().collect::<String>());
                got.extend(std::iter::from_fn(|| cutter.next_clause()));
            }
            got.extend(cutter.finish());
            assert_eq!(got, whole, "in pieces of {size}");
        }
    }
}
