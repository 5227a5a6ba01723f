//! The figures of a call, from what the caller said and heard. Moments are counts of samples.

use audio::SampleRate;

use crate::event::BargeIn;

/// Turns moments into figures.
#[derive(Debug)]
pub(crate) struct Measures {
    rate: SampleRate,
    /// Where the caller's speech ended that nothing has answered yet.
    unanswered: Option<u64>,
    /// Where it ended while the assistant was still in an utterance: it is answered only if that is cleared.
    talked_over: Option<u64>,
    interruption: Option<Interruption>,
    pub(crate) response_ms: Vec<f64>,
    pub(crate) duck_ms: Vec<f64>,
    pub(crate) stop_ms: Vec<f64>,
    pub(crate) false_barge_ins: u32,
    pub(crate) underruns: u32,
}

/// The caller is speaking, or has spoken, into an utterance.
#[derive(Debug, Clone, Copy)]
struct Interruption {
    onset: u64,
    silent_first: Option<u64>,
}

impl Measures {
    pub(crate) fn new(rate: SampleRate) -> Self {
        Self {
            rate,
            unanswered: None,
            talked_over: None,
            interruption: None,
            response_ms: Vec::new(),
            duck_ms: Vec::new(),
            stop_ms: Vec::new(),
            false_barge_ins: 0,
            underruns: 0,
        }
    }

    /// A count of samples in milliseconds, to a hundredth.
    pub(crate) fn ms(&self, samples: u64) -> f64 {
        (samples as f64 * 100_000.0 / f64::from(self.rate.hz())).round() / 100.0
    }

    /// The caller's first loud sample. `sounding`: into an utterance; `held`: one that is held already, because the
    /// server heard the beginning before it was loud.
    pub(crate) fn caller_speaks(&mut self, onset: u64, sounding: bool, held: bool) {
        self.unanswered = None;
        self.talked_over = None;
        self.interruption = sounding.then_some(Interruption {
            onset,
            silent_first: held.then_some(onset),
        });
    }

    /// The caller's last loud sample was just before `end`.
    pub(crate) fn caller_spoke(&mut self, end: u64, assistant_speaking: bool) {
        match assistant_speaking {
            true => self.talked_over = Some(end),
            false => self.unanswered = Some(end),
        }
    }

    /// An utterance begins to be heard. Tells the response time when it answers the caller.
    pub(crate) fn assistant_speaks(&mut self, at: u64) -> Option<f64> {
        let end = self.unanswered.take().filter(|end| *end <= at)?;
        let response = self.ms(at - end);
        self.response_ms.push(response);
        Some(response)
    }

    /// The assistant is held.
    pub(crate) fn paused(&mut self, at: u64) {
        if let Some(interruption) = &mut self.interruption {
            interruption.silent_first.get_or_insert(at);
        }
    }

    /// The assistant goes on from a hold: what the caller said was no interruption, and asks for no answer.
    pub(crate) fn resumed(&mut self) {
        self.false_barge_ins += 1;
        self.unanswered = None;
        self.talked_over = None;
    }

    /// What was to be played was dropped; `played_to` is one past the last sample heard of it.
    pub(crate) fn cleared(&mut self, played_to: u64) -> Option<BargeIn> {
        self.unanswered = self.unanswered.or(self.talked_over.take());
        let interruption = self.interruption.take()?;
        let stop = self.ms(played_to.saturating_sub(interruption.onset));
        self.stop_ms.push(stop);
        let mut barge_in = self.barge_in(interruption);
        if barge_in.duck_ms.is_none() {
            self.duck_ms.push(stop);
            barge_in.duck_ms = Some(stop);
        }
        Some(BargeIn {
            stop_ms: Some(stop),
            ..barge_in
        })
    }

    /// The utterance ended by itself, or the call did: the interruption did not stop it.
    pub(crate) fn went_on(&mut self) -> Option<BargeIn> {
        let interruption = self.interruption.take()?;
        Some(self.barge_in(interruption))
    }

    fn barge_in(&mut self, interruption: Interruption) -> BargeIn {
        let duck_ms = interruption
            .silent_first
            .map(|at| self.ms(at - interruption.onset));
        self.duck_ms.extend(duck_ms);
        BargeIn {
            onset_ms: self.ms(interruption.onset),
            duck_ms,
            stop_ms: None,
        }
    }
}
