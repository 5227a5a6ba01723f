//! One line: an entry with the checksum of its JSON.

use crate::Entry;

/// The digits of a checksum and the space behind them.
const HEAD: usize = 9;

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Its checksum is not that of its words, or there is none.
    Checksum,
    /// It is as it was written, and no entry that this program knows.
    Unknown,
}

/// Writes an entry's line behind what is there already.
pub(crate) fn encode(entry: &Entry, into: &mut Vec<u8>) -> serde_json::Result<()> {
    let json = serde_json::to_vec(entry)?;
    into.extend_from_slice(format!("{:08x} ", crc32fast::hash(&json)).as_bytes());
    into.extend_from_slice(&json);
    into.push(b'\n');
    Ok(())
}

/// Reads a line without its line feed.
pub(crate) fn decode(line: &[u8]) -> Result<Entry, Damage> {
    let (head, json) = line.split_at_checked(HEAD).ok_or(Damage::Checksum)?;
    let expected = std::str::from_utf8(head)
        .ok()
        .and_then(|head| u32::from_str_radix(head.strip_suffix(' ')?, 16).ok())
        .ok_or(Damage::Checksum)?;
    if crc32fast::hash(json) != expected {
        return Err(Damage::Checksum);
    }
    serde_json::from_slice(json).map_err(|_| Damage::Unknown)
}
