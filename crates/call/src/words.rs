//! What a caller's words weigh: nothing, a murmur, or more.

use secretary::folded;

/// What words are, when something is being said to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// No words at all.
    Nothing,
    /// Words of a listener who does not want the floor ("uhum", "tá ok").
    Backchannel,
    /// Anything else.
    Words,
}

/// The murmurs of listeners, in folded words.
#[derive(Debug)]
pub struct Backchannels(Vec<Vec<String>>);

impl Backchannels {
    /// Folds the phrases; empty ones are left out.
    pub fn new(phrases: &[String]) -> Self {
        Self(
            phrases
                .iter()
                .map(|phrase| words(phrase))
                .filter(|words| !words.is_empty())
                .collect(),
        )
    }

    /// Weighs a whole utterance: a backchannel is one phrase of the list or a hum, or several in a row.
    pub fn weigh(&self, text: &str) -> Weight {
        let words = words(text);
        if words.is_empty() {
            return Weight::Nothing;
        }
        // Whether the words up to each place are phrases of the list, one after the other.
        let mut reached = vec![false; words.len() + 1];
        reached[0] = true;
        for at in 0..words.len() {
            if !reached[at] {
                continue;
            }
            if is_hum(&words[at]) {
                reached[at + 1] = true;
            }
            for phrase in self.0.iter().filter(|phrase| words[at..].starts_with(phrase)) {
                reached[at + phrase.len()] = true;
            }
        }
        if reached[words.len()] {
            Weight::Backchannel
        } else {
            Weight::Words
        }
    }
}

/// Whether a word is a hum however it was spelt. Speech to text has no spelling for a closed mouth: of one and the same
/// "uhum" Whisper makes "uhum", "oun", "ahn" or "hum". So: open vowels and nasals alone, ending as a hum does, no longer than
/// "uhum", and nothing that begins as "não" or "no" do.
fn is_hum(word: &str) -> bool {
    let is_short = (3..=4).contains(&word.len()) || (word.len() == 2 && word.contains('h'));
    is_short
        && word.bytes().all(|letter| b"aeouhmn".contains(&letter))
        && word.ends_with(['m', 'n', 'h'])
        && !word.starts_with('n')
}

fn words(text: &str) -> Vec<String> {
    folded(text)
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights() {
        let phrases = ["uhum", "tá", "ok", "ta bom", "mm-hmm", "bom dia sim", "..."].map(String::from);
        let backchannels = Backchannels::new(&phrases);
        for (text, weight) in [
            ("", Weight::Nothing),
            (" ?! … ", Weight::Nothing),
            ("Uhum.", Weight::Backchannel),
            ("uhum, UHUM", Weight::Backchannel),
            ("Tá, ok!", Weight::Backchannel),
            ("tá bom", Weight::Backchannel),
            ("Mm hmm", Weight::Backchannel),
            ("tá bom dia sim", Weight::Backchannel),
            ("não", Weight::Words),
            ("bom", Weight::Words),
            ("tá, mas não", Weight::Words),
            ("okay", Weight::Words),
            ("Oun.", Weight::Backchannel),
            ("ahn, tá", Weight::Backchannel),
            ("hum", Weight::Backchannel),
            ("oh", Weight::Backchannel),
            ("no", Weight::Words),
            ("one", Weight::Words),
            ("um", Weight::Words),
            ("eu", Weight::Words),
            ("human", Weight::Words),
            ("alô", Weight::Words),
        ] {
            assert_eq!(backchannels.weigh(text), weight, "{text:?}");
        }
        assert_eq!(Backchannels::new(&[]).weigh("tá"), Weight::Words);
        assert_eq!(Backchannels::new(&[]).weigh("uhum"), Weight::Backchannel);
    }
}
