//! The questions, in both languages.

use secretary::{Draft, Language};

/// The words of one language.
pub(super) struct Wording {
    pub(super) language: &'static str,
    pub(super) company: &'static str,
    pub(super) some_company: &'static str,
    pub(super) name: &'static str,
    pub(super) some_name: &'static str,
    pub(super) domain: &'static str,
    pub(super) hours: &'static str,
    pub(super) saturday: &'static str,
    pub(super) closed: &'static str,
    pub(super) timezone: &'static str,
    pub(super) destination: &'static str,
    pub(super) greeting: &'static str,
    pub(super) nothing: &'static str,
    folder: &'static str,
    default: &'static str,
}

impl Wording {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::PtBr => &PT_BR,
            Language::En => &EN,
        }
    }

    /// What is left to do. `homeless` if the configuration names no folder of secretaries.
    pub(super) fn hints(&self, draft: &Draft, homeless: bool) -> Vec<String> {
        let folder = homeless.then(|| self.folder.to_owned());
        let default = self
            .default
            .replace("{name}", &draft.name)
            .replace("{domain}", &draft.domain);
        folder.into_iter().chain([default]).collect()
    }
}

const PT_BR: Wording = Wording {
    language: "Idioma (pt-BR ou en)",
    company: "Nome da empresa",
    some_company: "Minha Empresa",
    name: "Nome da secretária na configuração",
    some_name: "recepcao",
    domain: "Domínio pelo qual ela atende",
    hours: "Horário de segunda a sexta (vários com vírgula, ou \"sempre\")",
    saturday: "Horário no sábado (ou \"fechado\")",
    closed: "fechado",
    timezone: "Fuso horário",
    destination: "Para quem passar ligações: nome e ramal, como \"financeiro 2001\" (linha vazia para terminar)",
    greeting: "Saudação",
    nothing: "Escreva alguma coisa.",
    folder: "A configuração não tem pasta de secretárias: ponha [secretaries] dir = \"...\" com a pasta destes arquivos.",
    default: "Para que ela atenda todas as ligações de {domain}: default_secretary = \"{name}\" em [[domains]].",
};

const EN: Wording = Wording {
    language: "Language (pt-BR or en)",
    company: "The company's name",
    some_company: "My Company",
    name: "The secretary's name in the configuration",
    some_name: "reception",
    domain: "The domain that it answers for",
    hours: "Open from Monday to Friday (several with commas, or \"always\")",
    saturday: "Open on Saturdays (or \"closed\")",
    closed: "closed",
    timezone: "Time zone",
    destination: "Whom to hand calls to: name and extension, like \"billing 2001\" (an empty line ends)",
    greeting: "Greeting",
    nothing: "Write something.",
    folder: "The configuration has no folder of secretaries: set [secretaries] dir = \"...\" to the folder of these files.",
    default: "To have it answer all calls of {domain}: default_secretary = \"{name}\" in [[domains]].",
};
