//! The loop-back engine gives the caller's audio back and holds no more than it says.

use audio::SampleRate;
use call::{AnswerId, Cause, EngineCommand, EngineEvent, PlayedMs};
use futures_util::FutureExt;
use futures_util::task::{ArcWake, noop_waker, waker};
use secretary::Secretary;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use voice::loopback::Loopback;
use voice::{Engine, Event, Session, Setup};

const SECRETARY: &str = r#"
name = "echo"
language = "en"
engine = "loopback"
[greeting]
text = ""
[phrases]
reprompts = []
farewell = ""
apology = ""
backchannels = []
"#;

fn session(rate: SampleRate) -> Box<dyn Session> {
    let setup = Setup::new(
        "22222222-3333-4444-8555-666666666666".parse().unwrap(),
        "11111111-2222-4333-8444-555555555555".parse().unwrap(),
        Arc::new(Secretary::parse("echo.toml", SECRETARY).unwrap()),
        rate,
        Arc::new([]),
    );
    Loopback.connect(setup).now_or_never().unwrap().unwrap()
}

fn poll(session: &mut dyn Session, pcm: &mut Vec<i16>) -> Option<Event> {
    match session.poll_event(&mut Context::from_waker(&noop_waker()), pcm) {
        Poll::Ready(event) => Some(event),
        Poll::Pending => None,
    }
}

fn started(answer: u64) -> Option<Event> {
    Some(Event::Engine(EngineEvent::AnswerStarted {
        answer: AnswerId(answer),
        cause: Cause::Own,
    }))
}

fn audio(answer: u64) -> Option<Event> {
    Some(Event::Audio {
        answer: AnswerId(answer),
    })
}

#[test]
fn what_is_heard_comes_back_as_one_answer_at_the_legs_rate() {
    let mut session = session(SampleRate::HZ_8000);
    let mut pcm = Vec::new();
    assert_eq!(
        (session.input_rate(), session.output_rate()),
        (SampleRate::HZ_8000, SampleRate::HZ_8000)
    );
    assert_eq!(
        poll(&mut *session, &mut pcm),
        Some(Event::Engine(EngineEvent::Ready))
    );
    assert_eq!(poll(&mut *session, &mut pcm), None);

    session.hear(&[1, 2, 3]);
    session.hear(&[4]);
    assert_eq!(poll(&mut *session, &mut pcm), started(1));
    assert_eq!(poll(&mut *session, &mut pcm), audio(1));
    session.hear(&[5]);
    assert_eq!(poll(&mut *session, &mut pcm), audio(1));
    assert_eq!(poll(&mut *session, &mut pcm), None);
    assert_eq!(pcm, [1, 2, 3, 4, 5]);
    assert_eq!(session.dropped_ms(), 0);
}

#[test]
fn the_oldest_beyond_half_a_second_is_dropped_and_counted() {
    let mut session = session(SampleRate::HZ_16000);
    let mut pcm = Vec::new();
    for frame in 0..40 {
        session.hear(&[frame; 320]);
    }
    while poll(&mut *session, &mut pcm).is_some() {}
    assert_eq!(pcm.len(), 8000);
    assert_eq!((pcm[0], pcm[7999]), (15, 39));
    assert_eq!(session.dropped_ms(), 300);

    pcm.clear();
    session.hear(&[7; 16_000]);
    while poll(&mut *session, &mut pcm).is_some() {}
    assert_eq!(pcm.len(), 8000);
    assert_eq!(session.dropped_ms(), 800);
}

#[test]
fn an_interruption_of_its_answer_alone_ends_it_and_the_next_sound_begins_another() {
    let mut session = session(SampleRate::HZ_16000);
    let mut pcm = Vec::new();
    session.hear(&[1]);
    while poll(&mut *session, &mut pcm).is_some() {}
    let interrupt = |answer| EngineCommand::Interrupt {
        answer,
        heard: PlayedMs(0),
        text: String::new(),
    };

    session.command(interrupt(AnswerId(7)));
    assert_eq!(poll(&mut *session, &mut pcm), None);
    session.command(interrupt(AnswerId(1)));
    let done = Event::Engine(EngineEvent::AnswerDone { answer: AnswerId(1) });
    assert_eq!(poll(&mut *session, &mut pcm), Some(done));
    session.hear(&[2]);
    assert_eq!(poll(&mut *session, &mut pcm), started(2));
    assert_eq!(poll(&mut *session, &mut pcm), audio(2));
    assert_eq!(pcm, [1, 2]);
}

struct Count(AtomicUsize);

impl ArcWake for Count {
    fn wake_by_ref(this: &Arc<Self>) {
        this.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn whoever_waits_is_woken_by_the_next_sound() {
    let mut session = session(SampleRate::HZ_16000);
    let mut pcm = Vec::new();
    while poll(&mut *session, &mut pcm).is_some() {}
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = waker(count.clone());

    assert!(
        session
            .poll_event(&mut Context::from_waker(&waker), &mut pcm)
            .is_pending()
    );
    assert_eq!(count.0.load(Ordering::Relaxed), 0);
    session.hear(&[1]);
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
}

#[test]
fn a_frame_on_its_way_through_allocates_nothing() {
    let mut session = session(SampleRate::HZ_16000);
    let mut pcm = Vec::with_capacity(320);
    session.hear(&[0; 320]);
    while poll(&mut *session, &mut pcm).is_some() {}

    let waker = noop_waker();
    let mut cx = Context::from_waker(&waker);
    let mut events = 0;
    let counted = allocation_counter::measure(|| {
        for _ in 0..100 {
            pcm.clear();
            session.hear(&[1; 320]);
            while session.poll_event(&mut cx, &mut pcm).is_ready() {
                events += 1;
            }
        }
    });
    assert_eq!(events, 100);
    assert_eq!(pcm.len(), 320);
    assert_eq!(counted.count_total, 0);
}
