//! Frames from the bytes of a real leg, however they are cut.

use crate::tone::level_of;
use audio::{Framer, Layout, SampleRate};
use proptest::prelude::*;

const STEREO: &[u8] = include_bytes!("../data/stereo_8000.s16le");
const MIXED: &[u8] = include_bytes!("../data/mixed_16000.s16le");

fn frames(rate: SampleRate, layout: Layout, pieces: &[&[u8]]) -> Vec<i16> {
    let mut framer = Framer::new(rate, layout);
    let mut samples = Vec::new();
    for piece in pieces {
        framer.push(piece, |frame| {
            assert_eq!(frame.len(), rate.frame_samples());
            samples.extend_from_slice(frame);
        });
    }
    samples
}

#[test]
fn stereo_gives_the_left_channel_which_is_the_caller() {
    let caller = frames(SampleRate::HZ_8000, Layout::Stereo, &[STEREO]);
    assert_eq!(caller.len(), STEREO.len() / 4);
    let heard = &caller[1600..];
    let (own, played) = (level_of(heard, 440.0, 8000), level_of(heard, 1000.0, 8000));
    assert!(
        own > 1000.0 && played < own / 100.0,
        "440 Hz {own}, 1000 Hz {played}"
    );
}

#[test]
fn mixed_passes_both_voices() {
    let both = frames(SampleRate::HZ_16000, Layout::Mixed, &[MIXED]);
    assert_eq!(both.len(), MIXED.len() / 2);
    let heard = &both[3200..];
    let (own, played) = (level_of(heard, 440.0, 16000), level_of(heard, 1000.0, 16000));
    assert!(own > 1000.0 && played > 1000.0, "440 Hz {own}, 1000 Hz {played}");
}

#[test]
fn less_than_a_frame_waits() {
    assert_eq!(frames(SampleRate::HZ_8000, Layout::Mono, &[&[0; 319]]), []);
    assert_eq!(
        frames(SampleRate::HZ_8000, Layout::Mono, &[&[0; 319], &[0; 1]]).len(),
        160
    );
}

proptest! {
    #[test]
    fn any_cutting_gives_the_same_frames(
        stereo in any::<bool>(),
        mut cuts in prop::collection::vec(0..6000usize, 0..40),
    ) {
        let (rate, layout, bytes) = if stereo {
            (SampleRate::HZ_8000, Layout::Stereo, &STEREO[..6000])
        } else {
            (SampleRate::HZ_16000, Layout::Mixed, &MIXED[..6000])
        };
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect();
        prop_assert_eq!(frames(rate, layout, &pieces), frames(rate, layout, &[bytes]));
    }

    #[test]
    fn single_bytes_give_the_samples_they_spell(samples in prop::collection::vec(any::<i16>(), 160..500)) {
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
        let whole = samples.len() / 160 * 160;
        prop_assert_eq!(frames(SampleRate::HZ_8000, Layout::Mono, &pieces), &samples[..whole]);
    }
}
