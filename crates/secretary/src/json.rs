//! TOML as JSON: schemas of arguments and bodies of requests are written in the file as tables.

use serde_json::{Map, Value};
use toml::de::DeValue;

/// The same value as JSON; none where JSON has no such number. A date is its text.
pub(crate) fn json(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(Value::String(text.to_string())),
        DeValue::Boolean(value) => Some(Value::Bool(*value)),
        DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
            .ok()
            .map(Value::from),
        DeValue::Float(digits) => {
            let number: f64 = digits.as_str().parse().ok()?;
            serde_json::Number::from_f64(number).map(Value::Number)
        }
        DeValue::Datetime(date) => Some(Value::String(date.to_string())),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => table
            .iter()
            .map(|(key, value)| Some((key.get_ref().to_string(), json(value.get_ref())?)))
            .collect::<Option<Map<_, _>>>()
            .map(Value::Object),
    }
}
