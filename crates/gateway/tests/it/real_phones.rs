//! A person with two registered phones on a real FreeSWITCH, as [`crate::real_freeswitch`] says, with `real_phones` for the name.
//!
//! Its directory has the user 1000 in the domain of the global variable `domain`, and its SIP profile `internal` takes both phones
//! without a password: `accept-blind-reg` is true, and `multiple-registrations` is `contact`.

use crate::pbx_site::soon;
use crate::real_freeswitch::{Real, real};
use crate::real_scene::{Scene, is, phone, tone};
use crate::real_view::View;
use crate::sip_desk::{Desk, Line, Manner, loud_since};
use std::net::UdpSocket;
use std::time::{Duration, Instant};

const TOOLS: [&str; 2] = ["transfer_call", "transfer_announced"];
/// The extension whose calls are of a domain.
const OF_DOMAIN: &str = "8003";
/// How long a SIP answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The two phones of user 1000, who is Ana. No other phone of hers is registered.
struct Phones {
    kitchen: Desk,
    office: Desk,
}

impl Phones {
    async fn register(real: &Real, manners: [Manner; 2]) -> Self {
        let mut view = View::open(real).await;
        let domain = view.api("global_getvar domain").await;
        view.api(&format!("sofia profile internal flush_inbound_reg 1000@{domain}"))
            .await;
        let known = format!("sofia_contact internal/1000@{domain}");
        soon("nobody is registered", async {
            while view.api(&known).await.contains("sofia/") {}
        })
        .await;
        let [kitchen, office] = manners.map(phone);
        for desk in [&kitchen, &office] {
            register(real, desk, &domain);
        }
        let contacts = view.api(&known).await;
        assert_eq!(
            contacts.matches("sofia/").count(),
            2,
            "FreeSWITCH knows these phones of 1000@{domain}: {contacts}"
        );
        Self { kitchen, office }
    }

    async fn both(&self, line: Line) {
        is(&self.kitchen, line).await;
        is(&self.office, line).await;
    }
}

/// One registration, of a socket of its own: what FreeSWITCH sends the phone is the phone's.
fn register(real: &Real, desk: &Desk, domain: &str) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let (here, at, id) = (
        socket.local_addr().unwrap(),
        desk.address(),
        fastrand::u64(..).to_string(),
    );
    let text = format!(
        "REGISTER sip:{domain} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{id}\r\nFrom: <sip:1000@{domain}>;tag={id}\r\n\
         To: <sip:1000@{domain}>\r\nCall-ID: {id}\r\nCSeq: 1 REGISTER\r\nContact: <sip:desk@{at}>\r\nExpires: 600\r\n\
         Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    socket.send_to(text.as_bytes(), real.sip).unwrap();
    let mut buffer = [0; 8192];
    let length = socket.recv(&mut buffer).expect("an answer to the registration");
    let answer = String::from_utf8_lossy(&buffer[..length]).into_owned();
    assert!(
        answer.starts_with("SIP/2.0 200"),
        "a phone without a password was not registered: {answer}"
    );
}

/// A call whose secretary knows Ana by her extension.
async fn scene(real: &Real) -> Scene {
    Scene::begin(real, &[]).await
}

/// Whoever has picked up is told who calls, and decides by this key.
async fn decides(desk: &Desk, key: u8) {
    let asked = Instant::now();
    soon("words at Ana's ear", async {
        while !loud_since(&desk.heard(), asked) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    desk.press(key);
}

/// Caller and phone hear each other.
async fn they_talk(scene: &Scene, desk: &Desk) {
    let from = Instant::now();
    soon("caller and Ana hear each other", async {
        while !(loud_since(&scene.phone.heard(), from) && loud_since(&desk.heard(), from)) {
            scene.phone.say(tone(800));
            desk.say(tone(800));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_ring_and_the_one_that_is_picked_up_has_the_call() {
    let Some(real) = real(29_100) else { return };
    let real = real.dialling(OF_DOMAIN);
    for tool in TOOLS {
        let phones = Phones::register(&real, [Manner::Rings; 2]).await;
        let mut scene = scene(&real).await;
        scene.transfer(tool, "Ana");
        phones.both(Line::Ringing).await;
        scene.hears().await;
        phones.office.pick_up();
        is(&phones.office, Line::Talking).await;
        is(&phones.kitchen, Line::Over).await;
        if tool == "transfer_announced" {
            decides(&phones.office, 1).await;
        }
        scene.counts("answered", 1).await;
        scene.node.ends_empty().await;
        scene.view.guarded(&scene.caller, false).await;
        they_talk(&scene, &phones.office).await;
        scene.view.left(2).await;
        println!("{tool}: both phones rang, one was picked up, and nothing else is left");
        let Scene {
            mut view,
            node,
            phone,
            ..
        } = scene;
        phones.office.hang_up();
        view.left(0).await;
        drop(phone);
        node.closed().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_busy_does_not_keep_the_other_from_ringing() {
    let Some(real) = real(29_120) else { return };
    let real = real.dialling(OF_DOMAIN);
    for tool in TOOLS {
        let phones = Phones::register(&real, [Manner::Refuses(486), Manner::Rings]).await;
        let mut scene = scene(&real).await;
        scene.transfer(tool, "Ana");
        is(&phones.kitchen, Line::Over).await;
        is(&phones.office, Line::Ringing).await;
        scene.hears().await;
        phones.office.pick_up();
        is(&phones.office, Line::Talking).await;
        if tool == "transfer_announced" {
            decides(&phones.office, 1).await;
        }
        scene.counts("answered", 1).await;
        they_talk(&scene, &phones.office).await;
        println!("{tool}: one phone was busy, and the other has the call");
        scene.view.left(2).await;
        scene.ends().await;
        is(&phones.office, Line::Over).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_that_are_busy_or_declined_give_the_caller_back() {
    let Some(real) = real(29_140) else { return };
    let real = real.dialling(OF_DOMAIN);
    for tool in TOOLS {
        let phones = Phones::register(&real, [Manner::Refuses(486); 2]).await;
        let mut scene = scene(&real).await;
        let told = scene.comes_back(tool, "Ana").await;
        phones.both(Line::Over).await;
        println!("{tool}: both phones are busy: {told}");
        scene.counts("busy", 1).await;
        scene.talks().await;

        let phones = Phones::register(&real, [Manner::Rings; 2]).await;
        scene.transfer("transfer_announced", "Ana");
        phones.both(Line::Ringing).await;
        phones.kitchen.pick_up();
        is(&phones.kitchen, Line::Talking).await;
        is(&phones.office, Line::Over).await;
        decides(&phones.kitchen, 2).await;
        scene.counts("refused", 1).await;
        is(&phones.kitchen, Line::Over).await;
        scene.talks().await;
        scene.view.left(1).await;
        scene.ends().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_hangs_up_stops_both() {
    let Some(real) = real(29_160) else { return };
    let real = real.dialling(OF_DOMAIN);
    for tool in TOOLS {
        let phones = Phones::register(&real, [Manner::Rings; 2]).await;
        let scene = scene(&real).await;
        scene.transfer(tool, "Ana");
        phones.both(Line::Ringing).await;
        let hung_up = Instant::now();
        let Scene {
            mut view,
            node,
            phone,
            ..
        } = scene;
        drop(phone);
        phones.both(Line::Over).await;
        println!(
            "{tool}: both phones are silent {:.0} ms after the caller's end",
            hung_up.elapsed().as_secs_f64() * 1000.0
        );
        view.left(0).await;
        node.ends_empty().await;
        node.closed().await;
    }
}
