//! From a raw layer to one of a target: what is wrong with it whatever the target, and what its
//! texts say once variables are filled in.

use super::{
    form::{self, Form},
    leaf::{Map, OneOrMany, Seconds, Text, Word},
    raw,
    read::Cx,
    suggest::listed,
    variables::{Filler, Scope},
};
use crate::model::{
    path::KeyPath,
    target::{DesiredSpec, HelmSpec, KubernetesSpec, Layer, LiveSpec, ValuesSpec, WorkloadRef},
    value::ValueType,
};
use std::collections::BTreeMap;

/// Checks the layers of one service as they are written.
pub(super) fn check(cx: &mut Cx<'_>, layers: &[raw::Layer]) {
    let mut seen: BTreeMap<&str, &Text> = BTreeMap::new();
    for layer in layers {
        let name = &layer.name;
        if let Some(first) = seen
            .get(name.value.as_str())
            .filter(|n| !n.value.is_empty())
        {
            let first = first
                .span
                .map(|s| format!("the first is on line {}", s.line));
            cx.problem(name.span, format!("two layers are called `{}`", name.value))
                .hint(first);
        }
        seen.insert(&name.value, name);
        if name.value.contains("${") {
            cx.problem(name.span, "a layer's name can't hold variables")
                .hint("it is the same in every environment".to_string());
        }
        if layer.desired.is_none() && layer.live.is_none() && !layer.flawed {
            let message = format!("layer `{}` has neither `desired` nor `live`", name.value);
            cx.problem(name.span, message)
                .hint("say where git has its values, or where to read them live".to_string());
        }
        if let Some(desired) = &layer.desired {
            check_desired(cx, desired);
        }
        if let Some(live) = &layer.live
            && live.kubernetes.is_none()
            && !live.flawed
        {
            cx.problem(live.span, "`live` does not say where to read from")
                .hint("add `kubernetes: { context: …, namespace: … }`".to_string());
        }
        if let Some(kubernetes) = layer.live.as_ref().and_then(|l| l.kubernetes.as_ref()) {
            check_timeout(cx, kubernetes.timeout.as_ref());
        }
    }
}

/// A timeout of nothing reads nothing.
pub(super) fn check_timeout(cx: &mut Cx<'_>, timeout: Option<&Seconds>) {
    let Some(timeout) = timeout else { return };
    if timeout.value == 0 || u32::try_from(timeout.value).is_err() {
        let message = "a timeout must be longer than nothing and shorter than a lifetime";
        cx.problem(timeout.span, message)
            .hint("like 60s".to_string());
    }
}

fn check_desired(cx: &mut Cx<'_>, desired: &raw::Desired) {
    let kinds = [
        ("manifests", desired.manifests.is_some()),
        ("kustomize", desired.kustomize.is_some()),
        ("helm", desired.helm.is_some()),
        ("rendered", desired.rendered.is_some()),
    ];
    let there: Vec<&str> = kinds.iter().filter(|k| k.1).map(|k| k.0).collect();
    if there.len() > 1 {
        let message = format!("`desired` has {}: expected one", listed(there));
        cx.problem(desired.span, message)
            .hint("write a layer for each".to_string());
    } else if there.is_empty() && !desired.flawed {
        let hint = format!("add one of {}", listed(kinds.map(|k| k.0)));
        cx.problem(desired.span, "`desired` does not say where to read from")
            .hint(hint);
    }
    if let Some(OneOrMany::Many(paths)) = &desired.manifests
        && paths.is_empty()
        && !desired.flawed
    {
        cx.problem(desired.span, "`manifests` is an empty list")
            .hint("name a file, a folder or a glob".to_string());
    }
}

/// Builds the layers of one target.
pub(super) struct Builder<'b, 'c> {
    pub(super) cx: &'b mut Cx<'c>,
    pub(super) filler: &'b mut Filler,
    pub(super) scope: &'b Scope,
}

impl Builder<'_, '_> {
    fn fill(&mut self, text: &Text, form: Form) -> Option<Box<str>> {
        self.filler.fill(self.cx, text, self.scope, form)
    }

    /// Outer: whether it could be filled in; inner: whether it is written.
    #[expect(clippy::option_option, reason = "a failed value is not an absent one")]
    fn fill_optional(&mut self, text: Option<&Text>, form: Form) -> Option<Option<Box<str>>> {
        match text {
            Some(text) => self.fill(text, form).map(Some),
            None => Some(None),
        }
    }

    fn fill_all(&mut self, texts: &[Text], form: Form) -> Option<Vec<Box<str>>> {
        // Not `collect` alone: every text is looked at, so that all problems are found.
        let filled: Vec<_> = texts.iter().map(|t| self.fill(t, form)).collect();
        filled.into_iter().collect()
    }

    /// The layer, if nothing is wrong with it.
    pub(super) fn layer(&mut self, raw: &raw::Layer) -> Option<Layer> {
        let desired = raw
            .desired
            .as_ref()
            .map(|d| self.desired(d, raw.live.as_ref()));
        let live = raw.live.as_ref().map(|l| self.live(l));
        let workloads = self.workloads(raw.workloads.as_deref().unwrap_or_default());
        let deploy_time = self.fill_all(raw.deploy_time.as_deref().unwrap_or_default(), Form::Line);
        let (desired, live) = (flip(desired)?, flip(live)?);
        let closed_by_default = desired.as_ref().is_some_and(DesiredSpec::closed_by_default);
        Some(Layer {
            name: raw.name.value.as_str().into(),
            live: live.map(LiveSpec::Kubernetes),
            desired,
            workloads: workloads?,
            deploy_time: deploy_time?,
            closed: raw.closed.unwrap_or(closed_by_default),
            types: types(raw.types.as_ref()),
            outside: None,
            prefix: None,
            repository: None,
            config_map: None,
        })
    }

    fn workloads(&mut self, texts: &[Text]) -> Option<Vec<WorkloadRef>> {
        let filled = self.fill_all(texts, Form::Workload)?;
        filled.iter().map(|w| form::workload(w).ok()).collect()
    }

    fn desired(&mut self, raw: &raw::Desired, live: Option<&raw::Live>) -> Option<DesiredSpec> {
        let manifests = raw
            .manifests
            .as_ref()
            .map(|m| DesiredSpecOf::Manifests(m.all()));
        let kustomize = raw.kustomize.as_ref().map(DesiredSpecOf::Kustomize);
        let helm = raw.helm.as_ref().map(DesiredSpecOf::Helm);
        let rendered = raw.rendered.as_ref().map(DesiredSpecOf::Rendered);
        // More than one is a problem already; each is still filled in, so that all problems show.
        let specs: Vec<_> = [manifests, kustomize, helm, rendered]
            .into_iter()
            .flatten()
            .map(|kind| self.desired_kind(&kind, live))
            .collect();
        match <[_; 1]>::try_from(specs) {
            Ok([only]) => only,
            Err(_) => None,
        }
    }

    fn desired_kind(
        &mut self,
        kind: &DesiredSpecOf<'_>,
        live: Option<&raw::Live>,
    ) -> Option<DesiredSpec> {
        Some(match kind {
            DesiredSpecOf::Manifests(paths) => DesiredSpec::Manifests {
                paths: self.fill_all(paths, Form::Glob)?,
            },
            DesiredSpecOf::Kustomize(folder) => DesiredSpec::Kustomize {
                folder: self.fill(folder, Form::Path)?,
            },
            DesiredSpecOf::Helm(helm) => DesiredSpec::Helm(self.helm(helm, live)?),
            DesiredSpecOf::Rendered(path) => DesiredSpec::Rendered {
                path: self.fill(path, Form::Path)?,
            },
        })
    }

    fn helm(&mut self, raw: &raw::Helm, live: Option<&raw::Live>) -> Option<HelmSpec> {
        // The release goes where the cluster is read, unless it says otherwise.
        let of_live = || live?.kubernetes.as_ref()?.namespace.as_ref();
        let namespace = raw.namespace.as_ref().or_else(of_live);
        let chart = self.fill(&raw.chart, Form::Path);
        let release = self.fill(&raw.release, Form::Release);
        let namespace = self.fill_optional(namespace, Form::Namespace);
        let items = raw.values.as_deref().unwrap_or_default();
        let values: Vec<_> = items.iter().map(|v| self.values(v)).collect();
        let set: Vec<_> = raw
            .set
            .as_ref()
            .map_or(&[][..], |m| &m.0)
            .iter()
            .map(|entry| {
                let value = &entry.value.as_ref()?.0;
                // An empty text is a value like any other here.
                let filled = match value.value.as_str() {
                    "" => Some("".into()),
                    _ => self.fill(value, Form::Line),
                };
                Some((entry.name.value.as_str().into(), filled?))
            })
            .collect();
        Some(HelmSpec {
            chart: chart?,
            release: release?,
            namespace: namespace?,
            values: values.into_iter().collect::<Option<_>>()?,
            set: set.into_iter().collect::<Option<BTreeMap<_, _>>>()?,
        })
    }

    fn values(&mut self, raw: &raw::ValuesItem) -> Option<ValuesSpec> {
        let part = match raw {
            raw::ValuesItem::File(file) => {
                return Some(ValuesSpec {
                    file: self.fill(file, Form::Path)?,
                    select: None,
                    if_absent_skip: false,
                });
            }
            raw::ValuesItem::Part(part) => part,
        };
        let file = self.fill(&part.file, Form::Path);
        let select = match &part.select {
            Some(text) => Some(self.key_path(text)?),
            None => None,
        };
        Some(ValuesSpec {
            file: file?,
            select,
            if_absent_skip: part.if_absent.is_some(),
        })
    }

    fn key_path(&mut self, text: &Text) -> Option<KeyPath> {
        let filled = self.fill(text, Form::KeyPath)?;
        filled.parse().ok()
    }

    fn live(&mut self, raw: &raw::Live) -> Option<KubernetesSpec> {
        let raw = raw.kubernetes.as_ref()?;
        let context = self.fill_optional(raw.context.as_ref(), Form::Line);
        let namespace = self.fill_optional(raw.namespace.as_ref(), Form::Namespace);
        Some(KubernetesSpec {
            context: context?,
            namespace: namespace?,
            secrets: raw.secrets.map(|w| w.0).unwrap_or_default(),
            timeout: raw
                .timeout
                .as_ref()
                .and_then(|t| u32::try_from(t.value).ok()),
        })
    }
}

/// The one kind of desired side that is written.
enum DesiredSpecOf<'r> {
    Manifests(&'r [Text]),
    Kustomize(&'r Text),
    Helm(&'r raw::Helm),
    Rendered(&'r Text),
}

/// Absent stays absent; failed fails.
#[expect(clippy::option_option, reason = "a failed value is not an absent one")]
fn flip<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
        None => Some(None),
    }
}

fn types(raw: Option<&Map<Word<ValueType>>>) -> BTreeMap<Box<str>, ValueType> {
    let entries = raw.map_or(&[][..], |m| &m.0).iter();
    entries
        .filter_map(|e| Some((e.name.value.as_str().into(), e.value?.0)))
        .collect()
}
