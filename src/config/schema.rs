//! The JSON Schema of driftgate.yaml, for editors and for people.

use super::raw;
use serde_json::{Map, Value};

/// The schema's identity. A name, not an address: it holds wherever a copy lies.
pub const SCHEMA_ID: &str = "urn:driftgate:schema:config:1";

/// The JSON Schema (draft 2020-12) of driftgate.yaml, generated from the types that read it.
/// `schemas/driftgate.schema.json` is its checked-in copy.
#[must_use]
pub fn json_schema() -> Value {
    let schema = schemars::SchemaGenerator::default().into_root_schema_for::<raw::Project>();
    let Value::Object(mut generated) = Value::from(schema) else {
        return Value::Null;
    };
    let mut out = Map::new();
    out.insert(
        "$schema".into(),
        "https://json-schema.org/draft/2020-12/schema".into(),
    );
    out.insert("$id".into(), SCHEMA_ID.into());
    out.insert("title".into(), "driftgate.yaml".into());
    generated.remove("$schema");
    generated.remove("title");
    out.extend(generated);
    let mut schema = Value::Object(out);
    required_means_present(&mut schema);
    one_line_descriptions(&mut schema);
    schema
}

/// schemars lets an optional field be `null`; driftgate.yaml leaves it out instead, so that a
/// value that was forgotten behind its key is a mistake.
fn required_means_present(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Object(properties)) = map.get_mut("properties") {
                properties.values_mut().for_each(without_null);
            }
            map.values_mut().for_each(required_means_present);
        }
        Value::Array(items) => items.iter_mut().for_each(required_means_present),
        _ => {}
    }
}

fn without_null(property: &mut Value) {
    let Value::Object(property) = property else {
        return;
    };
    let is_null = |schema: &Value| schema.get("type") == Some(&Value::from("null"));
    if let Some(Value::Array(mut options)) = property.remove("anyOf") {
        options.retain(|o| !is_null(o));
        match (options.len(), options.pop()) {
            (1, Some(Value::Object(only))) => {
                for (key, value) in only {
                    property.entry(key).or_insert(value);
                }
            }
            (_, Some(last)) => {
                options.push(last);
                property.insert("anyOf".into(), options.into());
            }
            (_, None) => {}
        }
    }
    if let Some(Value::Array(types)) = property.get_mut("type") {
        types.retain(|t| t != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            property.insert("type".into(), only);
        }
    }
}

/// Comments are wrapped for the source; editors wrap for themselves.
fn one_line_descriptions(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if key == "description" => *text = text.replace('\n', " "),
                    _ => one_line_descriptions(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(one_line_descriptions),
        _ => {}
    }
}
