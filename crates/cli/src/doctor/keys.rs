//! What the providers of engines say of the keys that secretaries need: each is asked for its models, which costs nothing.

use fusionpbx::{EngineKey, KeyState};
use gateway::Config;
use gateway::config::Secret;
use reqwest::{Client, Url};
use std::time::Duration;

/// How long a provider may take; all are asked at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// A key, and where its provider is asked.
struct Asked<'a> {
    setting: &'static str,
    secret: &'a Secret,
    url: Url,
}

/// Asks the providers of a configuration's keys that are in use.
pub(super) async fn asked(config: &Config) -> Vec<EngineKey> {
    let Ok(http) = Client::builder().timeout(PATIENCE).build() else {
        return Vec::new();
    };
    let [openai, chat] = in_use(config);
    let (openai, chat) = tokio::join!(ask(&http, openai), ask(&http, chat));
    openai.into_iter().chain(chat).collect()
}

async fn ask(http: &Client, asked: Option<Asked<'_>>) -> Option<EngineKey> {
    let Asked { setting, secret, url } = asked?;
    let place = url.to_string();
    let answer = http.get(url).bearer_auth(secret.expose()).send().await;
    let state = match answer.map(|answer| answer.status().as_u16()) {
        Ok(status @ (401 | 403)) => KeyState::Refused(status),
        Ok(_) => KeyState::Taken,
        Err(error) if error.is_timeout() => KeyState::Unreached(format!("{} s", PATIENCE.as_secs())),
        Err(error) => KeyState::Unreached(crate::client::cause(&error)),
    };
    Some(EngineKey {
        setting: setting.to_owned(),
        place,
        state,
    })
}

/// The keys of engines and brains that a secretary names.
fn in_use(config: &Config) -> [Option<Asked<'_>>; 2] {
    let Ok(snapshot) = config.snapshot() else {
        return [None, None];
    };
    let mut secretaries = snapshot
        .domains
        .values()
        .flat_map(|domain| domain.secretaries.values());
    let (mut openai, mut chat) = (false, false);
    for secretary in &mut secretaries {
        openai |= secretary.engines.has("openai");
        chat |= secretary.engines.has("local") && secretary.brain == "chat";
    }
    let openai = config.openai.api_key.as_ref().filter(|_| openai);
    let chat = config.chat.api_key.as_ref().filter(|_| chat);
    let openai = openai.and_then(|secret| {
        Some(Asked {
            setting: "openai.api_key",
            secret,
            url: beside_realtime(&config.openai.url)?,
        })
    });
    let chat = chat.and_then(|secret| {
        let base = config.chat.base_url.trim_end_matches('/');
        Some(Asked {
            setting: "chat.api_key",
            secret,
            url: Url::parse(&format!("{base}/models")).ok()?,
        })
    });
    [openai, chat]
}

/// The models of a realtime API: `wss://HOST/v1/realtime` has them at `https://HOST/v1/models`. None where its address has another form.
fn beside_realtime(url: &str) -> Option<Url> {
    let rest = url
        .strip_prefix("wss://")
        .map(|rest| format!("https://{rest}"))
        .or_else(|| url.strip_prefix("ws://").map(|rest| format!("http://{rest}")))?;
    let mut url = Url::parse(&rest).ok()?;
    let path = url
        .path()
        .strip_suffix("/realtime")
        .map(|base| format!("{base}/models"))?;
    url.set_path(&path);
    url.set_query(None);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_asked_for_beside_the_realtime_api() {
        let beside = |url| beside_realtime(url).map(|url| url.to_string());
        assert_eq!(
            beside("wss://api.openai.com/v1/realtime").as_deref(),
            Some("https://api.openai.com/v1/models")
        );
        assert_eq!(
            beside("ws://127.0.0.1:9/v1/realtime?x=1").as_deref(),
            Some("http://127.0.0.1:9/v1/models")
        );
        for other in [
            "wss://example.com/openai/deployments",
            "https://api.openai.com/v1/realtime",
            "",
        ] {
            assert_eq!(beside(other), None, "{other}");
        }
    }
}
