//! The world that a container's references are resolved in: git's (what git lacks is looked up in
//! live), or live's.

use crate::{
    kubernetes::environment::World,
    model::{
        desired::DesiredWorld,
        observation::{ObjectId, Observation},
        target::SecretsMode,
        tree::NodeRef,
        value::{Reading, Unread, UnreadCause},
    },
};

/// Git's world at one revision.
pub(crate) struct GitWorld<'a> {
    pub(crate) world: &'a DesiredWorld,
    pub(crate) live: Option<&'a Observation>,
    pub(crate) secrets: SecretsMode,
    /// What git has on any side: removed from one, it is not looked up in live.
    pub(crate) git: [&'a DesiredWorld; 3],
}

/// Live's world.
pub(crate) struct LiveWorld<'a> {
    pub(crate) live: &'a Observation,
    pub(crate) secrets: SecretsMode,
}

fn live_object<'a>(live: &'a Observation, id: &ObjectId) -> Reading<NodeRef<'a>> {
    live.object(id).map(|item| item.tree.root())
}

impl World for GitWorld<'_> {
    fn config_map(&self, namespace: Option<&str>, name: &str) -> Reading<NodeRef<'_>> {
        self.find(&ObjectId::new("", "ConfigMap", namespace, name))
    }

    fn secret(&self, namespace: Option<&str>, name: &str) -> Reading<NodeRef<'_>> {
        self.find(&ObjectId::new("", "Secret", namespace, name))
    }

    fn follows_secrets(&self) -> bool {
        self.secrets != SecretsMode::References
    }

    fn origin_of(&self, kind: &str, namespace: Option<&str>, name: &str) -> ObjectId {
        ObjectId::new("", kind, namespace, name)
    }
}

impl<'a> GitWorld<'a> {
    fn find(&self, id: &ObjectId) -> Reading<NodeRef<'a>> {
        if let Some(o) = self.world.objects.get(id) {
            return Reading::Present(o.tree.root());
        }
        match (&self.world.incomplete, self.live) {
            (Some(why), _) => Reading::Unknown(why.clone()),
            (None, _) if self.git.iter().any(|w| w.objects.contains_key(id)) => {
                Reading::within_whole(None)
            }
            (None, Some(live)) => live_object(live, id),
            (None, None) => Reading::Unknown(Unread::new(
                UnreadCause::NotAsked,
                format!("{id} is not in git, and live is not read here"),
            )),
        }
    }
}

impl World for LiveWorld<'_> {
    fn config_map(&self, namespace: Option<&str>, name: &str) -> Reading<NodeRef<'_>> {
        live_object(self.live, &ObjectId::new("", "ConfigMap", namespace, name))
    }

    fn secret(&self, namespace: Option<&str>, name: &str) -> Reading<NodeRef<'_>> {
        live_object(self.live, &ObjectId::new("", "Secret", namespace, name))
    }

    fn follows_secrets(&self) -> bool {
        self.secrets != SecretsMode::References
    }

    fn origin_of(&self, kind: &str, namespace: Option<&str>, name: &str) -> ObjectId {
        ObjectId::new("", kind, namespace, name)
    }
}
