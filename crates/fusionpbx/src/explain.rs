//! What each check means: the sections of docs/doctor.md and docs/doctor.pt-BR.md, which the binary carries.

use crate::{Code, Lang};

const EN: &str = include_str!("../../../docs/doctor.md");
const PT_BR: &str = include_str!("../../../docs/doctor.pt-BR.md");

/// What begins a section.
const MARK: &str = "### ";

/// The section about a check: its title without the code, and the text below it, which may be empty.
pub fn explain(code: Code, lang: Lang) -> Option<(&'static str, &'static str)> {
    let page = match lang {
        Lang::En => EN,
        Lang::PtBr => PT_BR,
    };
    let section = page.split(MARK).find_map(|section| {
        let section = section.strip_prefix(code.as_str())?;
        section.starts_with(' ').then_some(section)
    })?;
    let (title, text) = section.split_once('\n')?;
    let text = text.split("\n## ").next().unwrap_or_default();
    Some((title.trim(), text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_explained_in_every_language_and_nothing_else_is() {
        for (page, lang) in [(EN, Lang::En), (PT_BR, Lang::PtBr)] {
            let explained = |&code: &Code| explain(code, lang).is_some_and(|(title, _)| !title.is_empty());
            let silent: Vec<_> = Code::ALL.iter().filter(|code| !explained(code)).collect();
            assert!(silent.is_empty(), "{lang:?}: {silent:?}");
            let sections: Vec<_> = page
                .lines()
                .filter_map(|line| line.strip_prefix(MARK)?.split(' ').next())
                .collect();
            let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
            assert_eq!(sections, codes, "{lang:?}");
        }
    }

    #[test]
    fn a_section_ends_where_the_next_begins() {
        let (title, text) = explain(Code::FileLimit, Lang::En).unwrap();
        assert_eq!(title, "The service may open enough files");
        assert!(text.ends_with("systemd's own default is 1,024."), "{text}");
    }
}
