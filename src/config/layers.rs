//! What is wrong with the layers of a service as they are written, whatever the target.

use super::{
    leaf::{OneOrMany, Seconds, Text},
    raw,
    read::Cx,
    suggest::listed,
};
use crate::model::target::FileFormat;
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
        check_origin(cx, layer);
        if let Some(desired) = &layer.desired {
            check_desired(cx, desired);
        }
        if let Some(live) = &layer.live {
            check_live(cx, live);
        }
    }
}

/// A layer has sides, or a place in another layer, or lives where driftgate can't see.
fn check_origin(cx: &mut Cx<'_>, layer: &raw::Layer) {
    let name = &layer.name;
    let sides = [
        ("desired", layer.desired.is_some()),
        ("live", layer.live.is_some()),
    ];
    let sides: Vec<&str> = sides.iter().filter(|s| s.1).map(|s| s.0).collect();
    match (&layer.outside, &layer.config_map) {
        (None, None) if sides.is_empty() && !layer.flawed => {
            let message = format!("layer `{}` has neither `desired` nor `live`", name.value);
            cx.problem(name.span, message).hint(
                "say where git has its values, or where to read them live; `outside: \"…\"` where driftgate can't see it"
                    .to_string(),
            );
        }
        (Some(outside), config_map) => {
            let also = config_map.as_ref().map(|_| "config-map");
            let also: Vec<&str> = sides.into_iter().chain(also).collect();
            if !also.is_empty() {
                let message = format!(
                    "layer `{}` is `outside` and has {}",
                    name.value,
                    listed(also)
                );
                cx.problem(outside.span, message)
                    .hint("`outside` is for a layer that driftgate can't see".to_string());
            }
        }
        (None, Some(config_map)) if !sides.is_empty() => {
            let message = format!(
                "layer `{}` has `config-map` and {}",
                name.value,
                listed(sides)
            );
            cx.problem(config_map.span, message).hint(
                "its values are those of the ConfigMap, which the named layer reads".to_string(),
            );
        }
        _ => check_sides_meet(cx, layer),
    }
}

/// Objects compare with objects, settings with settings.
fn check_sides_meet(cx: &mut Cx<'_>, layer: &raw::Layer) {
    let (Some(desired), Some(live)) = (&layer.desired, &layer.live) else {
        return;
    };
    if desired.flawed || live.flawed {
        return;
    }
    let wrong = match (has_objects(desired), live.kubernetes.is_some()) {
        (true, false) if live.env.is_some() || live.file.is_some() => {
            "`desired` has Kubernetes objects, `live` has none"
        }
        (false, true) if has_settings(desired) => {
            "`live` has Kubernetes objects, `desired` has none"
        }
        _ => return,
    };
    cx.problem(layer.name.span, wrong)
        .hint("write a layer for each of the two".to_string());
}

/// Whether the desired side is written as Kubernetes objects.
pub(super) fn has_objects(desired: &raw::Desired) -> bool {
    desired.manifests.is_some()
        || desired.kustomize.is_some()
        || desired.helm.is_some()
        || desired.rendered.is_some()
}

fn has_settings(desired: &raw::Desired) -> bool {
    desired.file.is_some() || desired.spring.is_some() || desired.compose.is_some()
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
        ("file", desired.file.is_some()),
        ("spring", desired.spring.is_some()),
        ("compose", desired.compose.is_some()),
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
    if desired.rendered.is_some()
        && let Some(repository) = &desired.repository
    {
        cx.problem(
            repository.span,
            "`rendered` manifests are in no `repository`",
        )
        .hint("they are handed over with `--rendered`".to_string());
    }
    check_beside_file(cx, desired);
    check_lists(cx, desired);
}

/// A list that names nothing.
fn check_lists(cx: &mut Cx<'_>, desired: &raw::Desired) {
    let is_empty = |list: Option<&OneOrMany>| list.is_some_and(|l| l.all().is_empty());
    let compose = desired.compose.as_ref().filter(|c| !c.flawed);
    let compose_files = compose.and_then(|c| c.files.as_ref());
    let env_files = compose.and_then(|c| c.env_file.as_ref());
    let no_files = matches!(&desired.file, Some(raw::Files::Many(files)) if files.is_empty());
    let lists = [
        (
            "manifests",
            is_empty(desired.manifests.as_ref()),
            "name a file, a folder or a glob",
        ),
        ("file", no_files, "name a file"),
        (
            "files",
            is_empty(compose_files),
            "name a Compose file, or remove it for `compose.yaml`",
        ),
        (
            "env-file",
            is_empty(env_files),
            "name a file, or remove it for `.env`",
        ),
    ];
    for (name, empty, hint) in lists {
        if empty && !desired.flawed {
            cx.problem(desired.span, format!("`{name}` is an empty list"))
                .hint(hint.to_string());
        }
    }
}

/// The fields that explain one file.
fn check_beside_file(cx: &mut Cx<'_>, desired: &raw::Desired) {
    let fields = [
        ("select", desired.select.is_some()),
        ("if-absent", desired.if_absent.is_some()),
        ("format", desired.format.is_some()),
        ("parameters", desired.parameters.is_some()),
    ];
    let fields: Vec<&str> = fields.iter().filter(|f| f.1).map(|f| f.0).collect();
    let nulls = desired.nulls.map(|_| "nulls");
    let (message, hint) = match &desired.file {
        Some(raw::Files::Many(items)) => {
            for item in items {
                if let raw::FileItem::Part(part) = item {
                    let format = part.format.map(|w| w.0);
                    check_parameters(cx, part.span, format, part.parameters.is_some());
                }
            }
            if fields.is_empty() {
                return;
            }
            let one = fields.first().copied().unwrap_or("select");
            (
                format!("{} beside a list of files", listed(fields)),
                format!("write it at the file: `{{ file: …, {one}: … }}`"),
            )
        }
        Some(raw::Files::One(_)) => {
            let format = desired.format.map(|w| w.0);
            check_parameters(cx, desired.span, format, desired.parameters.is_some());
            return;
        }
        None => {
            let fields: Vec<&str> = fields.into_iter().chain(nulls).collect();
            if fields.is_empty() || desired.flawed {
                return;
            }
            (
                format!("{} without `file`", listed(fields)),
                "it belongs to a file of settings: `file: config.yml`".to_string(),
            )
        }
    };
    cx.problem(desired.span, message).hint(hint);
}

fn check_parameters(
    cx: &mut Cx<'_>,
    span: Option<crate::model::tree::Span>,
    format: Option<FileFormat>,
    written: bool,
) {
    if written && format.is_some_and(|f| f != FileFormat::Cloudformation) {
        cx.problem(
            span,
            "`parameters` are those of a CloudFormation template: this file has another `format`",
        )
        .hint("remove one of the two".to_string());
    }
}

fn check_live(cx: &mut Cx<'_>, live: &raw::Live) {
    let kinds = [
        ("kubernetes", live.kubernetes.is_some()),
        ("env", live.env.is_some()),
        ("file", live.file.is_some()),
    ];
    let there: Vec<&str> = kinds.iter().filter(|k| k.1).map(|k| k.0).collect();
    if there.len() > 1 {
        let message = format!("`live` has {}: expected one", listed(there));
        cx.problem(live.span, message)
            .hint("write a layer for each".to_string());
    } else if there.is_empty() && !live.flawed {
        cx.problem(live.span, "`live` does not say where to read from")
            .hint(
                "add `kubernetes: { context: …, namespace: … }`, `env: [ … ]` or `file: …`"
                    .to_string(),
            );
    }
    if live.env.as_ref().is_some_and(Vec::is_empty) && !live.flawed {
        cx.problem(live.span, "`env` is an empty list")
            .hint("name the variables to read: `env: [ LOG_LEVEL ]`".to_string());
    }
    if let Some(kubernetes) = &live.kubernetes {
        check_timeout(cx, kubernetes.timeout.as_ref());
    }
}
