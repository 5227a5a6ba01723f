//! One conversation, for people.

use super::{length, outcome};
use crate::table::{NOTHING, Table, amount, minutes, or_nothing, printable, when};
use jiff::tz::TimeZone;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use store::{
    Conversation, ConversationSheet, DeliveryState, LatencySheet, MessageKind, OutboxEntry, Percentiles,
    Said, Speaker, StoredMessage,
};

pub(super) fn print(
    to: &mut impl Write,
    sheet: &ConversationSheet,
    zone: &TimeZone,
    data: &Path,
) -> io::Result<()> {
    heading(to, &sheet.conversation, zone, data)?;
    writeln!(to)?;
    if sheet.turns.is_empty() {
        writeln!(to, "nothing was said")?;
    }
    let mut table = Table::new(&["AT", "WHO", "ANSWERED IN", "WORDS"]);
    for turn in &sheet.turns {
        table.row([
            minutes(turn.at.0 - sheet.conversation.at.0),
            who(turn.speaker).into(),
            turn.latency
                .map_or_else(|| NOTHING.into(), |latency| format!("{} ms", latency.response_ms)),
            words(turn),
        ]);
    }
    if !sheet.turns.is_empty() {
        table.print(to)?;
    }
    for message in &sheet.messages {
        writeln!(to)?;
        print_message(to, message, zone)?;
    }
    deliveries(to, &sheet.deliveries, zone)?;
    latency(to, &sheet.latency)
}

fn heading(to: &mut impl Write, conversation: &Conversation, zone: &TimeZone, data: &Path) -> io::Result<()> {
    let mut line = |name: &str, text: String| writeln!(to, "{name:14}{}", printable(&text));
    line("conversation", conversation.id.to_string())?;
    line(
        "began",
        format!("{} ({})", when(conversation.at, zone), zone_name(zone)),
    )?;
    line(
        "ended",
        format!("{} after {}", outcome(conversation), length(conversation)),
    )?;
    line(
        "secretary",
        format!(
            "{} ({}, {})",
            or_nothing(conversation.secretary.as_ref()),
            or_nothing(conversation.language.as_ref()),
            or_nothing(conversation.engine.as_ref())
        ),
    )?;
    line("caller", or_nothing(conversation.caller.as_ref()))?;
    if let Some(name) = &conversation.caller_name {
        line("name", name.clone())?;
    }
    if let Some(dialled) = &conversation.dialled {
        line("dialled", dialled.clone())?;
    }
    if let Some(call) = conversation.call {
        line("call", call.to_string())?;
    }
    line("interruptions", conversation.barge_ins.to_string())?;
    line("cost", amount(conversation.cost_micros))?;
    let files = [
        ("recording", &conversation.recording),
        ("event log", &conversation.event_log),
    ];
    for (name, file) in files {
        if let Some(file) = file {
            line(name, lies(data.join(file)).display().to_string())?;
        }
    }
    Ok(())
}

/// The form in which a file lies on the disk: a recording may not be Opus yet, or have stayed a WAV.
fn lies(file: PathBuf) -> PathBuf {
    let mut forms = recording::every_form(&file).into_iter();
    forms.find(|form| form.exists()).unwrap_or(file)
}

fn zone_name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}

const fn who(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::Caller => "caller",
        Speaker::Secretary => "secretary",
        Speaker::Pbx => "PBX",
    }
}

/// Of the secretary's words those that were heard stand there; a mark says where the caller cut them.
fn words(turn: &Said) -> String {
    let mut words = match &turn.text {
        Some(text) => text.clone(),
        None => "(no transcript is kept)".into(),
    };
    if turn.cut {
        words.push_str(" //");
        if let Some(ms) = turn.heard_ms {
            words.push_str(&format!(" (cut after {}.{} s)", ms / 1_000, ms % 1_000 / 100));
        }
    }
    words
}

/// A message with its fields, one a line.
pub(crate) fn print_message(to: &mut impl Write, message: &StoredMessage, zone: &TimeZone) -> io::Result<()> {
    writeln!(
        to,
        "{} {}  {}",
        kind(message.kind),
        message.id,
        when(message.at, zone)
    )?;
    for (name, value) in message.fields.as_object().into_iter().flatten() {
        writeln!(to, "  {}: {}", printable(name), field(value))?;
    }
    Ok(())
}

/// What kind of message it is.
pub(crate) const fn kind(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Message => "message",
        MessageKind::Callback => "callback",
    }
}

/// A field's value: a text without quotes, anything else as JSON.
pub(crate) fn field(value: &serde_json::Value) -> String {
    printable(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// Who was told, and who is yet to be.
pub(crate) fn deliveries(to: &mut impl Write, deliveries: &[OutboxEntry], zone: &TimeZone) -> io::Result<()> {
    if deliveries.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&["WEBHOOK", "STATE", "TRIED", "WHEN", "ERROR", "DELIVERY"]);
    for delivery in deliveries {
        let at = match delivery.state {
            DeliveryState::Waiting => delivery.next,
            DeliveryState::Delivered | DeliveryState::Dead => delivery.settled,
        };
        table.row([
            delivery.webhook.clone(),
            delivery.state.name().into(),
            delivery.attempts.to_string(),
            at.map_or_else(|| NOTHING.into(), |at| when(at, zone)),
            or_nothing(delivery.error.as_ref()),
            delivery.id.to_string(),
        ]);
    }
    writeln!(to)?;
    table.print(to)
}

fn latency(to: &mut impl Write, sheet: &LatencySheet) -> io::Result<()> {
    if sheet.response.is_none() {
        return Ok(());
    }
    let mut table = Table::new(&["WAITING (MS)", "HALF", "9 OF 10", "LONGEST", "TURNS"]);
    let rows = [
        ("answer", sheet.response),
        ("end of turn", sheet.endpoint),
        ("hearing (stt)", sheet.stt),
        ("brain", sheet.brain),
        ("its first token", sheet.token),
        ("voice (tts)", sheet.tts),
        ("engine", sheet.engine),
        ("on to the leg", sheet.leg),
    ];
    for (name, percentiles) in rows {
        let Some(Percentiles { count, p50, p90, max }) = percentiles else {
            continue;
        };
        table.row([
            name.into(),
            p50.to_string(),
            p90.to_string(),
            max.to_string(),
            count.to_string(),
        ]);
    }
    writeln!(to)?;
    table.print(to)
}
