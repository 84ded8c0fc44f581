//! Any bytes as INI: no panic, no hang, and every place inside the file.
#![no_main]

use driftgate::document::{Format, parse};
use driftgate::model::{
    name::Name,
    tree::{Kind, MAX_DEPTH, NodeRef},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let parsed = parse(bytes, Format::Ini);
    for problem in &parsed.problems {
        assert!(problem.span.is_none_or(|s| s.end as usize <= bytes.len()));
    }
    for document in &parsed.documents {
        assert_eq!(document.tree.root().kind(), Kind::Map);
        check(document.tree.root(), 0, bytes.len());
    }
});

fn check(node: NodeRef<'_>, depth: usize, len: usize) {
    assert!(depth <= MAX_DEPTH);
    let span = node.span().expect("every value has a place");
    assert!(span.start <= span.end && span.end as usize <= len);
    assert!(depth == 0 || node.key() == Name::NONE || node.key_span().is_some());
    for child in node.children() {
        check(child, depth + 1, len);
    }
}
