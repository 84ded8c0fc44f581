//! `docker run --env-file`, after `parseKeyValueFile` of docker/cli: no quotes, no expansion.

use super::FROM_ENVIRONMENT;
use crate::document::pairs::{Leaf, Pairs, line_end};

/// Go's `bufio.Scanner` reads no longer lines.
const LONGEST_LINE: usize = 64 << 10;

pub(super) fn read(pairs: &mut Pairs<'_>) {
    let text = pairs.text();
    let mut next = 0;
    while next < text.len() {
        let from = next;
        let end = line_end(text, from);
        next = end + 1;
        if end - from >= LONGEST_LINE {
            pairs.broken(
                from..end,
                "a line above 64 KiB, which docker does not read",
                None,
            );
            continue;
        }
        let whole = &text[from..end];
        let whole = whole.strip_suffix('\r').unwrap_or(whole);
        let line = whole.trim_start();
        if !line.is_empty() && !line.starts_with('#') {
            self::line(pairs, line, from + whole.len() - line.len());
        }
    }
}

fn line<'i>(pairs: &mut Pairs<'i>, line: &'i str, at: usize) {
    let end = at + line.len();
    let (name, value) = match line.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (line, None),
    };
    if name.is_empty() {
        pairs.broken(at..end, "no name before the `=`", None);
        return;
    }
    if name.contains([' ', '\t']) {
        pairs.broken(
            at..end,
            "a name with a blank in it, for which docker refuses the file",
            Some("no `export`, and no blanks before the `=`"),
        );
        return;
    }
    let name_at = at..at + name.len();
    match value {
        Some(value) => pairs.push(
            name,
            name_at.clone(),
            Leaf::Text(value.into()),
            name_at.end + 1..end,
        ),
        None if !name.bytes().all(is_name_byte) => pairs.note(
            at..end,
            "a line without `=`, which docker takes as the name of a variable to pass on; none can have it",
            "docker knows no values of several lines",
        ),
        None => pairs.push(name, name_at, Leaf::Opaque(FROM_ENVIRONMENT), end..end),
    }
}

fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')
}
