//! How a worker is started.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// The program of a worker, its arguments and what is added to its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCommand {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    pub(super) environment: Vec<(OsString, OsString)>,
}

impl WorkerCommand {
    /// A program that speaks [`super::frame`] over its standard input and output.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// This very program, as `stt-worker --model MODEL --threads THREADS`. Fails when the system does not tell its path.
    pub fn this_program(model: &Path, threads: NonZeroUsize) -> std::io::Result<Self> {
        Ok(Self::new(std::env::current_exe()?)
            .argument("stt-worker")
            .argument("--model")
            .argument(model)
            .argument("--threads")
            .argument(threads.to_string()))
    }

    /// Adds an argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds a variable to the environment, which is otherwise that of the server.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }
}
