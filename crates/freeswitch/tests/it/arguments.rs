//! Values that would break out of a command are refused; what is taken comes out as the one argument that went in, by the rules by
//! which FreeSWITCH 1.10.12 takes a line apart (`switch_utils.c` `switch_separate_string`, `switch_event.c`
//! `switch_event_create_brackets`; the same values go through a real one in `whole.rs`).

use freeswitch::{
    Application, Command, ContextName, DialString, Extension, FilePath, Music, MusicName, VariableName,
    VariableValue,
};
use proptest::prelude::*;
use secretary::CallUuid;
use std::path::Path;
use std::time::Duration;

/// Values of callers' names, of secretaries and of a hostile mind.
pub(crate) const ODD_VALUES: [&str; 38] = [
    "",
    "Ana",
    "Jenny Cole",
    "José Ñandú ☎ 你好",
    "a  b",
    " a",
    "a ",
    "a=b",
    "a==b=",
    "-bleg",
    "+5511999990000",
    "#1*2",
    "50% off",
    "%24%7Bx%7D",
    "user@example.org",
    "(x)",
    "a&b",
    "&park()",
    "a/b",
    "a!b?",
    "a~b",
    "undef",
    "_undef_",
    "a:b",
    "a:_:b",
    "a|b",
    "a;b",
    "a,b",
    "^^:a",
    "ARRAY::a",
    "it's",
    "\"a\"",
    "a\\nb",
    "${hostname}",
    "a}b{c",
    "a[b]<c>",
    "a\nb",
    "a\r\n\r\nb",
];

const CALL: &str = "11111111-2222-4333-8444-555555555555";

fn call() -> CallUuid {
    CALL.parse().unwrap()
}

/// Takes a line apart at a character, quotes and backslashes as FreeSWITCH reads them.
fn apart(text: &str, at: char, most: usize) -> Vec<String> {
    let (mut pieces, mut piece, mut quoted, mut chars) = (Vec::new(), String::new(), false, text.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                piece.push(c);
                piece.extend(chars.next());
            }
            '\'' => {
                quoted = !quoted;
                piece.push(c);
            }
            c if c == at && !quoted && pieces.len() + 1 < most => {
                pieces.push(std::mem::take(&mut piece));
                if at == ' ' {
                    let rest = chars.as_str().trim_start_matches(' ');
                    chars = rest.chars();
                }
            }
            c => piece.push(c),
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces.iter().map(|piece| clean(piece)).collect()
}

/// A piece without its quotes, its escapes undone, and the blanks around it gone.
fn clean(piece: &str) -> String {
    let piece = piece.trim_start_matches(' ');
    let (mut clean, mut kept, mut quoted, mut chars) = (String::new(), 0, false, piece.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                clean.extend(chars.next());
                kept = clean.len();
            }
            '\'' => {
                quoted = !quoted;
                kept = clean.len();
            }
            c => {
                clean.push(c);
                if c != ' ' || quoted {
                    kept = clean.len();
                }
            }
        }
    }
    clean.truncate(kept);
    clean
}

/// The variables of a `{…}` and what comes after it.
fn brackets(text: &str) -> (Vec<(String, String)>, String) {
    let inside = text.strip_prefix('{').expect("it begins with variables");
    let end = inside.find('}').expect("the variables end");
    let variables = apart(&inside[..end], ',', 1024)
        .iter()
        .filter_map(|piece| match apart(piece, '=', 2).as_slice() {
            [name, value] => Some((name.clone(), value.clone())),
            _ => None,
        })
        .collect();
    (variables, inside[end + 1..].to_owned())
}

fn one_line(line: &str) {
    assert!(!line.contains(['\n', '\r', '\0']), "{line:?} is one line");
    assert!(!line.contains('$'), "{line:?} expands to nothing");
}

/// What is taken stays one argument of every command that it goes into.
fn stays_one(value: &VariableValue) {
    assert_eq!(VariableValue::parse(value.as_str()).as_ref(), Ok(value));
    let name = VariableName::parse("voice_ai_note").unwrap();
    let line = Command::SetVariable(call(), name.clone(), value.clone()).to_string();
    one_line(&line);
    let (command, arguments) = line.split_once(' ').unwrap();
    let mut parsed = apart(arguments, ' ', 3);
    parsed.resize(3, String::new());
    assert_eq!(command, "uuid_setvar");
    assert_eq!(parsed, [CALL, "voice_ai_note", value.as_str()]);

    let to = DialString::User {
        extension: Extension::parse("2001").unwrap(),
        domain: ContextName::parse("example.org").unwrap(),
    };
    let originate = Command::Originate {
        to: to.clone(),
        caller_number: value.clone(),
        caller_name: value.clone(),
        ring: Duration::from_secs(20),
        variables: vec![
            (name.clone(), value.clone()),
            (VariableName::parse("last").unwrap(), VariableValue::washed("1")),
        ],
    };
    let line = originate.to_string();
    one_line(&line);
    assert!(
        !line.contains(":_:") && !line.contains('|'),
        "{line:?} calls one end"
    );
    let arguments = apart(line.strip_prefix("originate ").unwrap(), ' ', 10);
    assert_eq!(arguments.len(), 2, "{arguments:?}");
    assert_eq!(arguments[1], "&park()");
    let (variables, rest) = brackets(&arguments[0]);
    assert_eq!(rest, "user/2001@example.org");
    let told = |name: &str| {
        variables
            .iter()
            .find(|(of, _)| of == name)
            .map_or("", |(_, is)| is.as_str())
    };
    for name in [
        "voice_ai_note",
        "origination_caller_id_name",
        "origination_caller_id_number",
    ] {
        assert_eq!(told(name), value.as_str(), "{name} in {line}");
    }
    assert_eq!((told("last"), told("originate_timeout")), ("1", "20"));
    assert_eq!(
        variables.len() + 3 * usize::from(value.as_str().is_empty()),
        6,
        "no other variable, least of all a UUID that all of somebody's phones would get: {variables:?}"
    );
}

#[test]
fn odd_values_are_refused_or_stay_one_argument() {
    let mut taken = 0;
    for text in ODD_VALUES {
        match VariableValue::parse(text) {
            Ok(value) => {
                taken += 1;
                stays_one(&value);
            }
            Err(error) => assert!(
                error.to_string().contains("cannot be a variable's value"),
                "{error}"
            ),
        }
        stays_one(&VariableValue::washed(text));
    }
    assert!(taken > 15, "names of people are taken: {taken}");
    for long in ["x".repeat(10_000), "é".repeat(10_000)] {
        assert!(VariableValue::parse(&long).is_err());
        stays_one(&VariableValue::washed(&long));
    }
    for name in ["Jenny Cole", "José Ñandú", "O.K. Ltda. (SP)", "Ana & Filhos"] {
        assert_eq!(VariableValue::washed(name).as_str(), name);
        assert_eq!(VariableValue::parse(name).unwrap().as_str(), name);
    }
    assert_eq!(VariableValue::washed(" O'Brien;\n${x} ").as_str(), "O Brien    x");
}

#[test]
fn the_error_says_what_would_be_right_and_not_all_that_was_wrong() {
    let error = VariableValue::parse(&"$".repeat(10_000)).unwrap_err();
    assert!(error.to_string().len() < 400, "{error}");
    let error = Extension::parse("20 01").unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"20 01\" cannot be dialled: use 1 to 64 letters, digits or * # + - _ . and no dash in front"
    );
}

#[test]
fn what_is_dialled_and_where_are_plain_words() {
    for hostile in [
        "",
        "-bleg",
        "2001 XML",
        "2001|2002",
        "2001,2002",
        "app=hangup",
        "20/01",
        "${x}",
        "2001\n",
        "'1'",
        "a\0",
    ] {
        assert!(Extension::parse(hostile).is_err(), "{hostile:?}");
    }
    for plain in ["2001", "*98", "+5511999990000", "#1", "a.b_c"] {
        assert_eq!(Extension::parse(plain).unwrap().as_str(), plain);
    }
    for hostile in ["", "-x", "a b", "a/b", "a:_:b", "a,b", "a|b", "${domain}", "a\nb"] {
        assert!(ContextName::parse(hostile).is_err(), "{hostile:?}");
    }
    assert_eq!(
        ContextName::parse("example.org:5080").unwrap().as_str(),
        "example.org:5080"
    );
}

#[test]
fn files_are_absolute_and_stay_where_they_are() {
    for hostile in [
        "a.wav",
        "/a/../b",
        "/a/..",
        "/../a",
        "/a b",
        "/a$b",
        "/a!b",
        "/a;b",
        "/a\n",
        "{x=y}/a",
        "shout://x/y",
    ] {
        assert!(FilePath::parse(Path::new(hostile)).is_err(), "{hostile:?}");
    }
    assert_eq!(
        FilePath::parse(Path::new("/tmp/a..b_1.r8")).unwrap().to_string(),
        "/tmp/a..b_1.r8"
    );
}

#[test]
fn music_is_one_of_a_few_things() {
    for hostile in ["", "a b", "../x", "a/..", "${x}", "a!b", "a\n", "/x"] {
        assert!(MusicName::parse(hostile).is_err(), "{hostile:?}");
    }
    let music = Music::LocalStream(MusicName::parse("example.org/default").unwrap());
    assert_eq!(music.to_string(), "local_stream://example.org/default");
    assert_eq!(Music::Silence.to_string(), "silence_stream://-1");
    let application = Application::HoldMusic(music);
    assert!(format!("{application:?}").contains("example.org"));
}

proptest! {
    #[test]
    fn any_value_is_refused_or_stays_one_argument(text in "\\PC{0,40}|[ '\"\\\\${}\\[\\]<>,^;|:_=&()a\\n\\r\\x00]{0,24}") {
        if let Ok(value) = VariableValue::parse(&text) {
            stays_one(&value);
        }
        stays_one(&VariableValue::washed(&text));
    }

    #[test]
    fn any_word_is_refused_or_stays_one_word(text in "\\PC{0,40}|[a-z0-9 '$/:_|,;@.*#+\\n-]{1,12}") {
        let words = [
            Extension::parse(&text).ok().map(|word| word.to_string()),
            ContextName::parse(&text).ok().map(|word| word.to_string()),
            VariableName::parse(&text).ok().map(|word| word.to_string()),
            MusicName::parse(&text).ok().map(|word| word.to_string()),
            FilePath::parse(Path::new(&text)).ok().map(|word| word.to_string()),
        ];
        for word in words.into_iter().flatten() {
            one_line(&word);
            prop_assert_eq!(&word, &text);
            prop_assert_eq!(apart(&word, ' ', 10), vec![text.clone()]);
            prop_assert_eq!(apart(&word, ',', 10), vec![text.clone()]);
            prop_assert!(!word.contains(":_:") && !word.contains('|'));
        }
    }
}
