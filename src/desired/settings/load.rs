//! Files of settings: read, parsed and sealed once per run.

use crate::{
    desired::{DesiredContext, cache::SettingsKey, path},
    document::{self, Dialect, Document, DocumentProblem, Format, Parsed},
    git::{FileError, Files, Found, PathKind},
    model::{
        name::Name,
        observation::ItemId,
        place::Place,
        problem::Problem,
        tree::{Kind, NodeRef, Tree, TreeBuilder},
    },
    settings::near,
};
use std::sync::Arc;

/// How a file is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::desired) struct Load {
    /// Its format.
    pub(in crate::desired) format: Format,
    /// Whether a CloudFormation template is one without being called so.
    pub(in crate::desired) detect: bool,
    /// Whether secrets are sealed; else whoever asks seals what it makes of them.
    pub(in crate::desired) sealed: bool,
}

/// A file that was parsed.
pub(in crate::desired) struct SettingsFile {
    /// The path it was found at, after following symlinks.
    pub(in crate::desired) path: Arc<str>,
    /// In order; empty ones are left out.
    pub(in crate::desired) documents: Vec<Document>,
    /// What is wrong with it.
    pub(in crate::desired) problems: Vec<Problem>,
    /// A CloudFormation template; never sealed.
    pub(in crate::desired) is_template: bool,
    /// How it was read.
    pub(in crate::desired) format: Format,
    /// Its text, where whoever asks wants to see how something is written; else empty.
    pub(in crate::desired) bytes: Arc<[u8]>,
}

/// Reads and parses a file, or takes what this run knows of it.
///
/// # Errors
/// When git does not give it.
pub(in crate::desired) fn load(
    path: &str,
    how: Load,
    files: &Files,
    cx: &DesiredContext<'_>,
) -> Result<Arc<SettingsFile>, FileError> {
    let key = |blob: Box<str>, path: Arc<str>| SettingsKey {
        blob,
        path,
        how: format!("{how:?}"),
    };
    // In git the id costs nothing, and the content is read once for all targets.
    if let Some((blob, path)) = files.peek(path)?
        && let Some(known) = cx.cache.settings(&key(blob, path))
    {
        return Ok(known);
    }
    let found = files.read(path)?;
    let key = key(found.id.clone(), found.path.clone());
    if let Some(known) = cx.cache.settings(&key) {
        return Ok(known);
    }
    Ok(cx.cache.keep_settings(key, parsed(&found, how, cx)))
}

fn parsed(found: &Found, how: Load, cx: &DesiredContext<'_>) -> SettingsFile {
    let mut format = how.format;
    let mut parsed = match format {
        Format::Properties if !how.sealed => properties(&found.bytes),
        _ => document::parse(&found.bytes, format),
    };
    let mut is_template = matches!(format, Format::Yaml(Dialect::CloudFormation));
    if how.detect
        && parsed
            .documents
            .iter()
            .any(|d| is_a_template(d.tree.root()))
    {
        is_template = true;
        if let Format::Yaml(_) = format {
            format = Format::Yaml(Dialect::CloudFormation);
            parsed = document::parse(&found.bytes, format);
        }
    }
    let mut problems: Vec<Problem> = parsed
        .problems
        .into_iter()
        .map(|p| Problem {
            hint: p.hint,
            blocks: p.blocks,
            ..Problem::new(Some(Place::exact(found.path.clone(), p.span)), p.message)
        })
        .collect();
    if let Some(encrypted) = encrypted_as_a_whole(found, format) {
        problems = vec![encrypted];
        parsed.documents.clear();
    }
    let item = ItemId::Document((*found.path).into());
    for document in &mut parsed.documents {
        if let Format::Dotenv(_) | Format::Properties = format {
            without_sops(&mut document.tree);
        }
        if how.sealed && !is_template {
            let tree = std::mem::take(&mut document.tree);
            document.tree = tree.seal(cx.key, &|leaf, path| {
                cx.classifier.sealing(&item, path, leaf)
            });
        }
    }
    SettingsFile {
        path: found.path.clone(),
        documents: parsed.documents,
        problems,
        is_template,
        format,
        bytes: match how.sealed {
            true => Arc::default(),
            false => found.bytes.clone(),
        },
    }
}

/// Spring Boot's documents in a properties file, each at its own place: a line `#---` or `!---`
/// begins the next one. What belongs to others is blank while one is read.
fn properties(bytes: &[u8]) -> Parsed {
    const MOST: usize = 100;
    let mut borders = vec![0];
    let mut at = 0;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        if matches!(line.trim_ascii_end(), b"#---" | b"!---") {
            borders.push(at);
        }
        at += line.len();
    }
    if borders.len() == 1 || borders.len() > MOST {
        let mut all = document::parse(bytes, Format::Properties);
        if borders.len() > MOST {
            all.documents.clear();
            all.problems.push(DocumentProblem {
                span: None,
                message: format!("more than {MOST} documents in one file"),
                hint: Some("split the file".into()),
                blocks: true,
            });
        }
        return all;
    }
    borders.push(bytes.len());
    let mut out = Parsed::default();
    for part in borders.windows(2) {
        let blank = |b: &u8| match b {
            b'\n' | b'\r' => *b,
            _ => b' ',
        };
        let mut text: Vec<u8> = bytes[..part[0]].iter().map(blank).collect();
        text.extend_from_slice(&bytes[part[0]..part[1]]);
        let mut parsed = document::parse(&text, Format::Properties);
        out.documents.append(&mut parsed.documents);
        out.problems.append(&mut parsed.problems);
    }
    out
}

/// Whether a document is an AWS CloudFormation or SAM template without a word of driftgate.yaml.
fn is_a_template(root: NodeRef<'_>) -> bool {
    let serverless = |n: NodeRef<'_>| n.as_text().is_some_and(|t| t.starts_with("AWS::"));
    root.member("AWSTemplateFormatVersion").is_some()
        || root
            .member("Transform")
            .is_some_and(|t| serverless(t) || t.children().any(serverless))
        || root.member("Resources").is_some_and(|resources| {
            resources
                .children()
                .any(|r| r.member("Type").is_some_and(serverless))
        })
}

/// SOPS encrypts formats that it does not know as one binary: JSON with `data` and its own `sops`.
fn encrypted_as_a_whole(found: &Found, format: Format) -> Option<Problem> {
    let is_tree = matches!(
        format,
        Format::Yaml(_) | Format::Json | Format::Jsonc | Format::Dotenv(_) | Format::Ini
    );
    if is_tree || found.bytes.iter().find(|b| !b.is_ascii_whitespace()) != Some(&b'{') {
        return None;
    }
    // `sops` itself is taken out where it is SOPS' own.
    let parsed = document::parse(&found.bytes, Format::Json);
    let root = parsed.documents.first()?.tree.root();
    let is_sops = root.len() == 1 && root.member("data")?.kind() == Kind::Opaque;
    is_sops.then(|| {
        Problem::new(
            Some(Place::exact(found.path.clone(), None)),
            "the file is encrypted by SOPS as a whole: not even its keys can be read",
        )
        .hint("encrypt a format that SOPS knows (YAML, JSON, .env, INI), whose keys stay readable")
    })
}

/// SOPS' own keys in a flat file: `sops_mac`, `sops_version`, `sops_age__list_0__map_enc`; and its
/// values.
fn without_sops(tree: &mut Tree) {
    let root = tree.root();
    let has = |key: &str| root.member(key).is_some();
    if !(has("sops_mac") && (has("sops_lastmodified") || has("sops_version"))) {
        return;
    }
    let mut out = TreeBuilder::new();
    let open = out.open(Name::NONE, Kind::Map);
    for member in root.children() {
        if member.key().as_str().starts_with("sops_") {
            continue;
        }
        if member.as_text().is_some_and(|t| t.starts_with("ENC[")) {
            let at = out.scalar(member.key(), Kind::Opaque, "sops");
            if let Some(span) = member.span() {
                out.span_of(at, span);
            }
            if let Some(span) = member.key_span() {
                out.key_span_of(at, span);
            }
        } else {
            out.copy(member.key(), member);
        }
    }
    out.close(open);
    *tree = out.finish();
}

/// What it means that a file is not there.
pub(in crate::desired) enum Absent {
    /// It is certain that nothing is there; the problem to report where that is not expected.
    Certain(Problem),
    /// A symlink leads nowhere: something should be there.
    Dangling(Problem),
}

/// Tells a path that does not exist from one whose symlink leads nowhere, and names near files.
pub(in crate::desired) fn missing(path: &str, error: &FileError, files: &Files) -> Absent {
    let place = Some(Place::exact(path.into(), None));
    let mut folder = String::new();
    for segment in path.split('/').filter(|s| !matches!(*s, "" | ".")) {
        let here = path::join(&folder, segment).unwrap_or_default();
        if files.kind_of(&here) == Ok(PathKind::Absent) {
            let children = files.list(&folder).unwrap_or_default();
            if children.iter().any(|c| &*c.name == segment) {
                return Absent::Dangling(
                    Problem::new(
                        place,
                        format!("{here} is a symlink that leads nowhere {}", files.at()),
                    )
                    .hint("make it lead to a file of the repository, or remove it"),
                );
            }
            let problem = Problem::new(place, error.to_string());
            let names: Vec<String> = near::among(segment, children.iter().map(|c| &*c.name))
                .into_iter()
                .map(|name| format!("`{}`", path::join(&folder, name).unwrap_or_default()))
                .collect();
            return Absent::Certain(match names.is_empty() {
                true => problem,
                false => problem.hint(format!("did you mean {}?", names.join(" or "))),
            });
        }
        folder = here.to_string();
    }
    Absent::Certain(Problem::new(place, error.to_string()))
}
