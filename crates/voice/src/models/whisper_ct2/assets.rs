//! What Whisper needs beside its weights: the mel filters (numpy) and the tokenizer's vocabulary (tiktoken).

use super::super::archive::copy_from_zip;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use std::io::Cursor;

/// The triangular filters that make mel bands of a spectrum.
#[derive(Debug, PartialEq)]
pub(super) struct Filters {
    pub(super) bands: usize,
    pub(super) bins: usize,
    /// Band by band, little-endian 32-bit floats.
    pub(super) bytes: Vec<u8>,
}

/// The 80 bands of `mel_filters.npz`.
pub(super) fn mel_filters(npz: &[u8]) -> Result<Filters, String> {
    let mut npy = Vec::new();
    copy_from_zip(Cursor::new(npz), "mel_80.npy", &mut npy)?;
    // The format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html
    let rest = npy
        .strip_prefix(b"\x93NUMPY")
        .ok_or("mel_80.npy is no numpy file")?;
    let (version, rest) = rest
        .split_first_chunk::<2>()
        .ok_or("mel_80.npy ends in its header")?;
    let (len, rest) = match (version, rest) {
        ([1, _], [a, b, rest @ ..]) => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        (_, [a, b, c, d, rest @ ..]) => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        _ => return Err("mel_80.npy ends in its header".into()),
    };
    let (header, bytes) = rest
        .split_at_checked(len)
        .ok_or("mel_80.npy ends in its header")?;
    let header = String::from_utf8_lossy(header);
    if !header.contains("'descr': '<f4'") || !header.contains("'fortran_order': False") {
        return Err(format!("mel_80.npy holds no 32-bit floats row by row: {header}"));
    }
    let shape = header
        .split_once("'shape': (")
        .and_then(|(_, rest)| rest.split_once(')'))
        .map_or("", |(shape, _)| shape);
    let shape: Vec<usize> = shape.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    match *shape {
        [bands, bins] if bytes.len() == 4 * bands * bins => Ok(Filters {
            bands,
            bins,
            bytes: bytes.to_vec(),
        }),
        _ => Err(format!(
            "mel_80.npy has {} bytes, which do not fit its header {header}",
            bytes.len()
        )),
    }
}

/// The tokens of a tiktoken vocabulary, in order: each line is a token in base64 and its number. Whisper's last one is empty and
/// is written as padding alone, which is why padding is not looked at.
pub(super) fn tokens(tiktoken: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let text = std::str::from_utf8(tiktoken).map_err(|error| error.to_string())?;
    let decoded = |line: &str| {
        let token = line
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .trim_end_matches('=');
        BASE64_STANDARD_NO_PAD
            .decode(token)
            .map_err(|error| format!("token {line:?}: {error}"))
    };
    text.lines()
        .filter(|line| !line.is_empty())
        .map(decoded)
        .collect()
}
