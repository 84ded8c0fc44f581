//! What is known of clusters as a kind of source, without asking one.

use super::{ConnectOptions, connect, rbac};
use crate::{
    model::{
        observation::Scope,
        target::{KubernetesSpec, LiveSpec},
        value::{Unread, UnreadCause},
    },
    source::{ConnectContext, LiveOnly, Source, SourceKind, Wanted},
};

/// Kubernetes as a kind of source.
pub static KIND: SourceKind = SourceKind {
    name: "kubernetes",
    unit: "object",
    identity: |spec| context(spec).unwrap_or_default().into(),
    join,
    describe,
    is_recorded_as,
    scopes,
    connect: connect_spec,
    settings: None,
    // What a field manager does not own, its apply leaves alone.
    live_only: LiveOnly::Keeps,
    rights,
};

fn own(spec: &LiveSpec) -> Option<&KubernetesSpec> {
    match spec {
        LiveSpec::Kubernetes(spec) => Some(spec),
        _ => None,
    }
}

fn context(spec: &LiveSpec) -> Option<&str> {
    own(spec)?.context.as_deref()
}

fn join(all: &mut LiveSpec, more: &LiveSpec) {
    if let (LiveSpec::Kubernetes(all), Some(more)) = (all, own(more)) {
        all.secrets = all.secrets.max(more.secrets);
    }
}

fn describe(spec: &LiveSpec) -> Box<str> {
    match context(spec) {
        Some(context) => format!("context {context}").into(),
        None => "current context".into(),
    }
}

/// Several clusters of one environment are told apart by what they are read as; a single one is
/// taken under any name, because the same cluster has others on other machines.
fn is_recorded_as(spec: &LiveSpec, described: &str, only: bool) -> bool {
    let Some(own) = own(spec) else { return false };
    match &own.context {
        Some(context) if !only => described
            .strip_prefix("context ")
            .and_then(|rest| rest.strip_prefix(&**context))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(',')),
        _ => true,
    }
}

fn scopes(spec: &LiveSpec, wanted: &Wanted) -> Vec<Scope> {
    let kinds = own(spec).into_iter().flat_map(|_| &wanted.kinds);
    kinds
        .map(|k| Scope::kind(&k.group, &k.kind, k.namespace.as_deref()))
        .collect()
}

fn connect_spec(spec: &LiveSpec, cx: &ConnectContext<'_>) -> Result<Box<dyn Source>, Unread> {
    let spec = own(spec).ok_or_else(|| crate::source::not_mine(KIND.name))?;
    let options = ConnectOptions {
        kubeconfig: cx.kubeconfig.map(Into::into),
        // A kubeconfig that the arguments name is the caller's own choice.
        forbid_inside: match cx.kubeconfig {
            Some(_) => None,
            None => cx.repository.map(Into::into),
        },
        interactive: false,
        drop_env: cx.own_credentials.iter().map(|n| (*n).into()).collect(),
    };
    connect(spec, &options).map_err(|e| Unread::new(UnreadCause::Unreachable, e.to_string()))
}

fn rights(systems: &[(LiveSpec, Wanted)]) -> String {
    let mut all = Wanted::default();
    for (_, wanted) in systems {
        all.extend(wanted.clone());
    }
    rbac(&all, &[], "driftgate")
}
