//! A file or a folder, whatever of the two forms its files have.

use super::{
    Recorded, SnapshotError,
    kubectl::{MAX_FILE, Objects},
    read::{is_snapshot, read},
};
use crate::model::{observation::Classifier, secret::DigestKey};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

const ENDINGS: [&str; 6] = ["snapshot", "json", "jsonl", "ndjson", "yaml", "yml"];

/// Folders nested deeper than this are refused.
const MAX_FOLDERS: usize = 32;

/// Folders with more files than this are refused.
const MAX_FILES: usize = 100_000;

/// Reads a file, or all `.snapshot`, `.json`, `.jsonl`, `.ndjson`, `.yaml` and `.yml` files below a folder, in the
/// order of their paths (names that begin with a dot are left out, as `kubectl` and git do).
///
/// Each file is a driftgate snapshot or the output of `kubectl get -o yaml|json`, told apart by
/// content. Snapshots give one [`Recorded`] per section; all `kubectl` output together gives one, the
/// last, without an environment and without a capture time.
///
/// `key` checks MACs if it is a lasting one, and seals the secrets of `kubectl` output.
///
/// # Errors
/// [`SnapshotError`], naming the file. One broken file refuses all: what it held would be missing.
pub fn read_path(
    path: &Path,
    key: &DigestKey,
    classifier: &dyn Classifier,
) -> Result<Vec<Recorded>, SnapshotError> {
    let mut files = Vec::new();
    if fs::metadata(path)
        .map_err(|e| SnapshotError::from(e).at(path))?
        .is_dir()
    {
        let root = path
            .canonicalize()
            .map_err(|e| SnapshotError::from(e).at(path))?;
        collect(path, &root, 0, &mut files)?;
        files.sort();
    } else {
        files.push(path.to_path_buf());
    }
    if files.is_empty() {
        return Err(SnapshotError::Empty.at(path));
    }
    let (mut out, mut objects) = (Vec::new(), Objects::default());
    for file in &files {
        one(file, key, &mut out, &mut objects).map_err(|e| e.at(file))?;
    }
    if !objects.is_empty() {
        out.push(objects.finish(path, key, classifier));
    }
    Ok(out)
}

fn one(
    path: &Path,
    key: &DigestKey,
    out: &mut Vec<Recorded>,
    objects: &mut Objects,
) -> Result<(), SnapshotError> {
    let mut input = BufReader::with_capacity(1 << 20, File::open(path)?);
    if is_snapshot(input.fill_buf()?) {
        out.extend(read(&mut input, Some(key))?);
        return Ok(());
    }
    let mut bytes = Vec::new();
    input.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(SnapshotError::TooLarge {
            what: "the file".into(),
            limit: MAX_FILE,
        });
    }
    objects.add(path, &bytes)
}

fn collect(
    folder: &Path,
    root: &Path,
    depth: usize,
    out: &mut Vec<PathBuf>,
) -> Result<(), SnapshotError> {
    let at = |e: std::io::Error| SnapshotError::from(e).at(folder);
    if depth > MAX_FOLDERS {
        return Err(SnapshotError::NotObjects("folders are nested too deeply".into()).at(folder));
    }
    for entry in fs::read_dir(folder).map_err(at)? {
        let entry = entry.map_err(at)?;
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let kind = fs::metadata(&path).map_err(|e| SnapshotError::from(e).at(&path))?;
        if entry.file_type().map_err(at)?.is_symlink() {
            inside(&path, root, kind.is_dir()).map_err(|e| e.at(&path))?;
        }
        if kind.is_dir() {
            collect(&path, root, depth + 1, out)?;
        } else if kind.is_file() && has_ending(&path) {
            out.push(path);
        }
        if out.len() > MAX_FILES {
            return Err(SnapshotError::NotObjects("more than 100000 files".into()).at(root));
        }
    }
    Ok(())
}

/// A link that leads out of the folder could make anything on this machine look like live state;
/// one to a folder could lead in circles.
fn inside(link: &Path, root: &Path, is_folder: bool) -> Result<(), SnapshotError> {
    if is_folder {
        return Err(SnapshotError::NotObjects(
            "it is a link to a folder: give that folder itself".into(),
        ));
    }
    if link.canonicalize()?.starts_with(root) {
        return Ok(());
    }
    Err(SnapshotError::NotObjects(
        "it is a link that leads out of the folder".into(),
    ))
}

fn has_ending(path: &Path) -> bool {
    path.extension()
        .and_then(|e| e.to_str())
        .is_some_and(|e| ENDINGS.iter().any(|known| e.eq_ignore_ascii_case(known)))
}
