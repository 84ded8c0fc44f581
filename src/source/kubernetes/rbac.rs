//! The least privilege for a read, as Roles: get and list, of exactly what is wanted.

use super::kinds::{self, Resource};
use crate::source::Wanted;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// From this many namespaces on, one ClusterRole is easier to keep than a Role in each.
const ROLES_UP_TO: usize = 20;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<Vec<Rule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_ref: Option<RoleRef<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subjects: Option<Vec<Subject<'a>>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    api_groups: Vec<Box<str>>,
    resources: Vec<Box<str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource_names: Vec<Box<str>>,
    verbs: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleRef<'a> {
    api_group: &'static str,
    kind: &'static str,
    name: &'a str,
}

#[derive(Serialize)]
struct Subject<'a> {
    kind: &'static str,
    name: &'a str,
    namespace: &'a str,
}

/// Plurals or names, sorted.
type Names = BTreeSet<Box<str>>;

/// What is granted in one place.
#[derive(Default, PartialEq, Eq)]
struct Grants {
    /// Plurals that are listed, by group.
    lists: BTreeMap<Box<str>, Names>,
    /// Names that are got, by group and plural.
    gets: BTreeMap<(Box<str>, Box<str>), Names>,
}

impl Grants {
    fn list(&mut self, r: &Resource) {
        let plurals = self.lists.entry(r.group.clone()).or_default();
        plurals.insert(r.plural.clone());
    }

    fn get(&mut self, r: &Resource, name: &str) {
        let names = self.gets.entry((r.group.clone(), r.plural.clone()));
        names.or_default().insert(name.into());
    }

    fn rules(self) -> Vec<Rule> {
        let lists = self.lists.into_iter().map(|(group, plurals)| Rule {
            api_groups: vec![group],
            resources: plurals.into_iter().collect(),
            resource_names: Vec::new(),
            verbs: vec!["get", "list"],
        });
        let gets = self.gets.into_iter().map(|((group, plural), names)| Rule {
            api_groups: vec![group],
            resources: vec![plural],
            resource_names: names.into_iter().collect(),
            verbs: vec!["get"],
        });
        lists.chain(gets).collect()
    }
}

/// YAML of the Roles, ClusterRole and bindings that let a service account called `name` read
/// `wanted` and nothing else. `known` are the kinds as a cluster serves them; for the others the
/// shipped table is used, and for custom kinds the usual rule for plurals.
#[must_use]
pub fn rbac(wanted: &Wanted, known: &[Resource], name: &str) -> String {
    let known = kinds::by_kind(known);
    let resource = |group: &str, kind: &str| {
        let found = known.get(&(group, kind)).copied().cloned();
        found.unwrap_or_else(|| kinds::guess(group, kind))
    };
    let mut cluster = Grants::default();
    let mut local: BTreeMap<Box<str>, Grants> = BTreeMap::new();
    let namespaces = kinds::guess("", "Namespace");
    for kind in wanted.kinds.iter().chain(&wanted.helps) {
        let r = resource(&kind.group, &kind.kind);
        match kind.namespace.as_ref().filter(|_| r.namespaced) {
            Some(ns) => local.entry(ns.clone()).or_default().list(&r),
            None => cluster.list(&r),
        }
    }
    for id in &wanted.objects {
        let r = resource(&id.group, &id.kind);
        match id.namespace.as_ref().filter(|_| r.namespaced) {
            Some(ns) => local.entry(ns.clone()).or_default().get(&r, &id.name),
            None => cluster.get(&r, &id.name),
        }
    }
    let all = everything(&known);
    for ns in &wanted.everything_in {
        let grants = local.entry(ns.clone()).or_default();
        all.iter().for_each(|r| grants.list(r));
    }
    if local.len() > ROLES_UP_TO {
        merge_into(&mut cluster, std::mem::take(&mut local));
        cluster.list(&namespaces);
    }
    let home: Box<str> = local
        .keys()
        .next()
        .cloned()
        .unwrap_or_else(|| "default".into());
    for (ns, grants) in &mut local {
        // A request for a namespace's own object counts as one inside of it.
        grants.get(&namespaces, ns);
    }
    cluster.get(&namespaces, "kube-system");
    let mut objects = Vec::new();
    for (ns, grants) in &mut local {
        objects.extend(pair(name, Some(ns), std::mem::take(grants), &home));
    }
    objects.extend(pair(name, None, cluster, &home));
    print(&objects, name, &home, !wanted.everything_in.is_empty())
}

/// What is listed of a whole namespace: all that the cluster serves, as far as it was asked.
fn everything(known: &BTreeMap<(&str, &str), &Resource>) -> Vec<Resource> {
    let built_in = kinds::of_a_namespace();
    let namespaced = known.values().filter(|r| r.namespaced);
    built_in.chain(namespaced.map(|r| (*r).clone())).collect()
}

fn print(objects: &[Object<'_>], name: &str, home: &str, all: bool) -> String {
    // A name may hold anything; a comment ends with its line.
    let line = |text: &str| text.replace(|c: char| c.is_control(), " ");
    let mut out = format!(
        "# What driftgate reads, and nothing more: get and list. Nothing here writes.\n# The subject is an example: a service account `{}` in the namespace `{}`.\n",
        line(name),
        line(home)
    );
    if all {
        out.push_str(
            "# For snapshots of whole namespaces; add the custom kinds that are missing here.\n",
        );
    }
    for object in objects {
        out.push_str("---\n");
        // Structs of texts and lists always serialise.
        out.push_str(&serde_yaml::to_string(object).unwrap_or_default());
    }
    out
}

fn merge_into(cluster: &mut Grants, local: BTreeMap<Box<str>, Grants>) {
    for grants in local.into_values() {
        for (group, plurals) in grants.lists {
            cluster.lists.entry(group).or_default().extend(plurals);
        }
        for (at, names) in grants.gets {
            cluster.gets.entry(at).or_default().extend(names);
        }
    }
}

const API: &str = "rbac.authorization.k8s.io";

fn pair<'a>(
    name: &'a str,
    namespace: Option<&'a str>,
    grants: Grants,
    home: &'a str,
) -> [Object<'a>; 2] {
    let (role, binding) = match namespace {
        Some(_) => ("Role", "RoleBinding"),
        None => ("ClusterRole", "ClusterRoleBinding"),
    };
    let object = |kind| Object {
        api_version: "rbac.authorization.k8s.io/v1",
        kind,
        metadata: Metadata { name, namespace },
        rules: None,
        role_ref: None,
        subjects: None,
    };
    [
        Object {
            rules: Some(grants.rules()),
            ..object(role)
        },
        Object {
            role_ref: Some(RoleRef {
                api_group: API,
                kind: role,
                name,
            }),
            subjects: Some(vec![Subject {
                kind: "ServiceAccount",
                name,
                namespace: home,
            }]),
            ..object(binding)
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::observation::ObjectId, source::WantedKind};

    fn wanted() -> Wanted {
        Wanted {
            kinds: [
                WantedKind::new("apps", "Deployment", Some("shop")),
                WantedKind::new("", "ConfigMap", Some("shop")),
                WantedKind::new("networking.istio.io", "VirtualService", Some("mesh")),
                WantedKind::new("rbac.authorization.k8s.io", "ClusterRole", None),
            ]
            .into(),
            helps: [WantedKind::new("", "Pod", Some("shop"))].into(),
            objects: [ObjectId::new(
                "kustomize.toolkit.fluxcd.io",
                "Kustomization",
                Some("flux-system"),
                "api",
            )]
            .into(),
            everything_in: BTreeSet::new(),
        }
    }

    #[test]
    fn a_role_in_each_namespace_and_nothing_that_writes() {
        let yaml = rbac(&wanted(), &[], "driftgate");
        let shop = "---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: driftgate
  namespace: shop
rules:
- apiGroups:
  - ''
  resources:
  - configmaps
  - pods
  verbs:
  - get
  - list
- apiGroups:
  - apps
  resources:
  - deployments
  verbs:
  - get
  - list
- apiGroups:
  - ''
  resources:
  - namespaces
  resourceNames:
  - shop
  verbs:
  - get
";
        assert!(yaml.contains(shop), "{yaml}");
        for word in [
            "virtualservices",
            "clusterroles",
            "kustomizations",
            "kube-system",
        ] {
            assert!(yaml.contains(word), "{word} in {yaml}");
        }
        for word in ["secrets", "create", "patch", "update", "watch", "'*'"] {
            assert!(!yaml.contains(word), "{word} in {yaml}");
        }
        assert_eq!(yaml, rbac(&wanted(), &[], "driftgate"));
    }

    #[test]
    fn what_the_cluster_says_wins_over_the_guess() {
        let wanted = Wanted {
            kinds: [WantedKind::new("example.io", "Proxy", Some("shop"))].into(),
            ..Wanted::default()
        };
        let known = [Resource {
            group: "example.io".into(),
            kind: "Proxy".into(),
            plural: "proxys".into(),
            namespaced: false,
        }];
        assert!(rbac(&wanted, &[], "driftgate").contains("- proxies\n"));
        let yaml = rbac(&wanted, &known, "driftgate");
        assert!(
            yaml.contains("- proxys\n") && !yaml.contains("kind: Role\n"),
            "{yaml}"
        );
    }

    #[test]
    fn many_namespaces_take_one_cluster_role() {
        let kinds = (0..30).map(|n| WantedKind::new("", "ConfigMap", Some(&format!("ns-{n}"))));
        let wanted = Wanted {
            kinds: kinds.collect(),
            ..Wanted::default()
        };
        let yaml = rbac(&wanted, &[], "driftgate");
        assert_eq!(yaml.matches("---").count(), 2, "{yaml}");
        assert!(yaml.contains("kind: ClusterRole\n") && yaml.contains("- configmaps\n"));
    }

    #[test]
    fn whole_namespaces_take_no_secrets_unless_asked() {
        let mut wanted = Wanted {
            everything_in: ["shop".into()].into(),
            ..Wanted::default()
        };
        let yaml = rbac(
            &wanted,
            &[kinds::guess("example.io", "Widget")],
            "driftgate",
        );
        for word in ["- widgets\n", "- deployments\n", "- configmaps\n"] {
            assert!(yaml.contains(word), "{word} in {yaml}");
        }
        for word in ["secrets", "'*'", "events", "nodes", "gateways"] {
            assert!(!yaml.contains(word), "{word} in {yaml}");
        }
        wanted
            .kinds
            .insert(WantedKind::new("", "Secret", Some("shop")));
        assert!(rbac(&wanted, &[], "driftgate").contains("- secrets\n"));
    }

    #[test]
    fn hostile_names_stay_texts() {
        let wanted = Wanted {
            kinds: [WantedKind::new(
                "",
                "ConfigMap",
                Some("a\nrules: [{verbs: ['*']}]"),
            )]
            .into(),
            ..Wanted::default()
        };
        let yaml = rbac(&wanted, &[], "x: y\n# z");
        assert!(
            yaml.starts_with("# What") && yaml.lines().nth(2) == Some("---"),
            "{yaml}"
        );
        let documents = yaml.split("---\n").skip(1);
        for d in documents {
            let value: serde_yaml::Value = serde_yaml::from_str(d).expect("YAML");
            assert_eq!(value["metadata"]["name"], "x: y\n# z");
        }
    }
}
