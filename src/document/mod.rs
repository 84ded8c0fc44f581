//! Bytes to spanned trees, per format. Never fails as a whole: what is broken is a problem with
//! its place, the rest is read.

pub mod edit;
mod env;
#[cfg(test)]
mod formats_tests;
mod ini;
mod input;
mod json;
mod lines;
mod pairs;
mod properties;
mod raw;
mod scalar;
mod sops;
mod tags;
mod template;
#[cfg(test)]
mod tests;
mod tfvars;
mod toml;
mod yaml;

use crate::model::tree::{Kind, Span, Tree};

/// How plain YAML scalars and tags are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// YAML 1.1 as kubectl, Helm and kustomize read it (sigs.k8s.io/yaml).
    K8s,
    /// YAML 1.2 core.
    Core,
    /// YAML 1.2 core, with the short tags of CloudFormation in their long form: `!Ref A` is
    /// `{Ref: A}`, `!Sub x` is `{"Fn::Sub": x}`, `!GetAtt a.b` is `{"Fn::GetAtt": [a, b]}`.
    CloudFormation,
}

/// How a file of environment variables is read; no two programs agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvDialect {
    /// motdotla/dotenv for Node.js, which most others follow: quotes, comments, no expansion.
    Dotenv,
    /// What bash has after `set -a; . file`: quoting and concatenation; what a shell would have to
    /// run or look up is opaque (`shell expansion`).
    Shell,
    /// `docker run --env-file`: the rest of the line as it is, quotes included.
    Docker,
    /// Docker Compose's `.env` and `env_file`: quotes with escapes, comments, interpolation.
    Compose,
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
    /// TOML 1.1.
    Toml,
    /// Environment variables, one per line.
    Dotenv(EnvDialect),
    /// Java properties, as `java.util.Properties.load` reads them; keys keep their dots.
    Properties,
    /// Sections of `key = value`, as Python's configparser reads them by default; a section is a
    /// map, keys before the first one are the root's.
    Ini,
    /// Variable files of Terraform, in its native syntax.
    Tfvars,
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
        Format::Toml => toml::parse(bytes),
        Format::Dotenv(dialect) => env::parse(bytes, dialect),
        Format::Properties => properties::parse(bytes),
        Format::Ini => ini::parse(bytes),
        Format::Tfvars => tfvars::parse(bytes),
    };
    for document in &mut parsed.documents {
        sops::hide(&mut document.tree);
    }
    parsed
}

/// The format of a file by its name; absent for what is none of ours. Files of environment
/// variables are read as dotenv does where nobody says otherwise.
#[must_use]
pub fn format_of(path: &str, dialect: Dialect) -> Option<Format> {
    const ENV: Format = Format::Dotenv(EnvDialect::Dotenv);
    let name = path.rsplit(['/', '\\']).next()?;
    let (stem, end) = name.rsplit_once('.')?;
    let by_end = match end.to_ascii_lowercase().as_str() {
        "env" => return Some(ENV),
        _ if stem.is_empty() => None,
        "yaml" | "yml" => Some(Format::Yaml(dialect)),
        "json" => Some(Format::Json),
        "jsonc" => Some(Format::Jsonc),
        "toml" => Some(Format::Toml),
        "properties" => Some(Format::Properties),
        "ini" | "cfg" => Some(Format::Ini),
        "tfvars" => Some(Format::Tfvars),
        _ => None,
    };
    // `.env.production`, `.env.example`
    by_end.or_else(|| name.starts_with(".env.").then_some(ENV))
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
