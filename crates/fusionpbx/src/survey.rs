//! What is there: everything is read side by side, each part with a patience of its own, and nothing is changed.

mod cache;
mod database;
mod folders;
mod home;
mod module;
mod script;
mod server;
mod switch;
mod text;

pub use home::{home, unit_config};

use crate::settings::{EventSocket, Settings};
use crate::{
    CacheFacts, CacheMethod, Facts, Host, Installation, ModuleFacts, Owner, ScriptFacts, Service,
    SwitchFacts, SystemFacts, Text, Unread, User,
};
use folders::Folders;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tokio::task::spawn_blocking;

/// What the service is shown, beside what its configuration says.
#[derive(Clone, Default)]
pub struct Options {
    /// The secret of `server.token`, where it is known.
    pub stream_token: Option<String>,
    /// The secret of `server.control_token`, where it is known.
    pub control_token: Option<String>,
    /// Whether the service believes every stream (`server.verify = "nothing"`): a whole upgrade would begin a call, so half of one is
    /// asked for, which says nothing of FreeSWITCH's side.
    pub believes: bool,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("stream_token", &self.stream_token.is_some())
            .field("control_token", &self.control_token.is_some())
            .field("believes", &self.believes)
            .finish()
    }
}

/// Looks at everything. At most two seconds where all is well, and little more where nothing answers.
pub async fn survey(host: &Host, service: Service, options: &Options) -> Facts {
    let begun = Instant::now();
    let settings = look(host, |host| {
        Settings::read(host).map_err(|error| Unread::from(&error))
    })
    .await;
    let (near, database, server) = tokio::join!(
        Box::pin(near(host, settings.as_ref(), &service)),
        Box::pin(database::find(settings.as_ref())),
        Box::pin(server::find(host, &service, options)),
    );
    let server = server.with_connection(&service, &near.switch.esl).await;
    let server_process = server::process(host, server.port.as_ref());
    let installation = settings.map(|settings| Installation {
        version: database.facts.as_ref().ok().map(|facts| facts.version.clone()),
        ..settings.installation
    });
    let system = SystemFacts {
        disk: least_free(host, &near, installation.as_ref().ok()),
        installation,
        database_clock_ms: database.clock_ms,
        switch_clock_ms: near.clock_ms,
        file_limit: server_process.and_then(|pid| host.file_limit(pid)),
        took: begun.elapsed(),
    };
    Facts {
        service,
        system,
        switch: near.switch,
        database: database.facts,
        cache: near.cache,
        script: near.script,
        module: near.module,
        server,
    }
}

/// What is near FreeSWITCH, and told by it or lies where it says.
struct Near {
    switch: SwitchFacts,
    clock_ms: Option<i64>,
    folders: Folders,
    script: Result<ScriptFacts, Unread>,
    module: Result<ModuleFacts, Unread>,
    cache: Result<CacheFacts, Unread>,
}

async fn near(host: &Host, settings: Result<&Settings, &Unread>, service: &Service) -> Near {
    let socket = event_socket(settings, service).await;
    let found = switch::find(host, &socket).await;
    if found.facts.running.is_some() && !found.is_here {
        let switch = SwitchFacts {
            process: None,
            ..found.facts
        };
        return elsewhere(switch, found.clock_ms, of_another_machine(&socket));
    }
    if found.facts.apart.files {
        return elsewhere(found.facts, found.clock_ms, of_a_container());
    }
    let installation = settings.ok().map(|settings| &settings.installation);
    let folders = Folders::of(found.facts.running.as_ref(), installation);
    let owner = found.facts.process.as_ref().map(|process| process.owner);
    let (script, module, cache) = tokio::join!(
        look(host, {
            let scripts = folders.scripts.clone();
            move |host| script::find(host, &scripts, user(host, owner).as_ref())
        }),
        look(host, {
            let folders = folders.clone();
            move |host| module::find(host, &folders)
        }),
        Box::pin(cache(host, settings, &folders, owner)),
    );
    let mut switch = found.facts;
    switch.esl.access = switch::access(host, &folders.conf);
    if switch.folder.is_none() {
        // FreeSWITCH has not said where; whose its configured folder is can be told all the same.
        switch.folder = switch::owned(host, &folders.conf);
    }
    Near {
        switch,
        clock_ms: found.clock_ms,
        folders,
        script,
        module,
        cache,
    }
}

/// Where FreeSWITCH's files are not to be seen from here.
fn elsewhere(switch: SwitchFacts, clock_ms: Option<i64>, why: Unread) -> Near {
    Near {
        folders: Folders::of(switch.running.as_ref(), None),
        switch: SwitchFacts {
            folder: None,
            ..switch
        },
        clock_ms,
        script: Err(why.clone()),
        module: Err(why.clone()),
        cache: Err(why),
    }
}

fn of_another_machine(socket: &EventSocket) -> Unread {
    let place = &socket.host;
    Unread(Text::new(
        format!(
            "FreeSWITCH is at {place}, on another machine, whose files are not to be seen from here; run this there"
        ),
        format!(
            "o FreeSWITCH está em {place}, em outra máquina, cujos arquivos não se veem daqui; execute lá"
        ),
    ))
}

fn of_a_container() -> Unread {
    Unread(Text::new(
        "FreeSWITCH has a file system of its own, as in a container, whose files are not to be seen from here; run this in it",
        "o FreeSWITCH tem um sistema de arquivos próprio, como num contêiner, cujos arquivos não se veem daqui; execute dentro dele",
    ))
}

async fn cache(
    host: &Host,
    settings: Result<&Settings, &Unread>,
    folders: &Folders,
    owner: Option<Owner>,
) -> Result<CacheFacts, Unread> {
    let lua = settings.map_err(Unread::clone)?.lua_cache.clone();
    let by_memcached = lua.method == CacheMethod::Memcache;
    let found = look(host, move |host| {
        cache::find(host, &lua, user(host, owner).as_ref())
    })
    .await?;
    if !by_memcached {
        return Ok(found);
    }
    let memcached = cache::memcached(host, folders).await;
    Ok(CacheFacts {
        memcached: Some(memcached),
        ..found
    })
}

/// FusionPBX's event socket. Without a FusionPBX the service's, with the password as delivered.
pub async fn event_socket(settings: Result<&Settings, &Unread>, service: &Service) -> EventSocket {
    match settings {
        Ok(settings) => match &settings.event_socket {
            Some(socket) => socket.clone(),
            None => database::event_socket(settings).await.unwrap_or_default(),
        },
        Err(_) => match service.event_sockets.first() {
            Some((host, port)) => EventSocket {
                host: host.clone(),
                port: *port,
                ..EventSocket::default()
            },
            None => EventSocket::default(),
        },
    }
}

fn user(host: &Host, owner: Option<Owner>) -> Option<User> {
    owner.map(|owner| host.user_of(owner))
}

/// Where the service keeps its records.
pub(crate) const RECORDS: &str = "/var/lib/voice-ai";

/// The least free space among the disks that calls need.
fn least_free(host: &Host, near: &Near, installation: Option<&Installation>) -> Option<(PathBuf, u64, u64)> {
    let cache = near.cache.as_ref().ok().map(|cache| cache.lua.location.as_path());
    let pages = installation.map(|installation| installation.document_root.as_path());
    // Not /tmp, which is a small one in memory on many machines.
    let needed = ["/var/lib/freeswitch", "/var/lib/postgresql", RECORDS];
    let paths = needed
        .iter()
        .map(Path::new)
        .chain([near.folders.logs.as_path()])
        .chain(cache)
        .chain(pages);
    paths
        .filter_map(|path| {
            let (free, all) = host.disk(path).ok()?;
            Some((path.to_owned(), free, all))
        })
        .min_by_key(|(_, free, _)| *free)
}

/// Reads files where that holds up nobody.
async fn look<T: Send + 'static>(
    host: &Host,
    work: impl FnOnce(&Host) -> Result<T, Unread> + Send + 'static,
) -> Result<T, Unread> {
    let host = host.clone();
    match spawn_blocking(move || work(&host)).await {
        Ok(found) => found,
        Err(error) => Err(Unread(Text::new(
            format!("a fault of voice-ai itself: {error}; please report it"),
            format!("uma falha do próprio voice-ai: {error}; por favor, relate-a"),
        ))),
    }
}
