//! Why an entry cannot be.

use super::writing::Unwritable;
use crate::{Lang, Text};
use freeswitch::ArgumentError;
use std::fmt;

/// Why an entry cannot be, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A value that FreeSWITCH would not take.
    Argument(ArgumentError),
    /// What FusionPBX's editor would not keep as it is.
    Unwritable(Unwritable),
    /// No number as it comes from outside.
    Did(String),
    /// A domain whose name FusionPBX's handler takes for something else.
    Context(String),
    /// FusionPBX has no such domain, or it is switched off.
    Domain(String),
    /// A description that the database cannot hold.
    Description,
    /// An order out of range.
    Order(i64),
    /// Who gets the caller when the secretary does not answer would be the secretary.
    FallbackIsItself(String),
    /// The number is somebody else's.
    Owned {
        /// The number.
        number: String,
        /// Whose.
        owner: Text,
    },
    /// A number from outside is to lead to an extension that no secretary has.
    NoSecretary {
        /// The extension.
        extension: String,
        /// The domain, by its name.
        domain: String,
    },
    /// The row, by its name, belongs to another page of FusionPBX.
    OfAnotherPage(String),
    /// Wherever the entry may stand, an earlier row takes its calls.
    Taken {
        /// The number.
        number: String,
        /// The row's name.
        row: String,
        /// Its order.
        order: i64,
    },
}

impl Refusal {
    /// The same for operators.
    pub fn text(&self) -> Text {
        match self {
            Self::Argument(error) => Text::plain(error.to_string()),
            Self::Unwritable(Unwritable::Value(value)) => Text::new(
                format!(
                    "{value:?} cannot stand in a dialplan of FusionPBX, whose editor escapes nothing: use no & < > \" $$, line breaks or \
                     control characters"
                ),
                format!(
                    "{value:?} não pode estar em um dialplan do FusionPBX, cujo editor não escapa nada: não use & < > \" $$, quebras de \
                     linha nem caracteres de controle"
                ),
            ),
            Self::Unwritable(Unwritable::Shape(what)) => Text::new(
                format!("FusionPBX's editor does not know {what}: change it in dialplan_xml by hand"),
                format!("o editor do FusionPBX não conhece isto ({what}): altere à mão em dialplan_xml"),
            ),
            Self::Did(number) => Text::new(
                format!(
                    "{number:?} is no number from outside: give 2 to 20 digits, such as 551155550199 or \"+55 11 5555-0199\""
                ),
                format!(
                    "{number:?} não é um número externo: indique de 2 a 20 dígitos, como 551155550199 ou \"+55 11 5555-0199\""
                ),
            ),
            Self::Context(name) => Text::new(
                format!(
                    "the domain {name:?} cannot have its own dialplan, as FusionPBX serves a context of that name to other calls: rename the domain"
                ),
                format!(
                    "o domínio {name:?} não pode ter dialplan próprio, pois o FusionPBX serve um contexto com esse nome a outras chamadas: renomeie o domínio"
                ),
            ),
            Self::Domain(name) => Text::new(
                format!("FusionPBX has no enabled domain {name:?}: see Advanced, Domains"),
                format!("o FusionPBX não tem um domínio ativo {name:?}: veja Avançado, Domínios"),
            ),
            Self::Description => Text::new(
                "a description cannot have a NUL character: leave it out",
                "uma descrição não pode ter o caractere NUL: retire-o",
            ),
            Self::Order(order) => Text::new(
                format!("the order {order} is out of range: give 1 to 998, best 200 to 300"),
                format!(
                    "a ordem {order} está fora da faixa: indique de 1 a 998, de preferência de 200 a 300"
                ),
            ),
            Self::FallbackIsItself(extension) => Text::new(
                format!(
                    "{extension} cannot be its own fallback: name an extension that a person or a mailbox answers"
                ),
                format!(
                    "{extension} não pode ser a própria alternativa: indique um ramal que uma pessoa ou uma caixa postal atenda"
                ),
            ),
            Self::Owned { number, owner } => Text::new(
                format!(
                    "{number} is taken by {}: choose another number",
                    owner.in_lang(Lang::En)
                ),
                format!(
                    "{number} já pertence a {}: escolha outro número",
                    owner.in_lang(Lang::PtBr)
                ),
            ),
            Self::NoSecretary { extension, domain } => Text::new(
                format!(
                    "no secretary answers {extension} of {domain}: name the extension of one with --extension, or put one there first: \
                     voice-ai setup --domain {domain} --extension {extension}"
                ),
                format!(
                    "nenhuma secretária atende {extension} de {domain}: indique o ramal de uma com --extension, ou coloque uma ali antes: \
                     voice-ai setup --domain {domain} --extension {extension}"
                ),
            ),
            Self::OfAnotherPage(name) => Text::new(
                format!(
                    "the row {name:?} belongs to another page of FusionPBX and only leads to ours: change or delete it in Dialplan, \
                     Destinations or Inbound Routes"
                ),
                format!(
                    "a linha {name:?} pertence a outra página do FusionPBX e só leva à nossa: altere ou exclua em Plano de Discagem, \
                     Destinos ou Rotas de Entrada"
                ),
            ),
            Self::Taken { number, row, order } => Text::new(
                format!(
                    "the row {row:?} (order {order}) takes calls to {number} before ours could: choose another number, or change that row"
                ),
                format!(
                    "a linha {row:?} (ordem {order}) fica com as chamadas para {number} antes da nossa: escolha outro número ou altere essa linha"
                ),
            ),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().in_lang(Lang::En))
    }
}

impl std::error::Error for Refusal {}

impl From<ArgumentError> for Refusal {
    fn from(error: ArgumentError) -> Self {
        Self::Argument(error)
    }
}

impl From<Unwritable> for Refusal {
    fn from(unwritable: Unwritable) -> Self {
        Self::Unwritable(unwritable)
    }
}
