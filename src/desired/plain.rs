//! Files that hold manifests as they are: named, below folders, matched by globs.

use super::{
    DesiredContext,
    cache::CacheKey,
    objects::{Extracted, Origin, extract},
    path::join,
    world::{How, WorldBuilder, cause_of},
};
use crate::{
    document::{self, Dialect, Format},
    git::{FileError, Files, Found, PathKind, Walk},
    model::{
        place::{Exactness, Place},
        problem::Problem,
        value::UnreadCause,
    },
};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::{collections::BTreeSet, sync::Arc};

/// Reads every file that `paths` stand for into `world`. What stands for nothing is a problem:
/// unreadable is never missing. `exact` says what the places are worth.
pub(super) fn read_into(
    world: &mut WorldBuilder,
    paths: &[Box<str>],
    files: &Files,
    exact: &Exactness,
    cx: &DesiredContext<'_>,
) {
    let mut found: Vec<(Found, How)> = Vec::new();
    let mut seen = BTreeSet::new();
    for path in paths {
        match list(path, files) {
            Ok(list) => {
                for skipped in list.skipped {
                    world.unreadable(&skipped.why, &skipped.path);
                }
                for file in list.files {
                    match files.read(&file) {
                        // A symlink and what it leads to are one file.
                        Ok(read) if seen.insert(read.path.clone()) => found.push((read, list.how)),
                        Ok(_) => {}
                        Err(error) => world.unreadable(&error, &file),
                    }
                }
            }
            Err((message, cause)) => {
                let place = Place::exact((**path).into(), None);
                world.problem(Problem::new(Some(place), message), cause);
            }
        }
    }
    // Parsing is where the time goes; the order of files is kept.
    let parsed: Vec<(Arc<str>, Arc<Extracted>, How)> = found
        .into_par_iter()
        .map(|(file, how)| (file.path.clone(), parsed(&file, exact, cx), how))
        .collect();
    for (path, extracted, how) in parsed {
        if *exact == Exactness::Exact {
            world.input(&path);
        }
        world.add(&extracted, how);
    }
}

fn parsed(file: &Found, exact: &Exactness, cx: &DesiredContext<'_>) -> Arc<Extracted> {
    let key = CacheKey::File {
        blob: file.id.clone(),
        path: file.path.clone(),
        exact: exact.clone(),
        namespace: cx.default_namespace.map(Into::into),
    };
    if let Some(known) = cx.cache.get(&key) {
        return known;
    }
    let parsed = document::parse(&file.bytes, format(file));
    let origin = Origin::Written {
        file: &file.path,
        bytes: &file.bytes,
        exact,
    };
    cx.cache.keep(key, extract(&parsed, &origin, &[], cx))
}

/// JSON is YAML but for its escapes (`\ud83d\ude00`); which of the two it is, kubectl tells by
/// the first character.
fn format(file: &Found) -> Format {
    let first = file.bytes.iter().find(|b| !b.is_ascii_whitespace());
    if file.path.ends_with(".json") && matches!(first, Some(b'{' | b'[')) {
        Format::Json
    } else {
        Format::Yaml(Dialect::K8s)
    }
}

/// Whether a path stands for anything.
pub(super) fn is_there(path: &str, files: &Files) -> Result<bool, FileError> {
    if is_glob(path) {
        let walk = files.glob(path.trim_start_matches("./"))?;
        return Ok(walk.files.iter().any(|f| is_manifest(f)) || !walk.skipped.is_empty());
    }
    files.exists(&join("", path).unwrap_or_default())
}

fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '{', '['])
}

/// The files that one path stands for.
struct List {
    files: Vec<Arc<str>>,
    skipped: Vec<crate::git::Skipped>,
    how: How,
}

type Wrong = (String, UnreadCause);

fn list(path: &str, files: &Files) -> Result<List, Wrong> {
    if is_glob(path) {
        let walk = files
            .glob(path.trim_start_matches("./"))
            .map_err(|e| wrong(&e))?;
        return below(walk, || {
            format!("no manifest matches `{path}` {}", files.at())
        });
    }
    let Some(at) = join("", path).filter(|_| !path.starts_with('/')) else {
        let text = format!("{path} leads out of the repository");
        return Err((text, UnreadCause::Malformed));
    };
    if files.kind_of(&at).map_err(|e| wrong(&e))? != PathKind::Folder {
        // What is not there says so when it is read.
        return Ok(List {
            files: vec![at],
            skipped: Vec::new(),
            how: How::Named,
        });
    }
    let walk = files.walk_all(&at).map_err(|e| wrong(&e))?;
    below(walk, || {
        format!("no .yaml, .yml or .json file below {path} {}", files.at())
    })
}

fn below(walk: Walk, nothing: impl Fn() -> String) -> Result<List, Wrong> {
    let Walk { mut files, skipped } = walk;
    files.retain(|f| is_manifest(f));
    // A name that is not text ends in no suffix that is read.
    let skipped: Vec<_> = skipped
        .into_iter()
        .filter(|s| !matches!(s.why, FileError::NameNotUtf8 { .. }) || is_manifest(&s.path))
        .collect();
    if files.is_empty() && skipped.is_empty() {
        return Err((nothing(), UnreadCause::MissingObject));
    }
    Ok(List {
        files,
        skipped,
        how: How::Found,
    })
}

fn wrong(error: &FileError) -> Wrong {
    (error.to_string(), cause_of(error))
}

fn is_manifest(path: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|e| path.ends_with(e))
}
