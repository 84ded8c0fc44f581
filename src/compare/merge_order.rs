//! The order in which a target merges its sources, as its manifests say it: environments that
//! merge the same sources in another order give the same file another effect.

use super::names::OwnNames;
use crate::{
    kubernetes::workload,
    model::{desired::DesiredWorld, place::Place, tree::NodeRef},
};
use std::sync::Arc;

/// The sources of one container's environment, lowest precedence first.
#[derive(Clone, Debug)]
pub struct MergeOrder {
    /// What it is called in every environment: `Deployment/api container api`, the environment's
    /// own names taken out.
    pub consumer: Arc<str>,
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
            let name = own.stripped(&id.name);
            out.push(MergeOrder {
                consumer: format!("{kind}/{name} container {}", container.name).into(),
                sources: sources.collect(),
                place: object.place_of_key(list),
            });
        }
    }
    out
}

fn source(item: NodeRef<'_>, own: &OwnNames) -> Option<Arc<str>> {
    let (kind, reference) = [("ConfigMap", "configMapRef"), ("Secret", "secretRef")]
        .into_iter()
        .find_map(|(kind, member)| Some((kind, item.member(member)?)))?;
    let name = reference.text_at(&["name"])?;
    let stem = crate::kubernetes::pairing::generated_name(name).map_or(name, |(stem, _)| stem);
    let prefix = item.text_at(&["prefix"]).unwrap_or_default();
    let own = own.stripped(stem);
    Some(match prefix {
        "" => format!("{kind}/{own}").into(),
        prefix => format!("{kind}/{own} as {prefix}*").into(),
    })
}
