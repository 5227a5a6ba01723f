//! The account of a call, for a person line by line as it happens, or for a program as JSON.

use serde_json::json;
use sim::{Account, DialError, Event, Outcome, Role, What};
use std::io::{self, Write};
use std::path::Path;

/// Prints to standard output. A reader who has gone away (`| head`) stops nothing.
pub(crate) struct Printer {
    json: bool,
}

impl Printer {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) fn event(&mut self, event: &Event) {
        if self.json {
            return print_json(event);
        }
        if let Some((who, text)) = told(&event.what) {
            print_line(event.at_ms, who, &text);
        }
    }

    pub(crate) fn failure(&self, error: &DialError, code: u8) {
        if self.json {
            print_json(&json!({"event": "error", "error": error.to_string(), "exit_code": code}));
        }
        eprintln!("voice-ai: {error}");
    }

    pub(crate) fn summary(&self, account: &Account, wav: Option<&Path>, picture: Option<&Path>) {
        if self.json {
            return print_json(&Summary {
                event: "summary",
                summary: &account.summary,
            });
        }
        let summary = &account.summary;
        let ended = match &summary.outcome {
            Outcome::Completed => "everything was said".to_owned(),
            Outcome::HungUp => "the server hung up".to_owned(),
            Outcome::Transferred(to) => format!("transferred to {to}"),
            Outcome::Closed(code) => format!("the server closed the stream with {code}"),
            Outcome::TimedOut => "the longest time was over".to_owned(),
            Outcome::Stopped => "stopped".to_owned(),
        };
        print(&format!("\n{:.1} s, {ended}", summary.duration_ms / 1000.0));
        print(&format!("  responses        {}", figures(&summary.response_ms)));
        print(&format!("  barge-in to hold {}", figures(&summary.duck_ms)));
        print(&format!(
            "  barge-in to stop {}",
            figures(&summary.barge_in_stop_ms)
        ));
        print(&format!("  false barge-ins  {}", summary.false_barge_ins));
        print(&format!("  underruns        {}", summary.underruns));
        print(&format!(
            "  frames           {} in, {} out",
            summary.frames_in, summary.frames_out
        ));
        for path in wav.into_iter().chain(picture) {
            print(&format!("  written          {}", path.display()));
        }
    }
}

#[derive(serde::Serialize)]
struct Summary<'a> {
    event: &'static str,
    #[serde(flatten)]
    summary: &'a sim::Summary,
}

/// Who, and what; none for what says nothing to a person.
fn told(what: &What) -> Option<(&'static str, String)> {
    let line = match what {
        What::Connected(facts) => {
            let secretary = facts
                .secretary
                .as_deref()
                .map_or(String::new(), |name| format!(", secretary {name}"));
            let how = format!(
                "{}, {} {} Hz, line {}{secretary}",
                facts.module, facts.mix, facts.rate, facts.line
            );
            ("·", format!("connected to {} ({how})", facts.address))
        }
        What::CallerSpeaks { text } => ("caller", format!("speaks: {text}")),
        What::CallerSpoke => ("caller", "has spoken".to_owned()),
        What::Digit { digit } => ("caller", format!("presses {digit}")),
        What::AssistantSpeaks {
            response_ms: Some(response),
            ..
        } => ("assistant", format!("speaks, {response:.0} ms after the caller")),
        What::AssistantSpeaks { .. } => ("assistant", "speaks".to_owned()),
        What::AssistantSpoke { cut: false, .. } => ("assistant", "has spoken".to_owned()),
        What::AssistantSpoke { cut: true, .. } => ("assistant", "is cut off".to_owned()),
        What::Paused => ("assistant", "is held".to_owned()),
        What::Resumed => ("assistant", "goes on".to_owned()),
        What::Cleared { dropped_ms } => ("·", format!("cleared, {dropped_ms:.0} ms unheard")),
        What::BargeIn(barge_in) => ("·", barge_in_told(barge_in.duck_ms, barge_in.stop_ms)),
        What::Underrun { gap_ms } => ("·", format!("underrun: nothing to play for {gap_ms:.0} ms")),
        What::Transcript(spoken) if spoken.is_final => {
            let who = if spoken.role == Role::User {
                "understood"
            } else {
                "assistant"
            };
            (who, format!("“{}”", spoken.text))
        }
        What::Latency(parts) => {
            let parts = [
                ("end of turn", parts.endpoint_ms),
                ("words", parts.stt_ms),
                ("first token", parts.token_ms),
                ("answer", parts.brain_ms),
                ("voice", parts.tts_ms),
                ("engine", parts.engine_ms),
                ("leg", parts.leg_ms),
            ];
            let known: Vec<String> = parts
                .iter()
                .filter_map(|(name, ms)| ms.map(|ms| format!("{name} {ms:.0}")))
                .collect();
            ("·", format!("latency in ms: {}", known.join(", ")))
        }
        What::Transfer {
            destination,
            number: Some(number),
            kind,
        } => {
            let kind = kind.as_deref().unwrap_or("number");
            ("·", format!("transferred to {destination} ({kind} {number})"))
        }
        What::Transfer { destination, .. } => ("·", format!("transferred to {destination}")),
        What::Hangup => ("·", "the server hangs up".to_owned()),
        What::Closed { code, reason } => ("·", format!("the server closed the stream: {code} {reason}")),
        What::Note { text } => ("·", text.clone()),
        What::Transcript(_) | What::Mark { .. } => return None,
    };
    Some(line)
}

fn barge_in_told(duck: Option<f64>, stop: Option<f64>) -> String {
    match (duck, stop) {
        (Some(duck), Some(stop)) => {
            format!("barge-in: held after {duck:.0} ms, silent for good after {stop:.0} ms")
        }
        (Some(duck), None) => format!("barge-in: held after {duck:.0} ms, then it went on"),
        _ => "barge-in: the assistant went on".to_owned(),
    }
}

fn figures(ms: &[f64]) -> String {
    if ms.is_empty() {
        return "–".to_owned();
    }
    let each: Vec<String> = ms.iter().map(|ms| format!("{ms:.0}")).collect();
    format!("{} ms", each.join(", "))
}

fn print_line(at_ms: f64, who: &str, text: &str) {
    print(&format!("{:8.2}  {who:<10}  {text}", at_ms / 1000.0));
}

fn print_json(value: &impl serde::Serialize) {
    match serde_json::to_string(value) {
        Ok(line) => print(&line),
        Err(error) => eprintln!("voice-ai: cannot write an event as JSON: {error}"),
    }
}

fn print(line: &str) {
    // As said above: whoever closed our standard output wants no more of it.
    let _ = writeln!(io::stdout(), "{line}");
}
