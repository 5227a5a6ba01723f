//! Which words of an utterance were heard, from how much of its audio was.

use crate::PlayedMs;

/// A piece of an utterance's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The text, with its own leading space.
    pub(crate) text: String,
    /// Where in the audio it begins, if that is known.
    pub(crate) at_ms: Option<u64>,
}

/// What is known of the length of an utterance's audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// All of it is there, in milliseconds.
    Whole(u64),
    /// So many milliseconds, and more may come.
    SoFar(u64),
    /// Nothing: the driver renders and plays it by itself.
    Unknown,
}

/// Milliseconds a character where the length of the audio is unknown: slower than anybody speaks (usual are 65 to 80), so
/// that fewer words count as heard rather than more.
const SLOWEST: u64 = 100;
/// Milliseconds a character where text may have run ahead of its audio: faster than anybody speaks.
const FASTEST: u64 = 40;

/// How long the audio of a text may be, for one whose audio nobody has measured.
pub(crate) fn longest_ms(text: &str) -> u64 {
    (text.chars().count() as u64).saturating_mul(SLOWEST)
}

/// The words heard when `played` of the audio was. Whole words only, and rather one too few.
pub(crate) fn heard_text(pieces: &[Piece], length: Length, played: PlayedMs) -> String {
    let stretches = stretches(pieces);
    let total = match length {
        Length::Whole(ms) | Length::SoFar(ms) => ms,
        Length::Unknown => longest_ms(&pieces.iter().map(|piece| piece.text.as_str()).collect::<String>()),
    };
    let mut heard = String::new();
    for (index, (start, text)) in stretches.iter().enumerate() {
        let Some(within) = played.0.checked_sub(*start).filter(|within| *within > 0) else {
            break;
        };
        let next = stretches.get(index + 1).map(|(start, _)| *start);
        let end = next.unwrap_or(total.max(*start));
        let letters = letters_heard(text, within, end - start);
        let open = next.is_none() && matches!(length, Length::SoFar(_));
        let letters = if open {
            letters.min(within / FASTEST)
        } else {
            letters
        };
        heard.push_str(whole_words(text, letters));
        if played.0 < end {
            break;
        }
    }
    heard.trim().to_owned()
}

/// The text in stretches of which each has a beginning later than the one before.
fn stretches(pieces: &[Piece]) -> Vec<(u64, String)> {
    let mut stretches: Vec<(u64, String)> = Vec::new();
    for piece in pieces {
        match (stretches.last_mut(), piece.at_ms) {
            (Some((start, _)), Some(at)) if at > *start => stretches.push((at, piece.text.clone())),
            (Some((_, text)), _) => text.push_str(&piece.text),
            (None, at) => stretches.push((at.unwrap_or(0), piece.text.clone())),
        }
    }
    stretches
}

fn letters_heard(text: &str, within: u64, whole: u64) -> u64 {
    let letters = text.chars().count() as u64;
    if within >= whole {
        return letters;
    }
    u64::try_from(u128::from(letters) * u128::from(within) / u128::from(whole)).unwrap_or(letters)
}

/// The longest beginning of `text` that has at most so many letters and ends with a word.
fn whole_words(text: &str, letters: u64) -> &str {
    let mut kept = 0;
    let mut in_word = false;
    for (count, (at, letter)) in (0..).zip(text.char_indices()) {
        if count > letters {
            return &text[..kept];
        }
        if in_word && letter.is_whitespace() {
            kept = at;
        }
        in_word = !letter.is_whitespace();
    }
    if text.chars().count() as u64 <= letters {
        text
    } else {
        &text[..kept]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed(pieces: &[(&str, u64)]) -> Vec<Piece> {
        pieces
            .iter()
            .map(|(text, at)| Piece {
                text: (*text).into(),
                at_ms: Some(*at),
            })
            .collect()
    }

    fn plain(pieces: &[&str]) -> Vec<Piece> {
        pieces
            .iter()
            .map(|text| Piece {
                text: (*text).into(),
                at_ms: None,
            })
            .collect()
    }

    #[test]
    fn without_places_the_text_is_shared_out_over_the_audio() {
        let pieces = plain(&["um dois", " três quatro"]); // 19 characters
        for (played, heard) in [
            (0, ""),
            (199, ""),          // 1.99 characters
            (200, "um"),        // 2
            (699, "um"),        // 6.99
            (700, "um dois"),   // 7
            (1_199, "um dois"), // 11.99
            (1_200, "um dois três"),
            (1_899, "um dois três"),
            (1_900, "um dois três quatro"),
            (u64::MAX, "um dois três quatro"),
        ] {
            assert_eq!(
                heard_text(&pieces, Length::Whole(1_900), PlayedMs(played)),
                heard,
                "{played} ms"
            );
        }
    }

    #[test]
    fn with_places_a_piece_is_cut_against_the_beginning_of_the_next() {
        let pieces = timed(&[
            ("Bom dia.", 0),
            (" Aqui é a Clara.", 1_000),
            (" Em que posso ajudar?", 3_000),
        ]);
        for (played, heard) in [
            (0, ""),
            (374, ""),
            (375, "Bom"), // 3 of 8 characters in 1000 ms
            (1_000, "Bom dia."),
            (1_624, "Bom dia."),
            (1_625, "Bom dia. Aqui"), // 5 of 16 characters in 2000 ms
            (3_000, "Bom dia. Aqui é a Clara."),
            (4_999, "Bom dia. Aqui é a Clara. Em que posso"),
            (5_000, "Bom dia. Aqui é a Clara. Em que posso ajudar?"),
        ] {
            assert_eq!(
                heard_text(&pieces, Length::Whole(5_000), PlayedMs(played)),
                heard,
                "{played} ms"
            );
        }
    }

    #[test]
    fn a_piece_without_a_place_or_with_an_earlier_one_belongs_to_the_one_before() {
        let mut pieces = timed(&[("a b", 500), (" c", 500), (" d", 100)]);
        pieces.push(Piece {
            text: " e".into(),
            at_ms: None,
        });
        assert_eq!(heard_text(&pieces, Length::Whole(1_400), PlayedMs(500)), "");
        assert_eq!(
            heard_text(&pieces, Length::Whole(1_400), PlayedMs(1_000)),
            "a b c"
        );
        assert_eq!(
            heard_text(&pieces, Length::Whole(1_400), PlayedMs(1_400)),
            "a b c d e"
        );
    }

    #[test]
    fn text_that_runs_ahead_of_its_audio_is_not_taken_for_heard() {
        let pieces = plain(&["um dois três quatro cinco seis sete oito nove dez"]);
        assert_eq!(heard_text(&pieces, Length::SoFar(200), PlayedMs(200)), "um");
        assert_eq!(heard_text(&pieces, Length::SoFar(400), PlayedMs(400)), "um dois");
    }

    #[test]
    fn audio_that_nobody_measured_counts_as_slow() {
        let pieces = plain(&["um dois três"]);
        assert_eq!(heard_text(&pieces, Length::Unknown, PlayedMs(699)), "um");
        assert_eq!(heard_text(&pieces, Length::Unknown, PlayedMs(700)), "um dois");
        assert_eq!(
            heard_text(&pieces, Length::Unknown, PlayedMs(1_200)),
            "um dois três"
        );
    }

    #[test]
    fn nothing_said_is_nothing_heard() {
        assert_eq!(heard_text(&[], Length::Whole(1_000), PlayedMs(500)), "");
        assert_eq!(
            heard_text(&plain(&["", "  "]), Length::SoFar(0), PlayedMs(500)),
            ""
        );
    }

    proptest::proptest! {
        #[test]
        fn what_is_heard_is_a_beginning_of_the_text_and_only_grows(
            pieces in proptest::collection::vec((" ?[a-zé]{0,6}( [a-z]{1,4})?", proptest::option::of(0_u64..3_000)), 0..6),
            total in 0_u64..4_000,
            done: bool,
            (early, late) in (0_u64..5_000, 0_u64..5_000),
        ) {
            let pieces: Vec<Piece> = pieces.into_iter().map(|(text, at_ms)| Piece { text, at_ms }).collect();
            let length = if done { Length::Whole(total) } else { Length::SoFar(total) };
            let whole: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
            let less = heard_text(&pieces, length, PlayedMs(early.min(late)));
            let more = heard_text(&pieces, length, PlayedMs(early.max(late)));
            proptest::prop_assert!(whole.trim().starts_with(&more), "{more:?} of {whole:?}");
            proptest::prop_assert!(more.starts_with(&less), "{less:?}, then {more:?}");
        }
    }
}
