//! A text cut into what one request may hold.

/// The text in parts of at most `longest` bytes, cut behind a sentence where there is one, else between words.
pub(super) fn texts(text: &str, longest: usize) -> impl Iterator<Item = &str> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        let (part, others) = rest.split_at(cut(rest, longest));
        rest = others.trim_start();
        Some(part.trim_end()).filter(|part| !part.is_empty())
    })
}

fn cut(text: &str, longest: usize) -> usize {
    if text.len() <= longest {
        return text.len();
    }
    let most = text.floor_char_boundary(longest);
    let fits = &text[..most];
    let sentence = [". ", "! ", "? ", "… ", "; "]
        .iter()
        .filter_map(|mark| fits.rfind(mark))
        .max();
    // Behind the mark: it is followed by a space, at which the cut trims.
    let sentence = sentence.and_then(|at| fits[at..].find(' ').map(|space| at + space));
    let word = fits.rfind(' ').filter(|at| *at > 0);
    // A word without end is cut between characters; a limit below one character cuts nothing off.
    let forced = if most == 0 { text.len() } else { most };
    sentence.or(word).unwrap_or(forced)
}

#[cfg(test)]
mod tests {
    use super::texts;

    fn cut(text: &str, longest: usize) -> Vec<&str> {
        texts(text, longest).collect()
    }

    #[test]
    fn a_text_is_cut_behind_sentences_then_words_then_anywhere() {
        assert_eq!(cut("Bom dia. Tudo bem?", 40), ["Bom dia. Tudo bem?"]);
        assert_eq!(
            cut("Bom dia. Tudo bem com o senhor?", 20),
            ["Bom dia.", "Tudo bem com o", "senhor?"]
        );
        assert_eq!(cut("ééééé", 4), ["éé", "éé", "é"]);
        assert_eq!(cut("  ", 4), [""; 0]);
        assert_eq!(cut("é", 1), ["é"]);
    }
}
