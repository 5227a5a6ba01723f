//! Files: read with who may do what with them, written beside their place and moved there whole.

use super::folder::{Folder, MODE};
use super::plan::PlannedFile;
use super::{JournalError, Point, Watch};
use crate::{FileState, Host};
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// What lets group and others write.
const OTHERS_WRITE: u32 = 0o022;

/// A file as it is, with its owner; `None`: there is none.
pub(super) fn read(path: &Path) -> Result<Option<FileState>, JournalError> {
    let (folder, name) = place(path)?;
    match Folder::open(folder)? {
        Some(folder) => folder.read(name),
        None => Ok(None),
    }
}

/// A file's folder and its name there.
fn place(path: &Path) -> Result<(&Path, &OsStr), JournalError> {
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => Ok((folder, name)),
        _ => Err(JournalError::NotPlain(path.into())),
    }
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
    let (folder, name) = place(&path)?;
    let (folder, beside) = (Folder::make(folder)?, beside(name, plan));
    if let Some(after) = file.after {
        folder.remove(&beside)?;
        folder.write(&beside, after)?;
    }
    watch.passes(Point::Beside);
    if !is_as(folder.read(name)?.as_ref(), file.image) {
        folder.remove(&beside)?;
        return Err(JournalError::FileChanged(file.path.clone()));
    }
    folder.rename(&beside, name)
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
    let (folder, name) = place(&path)?;
    let Some(folder) = Folder::open(folder)? else {
        return Ok(match file.image {
            None => Fate::Done,
            Some(_) => Fate::LetBe,
        });
    };
    let beside = beside(name, plan);
    folder.remove(&beside)?;
    let now = match folder.read(name) {
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
        None => folder.remove(name)?,
        Some(image) => {
            folder.write(&beside, image)?;
            folder.rename(&beside, name)?;
        }
    }
    Ok(Fate::Done)
}

/// Takes a file away, unless somebody else has changed it since.
pub(super) fn take_away(host: &Host, file: PlannedFile<'_>) -> Result<Fate, JournalError> {
    let path = host.path(file.path);
    let (folder, name) = place(&path)?;
    let Some(folder) = Folder::open(folder)? else {
        return Ok(Fate::Done);
    };
    match folder.read(name) {
        Err(JournalError::NotPlain(_)) => return Ok(Fate::LetBe),
        Ok(None) => return Ok(Fate::Done),
        Ok(now) if is_as(now.as_ref(), file.image) => {}
        Ok(_) => return Ok(Fate::LetBe),
        Err(error) => return Err(error),
    }
    folder.remove(name)?;
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

/// What a file is called before it is moved to its place. A folder that is read by `*.xml` or `*.lua` does not see it.
fn beside(name: &OsStr, plan: &str) -> OsString {
    let mut beside = OsString::from(".");
    beside.push(name);
    beside.push(format!(".{plan}.new"));
    beside
}
