//! The event log: JSON lines. The first is a [`Header`], each other a [`Line`].
//!
//! # What may change
//!
//! Logs are read for ever. [`FORMAT`] is raised when a reader of the present one would misunderstand a line: a new kind of line, a
//! new variant of what an input or output is, a field with another meaning. A new field needs no new number: it has a serde
//! default that means what logs without it meant, and readers ignore fields that they do not know. A reader refuses a log of a
//! later format and says so. `tests/data` holds a log of each format.

use call::{Input, Output, Settings};
use secretary::{CallUuid, DomainUuid, Language};
use serde::{Deserialize, Serialize};

/// The format that is written. 2: calls may come back from a transfer and be on hold. 3: an operator may want something of them.
pub const FORMAT: u32 = 3;

/// The first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The format of the lines.
    pub format: u32,
    /// What wrote the log.
    pub build: Build,
    /// The channel on the PBX.
    pub call: CallUuid,
    /// The tenant.
    pub domain: DomainUuid,
    /// When the call began, in UTC (RFC 3339). Every other time counts from then.
    pub started: String,
    /// Who answered.
    pub secretary: Speaker,
    /// What is masked.
    pub masked: Masked,
    /// The rules of the call, with their words masked as the others are.
    pub settings: Settings,
}

/// A program and its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speaker {
    /// The secretary's name.
    pub name: String,
    /// Its language.
    pub language: Language,
    /// Its engine.
    pub engine: String,
}

/// What is masked. Digits always are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Masked {
    /// All words of both sides.
    #[serde(default)]
    pub words: bool,
    /// The fields of tools' arguments that are masked in any case.
    #[serde(default)]
    pub sensitive: Vec<String>,
}

/// Any line but the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Nanoseconds since the call began.
    pub at: u64,
    /// What happened then.
    #[serde(flatten)]
    pub what: What,
}

/// What a line tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The call was told this.
    Input(Input),
    /// The call was told that time had passed.
    Timeout {},
    /// The call wanted this done.
    Output(Output),
    /// From here on what the caller says and presses is masked whole, or no longer is.
    Private(bool),
    /// So many lines are missing here: the disk was too slow.
    Lost(u64),
    /// So many milliseconds of the recording are silence here that was none: the disk was too slow.
    SoundLost(u64),
    /// The call is over. The last line.
    End(End),
}

/// What a whole log has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Inputs.
    pub inputs: u64,
    /// Timeouts.
    pub timeouts: u64,
    /// Outputs.
    pub outputs: u64,
    /// Lines that were lost, of any kind.
    pub lost: u64,
}

impl End {
    /// The counts of these.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a What>) -> Self {
        let mut counts = Self::default();
        for what in lines {
            counts.count(what);
        }
        counts
    }

    /// Counts one more.
    pub(crate) fn count(&mut self, what: &What) {
        match what {
            What::Input(_) => self.inputs += 1,
            What::Timeout {} => self.timeouts += 1,
            What::Output(_) => self.outputs += 1,
            // A log may say anything.
            What::Lost(lines) => self.lost = self.lost.saturating_add(*lines),
            What::Private(_) | What::SoundLost(_) | What::End(_) => {}
        }
    }

    /// Takes one back.
    pub(crate) fn uncount(&mut self, what: &What) {
        match what {
            What::Input(_) => self.inputs = self.inputs.saturating_sub(1),
            What::Timeout {} => self.timeouts = self.timeouts.saturating_sub(1),
            What::Output(_) => self.outputs = self.outputs.saturating_sub(1),
            What::Lost(lines) => self.lost = self.lost.saturating_sub(*lines),
            What::Private(_) | What::SoundLost(_) | What::End(_) => {}
        }
    }
}

/// A log that has been read.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// Its first line.
    pub header: Header,
    /// The others.
    pub lines: Vec<Numbered>,
    /// How it ends.
    pub tail: Tail,
}

/// A line with its number in the file, from 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbered {
    /// The number.
    pub number: usize,
    /// The line.
    pub line: Line,
}

/// How a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// With its last line, whose counts are right.
    Whole,
    /// Without a last line: the call still lives, or the process died.
    Open,
    /// With a last line that counts more or other lines than there are.
    Short {
        /// What it counts.
        told: End,
        /// What there is.
        found: End,
    },
}

/// Why a text is no event log that can be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// There is nothing.
    #[error("it is empty: give the .jsonl file of a call, below recordings/ in the data folder")]
    Empty,
    /// The first line is no header.
    #[error(
        "line 1 is no header of an event log ({0}): give the .jsonl file of a call, below recordings/ in the data folder"
    )]
    Header(#[source] serde_json::Error),
    /// It was written by a later version.
    #[error("it has format {found}, and this build reads formats up to {FORMAT}: use a newer voice-ai")]
    Newer {
        /// The format it has.
        found: u32,
    },
    /// A line cannot be read.
    #[error("line {line} cannot be read ({source}): the file was changed or damaged after it was written")]
    Line {
        /// Its number.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
}

#[derive(Deserialize)]
struct FormatAlone {
    format: u32,
}

impl Log {
    /// Reads a log. A last line that was cut in the middle, as a process leaves it that dies, counts as not there.
    pub fn parse(text: &str) -> Result<Self, LogError> {
        let mut texts = text
            .split_inclusive('\n')
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .filter(|(_, line)| !line.trim().is_empty())
            .peekable();
        let (_, first) = texts.next().ok_or(LogError::Empty)?;
        let FormatAlone { format } = serde_json::from_str(first).map_err(LogError::Header)?;
        if format > FORMAT {
            return Err(LogError::Newer { found: format });
        }
        let header = serde_json::from_str(first).map_err(LogError::Header)?;
        let mut lines = Vec::new();
        while let Some((number, text)) = texts.next() {
            match serde_json::from_str(text) {
                Ok(line) => lines.push(Numbered { number, line }),
                Err(_) if texts.peek().is_none() && !text.ends_with('\n') => break,
                Err(source) => return Err(LogError::Line { line: number, source }),
            }
        }
        let tail = Tail::of(&lines);
        Ok(Self { header, lines, tail })
    }
}

impl Tail {
    fn of(lines: &[Numbered]) -> Self {
        let Some(What::End(told)) = lines.last().map(|last| &last.line.what) else {
            return Self::Open;
        };
        let found = End::of(lines.iter().map(|numbered| &numbered.line.what));
        if found == *told {
            Self::Whole
        } else {
            Self::Short { told: *told, found }
        }
    }
}
