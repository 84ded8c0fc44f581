//! All formats on the shared sample, and what people see of the stories.
//!
//! `UPDATE_EXPECTED=1 cargo test --lib render` rewrites `tests/data/render/`.

use super::{FORMATS, Style, format, message, sample};
use crate::{
    model::{finding::Message, report::Report, value::Shown},
    text::page::{Paint, RESET},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{fs, path::PathBuf, sync::LazyLock};

const PLAIN: Style = Style {
    color: false,
    width: 80,
    verbose: false,
};

fn render(name: &str, report: &Report, style: &Style) -> String {
    let mut bytes = Vec::new();
    let format = format(name).expect("a format of this name");
    (format.write)(report, style, &mut bytes).expect("memory takes all");
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
    let stories: [(&str, Report); 7] = [
        ("emergency-fix", sample::emergency_fix()),
        ("audit-folded", sample::audit_folded()),
        ("incomplete", sample::incomplete()),
        ("clean", sample::clean()),
        ("pending-restart", sample::pending_restart()),
        ("missing-object", sample::missing_object()),
        ("only-changes", sample::only_changes()),
    ];
    for (name, report) in stories {
        expect(&format!("{name}.txt"), &render("text", &report, &PLAIN));
    }
}

#[test]
fn the_sample_in_every_format() {
    let sample = sample::sample();
    expect("sample.txt", &render("text", &sample, &PLAIN));
    expect(
        "sample-verbose.txt",
        &render(
            "text",
            &sample,
            &Style {
                verbose: true,
                ..PLAIN
            },
        ),
    );
    expect("sample.json", &render("json", &sample, &PLAIN));
    let color = Style {
        color: true,
        ..PLAIN
    };
    expect(
        "emergency-fix.ansi",
        &render("text", &sample::emergency_fix(), &color),
    );
    let narrow = Style { width: 50, ..PLAIN };
    expect(
        "emergency-fix-narrow.txt",
        &render("text", &sample::emergency_fix(), &narrow),
    );
}
