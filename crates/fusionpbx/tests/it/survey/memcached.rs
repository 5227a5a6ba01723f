//! A real memcached (Debian's), as the cache of FusionPBX.

use super::stage::Stage;
use fusionpbx::Lang;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Nothing here takes so long unless it is broken.
const LIMIT: Duration = Duration::from_secs(30);

/// A memcached of our own, gone with this.
struct Memcached(Child, u16);

impl Memcached {
    /// None where it is not installed, which is said.
    fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let started = Command::new("memcached")
            .args(["-l", "127.0.0.1", "-U", "0", "-m", "8", "-u", "nobody", "-p"])
            .arg(port.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match started {
            Ok(child) => Some(Self(child, port)),
            Err(error) => {
                eprintln!("skipped: no memcached here ({error}; Debian: apt-get install memcached)");
                None
            }
        }
    }
}

impl Drop for Memcached {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_memcached_that_answers_is_told_from_one_that_is_gone() {
    let Some(mut memcached) = Memcached::start() else {
        return;
    };
    let stage = Stage::new().await;
    stage.configure("ClueCon", "memcache");
    stage.machine.write(
        "/etc/freeswitch/autoload_configs/memcache.conf.xml",
        format!(
            "<configuration name=\"memcache.conf\"><settings><param name=\"memcache-servers\" value=\"127.0.0.1:{}\"/></settings></configuration>",
            memcached.1
        ),
    );
    let begun = Instant::now();
    while stage.survey().await.cache.unwrap().memcached != Some(Ok(())) {
        assert!(begun.elapsed() < LIMIT, "it never answered");
    }
    memcached.0.kill().unwrap();
    memcached.0.wait().unwrap();
    let gone = stage
        .survey()
        .await
        .cache
        .unwrap()
        .memcached
        .unwrap()
        .unwrap_err();
    let words = format!("nenhum memcached responde em 127.0.0.1:{}", memcached.1);
    assert!(gone.0.in_lang(Lang::PtBr).starts_with(&words), "{gone:?}");
}
