//! What is told of a plan.

use super::plan::{Plan, subject};
use crate::{Change, Lang, SwitchChange, Text};

/// When what is left is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// When the journal is next opened.
    NextCommand,
    /// Never: somebody else has made something of it that is let be.
    Never,
}

/// What a plan could not do after its commit, or put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// What it is about.
    pub what: Text,
    /// Why, and what helps.
    pub why: Text,
    /// Whether it is kept.
    pub again: Again,
}

impl Left {
    /// What to tell.
    pub fn text(&self) -> Text {
        let tell = |lang, end| format!("{}: {}{end}", self.what.in_lang(lang), self.why.in_lang(lang));
        match self.again {
            Again::NextCommand => Text::new(
                tell(Lang::En, "; the next command tries again"),
                tell(Lang::PtBr, "; o próximo comando tenta de novo"),
            ),
            Again::Never => Text::new(tell(Lang::En, ""), tell(Lang::PtBr, "")),
        }
    }

    pub(super) fn later(change: &Change, why: Text) -> Self {
        Self {
            what: about(change),
            why,
            again: Again::NextCommand,
        }
    }

    pub(super) fn let_be(change: &Change) -> Self {
        Self {
            what: about(change),
            why: Text::new(
                "somebody else has changed it meanwhile, and it is let be",
                "outra pessoa o alterou nesse meio-tempo, e ele fica como está",
            ),
            again: Again::Never,
        }
    }
}

/// What became of an unfinished plan of an earlier command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// The plan's name.
    pub name: String,
    /// What was done about it.
    pub outcome: Recovery,
    /// What is still left.
    pub left: Vec<Left>,
}

/// What was done about an unfinished plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Its rows were there: the rest was done.
    Finished,
    /// Its rows were not there: its files are as before.
    TakenBack,
}

impl Recovered {
    /// What to tell.
    pub fn text(&self) -> Text {
        let name = &self.name;
        match (self.outcome, self.left.is_empty()) {
            (Recovery::Finished, true) => Text::new(
                format!("{name}, which an earlier command did not finish, is finished now"),
                format!("{name}, que um comando anterior não terminou, agora está terminado"),
            ),
            (Recovery::Finished, false) => Text::new(
                format!("{name}, which an earlier command did not finish, still lacks something"),
                format!("{name}, que um comando anterior não terminou, ainda não está completo"),
            ),
            (Recovery::TakenBack, _) => Text::new(
                format!(
                    "{name}, which an earlier command did not finish, is taken back: all is as it was before it"
                ),
                format!(
                    "{name}, que um comando anterior não terminou, foi desfeito: tudo está como antes dele"
                ),
            ),
        }
    }
}

/// What a change is about.
fn about(change: &Change) -> Text {
    match change {
        Change::File(_) | Change::Row(_) => Text::plain(subject(change)),
        Change::CacheKey(key) => Text::new(format!("the cache key {key}"), format!("a chave de cache {key}")),
        Change::Switch(SwitchChange::ReloadXml) => Text::new(
            "FreeSWITCH has not read its XML again",
            "o FreeSWITCH não leu o XML de novo",
        ),
        Change::Switch(SwitchChange::Load(module)) => Text::new(
            format!("FreeSWITCH has not loaded {module}"),
            format!("o FreeSWITCH não carregou {module}"),
        ),
        Change::Unit { run: true } => Text::new("the service is not started", "o serviço não foi iniciado"),
        Change::Unit { run: false } => Text::new("the service is not stopped", "o serviço não foi parado"),
        Change::UnitBack(_) => Text::new(
            "the service's unit is not as it was before",
            "a unidade do serviço não está como antes",
        ),
    }
}

/// A change that may take long, before it is done.
pub(super) fn begun(change: &Change) -> Option<Text> {
    match change {
        Change::Unit { .. } | Change::UnitBack(_) => Some(Text::new(
            "voice-ai-realtime is told; where it runs, its calls are finished first, which may take up to 90 s …",
            "voice-ai-realtime é avisado; se estiver rodando, as chamadas terminam antes, o que pode levar até 90 s …",
        )),
        _ => None,
    }
}

/// A change that was done.
pub(super) fn done(change: &Change) -> Text {
    match change {
        Change::File(file) => {
            let path = file.path.display();
            match file.after {
                Some(_) => Text::new(format!("{path} written"), format!("{path} escrito")),
                None => Text::new(format!("{path} removed"), format!("{path} removido")),
            }
        }
        Change::Row(row) => Text::plain(format!("{} {}", row.table.name(), row.key)),
        Change::CacheKey(key) => Text::new(
            format!("cache key {key} cleared"),
            format!("chave de cache {key} apagada"),
        ),
        Change::Switch(SwitchChange::ReloadXml) => Text::new(
            "FreeSWITCH has read its XML again",
            "o FreeSWITCH leu o XML de novo",
        ),
        Change::Switch(SwitchChange::Load(module)) => Text::new(
            format!("FreeSWITCH has loaded {module}"),
            format!("o FreeSWITCH carregou {module}"),
        ),
        Change::Unit { run: true } => Text::new("the service runs", "o serviço está em execução"),
        Change::Unit { run: false } => Text::new("the service is stopped", "o serviço está parado"),
        Change::UnitBack(_) => Text::new(
            "the service's unit is as it was before",
            "a unidade do serviço está como antes",
        ),
    }
}

/// The commit.
pub(super) fn committed(plan: &Plan) -> Text {
    let rows = plan.rows().len();
    Text::new(
        format!("rows of FusionPBX's database written: {rows}"),
        format!("linhas do banco de dados do FusionPBX escritas: {rows}"),
    )
}

/// Everything is as before.
pub(super) fn taken_back(name: &str) -> Text {
    Text::new(
        format!("{name}: all is as it was before"),
        format!("{name}: tudo está como antes"),
    )
}
