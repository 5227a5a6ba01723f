//! A replay on standard output: for a person, or as JSON for a program.

use super::account::{ended, told};
use crate::table::printable;
use call::{Output, Record};
use recording::{Build, Header, Line, Log, Parted, Replay, Told, Verdict, What};
use serde_json::json;
use std::io::{self, Write};

pub(super) struct Printer {
    json: bool,
}

impl Printer {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(super) fn header(&self, header: &Header) {
        if self.json {
            return print(&json!({"header": header}).to_string());
        }
        let secretary = &header.secretary;
        print(&format!(
            "call {} of {}\n{} answers in {} by {}; written by {} {}\n",
            header.call,
            header.started,
            secretary.name,
            secretary.language,
            secretary.engine,
            header.build.name,
            header.build.version
        ));
    }

    pub(super) fn line(&self, line: &Line) {
        if self.json {
            if let Ok(text) = serde_json::to_string(line) {
                print(&text);
            }
            return;
        }
        if let Some((who, text)) = told(&line.what) {
            let text = printable(&text);
            print(&format!("{:8.2}  {who:<10}  {text}", seconds(line.at)));
        }
    }

    pub(super) fn summary(&self, log: &Log, replay: &Replay, ours: &Build) {
        let figures = Figures::of(log);
        if self.json {
            return print(&figures.json(log, replay).to_string());
        }
        print(&format!("\n{:.1} s, {}", figures.seconds, figures.ended));
        print(&format!("  responses        {}", list(&figures.responses)));
        print(&format!("  barge-ins        {}", list(&figures.barge_ins)));
        print(&format!("  false barge-ins  {}", figures.false_barge_ins));
        print(&format!("  replay           {}", verdict_told(log, replay)));
        let Verdict::Parted(parted) = &replay.verdict else {
            return;
        };
        print(&parted_told(parted));
        if log.header.build != *ours {
            print(&format!(
                "  The log is of {} {} and this is {}: the difference may be that of the two builds.",
                log.header.build.name, log.header.build.version, ours.version
            ));
        }
    }
}

fn verdict_told(log: &Log, replay: &Replay) -> String {
    let same = replay.same;
    match &replay.verdict {
        Verdict::Same => format!("the same to the letter: {same} outputs"),
        Verdict::SameSoFar => {
            format!(
                "the same so far: {same} outputs; the log has no end, as of a call that lives or a process that died"
            )
        }
        Verdict::Hole { line, lost } => format!(
            "the same up to line {line} of {}: {same} outputs; there {lost} lines are missing, and what follows cannot be compared",
            log.lines.len() + 1
        ),
        Verdict::Parted(parted) => format!(
            "parts at line {}, after {same} outputs that are the same",
            parted.line
        ),
    }
}

fn parted_told(parted: &Parted) -> String {
    let output = |output: &Option<Output>, none: &str| match output {
        Some(output) => serde_json::to_string(output).unwrap_or_default(),
        None => none.to_owned(),
    };
    let after = match &parted.after {
        Some((line, Told::Input(input))) => {
            let input = serde_json::to_string(input).unwrap_or_default();
            format!("line {line}: {input}")
        }
        Some((line, Told::Timeout)) => format!("line {line}: time had passed"),
        None => "nothing".to_owned(),
    };
    format!(
        "    at        {:.3} s\n    after     {after}\n    the log   {}\n    this call {}",
        seconds(parted.at),
        output(&parted.expected, "nothing more"),
        output(&parted.got, "nothing")
    )
}

/// A call in figures.
struct Figures {
    seconds: f64,
    ended: &'static str,
    responses: Vec<u64>,
    barge_ins: Vec<u64>,
    false_barge_ins: u32,
}

impl Figures {
    fn of(log: &Log) -> Self {
        let mut figures = Self {
            seconds: log.lines.last().map_or(0.0, |last| seconds(last.line.at)),
            ended: "without an end",
            responses: Vec::new(),
            barge_ins: Vec::new(),
            false_barge_ins: 0,
        };
        for numbered in &log.lines {
            let What::Output(Output::Record(record)) = &numbered.line.what else {
                continue;
            };
            match record {
                Record::Answered { response_ms, .. } => figures.responses.push(*response_ms),
                Record::BargeIn { after_ms } => figures.barge_ins.push(*after_ms),
                Record::FalseBargeIn => figures.false_barge_ins += 1,
                Record::Ended { outcome } => figures.ended = ended(*outcome),
                _ => {}
            }
        }
        figures
    }

    fn json(&self, log: &Log, replay: &Replay) -> serde_json::Value {
        let (verdict, line) = match &replay.verdict {
            Verdict::Same => ("same", None),
            Verdict::SameSoFar => ("same_so_far", None),
            Verdict::Hole { line, .. } => ("hole", Some(*line)),
            Verdict::Parted(parted) => ("parted", Some(parted.line)),
        };
        let parted = match &replay.verdict {
            Verdict::Parted(parted) => json!({"expected": parted.expected, "got": parted.got}),
            _ => serde_json::Value::Null,
        };
        json!({"summary": {
            "verdict": verdict,
            "line": line,
            "parted": parted,
            "same_outputs": replay.same,
            "build": log.header.build,
            "seconds": self.seconds,
            "response_ms": self.responses,
            "barge_in_ms": self.barge_ins,
            "false_barge_ins": self.false_barge_ins,
        }})
    }
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

fn list(ms: &[u64]) -> String {
    if ms.is_empty() {
        return "–".to_owned();
    }
    let each: Vec<String> = ms.iter().map(u64::to_string).collect();
    format!("{} ms", each.join(", "))
}

fn print(line: &str) {
    // Whoever closed our standard output (`| head`) wants no more of it.
    let _ = writeln!(io::stdout(), "{line}");
}
