//! Time on paper: long calls are wrapped into rows of equal length.

/// The width of the whole picture, in pixels.
pub(super) const WIDTH: f64 = 1280.0;
/// Where the lanes begin and end.
pub(super) const LEFT: f64 = 104.0;
pub(super) const RIGHT: f64 = WIDTH - 28.0;
/// A row never shows more than this; a second is then 72 pixels wide, and a word as long as it is spoken.
const LONGEST_ROW_MS: f64 = 16_000.0;
/// And a very short call is not blown up further than this.
const SHORTEST_ROW_MS: f64 = 4_000.0;

/// The time axis of a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    duration_ms: f64,
    row_ms: f64,
}

/// A stretch of time in one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stretch {
    pub(super) row: usize,
    pub(super) from_x: f64,
    pub(super) to_x: f64,
}

impl Axis {
    pub(super) fn new(duration_ms: f64) -> Self {
        let duration_ms = duration_ms.max(1.0);
        let rows = (duration_ms / LONGEST_ROW_MS).ceil().max(1.0);
        // Rows of equal length, in whole seconds, so that each begins at a tick.
        let row_ms = (duration_ms / rows / 1000.0).ceil() * 1000.0;
        Self {
            duration_ms,
            row_ms: row_ms.max(SHORTEST_ROW_MS),
        }
    }

    pub(super) fn rows(&self) -> usize {
        (self.duration_ms / self.row_ms).ceil().max(1.0) as usize
    }

    pub(super) fn row_of(&self, ms: f64) -> usize {
        ((ms.clamp(0.0, self.duration_ms) / self.row_ms) as usize).min(self.rows() - 1)
    }

    /// Where a moment lies in its row.
    pub(super) fn x(&self, ms: f64) -> f64 {
        self.x_in(self.row_of(ms), ms)
    }

    fn x_in(&self, row: usize, ms: f64) -> f64 {
        let into = (ms - row as f64 * self.row_ms).clamp(0.0, self.row_ms);
        LEFT + into / self.row_ms * (RIGHT - LEFT)
    }

    /// The time at a pixel of a row.
    pub(super) fn ms_at(&self, row: usize, x: f64) -> f64 {
        (row as f64 + (x - LEFT) / (RIGHT - LEFT)) * self.row_ms
    }

    /// The pieces, row by row, of a stretch of time.
    pub(super) fn stretches(&self, from_ms: f64, to_ms: f64) -> impl Iterator<Item = Stretch> {
        let axis = *self;
        (self.row_of(from_ms)..=self.row_of(to_ms)).map(move |row| Stretch {
            row,
            from_x: axis.x_in(row, from_ms),
            to_x: axis.x_in(row, to_ms.min(axis.duration_ms)),
        })
    }

    /// Where the last row's call ends, or the row does.
    pub(super) fn end_x(&self, row: usize) -> f64 {
        self.x_in(row, self.duration_ms)
    }

    /// Whole seconds that are worth a tick in a row, as (second, x).
    pub(super) fn ticks(&self, row: usize) -> Vec<(u64, f64)> {
        let pixels_a_second = (RIGHT - LEFT) / self.row_ms * 1000.0;
        let step = [1, 2, 5, 10]
            .into_iter()
            .find(|step| *step as f64 * pixels_a_second >= 60.0)
            .unwrap_or(15);
        let first = (row as f64 * self.row_ms / 1000.0) as u64;
        let last = ((row + 1) as f64 * self.row_ms / 1000.0) as u64;
        (first..=last)
            .filter(|second| second.is_multiple_of(step))
            .map(|second| (second, self.x_in(row, second as f64 * 1000.0)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_call_is_wrapped_and_every_moment_has_one_place() {
        let axis = Axis::new(40_000.0);
        assert_eq!(axis.rows(), 3);
        assert_eq!(axis.row_of(0.0), 0);
        assert_eq!(axis.row_of(40_000.0), 2);
        assert!((axis.ms_at(axis.row_of(23_456.0), axis.x(23_456.0)) - 23_456.0).abs() < 1e-6);
    }

    #[test]
    fn a_stretch_over_a_row_break_has_a_piece_in_each_row() {
        let axis = Axis::new(30_000.0);
        let pieces: Vec<Stretch> = axis.stretches(14_000.0, 16_000.0).collect();
        assert_eq!(pieces.len(), 2);
        assert_eq!((pieces[0].to_x, pieces[1].from_x), (RIGHT, LEFT));
    }

    #[test]
    fn ticks_have_room_for_their_labels() {
        for seconds in [1.0, 5.0, 16.0, 100.0] {
            let ticks = Axis::new(seconds * 1000.0).ticks(0);
            assert!(
                ticks.windows(2).all(|pair| pair[1].1 - pair[0].1 >= 60.0),
                "{seconds} s: {ticks:?}"
            );
        }
    }
}
