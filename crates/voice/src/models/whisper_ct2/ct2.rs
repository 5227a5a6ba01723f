//! CTranslate2's `model.bin`: version, specification's name, revision, then named arrays. Integers are little-endian.

use half::f16;
use std::collections::HashMap;

/// An array as it lies in the file.
#[derive(Debug, Clone)]
pub(super) struct Array<'a> {
    pub(super) shape: Vec<usize>,
    kind: Kind,
    bytes: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    F32,
    I8,
    I16,
    I32,
    F16,
}

impl Kind {
    fn of(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::F32,
            1 => Self::I8,
            2 => Self::I16,
            3 => Self::I32,
            4 => Self::F16,
            _ => return None,
        })
    }

    const fn bytes(self) -> usize {
        match self {
            Self::I8 => 1,
            Self::I16 | Self::F16 => 2,
            Self::F32 | Self::I32 => 4,
        }
    }
}

/// All arrays of a model, by name.
pub(super) fn read(blob: &[u8]) -> Result<HashMap<String, Array<'_>>, String> {
    let mut rest = Reader(blob);
    let (_version, _specification, _revision) = (rest.u32()?, rest.text()?, rest.u32()?);
    let count = rest.u32()?;
    let mut arrays = HashMap::new();
    for _ in 0..count {
        let name = rest.text()?;
        let rank = rest.u8()?;
        let shape: Vec<usize> = (0..rank)
            .map(|_| rest.u32().map(|n| n as usize))
            .collect::<Result<_, _>>()?;
        let number = rest.u8()?;
        let kind = Kind::of(number).ok_or_else(|| format!("array {name} is of the unknown type {number}"))?;
        let len = rest.u32()? as usize;
        let bytes = rest.take(len)?;
        // An array of no bytes is one that is not there, whatever its shape says.
        let values = shape
            .iter()
            .try_fold(1_usize, |product, &n| product.checked_mul(n));
        if len != 0 && values.and_then(|values| values.checked_mul(kind.bytes())) != Some(len) {
            return Err(format!(
                "array {name} has {len} bytes, which do not fit its shape {shape:?}"
            ));
        }
        arrays.insert(name, Array { shape, kind, bytes });
    }
    Ok(arrays)
}

impl Array<'_> {
    /// The number of values.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() / self.kind.bytes()
    }

    /// A value, whatever its type.
    pub(super) fn value(&self, at: usize) -> f32 {
        let size = self.kind.bytes();
        let raw = &self.bytes[at * size..][..size];
        match *raw {
            [a] => f32::from(i8::from_le_bytes([a])),
            [a, b] if self.kind == Kind::F16 => f16::from_le_bytes([a, b]).to_f32(),
            [a, b] => f32::from(i16::from_le_bytes([a, b])),
            [a, b, c, d] if self.kind == Kind::F32 => f32::from_le_bytes([a, b, c, d]),
            [a, b, c, d] => i32::from_le_bytes([a, b, c, d]) as f32,
            _ => 0.0,
        }
    }

    /// One of `count` equal pieces along the first axis.
    pub(super) fn piece(&self, index: usize, count: usize) -> Result<Self, String> {
        let (Some((&rows, columns)), true) = (self.shape.split_first(), count > 0) else {
            return Err("a single value cannot be divided".into());
        };
        if !rows.is_multiple_of(count) {
            return Err(format!("{rows} rows cannot be divided into {count} equal pieces"));
        }
        let bytes = self.bytes.len() / count;
        let mut shape = vec![rows / count];
        shape.extend(columns);
        Ok(Self {
            shape,
            kind: self.kind,
            bytes: &self.bytes[index * bytes..][..bytes],
        })
    }

    /// The same values in another shape.
    pub(super) fn reshaped(&self, shape: Vec<usize>) -> Self {
        Self {
            shape,
            ..self.clone()
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], String> {
        let (head, rest) = self
            .0
            .split_at_checked(len)
            .ok_or("the model ends in the middle of an array")?;
        self.0 = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (head, rest) = self
            .0
            .split_first_chunk()
            .ok_or("the model ends in the middle of a number")?;
        self.0 = rest;
        Ok(*head)
    }

    fn u8(&mut self) -> Result<u8, String> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Result<u32, String> {
        self.array().map(u32::from_le_bytes)
    }

    /// A text, whose length counts the NUL at its end.
    fn text(&mut self) -> Result<String, String> {
        let len = u16::from_le_bytes(self.array()?);
        let bytes = self.take(usize::from(len))?;
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        Ok(text.trim_end_matches('\0').to_owned())
    }
}
