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
                let Some(object) = origin.object() else {
                    return;
                };
                let Reading::Present(item) = live.object(object) else {
                    return;
                };
                self.ownership(object, item).evidence(&origin.path)
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
        let Some(object) = entry.object.object() else {
            return removal_evidence(None, None);
        };
        let history = pods.template_history(object);
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

/// A setting that changed only through another one (`$(VAR)`) was written by whom that one was.
pub(crate) fn inherit(entries: &mut [Compared]) {
    for i in 0..entries.len() {
        let mut at = i;
        // One may lead to the next; bounded, should they ever go round.
        for _ in 0..entries.len() {
            match cause_of(entries, at) {
                Some(next) => at = next,
                None => break,
            }
        }
        if at != i {
            entries[i].written = entries[at].written.clone();
        }
    }
}

/// The entry that another one changed through: the setting of that name that the same container sees.
fn cause_of(entries: &[Compared], at: usize) -> Option<usize> {
    let cause = entries[at].cause.as_deref()?;
    let affects = &entries[at].affects;
    entries.iter().position(|e| {
        matches!(&e.key, EntryKey::Setting(name) if &**name == cause)
            && e.affects.iter().any(|a| affects.contains(a))
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        finding::{Certainty, Writer},
        observation::WriterKind,
        state::{Sides, State},
    };

    fn setting(name: &str, container: &str, cause: Option<&str>, writer: &str) -> Compared {
        let absent = || Reading::within_whole(None);
        let sides = Sides {
            base: absent(),
            head: absent(),
            deployed: absent(),
            live: absent(),
        };
        let id = ObjectId::new("apps", "Deployment", Some("shop"), "api");
        let written = Written {
            writers: vec![Writer {
                name: writer.into(),
                kind: WriterKind::UpdateManager,
                class: WriterClass::Other,
            }],
            not_later_than: None,
            not_earlier_than: None,
            certainty: Certainty::NotLaterThan,
        };
        Compared {
            affects: vec![container.into()],
            cause: cause.map(Into::into),
            written: Some(written),
            ..Compared::new(EntryKey::Setting(name.into()), id, sides, State::Drifted)
        }
    }

    #[test]
    fn what_changed_through_another_setting_has_its_writer() {
        let mut entries = vec![
            setting("DB_URL", "api", Some("DB_HOSTS"), "gitops"),
            setting("DB_HOST", "worker", None, "somebody-else"),
            setting("DB_HOSTS", "api", Some("DB_HOST"), "gitops"),
            setting("DB_HOST", "api", None, "kubectl-set"),
            setting("A", "api", Some("B"), "gitops"),
            setting("B", "api", Some("A"), "gitops"),
            setting("C", "api", Some("GONE"), "gitops"),
        ];
        inherit(&mut entries);
        let writers: Vec<&str> = entries
            .iter()
            .map(|e| &*e.written.as_ref().expect("evidence").writers[0].name)
            .collect();
        assert_eq!(
            writers,
            [
                "kubectl-set",
                "somebody-else",
                "kubectl-set",
                "kubectl-set",
                "gitops",
                "gitops",
                "gitops"
            ]
        );
    }
}
