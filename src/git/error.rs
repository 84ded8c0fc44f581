//! What can go wrong with a repository and with a path in it. No message holds content of a file.

/// Why a repository or a revision could not be used. Says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitError {
    /// The repository belongs to another user (git's `safe.directory`).
    #[error(
        "the repository at {path} belongs to another user, so git refuses it: \
         run `git config --global --add safe.directory {path}` if you trust it"
    )]
    NotOwned {
        /// The repository.
        path: String,
    },
    /// Object ids are SHA-256.
    #[error(
        "the repository at {path} uses SHA-256 object ids, which driftgate cannot read yet: \
         use a SHA-1 repository, or compare checked-out folders"
    )]
    Sha256 {
        /// The repository.
        path: String,
    },
    /// A repository format or extension that is not known here.
    #[error(
        "the repository at {path} has a format that driftgate cannot read ({what}): \
         clone it again without that extension, or compare checked-out folders"
    )]
    Format {
        /// The repository.
        path: String,
        /// libgit2's word for it.
        what: String,
    },
    /// There is no work tree.
    #[error("the repository at {path} is bare, it has no work tree: name a revision")]
    Bare {
        /// The repository.
        path: String,
    },
    /// `HEAD` names a branch without a commit.
    #[error("`{spec}` has no commit yet: commit something first")]
    Unborn {
        /// What was asked for.
        spec: String,
    },
    /// No such revision.
    #[error("git knows no revision `{spec}`{}{}", .similar.as_deref().map(|s| format!(", did you mean {s}?")).unwrap_or_default(), if *.shallow { SHALLOW } else { "" })]
    Unknown {
        /// What was asked for.
        spec: String,
        /// Close names, quoted: `` `origin/main` or `maint` ``.
        similar: Option<String>,
        /// Whether the clone is shallow, so that the commit may exist elsewhere.
        shallow: bool,
    },
    /// A prefix of several object ids.
    #[error("`{spec}` fits several objects: write more digits of the commit id")]
    Ambiguous {
        /// What was asked for.
        spec: String,
    },
    /// Not written as one revision.
    #[error("`{spec}` is not a revision: {why}")]
    NotARevision {
        /// What was asked for.
        spec: String,
        /// Why not.
        why: String,
    },
    /// A tree or blob.
    #[error("`{spec}` is a {what}, not a commit: name a commit, branch or tag")]
    NotACommit {
        /// What was asked for.
        spec: String,
        /// `file` or `folder`.
        what: &'static str,
    },
    /// The repository names an object that it does not hold.
    #[error(
        "object {id} ({what}) is not in this clone: fetch it (`git fetch --unshallow`, \
         or `git fetch --refetch --no-filter` in a partial clone)"
    )]
    MissingObject {
        /// The object.
        id: String,
        /// What it is needed for.
        what: String,
    },
    /// The path is not in the repository.
    #[error("{path} is not inside the repository at {root}")]
    Outside {
        /// The path.
        path: String,
        /// The repository.
        root: String,
    },
    /// Anything else that git says.
    #[error("{what}: {reason}")]
    Broken {
        /// What was being done.
        what: String,
        /// libgit2's or the system's words.
        reason: String,
    },
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
}

const SHALLOW: &str = "; this clone is shallow, so it may only be missing here: \
    run `git fetch --unshallow`, or check out with `fetch-depth: 0`";

impl GitError {
    pub(super) fn broken(what: impl Into<String>, error: &git2::Error) -> GitError {
        GitError::Broken {
            what: what.into(),
            reason: error.message().into(),
        }
    }
}

/// Why a path could not be read. Says what to do; holds no content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Nothing there.
    #[error("{path} does not exist {at}")]
    NotFound {
        /// The path.
        path: String,
        /// `at 0123abc`, `in the work tree`.
        at: String,
    },
    /// A folder, or something that is not made of bytes.
    #[error("{path} is {what} {at}, not a file")]
    NotAFile {
        /// The path.
        path: String,
        /// `a folder`, `a special file`.
        what: &'static str,
        /// Where.
        at: String,
    },
    /// A file where a folder was expected.
    #[error("{path} is not a folder {at}")]
    NotAFolder {
        /// The path.
        path: String,
        /// Where.
        at: String,
    },
    /// The path, or a symlink on its way, leads out.
    #[error("{path} leads out of the repository: driftgate reads nothing outside of it")]
    Leaves {
        /// The path, or the symlink.
        path: String,
    },
    /// Not a path that is read.
    #[error("`{path}` is not a path in the repository: {why}")]
    Invalid {
        /// The path.
        path: String,
        /// The rule it breaks.
        why: &'static str,
    },
    /// Symlinks in a circle, or too many in a row.
    #[error("{path} is a symlink that leads in a circle")]
    LinkCycle {
        /// The symlink.
        path: String,
    },
    /// Another repository.
    #[error(
        "{path} is a submodule; driftgate does not follow it: check it in its own repository, \
         or copy the files"
    )]
    Submodule {
        /// Its folder.
        path: String,
    },
    /// The blob stands for a file that Git LFS keeps elsewhere.
    #[error(
        "{path} is a Git LFS pointer, not the file itself: keep configuration out of LFS \
         (`git lfs untrack`)"
    )]
    LfsPointer {
        /// The path.
        path: String,
    },
    /// The clone lacks the content.
    #[error(
        "the content of {path} ({id}) is not in this clone: make a full clone, or fetch it \
         (`git fetch --refetch --no-filter`, or `git checkout` of that revision)"
    )]
    MissingObject {
        /// The path.
        path: String,
        /// The object.
        id: String,
    },
    /// Larger than a configuration file can be.
    #[error("{path} has more than {limit} bytes, which is the limit")]
    TooLarge {
        /// The path.
        path: String,
        /// In bytes.
        limit: u64,
    },
    /// More files than can be meant.
    #[error("{path} holds more than {limit} files and folders: name a smaller folder")]
    TooMany {
        /// The folder.
        path: String,
        /// The limit.
        limit: usize,
    },
    /// A symlink of an export leads to a file that is not exported.
    #[error("{path} is a symlink to {target}, which is not among the exported paths")]
    LinkOutsideExport {
        /// The symlink.
        path: String,
        /// Where it leads, from the repository's root.
        target: String,
    },
    /// The name is not text.
    #[error("the name of {path} is not UTF-8, it is not read")]
    NameNotUtf8 {
        /// The path, with replacement characters.
        path: String,
    },
    /// Not a glob.
    #[error("`{pattern}` is not a pattern: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Why not.
        reason: String,
    },
    /// The system or git refuses.
    #[error("cannot read {path}: {reason}")]
    Unreadable {
        /// The path.
        path: String,
        /// Why.
        reason: String,
    },
    /// The export could not be written.
    #[error("cannot write {path} of the export: {reason}")]
    Write {
        /// The path inside the export.
        path: String,
        /// Why.
        reason: String,
    },
}
