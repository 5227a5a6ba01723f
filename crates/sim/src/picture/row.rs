//! One row of the picture: an axis, the caller's words and voice, the turns, the assistant's voice and words.

use super::axis::{Axis, LEFT, RIGHT, Stretch};
use super::scene::{Interruption, Scene};
use super::style::{LINE_HEIGHT, width_of};
use super::svg::{Rect, Svg};
use super::turn::Turn;
use super::wave;
use super::words::{self, Block};
use crate::caller::Account;

const LANE: f64 = 58.0;
/// Between the lanes at least; then a strip for the turns' latencies and one for interruptions, where there are any.
const BETWEEN: f64 = 12.0;
const STRIP: f64 = 23.0;
const BAR: f64 = 10.0;
const AXIS: f64 = 30.0;
const BELOW: f64 = 26.0;

/// A row with its place on the paper.
pub(super) struct Row<'a> {
    account: &'a Account,
    scene: &'a Scene,
    axis: &'a Axis,
    index: usize,
    top: f64,
    caller_words: Vec<Block<'a>>,
    assistant_words: Vec<Block<'a>>,
}

impl<'a> Row<'a> {
    pub(super) fn new(
        account: &'a Account,
        scene: &'a Scene,
        axis: &'a Axis,
        index: usize,
        top: f64,
    ) -> Self {
        let caller_words = words::place(&scene.caller_words, axis, index);
        let assistant_words = words::place(&scene.assistant_words, axis, index);
        Self {
            account,
            scene,
            axis,
            index,
            top,
            caller_words,
            assistant_words,
        }
    }

    pub(super) fn bottom(&self) -> f64 {
        self.assistant_lane() + LANE + BELOW + words::height(&self.assistant_words) + 22.0
    }

    fn caller_lane(&self) -> f64 {
        self.top + AXIS + words::height(&self.caller_words) + 8.0
    }

    fn between(&self) -> f64 {
        self.caller_lane() + LANE
    }

    fn interruptions(&self) -> f64 {
        self.between() + BETWEEN + if self.has_turn() { STRIP } else { 0.0 }
    }

    fn has_turn(&self) -> bool {
        self.scene
            .turns
            .iter()
            .any(|turn| self.mine(turn.from_ms, turn.to_ms).next().is_some())
    }

    fn has_interruption(&self) -> bool {
        let here = |interruption: &Interruption| self.axis.row_of(interruption.at_ms) == self.index;
        self.scene.interruptions.iter().any(here)
    }

    fn assistant_lane(&self) -> f64 {
        self.interruptions() + if self.has_interruption() { STRIP } else { 0.0 }
    }

    pub(super) fn draw(&self, svg: &mut Svg) {
        svg.group("row", &format!("row {}", self.index + 1));
        self.draw_lanes(svg);
        self.draw_ticks(svg);
        self.draw_holds_and_holes(svg);
        self.draw_voices(svg);
        for interruption in &self.scene.interruptions {
            self.draw_interruption(svg, interruption);
        }
        for (number, turn) in self.scene.turns.iter().enumerate() {
            self.draw_turn(svg, number + 1, turn);
        }
        self.draw_marks_and_keys(svg);
        self.draw_words(svg);
        self.draw_flag(svg);
        svg.end_group();
    }

    fn draw_lanes(&self, svg: &mut Svg) {
        let width = self.axis.end_x(self.index) - LEFT;
        for (lane, class, name) in [
            (self.caller_lane(), "caller", "caller"),
            (self.assistant_lane(), "assistant", "assistant"),
        ] {
            svg.rect(
                "bed",
                Rect {
                    x: LEFT,
                    y: lane,
                    width,
                    height: LANE,
                },
                "",
            );
            svg.line(
                "zero",
                (LEFT, lane + LANE / 2.0),
                (LEFT + width, lane + LANE / 2.0),
            );
            svg.text(
                &format!("lane {class}-name"),
                (28.0, lane + LANE / 2.0 + 4.5),
                name,
            );
        }
    }

    fn draw_ticks(&self, svg: &mut Svg) {
        let y = self.top + 16.0;
        for (second, x) in self.axis.ticks(self.index) {
            svg.text("tick-label", (x, y), &clock(second));
            svg.line("tick", (x, y + 5.0), (x, y + 10.0));
        }
    }

    fn draw_voices(&self, svg: &mut Svg) {
        let Account {
            rate, caller, heard, ..
        } = self.account;
        for (track, lane, class) in [
            (caller, self.caller_lane(), "caller"),
            (heard, self.assistant_lane(), "assistant"),
        ] {
            let outline = wave::envelope(track, *rate, self.axis, self.index, lane + LANE / 2.0, LANE - 6.0);
            if let Some(outline) = outline {
                svg.path(class, &outline, "");
            }
        }
    }

    fn draw_holds_and_holes(&self, svg: &mut Svg) {
        let y = self.assistant_lane();
        for (from, to) in &self.scene.holds {
            let title = format!("held for {:.0} ms", to - from);
            for stretch in self.mine(*from, *to) {
                svg.rect(
                    "held",
                    Rect {
                        x: stretch.from_x,
                        y,
                        width: wide(stretch),
                        height: LANE,
                    },
                    &title,
                );
            }
        }
        for (from, to) in &self.scene.underruns {
            let title = format!("underrun of {:.0} ms", to - from);
            for stretch in self.mine(*from, *to) {
                let rect = Rect {
                    x: stretch.from_x,
                    y: y + LANE - 6.0,
                    width: wide(stretch),
                    height: 6.0,
                };
                svg.rect("underrun", rect, &title);
            }
        }
    }

    /// The span from the caller's last word to the assistant's first, coloured by its parts where they are known.
    fn draw_turn(&self, svg: &mut Svg, number: usize, turn: &Turn) {
        let y = self.between() + BETWEEN;
        let mut from = turn.from_ms;
        for (class, name, ms) in turn.segments() {
            let title = format!("turn {number}: {name} {ms:.0} ms");
            for stretch in self.mine(from, from + ms) {
                svg.rect(
                    class,
                    Rect {
                        x: stretch.from_x,
                        y,
                        width: wide(stretch),
                        height: BAR,
                    },
                    &title,
                );
            }
            from += ms;
        }
        for (ms, lane) in [
            (turn.from_ms, self.caller_lane()),
            (turn.to_ms, self.assistant_lane() + LANE),
        ] {
            if self.axis.row_of(ms) == self.index {
                svg.line("lead", (self.axis.x(ms), lane), (self.axis.x(ms), y + BAR / 2.0));
            }
        }
        if self.axis.row_of(turn.to_ms) == self.index {
            let label = format!("turn {number}: {:.0} ms", turn.to_ms - turn.from_ms);
            let parts = turn.parts_told();
            let (label_width, parts_width) = (width_of(&label, 12.0) + 8.0, width_of(&parts, 12.0));
            let x = (self.axis.x(turn.to_ms) + 7.0).min(RIGHT - label_width - parts_width);
            svg.text("figure", (x, y + BAR - 0.5), &label);
            svg.text("parts", (x + label_width, y + BAR - 0.5), &parts);
        }
    }

    fn draw_interruption(&self, svg: &mut Svg, interruption: &Interruption) {
        if self.axis.row_of(interruption.at_ms) != self.index {
            return;
        }
        let class = if interruption.stopped { "stop" } else { "went-on" };
        let (x, y) = (self.axis.x(interruption.at_ms), self.interruptions());
        svg.line(
            "onset",
            (x, self.caller_lane()),
            (x, self.assistant_lane() + LANE),
        );
        for stretch in self.mine(interruption.at_ms, interruption.until_ms) {
            svg.rect(
                class,
                Rect {
                    x: stretch.from_x,
                    y,
                    width: wide(stretch),
                    height: BAR,
                },
                &interruption.label,
            );
        }
        let after = self.axis.x(interruption.until_ms).max(x) + 7.0;
        let label_x = after.min(RIGHT - width_of(&interruption.label, 12.0));
        svg.text("interruption", (label_x, y + BAR - 0.5), &interruption.label);
    }

    fn draw_marks_and_keys(&self, svg: &mut Svg) {
        let y = self.assistant_lane() + LANE;
        let mut free_from = LEFT;
        for (at, name) in self
            .scene
            .marks
            .iter()
            .filter(|(at, _)| self.axis.row_of(*at) == self.index)
        {
            let x = self.axis.x(*at);
            svg.path(
                "mark",
                &format!("M{x:.1} {y:.1}l4 7l-8 0z"),
                &format!("mark {name}"),
            );
            let half = width_of(name, 10.0) / 2.0;
            if x - half >= free_from && x + half <= RIGHT + 24.0 {
                svg.text("mark-name", (x, y + 17.0), name);
                free_from = x + half + 6.0;
            }
        }
        let middle = self.caller_lane() + LANE / 2.0;
        for (at, key) in self
            .scene
            .keys
            .iter()
            .filter(|(at, _)| self.axis.row_of(*at) == self.index)
        {
            let x = self.axis.x(*at).min(RIGHT - 10.0);
            svg.rect(
                "key",
                Rect {
                    x: x - 10.0,
                    y: middle - 11.0,
                    width: 20.0,
                    height: 22.0,
                },
                &format!("key {key}"),
            );
            svg.text("key-name", (x, middle + 4.5), &key.to_string());
        }
    }

    fn draw_words(&self, svg: &mut Svg) {
        let top = self.top + AXIS;
        for block in &self.caller_words {
            // The caller's words grow upwards from the voice, so that the first block stands next to it.
            let last = words::height(&self.caller_words) - block.line as f64 * LINE_HEIGHT;
            let first = top + last - block.lines.len() as f64 * LINE_HEIGHT;
            self.draw_block(svg, block, first, self.caller_lane());
        }
        for block in &self.assistant_words {
            let first = self.assistant_lane() + LANE + BELOW + block.line as f64 * LINE_HEIGHT;
            self.draw_block(svg, block, first, self.assistant_lane() + LANE);
        }
    }

    fn draw_block(&self, svg: &mut Svg, block: &Block<'_>, top: f64, lane_edge: f64) {
        let class = if block.words.understood {
            "understood"
        } else {
            "word"
        };
        for (index, line) in block.lines.iter().enumerate() {
            svg.text(class, (block.x, top + index as f64 * LINE_HEIGHT + 12.5), line);
        }
        let x = self.axis.x(block.words.at_ms);
        svg.line("pin", (x, lane_edge - 3.0), (x, lane_edge + 3.0));
    }

    fn draw_flag(&self, svg: &mut Svg) {
        let Some((at, label)) = &self.scene.flag else {
            return;
        };
        if self.axis.row_of(*at) != self.index {
            return;
        }
        let (x, y) = (self.axis.x(*at), self.caller_lane() - 4.0);
        let width = width_of(label, 12.0) + 12.0;
        let left = if x + width > RIGHT + 20.0 { x - width } else { x };
        svg.line("flag-pole", (x, y), (x, self.assistant_lane() + LANE));
        svg.rect(
            "flag",
            Rect {
                x: left,
                y,
                width,
                height: 20.0,
            },
            "",
        );
        svg.text("flag-text", (left + 6.0, y + 14.0), label);
    }

    fn mine(&self, from_ms: f64, to_ms: f64) -> impl Iterator<Item = Stretch> {
        let index = self.index;
        self.axis
            .stretches(from_ms, to_ms)
            .filter(move |stretch| stretch.row == index)
    }
}

/// Nothing that happened is thinner than what one can see.
fn wide(stretch: Stretch) -> f64 {
    (stretch.to_x - stretch.from_x).max(1.5)
}

fn clock(second: u64) -> String {
    match second {
        0..60 => format!("{second} s"),
        _ => format!("{}:{:02}", second / 60, second % 60),
    }
}
