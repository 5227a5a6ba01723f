//! CA: what FusionPBX keeps of the dialplan beside its database.

mod stale;

pub(crate) use stale::stale;

use super::switch::not_reached;
use super::{no_database, no_fusionpbx, repair, unread};
use crate::{CacheFacts, CacheMethod, CacheSettings, Code, Facts, Finding, LoadedModule, Text};
use stale::How;

const CODES: [Code; 4] = [
    Code::CacheStale,
    Code::CacheDiffers,
    Code::CacheNotWritable,
    Code::MemcachedUnreachable,
];

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    match &facts.cache {
        Err(_) if facts.system.installation.is_err() => unread(&CODES, &no_fusionpbx()),
        Err(why) => unread(&CODES, &why.0),
        Ok(cache) => {
            let mut findings = of_yesterday(facts, cache);
            findings.extend([
                differs(facts, cache),
                writable(facts, cache),
                memcached(facts, cache),
            ]);
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
    if facts.database.is_err() {
        return vec![Finding::skipped(code, no_database(facts))];
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
        Err(_) => return Finding::skipped(code, no_database(facts)),
    };
    let (lua, php) = (&cache.lua, &database.php_cache);
    let files = lua.method == CacheMethod::File;
    if lua.method == CacheMethod::Other(String::new()) {
        let found = Text::new(
            "calls keep no cache (config.conf has no cache.method)",
            "as chamadas não usam cache (config.conf não tem cache.method)",
        );
        return Finding::ok(code, found);
    }
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

fn writable(facts: &Facts, cache: &CacheFacts) -> Finding {
    let code = Code::CacheNotWritable;
    let location = cache.lua.location.display();
    if cache.lua.method != CacheMethod::File {
        let why = Text::new("the cache is in no folder", "o cache não fica em pasta");
        return Finding::skipped(code, why);
    }
    match (cache.writable, &facts.switch.process) {
        (None, _) | (_, None) => Finding::skipped(
            code,
            Text::new(
                "FreeSWITCH's user is not known",
                "o usuário do FreeSWITCH não é conhecido",
            ),
        ),
        (Some(true), _) => Finding::ok(code, Text::plain(location.to_string())),
        (Some(false), Some(process)) => {
            let user = &process.name;
            Finding::fault(
                code,
                Text::new(
                    format!(
                        "FreeSWITCH runs as {user}, which cannot write into {location}, if that is there at all"
                    ),
                    format!(
                        "o FreeSWITCH roda como {user}, que não consegue escrever em {location}, se é que existe"
                    ),
                ),
                Text::new(format!("a folder of {user}"), format!("uma pasta de {user}")),
                Text::plain(format!("mkdir -p {location} && chown -R {user}: {location}")),
            )
        }
    }
}

fn memcached(facts: &Facts, cache: &CacheFacts) -> Finding {
    let code = Code::MemcachedUnreachable;
    let right = Text::new("memcached answers", "o memcached responde");
    let running = match &cache.memcached {
        None => {
            let why = Text::new("the cache does not use memcached", "o cache não usa memcached");
            return Finding::skipped(code, why);
        }
        Some(Err(why)) => {
            return Finding::fault(
                code,
                why.0.clone(),
                right,
                Text::plain("systemctl start memcached"),
            );
        }
        Some(Ok(())) => facts.switch.running.as_ref(),
    };
    match running {
        None => Finding::skipped(code, not_reached(&facts.switch)),
        Some(running) if running.modules.contains(&LoadedModule::Memcache) => Finding::ok(code, right),
        Some(_) => Finding::fault(
            code,
            Text::new(
                "memcached answers, and FreeSWITCH has not loaded mod_memcache: calls fail to reach it",
                "o memcached responde, e o FreeSWITCH não carregou o mod_memcache: as chamadas não o alcançam",
            ),
            Text::plain("module_exists mod_memcache → true"),
            Text::new(
                "enable mod_memcache (Advanced > Modules), then fs_cli -x 'load mod_memcache'",
                "habilite mod_memcache (Avançado > Módulos), depois fs_cli -x 'load mod_memcache'",
            ),
        ),
    }
}
