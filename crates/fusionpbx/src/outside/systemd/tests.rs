//! systemd's programs as a script that keeps what it was told, and says what a file says.

use super::*;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use tempfile::TempDir;

/// The n-th time that it is asked to show the unit it says what is in `shown.n`, else what is in `shown`.
const SYSTEMCTL: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
echo "$*" >>told
[ "$1" = show ] || exit 0
echo >>asked
next=shown.$(grep -c '' asked)
[ -e "$next" ] || next=shown
cat "$next"
"#;

fn systemd(shown: &[(&str, &str)]) -> (TempDir, Systemd) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, text) in [("systemctl", SYSTEMCTL), ("sysusers", "#!/bin/sh\n")] {
        fs::write(path(name), text).unwrap();
        fs::set_permissions(path(name), Permissions::from_mode(0o755)).unwrap();
    }
    for (name, text) in shown {
        fs::write(path(name), text).unwrap();
    }
    let systemd = Systemd {
        systemctl: path("systemctl"),
        sysusers: path("sysusers"),
        steady: Duration::from_millis(300),
        patience: Duration::from_secs(30),
        longest: Duration::from_secs(60),
    };
    (folder, systemd)
}

/// What systemd was told to do, without what it was only asked.
fn deeds(folder: &TempDir) -> Vec<String> {
    let told = fs::read_to_string(folder.path().join("told")).unwrap();
    let deeds = told.lines().filter(|line| !line.starts_with("show"));
    deeds.map(|line| line.replace(UNIT, "UNIT")).collect()
}

#[tokio::test]
async fn a_service_that_stays_runs() {
    let (folder, systemd) = systemd(&[("shown", "ActiveState=active\nMainPID=7\n")]);
    systemd.run().await.unwrap();
    assert_eq!(deeds(&folder), ["daemon-reload", "enable UNIT", "restart UNIT"]);
}

#[tokio::test]
async fn a_service_that_ends_at_once_is_not_started() {
    let (_folder, systemd) = systemd(&[
        ("shown.1", "ActiveState=active\nMainPID=7\n"),
        (
            "shown",
            "ActiveState=failed\nMainPID=0\nResult=exit-code\nExecMainStatus=2\n",
        ),
    ]);
    let why = systemd.run().await.unwrap_err();
    let why = why.in_lang(crate::Lang::En);
    assert!(why.contains("exit-code, exit code 2"), "{why}");
    assert!(why.contains("journalctl"), "{why}");
}

#[tokio::test]
async fn a_service_that_is_begun_again_and_again_does_not_run() {
    let (_folder, mut systemd) = systemd(&[(
        "shown",
        "ActiveState=activating\nResult=exit-code\nExecMainStatus=1\n",
    )]);
    systemd.patience = Duration::from_millis(300);
    let why = systemd.run().await.unwrap_err();
    assert!(
        why.in_lang(crate::Lang::PtBr).contains("não permanece"),
        "{why:?}"
    );
}

#[tokio::test]
async fn a_unit_is_put_back_as_it_stood() {
    for (shown, enabled, active, deeds_then) in [
        (
            "ActiveState=active\nUnitFileState=enabled\n",
            true,
            true,
            vec!["daemon-reload", "enable UNIT", "restart UNIT"],
        ),
        (
            "ActiveState=active\nUnitFileState=disabled\n",
            false,
            true,
            vec!["daemon-reload", "disable UNIT", "restart UNIT"],
        ),
        (
            "ActiveState=failed\nUnitFileState=enabled\n",
            true,
            false,
            vec!["daemon-reload", "enable UNIT", "stop UNIT"],
        ),
        (
            "ActiveState=inactive\nUnitFileState=\n",
            false,
            false,
            vec!["disable --now UNIT"],
        ),
    ] {
        let (folder, systemd) = systemd(&[("shown", shown)]);
        let state = systemd.state().await.unwrap();
        assert_eq!(state, UnitState { enabled, active }, "{shown}");
        systemd.restore(state).await.unwrap();
        assert_eq!(deeds(&folder), deeds_then, "{shown}");
    }
}

#[tokio::test]
async fn without_systemd_a_unit_stands_in_no_way() {
    let (folder, systemd) = systemd(&[]);
    fs::remove_file(folder.path().join("systemctl")).unwrap();
    assert_eq!(systemd.state().await, None);
}

#[tokio::test]
async fn a_systemctl_that_does_not_end_is_not_waited_for() {
    let (folder, mut systemd) = systemd(&[]);
    fs::write(&systemd.systemctl, "#!/bin/sh\nexec sleep 600\n").unwrap();
    systemd.longest = Duration::from_millis(300);
    let begun = Instant::now();
    let why = systemd.stop().await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(60));
    let why = why.in_lang(crate::Lang::En);
    assert!(
        why.contains("disable --now") && why.contains("has not ended"),
        "{why}"
    );
    drop(folder);
}
