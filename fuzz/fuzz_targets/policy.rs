//! Any bytes as a baseline, a path of jq and a JSON pointer: no panic.
#![no_main]

use driftgate::policy::{baseline::Baseline, gitops::FieldSteps};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = Baseline::parse(bytes, "baseline.json");
    let text = String::from_utf8_lossy(bytes);
    let _ = FieldSteps::from_jq(&text);
    let _ = FieldSteps::from_pointer(&text);
});
