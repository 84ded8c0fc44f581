//! Any bytes as a file that an item is added to: no panic, and what comes out can be read again.
#![no_main]

use driftgate::document::{Dialect, Format, edit::add_item, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let item = [("rule", "drifted"), ("value", "a: \"b\" # c")];
    if let Ok(after) = add_item(bytes, "waivers", &item) {
        let parsed = parse(&after, Format::Yaml(Dialect::Core));
        assert!(parsed.problems.iter().all(|p| !p.blocks), "{parsed:?}");
    }
});
