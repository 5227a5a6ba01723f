//! What the caller says: files of any rate and shape, and what is measured in them.

use crate::fake::{RATE, ms};
use audio::SampleRate;
use sim::{Clip, Line};
use std::path::Path;

fn write_tone(path: &Path, hz: u32, channels: u16, format: hound::SampleFormat) {
    let bits = if format == hound::SampleFormat::Float {
        32
    } else {
        16
    };
    let spec = hound::WavSpec {
        channels,
        sample_rate: hz,
        bits_per_sample: bits,
        sample_format: format,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for index in 0..hz {
        let speaks = (hz / 4..hz * 3 / 4).contains(&index);
        let phase = f64::from(index) / f64::from(hz) * 440.0 * std::f64::consts::TAU;
        let value = if speaks { phase.sin() * 0.5 } else { 0.0 };
        for _ in 0..channels {
            match format {
                hound::SampleFormat::Float => writer.write_sample(value as f32).unwrap(),
                hound::SampleFormat::Int => writer.write_sample((value * 32767.0) as i16).unwrap(),
            }
        }
    }
    writer.finalize().unwrap();
}

#[test]
fn a_file_of_any_shape_keeps_its_times_and_its_loudness() {
    let folder = tempfile::tempdir().unwrap();
    for (hz, channels, format) in [
        (22_050, 1, hound::SampleFormat::Int),
        (44_100, 2, hound::SampleFormat::Float),
        (8_000, 1, hound::SampleFormat::Int),
        (16_000, 3, hound::SampleFormat::Int),
    ] {
        let path = folder.path().join(format!("{hz}-{channels}.wav"));
        write_tone(&path, hz, channels, format);
        for line in [Line::Pcm, Line::Alaw, Line::Ulaw] {
            let clip = Clip::from_wav(&path, RATE, line).unwrap();
            let millis = |samples: usize| RATE.duration_of(samples as u64).as_secs_f64() * 1000.0;
            let what = format!("{hz} Hz, {channels} channels, {line}");
            assert!((millis(clip.samples().len()) - 1000.0).abs() < 2.0, "{what}");
            assert!(
                (millis(clip.onset()) - 250.0).abs() < 5.0,
                "{what}: onset {}",
                millis(clip.onset())
            );
            assert!(
                (millis(clip.end()) - 750.0).abs() < 5.0,
                "{what}: end {}",
                millis(clip.end())
            );
            let peak = clip.samples().iter().map(|sample| sample.abs()).max().unwrap();
            assert!((15_000..18_000).contains(&peak), "{what}: peak {peak}");
        }
    }
}

#[test]
fn silence_is_no_speech() {
    let error = Clip::from_samples("quiet", &[8; 16_000], RATE, Line::Pcm).unwrap_err();
    assert!(error.to_string().contains("quiet is silent"), "{error}");
}

#[test]
fn what_is_no_wav_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("voice.wav");
    std::fs::write(&path, "ID3").unwrap();
    let error = Clip::from_wav(&path, RATE, Line::Pcm).unwrap_err().to_string();
    assert!(error.contains("voice.wav as a WAV file"), "{error}");
}

/// Needs espeak-ng, which the project installs; without it the error must say so.
#[tokio::test]
async fn a_text_is_spoken_or_espeak_is_asked_for() {
    match Clip::spoken(
        "Quero falar com o financeiro, por favor",
        "pt-BR",
        SampleRate::HZ_8000,
        Line::Ulaw,
    )
    .await
    {
        Ok(clip) => {
            let length = SampleRate::HZ_8000.duration_of((clip.end() - clip.onset()) as u64);
            assert!((ms(1000)..ms(6000)).contains(&length), "{length:?}");
            assert_eq!(clip.text(), "Quero falar com o financeiro, por favor");
        }
        Err(error) => assert!(error.to_string().contains("apt install espeak-ng"), "{error}"),
    }
}
