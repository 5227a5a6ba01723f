//! The Lua script in FreeSWITCH's folder.

use crate::plan::shown_at;
use crate::{FileFacts, Host, Owner, ScriptFacts, ShownToken, Text, Unread, User, Want};
use freeswitch::SCRIPT_NAME;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Our script has some 20 KB, modules.conf.xml 10 KB. What is longer is neither, and its beginning tells so.
const LONGEST: u64 = 1 << 20;

pub(super) fn find(host: &Host, folder: &Path, user: Option<&User>) -> Result<ScriptFacts, Unread> {
    let path = folder.join(SCRIPT_NAME);
    let file = file(host, &path).map_err(|error| unread(&path, &error))?;
    Ok(ScriptFacts {
        readable: readable(host, &path, file.as_ref(), user),
        token: token(host, &shown_at(&path), user),
        path,
        file,
    })
}

fn token(host: &Host, path: &Path, user: Option<&User>) -> Result<ShownToken, Unread> {
    let file = file(host, path).map_err(|error| unread(path, &error))?;
    Ok(ShownToken {
        readable: readable(host, path, file.as_ref(), user),
        file,
    })
}

/// Whether FreeSWITCH's user can read a file that is there.
fn readable(host: &Host, path: &Path, file: Option<&FileFacts>, user: Option<&User>) -> Option<bool> {
    file?;
    host.may(user?, path, Want::Read).ok().flatten()
}

/// A file, where there is one.
pub(super) fn file(host: &Host, path: &Path) -> io::Result<Option<FileFacts>> {
    let there = host.path(path);
    let found = match fs::metadata(&there) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    Ok(Some(FileFacts {
        text: super::text::beginning(&there, LONGEST)?,
        mode: found.mode() & 0o7777,
        owner: Owner {
            uid: found.uid(),
            gid: found.gid(),
        },
    }))
}

/// Why a file could not be read.
pub(super) fn unread(path: &Path, error: &io::Error) -> Unread {
    let path = path.display();
    Unread(Text::new(
        format!("{path} cannot be read: {error}; run this as root"),
        format!("{path} não pode ser lido: {error}; execute como root"),
    ))
}
