//! In which language operators are spoken to.

use clap::ValueEnum;
use fusionpbx::Lang;

/// The language of what is printed.
#[derive(clap::Args)]
pub(crate) struct Language {
    /// The language [default: that of LC_ALL, LC_MESSAGES or LANG].
    #[arg(long, value_enum, value_name = "LANG")]
    lang: Option<Choice>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Choice {
    /// English.
    En,
    /// Brazilian Portuguese.
    #[value(name = "pt-BR", alias = "pt", alias = "pt-br", alias = "pt_BR")]
    PtBr,
}

impl Language {
    /// The language that is asked for, else the environment's (POSIX: the first of the three that is set and not empty).
    pub(crate) fn lang(&self) -> Lang {
        match self.lang {
            Some(Choice::En) => Lang::En,
            Some(Choice::PtBr) => Lang::PtBr,
            None => ["LC_ALL", "LC_MESSAGES", "LANG"]
                .into_iter()
                .filter_map(|name| std::env::var(name).ok())
                .find(|locale| !locale.is_empty())
                .map_or(Lang::En, |locale| Lang::of_locale(&locale)),
        }
    }
}
