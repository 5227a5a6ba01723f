//! One secretary on one extension, or one number from outside that leads to an extension: the source of a row, its details and its XML.

use super::context::is_public;
use super::editor::public_actions;
use super::meaning::{Action, Break, Condition, FieldTest, Meaning, Test};
use super::refusal::Refusal;
use super::writing::plain;
use crate::Domain;
use freeswitch::{ContextName, Extension, SCRIPT_NAME, VariableName, VariableValue};
use secretary::SecretaryUuid;
use uuid::Uuid;

/// `app_uuid` of all rows that are ours.
pub const APP_UUID: Uuid = Uuid::from_u128(0x9e2de3e7_53bc_4bd7_a7f7_f57d4db8b1f4);

/// Where our rows stand unless somebody else takes the number there: after what sets variables, before extensions.
pub const ORDER: i64 = 250;
/// The orders that suit us.
pub(crate) const ORDERS: std::ops::RangeInclusive<i64> = 200..=300;
/// FusionPBX's own order of inbound routes.
pub(crate) const DID_ORDER: i64 = 100;

/// What a row is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `dialplan_uuid`: random at first, and kept from then on.
    pub row: Uuid,
    /// Whose it is.
    pub domain: Domain,
    /// What it does.
    pub route: Route,
    /// `dialplan_order`; `None` leaves it where it is, and puts a new one where no other row takes the call.
    pub order: Option<i64>,
    /// `dialplan_description`: for people, with the secretary's name. It is in no XML.
    pub description: String,
}

/// What a row does with its calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// An extension of the domain is the secretary's.
    Secretary(SecretaryRoute),
    /// Calls from outside to a number are sent to an extension of the domain. So whatever the secretary does with them is in the
    /// domain's context, where its extensions are.
    Did(Did, Extension),
}

/// A secretary on an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretaryRoute {
    /// Which extension.
    pub extension: Extension,
    /// Which secretary.
    pub secretary: SecretaryUuid,
    /// How its audio travels.
    pub leg: EntryLeg,
    /// Who gets the caller when nobody carries the call any more.
    pub fallback: Option<Extension>,
}

/// How audio travels, as far as the dialplan has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryLeg {
    /// By the script and a module, with variables for the script (`voice_ai_url`, `voice_ai_leg`, …; docs/freeswitch.md tells all).
    Script(Vec<(VariableName, VariableValue)>),
    /// By FreeSWITCH alone: the call is parked, and the service takes it over by the event socket.
    Unicast,
}

/// A number as it comes from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Did {
    prefix: String,
    number: String,
}

impl Did {
    /// Parses a number of 2 to 20 digits as people write it, with blanks, dashes, dots and parentheses between them. The country's code is
    /// told apart, as FusionPBX's page does, where it stands by itself after a `+` or in front of one blank or dash:
    /// `+55 (11) 5555-0199`, `55 1155550199`, `551155550199`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let refused = || Refusal::Did(text.chars().take(64).collect());
        let written = text.trim();
        let bare = written.strip_prefix('+').unwrap_or(written);
        let is_apart = |c: char| " -.()".contains(c);
        let parts: Vec<_> = bare.split(is_apart).filter(|part| !part.is_empty()).collect();
        let is_digits = |part: &&str| part.chars().all(|c| c.is_ascii_digit());
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if !parts.iter().all(is_digits) || !(2..=20).contains(&length) {
            return Err(refused());
        }
        let has_prefix = bare.starts_with(|c: char| c.is_ascii_digit())
            && parts.len() > 1
            && (written.starts_with('+') || bare.matches(is_apart).count() == 1);
        let (prefix, rest) = parts.split_at(usize::from(has_prefix));
        Ok(Self {
            prefix: prefix.concat(),
            number: rest.concat(),
        })
    }

    /// The country's code; empty where it was not told apart.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What is after the country's code.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// All of it, without `+`.
    pub fn whole(&self) -> String {
        format!("{}{}", self.prefix, self.number)
    }
}

impl Entry {
    /// A row that is not there yet.
    pub fn new(domain: Domain, route: Route, description: impl Into<String>) -> Self {
        Self {
            row: Uuid::new_v4(),
            domain,
            route,
            order: None,
            description: description.into(),
        }
    }

    /// `dialplan_context`.
    pub fn context(&self) -> &str {
        match self.route {
            Route::Secretary(_) => &self.domain.name,
            Route::Did(..) => "public",
        }
    }

    /// `dialplan_number`.
    pub fn number(&self) -> String {
        match &self.route {
            Route::Secretary(route) => route.extension.as_str().to_owned(),
            Route::Did(did, _) => did.whole(),
        }
    }

    /// `dialplan_name`.
    pub fn name(&self) -> String {
        match &self.route {
            Route::Secretary(route) => format!("voice_secretary_{}", route.extension.as_str()),
            Route::Did(did, _) => did.whole(),
        }
    }

    /// The row's place where it is new and nobody is in the way.
    pub(crate) fn usual_order(&self) -> i64 {
        match self.route {
            Route::Secretary(_) => ORDER,
            Route::Did(..) => DID_ORDER,
        }
    }

    /// Which numbers it takes.
    pub fn expression(&self) -> String {
        match &self.route {
            Route::Secretary(route) => exactly(route.extension.as_str()),
            Route::Did(did, _) => format!(r"^\+?({})$", did.whole()),
        }
    }

    /// What it does, under a name.
    pub fn meaning(&self, name: &str) -> Meaning {
        Meaning {
            name: name.to_owned(),
            continues: false,
            conditions: vec![Condition {
                test: Test::Field(FieldTest {
                    field: "destination_number".to_owned(),
                    expression: self.expression(),
                }),
                breaks: Break::OnFalse,
                actions: self.actions(),
                ..Condition::default()
            }],
        }
    }

    /// `dialplan_xml`, as FusionPBX would write it.
    pub fn dialplan_xml(&self) -> Result<String, Refusal> {
        self.check()?;
        Ok(self.meaning(&self.name()).to_xml(self.row)?)
    }

    /// What is in the way of this entry whatever else there is on the PBX.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let name = &self.domain.name;
        ContextName::parse(name)?;
        // The handler serves these to other calls than the domain's.
        if is_public(name) || name == "global" || name.contains('@') {
            return Err(Refusal::Context(name.clone()));
        }
        if self.description.contains('\0') {
            return Err(Refusal::Description);
        }
        if let Some(order) = self.order
            && !(1..=998).contains(&order)
        {
            return Err(Refusal::Order(order));
        }
        if let Route::Secretary(route) = &self.route
            && route.fallback.as_ref() == Some(&route.extension)
        {
            return Err(Refusal::FallbackIsItself(route.extension.as_str().to_owned()));
        }
        for action in self.actions() {
            plain(&action.data)?;
        }
        Ok(())
    }

    fn actions(&self) -> Vec<Action> {
        let set = |name: &str, value: &str| Action::new("set", format!("{name}={value}"));
        match &self.route {
            Route::Secretary(route) => {
                let mut actions = vec![
                    set("domain_uuid", &self.domain.uuid.to_string()),
                    set("secretary_uuid", &route.secretary.to_string()),
                ];
                if let Some(fallback) = &route.fallback {
                    actions.push(set("voice_ai_fallback", fallback.as_str()));
                }
                match &route.leg {
                    EntryLeg::Script(variables) => {
                        actions.extend(
                            variables
                                .iter()
                                .map(|(name, value)| set(name.as_str(), value.as_str())),
                        );
                        actions.push(Action::new("lua", SCRIPT_NAME));
                    }
                    EntryLeg::Unicast => actions.extend(unicast(route.fallback.is_some())),
                }
                actions
            }
            Route::Did(_, extension) => {
                let mut actions = public_actions(Some(self.domain.uuid.uuid()), Some(&self.domain.name));
                let to = format!("{} XML {}", extension.as_str(), self.domain.name);
                actions.push(Action::new("transfer", to));
                actions
            }
        }
    }
}

/// The steps of a parked call: the last resort before anything else, and no silence of park's between the service's frames.
pub(crate) fn unicast(fallback: bool) -> Vec<Action> {
    let last_resort = if fallback {
        "uuid_transfer ${uuid} ${voice_ai_fallback} XML ${context}"
    } else {
        "uuid_kill ${uuid} RECOVERY_ON_TIMER_EXPIRE"
    };
    vec![
        Action::new(
            "set",
            format!("voice_ai_last_resort=${{sched_api(+15 voiceai-${{uuid}} {last_resort})}}"),
        ),
        Action::new("answer", ""),
        Action::new("set", "send_silence_when_idle=0"),
        Action::new("set", "voice_ai=true"),
        Action::new("park", ""),
    ]
}

/// The expression of one number alone.
pub(crate) fn exactly(number: &str) -> String {
    let mut expression = String::from("^");
    for c in number.chars() {
        if "*+.".contains(c) {
            expression.push('\\');
        }
        expression.push(c);
    }
    expression.push('$');
    expression
}

/// The one number that an expression takes: `^8000$`, `^(8000)$`, `^\+?(8000)$`.
pub(crate) fn only_number(expression: &str) -> Option<String> {
    let inner = expression.strip_prefix('^')?.strip_suffix('$')?;
    let inner = inner.strip_prefix(r"\+?").unwrap_or(inner);
    let inner = inner
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
        .unwrap_or(inner);
    let mut number = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => number.push(chars.next().filter(|c| "*+.#-".contains(*c))?),
            c if c.is_ascii_alphanumeric() || "#-_".contains(c) => number.push(c),
            _ => return None,
        }
    }
    (!number.is_empty()).then_some(number)
}
