//! Scripts that are not ours: those of the published guide and what operators made of them. They build the command
//! `uuid_audio_stream <uuid> start <url> <mix> <rate>` of literals, which is what is read here.

use crate::checks::{repair, unread as skipped};
use crate::{Code, Facts, Finding, Text};
use regex::Regex;
use std::net::{IpAddr, SocketAddr};

const CODES: [Code; 5] = [
    Code::ScriptMix,
    Code::ScriptSilence,
    Code::ScriptRate,
    Code::ScriptPath,
    Code::ScriptAddress,
];

/// What a script sends.
struct Stream {
    /// `mono`, `mixed`, `stereo`, or what no module takes.
    mix: Option<String>,
    /// `8000`, `16000`, `8k`, `16k`, or what no module takes.
    rate: Option<String>,
    /// The address as far as it is literal: `ws://127.0.0.1:8085/stream/`.
    url: Option<Url>,
    /// Whether the caller's audio flows while nobody speaks.
    writes_silence: bool,
}

/// An address as a script has it.
struct Url {
    /// `127.0.0.1:8085`.
    authority: String,
    /// `/stream/`, up to where a variable follows.
    path: String,
    /// Whether the secretary follows in it.
    names_secretary: bool,
}

pub(super) fn check(facts: &Facts, text: &str) -> Vec<Finding> {
    let Some(stream) = Stream::read(text) else {
        let why = Text::new(
            "how it calls uuid_audio_stream could not be read",
            "não foi possível ler como ele chama uuid_audio_stream",
        );
        return skipped(&CODES, &why);
    };
    vec![
        mix(&stream),
        silence(&stream),
        rate(&stream),
        path(&stream),
        address(&stream, facts.service.listen),
    ]
}

impl Stream {
    /// `None` where the text starts no stream, or its patterns are none that we know.
    fn read(text: &str) -> Option<Self> {
        let code = without_comments(text);
        if !code.contains("uuid_audio_stream") {
            return None;
        }
        let arguments = Regex::new(r#"["'\s]\s*([a-z]+)\s+(\d+k?)\b[^"'\n]*["']"#).ok()?;
        let found = arguments.captures_iter(&code).find(|found| &found[1] != "start");
        let argument = |index: usize| found.as_ref().map(|found| found[index].to_owned());
        Some(Self {
            mix: argument(1),
            rate: argument(2),
            url: Url::read(&code),
            writes_silence: code.contains("send_silence_when_idle"),
        })
    }
}

impl Url {
    fn read(code: &str) -> Option<Self> {
        let address = Regex::new(r#"wss?://([^/"'\s]*)(/[^"'\s]*)?["']?([^\n]*)"#).ok()?;
        let found = address.captures(code)?;
        Some(Self {
            authority: found[1].to_owned(),
            path: found
                .get(2)
                .map_or_else(String::new, |path| path.as_str().to_owned()),
            names_secretary: found[0].contains("secretary"),
        })
    }
}

/// The text without what Lua skips: comments to the line's end. Long comments are rare in such scripts and are read as code.
fn without_comments(text: &str) -> String {
    text.lines()
        .map(|line| line.split("--").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

fn mix(stream: &Stream) -> Finding {
    let code = Code::ScriptMix;
    match stream.mix.as_deref() {
        None => Finding::skipped(code, unread()),
        Some(mix @ ("mono" | "mixed" | "stereo")) => Finding::ok(code, Text::plain(mix)),
        Some(mix) => Finding::fault(
            code,
            Text::new(
                format!("the script asks for the mix type {mix:?}, which no module takes"),
                format!("o script pede o tipo de mixagem {mix:?}, que nenhum módulo aceita"),
            ),
            Text::plain("mono"),
            repair(code),
        ),
    }
}

fn silence(stream: &Stream) -> Finding {
    let code = Code::ScriptSilence;
    match stream.mix.as_deref() {
        Some(mix @ ("mixed" | "stereo")) if !stream.writes_silence => Finding::fault(
            code,
            Text::new(
                format!(
                    "the script asks for {mix} and has FreeSWITCH write no silence: no audio flows while nothing is played"
                ),
                format!(
                    "o script pede {mix} e não faz o FreeSWITCH escrever silêncio: nenhum áudio flui enquanto nada toca"
                ),
            ),
            Text::new(
                "mono, or send_silence_when_idle=-1 before the stream",
                "mono, ou send_silence_when_idle=-1 antes do stream",
            ),
            repair(code),
        ),
        Some(_) => Finding::ok(
            code,
            Text::new("the caller's audio flows", "o áudio de quem liga flui"),
        ),
        None => Finding::skipped(code, unread()),
    }
}

fn rate(stream: &Stream) -> Finding {
    let code = Code::ScriptRate;
    match stream.rate.as_deref() {
        None => Finding::skipped(code, unread()),
        Some(rate @ ("8k" | "16k" | "8000" | "16000")) => Finding::ok(code, Text::plain(rate)),
        Some(rate) => Finding::fault(
            code,
            Text::new(
                format!("the script asks for a rate of {rate}"),
                format!("o script pede a taxa {rate}"),
            ),
            Text::new("8000 or 16000 (Hz)", "8000 ou 16000 (Hz)"),
            repair(code),
        ),
    }
}

fn path(stream: &Stream) -> Finding {
    let code = Code::ScriptPath;
    let Some(url) = &stream.url else {
        return Finding::skipped(code, unread());
    };
    if url.path == "/stream/" && !url.names_secretary {
        return Finding::ok(code, Text::plain("/stream/{domain_uuid}/{call_uuid}"));
    }
    let found = if url.names_secretary {
        Text::new(
            format!("the script's address has the secretary in it ({}…)", url.path),
            format!("o endereço do script inclui a secretária ({}…)", url.path),
        )
    } else {
        Text::new(
            format!("the script's address has the path {}", url.path),
            format!("o endereço do script tem o caminho {}", url.path),
        )
    };
    Finding::fault(
        code,
        found,
        Text::plain("/stream/{domain_uuid}/{call_uuid}"),
        repair(code),
    )
}

fn address(stream: &Stream, listen: SocketAddr) -> Finding {
    let code = Code::ScriptAddress;
    let Some(url) = &stream.url else {
        return Finding::skipped(code, unread());
    };
    if reaches(&url.authority, listen) {
        return Finding::ok(code, Text::plain(url.authority.clone()));
    }
    Finding::fault(
        code,
        Text::new(
            format!("the script streams to {}", url.authority),
            format!("o script envia para {}", url.authority),
        ),
        Text::new(
            format!("{listen}, where the service listens"),
            format!("{listen}, onde o serviço escuta"),
        ),
        repair(code),
    )
}

/// Whether a host and port are where the service listens. A name could be any address: only its port is looked at.
fn reaches(authority: &str, listen: SocketAddr) -> bool {
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
    if port.parse() != Ok(listen.port()) {
        return false;
    }
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(ip) => listen.ip().is_unspecified() || ip == listen.ip(),
        Err(_) => host != "localhost" || listen.ip().is_loopback() || listen.ip().is_unspecified(),
    }
}

fn unread() -> Text {
    Text::new(
        "the script does not say it in plain words",
        "o script não o diz de forma direta",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The two lines of the published script that count, with what is put into them.
    fn script(path: &str, more: &str, arguments: &str) -> String {
        format!(
            "local ws_url = \"ws://127.0.0.1:8085{path}\" .. domain_uuid .. \"/\" .. {more}call_uuid -- a comment\n\
             local api = freeswitch.API()\n\
             local cmd = \"uuid_audio_stream \" .. call_uuid .. \" start \" .. ws_url .. \" {arguments}\"\n"
        )
    }

    fn stream(path: &str, more: &str, arguments: &str) -> Stream {
        Stream::read(&script(path, more, arguments)).unwrap()
    }

    #[test]
    fn the_published_script_is_read() {
        let read = stream("/stream/", "", "mixed 16000");
        assert_eq!(read.mix.as_deref(), Some("mixed"));
        assert_eq!(read.rate.as_deref(), Some("16000"));
        assert!(!read.writes_silence);
        let url = read.url.unwrap();
        assert_eq!(
            (url.authority.as_str(), url.path.as_str()),
            ("127.0.0.1:8085", "/stream/")
        );
        assert!(!url.names_secretary);
    }

    #[test]
    fn what_was_wrong_with_the_published_one_is_told() {
        let verdict = |finding: Finding| finding.verdict;
        let wrong = stream("/ws/", "secretary_uuid .. \"/\" .. ", "both 11025");
        assert_eq!(verdict(mix(&wrong)), crate::Verdict::Fault);
        assert_eq!(verdict(rate(&wrong)), crate::Verdict::Fault);
        assert_eq!(verdict(path(&wrong)), crate::Verdict::Fault);
        let listen = "127.0.0.1:8085".parse().unwrap();
        assert_eq!(verdict(address(&wrong, listen)), crate::Verdict::Ok);
        let elsewhere = "127.0.0.1:9085".parse().unwrap();
        assert_eq!(verdict(address(&wrong, elsewhere)), crate::Verdict::Fault);
        assert_eq!(
            verdict(silence(&stream("/stream/", "", "mixed 8000"))),
            crate::Verdict::Fault
        );
        assert_eq!(
            verdict(silence(&stream("/stream/", "", "mono 8000"))),
            crate::Verdict::Ok
        );
    }

    #[test]
    fn a_script_that_starts_no_stream_is_not_judged() {
        assert!(Stream::read("session:answer()\n-- uuid_audio_stream").is_none());
    }
}
