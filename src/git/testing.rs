//! Repositories for tests, in temporary folders, built with git2, and with git where git2 cannot
//! (shallow and partial clones, linked work trees). Nothing depends on the user's configuration.

use super::Repository;
use git2::{IndexAddOption, IndexEntry, IndexTime, ObjectType, Oid, Signature, Time};
use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};
use tempfile::TempDir;

/// 2026-01-01T00:00:00Z; each commit is a minute later than the one before.
const FIRST: i64 = 1_767_225_600;

/// A repository in a folder of its own, on branch `main`.
pub(crate) struct TestRepo {
    /// Deleted at the end; holds `repo` and whatever a test puts beside it.
    pub(crate) outer: TempDir,
    pub(crate) git: git2::Repository,
    minutes: Cell<i64>,
    pub(crate) author: Cell<&'static str>,
}

impl TestRepo {
    pub(crate) fn new() -> TestRepo {
        let outer = tempfile::tempdir().expect("a temporary folder");
        let mut options = git2::RepositoryInitOptions::new();
        options.initial_head("main");
        let git = git2::Repository::init_opts(outer.path().join("repo"), &options)
            .expect("an empty repository");
        let mut config = git.config().expect("its configuration");
        for (name, value) in [
            ("core.autocrlf", "false"),
            ("core.symlinks", "true"),
            ("core.filemode", "true"),
            ("core.excludesfile", "/dev/null"),
            ("core.logallrefupdates", "true"),
            ("uploadpack.allowFilter", "true"),
            ("uploadpack.allowAnySHA1InWant", "true"),
            ("user.name", "Committer"),
            ("user.email", "committer@example.com"),
        ] {
            config.set_str(name, value).expect("set the configuration");
        }
        TestRepo {
            outer,
            git,
            minutes: Cell::new(0),
            author: Cell::new("Ada Lovelace"),
        }
    }

    /// With these files in a first commit.
    pub(crate) fn with(files: &[(&str, &str)]) -> TestRepo {
        let repo = TestRepo::new();
        repo.change(files, "first");
        repo
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.outer.path().join("repo")
    }

    /// As driftgate sees it.
    pub(crate) fn open(&self) -> Repository {
        open(&self.root())
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let real = self.root().join(path);
        fs::create_dir_all(real.parent().expect("a folder")).expect("make the folder");
        fs::write(real, content).expect("write the file");
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.root().join(path)).expect("remove the file");
    }

    #[cfg(unix)]
    pub(crate) fn link(&self, path: &str, target: &str) {
        let real = self.root().join(path);
        fs::create_dir_all(real.parent().expect("a folder")).expect("make the folder");
        std::os::unix::fs::symlink(target, real).expect("make the symlink");
    }

    /// Writes files and commits everything.
    pub(crate) fn change(&self, files: &[(&str, &str)], message: &str) -> String {
        for (path, content) in files {
            self.write(path, content);
        }
        self.commit(message)
    }

    /// Commits everything that lies in the work tree.
    pub(crate) fn commit(&self, message: &str) -> String {
        let mut index = self.git.index().expect("the index");
        let all = ["*"];
        index
            .add_all(all, IndexAddOption::DEFAULT, None)
            .expect("add files");
        index.update_all(all, None).expect("remove files");
        index.write().expect("write the index");
        let tree = index.write_tree().expect("write the tree");
        self.commit_tree(tree, message)
    }

    /// Adds a submodule's entry to the index and commits it with the rest.
    pub(crate) fn commit_with_submodule(&self, path: &str, message: &str) -> String {
        let mut index = self.git.index().expect("the index");
        let time = IndexTime::new(0, 0);
        index
            .add(&IndexEntry {
                ctime: time,
                mtime: time,
                dev: 0,
                ino: 0,
                mode: 0o160_000,
                uid: 0,
                gid: 0,
                file_size: 0,
                id: Oid::from_str("0123456789012345678901234567890123456789").expect("an id"),
                flags: 0,
                flags_extended: 0,
                path: path.into(),
            })
            .expect("add the submodule");
        let tree = index.write_tree().expect("write the tree");
        self.commit_tree(tree, message)
    }

    /// Commits a tree on top of HEAD.
    pub(crate) fn commit_tree(&self, tree: Oid, message: &str) -> String {
        let parents: Vec<Oid> = self
            .git
            .head()
            .ok()
            .and_then(|h| h.target())
            .into_iter()
            .collect();
        self.commit_on(tree, &parents, Some("HEAD"), message)
    }

    pub(crate) fn commit_on(
        &self,
        tree: Oid,
        parents: &[Oid],
        reference: Option<&str>,
        message: &str,
    ) -> String {
        let tree = self.git.find_tree(tree).expect("the tree");
        let parents: Vec<_> = parents
            .iter()
            .map(|id| self.git.find_commit(*id).expect("the parent"))
            .collect();
        let parents: Vec<_> = parents.iter().collect();
        let time = Time::new(FIRST + 60 * self.minutes.get(), 0);
        self.minutes.set(self.minutes.get() + 1);
        let author =
            Signature::new(self.author.get(), "ada@example.com", &time).expect("an author");
        let committer =
            Signature::new("Committer", "committer@example.com", &time).expect("a committer");
        self.git
            .commit(reference, &author, &committer, message, &tree, &parents)
            .expect("commit")
            .to_string()
    }

    /// A tree object from raw bytes, as only a hostile server makes them.
    pub(crate) fn raw_tree(&self, entries: &[(&str, &[u8], Oid)]) -> Oid {
        let mut bytes = Vec::new();
        for (mode, name, id) in entries {
            bytes.extend_from_slice(mode.as_bytes());
            bytes.push(b' ');
            bytes.extend_from_slice(name);
            bytes.push(0);
            bytes.extend_from_slice(id.as_bytes());
        }
        let odb = self.git.odb().expect("the object database");
        odb.write(ObjectType::Tree, &bytes).expect("write the tree")
    }

    pub(crate) fn blob(&self, content: &str) -> Oid {
        self.git.blob(content.as_bytes()).expect("write the blob")
    }

    /// Makes a branch at HEAD and checks it out.
    pub(crate) fn branch(&self, name: &str) {
        self.run(&["checkout", "-q", "-b", name]);
    }

    pub(crate) fn checkout(&self, name: &str) {
        self.run(&["checkout", "-q", name]);
    }

    /// Merges a branch into the current one, with a merge commit.
    pub(crate) fn merge(&self, branch: &str) -> String {
        let minutes = self.minutes.get();
        self.minutes.set(minutes + 1);
        let message = format!("Merge {branch}");
        git_at(
            &self.root(),
            FIRST + 60 * minutes,
            &["merge", "-q", "--no-ff", "-m", &message, branch],
        );
        self.head()
    }

    pub(crate) fn head(&self) -> String {
        let head = self.git.head().expect("HEAD");
        head.target().expect("a commit").to_string()
    }

    /// Runs git here.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        git_at(&self.root(), FIRST, args)
    }

    /// Clones into a folder beside the repository.
    pub(crate) fn clone_as(&self, name: &str, args: &[&str]) -> PathBuf {
        let url = format!("file://{}", self.root().display());
        let to = self.outer.path().join(name);
        let mut all = vec!["clone", "-q"];
        all.extend_from_slice(args);
        let shown = to.display().to_string();
        all.extend_from_slice(&[&url, &shown]);
        git_at(self.outer.path(), FIRST, &all);
        to
    }
}

pub(crate) fn open(path: &Path) -> Repository {
    Repository::discover(path)
        .expect("a usable repository")
        .expect("a repository")
}

/// Runs git in a folder, without the user's configuration.
pub(crate) fn git_at(folder: &Path, time: i64, args: &[&str]) -> String {
    let date = format!("@{time} +0000");
    let output = Command::new("git")
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "Merger")
        .env("GIT_AUTHOR_EMAIL", "merger@example.com")
        .env("GIT_COMMITTER_NAME", "Merger")
        .env("GIT_COMMITTER_EMAIL", "merger@example.com")
        .env("GIT_AUTHOR_DATE", &date)
        .env("GIT_COMMITTER_DATE", &date)
        .output()
        .expect("git is installed");
    assert!(
        output.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Every file below a folder with a hash of its bytes and its time, to see that nothing was written.
pub(crate) fn everything_in(folder: &Path) -> Vec<(PathBuf, String, SystemTime)> {
    let mut out = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = fs::read(&path).expect("a file");
                let bytes = blake3::hash(&bytes).to_string();
                let meta = fs::metadata(&path).expect("its metadata");
                out.push((path, bytes, meta.modified().expect("a time")));
            }
        }
    }
    out.sort();
    out
}
