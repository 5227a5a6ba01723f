//! The installation that is looked at: the machine, and the service's configuration on it.

use crate::config::{HERE, PACKAGED, environment, load};
use crate::lang::Language;
use anyhow::Context as _;
use fusionpbx::{
    Domain, Facts, HomeFacts, Host, Lang, Reality, Service, ServiceDomain, ServiceSecretary, Settings,
    SurveyOptions, Text, event_socket, home, survey, unit_config,
};
use gateway::config::{ConfigErrors, Secret, Verify};
use gateway::{Config, Inventory};
use secretary::DomainUuid;
use std::io::{IsTerminal as _, stderr};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;

/// Where the package has secretaries.
const SECRETARIES: &str = "/etc/voice-ai/secretaries";

/// After so long somebody at a terminal is told that it goes on.
const SILENCE: Duration = Duration::from_millis(700);

/// Which installation, and in which language it is told of.
#[derive(clap::Args)]
pub(crate) struct Site {
    /// The service's configuration file [default: the one that the service's unit names, else /etc/voice-ai/voice-ai.toml];
    /// VOICE_AI__SECTION__KEY=value in the environment goes before it.
    #[arg(long, value_name = "FILE", env = "VOICE_AI_CONFIG")]
    config: Option<PathBuf>,
    /// The folder where the machine's file system is, in a container or on a mounted disk.
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
    #[command(flatten)]
    language: Language,
}

/// An installation, as it was found.
pub(crate) struct Found {
    pub(crate) host: Host,
    /// The language in which it is told of.
    pub(crate) lang: Lang,
    pub(crate) facts: Facts,
    /// The service's configuration; the defaults where it is wrong.
    pub(crate) config: Config,
    /// The folder of secretaries' files.
    pub(crate) secretaries: PathBuf,
    /// Whether the service reads that folder, or would if it were configured.
    pub(crate) reads_secretaries: bool,
}

impl Site {
    /// The language that is asked for.
    pub(crate) fn lang(&self) -> Lang {
        self.language.lang()
    }

    /// Looks at all of it.
    pub(crate) async fn find(&self) -> Found {
        let host = Host::new(&self.root);
        let configured = self.configured(&host);
        self.tell_overlooked(&configured.service.config);
        let looking = survey(&host, configured.service, &configured.options);
        let facts = patiently(looking, self.lang()).await;
        Found {
            host,
            lang: self.lang(),
            facts,
            config: configured.config,
            secretaries: configured.secretaries,
            reads_secretaries: configured.reads_secretaries,
        }
    }

    /// The configuration that is named. An empty name is none.
    fn named(&self) -> Option<&Path> {
        self.config.as_deref().filter(|file| !file.as_os_str().is_empty())
    }

    /// Somebody who works in a folder with a configuration is told that it is not the service's.
    fn tell_overlooked(&self, config: &Path) {
        let here = std::path::absolute(HERE).unwrap_or_else(|_| HERE.into());
        if self.named().is_some() || !here.is_file() || here == config {
            return;
        }
        let (here, config) = (here.display(), config.display());
        match self.lang() {
            Lang::En => {
                eprintln!("voice-ai: the service reads {config}; {here} is not looked at (--config names it)")
            }
            Lang::PtBr => {
                eprintln!("voice-ai: o serviço lê {config}; {here} não é considerado (--config o indica)")
            }
        }
    }

    /// The configuration that is named, else the one that the service's unit names, else the package's, else the defaults. One in this folder
    /// is no service's. What is wrong with it is a finding.
    fn configured(&self, host: &Host) -> Configured {
        let of_service = || unit_config(host).unwrap_or_else(|| PACKAGED.into());
        let (there, shown) = match (host.is_here(), self.named()) {
            (true, Some(named)) => (named.to_owned(), named.to_owned()),
            (false, Some(named)) => {
                let shown = self.of_machine(named);
                (host.path(&shown), shown)
            }
            (_, None) => {
                let shown = of_service();
                (host.path(&shown), shown)
            }
        };
        let file = there.is_file().then_some(there);
        let (config, inventory) = match self.loaded(host, file.as_deref()) {
            Ok(config) => {
                let inventory = Inventory::of(&config);
                (config, inventory)
            }
            Err(errors) => {
                let wrong = errors.iter().map(ToString::to_string).collect();
                let nothing = Inventory {
                    snapshot: None,
                    wrong,
                    unserved: Vec::new(),
                    missing_models: Vec::new(),
                };
                (Config::default(), nothing)
            }
        };
        let configured = Configured::of(&shown, file.is_some(), config, inventory);
        Configured {
            secretaries: self.of_machine(&configured.secretaries),
            ..configured
        }
    }

    /// A path as the machine itself has it.
    fn of_machine(&self, path: &Path) -> PathBuf {
        Path::new("/").join(path.strip_prefix(&self.root).unwrap_or(path))
    }

    /// Reads the configuration. What it names by an absolute path lies below the root, where that is not this machine's own.
    fn loaded(&self, host: &Host, file: Option<&Path>) -> Result<Config, ConfigErrors> {
        let Some(file) = file.filter(|_| !host.is_here()) else {
            return load(file);
        };
        let Ok(text) = std::fs::read_to_string(file) else {
            return load(Some(file));
        };
        Config::parse_for(
            Some((&file.display().to_string(), &text)),
            environment(),
            &self.root,
            &[],
        )
    }
}

/// Waits, and says so to somebody at a terminal once it takes long: whatever does not answer is given its time.
async fn patiently(looking: impl Future<Output = Facts>, lang: Lang) -> Facts {
    let mut looking = pin!(looking);
    if let Ok(facts) = timeout(SILENCE, &mut looking).await {
        return facts;
    }
    if stderr().is_terminal() {
        match lang {
            Lang::En => eprintln!("voice-ai: waiting for what does not answer …"),
            Lang::PtBr => eprintln!("voice-ai: aguardando o que não responde …"),
        }
    }
    looking.await
}

impl Found {
    /// The service's own files.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) fn home(&self) -> anyhow::Result<HomeFacts> {
        home(&self.host, &self.facts.service.config)
            .context("the service's files cannot be read; run this as root")
    }

    /// How its parts are reached for changes.
    ///
    /// # Errors
    /// When FusionPBX's configuration cannot be read.
    pub(crate) async fn reality(&self) -> anyhow::Result<Reality> {
        let settings = Settings::read(&self.host)?;
        let socket = event_socket(Ok(&settings), &self.facts.service).await;
        Ok(Reality::new(self.host.clone(), settings, socket))
    }

    /// A sentence in the language of who asks.
    pub(crate) fn told(&self, text: &Text) -> String {
        text.in_lang(self.lang).to_owned()
    }

    /// The domain that is meant, by its name or UUID; the only one where none is.
    ///
    /// # Errors
    /// Why there is none, in the language of who asks.
    pub(crate) fn domain(&self, wanted: Option<&str>) -> Result<Domain, String> {
        let told = |text: Text| self.told(&text);
        let database = self.facts.database.as_ref().map_err(|why| self.told(&why.0))?;
        let enabled = database.domains.iter().filter(|domain| domain.enabled);
        let names: Vec<_> = enabled.clone().map(|domain| domain.name.as_str()).collect();
        let names = names.join(", ");
        let Some(wanted) = wanted else {
            let mut enabled = enabled;
            return match (enabled.next(), enabled.next()) {
                (Some(only), None) => Ok(only.clone()),
                _ => Err(told(Text::new(
                    format!("say which domain is meant with --domain: {names}"),
                    format!("diga com --domain qual domínio é: {names}"),
                ))),
            };
        };
        let is_meant = |domain: &&Domain| {
            domain.name.eq_ignore_ascii_case(wanted) || domain.uuid.to_string().eq_ignore_ascii_case(wanted)
        };
        let found = database.domains.iter().find(is_meant);
        found.cloned().ok_or_else(|| {
            told(Text::new(
                format!("FusionPBX has no domain {wanted:?}; it has {names}"),
                format!("o FusionPBX não tem o domínio {wanted:?}; tem {names}"),
            ))
        })
    }

    /// The one domain to which a command is confined; `None` where none is named, and all are meant.
    ///
    /// # Errors
    /// As of [`Found::domain`].
    pub(crate) fn only(&self, wanted: Option<&str>) -> Result<Option<DomainUuid>, String> {
        let named = wanted.map(|wanted| self.domain(Some(wanted)));
        Ok(named.transpose()?.map(|domain| domain.uuid))
    }
}

/// What the configuration says.
struct Configured {
    service: Service,
    options: SurveyOptions,
    secretaries: PathBuf,
    reads_secretaries: bool,
    config: Config,
}

impl Configured {
    fn of(file: &Path, is_there: bool, config: Config, inventory: Inventory) -> Self {
        let secret = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
        let dir = config.secretaries.dir.clone();
        Self {
            options: SurveyOptions {
                stream_token: secret(&config.server.token),
                control_token: secret(&config.server.control_token),
                believes: config.server.verify == Verify::Nothing,
            },
            service: service(file, is_there, &config, inventory),
            // Without a configuration the package's is written, which names the folder.
            reads_secretaries: dir.as_ref().map_or(!is_there, |dir| dir.is_absolute()),
            secretaries: dir.unwrap_or_else(|| SECRETARIES.into()),
            config,
        }
    }
}

fn service(file: &Path, is_configured: bool, config: &Config, inventory: Inventory) -> Service {
    let snapshot = inventory.snapshot.unwrap_or_default();
    let domains = config.domain_entries().into_iter().map(|entry| {
        let loaded = snapshot.domains.get(&entry.uuid);
        let secretaries = loaded.iter().flat_map(|domain| domain.secretaries.values());
        ServiceDomain {
            uuid: entry.uuid,
            name: Some(entry.name),
            secretaries: secretaries
                .map(|secretary| ServiceSecretary {
                    uuid: secretary.uuid,
                    name: secretary.name.clone(),
                })
                .collect(),
        }
    });
    Service {
        config: file.to_owned(),
        is_configured,
        listen: config.server.listen,
        control: config.server.control,
        tls: config.server.tls.is_some(),
        token: config
            .server
            .token
            .as_ref()
            .map(|token| fusionpbx::Secret::new(token.expose())),
        event_sockets: config
            .pbx
            .iter()
            .map(|pbx| (pbx.host.clone(), pbx.port))
            .collect(),
        domains: domains.collect(),
        wrong: inventory.wrong,
        unserved: inventory.unserved,
        missing_models: inventory.missing_models,
        models: config.models.dir.clone(),
        keys: Vec::new(),
    }
}
