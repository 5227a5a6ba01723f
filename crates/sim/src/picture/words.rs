//! Where words stand: at their time, wrapped, and never over one another.

use super::axis::{Axis, LEFT, RIGHT};
use super::scene::Words;
use super::style::{LINE_HEIGHT, WORD_SIZE, width_of};

/// Words are not wrapped narrower or wider than this.
const NARROWEST: f64 = 180.0;
const WIDEST: f64 = 380.0;
/// Between one block and the next.
const GAP: f64 = 14.0;

/// A block of words in its place.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) words: &'a Words,
    pub(super) x: f64,
    /// The line, counted from the lane, at which the block begins.
    pub(super) line: usize,
    pub(super) lines: Vec<String>,
    width: f64,
}

impl Block<'_> {
    fn collides(&self, x: f64, width: f64, line: usize, lines: usize) -> bool {
        let beside = x >= self.x + self.width + GAP || self.x >= x + width + GAP;
        let apart = line >= self.line + self.lines.len() || self.line >= line + lines;
        !beside && !apart
    }
}

/// Places the words that begin in a row.
pub(super) fn place<'a>(words: &'a [Words], axis: &Axis, row: usize) -> Vec<Block<'a>> {
    let here: Vec<&Words> = words
        .iter()
        .filter(|words| axis.row_of(words.at_ms) == row)
        .collect();
    let mut placed: Vec<Block<'a>> = Vec::new();
    for (index, words) in here.iter().enumerate() {
        let starts_at = axis.x(words.at_ms);
        let room = match here.get(index + 1) {
            Some(next) => axis.x(next.at_ms) - starts_at - GAP,
            // The last of a row may begin before its time rather than be squeezed against the edge.
            None => {
                RIGHT
                    - placed
                        .last()
                        .map_or(LEFT, |block| block.x + block.width + GAP)
                        .min(starts_at)
            }
        };
        let room = room.clamp(NARROWEST, WIDEST);
        let lines = wrap(&words.text, room);
        let width = lines
            .iter()
            .map(|line| width_of(line, WORD_SIZE))
            .fold(0.0, f64::max);
        let x = starts_at.min(RIGHT - width).max(LEFT);
        let line = (0..).find(|&line| {
            !placed
                .iter()
                .any(|block| block.collides(x, width, line, lines.len()))
        });
        placed.push(Block {
            words,
            x,
            line: line.unwrap_or_default(),
            lines,
            width,
        });
    }
    placed
}

/// The height that the blocks of a row need.
pub(super) fn height(blocks: &[Block<'_>]) -> f64 {
    let lines = blocks
        .iter()
        .map(|block| block.line + block.lines.len())
        .max()
        .unwrap_or(0);
    lines as f64 * LINE_HEIGHT
}

/// Breaks a text into lines no wider than `width`, but for a word that alone is wider.
fn wrap(text: &str, width: f64) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() {
            word.to_owned()
        } else {
            format!("{line} {word}")
        };
        if !line.is_empty() && width_of(&longer, WORD_SIZE) > width {
            lines.push(std::mem::replace(&mut line, word.to_owned()));
        } else {
            line = longer;
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(at_ms: f64, text: &str) -> Words {
        Words {
            at_ms,
            text: text.to_owned(),
            understood: false,
        }
    }

    #[test]
    fn blocks_never_overlap_however_close_their_times() {
        let long = "uma frase bem comprida que precisa de várias linhas para caber no seu lugar";
        let all: Vec<Words> = (0..8)
            .map(|index| words(f64::from(index) * 400.0, long))
            .collect();
        let axis = Axis::new(8_000.0);
        let blocks = place(&all, &axis, 0);
        assert_eq!(blocks.len(), 8);
        for (index, block) in blocks.iter().enumerate() {
            let others = &blocks[index + 1..];
            assert!(!others.iter().any(|other| other.collides(
                block.x,
                block.width,
                block.line,
                block.lines.len()
            )));
            assert!(
                block.x >= LEFT && block.x + block.width <= RIGHT + 0.1,
                "{block:?}"
            );
        }
    }

    #[test]
    fn wrapping_keeps_every_word() {
        let text = "Boa tarde, aqui é a secretária da operadora; em que posso ajudar?";
        let lines = wrap(text, 120.0);
        assert!(lines.len() > 2);
        assert_eq!(lines.join(" "), text);
    }
}
