//! One list, page by page; one object.

use super::{
    api::{Api, Ask, encode, step},
    discovery::Served,
    fault::Fault,
    page::{self, Found, Reading},
    plan::{List, Role},
    reduce::Keep,
};
use crate::{model::observation::ObjectId, source::ReadContext};

/// Objects per page: the API server's own tools use this.
const PAGE: usize = 500;

/// How a list went. Objects that were read before it failed are kept.
pub(super) struct Listed {
    pub(super) items: Vec<Found>,
    pub(super) pages: usize,
    /// The list's resourceVersion.
    pub(super) end: Result<Option<Box<str>>, Fault>,
}

impl List {
    /// `list configmaps in shop`.
    pub(super) fn what(&self, namespace: Option<&str>) -> String {
        let plural = &self.served.resource.plural;
        match namespace {
            Some(ns) => format!("list {plural} in {ns}"),
            None if self.served.resource.namespaced => format!("list {plural} in all namespaces"),
            None => format!("list {plural}"),
        }
    }

    fn path(&self, namespace: Option<&str>) -> Result<String, Fault> {
        let mut path = self.served.root();
        if let Some(ns) = namespace {
            path.push_str(&format!("/namespaces/{}", step(ns, "namespace")?));
        }
        let plural = &self.served.resource.plural;
        Ok(format!("{path}/{plural}?limit={PAGE}{}", self.selector()))
    }

    /// Reads all of it. A token that is too old starts the list anew, once.
    pub(super) async fn read(
        &self,
        api: &Api,
        namespace: Option<&str>,
        role: Role,
        cx: &ReadContext<'_>,
    ) -> Listed {
        let mut listed = Listed {
            items: Vec::new(),
            pages: 0,
            end: Ok(None),
        };
        let path = match self.path(namespace) {
            Ok(path) => path,
            Err(fault) => {
                listed.end = Err(fault);
                return listed;
            }
        };
        let (mut token, mut restarted) = (None, false);
        loop {
            match self
                .page(api, &path, token.as_deref(), namespace, role)
                .await
            {
                Ok(page) => {
                    listed.items.extend(page.items);
                    listed.pages += 1;
                    (cx.progress)(&self.counted(namespace, listed.items.len()));
                    if page.next.is_none() {
                        listed.end = Ok(page.revision);
                        return listed;
                    }
                    if page.next == token {
                        listed.end = Err(Fault::Malformed("a list that comes to an end"));
                        return listed;
                    }
                    token = page.next;
                }
                Err(fault) if fault.is_expired() && token.is_some() && !restarted => {
                    restarted = true;
                    token = None;
                    listed.items.clear();
                    listed.pages = 0;
                }
                Err(fault) => {
                    listed.end = Err(fault);
                    return listed;
                }
            }
        }
    }

    /// `ConfigMap in shop: 500`.
    fn counted(&self, namespace: Option<&str>, n: usize) -> String {
        format!("{}: {n}", self.scope(namespace))
    }

    async fn page(
        &self,
        api: &Api,
        path: &str,
        token: Option<&str>,
        namespace: Option<&str>,
        role: Role,
    ) -> Result<page::Page, Fault> {
        let path = match token {
            Some(token) => format!("{path}&continue={}", encode(token)),
            None => path.to_owned(),
        };
        let body = api.send(ask(&path, role)).await?;
        let how = Reading {
            served: &self.served,
            keep: self.keep,
            namespace,
        };
        page::page(&body, how).map_err(|_| Fault::Malformed("a list of objects of that kind"))
    }
}

fn ask(path: &str, role: Role) -> Ask<'_> {
    match role {
        Role::Needed => Ask::get(path),
        Role::Help => Ask::get(path).help(),
    }
}

/// `get widgets/api in shop`.
pub(super) fn what_object(served: &Served, id: &ObjectId) -> String {
    let plural = &served.resource.plural;
    match &id.namespace {
        Some(ns) => format!("get {plural}/{} in {ns}", id.name),
        None => format!("get {plural}/{}", id.name),
    }
}

/// Reads one object; none is the proof that there is none.
pub(super) async fn get(
    api: &Api,
    served: &Served,
    keep: Keep,
    id: &ObjectId,
) -> Result<Option<Found>, Fault> {
    let mut path = served.root();
    if let Some(ns) = &id.namespace {
        path.push_str(&format!("/namespaces/{}", step(ns, "namespace")?));
    }
    let name = step(&id.name, &id.kind)?;
    let path = format!("{path}/{}/{name}", served.resource.plural);
    let body = match api.send(Ask::get(&path)).await {
        Ok(body) => body,
        Err(fault) if fault.is_absence(&id.name) => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let how = Reading {
        served,
        keep,
        namespace: id.namespace.as_deref(),
    };
    match page::object(&body, how) {
        Ok(found) if found.id == *id => Ok(Some(found)),
        _ => Err(Fault::Malformed("the object that was asked for")),
    }
}
