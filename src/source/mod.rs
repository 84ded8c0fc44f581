//! Where live configuration is read from. A source reads; what it read is interpreted by pure code.

use crate::model::{
    observation::{Classifier, ObjectId, Observation, ObservationBuilder},
    secret::DigestKey,
};
use std::{collections::BTreeSet, future::Future, pin::Pin, time::Duration};

/// A future without a runtime's name in it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A kind in a namespace (or cluster-wide) that is to be listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WantedKind {
    /// API group; empty for the core group.
    pub group: Box<str>,
    /// The kind.
    pub kind: Box<str>,
    /// The namespace; absent for cluster-scoped kinds and for "wherever it lives, cluster-wide".
    pub namespace: Option<Box<str>>,
}

/// What is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Kinds without which nothing can be said: their failure makes entries unknown.
    pub kinds: BTreeSet<WantedKind>,
    /// Kinds that add evidence (Pods, ReplicaSets, autoscalers): their failure is said, and blocks nothing.
    pub helps: BTreeSet<WantedKind>,
    /// Single objects that are got, not listed (deployers' own objects in other namespaces).
    pub objects: BTreeSet<ObjectId>,
    /// Everything that can be listed in these namespaces as well: for snapshots that must answer later questions.
    pub everything_in: BTreeSet<Box<str>>,
}

/// What a source is given for one read.
pub struct ReadContext<'a> {
    /// The key of all digests of this run.
    pub key: &'a DigestKey,
    /// What is secret.
    pub classifier: &'a dyn Classifier,
    /// Time budget for everything, retries included.
    pub limit: Duration,
    /// Called with a short text while reading (`ConfigMap in shop: 500`).
    pub progress: &'a (dyn Fn(&str) + Sync),
}

impl<'a> ReadContext<'a> {
    /// The one way to an observation.
    #[must_use]
    pub fn observe(&self) -> ObservationBuilder<'a> {
        ObservationBuilder::new(self.key, self.classifier)
    }
}

/// A configured source.
pub trait Source: Send + Sync {
    /// The word in driftgate.yaml: `kubernetes`.
    fn name(&self) -> &'static str;
    /// For people and reports: `context prod-eu, namespace shop`. No URL with credentials.
    fn describe(&self) -> Box<str>;
    /// Reads. Does not fail: what could not be read is an outcome in the observation.
    fn read<'a>(
        &'a self,
        wanted: &'a Wanted,
        cx: &'a ReadContext<'a>,
    ) -> BoxFuture<'a, Observation>;
}
