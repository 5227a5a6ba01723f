//! What a fake does wrong when it is asked to.

use std::time::Duration;

/// Faults that are on.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Answers to the next commands of a name, instead of obeying them.
    pub(super) refusals: Vec<(String, String)>,
    /// Each answer waits so long.
    pub(super) delay: Duration,
    /// Results of `bgapi` are kept until so many are there, and then told last first.
    pub(super) jobs_kept: usize,
    /// What is kept of them: the job, its command line, its result.
    pub(super) jobs: Vec<(String, String, String)>,
    /// The audio module loses the metadata of its streams.
    pub(super) loses_metadata: bool,
    /// `originate` looks up so long whom to call before there is a channel.
    pub(super) directory: Duration,
    /// Events of these names are told to nobody, the next one of each.
    pub(super) lost_events: Vec<String>,
    /// The second of the next two who are to be joined hangs up just before.
    pub(super) leaves_before_joined: bool,
}

impl Faults {
    /// The answer that a command gets instead of being obeyed.
    pub(super) fn refusal(&mut self, command: &str) -> Option<String> {
        let name = command.split(' ').next().unwrap_or_default();
        let at = self.refusals.iter().position(|(known, _)| known == name)?;
        Some(self.refusals.remove(at).1)
    }

    /// Whether an event of this name is told to nobody.
    pub(super) fn loses(&mut self, event: &str) -> bool {
        let at = self.lost_events.iter().position(|lost| lost == event);
        at.map(|at| self.lost_events.swap_remove(at)).is_some()
    }
}
