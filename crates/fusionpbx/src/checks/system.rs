//! SY: the machine, and where FusionPBX is.

use crate::{Code, Facts, Finding, Text};
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
    ]
}

fn installation(facts: &Facts) -> Finding {
    let code = Code::FusionPbxMissing;
    match &facts.system.installation {
        Ok(found) => {
            let version = facts
                .database
                .as_ref()
                .map_or("?", |database| database.version.as_str());
            Finding::ok(
                code,
                Text::plain(format!("FusionPBX {version}, {}", found.config.display())),
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
        (Ok(database), _) => Finding::ok(
            code,
            Text::new(
                format!(
                    "the database answers: {} domains, {} dialplan rows",
                    database.domains.len(),
                    database.dialplans.len()
                ),
                format!(
                    "o banco de dados responde: {} domínios, {} linhas de dialplan",
                    database.domains.len(),
                    database.dialplans.len()
                ),
            ),
        ),
        (Err(why), Err(_)) => Finding::skipped(code, why.0.clone()),
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
    if !installation.password_cut {
        return Finding::ok(
            code,
            Text::new(
                "pages and calls read the same database password",
                "páginas e chamadas leem a mesma senha do banco",
            ),
        );
    }
    let config = installation.config.display();
    Finding::fault(
        code,
        Text::new(
            format!(
                "the database password in {config} holds a \"=\": the pages read it whole, the Lua of calls reads it up to there"
            ),
            format!(
                "a senha do banco em {config} contém \"=\": as páginas a leem inteira, o Lua das chamadas a lê só até ali"
            ),
        ),
        Text::new("a password without \"=\"", "uma senha sem \"=\""),
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
    let remedy = Text::new(
        format!(
            "du -xh --max-depth=2 {} | sort -h | tail; `voice-ai conversations erase` removes old recordings",
            path.display()
        ),
        format!(
            "du -xh --max-depth=2 {} | sort -h | tail; `voice-ai conversations erase` apaga gravações antigas",
            path.display()
        ),
    );
    match *free {
        ..DISK_FULL => Finding::fault(code, found, right, remedy),
        DISK_FULL..DISK_LOW => Finding::warning(code, found, right, remedy),
        _ => Finding::ok(code, found),
    }
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
        return Finding::skipped(
            code,
            Text::new("the service does not run", "o serviço não está rodando"),
        );
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

pub(super) fn no_fusionpbx() -> Text {
    Text::new("no FusionPBX was found", "nenhum FusionPBX foi encontrado")
}
