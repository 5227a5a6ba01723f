//! Whether an extension takes a call to a number, as far as the number alone tells.

use super::meaning::{Break, Condition, FieldTest, Meaning, Several, Test};
use regex::Regex;

/// Whether an extension takes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Takes {
    /// It does not: of what it asks, something does not hold, or its number does not decide and is not asked for.
    No,
    /// Its number fits; the rest depends on the caller, the time or a variable.
    Perhaps,
    /// It does.
    Yes,
}

impl Meaning {
    /// Whether it takes a call to `number`, so that later ones are not looked at.
    pub fn takes(&self, number: &str) -> Takes {
        if self.continues {
            return Takes::No;
        }
        let mut names_it = false;
        let ends = run(&self.conditions, number, &mut names_it);
        match (ends.taken, ends.left) {
            (true, false) => Takes::Yes,
            (true, true) if names_it => Takes::Perhaps,
            _ => Takes::No,
        }
    }
}

/// What can become of it, over all that is not known.
#[derive(Clone, Copy, Default)]
struct Ends {
    taken: bool,
    left: bool,
}

impl Ends {
    fn add(&mut self, proceeds: bool) {
        self.taken |= proceeds;
        self.left |= !proceeds;
    }

    fn any(self) -> bool {
        self.taken || self.left
    }

    fn join(&mut self, other: Self) {
        self.taken |= other.taken;
        self.left |= other.left;
    }
}

/// Goes through conditions as mod_dialplan_xml does: the last that was looked at decides whether the call is taken.
fn run(conditions: &[Condition], number: &str, names_it: &mut bool) -> Ends {
    let mut ends = Ends::default();
    let mut alive = Ends {
        taken: false,
        left: true,
    };
    for condition in conditions {
        let holds = holds(condition, number);
        *names_it |= holds != Some(false) && may_fit(condition, number);
        let mut next = Ends::default();
        for outcome in [true, false] {
            if holds.is_some_and(|known| known != outcome) {
                continue;
            }
            // What is done where it does not hold counts as taking the call.
            let proceeds = outcome || !condition.anti_actions.is_empty();
            let stops = match condition.breaks {
                Break::OnFalse => !outcome,
                Break::OnTrue => outcome,
                Break::Always => true,
                Break::Never => false,
            };
            if stops {
                ends.add(proceeds);
            } else if proceeds && !condition.nested.is_empty() {
                let within = run(&condition.nested, number, names_it);
                next.taken |= within.taken;
                if condition.breaks == Break::Never {
                    next.left |= within.left;
                } else {
                    ends.left |= within.left;
                }
            } else {
                next.add(proceeds);
            }
        }
        alive = next;
        if !alive.any() {
            return ends;
        }
    }
    ends.join(alive);
    ends
}

/// Whether it holds; `None`: that is not told by the number.
fn holds(condition: &Condition, number: &str) -> Option<bool> {
    if !condition.times.is_empty() {
        return None;
    }
    match &condition.test {
        Test::Always => Some(true),
        Test::Field(test) => matches(test, number),
        Test::Several(several, tests) => {
            let known: Vec<_> = tests.iter().map(|test| matches(test, number)).collect();
            let passed = known.iter().filter(|known| **known == Some(true)).count();
            let open = known.contains(&None);
            match several {
                Several::All if known.contains(&Some(false)) => Some(false),
                Several::All => (!open).then_some(true),
                Several::Any if passed > 0 => Some(true),
                Several::Any => (!open).then_some(false),
                Several::One => (!open).then_some(passed == 1),
            }
        }
    }
}

fn matches(test: &FieldTest, number: &str) -> Option<bool> {
    // A leading underscore is a pattern of Asterisk's, a leading slash a pattern with options; a variable is not known here.
    if !is_number(test) || test.expression.starts_with(['_', '/']) || test.expression.contains("${") {
        return None;
    }
    Some(Regex::new(&test.expression).ok()?.is_match(number))
}

fn is_number(test: &FieldTest) -> bool {
    matches!(
        test.field.as_str(),
        "destination_number" | "${destination_number}"
    )
}

/// Whether it asks for the number, which fits or may.
fn may_fit(condition: &Condition, number: &str) -> bool {
    let fits = |test: &FieldTest| is_number(test) && matches(test, number) != Some(false);
    match &condition.test {
        Test::Field(test) => fits(test),
        Test::Several(_, tests) => tests.iter().any(fits),
        Test::Always => false,
    }
}
