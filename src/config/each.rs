//! `"*": { each: … }`: one service per folder that matches, or per name found in a file.

use super::{
    form::{Form, is_name, visible},
    leaf::Text,
    raw,
    read::Cx,
    variables::{Filler, Scope},
};
use crate::{
    document::{self, Dialect, Format},
    git::{FileError, Files},
    model::{
        path::{KeyPath, Segment},
        place::Place,
        problem::Problem,
        tree::{Kind, NodeRef},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The services that a pattern finds in one environment: their names, and their folders if it
/// goes by folders.
pub(super) type FoundServices = BTreeMap<String, Option<String>>;

/// Looks into the repository; lists each folder once.
pub(super) struct Finder<'f> {
    files: &'f Files,
    /// The folder of driftgate.yaml, which paths are relative to; empty for the root.
    pub(super) home: &'f str,
    /// By the folder above; absent where it can't be listed.
    folders: BTreeMap<String, Option<BTreeSet<String>>>,
    /// The files that were read, for knowing when the answer may change.
    pub(super) inputs: BTreeSet<Arc<str>>,
}

impl<'f> Finder<'f> {
    /// Nothing read yet.
    pub(super) fn new(files: &'f Files, home: &'f str) -> Finder<'f> {
        Finder {
            files,
            home,
            folders: BTreeMap::new(),
            inputs: BTreeSet::new(),
        }
    }

    /// The services of one environment. Nothing when that can't be known; a problem says why.
    pub(super) fn find(
        &mut self,
        cx: &mut Cx<'_>,
        filler: &mut Filler,
        each: &raw::Each,
        scope: &Scope,
    ) -> Option<FoundServices> {
        match (&each.folders, &each.file, &each.select) {
            (Some(folders), None, None) => {
                let glob = filler.fill(cx, folders, scope, Form::Glob)?;
                self.by_folders(cx, folders, &glob)
            }
            (None, Some(file), Some(select)) => {
                let path = filler.fill(cx, file, scope, Form::Path);
                let steps = filler.fill(cx, select, scope, Form::Line);
                self.by_names(cx, (file, &path?), (select, &steps?))
            }
            _ => None,
        }
    }

    fn by_folders(&mut self, cx: &mut Cx<'_>, text: &Text, glob: &str) -> Option<FoundServices> {
        let matcher = match globset::GlobBuilder::new(glob)
            .literal_separator(true)
            .build()
        {
            Ok(glob) => glob.compile_matcher(),
            Err(e) => {
                cx.problem(
                    text.span,
                    format!("`{}` is no pattern: {}", visible(glob), e.kind()),
                )
                .hint(None);
                return None;
            }
        };
        let folders = self.folders(cx, text, top_of(glob))?;
        let mut found = FoundServices::new();
        let matching = folders
            .iter()
            .filter(|f| matcher.is_match(f.as_str()) && !is_hidden_from(f, glob));
        for folder in matching {
            let name = folder.rsplit('/').next().unwrap_or(folder);
            if !is_name(name) {
                let message = format!("the folder `{}` is no service's name", visible(folder));
                cx.problem(text.span, message)
                    .hint("letters, digits, `-`, `_` and `.`; narrow the pattern".to_string());
            } else if let Some(Some(other)) = found.insert(name.into(), Some(folder.clone())) {
                let message = format!("`{other}` and `{folder}` are both service `{name}`");
                cx.problem(text.span, message)
                    .hint("narrow the pattern".to_string());
            }
        }
        if found.is_empty() {
            cx.problem(text.span, format!("`{}` matches no folder", visible(glob)))
                .hint("a pattern that finds nothing would leave services out silently".to_string());
            return None;
        }
        Some(found)
    }

    /// All folders below `top` that hold files, at any depth.
    fn folders(&mut self, cx: &mut Cx<'_>, text: &Text, top: &str) -> Option<&BTreeSet<String>> {
        if !self.folders.contains_key(top) {
            let listed = match self.files.walk(&below(self.home, top)) {
                Ok(files) => Some(parents(&files, self.home)),
                Err(FileError::NotFound { .. }) => Some(BTreeSet::new()),
                Err(e) => {
                    cx.problem(text.span, format!("can't list folders: {e}"))
                        .hint(None);
                    None
                }
            };
            self.folders.insert(top.into(), listed);
        }
        self.folders.get(top).and_then(Option::as_ref)
    }

    fn by_names(
        &mut self,
        cx: &mut Cx<'_>,
        (file, path): (&Text, &str),
        (select, steps): (&Text, &str),
    ) -> Option<FoundServices> {
        let steps: KeyPath = match steps.parse() {
            Ok(steps) => steps,
            Err(e) => {
                cx.problem(select.span, format!("{e}"))
                    .hint("like `apps[*].name`".to_string());
                return None;
            }
        };
        let tree = self.parse(cx, file, path)?;
        let mut names = Vec::new();
        select_names(tree.root(), &steps.0, &mut names);
        let mut found = FoundServices::new();
        let mut sound = true;
        for (node, name) in &names {
            let span = node.key_span().or_else(|| node.span());
            let place = Place::exact(path.into(), node.span().or(span));
            // The file is not driftgate's: its values do not belong into messages.
            let wrong = match name {
                Some(name) if is_name(name) => found
                    .insert((*name).into(), None)
                    .map(|_| format!("service `{name}` is listed twice")),
                Some(_) => {
                    Some("this is no service's name: letters, digits, `-`, `_` and `.`".into())
                }
                None => Some("expected a service's name, a list of names or a map by name".into()),
            };
            if let Some(message) = wrong {
                sound = false;
                let hint = format!("selected by `{steps}` in {}", cx.file);
                cx.problems
                    .push(Problem::new(Some(place), message).hint(hint));
            }
        }
        if found.is_empty() && sound {
            cx.problem(select.span, format!("`{steps}` finds nothing in {path}"))
                .hint("a pattern that finds nothing would leave services out silently".to_string());
        }
        (sound && !found.is_empty()).then_some(found)
    }

    fn parse(
        &mut self,
        cx: &mut Cx<'_>,
        file: &Text,
        path: &str,
    ) -> Option<crate::model::tree::Tree> {
        let path = &*below(self.home, path);
        let read = match self.files.read(path) {
            Ok(read) => read,
            Err(e) => {
                cx.problem(file.span, e.to_string()).hint(
                    "where there are no services, leave the environment out: `environments: [ … ]`"
                        .to_string(),
                );
                return None;
            }
        };
        self.inputs.insert(path.into());
        let format = if path.ends_with(".json") {
            Format::Json
        } else {
            Format::Yaml(Dialect::K8s)
        };
        let parsed = document::parse(&read.bytes, format);
        let mut sound = true;
        for problem in parsed.problems.into_iter().filter(|p| p.blocks) {
            sound = false;
            let place = Place::exact(path.into(), problem.span);
            let mut out = Problem::new(Some(place), problem.message);
            out.hint = problem.hint;
            cx.problems.push(out);
        }
        let mut documents = parsed.documents.into_iter();
        match (documents.next(), documents.next()) {
            (Some(only), None) => sound.then_some(only.tree),
            (None, _) => sound.then(crate::model::tree::Tree::default),
            (Some(_), Some(_)) => {
                cx.problem(
                    file.span,
                    format!("{path} holds more than one document: expected one"),
                )
                .hint(None);
                None
            }
        }
    }
}

/// The folder above the first wildcard of a glob.
fn top_of(glob: &str) -> &str {
    let plain = glob.find(['*', '?', '[', '{']).unwrap_or(glob.len());
    glob[..plain].rsplit_once('/').map_or("", |(top, _)| top)
}

/// A path of driftgate.yaml as the repository calls it.
fn below(home: &str, path: &str) -> String {
    crate::model::target::below(home, path).into()
}

fn parents(files: &[Arc<str>], home: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for file in files {
        let mut rest: &str = match home {
            "" => file,
            home => file
                .strip_prefix(home)
                .and_then(|f| f.strip_prefix('/'))
                .unwrap_or(file),
        };
        while let Some((folder, _)) = rest.rsplit_once('/') {
            if !out.insert(folder.to_string()) {
                break;
            }
            rest = folder;
        }
    }
    out
}

/// As in a shell, a wildcard does not match what begins with a dot.
fn is_hidden_from(folder: &str, glob: &str) -> bool {
    let hidden = |path: &str| path.split('/').filter(|p| p.starts_with('.')).count();
    hidden(folder) > hidden(glob)
}

/// What a path with `[*]` leads to: each end with its name, or without one where there is none.
fn select_names<'t>(
    node: NodeRef<'t>,
    steps: &[Segment],
    out: &mut Vec<(NodeRef<'t>, Option<&'t str>)>,
) {
    let Some((step, rest)) = steps.split_first() else {
        return names_at(node, out);
    };
    match step {
        Segment::Item(keys) if matches!(keys.as_slice(), [star] if &**star == "*") => {
            for child in node.children() {
                select_names(child, rest, out);
            }
        }
        Segment::Member(name) => {
            if let Some(child) = node.member(name) {
                select_names(child, rest, out);
            }
        }
        Segment::Item(keys) => {
            let named = |n: &NodeRef<'_>| {
                let key = keys.first().map(|k| &**k);
                ["name", "key", "id"]
                    .iter()
                    .any(|k| n.text_at(&[k]).is_some() && n.text_at(&[k]) == key)
            };
            if let Some(child) = node.children().find(named) {
                select_names(child, rest, out);
            }
        }
        Segment::Index(n) => {
            if let Some(child) = node.children().nth(*n as usize) {
                select_names(child, rest, out);
            }
        }
    }
}

fn names_at<'t>(node: NodeRef<'t>, out: &mut Vec<(NodeRef<'t>, Option<&'t str>)>) {
    match node.kind() {
        Kind::Map => out.extend(node.children().map(|c| (c, Some(c.key().as_str())))),
        Kind::List => out.extend(node.children().map(|c| (c, c.as_text()))),
        _ => out.push((node, node.as_text())),
    }
}
