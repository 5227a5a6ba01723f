//! CA: what FusionPBX keeps of the dialplan beside its database.

mod stale;

pub(crate) use stale::stale;

use super::{repair, unread};
use crate::{CacheFacts, CacheMethod, CacheSettings, Code, Facts, Finding, Text};
use stale::How;

const CODES: [Code; 4] = [
    Code::CacheStale,
    Code::CacheDiffers,
    Code::CacheNotWritable,
    Code::MemcachedUnreachable,
];

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    match &facts.cache {
        Err(why) => unread(&CODES, why),
        Ok(cache) => {
            let mut findings = of_yesterday(facts, cache);
            findings.extend([differs(facts, cache), writable(cache), memcached(cache)]);
            findings
        }
    }
}

/// As it stands in config.conf.
fn shown(settings: &CacheSettings) -> String {
    let location = settings.location.display();
    match &settings.method {
        CacheMethod::File => format!("file, {location}"),
        CacheMethod::Memcache => "memcache".into(),
        CacheMethod::Other(method) => method.clone(),
    }
}

fn of_yesterday(facts: &Facts, cache: &CacheFacts) -> Vec<Finding> {
    let code = Code::CacheStale;
    if let Err(why) = &facts.database {
        return vec![Finding::skipped(code, why.0.clone())];
    }
    if cache.lua.method != CacheMethod::File {
        let why = Text::new(
            "only files can be compared with the database",
            "só arquivos podem ser comparados com o banco de dados",
        );
        return vec![Finding::skipped(code, why)];
    }
    let found: Vec<_> = stale(facts).into_iter().map(|stale| {
        let (key, extension) = (&stale.key, &stale.extension);
        let found = match stale.how {
            How::Lacks => Text::new(
                format!("the cache lacks {extension} as the database has it: calls do not reach it"),
                format!("o cache não tem {extension} como está no banco: as chamadas não o alcançam"),
            ),
            How::Keeps => Text::new(
                format!("the cache keeps {extension} as the database has it no more: calls still go there"),
                format!("o cache guarda {extension} como não está mais no banco: as chamadas ainda vão para lá"),
            ),
        };
        Finding::fault(
            code,
            found,
            Text::new("what the database has", "o que está no banco"),
            Text::plain(format!("voice-ai cache clear --key {key}")),
        )
        .about(key)
    })
    .collect();
    if found.is_empty() {
        let count = cache.files.len();
        let found = Text::new(
            format!("{count} files of the dialplan, none of yesterday"),
            format!("{count} arquivos do dialplan, nenhum desatualizado"),
        );
        return vec![Finding::ok(code, found)];
    }
    found
}

fn differs(facts: &Facts, cache: &CacheFacts) -> Finding {
    let code = Code::CacheDiffers;
    let database = match &facts.database {
        Ok(database) => database,
        Err(why) => return Finding::skipped(code, why.0.clone()),
    };
    let (lua, php) = (&cache.lua, &database.php_cache);
    let files = lua.method == CacheMethod::File;
    if lua.method == php.method && (!files || lua.location == php.location) {
        return Finding::ok(code, Text::plain(shown(lua)));
    }
    let (lua, php) = (shown(lua), shown(php));
    Finding::fault(
        code,
        Text::new(
            format!(
                "calls read the cache {lua} (config.conf), and pages clear {php} (Default Settings): what a page clears goes on being served"
            ),
            format!(
                "as chamadas leem o cache {lua} (config.conf), e as páginas limpam {php} (Default Settings): o que uma página limpa continua valendo"
            ),
        ),
        Text::new(
            "the same method and location in both",
            "o mesmo método e local nos dois",
        ),
        repair(code),
    )
}

fn writable(cache: &CacheFacts) -> Finding {
    let code = Code::CacheNotWritable;
    let location = cache.lua.location.display();
    match cache.writable {
        None => Finding::skipped(
            code,
            Text::new(
                "FreeSWITCH's user is not known, or the cache is in no folder",
                "o usuário do FreeSWITCH não é conhecido, ou o cache não fica em pasta",
            ),
        ),
        Some(true) => Finding::ok(code, Text::plain(location.to_string())),
        Some(false) => Finding::fault(
            code,
            Text::new(
                format!("FreeSWITCH's user cannot write into {location}"),
                format!("o usuário do FreeSWITCH não consegue escrever em {location}"),
            ),
            Text::new(
                "a folder of FreeSWITCH's user",
                "uma pasta do usuário do FreeSWITCH",
            ),
            Text::new(
                format!("chown its user and group to FreeSWITCH's: chown -R USER:GROUP {location}"),
                format!("dê a pasta ao usuário do FreeSWITCH: chown -R USUÁRIO:GRUPO {location}"),
            ),
        ),
    }
}

fn memcached(cache: &CacheFacts) -> Finding {
    let code = Code::MemcachedUnreachable;
    match &cache.memcached {
        None => Finding::skipped(
            code,
            Text::new("the cache does not use memcached", "o cache não usa memcached"),
        ),
        Some(Ok(())) => Finding::ok(code, Text::new("memcached answers", "o memcached responde")),
        Some(Err(why)) => Finding::fault(
            code,
            why.0.clone(),
            Text::new("memcached answers", "o memcached responde"),
            Text::plain("systemctl start memcached"),
        ),
    }
}
