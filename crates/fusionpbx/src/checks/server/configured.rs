//! SV-05, 06, 08: what the service is configured with.

use super::{see, service_is_up};
use crate::{Code, Facts, Finding, Text};

pub(super) fn key(facts: &Facts) -> Finding {
    let code = Code::ServerEngineKey;
    let Some(lack) = facts.service.unserved.first() else {
        if !facts.service.is_known() {
            return Finding::skipped(code, see(Code::ServerConfig));
        }
        return Finding::ok(
            code,
            Text::new(
                "the engines that secretaries want are there, with their keys",
                "os motores que as secretárias usam estão configurados, com suas chaves",
            ),
        );
    };
    Finding::fault(
        code,
        Text::plain(lack.clone()),
        Text::new(
            "every secretary's engine with its key",
            "o motor de cada secretária com sua chave",
        ),
        configuration(facts),
    )
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
        Text::plain(format!("voice-ai models install {model}")),
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
        Text::plain(wrong.clone()),
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
