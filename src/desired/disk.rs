//! Renders kept between runs: one file per key, readable by us alone, written as a whole or not
//! at all. A damaged one is no render. Nothing with a secret comes here: the caller sees to it.

use crate::model::secret::hex;
use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Larger ones are neither kept nor read.
const MOST_BYTES: u64 = 64 << 20;
/// When there are more, the oldest go.
const MOST_RENDERS: usize = 1000;
const DIGEST: usize = 32;

/// The render under `key`, if there is one and it is whole.
pub(super) fn load(folder: &Path, key: &[u8; 32]) -> Option<Vec<u8>> {
    let path = path(folder, key);
    let about = fs::symlink_metadata(&path).ok()?;
    if !about.is_file() || about.len() > MOST_BYTES {
        return None;
    }
    let mut bytes = Vec::new();
    let mut file = fs::File::open(&path).ok()?.take(MOST_BYTES);
    file.read_to_end(&mut bytes).ok()?;
    let (digest, content) = bytes.split_at_checked(DIGEST)?;
    (digest == seal(key, content).as_bytes()).then(|| content.to_vec())
}

/// Keeps a render. Not being able to is no error: the next run renders again.
pub(super) fn store(folder: &Path, key: &[u8; 32], content: &[u8]) {
    if content.len() as u64 + DIGEST as u64 <= MOST_BYTES {
        let _ = try_store(folder, key, content);
    }
}

fn try_store(folder: &Path, key: &[u8; 32], content: &[u8]) -> std::io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".new-")
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(folder)?;
    file.write_all(seal(key, content).as_bytes())?;
    file.write_all(content)?;
    file.persist(path(folder, key))?;
    forget_the_oldest(folder);
    Ok(())
}

fn path(folder: &Path, key: &[u8; 32]) -> PathBuf {
    folder.join(format!("{}.render", hex(key)))
}

/// Belongs to the key as well: a file under another name is no render of that name.
fn seal(key: &[u8; 32], content: &[u8]) -> blake3::Hash {
    blake3::keyed_hash(key, content)
}

fn forget_the_oldest(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut renders: Vec<(SystemTime, PathBuf)> = entries
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "render"))
        .filter_map(|p| Some((fs::metadata(&p).ok()?.modified().ok()?, p)))
        .collect();
    if renders.len() > MOST_RENDERS {
        renders.sort();
        for (_, old) in &renders[..renders.len() - MOST_RENDERS] {
            let _ = fs::remove_file(old);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_or_not_at_all() {
        let temp = tempfile::tempdir().expect("a folder");
        let folder = temp.path().join("renders");
        let key = [7; 32];
        assert_eq!(load(&folder, &key), None);
        store(&folder, &key, b"kind: ConfigMap\n");
        assert_eq!(
            load(&folder, &key).as_deref(),
            Some(&b"kind: ConfigMap\n"[..])
        );
        let mode = |p: &Path| p.metadata().expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&path(&folder, &key))), (0o700, 0o600));

        fs::copy(path(&folder, &key), path(&folder, &[8; 32])).expect("copied");
        assert_eq!(load(&folder, &[8; 32]), None, "a render of other inputs");
        let mut bytes = fs::read(path(&folder, &key)).expect("there");
        bytes.pop();
        fs::write(path(&folder, &key), &bytes).expect("written");
        assert_eq!(load(&folder, &key), None, "cut off");
        fs::write(path(&folder, &key), b"x").expect("written");
        assert_eq!(load(&folder, &key), None, "too short for a digest");
        fs::remove_file(path(&folder, &key)).expect("removed");
        std::os::unix::fs::symlink("/etc/hostname", path(&folder, &key)).expect("linked");
        assert_eq!(load(&folder, &key), None, "a symlink is not followed");
    }

    #[test]
    fn the_oldest_go() {
        let temp = tempfile::tempdir().expect("a folder");
        for i in 0..MOST_RENDERS + 3 {
            fs::write(temp.path().join(format!("{i}.render")), b"").expect("written");
        }
        store(temp.path(), &[1; 32], b"new");
        let left = fs::read_dir(temp.path()).expect("there").count();
        assert_eq!(left, MOST_RENDERS);
        assert!(load(temp.path(), &[1; 32]).is_some());
    }
}
