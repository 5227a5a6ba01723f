//! What is told of channels when it is asked for.

use super::channel::{Channel, Direction};
use super::exchange::Exchange;
use serde_json::json;

impl Exchange {
    /// `uuid_dump <uuid> [json|…]`.
    pub(super) fn dump(&self, channel: &Channel, format: &str) -> String {
        let event = self.event("CHANNEL_DATA", channel.all(), None);
        match format {
            "json" => event.json(),
            _ => event.plain(),
        }
    }

    pub(super) fn show(&self, what: &str) -> String {
        let words: Vec<_> = what.split_whitespace().collect();
        match words.as_slice() {
            ["channels" | "calls", "count"] => format!("\n{} total.\n", self.inner().channels.len()),
            ["channels" | "calls", "as", "json"] => self.channels_json(),
            ["channels" | "calls"] => format!("\n{} total.\n", self.inner().channels.len()),
            ["application", "as", "json"] => self.applications_json(),
            ["tasks"] => self.show_tasks(),
            _ => "-USAGE: codec|endpoint|application|api|dialplan|file|timer|calls [count]|channels [count|like <match string>]\n"
                .to_owned(),
        }
    }

    fn channels_json(&self) -> String {
        let mut channels: Vec<_> = self.inner().channels.values().cloned().collect();
        channels.sort_by_key(|channel| channel.number);
        if channels.is_empty() {
            return "{\"row_count\":0}\n".to_owned();
        }
        let rows: Vec<_> = channels.iter().map(|channel| row(channel)).collect();
        format!("{}\n", json!({"row_count": rows.len(), "rows": rows}))
    }
}

/// A row of `show channels as json`.
fn row(channel: &Channel) -> serde_json::Value {
    let state = channel.state();
    let created = jiff::Timestamp::from_microsecond(channel.created as i64).unwrap_or_default();
    // What was executed last, also when it is over: a caller in park who has heard a file shows `playback` (measured).
    let (application, data) = (
        state.variable("current_application").unwrap_or_default(),
        state.variable("current_application_data").unwrap_or_default(),
    );
    let (rate, bits) = (
        channel.codec.rate.hz().to_string(),
        channel.codec.bit_rate().to_string(),
    );
    let profile = &state.profile;
    json!({
        "uuid": channel.id,
        "direction": if channel.direction == Direction::Inbound { "inbound" } else { "outbound" },
        "created": created.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        "created_epoch": (channel.created / 1_000_000).to_string(),
        "name": channel.name,
        "state": state.core.shown().0,
        "cid_name": profile.name, "cid_num": profile.number, "ip_addr": "127.0.0.1",
        "dest": profile.destination,
        "application": application, "application_data": data,
        "dialplan": "XML", "context": profile.context,
        "read_codec": channel.codec.name, "read_rate": rate, "read_bit_rate": bits,
        "write_codec": channel.codec.name, "write_rate": rate, "write_bit_rate": bits,
        "secure": "", "hostname": "vm", "presence_id": "", "presence_data": "", "accountcode": "",
        "callstate": state.call,
        "callee_name": "", "callee_num": "", "callee_direction": "",
        "call_uuid": state.variable("bridge_uuid").unwrap_or_default(),
        "sent_callee_name": "", "sent_callee_num": "",
        "initial_cid_name": profile.name, "initial_cid_num": profile.number, "initial_ip_addr": "127.0.0.1",
        "initial_dest": profile.destination, "initial_dialplan": "XML", "initial_context": profile.context,
    })
}
