//! The steps of the caller, in the order in which they stand on the command line. clap's derive forgets the order
//! between different options, so that this reads the indices by itself.

use anyhow::bail;
use audio::SampleRate;
use clap::{Arg, ArgAction, ArgMatches, Command, error::ErrorKind, value_parser};
use sim::{Act, Clip, Line, Step, When};
use std::path::PathBuf;
use std::time::Duration;

/// What `--say`, `--wav`, `--dtmf`, `--at` and `--barge-in-after` make together.
#[derive(Debug, Clone, Default)]
pub(crate) struct ScriptArguments(Vec<Word>);

/// One of those options.
#[derive(Debug, Clone)]
enum Word {
    Say(String),
    Wav(PathBuf),
    Press(String),
    When(When),
}

impl ScriptArguments {
    /// Reads the files and renders the texts.
    pub(crate) async fn steps(
        &self,
        language: &str,
        rate: SampleRate,
        line: Line,
    ) -> anyhow::Result<Vec<Step>> {
        let mut steps = Vec::new();
        let mut when = None;
        for word in &self.0 {
            let clip = match word {
                Word::When(next) if when.is_none() => {
                    when = Some(*next);
                    continue;
                }
                Word::When(_) => bail!("two of --at and --barge-in-after before one step: keep one"),
                Word::Press(digits) => {
                    press(digits, when.take(), &mut steps);
                    continue;
                }
                Word::Say(text) => Clip::spoken(text, language, rate, line).await?,
                Word::Wav(path) => Clip::from_wav(path, rate, line)?,
            };
            steps.push(Step {
                when: when.take().unwrap_or(When::AfterAssistant),
                act: Act::Say(clip),
            });
        }
        if when.is_some() {
            bail!("--at and --barge-in-after come before the --say, --wav or --dtmf that they time");
        }
        Ok(steps)
    }
}

/// Keys of one --dtmf follow each other as a finger does.
fn press(digits: &str, when: Option<When>, steps: &mut Vec<Step>) {
    for (index, digit) in digits.chars().enumerate() {
        let when = match index {
            0 => when.unwrap_or(When::AfterAssistant),
            _ => When::AfterPrevious(Duration::from_millis(250)),
        };
        steps.push(Step {
            when,
            act: Act::Press(digit.to_ascii_uppercase()),
        });
    }
}

impl clap::FromArgMatches for ScriptArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut words = Vec::new();
        collect(matches, "say", &mut words, |text: String| Word::Say(text));
        collect(matches, "wav", &mut words, Word::Wav);
        collect(matches, "dtmf", &mut words, Word::Press);
        collect(matches, "at", &mut words, |at| Word::When(When::At(at)));
        collect(matches, "barge_in_after", &mut words, |after| {
            Word::When(When::IntoNextUtterance(after))
        });
        words.sort_by_key(|(index, _)| *index);
        Ok(Self(words.into_iter().map(|(_, word)| word).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = <Self as clap::FromArgMatches>::from_arg_matches(matches)?;
        Ok(())
    }
}

fn collect<T: Clone + Send + Sync + 'static>(
    matches: &ArgMatches,
    name: &str,
    words: &mut Vec<(usize, Word)>,
    word: impl Fn(T) -> Word,
) {
    let values = matches.get_many::<T>(name).into_iter().flatten();
    let indices = matches.indices_of(name).into_iter().flatten();
    words.extend(
        indices
            .zip(values)
            .map(|(index, value)| (index, word(value.clone()))),
    );
}

impl clap::Args for ScriptArguments {
    fn augment_args(command: Command) -> Command {
        let option = |id: &'static str, long: &'static str, value: &'static str| {
            Arg::new(id)
                .long(long)
                .value_name(value)
                .action(ArgAction::Append)
        };
        command
            .arg(option("say", "say", "TEXT").help("Say a text, spoken by espeak-ng; repeat for more turns"))
            .arg(
                option("wav", "wav", "FILE")
                    .value_parser(value_parser!(PathBuf))
                    .help("Say what is in a WAV file, of any rate"),
            )
            .arg(
                option("dtmf", "dtmf", "KEYS")
                    .value_parser(keys)
                    .help("Press keys: 0-9, *, #, A-D"),
            )
            .arg(
                option("at", "at", "TIME")
                    .value_parser(duration)
                    .help("Begin the next step so long after the call began, as 1.5s or 700ms"),
            )
            .arg(
                option("barge_in_after", "barge-in-after", "DURATION")
                    .value_parser(duration)
                    .help("Begin the next step so long after the assistant begins its next utterance"),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn keys(text: &str) -> Result<String, clap::Error> {
    let is_key = |key: char| key.is_ascii_digit() || "*#ABCDabcd".contains(key);
    if !text.is_empty() && text.chars().all(is_key) {
        return Ok(text.to_owned());
    }
    Err(clap::Error::raw(
        ErrorKind::ValueValidation,
        "keys are 0-9, *, #, A-D",
    ))
}

/// Reads `1.5s`, `700ms`, `2m`, or a bare number of seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text {
        _ if text.ends_with("ms") => (&text[..text.len() - 2], 0.001),
        _ if text.ends_with('s') => (&text[..text.len() - 1], 1.0),
        _ if text.ends_with('m') => (&text[..text.len() - 1], 60.0),
        _ => (text, 1.0),
    };
    let seconds = number.trim().parse::<f64>().map(|number| number * unit);
    seconds
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| format!("{text:?} is no duration: write it as 1.5s, 700ms or 2m"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches;

    fn script(arguments: &[&str]) -> ScriptArguments {
        let command =
            <ScriptArguments as clap::Args>::augment_args(Command::new("call").no_binary_name(true));
        ScriptArguments::from_arg_matches(&command.try_get_matches_from(arguments).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn steps_keep_the_order_of_the_command_line() {
        let words = [
            "--dtmf",
            "1",
            "--at",
            "1.5s",
            "--dtmf",
            "2#",
            "--barge-in-after",
            "700ms",
            "--dtmf",
            "3",
        ];
        let steps = script(&words)
            .steps("en", SampleRate::HZ_16000, Line::Pcm)
            .await
            .unwrap();
        let pressed: Vec<(char, When)> = steps
            .iter()
            .map(|step| match step.act {
                Act::Press(key) => (key, step.when),
                Act::Say(_) => ('?', step.when),
            })
            .collect();
        let ms = Duration::from_millis;
        let expected = [
            ('1', When::AfterAssistant),
            ('2', When::At(ms(1500))),
            ('#', When::AfterPrevious(ms(250))),
            ('3', When::IntoNextUtterance(ms(700))),
        ];
        assert_eq!(pressed, expected);
    }

    #[tokio::test]
    async fn a_time_without_a_step_is_refused() {
        let alone = script(&["--at", "1s"])
            .steps("en", SampleRate::HZ_16000, Line::Pcm)
            .await;
        assert!(alone.unwrap_err().to_string().contains("come before"));
        let twice = script(&["--at", "1s", "--barge-in-after", "1s", "--dtmf", "1"]);
        assert!(twice.steps("en", SampleRate::HZ_16000, Line::Pcm).await.is_err());
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("700ms"), Ok(Duration::from_millis(700)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("3"), Ok(Duration::from_secs(3)));
        assert!(duration("-1s").is_err());
        assert!(duration("soon").is_err());
    }
}
