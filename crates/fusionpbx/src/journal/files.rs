//! Files: read with who may do what with them, written beside their place and moved there whole.

use super::plan::PlannedFile;
use super::{JournalError, Point, Watch};
use crate::{FileState, Host, Owner};
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown,
};
use std::path::{Path, PathBuf};

/// The permissions of chmod.
const MODE: u32 = 0o7777;

/// What lets group and others write.
const OTHERS_WRITE: u32 = 0o022;

/// A file as it is, with its owner; `None`: there is none.
pub(super) fn read(path: &Path) -> Result<Option<FileState>, JournalError> {
    let failed = |source| JournalError::Io {
        path: path.into(),
        source,
    };
    let about = match fs::symlink_metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if !about.is_file() {
        return Err(JournalError::NotPlain(path.into()));
    }
    let text = fs::read_to_string(path).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => JournalError::NotPlain(path.into()),
        _ => failed(error),
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

/// Whether a file is as it should be. Where nobody says whose it should be, anybody's is right.
pub(super) fn is_as(now: Option<&FileState>, wanted: Option<&FileState>) -> bool {
    match (now, wanted) {
        (None, None) => true,
        (Some(now), Some(wanted)) => {
            now.text == wanted.text
                && now.mode == wanted.mode & MODE
                && (wanted.owner.is_none() || now.owner == wanted.owner)
        }
        _ => false,
    }
}

/// Writes a file as it should be, or refuses when it is not as it was.
pub(super) fn write(
    host: &Host,
    plan: &str,
    file: PlannedFile<'_>,
    watch: &mut dyn Watch,
) -> Result<(), JournalError> {
    let path = host.path(file.path);
    if let Some(folder) = path.parent() {
        make_folders(folder)?;
    }
    if let Some(after) = file.after {
        put_beside(&path, plan, after)?;
    }
    watch.passes(Point::Beside);
    if !is_as(read(&path)?.as_ref(), file.image) {
        remove(&beside(&path, plan))?;
        return Err(JournalError::FileChanged(file.path.clone()));
    }
    move_in(&path, plan)
}

/// What became of a file that was to be as before, or to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is.
    Done,
    /// Somebody else has changed it: it was let be.
    LetBe,
}

/// Puts a file back as it was, unless somebody else has changed it since.
pub(super) fn put_back(host: &Host, plan: &str, file: PlannedFile<'_>) -> Result<Fate, JournalError> {
    let path = host.path(file.path);
    remove(&beside(&path, plan))?;
    let now = match read(&path) {
        Err(JournalError::NotPlain(_)) => return Ok(Fate::LetBe),
        now => now?,
    };
    if is_as(now.as_ref(), file.image) {
        return Ok(Fate::Done);
    }
    if !is_as(now.as_ref(), file.after) {
        return Ok(Fate::LetBe);
    }
    match file.image {
        None => remove(&path)?,
        Some(image) => {
            put_beside(&path, plan, image)?;
            move_in(&path, plan)?;
        }
    }
    Ok(Fate::Done)
}

/// Takes a file away, unless somebody else has changed it since.
pub(super) fn take_away(host: &Host, file: PlannedFile<'_>) -> Result<Fate, JournalError> {
    let path = host.path(file.path);
    match read(&path) {
        Err(JournalError::NotPlain(_)) => return Ok(Fate::LetBe),
        Ok(None) => return Ok(Fate::Done),
        Ok(now) if is_as(now.as_ref(), file.image) => {}
        Ok(_) => return Ok(Fate::LetBe),
        Err(error) => return Err(error),
    }
    remove(&path)?;
    Ok(Fate::Done)
}

/// The folders above a file that are not there, the outer first.
pub(super) fn missing_folders(host: &Host, path: &Path) -> Vec<PathBuf> {
    let mut missing: Vec<_> = path
        .ancestors()
        .skip(1)
        .take_while(|folder| !host.path(folder).exists())
        .map(PathBuf::from)
        .collect();
    missing.reverse();
    missing
}

/// Takes away folders that are empty, the inner first.
pub(super) fn remove_empty(host: &Host, folders: &[PathBuf]) {
    for folder in folders.iter().rev() {
        // One that is not empty, or gone, is none of ours any more.
        let _ = fs::remove_dir(host.path(folder));
    }
}

/// A folder that only its owner may look into.
pub(super) fn private_folder(folder: &Path) -> Result<(), JournalError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| JournalError::Io {
            path: folder.into(),
            source,
        })
}

/// Refuses a folder that somebody else could write into: what stands in it is carried out with our rights.
pub(super) fn is_ours(folder: &Path) -> Result<(), JournalError> {
    let failed = |source| JournalError::Io {
        path: folder.into(),
        source,
    };
    let about = fs::symlink_metadata(folder).map_err(failed)?;
    let ourselves = fs::metadata("/proc/self").map_err(failed)?.uid();
    if about.is_dir() && about.uid() == ourselves && about.mode() & OTHERS_WRITE == 0 {
        return Ok(());
    }
    Err(JournalError::NotOurs(folder.into()))
}

/// A file that only its owner may read, with the folders above it. It is on the disk when this returns.
pub(super) fn write_private(path: &Path, text: &str) -> Result<(), JournalError> {
    let failed = |source| JournalError::Io {
        path: path.into(),
        source,
    };
    if let Some(folder) = path.parent() {
        private_folder(folder)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)
}

/// What a folder lists is on the disk when this returns.
pub(super) fn sync_folder(folder: &Path) -> Result<(), JournalError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| JournalError::Io {
            path: folder.into(),
            source,
        })
}

/// Makes the folders that a file needs. Everybody may look into them, as FreeSWITCH's user must, whatever our umask says.
fn make_folders(folder: &Path) -> Result<(), JournalError> {
    let missing: Vec<_> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    for folder in missing.into_iter().rev() {
        fs::create_dir(folder)
            .and_then(|()| fs::set_permissions(folder, Permissions::from_mode(0o755)))
            .map_err(|source| JournalError::Io {
                path: folder.into(),
                source,
            })?;
    }
    Ok(())
}

/// Where a file is written before it is moved to its place. A folder that is read by `*.xml` or `*.lua` does not see it.
fn beside(path: &Path, plan: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{plan}.new"));
    path.with_file_name(name)
}

fn put_beside(path: &Path, plan: &str, state: &FileState) -> Result<(), JournalError> {
    let beside = beside(path, plan);
    remove(&beside)?;
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(state.text.as_bytes())?;
        if let Some(owner) = state.owner {
            fchown(&file, Some(owner.uid), Some(owner.gid))?;
        }
        file.set_permissions(Permissions::from_mode(state.mode & MODE))?;
        file.sync_all()
    };
    write().map_err(|source| JournalError::Io {
        path: beside.clone(),
        source,
    })
}

fn move_in(path: &Path, plan: &str) -> Result<(), JournalError> {
    fs::rename(beside(path, plan), path).map_err(|source| JournalError::Io {
        path: path.into(),
        source,
    })?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Takes a file away; one that is not there is no failure.
fn remove(path: &Path) -> Result<(), JournalError> {
    match fs::remove_file(path) {
        Ok(()) => path.parent().map_or(Ok(()), sync_folder),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(JournalError::Io {
            path: path.into(),
            source,
        }),
    }
}
