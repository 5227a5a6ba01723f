//! Files as they were before us, with what others have written into them since.

use crate::FileState;
use crate::journal::Trace;
use similar::{ChangeTag, TextDiff};

/// What a file is to be so that nothing of ours is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Former {
    /// It is that already.
    AsItIs,
    /// It was not there.
    Gone,
    /// This.
    State(FileState),
    /// What we wrote and what others wrote since cannot be told apart.
    Mixed,
}

/// What a file was before us.
pub(super) fn former(trace: &Trace) -> Former {
    let Some(now) = &trace.now else {
        return Former::AsItIs;
    };
    let Some(before) = trace.before() else {
        return Former::Gone;
    };
    if trace.is_as_left() {
        return match now == before {
            true => Former::AsItIs,
            false => Former::State(before.clone()),
        };
    }
    let mut text = now.text.clone();
    for (before, after) in trace.steps.iter().rev() {
        let (Some(before), Some(after)) = (before, after) else {
            return Former::Mixed;
        };
        let Some(without) = without(&text, &before.text, &after.text) else {
            return Former::Mixed;
        };
        text = without;
    }
    if text == now.text {
        return Former::AsItIs;
    }
    Former::State(FileState { text, ..now.clone() })
}

/// A text without the lines by which `after` is more than `before`. `None` where these lines are not there any more as they were
/// written, or something else than lines was added.
fn without(text: &str, before: &str, after: &str) -> Option<String> {
    let diff = TextDiff::from_lines(before, after);
    let mut added: Vec<String> = Vec::new();
    let mut goes_on = false;
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Delete => return None,
            ChangeTag::Equal => goes_on = false,
            ChangeTag::Insert => {
                match added.last_mut().filter(|_| goes_on) {
                    Some(block) => block.push_str(change.value()),
                    None => added.push(change.value().to_owned()),
                }
                goes_on = true;
            }
        }
    }
    let mut text = text.to_owned();
    for block in added {
        let at = text.rfind(&block)?;
        text.replace_range(at..at + block.len(), "");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(text: &str) -> FileState {
        FileState {
            text: text.to_owned(),
            mode: 0o640,
            owner: None,
        }
    }

    fn trace(now: &str, steps: &[(&str, &str)]) -> Trace {
        Trace {
            path: "/etc/voice-ai/voice-ai.toml".into(),
            now: Some(state(now)),
            steps: steps
                .iter()
                .map(|(before, after)| (Some(state(before)), Some(state(after))))
                .collect(),
        }
    }

    #[test]
    fn what_nobody_has_touched_is_as_before_all_of_it() {
        let steps = [("a\n", "a\nb\n"), ("a\nb\n", "a\nb\nc\n")];
        assert_eq!(former(&trace("a\nb\nc\n", &steps)), Former::State(state("a\n")));
        let made = Trace {
            steps: vec![(None, Some(state("a\n")))],
            ..trace("a\n", &[])
        };
        assert_eq!(former(&made), Former::Gone);
        let gone = Trace { now: None, ..made };
        assert_eq!(former(&gone), Former::AsItIs);
    }

    #[test]
    fn what_others_have_written_since_stays() {
        let steps = [(
            "[server]\na = 1\n",
            "[server]\ntoken = 1\na = 1\n\n[[pbx]]\nb = 1\n",
        )];
        let edited = "[server]\ntoken = 1\na = 2\n# ours\n\n[[pbx]]\nb = 1\n\n[log]\n";
        assert_eq!(
            former(&trace(edited, &steps)),
            Former::State(state("[server]\na = 2\n# ours\n\n[log]\n"))
        );
    }

    #[test]
    fn what_others_have_made_of_ours_is_let_be() {
        let steps = [("a\n", "a\nb = 1\nc\n")];
        assert_eq!(former(&trace("a\nb = 2\nc\n", &steps)), Former::Mixed);
    }
}
