//! Asking on a terminal, or from whatever gives lines.

use anyhow::bail;
use std::io::{BufRead, Write};

/// Where questions go and answers come from.
pub(super) struct Questions<R, W> {
    input: R,
    output: W,
    /// Nothing is asked: every default is taken.
    silent: bool,
}

impl<R: BufRead, W: Write> Questions<R, W> {
    pub(super) fn new(input: R, output: W, silent: bool) -> Self {
        Self {
            input,
            output,
            silent,
        }
    }

    /// The answer that was `given` as an option; else what is answered to the question, or its default. An answer that cannot be
    /// used is told, and asked for again.
    pub(super) fn ask<T>(
        &mut self,
        given: Option<&str>,
        question: &str,
        default: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> anyhow::Result<T> {
        if let Some(given) = given {
            return read(given).map_err(anyhow::Error::msg);
        }
        if self.silent {
            return read(default).map_err(anyhow::Error::msg);
        }
        loop {
            let Some(line) = self.line(question, default)? else {
                return read(default).map_err(anyhow::Error::msg);
            };
            let answer = if line.is_empty() { default } else { &line };
            match read(answer) {
                Ok(value) => return Ok(value),
                Err(problem) => writeln!(self.output, "{problem}")?,
            }
        }
    }

    /// The answers that were `given`; else one after the other until there is an empty line. `read` knows those before.
    pub(super) fn ask_all<T>(
        &mut self,
        given: &[String],
        question: &str,
        read: impl Fn(&str, &[T]) -> Result<T, String>,
    ) -> anyhow::Result<Vec<T>> {
        let mut all = Vec::new();
        for given in given {
            match read(given, &all) {
                Ok(value) => all.push(value),
                Err(problem) => bail!(problem),
            }
        }
        if self.silent || !given.is_empty() {
            return Ok(all);
        }
        while let Some(line) = self.line(question, "")?.filter(|line| !line.is_empty()) {
            match read(&line, &all) {
                Ok(value) => all.push(value),
                Err(problem) => writeln!(self.output, "{problem}")?,
            }
        }
        Ok(all)
    }

    /// Asks once. None if there are no more lines.
    fn line(&mut self, question: &str, default: &str) -> anyhow::Result<Option<String>> {
        match default {
            "" => write!(self.output, "{question}: ")?,
            default => write!(self.output, "{question} [{default}]: ")?,
        }
        self.output.flush()?;
        let mut line = String::new();
        if self.input.read_line(&mut line)? == 0 {
            writeln!(self.output)?;
            return Ok(None);
        }
        Ok(Some(line.trim().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Result<u32, String> {
        text.parse().map_err(|_| format!("{text:?} is no number"))
    }

    fn asked(lines: &str, given: Option<&str>, silent: bool) -> (anyhow::Result<u32>, String) {
        let mut output = Vec::new();
        let answer =
            Questions::new(lines.as_bytes(), &mut output, silent).ask(given, "How many", "3", number);
        (answer, String::from_utf8(output).unwrap())
    }

    #[test]
    fn an_answer_that_cannot_be_used_is_asked_for_again() {
        let (answer, told) = asked("many\n 5 \n", None, false);
        assert_eq!(answer.unwrap(), 5);
        assert_eq!(told, "How many [3]: \"many\" is no number\nHow many [3]: ");
    }

    #[test]
    fn an_empty_line_and_the_end_of_lines_are_the_default() {
        assert_eq!(asked("\n", None, false).0.unwrap(), 3);
        assert_eq!(asked("", None, false).0.unwrap(), 3);
    }

    #[test]
    fn what_is_given_is_not_asked_for() {
        let (answer, told) = asked("7\n", Some("4"), false);
        assert_eq!((answer.unwrap(), told.as_str()), (4, ""));
        assert_eq!(asked("7\n", None, true).0.unwrap(), 3);
        assert!(asked("7\n", Some("x"), false).0.is_err());
    }

    #[test]
    fn several_answers_end_with_an_empty_line() {
        let mut output = Vec::new();
        let mut questions = Questions::new("1\nx\n2\n\n3\n".as_bytes(), &mut output, false);
        let all = questions.ask_all(&[], "And", |text, _| number(text)).unwrap();
        assert_eq!(all, [1, 2]);
        let mut silent = Questions::new("1\n".as_bytes(), Vec::new(), true);
        assert!(
            silent
                .ask_all(&[], "And", |text, _| number(text))
                .unwrap()
                .is_empty()
        );
    }
}
