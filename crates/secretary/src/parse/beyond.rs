//! Tools beyond the PBX: requests to services, and those of MCP servers.

use crate::fold::suggestion;
use crate::keys::{Keys, Placed, Reading};
use crate::{Given, HttpTool, Limits, McpTools, Method, Part, Template, Tool};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// No engine takes a longer name.
const LONGEST_NAME: usize = 64;

/// Headers that carry secrets: a file is copied and shown.
const SECRET_HEADERS: [&str; 5] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "api-key",
];

/// Headers that the request itself has.
const OWN_HEADERS: [&str; 6] = [
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "user-agent",
];

pub(super) fn mcp(keys: &mut Keys<'_>, reading: &mut Reading<'_>) -> Vec<McpTools> {
    let mut chosen: Vec<McpTools> = Vec::new();
    for Placed { value, line } in keys.texts("mcp", reading).unwrap_or_default() {
        match McpTools::try_from(value) {
            Err(error) => {
                let told = error.to_string();
                let (problem, remedy) = told.split_once(": ").unwrap_or((&told, "see docs/tools.md"));
                reading.fault(line, problem, remedy);
            }
            Ok(tools) if chosen.contains(&tools) => {
                let problem = format!("{:?} stands twice", String::from(tools));
                reading.fault(line, problem, "leave one of them out");
            }
            Ok(tools) => chosen.push(tools),
        }
    }
    chosen
}

pub(super) fn http_tools(keys: &mut Keys<'_>, limits: &Limits, reading: &mut Reading<'_>) -> Vec<HttpTool> {
    let mut names = BTreeSet::new();
    let mut tools = Vec::new();
    for mut one in keys.tables("http_tools", reading) {
        let name = name(&mut one, &mut names, reading);
        let description = one.needed_text(
            "description",
            "say what it does and when to use it: the engine knows nothing else of it",
            reading,
        );
        let say = one.text("say", reading).map(|say| say.value);
        let arguments = Arguments::read(&mut one, reading);
        let body = body(&mut one, &arguments, reading);
        let method = method(&mut one, body.as_ref(), reading);
        let tool = HttpTool {
            name,
            description,
            say,
            url: url(&mut one, &arguments, reading),
            query: query(&mut one, &arguments, reading),
            headers: headers(&mut one, reading),
            arguments: arguments.schema,
            method,
            body: body.map(|body| body.value),
            timeout_ms: timeout(&mut one, limits, reading),
            allow_private: one.switch("allow_private", reading).unwrap_or_default(),
        };
        one.close(&[], reading);
        tools.push(tool);
    }
    tools
}

fn name(keys: &mut Keys<'_>, taken: &mut BTreeSet<String>, reading: &mut Reading<'_>) -> String {
    let remedy = "give it one such as name = \"find_customer\"";
    let there = keys.has("name");
    let Some(Placed { value, line }) = keys.text("name", reading) else {
        if !there {
            keys.missing("name", remedy, reading);
        }
        return String::new();
    };
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    if value.is_empty() || value.len() > LONGEST_NAME || !value.chars().all(fits) {
        let problem = format!("{value:?} is no name of a tool");
        reading.fault(
            line,
            problem,
            "write up to 64 letters without accents, digits, _ and -",
        );
    } else if Tool::ALL.iter().any(|tool| tool.name() == value) {
        let problem = format!("{value:?} is a tool of the gateway's");
        reading.fault(line, problem, "give yours another name");
    } else if !taken.insert(value.clone()) {
        let problem = format!("the tool {value:?} stands twice");
        reading.fault(line, problem, "give each a name of its own");
    }
    value
}

/// The arguments of a tool, and what is known of them.
struct Arguments {
    schema: Value,
    required: BTreeSet<String>,
}

impl Arguments {
    fn read(keys: &mut Keys<'_>, reading: &mut Reading<'_>) -> Self {
        let Some(Placed { value, line }) = keys.json("arguments", reading) else {
            return Self::of(Map::new());
        };
        match object(value) {
            Ok(schema) => Self::of(schema),
            Err(problem) => {
                reading.fault(
                    line,
                    format!("arguments: {problem}"),
                    "write the JSON Schema of an object, as a section or as JSON in ''' '''; see docs/tools.md",
                );
                Self::of(Map::new())
            }
        }
    }

    fn of(mut schema: Map<String, Value>) -> Self {
        schema.entry("type").or_insert_with(|| json!("object"));
        schema.entry("properties").or_insert_with(|| json!({}));
        let named = schema.get("required").and_then(Value::as_array);
        let required = named
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let schema = Value::Object(schema);
        Self { schema, required }
    }

    fn names(&self) -> Vec<&str> {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        properties
            .into_iter()
            .flat_map(Map::keys)
            .map(String::as_str)
            .collect()
    }

    /// Faults a place for an argument that the schema does not have.
    fn check(&self, template: &Template, place: &str, line: usize, reading: &mut Reading<'_>) {
        let names = self.names();
        for argument in template.arguments().filter(|argument| !names.contains(argument)) {
            let remedy = match names.is_empty() {
                true => format!("describe it in arguments.properties.{argument}"),
                false => suggestion(argument, &names),
            };
            let problem = format!("{place} has a place for {argument:?}, which is no argument");
            reading.fault(line, problem, remedy);
        }
    }
}

/// The schema, whose shape is right as far as we use it.
fn object(value: Value) -> Result<Map<String, Value>, String> {
    let value = match value {
        Value::String(text) => {
            serde_json::from_str(&text).map_err(|error| format!("it is no JSON ({error})"))?
        }
        other => other,
    };
    let Value::Object(schema) = value else {
        return Err("it is no object".into());
    };
    if schema.get("type").is_some_and(|kind| kind != "object") {
        return Err("its type is not \"object\"".into());
    }
    match schema.get("properties") {
        Some(Value::Object(properties)) if properties.values().any(|value| !value.is_object()) => {
            Err("each of its properties must be a schema, such as { type = \"string\" }".into())
        }
        None | Some(Value::Object(_)) => Ok(schema),
        Some(_) => Err("its properties are no table".into()),
    }
}

fn method(keys: &mut Keys<'_>, body: Option<&Placed<Value>>, reading: &mut Reading<'_>) -> Method {
    let Some(Placed { value, line }) = keys.text("method", reading) else {
        return if body.is_some() { Method::Post } else { Method::Get };
    };
    let known = Method::ALL.map(Method::name);
    let Some(method) = Method::ALL.into_iter().find(|method| method.name() == value) else {
        let problem = format!("{value:?} is no method");
        reading.fault(line, problem, suggestion(&value, &known));
        return Method::Get;
    };
    if let Some(body) = body.filter(|_| !method.has_body()) {
        let problem = format!("a request of {} has no body", method.name());
        reading.fault(body.line, problem, "use query, or the method POST, PUT or PATCH");
    }
    method
}

fn template(text: &Placed<String>, place: &str, reading: &mut Reading<'_>) -> Option<Template> {
    match Template::parse(&text.value) {
        Ok(template) => Some(template),
        Err(error) => {
            let told = error.to_string();
            let (problem, remedy) = told.split_once("; ").unwrap_or((&told, "see docs/tools.md"));
            reading.fault(text.line, format!("{place}: {problem}"), remedy);
            None
        }
    }
}

/// The URL. Who may choose the host, or what stands behind the path, could send the tenant's key to a stranger.
fn url(keys: &mut Keys<'_>, arguments: &Arguments, reading: &mut Reading<'_>) -> Template {
    let there = keys.has("url");
    let Some(text) = keys.text("url", reading) else {
        if !there {
            keys.missing("url", "write url = \"https://…\"", reading);
        }
        return Template::default();
    };
    let Some(template) = template(&text, "url", reading) else {
        return Template::default();
    };
    let before = match template.parts().first() {
        Some(Part::Text(before)) => before.as_str(),
        _ => "",
    };
    let after_scheme = ["https://", "http://"]
        .iter()
        .find_map(|scheme| before.strip_prefix(scheme));
    let Some(after_scheme) = after_scheme else {
        reading.fault(
            text.line,
            "the url does not begin with https://",
            "write it in full, as https://crm.example.com/customers/{cpf} (http:// where allow_private is set)",
        );
        return template;
    };
    let has_path = after_scheme.contains('/') || template.arguments().next().is_none();
    if !has_path {
        reading.fault(
            text.line,
            "an argument would choose the host of the url",
            "write the host in full: arguments stand in the path alone",
        );
    }
    let mut behind_path = false;
    for part in template.parts() {
        match part {
            Part::Text(plain) => behind_path |= plain.contains(['?', '#']),
            Part::Argument(name) if behind_path => {
                let problem = format!("{name:?} stands behind the path of the url");
                reading.fault(
                    text.line,
                    problem,
                    format!("write query = {{ {name} = \"{{{name}}}\" }}"),
                );
            }
            Part::Argument(_) => {}
        }
    }
    arguments.check(&template, "url", text.line, reading);
    let names = arguments.names();
    for name in template.arguments() {
        if names.contains(&name) && !arguments.required.contains(name) {
            let problem = format!("{name:?} stands in the url, and may be left out");
            reading.fault(
                text.line,
                problem,
                format!("add it to arguments.required: [\"{name}\"]"),
            );
        }
    }
    template
}

fn query(
    keys: &mut Keys<'_>,
    arguments: &Arguments,
    reading: &mut Reading<'_>,
) -> BTreeMap<String, Template> {
    let Some(table) = keys.table("query", reading) else {
        return BTreeMap::new();
    };
    let mut query = BTreeMap::new();
    for (name, text) in table.rest(reading) {
        let place = format!("query.{name}");
        if let Some(template) = template(&text, &place, reading) {
            arguments.check(&template, &place, text.line, reading);
            query.insert(name, template);
        }
    }
    query
}

fn headers(keys: &mut Keys<'_>, reading: &mut Reading<'_>) -> BTreeMap<String, Given> {
    let Some(table) = keys.table("headers", reading) else {
        return BTreeMap::new();
    };
    let mut headers = BTreeMap::new();
    for (name, Placed { value, line }) in table.rest_as_json(reading) {
        let plain = name.to_ascii_lowercase();
        if OWN_HEADERS.contains(&plain.as_str()) {
            let problem = format!("the header {name} is the request's own");
            reading.fault(line, problem, "leave it out");
            continue;
        }
        match serde_json::from_value::<Given>(value) {
            Ok(Given::Text(_)) if SECRET_HEADERS.contains(&plain.as_str()) => {
                let problem = format!("the header {name} is a secret, which does not belong into this file");
                let remedy = format!(
                    "write {name} = {{ env = \"NAME\" }} or {{ file = \"/path\" }}, with prefix = \"Bearer \" if it has one"
                );
                reading.fault(line, problem, remedy);
            }
            Ok(given) => {
                headers.insert(name, given);
            }
            Err(_) => {
                let problem = format!("the header {name} is neither a text nor the name of a secret");
                reading.fault(
                    line,
                    problem,
                    "write a text, { env = \"NAME\" } or { file = \"/path\" }",
                );
            }
        }
    }
    headers
}

fn body(keys: &mut Keys<'_>, arguments: &Arguments, reading: &mut Reading<'_>) -> Option<Placed<Value>> {
    let body = keys.json("body", reading)?;
    if !body.value.is_object() && !body.value.is_array() {
        reading.fault(
            body.line,
            "the body is neither a table nor a list",
            "write what is sent as JSON, such as body = { cpf = \"{cpf}\" }",
        );
    }
    check_texts(&body.value, arguments, body.line, reading);
    Some(body)
}

/// Each text of a body is a template.
fn check_texts(value: &Value, arguments: &Arguments, line: usize, reading: &mut Reading<'_>) {
    match value {
        Value::String(text) => {
            let text = Placed {
                value: text.clone(),
                line,
            };
            if let Some(template) = template(&text, "body", reading) {
                arguments.check(&template, "body", line, reading);
            }
        }
        Value::Array(items) => {
            for item in items {
                check_texts(item, arguments, line, reading);
            }
        }
        Value::Object(fields) => {
            for field in fields.values() {
                check_texts(field, arguments, line, reading);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn timeout(keys: &mut Keys<'_>, limits: &Limits, reading: &mut Reading<'_>) -> u32 {
    let Some(Placed { value, line }) = keys.number("timeout_ms", reading) else {
        return limits.tool_ms;
    };
    if value == 0 || value > limits.tool_ms {
        reading.fault(
            line,
            format!(
                "timeout_ms is {value}, and no tool may take longer than limits.tool_ms, {}",
                limits.tool_ms
            ),
            format!("write 1 to {}, or a higher limits.tool_ms", limits.tool_ms),
        );
    }
    value
}
