//! G.711: A-law and µ-law, as the caller's line carries them (ITU-T G.711).
//!
//! Samples are linear 16-bit, as everywhere in this crate: the 13 (A-law) or 14 (µ-law) bits of the standard stand at
//! the top. Decoding gives the middle of each step of the quantiser; encoding takes the step in which a sample lies.

/// The two ways in which G.711 compresses a sample to a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// A-law (PCMA, RTP payload type 8): Europe, Brazil and most of the world.
    A,
    /// µ-law (PCMU, RTP payload type 0): North America and Japan.
    Mu,
}

impl Law {
    /// The byte of silence, for filling a line on which nothing is said.
    pub const fn silence(self) -> u8 {
        self.encode_sample(0)
    }

    /// Compresses one sample.
    pub const fn encode_sample(self, sample: i16) -> u8 {
        match self {
            Self::A => a_law_byte(sample),
            Self::Mu => mu_law_byte(sample),
        }
    }

    /// Expands one byte.
    pub const fn decode_byte(self, byte: u8) -> i16 {
        match self {
            Self::A => A_LAW[byte as usize],
            Self::Mu => MU_LAW[byte as usize],
        }
    }

    /// Compresses `samples` and appends a byte for each to `bytes`.
    pub fn encode(self, samples: &[i16], bytes: &mut Vec<u8>) {
        bytes.extend(samples.iter().map(|sample| self.encode_sample(*sample)));
    }

    /// Expands `bytes` and appends a sample for each to `samples`.
    pub fn decode(self, bytes: &[u8], samples: &mut Vec<i16>) {
        samples.extend(bytes.iter().map(|byte| self.decode_byte(*byte)));
    }
}

static A_LAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = a_law_sample(byte as u8);
        byte += 1;
    }
    table
};

static MU_LAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = mu_law_sample(byte as u8);
        byte += 1;
    }
    table
};

/// Size without sign, by the ones' complement as in the ITU's software tools (G.191), so that both signs have as many
/// steps and the smallest sample has no special case.
const fn magnitude(sample: i16) -> u16 {
    (if sample < 0 { !sample } else { sample }) as u16
}

/// Every second bit of an A-law byte is inverted on the line, and the sign bit is set for positive.
const A_LAW_LINE: u8 = 0x55;

const fn a_law_byte(sample: i16) -> u8 {
    let size = magnitude(sample) >> 4;
    // Segments 0 and 1 have the same step; from there each step is twice that of the segment before.
    let shift = if size < 32 { 0 } else { size.ilog2() - 4 };
    let segment_and_step = ((shift as u16) << 4) + (size >> shift);
    let sign = if sample < 0 { 0 } else { 0x80 };
    (segment_and_step as u8 | sign) ^ A_LAW_LINE
}

const fn a_law_sample(byte: u8) -> i16 {
    let code = byte ^ A_LAW_LINE;
    let (segment, step) = (code >> 4 & 7, (code & 15) as i16);
    let size = if segment == 0 {
        (step << 4) + 8
    } else {
        ((step << 4) + 0x108) << (segment - 1)
    };
    if code & 0x80 == 0 { -size } else { size }
}

/// Added to a size so that the segments of µ-law begin at powers of two.
const MU_LAW_BIAS: u16 = 132;

const fn mu_law_byte(sample: i16) -> u8 {
    let size = magnitude(sample);
    let largest = i16::MAX as u16 - MU_LAW_BIAS;
    let biased = MU_LAW_BIAS + if size > largest { largest } else { size };
    let segment = biased.ilog2() - 7;
    let step = biased >> (segment + 3) & 15;
    let sign = if sample < 0 { 0x80 } else { 0 };
    // All bits are inverted on the line.
    !((segment as u8) << 4 | step as u8 | sign)
}

const fn mu_law_sample(byte: u8) -> i16 {
    let code = !byte;
    let (segment, step) = (code >> 4 & 7, (code & 15) as i16);
    let bias = MU_LAW_BIAS as i16;
    let size = (((step << 3) + bias) << segment) - bias;
    if code & 0x80 == 0 { size } else { -size }
}
