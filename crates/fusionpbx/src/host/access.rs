//! Whether a user may do something with a file, told by modes as the kernel reads them. Access lists (setfacl) and security modules
//! are not looked at.

use super::{Host, User};
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What is wanted of a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// To read the file, or list the folder.
    Read,
    /// To write the file, or make and remove files in the folder.
    Write,
}

impl Want {
    /// The bits that a file's mode must have, and a folder's.
    const fn bits(self, is_folder: bool) -> u32 {
        match (self, is_folder) {
            (Self::Read, _) => 0o4,
            (Self::Write, false) => 0o2,
            (Self::Write, true) => 0o3,
        }
    }
}

/// The bit by which a folder is passed through.
const PASS: u32 = 0o1;

impl Host {
    /// Whether a user may do this, every folder on the way counted. `None` where we may not look ourselves.
    ///
    /// # Errors
    ///
    /// What else the system says: that nothing is there, above all.
    pub fn may(&self, user: &User, path: &Path, want: Want) -> io::Result<Option<bool>> {
        match self.allowed(user, path, want) {
            Ok(allowed) => Ok(Some(allowed)),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn allowed(&self, user: &User, path: &Path, want: Want) -> io::Result<bool> {
        // Links lead elsewhere: what counts is where the file really lies.
        let real = fs::canonicalize(self.path(path))?;
        let root = fs::canonicalize(self.path("/"))?;
        let file = fs::metadata(&real)?;
        if user.owner.uid == 0 {
            return Ok(true);
        }
        // What is above the root is none of the machine's that is looked at.
        let above = real
            .ancestors()
            .skip(1)
            .filter(|folder| folder.starts_with(&root));
        for folder in above {
            if !has(user, &fs::metadata(folder)?, PASS) {
                return Ok(false);
            }
        }
        Ok(has(user, &file, want.bits(file.is_dir())))
    }
}

/// Owner, group or others: the first that fits decides, also where it allows less.
fn has(user: &User, file: &Metadata, bits: u32) -> bool {
    let in_group = user.owner.gid == file.gid() || user.groups.contains(&file.gid());
    let granted = match (user.owner.uid == file.uid(), in_group) {
        (true, _) => file.mode() >> 6,
        (false, true) => file.mode() >> 3,
        (false, false) => file.mode(),
    };
    granted & bits == bits
}
