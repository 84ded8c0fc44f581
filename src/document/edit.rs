//! Adds an item to a top-level list of a YAML file and leaves everything else as it is: comments,
//! blank lines, quotes, line ends. Nothing is taken away or written anew, so that a diff shows
//! added text only.

use super::{Dialect, Format, parse};
use crate::model::tree::{Kind, NodeRef, Tree};

/// A member of the new item; in the order in which they are written.
pub type Member<'a> = (&'a str, &'a str);

/// Why a file is not edited. The file can always be edited by hand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Not text.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// No YAML, or nothing in it.
    #[error("it can't be read: {0}")]
    NotRead(String),
    /// The file is no map, or several documents.
    #[error("expected one document that is a map")]
    NoMap,
    /// `{ version: 1 }`, which has no place for a block.
    #[error(
        "line {line}: the file is one flow map (`{{ … }}`) without `{key}`: add `{key}: []` to it first"
    )]
    FlowMap {
        /// From 1.
        line: usize,
        /// The list.
        key: String,
    },
    /// YAML allows none in indentation, and nobody sees how deep they are.
    #[error("line {line} is indented with a tab: indent it with blanks")]
    Tab {
        /// From 1.
        line: usize,
    },
    /// The list stands elsewhere, or for more than itself.
    #[error(
        "line {line}: `{key}` is {what}: what is added would be added wherever it is used, so add it by hand"
    )]
    Shared {
        /// From 1.
        line: usize,
        /// The list.
        key: String,
        /// An alias, an anchor, a tag.
        what: &'static str,
    },
    /// The member is something else.
    #[error("line {line}: `{key}` is no list")]
    NoList {
        /// From 1.
        line: usize,
        /// The list.
        key: String,
    },
}

/// Text to insert at a byte of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Insertion {
    at: usize,
    text: String,
}

/// The file with `item` as the last one of its top-level list `key`, which is made where there is
/// none.
///
/// # Errors
/// [`EditError`]: the file is not one that can be edited so.
pub fn add_item(bytes: &[u8], key: &str, item: &[Member<'_>]) -> Result<Vec<u8>, EditError> {
    let insertions = insertions(bytes, key, item)?;
    let mut out = Vec::with_capacity(bytes.len() + 400);
    let mut from = 0;
    for Insertion { at, text } in &insertions {
        out.extend_from_slice(&bytes[from..*at]);
        out.extend_from_slice(text.as_bytes());
        from = *at;
    }
    out.extend_from_slice(&bytes[from..]);
    Ok(out)
}

fn insertions(bytes: &[u8], key: &str, item: &[Member<'_>]) -> Result<Vec<Insertion>, EditError> {
    let text = std::str::from_utf8(bytes).map_err(|_| EditError::NotUtf8)?;
    let file = File {
        text,
        newline: if text.contains("\r\n") { "\r\n" } else { "\n" },
    };
    // The parser refuses them, too, and its words are for those who wrote them.
    file.no_tabs()?;
    let tree = read(bytes)?;
    let root = tree.root();
    let (Some(root_span), Kind::Map) = (root.span(), root.kind()) else {
        return Err(EditError::NoMap);
    };
    let list = List {
        file: &file,
        key,
        item,
    };
    match root.member(key) {
        Some(value) => list.extend(value),
        None if text[root_span.start as usize..].starts_with('{') => Err(EditError::FlowMap {
            line: root_span.line as usize,
            key: key.into(),
        }),
        None => Ok(list.make(root)),
    }
}

fn read(bytes: &[u8]) -> Result<Tree, EditError> {
    let mut parsed = parse(bytes, Format::Yaml(Dialect::Core));
    if let Some(problem) = parsed.problems.iter().find(|p| p.blocks) {
        return Err(EditError::NotRead(problem.message.clone()));
    }
    match (parsed.documents.pop(), parsed.documents.is_empty()) {
        (Some(only), true) => Ok(only.tree),
        _ => Err(EditError::NoMap),
    }
}

struct File<'t> {
    text: &'t str,
    newline: &'static str,
}

impl File<'_> {
    fn no_tabs(&self) -> Result<(), EditError> {
        let indented = |line: &str| {
            let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
            line[..blanks].contains('\t') && !line[blanks..].trim_end().is_empty()
        };
        match self.text.split('\n').position(indented) {
            Some(at) => Err(EditError::Tab { line: at + 1 }),
            None => Ok(()),
        }
    }

    fn line_number(&self, at: usize) -> usize {
        self.text[..at].matches('\n').count() + 1
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |n| n + 1)
    }

    /// The end of the line without what ends it.
    fn line_end(&self, at: usize) -> usize {
        let end = self.text[at..]
            .find('\n')
            .map_or(self.text.len(), |n| at + n);
        end - usize::from(self.text[at..end].ends_with('\r'))
    }

    /// The start of the line behind, or the end of the file.
    fn next_line(&self, at: usize) -> usize {
        self.text[at..]
            .find('\n')
            .map_or(self.text.len(), |n| at + n + 1)
    }

    /// The blanks that a line begins with.
    fn indentation(&self, at: usize) -> &str {
        let line = &self.text[self.line_start(at)..];
        &line[..line.len() - line.trim_start_matches(' ').len()]
    }

    /// Behind the line of the last content, and the comments that are indented deeper than `column`.
    fn behind_block(&self, content_end: usize, column: usize) -> usize {
        let mut at = self.next_line(content_end);
        loop {
            let line = &self.text[at..self.line_end(at)];
            let blanks = line.len() - line.trim_start_matches(' ').len();
            if !line[blanks..].starts_with('#') || blanks <= column {
                return at;
            }
            at = self.next_line(at);
        }
    }

    /// Lines as an insertion between lines at `at`.
    fn lines(&self, at: usize, lines: &[String]) -> Insertion {
        let mut text = String::new();
        if at > 0 && !self.text[..at].ends_with('\n') {
            text.push_str(self.newline);
        }
        for line in lines {
            text.push_str(line);
            text.push_str(self.newline);
        }
        Insertion { at, text }
    }
}

struct List<'f> {
    file: &'f File<'f>,
    key: &'f str,
    item: &'f [Member<'f>],
}

/// How the value of a member begins.
enum Begins {
    /// `[` at this byte.
    Flow(usize),
    /// A `-` at this byte.
    Block(usize),
    /// With nothing; the line ends at this byte.
    Empty(usize),
}

impl List<'_> {
    /// The list as a new member behind the last one.
    fn make(&self, root: NodeRef<'_>) -> Vec<Insertion> {
        let column = column_of(root);
        let end = root.span().map_or(self.file.text.len(), |s| s.end as usize);
        let at = self.file.behind_block(end.saturating_sub(1), column);
        let blanks = " ".repeat(column);
        let mut lines = vec![format!("{blanks}{}:", self.key)];
        lines.extend(self.block_item(column + 2, 2, false));
        vec![self.file.lines(at, &lines)]
    }

    fn extend(&self, value: NodeRef<'_>) -> Result<Vec<Insertion>, EditError> {
        let key_end = value.key_span().map_or(0, |s| s.end as usize);
        let column = self.file.indentation(key_end.saturating_sub(1)).len();
        match self.begins(value, key_end)? {
            Begins::Empty(line_end) => {
                let at = self.file.next_line(line_end);
                Ok(vec![
                    self.file.lines(at, &self.block_item(column + 2, 2, false)),
                ])
            }
            Begins::Block(dash) => Ok(vec![self.behind_items(value, dash)]),
            Begins::Flow(bracket) => Ok(self.in_brackets(value, bracket)),
        }
    }

    /// How the value begins: as the text behind the colon says, which knows of anchors.
    fn begins(&self, value: NodeRef<'_>, key_end: usize) -> Result<Begins, EditError> {
        let text = self.file.text;
        let line = self.file.line_number(key_end);
        let shared = |what| {
            Err(EditError::Shared {
                line,
                key: self.key.into(),
                what,
            })
        };
        let no_list = || EditError::NoList {
            line,
            key: self.key.into(),
        };
        // A quoted key's span may or may not hold its quotes.
        let colon = text[key_end..].find(':').map(|n| key_end + n);
        let colon = colon.ok_or_else(no_list)?;
        let mut at = colon + 1;
        loop {
            at += text[at..].len() - text[at..].trim_start().len();
            if !text[at..].starts_with('#') {
                break;
            }
            at = self.file.next_line(at);
        }
        let rest = &text[at..];
        match rest.chars().next() {
            Some('*') => return shared("an alias"),
            Some('&') => return shared("an anchor"),
            Some('!') => return shared("tagged"),
            _ => {}
        }
        match value.kind() {
            Kind::List if rest.starts_with('[') => Ok(Begins::Flow(at)),
            Kind::List if rest.starts_with('-') => Ok(Begins::Block(at)),
            // Nothing at all: what follows is another member, or the end.
            Kind::Null if value.span().is_none_or(|s| s.start == s.end) => {
                Ok(Begins::Empty(self.file.line_end(colon)))
            }
            _ => Err(no_list()),
        }
    }

    fn behind_items(&self, value: NodeRef<'_>, dash: usize) -> Insertion {
        let column = dash - self.file.line_start(dash);
        let end = value.span().map_or(dash + 1, |s| s.end as usize);
        let at = self.file.behind_block(end.saturating_sub(1), column);
        let starts = |item: NodeRef<'_>| item.span().map_or(dash, |s| s.start as usize);
        let is_flow = |item: NodeRef<'_>| self.file.text[starts(item)..].starts_with('{');
        let flow = value.children().all(is_flow);
        // As far behind the dash as in the first item.
        let first = value.children().next().map_or(dash + 2, starts);
        let same_line = self.file.line_start(first) == self.file.line_start(dash);
        let wide = if same_line {
            (first - dash).clamp(2, 8)
        } else {
            2
        };
        self.file.lines(at, &self.block_item(column, wide, flow))
    }

    /// The item behind a dash: one member per line, or one flow map.
    fn block_item(&self, column: usize, wide: usize, flow: bool) -> Vec<String> {
        let blanks = " ".repeat(column);
        let behind = " ".repeat(wide - 1);
        if flow {
            return vec![format!("{blanks}-{behind}{}", self.flow_item())];
        }
        let lines = self.item.iter().enumerate().map(|(i, (name, value))| {
            let dash = if i == 0 { "-" } else { " " };
            format!("{blanks}{dash}{behind}{name}: {}", scalar(value))
        });
        lines.collect()
    }

    fn flow_item(&self) -> String {
        let members: Vec<String> = self
            .item
            .iter()
            .map(|(name, value)| format!("{name}: {}", scalar(value)))
            .collect();
        format!("{{ {} }}", members.join(", "))
    }

    fn in_brackets(&self, value: NodeRef<'_>, bracket: usize) -> Vec<Insertion> {
        let text = self.file.text;
        let item = self.flow_item();
        let Some(last) = value.children().last().and_then(NodeRef::span) else {
            let blank = if text[bracket + 1..].starts_with([' ', '\r', '\n']) {
                ""
            } else {
                " "
            };
            return vec![Insertion {
                at: bracket + 1,
                text: format!(" {item}{blank}"),
            }];
        };
        let end = last.end as usize;
        let (comma, close) = self.behind_last(end);
        let one_line = !text[end..close].contains('\n');
        let behind = comma.map_or(end, |c| c + 1);
        if one_line {
            let text = if comma.is_some() {
                format!(" {item}")
            } else {
                format!(", {item}")
            };
            return vec![Insertion { at: behind, text }];
        }
        let mut out = Vec::new();
        if comma.is_none() {
            out.push(Insertion {
                at: end,
                text: ",".into(),
            });
        }
        let indentation = self.file.indentation(last.start as usize);
        let trailing = if comma.is_some() { "," } else { "" };
        out.push(Insertion {
            at: self.file.line_end(behind),
            text: format!("{}{indentation}{item}{trailing}", self.file.newline),
        });
        out
    }

    /// Where the comma behind the last item is, if there is one, and the closing bracket.
    fn behind_last(&self, end: usize) -> (Option<usize>, usize) {
        let (mut comma, mut at) = (None, end);
        while let Some(c) = self.file.text[at..].chars().next() {
            match c {
                ']' => return (comma, at),
                ',' => {
                    comma = Some(at);
                    at += 1;
                }
                '#' => at = self.file.next_line(at),
                c => at += c.len_utf8(),
            }
        }
        (comma, at)
    }
}

/// How far the members of a block map are indented.
fn column_of(map: NodeRef<'_>) -> usize {
    let first = map.children().filter_map(NodeRef::key_span);
    first
        .min_by_key(|s| s.start)
        .map_or(0, |s| s.column.saturating_sub(1) as usize)
}

/// A text as a scalar that every reader of YAML takes for that text, in blocks and in flow.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.into();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            // What is not printable, or ends a line somewhere.
            c if c.is_control()
                || matches!(
                    c,
                    '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
                ) =>
            {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn is_plain(text: &str) -> bool {
    // Words of YAML 1.1 that some reader takes for something else.
    const WORDS: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "true", "false"];
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_-./ ".contains(c);
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '/';
    let is_date = text.len() == 10
        && text.char_indices().all(|(i, c)| match i {
            4 | 7 => c == '-',
            _ => c.is_ascii_digit(),
        });
    if is_date {
        return true;
    }
    text.starts_with(begins)
        && text.chars().all(harmless)
        && !text.ends_with(' ')
        && !text.contains("  ")
        && !WORDS.iter().any(|w| text.eq_ignore_ascii_case(w))
        && !text.eq_ignore_ascii_case("null")
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
