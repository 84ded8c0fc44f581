//! Any bytes as driftgate.yaml: no panic, and every problem has its place in the file.
#![no_main]

use driftgate::{config, git::Files};
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    let files = Files::folder(Path::new("/nonexistent"));
    if let Err(problems) = config::load(bytes, "driftgate.yaml", &files) {
        assert!(!problems.is_empty());
        let _ = config::show(&problems);
    }
});
