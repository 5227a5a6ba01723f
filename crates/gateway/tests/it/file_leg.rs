//! Calls by an open audio module, which writes what is said into files that FreeSWITCH is asked to play.

use crate::asker::Asker;
use crate::chime::{Chime, FIRST, said};
use crate::line::{DOMAIN, Node, Wanted, secretary};
use crate::pbx_site::soon;
use crate::site::get;
use audio::SampleRate;
use serde_json::json;
use sim::Module;
use sim::freeswitch::{Behaviour, Caller, Codec, Dial, Dialplan, FreeSwitch, Heard, Place, Setup, Source};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use voice::Engine;

const NARROW: SampleRate = SampleRate::HZ_8000;
const WIDE: SampleRate = SampleRate::HZ_16000;

/// A fake FreeSWITCH with an audio module, the gateway that controls it, and the folder of the module's files.
struct Site {
    fake: FreeSwitch,
    node: Node,
    files: TempDir,
    lateness: Lateness,
}

impl Site {
    async fn start(module: Module, wanted: Wanted, keys: &str, engine: Option<&Chime>) -> Self {
        Self::configured(module, wanted, keys, "", engine).await
    }

    /// `pbx` are keys of the FreeSWITCH, with a comma before each.
    async fn configured(
        module: Module,
        wanted: Wanted,
        keys: &str,
        pbx: &str,
        engine: Option<&Chime>,
    ) -> Self {
        let engine = engine.map(|chime| Arc::new(chime.clone()) as Arc<dyn Engine>);
        Self::beside(module, wanted, keys, pbx, engine).await
    }

    async fn beside(
        module: Module,
        wanted: Wanted,
        keys: &str,
        pbx: &str,
        engine: Option<Arc<dyn Engine>>,
    ) -> Self {
        let files = tempfile::tempdir().unwrap();
        let fake = FreeSwitch::start(Setup {
            stream: Some(module),
            temp_dir: files.path().to_owned(),
            ..Setup::default()
        })
        .await
        .unwrap();
        let keys = format!(
            "{keys}\npbx = [{{ name = \"fake\", port = {}, fallback = \"9000\"{pbx} }}]",
            fake.addr().port()
        );
        let node = Node::launch(&[&wanted], &keys, [], engine.into_iter().collect()).await;
        soon(
            "control of FreeSWITCH",
            node.shows("voice_ai_pbx_up{pbx=\"fake\"} 1"),
        )
        .await;
        Self {
            fake,
            node,
            files,
            lateness: Lateness::measured(),
        }
    }

    /// With an engine that says numbers, and no ear.
    async fn chiming(module: Module, chime: &Chime) -> Self {
        Self::start(
            module,
            secretary("chime", "openai"),
            "vad.enabled = false",
            Some(chime),
        )
        .await
    }

    /// The caller's own voice comes back, and nothing takes it for an echo.
    async fn echoing(module: Module) -> Self {
        let keys = "vad.enabled = false\nstream.echo = \"off\"";
        Self::start(module, secretary("echo", "loopback"), keys, None).await
    }

    /// Ana calls, and her channel is in the hands of a script that starts the stream.
    async fn calls(&self, rate: SampleRate, stream: &str) -> Caller {
        let caller = self.dials(rate).await;
        let reply = self.start_stream(&caller, stream).await;
        assert!(reply.starts_with("+OK"), "{reply}");
        caller
    }

    async fn dials(&self, rate: SampleRate) -> Caller {
        let caller = self.fake.caller(Dial {
            // A line that changes no sample.
            codec: Codec {
                name: "L16".to_owned(),
                rate,
                ptime: Duration::from_millis(20),
            },
            variables: vec![("domain_uuid".to_owned(), DOMAIN.to_owned())],
            dialplan: Dialplan::Script,
            ..Dial::default()
        });
        soon("an answer", caller.until(|place| *place == Place::Answered)).await;
        caller
    }

    /// `stream` is the mix and the rate.
    async fn start_stream(&self, caller: &Caller, stream: &str) -> String {
        let (uuid, addr) = (caller.uuid(), self.node.stream_addr());
        let (mix, rate) = stream.split_once(' ').unwrap();
        let metadata = format!("{{\"mix\":\"{mix}\",\"rate\":{rate}}}");
        let command =
            format!("uuid_audio_stream {uuid} start ws://{addr}/stream/{DOMAIN}/{uuid} {stream} {metadata}");
        self.fake.api(&command).await
    }

    /// The files that the module has left.
    fn files(&self) -> usize {
        std::fs::read_dir(self.files.path()).unwrap().count()
    }

    async fn leaves_no_file(&self) {
        soon("the files are gone", async {
            while self.files() > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// How often FreeSWITCH was asked for this.
    fn asked(&self, what: &str) -> usize {
        self.fake
            .commands()
            .iter()
            .filter(|command| command.to_lowercase().contains(what))
            .count()
    }
}

/// How late this machine is by itself: what it is late by is no fault of the gateway's.
struct Lateness {
    worst: Arc<std::sync::Mutex<Duration>>,
    task: tokio::task::JoinHandle<()>,
}

impl Lateness {
    fn measured() -> Self {
        let worst: Arc<std::sync::Mutex<Duration>> = Arc::default();
        let told = worst.clone();
        let task = tokio::spawn(async move {
            const STEP: Duration = Duration::from_millis(5);
            loop {
                let before = Instant::now();
                tokio::time::sleep(STEP).await;
                let late = before.elapsed().saturating_sub(STEP);
                let mut worst = told.lock().unwrap();
                *worst = late.max(*worst);
            }
        });
        Self { worst, task }
    }

    fn worst(&self) -> Duration {
        *self.worst.lock().unwrap()
    }
}

impl Drop for Lateness {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn played(caller: &Caller) -> Vec<Heard> {
    let heard = caller.heard().into_iter();
    heard.filter(|heard| heard.source == Source::Playback).collect()
}

/// What the caller has heard of us so far, digital silence left out.
fn words(caller: &Caller) -> Vec<i16> {
    let samples = played(caller).into_iter().flat_map(|heard| heard.samples);
    samples.filter(|sample| *sample != 0).collect()
}

async fn hears(caller: &Caller, samples: usize) -> Vec<i16> {
    let heard = async {
        while words(caller).len() < samples {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon(&format!("{samples} samples at the caller's ear"), heard).await;
    words(caller)
}

/// Waits until the last of so many samples is heard, whatever was heard twice before.
async fn hears_the_end(caller: &Caller, samples: usize) {
    let last = said().nth(samples - 1);
    let heard = async {
        while words(caller).last().copied() != last {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon("the end of what is said", heard).await;
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[tokio::test]
async fn ten_chunks_are_heard_soon_and_without_a_hole() {
    for (module, line, stream) in [
        (Module::Amigniter, NARROW, "mono 8000"),
        (Module::Sptmru, NARROW, "mono 8000"),
        (Module::Amigniter, NARROW, "mono 16000"),
        (Module::Sptmru, NARROW, "mono 16000"),
        (Module::Amigniter, WIDE, "mono 16000"),
        (Module::Sptmru, WIDE, "mono 16000"),
        (Module::Amigniter, WIDE, "mono 8000"),
    ] {
        let chime = Chime::new(10, Duration::from_millis(180));
        let site = Site::chiming(module, &chime).await;
        let caller = site.calls(line, stream).await;
        let all = 2 * line.hz() as usize;
        let heard = hears(&caller, all).await;
        if stream == "mono 8000" && line == WIDE {
            // The engine speaks at the stream's rate: these samples were made twice as many.
            assert!(heard.len() >= all);
        } else if line.hz() == 8000 && stream == "mono 16000" && module == Module::Amigniter {
            assert!(heard.len() >= all);
        } else {
            assert!(
                heard.iter().copied().eq(said().take(all)),
                "{module} {line} {stream}"
            );
        }
        let pieces = played(&caller);
        let first = pieces[0].at.duration_since(chime.began().unwrap());
        let late = site.lateness.worst();
        assert!(
            first <= Duration::from_millis(50) + late * 3,
            "{module} {line} {stream}: first audio after {:.1} ms, the machine late by {:.1}",
            ms(first),
            ms(late)
        );
        let gaps = pieces.windows(2).map(|two| two[1].at.duration_since(two[0].at));
        let longest = gaps.max().unwrap();
        assert!(
            longest <= Duration::from_millis(60) + late * 3,
            "{module} {line} {stream}: a hole of {:.1} ms, the machine late by {:.1}",
            ms(longest),
            ms(late)
        );
        println!(
            "{module} {line} {stream}: first {:.1} ms, longest gap {:.1} ms, machine late {:.1} ms",
            ms(first),
            ms(longest),
            ms(late)
        );
        assert!(site.files() > 0);
        caller.hang_up();
        site.node.ends_empty().await;
        site.leaves_no_file().await;
        assert_eq!(site.asked("uuid_break"), 0, "nobody was interrupted");
    }
}

#[tokio::test]
async fn what_is_said_as_the_call_begins_is_heard_from_its_first_sample() {
    for module in [Module::Amigniter, Module::Sptmru] {
        let chime = Chime::new(3, Duration::ZERO);
        let site = Site::chiming(module, &chime).await;
        // FreeSWITCH takes its time to take in whom we follow, and until then tells nothing of them.
        site.fake.delay_replies(Duration::from_millis(60));
        let caller = site.calls(NARROW, "mono 8000").await;
        hears_the_end(&caller, 4_800).await;
        assert!(
            words(&caller).iter().copied().eq(said().take(4_800)),
            "{module}: heard from {:?} on",
            words(&caller).first()
        );
        caller.hang_up();
        site.node.ends_empty().await;
        site.leaves_no_file().await;
    }
}

#[tokio::test]
async fn the_files_are_of_the_channels_rate_whatever_the_stream_has() {
    for (line, stream, extension) in [(NARROW, "mono 16000", ".r8"), (WIDE, "mono 8000", ".r16")] {
        let chime = Chime::new(3, Duration::ZERO);
        let site = Site::chiming(Module::Amigniter, &chime).await;
        let caller = site.calls(line, stream).await;
        hears(&caller, 1_000).await;
        assert!(
            site.asked(extension) > 0 && site.asked("event-lock: true") > 0,
            "{:?}",
            site.fake.commands()
        );
        caller.hang_up();
        site.node.ends_empty().await;
    }
}

#[tokio::test]
async fn what_is_interrupted_ends_at_once_and_its_position_is_true() {
    for module in [Module::Amigniter, Module::Sptmru] {
        for (samples, line) in [(3_000, NARROW), (9_100, NARROW), (12_000, WIDE)] {
            let chime = Chime::new(100, Duration::ZERO);
            let site = Site::chiming(module, &chime).await;
            let stream = format!("mono {}", line.hz());
            let caller = site.calls(line, &stream).await;
            hears(&caller, samples).await;
            caller.press('5');
            let interrupted = async {
                loop {
                    match chime.interrupted() {
                        Some(interrupted) => return interrupted,
                        None => tokio::task::yield_now().await,
                    }
                }
            };
            let (at, told_ms) = soon("the key interrupts", interrupted).await;
            soon("the break", async {
                while site.asked("uuid_break") == 0 {
                    tokio::task::yield_now().await;
                }
            })
            .await;
            let pieces = played(&caller);
            let packet = Duration::from_millis(20);
            let before = pieces.iter().filter(|heard| heard.at <= at).count();
            // What is heard after this was never silenced.
            tokio::time::sleep(Duration::from_millis(700)).await;
            let pieces = played(&caller);
            let tail = pieces.last().unwrap().at.saturating_duration_since(at) + packet;
            let late = site.lateness.worst();
            assert!(
                pieces.len() - before <= 2 || tail <= Duration::from_millis(30) + late * 3,
                "{module}: {:.1} ms of tail, the machine late by {:.1}",
                ms(tail),
                ms(late)
            );
            let heard_ms = before as f64 * 20.0;
            assert!(
                (heard_ms - told_ms as f64).abs() <= 50.0 + ms(late) * 3.0,
                "{module}: heard {heard_ms} ms, told {told_ms} ms, the machine late by {:.1}",
                ms(late)
            );
            assert_eq!(site.asked("uuid_break"), 1);
            caller.hang_up();
            site.node.ends_empty().await;
            site.leaves_no_file().await;
        }
    }
}

/// A short sound over what is said: loud, voiced, and no word.
async fn cough() -> Vec<i16> {
    let clip = sim::Clip::spoken("uhm", "en+f2", NARROW, sim::Line::Pcm).await;
    clip.expect("espeak-ng speaks").samples().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_short_sound_broke_off_is_said_again_from_where_it_was_heard() {
    let chime = Chime::new(20, Duration::ZERO);
    let wanted = secretary("chime", "openai");
    let keys = "vad.enabled = true\nstream.echo = \"off\"";
    let site = Site::start(Module::Amigniter, wanted, keys, Some(&chime)).await;
    let caller = site.calls(NARROW, "mono 8000").await;
    assert_eq!(hears(&caller, 6_000).await[0], FIRST);
    caller.speak(&cough().await);
    let all = 4 * 8_000;
    hears(&caller, all).await;
    assert_eq!(site.asked("uuid_break"), 1, "it was heard as a sound, once");
    assert_eq!(chime.interrupted(), None, "and interrupted nothing");
    // What was heard while FreeSWITCH was told to stop is heard twice, and nothing is missing.
    let heard = words(&caller);
    let at = (1..heard.len())
        .find(|at| heard[*at] != heard[*at - 1] + 1)
        .expect("a place where it goes on");
    let again = i32::from(heard[at - 1]) + 1 - i32::from(heard[at]);
    let late = (ms(site.lateness.worst()) * 8.0) as i32;
    assert!(
        (0..=400 + 3 * late).contains(&again),
        "{again} samples were heard twice"
    );
    assert!(
        heard[at..]
            .windows(2)
            .all(|two| two[1] == two[0] + 1 || two[1] == FIRST),
        "nothing else is missing or twice"
    );
    caller.hang_up();
    site.node.ends_empty().await;
}

#[tokio::test]
async fn a_caller_to_whom_nothing_is_said_is_interrupted_in_nothing() {
    let chime = Chime::new(1, Duration::ZERO);
    let site = Site::chiming(Module::Amigniter, &chime).await;
    let caller = site.calls(NARROW, "mono 8000").await;
    hears(&caller, 1_600).await;
    soon("the answer's end", site.node.shows("voice_ai_calls_live 1")).await;
    // Somebody else's music, which is not ours to end.
    let uuid = caller.uuid();
    site.fake
        .api(&format!(
            "uuid_broadcast {uuid} tone_stream://%(1000,0,440);loops=-1 aleg"
        ))
        .await;
    hears(&caller, 4_000).await;
    caller.press('5');
    let before = words(&caller).len();
    hears(&caller, before + 4_000).await;
    assert_eq!(site.asked("uuid_break"), 0);
    caller.hang_up();
    site.node.ends_empty().await;
}

#[tokio::test]
async fn the_caller_is_heard_and_answered_in_real_time() {
    for module in [Module::Amigniter, Module::Sptmru] {
        let site = Site::echoing(module).await;
        let caller = site.calls(NARROW, "mono 8000").await;
        soon("the call begins", site.node.shows("voice_ai_calls_live 1")).await;
        let says: Vec<i16> = said().take(16_000).collect();
        caller.speak(&says);
        let heard = hears(&caller, 8_000).await;
        let begin = usize::try_from(heard[0] - FIRST).unwrap();
        assert_eq!(heard[..], says[begin..begin + heard.len()], "{module}");
        caller.hang_up();
        site.node.ends_empty().await;
        site.leaves_no_file().await;
    }
}

#[tokio::test]
async fn files_that_are_told_of_after_an_interruption_are_played_by_nobody() {
    // One chunk to begin with, and another when it was heard long ago.
    let chime = Chime::new(2, Duration::from_millis(900));
    let site = Site::chiming(Module::Amigniter, &chime).await;
    let caller = site.calls(NARROW, "mono 8000").await;
    hears_the_end(&caller, 1_600).await;
    let (written, played) = (site.files(), site.asked("execute-app-name: playback"));
    // FreeSWITCH has files written, and tells of them too late.
    site.fake.freeze();
    soon("files", async {
        while site.files() == written {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // The key comes by the stream, as a script sends it that knows of no other control.
    let key = format!(
        "uuid_audio_stream {} send_text '{{\"type\":\"dtmf\",\"digit\":\"5\"}}'",
        caller.uuid()
    );
    assert!(site.fake.api(&key).await.starts_with("+OK"));
    soon("the key interrupts", async {
        while chime.interrupted().is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    site.fake.thaw();
    // What FreeSWITCH is asked for later is asked for behind whatever comes of the telling.
    let renewals = site.asked("sched_api");
    soon("the next renewal", async {
        while site.asked("sched_api") == renewals {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(site.asked("execute-app-name: playback"), played);
    assert!(words(&caller).iter().copied().eq(said().take(1_600)));
    let (_, heard_ms) = chime.interrupted().unwrap();
    assert_eq!(heard_ms, 200);
    caller.hang_up();
    site.node.ends_empty().await;
    site.leaves_no_file().await;
}

#[tokio::test]
async fn a_stream_that_connects_again_by_itself_is_the_same_call() {
    let site = Site::echoing(Module::Sptmru).await;
    let caller = site.calls(NARROW, "mono 8000").await;
    soon("the call begins", site.node.shows("voice_ai_calls_live 1")).await;
    caller.speak(&said().take(8_000).collect::<Vec<_>>());
    hears(&caller, 2_000).await;
    // The connection breaks in the middle of a sentence, by more than a frame may have.
    let broken = format!(
        "uuid_audio_stream {} send_text {}",
        caller.uuid(),
        "x".repeat(300_000)
    );
    site.fake.api(&broken).await;
    site.node.shows("voice_ai_calls_reattached_total 1").await;
    let before = words(&caller).len();
    caller.speak(&said().take(16_000).collect::<Vec<_>>());
    hears(&caller, before + 4_000).await;
    assert!(
        site.node.metrics().contains("voice_ai_calls_started_total 1"),
        "{}",
        site.node.metrics()
    );
    caller.hang_up();
    site.node.ends_empty().await;
    site.leaves_no_file().await;
}

/// A module that says nothing more on a stream that stands, as sptmru where the script has begun its stream again.
async fn falls_mute(site: &Site, caller: &Caller) {
    let paused = format!("uuid_audio_stream {} pause", caller.uuid());
    assert!(site.fake.api(&paused).await.starts_with("+OK"));
}

#[tokio::test]
async fn a_stream_without_any_audio_is_lost_and_the_next_one_carries_the_call() {
    let site = Site::echoing(Module::Sptmru).await;
    let caller = site.calls(NARROW, "mono 8000").await;
    soon("the call begins", site.node.shows("voice_ai_calls_live 1")).await;
    falls_mute(&site, &caller).await;
    // sptmru connects again by itself.
    let again = site.node.shows("voice_ai_calls_reattached_total 1");
    soon("another stream", again).await;
    let resumed = format!("uuid_audio_stream {} resume", caller.uuid());
    site.fake.api(&resumed).await;
    caller.speak(&said().take(16_000).collect::<Vec<_>>());
    hears(&caller, 4_000).await;
    for line in ["voice_ai_mute_streams_total 1", "voice_ai_calls_started_total 1"] {
        assert!(site.node.metrics().contains(line), "{}", site.node.metrics());
    }
    caller.hang_up();
    site.node.ends_empty().await;
    site.leaves_no_file().await;
}

#[tokio::test]
async fn where_no_stream_brings_audio_the_caller_goes_to_the_fallback() {
    let site = Site::echoing(Module::Sptmru).await;
    let caller = site.calls(NARROW, "mono 8000").await;
    soon("the call begins", site.node.shows("voice_ai_calls_live 1")).await;
    falls_mute(&site, &caller).await;
    let at_fallback =
        caller.until(|place| matches!(place, Place::Transferred { extension, .. } if extension == "9000"));
    let saved = tokio::time::timeout(Duration::from_secs(60), at_fallback).await;
    assert!(saved.is_ok(), "the caller is still {:?}", caller.place());
    for line in [
        "voice_ai_mute_streams_total 2",
        "voice_ai_calls_ended_total{outcome=\"stream_lost\"} 1",
    ] {
        assert!(site.node.metrics().contains(line), "{}", site.node.metrics());
    }
    site.node.ends_empty().await;
    site.leaves_no_file().await;
}

#[tokio::test]
async fn of_a_caller_on_hold_no_audio_is_awaited() {
    let engine = Asker::new();
    let wanted = secretary("desk", "openai").with("tools = [\"hold_call\", \"resume_call\"]\n");
    let own: Arc<dyn Engine> = Arc::new(engine.clone());
    let keys = "vad.enabled = false\nstream.mute_limit_ms = 2000";
    let site = Site::beside(Module::Sptmru, wanted, keys, "", Some(own)).await;
    let caller = site.calls(NARROW, "mono 8000").await;
    assert!(soon("hold", engine.has_used("hold_call", json!({}))).await.0);
    falls_mute(&site, &caller).await;
    // Twice as long as the limit: nothing else tells that a stream is not given up.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let resumed = format!("uuid_audio_stream {} resume", caller.uuid());
    site.fake.api(&resumed).await;
    assert!(site.node.metrics().contains("voice_ai_mute_streams_total 0"));
    assert!(soon("resume", engine.has_used("resume_call", json!({}))).await.0);
    caller.hang_up();
    site.node.ends_empty().await;
}

#[tokio::test]
async fn the_music_by_which_a_gateway_before_let_the_caller_wait_is_ended() {
    let chime = Chime::new(3, Duration::ZERO);
    let site = Site::chiming(Module::Amigniter, &chime).await;
    let caller = site.dials(NARROW).await;
    let uuid = caller.uuid();
    for command in [
        format!("uuid_setvar {uuid} voice_ai_held local_stream://moh"),
        format!("uuid_broadcast {uuid} local_stream://moh aleg"),
    ] {
        assert!(site.fake.api(&command).await.starts_with("+OK"), "{command}");
    }
    soon("music", async {
        while words(&caller).is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(site.start_stream(&caller, "mono 8000").await.starts_with("+OK"));
    let unmarked = format!("uuid_setvar {uuid} voice_ai_held");
    let ended = |commands: &Vec<String>| {
        commands
            .iter()
            .any(|command| command.trim_end().ends_with(&unmarked))
    };
    soon("the music's end", site.fake.until_received(ended)).await;
    hears_the_end(&caller, 4_800).await;
    caller.hang_up();
    site.node.ends_empty().await;
}

#[tokio::test]
async fn a_call_that_the_gateway_ends_leaves_neither_stream_nor_file() {
    for module in [Module::Amigniter, Module::Sptmru] {
        let chime = Chime::new(10, Duration::ZERO);
        let site = Site::chiming(module, &chime).await;
        let caller = site.calls(NARROW, "mono 8000").await;
        hears(&caller, 2_000).await;
        let Site {
            fake, node, files, ..
        } = site;
        node.closed().await;
        let cause = soon("our hang-up", caller.until_hung_up()).await;
        assert_eq!(cause, "NORMAL_CLEARING", "{module}");
        assert_eq!(std::fs::read_dir(files.path()).unwrap().count(), 0);
        assert!(!fake.crashed());
    }
}

/// The leg of a call whose stream says `more` of itself, as an operator is shown it.
async fn leg_of(module: Module, pbx: &str, more: &str) -> String {
    let wanted = secretary("chime", "openai");
    let chime = Chime::new(1, Duration::ZERO);
    let site = Site::configured(module, wanted, "vad.enabled = false", pbx, Some(&chime)).await;
    let caller = site.dials(NARROW).await;
    let (uuid, addr) = (caller.uuid(), site.node.stream_addr());
    let command = format!(
        "uuid_audio_stream {uuid} start ws://{addr}/stream/{DOMAIN}/{uuid} mono 8000 {{\"rate\":8000,\"mix\":\"mono\"{more}}}"
    );
    let reply = site.fake.api(&command).await;
    assert!(reply.starts_with("+OK"), "{reply}");
    let token = std::fs::read_to_string(site.node.folder().join("control.token")).unwrap();
    let (path, header) = (
        format!("/calls/{uuid}"),
        format!("Authorization: Bearer {}\r\n", token.trim()),
    );
    let shown = async {
        loop {
            let answer = get(site.node.control_addr(), &path, &header).await;
            if answer.status == 200 && answer.json()["leg"] != "" {
                return answer.json()["leg"].as_str().unwrap().to_owned();
            }
        }
    };
    let leg = soon("the call is shown", shown).await;
    caller.hang_up();
    site.node.ends_empty().await;
    leg
}

#[tokio::test]
async fn which_way_a_stream_is_played_is_configured_or_found_out() {
    for (module, pbx, more, leg) in [
        (Module::Amigniter, "", "", "file"),
        (Module::Sptmru, "", "", "file"),
        // Some other client: who knows what it can.
        (Module::Plain, "", "", "raw"),
        (Module::Plain, ", leg = \"file\"", "", "file"),
        (Module::Amigniter, ", leg = \"raw\"", "", "raw"),
        // The dialplan says so.
        (Module::Amigniter, "", ",\"leg\":\"raw\"", "raw"),
        (Module::Plain, "", ",\"leg\":\"file\"", "file"),
        (Module::Sptmru, ", leg = \"file\"", ",\"leg\":\"raw\"", "file"),
    ] {
        assert_eq!(leg_of(module, pbx, more).await, leg, "{module} {pbx} {more}");
    }
}

#[tokio::test]
async fn a_module_that_writes_nothing_costs_the_caller_the_secretary_but_not_the_call() {
    let chime = Chime::new(10, Duration::ZERO);
    let site = Site::chiming(Module::Amigniter, &chime).await;
    // A folder that is gone takes no file.
    std::fs::remove_dir_all(site.files.path()).unwrap();
    let caller = site.calls(NARROW, "mono 8000").await;
    let at_fallback =
        caller.until(|place| matches!(place, Place::Transferred { extension, .. } if extension == "9000"));
    let saved = tokio::time::timeout(Duration::from_secs(45), at_fallback).await;
    assert!(saved.is_ok(), "the caller is still {:?}", caller.place());
    site.node.ends_empty().await;
}

#[tokio::test]
async fn what_somebody_else_broke_off_is_said_again() {
    let chime = Chime::new(10, Duration::ZERO);
    let site = Site::chiming(Module::Sptmru, &chime).await;
    let caller = site.calls(NARROW, "mono 8000").await;
    hears(&caller, 3_000).await;
    let uuid = caller.uuid();
    site.fake.api(&format!("uuid_break {uuid} all")).await;
    hears_the_end(&caller, 16_000).await;
    caller.hang_up();
    site.node.ends_empty().await;
}

#[tokio::test]
async fn what_is_said_while_control_is_lost_is_said_when_it_is_back() {
    let chime = Chime::new(10, Duration::ZERO);
    let site = Site::chiming(Module::Amigniter, &chime).await;
    let caller = site.calls(NARROW, "mono 8000").await;
    hears(&caller, 3_000).await;
    site.fake.cut();
    hears_the_end(&caller, 16_000).await;
    caller.hang_up();
    site.node.ends_empty().await;
}

#[tokio::test]
async fn a_caller_who_is_put_through_leaves_neither_stream_nor_file() {
    for module in [Module::Amigniter, Module::Sptmru] {
        let engine = Asker::new();
        let wanted = secretary("desk", "openai").with(
            "tools = [\"transfer_call\"]\n[[destinations]]\nname = \"Jenny Cole\"\nnumber = \"2001\"\n",
        );
        let own: Arc<dyn Engine> = Arc::new(engine.clone());
        let site = Site::beside(module, wanted, "vad.enabled = false", "", Some(own)).await;
        let answers = Behaviour::Answers {
            after: Duration::ZERO,
        };
        site.fake.extension("2001", answers);
        let caller = site.calls(NARROW, "mono 8000").await;
        soon("the call begins", site.node.shows("voice_ai_calls_live 1")).await;
        engine.uses("transfer_call", json!({"destination": "Jenny Cole"}));
        let talks = caller.until(|place| matches!(place, Place::Bridged { .. }));
        soon("they talk", talks).await;
        site.node.ends_empty().await;
        site.leaves_no_file().await;
        let metrics = site.node.metrics();
        assert!(
            !metrics.contains("upgrades_refused_total{"),
            "{module} came again: {metrics}"
        );
        assert!(matches!(caller.place(), Some(Place::Bridged { .. })));
        caller.hang_up();
    }
}

/// Ana's call by a script's stream; Jenny was asked whether she takes it.
async fn jenny_is_asked(module: Module) -> (Site, Caller, Caller) {
    let engine = Asker::new();
    let wanted = secretary("desk", "openai").with(
        "tools = [\"transfer_announced\"]\n[[destinations]]\nname = \"Jenny Cole\"\nnumber = \"2001\"\n",
    );
    let own: Arc<dyn Engine> = Arc::new(engine.clone());
    let site = Site::beside(module, wanted, "vad.enabled = false", "", Some(own)).await;
    let answers = Behaviour::Answers {
        after: Duration::ZERO,
    };
    site.fake.extension("2001", answers.clone());
    site.fake.extension("9000", answers);
    let caller = site.calls(NARROW, "mono 8000").await;
    soon("the call begins", site.node.shows("voice_ai_calls_live 1")).await;
    let about = json!({"destination": "Jenny Cole", "about": "Ana, about her invoice"});
    engine.uses("transfer_announced", about);
    let spoken_to = async {
        loop {
            let jenny = site.fake.called("2001").pop();
            if let Some(jenny) = jenny
                && jenny.heard().iter().any(|heard| heard.source == Source::Unicast)
            {
                return jenny;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let jenny = soon("Jenny is told who calls", spoken_to).await;
    (site, caller, jenny)
}

#[tokio::test]
async fn who_agrees_gets_the_caller_whose_script_ends_its_stream_before_they_talk() {
    for module in [Module::Amigniter, Module::Sptmru] {
        let (site, caller, jenny) = jenny_is_asked(module).await;
        jenny.press('1');
        for who in [&caller, &jenny] {
            let talks = who.until(|place| matches!(place, Place::Bridged { .. }));
            soon("they talk", talks).await;
        }
        site.node.ends_empty().await;
        site.leaves_no_file().await;
        site.node
            .shows("voice_ai_transfers_total{outcome=\"answered\"} 1")
            .await;
        // What was left to be done for the call is done; nothing of it parts them.
        soon("no task waits", async {
            while !site.fake.tasks().is_empty() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        for who in [&caller, &jenny] {
            assert!(
                matches!(who.place(), Some(Place::Bridged { .. })),
                "{module}: {:?}",
                who.place()
            );
        }
        caller.hang_up();
    }
}

#[tokio::test]
async fn a_caller_whose_script_has_ended_and_who_is_joined_with_nobody_goes_to_the_fallback() {
    for module in [Module::Amigniter, Module::Sptmru] {
        let (site, caller, jenny) = jenny_is_asked(module).await;
        site.fake.leaves_before_joined();
        jenny.press('1');
        let falls_back = caller
            .until(|place| matches!(place, Place::Transferred { extension, .. } if extension == "9000"));
        // The promise is 15 s, where all that is told is lost; it is told, and a slow machine has as long again.
        tokio::time::timeout(Duration::from_secs(30), falls_back)
            .await
            .unwrap_or_else(|_| panic!("{module}: {:?}\n{:?}", caller.place(), site.fake.commands()));
        site.node.ends_empty().await;
        site.node
            .shows("voice_ai_transfers_total{outcome=\"failed\"} 1")
            .await;
        caller.hang_up();
    }
}
