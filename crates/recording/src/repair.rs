//! Recordings of a process that died.

use crate::place::{FOLDER, UNFINISHED};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A recording that was looked at because it was not finished.
#[derive(Debug)]
pub struct Repaired {
    /// Where it is now.
    pub path: PathBuf,
    /// What was done.
    pub mended: io::Result<Mended>,
}

/// What was done to a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mended {
    /// Its header tells how long it is now, in milliseconds.
    Header {
        /// Its length.
        ms: u64,
    },
    /// Nothing had been recorded: it is gone.
    Removed,
    /// A call that lives writes it: it was left alone.
    InUse,
}

/// Mends what a dead process left of recordings below the data folder, and tells what it did. What is finished is not looked at;
/// what a living process writes is left alone. An error is that of a folder which cannot be read.
pub fn repair(data: &Path) -> io::Result<Vec<Repaired>> {
    let mut repaired = Vec::new();
    look_into(&data.join(FOLDER), &mut repaired)?;
    repaired.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(repaired)
}

fn look_into(folder: &Path, repaired: &mut Vec<Repaired>) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            look_into(&path, repaired)?;
        } else if path.extension().is_some_and(|extension| extension == UNFINISHED) {
            repaired.push(mend(path));
        }
    }
    Ok(())
}

fn mend(part: PathBuf) -> Repaired {
    let finished = part.with_extension("");
    let is_wav = finished.extension().is_some_and(|extension| extension == "wav");
    // What an encoder was writing is begun anew from the WAV beside it.
    let mended = if is_wav {
        mend_wav(&part, &finished)
    } else {
        std::fs::remove_file(&part).map(|()| Mended::Removed)
    };
    let path = match mended {
        Ok(Mended::Header { .. }) => finished,
        _ => part,
    };
    Repaired { path, mended }
}

fn mend_wav(part: &Path, finished: &Path) -> io::Result<Mended> {
    let mut file = OpenOptions::new().read(true).write(true).open(part)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Mended::InUse),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let Some(ms) = mend_header(&mut file)? else {
        std::fs::remove_file(part)?;
        return Ok(Mended::Removed);
    };
    if finished.exists() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            format!(
                "{} is there already: move one of the two away",
                finished.display()
            ),
        ));
    }
    std::fs::rename(part, finished)?;
    Ok(Mended::Header { ms })
}

/// The place of the RIFF chunk's size, and that of its contents.
const RIFF_SIZE: u64 = 4;
const RIFF_BODY: u64 = 8;

/// Writes the true lengths into the header. The length of the sound in milliseconds; none if there is no sound.
fn mend_header(file: &mut File) -> io::Result<Option<u64>> {
    let length = file.metadata()?.len();
    let Some(sound) = Sound::find(file, length)? else {
        return Ok(None);
    };
    let bytes = (length - sound.begin) / sound.block * sound.block;
    if bytes == 0 {
        return Ok(None);
    }
    let end = sound.begin + bytes;
    file.set_len(end)?;
    put(file, RIFF_SIZE, end - RIFF_BODY)?;
    put(file, sound.begin - 4, bytes)?;
    file.flush()?;
    Ok(Some(bytes * 1_000 / sound.bytes_per_second.max(1)))
}

fn put(file: &mut File, at: u64, size: u64) -> io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    // A WAV cannot say more than 4 GiB (18 hours); players take the largest number for "to the end".
    file.write_all(&u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes())
}

/// Where the samples of a WAV file are, as far as it was written.
struct Sound {
    begin: u64,
    block: u64,
    bytes_per_second: u64,
}

impl Sound {
    fn find(file: &mut File, length: u64) -> io::Result<Option<Self>> {
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        file.take(4_096).read_to_end(&mut head)?;
        if !head.starts_with(b"RIFF") || head.get(8..12) != Some(b"WAVE") {
            return Ok(None);
        }
        let number = |at: usize| {
            let bytes = head.get(at..at + 4)?;
            Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        };
        let (mut block, mut bytes_per_second) = (4, 0);
        let mut at = 12;
        while let (Some(name), Some(size)) = (head.get(at..at + 4), number(at + 4)) {
            let body = at + 8;
            if name == b"fmt " {
                bytes_per_second = u64::from(number(body + 8).unwrap_or(0));
                block = u64::from(number(body + 12).unwrap_or(4) & 0xffff).max(1);
            }
            if name == b"data" {
                let begin = body as u64;
                return Ok((begin <= length).then_some(Self {
                    begin,
                    block,
                    bytes_per_second,
                }));
            }
            at = body.saturating_add(size as usize);
        }
        Ok(None)
    }
}
