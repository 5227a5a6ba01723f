//! `voice-ai call`: a simulated caller, and what the caller heard.

mod printing;
mod script;

use anyhow::Context as _;
use audio::SampleRate;
use printing::Printer;
use script::{ScriptArguments, duration};
use sim::{
    Account, Call, DialError, Line, LineEcho, Manners, Metadata, Mix, Module, Outcome, StreamAddress, Trust,
    What, dial, dial_trusting,
};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Heard something, but not after the caller had spoken; or nothing at all.
const NOT_ANSWERED: u8 = 3;
/// The server answered the upgrade with a refusal.
const REFUSED: u8 = 4;
/// Nothing that speaks WebSocket is at the address.
const NOT_THERE: u8 = 5;
/// Stopped by Ctrl-C, as a shell has it.
const STOPPED: u8 = 130;

#[derive(clap::Args)]
#[command(after_help = "\
Steps happen in the order in which they are written. Without --at and --barge-in-after a step begins when the
assistant has finished speaking.

  voice-ai call --say \"Quero falar com o financeiro, por favor\" --out call.wav --picture call.svg
  voice-ai call --lang en --say \"I have no internet\" --barge-in-after 700ms --say \"An operator, please\"

Exit codes: 0 a spoken answer was heard; 1 something failed here (a file, espeak-ng); 2 wrong arguments; 3 no answer
was heard; 4 the server refused the call; 5 no server at that address; 130 stopped by Ctrl-C (what there is, is
written).")]
pub(crate) struct Arguments {
    /// A stream (ws://HOST:PORT/stream/DOMAIN_UUID/CALL_UUID), or a base: then the sample domain and a fresh call.
    #[arg(long, default_value = "ws://127.0.0.1:8085", value_parser = StreamAddress::parse)]
    url: StreamAddress,
    /// Certificates to trust of a wss:// server, in PEM [default: the public authorities].
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    #[command(flatten)]
    script: ScriptArguments,
    /// Language of --say, and the caller's as told to the server.
    #[arg(long, default_value = "pt-BR", value_name = "pt-BR|en")]
    lang: String,
    /// The secretary who shall answer [default: the domain's; "isp" with --lang en].
    #[arg(long, value_name = "NAME")]
    secretary: Option<String>,
    /// Which channels the module sends: mono, mixed or stereo.
    #[arg(long, default_value = "mono", value_name = "MIX")]
    mix: Mix,
    /// The rate asked of the module, in Hz.
    #[arg(long, default_value = "16000", value_name = "HZ", value_parser = rate)]
    rate: SampleRate,
    /// The build of the audio module: amigniter, sptmru or plain.
    #[arg(long, default_value = "amigniter", value_name = "MODULE")]
    module: Module,
    /// The caller's line: pcm (the leg's own rate), alaw or ulaw (8 kHz).
    /// [default: pcm; ulaw with sptmru, which then sends 8 kHz samples whatever --rate says]
    #[arg(long, value_name = "LINE")]
    line: Option<Line>,
    /// The line returns what is played on it, at this level and so much later, as -12dB,150ms.
    #[arg(long, value_name = "LEVEL,DELAY", allow_hyphen_values = true)]
    echo: Option<LineEcho>,
    /// The caller's number, as told to the server.
    #[arg(long, value_name = "NUMBER")]
    caller_number: Option<String>,
    /// The number that was called, as told to the server.
    #[arg(long, value_name = "NUMBER")]
    destination: Option<String>,
    /// Send no metadata frame, as a dialplan without metadata does; the server must assume rate and mix.
    #[arg(long)]
    no_metadata: bool,
    /// Quiet at the end before the caller hangs up.
    #[arg(long, default_value = "2s", value_name = "DURATION", value_parser = duration)]
    hold: Duration,
    /// How long the caller waits for an answer.
    #[arg(long, default_value = "20s", value_name = "DURATION", value_parser = duration)]
    patience: Duration,
    /// The longest call.
    #[arg(long, default_value = "5m", value_name = "DURATION", value_parser = duration)]
    longest: Duration,
    /// Write both sides as a stereo WAV: left the caller, right the assistant as heard.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Draw the call as SVG.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// One JSON object a line; the last is the summary.
    #[arg(long)]
    json: bool,
}

fn rate(text: &str) -> Result<SampleRate, String> {
    let hz = text.parse().map_err(|_| format!("{text:?} is no number of Hz"))?;
    SampleRate::new(hz).map_err(|error| error.to_string())
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    // One call needs one thread.
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(call(arguments))
}

async fn call(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut printer = Printer::new(arguments.json);
    let call = arguments.call().await?;
    let stop = CancellationToken::new();
    let interrupted = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupted.cancel();
        }
    });
    let socket = match &arguments.ca {
        None => dial(&call.address, call.module).await,
        Some(file) => {
            let pem = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            let trust = Trust::authority(&pem).with_context(|| file.display().to_string())?;
            dial_trusting(&call.address, call.module, &trust).await
        }
    };
    let socket = match socket {
        Ok(socket) => socket,
        Err(error) => {
            let code = match &error {
                DialError::Refused { .. } => REFUSED,
                DialError::NotThere { .. }
                | DialError::Silent(_)
                | DialError::NotTrusted { .. }
                | DialError::NotWebSocket { .. } => NOT_THERE,
            };
            printer.failure(&error, code);
            return Ok(ExitCode::from(code));
        }
    };
    let account = call.converse(socket, &stop, |event| printer.event(event)).await;
    arguments.write(&account)?;
    printer.summary(&account, arguments.out.as_deref(), arguments.picture.as_deref());
    Ok(exit_code(&account))
}

fn exit_code(account: &Account) -> ExitCode {
    if account.summary.outcome == Outcome::Stopped {
        return ExitCode::from(STOPPED);
    }
    if was_answered(account) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NOT_ANSWERED)
    }
}

/// Something of the assistant was heard after the caller's first words; or at all, when the caller had none.
fn was_answered(account: &Account) -> bool {
    let first = |wanted: fn(&What) -> bool| account.events.iter().position(|event| wanted(&event.what));
    let spoke = first(|what| matches!(what, What::CallerSpoke)).unwrap_or(0);
    let heard = |what: &What| matches!(what, What::AssistantSpeaks { .. } | What::AssistantSpoke { .. });
    account.events.iter().skip(spoke).any(|event| heard(&event.what))
}

impl Arguments {
    async fn call(&self) -> anyhow::Result<Call> {
        let line = self.line.unwrap_or(match self.module {
            Module::Sptmru => Line::Ulaw,
            Module::Amigniter | Module::Plain => Line::Pcm,
        });
        Ok(Call {
            address: self.url.clone(),
            module: self.module,
            line,
            echo: self.echo.clone(),
            mix: self.mix,
            rate: self.rate,
            metadata: (!self.no_metadata).then(|| self.metadata()),
            script: self.script.steps(&self.lang, self.rate, line).await?,
            manners: Manners {
                answer: self.patience,
                hold: self.hold,
                longest: self.longest,
                ..Manners::default()
            },
        })
    }

    fn metadata(&self) -> Metadata {
        let english = self.lang.to_ascii_lowercase().starts_with("en");
        Metadata {
            secretary: self
                .secretary
                .clone()
                .or_else(|| english.then(|| "isp".to_owned())),
            caller_number: self.caller_number.clone(),
            caller_name: None,
            destination: self.destination.clone(),
            leg: Some("raw".to_owned()),
            rate: Some(self.rate.hz()),
            mix: Some(self.mix.to_string()),
            language: Some(self.lang.clone()),
        }
    }

    fn write(&self, account: &Account) -> anyhow::Result<()> {
        use anyhow::Context as _;
        if let Some(path) = &self.out {
            sim::write_wav(account, path).with_context(|| format!("cannot write {}", path.display()))?;
        }
        if let Some(path) = &self.picture {
            std::fs::write(path, sim::picture::draw(account))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}
