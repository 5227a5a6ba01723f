//! What FusionPBX's Lua keeps of the dialplan.

use super::folders::Folders;
use super::text;
use crate::cache::of_dialplan;
use crate::{CacheFacts, CacheFile, CacheMethod, CacheSettings, Host, Text, Unread, User, Want};
use roxmltree::Document;
use std::fs;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// The most that is read of a file. A context of FusionPBX's defaults has 42 KB (measured).
const FILE: u64 = 4 << 20;

/// The most that is read of all files; what is over it is left out.
const ALL: usize = 64 << 20;

/// How long memcached may take.
const PATIENCE: Duration = Duration::from_millis(1_000);

/// The port of memcached, as delivered.
const MEMCACHED: u16 = 11_211;

/// What the files say.
pub(super) fn find(host: &Host, lua: &CacheSettings, user: Option<&User>) -> Result<CacheFacts, Unread> {
    let is_of_files = lua.method == CacheMethod::File;
    let files = if is_of_files {
        files(host, &lua.location).map_err(|error| super::script::unread(&lua.location, &error))?
    } else {
        Vec::new()
    };
    Ok(CacheFacts {
        lua: lua.clone(),
        files,
        writable: user
            .filter(|_| is_of_files)
            .and_then(|user| writable(host, &lua.location, user)),
        memcached: None,
    })
}

fn writable(host: &Host, location: &Path, user: &User) -> Option<bool> {
    match host.may(user, location, Want::Write) {
        Ok(allowed) => allowed,
        Err(error) => (error.kind() == ErrorKind::NotFound).then_some(false),
    }
}

fn files(host: &Host, location: &Path) -> io::Result<Vec<CacheFile>> {
    let entries = match fs::read_dir(host.path(location)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names: Vec<_> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| of_dialplan(name))
        .collect();
    names.sort();
    let mut length = 0;
    let mut files = Vec::with_capacity(names.len());
    for name in names {
        if length > ALL {
            break;
        }
        // It may be gone meanwhile.
        let Ok(text) = text::beginning(&host.path(location.join(&name)), FILE) else {
            continue;
        };
        length += text.len();
        files.push(CacheFile { name, text });
    }
    Ok(files)
}

/// Whether the memcached that mod_memcache is configured with answers.
pub(super) async fn memcached(host: &Host, folders: &Folders) -> Result<(), Unread> {
    let server = server(host, folders);
    let told = timeout(PATIENCE, version(&server)).await;
    let why = match told {
        Ok(Ok(told)) if told.starts_with("VERSION ") => return Ok(()),
        Ok(Ok(told)) => format!("{:?}", told.chars().take(40).collect::<String>()),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("{PATIENCE:?}"),
    };
    Err(Unread(Text::new(
        format!("no memcached answers at {server}: {why}"),
        format!("nenhum memcached responde em {server}: {why}"),
    )))
}

async fn version(server: &str) -> io::Result<String> {
    let found: Option<SocketAddr> = lookup_host(server).await?.next();
    let address = found.ok_or_else(|| io::Error::from(ErrorKind::NotFound))?;
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"version\r\n").await?;
    let mut told = [0; 64];
    let length = stream.read(&mut told).await?;
    Ok(String::from_utf8_lossy(&told[..length]).trim_end().to_owned())
}

/// The first of `memcache-servers` in memcache.conf.xml (`localhost`, `10.0.0.1:11211`, each perhaps with a weight behind).
fn server(host: &Host, folders: &Folders) -> String {
    let conf = folders.conf.join("autoload_configs/memcache.conf.xml");
    let text = text::beginning(&host.path(conf), 1 << 16).unwrap_or_default();
    let servers = Document::parse(&text).ok().and_then(|document| {
        let mut nodes = document.descendants();
        let node = nodes.find(|node| node.attribute("name") == Some("memcache-servers"))?;
        node.attribute("value").map(str::to_owned)
    });
    let servers = servers.unwrap_or_default();
    let first = servers.split(',').next().unwrap_or_default().trim();
    let mut parts = first.split(':');
    let name = parts
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or("127.0.0.1");
    let port = parts
        .next()
        .and_then(|port| port.parse().ok())
        .unwrap_or(MEMCACHED);
    format!("{name}:{port}")
}
