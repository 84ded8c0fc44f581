//! The order in which a target merges its sources, as its manifests say it: environments that
//! merge the same sources in another order give the same file another effect.

use super::names::OwnNames;
use crate::{
    kubernetes::workload,
    model::{desired::DesiredWorld, place::Place, target::DesiredSpec, tree::NodeRef},
};
use std::{borrow::Cow, sync::Arc};

/// The sources of one container's environment, or of one layer, lowest precedence first.
#[derive(Clone, Debug)]
pub struct MergeOrder {
    /// What it is called in every environment: `envFrom of Deployment/api container api`, the
    /// environment's own names taken out; `files of layer defaults`.
    pub consumer: Arc<str>,
    /// Whether an environment may lack some of them: overrides that not every environment has.
    /// Then only the order of those that all have counts.
    pub may_lack: bool,
    /// `ConfigMap/api-config`, the environment's own names and generated hashes taken out.
    pub sources: Vec<Arc<str>>,
    /// Where the list is written.
    pub place: Place,
}

/// The `envFrom` of every container that git has.
#[must_use]
pub fn of_git(world: &DesiredWorld, names: &[&str]) -> Vec<MergeOrder> {
    let own = OwnNames::new(names);
    let mut out = vec![];
    for (id, object) in &world.objects {
        for container in workload::containers(object.tree.root()) {
            let Some(list) = container.node.member("envFrom") else {
                continue;
            };
            let sources = list.children().filter_map(|item| source(item, &own));
            let kind = &id.kind;
            let name = shared(&id.name, &own);
            out.push(MergeOrder {
                consumer: format!("envFrom of {kind}/{name} container {}", container.name).into(),
                may_lack: false,
                sources: sources.collect(),
                place: object.place_of_key(list),
            });
        }
    }
    out
}

/// The files that a layer's settings are read from, and Helm's values files, in their order.
#[must_use]
pub fn of_files(
    layer: &str,
    spec: &DesiredSpec,
    world: &DesiredWorld,
    names: &[&str],
) -> Option<MergeOrder> {
    let mut files: Vec<&str> = vec![];
    let what = match spec {
        DesiredSpec::Helm(helm) => {
            files.extend(helm.values.iter().map(|v| &*v.file));
            "values files"
        }
        spec if !spec.has_objects() => {
            let places = world
                .settings
                .iter()
                .filter_map(|s| s.entry.origin()?.place.as_ref());
            for place in places {
                if !files.contains(&&*place.file) {
                    files.push(&place.file);
                }
            }
            "files"
        }
        _ => return None,
    };
    let place = Place::exact((*files.first()?).into(), None);
    let own = OwnNames::new(names);
    Some(MergeOrder {
        consumer: format!("{what} of layer {layer}").into(),
        may_lack: true,
        sources: files.iter().map(|f| shared(f, &own).into()).collect(),
        place,
    })
}

fn source(item: NodeRef<'_>, own: &OwnNames) -> Option<Arc<str>> {
    let (kind, reference) = [("ConfigMap", "configMapRef"), ("Secret", "secretRef")]
        .into_iter()
        .find_map(|(kind, member)| Some((kind, item.member(member)?)))?;
    let name = reference.text_at(&["name"])?;
    let stem = crate::kubernetes::pairing::generated_name(name).map_or(name, |(stem, _)| stem);
    let prefix = item.text_at(&["prefix"]).unwrap_or_default();
    let own = shared(stem, own);
    Some(match prefix {
        "" => format!("{kind}/{own}").into(),
        prefix => format!("{kind}/{own} as {prefix}*").into(),
    })
}

/// What environments call alike; empty for what is called after the environment alone.
fn shared<'n>(name: &'n str, own: &OwnNames) -> Cow<'n, str> {
    let rest = own.stripped(name);
    match own.is_in(&rest) {
        true => "".into(),
        false => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::target::{HelmSpec, ValuesSpec};

    #[test]
    fn what_is_called_after_the_environment_alone_is_one() {
        let shared = |name, own: &str| shared(name, &OwnNames::new([own])).into_owned();
        assert_eq!(shared("api-config-eu", "eu"), "api-config");
        assert_eq!(shared("eu", "eu"), shared("us", "us"));
        assert_eq!(shared("neutral", "eu"), "neutral");
    }

    #[test]
    fn values_files_without_the_environments_names() {
        let file = |file: &str| ValuesSpec {
            file: file.into(),
            select: None,
            if_absent_skip: false,
        };
        let spec = DesiredSpec::Helm(HelmSpec {
            values: vec![file("values.yaml"), file("values-production-eu.yaml")],
            ..HelmSpec::default()
        });
        let world = DesiredWorld::default();
        let order = of_files("workload", &spec, &world, &["production-eu"]).expect("an order");
        assert_eq!(&*order.consumer, "values files of layer workload");
        let sources: Vec<&str> = order.sources.iter().map(|s| &**s).collect();
        assert_eq!(sources, ["values.yaml", "values.yaml"]);
        assert!(order.may_lack);
        let none = DesiredSpec::Manifests { paths: vec![] };
        assert!(of_files("workload", &none, &world, &[]).is_none());
    }
}
