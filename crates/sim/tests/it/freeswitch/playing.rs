//! Playback by `sendmsg`.

use super::{Client, header, soon, started};
use sim::freeswitch::{Dial, FreeSwitch, Place, Source};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

const EVENTS: &str = "CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE PLAYBACK_START PLAYBACK_STOP DTMF";

/// A file of so many milliseconds at 8 kHz, each sample of one value.
fn file(directory: &Path, name: &str, ms: usize, value: i16) -> String {
    let path = directory.join(name);
    let bytes: Vec<u8> = std::iter::repeat_n(value.to_le_bytes(), ms * 8)
        .flatten()
        .collect();
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

struct Scene {
    fake: FreeSwitch,
    client: Client,
    caller: sim::freeswitch::Caller,
    id: String,
    files: TempDir,
}

async fn scene() -> Scene {
    let fake = started().await;
    let caller = fake.caller(Dial::default());
    soon("park", caller.until(|place| *place == Place::Parked)).await;
    let client = Client::connect(&fake, EVENTS).await;
    Scene {
        id: caller.uuid().to_string(),
        fake,
        client,
        caller,
        files: tempfile::tempdir().unwrap(),
    }
}

impl Scene {
    /// What the caller heard, each value once in its row.
    fn heard(&self) -> Vec<i16> {
        let heard = self.caller.heard();
        assert!(heard.iter().all(|heard| heard.source == Source::Playback));
        let mut values: Vec<i16> = heard.into_iter().flat_map(|heard| heard.samples).collect();
        values.dedup();
        values
    }
}

const LOCK: &[(&str, &str)] = &[("event-lock", "true")];

#[tokio::test]
async fn with_a_lock_files_play_in_order_and_without_a_gap() {
    let mut scene = scene().await;
    for (name, value) in [("a.r8", 1), ("b.r8", 2), ("c.r8", 3)] {
        let file = file(scene.files.path(), name, 100, value);
        scene.client.execute(&scene.id, "playback", &file, LOCK).await;
    }
    for _ in 0..3 {
        let event = scene.client.named("CHANNEL_EXECUTE_COMPLETE").await;
        assert_eq!(header(&event, "Application-Response"), "FILE PLAYED");
    }
    assert_eq!(scene.heard(), [1, 2, 3]);
    let samples: usize = scene.caller.heard().iter().map(|heard| heard.samples.len()).sum();
    assert_eq!(samples, 3 * 800);
}

#[tokio::test]
async fn without_a_lock_the_last_is_heard_first() {
    let mut scene = scene().await;
    for (name, value) in [("a.r8", 1), ("b.r8", 2), ("c.r8", 3)] {
        let file = file(scene.files.path(), name, 40, value);
        scene.client.execute(&scene.id, "playback", &file, &[]).await;
    }
    for _ in 0..3 {
        scene.client.named("CHANNEL_EXECUTE_COMPLETE").await;
    }
    let heard = scene.heard();
    assert_eq!(heard.last(), Some(&1), "{heard:?}");
    assert!(heard.iter().position(|value| *value == 3) < heard.iter().position(|value| *value == 2));
}

#[tokio::test]
async fn a_break_of_all_ends_what_plays_and_what_waits() {
    let mut scene = scene().await;
    let long = file(scene.files.path(), "long.r8", 60_000, 1);
    let short = file(scene.files.path(), "short.r8", 20, 2);
    scene.client.execute(&scene.id, "playback", &long, LOCK).await;
    scene.client.named("PLAYBACK_START").await;
    scene.client.execute(&scene.id, "playback", &long, LOCK).await;
    assert_eq!(
        scene.client.api(&format!("uuid_break {} all", scene.id)).await,
        "+OK\n"
    );
    let stop = scene.client.named("PLAYBACK_STOP").await;
    assert_eq!(header(&stop, "Playback-Status"), "break");
    assert_eq!(header(&stop, "Playback-File-Path"), long);
    // The channel plays what comes later as if nothing had been.
    scene.client.execute(&scene.id, "playback", &short, LOCK).await;
    let start = scene.client.named("PLAYBACK_START").await;
    assert_eq!(header(&start, "Playback-File-Path"), short);
    let stop = scene.client.named("PLAYBACK_STOP").await;
    assert_eq!(header(&stop, "Playback-Status"), "done");
}

#[tokio::test]
async fn a_break_while_nothing_plays_breaks_nothing_later() {
    let mut scene = scene().await;
    scene.client.api(&format!("uuid_break {} all", scene.id)).await;
    let short = file(scene.files.path(), "short.r8", 40, 2);
    scene.client.execute(&scene.id, "playback", &short, LOCK).await;
    let stop = scene.client.named("PLAYBACK_STOP").await;
    assert_eq!(header(&stop, "Playback-Status"), "done");
}

#[tokio::test]
async fn a_missing_file_is_told_at_the_end_alone() {
    let mut scene = scene().await;
    let more = [
        ("event-lock", "true"),
        ("event-uuid", "00000000-0000-4000-8000-0000000000a0"),
    ];
    scene
        .client
        .execute(&scene.id, "playback", "/nowhere/none.r8", &more)
        .await;
    let begun = scene.client.named("CHANNEL_EXECUTE").await;
    let next = scene.client.event("the next event", |_| true).await;
    assert_eq!(header(&next, "Event-Name"), "CHANNEL_EXECUTE_COMPLETE");
    assert_eq!(header(&next, "Application-Response"), "FILE NOT FOUND");
    for event in [begun, next] {
        assert_eq!(header(&event, "Application-UUID"), more[1].1);
    }
}

#[tokio::test]
async fn endless_playback_outlives_a_break_and_a_repeated_playback_does_not() {
    let mut scene = scene().await;
    let file = file(scene.files.path(), "music.r8", 600, 1);
    scene
        .client
        .execute(&scene.id, "playback", &file, &[("loops", "-1")])
        .await;
    // The second round has begun.
    scene.client.named("PLAYBACK_START").await;
    scene.client.named("PLAYBACK_START").await;
    scene.client.api(&format!("uuid_break {} all", scene.id)).await;
    scene.client.named("CHANNEL_EXECUTE_COMPLETE").await;

    scene
        .client
        .execute(&scene.id, "endless_playback", &file, &[])
        .await;
    scene.client.named("PLAYBACK_START").await;
    scene.client.api(&format!("uuid_break {} all", scene.id)).await;
    let stop = scene.client.named("PLAYBACK_STOP").await;
    assert_eq!(header(&stop, "Playback-Status"), "break");
    scene.client.named("PLAYBACK_START").await;
}

#[tokio::test]
async fn keys_are_told_while_a_file_plays() {
    let mut scene = scene().await;
    let file = file(scene.files.path(), "long.r8", 60_000, 1);
    scene.client.execute(&scene.id, "playback", &file, LOCK).await;
    scene.client.named("PLAYBACK_START").await;
    scene.caller.press('5');
    let digit = scene.client.named("DTMF").await;
    assert_eq!(
        (header(&digit, "DTMF-Digit"), header(&digit, "DTMF-Source")),
        ("5", "RTP")
    );
}

#[tokio::test]
async fn a_playback_takes_as_long_as_it_sounds() {
    let mut scene = scene().await;
    let file = file(scene.files.path(), "second.r8", 1000, 1);
    scene.client.execute(&scene.id, "playback", &file, LOCK).await;
    scene.client.named("PLAYBACK_STOP").await;
    let heard = scene.caller.heard();
    let (first, last) = (heard.first().unwrap().at, heard.last().unwrap().at);
    assert!(last - first >= Duration::from_millis(970), "{:?}", last - first);
    drop(scene.fake);
}
