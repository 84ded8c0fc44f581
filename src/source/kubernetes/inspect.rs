//! What `doctor` wants to know: does it answer, who is asking, what may be read. Only reviews of
//! one's own access are created, which leave nothing behind and which everybody may.

use super::{
    Resource,
    api::{Api, Ask, IN_FLIGHT},
    discovery::{self, Catalog},
    expiry, facts,
    fault::Fault,
    kinds, plan,
    read::Kubernetes,
};
use crate::{
    model::{
        target::SecretsMode,
        time::{Timestamp, show_span},
    },
    source::{BoxFuture, Diagnosis, ReadContext, Right, Wanted},
};
use futures::{StreamExt, stream};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Credentials that end sooner than this are worth a word.
const SOON: i64 = 86_400;

/// Inspects a cluster.
pub(super) async fn inspect(
    source: &Kubernetes,
    wanted: &Wanted,
    cx: &ReadContext<'_>,
) -> Diagnosis {
    let mut out = Diagnosis::of(Ok(()));
    out.warnings = warnings(source);
    let end = source.end(cx);
    if let Err((fault, what)) = look(source, wanted, end, &mut out).await {
        out.reached = Err(fault.unread(what, &source.access.who));
    }
    out
}

async fn look(
    source: &Kubernetes,
    wanted: &Wanted,
    end: tokio::time::Instant,
    out: &mut Diagnosis,
) -> Result<(), (Fault, &'static str)> {
    let connect = |f| (f, "connect");
    let api = Api::connect(&source.access, end).await.map_err(connect)?;
    let (version, system) = tokio::join!(facts::version(&api), facts::system(&api));
    match version {
        Ok((text, _)) => out.server_version = Some(text),
        Err(fault) if fault.is_final() => return Err((fault, "get the server's version")),
        Err(fault) => out
            .warnings
            .push(api.unread(&fault, "get the server's version").detail),
    }
    match system {
        Ok(uid) => out.system = uid,
        Err(fault) => out.warnings.push(
            format!(
                "{}; without it nobody can tell that a snapshot is of this cluster",
                api.unread(&fault, "get namespaces/kube-system")
            )
            .into(),
        ),
    }
    let catalog = discovery::discover(&api, None)
        .await
        .map_err(|f| (f, "say which kinds it serves"))?;
    let asks = questions(source, wanted, &catalog, out);
    out.rights = rights(&api, asks).await;
    Ok(())
}

/// Verb, resource, namespace, name.
type Question = (&'static str, Resource, Option<Box<str>>, Option<Box<str>>);

/// What to ask; the kinds' resources and what is not served go to `out`.
fn questions(
    source: &Kubernetes,
    wanted: &Wanted,
    catalog: &Catalog,
    out: &mut Diagnosis,
) -> BTreeSet<Question> {
    let mut asks = BTreeSet::new();
    let mut resources = BTreeSet::new();
    let secrets = source.secrets == SecretsMode::References;
    for kind in plan::roles(wanted).into_keys() {
        if secrets && kind.group.is_empty() && &*kind.kind == "Secret" {
            continue;
        }
        match catalog.find(&kind.group, &kind.kind) {
            Some(served) => {
                let r = &served.resource;
                let namespace = kind.namespace.clone().filter(|_| r.namespaced);
                asks.insert(("list", r.clone(), namespace, None));
                resources.insert(r.clone());
            }
            None => out.warnings.push(
                plan::not_served(&kind.group, &kind.kind, catalog, &source.access.who).detail,
            ),
        }
    }
    for id in &wanted.objects {
        if let Some(served) = catalog.find(&id.group, &id.kind) {
            let r = &served.resource;
            let namespace = id.namespace.clone().filter(|_| r.namespaced);
            asks.insert(("get", r.clone(), namespace, Some(id.name.clone())));
            resources.insert(r.clone());
        }
    }
    for namespace in plan::namespaces(wanted) {
        let r = kinds::guess("", "Namespace");
        asks.insert(("get", r, Some(namespace.clone()), Some(namespace)));
    }
    if !wanted.everything_in.is_empty() {
        resources.extend(plan::everything(catalog, source.secrets).map(|s| s.resource.clone()));
    }
    out.resources = resources.into_iter().collect();
    asks
}

async fn rights(api: &Api, asks: BTreeSet<Question>) -> Vec<Right> {
    let asks: Vec<BoxFuture<'_, Right>> = asks
        .into_iter()
        .map(|q| Box::pin(review(api, q)) as BoxFuture<'_, _>)
        .collect();
    stream::iter(asks).buffered(IN_FLIGHT).collect().await
}

#[derive(Deserialize)]
struct Review {
    status: Option<ReviewStatus>,
}

#[derive(Deserialize)]
struct ReviewStatus {
    allowed: bool,
}

async fn review(api: &Api, (verb, resource, namespace, name): Question) -> Right {
    let question = serde_json::json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": {
            "verb": verb,
            "group": resource.group,
            "resource": resource.plural,
            "namespace": namespace,
            "name": name,
        } },
    })
    .to_string();
    let ask = Ask {
        body: Some(question.as_bytes()),
        ..Ask::get("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews").help()
    };
    let answer = api.send(ask).await;
    let answer = answer.and_then(|body| {
        serde_json::from_slice::<Review>(&body)
            .ok()
            .and_then(|r| r.status)
            .ok_or(Fault::Malformed("a review of one's own access"))
    });
    let (allowed, why) = match answer {
        Ok(status) if status.allowed => (Some(true), None),
        Ok(_) => (
            Some(false),
            Some(no_rule(verb, &resource, namespace.as_deref())),
        ),
        Err(fault) => (
            None,
            Some(api.unread(&fault, "review its own access").detail),
        ),
    };
    Right {
        verb: verb.into(),
        group: resource.group,
        resource: resource.plural,
        kind: resource.kind,
        namespace,
        allowed,
        why,
    }
}

/// The server's own reason may name roles and people; ours says what is missing.
fn no_rule(verb: &str, resource: &Resource, namespace: Option<&str>) -> Box<str> {
    let place = match namespace {
        Some(ns) => format!("in {ns}"),
        None if resource.namespaced => "in all namespaces".into(),
        None => "in the cluster".into(),
    };
    format!(
        "no Role grants {verb} on {} {place}: `driftgate doctor --rbac` prints one",
        resource.plural
    )
    .into()
}

fn warnings(source: &Kubernetes) -> Vec<Box<str>> {
    let (config, who) = (&source.access.config, &source.access.who);
    let mut out = Vec::new();
    if config.accept_invalid_certs {
        out.push(format!("{who} does not check the server's certificate (`insecure-skip-tls-verify`): anybody in between can answer for it").into());
    }
    if config.cluster_url.scheme_str() == Some("http") {
        out.push(
            format!("{who} speaks http: credentials and values go over the wire in the clear")
                .into(),
        );
    }
    // The token's type shows itself to serde only; the copy ends with this function.
    let auth = serde_json::to_value(&config.auth_info).unwrap_or_default();
    let ends = [
        ("token", auth["token"].as_str().and_then(expiry::of_token)),
        (
            "client certificate",
            certificate(config)
                .as_deref()
                .and_then(expiry::of_certificate),
        ),
    ];
    let now = Timestamp::now();
    for (what, end) in ends {
        let Some(end) = end else { continue };
        let left = end.0 - now.0;
        if left <= 0 {
            out.push(format!("the {what} of {who} expired at {end}: log in again").into());
        } else if left < SOON {
            out.push(
                format!(
                    "the {what} of {who} expires in {}, at {end}",
                    show_span(left)
                )
                .into(),
            );
        }
    }
    out
}

fn certificate(config: &kube::Config) -> Option<Vec<u8>> {
    use base64::Engine;
    let auth = &config.auth_info;
    if let Some(data) = &auth.client_certificate_data {
        return base64::engine::general_purpose::STANDARD.decode(data).ok();
    }
    std::fs::read(auth.client_certificate.as_ref()?).ok()
}
