//! From words to the numbers of a Piper voice.

use super::super::TtsError;
use std::collections::HashMap;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use unicode_normalization::UnicodeNormalization;

/// How long espeak-ng may take; it usually takes 10 ms.
const PATIENCE: Duration = Duration::from_secs(10);

/// A voice's phonemes: each code point of the IPA and some punctuation has one or more numbers.
pub(super) struct Phonemes {
    ids: HashMap<char, Vec<i32>>,
    pad: i32,
    begin: i32,
    end: i32,
}

impl Phonemes {
    /// The `phoneme_id_map` of a voice. Keys of more than one code point belong to other alphabets and are left out.
    pub(super) fn new(map: &HashMap<String, Vec<i32>>) -> Result<Self, String> {
        let mark = |key: &str| {
            let first = map.get(key).and_then(|ids| ids.first()).copied();
            first.ok_or_else(|| format!("phoneme_id_map has no {key:?}"))
        };
        let (pad, begin, end) = (mark("_")?, mark("^")?, mark("$")?);
        let single = |(key, ids): (&String, &Vec<i32>)| {
            let mut chars = key.chars();
            chars
                .next()
                .filter(|_| chars.next().is_none())
                .map(|c| (c, ids.clone()))
        };
        Ok(Self {
            ids: map.iter().filter_map(single).collect(),
            pad,
            begin,
            end,
        })
    }

    /// `^ _ p _ h _ … $`: a pad behind each, as Piper was trained. What the voice does not know is left out.
    pub(super) fn ids(&self, phonemes: &str) -> Vec<i32> {
        let known = phonemes
            .nfd()
            .filter_map(|phoneme| self.ids.get(&phoneme))
            .flatten();
        let mut ids = vec![self.begin, self.pad];
        ids.extend(known.flat_map(|&id| [id, self.pad]));
        ids.push(self.end);
        ids
    }
}

/// The phonemes of a text by `espeak-ng`, one process a text, with the text's punctuation, which Piper's intonation needs.
pub(super) async fn phonemize(program: &str, voice: &str, text: &str) -> Result<String, TtsError> {
    let mut child = Command::new(program)
        .args(["-q", "--ipa", "--stdin", "-b", "1", "-v", voice])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| TtsError::Program {
            program: program.into(),
            reason: e.to_string(),
        })?;
    if let Some(mut stdin) = child.stdin.take() {
        // If it ends before it has read, its status says so.
        let _ = stdin.write_all(text.as_bytes()).await;
    }
    let ended = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
    let output = ended
        .map_err(|_| TtsError::Failed(format!("{program} said nothing for {} s", PATIENCE.as_secs())))?
        .map_err(|e| TtsError::Failed(format!("{program}: its pipe broke: {e}")))?;
    if !output.status.success() {
        let message = format!(
            "{program} found no phonemes with voice {voice:?}: it ended with {}",
            output.status
        );
        return Err(TtsError::Failed(message));
    }
    Ok(punctuate(&String::from_utf8_lossy(&output.stdout), text))
}

/// Puts the text's punctuation behind the clauses, one a line, in which espeak-ng (1.51) gives phonemes. Where it cut the
/// text at other places than its marks ("Mr. Smith"), only the last mark is certain.
fn punctuate(lines: &str, text: &str) -> String {
    let clauses: Vec<_> = lines
        .lines()
        .map(|line| without_switches(line.trim()))
        .filter(|c| !c.is_empty())
        .collect();
    let marks = marks(text);
    let last = marks.last().copied().unwrap_or('.');
    let certain = marks.len() == clauses.len();
    let mut phonemes = String::new();
    for (at, clause) in clauses.iter().enumerate() {
        let mark = match marks.get(at) {
            Some(&mark) if certain => mark,
            _ if at + 1 == clauses.len() => last,
            _ => ',',
        };
        phonemes.extend([if at == 0 { "" } else { " " }, clause]);
        phonemes.push(mark);
    }
    phonemes
}

/// The marks that end a clause: those before white space or the end, and a full stop where the text ends without one.
fn marks(text: &str) -> Vec<char> {
    let words = text.split_whitespace();
    let mut marks: Vec<_> = words
        .clone()
        .filter_map(|word| word.chars().next_back().and_then(mark))
        .collect();
    if words
        .last()
        .and_then(|word| word.chars().next_back())
        .and_then(mark)
        .is_none()
    {
        marks.push('.');
    }
    marks
}

fn mark(c: char) -> Option<char> {
    match c {
        '.' | ',' | ';' | ':' | '!' | '?' => Some(c),
        '…' => Some('.'),
        _ => None,
    }
}

/// Without the `(en)` and `(pt-br)` by which espeak-ng tells that it reads a word in another language.
fn without_switches(line: &str) -> String {
    let mut rest = line;
    let mut kept = String::with_capacity(line.len());
    while let Some((before, from)) = rest.split_once('(') {
        kept.push_str(before);
        rest = match from.split_once(')') {
            Some((language, after)) if language.chars().all(|c| c.is_ascii_lowercase() || c == '-') => after,
            _ => from,
        };
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_between_pads_and_strangers_are_left_out() {
        let pairs = [
            ("_", 0),
            ("^", 1),
            ("$", 2),
            ("a", 14),
            ("\u{303}", 141),
            (".", 10),
        ];
        let map = pairs
            .iter()
            .map(|&(key, id)| (key.to_owned(), vec![id]))
            .collect();
        let phonemes = Phonemes::new(&map).unwrap();
        assert_eq!(
            phonemes.ids("ã€."),
            [1, 0, 14, 0, 141, 0, 10, 0, 2],
            "ã is a and a tilde"
        );
        assert_eq!(phonemes.ids(""), [1, 0, 2]);
        assert!(Phonemes::new(&HashMap::new()).is_err_and(|reason| reason.contains("\"_\"")));
    }

    #[test]
    fn marks_go_where_the_clauses_end() {
        assert_eq!(punctuate("ola\nse'ɲor\n", "Olá, senhor!"), "ola, se'ɲor!");
        assert_eq!(punctuate("ola\n", "Olá"), "ola.");
        assert_eq!(punctuate("θɹiː pɔɪnt faɪv\n", "3.5?"), "θɹiː pɔɪnt faɪv?");
        assert_eq!(
            punctuate("mɪstɚ smɪθ\nhaɪ\n", "Mr. Smith, uh, hi?"),
            "mɪstɚ smɪθ, haɪ?"
        );
        assert_eq!(punctuate("\n", "…"), "");
    }

    #[test]
    fn language_switches_are_not_phonemes() {
        assert_eq!(
            without_switches("ũŋ (en)daʊnlˈoʊd(pt-br) sˈin"),
            "ũŋ daʊnlˈoʊd sˈin"
        );
        assert_eq!(without_switches("a(b"), "ab");
    }
}
