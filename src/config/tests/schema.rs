//! The checked-in JSON Schema is the generated one, and agrees with the loader.

use super::{GOOD, Repository};
use crate::{
    config::json_schema,
    document::{Dialect, Format, parse},
    model::tree::WithoutSecrets,
};
use serde_json::Value;
use std::{env, fs, path::Path};

fn as_json(yaml: &str) -> Value {
    let parsed = parse(yaml.as_bytes(), Format::Yaml(Dialect::Core));
    let root = parsed.documents.first().expect("one document").tree.root();
    serde_json::to_value(WithoutSecrets(root)).expect("JSON")
}

/// With UPDATE_SCHEMAS=1 the file is written anew.
#[test]
fn the_checked_in_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/driftgate.schema.json");
    let mut generated = serde_json::to_string_pretty(&json_schema()).expect("JSON");
    generated.push('\n');
    if env::var_os("UPDATE_SCHEMAS").is_some_and(|v| v == "1") {
        fs::create_dir_all(path.parent().expect("a parent")).expect("the folder");
        fs::write(&path, &generated).expect("written");
    }
    let checked_in = fs::read_to_string(&path).expect("schemas/driftgate.schema.json");
    assert!(
        checked_in == generated,
        "schemas/driftgate.schema.json is not current: run the test with UPDATE_SCHEMAS=1"
    );
}

#[test]
fn the_schema_accepts_what_loads() {
    let schema = json_schema();
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for (about, yaml) in GOOD {
        let errors: Vec<String> = validator
            .iter_errors(&as_json(yaml))
            .map(|e| format!("{} at {}", e, e.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{about}: {errors:#?}");
    }
}

/// What the schema can know, it refuses; so does the loader.
#[test]
fn the_schema_refuses_what_is_wrong_in_itself() {
    let validator = jsonschema::validator_for(&json_schema()).expect("a schema");
    let least = GOOD[0].1;
    for (from, to) in [
        ("version: 1", "version: 2"),
        ("version: 1\n", ""),
        ("services:", "servics:"),
        ("name: workload, ", ""),
        ("manifests: deploy", "manifests: [1]"),
        ("manifests: deploy", "manifests: \"\""),
        ("manifests: deploy", "jsonnet: app.jsonnet"),
        ("manifests: deploy", "file: [ { select: x } ]"),
        ("manifests: deploy", "file: a, format: yml"),
        ("manifests: deploy", "file: a, nulls: remove"),
        ("manifests: deploy", "spring: {}"),
        ("manifests: deploy", "compose: { files: 1 }"),
        ("version: 1", "version: 1\nparity: [ {} ]"),
        ("version: 1", "version: 1\nparity: [ { environments: a } ]"),
        ("version: 1", "version: 1\npromotion: [ 1 ]"),
        (
            "version: 1",
            "version: 1\nseverity: [ { is: bad, rule: drifted } ]",
        ),
        (
            "version: 1",
            "version: 1\nignore: [ { rule: drifted, key: A } ]",
        ),
        (
            "version: 1",
            "version: 1\nwaivers: [ { rule: drifted, environment: production, key: A, reason: r, owner: o, expires: soon } ]",
        ),
        ("version: 1", "version: 1\nkeys: some"),
        ("production:", "production: { tier: prod }"),
        ("production:", "production: { settle: 10 }"),
        ("production:", "production: { settle: 10 weeks }"),
        ("production:", "production: { tier: }"),
        ("production:", "production: [ ]"),
        ("environments:\n  production:", "environments: {}"),
    ] {
        let yaml = least.replace(from, to);
        assert_ne!(yaml, least, "{from}");
        assert!(
            !validator.is_valid(&as_json(&yaml)),
            "the schema accepts {to}"
        );
        assert!(
            Repository::of(&[]).load(&yaml).is_err(),
            "the loader accepts {to}"
        );
    }
}

#[test]
fn every_field_is_described() {
    fn check(schema: &Value, at: &str) {
        let members = schema.as_object().into_iter().flatten();
        for (key, value) in members {
            if key == "properties" {
                for (name, property) in value.as_object().into_iter().flatten() {
                    let described = property.get("description").is_some();
                    assert!(described, "{at}: `{name}` has no description");
                }
            }
            check(value, &format!("{at}/{key}"));
        }
    }
    check(&json_schema(), "");
}
