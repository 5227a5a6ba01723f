//! What a crash, a full disk or a bad block does to the journal.

use super::*;
use std::fs;

/// Leaves a journal of these numbers, as a process does whose database is gone.
async fn leave(folder: &TempDir, numbers: std::ops::Range<u64>) {
    let gone = Fake::default();
    gone.go();
    let keeper = Keeper::open(&config(folder.path(), 64 * MIB), gone).unwrap();
    for n in numbers {
        keeper.keep(message(n)).await.unwrap();
    }
    keeper.close().await;
}

/// What the next process carries of it, and how it is doing then.
async fn carry(folder: &TempDir) -> (Vec<u64>, KeeperState) {
    let database = Fake::default();
    let keeper = Keeper::open(&config(folder.path(), 64 * MIB), database.clone()).unwrap();
    until(&keeper, "all was carried", |state| {
        state.waiting == 0 && state.bytes == 0
    })
    .await;
    let state = keeper.state();
    keeper.close().await;
    (database.numbers(), state)
}

#[tokio::test]
async fn whatever_a_crash_tore_off_is_cut_and_what_was_kept_before_is_carried() {
    let folder = tempfile::tempdir().unwrap();
    leave(&folder, 0..5).await;
    let whole = fs::read(&segments(&folder)[0]).unwrap();
    let fourth_ends = whole
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .nth(3)
        .unwrap()
        .0
        + 1;
    for cut in (fourth_ends..whole.len()).step_by(5).chain([whole.len() - 1]) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("journal")).unwrap();
        fs::write(
            folder.path().join("journal/00000000000000000009.jsonl"),
            &whole[..cut],
        )
        .unwrap();
        let (numbers, state) = carry(&folder).await;
        assert_eq!(numbers, [0, 1, 2, 3], "cut at {cut}");
        assert_eq!(state.set_aside, 0, "cut at {cut}");
    }
}

#[tokio::test]
async fn a_damaged_line_is_set_aside_and_the_others_are_carried() {
    let folder = tempfile::tempdir().unwrap();
    leave(&folder, 0..5).await;
    let segment = &segments(&folder)[0];
    let mut lines: Vec<Vec<u8>> = fs::read(segment)
        .unwrap()
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let middle = lines[2].len() / 2;
    lines[2][middle] ^= 1;
    fs::write(segment, lines.concat()).unwrap();
    let (numbers, state) = carry(&folder).await;
    assert_eq!(numbers, [0, 1, 3, 4]);
    assert_eq!(state.set_aside, 1);
    let aside = fs::read(folder.path().join("journal/set-aside.jsonl")).unwrap();
    assert_eq!(aside, lines[2]);
}

#[tokio::test]
async fn a_line_that_lost_its_end_takes_no_more_than_its_neighbour_along() {
    let folder = tempfile::tempdir().unwrap();
    leave(&folder, 0..5).await;
    let segment = &segments(&folder)[0];
    let mut bytes = fs::read(segment).unwrap();
    let first_ends = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    bytes[first_ends] = b' ';
    fs::write(segment, bytes).unwrap();
    let (numbers, state) = carry(&folder).await;
    assert_eq!(numbers, [2, 3, 4]);
    assert_eq!(state.set_aside, 1);
}

#[tokio::test]
async fn an_entry_of_a_newer_program_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    leave(&folder, 0..1).await;
    let json = r#"{"sang":{"song":"La Paloma"}}"#;
    let line = format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()));
    let segment = &segments(&folder)[0];
    let known = fs::read_to_string(segment).unwrap();
    fs::write(segment, format!("{line}{known}")).unwrap();
    let (numbers, state) = carry(&folder).await;
    assert_eq!((numbers, state.set_aside), (vec![0], 1));
}

#[tokio::test]
async fn many_segments_are_carried_in_order_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let gone = Fake::default();
    gone.go();
    let keeper = Keeper::open(&config(folder.path(), MIB), gone.clone()).unwrap();
    for n in 0..40 {
        keeper.keep(sized(n, 20 * 1024)).await.unwrap();
    }
    assert!(segments(&folder).len() >= 3, "{:?}", segments(&folder));
    keeper.close().await;
    let (numbers, _) = carry(&folder).await;
    assert_eq!(numbers, (0..40).collect::<Vec<_>>());
    assert!(segments(&folder).is_empty());
}

#[tokio::test]
async fn a_folder_that_cannot_be_is_told_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("journal"), "").unwrap();
    let Err(refused) = Keeper::open(&config(folder.path(), MIB), Fake::default()) else {
        panic!("a journal in a file");
    };
    assert!(refused.to_string().contains("data.dir"), "{refused}");
}

#[cfg(unix)]
#[tokio::test]
async fn what_callers_say_is_for_the_service_s_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    leave(&folder, 0..1).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("journal")), 0o700);
    assert_eq!(mode(&segments(&folder)[0]), 0o600);
}
