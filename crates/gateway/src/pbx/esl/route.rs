//! How a destination is reached from the caller's channel.
//!
//! Measured on FreeSWITCH 1.10.12: a `bridge` that comes to nothing leaves the caller in park, whatever the reason, where
//! `uuid_transfer` to an extension that is not there costs the call. So what answers by itself (queue, ring group, menu, mailbox) is
//! reached by a `bridge` as well: `loopback/<number>/<context>/XML` runs the dialplan, and the outcome is known.

use super::Wanted;
use freeswitch::{
    ArgumentError, Channel, Command, ContextName, DialString, Extension, TaskGroup, VariableName,
    VariableValue,
};
use secretary::{CallUuid, DestinationKind};
use std::time::Duration;

/// How long one person's phone rings.
const PERSON_RINGS: Duration = Duration::from_secs(30);
/// How long a ring group or a queue may look for somebody: less than a call waits for a transfer.
const DIALPLAN_RINGS: Duration = Duration::from_secs(75);
/// The context of a channel that names none.
const DEFAULT_CONTEXT: &str = "default";

/// Whom to call, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) to: DialString,
    pub(super) ring: Duration,
    /// What the called channel is told.
    pub(super) variables: Vec<(VariableName, VariableValue)>,
}

impl Route {
    /// The way to whom the caller wants.
    pub(super) fn find(
        wanted: &Wanted,
        channel: &Channel,
        mailbox_prefix: &str,
    ) -> Result<Self, ArgumentError> {
        // A secretary without destinations passes on what was said.
        let number = wanted.number.as_deref().unwrap_or(&wanted.destination);
        let extension = match wanted.kind {
            Some(DestinationKind::Voicemail) => mailbox(number, mailbox_prefix)?,
            _ => Extension::parse(number)?,
        };
        let ring = match wanted.kind {
            None | Some(DestinationKind::Extension | DestinationKind::External) => PERSON_RINGS,
            Some(_) => DIALPLAN_RINGS,
        };
        let to = match (wanted.kind, &channel.domain_name) {
            (None | Some(DestinationKind::Extension), Some(domain)) => DialString::User {
                extension,
                domain: domain.clone(),
            },
            _ => DialString::Dialplan {
                extension,
                context: context(channel)?,
            },
        };
        let mut variables = tenant(channel)?;
        if let DialString::Dialplan { extension, .. } = &to {
            // Without it FreeSWITCH shows the last part of the dial string on the caller's phone (measured).
            variables.push((
                VariableName::parse("origination_callee_id_number")?,
                VariableValue::parse(extension.as_str())?,
            ));
        }
        Ok(Self { to, ring, variables })
    }

    /// The same, and when somebody answers FreeSWITCH itself takes the caller's last resort away: they may answer while we are gone.
    /// (`api_on_answer` of the called leg; measured: a leg that is not answered leaves the task alone.)
    /// It obeys each variable whose name begins so (`switch_channel_api_on`).
    pub(super) fn freeing(mut self, call: CallUuid) -> Result<Self, ArgumentError> {
        for (name, group) in [
            ("api_on_answer", TaskGroup::LastResort),
            ("api_on_answer_renewal", TaskGroup::Renewal),
        ] {
            let command = Command::Unschedule(group, call).to_string();
            self.variables
                .push((VariableName::parse(name)?, VariableValue::parse(&command)?));
        }
        Ok(self)
    }
}

/// The dialplan context that the channel is in.
pub(super) fn context(channel: &Channel) -> Result<ContextName, ArgumentError> {
    match &channel.context {
        Some(context) => Ok(context.clone()),
        None => ContextName::parse(DEFAULT_CONTEXT),
    }
}

/// A mailbox: the feature code before a plain number; what has a code of its own is dialled as it is.
pub(super) fn mailbox(number: &str, prefix: &str) -> Result<Extension, ArgumentError> {
    match number.starts_with('*') {
        true => Extension::parse(number),
        false => Extension::parse(&format!("{prefix}{number}")),
    }
}

/// FusionPBX's dialplan asks whose call it is; a `loopback` leg is told nothing by itself.
fn tenant(channel: &Channel) -> Result<Vec<(VariableName, VariableValue)>, ArgumentError> {
    let uuid = channel.domain.map(|uuid| ("domain_uuid", uuid.to_string()));
    let name = channel
        .domain_name
        .as_ref()
        .map(|name| ("domain_name", name.to_string()));
    uuid.into_iter()
        .chain(name)
        .map(|(name, value)| Ok((VariableName::parse(name)?, VariableValue::parse(&value)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use audio::SampleRate;

    fn channel(domain: Option<&str>) -> Channel {
        Channel {
            call: "aaaaaaaa-bbbb-4ccc-8ddd-000000000001".parse().unwrap(),
            domain: None,
            domain_name: domain.map(|name| ContextName::parse(name).unwrap()),
            secretary: None,
            caller_number: None,
            caller_name: None,
            destination: None,
            context: Some(ContextName::parse("example.org").unwrap()),
            fallback: None,
            rate: SampleRate::HZ_8000,
            ptime: Duration::from_millis(20),
            codec: "PCMU".into(),
            answered: true,
            parked_for_us: true,
            held: false,
        }
    }

    fn way(number: &str, kind: Option<DestinationKind>, domain: Option<&str>) -> Result<String, String> {
        let wanted = Wanted {
            destination: "Billing".into(),
            number: Some(number.into()),
            kind,
            announcement: None,
        };
        Route::find(&wanted, &channel(domain), "*99")
            .map(|route| route.to.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn each_kind_has_its_way() {
        use DestinationKind::*;
        let here = Some("example.org");
        for (number, kind, domain, expected) in [
            ("2001", Some(Extension), here, "user/2001@example.org"),
            ("2001", None, here, "user/2001@example.org"),
            ("2001", Some(Extension), None, "loopback/2001/example.org/XML"),
            (
                "+15550100",
                Some(External),
                here,
                "loopback/+15550100/example.org/XML",
            ),
            ("5000", Some(RingGroup), here, "loopback/5000/example.org/XML"),
            ("5001", Some(Queue), here, "loopback/5001/example.org/XML"),
            ("5002", Some(Ivr), here, "loopback/5002/example.org/XML"),
            ("2001", Some(Voicemail), here, "loopback/*992001/example.org/XML"),
            (
                "*972001",
                Some(Voicemail),
                here,
                "loopback/*972001/example.org/XML",
            ),
        ] {
            assert_eq!(way(number, kind, domain).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_cannot_be_dialled_is_refused_with_its_value() {
        for number in [
            "",
            "2001 XML public",
            "2001/default",
            "2001\n\napi shutdown",
            "${x}",
        ] {
            let error = way(number, None, None).unwrap_err();
            assert!(error.contains("cannot be dialled"), "{error}");
        }
    }
}
