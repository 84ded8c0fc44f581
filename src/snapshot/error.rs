//! Why a file is refused, in words that hold no value of it.

use super::SCHEMA;
use crate::model::value::{Unread, UnreadCause};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why something is not read as a snapshot. Everything is said without quoting content.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Something else, or nothing.
    #[error("not a driftgate snapshot: {0}")]
    NotASnapshot(&'static str),
    /// Of a later version of the format.
    #[error(
        "recorded by a newer driftgate ({0}); this one knows v1: update driftgate, or record the snapshot with this version"
    )]
    Newer(Box<str>),
    /// The file ends too early.
    #[error("cut off after {}{}: record it again", counted(*.items), in_section(.section))]
    CutOff {
        /// Items of the section that were complete.
        items: u64,
        /// Which section of how many, where there are several.
        section: Option<(u32, u32)>,
    },
    /// A line that is not what it should be.
    #[error("line {line}: {what}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong, without content.
        what: Box<str>,
    },
    /// Items are missing, or were added.
    #[error("line {line}: {} announced, {found} found: lines were removed or added", counted(*.said))]
    Count {
        /// From 1.
        line: usize,
        /// As the last line says.
        said: u64,
        /// As counted.
        found: u64,
    },
    /// The bytes are not those that were recorded.
    #[error(
        "line {line}: the checksum does not match: the file was damaged, edited, or its line ends were converted"
    )]
    Checksum {
        /// The last line of the section, from 1.
        line: usize,
    },
    /// The bytes are not those that were recorded with this key.
    #[error(
        "line {line}: the MAC does not match DRIFTGATE_KEY: the file was changed after it was recorded"
    )]
    Tampered {
        /// The last line of the section, from 1.
        line: usize,
    },
    /// Larger than a limit.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What.
        what: Box<str>,
        /// The limit in bytes.
        limit: u64,
    },
    /// Neither a snapshot nor objects of a cluster.
    #[error("{0}")]
    NotObjects(Box<str>),
    /// A folder without anything that could be read.
    #[error(
        "no snapshot and no objects: expected files ending in .snapshot, .json, .jsonl, .ndjson, .yaml or .yml"
    )]
    Empty,
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// In a file.
    #[error("{}: {error}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        error: Box<SnapshotError>,
    },
}

fn counted(items: u64) -> String {
    format!("{items} item{}", if items == 1 { "" } else { "s" })
}

fn in_section(section: &Option<(u32, u32)>) -> String {
    section.map_or_else(String::new, |(n, of)| format!(" of section {n} of {of}"))
}

impl SnapshotError {
    pub(super) fn line(line: usize, what: impl Into<Box<str>>) -> SnapshotError {
        SnapshotError::Line {
            line,
            what: what.into(),
        }
    }

    pub(super) fn at(self, path: &Path) -> SnapshotError {
        SnapshotError::File {
            path: path.into(),
            error: Box::new(self),
        }
    }

    /// The kind of failure, for the coverage.
    #[must_use]
    pub fn cause(&self) -> UnreadCause {
        match self {
            SnapshotError::CutOff { .. } => UnreadCause::CutOff,
            SnapshotError::Tampered { .. } | SnapshotError::Checksum { .. } => {
                UnreadCause::Tampered
            }
            SnapshotError::TooLarge { .. } => UnreadCause::TooLarge,
            SnapshotError::File { error, .. } => error.cause(),
            _ => UnreadCause::Malformed,
        }
    }

    /// As the outcome of a scope that was to be answered by the snapshot.
    #[must_use]
    pub fn unread(&self) -> Unread {
        Unread::new(self.cause(), self.to_string())
    }
}

/// The error for a `schema` that is not [`SCHEMA`].
pub(super) fn other_schema(schema: &str) -> SnapshotError {
    let version = schema.strip_prefix(super::SCHEMA_FAMILY).unwrap_or("");
    let number = version
        .strip_prefix('v')
        .and_then(|n| n.parse::<u32>().ok());
    match number {
        Some(2..) => SnapshotError::Newer(version.into()),
        _ if schema == SCHEMA => SnapshotError::NotASnapshot("its first line is broken"),
        _ => SnapshotError::NotASnapshot("its schema is none that driftgate ever wrote"),
    }
}

/// What is wrong with a line of JSON, without quoting it: serde's own messages hold values.
pub(super) fn json_trouble(what: &str, e: &serde_json::Error) -> String {
    let column = e.column();
    if e.is_data() {
        // The name of a member is no value, but may be anything: only a harmless one is repeated.
        let name = e
            .to_string()
            .strip_prefix("unknown field `")
            .and_then(|rest| rest.split('`').next().map(str::to_owned))
            .filter(|n| n.len() <= 40 && n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
        return match name {
            Some(name) => format!("unknown field `{name}` in {what}, at column {column}"),
            None => {
                format!("not {what}: a field is missing or of another type, at column {column}")
            }
        };
    }
    if e.to_string().starts_with("recursion limit exceeded") {
        return format!("not {what}: nested too deeply at column {column}");
    }
    format!("not {what}: broken JSON at column {column}")
}
