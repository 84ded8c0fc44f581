//! The list topology of custom resources, from the cluster's own OpenAPI v3: which lists are keyed
//! by what. Built-in kinds have theirs shipped.

use super::{
    api::{Api, Ask},
    discovery::Served,
    fault::Fault,
};
use crate::model::{
    name::Name,
    tree::{Kind, Tree, TreeBuilder},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Schemas nested deeper than this are not followed: they refer to themselves.
const MAX_DEPTH: usize = 60;
/// More lists than this has no kind; a schema made to explode would.
const MAX_LISTS: usize = 20_000;

/// How a server merges a list or map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Merge {
    /// A list of maps, identified by these members, in this order.
    Keyed(Vec<String>),
    /// A list of scalars, each at most once.
    Set,
    /// Replaced as a whole. Lists that say nothing are this.
    Atomic,
}

/// Where each group version's document is.
pub(super) async fn index(api: &Api) -> Result<BTreeMap<String, String>, Fault> {
    let body = api.send(Ask::get("/openapi/v3").help()).await?;
    let json: Value = serde_json::from_slice(&body).map_err(|_| NOT_OPENAPI)?;
    let paths = json["paths"].as_object().ok_or(NOT_OPENAPI)?;
    Ok(paths
        .iter()
        .filter_map(|(at, entry)| {
            let url = entry["serverRelativeURL"].as_str()?;
            url.starts_with("/openapi/v3/")
                .then(|| (at.clone(), url.to_owned()))
        })
        .collect())
}

const NOT_OPENAPI: Fault = Fault::Malformed("an OpenAPI v3 document");

/// Reads the document of a group version.
pub(super) async fn document(api: &Api, url: &str) -> Result<Value, Fault> {
    let body = api.send(Ask::get(url).help()).await?;
    serde_json::from_slice(&body).map_err(|_| NOT_OPENAPI)
}

/// The lists and atomic maps of a kind, by path: member names joined by `.`; an item of a list adds
/// nothing, the values of a map with free keys add `*` (`spec.servers.port`, `spec.pools.*.hosts`).
pub(super) fn lists(document: &Value, served: &Served) -> Option<BTreeMap<String, Merge>> {
    let schemas = document["components"]["schemas"].as_object()?;
    let r = &served.resource;
    let schema = schemas.values().find(|s| {
        let kinds = s["x-kubernetes-group-version-kind"].as_array();
        kinds.into_iter().flatten().any(|k| {
            k["group"].as_str() == Some(&r.group)
                && k["version"].as_str() == Some(&served.version)
                && k["kind"].as_str() == Some(&r.kind)
        })
    })?;
    let mut walk = Walk {
        document,
        refs: BTreeSet::new(),
        out: BTreeMap::new(),
    };
    let properties = schema["properties"].as_object()?;
    for (name, member) in properties {
        // The metadata of all kinds is the same, and so is what is known of it.
        if !matches!(name.as_str(), "apiVersion" | "kind" | "metadata" | "status") {
            walk.schema(member, name, 1);
        }
    }
    Some(walk.out)
}

struct Walk<'a> {
    document: &'a Value,
    /// References that are being followed.
    refs: BTreeSet<&'a str>,
    out: BTreeMap<String, Merge>,
}

impl<'a> Walk<'a> {
    fn schema(&mut self, schema: &'a Value, path: &str, depth: usize) {
        if depth > MAX_DEPTH || self.out.len() > MAX_LISTS {
            return;
        }
        if let Some(target) = schema["$ref"]
            .as_str()
            .or_else(|| schema["allOf"][0]["$ref"].as_str())
            && self.refs.insert(target)
        {
            if let Some(found) = target
                .strip_prefix('#')
                .and_then(|p| self.document.pointer(p))
            {
                self.schema(found, path, depth + 1);
            }
            self.refs.remove(target);
        }
        if schema["type"] == "array" {
            self.out.insert(path.to_owned(), merge_of(schema));
            self.schema(&schema["items"], path, depth + 1);
        } else if schema["x-kubernetes-map-type"] == "atomic" {
            self.out.insert(path.to_owned(), Merge::Atomic);
        }
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            self.schema(member, &format!("{path}.{name}"), depth + 1);
        }
        let values = &schema["additionalProperties"];
        if values.is_object() {
            self.schema(values, &format!("{path}.*"), depth + 1);
        }
    }
}

fn merge_of(schema: &Value) -> Merge {
    match schema["x-kubernetes-list-type"].as_str() {
        Some("map") => Merge::Keyed(
            schema["x-kubernetes-list-map-keys"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|k| k.as_str().map(str::to_owned))
                .collect(),
        ),
        Some("set") => Merge::Set,
        _ => Merge::Atomic,
    }
}

/// As a fact: `{ "spec.routes": ["name", "proto"], "spec.tags": "set", "spec.plain": "atomic" }`.
pub(super) fn fact(lists: &BTreeMap<String, Merge>) -> Tree {
    let mut out = TreeBuilder::new();
    let open = out.open(Name::NONE, Kind::Map);
    for (path, merge) in lists {
        let key = Name::new(path);
        match merge {
            Merge::Keyed(keys) => {
                let list = out.open(key, Kind::List);
                for k in keys {
                    out.scalar(Name::NONE, Kind::Text, k);
                }
                out.close(list);
            }
            Merge::Set => {
                out.scalar(key, Kind::Text, "set");
            }
            Merge::Atomic => {
                out.scalar(key, Kind::Text, "atomic");
            }
        }
    }
    out.close(open);
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::{super::kinds, *};
    use crate::model::tree::WithoutSecrets;

    fn widget() -> Served {
        Served {
            resource: kinds::guess("example.io", "Widget"),
            version: "v1".into(),
            lists: true,
        }
    }

    #[test]
    fn a_recorded_custom_resource() {
        let text = include_str!("../../../tests/data/kubernetes/http/openapi-example.io-v1.json");
        let document: Value = serde_json::from_str(text).expect("JSON");
        let lists = lists(&document, &widget()).expect("the kind is in it");
        assert_eq!(
            serde_json::to_string(&WithoutSecrets(fact(&lists).root())).expect("JSON"),
            r#"{"spec.opts":"atomic","spec.plain":"atomic","spec.routes":["name","proto"],"spec.tags":"set","spec.tmpl.metadata.finalizers":"set","spec.tmpl.metadata.managedFields":"atomic","spec.tmpl.metadata.ownerReferences":"atomic"}"#
        );
    }

    #[test]
    fn schemas_that_refer_to_themselves_end() {
        let document = serde_json::json!({ "components": { "schemas": {
            "w": { "x-kubernetes-group-version-kind": [{ "group": "example.io", "version": "v1", "kind": "Widget" }],
                   "properties": { "spec": { "$ref": "#/components/schemas/s" } } },
            "s": { "properties": {
                "again": { "$ref": "#/components/schemas/s" },
                "pools": { "additionalProperties": { "properties": { "hosts": { "type": "array" } } } },
                "servers": { "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port"],
                             "items": { "properties": { "tls": { "type": "array", "x-kubernetes-list-type": "set" } } } } } } } } });
        let lists = lists(&document, &widget()).expect("the kind is in it");
        let paths: Vec<_> = lists.keys().map(String::as_str).collect();
        assert_eq!(
            paths,
            ["spec.pools.*.hosts", "spec.servers", "spec.servers.tls"]
        );
        assert_eq!(lists["spec.servers"], Merge::Keyed(vec!["port".into()]));
    }

    #[test]
    fn a_document_without_the_kind_says_nothing() {
        assert_eq!(lists(&serde_json::json!({}), &widget()), None);
        assert_eq!(
            lists(&serde_json::json!({"components":{"schemas":[]}}), &widget()),
            None
        );
    }
}
