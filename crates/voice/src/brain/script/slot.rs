//! One thing to find out: what counts as its value, and how the value is read back.

use super::format::{Kind, Slot};
use super::speech;
use secretary::Language;

/// The shortest and longest phone numbers: a landline without area code, and one with country and area code.
const PHONE_DIGITS: (usize, usize) = (8, 15);
/// A number that nobody limited: as long as a contract's may be.
const NUMBER_DIGITS: (usize, usize) = (1, 20);
/// A message is kept up to so many characters.
const TEXT_CHARACTERS: usize = 600;

impl Slot {
    /// The fewest and the most digits.
    pub(super) fn digits(&self) -> (usize, usize) {
        let (min, max) = if self.kind == Kind::Phone {
            PHONE_DIGITS
        } else {
            NUMBER_DIGITS
        };
        (self.min_digits.unwrap_or(min), self.max_digits.unwrap_or(max))
    }

    /// The value in what was said; nothing where there is none that counts.
    pub(super) fn spoken(&self, language: Language, text: &str) -> Option<String> {
        match self.kind {
            Kind::Name => speech::name(language, text),
            Kind::Text => {
                let text: String = text.trim().chars().take(TEXT_CHARACTERS).collect();
                text.chars().any(char::is_alphanumeric).then_some(text)
            }
            Kind::Number | Kind::Phone => self.typed(&speech::digits(language, text)),
        }
    }

    /// The value in what was typed.
    pub(super) fn typed(&self, digits: &str) -> Option<String> {
        let (min, max) = self.digits();
        (min..=max).contains(&digits.len()).then(|| digits.into())
    }
}

/// A value as it is read back: numbers digit by digit, in groups.
pub(super) fn read_back(language: Language, kind: Kind, value: &str) -> String {
    if !kind.typed() {
        return value.into();
    }
    let sizes: &[usize] = match (language, kind, value.len()) {
        (Language::PtBr, Kind::Phone, 8) => &[4, 4],
        (Language::PtBr, Kind::Phone, 9) => &[5, 4],
        (Language::PtBr, Kind::Phone, 10) => &[2, 4, 4],
        (Language::PtBr, Kind::Phone, 11) => &[2, 5, 4],
        (Language::En, Kind::Phone, 10) => &[3, 3, 4],
        (Language::En, Kind::Phone, 11) => &[1, 3, 3, 4],
        _ => &[],
    };
    let digits: Vec<String> = value.chars().map(String::from).collect();
    let mut rest = digits.as_slice();
    let mut groups = Vec::new();
    for size in sizes.iter().copied().chain(std::iter::repeat(3)) {
        if rest.is_empty() {
            break;
        }
        let (group, after) = rest.split_at(size.min(rest.len()));
        groups.push(group.join(" "));
        rest = after;
    }
    groups.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_back_digit_by_digit() {
        assert_eq!(
            read_back(Language::PtBr, Kind::Phone, "11987654321"),
            "1 1, 9 8 7 6 5, 4 3 2 1"
        );
        assert_eq!(
            read_back(Language::En, Kind::Phone, "2025550134"),
            "2 0 2, 5 5 5, 0 1 3 4"
        );
        assert_eq!(read_back(Language::En, Kind::Number, "12345"), "1 2 3, 4 5");
        assert_eq!(read_back(Language::En, Kind::Name, "Mary Lou"), "Mary Lou");
    }
}
