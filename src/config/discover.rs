//! Where driftgate.yaml is.

use std::path::{Path, PathBuf};

/// The names it may have.
pub const NAMES: [&str; 2] = ["driftgate.yaml", "driftgate.yml"];

/// Why there is no one driftgate.yaml. Says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// In none of the folders.
    #[error(
        "no driftgate.yaml {}: write one, or go without it: \
         `driftgate check --manifests <folder> --kubernetes <context>[/<namespace>]`",
        looked_in(.searched)
    )]
    Nowhere {
        /// The folders that were looked in, the innermost first.
        searched: Vec<PathBuf>,
    },
    /// Both names in one folder.
    #[error("{} has both driftgate.yaml and driftgate.yml: remove one", .folder.display())]
    Both {
        /// The folder.
        folder: PathBuf,
    },
    /// The working directory has no absolute path.
    #[error("can't tell where {} is: {why}", .from.display())]
    Unplaced {
        /// Where the search was to begin.
        from: PathBuf,
        /// What the system said.
        why: String,
    },
}

fn looked_in(searched: &[PathBuf]) -> String {
    match searched {
        [] => "found".into(),
        [only] => format!("in {}", only.display()),
        [first, .., last] => format!("from {} up to {}", first.display(), last.display()),
    }
}

/// Looks for driftgate.yaml from a folder upwards, up to the repository's root (the folder with
/// `.git`), or the file system's where there is no repository.
///
/// # Errors
/// [`NotFound`].
pub fn discover(from: &Path) -> Result<PathBuf, NotFound> {
    let start = std::path::absolute(from).map_err(|e| NotFound::Unplaced {
        from: from.into(),
        why: e.to_string(),
    })?;
    let mut searched = Vec::new();
    for folder in start.ancestors() {
        let there: Vec<PathBuf> = NAMES
            .iter()
            .map(|name| folder.join(name))
            .filter(|path| path.is_file())
            .collect();
        match there.as_slice() {
            [only] => return Ok(only.clone()),
            [] => searched.push(folder.to_path_buf()),
            _ => {
                return Err(NotFound::Both {
                    folder: folder.into(),
                });
            }
        }
        // A file in worktrees and submodules, a folder else.
        if folder.join(".git").exists() {
            break;
        }
    }
    Err(NotFound::Nowhere { searched })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn repository() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(root.path().join("repo/.git")).expect("folders");
        fs::create_dir_all(root.path().join("repo/services/api")).expect("folders");
        root
    }

    #[test]
    fn it_is_found_upwards() {
        let root = repository();
        let repo = root.path().join("repo");
        fs::write(repo.join("driftgate.yml"), "").expect("written");
        assert_eq!(
            discover(&repo.join("services/api")),
            Ok(repo.join("driftgate.yml"))
        );
        fs::write(repo.join("services/driftgate.yaml"), "").expect("written");
        assert_eq!(
            discover(&repo.join("services/api")),
            Ok(repo.join("services/driftgate.yaml"))
        );
    }

    #[test]
    fn the_search_ends_at_the_repository() {
        let root = repository();
        let repo = root.path().join("repo");
        fs::write(root.path().join("driftgate.yaml"), "").expect("written");
        let error = discover(&repo.join("services")).expect_err("not in the repository");
        assert_eq!(
            error.to_string(),
            format!(
                "no driftgate.yaml from {} up to {}: write one, or go without it: \
                 `driftgate check --manifests <folder> --kubernetes <context>[/<namespace>]`",
                repo.join("services").display(),
                repo.display()
            )
        );
    }

    #[test]
    fn two_names_are_a_problem_and_folders_are_not_files() {
        let root = repository();
        let repo = root.path().join("repo");
        fs::create_dir(repo.join("driftgate.yaml")).expect("a folder");
        assert!(matches!(discover(&repo), Err(NotFound::Nowhere { .. })));
        fs::remove_dir(repo.join("driftgate.yaml")).expect("removed");
        for name in NAMES {
            fs::write(repo.join(name), "").expect("written");
        }
        assert_eq!(discover(&repo), Err(NotFound::Both { folder: repo }));
    }
}
