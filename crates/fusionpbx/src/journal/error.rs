//! What can go wrong with a plan.

use super::Holder;
use crate::{Lang, Table, Text};
use std::fmt;
use std::io;
use std::path::PathBuf;
use uuid::Uuid;

/// Why a plan was not carried out, not finished or not taken back. Unless it says otherwise, everything is as it was before.
#[derive(Debug)]
pub enum JournalError {
    /// Another command holds the journal.
    Held(Holder),
    /// A plan of no changes.
    Empty,
    /// A plan that changes one thing twice.
    Twice(String),
    /// A file or folder cannot be read or written.
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The journal's folder belongs to somebody else, or others may write into it.
    NotOurs(PathBuf),
    /// A path that is no plain file of text.
    NotPlain(PathBuf),
    /// A file is not as it was when the plan was made.
    FileChanged(PathBuf),
    /// The database has no such table.
    NoTable(Table),
    /// A table has no such column.
    NoColumn {
        /// Which table.
        table: Table,
        /// The column that was asked for.
        column: String,
    },
    /// A row is not as it was when the plan was made.
    RowChanged {
        /// Of which table.
        table: Table,
        /// Its key.
        key: Uuid,
        /// In what.
        in_what: Difference,
    },
    /// Somebody else has held a row for too long.
    RowLocked {
        /// Of which table.
        table: Table,
        /// Its key.
        key: Uuid,
    },
    /// The database cannot be reached.
    Unreachable(Text),
    /// The database refused a statement.
    Refused {
        /// Of which table.
        table: Table,
        /// What it said.
        source: sqlx::Error,
    },
    /// Whether the rows of a plan were written cannot be told now. Nothing was changed by asking.
    Undecided {
        /// The plan's folder.
        plan: PathBuf,
        /// Why.
        why: Text,
    },
    /// A plan went wrong, and what it had done could not be taken back. The next command tries again.
    NotTakenBack {
        /// What went wrong.
        first: Box<JournalError>,
        /// Why it could not be taken back.
        then: Box<JournalError>,
    },
    /// A plan's folder holds what this program did not write.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No plan has this name.
    Unknown(String),
    /// No plan is there to be taken back.
    NothingToUndo,
    /// A plan cannot be taken back.
    NotUndoable {
        /// Its name.
        name: String,
        /// Why.
        why: Text,
    },
}

/// In what a row differs from what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// It is gone.
    Gone,
    /// It is there, and should not be.
    There,
    /// A column has another value.
    Column(String),
}

impl JournalError {
    /// What to tell.
    pub fn text(&self) -> Text {
        match self {
            Self::Held(holder) => holder.text(),
            Self::Empty => Text::new("there is nothing to change", "não há nada a mudar"),
            Self::Twice(what) => Text::new(
                format!("the plan changes {what} twice; this is a fault of voice-ai, please report it"),
                format!("o plano muda {what} duas vezes; é uma falha do voice-ai, por favor relate"),
            ),
            Self::Io { path, source } => {
                let path = path.display();
                Text::new(
                    format!("{path}: {source}; run the command as root, and see that the disk is not full"),
                    format!("{path}: {source}; execute o comando como root e veja se o disco não está cheio"),
                )
            }
            Self::NotOurs(path) => {
                let path = path.display();
                Text::new(
                    format!(
                        "{path} is not a folder that only the user of this command may write; move it away, or run the command as root"
                    ),
                    format!(
                        "{path} não é uma pasta em que só o usuário deste comando pode escrever; mova-a, ou execute o comando como root"
                    ),
                )
            }
            Self::NotPlain(path) => {
                let path = path.display();
                Text::new(
                    format!("{path} is no plain file of text; put one there, or give the path it points to"),
                    format!(
                        "{path} não é um arquivo de texto comum; coloque um ali, ou dê o caminho para onde ele aponta"
                    ),
                )
            }
            Self::FileChanged(path) => {
                let path = path.display();
                Text::new(
                    format!("{path} was changed meanwhile and is not written over; run the command again"),
                    format!(
                        "{path} foi alterado nesse meio-tempo e não é sobrescrito; execute o comando de novo"
                    ),
                )
            }
            Self::NoTable(table) => {
                let table = table.name();
                Text::new(
                    format!("the database has no table {table}; is it FusionPBX's?"),
                    format!("o banco de dados não tem a tabela {table}; ele é do FusionPBX?"),
                )
            }
            Self::NoColumn { table, column } => {
                let table = table.name();
                Text::new(
                    format!(
                        "{table} has no column {column}; bring FusionPBX's tables up to date with its upgrade.php"
                    ),
                    format!(
                        "{table} não tem a coluna {column}; atualize as tabelas do FusionPBX com o upgrade.php dele"
                    ),
                )
            }
            Self::RowChanged { table, key, in_what } => in_what.text(*table, *key),
            Self::RowLocked { table, key } => {
                let table = table.name();
                Text::new(
                    format!(
                        "another program holds the row {key} of {table}; run the command again when it is done"
                    ),
                    format!(
                        "outro programa está com a linha {key} de {table}; execute o comando de novo quando ele terminar"
                    ),
                )
            }
            Self::Unreachable(why) => around(
                why,
                |why| format!("the database is not reached, and nothing was changed: {why}"),
                |why| format!("não há conexão com o banco de dados, e nada foi mudado: {why}"),
            ),
            Self::Refused { table, source } => {
                let table = table.name();
                Text::new(
                    format!(
                        "the database refuses a change of {table}: {source}; see that its user may write that table"
                    ),
                    format!(
                        "o banco de dados recusa uma mudança em {table}: {source}; veja se o usuário pode escrever nessa tabela"
                    ),
                )
            }
            Self::Undecided { plan, why } => {
                let plan = plan.display();
                around(
                    why,
                    |why| {
                        format!(
                            "whether the rows of {plan} were written cannot be told now, and nothing was changed: {why}"
                        )
                    },
                    |why| {
                        format!(
                            "não se sabe agora se as linhas de {plan} foram escritas, e nada foi mudado: {why}"
                        )
                    },
                )
            }
            Self::NotTakenBack { first, then } => both(
                &first.text(),
                &then.text(),
                |first, then| {
                    format!(
                        "{first}; and what was done could not be taken back: {then}; the next command tries again"
                    )
                },
                |first, then| {
                    format!(
                        "{first}; e o que foi feito não pôde ser desfeito: {then}; o próximo comando tenta de novo"
                    )
                },
            ),
            Self::Unreadable { path, why } => {
                let path = path.display();
                Text::new(
                    format!(
                        "{path} is not as voice-ai wrote it ({why}); move its folder away once you know what it was about"
                    ),
                    format!(
                        "{path} não está como o voice-ai o escreveu ({why}); mova a pasta dele quando souber do que se tratava"
                    ),
                )
            }
            Self::Unknown(name) => Text::new(
                format!("there is no plan {name}; the list of plans shows their names"),
                format!("não há plano {name}; a lista de planos mostra os nomes"),
            ),
            Self::NothingToUndo => Text::new("there is nothing to take back", "não há nada a desfazer"),
            Self::NotUndoable { name, why } => around(
                why,
                |why| format!("{name} cannot be taken back: {why}"),
                |why| format!("{name} não pode ser desfeito: {why}"),
            ),
        }
    }
}

impl Difference {
    fn text(&self, table: Table, key: Uuid) -> Text {
        let table = table.name();
        match self {
            Self::Gone => Text::new(
                format!("the row {key} of {table} is gone meanwhile; run the command again"),
                format!("a linha {key} de {table} sumiu nesse meio-tempo; execute o comando de novo"),
            ),
            Self::There => Text::new(
                format!("the row {key} of {table} has come to be meanwhile; run the command again"),
                format!("a linha {key} de {table} surgiu nesse meio-tempo; execute o comando de novo"),
            ),
            Self::Column(column) => Text::new(
                format!("{column} of the row {key} of {table} was changed meanwhile; run the command again"),
                format!(
                    "{column} da linha {key} de {table} foi alterado nesse meio-tempo; execute o comando de novo"
                ),
            ),
        }
    }
}

fn around(inner: &Text, en: impl Fn(&str) -> String, pt_br: impl Fn(&str) -> String) -> Text {
    Text::new(en(inner.in_lang(Lang::En)), pt_br(inner.in_lang(Lang::PtBr)))
}

fn both(
    one: &Text,
    two: &Text,
    en: impl Fn(&str, &str) -> String,
    pt_br: impl Fn(&str, &str) -> String,
) -> Text {
    Text::new(
        en(one.in_lang(Lang::En), two.in_lang(Lang::En)),
        pt_br(one.in_lang(Lang::PtBr), two.in_lang(Lang::PtBr)),
    )
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().in_lang(Lang::En))
    }
}

impl std::error::Error for JournalError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Refused { source, .. } => Some(source),
            Self::NotTakenBack { first, .. } => Some(first),
            _ => None,
        }
    }
}
