//! Who wrote the live side of an entry, as far as the cluster knows.

use super::{Compared, LayerInput};
use crate::{
    kubernetes::{
        ownership::{Ownership, removal_evidence},
        pods::{Pods, when_changed},
    },
    model::{
        entry::EntryKey,
        finding::{WriterClass, Written},
        observation::{Item, ObjectId},
        path::{KeyPath, Segment},
        value::Reading,
    },
};
use std::collections::BTreeMap;

/// Answers for the objects of one layer; what is parsed is parsed once.
pub(crate) struct Evidence<'a> {
    input: LayerInput<'a>,
    owners: BTreeMap<ObjectId, Ownership<'a>>,
    pods: Option<Pods<'a>>,
}

impl<'a> Evidence<'a> {
    pub(crate) fn of(input: &LayerInput<'a>) -> Evidence<'a> {
        Evidence {
            input: *input,
            owners: BTreeMap::new(),
            pods: None,
        }
    }

    /// Fills in the writer of the live side of a problem.
    pub(crate) fn fill(&mut self, entry: &mut Compared) {
        let Some(live) = self.input.live else { return };
        // Nobody knows whether an object that is not there was ever there.
        if entry.key == EntryKey::Object && entry.sides.live.present().is_none() {
            return;
        }
        let origin = entry.sides.live.present().and_then(|e| e.origin());
        let written = match origin {
            Some(origin) => {
                let Reading::Present(item) = live.object(&origin.object) else {
                    return;
                };
                self.ownership(&origin.object, item).evidence(&origin.path)
            }
            None => self.removal(entry),
        };
        entry.written = Some(written);
    }

    fn ownership(&mut self, id: &ObjectId, item: &'a Item) -> &Ownership<'a> {
        self.owners
            .entry(id.clone())
            .or_insert_with(|| ownership(&self.input, item))
    }

    /// A removal leaves no owner; the history of the pod template bounds its time.
    fn removal(&mut self, entry: &Compared) -> Written {
        let sides = &entry.sides;
        let git = [&sides.deployed, &sides.base, &sides.head]
            .into_iter()
            .find_map(|r| r.present()?.origin());
        let Some((container, variable)) = git.and_then(|o| variable_of(&o.path)) else {
            return removal_evidence(None, None);
        };
        let Some(live) = self.input.live else {
            return removal_evidence(None, None);
        };
        let pods = self.pods.get_or_insert_with(|| Pods::of(live));
        let history = pods.template_history(&entry.object);
        match when_changed(&history, container, variable) {
            Some(change) => removal_evidence(change.not_earlier_than, change.not_later_than),
            None => removal_evidence(None, None),
        }
    }
}

/// `spec.template.spec.containers[api].env[DB_TIMEOUT].value`: container and variable.
fn variable_of(path: &KeyPath) -> Option<(&str, &str)> {
    let mut items = path.0.iter().filter_map(|s| match s {
        Segment::Item(keys) => keys.first().map(|k| &**k),
        _ => None,
    });
    let found = (items.next()?, items.next()?);
    let in_env = path
        .0
        .iter()
        .any(|s| matches!(s, Segment::Member(m) if &**m == "env"));
    in_env.then_some(found)
}

fn ownership<'a>(input: &LayerInput<'_>, item: &'a Item) -> Ownership<'a> {
    Ownership::of(&item.writes, item.tree.root(), input.deployers)
}

/// Whether the deployer still owns the live value at `path`, or something below it.
pub(crate) fn deployer_owns(input: &LayerInput<'_>, item: &Item, path: &KeyPath) -> bool {
    ownership(input, item).applied_by_deployer(path)
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
