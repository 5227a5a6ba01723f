//! CA: what FusionPBX keeps of the dialplan beside its database.

use super::{repair, unread};
use crate::{CacheFacts, CacheMethod, CacheSettings, Code, Facts, Finding, Text};

const CODES: [Code; 4] = [
    Code::CacheStale,
    Code::CacheDiffers,
    Code::CacheNotWritable,
    Code::MemcachedUnreachable,
];

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    match &facts.cache {
        Err(why) => unread(&CODES, why),
        Ok(cache) => vec![differs(facts, cache), writable(cache), memcached(cache)],
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
