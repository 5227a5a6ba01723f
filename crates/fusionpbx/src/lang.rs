//! The languages of what operators read. Both versions of a sentence stand side by side where it is made, so that none is forgotten.

use serde::{Deserialize, Serialize};

/// A language that operators read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Brazilian Portuguese.
    PtBr,
}

impl Lang {
    /// The language of a locale's name: `pt_BR.UTF-8`, `pt-BR` and `pt` are Portuguese, everything else is English.
    pub fn of_locale(locale: &str) -> Self {
        let language = locale.split(['_', '-', '.', '@']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("pt") {
            Self::PtBr
        } else {
            Self::En
        }
    }
}

/// A sentence in every language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    en: String,
    pt_br: String,
}

impl Text {
    /// The two versions of one sentence.
    pub fn new(en: impl Into<String>, pt_br: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            pt_br: pt_br.into(),
        }
    }

    /// What is the same in every language: a command, a path, a number.
    pub fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::new(text.clone(), text)
    }

    /// A number of things: `2 rows`, `2 linhas`; of each language what one is called, and what several are.
    pub fn counted(number: usize, en: [&str; 2], pt_br: [&str; 2]) -> Self {
        let one = usize::from(number != 1);
        Self::new(
            format!("{number} {}", en[one]),
            format!("{number} {}", pt_br[one]),
        )
    }

    /// The version of a language.
    pub fn in_lang(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::PtBr => &self.pt_br,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_not_several() {
        let rows = |number| Text::counted(number, ["row", "rows"], ["linha", "linhas"]);
        for (number, en, pt_br) in [
            (0, "0 rows", "0 linhas"),
            (1, "1 row", "1 linha"),
            (2, "2 rows", "2 linhas"),
        ] {
            assert_eq!(rows(number), Text::new(en, pt_br));
        }
    }

    #[test]
    fn a_locale_tells_the_language() {
        for (locale, lang) in [
            ("pt_BR.UTF-8", Lang::PtBr),
            ("pt-BR", Lang::PtBr),
            ("PT", Lang::PtBr),
            ("en_US.UTF-8", Lang::En),
            ("C", Lang::En),
            ("ptx", Lang::En),
            ("", Lang::En),
        ] {
            assert_eq!(Lang::of_locale(locale), lang, "{locale:?}");
        }
    }
}
