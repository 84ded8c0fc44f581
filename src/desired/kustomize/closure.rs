//! Everything that a kustomization can reach. Kustomize itself reads files only in or below the
//! folder of the kustomization that names them, so the folders of all kustomizations are enough.
//! What would be fetched from elsewhere is refused here, before anything runs.

use super::super::{
    path::join,
    render::{Failed, whole},
};
use crate::{
    document::{self, Dialect, Format},
    git::{FileError, Files, PathKind},
    model::{
        place::Place,
        tree::{Kind, NodeRef, Tree},
    },
};
use std::{collections::BTreeSet, sync::Arc};

/// Names that kustomize looks for, in its order.
pub(super) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// What a kustomization is made from.
#[derive(Debug, Default)]
pub(super) struct Closure {
    /// Folders that hold it all; none lies in another.
    pub(super) folders: BTreeSet<Arc<str>>,
    /// Kustomizations and the files they name.
    pub(super) named: BTreeSet<Arc<str>>,
    /// The first kustomization.
    pub(super) root: Arc<str>,
    /// What the root's `buildMetadata` asks for: only a root's counts.
    pub(super) build_metadata: Vec<String>,
    /// Charts are inflated, and all of them lie in the repository.
    pub(super) charts: bool,
}

/// Walks from the kustomization in `folder`.
pub(super) fn of(folder: &str, files: &Files, allow_remote: bool) -> Result<Closure, Failed> {
    let mut walk = Walk {
        files,
        allow_remote,
        out: Closure::default(),
        seen: BTreeSet::new(),
    };
    let folder = join("", folder)
        .ok_or_else(|| Failed::refused(whole(folder), "leads out of the repository"))?;
    let mut todo = vec![(folder, None)];
    while let Some((folder, from)) = todo.pop() {
        if walk.seen.insert(folder.clone()) {
            todo.extend(walk.kustomization(&folder, from.as_ref())?);
        }
    }
    let all = std::mem::take(&mut walk.seen);
    walk.out.folders = all
        .iter()
        .chain(&walk.out.folders)
        .filter(|f| !all.iter().any(|other| inside(f, other)))
        .cloned()
        .collect();
    Ok(walk.out)
}

fn inside(folder: &str, other: &str) -> bool {
    folder != other
        && (other.is_empty()
            || folder
                .strip_prefix(other)
                .is_some_and(|r| r.starts_with('/')))
}

struct Walk<'a> {
    files: &'a Files,
    allow_remote: bool,
    out: Closure,
    seen: BTreeSet<Arc<str>>,
}

/// A folder to go on with, and where it is named.
type Next = (Arc<str>, Option<Place>);

impl Walk<'_> {
    fn kustomization(&mut self, folder: &str, from: Option<&Place>) -> Result<Vec<Next>, Failed> {
        let (file, tree) = self.read(folder, from)?;
        self.out.named.insert(file.clone());
        let root = tree.root();
        if self.out.root.is_empty() {
            self.out.root = file.clone();
            self.out.build_metadata = texts(root, "buildMetadata")
                .map(|n| n.text().to_owned())
                .collect();
        }
        let mut one = One {
            walk: self,
            folder,
            file: &file,
            next: Vec::new(),
        };
        one.all(root)?;
        Ok(one.next)
    }

    fn read(&self, folder: &str, from: Option<&Place>) -> Result<(Arc<str>, Tree), Failed> {
        let at = |file: &str| from.cloned().unwrap_or_else(|| whole(file));
        for name in NAMES {
            let path = join(folder, name).unwrap_or_default();
            match self.files.read(&path) {
                Ok(found) => {
                    let parsed = document::parse(&found.bytes, Format::Yaml(Dialect::K8s));
                    if let Some(p) = parsed.problems.iter().find(|p| p.blocks) {
                        let place = Place::exact(path, p.span);
                        return Err(Failed::refused(place, p.message.clone()));
                    }
                    // Without a document it is an empty kustomization: kustomize says so.
                    let tree = parsed.documents.into_iter().next();
                    return Ok((path, tree.map(|d| d.tree).unwrap_or_default()));
                }
                Err(FileError::NotFound { .. }) => {}
                Err(error) => return Err(Failed::file(whole(&path), &error)),
            }
        }
        let shown = if folder.is_empty() { "." } else { folder };
        Err(Failed::missing(
            at(folder),
            format!("no kustomization.yaml in {shown}"),
        ))
    }
}

struct One<'w, 'a> {
    walk: &'w mut Walk<'a>,
    folder: &'w str,
    file: &'w Arc<str>,
    next: Vec<Next>,
}

/// Lists whose texts are files or folders.
const LISTS: [&str; 9] = [
    "resources",
    "bases",
    "components",
    "generators",
    "transformers",
    "validators",
    "crds",
    "configurations",
    "patchesStrategicMerge",
];

impl One<'_, '_> {
    fn all(&mut self, root: NodeRef<'_>) -> Result<(), Failed> {
        for list in LISTS {
            for entry in texts(root, list) {
                self.entry(entry)?;
            }
        }
        for list in ["patches", "patchesJson6902", "replacements"] {
            for item in items(root, list) {
                if let Some(path) = item.member("path") {
                    self.entry(path)?;
                }
            }
        }
        if let Some(path) = root.at(&["openapi", "path"]) {
            self.entry(path)?;
        }
        for list in ["configMapGenerator", "secretGenerator"] {
            for item in items(root, list) {
                self.generator(item)?;
            }
        }
        self.charts(root)
    }

    fn generator(&mut self, item: NodeRef<'_>) -> Result<(), Failed> {
        for entry in texts(item, "files") {
            // `key=path` or `path`.
            let path = entry.text();
            self.path(entry, path.split_once('=').map_or(path, |(_, p)| p))?;
        }
        for entry in texts(item, "envs").chain(item.member("env")) {
            self.entry(entry)?;
        }
        Ok(())
    }

    fn entry(&mut self, entry: NodeRef<'_>) -> Result<(), Failed> {
        self.path(entry, entry.as_text().unwrap_or_default())
    }

    fn path(&mut self, entry: NodeRef<'_>, path: &str) -> Result<(), Failed> {
        // Written out in place: patches and generators may be.
        if path.is_empty() || path.contains('\n') || path.trim_start().starts_with('{') {
            return Ok(());
        }
        let place = Place::exact(self.file.clone(), entry.span());
        if is_remote(path) {
            return self.remote(place, "a base or file from another place");
        }
        let Some(local) = (!path.starts_with('/'))
            .then(|| join(self.folder, path))
            .flatten()
        else {
            return Err(Failed::refused(place, "leads out of the repository"));
        };
        match self.walk.files.read(&local) {
            Ok(found) => {
                if !local.starts_with(&*in_folder(self.folder)) {
                    return Err(Failed::refused(
                        place,
                        "a file outside of the kustomization's folder, which kustomize refuses",
                    )
                    .hint("make that folder a kustomization and name the folder"));
                }
                self.walk.out.named.insert(found.path);
            }
            Err(_) if self.is_folder(&local) => self.next.push((local, Some(place))),
            Err(error) => return Err(Failed::file(place, &error)),
        }
        Ok(())
    }

    fn is_folder(&self, path: &str) -> bool {
        matches!(self.walk.files.kind_of(path), Ok(PathKind::Folder))
    }

    fn remote(&self, place: Place, what: &str) -> Result<(), Failed> {
        if self.walk.allow_remote {
            return Ok(());
        }
        Err(
            Failed::refused(place, format!("{what}: nothing is fetched while rendering")).hint(
                "copy it into the repository, hand over your own render with `rendered:`, \
                 or allow it with `render: { allow-remote: true }`",
            ),
        )
    }

    /// Charts may be inflated when they lie in the repository.
    fn charts(&mut self, root: NodeRef<'_>) -> Result<(), Failed> {
        if let Some(old) = root.member("helmChartInflationGenerator") {
            let place = Place::exact(self.file.clone(), old.key_span());
            self.remote(place, "helmChartInflationGenerator fetches charts")?;
        }
        let home = root
            .text_at(&["helmGlobals", "chartHome"])
            .unwrap_or("charts");
        for chart in items(root, "helmCharts") {
            self.walk.out.charts = true;
            let place = Place::exact(self.file.clone(), chart.span());
            let name = chart.text_at(&["name"]).unwrap_or_default();
            let versioned = chart
                .text_at(&["version"])
                .map(|v| format!("{home}/{name}-{v}/{name}"));
            let local = versioned
                .into_iter()
                .chain([format!("{home}/{name}")])
                .filter_map(|p| join(self.folder, &p))
                .find(|p| self.is_folder(p));
            match local {
                Some(folder) => {
                    self.walk.out.folders.insert(folder);
                }
                None => self.remote(place, "a chart that is not in the repository")?,
            }
            for list in texts(chart, "additionalValuesFiles").chain(chart.member("valuesFile")) {
                self.entry(list)?;
            }
        }
        Ok(())
    }
}

fn in_folder(folder: &str) -> String {
    if folder.is_empty() {
        String::new()
    } else {
        format!("{folder}/")
    }
}

/// As kustomize tells (`git.NewRepoSpecFromURL`, `loader.IsRemoteFile`): schemes, the scp form of
/// git, hosts that are known, and queries that only a repository takes.
fn is_remote(path: &str) -> bool {
    let low = path.to_ascii_lowercase();
    low.contains("://")
        || low.starts_with("git@")
        || low.starts_with("git::")
        || low.starts_with("gh:")
        || [
            "github.com",
            "gitlab.com",
            "bitbucket.org",
            "ssh.dev.azure.com",
        ]
        .iter()
        .any(|host| {
            low.strip_prefix(host)
                .is_some_and(|rest| rest.starts_with(['/', ':']))
        })
        || low.contains("?ref=")
        || low.contains("?version=")
        || low.contains("&ref=")
        || low.ends_with(".git")
        || low.contains(".git/")
        || low.contains("_git/")
}

fn items<'a>(node: NodeRef<'a>, list: &str) -> impl Iterator<Item = NodeRef<'a>> + use<'a> {
    node.member(list)
        .filter(|n| n.kind() == Kind::List)
        .into_iter()
        .flat_map(NodeRef::children)
}

fn texts<'a>(node: NodeRef<'a>, list: &str) -> impl Iterator<Item = NodeRef<'a>> + use<'a> {
    items(node, list).filter(|n| n.kind() == Kind::Text)
}

#[cfg(test)]
mod tests {
    use super::is_remote;

    #[test]
    fn what_kustomize_would_fetch() {
        for remote in [
            "https://example.com/a.yaml",
            "github.com/org/repo//deploy?ref=v1",
            "git@example.com:org/repo",
            "ssh://git@example.com/org/repo",
            "example.com/org/repo?ref=main",
            "host/org/repo.git",
            "file:///etc",
            "git::https://example.com/x",
            "https://dev.azure.com/org/project/_git/repo",
        ] {
            assert!(is_remote(remote), "{remote}");
        }
        for local in [
            "../base",
            "a.yaml",
            "github.community/x",
            "deploy/git",
            "gitlab.com.yaml",
        ] {
            assert!(!is_remote(local), "{local}");
        }
    }
}
