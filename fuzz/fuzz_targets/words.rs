//! Any text as what the smaller readers take: key paths, quantities, durations, spans of time,
//! `$(VAR)`, what looks secret. No panic, and paths print as they were read.
#![no_main]

use driftgate::classify::{is_secret_name, looks_secret};
use driftgate::kubernetes::{expand::expand, quantity};
use driftgate::model::{path::KeyPath, time::parse_span, value::Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(path) = text.parse::<KeyPath>() {
        assert_eq!(path.to_string().parse::<KeyPath>().as_ref(), Ok(&path));
    }
    assert_eq!(
        quantity::Quantity::parse(text).is_some(),
        quantity::same(text, text)
    );
    let _ = quantity::same_duration(text, text);
    let _ = parse_span(text);
    let _ = looks_secret(text);
    let _ = is_secret_name(text);
    let _ = expand(text, &mut |name| (name.len() < 3).then(|| Value::text("value")));
});
