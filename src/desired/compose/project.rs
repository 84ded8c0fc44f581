//! Compose files to one service: merged in their order, `extends` and `include` followed.
//!
//! <https://github.com/compose-spec/compose-spec/blob/main/13-merge.md>

use super::{
    interpolate::{Refused, interpolate},
    variables::Variables,
    written::{Tag, Written, tag, written},
};
use crate::{
    desired::{
        DesiredContext, path,
        settings::{self, Absent, Collector, Load, SettingsFile, did_you_mean},
    },
    document::{Dialect, Format},
    git::{FileError, Files},
    model::{
        entry::Origin,
        observation::ItemId,
        path::{KeyPath, Segment},
        place::Place,
        problem::Problem,
        tree::{Kind, NodeRef},
        value::UnreadCause,
    },
};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

/// What Compose knows of the environment of a service.
#[derive(Default)]
pub(super) struct Service {
    /// In the order in which they count, the last wins.
    pub(super) environment: Vec<Variable>,
    /// Below the environment, the last wins.
    pub(super) env_files: Vec<EnvFile>,
    /// `!reset` and `!override`: what is below goes.
    alone: Alone,
}

#[derive(Clone, Copy, Default)]
struct Alone {
    service: bool,
    environment: bool,
    env_files: bool,
}

/// A variable of `environment`.
pub(super) struct Variable {
    pub(super) name: Box<str>,
    /// As it is written, quotes resolved.
    pub(super) value: Written,
    pub(super) origin: Origin,
    /// Of the file that it is written in.
    pub(super) variables: Arc<Variables>,
}

/// An item of `env_file`.
pub(super) struct EnvFile {
    /// From the repository's root.
    pub(super) path: Arc<str>,
    pub(super) optional: bool,
    /// `format: raw`: as `docker run --env-file`.
    pub(super) raw: bool,
    pub(super) variables: Arc<Variables>,
}

impl Service {
    /// Puts a later file's, or an extending, service over this one.
    fn merge(&mut self, over: Service) {
        if over.alone.service {
            *self = over;
            return;
        }
        if over.alone.environment {
            self.environment.clear();
        }
        if over.alone.env_files {
            self.env_files.clear();
        }
        for variable in over.environment {
            if matches!(variable.value, Written::Reset) {
                self.environment.retain(|v| v.name != variable.name);
            }
            // A reset stays: it counts for what this service is put over, too.
            self.environment.push(variable);
        }
        self.env_files.extend(over.env_files);
    }
}

/// Reads Compose files.
pub(super) struct Project<'p, 'c> {
    files: &'p Files,
    cx: &'p DesiredContext<'c>,
    variables: Arc<Variables>,
    out: &'p mut Collector,
    known: BTreeSet<Box<str>>,
}

/// `extends` of `extends`, `include` of `include`.
const DEEPEST: usize = 30;

/// A Compose file with the variables that count in it.
#[derive(Clone)]
struct Source {
    file: Arc<SettingsFile>,
    /// What its paths are relative to: the folder of the first file of its project.
    folder: Arc<str>,
    variables: Arc<Variables>,
}

impl<'p, 'c> Project<'p, 'c> {
    pub(super) fn new(
        files: &'p Files,
        cx: &'p DesiredContext<'c>,
        variables: &Variables,
        out: &'p mut Collector,
    ) -> Project<'p, 'c> {
        Project {
            files,
            cx,
            variables: Arc::new(variables.clone()),
            out,
            known: BTreeSet::new(),
        }
    }

    /// The services that were seen.
    pub(super) fn known(self) -> BTreeSet<Box<str>> {
        self.known
    }

    /// The service, of all files; nothing when none has it.
    pub(super) fn service(&mut self, paths: &[Box<str>], name: &str) -> Option<Service> {
        let variables = self.variables.clone();
        let folder: Arc<str> = paths.first().map_or("", |first| path::parent(first)).into();
        let mut sources = Vec::new();
        for path in paths {
            if let Some(file) = self.file(path) {
                sources.push(Source {
                    file,
                    folder: folder.clone(),
                    variables: variables.clone(),
                });
            }
        }
        let mut found: Option<Service> = None;
        for source in self.included(&sources).iter().chain(&sources) {
            let Some(one) = self.of_file(source, name, &mut Vec::new()) else {
                continue;
            };
            match &mut found {
                Some(service) => service.merge(one),
                None => found = Some(one),
            }
        }
        found
    }

    /// The files that others include, which come before them.
    fn included(&mut self, sources: &[Source]) -> Vec<Source> {
        let mut out = Vec::new();
        let mut seen: BTreeSet<Arc<str>> = sources.iter().map(|s| s.file.path.clone()).collect();
        let mut todo: VecDeque<Source> = sources.iter().cloned().collect();
        while let Some(source) = todo.pop_front() {
            let Some(root) = root(&source.file) else {
                continue;
            };
            let items: Vec<NodeRef<'_>> = root.member("include").map_or(vec![], items);
            for item in items {
                let paths = match item.member("path") {
                    Some(paths) => texts(paths),
                    None => texts(item),
                };
                let paths: Vec<Arc<str>> = paths
                    .into_iter()
                    .filter_map(|(written, at)| self.path(&source, &written, at))
                    .collect();
                let first = paths.first().map_or("", |first| path::parent(first));
                let folder: Arc<str> = first.into();
                for path in paths {
                    let Some(file) = self.file(&path) else {
                        continue;
                    };
                    if !seen.insert(file.path.clone()) || seen.len() > 1_000 {
                        continue;
                    }
                    let env = item.member("env_file").map_or(vec![], texts);
                    let env = match env.first() {
                        Some((written, at)) => self.path(&source, written, *at),
                        None => path::join(&folder, ".env"),
                    };
                    let mut variables = source.variables.clone();
                    if let Some(env) = env {
                        let above = variables.above(&env, self.files, self.cx, self.out);
                        variables = Arc::new(above);
                    }
                    let one = Source {
                        file,
                        folder: folder.clone(),
                        variables,
                    };
                    todo.push_back(one.clone());
                    out.push(one);
                }
            }
        }
        out
    }

    fn file(&mut self, path: &str) -> Option<Arc<SettingsFile>> {
        let how = Load {
            format: match path.ends_with(".json") {
                true => Format::Json,
                false => Format::Yaml(Dialect::Core),
            },
            detect: false,
            sealed: false,
        };
        match settings::load(path, how, self.files, self.cx) {
            Ok(file) => {
                self.out.input(&file.path);
                for problem in &file.problems {
                    self.out.malformed(problem.clone());
                }
                Some(file)
            }
            Err(error @ FileError::NotFound { .. }) => {
                let (Absent::Certain(problem) | Absent::Dangling(problem)) =
                    settings::missing(path, &error, self.files);
                self.out.problem(problem, UnreadCause::MissingObject);
                None
            }
            Err(error) => {
                self.out.unreadable(&error, path);
                None
            }
        }
    }

    /// The service of one file, with what it extends. `via` are the services that led here.
    fn of_file(
        &mut self,
        source: &Source,
        name: &str,
        via: &mut Vec<(Arc<str>, Box<str>)>,
    ) -> Option<Service> {
        let services = root(&source.file)?.member("services")?;
        let names = services.children().map(|s| s.key().as_str().into());
        if via.is_empty() {
            self.known.extend(names);
        }
        let node = services.member(name)?;
        let me = (source.file.path.clone(), Box::from(name));
        if via.contains(&me) || via.len() > DEEPEST {
            self.wrong(source, node, "services extend each other in a circle", None);
            return None;
        }
        via.push(me);
        let mut service = Service::default();
        if let Some(extends) = node
            .member("extends")
            .filter(|e| e.kind() != Kind::Null && tag(&source.file, *e) != Some(Tag::Reset))
            && let Some(base) = self.extended(source, extends, via)
        {
            service = base;
            service.alone = Alone::default();
        }
        via.pop();
        let own = self.own(source, node, name);
        let alone = own.alone;
        service.merge(own);
        service.alone = alone;
        Some(service)
    }

    /// What `extends` leads to.
    fn extended(
        &mut self,
        source: &Source,
        extends: NodeRef<'_>,
        via: &mut Vec<(Arc<str>, Box<str>)>,
    ) -> Option<Service> {
        let name = extends
            .as_text()
            .or_else(|| extends.text_at(&["service"]))
            .unwrap_or_default();
        let name = self.filled(source, name, extends)?;
        let source = match extends.member("file") {
            Some(at) => {
                let path = self.path(source, &at.scalar_text(), at)?;
                Source {
                    file: self.file(&path)?,
                    folder: path::parent(&path).into(),
                    variables: source.variables.clone(),
                }
            }
            None => source.clone(),
        };
        let found = self.of_file(&source, &name, via);
        let is_there = root(&source.file)
            .and_then(|r| r.member("services")?.member(&name))
            .is_some();
        if !is_there {
            let services = root(&source.file).and_then(|r| r.member("services"));
            let names: Vec<&str> = services
                .iter()
                .flat_map(|s| s.children())
                .map(|s| s.key().as_str())
                .collect();
            let place = Place::exact(source.file.path.clone(), services.and_then(|s| s.span()));
            let message = format!("`extends` names the service `{name}`, which is not here");
            let problem = Problem::new(Some(place), message);
            self.out.malformed(match did_you_mean(&name, names) {
                Some(hint) => problem.hint(hint),
                None => problem,
            });
        }
        found
    }

    /// What a file itself says of a service.
    fn own(&mut self, source: &Source, node: NodeRef<'_>, name: &str) -> Service {
        let file = &source.file;
        let mut service = Service {
            alone: Alone {
                service: tag(file, node).is_some(),
                ..Alone::default()
            },
            ..Service::default()
        };
        if let Some(environment) = node.member("environment") {
            let tag = tag(file, environment);
            service.alone.environment = tag.is_some();
            if tag != Some(Tag::Reset) {
                service.environment = self.environment(source, environment, name);
            }
        }
        if let Some(env_files) = node.member("env_file") {
            let tag = tag(file, env_files);
            service.alone.env_files = tag.is_some();
            if tag != Some(Tag::Reset) {
                service.env_files = self.env_files(source, env_files);
            }
        }
        service
    }

    fn environment(&mut self, source: &Source, node: NodeRef<'_>, service: &str) -> Vec<Variable> {
        let mut out = Vec::new();
        let base = KeyPath::members(&["services", service, "environment"]);
        let variable = |name: &str, value, segment, at: NodeRef<'_>| {
            let mut path = base.clone();
            path.0.push(segment);
            let span = at.span().or_else(|| at.key_span());
            Variable {
                name: name.into(),
                value,
                origin: Origin {
                    item: ItemId::Document((*source.file.path).into()),
                    path,
                    place: Some(Place::exact(source.file.path.clone(), span)),
                },
                variables: source.variables.clone(),
            }
        };
        match node.kind() {
            Kind::Map => {
                for member in node.children() {
                    let name = member.key().as_str();
                    let segment = Segment::Member(name.into());
                    match written(&source.file, member) {
                        Some(value) => out.push(variable(name, value, segment, member)),
                        None => self.wrong(
                            source,
                            member,
                            &format!("`{name}` is no single value"),
                            Some("Compose wants a text, a number, a boolean or nothing"),
                        ),
                    }
                }
            }
            Kind::List => {
                for (n, item) in node.children().enumerate() {
                    let Some(text) = item.as_text() else {
                        self.wrong(source, item, "an item that is no `NAME=value`", None);
                        continue;
                    };
                    let segment = Segment::Index(u32::try_from(n).unwrap_or(u32::MAX));
                    let (name, value) = match text.split_once('=') {
                        Some((name, value)) => (name, Written::Text(value.to_owned())),
                        None => (text, Written::Nothing),
                    };
                    // Names in lists are interpolated too.
                    if let Some(name) = self.filled(source, name, item) {
                        out.push(variable(&name, value, segment, item));
                    }
                }
            }
            Kind::Null => {}
            _ => self.wrong(
                source,
                node,
                "`environment` is neither a map nor a list",
                None,
            ),
        }
        out
    }

    fn env_files(&mut self, source: &Source, node: NodeRef<'_>) -> Vec<EnvFile> {
        let mut out = Vec::new();
        for item in items(node) {
            let path = item.member("path").unwrap_or(item);
            let Some(path) = self.path(source, &path.scalar_text(), path) else {
                continue;
            };
            let required = item.member("required");
            out.push(EnvFile {
                path,
                optional: required
                    .is_some_and(|r| r.as_bool() == Some(false) || r.text() == "false"),
                raw: item.text_at(&["format"]) == Some("raw"),
                variables: source.variables.clone(),
            });
        }
        out
    }

    /// A path as seen from the folder of the project that names it.
    fn path(&mut self, source: &Source, written: &str, at: NodeRef<'_>) -> Option<Arc<str>> {
        let text = self.filled(source, written, at)?;
        let is_remote = text.contains("://") || text.starts_with("git@");
        let found = path::join(&source.folder, &text)
            .filter(|_| !is_remote && !text.starts_with(['/', '~']) && !text.is_empty());
        if found.is_none() {
            self.wrong(
                source,
                at,
                "a path out of the repository, which is not followed",
                Some("keep the file in this repository"),
            );
        }
        found
    }

    /// A text of which everything must be known: a name or a path.
    fn filled(&mut self, source: &Source, text: &str, at: NodeRef<'_>) -> Option<String> {
        match interpolate(text, &source.variables) {
            Ok(filled) if filled.known => Some(filled.text),
            Ok(_) => {
                self.wrong(
                    source,
                    at,
                    "a name or path that depends on the environment of whoever runs Compose",
                    Some("set the variable in `.env`, or name the env file with `env-file:`"),
                );
                None
            }
            Err(refused) => {
                self.wrong(source, at, why(refused), None);
                None
            }
        }
    }

    fn wrong(&mut self, source: &Source, at: NodeRef<'_>, message: &str, hint: Option<&str>) {
        let span = at.span().or_else(|| at.key_span());
        let place = Place::exact(source.file.path.clone(), span);
        let problem = Problem::new(Some(place), message);
        self.out.malformed(match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        });
    }
}

/// Why Compose would not start.
pub(super) fn why(refused: Refused) -> &'static str {
    match refused {
        Refused::Malformed => "Compose refuses this: `$` begins a variable, `$$` is a dollar sign",
        Refused::Required => "Compose refuses this: a variable that must not be empty is",
    }
}

/// The first document: Compose reads the others as further files, which nobody uses.
fn root(file: &SettingsFile) -> Option<NodeRef<'_>> {
    file.documents.first().map(|d| d.tree.root())
}

/// A list's items, or the one that stands for a list.
fn items(node: NodeRef<'_>) -> Vec<NodeRef<'_>> {
    match node.kind() {
        Kind::List => node.children().collect(),
        Kind::Null => Vec::new(),
        _ => vec![node],
    }
}

fn texts(node: NodeRef<'_>) -> Vec<(String, NodeRef<'_>)> {
    items(node)
        .into_iter()
        .filter_map(|n| Some((n.as_text()?.to_owned(), n)))
        .collect()
}
