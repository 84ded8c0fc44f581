//! The lines of a snapshot: their shapes for reading, and how they come out of a file.

use super::{
    MAX_LINE, MAX_TOTAL, SnapshotError, SourceName,
    error::json_trouble,
    marks::{NumberAt, OpaqueAt, SealedAt},
};
use crate::model::{
    observation::{ItemId, Read as ScopeRead, WriterKind},
    time::Timestamp,
    tree::Tree,
};
use serde::Deserialize;
use std::{
    borrow::Cow,
    io::{BufRead, Read},
};

/// Enough of a head line to tell versions apart.
#[derive(Deserialize)]
pub(super) struct AnyHead<'a> {
    #[serde(borrow)]
    pub(super) schema: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeadLine {
    #[serde(rename = "schema")]
    _schema: String,
    #[serde(default)]
    pub(super) environment: Option<Box<str>>,
    pub(super) source: SourceName,
    #[serde(default)]
    pub(super) system: Option<Box<str>>,
    #[serde(default)]
    pub(super) taken: Option<(Timestamp, Timestamp)>,
    #[serde(default)]
    pub(super) key: Option<String>,
    pub(super) section: (u32, u32),
    pub(super) reads: Vec<ScopeRead>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TextLine<'a> {
    #[serde(borrow)]
    pub(super) text: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemLine<'a> {
    pub(super) id: ItemId,
    pub(super) tree: Tree,
    #[serde(default, borrow)]
    pub(super) sealed: Vec<SealedAt<'a>>,
    #[serde(default, borrow)]
    pub(super) opaque: Vec<OpaqueAt<'a>>,
    #[serde(default, borrow)]
    pub(super) numbers: Vec<NumberAt<'a>>,
    #[serde(default, borrow)]
    pub(super) writes: Vec<WriteLine<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteLine<'a> {
    #[serde(borrow)]
    pub(super) writer: Cow<'a, str>,
    pub(super) kind: WriterKind,
    #[serde(default)]
    pub(super) subresource: Option<Box<str>>,
    #[serde(default)]
    pub(super) api_version: Option<Box<str>>,
    #[serde(default)]
    pub(super) time: Option<Timestamp>,
    #[serde(default)]
    pub(super) fields: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FootLine {
    pub(super) items: u64,
    #[serde(default)]
    pub(super) mac: Option<String>,
    #[serde(rename = "blake3")]
    _blake3: String,
}

/// How reading a line ended.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Ending {
    /// A line with its end.
    Line,
    /// The end of the file.
    File,
    /// The end of the file inside a line.
    Inside,
}

pub(super) struct Lines<'i> {
    input: &'i mut dyn BufRead,
    /// The line that was read, with its end.
    pub(super) line: Vec<u8>,
    /// Its number, from 1.
    pub(super) number: usize,
    bytes: u64,
}

impl<'i> Lines<'i> {
    pub(super) fn new(input: &'i mut dyn BufRead) -> Lines<'i> {
        Lines {
            input,
            line: Vec::new(),
            number: 0,
            bytes: 0,
        }
    }

    /// Reads the next line.
    ///
    /// # Errors
    /// When the line or the file is too large, or reading fails.
    pub(super) fn next(&mut self) -> Result<Ending, SnapshotError> {
        self.line.clear();
        self.number += 1;
        let limit = MAX_LINE as u64 + 1;
        let n = Read::take(&mut *self.input, limit).read_until(b'\n', &mut self.line)?;
        self.bytes += n as u64;
        if self.bytes > MAX_TOTAL {
            return Err(SnapshotError::TooLarge {
                what: "the file".into(),
                limit: MAX_TOTAL,
            });
        }
        if self.line.ends_with(b"\n") {
            return Ok(Ending::Line);
        }
        if n as u64 == limit {
            return Err(SnapshotError::TooLarge {
                what: format!("line {}", self.number).into(),
                limit: MAX_LINE as u64,
            });
        }
        Ok(if n == 0 { Ending::File } else { Ending::Inside })
    }

    pub(super) fn bad(&self, what: impl Into<Box<str>>) -> SnapshotError {
        SnapshotError::line(self.number, what)
    }

    pub(super) fn parse<'a, T: Deserialize<'a>>(&'a self, what: &str) -> Result<T, SnapshotError> {
        serde_json::from_slice(&self.line).map_err(|e| self.bad(json_trouble(what, &e)))
    }
}
