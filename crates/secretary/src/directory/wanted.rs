//! Whether somebody whose name was said is wanted on the phone: "a Rosa, por favor" wants her, "quero uma rosa" does not.

use super::likeness::{Likeness, Word};
use super::words::{Part, has, is_filler, is_kind, is_place, is_wish_in, joined, parts};
use crate::Language;

/// Whether somebody who was named is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wanted {
    /// The name may be a word like another, or belong to whom the caller speaks to.
    No,
    /// He is named as a person is, but nobody said what for.
    Perhaps,
    /// He is asked for, or nothing else is said.
    Yes,
}

/// Whose name was found.
pub(super) struct Named<'a> {
    /// The words of his own names.
    pub(super) own: &'a [&'a Word],
    /// Those of everybody's.
    pub(super) known: &'a [&'a Word],
    /// There are several of him: "um atendente", "an operator".
    pub(super) is_one_of_many: bool,
}

/// What a name may stand among when nothing but the name is said. Less than what is left out to find it: "be" is not here, as it stands
/// in "to be frank".
const BARE_PT: &str = "a o as os um uma de do da dos das no na nos nas com para pra pro pras pros por favor porfavor ou oi ola alo opa \
    bom boa dia tarde noite ai la esta ta tem alguem sim ok certo isso isto entao ah hum nao ser pode mesmo diretamente direto seu dona \
    senhor senhora doutor doutora dr dra sr sra moca moco";
const BARE_EN: &str = "the a an of to in on at for from and or with please yes yeah ok okay oh um uh no hi hello hey good morning \
    afternoon evening is are there s someone somebody available directly mr mrs ms miss mister dr doctor sir";

/// What leaves it open whether he is wanted, or spoken to, or speaking: "Ana, obrigado", "it's Bob".
const OPEN_PT: &str = "e obrigado obrigada brigado brigada valeu";
const OPEN_EN: &str = "it thanks thank you";

/// Behind these a name is of whom the caller speaks to: "obrigado, Ana".
const THANKS_PT: &str = "obrigado obrigada brigado brigada valeu tchau";
const THANKS_EN: &str = "thanks thank bye goodbye";

/// The last word of greetings, behind which it may be so: "bom dia, Ana".
const GREETINGS_PT: &str = "oi ola alo opa dia tarde noite";
const GREETINGS_EN: &str = "hi hello hey morning afternoon evening";

/// Words in which somebody is wanted, where the name follows them.
const WANT_PT: &str = "quero queria queremos gostaria preciso precisava precisaria procuro procurando chama";
const WANT_EN: &str = "want wanted need needed like get give have call looking ask asking";

/// What may stand between them and the name: no "uma", which makes a rose of Rosa.
const BEFORE_PT: &str = "a o as os ao com de do da dos das no na seu dona";
const BEFORE_EN: &str = "the me for mr mrs ms miss";
const ONE_PT: &str = "um uma algum alguma";
const ONE_EN: &str = "a an some";

/// Whether somebody is wanted whose name was found in what was said.
pub(super) fn wanted(language: Language, spoken: &str, named: &Named<'_>) -> Wanted {
    let lists = match language {
        Language::PtBr => [BARE_PT, OPEN_PT, THANKS_PT, GREETINGS_PT],
        Language::En => [BARE_EN, OPEN_EN, THANKS_EN, GREETINGS_EN],
    };
    let [bare, open, thanks, greetings] = lists;
    let words = joined(language, &parts(spoken), named.known);
    let names = |part: &Part, of: &[&Word]| {
        let word = Word::new(language, &part.folded);
        let is_like = of.iter().any(|known| word.likeness(known) >= Likeness::Near);
        is_like && (part.is_capital || !is_filler(language, &part.folded))
    };
    let own: Vec<usize> = (0..words.len())
        .filter(|at| names(&words[*at], named.own))
        .collect();
    let Some(first) = own.first().copied() else {
        // Nothing of his name stands there: what was found is doubtful.
        return Wanted::Perhaps;
    };
    if is_wish_in(language, &words) || is_wanted(language, &words, first, named.is_one_of_many) {
        return Wanted::Yes;
    }
    if words[..first].iter().any(|part| has(thanks, &part.folded)) {
        return Wanted::No;
    }
    let is_said_of_any = |part: &Part| is_place(language, &part.folded) || is_kind(language, &part.folded);
    let rest = words.iter().enumerate().filter(|(at, part)| {
        // "é com a Ana", but "é a Ana".
        let leads = part.folded == "e"
            && words
                .get(at + 1)
                .is_some_and(|next| has("com pra para no na", &next.folded));
        !leads && !has(bare, &part.folded) && !is_said_of_any(part) && !names(part, named.known)
    });
    let rest: Vec<&Part> = rest.map(|(_, part)| part).collect();
    let is_greeted = first > 0 && has(greetings, &words[first - 1].folded);
    match rest.as_slice() {
        [] if !is_greeted => Wanted::Yes,
        rest if rest.iter().all(|part| has(open, &part.folded)) => Wanted::Perhaps,
        _ if own.len() > 1 || own.iter().any(|at| words[*at].is_proper) => Wanted::Perhaps,
        _ => Wanted::No,
    }
}

/// "quero a Ana", "get me Bob"; "quero um atendente", where there are many.
fn is_wanted(language: Language, words: &[Part], first: usize, is_one_of_many: bool) -> bool {
    let (want, before, one) = match language {
        Language::PtBr => (WANT_PT, BEFORE_PT, ONE_PT),
        Language::En => (WANT_EN, BEFORE_EN, ONE_EN),
    };
    let is_between = |part: &&Part| {
        has(before, &part.folded)
            || (is_one_of_many && has(one, &part.folded))
            || is_place(language, &part.folded)
    };
    let last = words[..first].iter().rev().find(|part| !is_between(part));
    last.is_some_and(|part| has(want, &part.folded))
}
