//! Bytes to spanned trees, per format. Never fails as a whole: what is broken is a problem with
//! its place, the rest is read.

mod input;
mod json;
mod lines;
mod raw;
mod scalar;
mod sops;
mod template;
#[cfg(test)]
mod tests;
mod yaml;

use crate::model::tree::{Kind, Span, Tree};

/// How plain YAML scalars are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// YAML 1.1 as kubectl, Helm and kustomize read it (sigs.k8s.io/yaml).
    K8s,
    /// YAML 1.2 core.
    Core,
}

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML, many documents.
    Yaml(Dialect),
    /// Strict JSON.
    Json,
    /// JSON with comments and trailing commas.
    Jsonc,
}

/// One document of a file.
#[derive(Clone, Debug)]
pub struct Document {
    /// With spans for every key and value.
    pub tree: Tree,
    /// Where its content begins.
    pub start: Span,
    /// The path of a `# Source: chart/templates/x.yaml` comment before the content, as Helm writes it.
    pub source_comment: Option<Box<str>>,
}

/// Something wrong in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentProblem {
    /// Where.
    pub span: Option<Span>,
    /// What; holds no value of the document.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// Whether something was not read because of it.
    pub blocks: bool,
}

/// What was read of a file.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// Documents in order; empty ones are left out.
    pub documents: Vec<Document>,
    /// Problems in order.
    pub problems: Vec<DocumentProblem>,
}

/// Files above this many bytes are refused.
pub const MAX_BYTES: usize = 64 << 20;

/// More problems than this per file are counted, not listed.
const MAX_PROBLEMS: usize = 200;

/// Reads a file.
#[must_use]
pub fn parse(bytes: &[u8], format: Format) -> Parsed {
    if bytes.len() > MAX_BYTES {
        return Parsed::broken(DocumentProblem::new(
            None,
            format!("too large: {} MiB", bytes.len() >> 20),
            Some("files up to 64 MiB are read; split it, or leave it out"),
        ));
    }
    let mut parsed = match format {
        Format::Yaml(dialect) => yaml::parse(bytes, dialect),
        Format::Json => json::parse(bytes, json::Comments::Refused),
        Format::Jsonc => json::parse(bytes, json::Comments::Allowed),
    };
    for document in &mut parsed.documents {
        sops::hide(&mut document.tree);
    }
    parsed
}

/// The format of a file, by the end of its name; absent for what is none of ours.
#[must_use]
pub fn format_of(path: &str, dialect: Dialect) -> Option<Format> {
    let name = path.rsplit(['/', '\\']).next()?;
    let (stem, end) = name.rsplit_once('.')?;
    let is = |known: &str| end.eq_ignore_ascii_case(known);
    if stem.is_empty() {
        None
    } else if is("yaml") || is("yml") {
        Some(Format::Yaml(dialect))
    } else if is("json") {
        Some(Format::Json)
    } else if is("jsonc") {
        Some(Format::Jsonc)
    } else {
        None
    }
}

/// The content of a file that is the value of a ConfigMap key (`application.yml`), when it is
/// exactly one map or list and has no problem. Applications read YAML 1.2.
#[must_use]
pub fn embedded(key: &str, text: &str) -> Option<Tree> {
    let mut parsed = parse(text.as_bytes(), format_of(key, Dialect::Core)?);
    if !parsed.problems.is_empty() || parsed.documents.len() != 1 {
        return None;
    }
    let tree = parsed.documents.pop()?.tree;
    matches!(tree.root().kind(), Kind::Map | Kind::List).then_some(tree)
}

/// Line `line` (from 1) without its end, for a snippet; bytes that are no UTF-8 are replaced.
#[must_use]
pub fn line_of(bytes: &[u8], line: u32) -> String {
    let Some(nth) = (line as usize).checked_sub(1) else {
        return String::new();
    };
    let bytes = bytes.strip_prefix(&input::BOM).unwrap_or(bytes);
    let found = bytes.split(|b| *b == b'\n').nth(nth).unwrap_or_default();
    String::from_utf8_lossy(found.strip_suffix(b"\r").unwrap_or(found)).into_owned()
}

impl DocumentProblem {
    /// A problem because of which a document is not read.
    fn new(span: Option<Span>, message: impl Into<String>, hint: Option<&str>) -> DocumentProblem {
        DocumentProblem {
            span,
            message: message.into(),
            hint: hint.map(Into::into),
            blocks: true,
        }
    }

    /// A member that is written twice.
    fn duplicate(key: &str, first: Span, second: Span) -> DocumentProblem {
        DocumentProblem {
            span: Some(second),
            message: format!(
                "`{}` is written twice in one map: first on line {}, again on line {}; the last one counts",
                shortened(key),
                first.line,
                second.line
            ),
            hint: Some("remove one of the two".into()),
            blocks: false,
        }
    }
}

/// A key as it may stand in a message.
fn shortened(key: &str) -> String {
    match key.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &key[..at]),
        None => key.into(),
    }
}

impl Parsed {
    fn broken(problem: DocumentProblem) -> Parsed {
        Parsed {
            documents: Vec::new(),
            problems: vec![problem],
        }
    }

    /// Adds a problem; beyond the limit only the fact that there are more is kept.
    fn report(&mut self, problem: DocumentProblem) {
        match self.problems.len() {
            n if n < MAX_PROBLEMS => self.problems.push(problem),
            MAX_PROBLEMS => self.problems.push(DocumentProblem {
                span: problem.span,
                message: "more problems follow and are not listed".into(),
                hint: None,
                blocks: problem.blocks,
            }),
            _ => {
                if let Some(last) = self.problems.last_mut() {
                    last.blocks |= problem.blocks;
                }
            }
        }
    }
}
