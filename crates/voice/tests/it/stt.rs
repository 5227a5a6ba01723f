//! Speech to text in worker processes. The workers here are this very test binary: [`worker`] is run in them.

mod live;
mod services;
mod whisper;

use secretary::Language;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use voice::stt::frame::{RATE, Utterance};
use voice::stt::worker::{Cancelled, Recognizer, serve};
use voice::stt::{PoolSettings, SttError, Transcriber, WorkerCommand, WorkerPool};

/// A command that runs [`worker`] in a process of its own. The test harness writes to standard output, so that is moved
/// aside and the frames go to descriptor 3.
fn this_binary(behaviour: &str, place: &Path) -> WorkerCommand {
    WorkerCommand::new("/bin/sh")
        .argument("-c")
        .argument(r#"exec "$0" "$@" 3>&1 1>/dev/null"#)
        .argument(std::env::current_exe().unwrap())
        .argument("stt::worker")
        .argument("--exact")
        .argument("--ignored")
        .variable("STT_BEHAVIOUR", behaviour)
        .variable("STT_PLACE", place)
}

#[test]
#[ignore = "it is the worker that the other tests start"]
fn worker() {
    let (Ok(behaviour), Some(place)) = (std::env::var("STT_BEHAVIOUR"), std::env::var_os("STT_PLACE")) else {
        panic!("run by the tests of this module, with STT_BEHAVIOUR and STT_PLACE");
    };
    let output = std::fs::File::options().write(true).open("/dev/fd/3").unwrap();
    if behaviour == "whisper" {
        voice::stt::worker::run(std::io::stdin(), output, Path::new(&place), 2.try_into().unwrap()).unwrap();
    } else {
        serve(
            std::io::stdin(),
            output,
            Fake {
                behaviour,
                place: place.into(),
            },
            Instant::now(),
        )
        .unwrap();
    }
}

/// A recogniser that misbehaves as it is told. It leaves a file for each beginning of its work.
struct Fake {
    behaviour: String,
    place: PathBuf,
}

impl Recognizer for Fake {
    fn recognize(&mut self, utterance: &Utterance, cancelled: Cancelled) -> Result<String, String> {
        let first = std::fs::File::create_new(self.place.join("first")).is_ok();
        std::fs::write(self.place.join("pid"), std::process::id().to_string()).unwrap();
        match self.behaviour.as_str() {
            "crash once" if first => std::process::abort(),
            "crash" => std::process::abort(),
            "hang once" if first => wait_for(|| false),
            "wait for the gate" => wait_for(|| cancelled.get() || self.place.join("gate").exists()),
            "tell the hint" => return Ok(utterance.hint.to_string()),
            "refuse" => return Err("the model does not want to".into()),
            _ => {}
        }
        let text = format!(
            "{} {} {}",
            utterance.language,
            utterance.samples.len(),
            std::process::id()
        );
        Ok(text)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a file that another process makes can only be looked for"
)]
fn wait_for(done: impl Fn() -> bool) {
    while !done() {
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits for something that is sure to come; nextest's own limit ends a test where it does not.
async fn until(done: impl Fn() -> bool) {
    while !done() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn pool(behaviour: &str, place: &Path, settings: PoolSettings) -> WorkerPool {
    WorkerPool::new(this_binary(behaviour, place), settings)
}

fn one_second() -> Arc<[i16]> {
    vec![1; RATE].into()
}

fn pid_of(text: &str) -> &str {
    text.rsplit(' ').next().unwrap()
}

fn is_running(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test]
async fn a_worker_is_told_what_callers_speak_of() {
    let place = tempfile::tempdir().unwrap();
    let pool = pool("tell the hint", place.path(), PoolSettings::default());
    let hint = "Ligação para a empresa: financeiro, Jenny.".into();
    let told = pool
        .transcribe(one_second(), Language::PtBr, &hint)
        .await
        .unwrap();
    assert_eq!(told, *hint);
}

#[tokio::test]
async fn words_come_back_and_the_worker_stays() {
    let place = tempfile::tempdir().unwrap();
    let pool = pool("well", place.path(), PoolSettings::default());
    pool.warm().await.unwrap();
    let first = pool
        .transcribe(one_second(), Language::PtBr, &"".into())
        .await
        .unwrap();
    let second = pool
        .transcribe(vec![1; 5].into(), Language::En, &"".into())
        .await
        .unwrap();
    assert!(
        first.starts_with("pt-BR 16000 ") && second.starts_with("en 5 "),
        "{first:?} {second:?}"
    );
    assert_eq!(pid_of(&first), pid_of(&second));
    assert_eq!(pool.state().failures, 0);
}

#[tokio::test]
async fn a_crash_costs_one_retry() {
    let place = tempfile::tempdir().unwrap();
    let pool = pool("crash once", place.path(), PoolSettings::default());
    assert!(
        pool.transcribe(one_second(), Language::PtBr, &"".into())
            .await
            .unwrap()
            .starts_with("pt-BR 16000 ")
    );
    assert_eq!(pool.state().failures, 1);
}

#[tokio::test]
async fn a_second_crash_over_the_same_words_is_an_error_and_then_there_is_a_pause() {
    let place = tempfile::tempdir().unwrap();
    let settings = PoolSettings {
        backoff: Duration::from_secs(30),
        ..PoolSettings::default()
    };
    let pool = pool("crash", place.path(), settings);
    let error = pool
        .transcribe(one_second(), Language::En, &"".into())
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("signal: 6"), "{error}");
    assert_eq!(pool.state().failures, 2);
    let error = pool
        .transcribe(one_second(), Language::En, &"".into())
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("failed 2 times in a row"), "{error}");
    assert_eq!(pool.state().failures, 2, "no worker is started during the pause");
}

#[tokio::test]
async fn a_worker_killed_in_the_middle_is_replaced() {
    let place = tempfile::tempdir().unwrap();
    let pool = Arc::new(pool("wait for the gate", place.path(), PoolSettings::default()));
    let words = tokio::spawn({
        let pool = pool.clone();
        async move { pool.transcribe(one_second(), Language::En, &"".into()).await }
    });
    let pid_file = place.path().join("pid");
    until(|| std::fs::read_to_string(&pid_file).is_ok_and(|pid| !pid.is_empty())).await;
    let killed = std::fs::read_to_string(&pid_file).unwrap();
    std::fs::write(place.path().join("gate"), "").unwrap();
    // The gate is open: should the worker be faster than the signal, the words are its own.
    assert!(
        Command::new("kill")
            .args(["-9", &killed])
            .status()
            .unwrap()
            .success()
    );
    assert!(words.await.unwrap().unwrap().starts_with("en 16000 "));
    let after = pool
        .transcribe(one_second(), Language::En, &"".into())
        .await
        .unwrap();
    assert_ne!(pid_of(&after), killed);
    assert_eq!(pool.state().failures, 1);
}

#[tokio::test]
async fn a_worker_that_hangs_is_replaced() {
    let place = tempfile::tempdir().unwrap();
    let settings = PoolSettings {
        patience: Duration::from_millis(100),
        ..PoolSettings::default()
    };
    let pool = pool("hang once", place.path(), settings);
    assert!(
        pool.transcribe(vec![1; 5].into(), Language::En, &"".into())
            .await
            .unwrap()
            .starts_with("en 5 ")
    );
    assert_eq!(pool.state().failures, 1);
}

#[tokio::test]
async fn what_the_worker_refuses_is_no_failure_of_the_worker() {
    let place = tempfile::tempdir().unwrap();
    let pool = pool("refuse", place.path(), PoolSettings::default());
    let error = pool
        .transcribe(one_second(), Language::En, &"".into())
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("does not want to"), "{error}");
    assert_eq!(pool.state().failures, 0);
}

#[tokio::test]
async fn the_queue_is_bounded_and_a_place_can_be_given_up() {
    let place = tempfile::tempdir().unwrap();
    let pool = Arc::new(pool(
        "wait for the gate",
        place.path(),
        PoolSettings {
            queue: 2,
            ..PoolSettings::default()
        },
    ));
    let start = || {
        let pool = pool.clone();
        tokio::spawn(async move { pool.transcribe(one_second(), Language::En, &"".into()).await })
    };
    let mut calls = vec![start()];
    until(|| pool.state().busy == 1).await;
    calls.extend([start(), start()]);
    until(|| pool.state().waiting == 2).await;
    let refused = start().await.unwrap();
    assert!(
        matches!(refused, Err(SttError::Busy { waiting: 2 })),
        "{refused:?}"
    );

    calls.pop().unwrap().abort();
    until(|| pool.state().waiting == 1).await;
    calls.push(start());
    until(|| pool.state().waiting == 2).await;
    std::fs::write(place.path().join("gate"), "").unwrap();
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn an_utterance_given_up_in_the_middle_frees_its_worker_at_once() {
    let place = tempfile::tempdir().unwrap();
    let pool = Arc::new(pool("wait for the gate", place.path(), PoolSettings::default()));
    let given_up = tokio::spawn({
        let pool = pool.clone();
        async move { pool.transcribe(one_second(), Language::En, &"".into()).await }
    });
    let pid_file = place.path().join("pid");
    until(|| std::fs::read_to_string(&pid_file).is_ok_and(|pid| !pid.is_empty())).await;
    let pid = std::fs::read_to_string(&pid_file).unwrap();
    given_up.abort();
    // The gate is closed: only the cancel lets the worker go on.
    until(|| pool.state().busy == 0).await;
    std::fs::write(place.path().join("gate"), "").unwrap();
    let next = pool
        .transcribe(one_second(), Language::En, &"".into())
        .await
        .unwrap();
    assert_eq!(pid_of(&next), pid, "the worker is the same");
    assert_eq!(pool.state().failures, 0);
}

#[tokio::test]
async fn one_workers_crash_does_not_touch_another() {
    let place = tempfile::tempdir().unwrap();
    let settings = PoolSettings {
        workers: 2.try_into().unwrap(),
        ..PoolSettings::default()
    };
    let pool = pool("crash once", place.path(), settings);
    pool.warm().await.unwrap();
    let both = [one_second(), one_second()].map(|samples| pool.transcribe(samples, Language::En, &"".into()));
    for words in futures_util::future::join_all(both).await {
        assert!(words.unwrap().starts_with("en 16000 "));
    }
    assert_eq!(pool.state().failures, 1);
}

#[tokio::test]
async fn dropping_the_pool_ends_its_workers() {
    let place = tempfile::tempdir().unwrap();
    let idle = pool("well", place.path(), PoolSettings::default());
    let words = idle
        .transcribe(one_second(), Language::En, &"".into())
        .await
        .unwrap();
    drop(idle);
    until(|| !is_running(pid_of(&words))).await;

    std::fs::remove_file(place.path().join("pid")).unwrap();
    let busy = pool("wait for the gate", place.path(), PoolSettings::default());
    let pid_file = place.path().join("pid");
    tokio::select! {
        _ = busy.transcribe(one_second(), Language::En, &"".into()) => panic!("the gate is closed"),
        () = until(|| std::fs::read_to_string(&pid_file).is_ok_and(|pid| !pid.is_empty())) => {}
    }
    drop(busy);
    until(|| !is_running(&std::fs::read_to_string(&pid_file).unwrap())).await;
}

#[test]
fn a_worker_ends_with_its_parent() {
    let place = tempfile::tempdir().unwrap();
    let mut child = Command::new("/bin/sh")
        .args(["-c", r#"exec "$0" "$@" 3>/dev/null 1>/dev/null"#])
        .arg(std::env::current_exe().unwrap())
        .args(["stt::worker", "--exact", "--ignored"])
        .env("STT_BEHAVIOUR", "wait for the gate")
        .env("STT_PLACE", place.path())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let utterance = Utterance::new(one_second(), Language::En);
    let request = voice::stt::frame::Request::Transcribe { id: 1, utterance }.encode();
    let mut input = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, &request).unwrap();
    wait_for(|| place.path().join("pid").exists());
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn a_program_that_is_no_worker_is_named() {
    for (program, says) in [
        ("/no/such/program", "cannot be started"),
        ("/bin/true", "ended while loading"),
    ] {
        let pool = WorkerPool::new(WorkerCommand::new(program), PoolSettings::default());
        let error = pool.warm().await.unwrap_err().to_string();
        assert!(error.contains(program) && error.contains(says), "{error}");
    }
    let settings = PoolSettings {
        start: Duration::from_millis(50),
        ..PoolSettings::default()
    };
    let pool = WorkerPool::new(WorkerCommand::new("/bin/sleep").argument("60"), settings);
    let error = pool.warm().await.unwrap_err().to_string();
    assert!(error.contains("did not load its model"), "{error}");
}
