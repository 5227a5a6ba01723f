//! What of a text names somebody: without the words in which people ask for one.

use super::likeness::{Likeness, Word};
use crate::{Language, folded};

/// Words that name nobody. What stands neither here nor in a name makes it doubtful that anybody was asked for: so "sou", "meu nome"
/// and "ligou" are not among them, nor is "my" ("about my bill" asks for no Bill).
const FILLERS_PT: &str = "a o as os um uma uns umas de do da dos das em no na nos nas e ou que com para pra pro pras pros pelo pela ao aos \
    por favor porfavor eu voce voces me mim nos se te lhe ele ela isso esse essa este esta entao assim bem bom boa dia tarde noite oi \
    ola alo opa ne ta to la ai so um instante instantinho minuto minutinho momento agora hoje sim ok certo isto tudo obrigado obrigada \
    quero queria quer queremos gostaria preciso precisava precisaria poderia pode podia podem posso consegue da deixa deixe vou ir vamos \
    falar fala fale conversar contato contatar passar passa passe passo transferir transfere transfira transferencia ligar liga ligue \
    chamar chama chame colocar coloca coloque por poe bota encaminhar encaminha direcionar atender alguem ser estar e \
    senhor senhora seu dona doutor doutora dr dra sr sra moca moco diretamente direto mesmo ah eh hum hein viu tem como nao";

const FILLERS_EN: &str = "a an the to of in on at for from and or with by please i me you we us my your it its it s is are am be do does \
    d ll m re ve let lets s yes yeah ok okay oh um uh so well just now today hi hello hey good morning afternoon evening there \
    want wanted wanna would like need needed can could may might will shall have get got gonna going try trying \
    speak talk transfer connect put through pass call reach contact ask find give bring forward send someone somebody \
    mr mrs ms miss mister dr doctor sir thanks thank moment right directly think looking available around not no";

/// Words said of any place: a name does without them.
const PLACES_PT: &str =
    "setor departamento area equipe time pessoal turma parte ramal empresa gente responsavel";
const PLACES_EN: &str =
    "department dept team desk office section people folks guys group extension line person";

/// Words that are said of a place whether its name has them or not.
const KINDS_PT: &str = "tecnico tecnica geral central";
const KINDS_EN: &str = "technical tech general main";

/// "não quero …": then nobody is asked for.
const NOT_PT: &str = "quero queria preciso precisa passa passe transfere transfira vou gostaria falei liguei pedi e estou to era";
const NOT_EN: &str = "want wanna need transfer connect put like speak talk call for with";

/// Words in which somebody asks for somebody.
const WISH_PT: &str = "falar fala conversar passar passa passe transferir transfere transfira transferencia ligar liga ligue \
    chamar chama chame encaminhar encaminha ramal contato";
const WISH_EN: &str = "speak talk transfer connect put reach extension";

/// Words after which comes where somebody is.
const OF_PT: &str = "de do da dos das no na nos nas em";
const OF_EN: &str = "of in from at";

/// A telling word that was said.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) word: Word,
    /// It may be said of any place.
    pub(super) is_soft: bool,
    /// It stands in a name.
    pub(super) is_known: bool,
    /// It tells where somebody is: "do comercial".
    pub(super) is_of: bool,
}

pub(super) fn has(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

pub(super) fn is_filler(language: Language, word: &str) -> bool {
    match language {
        Language::PtBr => has(FILLERS_PT, word),
        Language::En => has(FILLERS_EN, word),
    }
}

pub(super) fn is_place(language: Language, word: &str) -> bool {
    match language {
        Language::PtBr => has(PLACES_PT, word),
        Language::En => has(PLACES_EN, word),
    }
}

pub(super) fn is_kind(language: Language, word: &str) -> bool {
    match language {
        Language::PtBr => has(KINDS_PT, word),
        Language::En => has(KINDS_EN, word),
    }
}

/// A name as it is compared: its telling words, or all of them, where none tells anything.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) words: Vec<Word>,
    /// Which of them names: "support" of "technical support".
    pub(super) head: usize,
}

/// Makes a name ready.
pub(super) fn of_name(language: Language, name: &str) -> Name {
    let folded = folded(name);
    let all: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    let tells = |word: &&str| !is_filler(language, word) && !is_place(language, word);
    let mut telling: Vec<&str> = all.iter().copied().filter(tells).collect();
    if telling.is_empty() {
        telling = all;
    }
    let head = telling.iter().position(|word| !is_kind(language, word));
    Name {
        head: head.unwrap_or_default(),
        words: telling.iter().map(|word| Word::new(language, word)).collect(),
    }
}

/// The telling words of what was said, where `known` are those of all names; none where something is said not to be wanted.
pub(super) fn heard(language: Language, spoken: &str, known: &[&Word]) -> Vec<Heard> {
    let words = joined(language, &parts(spoken), known);
    if is_negated(language, &words) {
        return Vec::new();
    }
    let mut heard = Vec::new();
    let mut is_of = false;
    for part in &words {
        let connects = match language {
            Language::PtBr => has(OF_PT, &part.folded),
            Language::En => has(OF_EN, &part.folded),
        };
        let word = Word::new(language, &part.folded);
        let is_known = known.iter().any(|k| word.likeness(k) >= Likeness::Near);
        // "IT" is no "it".
        if is_filler(language, &part.folded) && !(is_known && part.is_capital) {
            is_of = connects || (is_of && is_filler(language, &part.folded));
            continue;
        }
        heard.push(Heard {
            word,
            is_soft: is_place(language, &part.folded) || is_kind(language, &part.folded),
            is_known,
            is_of,
        });
        is_of = false;
    }
    heard
}

/// The digits of the extension that somebody asks for, where nothing else is said: "o ramal 2003, por favor".
pub(super) fn extension(language: Language, spoken: &str) -> Option<String> {
    let words = parts(spoken);
    let word = match language {
        Language::PtBr => "ramal",
        Language::En => "extension",
    };
    let at = words.iter().position(|part| part.folded == word)?;
    let is_number = |part: &&Part| part.folded.chars().all(|c| c.is_ascii_digit());
    let digits: Vec<&str> = words[at + 1..]
        .iter()
        .skip_while(|part| matches!(part.folded.as_str(), "numero" | "number"))
        .take_while(is_number)
        .map(|part| part.folded.as_str())
        .collect();
    // What stands in no request ("meu ramal é …") makes it doubtful; so does a second number.
    let mut rest = words[..at].iter().chain(&words[at + 1..]).filter(|part| {
        !is_filler(language, &part.folded) && !matches!(part.folded.as_str(), "numero" | "number")
    });
    let is_all = rest.by_ref().take(digits.len()).all(|part| is_number(&part)) && rest.next().is_none();
    (is_all && !digits.is_empty() && !is_negated(language, &words)).then(|| digits.concat())
}

/// Whether somebody asks to be handed to somebody.
pub(super) fn is_wish(language: Language, spoken: &str) -> bool {
    is_wish_in(language, &parts(spoken))
}

pub(super) fn is_wish_in(language: Language, words: &[Part]) -> bool {
    let wish = match language {
        Language::PtBr => WISH_PT,
        Language::En => WISH_EN,
    };
    !is_negated(language, words) && words.iter().any(|part| has(wish, &part.folded))
}

#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) folded: String,
    /// Written in capitals, as abbreviations are.
    pub(super) is_capital: bool,
    /// It begins with a capital within a sentence, as names do.
    pub(super) is_proper: bool,
    /// A comma or point follows.
    pauses: bool,
    /// A question mark follows.
    asks: bool,
}

pub(super) fn parts(spoken: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut begins = true;
    for token in spoken.split_whitespace() {
        let is_proper = !begins
            && token
                .chars()
                .find(|c| c.is_alphabetic())
                .is_some_and(char::is_uppercase);
        begins = token.ends_with(['.', '!', '?', '…']);
        let letters = token.chars().filter(|c| c.is_alphabetic());
        let is_capital = letters.clone().count() > 1 && letters.clone().all(char::is_uppercase);
        let folded = folded(token);
        parts.extend(
            folded
                .split(' ')
                .filter(|word| !word.is_empty())
                .map(|word| Part {
                    folded: word.to_owned(),
                    is_capital,
                    is_proper,
                    pauses: token.ends_with([',', '.', ';', '!', '…']),
                    asks: token.ends_with('?'),
                }),
        );
    }
    parts
}

/// Recognition sometimes parts a word in two ("fina ceiro"), and spells abbreviations ("R H").
pub(super) fn joined(language: Language, parts: &[Part], known: &[&Word]) -> Vec<Part> {
    let mut words: Vec<Part> = Vec::new();
    let mut rest = parts.iter().peekable();
    while let Some(part) = rest.next() {
        let whole = rest.peek().map(|next| format!("{}{}", part.folded, next.folded));
        if let Some(whole) = whole.filter(|whole| is_parted(language, part, whole, known)) {
            rest.next();
            words.push(Part {
                folded: whole,
                is_capital: true,
                is_proper: false,
                pauses: false,
                asks: false,
            });
        } else {
            words.push(part.clone());
        }
    }
    words
}

fn is_parted(language: Language, first: &Part, whole: &str, known: &[&Word]) -> bool {
    let like = |text: &str, least: Likeness| {
        let word = Word::new(language, text);
        known
            .iter()
            .any(|k| k.likeness(&word) >= least && k.letters().abs_diff(word.letters()) <= 1)
    };
    let is_spelled = first.folded.len() == 1 && whole.len() == 2;
    if is_spelled {
        return like(whole, Likeness::Same);
    }
    let is_word = is_filler(language, &first.folded) || like(&first.folded, Likeness::Near);
    whole.len() >= 7 && !is_word && like(whole, Likeness::Near)
}

/// "não quero falar com o financeiro"; but not "não, quero falar com o suporte".
fn is_negated(language: Language, words: &[Part]) -> bool {
    let (not, wanted): (&[&str], &str) = match language {
        Language::PtBr => (&["nao", "nem"], NOT_PT),
        Language::En => (&["not", "don", "dont", "never"], NOT_EN),
    };
    ends_refused(language, words)
        || words.iter().enumerate().any(|(at, part)| {
            let after = words.iter().skip(at + 1).take(2);
            !part.pauses
                && not.contains(&part.folded.as_str())
                && after.clone().any(|next| has(wanted, &next.folded))
        })
}

/// "financeiro não", "no, not billing"; but not "é o financeiro, não?", nor "not billing, sales", where it is asked which.
fn ends_refused(language: Language, words: &[Part]) -> bool {
    match (language, words) {
        (Language::PtBr, [.., before, last]) => !before.pauses && last.folded == "nao" && !last.asks,
        (Language::En, [words @ .., _]) => {
            let after_pause = words.iter().rposition(|part| part.pauses).map_or(0, |at| at + 1);
            words.get(after_pause).is_some_and(|part| part.folded == "not")
        }
        _ => false,
    }
}
