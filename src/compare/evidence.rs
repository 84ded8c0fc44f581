//! Who wrote the live side of an entry, as far as the cluster knows.

use super::{Compared, LayerInput};
use crate::{
    kubernetes::{ownership, pods, writers},
    model::{
        finding::{Certainty, WriterClass, Written},
        observation::{Item, ObjectId},
        path::KeyPath,
        value::Reading,
    },
};

/// Fills in the writer of the live value of a problem.
pub(crate) fn fill(input: &LayerInput<'_>, entry: &mut Compared) {
    let Some(live) = input.live else { return };
    let (object, path) = match entry.sides.live.present().and_then(|e| e.origin()) {
        Some(origin) => (origin.object.clone(), Some(origin.path.clone())),
        None => (entry.object.clone(), None),
    };
    let Reading::Present(item) = live.object(&object) else {
        return;
    };
    entry.written = Some(match path {
        Some(path) => of(input, item, &path),
        None => removal(input, &object, entry),
    });
}

/// Evidence for a live field.
pub(crate) fn of(input: &LayerInput<'_>, item: &Item, path: &KeyPath) -> Written {
    ownership::evidence(&item.writes, item.tree.root(), path, &|write| {
        writers::class_of(write, &item.writes, input.deployers)
    })
}

/// A removal leaves no owner; the history of the pod template bounds its time.
fn removal(input: &LayerInput<'_>, object: &ObjectId, entry: &Compared) -> Written {
    let mut written = Written {
        writers: vec![],
        not_later_than: None,
        not_earlier_than: None,
        certainty: Certainty::Removal,
    };
    let git_origin = [&entry.sides.deployed, &entry.sides.base, &entry.sides.head]
        .into_iter()
        .find_map(|r| r.present().and_then(|e| e.origin().cloned()));
    if let (Some(live), Some(origin)) = (input.live, git_origin)
        && let Some(bounds) = pods::removed_between(live, object, &origin.path)
    {
        written.not_earlier_than = bounds.not_earlier_than;
        written.not_later_than = bounds.not_later_than;
    }
    written
}

/// Whether the deployer still owns the live value at `path` (or everything below it).
pub(crate) fn deployer_owns(input: &LayerInput<'_>, item: &Item, path: &KeyPath) -> bool {
    let owners = ownership::owners(&item.writes, item.tree.root(), path);
    !owners.is_empty()
        && owners.iter().any(|o| {
            item.writes.get(o.record).is_some_and(|w| {
                writers::class_of(w, &item.writes, input.deployers) == WriterClass::Deployer
            })
        })
}

/// The class of the evidence as a whole: the first writer's.
#[must_use]
pub(crate) fn class(written: Option<&Written>) -> Option<WriterClass> {
    written.and_then(|w| w.writers.first()).map(|w| w.class)
}

/// Whether a person put it there with a tool that edits one thing; tools that create an object
/// own its defaults too.
#[must_use]
pub(crate) fn is_edit_by_a_person(written: Option<&Written>) -> bool {
    written.and_then(|w| w.writers.first()).is_some_and(|w| {
        w.class == WriterClass::Person
            && !matches!(
                &*w.name,
                "kubectl-create" | "kubectl-replace" | "kubectl-run" | "kubectl-expose"
            )
    })
}
