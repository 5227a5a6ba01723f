//! The vendors' own Python packages as judges of what we send and fake.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The interpreter that has the `openai` package, if it was installed.
pub(crate) fn python() -> Option<PathBuf> {
    python_with("openai")
}

/// The interpreter that has this package, if it was installed.
pub(crate) fn python_with(package: &str) -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    let found = format!("import importlib.util as i, sys; sys.exit(i.find_spec({package:?}) is None)");
    let has_package = Command::new(&python)
        .args(["-c", &found])
        .output()
        .is_ok_and(|output| output.status.success());
    if !has_package {
        println!("skipped: no .venv with the {package} package; `make test` makes it");
    }
    has_package.then_some(python)
}

/// What a script of tests/python says of these lines.
pub(crate) fn validate(python: &Path, script: &str, lines: &str) -> Output {
    let mut child = Command::new(python)
        .arg(script_of(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// What a script of tests/python, which is an official client, says of its talk with a server. It waits without holding up
/// the server, and no longer than two minutes.
pub(crate) async fn client(python: &Path, script: &str, arguments: &[&str]) -> Output {
    let running = tokio::process::Command::new(python)
        .arg(script_of(script))
        .args(arguments)
        .kill_on_drop(true)
        .output();
    tokio::time::timeout(std::time::Duration::from_secs(120), running)
        .await
        .expect("the client took too long")
        .unwrap()
}

fn script_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/python")
        .join(name)
}
