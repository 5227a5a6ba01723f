//! Whisper itself, on speech that espeak-ng makes.

use super::pool;
use secretary::Language;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;
use voice::stt::frame::RATE;
use voice::stt::{PoolSettings, Transcriber};

/// The Whisper model, where it is installed.
fn model() -> Option<PathBuf> {
    let folder = std::env::var_os("VOICE_AI_TEST_MODELS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.models"),
        PathBuf::from,
    );
    let file = folder.join("whisper-base.q8_0.bin");
    if !file.exists() {
        println!(
            "skipped: {} is not there; `voice-ai models install whisper-base --dir .models` makes it",
            file.display()
        );
        return None;
    }
    Some(file)
}

/// What espeak-ng says, at 16 kHz.
fn said(voice: &str, text: &str) -> Option<Arc<[i16]>> {
    let Ok(output) = Command::new("espeak-ng")
        .args(["-v", voice, "-s", "150", "--stdout", text])
        .output()
    else {
        println!("skipped: espeak-ng is not installed");
        return None;
    };
    // A canonical WAV header of 44 bytes; 22050 Hz, 16 bits, mono.
    let wav: Vec<f32> = output.stdout[44..]
        .chunks_exact(2)
        .map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])))
        .collect();
    let length = wav.len() * RATE / 22_050;
    let at = |n: usize| {
        let position = n as f32 * 22_050.0 / RATE as f32;
        let (left, part) = (position as usize, position.fract());
        let right = (left + 1).min(wav.len() - 1);
        (wav[left] * (1.0 - part) + wav[right] * part) as i16
    };
    Some((0..length).map(at).collect())
}

fn hint(language: Language) -> Arc<str> {
    match language {
        Language::PtBr => "Ligação para a empresa: financeiro, suporte, vendas.".into(),
        Language::En => "A call to the company: billing, support, sales.".into(),
    }
}

#[tokio::test]
async fn whisper_recognises_portuguese_and_english_and_hears_nothing_in_silence() {
    let _alone = crate::WHISPER.lock().await;
    let Some(model) = model() else { return };
    let (Some(portuguese), Some(english)) = (
        said("pt-br", "Quero falar com o financeiro, por favor"),
        said("en", "I would like to speak with the billing department, please"),
    ) else {
        return;
    };
    let pool = pool("whisper", &model, PoolSettings::default());
    pool.warm().await.unwrap();
    for (samples, language, word) in [
        (portuguese, Language::PtBr, "financeiro"),
        (english, Language::En, "billing"),
    ] {
        let (length, started) = (samples.len() as f32 / RATE as f32, Instant::now());
        let words = pool.transcribe(samples, language, &hint(language)).await.unwrap();
        println!(
            "{length:.2} s of {language} in {:.2?}: {words}",
            started.elapsed()
        );
        assert!(words.to_lowercase().contains(word), "{words}");
    }
    let mut seed = 1_u32;
    let mut noise = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) as i16 / 1024
    };
    let faint: Arc<[i16]> = (0..2 * RATE).map(|_| noise()).collect();
    for nothing in [vec![0; 2 * RATE].into(), vec![8_000; 800].into(), faint] {
        assert_eq!(
            pool.transcribe(nothing, Language::PtBr, &hint(Language::PtBr))
                .await
                .unwrap(),
            ""
        );
    }
}
