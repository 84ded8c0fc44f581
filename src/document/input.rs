//! Bytes to text that a parser may see: byte-order marks out, forbidden bytes found and masked.

use super::{
    DocumentProblem,
    lines::{Lines, small},
};
use crate::model::tree::Span;
use std::borrow::Cow;

/// UTF-8's byte-order mark.
pub(super) const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];
const BOM_CHAR: char = '\u{FEFF}';

/// A place that no document may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Forbidden {
    /// Offset in the text.
    pub(super) at: usize,
    /// What stands there.
    pub(super) what: Bad,
}

/// Why a byte is forbidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// Not UTF-8.
    NotUtf8,
    /// A control character.
    Control(u32),
}

/// A file's text. Forbidden bytes are replaced by as many question marks, so that offsets hold and
/// no parser trips over them; whoever reads the text drops the documents that had one.
pub(super) struct Input<'b> {
    pub(super) text: Cow<'b, str>,
    pub(super) forbidden: Vec<Forbidden>,
    /// Offsets in `text` before which a byte-order mark was taken out.
    marks: Vec<usize>,
    /// The file is ISO 8859-1: each character of the text is one byte of it.
    pub(super) latin_1: bool,
}

impl<'b> Input<'b> {
    /// For YAML: control characters are those of its production `c-printable`, and a byte-order
    /// mark may precede every document (concatenated files).
    pub(super) fn yaml(bytes: &'b [u8]) -> Result<Input<'b>, DocumentProblem> {
        let mut input = Input::utf8(bytes)?;
        input.mask(is_control_in_yaml);
        input.take_inner_marks();
        Ok(input)
    }

    /// For all formats but YAML and properties: only the control characters that no JSON text may
    /// hold.
    pub(super) fn plain(bytes: &'b [u8]) -> Result<Input<'b>, DocumentProblem> {
        let mut input = Input::utf8(bytes)?;
        input.mask(is_control_in_json);
        Ok(input)
    }

    /// For properties: a file that is no UTF-8 is ISO 8859-1, as Java read them all before 9; a
    /// form feed is a blank.
    pub(super) fn properties(bytes: &'b [u8]) -> Result<Input<'b>, DocumentProblem> {
        let mut input = Input::utf8(bytes)?;
        if !input.forbidden.is_empty() {
            let bytes = bytes.strip_prefix(&BOM).unwrap_or(bytes);
            input.text = bytes.iter().copied().map(char::from).collect();
            input.forbidden.clear();
            input.latin_1 = true;
        }
        input.mask(|c| is_control_in_json(c) && c != '\u{c}');
        Ok(input)
    }

    /// Whether the file begins with a byte-order mark.
    pub(super) fn has_mark(&self) -> bool {
        !self.marks.is_empty()
    }

    fn utf8(bytes: &'b [u8]) -> Result<Input<'b>, DocumentProblem> {
        if matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]) {
            return Err(DocumentProblem::new(
                Some(Span {
                    line: 1,
                    column: 1,
                    start: 0,
                    end: 2,
                }),
                "the file is UTF-16, expected UTF-8",
                Some("save it as UTF-8"),
            ));
        }
        let (bytes, marks) = match bytes.strip_prefix(&BOM) {
            Some(rest) => (rest, vec![0]),
            None => (bytes, Vec::new()),
        };
        let (text, forbidden) = match std::str::from_utf8(bytes) {
            Ok(text) => (Cow::Borrowed(text), Vec::new()),
            Err(_) => masked_utf8(bytes),
        };
        Ok(Input {
            text,
            forbidden,
            marks,
            latin_1: false,
        })
    }

    fn mask(&mut self, is_control: fn(char) -> bool) {
        let suspect = |b: &u8| *b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r') || *b >= 0x7F;
        if !self.text.bytes().any(|b| suspect(&b)) {
            return;
        }
        let found: Vec<(usize, char)> = self
            .text
            .char_indices()
            .filter(|(_, c)| is_control(*c))
            .collect();
        if found.is_empty() {
            return;
        }
        let mut out = String::with_capacity(self.text.len());
        let mut from = 0;
        for (at, c) in found {
            out.push_str(&self.text[from..at]);
            out.push_str(&"???"[..c.len_utf8()]);
            from = at + c.len_utf8();
            self.forbidden.push(Forbidden {
                at,
                what: Bad::Control(c.into()),
            });
        }
        out.push_str(&self.text[from..]);
        self.text = out.into();
        self.forbidden.sort_by_key(|f| f.at);
    }

    /// Takes out the marks in front of later documents.
    fn take_inner_marks(&mut self) {
        if self.text.is_ascii() || !self.text.contains(BOM_CHAR) {
            return;
        }
        let mut out = String::with_capacity(self.text.len());
        let mut begins = true;
        for line in self.text.split_inclusive('\n') {
            let bare = line.trim_start_matches(BOM_CHAR);
            if bare.len() < line.len() && (begins || is_marker(bare, "---")) {
                // One entry per mark: each stands for three bytes.
                let taken = (line.len() - bare.len()) / BOM.len();
                self.marks.extend(std::iter::repeat_n(out.len(), taken));
                self.forbidden
                    .iter_mut()
                    .filter(|f| f.at >= out.len())
                    .for_each(|f| f.at -= taken * BOM.len());
                out.push_str(bare);
            } else {
                out.push_str(line);
            }
            let content = bare.trim();
            if !content.is_empty() && !content.starts_with('#') {
                begins = is_marker(bare, "---") || is_marker(bare, "...");
            }
        }
        self.text = out.into();
    }

    /// The offset in the file of an offset in the text.
    pub(super) fn offset(&self, at: usize) -> u32 {
        match &*self.marks {
            [] => small(at),
            marks => small(at + BOM.len() * marks.partition_point(|m| *m <= at)),
        }
    }

    /// A span of the text as a span of the file.
    pub(super) fn shift(&self, span: Span) -> Span {
        if self.marks.is_empty() {
            return span;
        }
        Span {
            start: self.offset(span.start as usize),
            end: self.offset(span.end as usize),
            ..span
        }
    }

    /// The place in the file of a byte range of the text.
    pub(super) fn span(&self, lines: &Lines<'_>, start: usize, end: usize) -> Span {
        let mut span = lines.span(start, end);
        if self.latin_1 {
            span.start = small(lines.chars_before(start));
            span.end = small(lines.chars_before(end));
        }
        self.shift(span)
    }

    /// The problem of a forbidden place.
    pub(super) fn problem(&self, bad: Forbidden) -> DocumentProblem {
        let span = self.span(&Lines::new(&self.text), bad.at, bad.at + 1);
        match bad.what {
            Bad::NotUtf8 => DocumentProblem::new(
                Some(span),
                "a byte that is no UTF-8",
                Some("save the file as UTF-8"),
            ),
            Bad::Control(c) => DocumentProblem::new(
                Some(span),
                format!("a control character (U+{c:04X})"),
                Some("remove it, or write it as an escape in a quoted text"),
            ),
        }
    }
}

/// A line that is a document marker, alone or with something behind a blank.
fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

fn is_control_in_yaml(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' | '\u{85}' => false,
        '\u{FFFE}' | '\u{FFFF}' => true,
        c => c.is_control(),
    }
}

fn is_control_in_json(c: char) -> bool {
    c < ' ' && !matches!(c, '\t' | '\n' | '\r')
}

fn masked_utf8(bytes: &[u8]) -> (Cow<'static, str>, Vec<Forbidden>) {
    let mut out = String::with_capacity(bytes.len());
    let mut forbidden = Vec::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for _ in chunk.invalid() {
            forbidden.push(Forbidden {
                at: out.len(),
                what: Bad::NotUtf8,
            });
            out.push('?');
        }
    }
    (out.into(), forbidden)
}
