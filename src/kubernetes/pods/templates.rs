//! What earlier templates of a workload held, and when they were replaced.

use super::{Pods, time};
use crate::kubernetes::{downward, workload};
use crate::model::{
    observation::ObjectId,
    time::Timestamp,
    tree::{Kind, NodeRef},
    value::Value,
};
use std::cmp::Reverse;

/// A template that a workload had, or has.
#[derive(Clone, Copy, Debug)]
pub struct Revision<'a> {
    /// When its ReplicaSet or ControllerRevision was created: the first time it was used. Absent
    /// for a template that no controller has acted on yet.
    pub created: Option<Timestamp>,
    /// Since when it was used the last time, if that is known: a rollback reuses an old one.
    pub since: Option<Timestamp>,
    /// The pod template.
    pub template: NodeRef<'a>,
    /// The annotation `kubernetes.io/change-cause`.
    pub change_cause: Option<&'a str>,
}

/// When a variable of a template changed, and what it was before.
#[derive(Clone, Debug)]
pub struct TemplateChange<'a> {
    /// The older template was in use since then.
    pub not_earlier_than: Option<Timestamp>,
    /// The newer template was in use since then.
    pub not_later_than: Option<Timestamp>,
    /// The value before; absent when there was none.
    pub old: Option<Value>,
    /// What the newer template's annotation says.
    pub change_cause: Option<&'a str>,
}

impl<'a> Pods<'a> {
    /// The templates of a workload, the one in use first, as far as the controller keeps them.
    #[must_use]
    pub fn template_history(&self, workload: &ObjectId) -> Vec<Revision<'a>> {
        let mut all: Vec<(u64, Revision<'a>)> = self
            .revisions
            .get(workload)
            .into_iter()
            .flatten()
            .filter_map(|(_, item)| revision(item.tree.root()))
            .collect();
        all.sort_by_key(|(number, r)| Reverse((*number, r.created)));
        let mut out: Vec<Revision<'a>> = all.into_iter().map(|(_, r)| r).collect();
        let created: Vec<_> = out.iter().map(|r| r.created).collect();
        for (i, r) in out.iter_mut().enumerate() {
            // Older than one that was replaced by it: a rollback, whose time nobody kept.
            let reused = created[i + 1..].iter().any(|older| *older > r.created);
            r.since = r.created.filter(|_| !reused);
        }
        let live = self.observation.object(workload);
        let live = live
            .present()
            .and_then(|i| workload::pod_template(i.tree.root()));
        if let (Some(live), Some(newest)) = (live, out.first()) {
            let acted_on = environments(live) == environments(newest.template);
            if !acted_on {
                out.insert(
                    0,
                    Revision {
                        created: None,
                        since: None,
                        template: live,
                        change_cause: None,
                    },
                );
            }
        }
        out
    }
}

/// What a template says about environments, as far as [`when_changed`] looks.
#[derive(Debug)]
struct Environments<'a>(Vec<[Option<NodeRef<'a>>; 2]>);

impl PartialEq for Environments<'_> {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&Option<NodeRef<'_>>, &Option<NodeRef<'_>>)| match (a, b) {
            (Some(a), Some(b)) => a.same(*b),
            (a, b) => a.is_some() == b.is_some(),
        };
        self.0.len() == other.0.len()
            && self
                .0
                .iter()
                .flatten()
                .zip(other.0.iter().flatten())
                .all(same)
    }
}

fn environments(template: NodeRef<'_>) -> Environments<'_> {
    let lists = ["containers", "initContainers"].into_iter();
    let containers = lists
        .filter_map(|list| template.at(&["spec", list]))
        .flat_map(NodeRef::children);
    Environments(
        containers
            .map(|c| [c.member("name"), c.member("env")])
            .collect(),
    )
}

fn revision(root: NodeRef<'_>) -> Option<(u64, Revision<'_>)> {
    let annotation = |name| root.text_at(&["metadata", "annotations", name]);
    let number = match root.member("revision") {
        Some(n) => n.text().parse().ok(),
        None => annotation("deployment.kubernetes.io/revision")
            .or_else(|| annotation("rollout.argoproj.io/revision"))
            .and_then(|n| n.parse().ok()),
    };
    let template = root
        .at(&["spec", "template"])
        .or_else(|| root.at(&["data", "spec", "template"]))?;
    let revision = Revision {
        created: time(root, "creationTimestamp"),
        since: None,
        template,
        change_cause: annotation("kubernetes.io/change-cause"),
    };
    Some((number.unwrap_or(0), revision))
}

/// When `variable` of `container` became what it is in the newest template of `history`; nothing
/// when all templates have it alike, as one that comes through `envFrom`.
#[must_use]
pub fn when_changed<'a>(
    history: &[Revision<'a>],
    container: &str,
    variable: &str,
) -> Option<TemplateChange<'a>> {
    let item = |r: &Revision<'a>| variable_of(r.template, container, variable);
    let current = item(history.first()?);
    let steps = history.windows(2);
    let mut changed = steps.filter(|step| match (item(&step[1]), current) {
        (Some(a), Some(b)) => !a.same(b),
        (a, b) => a.is_some() != b.is_some(),
    });
    let step = changed.next()?;
    Some(TemplateChange {
        not_earlier_than: step[1].since.or(step[1].created),
        not_later_than: step[0].since,
        old: item(&step[1]).map(value_of),
        change_cause: step[0].change_cause,
    })
}

fn variable_of<'a>(template: NodeRef<'a>, container: &str, variable: &str) -> Option<NodeRef<'a>> {
    let named = |list: NodeRef<'a>, name: &str| {
        let mut all = list
            .children()
            .filter(|c| c.text_at(&["name"]) == Some(name));
        let first = all.next();
        // Of duplicates the last counts.
        all.last().or(first)
    };
    ["containers", "initContainers"]
        .into_iter()
        .filter_map(|list| template.at(&["spec", list]))
        .find_map(|list| named(list, container))
        .and_then(|c| c.member("env"))
        .and_then(|env| named(env, variable))
}

fn value_of(item: NodeRef<'_>) -> Value {
    let value = item.member("value").filter(|v| v.kind() != Kind::Null);
    match (value, item.member("valueFrom")) {
        (Some(value), _) => Value::of(value),
        (None, Some(from)) if from.kind() == Kind::Map => Value::Symbol(downward::symbol(from)),
        _ => Value::text(""),
    }
}
