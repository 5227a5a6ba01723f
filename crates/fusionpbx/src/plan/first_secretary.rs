//! The first secretary of a domain that has none.

use crate::{Domain, Lang, ServiceSecretary};
use secretary::{Draft, Language, SecretaryUuid};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// What is said of it; the rest is as usual in the language.
#[derive(Debug, Clone, Default)]
pub struct FirstSecretary {
    /// Its name.
    pub name: Option<String>,
    /// The company that it answers for.
    pub company: Option<String>,
}

impl FirstSecretary {
    /// It, with its file and its script below the folder of secretaries, in the language of who asks.
    pub fn of(
        self,
        domain: &Domain,
        lang: Lang,
        secretaries: &Path,
    ) -> (ServiceSecretary, Vec<(PathBuf, String)>) {
        let (language, usual) = match lang {
            Lang::En => (Language::En, "reception"),
            Lang::PtBr => (Language::PtBr, "recepcao"),
        };
        let company = self.company.unwrap_or_else(|| domain.name.clone());
        let draft = Draft {
            uuid: SecretaryUuid::new(Uuid::new_v4()),
            domain: domain.name.clone(),
            name: self.name.unwrap_or_else(|| usual.to_owned()),
            language,
            greeting: Draft::usual_greeting(language, &company),
            company,
            hours: None,
            destinations: Vec::new(),
        };
        let folder = secretaries.join(&domain.name);
        let file = |ending: &str| folder.join(format!("{}.{ending}", draft.stem()));
        let files = vec![(file("toml"), draft.file()), (file("yaml"), draft.script())];
        let secretary = ServiceSecretary {
            uuid: Some(draft.uuid),
            name: draft.name,
        };
        (secretary, files)
    }
}
