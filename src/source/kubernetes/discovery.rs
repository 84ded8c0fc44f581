//! Which kinds a cluster serves, under which version and plural.
//!
//! Two requests since Kubernetes 1.26 (aggregated discovery); before, one for each group version.

use super::{
    Resource,
    api::{Api, Ask, DISCOVERY, IN_FLIGHT},
    fault::Fault,
};
use futures::{StreamExt, stream};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A kind as this cluster serves it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Served {
    pub(super) resource: Resource,
    /// The group's most preferred version that has the kind.
    pub(super) version: Box<str>,
    /// Whether it can be listed.
    pub(super) lists: bool,
}

impl Served {
    /// `apps/v1`, `v1`.
    pub(super) fn api_version(&self) -> String {
        if self.resource.group.is_empty() {
            return self.version.to_string();
        }
        format!("{}/{}", self.resource.group, self.version)
    }

    /// `/apis/apps/v1`.
    pub(super) fn root(&self) -> String {
        let prefix = if self.resource.group.is_empty() {
            "/api"
        } else {
            "/apis"
        };
        format!("{prefix}/{}", self.api_version())
    }
}

/// Everything that a cluster serves.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    kinds: BTreeMap<(Box<str>, Box<str>), Served>,
    /// Groups whose API service does not answer: what they serve is unknown, not absent.
    stale: BTreeSet<Box<str>>,
}

impl Catalog {
    pub(super) fn find(&self, group: &str, kind: &str) -> Option<&Served> {
        self.kinds.get(&(group.into(), kind.into()))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Served> {
        self.kinds.values()
    }

    /// Whether nobody knows what the group serves.
    pub(super) fn is_stale(&self, group: &str) -> bool {
        self.stale.contains(group)
    }

    fn add(&mut self, group: &str, version: &str, r: &ApiResource<'_>) {
        let safe = |s: &str| {
            !s.is_empty()
                && s.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b))
        };
        let plain = !r.name.contains('/');
        if !plain
            || r.kind.is_empty()
            || !safe(r.name)
            || !safe(version)
            || !(group.is_empty() || safe(group))
        {
            return;
        }
        // Versions come most preferred first; the first that has the kind is used.
        let served = Served {
            resource: Resource {
                group: group.into(),
                kind: r.kind.into(),
                plural: r.name.into(),
                namespaced: r.namespaced,
            },
            version: version.into(),
            lists: r.verbs.contains(&"list"),
        };
        self.kinds
            .entry((group.into(), r.kind.into()))
            .or_insert(served);
    }
}

struct ApiResource<'a> {
    name: &'a str,
    kind: &'a str,
    namespaced: bool,
    verbs: Vec<&'a str>,
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(default)]
    kind: &'a str,
}

#[derive(Deserialize)]
struct Aggregated {
    #[serde(default)]
    items: Vec<AggregatedGroup>,
}

#[derive(Deserialize)]
struct AggregatedGroup {
    #[serde(default)]
    metadata: Named,
    #[serde(default)]
    versions: Vec<AggregatedVersion>,
}

#[derive(Deserialize, Default)]
struct Named {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct AggregatedVersion {
    version: String,
    #[serde(default)]
    resources: Vec<AggregatedResource>,
    #[serde(default)]
    freshness: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AggregatedResource {
    resource: String,
    /// `null` for resources that are no kind.
    response_kind: Option<ResponseKind>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    verbs: Vec<String>,
}

#[derive(Deserialize)]
struct ResponseKind {
    #[serde(default)]
    kind: String,
}

#[derive(Deserialize)]
struct Groups {
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    name: String,
    #[serde(default)]
    versions: Vec<GroupVersion>,
    preferred_version: Option<GroupVersion>,
}

#[derive(Deserialize)]
struct GroupVersion {
    version: String,
}

#[derive(Deserialize)]
struct Resources {
    #[serde(default)]
    resources: Vec<LegacyResource>,
}

#[derive(Deserialize)]
struct LegacyResource {
    name: String,
    kind: String,
    #[serde(default)]
    namespaced: bool,
    #[serde(default)]
    verbs: Vec<String>,
}

/// Asks for everything that is served. `groups`: those that are needed of an old server, or all.
pub(super) async fn discover(
    api: &Api,
    groups: Option<&BTreeSet<Box<str>>>,
) -> Result<Catalog, Fault> {
    let ask = |path| Ask {
        accept: DISCOVERY,
        ..Ask::get(path)
    };
    let (core, rest) = tokio::join!(api.send(ask("/api")), api.send(ask("/apis")));
    let (core, rest) = (core?, rest?);
    let mut catalog = Catalog::default();
    let mut old: Vec<(Box<str>, Box<str>)> = Vec::new();
    if !aggregated(&core, &mut catalog)? {
        old.push(("".into(), "v1".into()));
    }
    if !aggregated(&rest, &mut catalog)? {
        let list: Groups = serde_json::from_slice(&rest).map_err(|_| NOT_DISCOVERY)?;
        old.extend(versions(list, groups));
    }
    legacy(api, old, &mut catalog).await?;
    Ok(catalog)
}

const NOT_DISCOVERY: Fault = Fault::Malformed("an answer of a Kubernetes API server");

/// Whether it was aggregated discovery; if so, it is added.
fn aggregated(body: &[u8], catalog: &mut Catalog) -> Result<bool, Fault> {
    let kind: Kind<'_> = serde_json::from_slice(body).map_err(|_| NOT_DISCOVERY)?;
    match kind.kind {
        "APIVersions" | "APIGroupList" => return Ok(false),
        "APIGroupDiscoveryList" => {}
        _ => return Err(NOT_DISCOVERY),
    }
    let list: Aggregated = serde_json::from_slice(body).map_err(|_| NOT_DISCOVERY)?;
    for group in &list.items {
        for version in &group.versions {
            if version.freshness == "Stale" {
                catalog.stale.insert(group.metadata.name.as_str().into());
            }
            for r in &version.resources {
                catalog.add(
                    &group.metadata.name,
                    &version.version,
                    &ApiResource {
                        name: &r.resource,
                        kind: r.response_kind.as_ref().map_or("", |k| &k.kind),
                        namespaced: r.scope == "Namespaced",
                        verbs: r.verbs.iter().map(String::as_str).collect(),
                    },
                );
            }
        }
    }
    Ok(true)
}

/// Group versions of an old server, the preferred one first.
fn versions(list: Groups, wanted: Option<&BTreeSet<Box<str>>>) -> Vec<(Box<str>, Box<str>)> {
    let mut out = Vec::new();
    for group in list.groups {
        if wanted.is_some_and(|w| !w.contains(&*group.name)) {
            continue;
        }
        let preferred = group.preferred_version.map(|p| p.version);
        let others = group.versions.into_iter().map(|v| v.version);
        let others = others.filter(|v| Some(v) != preferred.as_ref());
        let ordered: Vec<String> = preferred.clone().into_iter().chain(others).collect();
        out.extend(
            ordered
                .iter()
                .map(|v| (group.name.as_str().into(), v.as_str().into())),
        );
    }
    out
}

async fn legacy(
    api: &Api,
    versions: Vec<(Box<str>, Box<str>)>,
    catalog: &mut Catalog,
) -> Result<(), Fault> {
    let answers: Vec<_> = stream::iter(versions)
        .map(|(group, version)| async move {
            let path = match &*group {
                "" => format!("/api/{}", super::api::encode(&version)),
                g => format!(
                    "/apis/{}/{}",
                    super::api::encode(g),
                    super::api::encode(&version)
                ),
            };
            let body = api.send(Ask::get(&path)).await;
            (group, version, body)
        })
        .buffered(IN_FLIGHT)
        .collect()
        .await;
    for (group, version, body) in answers {
        let list: Resources = match body {
            Ok(body) => serde_json::from_slice(&body).map_err(|_| NOT_DISCOVERY)?,
            Err(fault) if group.is_empty() || fault.is_final() => return Err(fault),
            // An aggregated API whose server is down answers 503 here.
            Err(_) => {
                catalog.stale.insert(group);
                continue;
            }
        };
        for r in &list.resources {
            catalog.add(
                &group,
                &version,
                &ApiResource {
                    name: &r.name,
                    kind: &r.kind,
                    namespaced: r.namespaced,
                    verbs: r.verbs.iter().map(String::as_str).collect(),
                },
            );
        }
    }
    Ok(())
}
