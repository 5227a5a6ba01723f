//! A folder held by its handle. It may be FreeSWITCH's user's, who can put a link in the place of whatever we have looked at by its name;
//! what is done by the handle is done in the folder that was opened, and links in it are not followed.

use super::JournalError;
use crate::{FileState, Owner};
use rustix::fs::{
    AtFlags, Gid, Mode, OFlags, Uid, fchmod, fchown, fsync, mkdirat, openat, renameat, unlinkat,
};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

/// The permissions of chmod.
pub(super) const MODE: u32 = 0o7777;

/// Everybody may look into a folder that we make, as FreeSWITCH's user must.
const FOLDER: Mode = Mode::from_raw_mode(0o755);

/// A folder.
#[derive(Debug)]
pub(super) struct Folder {
    handle: File,
    path: PathBuf,
}

impl Folder {
    /// Opens a folder; `None`: there is none.
    ///
    /// A link on the way is followed only where nobody but root (or we) could have put it: whoever owns a folder above could otherwise
    /// have us write wherever he likes.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, JournalError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = |at: &File, part: &OsStr, flags| openat(at, part, flags, Mode::empty()).map(File::from);
        let beginning = if path.is_absolute() { "/" } else { "." };
        let mut at = openat(rustix::fs::CWD, beginning, flags, Mode::empty())
            .map(File::from)
            .map_err(|error| failed(path)(error.into()))?;
        for part in path.components() {
            let Component::Normal(part) = part else {
                if part == Component::ParentDir {
                    at = open(&at, part.as_os_str(), flags).map_err(|error| failed(path)(error.into()))?;
                }
                continue;
            };
            at = match open(&at, part, flags | OFlags::NOFOLLOW) {
                Ok(next) => next,
                Err(Errno::NOENT) => return Ok(None),
                // A link, or no folder at all.
                Err(Errno::LOOP | Errno::NOTDIR) if is_trusted(&at).map_err(failed(path))? => {
                    match open(&at, part, flags) {
                        Ok(next) => next,
                        Err(Errno::NOENT) => return Ok(None),
                        Err(error) => return Err(failed(path)(error.into())),
                    }
                }
                Err(Errno::LOOP | Errno::NOTDIR) => return Err(JournalError::NotPlain(path.into())),
                Err(error) => return Err(failed(path)(error.into())),
            };
        }
        Ok(Some(Self {
            handle: at,
            path: path.into(),
        }))
    }

    /// Opens a folder, and makes it where there is none, with those above it, whatever our umask says.
    pub(super) fn make(path: &Path) -> Result<Self, JournalError> {
        if let Some(folder) = Self::open(path)? {
            return Ok(folder);
        }
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(failed(path)(ErrorKind::NotFound.into()));
        };
        let above = Self::make(above)?;
        let made = || -> io::Result<File> {
            mkdirat(&above.handle, name, FOLDER)?;
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let handle = File::from(openat(&above.handle, name, flags, Mode::empty())?);
            fchmod(&handle, FOLDER)?;
            Ok(handle)
        };
        Ok(Self {
            handle: made().map_err(failed(path))?,
            path: path.into(),
        })
    }

    /// A file as it is, with its owner; `None`: there is none.
    pub(super) fn read(&self, name: &OsStr) -> Result<Option<FileState>, JournalError> {
        let path = || self.path.join(name);
        // A pipe would be waited for, were it not for NONBLOCK.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = match openat(&self.handle, name, flags, Mode::empty()) {
            Ok(handle) => File::from(handle),
            Err(Errno::NOENT) => return Ok(None),
            // A link, a socket.
            Err(Errno::LOOP | Errno::NXIO) => return Err(JournalError::NotPlain(path())),
            Err(error) => return Err(failed(&path())(error.into())),
        };
        let about = file.metadata().map_err(failed(&path()))?;
        if !about.is_file() {
            return Err(JournalError::NotPlain(path()));
        }
        let mut text = String::new();
        file.read_to_string(&mut text)
            .map_err(|error| match error.kind() {
                ErrorKind::InvalidData => JournalError::NotPlain(path()),
                _ => failed(&path())(error),
            })?;
        Ok(Some(FileState {
            text,
            mode: about.mode() & MODE,
            owner: Some(Owner {
                uid: about.uid(),
                gid: about.gid(),
            }),
        }))
    }

    /// Makes a file that was not there, which is nobody else's until it is whole. It is on the disk when this returns.
    pub(super) fn write(&self, name: &OsStr, state: &FileState) -> Result<(), JournalError> {
        let write = || -> io::Result<()> {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let mut file = File::from(openat(&self.handle, name, flags, Mode::from_raw_mode(0o600))?);
            file.write_all(state.text.as_bytes())?;
            if let Some(owner) = state.owner {
                fchown(
                    &file,
                    Some(Uid::from_raw(owner.uid)),
                    Some(Gid::from_raw(owner.gid)),
                )?;
            }
            fchmod(&file, Mode::from_raw_mode(state.mode & MODE))?;
            file.sync_all()
        };
        write().map_err(failed(&self.path.join(name)))
    }

    /// Gives a file another name, in the place of whatever has that.
    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> Result<(), JournalError> {
        renameat(&self.handle, from, &self.handle, to)
            .and_then(|()| fsync(&self.handle))
            .map_err(|error| failed(&self.path.join(to))(error.into()))
    }

    /// Takes a file away; one that is not there is no failure.
    pub(super) fn remove(&self, name: &OsStr) -> Result<(), JournalError> {
        match unlinkat(&self.handle, name, AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(()),
            gone => gone
                .and_then(|()| fsync(&self.handle))
                .map_err(|error| failed(&self.path.join(name))(error.into())),
        }
    }
}

/// Whether nobody but root or we can put anything into a folder.
fn is_trusted(folder: &File) -> io::Result<bool> {
    let about = folder.metadata()?;
    let owner = about.uid() == 0 || about.uid() == rustix::process::geteuid().as_raw();
    Ok(owner && about.mode() & 0o022 == 0)
}

fn failed(path: &Path) -> impl Fn(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io {
        path: path.clone(),
        source,
    }
}
