//! Where live configuration is read from. A source reads; what it read is interpreted by pure code.
//!
//! - [`kubernetes`]: a cluster, by LIST and GET

pub mod kubernetes;

use crate::model::{
    observation::{Classifier, ObjectId, Observation, ObservationBuilder},
    secret::DigestKey,
    value::Unread,
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

impl WantedKind {
    /// A kind in a namespace, or cluster-wide.
    #[must_use]
    pub fn new(group: &str, kind: &str, namespace: Option<&str>) -> WantedKind {
        WantedKind {
            group: group.into(),
            kind: kind.into(),
            namespace: namespace.map(Into::into),
        }
    }
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
    /// Where objects without a namespace of their own live, if the source has such a notion:
    /// driftgate.yaml's `namespace`, else that of the credentials.
    fn namespace(&self) -> Option<Box<str>> {
        None
    }
    /// Reads. Does not fail: what could not be read is an outcome in the observation.
    fn read<'a>(
        &'a self,
        wanted: &'a Wanted,
        cx: &'a ReadContext<'a>,
    ) -> BoxFuture<'a, Observation>;
    /// For `doctor`: whether the source answers, and what the credentials may read of `wanted`.
    /// Reads no configuration.
    fn inspect<'a>(
        &'a self,
        wanted: &'a Wanted,
        cx: &'a ReadContext<'a>,
    ) -> BoxFuture<'a, Diagnosis>;
}

/// What `doctor` learned about a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Identity of the system (the uid of `kube-system`), if it may be read.
    pub system: Option<Box<str>>,
    /// `v1.34.1`.
    pub server_version: Option<Box<str>>,
    /// Whether it answered at all.
    pub reached: Result<(), Unread>,
    /// What may be read, one per verb, kind and namespace.
    pub rights: Vec<Right>,
    /// How the wanted kinds are served here; for [`kubernetes::rbac()`].
    pub resources: Vec<kubernetes::Resource>,
    /// Sentences: credentials about to expire, certificates that are not checked.
    pub warnings: Vec<Box<str>>,
}

/// One thing that the credentials may or may not do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// `list`, `get`.
    pub verb: Box<str>,
    /// API group; empty for the core group.
    pub group: Box<str>,
    /// `deployments`.
    pub resource: Box<str>,
    /// `Deployment`.
    pub kind: Box<str>,
    /// Absent: in all namespaces, or cluster-scoped.
    pub namespace: Option<Box<str>>,
    /// Whether; absent when the server did not say.
    pub allowed: Option<bool>,
    /// Why not, or why nobody knows.
    pub why: Option<Box<str>>,
}
