//! What the XML of a row means to FreeSWITCH, with the text taken out of it: two texts that mean the same make the same calls.

/// An extension of the dialplan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// Its name, which only logs show.
    pub name: String,
    /// Whether FreeSWITCH looks at later extensions too, once this one has taken the call.
    pub continues: bool,
    /// What is asked and done, in turn.
    pub conditions: Vec<Condition>,
}

impl Meaning {
    /// Whether both do the same with the same call. The name does nothing, and `continue` is a matter of its own.
    pub fn does_the_same(&self, other: &Self) -> bool {
        self.conditions == other.conditions
    }

    /// All that is done where the conditions hold, in turn.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.conditions.iter().flat_map(Condition::all_actions)
    }

    /// The data of the last `set` or `export` of a variable before `application` is reached: later ones come too late.
    pub fn variable_before(&self, application: impl Fn(&Action) -> bool, name: &str) -> Option<&str> {
        let mut value = None;
        for action in self.actions() {
            if !action.inline && application(action) {
                break;
            }
            if let Some((set, data)) = action.variable()
                && set == name
            {
                value = Some(data);
            }
        }
        value
    }
}

/// One `<condition>`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// When it holds: attributes such as `wday` and `time-of-day`, by name.
    pub times: Vec<(String, String)>,
    /// Of which calls it holds.
    pub test: Test,
    /// Whether later conditions are looked at.
    pub breaks: Break,
    /// What is done where it holds.
    pub actions: Vec<Action>,
    /// What is done where it does not.
    pub anti_actions: Vec<Action>,
    /// Conditions within, which FusionPBX's editor does not know.
    pub nested: Vec<Condition>,
}

impl Condition {
    fn all_actions(&self) -> Box<dyn Iterator<Item = &Action> + '_> {
        Box::new(
            self.actions
                .iter()
                .chain(self.nested.iter().flat_map(Self::all_actions)),
        )
    }
}

/// What a condition asks of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Test {
    /// Nothing: neither a field nor an expression is given.
    #[default]
    Always,
    /// That a field matches.
    Field(FieldTest),
    /// That several do.
    Several(Several, Vec<FieldTest>),
}

/// That a field matches an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldTest {
    /// `destination_number`, `${user_exists}`.
    pub field: String,
    /// A regular expression of PCRE.
    pub expression: String,
}

/// How many of several must match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Several {
    /// `regex="all"`.
    All,
    /// `regex="any"`, and whatever else stands there.
    Any,
    /// `regex="xor"`: one alone.
    One,
}

impl Several {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Any => "any",
            Self::One => "xor",
        }
    }
}

/// When no later condition is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Break {
    /// Where this one does not hold.
    #[default]
    OnFalse,
    /// Where it holds.
    OnTrue,
    /// In any case.
    Always,
    /// In none.
    Never,
}

impl Break {
    /// Reads the attribute; FreeSWITCH takes whatever it does not know for `on-false`.
    pub fn read(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "on-true" => Self::OnTrue,
            "always" => Self::Always,
            "never" => Self::Never,
            _ => Self::OnFalse,
        }
    }

    /// As it is written; `None` where it need not be.
    pub const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::OnFalse => None,
            Self::OnTrue => Some("on-true"),
            Self::Always => Some("always"),
            Self::Never => Some("never"),
        }
    }
}

/// Something that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// `set`, `lua`.
    pub application: String,
    /// What it is given.
    pub data: String,
    /// Whether it is done while the dialplan is still being read, before all that is not.
    pub inline: bool,
    /// How often.
    pub loops: i64,
}

impl Action {
    /// What is done once, in its turn.
    pub fn new(application: &str, data: impl Into<String>) -> Self {
        Self {
            application: application.to_owned(),
            data: data.into(),
            inline: false,
            loops: 1,
        }
    }

    /// The same, done while the dialplan is read.
    #[must_use]
    pub fn inline(self) -> Self {
        Self { inline: true, ..self }
    }

    /// A variable and its value, where this sets one.
    pub fn variable(&self) -> Option<(&str, &str)> {
        match self.application.as_str() {
            "set" | "export" => self.data.split_once('='),
            _ => None,
        }
    }
}

/// How FreeSWITCH reads a flag (`switch_true`).
pub(crate) fn is_true(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let number = text.parse::<i64>().is_ok_and(|number| number != 0);
    number
        || matches!(
            text.as_str(),
            "yes" | "on" | "true" | "t" | "enabled" | "active" | "allow"
        )
}
