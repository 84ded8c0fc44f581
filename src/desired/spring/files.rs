//! The files of a Spring Boot application: where they lie, and what they import.

use super::documents::{self, Doc, Raw};
use crate::{
    desired::{
        DesiredContext, path,
        settings::{self, Absent, Collector, Load},
    },
    document::{Dialect, Format},
    git::{FileError, Files, PathKind},
    model::{place::Place, problem::Problem, value::UnreadCause},
};
use std::{collections::BTreeSet, sync::Arc};

/// The ends of names in the order in which Spring Boot loads them: the last wins
/// (`StandardConfigDataLocationResolver`, `PropertiesPropertySourceLoader` before
/// `YamlPropertySourceLoader`).
pub(super) const ENDS: [&str; 3] = ["yaml", "yml", "properties"];

/// Reads the files of one application.
pub(super) struct Reader<'r, 'c> {
    pub(super) files: &'r Files,
    pub(super) cx: &'r DesiredContext<'c>,
    /// What `classpath:` stands for.
    pub(super) folder: &'r str,
    pub(super) out: &'r mut Collector,
    /// Files that were read, and profiles that have one.
    pub(super) found: BTreeSet<Arc<str>>,
    pub(super) profiles_found: BTreeSet<String>,
}

/// Files that were loaded already: none is loaded twice.
#[derive(Default)]
pub(super) struct Loaded {
    paths: BTreeSet<Arc<str>>,
}

/// Imports of imports.
const DEEPEST: usize = 30;
/// Files of one application, those that it may have and has not included.
const MOST: usize = 5_000;
const IMPORT: &str = "spring.config.import";
/// Bytes of an import that are shown.
const LONGEST: usize = 200;

impl Reader<'_, '_> {
    /// The documents of all files `<name>.<end>` in the folder and in `config/` below it; then those
    /// of the profiles. Documents that don't count are left out, imported ones come behind the one
    /// that imports them.
    pub(super) fn all(&mut self, names: &[String], active: Option<&[String]>) -> Vec<Arc<Doc>> {
        let mut out = Vec::new();
        let mut loaded = Loaded::default();
        let locations: Vec<Arc<str>> = ["", "config"]
            .iter()
            .filter_map(|below| path::join(self.folder, below))
            .collect();
        let profiles = std::iter::once(None).chain(active.unwrap_or_default().iter().map(Some));
        for profile in profiles {
            for location in &locations {
                for name in names {
                    self.variants(location, name, profile, active, &mut loaded, &mut out);
                }
            }
        }
        out
    }

    fn variants(
        &mut self,
        folder: &str,
        name: &str,
        profile: Option<&String>,
        active: Option<&[String]>,
        loaded: &mut Loaded,
        out: &mut Vec<Arc<Doc>>,
    ) {
        for end in ENDS {
            let file = match profile {
                Some(profile) => format!("{name}-{profile}.{end}"),
                None => format!("{name}.{end}"),
            };
            let Some(path) = path::join(folder, &file) else {
                continue;
            };
            if let Some(docs) = self.load(&path, loaded) {
                self.profiles_found.extend(profile.cloned());
                self.keep(docs, active, loaded, 0, out);
            }
        }
    }

    /// A file's documents; nothing where it is not there, which every file may be, or was loaded
    /// already.
    fn load(&mut self, path: &Arc<str>, loaded: &mut Loaded) -> Option<Vec<Doc>> {
        if loaded.paths.contains(path) {
            return None;
        }
        if loaded.paths.len() >= MOST {
            let place = Place::exact(path.clone(), None);
            let message = format!("not read: more than {MOST} files may belong to the application");
            self.out
                .problem(Problem::new(Some(place), message), UnreadCause::TooLarge);
            return None;
        }
        loaded.paths.insert(path.clone());
        let how = Load {
            format: match path.ends_with(".properties") {
                true => Format::Properties,
                // SnakeYAML reads YAML 1.1, and so does kubectl.
                false => Format::Yaml(Dialect::K8s),
            },
            detect: false,
            sealed: false,
        };
        match settings::load(path, how, self.files, self.cx) {
            Ok(file) => {
                self.out.input(&file.path);
                self.found.insert(file.path.clone());
                for problem in &file.problems {
                    self.out.malformed(explained(problem, &file.bytes));
                }
                Some(documents::of(&file))
            }
            Err(error @ FileError::NotFound { .. }) => {
                match settings::missing(path, &error, self.files) {
                    Absent::Certain(_) => {}
                    Absent::Dangling(problem) => {
                        self.out.problem(problem, UnreadCause::MissingObject);
                    }
                }
                None
            }
            Err(error) => {
                self.out.unreadable(&error, path);
                None
            }
        }
    }

    fn keep(
        &mut self,
        docs: Vec<Doc>,
        active: Option<&[String]>,
        loaded: &mut Loaded,
        depth: usize,
        out: &mut Vec<Arc<Doc>>,
    ) {
        for doc in docs {
            match doc.is_active(active) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(condition) => {
                    let problem = Problem::new(
                        condition.place(),
                        "Spring refuses this expression over profiles",
                    )
                    .hint("names with `!`, `&`, `|`; parentheses where `&` and `|` meet");
                    self.out.malformed(problem);
                    continue;
                }
            }
            let doc = Arc::new(doc);
            out.push(doc.clone());
            if let Some(imports) = doc.get(IMPORT)
                && let Raw::Opaque(_) = imports.value
            {
                let message = "what is imported here is not readable, and so is what it holds";
                self.out.malformed(Problem::new(imports.place(), message));
            }
            for import in doc.items(IMPORT) {
                self.import(&doc, &import, active, loaded, depth, out);
            }
        }
    }

    /// One `spring.config.import`: files below the folder are followed, with their variants of
    /// profiles; everything else is said, and kept for whoever asks what wins.
    fn import(
        &mut self,
        doc: &Doc,
        import: &str,
        active: Option<&[String]>,
        loaded: &mut Loaded,
        depth: usize,
        out: &mut Vec<Arc<Doc>>,
    ) {
        let place = doc.get(IMPORT).and_then(super::documents::Property::place);
        for one in import.split(';') {
            let one = one.trim();
            let (optional, target) = match one.strip_prefix("optional:") {
                Some(rest) => (true, rest),
                None => (false, one),
            };
            let Some(path) = self.target(doc, target).filter(|_| depth < DEEPEST) else {
                let scheme = target.split_once(':').map_or("file", |(scheme, _)| scheme);
                let message =
                    format!("an import of `{scheme}:` is not followed: what it holds is not seen");
                let problem = Problem::new(place.clone(), message)
                    .hint("declare a layer for it in driftgate.yaml");
                self.out.malformed(problem.harmless());
                self.out.beyond(&self.shown(target), place.as_ref());
                continue;
            };
            if self.files.kind_of(&path) == Ok(PathKind::Absent) {
                self.missing(&path, target, optional, place.as_ref());
            }
            let (folder, file) = (path::parent(&path), &path[path::parent(&path).len()..]);
            let file = file.trim_start_matches('/');
            let Some((name, end)) = file.rsplit_once('.') else {
                continue;
            };
            let profiles = active.unwrap_or_default().iter().map(Some);
            for profile in std::iter::once(None).chain(profiles) {
                let file = match profile {
                    Some(profile) => format!("{name}-{profile}.{end}"),
                    None => file.to_owned(),
                };
                let Some(variant) = path::join(folder, &file) else {
                    continue;
                };
                if let Some(docs) = self.load(&variant, loaded) {
                    self.profiles_found.extend(profile.cloned());
                    self.keep(docs, active, loaded, depth + 1, out);
                }
            }
        }
    }

    /// An imported file that is not there. Spring refuses to start without one that is not
    /// optional; one of the class path may come from a library, an optional file from whoever
    /// starts the application.
    fn missing(&mut self, path: &Arc<str>, target: &str, optional: bool, place: Option<&Place>) {
        let message =
            format!("the imported {path} is not in the repository: what it holds is not seen");
        let problem = Problem::new(place.cloned(), message);
        let is_of_classpath = target.starts_with("classpath:");
        if optional && is_of_classpath {
            return;
        }
        if optional || is_of_classpath {
            if !optional {
                let hint = "if it comes from a library, declare a layer for it in driftgate.yaml";
                self.out.malformed(problem.hint(hint).harmless());
            }
            if is_of_classpath || target.starts_with("file:") {
                self.out.beyond(&self.shown(target), place);
            }
            return;
        }
        let error = FileError::NotFound {
            path: path.to_string(),
            at: self.files.at().to_owned(),
        };
        let problem = match settings::missing(path, &error, self.files) {
            // It is said when it is read.
            Absent::Dangling(_) => return,
            Absent::Certain(Problem { hint, .. }) => problem.hint(hint.unwrap_or_else(|| {
                "commit it, or write `optional:` where the application may start without it".into()
            })),
        };
        self.out.problem(problem, UnreadCause::MissingObject);
    }

    /// An import as it is written, but for what may be a secret: Spring allows passwords in URLs.
    fn shown(&self, target: &str) -> String {
        let target = target.split_once('?').map_or(target, |(before, _)| before);
        let hidden = target.contains('@')
            || target.len() > LONGEST
            || self.cx.classifier.looks_secret(target);
        match (hidden, target.split_once(':')) {
            (false, _) => target.to_owned(),
            (true, Some((scheme, _))) if scheme.len() <= LONGEST => format!("{scheme}:…"),
            (true, _) => "…".to_owned(),
        }
    }

    /// The file of the repository that an import stands for.
    fn target(&self, doc: &Doc, target: &str) -> Option<Arc<str>> {
        let (folder, rest) = if let Some(rest) = target.strip_prefix("classpath:") {
            (self.folder, rest.trim_start_matches('/'))
        } else if let Some(rest) = target.strip_prefix("file:") {
            if rest.starts_with('/') {
                return None;
            }
            (self.folder, rest)
        } else if target.contains(':') || target.starts_with('/') {
            return None;
        } else {
            // Relative to the file that imports it.
            (path::parent(&doc.file), target)
        };
        let is_file = ENDS.iter().any(|end| rest.ends_with(&format!(".{end}")));
        let path =
            path::join(folder, rest).filter(|_| is_file && !rest.contains(['*', '$', '[']))?;
        let below = self.folder.is_empty() || path.starts_with(&format!("{}/", self.folder));
        below.then_some(path)
    }
}

/// `@project.version@` without quotes is no YAML before the build has filled it in.
fn explained(problem: &Problem, bytes: &[u8]) -> Problem {
    let at = problem.place.as_ref().and_then(|p| p.span);
    let is_build = problem.blocks && at.is_some_and(|s| bytes.get(s.start as usize) == Some(&b'@'));
    match is_build {
        true => problem
            .clone()
            .hint("quote what the build fills in: \"@project.version@\""),
        false => problem.clone(),
    }
}

/// Where a problem about a whole folder stands.
pub(super) fn place_of(folder: &str) -> Option<Place> {
    let folder = if folder.is_empty() { "." } else { folder };
    Some(Place::exact(folder.into(), None))
}
