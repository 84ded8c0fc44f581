//! Any bytes as a snapshot: no panic, and what is accepted is written again to the same bytes.
#![no_main]

use driftgate::model::secret::DigestKey;
use driftgate::snapshot::{Section, read, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let key = DigestKey::for_this_run(&[7; 32]);
    let Ok(recorded) = read(&mut &*bytes, None) else {
        return;
    };
    let sections: Vec<Section<'_>> = recorded.iter().map(|r| r.section()).collect();
    let mut out = Vec::new();
    write(&sections, &key, &mut out).expect("what was read can be written");
    let again = read(&mut &*out, None).expect("our own file");
    assert_eq!(again.len(), recorded.len());
    for (a, b) in again.iter().zip(&recorded) {
        assert_eq!(a.observation.reads(), b.observation.reads());
        assert_eq!(a.observation.objects().count(), b.observation.objects().count());
    }
});
