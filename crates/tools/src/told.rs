//! What of a service's answer is told to an engine: it is read by a model, and paid by the word.

/// The most of an answer that is told, in bytes.
pub(crate) const MOST: usize = 16 * 1024;

/// A text, cut where it is longer than an engine is told.
pub(crate) fn cut(text: &str) -> String {
    if text.len() <= MOST {
        return text.to_owned();
    }
    format!(
        "{} … (cut: the answer is longer than {MOST} bytes)",
        within(text, MOST)
    )
}

/// The first bytes of a text, as many as are whole characters.
pub(crate) fn within(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("olá"), "olá");
        let long = "á".repeat(MOST);
        let told = cut(&long);
        assert!(
            told.starts_with("áá") && told.ends_with("bytes)"),
            "{}",
            &told[told.len() - 60..]
        );
        assert!(told.len() < MOST + 80);
        assert_eq!(within("aá", 2), "a");
    }
}
