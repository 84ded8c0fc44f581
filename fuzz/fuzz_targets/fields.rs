//! Any text as `fieldsV1`, any text as a path: no panic, and only paths that exist have owners.
#![no_main]

use driftgate::kubernetes::ownership::Ownership;
use driftgate::model::{
    observation::{WriteRecord, WriterKind},
    path::KeyPath,
    tree::{Prune, Tree},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (fields, path) = input;
    let Ok(path) = path.parse::<KeyPath>() else {
        return;
    };
    let tree = Tree::from_json(br#"{"kind":"Deployment","spec":{"replicas":1}}"#, Prune::NOTHING)
        .expect("JSON");
    let writes = [WriteRecord {
        writer: "kubectl-edit".into(),
        kind: WriterKind::UpdateManager,
        subresource: None,
        api_version: None,
        time: None,
        fields: Some(fields.into()),
    }];
    let ownership = Ownership::of(&writes, tree.root(), &[]);
    let owners = ownership.owners(&path);
    assert!(owners.iter().all(|o| o.record == 0));
    let _ = ownership.evidence(&path);
});
