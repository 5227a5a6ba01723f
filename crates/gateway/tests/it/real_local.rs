//! Whole calls on a real FreeSWITCH, as [`crate::real_freeswitch`] says, with `real_local` for the name: a phone talks with the local
//! engine of a server in a process of its own, by each leg.
//!
//! `VOICE_AI_BINARY` is that server's program and `VOICE_AI__MODELS__DIR` the folder with Whisper base, both absolute; espeak-ng speaks
//! for both sides. The `file` leg has the needs of [`crate::real_files`].

use crate::line::{DOMAIN, secretary};
use crate::pbx_site::soon;
use crate::real_files::real_with_module;
use crate::real_freeswitch::{Real, real};
use crate::real_scene::{is, phone, tone};
use crate::real_view::View;
use crate::sip_desk::{Desk, Line, Manner, loud_since};
use crate::sip_phone::{PCMU, Phone};
use audio::SampleRate;
use sim::Clip;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// A transfer, with the words before it and after it. On a busy machine speech to text alone takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// FreeSWITCH acts 14 s after the last renewal; what is more is a machine that does other things besides.
const LAST_RESORT: Duration = Duration::from_secs(25);
/// Longer than somebody who speaks is silent between two sentences.
const PAUSE: Duration = Duration::from_millis(1_500);

/// How nobody takes the call: the outcome, the answer of the phone that is called, and who is asked for, blind and announced.
const FAILURES: [(&str, u16, [&str; 2]); 5] = [
    ("busy", 486, ["billing", "marketing"]),
    ("refused", 603, ["delivery", "legal"]),
    ("no_answer", 480, ["purchasing", "training"]),
    ("unavailable", 404, ["security", "research"]),
    ("failed", 503, ["logistics", "quality"]),
];
/// The keys of the blind ones, in their order, and of the announced ones.
const KEYS: [[u8; 5]; 2] = [[1, 2, 3, 4, 5], [6, 7, 8, 9, 0]];
/// The key of who takes an announced call, as RFC 2833 numbers it.
const STAR: u8 = 10;

const GREETING: &str = "Hello, this is the virtual assistant. I can put you through to billing, to support or to the reception, and I could \
                        go on for a long time about the weather of last week, and about that of the week before it.";

/// Somebody to whom a call goes.
struct Choice<'a> {
    /// The name, and the caller's word for them.
    word: &'static str,
    key: Option<u8>,
    desk: &'a Desk,
    manner: Transfer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transfer {
    Blind,
    Announced,
}

/// The script and the secretary's destinations.
fn texts(choices: &[Choice]) -> (String, String) {
    let (mut intents, mut ways, mut people) = (String::new(), String::new(), String::new());
    for Choice {
        word,
        key,
        desk,
        manner,
    } in choices
    {
        let key = match key {
            Some(STAR) => ", key: \"*\"".to_owned(),
            Some(digit) => format!(", key: \"{digit}\""),
            None => String::new(),
        };
        let announce = match manner {
            Transfer::Blind => "",
            Transfer::Announced => ", announce: \"Ana, about her invoice\"",
        };
        writeln!(
            intents,
            "  {word}: {{label: {word}, words: [{word}], examples: [\"I would like to talk to {word}\"]}}"
        )
        .unwrap();
        writeln!(
            ways,
            "      - {{intent: {word}{key}, do: [{{transfer: {{to: {word}, say: \"One moment.\"{announce}}}}}]}}"
        )
        .unwrap();
        let number = desk.number();
        writeln!(
            people,
            "[[destinations]]\nname = \"{word}\"\nnumber = \"{number}\""
        )
        .unwrap();
    }
    let script = format!(
        "language: en\nstart: hello\nphrases: {{transfer_failed: \"They are not there.\"}}\notherwise: [{{go: hello}}]\n\
         fallback: [{{go: hello}}]\nintents:\n{intents}states:\n  hello:\n    ask: \"How can I help you?\"\n    choices:\n{ways}"
    );
    let more = format!(
        "fallback = \"Front desk\"\ntools = [\"transfer_call\", \"transfer_announced\"]\n\
         [[destinations]]\nname = \"Front desk\"\nnumber = \"9000\"\n{people}"
    );
    let secretary = secretary("desk", "local")
        .script("desk.yaml")
        .greeting(GREETING)
        .with(&more)
        .file();
    (script, secretary)
}

/// Where nobody listens yet.
fn free() -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap()
}

/// The server.
struct Server {
    process: Child,
    stream: SocketAddr,
    control: SocketAddr,
    /// What it says, and all its files.
    folder: tempfile::TempDir,
}

impl Server {
    async fn start(real: &Real, binary: &PathBuf, choices: &[Choice<'_>]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (script, secretary) = texts(choices);
        let secretaries = folder.path().join("secretaries");
        std::fs::create_dir(&secretaries).unwrap();
        std::fs::write(secretaries.join("desk.toml"), secretary).unwrap();
        std::fs::write(secretaries.join("desk.yaml"), script).unwrap();
        let (stream, control) = (free(), free());
        let text = format!(
            "{}\nserver.listen = \"{stream}\"\nserver.control = \"{control}\"\ndata.dir = {:?}\nsecretaries.dir = {secretaries:?}\n\
             [[domains]]\nuuid = \"{DOMAIN}\"\nname = \"pbx.example.com\"\ndefault_secretary = \"desk\"\n",
            real.pbx(),
            folder.path(),
        );
        let config = folder.path().join("voice-ai.toml");
        std::fs::write(&config, text).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let process = Command::new(binary)
            .args(["serve", "--config"])
            .arg(&config)
            .env("REAL_PASSWORD", &real.password)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Self {
            process,
            stream,
            control,
            folder,
        };
        while server.metrics().is_empty() {
            assert!(server.process.try_wait().unwrap().is_none(), "{}", server.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        server.shows("voice_ai_pbx_up{pbx=\"real\"} 1").await;
        assert!(
            !server.log().contains("no speech-to-text model"),
            "VOICE_AI__MODELS__DIR has no Whisper base"
        );
        server
    }

    /// Empty while it does not answer.
    fn metrics(&self) -> String {
        let mut text = String::new();
        if let Ok(mut socket) = TcpStream::connect(self.control) {
            let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            let _ = socket.write_all(request.as_bytes());
            let _ = socket.read_to_string(&mut text);
        }
        text
    }

    /// Waits until the metrics have this line.
    async fn shows(&self, line: &str) {
        let shown = async {
            while !self.metrics().contains(line) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if timeout(PATIENCE, shown).await.is_err() {
            panic!("never: {line}\n{}", self.log());
        }
    }

    async fn counts(&self, outcome: &str, times: usize) {
        self.shows(&format!(
            "voice_ai_transfers_total{{outcome=\"{outcome}\"}} {times}\n"
        ))
        .await;
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// `kill -9`.
    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What somebody says, and how many ms of silence precede it.
async fn words(text: &str) -> (Vec<i16>, Duration) {
    let clip = Clip::spoken(text, "en", SampleRate::HZ_8000, sim::Line::Pcm).await;
    let clip = clip.expect("espeak-ng speaks");
    let silence = Duration::from_micros(clip.onset() as u64 * 125);
    (clip.samples().to_vec(), silence)
}

async fn dial(real: &Real, extension: &str) -> Phone {
    let (sip, extension) = (real.sip, extension.to_owned());
    tokio::task::spawn_blocking(move || Phone::call(sip, &extension, PCMU))
        .await
        .unwrap()
}

/// The secretary is heard from now on. When that began.
async fn speaks(phone: &Phone) -> Instant {
    let from = Instant::now();
    let spoken = async {
        loop {
            let heard = phone.heard();
            if let Some(first) = heard.iter().find(|packet| packet.at > from && packet.is_loud()) {
                return first.at;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, spoken).await.expect("the secretary speaks")
}

/// The secretary has said all. When the last of it came.
async fn is_done(phone: &Phone) -> Instant {
    let done = async {
        loop {
            let heard = phone.heard();
            if let Some(last) = heard.iter().rfind(|packet| packet.is_loud())
                && last.at.elapsed() > PAUSE
            {
                return last.at;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, done).await.expect("the secretary ends")
}

/// Whether the secretary has understood what the caller has said, when she has answered at the latest.
async fn is_understood(caller: &Phone, understood: impl Fn() -> bool) -> bool {
    let answered = async {
        speaks(caller).await;
        is_done(caller).await;
    };
    let taken = async {
        while !understood() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = answered => understood(),
        () = taken => true,
    }
}

/// Says it, and again, as callers do, while the secretary has not understood.
async fn asks(caller: &Phone, text: &str, understood: impl Fn() -> bool) {
    for _ in 0..4 {
        caller.say(words(text).await.0);
        if is_understood(caller, &understood).await {
            return;
        }
    }
}

/// Whoever was called picks up.
async fn picks_up(desk: &Desk, server: &Server) {
    let picked_up = async {
        while desk.line() != Line::Talking {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    if timeout(PATIENCE, picked_up).await.is_err() {
        panic!("nobody was called\n{}", server.log());
    }
}

/// Caller and phone hear each other.
async fn they_talk(caller: &Phone, desk: &Desk) {
    let from = Instant::now();
    soon("they hear each other", async {
        while !(loud_since(&caller.heard(), from) && loud_since(&desk.heard(), from)) {
            caller.say(tone(800));
            desk.say(tone(800));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
}

/// All of it by one leg. `extension` tells what the caller dials to reach the server.
async fn whole_calls(real: &Real, leg: &str, extension: impl Fn(&Server) -> String) {
    let Ok(binary) = std::env::var("VOICE_AI_BINARY") else {
        eprintln!("skipped: VOICE_AI_BINARY names no voice-ai");
        return;
    };
    let refusing = FAILURES.map(|(_, status, _)| [(); 2].map(|()| phone(Manner::Refuses(status))));
    let [support, reception] = [(); 2].map(|()| phone(Manner::Answers));
    let mut choices = vec![
        Choice {
            word: "support",
            key: None,
            desk: &support,
            manner: Transfer::Blind,
        },
        Choice {
            word: "reception",
            key: Some(STAR),
            desk: &reception,
            manner: Transfer::Announced,
        },
    ];
    for (way, (_, _, names)) in FAILURES.into_iter().enumerate() {
        for (number, manner) in [Transfer::Blind, Transfer::Announced].into_iter().enumerate() {
            choices.push(Choice {
                word: names[number],
                key: Some(KEYS[number][way]),
                desk: &refusing[way][number],
                manner,
            });
        }
    }
    let mut view = View::open(real).await;
    view.left(0).await;
    let mut server = Server::start(real, &binary.into(), &choices).await;

    let caller = dial(real, &extension(&server)).await;
    speaks(&caller).await;
    // Something to interrupt.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (samples, silence) = words("No, wait, I would like to talk to billing, please").await;
    let onset = Instant::now() + silence;
    caller.say(samples);
    let last = is_done(&caller).await;
    println!(
        "{leg}: the greeting ends {:.0} ms after the caller's onset",
        last.saturating_duration_since(onset).as_secs_f64() * 1000.0
    );
    assert!(last < onset + Duration::from_millis(900), "the greeting goes on");
    let called = || refusing[0][0].line() != Line::Free;
    if !is_understood(&caller, called).await {
        asks(&caller, "I would like to talk to billing, please", called).await;
    }
    for (number, manner) in [Transfer::Blind, Transfer::Announced].into_iter().enumerate() {
        for (way, (outcome, _, _)) in FAILURES.into_iter().enumerate() {
            // The first was asked for by voice.
            if (number, way) != (0, 0) {
                caller.press(KEYS[number][way]);
            }
            server.counts(outcome, number + 1).await;
            speaks(&caller).await;
            is_done(&caller).await;
            println!("{leg}: {manner:?}, {outcome}, and the secretary is heard again");
        }
    }
    view.left(1).await;
    let talks = || support.line() == Line::Talking;
    asks(
        &caller,
        "I would like to talk to technical support, please",
        talks,
    )
    .await;
    picks_up(&support, &server).await;
    server.counts("answered", 1).await;
    they_talk(&caller, &support).await;
    println!("{leg}: Blind, answered");
    drop(caller);
    is(&support, Line::Over).await;
    view.left(0).await;

    let caller = dial(real, &extension(&server)).await;
    speaks(&caller).await;
    caller.press(STAR);
    picks_up(&reception, &server).await;
    let asked = Instant::now();
    soon("words at Jenny's ear", async {
        while !loud_since(&reception.heard(), asked) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let told = async {
        while loud_since(&reception.heard(), Instant::now() - PAUSE) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, told).await.expect("all is told");
    reception.say(words("Yes, please").await.0);
    let said = Instant::now();
    server.counts("answered", 2).await;
    they_talk(&caller, &reception).await;
    println!(
        "{leg}: Announced, answered by a yes that began {:.1} s before",
        said.elapsed().as_secs_f64()
    );
    reception.hang_up();
    view.left(0).await;
    drop(caller);

    let caller = dial(real, &extension(&server)).await;
    speaks(&caller).await;
    let killed = Instant::now();
    server.kill();
    let saved = timeout(LAST_RESORT, view.only_at("9000")).await;
    assert!(
        saved.is_ok(),
        "the caller is still alone: {:?}",
        view.channels().await
    );
    println!(
        "{leg}: the caller is with the fallback {:.1} s after kill -9",
        killed.elapsed().as_secs_f64()
    );
    drop(caller);
    view.left(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_calls_with_the_local_engine_by_unicast() {
    let Some(real) = real(29_200) else { return };
    whole_calls(&real, "unicast", |_| "8000".to_owned()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_calls_with_the_local_engine_by_file() {
    let Some(real) = real_with_module(29_300).await else {
        return;
    };
    whole_calls(&real, "file", |server| format!("81{}", server.stream.port())).await;
}
