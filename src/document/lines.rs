//! From byte offsets to lines and columns.

use crate::model::tree::Span;
use std::cell::Cell;

const BLOCK: usize = 256;

/// Where lines begin, and how many characters precede every 256th byte, so that a column in a file
/// of one long line costs no more than any other.
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<u32>,
    /// Empty when all characters are one byte long.
    chars: Vec<u32>,
    /// The line that was found last: the next one is mostly the same or near.
    last: Cell<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Lines<'t> {
        let bytes = text.as_bytes();
        let starts = std::iter::once(0)
            .chain(
                bytes
                    .iter()
                    .enumerate()
                    .filter(|(_, b)| **b == b'\n')
                    .map(|(at, _)| small(at + 1)),
            )
            .collect();
        let mut chars = Vec::new();
        if !text.is_ascii() {
            let mut before = 0;
            for block in bytes.chunks(BLOCK) {
                chars.push(small(before));
                before += count(block);
            }
            chars.push(small(before));
        }
        Lines {
            text,
            starts,
            chars,
            last: Cell::new(0),
        }
    }

    /// Line and column, both from 1, of a byte offset.
    pub(super) fn at(&self, offset: usize) -> (u32, u32) {
        let offset = offset.min(self.text.len());
        let line = self.line(offset);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let before = self.chars_before(offset) - self.chars_before(start as usize);
        (small(line + 1), small(before + 1))
    }

    /// Counted from 0.
    fn line(&self, offset: usize) -> usize {
        let last = self.last.get();
        let found = (last..last + 3).find(|line| self.is_in(offset, *line));
        let line = found.unwrap_or_else(|| {
            let behind = self.starts.partition_point(|s| *s as usize <= offset);
            behind.saturating_sub(1)
        });
        self.last.set(line);
        line
    }

    fn is_in(&self, offset: usize, line: usize) -> bool {
        let start = self.starts.get(line).is_some_and(|s| *s as usize <= offset);
        start
            && self
                .starts
                .get(line + 1)
                .is_none_or(|s| offset < *s as usize)
    }

    /// The span of a byte range, before any shift for a byte-order mark.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let (line, column) = self.at(start);
        Span {
            line,
            column,
            start: small(start),
            end: small(end),
        }
    }

    /// The byte offset of a line (from 1) and a column that counts bytes (from 1).
    pub(super) fn offset_of(&self, line: usize, byte_column: usize) -> usize {
        let start = line.checked_sub(1).and_then(|n| self.starts.get(n));
        let at = start.map_or(0, |s| *s as usize) + byte_column.saturating_sub(1);
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    /// Characters before a byte offset.
    pub(super) fn chars_before(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        let block = offset / BLOCK;
        match self.chars.get(block) {
            Some(n) => *n as usize + count(&self.text.as_bytes()[block * BLOCK..offset]),
            None => offset,
        }
    }
}

/// Characters that begin in these bytes.
fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| (**b & 0xC0) != 0x80).count()
}

/// Offsets fit: files are bounded.
pub(super) fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
