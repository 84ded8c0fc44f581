//! What restarts pods after their configuration changed.

use crate::{kubernetes::workload, model::tree::NodeRef};

/// What restarts a workload's pods after its configuration changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartedBy {
    /// Stakater Reloader: after every change.
    Reloader,
    /// Pusher Wave: after every change.
    Wave,
    /// A checksum of the configuration in the template: after a change that is rendered, not after
    /// one that was made in the cluster.
    Checksum,
}

/// What restarts the pods of the workload at `root` after the ConfigMap or Secret `name` changed.
#[must_use]
pub fn restarted_by(root: NodeRef<'_>, kind: &str, name: &str) -> Option<RestartedBy> {
    let template = workload::pod_template(root);
    let annotations = [Some(root), template].into_iter().flatten();
    let annotations: Vec<NodeRef<'_>> = annotations
        .filter_map(|n| n.at(&["metadata", "annotations"]))
        .flat_map(NodeRef::children)
        .collect();
    let own = if kind == "Secret" {
        "secret"
    } else {
        "configmap"
    };
    for a in &annotations {
        let value = a.as_text().unwrap_or_default();
        match a.key().as_str() {
            "reloader.stakater.com/auto" if value == "true" => return Some(RestartedBy::Reloader),
            "wave.pusher.com/update-on-config-change" if value == "true" => {
                return Some(RestartedBy::Wave);
            }
            key => match key.strip_suffix(".reloader.stakater.com/reload") {
                Some(k) if k == own && value.split(',').any(|n| n.trim() == name) => {
                    return Some(RestartedBy::Reloader);
                }
                _ if value == "true"
                    && key.strip_suffix(".reloader.stakater.com/auto") == Some(own) =>
                {
                    return Some(RestartedBy::Reloader);
                }
                _ => {}
            },
        }
    }
    let in_template = template.and_then(|t| t.at(&["metadata", "annotations"]));
    in_template
        .into_iter()
        .flat_map(NodeRef::children)
        .any(|a| {
            let key = a.key().as_str();
            ["checksum/", "checksum-", "checksum."]
                .iter()
                .any(|p| key.starts_with(p))
                || key == "checksum"
        })
        .then_some(RestartedBy::Checksum)
}
