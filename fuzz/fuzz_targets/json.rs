//! Any bytes as JSON: the strict reader takes what serde_json takes, and nothing else.
#![no_main]

use driftgate::document::{Format, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = parse(bytes, Format::Jsonc);
    let strict = parse(bytes, Format::Json);
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if text.iter().all(u8::is_ascii_whitespace) {
        return;
    }
    let read = !strict.problems.iter().any(|p| p.blocks);
    assert_eq!(
        read,
        serde_json::from_slice::<serde_json::Value>(text).is_ok()
    );
});
