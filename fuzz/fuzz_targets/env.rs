//! Any bytes as environment variables, in all four dialects: no panic, no hang, and every place
//! inside the file.
#![no_main]

use driftgate::document::{EnvDialect, Format, parse};
use driftgate::model::tree::Kind;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for dialect in [
        EnvDialect::Dotenv,
        EnvDialect::Shell,
        EnvDialect::Docker,
        EnvDialect::Compose,
    ] {
        let parsed = parse(bytes, Format::Dotenv(dialect));
        for problem in &parsed.problems {
            assert!(problem.span.is_none_or(|s| s.end as usize <= bytes.len()));
        }
        for document in &parsed.documents {
            let root = document.tree.root();
            assert_eq!(root.kind(), Kind::Map);
            for node in root.children() {
                assert!(matches!(node.kind(), Kind::Text | Kind::Opaque));
                let (key, value) = (node.key_span(), node.span());
                let (key, value) = (key.expect("a key's place"), value.expect("a value's place"));
                assert!(key.end <= value.start && value.end as usize <= bytes.len());
            }
        }
    }
});
