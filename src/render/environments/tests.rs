use super::*;
use crate::model::{
    entry::EntryKey,
    environments::{Class, ComparedPlace, EnvironmentCounts, EnvironmentRow},
    finding::SideShown,
    report::{Coverage, CoverageStatus, SideName},
    value::{Shown, Unread, UnreadCause},
};

/// Everything that acts on a terminal.
const HOSTILE: &str = "x\u{1b}[31m\r\n\u{202e}y";

fn value(place: &str, shown: Shown) -> SideShown {
    SideShown {
        environment: place.into(),
        layer: "params".into(),
        side: SideName::Desired,
        value: shown,
        place: Some(crate::render::sample::place("params/app.yaml", 3, 12)),
        made_from: vec![],
        object: None,
        path: crate::model::path::KeyPath::default(),
        commit: None,
        written: None,
        note: None,
    }
}

fn row(class: Class, key: &str, a: Shown, b: Shown) -> EnvironmentRow {
    EnvironmentRow {
        class,
        services: vec!["api".into()],
        key: EntryKey::Setting(key.into()),
        holder: None,
        container: None,
        sides: vec![SideName::Desired],
        values: vec![value("staging", a), value("production", b)],
        documented: (class == Class::Documented).then(|| ("each has its own".into(), None)),
    }
}

fn sample() -> Environments {
    let text = |t: &str| Shown::Value(t.into());
    let place = |name: &str| ComparedPlace {
        name: name.into(),
        environment: Some(name.into()),
        from: "git at HEAD 1234567".into(),
    };
    Environments {
        places: vec![place("staging"), place("production")],
        sides: vec![SideName::Desired, SideName::Live],
        services: vec!["api".into()],
        rows: vec![
            row(Class::OnlyIn, "FEATURE", text("on"), Shown::Absent),
            row(Class::OnlyIn, "TOKEN", Shown::Absent, Shown::Redacted),
            row(Class::Different, "TIMEOUT", text("10s"), text("20s")),
            row(Class::Different, HOSTILE, text(HOSTILE), text("b")),
            row(Class::Spelling, "ENABLED", text("true"), text("True")),
            row(Class::Documented, "HOST", text("a"), text("b")),
        ],
        coverage: vec![Coverage {
            status: CoverageStatus::Failed(Unread::new(UnreadCause::Forbidden, HOSTILE)),
            ..crate::render::sample::coverage("api", "production", SideName::Live)
        }],
        counts: EnvironmentCounts {
            compared: 42,
            fields: 1,
            differences: 5,
            documented: 1,
            by_names: 25,
            ..EnvironmentCounts::default()
        },
        ..Environments::default()
    }
}

fn written(format: &str, e: &Environments) -> String {
    let format = FORMATS.iter().find(|f| f.name == format).expect("known");
    let mut out = vec![];
    (format.write)(e, &Style::default(), &mut out).expect("a writer that takes it");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn one_screen_for_people() {
    let text = written("text", &sample());
    for part in [
        "staging and production: api (41 settings and 1 field compared, in git and live)",
        "NOT READ production:",
        "only in staging\n  FEATURE  on",
        "only in production\n  TOKEN  (secret)",
        "different\n  TIMEOUT (in git only)\n    staging     10s  params/app.yaml:3:12\n    production  20s",
        "spelt differently\n  ENABLED",
        "documented\n  HOST (in git only)\n    each has its own",
        "incomplete: 5 differences, 1 documented, 25 equal but for",
    ] {
        assert!(text.contains(part), "lacks `{part}`:\n{text}");
    }
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']), "{text:?}");
}

#[test]
fn long_lists_are_folded_unless_all_is_asked_for() {
    let mut e = sample();
    e.rows = (0..100)
        .map(|i| {
            let (a, b) = (Shown::Value("1".into()), Shown::Value("2".into()));
            row(Class::Different, &format!("KEY_{i:03}"), a, b)
        })
        .collect();
    let text = written("text", &e);
    assert!(
        text.contains("and 60 more (--all shows them): KEY_040"),
        "{text}"
    );
    assert!(text.lines().count() < 150);
}

#[test]
fn json_keeps_to_its_schema_and_holds_no_secret() {
    let json = written("json", &sample());
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let schema = include_str!("../../../schemas/environments-v1.schema.json");
    let schema = serde_json::from_str(schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> = validator
        .iter_errors(&json)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(json["verdict"], "incomplete");
    assert_eq!(json["rows"][1]["values"][1]["redacted"], true);
}
