//! A page of a list, or one object, into items. Parsed straight into trees: an object as
//! `serde_json::Value` takes nine times the memory.

use super::{
    discovery::Served,
    reduce::{self, Keep},
};
use crate::model::{
    observation::{ObjectId, WriteRecord, WriterKind},
    time::Timestamp,
    tree::Tree,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One object, ready for the observation.
pub(super) struct Found {
    pub(super) id: ObjectId,
    pub(super) tree: Tree,
    pub(super) writes: Vec<WriteRecord>,
}

/// A page of a list.
pub(super) struct Page {
    pub(super) items: Vec<Found>,
    /// Token of the next page.
    pub(super) next: Option<Box<str>>,
    pub(super) revision: Option<Box<str>>,
}

/// How a list is read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) served: &'a Served,
    pub(super) keep: Keep,
    /// The namespace that was asked for; an object of another one is no answer.
    pub(super) namespace: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPage<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    api_version: Option<String>,
    #[serde(default)]
    metadata: ListMeta,
    /// Servers written in Go may say `null` for an empty list; a list without `items` is none.
    #[serde(borrow)]
    items: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct ListMeta {
    resource_version: Option<Box<str>>,
    r#continue: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    api_version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    metadata: Meta<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    namespace: Option<Cow<'a, str>>,
    #[serde(borrow)]
    managed_fields: Option<Vec<Managed<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Managed<'a> {
    #[serde(borrow)]
    manager: Option<Cow<'a, str>>,
    #[serde(borrow)]
    operation: Option<Cow<'a, str>>,
    #[serde(borrow)]
    api_version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    subresource: Option<Cow<'a, str>>,
    #[serde(borrow)]
    fields_v1: Option<&'a RawValue>,
}

/// Not a list of what was asked for. Parse errors of the JSON reader quote the text: none is kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotAList;

/// Reads a page.
pub(super) fn page(body: &[u8], how: Reading<'_>) -> Result<Page, NotAList> {
    let raw: RawPage<'_> = serde_json::from_slice(body).map_err(|_| NotAList)?;
    // A proxy may answer 200 with a `Status`, or with anything.
    if !raw.kind.ends_with("List") && raw.items.is_none() {
        return Err(NotAList);
    }
    let api_version = raw.api_version.unwrap_or_else(|| how.served.api_version());
    let items: Option<Vec<&RawValue>> = match raw.items {
        Some(items) => serde_json::from_str(items.get()).map_err(|_| NotAList)?,
        None if says_null(body) => None,
        None => return Err(NotAList),
    };
    let items = items
        .unwrap_or_default()
        .into_iter()
        .map(|item| found(item.get(), &api_version, how))
        .collect::<Result<_, _>>()?;
    let text = |t: Option<Box<str>>| t.filter(|t| !t.is_empty());
    Ok(Page {
        items,
        next: text(raw.metadata.r#continue),
        revision: text(raw.metadata.resource_version),
    })
}

/// `"items": null` and no `items` at all look alike to serde.
fn says_null(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Keys {
        #[allow(dead_code, reason = "only its presence counts")]
        items: serde::de::IgnoredAny,
    }
    serde_json::from_slice::<Keys>(body).is_ok()
}

/// Reads one object.
pub(super) fn object(body: &[u8], how: Reading<'_>) -> Result<Found, NotAList> {
    let text = std::str::from_utf8(body).map_err(|_| NotAList)?;
    let found = found(text, &how.served.api_version(), how)?;
    let kind = found.tree.root().text_at(&["kind"]);
    if kind != Some(&*how.served.resource.kind) {
        return Err(NotAList);
    }
    Ok(found)
}

fn found(item: &str, api_version: &str, how: Reading<'_>) -> Result<Found, NotAList> {
    let head: Head<'_> = serde_json::from_str(item).map_err(|_| NotAList)?;
    let resource = &how.served.resource;
    let namespace = head.metadata.namespace.as_deref().filter(|n| !n.is_empty());
    let elsewhere = how.namespace.is_some() && namespace != how.namespace;
    if head.metadata.name.is_empty() || elsewhere || namespace.is_some() != resource.namespaced {
        return Err(NotAList);
    }
    let id = ObjectId::new(
        &resource.group,
        &resource.kind,
        namespace,
        &head.metadata.name,
    );
    let full = with_type(item, &head, api_version, &resource.kind);
    let tree = Tree::from_json(full.as_bytes(), how.keep.prune()).map_err(|_| NotAList)?;
    let keep = how.keep.of(tree.root());
    let managed = head.metadata.managed_fields.unwrap_or_default();
    Ok(Found {
        id,
        tree: reduce::reduce(tree, keep),
        writes: if keep.writes() {
            managed.into_iter().map(write_record).collect()
        } else {
            Vec::new()
        },
    })
}

/// Items of a typed list have neither `kind` nor `apiVersion`.
fn with_type<'a>(item: &'a str, head: &Head<'_>, api_version: &str, kind: &str) -> Cow<'a, str> {
    let mut front = String::new();
    for (name, there, value) in [
        ("apiVersion", head.api_version.is_some(), api_version),
        ("kind", head.kind.is_some(), kind),
    ] {
        if !there {
            let value = serde_json::Value::from(value);
            front.push_str(&format!("\"{name}\":{value},"));
        }
    }
    if front.is_empty() {
        return item.into();
    }
    // An object with a name has at least one member, so the comma is right.
    let rest = item.trim_start().trim_start_matches('{');
    format!("{{{front}{rest}").into()
}

fn write_record(m: Managed<'_>) -> WriteRecord {
    let apply = m.operation.as_deref() == Some("Apply");
    WriteRecord {
        writer: m.manager.as_deref().unwrap_or("").into(),
        kind: if apply {
            WriterKind::ApplyManager
        } else {
            WriterKind::UpdateManager
        },
        subresource: m.subresource.filter(|s| !s.is_empty()).map(|s| (*s).into()),
        api_version: m.api_version.map(|v| (*v).into()),
        time: m.time.and_then(|t| t.parse::<Timestamp>().ok()),
        // An entry without fields owns none; "absent" would mean the whole object.
        fields: Some(m.fields_v1.map_or("{}", RawValue::get).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::kinds, *};
    use crate::model::tree::WithoutSecrets;

    fn served(group: &str, version: &str, kind: &str) -> Served {
        Served {
            resource: kinds::guess(group, kind),
            version: version.into(),
            lists: true,
        }
    }

    fn read(body: &str, served: &Served) -> Result<Page, NotAList> {
        let how = Reading {
            served,
            keep: reduce::keep(&served.resource.group, &served.resource.kind, false),
            namespace: None,
        };
        page(body.as_bytes(), how)
    }

    #[test]
    fn items_of_a_typed_list_get_its_type_and_keep_their_writers() {
        let text = include_str!("../../../tests/data/kubernetes/http/list-limit500.json");
        let served = served("", "v1", "ConfigMap");
        let page = read(text, &served).expect("a page");
        assert_eq!(page.items.len(), 20);
        assert!(page.next.is_some());
        assert_eq!(page.revision.as_deref(), Some("1841"));
        let first = &page.items[0];
        assert_eq!(first.id.to_string(), "ConfigMap/bulk/bulk-0000");
        let root = first.tree.root();
        assert_eq!(root.text_at(&["apiVersion"]), Some("v1"));
        assert_eq!(root.text_at(&["kind"]), Some("ConfigMap"));
        assert!(root.at(&["metadata", "managedFields"]).is_none());
        let write = &first.writes[0];
        assert_eq!(write.kind, WriterKind::ApplyManager);
        assert!(write.time.is_some());
        let fields = write.fields.as_deref().expect("fields");
        assert!(
            fields.starts_with('{') && fields.contains("f:data"),
            "{fields}"
        );
    }

    #[test]
    fn what_is_no_list_is_never_an_empty_one() {
        let served = served("", "v1", "ConfigMap");
        for body in [
            "",
            "<html>log in</html>",
            "{}",
            "[]",
            "null",
            r#"{"kind":"Status","status":"Success"}"#,
            r#"{"kind":"ConfigMapList"}"#,
            r#"{"kind":"ConfigMapList","items":{}}"#,
            r#"{"kind":"ConfigMapList","items":[1]}"#,
            r#"{"kind":"ConfigMapList","items":[{}]}"#,
            r#"{"kind":"ConfigMapList","items":[{"metadata":{"name":"","namespace":"a"}}]}"#,
            r#"{"kind":"ConfigMapList","items":[{"metadata":{"name":"no namespace"}}]}"#,
            r#"{"kind":"ConfigMapList","items":[]"#,
        ] {
            assert!(read(body, &served).is_err(), "{body}");
        }
        for body in [
            r#"{"kind":"ConfigMapList","items":[]}"#,
            r#"{"kind":"ConfigMapList","items":null}"#,
        ] {
            assert_eq!(
                read(body, &served).map(|p| p.items.len()).ok(),
                Some(0),
                "{body}"
            );
        }
    }

    #[test]
    fn an_object_of_another_namespace_is_no_answer() {
        let served = served("", "v1", "ConfigMap");
        let body =
            br#"{"kind":"ConfigMapList","items":[{"metadata":{"name":"a","namespace":"other"}}]}"#;
        let how = Reading {
            served: &served,
            keep: Keep::Configuration,
            namespace: Some("shop"),
        };
        assert!(page(body, how).is_err());
    }

    #[test]
    fn pods_that_nobody_made_are_read_whole() {
        let served = served("", "v1", "Pod");
        let body = r#"{"kind":"PodList","items":[
            {"metadata":{"name":"a","namespace":"b","managedFields":[{"manager":"gitops","operation":"Apply"}]},
             "spec":{"containers":[{"name":"c","env":[{"name":"A","value":"1"}]}]},"status":{"phase":"Running"}},
            {"metadata":{"name":"made","namespace":"b","ownerReferences":[{"kind":"ReplicaSet"}],
             "managedFields":[{"manager":"kube-controller-manager","operation":"Update"}]},
             "spec":{"containers":[{"name":"c","env":[{"name":"A","value":"1"}]}]},"status":{"phase":"Running"}}]}"#;
        let page = read(body, &served).expect("a page");
        let env = |i: usize| {
            let spec = page.items[i].tree.root().member("spec").expect("a spec");
            let mut containers = spec.member("containers").expect("them").children();
            containers.next().and_then(|c| c.member("env")).is_some()
        };
        assert_eq!((env(0), page.items[0].writes.len()), (true, 1));
        assert_eq!((env(1), page.items[1].writes.len()), (false, 0));
        for item in &page.items {
            let root = item.tree.root();
            assert_eq!(root.text_at(&["status", "phase"]), Some("Running"));
        }
    }

    #[test]
    fn a_writer_without_fields_owns_nothing() {
        let served = served("", "v1", "ConfigMap");
        let body = r#"{"kind":"ConfigMapList","items":[{ "metadata":{"name":"a","namespace":"b",
            "managedFields":[{"manager":"x","operation":"Update","time":"not a time"}]}}]}"#;
        let page = read(body, &served).expect("a page");
        let write = &page.items[0].writes[0];
        assert_eq!(write.fields.as_deref(), Some("{}"));
        assert_eq!((write.time, write.kind), (None, WriterKind::UpdateManager));
        assert_eq!(
            serde_json::to_string(&WithoutSecrets(page.items[0].tree.root())).expect("JSON"),
            r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"b"}}"#
        );
    }
}
