//! `voice-ai secretaries`, and a server that reads them again.

use crate::server::voice_ai;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

const NORTH: &str = "11111111-2222-4333-8444-000000000001";

/// Two domains, and a secretary named "front" and one more in each.
struct Office {
    folder: tempfile::TempDir,
}

impl Office {
    fn open() -> Self {
        let office = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(office.files()).unwrap();
        let config = format!(
            "[stt]\nmodel = \"\"\n[secretaries]\ndir = {:?}\n\
             [[domains]]\nuuid = \"{NORTH}\"\nname = \"north.example\"\ndefault_secretary = \"front\"\ntimezone = \"America/Recife\"\n\
             [[domains]]\nuuid = \"11111111-2222-4333-8444-000000000002\"\nname = \"south.example\"\ndefault_secretary = \"front\"\n",
            office.files()
        );
        fs::write(office.config(), config).unwrap();
        for (file, domain, name, number) in [
            ("a", "north.example", "front", "2001"),
            ("b", "north.example", "nights", "2002"),
            ("c", "south.example", "front", "3001"),
            ("d", "south.example", "secret-of-south", "3002"),
        ] {
            let text = secretary(domain, name, number);
            fs::write(office.files().join(format!("{file}.toml")), text).unwrap();
        }
        office
    }

    fn files(&self) -> PathBuf {
        self.folder.path().join("secretaries")
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("voice-ai.toml")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = voice_ai(&["secretaries"]);
        command.args(arguments).arg("--config").arg(self.config());
        command.stdin(Stdio::null()).output().unwrap()
    }

    fn answered(&self, arguments: &[&str], answers: &str) -> Output {
        let mut command = voice_ai(&["secretaries", "new"]);
        command.args(arguments).arg("--config").arg(self.config());
        let mut process = command
            .env("LANG", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        process
            .stdin
            .take()
            .unwrap()
            .write_all(answers.as_bytes())
            .unwrap();
        process.wait_with_output().unwrap()
    }
}

fn secretary(domain: &str, name: &str, number: &str) -> String {
    format!(
        "domain = {domain:?}\nname = {name:?}\nlanguage = \"en\"\nengine = \"loopback\"\n\
         greeting = {{ text = \"Hello from {domain}.\" }}\n\
         phrases = {{ reprompts = [], farewell = \"\", apology = \"\", backchannels = [] }}\n\
         [[destinations]]\nname = \"sales\"\naliases = [\"shop\"]\nnumber = {number:?}\n"
    )
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_domain_s_secretaries_are_listed_and_no_other_s() {
    let office = Office::open();
    for domain in ["north.example", NORTH] {
        let output = office.run(&["list", "--domain", domain]);
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        let text = out(&output);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(
            lines[1].starts_with("* front ") && lines[2].starts_with("  nights "),
            "{text}"
        );
        assert!(!text.contains("south"), "{text}");
    }
    let unnamed = office.run(&["list"]);
    assert_eq!(unnamed.status.code(), Some(1));
    assert!(out(&unnamed).is_empty());
    let told = errors(&unnamed);
    assert!(
        told.contains("--domain") && told.contains("north.example") && told.contains("south.example"),
        "{told}"
    );
    assert!(!told.contains("secret-of-south"), "{told}");
}

#[test]
fn a_secretary_of_another_domain_is_not_shown_nor_named() {
    let office = Office::open();
    let shown = office.run(&["show", "front", "--domain", "north.example"]);
    let text = out(&shown);
    assert!(
        text.contains("Hello from north.example.") && text.contains("2001"),
        "{text}"
    );
    assert!(!text.contains("3001") && !text.contains("south"), "{text}");
    let other = office.run(&["show", "secret-of-north", "--domain", "north.example"]);
    assert_eq!(other.status.code(), Some(1));
    let told = errors(&other);
    assert!(
        told.contains("use one of front, nights") && !told.contains("south"),
        "{told}"
    );
    let near = errors(&office.run(&["show", "night", "--domain", "north.example"]));
    assert!(near.contains("did you mean \"nights\"?"), "{near}");
}

#[test]
fn what_is_listed_and_shown_is_json_too() {
    let office = Office::open();
    let listed = office.run(&["list", "--json", "--domain", "north.example"]);
    let all: serde_json::Value = serde_json::from_str(&out(&listed)).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert_eq!(
        (&all[0]["name"], &all[0]["default"]),
        (&"front".into(), &true.into())
    );
    let shown = office.run(&["show", "nights", "--json", "--domain", "north.example"]);
    let one: serde_json::Value = serde_json::from_str(&out(&shown)).unwrap();
    assert_eq!(one["domain"]["uuid"], NORTH);
    assert_eq!(one["destinations"][0]["aliases"][0], "shop");
    assert_eq!(one["privacy"]["recording"], "off");
}

#[test]
fn check_tells_every_fault_of_every_file_with_code_2_and_list_tells_none_of_another_domain() {
    let office = Office::open();
    let good = office.run(&["check"]);
    assert_eq!(
        (good.status.code(), out(&good).as_str()),
        (Some(0), "ok\n"),
        "{}",
        errors(&good)
    );
    let bad = secretary("south.example", "bad", "30 03").replace("engine =", "engin =");
    fs::write(office.files().join("e.toml"), bad).unwrap();
    fs::write(office.files().join("f.toml"), "name = \"x\"\n[").unwrap();
    for path in [None, Some(office.files())] {
        let path = path.map(|path| path.display().to_string());
        let mut arguments = vec!["check"];
        arguments.extend(path.as_deref());
        let output = office.run(&arguments);
        assert_eq!(output.status.code(), Some(2));
        let told = errors(&output);
        for fault in [
            "e.toml, line 1: the brain \"script\" has no script",
            "e.toml, line 4: unknown key `engin`; did you mean \"engine\"?",
            "e.toml, line 10: \"30 03\" has characters that no number has; write it as it is dialled, as number = \"3003\"",
            "f.toml, line 2: ",
        ] {
            assert!(told.contains(fault), "no {fault:?} in {told}");
        }
    }
    let one = office.files().join("c.toml").display().to_string();
    assert_eq!(out(&office.run(&["check", &one])), "ok\n");
    let listed = office.run(&["list", "--domain", "north.example"]);
    assert_eq!(listed.status.code(), Some(2));
    let told = errors(&listed);
    assert!(
        told.contains("secretaries check") && !told.contains("e.toml") && !told.contains("3003"),
        "{told}"
    );
}

#[test]
fn a_script_that_does_not_load_is_a_fault() {
    let office = Office::open();
    let text =
        secretary("north.example", "talker", "1").replace("engine = \"loopback\"", "script = \"talk.yaml\"");
    fs::write(office.files().join("t.toml"), text).unwrap();
    let missing = errors(&office.run(&["check"]));
    assert!(
        missing.contains("talker") && missing.contains("talk.yaml"),
        "{missing}"
    );
    fs::write(office.files().join("talk.yaml"), "language: en\nstrat: x\n").unwrap();
    let broken = office.run(&["check", &office.files().join("t.toml").display().to_string()]);
    assert_eq!(broken.status.code(), Some(2));
    assert!(
        errors(&broken).contains("talk.yaml, line 2"),
        "{}",
        errors(&broken)
    );
}

#[test]
fn a_new_secretary_is_asked_for_and_is_good() {
    let office = Office::open();
    let answers = "pt-BR\nÁgua & Luz \"Ltda.\" \\ Filhos\nrecepção\nnowhere\nnorth.example\n8h\n08:00-12:00, 13:00-18:00\n\
                   09:00-12:00\n\nfinanceiro 2001\nFinanceiro 2002\nsuporte técnico 2002\nsem numero\n\nBom dia!\n";
    let output = office.answered(&[], answers);
    let told = errors(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    for question in [
        "The company's name [My Company]: ",
        "(north.example, south.example): ",
        "Time zone [America/Recife]: ",
    ] {
        assert!(told.contains(question), "no {question:?} in {told}");
    }
    for refused in [
        "\"nowhere\" is no configured domain",
        "\"8h\" is no span",
        "a \"Financeiro\" already",
        "\"sem numero\" is no name",
    ] {
        assert!(told.contains(refused), "no {refused:?} in {told}");
    }
    let file = office.files().join("recepcao.toml");
    assert_eq!(out(&output).lines().next().unwrap(), file.display().to_string());
    let checked = office.run(&["check"]);
    assert_eq!(out(&checked), "ok\n", "{}", errors(&checked));
    let shown = office.run(&["show", "recepção", "--json", "--domain", "north.example"]);
    let one: serde_json::Value = serde_json::from_str(&out(&shown)).unwrap();
    assert_eq!(one["greeting"]["text"], "Bom dia!");
    assert_eq!(one["hours"]["timezone"], "America/Recife");
    assert_eq!(one["hours"]["week"]["saturday"][0], "09:00-12:00");
    assert_eq!(one["fallback"], "financeiro");
    assert_eq!(one["destinations"][1]["name"], "suporte técnico");
    assert!(
        one["persona"]
            .as_str()
            .unwrap()
            .contains("Água & Luz \"Ltda.\" \\ Filhos"),
        "{one}"
    );
}

#[test]
fn questions_are_asked_in_the_language_of_the_machine_or_of_the_option() {
    let office = Office::open();
    let option = office.answered(
        &["--lang", "pt-BR", "--domain", "north.example", "--name", "um"],
        "",
    );
    assert!(
        errors(&option).contains("Nome da empresa [Minha Empresa]: "),
        "{}",
        errors(&option)
    );
    let mut command = voice_ai(&[
        "secretaries",
        "new",
        "--domain",
        "north.example",
        "--name",
        "dois",
        "--config",
    ]);
    command
        .arg(office.config())
        .env("LANG", "pt_BR.UTF-8")
        .stdin(Stdio::null());
    let machine = command.output().unwrap();
    assert!(
        errors(&machine).contains("Nome da empresa"),
        "{}",
        errors(&machine)
    );
}

#[test]
fn refusals_are_in_the_language_of_the_questions_and_name_their_option() {
    let office = Office::open();
    let answers = "fr\npt-BR\n\n\nnowhere\nnorth.example\n8h\n\n\nMars/Base\n\nsem numero\nana +1 555 1234\nana +5511987654321\nAna 2\n\n\n";
    let output = office.answered(&["--lang", "pt-BR"], answers);
    let told = errors(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    for refused in [
        "\"fr\" não é um idioma",
        "\"nowhere\" não é um domínio",
        "\"8h\" não é um horário",
        "\"Mars/Base\" não é um fuso",
        "\"sem numero\" não é um nome",
        "sem espaços",
        "já existe \"Ana\"",
    ] {
        assert!(told.contains(refused), "no {refused:?} in {told}");
    }
    let file = fs::read_to_string(office.files().join("recepcao.toml")).unwrap();
    assert!(
        file.contains("kind = \"external\"\nnumber = \"+5511987654321\""),
        "{file}"
    );
    let nameless = errors(&office.run(&["new", "--yes", "--domain", NORTH, "--name", ""]));
    assert!(nameless.contains("--name: Write something."), "{nameless}");
    let elsewhere = office.folder.path().join("elsewhere.toml").display().to_string();
    let within = office.files().join("north/within.toml").display().to_string();
    for (out, is_read) in [(elsewhere, false), (within, true)] {
        let name = if is_read { "within" } else { "elsewhere" };
        let output = office.run(&[
            "new", "--yes", "--lang", "en", "--domain", NORTH, "--name", name, "--out", &out,
        ]);
        let told = errors(&output);
        assert_eq!(output.status.code(), Some(0), "{told}");
        assert_eq!(told.contains("The server will not read"), !is_read, "{told}");
    }
}

#[test]
fn options_are_answers_and_nothing_is_overwritten() {
    let office = Office::open();
    for language in ["en", "pt-BR"] {
        let name = format!("desk-{}", &language[..2]);
        let arguments = [
            "new",
            "--yes",
            "--lang",
            language,
            "--domain",
            NORTH,
            "--name",
            &name,
            "--hours",
            "always",
            "--destination",
            "billing 2001",
            "--destination",
            "front desk *98",
        ];
        let output = office.run(&arguments);
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
        let again = office.run(&arguments);
        assert_eq!(again.status.code(), Some(1));
        assert!(errors(&again).contains("already"), "{}", errors(&again));
    }
    assert_eq!(out(&office.run(&["check"])), "ok\n");
    let file = office.files().join("desk-en.toml");
    let before = fs::read_to_string(&file).unwrap();
    let path = file.display().to_string();
    let other = office.run(&[
        "new", "--yes", "--domain", NORTH, "--name", "other", "--out", &path,
    ]);
    assert_eq!(other.status.code(), Some(1));
    assert!(
        errors(&other).contains("is there already and is not overwritten"),
        "{}",
        errors(&other)
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    let nowhere = office.run(&["new", "--yes", "--name", "x"]);
    assert_eq!(
        nowhere.status.code(),
        Some(1),
        "several domains, and none is named"
    );
    assert!(
        errors(&nowhere).contains("--domain): north.example, south.example"),
        "{}",
        errors(&nowhere)
    );
    let wrong = office.run(&[
        "new",
        "--yes",
        "--domain",
        NORTH,
        "--name",
        "x",
        "--timezone",
        "Mars/Base",
    ]);
    assert!(
        errors(&wrong).contains("\"Mars/Base\" is no time zone"),
        "{}",
        errors(&wrong)
    );
}

/// Reads a log up to a line with this text.
fn until(log: &mut impl BufRead, text: &str) -> String {
    loop {
        let mut line = String::new();
        assert!(
            log.read_line(&mut line).unwrap() > 0,
            "the log ended without {text:?}"
        );
        if line.contains(text) {
            return line;
        }
    }
}

#[test]
fn sighup_reads_them_again() {
    let office = Office::open();
    let mut server = voice_ai(&["serve", "--config"])
        .arg(office.config())
        .env("VOICE_AI__SERVER__LISTEN", "127.0.0.1:0")
        .env("VOICE_AI__SERVER__CONTROL", "127.0.0.1:0")
        .env("VOICE_AI__SECRETARIES__RELOAD_SECONDS", "0")
        .env("VOICE_AI__DATA__DIR", office.folder.path().join("data"))
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(server.stderr.take().unwrap());
    until(&mut log, "ready");
    until(&mut log, "try it");
    let file = office.files().join("a.toml");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, good.replace("greeting", "greting")).unwrap();
    hang_up(server.id());
    let told = until(&mut log, "ERROR");
    assert!(
        told.contains("a.toml, line") && told.contains("greeting"),
        "{told}"
    );
    fs::write(&file, good.replace("Hello", "Good morning")).unwrap();
    hang_up(server.id());
    until(&mut log, "new calls have them");
    server.kill().unwrap();
    server.wait().unwrap();
}

fn hang_up(process: u32) {
    let sent = std::process::Command::new("kill")
        .args(["-HUP", &process.to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

#[test]
fn the_samples_pass_their_own_check() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    for sample in ["provedor.toml", "isp.toml"] {
        let output = voice_ai(&["secretaries", "check"])
            .arg(samples.join(sample))
            .output()
            .unwrap();
        assert_eq!(out(&output), "ok\n", "{}", errors(&output));
    }
}
