//! `spring:`: the configuration of a Spring Boot application, in Spring's own order.
//!
//! <https://docs.spring.io/spring-boot/reference/features/external-config.html>

mod documents;
mod files;
mod names;
mod placeholders;
mod profiles;
#[cfg(test)]
mod tests;

use self::{
    documents::{Doc, Property, Raw},
    files::{ENDS, Reader},
    placeholders::{Known, Winner},
};
use super::{
    DesiredContext, path,
    settings::{self, Absent, Collector, Sealer},
};
use crate::{
    git::{FileError, Files, PathKind},
    model::{
        desired::DesiredWorld,
        entry::{Entry, Origin},
        path::{KeyPath, Segment},
        problem::Problem,
        setting::{KeyStyle, SettingEntry},
        target::SpringSpec,
        tree::{Kind, NodeRef, TreeBuilder, WithoutSecrets},
        value::{UnreadCause, Value},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// What Spring itself reads to choose documents, and no application.
const OWN: [&str; 4] = [
    "spring.config.activate.onprofile",
    "spring.config.activate.oncloudplatform",
    "spring.config.import",
    "spring.profiles",
];

/// Reads the settings.
pub(super) fn read(spec: &SpringSpec, files: &Files, cx: &DesiredContext<'_>) -> DesiredWorld {
    let mut out = Collector::default();
    let names = config_names(spec);
    let mut reader = Reader {
        files,
        cx,
        folder: &spec.folder,
        out: &mut out,
        found: BTreeSet::new(),
        profiles_found: BTreeSet::new(),
    };
    let first = reader.all(&names, None);
    let active = active(spec, &first);
    let docs = reader.all(&names, Some(&active.all));
    let (found, with_file) = (reader.found, reader.profiles_found);
    if found.is_empty() && !out.is_blocked() {
        let (problem, cause) = nothing(spec, &names, files);
        out.problem(problem, cause);
    }
    for profile in &spec.profiles {
        let named = with_file.contains(&**profile)
            || active.groups.contains_key(&**profile)
            || docs
                .iter()
                .any(|d| conditions(d).any(|c| c.contains(&**profile)));
        if !named && !found.is_empty() {
            let message = format!("nothing is said for the profile `{profile}`");
            let problem = Problem::new(files::place_of(&spec.folder), message)
                .hint("is the name right? It has no file, no document and no group");
            out.malformed(problem.harmless());
        }
    }
    settings(&docs, cx, &mut out);
    out.finish()
}

/// Whether there is any file of the application.
pub(super) fn is_there(spec: &SpringSpec, files: &Files) -> Result<bool, FileError> {
    let names = config_names(spec);
    for folder in ["", "config"] {
        let Some(folder) = path::join(&spec.folder, folder) else {
            continue;
        };
        if files.kind_of(&folder)? != PathKind::Folder {
            continue;
        }
        let children = files.list(&folder)?;
        let is_one = |child: &str| {
            let (stem, end) = child.rsplit_once('.').unwrap_or((child, ""));
            ENDS.contains(&end)
                && names.iter().any(|name| {
                    let rest = stem.strip_prefix(name.as_str());
                    rest.is_some_and(|r| r.is_empty() || r.starts_with('-'))
                })
        };
        if children.iter().any(|c| is_one(&c.name)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn config_names(spec: &SpringSpec) -> Vec<String> {
    let names: Vec<String> = profiles::listed(&spec.name).collect();
    match names.is_empty() {
        true => vec!["application".to_owned()],
        false => names,
    }
}

/// Why there is nothing to read.
fn nothing(spec: &SpringSpec, names: &[String], files: &Files) -> (Problem, UnreadCause) {
    let wanted = names.join("`, `");
    let place = files::place_of(&spec.folder);
    let problem = match files.kind_of(&spec.folder) {
        Ok(PathKind::Folder) => Problem::new(
            place,
            format!(
                "no `{wanted}` with .properties, .yml or .yaml in {} {}",
                spec.folder,
                files.at()
            ),
        )
        .hint("say its `name` (`spring.config.name`), or another `folder`"),
        Ok(PathKind::Absent) => {
            let error = FileError::NotFound {
                path: spec.folder.to_string(),
                at: files.at().to_owned(),
            };
            let (Absent::Certain(problem) | Absent::Dangling(problem)) =
                settings::missing(&spec.folder, &error, files);
            problem
        }
        Ok(_) => Problem::new(
            place,
            format!("{} is not a folder {}", spec.folder, files.at()),
        ),
        Err(error) => Problem::new(place, error.to_string()),
    };
    (problem, UnreadCause::MissingObject)
}

/// The profiles of one reading.
struct Active {
    all: Vec<String>,
    groups: BTreeMap<String, Vec<String>>,
}

/// The active profiles: those of driftgate.yaml, else those that the files name, else Spring's
/// `default`; in front of them what `spring.profiles.include` adds; groups unfolded.
fn active(spec: &SpringSpec, docs: &[Arc<Doc>]) -> Active {
    let last = |uniform: &str| {
        let with = docs.iter().rfind(|d| d.get(uniform).is_some());
        with.map_or(vec![], |d| d.items(uniform))
    };
    let mut groups = BTreeMap::new();
    let mut include: Vec<String> = Vec::new();
    for doc in docs {
        include.extend(doc.items("spring.profiles.include"));
        for property in &doc.properties {
            if let Some(("spring.profiles", group)) = property
                .name
                .rsplit_once('.')
                .and_then(|(before, name)| Some((before.strip_suffix(".group")?, name)))
            {
                groups.insert(group.to_owned(), property.items());
            }
        }
    }
    let mut chosen: Vec<String> = spec.profiles.iter().map(ToString::to_string).collect();
    if chosen.is_empty() {
        chosen = last("spring.profiles.active");
    }
    let mut all: Vec<String> = Vec::new();
    for profile in include.into_iter().chain(chosen) {
        if !all.contains(&profile) {
            all.push(profile);
        }
    }
    if all.is_empty() {
        all = last("spring.profiles.default");
    }
    if all.is_empty() {
        all.push("default".to_owned());
    }
    Active {
        all: profiles::expanded(&all, &groups),
        groups,
    }
}

fn conditions(doc: &Doc) -> impl Iterator<Item = String> {
    let of = |uniform| doc.items(uniform);
    of(OWN[0]).into_iter().chain(of(OWN[3]))
}

/// All settings, in their order; those of one name are called alike.
fn settings(docs: &[Arc<Doc>], cx: &DesiredContext<'_>, out: &mut Collector) {
    let mut known = Known {
        by_uniform: HashMap::new(),
    };
    // The spelling with the most words is the one that others fold into.
    let mut shown: HashMap<&str, String> = HashMap::new();
    for doc in docs {
        let sealer = Sealer::new(&doc.file, cx);
        for property in &doc.properties {
            let text = match &property.value {
                Raw::Text(text) => Some(text.as_str()),
                _ => None,
            };
            let winner = Winner {
                name: &property.name,
                text,
                from: &property.from,
                secret: text.is_some_and(|t| sealer.is_secret(&property.name, t)),
            };
            known.by_uniform.insert(&property.uniform, winner);
            let name = names::canonical(&property.name);
            let best = shown.entry(&property.uniform).or_default();
            if name.len() >= best.len() {
                *best = name;
            }
        }
    }
    for doc in docs {
        let sealer = Sealer::new(&doc.file, cx);
        let platform = platform(doc, &known, out);
        for property in &doc.properties {
            if OWN.contains(&&*property.uniform) {
                continue;
            }
            let name = shown.get(&*property.uniform).map_or("", |n| n);
            let one = Setting {
                name,
                property,
                sealer: &sealer,
                known: &known,
            };
            let entry = match &platform {
                Some(platform) => Entry {
                    value: Value::Symbol(format!("only on the cloud platform {platform}").into()),
                    from: property.from.clone(),
                },
                None => one.entry(out),
            };
            out.settings.push(SettingEntry {
                name: name.into(),
                style: KeyStyle::Spring,
                path: KeyPath(vec![Segment::Member(name.into())]),
                entry,
                seen_by: Arc::default(),
                doubt: None,
            });
        }
    }
}

/// The cloud platform that decides whether a document counts, unless the configuration says which
/// one it is.
fn platform(doc: &Doc, known: &Known<'_>, out: &mut Collector) -> Option<String> {
    let condition = doc.get(OWN[1])?;
    let wanted = condition.items().join(", ");
    let said = known.by_uniform.get("spring.main.cloudplatform");
    if said.is_some_and(|s| s.text.is_some_and(|t| t.eq_ignore_ascii_case(&wanted))) {
        return None;
    }
    let message =
        "whether this document counts depends on the cloud platform, which is not known from here";
    out.malformed(
        Problem::new(condition.place(), message)
            .hint("set `spring.main.cloud-platform`")
            .harmless(),
    );
    Some(wanted)
}

struct Setting<'s> {
    name: &'s str,
    property: &'s Property,
    sealer: &'s Sealer<'s>,
    known: &'s Known<'s>,
}

impl Setting<'_> {
    fn entry(&self, out: &mut Collector) -> Entry {
        let mut from = self.property.from.clone();
        let value = match &self.property.value {
            Raw::Opaque(symbol) => Value::Opaque(symbol.clone()),
            Raw::Text(text) if placeholders::has_any(text) => {
                let filled = placeholders::fill(text, self.known);
                if filled.circular {
                    out.malformed(
                        Problem::new(
                            self.property.place(),
                            format!("the placeholders of `{}` lead in a circle", self.name),
                        )
                        .harmless(),
                    );
                }
                let value = self.filled(&filled);
                from.extend(
                    filled
                        .from
                        .into_iter()
                        .filter(|o| !self.property.from.contains(o)),
                );
                value
            }
            Raw::Text(text) => self.sealer.text(self.name, text),
            Raw::List(list) if any_placeholder(list.root()) => {
                let (value, made_of) = self.list(list.root());
                from.extend(made_of);
                value
            }
            Raw::List(list) => self.sealer.node(self.name, list.root()),
        };
        Entry { value, from }
    }

    fn filled(&self, filled: &placeholders::Filled) -> Value {
        match (filled.known, filled.secret) {
            (true, true) => self.sealer.secret(&filled.text),
            (true, false) => self.sealer.text(self.name, &filled.text),
            (false, true) => self.sealer.hidden(&filled.text),
            (false, false) => self.sealer.symbol(self.name, "placeholder", &filled.text),
        }
    }

    /// A list of which items refer to what is set elsewhere.
    fn list(&self, list: NodeRef<'_>) -> (Value, Vec<Origin>) {
        let mut all = placeholders::Filled {
            known: true,
            ..placeholders::Filled::default()
        };
        let mut tree = TreeBuilder::new();
        self.copy(list, &mut tree, &mut all);
        let tree = tree.finish();
        let plain = || serde_json::to_string(&WithoutSecrets(tree.root())).unwrap_or_default();
        let value = match (all.known, all.secret) {
            (true, true) => self.sealer.secret(&plain()),
            (true, false) => self.sealer.node(self.name, tree.root()),
            (false, true) => self.sealer.hidden(&plain()),
            (false, false) => match self.sealer.node(self.name, tree.root()) {
                Value::Plain(list) if *list.text() == plain() => {
                    self.sealer.symbol(self.name, "placeholder", &plain())
                }
                // Something in it was sealed.
                _ => self.sealer.hidden(&plain()),
            },
        };
        (value, all.from)
    }

    fn copy(&self, node: NodeRef<'_>, to: &mut TreeBuilder, all: &mut placeholders::Filled) {
        match node.kind() {
            Kind::Map | Kind::List => {
                let open = to.open(node.key(), node.kind());
                for child in node.children() {
                    self.copy(child, to, all);
                }
                to.close(open);
            }
            Kind::Text if placeholders::has_any(node.text()) => {
                let filled = placeholders::fill(node.text(), self.known);
                to.scalar(node.key(), Kind::Text, &filled.text);
                all.known &= filled.known;
                all.secret |= filled.secret;
                all.from.extend(filled.from);
            }
            _ => {
                to.copy(node.key(), node);
            }
        }
    }
}

fn any_placeholder(node: NodeRef<'_>) -> bool {
    node.as_text().is_some_and(placeholders::has_any) || node.children().any(any_placeholder)
}
