//! Words as they are compared: folded, with spoken short forms spelled out, and cut to a stem.

use secretary::{Language, folded};

/// Spoken and written short forms, folded, as whole words.
const SHORT_PT: &[(&str, &str)] = &[
    ("to", "estou"),
    ("tou", "estou"),
    ("ta", "esta"),
    ("tava", "estava"),
    ("tao", "estao"),
    ("pro", "para o"),
    ("pros", "para os"),
    ("pra", "para"),
    ("pras", "para as"),
    ("vc", "voce"),
    ("vcs", "voces"),
    ("ce", "voce"),
    ("ceis", "voces"),
    ("num", "nao"),
    ("naum", "nao"),
    ("net", "internet"),
    ("interneti", "internet"),
    ("wi fi", "wifi"),
    ("wai fai", "wifi"),
    ("uai fai", "wifi"),
    ("2a", "segunda"),
    ("2 via", "segunda via"),
    ("duas via", "segunda via"),
    ("brigado", "obrigado"),
    ("brigada", "obrigada"),
    ("cel", "celular"),
];

const SHORT_EN: &[(&str, &str)] = &[
    ("can t", "cannot"),
    ("cant", "cannot"),
    ("don t", "do not"),
    ("dont", "do not"),
    ("doesn t", "does not"),
    ("doesnt", "does not"),
    ("didn t", "did not"),
    ("isn t", "is not"),
    ("isnt", "is not"),
    ("won t", "will not"),
    ("i m", "i am"),
    ("im", "i am"),
    ("i d", "i would"),
    ("i ve", "i have"),
    ("it s", "it is"),
    ("what s", "what is"),
    ("where s", "where is"),
    ("you re", "you are"),
    ("gonna", "going to"),
    ("wanna", "want to"),
    ("gotta", "got to"),
    ("wi fi", "wifi"),
    ("wireless", "wifi"),
    ("y all", "you"),
    ("thanks", "thank you"),
];

/// Words that say little about what somebody wants.
const FILLERS_PT: &str = "o a os as um uma uns umas de do da dos das em no na nos nas e ou que eu voce voces ele ela me te \
    se lhe meu minha meus minhas seu sua seus suas com por favor para pelo pela ao aos la ai aqui ja so bom boa dia tarde noite \
    oi ola alo moca moco senhor senhora gente quero queria querendo gostaria preciso precisava poderia pode podia podem saber \
    estou esta estao estava ter tem tenho ser sou foi vou vai isso esse essa este aquele qual quais como quando \
    porque entao olha assim ne tipo tudo bem sobre fazer agora hoje muito daqui dai viu ah eh hein falar conversar \
    dizer causa respeito";

const FILLERS_EN: &str = "the a an of to in on at for and or that this it i you he she we they me my your our is are am was \
    be been do does did can could would will shall may have has had got please hi hello hey good morning afternoon evening \
    there so well just like um uh oh okay ok about with from by what which how when as if want wanted need needed like \
    looking calling speak talk some any am today now really very us know tell going get thank s re ve ll d t m let all think thing";

/// The folded words of a text, short forms spelled out.
pub(super) fn words(language: Language, text: &str) -> Vec<String> {
    let short = match language {
        Language::PtBr => SHORT_PT,
        Language::En => SHORT_EN,
    };
    // Spaces twofold, so that neighbours do not share the one between them.
    let mut line = format!("  {}  ", folded(text).replace(' ', "  "));
    for (from, to) in short {
        let from = format!(" {} ", from.replace(' ', "  "));
        if line.contains(&from) {
            line = line.replace(&from, &format!(" {} ", to.replace(' ', "  ")));
        }
    }
    line.split_whitespace().map(Into::into).collect()
}

/// Whether a word says little about what somebody wants.
pub(super) fn is_filler(language: Language, word: &str) -> bool {
    let fillers = match language {
        Language::PtBr => FILLERS_PT,
        Language::En => FILLERS_EN,
    };
    fillers.split_whitespace().any(|filler| filler == word)
}

/// The part of a word that its forms share. Light on purpose: what it misses, likeness of spelling finds.
pub(super) fn stem(language: Language, word: &str) -> String {
    match language {
        Language::PtBr => stem_pt(&sounds_pt(word)),
        Language::En => stem_en(&without_doubles(word)),
    }
}

/// Spellings that sound alike made one, for the errors of speech recognition ("trânsferencia", "seguda", "ora").
fn sounds_pt(word: &str) -> String {
    let mut spelling = String::with_capacity(word.len());
    let mut last = ' ';
    for letter in word.chars() {
        let letter = match letter {
            'z' => 's',
            'y' => 'i',
            'w' => 'v',
            'k' => 'c',
            other => other,
        };
        let silent = letter == 'h' && !matches!(last, 'c' | 'l' | 'n');
        if !silent && (letter != last || letter.is_ascii_digit()) {
            spelling.push(letter);
        }
        last = letter;
    }
    spelling
}

/// "billing" and "biling" are one.
fn without_doubles(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    letters.dedup_by(|a, b| a == b && !a.is_ascii_digit());
    letters.into_iter().collect()
}

fn stem_pt(word: &str) -> String {
    const PLURALS: [(&str, &str); 6] = [
        ("oes", "ao"),
        ("aes", "ao"),
        ("ais", "al"),
        ("eis", "el"),
        ("ns", "m"),
        ("s", ""),
    ];
    // The longest first. Nothing shorter than three letters is left.
    const ENDINGS: [&str; 44] = [
        "amento", "imento", "assem", "essem", "aremos", "ariam", "ando", "endo", "indo", "aram", "eram",
        "iram", "amos", "emos", "imos", "avam", "aria", "eria", "iria", "ada", "ado", "ida", "ido", "ava",
        "ou", "eu", "iu", "ei", "ar", "er", "ir", "am", "em", "ao", "ia", "io", "as", "es", "os", "a", "e",
        "i", "o", "u",
    ];
    let mut stem = word.to_string();
    if stem.len() > 3
        && let Some((plural, single)) = PLURALS.iter().find(|(plural, _)| stem.ends_with(plural))
    {
        stem.truncate(stem.len() - plural.len());
        stem.push_str(single);
    }
    cut_ending(stem, &ENDINGS)
}

fn stem_en(word: &str) -> String {
    const ENDINGS: [&str; 11] = [
        "ations", "ation", "ings", "ing", "ment", "edly", "ied", "ies", "ed", "es", "s",
    ];
    let stem = cut_ending(word.to_string(), &ENDINGS);
    cut_ending(stem, &["e", "y", "i"])
}

fn cut_ending(mut word: String, endings: &[&str]) -> String {
    let fits = |ending: &&&str| word.ends_with(**ending) && word.len() >= ending.len() + 3;
    if word.is_ascii()
        && let Some(ending) = endings.iter().find(fits)
    {
        word.truncate(word.len() - ending.len());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_are_spelled_out() {
        assert_eq!(
            words(Language::PtBr, "Tô sem net, passa pro suporte!").join(" "),
            "estou sem internet passa para o suporte"
        );
        assert_eq!(words(Language::PtBr, "to to").join(" "), "estou estou");
        assert_eq!(
            words(Language::En, "I can't, it isn't").join(" "),
            "i cannot it is not"
        );
    }

    #[test]
    fn the_forms_of_a_word_share_a_stem() {
        let same = |language, a, b| assert_eq!(stem(language, a), stem(language, b), "{a} {b}");
        for (a, b) in [
            ("cancelar", "cancelamento"),
            ("cancelar", "cancelando"),
            ("boleto", "boletos"),
            ("boleto", "boletu"),
            ("opcao", "opcoes"),
            ("horario", "orario"),
            ("pagar", "pagamento"),
        ] {
            same(Language::PtBr, a, b);
        }
        for (a, b) in [
            ("billing", "bills"),
            ("pay", "payment"),
            ("cancel", "canceling"),
            ("plan", "plans"),
        ] {
            same(Language::En, a, b);
        }
    }
}
