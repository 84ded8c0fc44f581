//! A chart in the repository and the charts it depends on, which have to be there as well.

use super::super::{
    path::{join, parent},
    render::{Failed, whole},
};
use crate::{
    document::{self, Dialect, Format},
    git::{FileError, Files, PathKind},
    model::{place::Place, tree::Tree},
};
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A chart and everything it is made from.
#[derive(Debug, Default)]
pub(super) struct Chart {
    /// Its folder, or its archive.
    pub(super) path: Arc<str>,
    /// Its `Chart.yaml`, or its archive.
    pub(super) file: Arc<str>,
    /// Its name, with which `# Source:` comments begin.
    pub(super) name: Box<str>,
    /// What has to be exported.
    pub(super) folders: BTreeSet<Arc<str>>,
    /// Dependencies of `file://` repositories that are not in `charts/`: they are put there in
    /// the export, as `helm dependency build` does.
    pub(super) vendored: Vec<Vendored>,
    /// Dependencies that would have to be fetched.
    pub(super) missing: Vec<Box<str>>,
}

/// A chart of the same repository that another depends on.
#[derive(Debug)]
pub(super) struct Vendored {
    pub(super) name: Box<str>,
    /// Its folder.
    pub(super) from: Arc<str>,
    /// Where helm looks for it.
    pub(super) to: Arc<str>,
}

/// `file://` dependencies of `file://` dependencies; a circle ends here.
const DEEPEST: usize = 8;

impl Chart {
    /// Reads a chart's metadata.
    pub(super) fn read(path: &str, files: &Files, allow_remote: bool) -> Result<Chart, Failed> {
        let Some(path) = join("", path).filter(|_| !path.starts_with('/')) else {
            return Err(Failed::refused(whole(path), "leads out of the repository"));
        };
        let mut chart = Chart {
            path: path.clone(),
            folders: [path.clone()].into(),
            ..Chart::default()
        };
        if path.ends_with(".tgz") {
            files
                .read(&path)
                .map_err(|e| Failed::file(whole(&path), &e))?;
            chart.file = path;
            return Ok(chart);
        }
        let metadata = metadata(&path, files)?.ok_or_else(|| {
            let shown = if path.is_empty() { "." } else { &path };
            Failed::missing(whole(&path), format!("no Chart.yaml in {shown}"))
        })?;
        chart.file = metadata.file.clone();
        chart.name = metadata.name().into();
        chart.dependencies(&metadata, &path, &path, files, 0)?;
        if !chart.missing.is_empty() && !allow_remote {
            return Err(lacking(&chart));
        }
        Ok(chart)
    }

    /// The dependencies of the chart in `folder` that will lie at `at`.
    fn dependencies(
        &mut self,
        metadata: &Metadata,
        folder: &str,
        at: &str,
        files: &Files,
        depth: usize,
    ) -> Result<(), Failed> {
        let there = vendored(folder, files)?;
        for (dependency, place) in metadata.dependencies(folder, files)? {
            if there.contains(&dependency.name) {
                continue;
            }
            let Some(path) = dependency.repository.strip_prefix("file://") else {
                self.missing.push(dependency.name);
                continue;
            };
            let from = join(folder, path)
                .filter(|from| !inside(folder, from) && depth < DEEPEST)
                .ok_or_else(|| {
                    Failed::refused(
                        place.clone(),
                        "a dependency that is around its chart or out of the repository",
                    )
                })?;
            let Some(below) = self::metadata(&from, files)? else {
                return Err(Failed::missing(place, format!("no Chart.yaml in {from}")));
            };
            let to = join(at, &format!("charts/{}", dependency.name)).unwrap_or_default();
            self.dependencies(&below, &from, &to, files, depth + 1)?;
            self.folders.insert(from.clone());
            // After its own, so that a folder is complete before it is copied.
            self.vendored.push(Vendored {
                name: dependency.name,
                from,
                to,
            });
        }
        Ok(())
    }

    /// Puts dependencies of the same repository where helm looks for them.
    pub(super) fn vendor(&self, export: &Path) -> Result<(), Failed> {
        for one in &self.vendored {
            copy(&export.join(&*one.from), &export.join(&*one.to)).map_err(|e| {
                let text = format!("dependency {} could not be copied: {}", one.name, e.kind());
                Failed::refused(whole(&self.file), text)
            })?;
        }
        Ok(())
    }
}

/// Whether `folder` is `other` or lies in it.
fn inside(folder: &str, other: &str) -> bool {
    other.is_empty()
        || folder == other
        || folder
            .strip_prefix(other)
            .is_some_and(|rest| rest.starts_with('/'))
}

fn lacking(chart: &Chart) -> Failed {
    let path = &chart.path;
    Failed::refused(
        whole(&chart.file),
        format!(
            "dependencies are not in {path}/charts: {}",
            chart.missing.join(", ")
        ),
    )
    .hint(format!(
        "nothing is fetched while rendering: run `helm dependency build {path}` and commit {path}/charts, \
         hand over your own render with `rendered:`, or allow it with `render: {{ allow-remote: true }}`"
    ))
}

struct Dependency {
    name: Box<str>,
    repository: Box<str>,
}

struct Metadata {
    file: Arc<str>,
    tree: Tree,
}

fn metadata(folder: &str, files: &Files) -> Result<Option<Metadata>, Failed> {
    yaml(join(folder, "Chart.yaml").unwrap_or_default(), files)
}

fn yaml(file: Arc<str>, files: &Files) -> Result<Option<Metadata>, Failed> {
    let found = match files.read(&file) {
        Ok(found) => found,
        Err(FileError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(Failed::file(whole(&file), &error)),
    };
    let parsed = document::parse(&found.bytes, Format::Yaml(Dialect::K8s));
    if let Some(p) = parsed.problems.iter().find(|p| p.blocks) {
        return Err(Failed::refused(
            Place::exact(file, p.span),
            p.message.clone(),
        ));
    }
    let tree = parsed.documents.into_iter().next();
    Ok(Some(Metadata {
        file,
        tree: tree.map(|d| d.tree).unwrap_or_default(),
    }))
}

impl Metadata {
    fn name(&self) -> &str {
        self.tree.root().text_at(&["name"]).unwrap_or_default()
    }

    /// Of `Chart.yaml`, or of the `requirements.yaml` of an old chart.
    fn dependencies(
        &self,
        folder: &str,
        files: &Files,
    ) -> Result<Vec<(Dependency, Place)>, Failed> {
        let old = yaml(join(folder, "requirements.yaml").unwrap_or_default(), files)?;
        let mut out = Vec::new();
        for one in std::iter::once(self).chain(old.as_ref()) {
            let list = one.tree.root().member("dependencies");
            for item in list.iter().flat_map(|l| l.children()) {
                let text = |name: &str| item.text_at(&[name]).unwrap_or_default().into();
                let dependency = Dependency {
                    name: text("name"),
                    repository: text("repository"),
                };
                out.push((dependency, Place::exact(one.file.clone(), item.span())));
            }
        }
        Ok(out)
    }
}

/// Names of the charts in `charts/`: of folders by their metadata, of archives by their file's
/// name up to the version.
fn vendored(folder: &str, files: &Files) -> Result<BTreeSet<Box<str>>, Failed> {
    let charts = join(folder, "charts").unwrap_or_default();
    let mut out = BTreeSet::new();
    let failed = |e: FileError| Failed::file(whole(&charts), &e);
    if files.kind_of(&charts).map_err(failed)? == PathKind::Absent {
        return Ok(out);
    }
    let below = files.walk(&charts).map_err(failed)?;
    for file in below {
        let Some(rest) = file
            .strip_prefix(&*charts)
            .and_then(|r| r.strip_prefix('/'))
        else {
            continue;
        };
        match rest.split_once('/') {
            Some((_, "Chart.yaml")) => {
                if let Some(metadata) = metadata(parent(&file), files)? {
                    out.insert(metadata.name().into());
                }
            }
            None => out.extend(archive_name(rest)),
            _ => {}
        }
    }
    Ok(out)
}

/// `postgresql` of `postgresql-12.1.2.tgz`: up to the first `-` in front of a digit.
fn archive_name(file: &str) -> Option<Box<str>> {
    let name = file.strip_suffix(".tgz")?;
    let end = name
        .match_indices('-')
        .map(|(at, _)| at)
        .find(|at| name.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit))?;
    Some(name[..end].into())
}

/// Copies folders and files; an export has nothing else.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut todo: Vec<(PathBuf, PathBuf)> = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = todo.pop() {
        fs::create_dir_all(&to)?;
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            let target = to.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                todo.push((entry.path(), target));
            } else if !target.exists() {
                fs::copy(entry.path(), target)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::archive_name;

    #[test]
    fn archives_by_name() {
        assert_eq!(
            archive_name("postgresql-12.1.2.tgz").as_deref(),
            Some("postgresql")
        );
        assert_eq!(
            archive_name("kube-state-metrics-5.0.0-rc1.tgz").as_deref(),
            Some("kube-state-metrics")
        );
        assert_eq!(archive_name("README.md"), None);
    }
}
