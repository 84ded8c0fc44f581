//! Revisions, blobs at a revision, the change under review. The only module that knows git2.
//!
//! Nothing here writes to the user's repository: a three-way merge happens in memory, files are
//! exported to a folder that the caller owns. There is no network.

mod change;
mod error;
mod export;
mod files;
mod glob;
mod listing;
mod log;
mod path;
mod refs;
mod repository;
mod store;
#[cfg(test)]
pub(crate) mod testing;
mod walk;
mod work_tree;

pub use change::{Change, MergeResult};
pub use error::{FileError, GitError};
pub use export::{Export, ExportLimits};
pub use files::{Files, Found, Listed, PathKind};
pub use log::{Commits, Content, LogEnd, LogLimits, PathLog, Run};
pub use repository::{Repository, Revision};
pub use walk::{Skipped, Walk};
