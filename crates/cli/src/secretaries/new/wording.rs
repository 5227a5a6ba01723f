//! The questions, in both languages.

use secretary::{Draft, HoursError, Language};
use std::path::Path;

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
    /// Refusals; {answer} is what was answered.
    pub(super) no_language: &'static str,
    pub(super) no_destination: &'static str,
    pub(super) spaced_number: &'static str,
    pub(super) destination_twice: &'static str,
    pub(super) several_domains: &'static str,
    pub(super) no_domain: &'static str,
    no_span: &'static str,
    no_timezone: &'static str,
    folder: &'static str,
    not_read: &'static str,
    default: &'static str,
}

impl Wording {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::PtBr => &PT_BR,
            Language::En => &EN,
        }
    }

    /// One of the refusals, with what was answered in it.
    pub(super) fn refusal(refusal: &str, answer: &str) -> String {
        refusal.replace("{answer}", &format!("{answer:?}"))
    }

    /// What is wrong with hours.
    pub(super) fn wrong_hours(&self, error: &HoursError) -> String {
        let refusal = match error {
            HoursError::Timezone(_) => self.no_timezone,
            HoursError::Span(_) | HoursError::Holiday(_) => self.no_span,
        };
        Self::refusal(refusal, error.value())
    }

    /// What is left to do, where the file is written to `file` and the configuration names that folder of secretaries, or none.
    pub(super) fn hints(&self, draft: &Draft, file: &Path, dir: Option<&Path>) -> Vec<String> {
        let folder = match dir {
            None => Some(self.folder.to_owned()),
            Some(dir) if !is_read(file, dir) => Some(
                self.not_read
                    .replace("{file}", &file.display().to_string())
                    .replace("{dir}", &dir.display().to_string()),
            ),
            Some(_) => None,
        };
        let default = self
            .default
            .replace("{name}", &draft.name)
            .replace("{domain}", &draft.domain);
        folder.into_iter().chain([default]).collect()
    }
}

/// Whether the folder of secretaries has this file, itself or in a direct subfolder. Both are there.
fn is_read(file: &Path, dir: &Path) -> bool {
    let (Ok(whole), Ok(dir)) = (file.canonicalize(), dir.canonicalize()) else {
        return false;
    };
    let is_in = whole.ancestors().skip(1).take(2).any(|folder| folder == dir);
    is_in && whole.extension().is_some_and(|kind| kind == "toml")
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
    no_language: "{answer} não é um idioma que ela fale; escreva pt-BR ou en",
    no_destination: "{answer} não é um nome com um número; escreva como \"financeiro 2001\"",
    spaced_number: "{answer} tem um número em várias palavras; escreva-o sem espaços, como \"plantão +5511987654321\"",
    destination_twice: "já existe {answer}; dê a cada um o seu próprio nome",
    several_domains: "há vários domínios na configuração; diga qual (opção --domain)",
    no_domain: "{answer} não é um domínio da configuração; use um destes",
    no_span: "{answer} não é um horário; escreva como \"08:00-18:00\"",
    no_timezone: "{answer} não é um fuso horário; use um nome IANA, como America/Sao_Paulo",
    folder: "A configuração não tem pasta de secretárias: ponha [secretaries] dir = \"...\" com a pasta destes arquivos.",
    not_read: "O servidor não vai ler {file}: lê só arquivos .toml de {dir} (secretaries.dir) e das suas subpastas diretas.",
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
    no_language: "{answer} is no language that it speaks; write pt-BR or en",
    no_destination: "{answer} is no name with a number; write it like \"billing 2001\"",
    spaced_number: "{answer} has a number in several words; write it without spaces, like \"duty +15551234\"",
    destination_twice: "there is a {answer} already; give each a name of its own",
    several_domains: "several domains are configured; say which (option --domain)",
    no_domain: "{answer} is no configured domain; use one of",
    no_span: "{answer} is no span of hours; write it like \"08:00-18:00\"",
    no_timezone: "{answer} is no time zone; use an IANA name such as America/Sao_Paulo",
    folder: "The configuration has no folder of secretaries: set [secretaries] dir = \"...\" to the folder of these files.",
    not_read: "The server will not read {file}: it reads only .toml files of {dir} (secretaries.dir) and of its direct subfolders.",
    default: "To have it answer all calls of {domain}: default_secretary = \"{name}\" in [[domains]].",
};
