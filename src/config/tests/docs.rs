//! What docs/configuration.md shows loads.

use super::Repository;
use std::{fs, path::Path};

/// The YAML blocks of the page, each with the number of its first line.
fn blocks() -> Vec<(usize, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let page = fs::read_to_string(path).expect("docs/configuration.md");
    let (mut out, mut block) = (Vec::new(), None);
    for (at, line) in page.lines().enumerate() {
        match (line, &mut block) {
            ("```yaml", None) => block = Some((at + 2, String::new())),
            ("```", Some(_)) => out.extend(block.take()),
            (line, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
    }
    out
}

/// A block that begins several times, cut there: each is an example of its own.
fn examples(block: &str) -> Vec<String> {
    let first = block.split(':').next().unwrap_or_default();
    let mut out: Vec<String> = Vec::new();
    for line in block.lines() {
        if line.starts_with(&format!("{first}:")) || out.is_empty() {
            out.push(String::new());
        }
        if let Some(last) = out.last_mut() {
            last.push_str(line);
            last.push('\n');
        }
    }
    out
}

fn indented(text: &str, by: &str) -> String {
    text.lines().map(|line| format!("{by}{line}\n")).collect()
}

/// The example inside of a file that has everything else it needs.
fn whole(example: &str) -> String {
    let first = example.split(':').next().unwrap_or_default();
    let service = |layers: &str| {
        format!("services:\n  api:\n    variables: {{ path: services/api }}\n{layers}")
    };
    let sides = "    layers: [ { name: workload, live: { kubernetes: {} } } ]\n";
    let text = match first {
        "layers" => service(&indented(example, "    ")),
        "desired" | "live" => service(&format!(
            "    layers:\n      - name: a\n{}",
            indented(example, "        ")
        )),
        "deployed" => format!(
            "{}environments:\n  production:\n{}",
            service(sides),
            indented(example, "    ")
        ),
        _ => example.to_owned(),
    };
    let has = |key: &str| text.lines().any(|l| l.starts_with(key));
    let mut out = String::new();
    if !has("version:") {
        out.push_str("version: 1\n");
    }
    if !has("services:") {
        out.push_str(&service(sides));
        out.push_str(&format!("  web-shop:\n{sides}  payments:\n{sides}"));
    }
    if !has("environments:") {
        out.push_str(
            "\
environments:
  staging: { tier: staging, variables: { region: a, context: a } }
  production: { variables: { region: b, context: b } }
  production-us: { variables: { region: c, context: c } }
  production-eu: { variables: { region: d, context: d } }
  development: { tier: development, variables: { region: e, context: e } }
",
        );
    }
    out + &text
}

#[test]
fn every_example_loads() {
    let mut files = vec![("services/web/a", ""), ("services/legacy/a", "")];
    for name in [
        "values-staging.yaml",
        "values-production.yaml",
        "values-production-us.yaml",
        "values-production-eu.yaml",
        "values-development.yaml",
    ] {
        files.push((name, "apps: [ { name: web, values: {} } ]\n"));
    }
    let repository = Repository::of(&files);
    let blocks = blocks();
    assert!(blocks.len() > 15, "{} blocks", blocks.len());
    let mut wrong = Vec::new();
    for (line, block) in blocks {
        if block.starts_with('#') {
            // The comment for editors.
            continue;
        }
        for example in examples(&block) {
            let yaml = whole(&example);
            if let Err(shown) = repository.load(&yaml) {
                wrong.push(format!("docs/configuration.md:{line}:\n{shown}\n{yaml}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
