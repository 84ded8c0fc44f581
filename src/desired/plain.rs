//! Files that hold manifests as they are: named, below folders, matched by globs.

use super::{
    DesiredContext,
    cache::CacheKey,
    objects::{Extracted, Origin, extract},
    world::{How, WorldBuilder},
};
use crate::{
    document::{self, Dialect, Format},
    git::{FileError, Files, Found},
    model::{place::Place, problem::Problem, value::UnreadCause},
};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::{collections::BTreeSet, sync::Arc};

/// Reads every file that `paths` stand for into `world`. What stands for nothing is a problem:
/// unreadable is never missing.
pub(super) fn read_into(
    world: &mut WorldBuilder,
    paths: &[Box<str>],
    files: &Files,
    cx: &DesiredContext<'_>,
) {
    let mut found: Vec<(Found, How)> = Vec::new();
    let mut seen = BTreeSet::new();
    for path in paths {
        match list(path, files) {
            Ok(list) => {
                for (file, how) in list {
                    match files.read(&file) {
                        // A symlink and what it leads to are one file.
                        Ok(read) if seen.insert(read.path.clone()) => found.push((read, how)),
                        Ok(_) => {}
                        Err(error) => world.unreadable(&error, &file),
                    }
                }
            }
            Err(problem) => world.problem(*problem, UnreadCause::MissingObject),
        }
    }
    // Parsing is where the time goes; the order of files is kept.
    let parsed: Vec<(Arc<str>, Arc<Extracted>, How)> = found
        .into_par_iter()
        .map(|(file, how)| (file.path.clone(), parsed(&file, cx), how))
        .collect();
    for (path, extracted, how) in parsed {
        world.input(&path);
        world.add(&extracted, how);
    }
}

fn parsed(file: &Found, cx: &DesiredContext<'_>) -> Arc<Extracted> {
    let key = CacheKey::File {
        blob: file.id.clone(),
        path: file.path.clone(),
        namespace: cx.default_namespace.map(Into::into),
    };
    if let Some(known) = cx.cache.get(&key) {
        return known;
    }
    let parsed = document::parse(&file.bytes, format(file));
    let origin = Origin::Written {
        file: &file.path,
        bytes: &file.bytes,
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

/// The files that one path stands for.
fn list(path: &str, files: &Files) -> Result<Vec<(Arc<str>, How)>, Box<Problem>> {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    if path.contains(['*', '?', '{', '[']) {
        return glob(path, files);
    }
    let path = if path == "." { "" } else { path };
    match files.read(path) {
        Ok(_) => return Ok(vec![(path.into(), How::Named)]),
        Err(FileError::NotFound { .. }) => {}
        // A folder is no file: what else is wrong shows when it is walked.
        Err(_) if path.is_empty() => {}
        Err(error) => match files.walk(path) {
            Ok(_) => {}
            Err(_) => return Err(problem(path, error.to_string())),
        },
    }
    let below = files
        .walk(path)
        .map_err(|error| problem(path, error.to_string()))?;
    let list: Vec<_> = below
        .into_iter()
        .filter(|f| is_manifest(f))
        .map(|f| (f, How::Found))
        .collect();
    if list.is_empty() {
        return Err(problem(
            path,
            format!("no .yaml, .yml or .json file below {}", shown(path)),
        ));
    }
    Ok(list)
}

fn glob(path: &str, files: &Files) -> Result<Vec<(Arc<str>, How)>, Box<Problem>> {
    let matcher = globset::GlobBuilder::new(path)
        .literal_separator(true)
        .build()
        .map_err(|_| problem(path, format!("`{path}` is not a glob that can be read")))?
        .compile_matcher();
    // Only the folder before the first wildcard is walked.
    let fixed = path.find(['*', '?', '{', '[']).unwrap_or(path.len());
    let folder = path[..fixed].rsplit_once('/').map_or("", |(f, _)| f);
    let list: Vec<_> = files
        .walk(folder)
        .map_err(|error| problem(path, error.to_string()))?
        .into_iter()
        .filter(|f| is_manifest(f) && matcher.is_match(&**f))
        .map(|f| (f, How::Found))
        .collect();
    if list.is_empty() {
        return Err(problem(path, format!("no manifest matches `{path}`")));
    }
    Ok(list)
}

fn shown(path: &str) -> &str {
    if path.is_empty() {
        "the repository"
    } else {
        path
    }
}

fn problem(path: &str, message: String) -> Box<Problem> {
    Box::new(Problem::new(Some(Place::exact(path.into(), None)), message))
}

fn is_manifest(path: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|e| path.ends_with(e))
}
