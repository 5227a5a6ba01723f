//! SV-05, 06, 08: what the service is configured with.

use super::{see, service_is_up};
use crate::{Code, EngineKey, Facts, Finding, KeyState, Text};

pub(super) fn key(facts: &Facts) -> Finding {
    let code = Code::ServerEngineKey;
    let service = &facts.service;
    let right = Text::new(
        "every secretary's engine with its key",
        "o motor de cada secretária com sua chave",
    );
    if let Some(lack) = service.unserved.first() {
        let found = Text::new(
            lack.clone(),
            format!("uma secretária quer um motor que falta; nas palavras do serviço: {lack}"),
        );
        return Finding::fault(code, found, right, configuration(facts));
    }
    if !service.is_known() {
        return Finding::skipped(code, see(Code::ServerConfig));
    }
    let is_wrong = |key: &&EngineKey| matches!(key.state, KeyState::Refused(_));
    let is_unreached = |key: &&EngineKey| matches!(key.state, KeyState::Unreached(_));
    let told = service.keys.iter().find(is_wrong);
    match told.or_else(|| service.keys.iter().find(is_unreached)) {
        Some(key) => of_provider(key, right, facts),
        None => Finding::ok(
            code,
            Text::new(
                "the engines that secretaries want are there, with their keys",
                "os motores que as secretárias usam estão configurados, com suas chaves",
            ),
        ),
    }
}

/// A key that its provider refuses, or a provider that does not answer.
fn of_provider(key: &EngineKey, right: Text, facts: &Facts) -> Finding {
    let code = Code::ServerEngineKey;
    let (setting, place) = (&key.setting, &key.place);
    match &key.state {
        KeyState::Unreached(why) => Finding::warning(
            code,
            Text::new(
                format!(
                    "{place} does not answer from this machine, so that {setting} could not be tried: {why}"
                ),
                format!("{place} não responde a esta máquina, e {setting} não pôde ser testada: {why}"),
            ),
            right,
            Text::new(
                format!("curl -sI {place}; then the firewall and the name servers of this machine"),
                format!("curl -sI {place}; depois o firewall e os servidores de nomes desta máquina"),
            ),
        ),
        KeyState::Taken => Finding::ok(code, Text::plain(setting.clone())),
        KeyState::Refused(status) => Finding::fault(
            code,
            Text::new(
                format!("{place} refuses the key of {setting} (HTTP {status}): its secretaries cannot speak"),
                format!(
                    "{place} recusa a chave de {setting} (HTTP {status}): as secretárias que a usam não falam"
                ),
            ),
            right,
            configuration(facts),
        ),
    }
}

pub(super) fn models(facts: &Facts) -> Finding {
    let code = Code::ServerModels;
    if !facts.service.is_configured {
        return Finding::skipped(code, see(Code::ServerConfig));
    }
    let Some(model) = facts.service.missing_models.first() else {
        if !facts.service.is_known() {
            return Finding::skipped(code, see(Code::ServerConfig));
        }
        return Finding::ok(
            code,
            Text::new(
                "the models in use are installed",
                "os modelos em uso estão instalados",
            ),
        );
    };
    Finding::fault(
        code,
        Text::new(
            format!(
                "the local engine uses the model {model}, which is not installed: callers are understood by keys alone"
            ),
            format!(
                "o motor local usa o modelo {model}, que não está instalado: quem liga só é entendido por teclas"
            ),
        ),
        Text::new("the model installed", "o modelo instalado"),
        Text::plain(match &facts.service.models {
            Some(folder) => format!("voice-ai models install {model} --dir {}", folder.display()),
            None => format!("voice-ai models install {model}"),
        }),
    )
}

pub(super) fn config(facts: &Facts) -> Finding {
    let code = Code::ServerConfig;
    let config = facts.service.config.display();
    if !facts.service.is_configured {
        return unconfigured(facts);
    }
    let Some(wrong) = facts.service.wrong.first() else {
        return Finding::ok(code, Text::plain(config.to_string()));
    };
    Finding::fault(
        code,
        Text::new(
            format!("the service does not start with it: {wrong}"),
            format!("o serviço não inicia com ela; nas palavras dele: {wrong}"),
        ),
        Text::new(
            "a configuration with which the service starts",
            "uma configuração com a qual o serviço inicia",
        ),
        Text::plain(format!(
            "voice-ai config check --config {config}; voice-ai secretaries check --config {config}"
        )),
    )
}

/// A service that runs has its configuration elsewhere.
fn unconfigured(facts: &Facts) -> Finding {
    let code = Code::ServerConfig;
    let config = facts.service.config.display();
    if service_is_up(facts) {
        let why = Text::new(
            format!("the service runs, and there is no {config}: name its configuration with --config"),
            format!(
                "o serviço está rodando, e não existe {config}: indique a configuração dele com --config"
            ),
        );
        return Finding::skipped(code, why);
    }
    Finding::fault(
        code,
        Text::new(format!("there is no {config}"), format!("não existe {config}")),
        Text::new(
            "a configuration that names this FreeSWITCH and its domains",
            "uma configuração que indica este FreeSWITCH e seus domínios",
        ),
        Text::new(
            "voice-ai setup writes one; --config names one that is elsewhere",
            "voice-ai setup escreve uma; --config indica uma que esteja em outro lugar",
        ),
    )
}

/// Where to change it.
pub(super) fn configuration(facts: &Facts) -> Text {
    let config = facts.service.config.display();
    Text::new(
        format!("edit {config}, then systemctl restart voice-ai-realtime"),
        format!("edite {config}, depois systemctl restart voice-ai-realtime"),
    )
}
