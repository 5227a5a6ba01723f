//! Who is meant by a spoken name, and whether somebody is there.
//!
//! A wrong person is worse than a question: what is not clear names several, or nobody.

mod likeness;
mod wanted;
mod words;

use crate::hours::{Calendar, HoursError, Opening};
use crate::{Destination, DestinationKind, Hours, Language, Secretary};
use jiff::Timestamp;
use likeness::{Likeness, Word};
use wanted::{Named, Wanted};
use words::{Heard, Name};

/// How many names are offered in place of one that nobody has.
const OFFERED: usize = 3;

/// The destinations of a secretary, made ready for being asked for.
#[derive(Debug, Clone)]
pub struct Directory {
    language: Language,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    destination: Destination,
    /// Always open, where there is none.
    calendar: Option<Calendar>,
    /// Its name and aliases.
    names: Vec<Name>,
}

/// Who may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<'a> {
    /// This one.
    One(&'a Destination),
    /// One of these, two or more, in the order of the file: ask which.
    Several(Vec<&'a Destination>),
    /// Nobody for certain.
    Nobody {
        /// Whose names have something in common with what was said, the likest first; at most three, perhaps none.
        nearest: Vec<&'a Destination>,
    },
}

/// How well what was said fits a name.
#[derive(Debug, Clone, PartialEq)]
struct Fit {
    /// All telling words of the name were said.
    whole: bool,
    /// The one that names was.
    head: bool,
    /// The least likeness among the words of the name that were said; [`Likeness::Weak`] where none was.
    like: Likeness,
    /// The words said that belong to the name, by their places.
    said: Vec<usize>,
    /// The telling words said that do not.
    extra: Vec<usize>,
}

impl Fit {
    /// Nothing but (a part of) this name was said.
    fn is_clean(&self) -> bool {
        self.extra.is_empty() && self.is_name()
    }

    /// The name was said, or the word of it that names.
    fn is_name(&self) -> bool {
        !self.said.is_empty() && (self.whole || self.head)
    }

    fn is_exact(&self) -> bool {
        self.whole && self.extra.is_empty() && self.like == Likeness::Same
    }

    /// To choose the best of a destination's names, and the likest of those that nobody meant.
    fn rank(&self) -> impl Ord + use<> {
        let extra = std::cmp::Reverse(self.extra.len());
        (
            self.is_exact(),
            self.is_clean(),
            self.said.len(),
            extra,
            self.whole,
            self.head,
            self.like,
        )
    }
}

impl Directory {
    /// The directory of a secretary.
    ///
    /// # Errors
    ///
    /// When hours are wrong; those of a file were checked when it was read.
    pub fn new(secretary: &Secretary) -> Result<Self, HoursError> {
        Self::of(
            &secretary.destinations,
            secretary.hours.as_ref(),
            secretary.language,
        )
    }

    /// A directory of these destinations. `hours` are those of whoever has none of his own.
    ///
    /// # Errors
    ///
    /// When hours are wrong.
    pub fn of(
        destinations: &[Destination],
        hours: Option<&Hours>,
        language: Language,
    ) -> Result<Self, HoursError> {
        let entry = |destination: &Destination| {
            let hours = destination.hours.as_ref().or(hours);
            let names = std::iter::once(&destination.name)
                .chain(&destination.aliases)
                .map(|name| words::of_name(language, name))
                .collect();
            Ok(Entry {
                destination: destination.clone(),
                calendar: hours.map(Hours::calendar).transpose()?,
                names,
            })
        };
        Ok(Self {
            language,
            entries: destinations.iter().map(entry).collect::<Result<_, _>>()?,
        })
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All destinations, in the order of the file.
    pub fn all(&self) -> impl Iterator<Item = &Destination> {
        self.entries.iter().map(|entry| &entry.destination)
    }

    /// The destination of exactly that name.
    pub fn named(&self, name: &str) -> Option<&Destination> {
        self.all().find(|destination| destination.name == name)
    }

    /// A directory of those whose names are these, and of nobody else.
    #[must_use]
    pub fn among(&self, names: &[String]) -> Self {
        let is_one = |entry: &&Entry| names.contains(&entry.destination.name);
        Self {
            language: self.language,
            entries: self.entries.iter().filter(is_one).cloned().collect(),
        }
    }

    /// Whether somebody is at a destination, and if not, when.
    pub fn opening(&self, destination: &Destination, now: Timestamp) -> Opening {
        self.entries
            .iter()
            .find(|entry| entry.destination == *destination)
            .and_then(|entry| entry.calendar.as_ref())
            .map_or(Opening::Open, |calendar| calendar.opening(now))
    }

    /// Who is meant by what somebody said: a name alone, or with the words in which people ask for one ("queria falar com a Jeni,
    /// por favor"). The number of a destination names it too, alone
    /// or as an extension ("o ramal 2003").
    pub fn find(&self, spoken: &str) -> Found<'_> {
        if let Some(entry) = self.by_number(spoken) {
            return Found::One(&entry.destination);
        }
        let known: Vec<&Word> = self
            .entries
            .iter()
            .flat_map(|e| e.names.iter().flat_map(|n| &n.words))
            .collect();
        let heard = words::heard(self.language, spoken, &known);
        if heard.is_empty() {
            return Found::Nobody { nearest: Vec::new() };
        }
        let fits: Vec<Fit> = self.entries.iter().map(|entry| entry.fit(&heard)).collect();
        let meant = self.meant(&fits, &heard);
        match meant.as_slice() {
            [] => Found::Nobody {
                nearest: self.nearest(&fits),
            },
            [one] => Found::One(&self.entries[*one].destination),
            several => Found::Several(self.destinations(several)),
        }
    }

    /// Whether somebody asks to be handed to a person or department, whoever that is.
    pub fn is_wish(&self, spoken: &str) -> bool {
        words::is_wish(self.language, spoken)
    }

    /// Whether a destination that [`Directory::find`] found is asked for: somebody wishes to be handed over ("quero a Jeni", "put me
    /// through to billing"), or says nothing but the name, as the answer to a question. "Quero uma rosa" asks for no Rosa.
    pub fn is_asked_for(&self, spoken: &str, destination: &Destination) -> bool {
        self.wanted(spoken, destination) == Wanted::Yes
    }

    /// Whether one that was found may be asked for, so that it is worth a question: it is named as somebody is, in capitals or with
    /// a surname. "To be frank" asks for no Frank.
    pub fn may_be_asked_for(&self, spoken: &str, destination: &Destination) -> bool {
        self.wanted(spoken, destination) >= Wanted::Perhaps
    }

    fn wanted(&self, spoken: &str, destination: &Destination) -> Wanted {
        if self.by_number(spoken).is_some() {
            return Wanted::Yes;
        }
        let words = |entry: &dyn Fn(&Entry) -> bool| -> Vec<&Word> {
            let entries = self.entries.iter().filter(|e| entry(e));
            entries
                .flat_map(|e| e.names.iter().flat_map(|n| &n.words))
                .collect()
        };
        let (own, known) = (words(&|e| e.destination == *destination), words(&|_| true));
        let is_one_of_many = matches!(
            destination.kind,
            DestinationKind::RingGroup | DestinationKind::Queue | DestinationKind::Ivr
        );
        let named = Named {
            own: &own,
            known: &known,
            is_one_of_many,
        };
        wanted::wanted(self.language, spoken, &named)
    }

    fn by_number(&self, spoken: &str) -> Option<&Entry> {
        let digits = |text: &str| -> Option<String> {
            let bare: String = text
                .trim_end_matches(|c: char| c.is_whitespace() || "?!,;:…".contains(c))
                .chars()
                .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')'))
                .collect();
            let is_number = bare
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '*' | '#' | '+'));
            (is_number && !bare.is_empty()).then_some(bare)
        };
        let wanted = digits(spoken).or_else(|| words::extension(self.language, spoken))?;
        self.entries
            .iter()
            .find(|entry| digits(&entry.destination.number).as_ref() == Some(&wanted))
    }

    /// The places of those who may be meant.
    fn meant(&self, fits: &[Fit], heard: &[Heard]) -> Vec<usize> {
        let which = |fits_in: &dyn Fn(&Fit) -> bool| -> Vec<usize> {
            (0..fits.len()).filter(|at| fits_in(&fits[*at])).collect()
        };
        let exact = which(&Fit::is_exact);
        if !exact.is_empty() {
            return exact;
        }
        let clean = which(&Fit::is_clean);
        if let [one] = clean.as_slice()
            && fits[*one].like < Likeness::Same
        {
            // A word that was misheard may be that of another, who is hardly less like it.
            return which(&|fit| fit.is_clean() || (fit.extra.len() <= 1 && fit.said.is_empty() && fit.head));
        }
        if let Some(most) = clean.iter().map(|at| fits[*at].said.len()).max() {
            return which(&|fit| fit.is_clean() && fit.said.len() == most);
        }
        let with_place = self.of_a_place(fits, heard);
        if !with_place.is_empty() {
            return with_place;
        }
        self.side_by_side(fits, heard)
    }

    /// "a Fernanda do comercial": those whose name is said first, with where they are.
    fn of_a_place(&self, fits: &[Fit], heard: &[Heard]) -> Vec<usize> {
        let is_place = |fit: &Fit| {
            let last = fit.said.iter().max().copied().unwrap_or_default();
            let is_of = |at: &usize| *at > last && heard[*at].is_known;
            let connected = fit.extra.first().is_some_and(|at| heard[*at].is_of);
            fit.is_name() && connected && fit.extra.iter().all(is_of)
        };
        (0..fits.len()).filter(|at| is_place(&fits[*at])).collect()
    }

    /// "o financeiro ou o suporte": several that are named in full, and nothing else.
    fn side_by_side(&self, fits: &[Fit], heard: &[Heard]) -> Vec<usize> {
        let named: Vec<usize> = (0..fits.len())
            .filter(|at| fits[*at].whole && fits[*at].like == Likeness::Same)
            .collect();
        let all_said = (0..heard.len())
            .filter(|at| !heard[*at].is_soft)
            .all(|at| named.iter().any(|fit| fits[*fit].said.contains(&at)));
        if all_said && named.len() > 1 {
            named
        } else {
            Vec::new()
        }
    }

    /// Whose name has something of what was said, the likest first.
    fn nearest(&self, fits: &[Fit]) -> Vec<&Destination> {
        let mut like: Vec<usize> = (0..fits.len())
            .filter(|at| !fits[*at].said.is_empty() || fits[*at].head)
            .collect();
        like.sort_by_key(|at| std::cmp::Reverse(fits[*at].rank()));
        let most = like.first().map_or(0, |at| fits[*at].said.len());
        like.retain(|at| fits[*at].said.len() == most);
        like.truncate(OFFERED);
        self.destinations(&like)
    }

    fn destinations(&self, places: &[usize]) -> Vec<&Destination> {
        places.iter().map(|at| &self.entries[*at].destination).collect()
    }
}

impl Entry {
    /// How well what was said fits the best of its names.
    fn fit(&self, heard: &[Heard]) -> Fit {
        let nothing = Fit {
            whole: false,
            head: false,
            like: Likeness::Weak,
            said: Vec::new(),
            extra: (0..heard.len()).collect(),
        };
        self.names
            .iter()
            .filter(|name| !name.words.is_empty())
            .map(|name| fit(name, heard))
            .max_by_key(Fit::rank)
            .unwrap_or(nothing)
    }
}

fn fit(name: &Name, heard: &[Heard]) -> Fit {
    let likeness = |at: usize| {
        name.words
            .iter()
            .map(|word| heard[at].word.likeness(word))
            .max()
            .unwrap_or(Likeness::None)
    };
    let (said, rest): (Vec<usize>, Vec<usize>) =
        (0..heard.len()).partition(|at| likeness(*at) >= Likeness::Near);
    let covered = |word: &Word, least: Likeness| heard.iter().any(|h| h.word.likeness(word) >= least);
    let least = if said.is_empty() {
        Likeness::Weak
    } else {
        Likeness::Near
    };
    let all_soft = heard.iter().all(|h| h.is_soft);
    Fit {
        whole: name.words.iter().all(|word| covered(word, Likeness::Near)),
        // Words of which nothing fits better may be that one, misheard.
        head: name.words.get(name.head).is_some_and(|word| covered(word, least)),
        like: said
            .iter()
            .map(|at| likeness(*at))
            .min()
            .unwrap_or(Likeness::Weak),
        extra: rest
            .into_iter()
            .filter(|at| all_soft || !heard[*at].is_soft)
            .collect(),
        said,
    }
}
