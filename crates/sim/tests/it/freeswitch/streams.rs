//! `uuid_audio_stream`: the open audio modules.

use super::{Client, header, soon};
use futures_util::{SinkExt, StreamExt};
use sim::Module;
use sim::freeswitch::{Caller, Dial, Dialplan, FreeSwitch, Place, Setup};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{WebSocketStream, accept_async};

struct Scene {
    fake: FreeSwitch,
    client: Client,
    caller: Caller,
    server: TcpListener,
    files: TempDir,
}

type Web = WebSocketStream<TcpStream>;

async fn scene(module: Module) -> Scene {
    let files = tempfile::tempdir().unwrap();
    let fake = FreeSwitch::start(Setup {
        stream: Some(module),
        temp_dir: files.path().to_owned(),
        ..Setup::default()
    })
    .await
    .unwrap();
    let caller = fake.caller(Dial {
        dialplan: Dialplan::Script,
        ..Dial::default()
    });
    soon("the answer", caller.until(|place| *place == Place::Answered)).await;
    let events = "CUSTOM mod_audio_stream::connect mod_audio_stream::disconnect mod_audio_stream::error mod_audio_stream::json \
                  mod_audio_stream::play";
    Scene {
        client: Client::connect(&fake, events).await,
        fake,
        caller,
        server: TcpListener::bind("127.0.0.1:0").await.unwrap(),
        files,
    }
}

impl Scene {
    async fn command(&self, what: &str) -> String {
        self.client
            .api(&format!("uuid_audio_stream {} {what}", self.caller.uuid()))
            .await
    }

    /// Starts a stream.
    async fn start(&self, mix: &str, more: &str) -> Web {
        let port = self.server.local_addr().unwrap().port();
        let reply = self
            .command(&format!("start ws://127.0.0.1:{port}/stream/a/b {mix} {more}"))
            .await;
        assert_eq!(reply, "+OK Success\n");
        self.accepted().await
    }

    async fn accepted(&self) -> Web {
        let (stream, _) = soon("a connection", self.server.accept()).await.unwrap();
        soon("the upgrade", accept_async(stream)).await.unwrap()
    }

    /// The next event of the module: its name and its body.
    async fn told(&mut self) -> (String, String) {
        let event = self.client.named("CUSTOM").await;
        let name = header(&event, "Event-Subclass").replace("mod_audio_stream::", "");
        (name, event.body().unwrap_or_default().to_owned())
    }
}

async fn next(web: &mut Web) -> Message {
    soon("a frame", web.next()).await.unwrap().unwrap()
}

async fn next_audio(web: &mut Web) -> Vec<u8> {
    loop {
        if let Message::Binary(bytes) = next(web).await {
            return bytes.to_vec();
        }
    }
}

fn temp_files(directory: &Path) -> usize {
    std::fs::read_dir(directory).unwrap().count()
}

#[tokio::test]
async fn metadata_comes_first_and_then_the_chunks_of_the_build() {
    for (module, rate, bytes) in [
        (Module::Amigniter, "8k", 320),
        (Module::Amigniter, "16k", 640),
        (Module::Sptmru, "8000", 640),
        (Module::Sptmru, "16000", 1280),
    ] {
        let scene = scene(module).await;
        let mut web = scene
            .start("mono", &format!("{rate} '{{\"caller\":\"Jenny Cole\"}}'"))
            .await;
        assert_eq!(next(&mut web).await, Message::text("{\"caller\":\"Jenny Cole\"}"));
        assert_eq!(next_audio(&mut web).await.len(), bytes, "{module} {rate}");
    }
}

#[tokio::test]
async fn what_the_server_sends_comes_to_the_events_that_were_recorded() {
    for module in [Module::Amigniter, Module::Sptmru] {
        let mut scene = scene(module).await;
        let mut web = scene.start("mono", "8k").await;
        assert_eq!(
            scene.told().await,
            ("connect".to_owned(), "{\"status\":\"connected\"}".to_owned())
        );
        let here = format!("{}/{}", scene.files.path().display(), scene.caller.uuid());
        for line in include_str!("../../data/freeswitch/messages.jsonl").lines() {
            let recorded: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| recorded[name].as_str().unwrap().to_owned();
            web.send(Message::text(text("sent"))).await.unwrap();
            let body = text("body").replace("/tmp/aaaaaaaa-bbbb-4ccc-8ddd-000000000010", &here);
            assert_eq!(scene.told().await, (text("event"), body));
        }
        assert_eq!(temp_files(scene.files.path()), 3);
        assert_eq!(scene.command("stop").await, "+OK Success\n");
        assert_eq!(temp_files(scene.files.path()), 0);
    }
}

#[tokio::test]
async fn a_second_start_and_a_stop_of_nothing_are_refused() {
    let scene = scene(Module::Amigniter).await;
    assert_eq!(scene.command("stop").await, "-ERR Operation Failed\n");
    let mut web = scene.start("mono", "8k").await;
    let refused = scene.command("start ws://127.0.0.1:1/x mono 8k").await;
    assert_eq!(refused, "-ERR Operation Failed\n");
    assert!(
        scene
            .command("start")
            .await
            .starts_with("-USAGE: <uuid> [start |")
    );
    assert_eq!(scene.command("stop {\"bye\":1}").await, "+OK Success\n");
    loop {
        match next(&mut web).await {
            Message::Binary(_) => {}
            Message::Text(text) => assert_eq!(text.as_str(), "{\"bye\":1}"),
            Message::Close(frame) => {
                assert_eq!(frame.unwrap().code, CloseCode::Normal);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn after_a_close_sptmru_connects_again_and_amigniter_is_dead_until_it_is_stopped() {
    let goodbye = || {
        Message::Close(Some(CloseFrame {
            code: CloseCode::Normal,
            reason: "server done".into(),
        }))
    };
    let disconnected = "{\"status\":\"disconnected\",\"message\":{\"code\":1000,\"reason\":\"server done\"}}";

    let mut other = scene(Module::Sptmru).await;
    let mut web = other.start("mono", "8k {\"hello\":1}").await;
    other.told().await;
    web.send(goodbye()).await.unwrap();
    assert_eq!(
        other.told().await,
        ("disconnect".to_owned(), disconnected.to_owned())
    );
    let mut web = other.accepted().await;
    assert_eq!(
        next(&mut web).await,
        Message::text("{\"hello\":1}"),
        "the metadata comes again"
    );

    let mut one = scene(Module::Amigniter).await;
    let mut web = one.start("mono", "8k").await;
    one.told().await;
    web.send(goodbye()).await.unwrap();
    assert_eq!(
        one.told().await,
        ("disconnect".to_owned(), disconnected.to_owned())
    );
    let port = one.server.local_addr().unwrap().port();
    let again = format!("start ws://127.0.0.1:{port}/x mono 8k");
    assert_eq!(one.command(&again).await, "-ERR Operation Failed\n");
    assert_eq!(one.command("stop").await, "+OK Success\n");
    assert_eq!(one.command(&again).await, "+OK Success\n");
    one.accepted().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_as_each_build_tells_it() {
    for (module, error) in [
        (
            Module::Amigniter,
            "{\"status\":\"error\",\"message\":{\"code\":6,\"error\":\"Connection refused (system error 111)\"}}",
        ),
        (
            Module::Sptmru,
            "{\"status\":\"error\",\"message\":{\"retries\":1,\"error\":\"Unable to connect to 127.0.0.1 on port PORT, error: Connect \
             error: Connection refused\",\"wait_time\":100,\"http_status\":0}}",
        ),
    ] {
        let mut scene = scene(module).await;
        let port = scene.server.local_addr().unwrap().port();
        // Nobody listens there any more.
        scene.server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let start = format!("start ws://127.0.0.1:{port}/x mono 8k");
        assert_eq!(scene.command(&start).await, "+OK Success\n");
        let error = error.replace("PORT", &port.to_string());
        assert_eq!(scene.told().await, ("error".to_owned(), error));
    }
}

#[tokio::test]
async fn what_is_not_base64_ends_the_process_with_sptmru_alone() {
    let wrong = [
        "{\"type\":\"streamAudio\",\"data\":{\"audioDataType\":\"raw\",\"sampleRate\":8000,\"audioData\":\"*\"}}",
        "{\"type\":\"streamAudio\",\"data\":{\"sampleRate\":8000,\"audioData\":\"AAAA\"}}",
    ];
    for text in wrong {
        let mut robust = scene(Module::Amigniter).await;
        let mut web = robust.start("mono", "8k").await;
        robust.told().await;
        web.send(Message::text(text)).await.unwrap();
        assert_eq!(robust.told().await, ("json".to_owned(), text.to_owned()));
        assert!(!robust.fake.crashed());

        let mut fragile = scene(Module::Sptmru).await;
        let mut web = fragile.start("mono", "8k").await;
        fragile.told().await;
        web.send(Message::text(text)).await.unwrap();
        soon("the end of the connection", async {
            while let Some(Ok(_)) = fragile.client.events.recv().await {}
        })
        .await;
        assert!(fragile.fake.crashed());
    }
}

#[tokio::test]
async fn mixed_sound_flows_only_while_something_is_played() {
    let scene = scene(Module::Amigniter).await;
    let mut web = scene.start("mixed", "8k").await;
    let silent = tokio::time::timeout(Duration::from_millis(300), next_audio(&mut web)).await;
    assert!(silent.is_err(), "nothing is written to the channel");
    let id = scene.caller.uuid().to_string();
    scene
        .client
        .execute(&id, "playback", "tone_stream://%(400,0,440)", &[])
        .await;
    assert_eq!(next_audio(&mut web).await.len(), 320);
}

#[tokio::test]
async fn a_hang_up_ends_the_stream_and_takes_its_files_along() {
    let mut scene = scene(Module::Amigniter).await;
    let mut web = scene.start("mono", "8k").await;
    scene.told().await;
    let text = "{\"type\":\"streamAudio\",\"data\":{\"audioDataType\":\"raw\",\"sampleRate\":8000,\"audioData\":\"AAAA\"}}";
    web.send(Message::text(text)).await.unwrap();
    assert_eq!(scene.told().await.0, "play");
    assert_eq!(temp_files(scene.files.path()), 1);
    scene.caller.hang_up();
    loop {
        if let Message::Close(frame) = next(&mut web).await {
            assert_eq!(frame.unwrap().code, CloseCode::Normal);
            break;
        }
    }
    assert_eq!(temp_files(scene.files.path()), 0);
}
