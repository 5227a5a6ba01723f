//! Streams of calls that a FreeSWITCH must know.

use crate::line::DOMAIN;
use crate::log::Log;
use crate::site::{AMIGNITER, Answer, Site, to};
use futures_util::future::join_all;
use sim::freeswitch::{Caller, Dial, Dialplan, FreeSwitch, Setup};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use uuid::Uuid;

/// A module that waits longer than this has given up (amigniter, measured).
const PATIENCE: Duration = Duration::from_secs(1);
const LIMIT: Duration = Duration::from_secs(20);
const STRANGER: &str = "99999999-2222-4333-8444-555555555555";
/// Answers are kept while a test lasts.
const KEPT: &str = "server.upgrade_seconds = 60";

fn pbx(port: u16) -> String {
    format!("[[pbx]]\nname = \"pbx-{port}\"\nport = {port}\n")
}

async fn fake() -> FreeSwitch {
    FreeSwitch::start(Setup::default()).await.unwrap()
}

/// A node that controls these, and does so already.
async fn site(keys: &str, fakes: &[&FreeSwitch]) -> Site {
    let sections: String = fakes.iter().map(|fake| pbx(fake.addr().port())).collect();
    let site = Site::launch(keys, &sections).await;
    answers(&site).await;
    site
}

/// Waits until all can be asked.
async fn answers(site: &Site) {
    let asked = async {
        // What is known of a call is not asked again, so each time it is another.
        while site
            .send(&to(AMIGNITER, &path(&Uuid::new_v4().to_string())))
            .await
            .status
            == 503
        {}
    };
    timeout(LIMIT, asked).await.expect("FreeSWITCH answers");
}

fn path(call: &str) -> String {
    format!("/stream/{DOMAIN}/{call}")
}

/// Somebody whose call runs a script in that domain.
fn caller(fake: &FreeSwitch, domain: Option<&str>) -> Caller {
    let variable = |domain: &str| ("domain_uuid".to_owned(), domain.to_owned());
    fake.caller(Dial {
        dialplan: Dialplan::Script,
        variables: domain.map(variable).into_iter().collect(),
        ..Dial::default()
    })
}

/// The request for the stream of a caller's channel.
fn request(caller: &Caller) -> String {
    to(AMIGNITER, &path(&caller.uuid().to_string()))
}

fn refused(site: &Site, reason: &str) -> bool {
    let line = format!("voice_ai_upgrades_refused_total{{reason=\"{reason}\"}} ");
    site.metrics().contains(&line)
}

/// How often the facts of this channel were asked for.
fn look_ups(fake: &FreeSwitch, caller: &Caller) -> usize {
    let asked = format!("uuid_dump {}", caller.uuid());
    fake.commands()
        .iter()
        .filter(|command| command.contains(&asked))
        .count()
}

/// The answer, which comes before a module gives up. A machine that stalls may miss it now and then.
async fn in_time(site: &Site, request: &str) -> Answer {
    let mut late = Vec::new();
    while late.len() < 10 {
        let asked = Instant::now();
        let answer = site.send(request).await;
        if asked.elapsed() < PATIENCE {
            return answer;
        }
        late.push(asked.elapsed());
    }
    panic!("always late: {late:?}");
}

#[tokio::test]
async fn a_call_of_that_domain_is_taken_once() {
    let fake = fake().await;
    let site = site("", &[&fake]).await;
    let caller = caller(&fake, Some(DOMAIN));
    let (answer, _stream) = site.call(&request(&caller)).await;
    assert_eq!(answer.status, 101, "{answer:?}");
    assert_eq!(site.send(&request(&caller)).await.status, 409);
}

#[tokio::test]
async fn a_call_that_is_nowhere_or_elsewhere_is_refused_and_a_stranger_cannot_tell_which() {
    let (log, _guard) = Log::listen();
    let fake = fake().await;
    let site = site("", &[&fake]).await;
    let gone = caller(&fake, Some(DOMAIN));
    gone.hang_up();
    gone.until_hung_up().await;
    let cases = [
        (gone, "no_such_call", "no FreeSWITCH has that channel"),
        (caller(&fake, Some(STRANGER)), "other_domain", STRANGER),
        (caller(&fake, None), "no_domain", "server.verify"),
    ];
    let mut told = Vec::new();
    for (caller, reason, logged) in &cases {
        let answer = site.send(&request(caller)).await;
        assert_eq!(answer.status, 403, "{reason}: {answer:?}");
        assert!(refused(&site, reason), "{}", site.metrics());
        log.shows(logged).await;
        told.push(answer.body.replace(&caller.uuid().to_string(), "CALL"));
    }
    assert!(
        told[0].contains("domain_uuid") && told[0].contains("CALL"),
        "{}",
        told[0]
    );
    assert!(told.iter().all(|body| *body == told[0]), "{told:#?}");
}

#[tokio::test]
async fn a_dialplan_without_domains_can_be_allowed_and_a_wrong_domain_still_cannot() {
    let fake = fake().await;
    let site = site("server.verify = \"channel\"", &[&fake]).await;
    let (answer, _stream) = site.call(&request(&caller(&fake, None))).await;
    assert_eq!(answer.status, 101, "{answer:?}");
    assert_eq!(
        site.send(&request(&caller(&fake, Some(STRANGER)))).await.status,
        403
    );
}

#[tokio::test]
async fn requests_at_once_for_one_call_share_a_look_up() {
    let fake = fake().await;
    let site = site(KEPT, &[&fake]).await;
    let caller = caller(&fake, Some(DOMAIN));
    let request = request(&caller);
    // So long that all of them come before the answer.
    fake.delay_replies(Duration::from_millis(200));
    let answers = join_all((0..20).map(|_| site.call(&request))).await;
    let with = |status| {
        answers
            .iter()
            .filter(|(answer, _)| answer.status == status)
            .count()
    };
    assert_eq!((with(101), with(409)), (1, 19));
    // And so do those that come while the answer holds.
    assert_eq!(site.send(&request).await.status, 409);
    assert_eq!(look_ups(&fake, &caller), 1, "{:?}", fake.commands());
}

#[tokio::test]
async fn a_freeswitch_that_is_lost_or_silent_verifies_nothing_until_it_is_back() {
    let fake = fake().await;
    let site = site("", &[&fake]).await;
    fake.freeze();
    let first = caller(&fake, Some(DOMAIN));
    let answer = in_time(&site, &request(&first)).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some("1"), "{answer:?}");
    fake.thaw();
    fake.stop();
    let second = caller(&fake, Some(DOMAIN));
    assert_eq!(in_time(&site, &request(&second)).await.status, 503);
    fake.restart().await.unwrap();
    answers(&site).await;
    for caller in [&first, &second] {
        let (answer, _stream) = site.call(&request(caller)).await;
        assert_eq!(answer.status, 101, "{answer:?}");
    }
}

#[tokio::test]
async fn the_one_that_has_the_call_is_enough() {
    let (silent, other) = (fake().await, fake().await);
    let site = site("", &[&silent, &other]).await;
    silent.freeze();
    let (answer, _stream) = site.call(&request(&caller(&other, Some(DOMAIN)))).await;
    assert_eq!(answer.status, 101, "{answer:?}");
    // Of a call that it may have nobody can be sure.
    let unknown = to(AMIGNITER, &path("aaaaaaaa-0000-4ccc-8ddd-000000000001"));
    let answer = in_time(&site, &unknown).await;
    assert_eq!(answer.status, 503, "{answer:?}");
}

#[tokio::test]
async fn where_the_token_is_wrong_freeswitch_is_not_asked() {
    let fake = fake().await;
    let sections = pbx(fake.addr().port());
    let site = Site::launch("server.token = { env = \"SITE_TOKEN\" }", &sections).await;
    let caller = caller(&fake, Some(DOMAIN));
    assert_eq!(site.send(&request(&caller)).await.status, 401);
    assert_eq!(look_ups(&fake, &caller), 0);
}

#[tokio::test]
async fn without_a_freeswitch_to_ask_a_call_is_not_taken_unverified() {
    // A port where nothing listens, and one where somebody listens and says nothing.
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let slow = silent.local_addr().unwrap().port();
    for port in [closed, slow] {
        let site = Site::launch("", &pbx(port)).await;
        let answer = in_time(&site, AMIGNITER).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(answer.header("retry-after"), Some("1"), "{answer:?}");
        assert!(answer.explanation().contains("voice-ai pbx status"), "{answer:?}");
        assert!(refused(&site, "unverified"), "{}", site.metrics());
        // It was not counted as a call, and nothing of it is left.
        assert!(site.metrics().contains("voice_ai_calls_live 0"));
    }
}

#[tokio::test]
async fn where_nothing_is_verified_a_call_is_taken_without_a_freeswitch() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let site = Site::launch("server.verify = \"nothing\"", &pbx(closed)).await;
    let (answer, _stream): (_, TcpStream) = site.call(AMIGNITER).await;
    assert_eq!(answer.status, 101, "{answer:?}");
}

#[tokio::test]
async fn where_nothing_is_verified_a_channel_of_another_domain_is_in_nobodys_hands() {
    let (log, _guard) = Log::listen();
    let fake = fake().await;
    let site = site("server.verify = \"nothing\"", &[&fake]).await;
    for (domain, hands) in [(STRANGER, false), (DOMAIN, true)] {
        let caller = caller(&fake, Some(domain));
        let (answer, stream) = site.call(&request(&caller)).await;
        assert_eq!(answer.status, 101, "{answer:?}");
        // The first frame is awaited no longer than 250 ms.
        log.shows(&format!("a call begins call={}", caller.uuid())).await;
        let text = log.text();
        let begun = text
            .lines()
            .find(|line| line.contains(&format!("begins call={}", caller.uuid())));
        assert_eq!(begun.unwrap().contains("pbx=\"pbx-"), hands, "{begun:?}");
        drop(stream);
    }
}
