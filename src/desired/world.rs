//! Objects of many files to one world: what is twice in it, what is no object, what is missing.

use super::objects::{Extracted, Fault};
use crate::{
    git::FileError,
    model::{
        desired::{DesiredObject, DesiredWorld},
        observation::ObjectId,
        place::Place,
        problem::Problem,
        value::{Unread, UnreadCause},
    },
};
use std::{
    collections::{BTreeSet, btree_map::Entry},
    sync::Arc,
};

/// Collects a [`DesiredWorld`].
#[derive(Default)]
pub(super) struct WorldBuilder {
    world: DesiredWorld,
    inputs: BTreeSet<Arc<str>>,
    cause: Option<UnreadCause>,
}

/// How a file was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Its path is in driftgate.yaml, so that it is expected to hold objects.
    Named,
    /// Below a folder, or by a glob: not every file there need hold objects.
    Found,
}

impl WorldBuilder {
    /// A file that was read.
    pub(super) fn input(&mut self, path: &Arc<str>) {
        self.inputs.insert(Arc::clone(path));
    }

    /// What could not be read, or was read with doubts.
    pub(super) fn problem(&mut self, problem: Problem, cause: UnreadCause) {
        if problem.blocks {
            self.cause.get_or_insert(cause);
        }
        self.world.problems.push(problem);
    }

    /// A file that git does not give.
    pub(super) fn unreadable(&mut self, error: &FileError, path: &str) {
        let problem = Problem::new(Some(Place::exact(path.into(), None)), error.to_string());
        self.problem(problem, cause_of(error));
    }

    /// The objects of one file or render.
    pub(super) fn add(&mut self, extracted: &Extracted, how: How) {
        for Fault { problem, stray } in &extracted.faults {
            let mut problem = problem.clone();
            problem.blocks &= !stray || how == How::Named;
            self.problem(problem, UnreadCause::Malformed);
        }
        for object in &extracted.objects {
            self.object(object);
        }
    }

    fn object(&mut self, object: &Arc<DesiredObject>) {
        match self.world.objects.entry(object.id.clone()) {
            Entry::Vacant(free) => {
                free.insert(Arc::clone(object));
            }
            Entry::Occupied(mut taken) => {
                let problem = twice(&object.id, &taken.get().place, &object.place);
                taken.insert(Arc::clone(object));
                self.world.problems.push(problem);
            }
        }
    }

    /// The world; incomplete if a problem says that something was not read.
    pub(super) fn finish(mut self) -> DesiredWorld {
        self.custom_scopes();
        if self.world.objects.is_empty() && self.world.problems.is_empty() {
            let place = self
                .inputs
                .first()
                .map(|file| Place::exact(file.clone(), None));
            let problem = Problem::new(place, "no Kubernetes object was found").harmless();
            self.world.problems.push(problem);
        }
        self.world.incomplete = incomplete(&self.world.problems, self.cause);
        self.world.inputs = self.inputs.into_iter().collect();
        self.world
    }

    /// Objects of a kind that this very world defines as cluster-scoped have no namespace.
    fn custom_scopes(&mut self) {
        let scopes: BTreeSet<(Box<str>, Box<str>)> = self
            .world
            .objects
            .values()
            .filter(|o| o.id.is("apiextensions.k8s.io", "CustomResourceDefinition"))
            .map(|o| o.tree.root())
            .filter(|root| root.text_at(&["spec", "scope"]) == Some("Cluster"))
            .filter_map(|root| {
                let group = root.text_at(&["spec", "group"])?;
                Some((
                    group.into(),
                    root.text_at(&["spec", "names", "kind"])?.into(),
                ))
            })
            .collect();
        if scopes.is_empty() {
            return;
        }
        let namespaced: Vec<ObjectId> = self
            .world
            .objects
            .keys()
            .filter(|id| id.namespace.is_some())
            .filter(|id| scopes.contains(&(id.group.clone(), id.kind.clone())))
            .cloned()
            .collect();
        for id in namespaced {
            if let Some(object) = self.world.objects.remove(&id) {
                let mut object = (*object).clone();
                object.id.namespace = None;
                self.object(&Arc::new(object));
            }
        }
    }
}

/// Why something may be missing, if a problem says that something was not read.
pub(super) fn incomplete(problems: &[Problem], cause: Option<UnreadCause>) -> Option<Unread> {
    let mut blocking = problems.iter().filter(|p| p.blocks);
    let first = blocking.next()?;
    let more = match blocking.count() {
        0 => String::new(),
        n => format!("; {n} more"),
    };
    Some(Unread::new(
        cause.unwrap_or(UnreadCause::Malformed),
        format!("{first}{more}"),
    ))
}

/// What kind of failure a path is.
pub(super) fn cause_of(error: &FileError) -> UnreadCause {
    match error {
        FileError::NotFound { .. } | FileError::MissingObject { .. } => UnreadCause::MissingObject,
        FileError::TooLarge { .. } | FileError::TooMany { .. } => UnreadCause::TooLarge,
        _ => UnreadCause::Malformed,
    }
}

fn twice(id: &ObjectId, first: &Place, last: &Place) -> Problem {
    Problem::new(
        Some(last.clone()),
        format!("{id} is also at {first}; the one here wins"),
    )
    .hint("keep one of the two")
    .harmless()
}
