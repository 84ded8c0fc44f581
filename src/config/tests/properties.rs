//! Whatever the bytes, loading ends with a project or with problems.

use super::{GOOD, Repository};
use crate::{config::load, git::Files, model::target::DesiredSpec};
use proptest::prelude::*;

/// A file that is nearly right: one of the good ones with a piece cut out or put in.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<Vec<u8>>(),
        "[ \\n:{}\\[\\]&*!|>%@`\"'$#-]{0,8}".prop_map(String::into_bytes),
        Just(b"${".to_vec()),
        Just(b"<<: *layers".to_vec()),
        Just(b"../../..".to_vec()),
    ];
    (
        0..GOOD.len(),
        any::<prop::sample::Index>(),
        0usize..40,
        piece,
    )
        .prop_map(|(which, at, cut, piece)| {
            let mut bytes = GOOD[which].1.as_bytes().to_vec();
            let at = at.index(bytes.len());
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, piece);
            bytes
        })
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop_oneof![any::<Vec<u8>>(), nearly()]) {
        let repository = Repository::of(&[]);
        let files = Files::folder(repository.folder.path());
        match load(&bytes, "driftgate.yaml", &files) {
            Ok(loaded) => {
                prop_assert!(loaded.problems.iter().all(|p| !p.blocks));
                prop_assert_eq!(load(&bytes, "driftgate.yaml", &files).map(|l| l.project), Ok(loaded.project));
            }
            Err(problems) => {
                prop_assert!(problems.iter().any(|p| p.blocks), "refused without a reason");
                let shown = super::show(&problems);
                prop_assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
            }
        }
    }

    #[test]
    fn what_loads_stays_in_the_repository(value in "[a-z./*$\\\\-]{0,12}") {
        let yaml = format!(
            "version: 1\nservices:\n  api:\n    variables: {{ v: '{value}' }}\n    layers:\n      - {{ name: a, desired: {{ manifests: 'deploy/${{v}}/x' }} }}\n      - {{ name: b, desired: {{ kustomize: '${{v}}' }} }}\n      - {{ name: c, desired: {{ file: [ '${{v}}' ] }} }}\n      - {{ name: d, desired: {{ spring: {{ folder: '${{v}}', profiles: ['${{v}}'] }} }} }}\n      - {{ name: e, desired: {{ compose: {{ files: '${{v}}' }} }} }}\nenvironments: {{ p: }}\n"
        );
        if let Ok(loaded) = super::load_alone(&yaml) {
            for layer in &loaded.project.targets[0].layers {
                let path = match &layer.desired {
                    Some(DesiredSpec::Manifests { paths }) => &paths[0],
                    Some(DesiredSpec::Kustomize { folder }) => folder,
                    Some(DesiredSpec::File(spec)) => &spec.parts[0].file,
                    Some(DesiredSpec::Spring(spec)) => {
                        prop_assert!(!spec.profiles[0].contains('/'), "{:?}", spec.profiles);
                        &spec.folder
                    }
                    Some(DesiredSpec::Compose(spec)) => &spec.files[0],
                    other => panic!("{other:?}"),
                };
                prop_assert!(!path.is_empty() && !path.starts_with('/'), "{path}");
                prop_assert!(path.split('/').all(|part| part != ".."), "{path}");
            }
        }
    }
}
