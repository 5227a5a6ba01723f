//! A text of the call's, cut where it can be spoken in pieces.

/// Characters below which a piece is not worth a pause of its own ("Sr.", "Oi!").
const SHORTEST: usize = 12;

/// The sentences of a text, each with its mark at the end. Together they are the text without the space between them.
pub(super) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        let end = end_of_first(rest);
        let (first, others) = rest.split_at(end);
        rest = others.trim_start();
        Some(first.trim_end()).filter(|first| !first.is_empty())
    })
}

/// Where the first sentence ends: behind a mark that is followed by white space, or at the end of the text.
fn end_of_first(text: &str) -> usize {
    let mut marked = None;
    for (characters, (at, c)) in text.char_indices().enumerate() {
        match marked {
            Some(end) if c.is_whitespace() && characters >= SHORTEST => return end,
            _ => {}
        }
        marked = matches!(c, '.' | '!' | '?' | '…').then_some(at + c.len_utf8());
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::sentences;

    fn cut(text: &str) -> Vec<&str> {
        sentences(text).collect()
    }

    #[test]
    fn a_text_is_cut_behind_its_marks() {
        assert_eq!(
            cut("  Bom dia, aqui é a Clara. Em que posso ajudar?\nÉ só dizer… "),
            ["Bom dia, aqui é a Clara.", "Em que posso ajudar?", "É só dizer…"]
        );
        assert_eq!(
            cut("A conta é R$ 1.250,00 este mês"),
            ["A conta é R$ 1.250,00 este mês"]
        );
    }

    #[test]
    fn a_short_beginning_stays_with_what_follows() {
        assert_eq!(
            cut("Oi! Sr. Silva, bom dia. Tudo bem?"),
            ["Oi! Sr. Silva, bom dia.", "Tudo bem?"]
        );
        assert_eq!(
            cut("Really?! That is fine by me."),
            ["Really?! That is fine by me."]
        );
    }

    #[test]
    fn nothing_gives_nothing() {
        assert_eq!(cut(" \n "), [""; 0]);
        assert_eq!(cut("?"), ["?"]);
    }
}
