//! What deployers say about themselves: Flux (Kustomization, HelmRelease) and Argo CD
//! (Application), and by which labels an object belongs to one.
//!
//! Messages of conditions may quote manifests, so only reasons are taken, and only while they
//! look like one (`BuildFailed`).

use crate::model::{
    target::DeployedSpec,
    tree::{Kind, NodeRef},
};

/// What a deployer says of its last deploy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeployerState {
    /// The commit that was applied. Absent when that is not known: a chart version, a digest of an
    /// artifact, several sources with different commits.
    pub revision: Option<Box<str>>,
    /// The commits of all sources, each with its repository's address without credentials (empty
    /// when it is not told).
    pub revisions: Vec<(Box<str>, Box<str>)>,
    /// It does not deploy by itself at the moment.
    pub suspended: bool,
    /// Why it fails, in one word or two (`BuildFailed`).
    pub failing: Option<Box<str>>,
    /// The commit that it tried to apply last, if that is one.
    pub last_attempted: Option<Box<str>>,
    /// Whether it says that all is applied and healthy; absent while it works on it or says nothing.
    pub ready: Option<bool>,
}

/// What a Flux Kustomization or HelmRelease says, read with its status.
#[must_use]
pub fn flux(root: NodeRef<'_>) -> DeployerState {
    let status = root.member("status");
    let text = |name: &str| status.and_then(|s| s.text_at(&[name]));
    // Of an artifact, the origin is the commit that it was made from.
    let revision = text("lastAppliedOriginRevision")
        .and_then(|r| commit_of(r, true))
        .or_else(|| commit_of(text("lastAppliedRevision")?, from_git(root)));
    let acted_on = |s: NodeRef<'_>| {
        let observed = s.member("observedGeneration").and_then(NodeRef::as_i64);
        let wanted = root
            .at(&["metadata", "generation"])
            .and_then(NodeRef::as_i64);
        !matches!((observed, wanted), (Some(o), Some(w)) if o < w)
    };
    let condition = |kind: &str| {
        let all = status?.member("conditions")?;
        all.children().find(|c| c.text_at(&["type"]) == Some(kind))
    };
    let is =
        |c: Option<NodeRef<'_>>, wanted| c.and_then(|c| c.text_at(&["status"])) == Some(wanted);
    let (ready, stalled) = (condition("Ready"), condition("Stalled"));
    let failed = if is(stalled, "True") {
        stalled
    } else {
        ready.filter(|c| is(Some(*c), "False"))
    };
    DeployerState {
        revisions: revision
            .iter()
            .map(|r| (Box::default(), r.clone()))
            .collect(),
        revision,
        suspended: root.at(&["spec", "suspend"]).and_then(NodeRef::as_bool) == Some(true),
        failing: failed.map(|c| reason(c.text_at(&["reason"]))),
        last_attempted: text("lastAttemptedRevision").and_then(|r| commit_of(r, from_git(root))),
        ready: if failed.is_some() {
            Some(false)
        } else if is(ready, "True") && status.is_some_and(acted_on) {
            Some(true)
        } else {
            None
        },
    }
}

/// Whether the revisions are those of a git repository: an OCI artifact's and a bucket's look alike.
fn from_git(root: NodeRef<'_>) -> bool {
    let kind = root.text_at(&["spec", "sourceRef", "kind"]);
    !matches!(
        kind,
        Some("OCIRepository" | "Bucket" | "HelmRepository" | "HelmChart")
    )
}

/// The commit in `main@sha1:<id>`, `main/<id>` (older), `sha1:<id>` or `<id>`. A digest with
/// `sha256:` is a commit only in a git repository.
fn commit_of(revision: &str, git: bool) -> Option<Box<str>> {
    let id = match revision.rsplit_once(':') {
        Some((before, id)) => {
            let algorithm = before.rsplit_once('@').map_or(before, |(_, a)| a);
            match (algorithm, id.len()) {
                ("sha1", 40) => id,
                ("sha256", 64) if git => id,
                _ => return None,
            }
        }
        None if git => revision.rsplit_once('/').map_or(revision, |(_, id)| id),
        None => return None,
    };
    is_commit(id).then(|| id.into())
}

fn is_commit(id: &str) -> bool {
    [40, 64].contains(&id.len()) && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// A reason as controllers write it: one word. Anything else is not repeated.
fn reason(text: Option<&str>) -> Box<str> {
    let is_word = |t: &&str| {
        (1..=64).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    text.filter(is_word).unwrap_or("failing").into()
}

/// What an Argo CD Application says, read with its status.
#[must_use]
pub fn argo_cd(root: NodeRef<'_>) -> DeployerState {
    let sync = root.at(&["status", "sync"]);
    let operation = root.at(&["status", "operationState"]);
    let is_synced = sync.and_then(|s| s.text_at(&["status"])) == Some("Synced");
    let phase = operation.and_then(|o| o.text_at(&["phase"]));
    let result = operation.and_then(|o| o.member("syncResult"));
    // Synced: what runs is that revision, whether or not a sync was needed to get there. Else the
    // history has what was applied last; partial and dry runs are not in it.
    let applied = sync
        .filter(|_| is_synced)
        .or_else(|| root.at(&["status", "history"])?.children().last())
        .or_else(|| result.filter(|_| phase == Some("Succeeded") && is_whole(operation)));
    let revisions = applied.map(|a| commits(root, a)).unwrap_or_default();
    let attempted = result.map(|r| commits(root, r)).unwrap_or_default();
    let health = root.text_at(&["status", "health", "status"]);
    let failing = failing_condition(root).or_else(|| match (phase, health) {
        (Some("Failed" | "Error"), _) => Some("sync failed".into()),
        (_, Some("Degraded")) => Some("Degraded".into()),
        (_, Some("Missing")) => Some("Missing".into()),
        _ => None,
    });
    DeployerState {
        revision: only_one(&revisions),
        suspended: !syncs_itself(root),
        last_attempted: only_one(&attempted),
        ready: if failing.is_some() {
            Some(false)
        } else {
            (is_synced && health == Some("Healthy")).then_some(true)
        },
        failing,
        revisions,
    }
}

/// Whether the last operation was a sync of everything, for real.
fn is_whole(operation: Option<NodeRef<'_>>) -> bool {
    let Some(sync) = operation.and_then(|o| o.at(&["operation", "sync"])) else {
        return true;
    };
    sync.member("resources").is_none_or(NodeRef::is_hollow)
        && sync.member("dryRun").and_then(NodeRef::as_bool) != Some(true)
}

fn syncs_itself(root: NodeRef<'_>) -> bool {
    let automated = root.at(&["spec", "syncPolicy", "automated"]);
    automated.is_some_and(|a| {
        a.kind() == Kind::Map && a.member("enabled").and_then(NodeRef::as_bool) != Some(false)
    })
}

fn failing_condition(root: NodeRef<'_>) -> Option<Box<str>> {
    let conditions = root.at(&["status", "conditions"])?;
    let mut kinds = conditions.children().filter_map(|c| c.text_at(&["type"]));
    let kind = kinds.find(|kind| kind.ends_with("Error"))?;
    Some(reason(Some(kind)))
}

/// The commits in `revision` or `revisions` with their repositories; versions of charts are left out.
fn commits(root: NodeRef<'_>, at: NodeRef<'_>) -> Vec<(Box<str>, Box<str>)> {
    let repository = |source: Option<NodeRef<'_>>| {
        let address = source.and_then(|s| s.text_at(&["repoURL"]));
        without_credentials(address.unwrap_or_default())
    };
    let many = at.member("revisions").filter(|r| !r.is_hollow());
    let pairs: Vec<(Box<str>, &str)> = match many {
        Some(revisions) => {
            let sources = at
                .member("sources")
                .or_else(|| root.at(&["spec", "sources"]));
            let sources: Vec<_> = sources.into_iter().flat_map(NodeRef::children).collect();
            let revisions = revisions.children().enumerate();
            revisions
                .map(|(i, r)| (repository(sources.get(i).copied()), r.text()))
                .collect()
        }
        None => {
            let source = at.member("source").or_else(|| root.at(&["spec", "source"]));
            let revision = at.text_at(&["revision"]).unwrap_or_default();
            vec![(repository(source), revision)]
        }
    };
    let commits = pairs.into_iter().filter(|(_, r)| is_commit(r));
    commits.map(|(repo, r)| (repo, r.into())).collect()
}

/// An address without the user and password that it may hold, and without a query.
fn without_credentials(address: &str) -> Box<str> {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, address),
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    match scheme {
        Some(scheme) => format!("{scheme}://{host}{path}").into(),
        None => format!("{host}{path}").into(),
    }
}

fn only_one(revisions: &[(Box<str>, Box<str>)]) -> Option<Box<str>> {
    let (_, first) = revisions.first()?;
    let all_alike = revisions.iter().all(|(_, r)| r == first);
    all_alike.then(|| first.clone())
}

const FLUX_KUSTOMIZE: [&str; 2] = [
    "kustomize.toolkit.fluxcd.io/name",
    "kustomize.toolkit.fluxcd.io/namespace",
];
const FLUX_HELM: [&str; 2] = [
    "helm.toolkit.fluxcd.io/name",
    "helm.toolkit.fluxcd.io/namespace",
];
const ARGO_TRACKING: &str = "argocd.argoproj.io/tracking-id";
const ARGO_INSTANCE: &str = "argocd.argoproj.io/instance";
const INSTANCE: &str = "app.kubernetes.io/instance";

/// Whether the object at `root` is deployed by this deployer: `false` when it carries the mark of
/// another one, nothing when it carries none or the deployer leaves none.
#[must_use]
pub fn belongs_to(root: NodeRef<'_>, deployed: &DeployedSpec) -> Option<bool> {
    match deployed {
        DeployedSpec::Flux {
            kind,
            name,
            namespace,
        } => {
            let (own, other) = if &**kind == "HelmRelease" {
                (FLUX_HELM, FLUX_KUSTOMIZE)
            } else {
                (FLUX_KUSTOMIZE, FLUX_HELM)
            };
            let namespace = namespace.as_deref().unwrap_or("flux-system");
            match (label(root, own[0]), label(root, own[1])) {
                (Some(n), ns) => Some(n == &**name && ns.is_none_or(|ns| ns == namespace)),
                (None, _) => {
                    let marked = label(root, other[0]).is_some()
                        || annotation(root, ARGO_TRACKING).is_some();
                    let release = helm_release(root).filter(|_| own == FLUX_HELM);
                    match (marked, release) {
                        (true, _) => Some(false),
                        (false, Some((release, _))) if release == &**name => Some(true),
                        _ => None,
                    }
                }
            }
        }
        DeployedSpec::ArgoCd {
            application,
            namespace,
        } => {
            let namespace = namespace.as_deref().unwrap_or("argocd");
            argo_application(root, application, namespace)
        }
        DeployedSpec::Ref(_) | DeployedSpec::Annotation(_) => None,
    }
}

fn argo_application(root: NodeRef<'_>, application: &str, namespace: &str) -> Option<bool> {
    if let Some(id) = annotation(root, ARGO_TRACKING) {
        // `name:group/kind:namespace/name`. What a controller copied from its owner names the owner.
        let (app, object) = id.split_once(':')?;
        return Some(is_application(app, application, namespace) && is_identity(object, root));
    }
    if let Some(app) = label(root, ARGO_INSTANCE) {
        return Some(is_application(app, application, namespace));
    }
    if FLUX_KUSTOMIZE
        .iter()
        .chain(&FLUX_HELM)
        .any(|l| label(root, l).is_some())
    {
        return Some(false);
    }
    // Charts set this label too, to the name of the release: another name says nothing.
    let app = label(root, INSTANCE)?;
    is_application(app, application, namespace).then_some(true)
}

/// An application outside of Argo CD's own namespace is called `namespace_name`.
fn is_application(found: &str, name: &str, namespace: &str) -> bool {
    found == name || found.split_once('_') == Some((namespace, name))
}

/// Whether `group/kind:namespace/name` is the object at `root`.
fn is_identity(identity: &str, root: NodeRef<'_>) -> bool {
    let text = |path: &[&str]| root.text_at(path).unwrap_or_default();
    let (api_version, kind) = (text(&["apiVersion"]), text(&["kind"]));
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let Some((of, at)) = identity.split_once(':') else {
        return false;
    };
    let name = at.split_once('/').map_or(at, |(_, name)| name);
    of == format!("{group}/{kind}") && name == text(&["metadata", "name"])
}

/// The Helm release that the object at `root` belongs to: name and namespace (empty when not told).
#[must_use]
pub fn helm_release(root: NodeRef<'_>) -> Option<(&str, &str)> {
    let name = annotation(root, "meta.helm.sh/release-name")?;
    let namespace = annotation(root, "meta.helm.sh/release-namespace");
    Some((name, namespace.unwrap_or_default()))
}

fn label<'a>(root: NodeRef<'a>, name: &str) -> Option<&'a str> {
    root.text_at(&["metadata", "labels", name])
}

fn annotation<'a>(root: NodeRef<'a>, name: &str) -> Option<&'a str> {
    root.text_at(&["metadata", "annotations", name])
}

#[cfg(test)]
mod tests;
