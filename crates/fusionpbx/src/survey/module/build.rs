//! Which build a file of mod_audio_stream is, told by what its author's code says and what it is linked with.
//!
//! Measured on amigniter ec2a781 and sptmru 5f179d6. Of the closed 1.0.3 only the names of its channel variables are known.

use crate::ModuleBuild;
use object::elf::FileHeader64;
use object::read::elf::{Dyn as _, ElfFile, FileHeader};
use object::{Endianness, Object as _, ObjectSection as _, ObjectSymbol as _};

/// What sptmru's build says when a stream by TCP fails, which is its own.
const SPTMRU: &[u8] = b"Error initializing mod_audio_stream TCP session";
/// A channel variable that only the closed builds read.
const CLOSED: &[u8] = b"STREAM_PLAYBACK";
/// What amigniter's builds say when a stream fails.
const AMIGNITER: &[u8] = b"Error initializing mod_audio_stream session";

type Elf<'a> = ElfFile<'a, FileHeader64<Endianness>>;

/// Which build this is.
pub(super) fn of(file: &[u8]) -> ModuleBuild {
    let Some(text) = constants(file) else {
        return ModuleBuild::Unknown;
    };
    if holds(text, SPTMRU) {
        ModuleBuild::Sptmru
    } else if holds(text, CLOSED) {
        ModuleBuild::Closed
    } else if holds(text, AMIGNITER) && links(file, "libevent") {
        // Older ones of amigniter had the other's library, and its faults.
        ModuleBuild::Amigniter
    } else {
        ModuleBuild::Unknown
    }
}

/// Whether it speaks TLS: by a library of the system's, or by one within. `None` where the file cannot be read as a module.
pub(super) fn has_tls(file: &[u8]) -> Option<bool> {
    let elf: Elf<'_> = ElfFile::parse(file).ok()?;
    let within = elf
        .dynamic_symbols()
        .filter_map(|symbol| symbol.name().ok())
        .any(|name| name.starts_with("SSL_") || name.starts_with("mbedtls_ssl_"));
    Some(within || links(file, "libssl") || links(file, "libgnutls"))
}

/// The file's constants: `.rodata`, where its messages are.
fn constants(file: &[u8]) -> Option<&[u8]> {
    let elf: Elf<'_> = ElfFile::parse(file).ok()?;
    elf.section_by_name(".rodata")?.data().ok()
}

/// Whether it needs a library whose name begins so.
fn links(file: &[u8], library: &str) -> bool {
    needed(file).is_some_and(|names| names.iter().any(|name| name.starts_with(library.as_bytes())))
}

/// The libraries that it needs (`DT_NEEDED`).
fn needed(file: &[u8]) -> Option<Vec<&[u8]>> {
    let header = FileHeader64::<Endianness>::parse(file).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, file).ok()?;
    let (entries, strings) = sections.dynamic(endian, file).ok()??;
    let strings = sections.strings(endian, file, strings).ok()?;
    let names = entries
        .iter()
        .filter(|entry| entry.tag(endian) == object::elf::DT_NEEDED)
        .filter_map(|entry| entry.string(endian, strings).ok());
    Some(names.collect())
}

fn holds(text: &[u8], words: &[u8]) -> bool {
    text.windows(words.len()).any(|window| window == words)
}
