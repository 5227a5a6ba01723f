//! MO: mod_audio_stream, and mod_lua. They are looked at where a dialplan row hands calls to the script.

use super::script::not_used;
use super::switch::not_reached;
use super::{no_database, repair, unread};
use crate::dialplan::{Action, Carrier, number_of, read_one, secretary_rows};
use crate::{
    Code, DatabaseFacts, DialplanRow, Facts, Finding, Lang, LoadedModule, ModuleBuild, ModuleFacts, Text,
};

/// Its name for FreeSWITCH and FusionPBX.
pub(crate) const AUDIO_STREAM: &str = "mod_audio_stream";

const CODES: [Code; 9] = [
    Code::ModuleFileMissing,
    Code::ModuleNotLoaded,
    Code::ModuleNoAutoload,
    Code::ModuleGeneratedOnly,
    Code::ModuleUndefinedSymbols,
    Code::ModuleWrongVersion,
    Code::ModuleDangerousBuild,
    Code::ModuleNoTls,
    Code::ModuleNoPlayback,
];

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    if let Some(why) = not_used(facts) {
        let codes = CODES.into_iter().chain([Code::ModuleLua]);
        return codes.map(|code| Finding::skipped(code, why.clone())).collect();
    }
    let mut findings = match &facts.module {
        Err(why) => unread(&CODES, &why.0),
        Ok(module) => [
            vec![
                file(module),
                loaded(facts, module),
                autoload(module),
                generated(facts, module),
                symbols(facts, module),
                version(facts, module),
                build(module),
                tls(facts, module),
            ],
            playback(facts, module),
        ]
        .concat(),
    };
    findings.push(lua(facts));
    findings
}

/// What an operator does who has no build.
fn install() -> Text {
    Text::new(
        "install-mod-audio-stream.sh --module FILE.so",
        "install-mod-audio-stream.sh --module ARQUIVO.so",
    )
}

fn file(module: &ModuleFacts) -> Finding {
    let code = Code::ModuleFileMissing;
    let path = module.path.display();
    if module.present {
        return Finding::ok(code, Text::plain(path.to_string()));
    }
    Finding::fault(
        code,
        Text::new(
            format!("the dialplan hands calls to the script, and there is no {path}"),
            format!("o dialplan entrega chamadas ao script, e não existe {path}"),
        ),
        Text::new(
            "a build of mod_audio_stream there, or the leg `unicast`, which needs none",
            "uma compilação do mod_audio_stream ali, ou o modo `unicast`, que não precisa dele",
        ),
        Text::new(
            "install-mod-audio-stream.sh --module FILE.so, or voice-ai setup --leg unicast",
            "install-mod-audio-stream.sh --module ARQUIVO.so, ou voice-ai setup --leg unicast",
        ),
    )
}

fn loaded(facts: &Facts, module: &ModuleFacts) -> Finding {
    let code = Code::ModuleNotLoaded;
    let Some(running) = &facts.switch.running else {
        return Finding::skipped(code, not_reached(&facts.switch));
    };
    if running.modules.contains(&LoadedModule::AudioStream) {
        return Finding::ok(
            code,
            Text::new("mod_audio_stream is loaded", "o mod_audio_stream está carregado"),
        );
    }
    if !module.present {
        return Finding::skipped(code, no_file());
    }
    for (why, says) in [
        (Code::ModuleUndefinedSymbols, SYMBOL),
        (Code::ModuleWrongVersion, OUT_OF_DATE),
    ] {
        if line(module, says).is_some() {
            let why = Text::new(
                format!("FreeSWITCH cannot load it: see {why}"),
                format!("o FreeSWITCH não consegue carregá-lo: veja {why}"),
            );
            return Finding::skipped(code, why);
        }
    }
    Finding::fault(
        code,
        Text::new(
            "mod_audio_stream is not loaded",
            "o mod_audio_stream não está carregado",
        ),
        Text::plain("module_exists mod_audio_stream → true"),
        repair(code),
    )
}

fn autoload(module: &ModuleFacts) -> Finding {
    let code = Code::ModuleNoAutoload;
    if !module.in_file && !module.present {
        return Finding::skipped(code, no_file());
    }
    if module.in_file {
        return Finding::ok(
            code,
            Text::new(
                "modules.conf.xml loads it when FreeSWITCH starts",
                "modules.conf.xml o carrega quando o FreeSWITCH inicia",
            ),
        );
    }
    if module.conf.is_none() {
        return Finding::skipped(code, no_conf());
    }
    Finding::fault(
        code,
        Text::new(
            "modules.conf.xml does not load it: after the next start of FreeSWITCH calls fail",
            "modules.conf.xml não o carrega: após o próximo início do FreeSWITCH as chamadas falham",
        ),
        Text::plain("<load module=\"mod_audio_stream\"/>"),
        repair(code),
    )
}

fn no_conf() -> Text {
    Text::new(
        "modules.conf.xml could not be read",
        "modules.conf.xml não pôde ser lido",
    )
}

fn generated(facts: &Facts, module: &ModuleFacts) -> Finding {
    let code = Code::ModuleGeneratedOnly;
    let database = match &facts.database {
        Ok(database) => database,
        Err(_) => return Finding::skipped(code, no_database(facts)),
    };
    let row = database.modules.iter().find(|row| row.name == AUDIO_STREAM);
    if row.is_some_and(|row| row.enabled == Some(true)) {
        return Finding::ok(
            code,
            Text::new(
                "FusionPBX has the module enabled (v_modules)",
                "o FusionPBX tem o módulo habilitado (v_modules)",
            ),
        );
    }
    if module.conf.is_none() {
        return Finding::skipped(code, no_conf());
    }
    if !module.in_file {
        return Finding::skipped(
            code,
            Text::new(
                "modules.conf.xml does not have it either",
                "modules.conf.xml também não o tem",
            ),
        );
    }
    Finding::warning(
        code,
        Text::new(
            "modules.conf.xml loads it, and FusionPBX, which generates that file, does not know: the line goes with its next upgrade",
            "modules.conf.xml o carrega, e o FusionPBX, que gera esse arquivo, não sabe: a linha some na próxima atualização",
        ),
        Text::new(
            "mod_audio_stream enabled in v_modules (Advanced > Modules)",
            "mod_audio_stream habilitado em v_modules (Avançado > Módulos)",
        ),
        repair(code),
    )
}

/// What FreeSWITCH's log says of a library or a function that is not there (ld.so's words).
const SYMBOL: &[&str] = &["undefined symbol", "cannot open shared object file"];
/// switch_loadable_module.c of 1.10.12: "Trying to load an out of date module, please rebuild the module."
const OUT_OF_DATE: &[&str] = &["out of date module"];

/// The last line of the log that says it.
fn line<'a>(module: &'a ModuleFacts, says: &[&str]) -> Option<&'a String> {
    module
        .log
        .iter()
        .rev()
        .find(|line| says.iter().any(|text| line.contains(text)))
}

/// What FreeSWITCH's log complains of, of loading the module; `Err` is what is said where it does not. What it says of a module that is loaded
/// by now is past.
fn complaint(code: Code, facts: &Facts, module: &ModuleFacts, says: &[&str]) -> Result<String, Box<Finding>> {
    let running = facts.switch.running.as_ref();
    let is_loaded = running.is_some_and(|running| running.modules.contains(&LoadedModule::AudioStream));
    let complaint = line(module, says).filter(|_| module.present);
    match complaint {
        _ if is_loaded => Err(Box::new(Finding::ok(
            code,
            Text::new("FreeSWITCH has loaded it", "o FreeSWITCH o carregou"),
        ))),
        Some(complaint) => Ok(complaint.clone()),
        None if !module.present => Err(Box::new(Finding::skipped(code, no_file()))),
        None => Err(Box::new(Finding::skipped(
            code,
            Text::new(
                "FreeSWITCH's log tells nothing of it",
                "o log do FreeSWITCH não diz nada sobre isso",
            ),
        ))),
    }
}

fn no_file() -> Text {
    Text::new("there is no file: see MO-01", "não há arquivo: veja MO-01")
}

fn symbols(facts: &Facts, module: &ModuleFacts) -> Finding {
    let code = Code::ModuleUndefinedSymbols;
    let complaint = match complaint(code, facts, module, SYMBOL) {
        Ok(complaint) => complaint,
        Err(none) => return *none,
    };
    Finding::fault(
        code,
        Text::plain(complaint),
        Text::new(
            "a build for this FreeSWITCH, with all its libraries",
            "uma compilação para este FreeSWITCH, com todas as bibliotecas",
        ),
        Text::new(
            format!(
                "ldd -r {} tells which; then {}",
                module.path.display(),
                install().in_lang(Lang::En)
            ),
            format!(
                "ldd -r {} mostra quais; depois {}",
                module.path.display(),
                install().in_lang(Lang::PtBr)
            ),
        ),
    )
}

fn version(facts: &Facts, module: &ModuleFacts) -> Finding {
    let code = Code::ModuleWrongVersion;
    let complaint = match complaint(code, facts, module, OUT_OF_DATE) {
        Ok(complaint) => complaint,
        Err(none) => return *none,
    };
    Finding::fault(
        code,
        Text::plain(complaint),
        Text::new(
            "a build against the headers of this FreeSWITCH",
            "uma compilação com os cabeçalhos deste FreeSWITCH",
        ),
        install(),
    )
}

fn build(module: &ModuleFacts) -> Finding {
    let code = Code::ModuleDangerousBuild;
    let Some(build) = module.build else {
        return Finding::skipped(code, no_file());
    };
    let found = Text::plain(match build {
        ModuleBuild::Amigniter => "amigniter/mod_audio_stream",
        ModuleBuild::Sptmru => "sptmru/freeswitch_mod_audio_stream",
        ModuleBuild::Closed => "mod_audio_stream 1.0.3",
        ModuleBuild::Unknown => "mod_audio_stream (?)",
    });
    if build != ModuleBuild::Sptmru {
        return Finding::ok(code, found);
    }
    Finding::warning(
        code,
        Text::new(
            "the build of sptmru: certain messages of a server crash FreeSWITCH, and it does not resample. voice-ai-realtime sends none of \
             those; another server might",
            "a compilação do sptmru: certas mensagens de um servidor derrubam o FreeSWITCH, e ela não reamostra. O voice-ai-realtime não \
             envia nenhuma delas; outro servidor poderia",
        ),
        Text::new(
            "the build of amigniter, or the leg `unicast`",
            "a compilação do amigniter, ou o modo `unicast`",
        ),
        Text::new(
            "voice-ai setup --leg unicast, or install-mod-audio-stream.sh --module FILE.so",
            "voice-ai setup --leg unicast, ou install-mod-audio-stream.sh --module ARQUIVO.so",
        ),
    )
}

/// The leg `raw` sends binary frames, which the open builds drop without a word: the caller hears nothing (measured).
fn playback(facts: &Facts, module: &ModuleFacts) -> Vec<Finding> {
    let code = Code::ModuleNoPlayback;
    let rows = facts.database.as_ref().map_or_else(|_| Vec::new(), raw_rows);
    if rows.is_empty() {
        let none = Text::new(
            "no row wants the leg `raw`, which needs mod_audio_stream 1.0.3",
            "nenhuma linha pede o modo `raw`, que precisa do mod_audio_stream 1.0.3",
        );
        return vec![Finding::ok(code, none)];
    }
    let build = match module.build {
        None => return vec![Finding::skipped(code, no_file())],
        Some(ModuleBuild::Closed | ModuleBuild::Unknown) => {
            return vec![Finding::ok(
                code,
                Text::new("the build may play it", "a compilação pode tocá-lo"),
            )];
        }
        Some(ModuleBuild::Amigniter) => "amigniter",
        Some(ModuleBuild::Sptmru) => "sptmru",
    };
    let fault = |row: &DialplanRow, database: &DatabaseFacts| {
        let number = number_of(row, database).unwrap_or_else(|| "?".to_owned());
        let setup = format!(
            "voice-ai setup --domain {} --extension {number} --leg",
            row.context
        );
        let finding = Finding::fault(
            code,
            Text::new(
                format!(
                    "the row wants the leg `raw`, and the build of {build} plays no binary frames: callers hear nothing"
                ),
                format!(
                    "a linha pede o modo `raw`, e a compilação do {build} não toca quadros binários: quem liga não ouve nada"
                ),
            ),
            Text::new(
                "the leg `unicast` or `file`, or mod_audio_stream 1.0.3",
                "o modo `unicast` ou `file`, ou o mod_audio_stream 1.0.3",
            ),
            Text::new(
                format!("{setup} unicast, or {setup} file"),
                format!("{setup} unicast, ou {setup} file"),
            ),
        );
        let subject = format!("{} {number}@{}", row.name, row.context);
        finding.about(subject).of_row(row.uuid)
    };
    let Ok(database) = &facts.database else {
        return Vec::new();
    };
    rows.into_iter().map(|row| fault(row, database)).collect()
}

/// The rows that have the script ask for the leg `raw`.
fn raw_rows(database: &DatabaseFacts) -> Vec<&DialplanRow> {
    let is_raw = |row: &&DialplanRow| {
        let meaning = row.xml.as_deref().and_then(|xml| read_one(xml).ok());
        row.enabled
            && meaning.is_some_and(|meaning| {
                let is_script = |action: &Action| Carrier::of(action) == Some(Carrier::Script);
                meaning.variable_before(is_script, "voice_ai_leg") == Some("raw")
            })
    };
    secretary_rows(database).filter(is_raw).collect()
}

fn tls(facts: &Facts, module: &ModuleFacts) -> Finding {
    let code = Code::ModuleNoTls;
    match (facts.service.tls, module.tls) {
        (false, _) => Finding::ok(
            code,
            Text::new("streams come by ws://", "os streams chegam por ws://"),
        ),
        (true, Some(true)) => Finding::ok(
            code,
            Text::new(
                "streams come by wss://, and the module has TLS",
                "os streams chegam por wss://, e o módulo tem TLS",
            ),
        ),
        (true, None) if !module.present => Finding::skipped(code, no_file()),
        (true, None) => Finding::skipped(
            code,
            Text::new(
                "whether the module has TLS could not be told",
                "não foi possível saber se o módulo tem TLS",
            ),
        ),
        (true, Some(false)) => Finding::fault(
            code,
            Text::new(
                "the service wants wss:// (server.tls), and the module was built without TLS",
                "o serviço exige wss:// (server.tls), e o módulo foi compilado sem TLS",
            ),
            Text::new(
                "a build with TLS (amigniter: -DUSE_TLS=ON), or no server.tls on the same machine",
                "uma compilação com TLS (amigniter: -DUSE_TLS=ON), ou sem server.tls na mesma máquina",
            ),
            install(),
        ),
    }
}

fn lua(facts: &Facts) -> Finding {
    let code = Code::ModuleLua;
    let Some(running) = &facts.switch.running else {
        return Finding::skipped(code, not_reached(&facts.switch));
    };
    if running.modules.contains(&LoadedModule::Lua) {
        return Finding::ok(code, Text::new("mod_lua is loaded", "o mod_lua está carregado"));
    }
    Finding::fault(
        code,
        Text::new("mod_lua is not loaded", "o mod_lua não está carregado"),
        Text::plain("module_exists mod_lua → true"),
        repair(code),
    )
}
