//! Other checkouts that layers read from: base and head are one there, because the change under
//! review is not made in them.

use super::{
    inputs::{self, Run},
    revisions::Revisions,
};
use crate::{
    git::{Files, Repository},
    model::value::{Unread, UnreadCause},
    plan::Plan,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Where another checkout is, as the arguments say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// Its folder.
    pub path: PathBuf,
    /// The revision to read; absent: HEAD.
    pub revision: Option<String>,
}

/// The files of each other checkout that a layer reads from, by name.
pub(crate) type Others = BTreeMap<Box<str>, Result<Files, Unread>>;

/// Whether the arguments name checkouts that the configuration knows.
///
/// # Errors
/// When they don't: a typing error would read the wrong one.
pub(crate) fn check_names(run: &Run<'_>, plan: &Plan) -> anyhow::Result<()> {
    let known = &plan.judge.repositories;
    match run
        .inputs
        .repositories
        .keys()
        .find(|n| !known.contains_key(*n))
    {
        None => Ok(()),
        Some(name) => {
            let known: Vec<&str> = known.keys().map(|k| &**k).collect();
            anyhow::bail!(
                "--repository {name}=…: the configuration has no repository `{name}`; it has {}",
                if known.is_empty() {
                    "none".into()
                } else {
                    known.join(", ")
                }
            )
        }
    }
}

/// Opens every checkout that the plan reads from.
pub(crate) fn open(run: &Run<'_>, plan: &Plan, revisions: &Revisions) -> Others {
    let layers = plan.targets.iter().flat_map(|t| &t.layers);
    let mut out = Others::new();
    for name in layers.filter_map(|l| l.layer.repository.as_ref()) {
        if !out.contains_key(name) {
            out.insert(name.clone(), files(run, plan, revisions, name));
        }
    }
    out
}

fn files(run: &Run<'_>, plan: &Plan, revisions: &Revisions, name: &str) -> Result<Files, Unread> {
    let said = run.inputs.repositories.get(name);
    let path = match (said, plan.judge.repositories.get(name)) {
        (Some(checkout), _) => run.path(&checkout.path),
        (None, Some(path)) => inputs::from(run.root(), Path::new(&**path)),
        (None, None) => {
            return Err(unread(format!(
                "the configuration before the change knows no repository `{name}`: --repository {name}=PATH says where it is"
            )));
        }
    };
    let revision = said.and_then(|c| c.revision.as_deref());
    at(&path, revision, revisions.work_tree).map_err(|why| {
        unread(format!(
            "repository `{name}` at {} can't be read: {why}",
            path.display()
        ))
    })
}

fn at(path: &Path, revision: Option<&str>, work_tree: bool) -> Result<Files, String> {
    let folder = path
        .canonicalize()
        .map_err(|_| "the folder does not exist; check the repository out there".to_owned())?;
    let repository = Repository::discover(&folder).map_err(|e| e.to_string())?;
    // A folder inside of another checkout is not the one that was meant.
    let own = repository.filter(|r| {
        r.root()
            .canonicalize()
            .is_ok_and(|root| root == folder || r.is_bare())
    });
    match (own, revision) {
        (Some(repository), None) if work_tree && !repository.is_bare() => {
            repository.files_of_work_tree().map_err(|e| e.to_string())
        }
        (Some(repository), revision) => {
            let revision = repository
                .resolve(revision.unwrap_or("HEAD"))
                .map_err(|e| e.to_string())?;
            repository.files_at(&revision).map_err(|e| e.to_string())
        }
        (None, Some(revision)) => Err(format!(
            "it is the root of no git repository, so there is no revision `{revision}`"
        )),
        (None, None) => Ok(Files::folder(&folder)),
    }
}

fn unread(why: String) -> Unread {
    Unread::new(UnreadCause::MissingObject, why)
}
