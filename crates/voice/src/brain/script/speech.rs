//! Words that mean the same in every script: yes, no, greetings, numbers, names.

use super::words::{is_filler, words};
use secretary::{Language, folded};

/// Whether somebody agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consent {
    Yes,
    No,
}

const YES_PT: &str = "sim isso aham arram ahan uhum uhun claro pode correto certo certinho exato exatamente positivo ok okay \
    beleza quero confirmo confirmado perfeito certeza e esta ja sei isto afirmativo tentei bora vamos aceito";
const NO_PT: &str = "nao negativo errado nunca nada nem errada incorreto jamais";
const YES_EN: &str = "yes yeah yep yup sure correct right exactly ok okay absolutely certainly affirmative uhhuh mhm mmhmm \
    aye definitely fine please confirmed indeed did perfect";
const NO_EN: &str = "no nope nah not wrong never negative incorrect don nothing";

/// What may stand beside a yes or no without making it another sentence.
const BESIDE_PT: &str = "mesmo senhor senhora moca moco por favor com esta obrigado obrigada brigado ai entao ta bom ah e ser \
    de jeito nenhum disso ainda tudo que so eu o a isso mais acho fiz hum";
const BESIDE_EN: &str = "thank you thanks please sir madam it is that s all i do did at way course of that's am me oh well \
    uh huh mm hmm a the would think else more actually yet have";

/// Yes or no, where a text says that and nothing else.
pub(super) fn consent(language: Language, text: &str) -> Option<Consent> {
    let (yes, no, beside) = lists(language);
    let words = words(language, &joined_murmurs(text));
    let known = |word: &&String| [yes, no, beside].iter().any(|list| has(list, word));
    if words.is_empty() || !words.iter().all(|word| known(&word)) {
        return None;
    }
    leading(language, &words)
}

/// Yes or no, where a text begins with it and goes on.
pub(super) fn leading_consent(language: Language, text: &str) -> Option<Consent> {
    leading(language, words(language, &joined_murmurs(text)).get(..1)?)
}

fn leading(language: Language, words: &[String]) -> Option<Consent> {
    let (yes, no, _) = lists(language);
    if words.iter().any(|w| has(no, w)) {
        return Some(Consent::No);
    }
    words.iter().any(|w| has(yes, w)).then_some(Consent::Yes)
}

fn lists(language: Language) -> (&'static str, &'static str, &'static str) {
    match language {
        Language::PtBr => (YES_PT, NO_PT, BESIDE_PT),
        Language::En => (YES_EN, NO_EN, BESIDE_EN),
    }
}

fn has(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|w| w == word)
}

fn joined_murmurs(text: &str) -> String {
    let mut line = folded(text);
    for (parts, whole) in [
        ("uh huh", "uhhuh"),
        ("mm hmm", "mmhmm"),
        ("a ham", "aham"),
        ("u hum", "uhum"),
    ] {
        line = line.replace(parts, whole);
    }
    line
}

/// The greeting to give back, where a text is a greeting and nothing else.
pub(super) fn greeting(language: Language, text: &str) -> Option<&'static str> {
    let (greetings, beside): (&[(&str, &str)], &str) = match language {
        Language::PtBr => (
            &[
                ("bom dia", "Bom dia!"),
                ("boa tarde", "Boa tarde!"),
                ("boa noite", "Boa noite!"),
                ("oi", "Oi!"),
                ("ola", "Olá!"),
                ("alo", "Alô!"),
                ("opa", "Oi!"),
                ("e ai", "Oi!"),
            ],
            "tudo bem bom como vai voce moca moco senhor senhora por favor esta tem alguem ai gente joia certo e boa dia tarde \
             noite oi ola alo opa",
        ),
        Language::En => (
            &[
                ("good morning", "Good morning!"),
                ("good afternoon", "Good afternoon!"),
                ("good evening", "Good evening!"),
                ("hello", "Hello!"),
                ("hi", "Hi!"),
                ("hey", "Hi!"),
            ],
            "there how are you doing today sir madam is anybody anyone good morning afternoon evening hello hi hey",
        ),
    };
    let line = words(language, text).join(" ");
    let padded = format!(" {line} ");
    let (said, answer) = greetings
        .iter()
        .find(|(said, _)| padded.contains(&format!(" {said} ")))?;
    let rest = padded.replace(&format!(" {said} "), " ");
    rest.split_whitespace()
        .all(|word| has(beside, word))
        .then_some(*answer)
}

/// All digits that a text says, spelled ("onze nove oito meia") or written, one after the other.
pub(super) fn digits(language: Language, text: &str) -> String {
    let mut digits = String::new();
    let mut times = 1;
    // What a group such as "vinte e" still waits for: its units.
    let mut open: Option<u32> = None;
    for word in words(language, text) {
        if word.chars().all(|c| c.is_ascii_digit()) {
            close(&mut digits, &mut open);
            digits.push_str(&word.repeat(std::mem::replace(&mut times, 1)));
            continue;
        }
        if language == Language::En && matches!(word.as_str(), "double" | "triple") {
            times = if word == "double" { 2 } else { 3 };
            continue;
        }
        if matches!(word.as_str(), "e" | "and") {
            continue;
        }
        let Some(value) = number_word(language, &word) else {
            close(&mut digits, &mut open);
            continue;
        };
        open = match open {
            Some(tens) if completes(tens, value) => Some(tens + value),
            _ => {
                close(&mut digits, &mut open);
                Some(value)
            }
        };
        if times > 1 {
            let value = open.take().unwrap_or_default().to_string();
            digits.push_str(&value.repeat(std::mem::replace(&mut times, 1)));
        }
    }
    close(&mut digits, &mut open);
    digits
}

fn close(digits: &mut String, open: &mut Option<u32>) {
    if let Some(value) = open.take() {
        digits.push_str(&value.to_string());
    }
}

/// Whether "vinte" goes on with "dois", and "cento" with "trinta".
fn completes(open: u32, value: u32) -> bool {
    let hundreds = open >= 100 && open.is_multiple_of(100) && (1..100).contains(&value);
    let tens = open >= 20 && open.is_multiple_of(10) && !open.is_multiple_of(100) && (1..10).contains(&value);
    hundreds || tens
}

fn number_word(language: Language, word: &str) -> Option<u32> {
    let table: &[(&str, u32)] = match language {
        Language::PtBr => &[
            ("zero", 0),
            ("um", 1),
            ("uma", 1),
            ("dois", 2),
            ("duas", 2),
            ("tres", 3),
            ("treis", 3),
            ("quatro", 4),
            ("cinco", 5),
            ("seis", 6),
            ("meia", 6),
            ("sete", 7),
            ("oito", 8),
            ("nove", 9),
            ("dez", 10),
            ("onze", 11),
            ("doze", 12),
            ("treze", 13),
            ("quatorze", 14),
            ("catorze", 14),
            ("quinze", 15),
            ("dezesseis", 16),
            ("dezessete", 17),
            ("dezoito", 18),
            ("dezenove", 19),
            ("vinte", 20),
            ("trinta", 30),
            ("quarenta", 40),
            ("cinquenta", 50),
            ("sessenta", 60),
            ("setenta", 70),
            ("oitenta", 80),
            ("noventa", 90),
            ("cem", 100),
            ("cento", 100),
            ("duzentos", 200),
            ("trezentos", 300),
            ("quatrocentos", 400),
            ("quinhentos", 500),
            ("seiscentos", 600),
            ("setecentos", 700),
            ("oitocentos", 800),
            ("novecentos", 900),
        ],
        Language::En => &[
            ("zero", 0),
            ("oh", 0),
            ("o", 0),
            ("one", 1),
            ("two", 2),
            ("three", 3),
            ("four", 4),
            ("five", 5),
            ("six", 6),
            ("seven", 7),
            ("eight", 8),
            ("nine", 9),
            ("ten", 10),
            ("eleven", 11),
            ("twelve", 12),
            ("thirteen", 13),
            ("fourteen", 14),
            ("fifteen", 15),
            ("sixteen", 16),
            ("seventeen", 17),
            ("eighteen", 18),
            ("nineteen", 19),
            ("twenty", 20),
            ("thirty", 30),
            ("forty", 40),
            ("fifty", 50),
            ("sixty", 60),
            ("seventy", 70),
            ("eighty", 80),
            ("ninety", 90),
            ("hundred", 100),
        ],
    };
    table
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, value)| *value)
}

/// The key that a text names and nothing else: "dois", "opção 2", "press two".
pub(super) fn spoken_key(language: Language, text: &str) -> Option<char> {
    let beside = [
        "opcao", "numero", "tecla", "tecle", "option", "number", "press", "key",
    ];
    let rest: Vec<String> = words(language, text)
        .into_iter()
        .filter(|word| !beside.contains(&word.as_str()))
        .filter(|word| number_word(language, word).is_some() || !is_filler(language, word))
        .collect();
    let [word] = rest.as_slice() else { return None };
    let digits = digits(language, word);
    let mut keys = digits.chars();
    let key = keys.next()?;
    keys.next().is_none().then_some(key)
}

/// Which of several a text names by its place and nothing else, from 0: "a segunda", "the first one".
pub(super) fn ordinal(language: Language, text: &str) -> Option<usize> {
    let (ordinals, beside): (&[&[&str]], &str) = match language {
        Language::PtBr => (
            &[
                &["primeiro", "primeira"],
                &["segundo", "segunda"],
                &["terceiro", "terceira"],
            ],
            "opcao pessoa nome mesmo",
        ),
        Language::En => (
            &[&["first"], &["second"], &["third"]],
            "one option person name yes",
        ),
    };
    let rest: Vec<String> = words(language, text)
        .into_iter()
        .filter(|word| !is_filler(language, word) && !has(beside, word))
        .collect();
    let [word] = rest.as_slice() else { return None };
    ordinals.iter().position(|forms| forms.contains(&word.as_str()))
}

/// The name in "meu nome é João da Silva" or "this is Mary"; nothing where the text is no name.
pub(super) fn name(language: Language, text: &str) -> Option<String> {
    let leads: &[&str] = match language {
        Language::PtBr => &[
            "o meu nome é",
            "meu nome é",
            "o nome é",
            "nome é",
            "eu me chamo",
            "me chamo",
            "quem fala é",
            "quem está falando é",
            "aqui quem fala é",
            "aqui é",
            "eu sou",
            "sou",
            "pode anotar",
            "é",
            "com",
            "meu nome",
            "fala com",
            "o",
            "a",
        ],
        Language::En => &[
            "my name is",
            "my name's",
            "the name is",
            "the name's",
            "this is",
            "it is",
            "it's",
            "i am",
            "i'm",
            "call me",
            "name is",
            "you're speaking with",
            "speaking with",
            "yes",
            "yeah",
        ],
    };
    let mut rest = text.trim().trim_matches(|c: char| !c.is_alphanumeric());
    while let Some(shorter) = leads.iter().find_map(|lead| without_lead(rest, lead)) {
        rest = shorter;
    }
    let count = rest.split_whitespace().count();
    let letters = rest.chars().filter(|c| c.is_alphabetic()).count();
    let plain = rest
        .chars()
        .all(|c| c.is_alphabetic() || matches!(c, ' ' | '\'' | '-' | '.' | '’'));
    let name = rest.trim_end_matches('.').to_string();
    ((1..=6).contains(&count) && letters >= 2 && plain && !all_fillers(language, rest)).then_some(name)
}

fn without_lead<'a>(text: &'a str, lead: &str) -> Option<&'a str> {
    let length = lead.len();
    let head = text.get(..length)?;
    let rest = text.get(length..)?;
    let is_lead = folded(head) == folded(lead) && rest.starts_with([' ', ',', ':']);
    is_lead.then(|| rest.trim_start_matches([' ', ',', ':']))
}

fn all_fillers(language: Language, text: &str) -> bool {
    let (yes, no, _) = lists(language);
    words(language, text)
        .iter()
        .all(|w| is_filler(language, w) || has(yes, w) || has(no, w))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{En, PtBr};

    #[test]
    fn yes_and_no_in_both_languages() {
        for text in [
            "Sim.",
            "isso",
            "Isso mesmo!",
            "aham",
            "claro",
            "pode sim",
            "tá certo",
            "com certeza",
            "é",
            "tá bom",
            "quero sim",
        ] {
            assert_eq!(consent(PtBr, text), Some(Consent::Yes), "{text}");
        }
        for text in [
            "Não.",
            "negativo",
            "não, tá errado",
            "isso não",
            "de jeito nenhum, não",
            "não, obrigado",
            "ainda não",
        ] {
            assert_eq!(consent(PtBr, text), Some(Consent::No), "{text}");
        }
        for text in [
            "Yes.",
            "yeah",
            "uh-huh",
            "That's right",
            "mm-hmm",
            "sure",
            "yes please",
            "yes I did",
        ] {
            assert_eq!(consent(En, text), Some(Consent::Yes), "{text}");
        }
        for text in ["No.", "nope", "no, that's wrong", "no thanks", "nothing else"] {
            assert_eq!(consent(En, text), Some(Consent::No), "{text}");
        }
        assert_eq!(consent(PtBr, "quero cancelar"), None);
        assert_eq!(leading_consent(PtBr, "sim, é sobre o boleto"), Some(Consent::Yes));
    }

    #[test]
    fn a_greeting_alone_is_given_back() {
        assert_eq!(greeting(PtBr, "Bom dia, tudo bem?"), Some("Bom dia!"));
        assert_eq!(greeting(PtBr, "Alô?"), Some("Alô!"));
        assert_eq!(greeting(En, "Hi there, good morning"), Some("Good morning!"));
        assert_eq!(greeting(PtBr, "bom dia, quero pagar"), None);
    }

    #[test]
    fn digits_come_spelled_or_written() {
        assert_eq!(digits(PtBr, "onze, nove oito meia cinco, 4321"), "1198654321");
        assert_eq!(digits(PtBr, "(11) 98765-4321"), "11987654321");
        assert_eq!(digits(PtBr, "vinte e dois, trinta e três zero um"), "223301");
        assert_eq!(digits(PtBr, "cento e vinte e três"), "123");
        assert_eq!(digits(En, "five five five, double oh one two"), "5550012");
        assert_eq!(digits(PtBr, "não sei"), "");
    }

    #[test]
    fn a_key_can_be_spoken() {
        assert_eq!(spoken_key(PtBr, "Dois."), Some('2'));
        assert_eq!(spoken_key(PtBr, "opção 2"), Some('2'));
        assert_eq!(spoken_key(En, "number one please"), Some('1'));
        assert_eq!(spoken_key(PtBr, "dois boletos"), None);
        assert_eq!(spoken_key(PtBr, "vinte e dois"), None);
    }

    #[test]
    fn a_name_loses_its_lead() {
        assert_eq!(
            name(PtBr, "Meu nome é Ana da Silva."),
            Some("Ana da Silva".into())
        );
        assert_eq!(name(PtBr, "É o Carlos"), Some("Carlos".into()));
        assert_eq!(name(En, "This is Mary Lou"), Some("Mary Lou".into()));
        assert_eq!(name(En, "It's O'Neill."), Some("O'Neill".into()));
        assert_eq!(name(PtBr, "11 98765"), None);
        assert_eq!(name(PtBr, "sim"), None);
    }
}
