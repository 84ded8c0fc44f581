//! Reading a spanned tree into the raw types: every mistake becomes a problem with its place, and
//! reading goes on, so that one run shows them all.

use super::suggest::{listed, nearest};
use crate::model::{
    place::Place,
    problem::{Problem, Snippet},
    tree::{Kind, NodeRef, Span},
};
use std::sync::Arc;

/// Lines longer than this are not shown.
const LONGEST_SHOWN_LINE: usize = 1000;

/// The file that is read, and what was found wrong so far.
pub(super) struct Cx<'a> {
    /// Its path, for places.
    pub(super) file: Arc<str>,
    source: &'a str,
    lines: Vec<&'a str>,
    /// In the order they were found.
    pub(super) problems: Vec<Problem>,
}

impl<'a> Cx<'a> {
    /// Nothing found yet.
    pub(super) fn new(file: &str, source: &'a str) -> Cx<'a> {
        Cx {
            file: file.into(),
            source,
            lines: source.lines().collect(),
            problems: Vec::new(),
        }
    }

    /// Records a problem at a span, with its line marked.
    pub(super) fn problem(&mut self, span: Option<Span>, message: impl Into<String>) -> Noted<'_> {
        let place = Place::exact(self.file.clone(), span);
        let mut problem = Problem::new(Some(place), message);
        problem.snippet = span.and_then(|s| self.snippet(s));
        self.problems.push(problem);
        Noted(&mut self.problems)
    }

    /// The text of the file at a span; empty when the span does not fit the file.
    pub(super) fn text_at(&self, span: Span) -> &'a str {
        self.source
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }

    /// The part of `span` where `part` is written first, when it stands on the span's first line.
    pub(super) fn part_of(&self, span: Option<Span>, part: &str) -> Option<Span> {
        let span = span?;
        let text = self.text_at(span);
        let Some(at) = text.find(part).filter(|at| !text[..*at].contains('\n')) else {
            return Some(span);
        };
        let start = span.start + u32::try_from(at).ok()?;
        Some(Span {
            line: span.line,
            column: span.column + u32::try_from(text[..at].chars().count()).ok()?,
            start,
            end: start + u32::try_from(part.len()).ok()?,
        })
    }

    fn snippet(&self, span: Span) -> Option<Snippet> {
        let line = *self.lines.get((span.line as usize).checked_sub(1)?)?;
        let before = (span.column as usize).saturating_sub(1);
        let length = line.chars().count();
        if length > LONGEST_SHOWN_LINE || before > length {
            return None;
        }
        let marked = self.text_at(span).lines().next().unwrap_or("");
        let width = marked.trim_end().chars().count().min(length - before);
        Some(Snippet {
            line: line.into(),
            before,
            width: width.max(1),
        })
    }

    /// "expected a text, found a list", pointing at what is wrong.
    pub(super) fn mismatch(&mut self, node: NodeRef<'_>, expected: &str) -> Noted<'_> {
        let found = found(node.kind());
        let message = match node.key().as_str() {
            "" => format!("expected {expected}, found {found}"),
            key => format!("`{key}`: expected {expected}, found {found}"),
        };
        let span = match node.kind() {
            Kind::Map | Kind::List | Kind::Null => node.key_span().or_else(|| node.span()),
            _ => node.span().or_else(|| node.key_span()),
        };
        self.problem(span, message)
    }
}

/// A problem that was just recorded.
pub(super) struct Noted<'a>(&'a mut Vec<Problem>);

impl Noted<'_> {
    /// Adds what to do.
    pub(super) fn hint(self, hint: impl Into<Option<String>>) {
        if let (Some(problem), Some(hint)) = (self.0.last_mut(), hint.into()) {
            problem.hint = Some(hint);
        }
    }

    /// Says that nothing is left unread because of it.
    pub(super) fn harmless(self) -> Self {
        if let Some(problem) = self.0.last_mut() {
            problem.blocks = false;
        }
        self
    }
}

fn found(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "nothing",
        Kind::False => "`false`",
        Kind::True => "`true`",
        Kind::Number => "a number",
        Kind::Text => "a text",
        Kind::List => "a list",
        Kind::Map => "a map",
        Kind::Sealed | Kind::Opaque => "something encrypted",
    }
}

/// What a raw type is read from.
pub(super) trait FromNode: Sized {
    /// Reads it; when that fails, a problem says why and nothing is returned.
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self>;

    /// Its value where the field is not written; nothing for a field that must be.
    fn absent() -> Option<Self> {
        None
    }

    /// What stands in for a field that must be there and is not, so that what is around it is
    /// still looked at. The file is refused in any case.
    fn stand_in() -> Option<Self> {
        None
    }
}

impl<T: FromNode> FromNode for Option<T> {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        T::read(cx, node).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// Items that can't be read are left out, with a problem each.
impl<T: FromNode> FromNode for Vec<T> {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        if node.kind() != Kind::List {
            cx.mismatch(node, "a list").hint(
                (node.kind() == Kind::Text && !node.text().is_empty())
                    .then(|| "put it in brackets: `[ … ]`".to_string()),
            );
            return None;
        }
        Some(
            node.children()
                .filter_map(|item| T::read(cx, item))
                .collect(),
        )
    }
}

/// A key as it may stand in a message.
pub(super) fn shorten(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        return text.into();
    }
    text.chars().take(MOST).chain(['…']).collect()
}

/// Whether a field is written and could not be read, so that what follows from its absence is
/// unsure.
pub(super) fn is_lost(lost: &[String], field: &str) -> bool {
    lost.iter().any(|l| l == field)
}

/// The fields of a map that are left to be read. Merges (`<<`) and duplicates are dealt with
/// where the file is parsed.
pub(super) struct Fields<'t> {
    of: NodeRef<'t>,
    members: Vec<NodeRef<'t>>,
    missing: Vec<String>,
    lost: Vec<String>,
}

impl<'t> Fields<'t> {
    /// The fields of a map; a problem when it is none.
    pub(super) fn of(cx: &mut Cx<'_>, node: NodeRef<'t>) -> Option<Fields<'t>> {
        if node.kind() != Kind::Map {
            cx.mismatch(node, "a map of fields").hint(None);
            return None;
        }
        Some(Fields {
            of: node,
            members: node.children().collect(),
            missing: Vec::new(),
            lost: Vec::new(),
        })
    }

    /// Reads the field `name`. A field that can't be read has a problem and counts as not written.
    pub(super) fn take<T: FromNode>(&mut self, cx: &mut Cx<'_>, name: &str) -> Option<T> {
        let value = match self.members.iter().position(|m| m.key().as_str() == name) {
            Some(at) => T::read(cx, self.members.remove(at)).or_else(|| {
                self.lost.push(name.into());
                T::absent()
            }),
            None => {
                let value = T::absent();
                if value.is_none() {
                    self.missing.push(name.into());
                }
                value
            }
        };
        value.or_else(T::stand_in)
    }

    /// Everything that was not taken is a problem, `x-` fields aside; so is what is missing,
    /// unless a slip of the hand explains both. Returns the fields that are written, rightly or
    /// with a slip, and could not be read.
    pub(super) fn finish(
        mut self,
        cx: &mut Cx<'_>,
        known: &[String],
        later: &[&str],
    ) -> Vec<String> {
        for member in &self.members {
            let key = member.key().as_str();
            if key.starts_with("x-") {
                continue;
            }
            let span = member.key_span().or_else(|| member.span());
            let shown = shorten(key);
            if later.contains(&key) {
                let message = format!("`{shown}` is not part of this version of driftgate yet");
                cx.problem(span, message)
                    .hint("remove it, or keep it for later as `x-…`".to_string());
                continue;
            }
            let meant = nearest(key, known.iter().map(String::as_str));
            self.missing.retain(|name| Some(name.as_str()) != meant);
            self.lost.extend(meant.map(Into::into));
            let hint = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("known here: {}", listed(known.iter().map(String::as_str))),
            };
            cx.problem(span, format!("unknown field `{shown}`"))
                .hint(hint);
        }
        for name in self.missing {
            let span = self.of.key_span().or_else(|| self.of.span());
            cx.problem(span, format!("`{name}` is missing")).hint(None);
        }
        self.lost
    }
}
