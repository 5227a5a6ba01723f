//! What holds for the playout whatever happens to it in whatever order.

use audio::{Played, Playout, SampleRate};
use proptest::prelude::*;
use std::collections::HashMap;
use std::time::{Duration, Instant};

#[derive(Debug, Clone)]
enum Step {
    Push { utterance: u8, samples: usize },
    Finish { utterance: u8 },
    Pause,
    Resume,
    Clear,
    Wait { micros: u64 },
    WaitUntilDue,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3u8, 0..3000usize).prop_map(|(utterance, samples)| Step::Push { utterance, samples }),
        3 => (0..3u8).prop_map(|utterance| Step::Finish { utterance }),
        1 => Just(Step::Pause),
        2 => Just(Step::Resume),
        1 => Just(Step::Clear),
        6 => (0..90_000u64).prop_map(|micros| Step::Wait { micros }),
        6 => Just(Step::WaitUntilDue),
    ]
}

const LEAD: Duration = Duration::from_millis(60);
const HOLD: usize = 6000;
/// Some rates' samples last no whole nanoseconds.
const ROUNDING: Duration = Duration::from_micros(1);

/// A playout with all that an onlooker can know of it.
struct Watched {
    playout: Playout<u32>,
    rate: SampleRate,
    now: Instant,
    /// The number of each of the three sources' present utterance.
    ids: [u32; 3],
    next_id: u32,
    /// Utterances in their order: number, samples pushed, finished.
    queued: Vec<(u32, usize, bool)>,
    /// Samples pushed and not yet released, each marked with its number within its utterance.
    expected: HashMap<u32, Vec<i16>>,
    released: HashMap<u32, usize>,
    positions: HashMap<u32, Duration>,
    /// When the caller has heard all that was released.
    heard_until: Instant,
    /// The same for each utterance.
    ends: HashMap<u32, Instant>,
    /// Since when both ends hold.
    held_since: Option<Instant>,
    pauses: u64,
}

impl Watched {
    fn new(rate: SampleRate) -> Self {
        let now = Instant::now();
        Self {
            playout: Playout::new(rate, LEAD, rate.duration_of(HOLD as u64)),
            rate,
            now,
            ids: [0, 1, 2],
            next_id: 3,
            queued: Vec::new(),
            expected: HashMap::new(),
            released: HashMap::new(),
            positions: HashMap::new(),
            heard_until: now,
            ends: HashMap::new(),
            held_since: None,
            pauses: 0,
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Push { utterance, samples } => self.push(self.ids[usize::from(utterance)], samples),
            Step::Finish { utterance } => self.finish(usize::from(utterance)),
            Step::Pause => {
                self.playout.pause(self.now);
                self.held_since.get_or_insert(self.now);
                self.pauses += 1;
            }
            Step::Resume => self.resume(),
            Step::Clear => self.clear(),
            Step::Wait { micros } => self.now += Duration::from_micros(micros),
            Step::WaitUntilDue => self.now = self.playout.next_due().unwrap_or(self.now).max(self.now),
        }
        self.settle();
    }

    fn push(&mut self, id: u32, samples: usize) {
        let waiting: usize = self.expected.values().map(Vec::len).sum();
        let before =
            self.released.get(&id).copied().unwrap_or(0) + self.expected.get(&id).map_or(0, Vec::len);
        let pushed: Vec<i16> = (before..before + samples).map(|i| i as i16).collect();
        assert_eq!(self.playout.push(id, &pushed), waiting + samples <= HOLD);
        if waiting + samples > HOLD {
            return;
        }
        self.expected.entry(id).or_default().extend(pushed);
        match self.queued.iter_mut().find(|(queued, ..)| *queued == id) {
            Some((_, length, _)) => *length += samples,
            None => self.queued.push((id, samples, false)),
        }
    }

    fn finish(&mut self, source: usize) {
        let id = std::mem::replace(&mut self.ids[source], self.next_id);
        self.next_id += 1;
        self.playout.finish(id);
        match self.queued.iter_mut().find(|(queued, ..)| *queued == id) {
            Some((_, _, finished)) => *finished = true,
            None => self.queued.push((id, 0, true)),
        }
    }

    fn resume(&mut self) {
        self.playout.resume(self.now);
        let Some(since) = self.held_since.take() else {
            return;
        };
        let held = self.now - since;
        let ends = self.ends.values_mut().chain([&mut self.heard_until]);
        ends.filter(|end| **end > since).for_each(|end| *end += held);
    }

    fn clear(&mut self) {
        let waiting: usize = self.expected.values().map(Vec::len).sum();
        let hears = self.held_since.take().unwrap_or(self.now);
        let ahead = self.heard_until.saturating_duration_since(hears);
        let dropped = self.playout.clear(self.now);
        let expected = self.rate.duration_of(waiting as u64) + ahead;
        // The sample that is playing counts as not yet heard, and each pause holds at the beginning of one.
        let samples = self.rate.duration_of(1 + self.pauses) + ROUNDING;
        assert!(
            dropped.abs_diff(expected) <= samples,
            "{dropped:?} for {expected:?}"
        );
        self.heard_until = self.now;
        assert_eq!(self.playout.position(self.now), None);
        self.queued.clear();
        self.expected.clear();
        for id in &mut self.ids {
            *id = self.next_id;
            self.next_id += 1;
        }
    }

    /// What a driver does after each input, with every promise checked on the way.
    fn settle(&mut self) {
        let mut frame = Vec::new();
        while self.playout.release(self.now, &mut frame) {
            self.check_frame(&frame);
        }
        while let Some(played) = self.playout.poll_played(self.now) {
            self.check_end(played);
        }
        if let Some((id, position)) = self.playout.position(self.now) {
            let pushed = self
                .queued
                .iter()
                .find(|(queued, ..)| *queued == id)
                .expect("only of what is queued")
                .1;
            let released = self.released[&id];
            assert!(released <= pushed);
            assert!(position <= self.rate.duration_of(released as u64));
            let before = self.positions.insert(id, position).unwrap_or_default();
            assert!(position >= before, "{id}: {position:?} after {before:?}");
        }
    }

    fn check_frame(&mut self, frame: &[i16]) {
        assert!((1..=self.rate.frame_samples()).contains(&frame.len()));
        let current = self.queued.iter().find(|(id, _, finished)| {
            !finished || self.expected.get(id).is_some_and(|samples| !samples.is_empty())
        });
        let (id, _, finished) = *current.expect("a frame of something queued");
        let waiting = self.expected.get_mut(&id).expect("a frame of pushed samples");
        let sent: Vec<i16> = waiting.drain(..frame.len()).collect();
        assert_eq!(frame, sent);
        assert!(frame.len() == self.rate.frame_samples() || (finished && waiting.is_empty()));
        *self.released.entry(id).or_default() += frame.len();
        self.heard_until = self.heard_until.max(self.now) + self.rate.duration_of(frame.len() as u64);
        self.ends.insert(id, self.heard_until);
        assert!(
            self.heard_until - self.now <= LEAD + ROUNDING,
            "{:?} ahead",
            self.heard_until - self.now
        );
    }

    fn check_end(&mut self, played: Played<u32>) {
        let Played::Finished(id, length) = played else {
            panic!("{played:?} is no end")
        };
        let (first, pushed, finished) = self.queued.remove(0);
        assert_eq!((id, length), (first, self.rate.duration_of(pushed as u64)));
        assert!(finished);
        assert_eq!(self.released.get(&id).copied().unwrap_or(0), pushed);
        assert!(
            self.ends
                .get(&id)
                .is_none_or(|end| *end <= self.held_since.unwrap_or(self.now) + ROUNDING),
            "told before it was heard"
        );
    }
}

proptest! {
    #[test]
    fn any_order_of_inputs_keeps_every_promise(
        rate in prop_oneof![Just(SampleRate::HZ_8000), Just(SampleRate::HZ_16000), Just(SampleRate::HZ_24000)],
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut watched = Watched::new(rate);
        for step in &steps {
            watched.take(step);
        }
        // Whatever came before: once all is finished and nothing is paused, all of it is heard and reported.
        watched.resume();
        for source in 0..3 {
            watched.finish(source);
        }
        watched.settle();
        while let Some(due) = watched.playout.next_due() {
            prop_assert!(due > watched.now);
            watched.now = due;
            watched.settle();
        }
        prop_assert!(watched.queued.is_empty());
        prop_assert_eq!(watched.playout.position(watched.now), None);
    }
}
