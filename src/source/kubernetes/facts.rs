//! What is asked beside objects: the server's version, the cluster's identity, which namespaces
//! exist, how custom resources are served and how their lists merge.

use super::{
    api::{Api, Ask, IN_FLIGHT, step},
    discovery::{Catalog, Served},
    fault::Fault,
    kinds, topology,
};
use crate::{
    model::{
        name::Name,
        observation::{ItemId, ObjectId, ObservationBuilder, Outcome, Read, Scope},
        tree::{Kind, Tree, TreeBuilder},
        value::{Unread, UnreadCause},
    },
    source::BoxFuture,
};
use futures::{StreamExt, stream};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Name of the fact that holds the server's version.
pub(super) const SERVER_VERSION: &str = "server-version";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
    #[serde(default)]
    major: String,
    #[serde(default)]
    minor: String,
}

#[derive(Deserialize)]
struct Namespace {
    kind: String,
    metadata: NamespaceMeta,
}

#[derive(Deserialize)]
struct NamespaceMeta {
    name: String,
    uid: Option<Box<str>>,
}

/// The server's `gitVersion` (`v1.34.1`).
pub(super) async fn version(api: &Api) -> Result<(Box<str>, Tree), Fault> {
    let body = api.send(Ask::get("/version").help()).await?;
    let version: Version =
        serde_json::from_slice(&body).map_err(|_| Fault::Malformed("a version"))?;
    let tree = texts(&[
        ("gitVersion", &version.git_version),
        ("major", &version.major),
        ("minor", &version.minor),
    ]);
    Ok((version.git_version.into(), tree))
}

/// A map of texts.
fn texts(members: &[(&str, &str)]) -> Tree {
    let mut out = TreeBuilder::new();
    let open = out.open(Name::NONE, Kind::Map);
    for (name, text) in members {
        out.scalar(Name::new(name), Kind::Text, text);
    }
    out.close(open);
    out.finish()
}

/// What a GET of a namespace says.
pub(super) enum Exists {
    /// It does; its uid.
    Yes(Option<Box<str>>),
    /// The server says that it does not.
    No,
}

/// Whether a namespace exists: a LIST in one that does not is empty, not an error.
pub(super) async fn namespace(api: &Api, name: &str) -> Result<Exists, Fault> {
    let path = format!("/api/v1/namespaces/{}", step(name, "namespace")?);
    let body = match api.send(Ask::get(&path).help()).await {
        Ok(body) => body,
        Err(fault) if fault.is_absence(name) => return Ok(Exists::No),
        Err(fault) => return Err(fault),
    };
    let found: Namespace =
        serde_json::from_slice(&body).map_err(|_| Fault::Malformed("a namespace"))?;
    if found.kind != "Namespace" || found.metadata.name != name {
        return Err(Fault::Malformed("the namespace that was asked for"));
    }
    Ok(Exists::Yes(found.metadata.uid))
}

/// The cluster's identity: `kube-system` is made with the cluster and never again.
pub(super) async fn system(api: &Api) -> Result<Option<Box<str>>, Fault> {
    match namespace(api, "kube-system").await? {
        Exists::Yes(uid) => Ok(uid),
        Exists::No => Ok(None),
    }
}

/// The scope of a namespace's own object.
pub(super) fn namespace_scope(name: &str) -> Scope {
    Scope::Item(ItemId::Object(ObjectId::new("", "Namespace", None, name)))
}

/// Records version and identity, and asks which namespaces exist.
///
/// # Errors
/// A failure that every other request would share.
pub(super) async fn surroundings(
    api: &Api,
    namespaces: &BTreeSet<Box<str>>,
    out: &mut ObservationBuilder<'_>,
) -> Result<BTreeSet<Box<str>>, Fault> {
    let (version, system) = tokio::join!(version(api), system(api));
    match version {
        Ok((_, tree)) => out.item(ItemId::Fact(SERVER_VERSION.into()), tree, Vec::new()),
        Err(fault) if fault.is_final() => return Err(fault),
        Err(fault) => skip(
            out,
            Scope::Item(ItemId::Fact(SERVER_VERSION.into())),
            api.unread(&fault, "get the server's version"),
        ),
    }
    match system {
        Ok(Some(uid)) => out.system(&uid),
        Ok(None) => {}
        Err(fault) if fault.is_final() => return Err(fault),
        Err(fault) => skip(
            out,
            namespace_scope("kube-system"),
            api.unread(&fault, "get namespaces/kube-system"),
        ),
    }
    missing(api, namespaces, out).await
}

async fn missing(
    api: &Api,
    namespaces: &BTreeSet<Box<str>>,
    out: &mut ObservationBuilder<'_>,
) -> Result<BTreeSet<Box<str>>, Fault> {
    type Answer<'n> = (&'n Box<str>, Result<Exists, Fault>);
    let asks: Vec<BoxFuture<'_, Answer<'_>>> = namespaces
        .iter()
        .map(|ns| Box::pin(async move { (ns, namespace(api, ns).await) }) as BoxFuture<'_, _>)
        .collect();
    let answers: Vec<_> = stream::iter(asks).buffered(IN_FLIGHT).collect().await;
    let mut gone = BTreeSet::new();
    for (ns, answer) in answers {
        match answer {
            Ok(Exists::Yes(_)) => {}
            Ok(Exists::No) => {
                gone.insert(ns.clone());
            }
            Err(fault) if fault.is_final() => return Err(fault),
            // Whether it exists is not known; its lists are asked for all the same.
            Err(fault) if &**ns != "kube-system" => skip(
                out,
                namespace_scope(ns),
                api.unread(&fault, &format!("get namespaces/{ns}")),
            ),
            Err(_) => {}
        }
    }
    Ok(gone)
}

fn skip(out: &mut ObservationBuilder<'_>, scope: Scope, unread: Unread) {
    out.read(Read {
        scope,
        outcome: Outcome::Skipped(unread),
        revision: None,
    });
}

/// Records how custom resources are served: version, plural and scope.
pub(super) fn served(kinds: &BTreeSet<&Served>, out: &mut ObservationBuilder<'_>) {
    for s in kinds {
        let r = &s.resource;
        let scope = if r.namespaced {
            "Namespaced"
        } else {
            "Cluster"
        };
        out.item(
            ItemId::Fact(format!("served {} {}", r.group, r.kind).into()),
            texts(&[
                ("version", &s.version),
                ("plural", &r.plural),
                ("scope", scope),
            ]),
            Vec::new(),
        );
    }
}

/// Records how the lists of custom resources merge.
pub(super) async fn topologies(
    api: &Api,
    kinds: &BTreeSet<&Served>,
    out: &mut ObservationBuilder<'_>,
) {
    if kinds.is_empty() {
        return;
    }
    let fact = |s: &Served| {
        let name = format!("topology {} {}", s.resource.group, s.resource.kind);
        ItemId::Fact(name.into())
    };
    let index = match topology::index(api).await {
        Ok(index) => index,
        Err(fault) => {
            for s in kinds {
                let unread = api.unread(&fault, "get /openapi/v3");
                skip(out, Scope::Item(fact(s)), unread);
            }
            return;
        }
    };
    let mut documents: BTreeMap<String, Vec<&Served>> = BTreeMap::new();
    for s in kinds {
        documents
            .entry(format!("apis/{}", s.api_version()))
            .or_default()
            .push(s);
    }
    for (at, kinds) in documents {
        let document = match index.get(&at) {
            Some(url) => topology::document(api, url).await,
            None => Err(no_schema(&at)),
        };
        for s in kinds {
            let found = match &document {
                Ok(d) => topology::lists(d, s).ok_or_else(|| no_schema(&at)),
                Err(fault) => Err(fault.clone()),
            };
            match found {
                Ok(lists) => out.item(fact(s), topology::fact(&lists), Vec::new()),
                Err(fault) => {
                    let unread =
                        api.unread(&fault, &format!("get the schema of {}", s.resource.kind));
                    skip(out, Scope::Item(fact(s)), unread);
                }
            }
        }
    }
}

/// Schemas of a new CRD are published a moment after it is served; some aggregated APIs have none.
fn no_schema(at: &str) -> Fault {
    Fault::Other(
        UnreadCause::NotServed,
        format!("the cluster publishes no schema of {at}: its lists are compared as a whole")
            .into(),
    )
}

/// Custom kinds of a catalog by group and kind.
pub(super) fn custom<'c>(
    catalog: &'c Catalog,
    kinds: impl Iterator<Item = (&'c str, &'c str)>,
) -> BTreeSet<&'c Served> {
    kinds
        .filter(|(group, _)| kinds::is_custom(group))
        .filter_map(|(group, kind)| catalog.find(group, kind))
        .collect()
}
