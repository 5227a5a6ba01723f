//! SY: the machine, and where FusionPBX is.

use super::{no_fusionpbx, service_is_up};
use crate::survey::RECORDS;
use crate::{Code, Facts, Finding, Lang, PasswordCut, Text};
use std::path::Path;

/// Less than this free is nearly full: a day of recordings of a small tenant.
const DISK_LOW: u64 = 1 << 30;
/// Less than this free is full: PostgreSQL and FreeSWITCH stop writing.
const DISK_FULL: u64 = 100 << 20;
/// Clocks that differ by more make times in records and logs useless for comparing.
const CLOCK_WARNING_MS: u64 = 2_000;
/// Signed webhooks and certificates are refused when clocks differ by minutes.
const CLOCK_FAULT_MS: u64 = 60_000;
/// A call takes about six files; a service that may open fewer than this serves no hundred.
const FILES: u64 = 4_096;

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    vec![
        installation(facts),
        database(facts),
        password(facts),
        disk(facts),
        clock(facts),
        files(facts),
        second(facts),
    ]
}

fn installation(facts: &Facts) -> Finding {
    let code = Code::FusionPbxMissing;
    match &facts.system.installation {
        Ok(found) => {
            let config = found.config.display();
            Finding::ok(
                code,
                match facts.database.as_ref().map(|database| database.version.as_str()) {
                    Ok("?") => Text::new(
                        format!("FusionPBX, {config}; v_software does not tell its version"),
                        format!("FusionPBX, {config}; v_software não diz a versão"),
                    ),
                    Ok(version) => Text::plain(format!("FusionPBX {version}, {config}")),
                    Err(_) => Text::plain(format!("FusionPBX, {config}")),
                },
            )
        }
        Err(why) => Finding::fault(
            code,
            why.0.clone(),
            Text::new(
                "a FusionPBX with its config.conf on this machine",
                "um FusionPBX com seu config.conf nesta máquina",
            ),
            Text::new(
                "run this on the machine of FusionPBX, or give --root where its file system is mounted",
                "execute na máquina do FusionPBX, ou indique com --root onde o sistema de arquivos dela está montado",
            ),
        ),
    }
}

fn database(facts: &Facts) -> Finding {
    let code = Code::DatabaseRefused;
    match (&facts.database, &facts.system.installation) {
        (Ok(database), _) => Finding::ok(code, {
            let domains = Text::counted(
                database.domains.len(),
                ["domain", "domains"],
                ["domínio", "domínios"],
            );
            let rows = Text::counted(
                database.dialplans.len(),
                ["dialplan row", "dialplan rows"],
                ["linha de dialplan", "linhas de dialplan"],
            );
            Text::new(
                format!(
                    "the database answers: {}, {}",
                    domains.in_lang(Lang::En),
                    rows.in_lang(Lang::En)
                ),
                format!(
                    "o banco de dados responde: {}, {}",
                    domains.in_lang(Lang::PtBr),
                    rows.in_lang(Lang::PtBr)
                ),
            )
        }),
        (Err(_), Err(_)) => Finding::skipped(code, no_fusionpbx()),
        (Err(why), Ok(installation)) => Finding::fault(
            code,
            why.0.clone(),
            Text::new(
                format!("the database of {} answers", installation.config.display()),
                format!("o banco de dados de {} responde", installation.config.display()),
            ),
            Text::new(
                format!(
                    "systemctl status postgresql; then compare database.0.* in {}",
                    installation.config.display()
                ),
                format!(
                    "systemctl status postgresql; depois confira database.0.* em {}",
                    installation.config.display()
                ),
            ),
        ),
    }
}

fn password(facts: &Facts) -> Finding {
    let code = Code::PasswordCut;
    let Ok(installation) = &facts.system.installation else {
        return Finding::skipped(code, no_fusionpbx());
    };
    let Some(cut) = installation.password_cut else {
        return Finding::ok(
            code,
            Text::new(
                "pages and calls read the same database password",
                "páginas e chamadas leem a mesma senha do banco",
            ),
        );
    };
    let config = installation.config.display();
    let found = match cut {
        PasswordCut::Sign(sign) => of_sign(sign, &config.to_string()),
        PasswordCut::Files => Text::new(
            format!(
                "{config} and config.lua have different database passwords: pages use the first, calls the second"
            ),
            format!(
                "{config} e config.lua têm senhas do banco diferentes: as páginas usam a primeira, as chamadas a segunda"
            ),
        ),
    };
    Finding::fault(
        code,
        found,
        Text::new(
            "a password of letters, digits and -_.:,@%*/+ without quotes around it",
            "uma senha de letras, números e -_.:,@%*/+ sem aspas em volta",
        ),
        Text::new(
            format!(
                "ALTER ROLE … PASSWORD '…' in PostgreSQL, then the same in database.0.password of {config}"
            ),
            format!(
                "ALTER ROLE … PASSWORD '…' no PostgreSQL, depois a mesma em database.0.password de {config}"
            ),
        ),
    )
}

/// What the two readers make of a sign. PHP takes quotes and what follows a `;` away; Lua cuts at the second `=`, keeps the rest, and
/// pastes it into a connection string of libpq's, which ends a value at a space and takes `\\` for a mark.
fn of_sign(sign: char, config: &str) -> Text {
    let (en, pt_br) = match sign {
        '=' => (
            "the pages read it whole, calls up to there",
            "as páginas a leem inteira, as chamadas só até ali",
        ),
        ';' => (
            "the pages read it up to there, calls whole",
            "as páginas a leem só até ali, as chamadas inteira",
        ),
        '"' => (
            "the pages leave quotes out, calls take them for a part of it",
            "as páginas retiram as aspas, as chamadas as tomam como parte dela",
        ),
        '\\' => (
            "the pages keep it, calls lose it",
            "as páginas a mantêm, as chamadas a perdem",
        ),
        '\'' => (
            "pages and calls do not end it at the same quote",
            "páginas e chamadas não a terminam na mesma aspa",
        ),
        _ => (
            "the pages read it whole, calls up to there",
            "as páginas a leem inteira, as chamadas só até ali",
        ),
    };
    Text::new(
        format!("the database password in {config} holds `{sign}`: {en}"),
        format!("a senha do banco em {config} contém `{sign}`: {pt_br}"),
    )
}

fn second(facts: &Facts) -> Finding {
    let code = Code::SecondConfig;
    let Ok(installation) = &facts.system.installation else {
        return Finding::skipped(code, no_fusionpbx());
    };
    let pages = installation.config.display();
    let Some(second) = &installation.second else {
        return Finding::ok(code, Text::plain(pages.to_string()));
    };
    let calls = second.path.display();
    let right = Text::new("one config.conf", "um só config.conf");
    let remedy = Text::new(
        format!("put what is right into {pages}, then move {calls} away and restart FreeSWITCH"),
        format!("deixe o que é certo em {pages}, depois tire {calls} do lugar e reinicie o FreeSWITCH"),
    );
    if second.differs.is_empty() {
        let found = Text::new(
            format!(
                "pages read {pages}, calls read {calls}: what is changed in one is not changed in the other"
            ),
            format!("as páginas leem {pages}, as chamadas leem {calls}: o que muda em um não muda no outro"),
        );
        return Finding::warning(code, found, right, remedy);
    }
    let keys = second.differs.join(", ");
    let found = Text::new(
        format!("pages read {pages}, calls read {calls}, and they differ in {keys}"),
        format!("as páginas leem {pages}, as chamadas leem {calls}, e eles diferem em {keys}"),
    );
    Finding::fault(code, found, right, remedy)
}

fn disk(facts: &Facts) -> Finding {
    let code = Code::DiskFull;
    let Some((path, free, all)) = &facts.system.disk else {
        return Finding::skipped(
            code,
            Text::new("no disk could be asked", "nenhum disco pôde ser consultado"),
        );
    };
    let found = free_space(path, *free, *all);
    let right = Text::new("1 GiB free", "1 GiB livre");
    let remedy = what_is_large(path);
    match *free {
        ..DISK_FULL => Finding::fault(code, found, right, remedy),
        DISK_FULL..DISK_LOW => Finding::warning(code, found, right, remedy),
        _ => Finding::ok(code, found),
    }
}

/// What helps against a full disk. Recordings are people's, and go only where they are what fills it.
fn what_is_large(path: &Path) -> Text {
    let look = format!("du -xh --max-depth=2 {} | sort -h | tail", path.display());
    if path == Path::new(RECORDS) {
        return Text::new(
            format!(
                "{look} shows what is large; `voice-ai conversations erase` removes recordings that nobody needs any more"
            ),
            format!(
                "{look} mostra o que ocupa; `voice-ai conversations erase` apaga gravações de que ninguém mais precisa"
            ),
        );
    }
    Text::new(
        format!("{look} shows what is large"),
        format!("{look} mostra o que ocupa"),
    )
}

fn free_space(path: &Path, free: u64, all: u64) -> Text {
    let (free, all, path) = (free >> 20, all >> 20, path.display());
    Text::new(
        format!("{free} MiB of {all} free at {path}"),
        format!("{free} MiB de {all} livres em {path}"),
    )
}

fn clock(facts: &Facts) -> Finding {
    let code = Code::ClockOff;
    let known = [
        ("PostgreSQL", facts.system.database_clock_ms),
        ("FreeSWITCH", facts.system.switch_clock_ms),
    ];
    let worst = known
        .into_iter()
        .filter_map(|(name, off)| Some((name, off?)))
        .max_by_key(|(_, off)| off.unsigned_abs());
    let Some((name, off)) = worst else {
        return Finding::skipped(
            code,
            Text::new(
                "neither database nor FreeSWITCH could be asked",
                "nem o banco nem o FreeSWITCH puderam ser consultados",
            ),
        );
    };
    let found = Text::new(
        format!("the clock of {name} differs by {off} ms"),
        format!("o relógio do {name} difere em {off} ms"),
    );
    let right = Text::new("less than 2 s", "menos de 2 s");
    let remedy = Text::plain("timedatectl set-ntp true");
    match off.unsigned_abs() {
        CLOCK_FAULT_MS.. => Finding::fault(code, found, right, remedy),
        CLOCK_WARNING_MS.. => Finding::warning(code, found, right, remedy),
        _ => Finding::ok(code, found),
    }
}

fn files(facts: &Facts) -> Finding {
    let code = Code::FileLimit;
    let Some(limit) = facts.system.file_limit else {
        let why = match service_is_up(facts) {
            true => Text::new(
                "the service's process is not to be seen from here",
                "o processo do serviço não é visível daqui",
            ),
            false => Text::new(
                "the service does not run: see SV-01",
                "o serviço não está rodando: veja SV-01",
            ),
        };
        return Finding::skipped(code, why);
    };
    let found = Text::new(
        format!("the service may open {limit} files"),
        format!("o serviço pode abrir {limit} arquivos"),
    );
    if limit >= FILES {
        return Finding::ok(code, found);
    }
    Finding::warning(
        code,
        found,
        Text::new(
            format!("at least {FILES}: a call takes about six"),
            format!("ao menos {FILES}: cada chamada usa cerca de seis"),
        ),
        Text::new(
            "LimitNOFILE=65536 in the unit (`systemctl edit voice-ai-realtime`), then `systemctl restart voice-ai-realtime`",
            "LimitNOFILE=65536 na unidade (`systemctl edit voice-ai-realtime`), depois `systemctl restart voice-ai-realtime`",
        ),
    )
}
