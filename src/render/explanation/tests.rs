//! Both formats. `UPDATE_EXPECTED=1 cargo test --lib render` rewrites `tests/data/render/`.

use super::{FORMATS, sample};
use crate::{model::explanation::Explanation, render::Style};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{fs, path::PathBuf, sync::LazyLock};

const PLAIN: Style = Style {
    color: false,
    width: 80,
    verbose: false,
};

fn render(name: &str, e: &Explanation, style: &Style) -> String {
    let mut bytes = Vec::new();
    let format = FORMATS.iter().find(|f| f.name == name).expect("a format");
    (format.write)(e, style, &mut bytes).expect("memory takes all");
    String::from_utf8(bytes).expect("UTF-8")
}

fn expect(file: &str, is: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/render")
        .join(file);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&path, is).expect("writable test data");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == is,
        "{} differs; UPDATE_EXPECTED=1 rewrites it. Now:\n{is}",
        path.display()
    );
}

#[test]
fn stories_as_text() {
    let wide = Style {
        width: 110,
        ..PLAIN
    };
    expect(
        "explain-sprawl.txt",
        &render("text", &sample::sprawl(), &PLAIN),
    );
    let environments = sample::environments();
    expect(
        "explain-environments.txt",
        &render("text", &environments, &wide),
    );
    expect(
        "explain-hostile.txt",
        &render("text", &sample::hostile(), &PLAIN),
    );
    expect(
        "explain-sprawl.json",
        &render("json", &sample::sprawl(), &PLAIN),
    );
}

#[test]
fn targets_with_the_same_details_are_told_once() {
    let e = sample::environments();
    let text = render("text", &e, &PLAIN);
    assert!(
        text.contains("api in production-ap and production-eu: the same\n"),
        "{text}"
    );
    assert!(!text.contains("api in production-eu\n"));
    let verbose = Style {
        verbose: true,
        ..PLAIN
    };
    let text = render("text", &e, &verbose);
    assert!(text.contains("api in production-ap\n") && text.contains("api in production-eu\n"));
}

#[test]
fn what_was_not_read_is_said() {
    let e = sample::environments();
    assert!(!e.is_complete());
    let text = render(
        "text",
        &e,
        &Style {
            width: 200,
            ..PLAIN
        },
    );
    for said in [
        "could not be read: no connection to context staging, so nobody knows whether it wins",
        "incomplete: something that might win was not read",
        "driftgate can't see: defaults of the image; what wins is higher",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(sample::sprawl().is_complete());
}

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let text = include_str!("../../../schemas/explanation-v1.schema.json");
    let schema: Value = serde_json::from_str(text).expect("JSON");
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema)
        .expect("a schema")
});

fn parsed(e: &Explanation) -> Value {
    serde_json::from_str(&render("json", e, &PLAIN)).expect("JSON")
}

#[test]
fn json_keeps_to_its_schema() {
    for e in [sample::sprawl(), sample::environments(), sample::hostile()] {
        let errors: Vec<String> = SCHEMA
            .iter_errors(&parsed(&e))
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}

#[test]
fn the_schema_refuses_broken_explanations() {
    let good = parsed(&sample::environments());
    assert!(SCHEMA.is_valid(&good));
    let value = "/keys/0/targets/0/git/values/0";
    let breaks = [
        ("/schema".to_owned(), json!("driftgate/explanation/v2")),
        ("/asked".into(), json!({ "key": "a", "line": 3 })),
        ("/keys".into(), json!([])),
        ("/keys/0/targets/0/agreement".into(), json!("maybe")),
        ("/keys/0/targets/0/git/outcome".into(), json!("unknown")),
        ("/keys/0/targets/0/git/reason".into(), json!("why")),
        (format!("{value}/redacted"), json!(true)),
        (format!("{value}/standing"), json!("lost")),
        (format!("{value}/secret"), json!("x")),
        (format!("{value}/borrowed"), json!(false)),
        (format!("{value}/precedence"), json!(-1)),
        ("/keys/0/targets/3/git/gaps/0/outside".into(), json!("both")),
        ("/keys/0/targets/2/policies/0/by".into(), json!("baseline")),
        ("/keys/0/targets/2/findings/1/accepted/by".into(), json!("")),
    ];
    for (pointer, value) in breaks {
        let mut broken = good.clone();
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        broken.pointer_mut(parent).expect("a place")[key] = value;
        assert!(!SCHEMA.is_valid(&broken), "{pointer}");
    }
}

fn is_harmless(text: &str) {
    let e = sample::everything(text);
    let clean = |t: &str| !t.contains(|c: char| c != '\n' && crate::text::is_hidden(c));
    for width in [40, 80, 200] {
        let plain = render("text", &e, &Style { width, ..PLAIN });
        assert!(clean(&plain), "{plain:?}");
    }
    let json = render("json", &e, &PLAIN);
    assert!(clean(&json), "{json:?}");
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["keys"][0]["key"], text);
    let values = json["keys"][0]["targets"][0]["git"]["values"].clone();
    assert!(values[0].get("value").is_none() && values[0]["redacted"] == true);
    assert_eq!(values[1]["value"], text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_string_acts_on_a_terminal(text in any::<String>()) {
        is_harmless(&text);
    }

    #[test]
    fn controls_neither(text in "[\u{0}-\u{9f}\u{200b}-\u{2069} ./'\"$]{0,40}") {
        is_harmless(&text);
    }
}

#[test]
fn columns_are_aligned() {
    let text = render(
        "text",
        &sample::sprawl(),
        &Style {
            width: 120,
            ..PLAIN
        },
    );
    let rows: Vec<&str> = text.lines().filter(|l| l.contains("config/")).collect();
    assert_eq!(rows.len(), 4, "{text}");
    let layers = ["parameters", "workload", "env", "defaults"];
    let at: Vec<_> = rows.iter().zip(layers).map(|(r, l)| r.find(l)).collect();
    assert!(at.iter().all(|a| *a == at[0] && a.is_some()), "{text}");
}
