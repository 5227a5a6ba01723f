//! The frames that are sent: 20 ms of faint noise at 16 kHz with a number in it.

/// Bytes of a frame: 320 samples of 16 bits.
pub(super) const FRAME_BYTES: usize = 640;
/// Two samples that the noise never has.
const MAGIC: [i16; 2] = [77, -77];
/// And two at the end, so that a frame with a hole in it is not taken for whole.
const END: [i16; 2] = [-88, 88];
const NOISE: i16 = 30;
/// Bits of the number in each of four samples: small, so that it is not heard as a voice.
const BITS: u32 = 6;
const DIGITS: usize = 4;

/// A frame that is used again and again.
pub(super) struct Frame {
    bytes: [u8; FRAME_BYTES],
}

impl Frame {
    pub(super) fn new() -> Self {
        let mut bytes = [0; FRAME_BYTES];
        // A small linear congruential generator: the noise must be the same in each run.
        let mut state = 1u32;
        for pair in bytes.chunks_exact_mut(2) {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = (state >> 16) as i16 % NOISE;
            pair.copy_from_slice(&value.to_le_bytes());
        }
        write(&mut bytes[..4], MAGIC);
        write(&mut bytes[FRAME_BYTES - 4..], END);
        Self { bytes }
    }

    /// The bytes with this number, of which 24 bits are kept.
    pub(super) fn numbered(&mut self, number: u32) -> &[u8] {
        let digits = self.bytes[MAGIC.len() * 2..].chunks_exact_mut(2).take(DIGITS);
        for (index, pair) in digits.enumerate() {
            let digit = (number >> (BITS * index as u32)) & ((1 << BITS) - 1);
            pair.copy_from_slice(&(digit as i16).to_le_bytes());
        }
        &self.bytes
    }
}

/// Finds the numbers in audio that comes back, however it is cut.
#[derive(Default)]
pub(super) struct Returns {
    waiting: Vec<u8>,
}

impl Returns {
    /// Takes the bytes of one message and tells the number of each frame that is complete with them.
    pub(super) fn take(&mut self, bytes: &[u8], mut returned: impl FnMut(u32)) {
        if self.waiting.is_empty()
            && bytes.len() == FRAME_BYTES
            && let Some(number) = number_of(bytes)
        {
            return returned(number);
        }
        self.waiting.extend_from_slice(bytes);
        let mut from = 0;
        while self.waiting.len() - from >= FRAME_BYTES {
            match number_of(&self.waiting[from..]) {
                Some(number) => {
                    returned(number);
                    from += FRAME_BYTES;
                }
                // What a server adds or leaves out moves the frames: they are looked for sample by sample.
                None => from += 2,
            }
        }
        self.waiting.drain(..from);
    }
}

fn write(bytes: &mut [u8], samples: [i16; 2]) {
    for (pair, sample) in bytes.chunks_exact_mut(2).zip(samples) {
        pair.copy_from_slice(&sample.to_le_bytes());
    }
}

fn samples(bytes: &[u8]) -> impl Iterator<Item = i16> {
    bytes
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
}

/// The number of the whole frame with which these bytes begin, if one does.
fn number_of(bytes: &[u8]) -> Option<u32> {
    if !samples(bytes).take(2).eq(MAGIC) || !samples(&bytes[FRAME_BYTES - 4..FRAME_BYTES]).eq(END) {
        return None;
    }
    let mut samples = samples(&bytes[4..]);
    let mut number = 0;
    for index in 0..DIGITS {
        let digit = u32::try_from(samples.next()?)
            .ok()
            .filter(|digit| *digit < 1 << BITS)?;
        number |= digit << (BITS * index as u32);
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers_in(chunks: &[&[u8]]) -> Vec<u32> {
        let mut returns = Returns::default();
        let mut numbers = Vec::new();
        for chunk in chunks {
            returns.take(chunk, |number| numbers.push(number));
        }
        numbers
    }

    #[test]
    fn numbers_survive_any_cutting() {
        let mut frame = Frame::new();
        let stream: Vec<u8> = (1000..1010)
            .flat_map(|number| frame.numbered(number).to_vec())
            .collect();
        for size in [2, 320, 640, 1000, 6400] {
            let chunks: Vec<&[u8]> = stream.chunks(size).collect();
            assert_eq!(
                numbers_in(&chunks),
                (1000..1010).collect::<Vec<u32>>(),
                "in chunks of {size}"
            );
        }
    }

    #[test]
    fn a_hole_loses_only_what_is_in_it() {
        let mut frame = Frame::new();
        let stream: Vec<u8> = (0..6)
            .flat_map(|number| frame.numbered(number).to_vec())
            .collect();
        let holed = [&stream[..900], &stream[1500..]].concat();
        assert_eq!(numbers_in(&[&holed]), [0, 3, 4, 5]);
    }
}
