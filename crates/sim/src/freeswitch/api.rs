//! Commands of `api` and `bgapi`, with the replies of 1.10.12.

use super::applications::transfer;
use super::channel::{Channel, Leaving, Message};
use super::exchange::Exchange;
use super::extension::{Behaviour, Dialled, Endpoint};
use std::sync::Arc;
use std::time::Duration;

const NO_CHANNEL: &str = "-ERR No such channel!\n";
const NO_SESSION: &str = "-ERR Cannot locate session!\n";

impl Exchange {
    /// Gives a command and waits for its reply.
    pub(super) async fn api(self: &Arc<Self>, line: &str) -> String {
        let refusal = self.inner().faults.refusal(line);
        if let Some(reply) = refusal {
            return reply;
        }
        let (name, arguments) = line.split_once(' ').unwrap_or((line, ""));
        let arguments = arguments.trim();
        match name {
            "originate" => self.originate_command(arguments).await,
            "uuid_audio_stream" => self.audio_stream(arguments),
            _ => self.at_once(name, arguments),
        }
    }

    fn at_once(self: &Arc<Self>, name: &str, arguments: &str) -> String {
        match name {
            "version" => "FreeSWITCH Version 1.10.12-release~64bit ( 64bit)\n".to_owned(),
            "status" => self.status(),
            "echo" => arguments.to_owned(),
            "hostname" => "vm".to_owned(),
            "global_getvar" => self.global(arguments),
            "strepoch" => self.epoch(Duration::from_secs(1)),
            "strmicroepoch" => self.epoch(Duration::from_micros(1)),
            "reloadxml" => "+OK [Success]\n".to_owned(),
            "load" => self.load(arguments),
            "memcache" => self.memcache(arguments),
            "module_exists" => self.module_exists(arguments).to_string(),
            "show" => self.show(arguments),
            "sched_api" => self.schedule(arguments),
            "hupall" => self.hang_up_all(arguments),
            "sched_del" => self.unschedule(arguments),
            "sofia_contact" => self.contact(arguments),
            "user_exists" => self.user_exists(arguments),
            "uuid_exists" => self.channel(arguments).is_some().to_string(),
            _ => match name.strip_prefix("uuid_") {
                Some(_) => self.of_channel(name, arguments),
                None => format!("-ERR {name} Command not found!\n"),
            },
        }
    }

    /// Commands whose first word is a channel.
    fn of_channel(self: &Arc<Self>, name: &str, arguments: &str) -> String {
        let Some(usage) = usage(name) else {
            return format!("-ERR {name} Command not found!\n");
        };
        let (id, rest) = arguments.split_once(' ').unwrap_or((arguments, ""));
        let rest = rest.trim();
        if id.is_empty() || usage.words > 1 && rest.is_empty() {
            return format!("-USAGE: {}\n", usage.text);
        }
        let Some(channel) = self.channel(id) else {
            return match name {
                "uuid_record" | "uuid_send_dtmf" | "uuid_recv_dtmf" => NO_SESSION,
                "uuid_bridge" => "-ERR Invalid uuid\n",
                "uuid_broadcast" => "-ERR invalid uuid\n",
                _ => NO_CHANNEL,
            }
            .to_owned();
        };
        match name {
            "uuid_getvar" => channel.variable(rest).unwrap_or_else(|| "_undef_".to_owned()),
            "uuid_setvar" => {
                let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
                channel.set(name, value);
                ok()
            }
            "uuid_setvar_multi" => {
                for (name, value) in rest.split(';').filter_map(|pair| pair.split_once('=')) {
                    channel.set(name, value);
                }
                ok()
            }
            "uuid_dump" => self.dump(&channel, rest),
            "uuid_kill" => {
                self.hang_up(&channel, if rest.is_empty() { "NORMAL_CLEARING" } else { rest });
                ok()
            }
            "uuid_transfer" => self.transfer_command(&channel, rest),
            "uuid_bridge" => self.bridge_command(&channel, rest),
            "uuid_park" => {
                channel.state().leaving = Some(Leaving::Park);
                channel.touch();
                ok()
            }
            "uuid_break" => {
                break_playing(&channel, rest.contains("all"));
                ok()
            }
            "uuid_broadcast" => {
                broadcast(&channel, rest);
                "+OK Message sent\n".to_owned()
            }
            "uuid_send_dtmf" => format!("+OK {id} sent DTMF {rest}.\n"),
            "uuid_recv_dtmf" => {
                let digits = rest.chars().map(|digit| (digit, "APP"));
                channel.state().digits.extend(digits);
                channel.touch();
                format!("+OK {id} received DTMF {rest}.\n")
            }
            "uuid_record" => self.record(&channel, rest),
            _ => "+OK Success\n".to_owned(),
        }
    }

    fn status(&self) -> String {
        let up = self.begun.elapsed();
        let (ms, us) = (up.subsec_millis(), up.subsec_micros() % 1000);
        let inner = self.inner();
        format!(
            "UP 0 years, 0 days, {} hours, {} minutes, {} seconds, {ms} milliseconds, {us} microseconds\n\
             FreeSWITCH (Version 1.10.12-release  64bit) is ready\n{} session(s) since startup\n{} session(s) - peak {1}, last \
             5min {1} \n0 session(s) per Sec out of max 100, peak 1, last 5min 1 \n1000 session(s) max\nmin idle cpu 0.00/90.00\n\
             Current Stack Size/Max 240K/8192K\n",
            up.as_secs() / 3600,
            up.as_secs() / 60 % 60,
            up.as_secs() % 60,
            inner.numbers,
            inner.channels.len(),
        )
        .replace("{1}", "1")
    }

    fn contact(&self, user: &str) -> String {
        let (extension, _) = user.split_once('@').unwrap_or((user, ""));
        match self.behaviour(extension.trim_start_matches("*/")) {
            None
            | Some(
                Behaviour::Unregistered | Behaviour::Parks | Behaviour::Executes(_) | Behaviour::Dialplan(_),
            ) => "error/user_not_registered".to_owned(),
            Some(_) => format!("sofia/internal/sip:{extension}@127.0.0.1:5060"),
        }
    }

    fn user_exists(&self, arguments: &str) -> String {
        let extension = arguments.split_whitespace().nth(1).unwrap_or_default();
        let known = self.behaviour(extension);
        let is_dialplan = |known: &Behaviour| {
            matches!(
                known,
                Behaviour::Parks | Behaviour::Executes(_) | Behaviour::Dialplan(_)
            )
        };
        known.is_some_and(|known| !is_dialplan(&known)).to_string()
    }

    /// `uuid_transfer <uuid> [-bleg|-both] <extension> [<dialplan> [<context>]]`.
    fn transfer_command(&self, channel: &Channel, rest: &str) -> String {
        let (option, destination) = match rest.split_once(' ') {
            Some((option, destination)) if option.starts_with('-') => (option, destination),
            _ => ("", rest),
        };
        let partner = channel
            .variable("bridge_uuid")
            .and_then(|partner| self.channel(&partner));
        match (option, partner) {
            ("-bleg", Some(partner)) => transfer(&partner, destination),
            ("-both", Some(partner)) => {
                transfer(&partner, destination);
                transfer(channel, destination);
            }
            _ => transfer(channel, destination),
        }
        ok()
    }

    fn bridge_command(&self, channel: &Arc<Channel>, other: &str) -> String {
        let answered = |channel: &Channel| channel.state().answered != 0;
        let Some(other) = self.channel(other).filter(|other| other.id != channel.id) else {
            return "-ERR Invalid uuid\n".to_owned();
        };
        if !answered(channel) && !answered(&other) {
            return "-ERR Invalid uuid\n".to_owned();
        }
        for (one, partner, kind, lead) in [
            (channel, &other, "originatee", true),
            (&other, channel, "originator", false),
        ] {
            let known = partner.as_other(kind);
            let mut state = one.state();
            state.other = Some(known);
            // Before they talk, and it stays where they never do.
            state.set("signal_bond", &*partner.id);
            state.leaving = Some(Leaving::Bridge {
                other: partner.id.clone(),
                lead,
            });
        }
        channel.touch();
        other.touch();
        format!("+OK {}\n", other.id)
    }

    /// `hupall <cause> [<variable> <value>]`: of every channel, without one.
    fn hang_up_all(&self, arguments: &str) -> String {
        let mut words = arguments.split_whitespace();
        let cause = words.next().unwrap_or("MANAGER_REQUEST");
        let matching = words.next().zip(words.next());
        let channels: Vec<_> = self.inner().channels.values().cloned().collect();
        for channel in channels {
            if matching.is_none_or(|(name, value)| channel.variable(name).as_deref() == Some(value)) {
                self.hang_up(&channel, cause);
            }
        }
        match matching {
            Some((name, value)) => {
                format!("+OK hangup all channels matching [{name}]=[{value}] with cause: {cause}\n")
            }
            None => format!("+OK hangup all channels with cause {cause}\n"),
        }
    }

    /// `originate <dial string> &<application>(<data>)` or an extension.
    async fn originate_command(self: &Arc<Self>, arguments: &str) -> String {
        let Some((dial, then)) = split_dial(arguments) else {
            return format!(
                "-USAGE: {}\n",
                "<call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] [<cid_name>] [<cid_num>] [<timeout_sec>]"
            );
        };
        let dialled = Dialled::parse(dial);
        if dialled.endpoint == Endpoint::Invalid {
            return "-ERR CHAN_NOT_IMPLEMENTED\n".to_owned();
        }
        let looked_up = self.inner().faults.directory;
        tokio::time::sleep(looked_up).await;
        let leg = match self.originate(None, &dialled).await {
            Ok(leg) => leg,
            Err(unreached) => return format!("-ERR {}\n", unreached.cause),
        };
        leg.state().leaving = Some(match then.strip_prefix('&') {
            Some(application) => {
                let (name, data) = application.split_once('(').unwrap_or((application, ""));
                let data = data.trim_end().trim_end_matches(')');
                Leaving::Execute(vec![(name.to_owned(), data.to_owned())])
            }
            None => {
                let mut words = then.split_whitespace();
                let extension = words.next().unwrap_or_default().to_owned();
                let context = words.nth(1).unwrap_or("default").to_owned();
                Leaving::Dialplan { extension, context }
            }
        });
        leg.touch();
        format!("+OK {}\n", leg.id)
    }
}

/// Words that a command needs at least, and how it is to be used.
struct Usage {
    words: usize,
    text: &'static str,
}

fn usage(name: &str) -> Option<Usage> {
    let (words, text) = match name {
        "uuid_getvar" => (2, "<uuid> <var>"),
        "uuid_setvar" => (2, "<uuid> <var> [value]"),
        "uuid_setvar_multi" => (2, "<uuid> <var>=<value>;<var>=<value>..."),
        "uuid_dump" => (1, "<uuid> [format]"),
        "uuid_kill" => (1, "<uuid> [cause]"),
        "uuid_transfer" => (2, "<uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]"),
        "uuid_bridge" => (2, "<uuid> <other_uuid>"),
        "uuid_park" => (1, "<uuid>"),
        "uuid_break" => (1, "<uuid> [all]"),
        "uuid_broadcast" => (2, "<uuid> <path> [aleg|bleg|holdb|both]"),
        "uuid_send_dtmf" | "uuid_recv_dtmf" => (2, "<uuid> <dtmf_data>"),
        "uuid_record" => (
            2,
            "<uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]",
        ),
        "uuid_hold" | "uuid_phone_event" | "uuid_displace" => (1, "<uuid>"),
        _ => return None,
    };
    Some(Usage { words, text })
}

fn ok() -> String {
    "+OK\n".to_owned()
}

/// `uuid_break`. What waits to be played goes with `all`; what plays ends at the next frame.
fn break_playing(channel: &Channel, all: bool) {
    let mut state = channel.state();
    if all {
        state.messages.clear();
    }
    if state.broadcasting {
        state.stop_broadcast = true;
        state.broken = true;
    }
    drop(state);
    channel.touch();
}

/// `uuid_broadcast <uuid> <file or app::data> <leg>`: a `sendmsg` that FreeSWITCH sends itself.
fn broadcast(channel: &Channel, rest: &str) {
    let what = rest.rsplit_once(' ').map_or(rest, |(what, _)| what);
    let (name, data) = what.split_once("::").unwrap_or(("playback", what));
    let headers = [
        ("call-command", "execute"),
        ("execute-app-name", name),
        ("execute-app-arg", data),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    channel.state().messages.push_back(Message(headers.to_vec()));
    channel.touch();
}

/// Where the dial string ends: at a blank outside of braces and quotes.
fn split_dial(text: &str) -> Option<(&str, &str)> {
    let (mut depth, mut quoted) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '{' | '[' if !quoted => depth += 1,
            '}' | ']' if !quoted => depth -= 1,
            ' ' if !quoted && depth == 0 => return Some((&text[..at], text[at..].trim())),
            _ => {}
        }
    }
    None
}
