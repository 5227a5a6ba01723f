//! `sched_api`: commands that FreeSWITCH gives itself later.

use super::exchange::{Exchange, micros};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A task that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its number.
    pub id: u64,
    /// Its group, by which `sched_del` finds it.
    pub group: String,
    /// The command that it will give.
    pub command: String,
    /// When, in seconds of the epoch.
    pub at: u64,
}

/// Those that wait.
#[derive(Default)]
pub(super) struct Tasks {
    given: u64,
    waiting: Vec<(Task, DropGuard)>,
}

impl Tasks {
    pub(super) fn delete_group(&mut self, group: &str) -> usize {
        self.delete(|task| task.group == group)
    }

    fn delete(&mut self, unwanted: impl Fn(&Task) -> bool) -> usize {
        let before = self.waiting.len();
        self.waiting.retain(|(task, _)| !unwanted(task));
        before - self.waiting.len()
    }

    pub(super) fn list(&self) -> Vec<Task> {
        self.waiting.iter().map(|(task, _)| task.clone()).collect()
    }
}

impl Exchange {
    /// `sched_api [+]<time> <group> <command>`. The scheduler counts whole seconds of the epoch, so that `+15` is up to a second less.
    pub(super) fn schedule(self: &Arc<Self>, arguments: &str) -> String {
        let mut words = arguments.splitn(3, ' ');
        let (Some(time), Some(group), Some(command)) = (words.next(), words.next(), words.next()) else {
            return "-ERR Invalid syntax. USAGE: [+@]<time> <group_name> <command_string>[&]\n".to_owned();
        };
        let now = micros() / 1_000_000;
        let at = match time.strip_prefix('+') {
            Some(after) => now + after.parse::<u64>().unwrap_or(0),
            None => time.parse().unwrap_or(0),
        };
        let end = CancellationToken::new();
        let mut inner = self.inner();
        inner.tasks.given += 1;
        let task = Task {
            id: inner.tasks.given,
            group: group.to_owned(),
            command: command.trim_end_matches('&').to_owned(),
            at,
        };
        let id = task.id;
        inner.tasks.waiting.push((task.clone(), end.clone().drop_guard()));
        drop(inner);
        let exchange = Arc::clone(self);
        let wait = Duration::from_micros((at * 1_000_000).saturating_sub(micros()));
        self.spawn(async move {
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
            // It is no longer there to be deleted while it runs. Its own guard must not end this task: it has no more use.
            let mine = {
                let mut inner = exchange.inner();
                let at = inner.tasks.waiting.iter().position(|(known, _)| known.id == id);
                at.map(|at| inner.tasks.waiting.swap_remove(at))
            };
            if mine.is_some() {
                exchange.api(&task.command).await;
            }
        });
        format!("+OK Added: {id}\n")
    }

    /// `sched_del <id or group>`.
    pub(super) fn unschedule(&self, which: &str) -> String {
        let mut inner = self.inner();
        let deleted = match which.parse::<u64>() {
            Ok(id) => inner.tasks.delete(|task| task.id == id),
            Err(_) => inner.tasks.delete_group(which),
        };
        format!("+OK Deleted: {deleted}\n")
    }

    /// `show tasks`.
    pub(super) fn show_tasks(&self) -> String {
        let tasks = self.inner().tasks.list();
        let mut text = String::from("task_id,task_desc,task_group,task_runtime,task_sql_manager,hostname\n");
        for task in &tasks {
            text.push_str(&format!(
                "{},sched_api_function,{},{},0,vm\n",
                task.id, task.group, task.at
            ));
        }
        text.push_str(&format!("\n{} total.\n", tasks.len()));
        text
    }
}
