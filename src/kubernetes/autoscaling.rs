//! Which workloads an autoscaler owns: their replicas are no drift.

use crate::model::{
    desired::DesiredWorld,
    observation::{ObjectId, Observation},
    tree::NodeRef,
};
use std::collections::BTreeMap;

/// An autoscaler and its bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scaled {
    /// The HorizontalPodAutoscaler or ScaledObject.
    pub autoscaler: ObjectId,
    min: i64,
    max: i64,
}

impl Scaled {
    /// Whether the autoscaler could have set this number. Zero is a person's (or a scaler to
    /// zero's, whose minimum says so).
    #[must_use]
    pub fn allows(&self, replicas: i64) -> bool {
        (self.min..=self.max).contains(&replicas)
    }
}

/// Workloads by the autoscaler that owns them, live first, then as git has it.
#[must_use]
pub fn scaled_workloads(
    live: Option<&Observation>,
    git: &[&DesiredWorld],
) -> BTreeMap<ObjectId, Scaled> {
    let mut out = BTreeMap::new();
    for world in git.iter().rev() {
        for (id, o) in &world.objects {
            put(&mut out, scaled(id, o.tree.root()));
        }
    }
    for (id, item) in live.into_iter().flat_map(Observation::objects) {
        put(&mut out, scaled(id, item.tree.root()));
    }
    out
}

/// Bounds of several autoscalers of one workload (KEDA makes an autoscaler of its own) are one
/// range: whatever one of them may set is no drift.
fn put(all: &mut BTreeMap<ObjectId, Scaled>, one: Option<(ObjectId, Scaled)>) {
    let Some((workload, scaled)) = one else {
        return;
    };
    match all.get_mut(&workload) {
        Some(known) => {
            known.min = known.min.min(scaled.min);
            known.max = known.max.max(scaled.max);
        }
        None => {
            all.insert(workload, scaled);
        }
    }
}

fn scaled(id: &ObjectId, root: NodeRef<'_>) -> Option<(ObjectId, Scaled)> {
    let (min, max, default_max) = match (&*id.group, &*id.kind) {
        ("autoscaling", "HorizontalPodAutoscaler") => ("minReplicas", "maxReplicas", None),
        // KEDA: both bounds are optional (docs: minReplicaCount 0, maxReplicaCount 100).
        ("keda.sh", "ScaledObject") => ("minReplicaCount", "maxReplicaCount", Some(100)),
        _ => return None,
    };
    let target = root.at(&["spec", "scaleTargetRef"])?;
    let group = target
        .text_at(&["apiVersion"])
        .map_or("apps", |v| v.split_once('/').map_or("", |(g, _)| g));
    let kind = target.text_at(&["kind"]).unwrap_or("Deployment");
    let name = target.text_at(&["name"])?;
    let bound = |member| root.at(&["spec", member]).and_then(NodeRef::as_i64);
    Some((
        ObjectId::new(group, kind, id.namespace.as_deref(), name),
        Scaled {
            autoscaler: id.clone(),
            min: bound(min).unwrap_or(i64::from(default_max.is_none())),
            max: bound(max).or(default_max)?,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree::{Prune, Tree};

    #[test]
    fn bounds_of_both_kinds() {
        let tree = Tree::from_json(
            br#"{"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"api"},"maxReplicas":10}}"#,
            Prune::NOTHING,
        )
        .expect("JSON");
        let id = ObjectId::new("autoscaling", "HorizontalPodAutoscaler", Some("shop"), "x");
        let (workload, scaled) = scaled(&id, tree.root()).expect("an autoscaler");
        assert_eq!(workload.to_string(), "Deployment/shop/api");
        assert!(scaled.allows(1) && scaled.allows(10));
        assert!(!scaled.allows(0) && !scaled.allows(11));
    }
}
