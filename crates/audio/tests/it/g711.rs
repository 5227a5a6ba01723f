//! G.711 against another implementation, and over every sample there is.

use audio::g711::Law;

const LAWS: [Law; 2] = [Law::A, Law::Mu];

/// Byte, what it decodes to, and the smallest sample from 0 that encodes to it, as Python's `audioop` says.
fn reference(law: Law) -> Vec<(u8, i16, Option<i16>)> {
    let name = if law == Law::A { "alaw" } else { "ulaw" };
    let rows = include_str!("../data/g711.tsv")
        .lines()
        .filter(|line| line.starts_with(name));
    let row = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        (
            columns[1].parse().unwrap(),
            columns[2].parse().unwrap(),
            columns[3].parse().ok(),
        )
    };
    rows.map(row).collect()
}

#[test]
fn every_byte_decodes_as_the_reference_does() {
    for law in LAWS {
        let rows = reference(law);
        assert_eq!(rows.len(), 256);
        for (byte, sample, _) in rows {
            assert_eq!(law.decode_byte(byte), sample, "{law:?} {byte:#04x}");
        }
    }
}

#[test]
fn every_positive_sample_encodes_as_the_reference_does() {
    for law in LAWS {
        let mut steps: Vec<_> = reference(law)
            .into_iter()
            .filter_map(|(byte, _, first)| Some((first?, byte)))
            .collect();
        steps.sort();
        assert_eq!(steps.len(), 128);
        for sample in 0..=i16::MAX {
            let step = steps.partition_point(|(first, _)| *first <= sample) - 1;
            assert_eq!(law.encode_sample(sample), steps[step].1, "{law:?} {sample}");
        }
    }
}

#[test]
fn negative_samples_mirror_the_positive_ones() {
    for law in LAWS {
        for sample in 0..=i16::MAX {
            assert_eq!(
                law.encode_sample(!sample),
                law.encode_sample(sample) ^ 0x80,
                "{law:?} {sample}"
            );
        }
    }
}

#[test]
fn what_was_decoded_encodes_to_the_same_sample_again() {
    for law in LAWS {
        let bytes: Vec<u8> = (0..=255).collect();
        let (mut samples, mut again, mut twice) = (Vec::new(), Vec::new(), Vec::new());
        law.decode(&bytes, &mut samples);
        law.encode(&samples, &mut again);
        law.decode(&again, &mut twice);
        assert_eq!(samples, twice);
        // µ-law has two zeros; every other byte stands for a sample of its own.
        let changed = bytes.iter().zip(&again).filter(|(a, b)| a != b).count();
        assert_eq!(changed, usize::from(law == Law::Mu));
    }
}

#[test]
fn silence_is_the_byte_of_zero() {
    assert_eq!(Law::A.silence(), 0xd5);
    assert_eq!(Law::Mu.silence(), 0xff);
}
