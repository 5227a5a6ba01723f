//! Which intent a text means: likeness to the examples, word by word, and key words. No random number, no map order.

use super::format::{Intent, Matching};
use super::words::{is_filler, stem, words};
use secretary::Language;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What a filler weighs, against up to 1 for a telling word.
const FILLER: f32 = 0.12;
/// What a word weighs that stands in no example.
const UNKNOWN: f32 = 0.75;
/// A score this far above all others may be lower than the threshold, down to this part of it.
const LEAD: f32 = 0.2;
const LEAD_THRESHOLD: f32 = 0.85;
/// The score of a key word alone; what else of the text belongs to the intent adds to it.
const KEY_WORD: f32 = 0.74;
/// From so many letters on a word is known by its pairs of letters too: a recogniser that mishears one syllable spells three letters anew.
const LONG_WORD: usize = 8;
/// At least so many of all pairs are common.
const ALIKE_PAIRS: f32 = 0.6;
/// Pairs of letters tell less than their order.
const PAIRS_WEIGHT: f32 = 0.9;

/// Two words are the same from here on.
const ALIKE: f32 = 0.78;

/// The examples of a script, made ready.
#[derive(Debug, Clone)]
pub(super) struct Matcher {
    language: Language,
    matching: Matching,
    /// All stems of all examples, with their weights.
    stems: Vec<(String, f32)>,
    intents: Vec<Indexed>,
}

#[derive(Debug, Clone)]
struct Indexed {
    name: String,
    /// Indices into `stems`.
    examples: Vec<Vec<usize>>,
    key_words: Vec<Vec<usize>>,
    known: BTreeSet<usize>,
}

/// How well a text fits an intent.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The intent.
    pub intent: String,
    /// From 0 to 1.
    pub score: f32,
}

/// What a text was taken for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Match {
    /// One intent, clearly.
    Sure(String),
    /// Two that fit alike.
    Either(String, String),
    /// None.
    Nothing,
}

/// A text made ready: its stems with their weights, and how it is like each stem of the examples.
struct Heard {
    weights: Vec<f32>,
    /// For each word, the stems of the examples that are like it.
    like: Vec<BTreeMap<usize, f32>>,
    negated: Vec<bool>,
}

impl Matcher {
    pub(super) fn new(language: Language, matching: Matching, intents: &BTreeMap<String, Intent>) -> Self {
        let mut stems: Vec<(String, f32)> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut place = |text: &str| -> Vec<usize> {
            let mut placed = Vec::new();
            for word in words(language, text) {
                let stem = stem(language, &word);
                let at = *places.entry(stem.clone()).or_insert_with(|| {
                    let weight = if is_filler(language, &word) { FILLER } else { 1.0 };
                    stems.push((stem, weight));
                    stems.len() - 1
                });
                placed.push(at);
            }
            placed
        };
        let indexed: Vec<Indexed> = intents
            .iter()
            .map(|(name, intent)| {
                let examples: Vec<_> = intent.examples.iter().map(|e| place(e)).collect();
                let key_words: Vec<_> = intent.words.iter().map(|w| place(w)).collect();
                let known = examples.iter().chain(&key_words).flatten().copied().collect();
                Indexed {
                    name: name.clone(),
                    examples,
                    key_words,
                    known,
                }
            })
            .collect();
        weigh(&mut stems, &indexed);
        Self {
            language,
            matching,
            stems,
            intents: indexed,
        }
    }

    /// The scores of all intents, the best first.
    pub(super) fn scores(&self, text: &str) -> Vec<Score> {
        let heard = self.hear(text);
        let mut scores: Vec<Score> = self
            .intents
            .iter()
            .map(|intent| Score {
                intent: intent.name.clone(),
                score: self.score(&heard, intent),
            })
            .collect();
        // Stable, so equal scores stay in the order of the names.
        scores.sort_by(|a, b| b.score.total_cmp(&a.score));
        scores
    }

    /// The best of the intents that `offered` takes.
    pub(super) fn best(&self, text: &str, offered: impl Fn(&str) -> bool) -> Match {
        let mut scores = self.scores(text).into_iter().filter(|s| offered(&s.intent));
        let Some(first) = scores.next() else {
            return Match::Nothing;
        };
        let second = scores.next().unwrap_or(Score {
            intent: String::new(),
            score: 0.0,
        });
        let (threshold, lead) = (self.matching.threshold, first.score - second.score);
        if first.score < threshold {
            let clear = first.score >= threshold * LEAD_THRESHOLD && lead >= LEAD;
            return if clear {
                Match::Sure(first.intent)
            } else {
                Match::Nothing
            };
        }
        if second.score >= threshold && lead < self.matching.margin {
            return Match::Either(first.intent, second.intent);
        }
        Match::Sure(first.intent)
    }

    fn hear(&self, text: &str) -> Heard {
        let clauses = clauses(self.language, text);
        let words: Vec<String> = clauses
            .iter()
            .flat_map(|clause| clause.words.iter().cloned())
            .collect();
        let stems: Vec<String> = words.iter().map(|w| stem(self.language, w)).collect();
        let mut like: Vec<BTreeMap<usize, f32>> = stems.iter().map(|s| self.like(s)).collect();
        // Recognition sometimes parts a word in two ("fina ceiro").
        for at in 1..stems.len() {
            if !like[at - 1].is_empty() && !like[at].is_empty() {
                continue;
            }
            let joined = self.like(&stem(self.language, &format!("{}{}", words[at - 1], words[at])));
            for (place, likeness) in joined {
                like[at - 1].entry(place).or_insert(likeness);
                like[at].entry(place).or_insert(likeness);
            }
        }
        let weights = words
            .iter()
            .zip(&like)
            .map(
                |(word, like)| match like.iter().max_by(|a, b| a.1.total_cmp(b.1)) {
                    _ if is_filler(self.language, word) => FILLER,
                    Some((place, _)) => self.stems[*place].1,
                    None => UNKNOWN,
                },
            )
            .collect();
        let negated = (0..words.len()).map(|at| is_negated(&words, at)).collect();
        let mut begin = 0;
        for clause in &clauses {
            let end = begin + clause.words.len();
            if let Some(refused) = clause.refused(self.language)
                && self.is_named(
                    &words[begin..end][refused.clone()],
                    &like[begin..end][refused.clone()],
                )
            {
                // They tell nothing of what is wanted.
                like[begin..end][refused].iter_mut().for_each(BTreeMap::clear);
            }
            begin = end;
        }
        Heard {
            weights,
            like,
            negated,
        }
    }

    /// Whether words are, but for fillers, a key word or an example: "financeiro" of "financeiro não", not "funciona" of "isso funciona
    /// não".
    fn is_named(&self, words: &[String], like: &[BTreeMap<usize, f32>]) -> bool {
        let telling: Vec<&BTreeMap<usize, f32>> = words
            .iter()
            .zip(like)
            .filter(|(word, _)| !is_filler(self.language, word))
            .map(|(_, like)| like)
            .collect();
        let is_all = |name: &Vec<usize>| {
            let mut telling_of = name.iter().filter(|place| self.stems[**place].1 > FILLER);
            telling
                .iter()
                .all(|like| name.iter().any(|place| like.contains_key(place)))
                && telling_of.all(|place| telling.iter().any(|like| like.contains_key(place)))
        };
        let names = |intent: &Indexed| intent.key_words.iter().chain(&intent.examples).any(is_all);
        !telling.is_empty() && self.intents.iter().any(names)
    }

    fn like(&self, stem: &str) -> BTreeMap<usize, f32> {
        let likeness = |known: &str| likeness(stem, known);
        self.stems
            .iter()
            .enumerate()
            .map(|(place, (known, _))| (place, likeness(known)))
            .filter(|(_, likeness)| *likeness >= ALIKE)
            .collect()
    }

    fn score(&self, heard: &Heard, intent: &Indexed) -> f32 {
        let example = intent
            .examples
            .iter()
            .map(|e| self.likeness_to(heard, e))
            .fold(0.0, f32::max);
        let key_word = intent.key_words.iter().any(|k| says(heard, k));
        if !key_word {
            return example;
        }
        let all: f32 = heard.weights.iter().sum();
        let of_intent: f32 = heard
            .like
            .iter()
            .zip(&heard.weights)
            .filter(|(like, _)| like.keys().any(|place| intent.known.contains(place)))
            .map(|(_, weight)| weight)
            .sum();
        example.max(KEY_WORD + (1.0 - KEY_WORD) * 0.8 * of_intent / all.max(FILLER))
    }

    /// The harmonic mean of how much of the text is in the example and how much of the example is in the text.
    fn likeness_to(&self, heard: &Heard, example: &[usize]) -> f32 {
        let of_text: f32 = heard
            .like
            .iter()
            .zip(&heard.weights)
            .map(|(l, w)| w * best_of(l, example))
            .sum();
        let in_text = |place: &usize| {
            heard
                .like
                .iter()
                .filter_map(|l| l.get(place))
                .copied()
                .fold(0.0, f32::max)
        };
        let of_example: f32 = example
            .iter()
            .map(|place| self.stems[*place].1 * in_text(place))
            .sum();
        let text: f32 = heard.weights.iter().sum();
        let whole: f32 = example.iter().map(|place| self.stems[*place].1).sum();
        if of_text <= 0.0 || of_example <= 0.0 {
            return 0.0;
        }
        let (precision, recall) = (of_text / text, of_example / whole);
        let mean = 2.0 * precision * recall / (precision + recall);
        // Where no word tells anything, nearly all must agree.
        if heard.weights.iter().all(|w| *w <= FILLER) {
            mean * mean
        } else {
            mean
        }
    }
}

fn best_of(like: &BTreeMap<usize, f32>, example: &[usize]) -> f32 {
    example
        .iter()
        .filter_map(|place| like.get(place))
        .copied()
        .fold(0.0, f32::max)
}

/// A word of many intents tells less than a word of one.
fn weigh(stems: &mut [(String, f32)], intents: &[Indexed]) {
    let count = intents.len().max(2) as f32;
    for (place, (_, weight)) in stems.iter_mut().enumerate() {
        if *weight <= FILLER {
            continue;
        }
        let having = intents.iter().filter(|i| i.known.contains(&place)).count().max(1) as f32;
        *weight = 0.4 + 0.6 * (count / having).ln() / count.ln();
    }
}

/// Whether the words of a key word stand one after the other in the text, not said of what is not wanted.
fn says(heard: &Heard, key_word: &[usize]) -> bool {
    let stands = |at: usize| {
        key_word
            .iter()
            .zip(&heard.like[at..])
            .all(|(place, like)| like.contains_key(place))
    };
    !key_word.is_empty()
        && heard.like.len() >= key_word.len()
        && (0..=heard.like.len() - key_word.len()).any(|at| !heard.negated[at] && stands(at))
}

/// What is said between two pauses.
struct Clause {
    words: Vec<String>,
    is_question: bool,
}

impl Clause {
    /// The words that it refuses by naming them with a no: "financeiro não", "not billing".
    fn refused(&self, language: Language) -> Option<Range<usize>> {
        let refused = match (language, self.words.as_slice()) {
            _ if self.is_question => return None,
            (Language::PtBr, [named @ .., last]) if last == "nao" => 0..named.len(),
            (Language::En, [first, named @ ..]) if first == "not" => 1..1 + named.len(),
            (Language::En, [first, second, named @ ..]) if first == "no" && second == "not" => {
                2..2 + named.len()
            }
            _ => return None,
        };
        (!refused.is_empty()).then_some(refused)
    }
}

fn clauses(language: Language, text: &str) -> Vec<Clause> {
    let is_pause = |c: char| matches!(c, ',' | '.' | ';' | ':' | '!' | '?' | '…');
    let mut clauses = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        // Not within "2.000" or "R.H".
        let end = rest
            .char_indices()
            .find(|(at, c)| is_pause(*c) && !rest[at + c.len_utf8()..].starts_with(char::is_alphanumeric))
            .map_or(rest.len(), |(at, c)| at + c.len_utf8());
        let (clause, after) = rest.split_at(end);
        clauses.push(Clause {
            words: words(language, clause),
            is_question: clause.ends_with('?'),
        });
        rest = after;
    }
    clauses
}

/// "não quero cancelar", "it's not about billing".
fn is_negated(words: &[String], at: usize) -> bool {
    let before = &words[at.saturating_sub(4)..at];
    let wanting = [
        "quero", "queria", "preciso", "sobre", "want", "need", "about", "e",
    ];
    before
        .windows(2)
        .any(|pair| matches!(pair[0].as_str(), "nao" | "not") && wanting.contains(&pair[1].as_str()))
}

/// From 0 to 1: the same, one the beginning of the other, alike in spelling, or (long words) made of the same pairs of letters.
fn likeness(a: &str, b: &str) -> f32 {
    if a == b {
        return 1.0;
    }
    let (a_len, b_len) = (a.chars().count(), b.chars().count());
    let (short, long) = (a_len.min(b_len), a_len.max(b_len));
    if short < 4 || long - short > 3 {
        return 0.0;
    }
    let common = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    if common == short && long - short <= 2 && short >= 5 {
        return 0.9;
    }
    let allowed = if long >= 8 { 2 } else { 1 };
    let edits = strsim::osa_distance(a, b);
    // A short stem may differ in one letter inside, but not in its first: "plan" is not "clan".
    if edits > allowed && short >= LONG_WORD {
        let pairs = strsim::sorensen_dice(a, b) as f32;
        return if pairs >= ALIKE_PAIRS {
            pairs * PAIRS_WEIGHT
        } else {
            0.0
        };
    }
    if edits > allowed || (short < 6 && common == 0) || (short == 4 && long == 4) {
        return 0.0;
    }
    1.0 - edits as f32 / long as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_with_a_no_is_not_meant() {
        for (language, intents, table) in [
            (
                Language::PtBr,
                [
                    ("financeiro", "financeiro"),
                    ("vendas", "vendas"),
                    ("suporte", "internet não funciona"),
                ],
                &[
                    ("financeiro não", Match::Nothing),
                    ("Com o financeiro não.", Match::Nothing),
                    ("vendas não, suporte", Match::Sure("suporte".into())),
                    ("Vendas não. Financeiro.", Match::Sure("financeiro".into())),
                    ("é o financeiro, não?", Match::Sure("financeiro".into())),
                    ("não, vendas", Match::Sure("vendas".into())),
                    ("a internet funciona não", Match::Sure("suporte".into())),
                ][..],
            ),
            (
                Language::En,
                [
                    ("financeiro", "billing"),
                    ("vendas", "sales"),
                    ("suporte", "internet not working"),
                ],
                &[
                    ("not billing", Match::Nothing),
                    ("no, not billing", Match::Nothing),
                    ("not billing, support", Match::Sure("suporte".into())),
                    ("No not sales, billing.", Match::Sure("financeiro".into())),
                    ("it's sales, not billing", Match::Sure("vendas".into())),
                    ("the internet is not working", Match::Sure("suporte".into())),
                    ("not working, the internet", Match::Sure("suporte".into())),
                ][..],
            ),
        ] {
            let intents = intents.map(|(name, example)| {
                let words = match name {
                    "suporte" if language == Language::En => vec!["support".into()],
                    "suporte" => vec!["suporte".into()],
                    _ => vec![example.to_owned()],
                };
                let examples = vec![example.to_owned()];
                (
                    name.to_owned(),
                    Intent {
                        label: None,
                        words,
                        examples,
                    },
                )
            });
            let matcher = Matcher::new(language, Matching::default(), &intents.into());
            for (said, meant) in table {
                assert_eq!(
                    matcher.best(said, |_| true),
                    *meant,
                    "{said}: {:?}",
                    matcher.scores(said)
                );
            }
        }
    }

    #[test]
    fn a_long_word_misheard_in_a_syllable_is_known_by_its_pairs_of_letters() {
        assert!(strsim::osa_distance("transferencia", "transfirensa") > 2);
        assert!(likeness("transferencia", "transfirensa") > 0.5);
        assert!(likeness("instalacao", "mensalidade") == 0.0);
        assert!(likeness("plano", "piano") < 1.0 && likeness("plan", "clan") == 0.0);
    }
}
