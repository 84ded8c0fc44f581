//! Snapshots: observations in a file, fit to be used instead of the source that made them.
//!
//! The format is described in `docs/snapshot-format.md`. A snapshot holds what was *observed*, not
//! what today's comparison needs, because a later head may refer to other objects and keys; so a
//! check of a live system and a check of its snapshot start from the same type, and
//! `read(write(o)) == o` is all that has to hold. Secrets are stored as keyed digests, and only under
//! a lasting `DRIFTGATE_KEY`; without one they come back as "present, not comparable".
//!
//! [`read_path`] also takes the output of `kubectl get -o yaml|json`.

mod choose;
mod error;
mod kubectl;
mod lines;
mod marks;
mod path;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use choose::{merge, select, usable};
pub use error::SnapshotError;
pub use path::read_path;
pub use read::read;
pub use write::{write, write_file};

use crate::model::{
    observation::{ItemId, Observation},
    secret::KeyId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The format that is written, and the only one that is read.
pub const SCHEMA: &str = "driftgate/snapshot/v1";

/// What every snapshot's `schema` begins with, whatever its version.
const SCHEMA_FAMILY: &str = "driftgate/snapshot/";

/// Lines longer than this are refused, in bytes. The largest object that etcd takes is 1.5 MiB.
pub const MAX_LINE: usize = 64 << 20;

/// Snapshots larger than this are refused, in bytes.
pub const MAX_TOTAL: u64 = 4 << 30;

/// The source that made an observation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceName {
    /// Its word in driftgate.yaml: `kubernetes`.
    pub name: Box<str>,
    /// For people: `context prod-eu, namespace shop`.
    pub describe: Box<str>,
}

/// What is written: one observation and where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    /// The environment that was read.
    pub environment: Option<&'a str>,
    /// What it was read from.
    pub source: &'a SourceName,
    /// When reading began and ended. `None` where the time is kept elsewhere (a commit).
    pub taken: Option<(Timestamp, Timestamp)>,
    /// What was read.
    pub observation: &'a Observation,
}

/// What a section says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The environment. `None` for `kubectl` output, which does not say.
    pub environment: Option<Box<str>>,
    /// What it was read from.
    pub source: SourceName,
    /// Identity of the system, not its address: the uid of the `kube-system` namespace.
    pub system: Option<Box<str>>,
    /// When reading began and ended. `None`: the capture time is unknown.
    pub taken: Option<(Timestamp, Timestamp)>,
    /// Under which key its secrets are comparable, if any.
    pub key: Option<KeyId>,
}

/// One section that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// What it says about itself.
    pub head: Head,
    /// What was read.
    pub observation: Observation,
    /// Whether its MAC was checked with the key at hand. If not, it is what the place it came from
    /// says it is: anyone who may write there can have written it.
    pub verified: bool,
    /// What a reader of the report must know: taken as complete, read without write records.
    pub notes: Vec<Box<str>>,
}

impl Recorded {
    /// The same to be written again.
    #[must_use]
    pub fn section(&self) -> Section<'_> {
        Section {
            environment: self.head.environment.as_deref(),
            source: &self.head.source,
            taken: self.head.taken,
            observation: &self.observation,
        }
    }
}

/// An item's identity for messages: `Deployment/shop/api`.
fn shown(id: &ItemId) -> String {
    id.to_string()
}
