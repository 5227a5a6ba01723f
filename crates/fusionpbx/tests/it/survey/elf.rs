//! Shared libraries as small as they can be: for whoever asks what one says, needs and has.

/// A library of 64-bit little-endian machines.
#[derive(Default)]
pub(crate) struct Library<'a> {
    /// Its constants.
    pub(crate) says: &'a [&'a str],
    /// The libraries that it needs.
    pub(crate) needs: &'a [&'a str],
    /// The functions that it has, or wants of others.
    pub(crate) functions: &'a [&'a str],
}

/// A section before it has its place.
struct Section {
    name: &'static str,
    kind: u32,
    bytes: Vec<u8>,
    /// The number of the section with its names.
    link: u32,
    /// The length of an entry.
    entry: u64,
}

const HEADER: usize = 64;
const PROGBITS: u32 = 1;
const STRTAB: u32 = 3;
const DYNAMIC: u32 = 6;
const DYNSYM: u32 = 11;
const DT_NEEDED: u64 = 1;
/// A function that everybody sees.
const GLOBAL_FUNCTION: u8 = 0x12;

impl Library<'_> {
    /// The file.
    pub(crate) fn file(&self) -> Vec<u8> {
        let mut names = Names::default();
        let mut dynamic = Vec::new();
        for library in self.needs {
            dynamic.extend(DT_NEEDED.to_le_bytes());
            dynamic.extend(u64::from(names.place(library)).to_le_bytes());
        }
        dynamic.extend([0; 16]);
        let mut symbols = vec![0; 24];
        for function in self.functions {
            symbols.extend(names.place(function).to_le_bytes());
            symbols.extend([GLOBAL_FUNCTION, 0, 0, 0]);
            symbols.extend([0; 16]);
        }
        let section = |name, kind, bytes, link, entry| Section {
            name,
            kind,
            bytes,
            link,
            entry,
        };
        // The first is none; .dynstr is the third.
        laid_out(vec![
            section("", 0, Vec::new(), 0, 0),
            section(
                ".rodata",
                PROGBITS,
                (self.says.join("\0") + "\0").into_bytes(),
                0,
                0,
            ),
            section(".dynstr", STRTAB, names.0, 0, 0),
            section(".dynsym", DYNSYM, symbols, 2, 24),
            section(".dynamic", DYNAMIC, dynamic, 2, 16),
        ])
    }
}

/// Names, each ended by a zero, the first of which is empty.
struct Names(Vec<u8>);

impl Default for Names {
    fn default() -> Self {
        Self(vec![0])
    }
}

impl Names {
    fn place(&mut self, name: &str) -> u32 {
        let place = self.0.len();
        self.0.extend(name.as_bytes());
        self.0.push(0);
        place.try_into().unwrap()
    }
}

/// Header, contents, the names of the sections, and the table of the sections.
fn laid_out(mut sections: Vec<Section>) -> Vec<u8> {
    let mut names = Names::default();
    let places: Vec<_> = sections.iter().map(|section| names.place(section.name)).collect();
    let own = names.place(".shstrtab");
    sections.push(Section {
        name: ".shstrtab",
        kind: STRTAB,
        bytes: names.0,
        link: 0,
        entry: 0,
    });
    let places = places.into_iter().chain([own]);
    let (mut contents, mut table) = (Vec::new(), Vec::new());
    let count = u16::try_from(sections.len()).unwrap();
    for (section, name) in sections.iter().zip(places) {
        let offset = (HEADER + contents.len()) as u64;
        table.extend(name.to_le_bytes());
        table.extend(section.kind.to_le_bytes());
        table.extend([0; 16]);
        table.extend(offset.to_le_bytes());
        table.extend((section.bytes.len() as u64).to_le_bytes());
        table.extend(section.link.to_le_bytes());
        table.extend([0; 4]);
        table.extend(8_u64.to_le_bytes());
        table.extend(section.entry.to_le_bytes());
        contents.extend(&section.bytes);
        contents.resize(contents.len().next_multiple_of(8), 0);
    }
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend(3_u16.to_le_bytes());
    file.extend(62_u16.to_le_bytes());
    file.extend(1_u32.to_le_bytes());
    file.extend([0; 16]);
    file.extend(((HEADER + contents.len()) as u64).to_le_bytes());
    file.extend([0; 4]);
    for half in [64, 56, 0, 64, count, count - 1] {
        file.extend(u16::to_le_bytes(half));
    }
    [file, contents, table].concat()
}
