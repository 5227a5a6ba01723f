//! What an engine may ask of the PBX by itself.

use super::route;
use freeswitch::{
    ArgumentError, Channel, Command, CommandError, ContextName, Extension, FilePath, Switch, VariableName,
};
use jiff::Zoned;
use secretary::CallUuid;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Why a tool of the PBX's did not do what was asked. The engine is told so in these words.
#[derive(Debug, thiserror::Error)]
pub(super) enum PbxToolError {
    #[error("the PBX has no tool {0:?}")]
    Unknown(String),
    #[error("{0} is missing in the tool's arguments")]
    Missing(&'static str),
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error("FreeSWITCH answered what cannot be read: {0}")]
    Unreadable(&'static str),
    #[error("the call is not being recorded")]
    NotRecording,
}

/// A failure that the call does not depend on.
pub(super) fn told_in_log(call: CallUuid, result: Result<String, CommandError>) {
    match result {
        Ok(_) | Err(CommandError::NoSuchChannel { .. }) => {}
        Err(error) => tracing::info!(%call, %error, "the PBX was asked in vain"),
    }
}

fn text<'a>(arguments: &'a Value, name: &'static str) -> Result<&'a str, PbxToolError> {
    arguments
        .get(name)
        .and_then(Value::as_str)
        .ok_or(PbxToolError::Missing(name))
}

/// Presses keys on the caller's line: what is behind it hears them.
pub(super) async fn send_keys(
    switch: &Switch,
    call: CallUuid,
    arguments: &Value,
) -> Result<String, PbxToolError> {
    let keys = Extension::parse(text(arguments, "keys")?)?;
    switch.command(Command::SendDtmf(call, keys)).await?;
    Ok("the keys were sent".to_owned())
}

/// A row of `show channels as json`, as far as it tells whose it is.
#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    name: String,
    #[serde(default)]
    presence_id: String,
}

#[derive(Deserialize)]
struct Rows {
    #[serde(default)]
    rows: Vec<Row>,
}

/// Whether a person could take the call: registered, and not on the phone.
pub(super) async fn availability(
    switch: &Switch,
    channel: &Channel,
    arguments: &Value,
) -> Result<String, PbxToolError> {
    let extension = Extension::parse(text(arguments, "number")?)?;
    let domain = match &channel.domain_name {
        Some(domain) => domain.clone(),
        None => route::context(channel)?,
    };
    let contact = Command::Contact {
        extension: extension.clone(),
        domain: domain.clone(),
    };
    // `error/user_not_registered` where no phone is.
    let registered = match switch.command(contact).await {
        Ok(contact) => !contact.starts_with("error/"),
        Err(CommandError::Failed { .. }) => false,
        Err(error) => return Err(error.into()),
    };
    let in_call = on_the_phone(&switch.command(Command::ShowChannels).await?, &extension, &domain)?;
    let status = match (registered, in_call) {
        (false, _) => "not_registered",
        (true, true) => "in_a_call",
        (true, false) => "free",
    };
    let available = status == "free";
    Ok(json!({"number": extension.as_str(), "available": available, "status": status}).to_string())
}

/// Whether a channel is that extension's: by its presence, or by its phone's address.
fn on_the_phone(channels: &str, extension: &Extension, domain: &ContextName) -> Result<bool, PbxToolError> {
    // Without a channel FreeSWITCH leaves the rows out.
    let rows: Rows =
        serde_json::from_str(channels).map_err(|_| PbxToolError::Unreadable("the list of channels"))?;
    let presence = format!("{extension}@{domain}");
    let address = format!("/{extension}@");
    Ok(rows.rows.iter().any(|row| {
        row.presence_id == presence || (row.presence_id.is_empty() && row.name.contains(&address))
    }))
}

/// A recording that FreeSWITCH makes, or may make.
pub(super) struct Recording(FilePath);

/// How often it is tried to stop one that a caller would take along, and how many times.
const AGAIN: Duration = Duration::from_secs(1);
const ATTEMPTS: usize = 15;

impl Recording {
    async fn stop(&self, switch: &Switch, call: CallUuid) -> Result<(), CommandError> {
        match switch.command(Command::RecordStop(call, self.0.clone())).await {
            Ok(_) | Err(CommandError::NoSuchChannel { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Stops it, as the caller is somebody else's: what they say from now on is not ours to keep.
    pub(super) async fn stop_at_last(self, switch: &Switch, call: CallUuid) {
        for _ in 0..ATTEMPTS {
            match self.stop(switch, call).await {
                Ok(()) => return,
                Err(error) => tracing::info!(%call, %error, "a recording could not be stopped yet"),
            }
            tokio::time::sleep(AGAIN).await;
        }
        tracing::error!(%call, "a recording could not be stopped: it goes on until the call ends");
    }
}

/// Begins or ends a recording, where FusionPBX keeps those of the domain: `<recordings_dir>/<domain>/archive/<year>/<month>/<day>`.
/// It is known from before it begins until it has certainly ended.
pub(super) async fn record(
    switch: &Switch,
    channel: &Channel,
    arguments: &Value,
    recording: &mut Option<Recording>,
) -> Result<String, PbxToolError> {
    let call = channel.call;
    if text(arguments, "action")? == "stop" {
        let running = recording.as_ref().ok_or(PbxToolError::NotRecording)?;
        running.stop(switch, call).await?;
        *recording = None;
        return Ok("the recording has ended".to_owned());
    }
    if recording.is_some() {
        return Ok("the call is being recorded already".to_owned());
    }
    let folder = switch
        .command(Command::Global(VariableName::parse("recordings_dir")?))
        .await?;
    let file = FilePath::parse(Path::new(&file(&folder, channel, &Zoned::now())))?;
    let begins = recording.insert(Recording(file.clone()));
    if let Err(error) = switch.command(Command::RecordStart(call, file)).await {
        // It may have begun where no answer has come: then it is to be ended.
        if begins.stop(switch, call).await.is_ok() {
            *recording = None;
        }
        return Err(error.into());
    }
    Ok("the call is being recorded".to_owned())
}

fn file(folder: &str, channel: &Channel, now: &Zoned) -> String {
    let domain = channel
        .domain_name
        .as_ref()
        .or(channel.context.as_ref())
        .map_or("default", ContextName::as_str);
    let day = now.strftime("%Y/%b/%d");
    // A call may be recorded more than once.
    let second = now.strftime("%H%M%S");
    format!(
        "{}/{domain}/archive/{day}/{}-{second}.wav",
        folder.trim_end_matches('/'),
        channel.call
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_its_extensions_by_presence_or_by_its_phones_address() {
        let domain = ContextName::parse("example.org").unwrap();
        let asked = |extension: &str, rows: &str| {
            on_the_phone(rows, &Extension::parse(extension).unwrap(), &domain).unwrap()
        };
        let with = |presence: &str, name: &str| {
            json!({"row_count": 1, "rows": [{"presence_id": presence, "name": name, "uuid": "x"}]})
                .to_string()
        };
        let address = "sofia/internal/2001@192.0.2.7:5060";
        assert!(asked("2001", &with("2001@example.org", address)));
        assert!(asked("2001", &with("", address)));
        // Another tenant's, and a number that only begins so.
        assert!(!asked("2001", &with("2001@example.com", address)));
        assert!(!asked("200", &with("", address)));
        assert!(!asked("2001", r#"{"row_count": 0}"#));
        assert!(on_the_phone("nothing", &Extension::parse("1").unwrap(), &domain).is_err());
    }
}
