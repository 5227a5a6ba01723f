//! A scripted server at the other end of a stream in memory, so that tokio's clock can be paused.

use audio::SampleRate;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use sim::{Account, Act, Call, Clip, Line, Manners, Mix, Module, Step, StreamAddress, When, upgrade};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};
use tokio_util::sync::CancellationToken;

pub(crate) const RATE: SampleRate = SampleRate::HZ_16000;

pub(crate) fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A tone well above what counts as audible.
pub(crate) fn tone(length: Duration) -> Vec<i16> {
    let samples = RATE.samples_in(length) as usize;
    (0..samples)
        .map(|index| if index % 16 < 8 { 6000 } else { -6000 })
        .collect()
}

/// 100 ms of silence, a tone, 200 ms of silence: so that onset and end are known.
pub(crate) fn clip(speech: Duration) -> Clip {
    let mut samples = vec![0; RATE.samples_in(ms(100)) as usize];
    samples.extend(tone(speech));
    samples.resize(samples.len() + RATE.samples_in(ms(200)) as usize, 0);
    Clip::from_samples("alô", &samples, RATE, Line::Pcm).unwrap()
}

pub(crate) fn say(speech: Duration, when: When) -> Step {
    Step {
        when,
        act: Act::Say(clip(speech)),
    }
}

pub(crate) fn call(script: Vec<Step>) -> Call {
    Call {
        address: StreamAddress::parse("ws://127.0.0.1:8085").unwrap(),
        module: Module::Plain,
        line: Line::Pcm,
        echo: None,
        mix: Mix::Mono,
        rate: RATE,
        metadata: None,
        script,
        manners: Manners {
            answer: Duration::from_secs(5),
            ..Manners::default()
        },
    }
}

/// Makes a call to a server that does as `script` says.
pub(crate) async fn converse(call: Call, script: impl AsyncFnOnce(&mut Server)) -> Account {
    let (near, far) = tokio::io::duplex(1 << 20);
    let caller = async {
        let socket = upgrade(near, &call.address.clone(), call.module).await.unwrap();
        call.converse(socket, &CancellationToken::new(), |_| {}).await
    };
    let server = async {
        let (sink, stream) = accept_async(far).await.unwrap().split();
        let mut server = Server {
            sink,
            stream,
            start: Instant::now(),
            texts: VecDeque::new(),
        };
        script(&mut server).await;
        server.listen_to_the_end().await;
    };
    tokio::join!(caller, server).0
}

pub(crate) struct Server {
    sink: SplitSink<WebSocketStream<DuplexStream>, Message>,
    stream: SplitStream<WebSocketStream<DuplexStream>>,
    start: Instant,
    pub(crate) texts: VecDeque<(Duration, String)>,
}

impl Server {
    pub(crate) async fn text(&mut self, text: &str) {
        self.sink.send(Message::text(text.to_owned())).await.unwrap();
    }

    pub(crate) async fn audio(&mut self, samples: &[i16]) {
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        self.sink.send(Message::binary(bytes)).await.unwrap();
    }

    /// A tone in frames of 20 ms, 60 ms ahead of the clock.
    pub(crate) async fn speak(&mut self, length: Duration) {
        let start = Instant::now();
        for (index, frame) in tone(length).chunks(RATE.frame_samples()).enumerate() {
            sleep_until(start + ms(20) * (index as u32).saturating_sub(2)).await;
            self.audio(frame).await;
        }
    }

    pub(crate) async fn mark(&mut self, name: &str) {
        self.text(&format!(r#"{{"type":"mark","name":"{name}"}}"#)).await;
    }

    /// The next binary message as samples; texts on the way are kept.
    pub(crate) async fn frame(&mut self) -> Option<Vec<i16>> {
        loop {
            match self.stream.next().await?.ok()? {
                Message::Binary(bytes) => {
                    return Some(
                        bytes
                            .chunks(2)
                            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
                            .collect(),
                    );
                }
                Message::Text(text) => self.texts.push_back((self.start.elapsed(), text.to_string())),
                _ => {}
            }
        }
    }

    /// Listens until a frame with speech has come.
    pub(crate) async fn hear_onset(&mut self) {
        while let Some(frame) = self.frame().await {
            if is_loud(&frame) {
                return;
            }
        }
        panic!("the caller never spoke");
    }

    /// Listens until speech has come and 100 ms of silence after it; then it is `delay` after the last loud frame.
    pub(crate) async fn hear_turn_and_wait(&mut self, delay: Duration) {
        self.hear_onset().await;
        let mut last_loud = Instant::now();
        while last_loud.elapsed() < ms(100) {
            if is_loud(&self.frame().await.expect("the caller is still there")) {
                last_loud = Instant::now();
            }
        }
        sleep_until(last_loud + delay).await;
    }

    pub(crate) async fn wait(&self, delay: Duration) {
        sleep(delay).await;
    }

    pub(crate) async fn close(&mut self) {
        self.sink.close().await.unwrap();
    }

    async fn listen_to_the_end(&mut self) {
        while self.frame().await.is_some() {}
        // Answers the caller's close, unless this side has closed already.
        let _ = self.sink.close().await;
    }
}

pub(crate) fn is_loud(frame: &[i16]) -> bool {
    frame.iter().any(|sample| sample.abs() > 1000)
}

/// Asserts that a figure is what it must be, to 1 ms.
#[track_caller]
pub(crate) fn assert_ms(figures: &[f64], expected: &[f64]) {
    let close = figures.len() == expected.len()
        && figures
            .iter()
            .zip(expected)
            .all(|(figure, expected)| (figure - expected).abs() <= 1.0);
    assert!(close, "{figures:?} instead of {expected:?}");
}
