//! Script, cache and disks.

use super::stage::Stage;
use fusionpbx::{CacheMethod, Owner};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const SCRIPT: &str = "/usr/share/freeswitch/scripts/voice_secretary.lua";

/// FreeSWITCH runs as somebody who owns nothing here.
fn stranger(stage: &Stage) {
    stage.machine.process(
        812,
        "freeswitch",
        Owner {
            uid: 47_110,
            gid: 47_110,
        },
    );
}

#[tokio::test]
async fn the_script_is_told_with_its_mode_and_whether_freeswitch_reads_it() {
    let stage = Stage::new().await;
    let script = stage.survey().await.script.unwrap();
    assert_eq!(
        (script.path.as_path(), &script.file, script.readable),
        (Path::new(SCRIPT), &None, None)
    );

    stage.machine.write(SCRIPT, "-- ours\n");
    stage.machine.mode(SCRIPT, 0o640);
    let script = stage.survey().await.script.unwrap();
    let file = script.file.unwrap();
    assert_eq!((file.text.as_str(), file.mode), ("-- ours\n", 0o640));
    let owner = fs::metadata(stage.machine.path(SCRIPT)).unwrap();
    assert_eq!((file.owner.uid, file.owner.gid), (owner.uid(), owner.gid()));
    assert_eq!(script.readable, None, "FreeSWITCH's user is not known");

    stranger(&stage);
    assert_eq!(stage.survey().await.script.unwrap().readable, Some(false));
    stage.machine.mode(SCRIPT, 0o644);
    assert_eq!(stage.survey().await.script.unwrap().readable, Some(true));
    stage.machine.mode("/usr/share/freeswitch", 0o750);
    assert_eq!(stage.survey().await.script.unwrap().readable, Some(false));
}

#[tokio::test]
async fn freeswitch_says_where_its_scripts_are_and_else_the_configuration_does() {
    let stage = Stage::new().await;
    stage.fake.global("script_dir", "/opt/scripts");
    stage.machine.write("/opt/scripts/voice_secretary.lua", "--");
    let script = stage.survey().await.script.unwrap();
    assert_eq!(script.path, Path::new("/opt/scripts/voice_secretary.lua"));
    assert!(script.file.is_some());
    stage.fake.stop();
    assert_eq!(stage.survey().await.script.unwrap().path, Path::new(SCRIPT));
}

#[tokio::test]
async fn the_cache_is_told_file_by_file() {
    let stage = Stage::new().await;
    let cache = stage.survey().await.cache.unwrap();
    assert_eq!(
        (cache.lua.method, cache.files.len(), cache.writable),
        (CacheMethod::File, 0, None)
    );
    stranger(&stage);
    assert_eq!(
        stage.survey().await.cache.unwrap().writable,
        Some(false),
        "there is no folder"
    );

    for (name, text) in [
        ("dialplan.pbx.example.com", "<a/>"),
        ("dialplan.public.551155550199", "<b/>"),
        ("directory.1000@pbx.example.com", "<c/>"),
    ] {
        stage.machine.write(&format!("/var/cache/fusionpbx/{name}"), text);
    }
    stage.machine.mode("/var/cache/fusionpbx", 0o777);
    let cache = stage.survey().await.cache.unwrap();
    let told: Vec<_> = cache
        .files
        .iter()
        .map(|file| (file.name.as_str(), file.text.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("dialplan.pbx.example.com", "<a/>"),
            ("dialplan.public.551155550199", "<b/>")
        ]
    );
    assert_eq!(cache.writable, Some(true));
    stage.machine.mode("/var/cache/fusionpbx", 0o755);
    assert_eq!(stage.survey().await.cache.unwrap().writable, Some(false));
    assert_eq!(cache.memcached, None);
}

/// Answers each connection's first bytes with this.
async fn says(words: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 64];
            let length = stream.read(&mut asked).await.unwrap_or(0);
            if &asked[..length] == b"version\r\n" {
                let _ = stream.write_all(words.as_bytes()).await;
            }
        }
    });
    port
}

#[tokio::test]
async fn memcached_is_asked_where_mod_memcache_is_told_that_it_is() {
    let stage = Stage::new().await;
    stage.configure("ClueCon", "memcache");
    for (words, answers) in [
        ("VERSION 1.6.18\r\n", true),
        ("HTTP/1.1 400 Bad Request\r\n", false),
    ] {
        let port = says(words).await;
        stage.machine.write(
            "/etc/freeswitch/autoload_configs/memcache.conf.xml",
            format!(
                "<configuration name=\"memcache.conf\"><settings><!-- <param name=\"memcache-servers\" value=\"10.9.9.9\"/> -->\
                 <param name=\"memcache-servers\" value=\"127.0.0.1:{port}:1,10.0.0.1\"/></settings></configuration>"
            ),
        );
        let cache = stage.survey().await.cache.unwrap();
        assert_eq!(cache.memcached.unwrap().is_ok(), answers, "{words:?}");
        assert_eq!(cache.writable, None);
    }
}

#[tokio::test]
async fn the_disk_with_the_least_room_is_told() {
    let facts = Stage::new().await.survey().await;
    let (path, free, all) = facts.system.disk.unwrap();
    assert!(
        path.is_absolute() && free <= all && all > 0,
        "{path:?} {free} {all}"
    );
}
