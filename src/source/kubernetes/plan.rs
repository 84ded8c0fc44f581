//! From what is wanted to the lists that are asked for.

use super::{
    discovery::{Catalog, Served},
    kinds,
    reduce::{self, Keep},
};
use crate::{
    model::{
        observation::Scope,
        target::SecretsMode,
        value::{Unread, UnreadCause},
    },
    source::{Wanted, WantedKind},
};
use std::collections::{BTreeMap, BTreeSet};

/// From this many namespaces of one kind on, one list of the whole cluster is cheaper.
pub(super) const CLUSTER_WIDE_FROM: usize = 21;

/// Names of Secrets that are left out: Helm's releases, up to 1 MiB each.
pub(super) const HELM_RELEASES: &str = "sh.helm.release.v1.";

/// What a failure costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Nothing can be said without it.
    Needed,
    /// Evidence.
    Help,
}

/// One kind, in the namespaces where it is wanted.
pub(super) struct List {
    pub(super) served: Served,
    pub(super) keep: Keep,
    /// Empty: cluster-wide, as one scope.
    pub(super) namespaces: BTreeMap<Box<str>, Role>,
    /// Of the cluster-wide list.
    pub(super) role: Role,
}

impl List {
    /// The scope of a list in one namespace, or of the cluster-wide one.
    pub(super) fn scope(&self, namespace: Option<&str>) -> Scope {
        let r = &self.served.resource;
        let secret = r.group.is_empty() && &*r.kind == "Secret";
        Scope::Kind {
            group: r.group.clone(),
            kind: r.kind.clone(),
            namespace: namespace.map(Into::into),
            except: secret.then(|| HELM_RELEASES.into()),
        }
    }

    /// The field selector, encoded.
    pub(super) fn selector(&self) -> &'static str {
        let r = &self.served.resource;
        if r.group.is_empty() && &*r.kind == "Secret" {
            "&fieldSelector=type%21%3Dhelm.sh%2Frelease.v1"
        } else {
            ""
        }
    }
}

/// What is asked for, and what is known to fail before asking.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) lists: Vec<List>,
    pub(super) unread: Vec<(Scope, Role, Unread)>,
}

/// Every wanted kind with its role; what is needed and helps is needed.
pub(super) fn roles(wanted: &Wanted) -> BTreeMap<&WantedKind, Role> {
    let helps = wanted.helps.iter().map(|k| (k, Role::Help));
    helps
        .chain(wanted.kinds.iter().map(|k| (k, Role::Needed)))
        .collect()
}

/// All namespaces that something is listed in.
pub(super) fn namespaces(wanted: &Wanted) -> BTreeSet<Box<str>> {
    let kinds = wanted.kinds.iter().chain(&wanted.helps);
    kinds
        .filter_map(|k| k.namespace.clone())
        .chain(wanted.everything_in.iter().cloned())
        .collect()
}

/// Plans the lists. `who` is for sentences.
pub(super) fn plan(wanted: &Wanted, catalog: &Catalog, secrets: SecretsMode, who: &str) -> Plan {
    let mut out = Plan::default();
    let mut lists: BTreeMap<(Box<str>, Box<str>), List> = BTreeMap::new();
    for (kind, role) in roles(wanted) {
        match admit(kind, catalog, secrets, who) {
            Ok(served) => add(&mut lists, served, kind.namespace.as_deref(), role, secrets),
            Err(unread) => {
                let scope = Scope::kind(&kind.group, &kind.kind, kind.namespace.as_deref());
                let not_asked = unread.cause == UnreadCause::NotAsked;
                out.unread
                    .push((scope, if not_asked { Role::Help } else { role }, unread));
            }
        }
    }
    if !wanted.everything_in.is_empty() {
        for served in everything(catalog, secrets) {
            for namespace in &wanted.everything_in {
                add(&mut lists, served, Some(namespace), Role::Help, secrets);
            }
        }
    }
    out.lists = lists.into_values().collect();
    out
}

/// What a snapshot of a whole namespace holds.
pub(super) fn everything(catalog: &Catalog, secrets: SecretsMode) -> impl Iterator<Item = &Served> {
    catalog.all().filter(move |s| {
        let r = &s.resource;
        let secret = r.group.is_empty() && &*r.kind == "Secret";
        s.lists
            && r.namespaced
            && !kinds::is_churn(&r.group, &r.kind)
            && !(secret && secrets == SecretsMode::References)
    })
}

/// Whether and how a kind can be listed.
fn admit<'c>(
    kind: &WantedKind,
    catalog: &'c Catalog,
    secrets: SecretsMode,
    who: &str,
) -> Result<&'c Served, Unread> {
    if kind.group.is_empty() && &*kind.kind == "Secret" && secrets == SecretsMode::References {
        return Err(Unread::new(
            UnreadCause::NotAsked,
            "`secrets: references` reads no Secret; `presence` or `digest` do",
        ));
    }
    match catalog.find(&kind.group, &kind.kind) {
        Some(served) if served.lists => Ok(served),
        Some(_) => Err(Unread::new(
            UnreadCause::NotServed,
            format!("the cluster of {who} has no way to list {}", kind.kind),
        )),
        None => Err(not_served(&kind.group, &kind.kind, catalog, who)),
    }
}

/// Why a kind is not in the catalog.
pub(super) fn not_served(group: &str, kind: &str, catalog: &Catalog, who: &str) -> Unread {
    if catalog.is_stale(group) {
        return Unread::new(
            UnreadCause::ServerError,
            format!(
                "the API service behind {group} in the cluster of {who} does not answer: nobody knows whether it serves {kind}"
            ),
        );
    }
    let what = if group.is_empty() {
        kind.to_owned()
    } else {
        format!("{kind} ({group})")
    };
    let hint = if kinds::is_custom(group) {
        ": is its CRD installed?"
    } else {
        ": is the kind spelled right, and of this version of Kubernetes?"
    };
    Unread::new(
        UnreadCause::NotServed,
        format!("the cluster of {who} does not serve {what}{hint}"),
    )
}

fn add(
    lists: &mut BTreeMap<(Box<str>, Box<str>), List>,
    served: &Served,
    namespace: Option<&str>,
    role: Role,
    secrets: SecretsMode,
) {
    let r = &served.resource;
    let first = !lists.contains_key(&(r.group.clone(), r.kind.clone()));
    let list = lists
        .entry((r.group.clone(), r.kind.clone()))
        .or_insert_with(|| List {
            served: served.clone(),
            keep: reduce::keep(&r.group, &r.kind, secrets == SecretsMode::Presence),
            namespaces: BTreeMap::new(),
            role,
        });
    match namespace.filter(|_| r.namespaced) {
        // Already cluster-wide.
        Some(_) if !first && list.namespaces.is_empty() => list.role = list.role.min(role),
        Some(namespace) => {
            let known = list.namespaces.entry(namespace.into()).or_insert(role);
            *known = (*known).min(role);
        }
        None => {
            // One list of the cluster covers those of its namespaces.
            let strictest = list.namespaces.values().copied().min().unwrap_or(role);
            list.role = if first {
                role
            } else {
                role.min(strictest).min(list.role)
            };
            list.namespaces.clear();
        }
    }
}
