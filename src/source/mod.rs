//! Where live configuration is read from. A source reads; what it read is interpreted by pure code.
//!
//! - [`mod@env`]: variables of the process environment
//! - [`mod@file`]: a file of settings on disk
//! - [`kubernetes`]: a cluster, by LIST and GET
//!
//! Everything that is said of a kind of source outside of its own file goes through its
//! [`SourceKind`]: [`kind_of`] finds it, [`SOURCES`] lists them.

pub mod env;
pub mod file;
pub mod kubernetes;

use crate::model::{
    observation::{Classifier, ObjectId, Observation, ObservationBuilder, Scope},
    secret::DigestKey,
    setting::LayerSettings,
    target::LiveSpec,
    value::{Unread, UnreadCause},
};
use std::{
    collections::BTreeSet, ffi::OsString, future::Future, path::Path, pin::Pin, sync::Arc,
    time::Duration,
};

/// One line per kind of source: the variant of [`LiveSpec`], and the module that has its `KIND`.
macro_rules! registry {
    ($($variant:ident => $module:ident),* $(,)?) => {
        /// All kinds of sources, sorted by name.
        pub static SOURCES: &[&SourceKind] = &[$(&$module::KIND),*];

        /// The kind of source that `spec` is of.
        #[must_use]
        pub fn kind_of(spec: &LiveSpec) -> &'static SourceKind {
            match spec {
                $(LiveSpec::$variant(_) => &$module::KIND),*
            }
        }
    };
}

registry! {
    Env => env,
    File => file,
    Kubernetes => kubernetes,
}

/// What a kind of source is, as far as it can be said without asking one. The functions are given
/// specs of this kind only; of another kind's they know nothing, and say that there is nothing.
pub struct SourceKind {
    /// The word in driftgate.yaml: `kubernetes`.
    pub name: &'static str,
    /// What one of its items is called: `object`.
    pub unit: &'static str,
    /// Tells the systems of this kind in one environment apart (the context, the path): what has
    /// one identity is read once, for all layers.
    pub identity: fn(&LiveSpec) -> Box<str>,
    /// Of one system: adds to the first spec what a layer with the second one reads.
    pub join: fn(&mut LiveSpec, &LiveSpec),
    /// For people and reports, where nobody is connected: `context prod-eu`. No URL with credentials.
    pub describe: fn(&LiveSpec) -> Box<str>,
    /// Whether a recorded section of this environment and kind that describes itself so is of this
    /// system. The last argument says that there is no other section, and no other system, of this
    /// kind in the environment.
    pub is_recorded_as: fn(&LiveSpec, &str, bool) -> bool,
    /// What a layer with this spec rests on, and what fails when nothing can be read.
    pub scopes: fn(&LiveSpec, &Wanted) -> Vec<Scope>,
    /// Finds what reading needs (credentials, a path) and checks its form. Asks nobody.
    pub connect: fn(&LiveSpec, &ConnectContext<'_>) -> Connected,
    /// The settings of a layer, from what was read of its system. Pure. Absent for what has
    /// objects, whose settings are the environments of workloads.
    pub settings: Option<fn(&LiveSpec, &Observation) -> LayerSettings>,
    /// What a deploy does with what only live has.
    pub live_only: LiveOnly,
    /// The least privilege for reading these systems, as `doctor --rbac` prints it: YAML, or
    /// comments of YAML.
    pub rights: fn(&[(LiveSpec, Wanted)]) -> String,
}

/// A source that can be read, or why not.
pub type Connected = Result<Box<dyn Source>, Unread>;

/// What a deploy does with entries that only live has; stated on the source's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveOnly {
    /// They stay: `kubectl apply` takes nothing away that it did not write.
    Keeps,
    /// They go: the whole is replaced.
    ReplacesAll,
}

/// Looks up a variable of the process environment. Handed in, so that only what driftgate.yaml
/// names is ever looked at.
pub type Variables = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// What connecting may use, beside what driftgate.yaml says.
pub struct ConnectContext<'a> {
    /// What relative paths are relative to. Canonical.
    pub directory: &'a Path,
    /// The repository's root, canonical: what lies in it, a change under review can have put there.
    pub repository: Option<&'a Path>,
    /// `--kubeconfig`.
    pub kubeconfig: Option<&'a Path>,
    /// The process environment.
    pub variables: &'a Variables,
    /// Variables with driftgate's own credentials (`DRIFTGATE_KEY`, `GITHUB_TOKEN`): no source
    /// reads them, and no program that a source runs sees them.
    pub own_credentials: &'a [&'a str],
}

/// That a function of a [`SourceKind`] was given the spec of another one.
fn not_mine(kind: &str) -> Unread {
    Unread::new(
        UnreadCause::NotAsked,
        format!("this is no layer of source {kind}"),
    )
}

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

/// Which objects are to be read; nothing for a source of settings.
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

impl Wanted {
    /// Adds what another layer wants.
    pub fn extend(&mut self, more: Wanted) {
        self.kinds.extend(more.kinds);
        self.helps.extend(more.helps);
        self.objects.extend(more.objects);
        self.everything_in.extend(more.everything_in);
        self.helps = &self.helps - &self.kinds;
    }
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
    /// Reads, inside a tokio runtime that keeps time. Does not fail: what could not be read is an
    /// outcome in the observation. `wanted` is for sources with objects; others read what their
    /// spec names.
    fn read<'a>(
        &'a self,
        wanted: &'a Wanted,
        cx: &'a ReadContext<'a>,
    ) -> BoxFuture<'a, Observation>;
    /// For `doctor`: whether the source answers, and what may be read of what a read would ask for.
    /// Shows no value.
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
    /// What a source without rights of its own saw (`DB_TIMEOUT is set`), and what it could not
    /// read. No values.
    pub seen: Vec<Result<Box<str>, Unread>>,
    /// Sentences: credentials about to expire, certificates that are not checked.
    pub warnings: Vec<Box<str>>,
}

impl Diagnosis {
    /// Of a source that nothing is known of yet but whether it answered.
    #[must_use]
    pub fn of(reached: Result<(), Unread>) -> Diagnosis {
        Diagnosis {
            system: None,
            server_version: None,
            reached,
            rights: vec![],
            resources: vec![],
            seen: vec![],
            warnings: vec![],
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_named_once_sorted_and_has_its_page() {
        let names: Vec<&str> = SOURCES.iter().map(|k| k.name).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sources");
        for name in names {
            let page = std::fs::read_to_string(docs.join(format!("{name}.md"))).unwrap_or_default();
            for heading in [
                "## What is read",
                "## What could not be read",
                "## What a deploy does with what only live has",
            ] {
                assert!(page.contains(heading), "docs/sources/{name}.md: {heading}");
            }
        }
    }

    #[test]
    fn a_spec_finds_the_kind_of_its_name() {
        let specs = [
            LiveSpec::Env(Default::default()),
            LiveSpec::File(Default::default()),
            LiveSpec::Kubernetes(Default::default()),
        ];
        assert_eq!(specs.len(), SOURCES.len(), "one of each");
        for spec in &specs {
            assert_eq!(kind_of(spec).name, spec.kind());
            for other in SOURCES.iter().filter(|k| k.name != spec.kind()) {
                assert!((other.scopes)(spec, &Wanted::default()).is_empty());
                assert!(!(other.is_recorded_as)(spec, "", true), "{}", other.name);
            }
        }
    }
}
