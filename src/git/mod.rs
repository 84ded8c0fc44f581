//! Revisions, blobs at a revision, the change under review. The only module that knows git2.

mod files;
pub use files::{FileError, Files, Found};
