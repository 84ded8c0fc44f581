//! One read of a cluster, from credentials to observation.

use super::{
    api::{Api, IN_FLIGHT},
    discovery::{self, Catalog},
    facts,
    fault::Fault,
    kinds,
    kubeconfig::Access,
    list::{self, Listed},
    page::Found,
    plan::{self, CLUSTER_WIDE_FROM, List, Plan, Role},
    reduce,
};
use crate::{
    model::{
        observation::{ItemId, ObjectId, Observation, ObservationBuilder, Outcome, Read, Scope},
        target::SecretsMode,
        value::{Unread, UnreadCause},
    },
    source::{BoxFuture, Diagnosis, ReadContext, Source, Wanted},
};
use futures::{StreamExt, stream};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::Instant;

/// A cluster that can be read.
pub(super) struct Kubernetes {
    pub(super) access: Access,
    pub(super) secrets: SecretsMode,
    /// driftgate.yaml's own limit for this cluster.
    pub(super) timeout: Option<Duration>,
}

impl Source for Kubernetes {
    fn name(&self) -> &'static str {
        "kubernetes"
    }

    fn describe(&self) -> Box<str> {
        format!("{}, namespace {}", self.access.who, self.access.namespace).into()
    }

    fn namespace(&self) -> Option<Box<str>> {
        Some(self.access.namespace.clone())
    }

    fn read<'a>(
        &'a self,
        wanted: &'a Wanted,
        cx: &'a ReadContext<'a>,
    ) -> BoxFuture<'a, Observation> {
        Box::pin(self.read_all(wanted, cx))
    }

    fn inspect<'a>(
        &'a self,
        wanted: &'a Wanted,
        cx: &'a ReadContext<'a>,
    ) -> BoxFuture<'a, Diagnosis> {
        Box::pin(super::inspect::inspect(self, wanted, cx))
    }
}

/// One scope's end.
struct Done {
    items: Vec<Found>,
    reads: Vec<Read>,
}

impl Kubernetes {
    /// When all reading has to be over.
    pub(super) fn end(&self, cx: &ReadContext<'_>) -> Instant {
        let limit = self.timeout.map_or(cx.limit, |t| t.min(cx.limit));
        // A limit beyond what the clock can hold is none.
        Instant::now() + limit.min(Duration::from_secs(86_400 * 30))
    }

    async fn read_all(&self, wanted: &Wanted, cx: &ReadContext<'_>) -> Observation {
        let mut out = cx.observe();
        let end = self.end(cx);
        if let Err((fault, what)) = self.read_into(wanted, cx, end, &mut out).await {
            all_failed(wanted, &fault.unread(what, &self.access.who), &mut out);
        }
        out.finish()
    }

    /// # Errors
    /// What every request shares: no credentials, no connection.
    async fn read_into(
        &self,
        wanted: &Wanted,
        cx: &ReadContext<'_>,
        end: Instant,
        out: &mut ObservationBuilder<'_>,
    ) -> Result<(), (Fault, &'static str)> {
        let connect = |f| (f, "connect");
        let api = Api::connect(&self.access, end).await.map_err(connect)?;
        let groups = groups(wanted);
        let catalog = discovery::discover(&api, groups.as_ref())
            .await
            .map_err(|f| (f, "say which kinds it serves"))?;
        let missing = facts::surroundings(&api, &plan::namespaces(wanted), out)
            .await
            .map_err(connect)?;
        let plan = plan::plan(wanted, &catalog, self.secrets, &api.who);
        for (scope, role, unread) in &plan.unread {
            out.read(read_of(scope.clone(), *role, 0, Err(unread.clone())));
        }
        self.lists(&api, &plan, &missing, cx, out).await;
        self.objects(&api, wanted, &catalog, out).await;
        self.about_customs(&api, wanted, &catalog, out).await;
        Ok(())
    }

    async fn lists(
        &self,
        api: &Api,
        plan: &Plan,
        missing: &BTreeSet<Box<str>>,
        cx: &ReadContext<'_>,
        out: &mut ObservationBuilder<'_>,
    ) {
        // Lists of the whole cluster first: what is forbidden there is asked namespace by namespace.
        let (wide, narrow): (Vec<&List>, Vec<&List>) = plan
            .lists
            .iter()
            .partition(|l| l.namespaces.is_empty() || l.namespaces.len() >= CLUSTER_WIDE_FROM);
        let asks = wide
            .iter()
            .map(|l| Box::pin(in_cluster(api, l, missing, cx)) as BoxFuture<'_, _>);
        let mut forbidden: Vec<&List> = Vec::new();
        let asks: Vec<_> = asks.collect();
        let mut answers = stream::iter(asks).buffer_unordered(IN_FLIGHT);
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(done) => record(done, out),
                Err(list) => forbidden.push(list),
            }
        }
        let asks: Vec<BoxFuture<'_, Done>> = narrow
            .into_iter()
            .chain(forbidden)
            .flat_map(|l| l.namespaces.iter().map(move |(ns, role)| (l, ns, *role)))
            .map(|(l, ns, role)| {
                Box::pin(in_namespace(api, l, ns, role, missing, cx)) as BoxFuture<'_, _>
            })
            .collect();
        let mut answers = stream::iter(asks).buffer_unordered(IN_FLIGHT);
        while let Some(done) = answers.next().await {
            record(done, out);
        }
    }

    async fn objects(
        &self,
        api: &Api,
        wanted: &Wanted,
        catalog: &Catalog,
        out: &mut ObservationBuilder<'_>,
    ) {
        let asks: Vec<BoxFuture<'_, Done>> = wanted
            .objects
            .iter()
            .map(|id| Box::pin(self.object(api, id, catalog)) as BoxFuture<'_, _>)
            .collect();
        let mut answers = stream::iter(asks).buffer_unordered(IN_FLIGHT);
        while let Some(done) = answers.next().await {
            record(done, out);
        }
    }

    async fn object(&self, api: &Api, id: &ObjectId, catalog: &Catalog) -> Done {
        let mut id = id.clone();
        let scope = |id: &ObjectId| Scope::Item(ItemId::Object(id.clone()));
        let failed = |id: &ObjectId, role, unread| Done {
            items: Vec::new(),
            reads: vec![read_of(scope(id), role, 0, Err(unread))],
        };
        if id.is("", "Secret") && self.secrets == SecretsMode::References {
            let unread = Unread::new(
                UnreadCause::NotAsked,
                "`secrets: references` reads no Secret",
            );
            return failed(&id, Role::Help, unread);
        }
        let Some(served) = catalog.find(&id.group, &id.kind) else {
            let unread = plan::not_served(&id.group, &id.kind, catalog, &api.who);
            return failed(&id, Role::Needed, unread);
        };
        if !served.resource.namespaced {
            id.namespace = None;
        } else if id.namespace.is_none() {
            let text = format!("{id} has no namespace, and its kind lives in namespaces");
            return failed(&id, Role::Needed, Unread::new(UnreadCause::Malformed, text));
        }
        let keys_only = self.secrets == SecretsMode::Presence;
        let keep = reduce::keep(&id.group, &id.kind, keys_only);
        match list::get(api, served, keep, &id).await {
            Ok(found) => Done {
                items: found.into_iter().collect(),
                reads: vec![read_of(scope(&id), Role::Needed, 1, Ok(None))],
            },
            Err(fault) => {
                let unread = api.unread(&fault, &list::what_object(served, &id));
                failed(&id, Role::Needed, unread)
            }
        }
    }

    async fn about_customs(
        &self,
        api: &Api,
        wanted: &Wanted,
        catalog: &Catalog,
        out: &mut ObservationBuilder<'_>,
    ) {
        let asked = plan::roles(wanted).into_keys();
        let mut kinds: BTreeSet<(&str, &str)> = asked.map(|k| (&*k.group, &*k.kind)).collect();
        if !wanted.everything_in.is_empty() {
            let found = catalog.all().filter(|s| s.lists && s.resource.namespaced);
            kinds.extend(found.map(|s| (&*s.resource.group, &*s.resource.kind)));
        }
        kinds.extend(wanted.objects.iter().map(|o| (&*o.group, &*o.kind)));
        let kinds = kinds.into_iter().filter(|(g, k)| !kinds::is_churn(g, k));
        let customs = facts::custom(catalog, kinds);
        facts::served(&customs, out);
        facts::topologies(api, &customs, out).await;
    }
}

/// The groups that an old server is asked about; all, when everything is wanted.
fn groups(wanted: &Wanted) -> Option<BTreeSet<Box<str>>> {
    if !wanted.everything_in.is_empty() {
        return None;
    }
    let kinds = wanted
        .kinds
        .iter()
        .chain(&wanted.helps)
        .map(|k| k.group.clone());
    Some(
        kinds
            .chain(wanted.objects.iter().map(|o| o.group.clone()))
            .collect(),
    )
}

/// A list of the whole cluster. Hands the list back where it is forbidden and namespaces are known.
async fn in_cluster<'l>(
    api: &Api,
    list: &'l List,
    missing: &BTreeSet<Box<str>>,
    cx: &ReadContext<'_>,
) -> Result<Done, &'l List> {
    let strictest = list.namespaces.values().copied().min().unwrap_or(list.role);
    let listed = list.read(api, None, strictest, cx).await;
    if list.namespaces.is_empty() {
        return Ok(done(api, list, None, strictest, listed));
    }
    if listed.end.as_ref().is_err_and(Fault::is_forbidden) {
        return Err(list);
    }
    let Listed {
        mut items,
        pages,
        end,
    } = listed;
    items.retain(|i| {
        i.id.namespace
            .as_ref()
            .is_some_and(|n| list.namespaces.contains_key(n))
    });
    let end = end.map_err(|f| api.unread(&f, &list.what(None)));
    let reads = list.namespaces.iter().map(|(ns, role)| {
        if missing.contains(ns) {
            return no_namespace(api, list, ns, *role);
        }
        read_of(list.scope(Some(ns)), *role, pages, end.clone())
    });
    Ok(Done {
        reads: reads.collect(),
        items,
    })
}

async fn in_namespace(
    api: &Api,
    list: &List,
    namespace: &str,
    role: Role,
    missing: &BTreeSet<Box<str>>,
    cx: &ReadContext<'_>,
) -> Done {
    if missing.contains(namespace) {
        return Done {
            items: Vec::new(),
            reads: vec![no_namespace(api, list, namespace, role)],
        };
    }
    let listed = list.read(api, Some(namespace), role, cx).await;
    done(api, list, Some(namespace), role, listed)
}

fn no_namespace(api: &Api, list: &List, namespace: &str, role: Role) -> Read {
    let unread = Unread::new(
        UnreadCause::NamespaceMissing,
        format!(
            "{} has no namespace {namespace}: is it the right cluster, and was the namespace deleted?",
            api.who
        ),
    );
    read_of(list.scope(Some(namespace)), role, 0, Err(unread))
}

fn done(api: &Api, list: &List, namespace: Option<&str>, role: Role, listed: Listed) -> Done {
    let end = listed
        .end
        .map_err(|f| api.unread(&f, &list.what(namespace)));
    Done {
        reads: vec![read_of(list.scope(namespace), role, listed.pages, end)],
        items: listed.items,
    }
}

fn read_of(scope: Scope, role: Role, pages: usize, end: Result<Option<Box<str>>, Unread>) -> Read {
    let (outcome, revision) = match (end, role) {
        (Ok(revision), _) => (Outcome::Complete, revision),
        (Err(unread), Role::Help) => (Outcome::Skipped(unread), None),
        (Err(unread), Role::Needed) if pages > 0 => (Outcome::Partial(unread), None),
        (Err(unread), Role::Needed) => (Outcome::Failed(unread), None),
    };
    Read {
        scope,
        outcome,
        revision,
    }
}

fn record(done: Done, out: &mut ObservationBuilder<'_>) {
    for found in done.items {
        out.item(ItemId::Object(found.id), found.tree, found.writes);
    }
    for read in done.reads {
        out.read(read);
    }
}

/// Every scope ends the same way.
fn all_failed(wanted: &Wanted, unread: &Unread, out: &mut ObservationBuilder<'_>) {
    let mut fail = |scope, role| out.read(read_of(scope, role, 0, Err(unread.clone())));
    for (kind, role) in plan::roles(wanted) {
        fail(
            Scope::kind(&kind.group, &kind.kind, kind.namespace.as_deref()),
            role,
        );
    }
    for id in &wanted.objects {
        fail(Scope::Item(ItemId::Object(id.clone())), Role::Needed);
    }
    for namespace in &wanted.everything_in {
        let name = format!("everything in {namespace}");
        fail(Scope::Item(ItemId::Fact(name.into())), Role::Help);
    }
}
