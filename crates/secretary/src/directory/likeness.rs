//! Whether two words are one: by how they sound, and by how little a recogniser need have misheard.

use crate::Language;

/// How like two words are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// Not at all.
    None,
    /// Enough to be asked about: "Bruno" and "Breno", "Fernanda" and "Fernando".
    Weak,
    /// One of them misheard, most likely: "finaceiro".
    Near,
    /// They sound the same: "Jeni" and "Jenny", "venda" and "vendas".
    Same,
}

/// From so many letters on one letter inside may be wrong, and two: short names differ by less ("Bruno", "Breno").
const ONE_LETTER: usize = 7;
const TWO_LETTERS: usize = 9;

/// A word as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// How it sounds, in the singular.
    sound: String,
}

impl Word {
    /// A folded word.
    pub(super) fn new(language: Language, word: &str) -> Self {
        let sound = match language {
            Language::PtBr => sound_pt(&singular_pt(word)),
            Language::En => sound_en(&singular_en(word)),
        };
        Self { sound }
    }

    pub(super) fn letters(&self) -> usize {
        self.sound.chars().count()
    }

    pub(super) fn likeness(&self, other: &Self) -> Likeness {
        let (a, b) = (self.sound.as_str(), other.sound.as_str());
        if a == b {
            return Likeness::Same;
        }
        let (short, long) = if self.letters() < other.letters() {
            (a, b)
        } else {
            (b, a)
        };
        let letters = short.chars().count();
        let edits = strsim::osa_distance(a, b);
        let same_beginning = a.chars().next() == b.chars().next();
        match edits {
            1 if letters >= ONE_LETTER && same_beginning && !differ_at_the_end(a, b) => Likeness::Near,
            2 if letters >= TWO_LETTERS && same_beginning && !differ_at_the_end(a, b) => Likeness::Near,
            1 if letters >= 4 => Likeness::Weak,
            2 if letters >= 6 => Likeness::Weak,
            _ if letters >= 3 && long.starts_with(short) => Likeness::Weak,
            _ => Likeness::None,
        }
    }
}

/// The last letter tells "Fernanda" from "Fernando", "Daniel" from "Daniela".
fn differ_at_the_end(a: &str, b: &str) -> bool {
    a.chars().next_back() != b.chars().next_back()
}

fn singular_pt(word: &str) -> String {
    const ENDINGS: [(&str, &str); 6] = [
        ("oes", "ao"),
        ("aes", "ao"),
        ("ais", "al"),
        ("eis", "el"),
        ("ns", "m"),
        ("s", ""),
    ];
    singular(word, &ENDINGS)
}

fn singular_en(word: &str) -> String {
    const ENDINGS: [(&str, &str); 3] = [("ies", "y"), ("ss", "ss"), ("s", "")];
    singular(word, &ENDINGS)
}

fn singular(word: &str, endings: &[(&str, &str)]) -> String {
    // "Luiz" and "Luís".
    let word = &word
        .strip_suffix('z')
        .map_or(word.to_owned(), |rest| format!("{rest}s"));
    endings
        .iter()
        .filter(|(plural, _)| word.chars().count() > plural.len() + 2)
        .find_map(|(plural, one)| Some(format!("{}{one}", word.strip_suffix(plural)?)))
        .unwrap_or_else(|| word.to_owned())
}

/// Portuguese spellings of one sound made one. Vowels stay apart but at the end, where they are hardly heard ("suporti").
fn sound_pt(word: &str) -> String {
    let word = replaced(
        word,
        &[
            ("ph", "f"),
            ("th", "t"),
            ("sh", "x"),
            ("ch", "x"),
            ("ck", "k"),
            ("qu", "k"),
            ("gue", "ge"),
            ("gui", "gi"),
        ],
        &[
            ("cao", "sao"),
            ("sce", "se"),
            ("sci", "si"),
            ("ce", "se"),
            ("ci", "si"),
            ("gue", "ge"),
            ("gui", "gi"),
            ("ge", "je"),
            ("gi", "ji"),
        ],
    );
    let mut sound = letters(&word, |letter, last| match letter {
        'z' => Some('s'),
        'y' => Some('i'),
        'w' => Some('v'),
        'c' | 'q' => Some('k'),
        'm' => Some('n'),
        'h' if !matches!(last, 'l' | 'n') => None,
        other => Some(other),
    });
    // "Rafael" and "Rafaeu", "suporte" and "suporti", "Paulo" and "Paulu".
    let end = match sound.chars().next_back() {
        Some('e') => Some('i'),
        Some('o' | 'l') => Some('u'),
        _ => None,
    };
    if let Some(end) = end.filter(|_| sound.chars().count() > 2) {
        sound.pop();
        sound.push(end);
    }
    sound
}

/// English spellings of one sound made one.
fn sound_en(word: &str) -> String {
    let word = replaced(
        word,
        &[
            ("ph", "f"),
            ("th", "t"),
            ("chr", "kr"),
            ("ck", "k"),
            ("dge", "j"),
            ("ee", "i"),
            ("ie", "i"),
            ("ey", "i"),
        ],
        &[("ce", "se"), ("ci", "si"), ("cy", "si")],
    );
    let word = match (word.strip_prefix("kn"), word.strip_prefix("wr")) {
        (Some(rest), _) => format!("n{rest}"),
        (_, Some(rest)) => format!("r{rest}"),
        _ => word,
    };
    letters(&word, |letter, last| match letter {
        'z' => Some('s'),
        'y' => Some('i'),
        'c' | 'q' => Some('k'),
        // "John" and "Jon", "Sarah" and "Sara".
        'h' if !matches!(last, 'c' | 's' | 'g' | ' ') => None,
        other => Some(other),
    })
}

/// First the one list, then the other.
fn replaced(word: &str, first: &[(&str, &str)], then: &[(&str, &str)]) -> String {
    first
        .iter()
        .chain(then)
        .fold(word.to_owned(), |word, (from, to)| word.replace(from, to))
}

/// Each letter (with the one before it, a space at the beginning) as it sounds; doubled ones are one.
fn letters(word: &str, sounds: impl Fn(char, char) -> Option<char>) -> String {
    let mut sound = String::with_capacity(word.len());
    let mut last = ' ';
    for letter in word.chars() {
        if let Some(heard) = sounds(letter, last)
            && (heard.is_ascii_digit() || !sound.ends_with(heard))
        {
            sound.push(heard);
        }
        last = letter;
    }
    sound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(language: Language, like: Likeness, pairs: &[(&str, &str)]) {
        for (a, b) in pairs {
            let word = |text| Word::new(language, text);
            assert_eq!(
                word(a).likeness(&word(b)),
                like,
                "{a} {b}: {:?} {:?}",
                word(a),
                word(b)
            );
            assert_eq!(word(b).likeness(&word(a)), like, "{b} {a}");
        }
    }

    #[test]
    fn what_sounds_alike_is_the_same() {
        check(
            Language::PtBr,
            Likeness::Same,
            &[
                ("jeni", "jenny"),
                ("luis", "luiz"),
                ("tais", "thais"),
                ("suporti", "suporte"),
                ("vendas", "venda"),
                ("geni", "jeni"),
                ("helena", "elena"),
                ("rafael", "rafaeu"),
                ("ligacoes", "ligacao"),
                ("conpras", "compras"),
                ("catia", "katia"),
                ("letisia", "leticia"),
            ],
        );
        check(
            Language::En,
            Likeness::Same,
            &[
                ("jon", "john"),
                ("sarah", "sara"),
                ("stefanie", "stephanie"),
                ("biling", "billing"),
                ("kathy", "cathie"),
                ("sales", "sale"),
            ],
        );
    }

    #[test]
    fn a_long_word_may_be_misheard_in_a_letter() {
        check(
            Language::PtBr,
            Likeness::Near,
            &[
                ("finaceiro", "financeiro"),
                ("soporte", "suporte"),
                ("administrasivo", "administrativo"),
            ],
        );
        check(
            Language::En,
            Likeness::Near,
            &[("markating", "marketing"), ("acounding", "accounting")],
        );
    }

    #[test]
    fn other_people_are_no_more_than_a_question() {
        check(
            Language::PtBr,
            Likeness::Weak,
            &[
                ("fernanda", "fernando"),
                ("daniel", "daniela"),
                ("bruno", "breno"),
                ("mariana", "marina"),
                ("marcela", "marcelo"),
                ("rafa", "rafael"),
            ],
        );
        check(
            Language::En,
            Likeness::Weak,
            &[
                ("louis", "louise"),
                ("eric", "erica"),
                ("jen", "jenny"),
                ("daniel", "danielle"),
            ],
        );
        check(
            Language::PtBr,
            Likeness::None,
            &[
                ("ana", "lia"),
                ("financeiro", "suporte"),
                ("bia", "rui"),
                ("carlos", "marcia"),
            ],
        );
    }
}
