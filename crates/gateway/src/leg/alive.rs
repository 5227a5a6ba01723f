//! The sign of life on a stream (docs/protocol.md). The modules tell of a connection that is closed, but of one whose other end is gone
//! without a word only after a quarter of an hour: the script keeps a call only while it sees this.

use super::control::Control;
use std::time::{Duration, Instant};

/// How often. The script leaves a call to the last resort 15 s after the last one, so that whatever dies, 11 to 15 s are over then.
const EVERY: Duration = Duration::from_secs(4);

/// What the other end was told last, and when.
#[derive(Debug, Default)]
pub(super) struct Alive(Option<(bool, Instant)>);

impl Alive {
    /// The sign that is due: in time, and when whether FreeSWITCH is controlled is not as it was.
    pub(super) fn due(&mut self, control: bool, now: Instant) -> Option<Control<'static>> {
        let fresh = |(told, at): (bool, Instant)| told == control && now.duration_since(at) < EVERY;
        if self.0.is_some_and(fresh) {
            return None;
        }
        self.0 = Some((control, now));
        Some(Control::Alive { control })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_at_once_then_every_4_s_and_when_control_is_lost_or_back() {
        let begin = Instant::now();
        let mut alive = Alive::default();
        let mut told = Vec::new();
        for second in 0..12 {
            let control = !(5..7).contains(&second);
            let sign = alive.due(control, begin + Duration::from_secs(second));
            told.extend(sign.map(|sign| (second, sign)));
        }
        let sign = |control| Control::Alive { control };
        let expected = [
            (0, sign(true)),
            (4, sign(true)),
            (5, sign(false)),
            (7, sign(true)),
            (11, sign(true)),
        ];
        assert_eq!(told, expected);
    }
}
