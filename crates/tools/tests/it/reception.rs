//! A secretary with one tool, and a service that it asks.

use secretary::{HttpTool, Secretary};
use serde_json::Value;
use sim::service::{Reply, Service};
use tools::ToolError;
use tools::http::Requests;

/// A tool as a file declares it. `{at}` in the text is the service's address.
pub(crate) fn tool(text: &str) -> HttpTool {
    let file = format!(
        "name = \"a\"\nlanguage = \"en\"\nengine = \"loopback\"\ngreeting = {{ text = \"\" }}\n\
         phrases = {{ reprompts = [], farewell = \"\", apology = \"\", backchannels = [] }}\n\
         [[http_tools]]\nname = \"look_up\"\ndescription = \"Looks up.\"\n{text}"
    );
    let secretary = Secretary::parse("a.toml", &file).unwrap();
    let [tool] = secretary.http_tools.try_into().unwrap();
    tool
}

/// The service and what asks it.
pub(crate) struct Desk {
    pub(crate) service: Service,
    requests: Requests,
}

impl Desk {
    pub(crate) async fn with(replies: impl IntoIterator<Item = (&'static str, Reply)>) -> Self {
        Self {
            service: Service::start(replies).await.unwrap(),
            requests: Requests::new().unwrap(),
        }
    }

    /// The tool, which may reach the service.
    pub(crate) fn tool(&self, text: &str) -> HttpTool {
        let address = self.service.address().to_string();
        tool(&format!(
            "allow_private = true\n{}",
            text.replace("AT", &format!("http://{address}"))
        ))
    }

    pub(crate) async fn make(&self, tool: &HttpTool, arguments: Value) -> Result<String, ToolError> {
        self.requests.make(tool, &arguments).await
    }

    /// Method and target of each request.
    pub(crate) fn lines(&self) -> Vec<String> {
        let asked = self.service.asked();
        asked
            .iter()
            .map(|asked| format!("{} {}", asked.method, asked.target))
            .collect()
    }
}
