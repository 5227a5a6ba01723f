//! Speaking with a person who was called for the caller: what they are told goes to their parked leg by `unicast`, and their words
//! come back, where there is speech to text.

mod hearing;

use crate::switches::{Controlled, Mute};
use audio::{EarModel, Resampler, SampleRate};
use bytes::Bytes;
use freeswitch::{Channel, Unicast};
use hearing::Hearing;
use secretary::{CallUuid, Language};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::task::AbortOnDropHandle;
use voice::stt::{SttError, Transcriber};
use voice::tts::{Prompts, Speech};

/// Asked and told: a few at a time.
const QUEUE: usize = 8;

/// With what people are spoken to.
#[derive(Clone)]
pub(crate) struct Means {
    /// Renders what they are told.
    pub(crate) prompts: Arc<Prompts>,
    /// Hears when they speak; without it they answer by keys.
    pub(crate) ear: Option<EarModel>,
    /// Finds their words; without it they answer by keys.
    pub(crate) words: Option<Arc<dyn Transcriber>>,
    /// The FreeSWITCH, and the ports of their audio.
    pub(crate) controlled: Arc<Controlled>,
}

/// What is asked of a booth.
enum Ask {
    Say(Speech),
    Listen,
}

/// What a booth tells.
#[derive(Debug)]
pub(super) enum Told {
    /// What it was to say was heard, or cannot be said.
    Said,
    /// They have said this.
    Words(String),
}

/// The audio of a person's leg. It ends when this is dropped.
pub(super) struct Booth {
    asks: mpsc::Sender<Ask>,
    tells: mpsc::Receiver<Told>,
    _task: AbortOnDropHandle<()>,
}

impl Booth {
    /// Opens it on a leg that has just been answered and is parked.
    pub(super) fn open(person: CallUuid, language: Language, means: Means) -> Self {
        let (asks, asked) = mpsc::channel(QUEUE);
        let (told, tells) = mpsc::channel(QUEUE);
        let task = tokio::spawn(async move {
            match connect(&means.controlled, person).await {
                Ok((channel, unicast)) => {
                    Talk::new(&channel, language, means, unicast, told)
                        .run(asked)
                        .await
                }
                Err(error) => {
                    tracing::warn!(%person, %error, "a person who was called cannot be spoken to");
                    nothing_is_heard(asked, told).await;
                }
            }
        });
        Self {
            asks,
            tells,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// Says something; [`Told::Said`] follows.
    pub(super) fn say(&self, speech: Speech) {
        self.ask(Ask::Say(speech));
    }

    /// From now on their words are told.
    pub(super) fn listen(&self) {
        self.ask(Ask::Listen);
    }

    /// What it tells next.
    pub(super) async fn next(&mut self) -> Told {
        match self.tells.recv().await {
            Some(told) => told,
            None => std::future::pending().await,
        }
    }

    fn ask(&self, ask: Ask) {
        if self.asks.try_send(ask).is_err() {
            // Whoever asks has time limits for all of it.
            tracing::warn!("what a person is to be told was dropped: their audio has stopped");
        }
    }
}

async fn connect(controlled: &Controlled, person: CallUuid) -> Result<(Channel, Unicast), Mute> {
    let channel = controlled.switch.channel(person).await?.ok_or(Mute::Gone)?;
    controlled.take_up(&channel).await
}

/// Whatever is to be said cannot be: who is asked has to find that out by their silence.
async fn nothing_is_heard(mut asked: mpsc::Receiver<Ask>, told: mpsc::Sender<Told>) {
    while let Some(ask) = asked.recv().await {
        if let Ask::Say(_) = ask
            && told.send(Told::Said).await.is_err()
        {
            return;
        }
    }
}

/// The work of a booth.
struct Talk {
    means: Means,
    unicast: Unicast,
    told: mpsc::Sender<Told>,
    language: Language,
    rate: SampleRate,
    /// What one datagram holds.
    packet: usize,
    pace: Interval,
    /// Packets that are to be sent, one each time.
    queue: VecDeque<Vec<u8>>,
    hearing: Option<Hearing>,
    listening: Listening,
    work: JoinSet<Work>,
}

/// Whether what they say is an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Listening {
    /// They have not been asked yet: their phone may give back what they are told.
    NotYet,
    Now,
}

/// What is done beside the audio.
enum Work {
    Rendered(Option<Vec<i16>>),
    Found(Result<String, SttError>),
}

enum Wake {
    Asked(Option<Ask>),
    Packet(Option<Bytes>),
    Done(Work),
    Tick,
}

impl Talk {
    fn new(
        channel: &Channel,
        language: Language,
        means: Means,
        unicast: Unicast,
        told: mpsc::Sender<Told>,
    ) -> Self {
        let packet = packet(channel);
        let mut pace = interval(packet);
        // After a delay the rest follows at once, and the pace as a whole is kept.
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let hearing = match (&means.ear, &means.words) {
            (Some(ear), Some(_)) => Some(Hearing::new(ear.clone(), channel.rate)),
            _ => None,
        };
        Self {
            means,
            unicast,
            told,
            language,
            rate: channel.rate,
            packet: channel.rate.samples_in(packet) as usize,
            pace,
            queue: VecDeque::new(),
            hearing,
            listening: Listening::NotYet,
            work: JoinSet::new(),
        }
    }

    async fn run(mut self, mut asked: mpsc::Receiver<Ask>) {
        let mut heard = true;
        loop {
            let wake = tokio::select! {
                ask = asked.recv() => Wake::Asked(ask),
                packet = poll_fn(|cx| self.unicast.poll_receive(cx)), if heard => Wake::Packet(packet.ok()),
                Some(Ok(done)) = self.work.join_next() => Wake::Done(done),
                _ = self.pace.tick(), if !self.queue.is_empty() => Wake::Tick,
            };
            match wake {
                Wake::Asked(None) => return,
                Wake::Asked(Some(Ask::Say(speech))) => self.render(speech),
                Wake::Asked(Some(Ask::Listen)) => self.listening = Listening::Now,
                Wake::Packet(None) => heard = false,
                Wake::Packet(Some(packet)) => self.hear(&packet),
                Wake::Done(Work::Rendered(Some(samples))) => self.queue(&samples),
                Wake::Done(Work::Rendered(None)) => tell(&self.told, Told::Said).await,
                Wake::Done(Work::Found(Ok(words))) => tell(&self.told, Told::Words(words)).await,
                Wake::Done(Work::Found(Err(error))) => {
                    tracing::info!(%error, "the words of a person who was called were not understood");
                }
                Wake::Tick => self.send().await,
            }
        }
    }

    fn render(&mut self, speech: Speech) {
        let (prompts, rate) = (self.means.prompts.clone(), self.rate);
        self.work.spawn(async move {
            let samples = match prompts.render(speech).await {
                Ok(prompt) => {
                    let mut samples = Vec::new();
                    let mut resampler = Resampler::new(prompt.rate, rate);
                    resampler.push(&prompt.samples, &mut samples);
                    resampler.flush(&mut samples);
                    Some(samples)
                }
                Err(error) => {
                    tracing::warn!(%error, "what a person is to be told cannot be rendered");
                    None
                }
            };
            Work::Rendered(samples)
        });
    }

    fn queue(&mut self, samples: &[i16]) {
        for piece in samples.chunks(self.packet.max(1)) {
            let mut bytes: Vec<u8> = piece.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            bytes.resize(self.packet * size_of::<i16>(), 0);
            self.queue.push_back(bytes);
        }
        self.pace.reset_immediately();
    }

    async fn send(&mut self) {
        if let Some(packet) = self.queue.pop_front() {
            self.unicast.send(&packet);
        }
        if self.queue.is_empty() {
            tell(&self.told, Told::Said).await;
        }
    }

    fn hear(&mut self, packet: &[u8]) {
        let Some(hearing) = &mut self.hearing else { return };
        let Some(utterance) = hearing.hear(packet) else {
            return;
        };
        let (Listening::Now, Some(words)) = (self.listening, self.means.words.clone()) else {
            return;
        };
        let language = self.language;
        self.work.spawn(async move {
            let found = words.transcribe(utterance, language, &Arc::from("")).await;
            Work::Found(found)
        });
    }
}

async fn tell(to: &mpsc::Sender<Told>, told: Told) {
    // Nobody listens any more: the booth is about to be dropped.
    let _ = to.send(told).await;
}

/// The length of the channel's packets; 20 ms where FreeSWITCH says what cannot be.
fn packet(channel: &Channel) -> Duration {
    match channel.ptime.as_millis() {
        10..=120 => channel.ptime,
        _ => Duration::from_millis(20),
    }
}
