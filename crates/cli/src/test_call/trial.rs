//! The call itself: begun, watched, and hung up whatever happens.

use crate::client::{Service as Api, Silence};
use crate::site::Found;
use anyhow::anyhow;
use freeswitch::{
    Command, CommandError, Console, ContextName, DialString, Extension, HangupCause, ModuleName, SCRIPT_NAME,
    VariableName, VariableValue,
};
use fusionpbx::test_call::{Call, End, Seen, Service, is_whole, row_of};
use fusionpbx::{Domain, Lang, Reality, ServerState, Text};
use gateway::api::{CallState, LiveCall, PbxState, PbxStatus};
use secretary::CallUuid;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// How often the call is looked at: one whose engine refuses is over soon.
const INTERVAL: Duration = Duration::from_millis(50);
/// What the caller is shown as.
const CALLER: &str = "voice-ai test-call";

/// A call that is to be tried.
pub(crate) struct Trial<'a> {
    pub(crate) found: &'a Found,
    pub(crate) lang: Lang,
    pub(crate) domain: &'a Domain,
    pub(crate) extension: Extension,
    /// How long it is watched.
    pub(crate) limit: Duration,
}

impl Trial<'_> {
    /// Makes the call, and tells what was seen of it. It is hung up at the end, also where somebody interrupts.
    ///
    /// # Errors
    /// When there can be no call: FreeSWITCH cannot be asked, or has no mod_loopback.
    pub(crate) async fn make(&self) -> anyhow::Result<Seen> {
        let reality = self.found.reality().await?;
        let mark = CallUuid::new(Uuid::new_v4());
        let watched = tokio::select! {
            watched = self.watched(&reality, mark) => watched,
            interrupted = tokio::signal::ctrl_c() => Err(match interrupted {
                Ok(()) => anyhow!("interrupted; the call was hung up"),
                Err(error) => error.into(),
            }),
        };
        // By a connection of its own: the other one may still wait for an answer.
        let console = self.console(&reality).await;
        let ended = match console {
            Ok(mut console) => console
                .command(&Command::KillMarked(mark, HangupCause::NormalClearing))
                .await
                .map_err(anyhow::Error::from),
            Err(error) => Err(error),
        };
        let seen = watched?;
        ended.map_err(|error| error.context("the call could not be hung up"))?;
        Ok(seen)
    }

    async fn console(&self, reality: &Reality) -> anyhow::Result<Console> {
        let console = reality.console().await;
        console.map_err(|why| anyhow!("{}", why.in_lang(self.lang)))
    }

    async fn watched(&self, reality: &Reality, mark: CallUuid) -> anyhow::Result<Seen> {
        let mut console = self.console(reality).await?;
        let mut seen = Seen {
            extension: self.extension.as_str().to_owned(),
            context: self.domain.name.clone(),
            row: row_of(&self.found.facts, &self.domain.name, self.extension.as_str()),
            end: End::Gone,
            module: console.has_module(&ModuleName::audio_stream()).await.ok(),
            build: self
                .found
                .facts
                .module
                .as_ref()
                .ok()
                .and_then(|module| module.build),
            service: Service::Connected,
            upgrade: self.found.facts.server.upgrade.clone(),
            call: None,
        };
        let near = match console.command(&self.originate(mark)?).await {
            Ok(near) => near.trim().parse::<CallUuid>()?,
            Err(CommandError::Failed { reply, .. }) if is_none_to_be_had(&reply) => {
                return Err(anyhow!(
                    "FreeSWITCH has no endpoint loopback ({reply}): `fs_cli -x 'load mod_loopback'`, and that module in its modules"
                ));
            }
            Err(CommandError::Failed { reply, .. }) => {
                seen.end = End::Refused(reply);
                return Ok(seen);
            }
            Err(error) => return Err(error.into()),
        };
        let far = far_end(&mut console, near).await;
        let until = Instant::now() + self.limit;
        loop {
            let is_there = self.look(&mut console, far, &mut seen).await?;
            if is_whole(&seen) || !is_there || Instant::now() >= until {
                return Ok(seen);
            }
            sleep(INTERVAL).await;
        }
    }

    fn originate(&self, mark: CallUuid) -> anyhow::Result<Command> {
        let variable = |name: &str, value: &str| -> anyhow::Result<_> {
            Ok((VariableName::parse(name)?, VariableValue::parse(value)?))
        };
        Ok(Command::Originate {
            to: DialString::Dialplan {
                extension: self.extension.clone(),
                context: ContextName::parse(&self.domain.name)?,
            },
            caller_number: VariableValue::parse(self.extension.as_str())?,
            caller_name: VariableValue::parse(CALLER)?,
            ring: self.limit,
            variables: vec![
                variable("domain_uuid", &self.domain.uuid.to_string())?,
                variable("domain_name", &self.domain.name)?,
                // Both ends stay as they are, whatever the far one is joined with.
                variable("loopback_bowout", "false")?,
                variable(Command::MARK, &mark.to_string())?,
            ],
        })
    }

    /// Looks once at the far end and at the service. Returns whether the call is still there.
    async fn look(&self, console: &mut Console, far: CallUuid, seen: &mut Seen) -> anyhow::Result<bool> {
        let is_there = match console.command(&Command::Dump(far)).await {
            Ok(dump) => {
                let end = end(&serde_json::from_str(&dump).unwrap_or_default());
                if !is_settled(&seen.end) {
                    seen.end = end;
                }
                true
            }
            Err(CommandError::Failed { .. }) => false,
            Err(error) => return Err(error.into()),
        };
        match Api::of(&self.found.config) {
            Ok(api) => self.ask(&api, far, seen).await,
            // One that does not run has left no token, which would only hide that.
            Err(error) => {
                seen.service = Service::Silent(match &self.found.facts.server.state {
                    ServerState::Down(why) => why.0.clone(),
                    ServerState::Up(_) | ServerState::Stranger(_) => silence(&error),
                });
            }
        }
        Ok(is_there)
    }

    /// Asks the service how it is and whether it has the call.
    async fn ask(&self, api: &Api, far: CallUuid, seen: &mut Seen) {
        let asked = tokio::try_join!(
            api.get::<Vec<PbxStatus>>("/pbx"),
            api.get::<Vec<LiveCall>>("/calls")
        );
        let (switches, calls) = match asked {
            Ok(told) => told,
            Err(error) => {
                seen.service = Service::Silent(silence(&error));
                return;
            }
        };
        seen.service = self.connected(&switches);
        let Some(call) = calls.into_iter().find(|call| call.uuid == far) else {
            return;
        };
        if !is_settled(&seen.end) {
            seen.end = match call.leg.as_str() {
                "unicast" => End::Parked { ours: true },
                leg => End::Script(leg.to_owned()),
            };
        }
        seen.call = Some(Call {
            opening: call.state == CallState::Opening,
            secretary: call.secretary,
            engine: call.engine,
            leg: call.leg,
            heard_ms: call.heard_ms,
            said_ms: call.said_ms,
        });
    }

    /// Whether one of the service's FreeSWITCHes is the one that was called, and connected.
    fn connected(&self, switches: &[PbxStatus]) -> Service {
        let port = format!(":{}", self.found.facts.switch.esl.port);
        let same = switches.iter().filter(|switch| switch.address.ends_with(&port));
        let mut apart = None;
        for switch in same {
            if switch.state == PbxState::Up {
                return Service::Connected;
            }
            apart = Some(switch.detail.clone());
        }
        let other = || {
            switches
                .first()
                .map(|switch| format!("{} is another one", switch.address))
        };
        Service::Apart(apart.or_else(other))
    }
}

/// A service that does not answer, or complains.
fn silence(error: &anyhow::Error) -> Text {
    match error.downcast_ref::<Silence>() {
        Some(Silence { addr, cause }) => Text::new(
            format!("the service does not answer at {addr}: {cause}"),
            format!("o serviço não responde em {addr}: {cause}"),
        ),
        None => Text::new(
            format!("the service tells nothing of its calls: {error:#}"),
            format!("o serviço não informa suas chamadas; nas palavras dele: {error:#}"),
        ),
    }
}

/// Whether nothing that is seen later tells more: what plays in a park is shown in place of the park.
fn is_settled(end: &End) -> bool {
    matches!(end, End::Parked { ours: true } | End::Script(_))
}

/// What FreeSWITCH says where the endpoint's module is not loaded.
fn is_none_to_be_had(reply: &str) -> bool {
    reply.contains("CHAN_NOT_IMPLEMENTED") || reply.contains("INVALID_PROFILE")
}

/// The end that the dialplan has; the near one where it does not say.
async fn far_end(console: &mut Console, near: CallUuid) -> CallUuid {
    let dump = console.command(&Command::Dump(near)).await.unwrap_or_default();
    let dump: Value = serde_json::from_str(&dump).unwrap_or_default();
    let other = dump["variable_other_loopback_leg_uuid"].as_str();
    other.and_then(|uuid| uuid.parse().ok()).unwrap_or(near)
}

/// Who has a channel, by its dump.
fn end(dump: &Value) -> End {
    let variable = |name: &str| dump[format!("variable_{name}")].as_str();
    let application = variable("current_application").unwrap_or_default();
    let data = variable("current_application_data").unwrap_or_default();
    match application {
        "park" => End::Parked {
            ours: variable("voice_ai") == Some("true"),
        },
        "lua" if data.contains(SCRIPT_NAME) => End::Script(data.to_owned()),
        // The row is still on its way.
        "" | "answer" | "set" | "export" | "sleep" => End::Other(application.to_owned()),
        // The row of a secretary ran its script, which has found no stream: it plays its apology, or has sent the caller to the fallback.
        _ if variable("secretary_uuid").is_some() && variable("voice_ai") != Some("true") => {
            End::Script(SCRIPT_NAME.to_owned())
        }
        // FusionPBX's own, such as the voicemail of an extension.
        "lua" => End::Other(format!("lua {data}")),
        other => End::Other(other.to_owned()),
    }
}
