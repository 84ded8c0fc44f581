//! Any bytes as YAML, in all dialects: no panic, no hang, and every place inside the file.
#![no_main]

use driftgate::document::{Dialect, Format, parse};
use driftgate::model::tree::{MAX_DEPTH, NodeRef};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for dialect in [Dialect::K8s, Dialect::Core, Dialect::CloudFormation] {
        let parsed = parse(bytes, Format::Yaml(dialect));
        for problem in &parsed.problems {
            assert!(problem.span.is_none_or(|s| s.end as usize <= bytes.len()));
        }
        for document in &parsed.documents {
            check(document.tree.root(), 0, bytes.len());
        }
    }
});

fn check(node: NodeRef<'_>, depth: usize, len: usize) {
    assert!(depth <= MAX_DEPTH);
    let span = node.span().expect("every value has a place");
    assert!(span.start <= span.end && span.end as usize <= len);
    assert!(
        node.key_span()
            .is_none_or(|s| s.start <= s.end && s.end as usize <= len)
    );
    for child in node.children() {
        check(child, depth + 1, len);
    }
}
