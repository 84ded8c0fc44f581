//! The fields that environments should agree on, whatever they are called there: what parity looks
//! at beside settings.

use crate::model::{
    desired::DesiredWorld,
    entry::Entry,
    observation::{ObjectId, Observation},
    path::KeyPath,
};
use std::sync::Arc;

/// A field of one target that environments should agree on.
#[derive(Clone, Debug)]
pub struct SurfaceField {
    /// What it is called in every environment: kind and name, the environment's own names taken
    /// out (`Deployment/api`).
    pub holder: Arc<str>,
    /// Where in the object; empty for "the object is there" (an autoscaler).
    pub path: KeyPath,
    /// Its value, and where it is from.
    pub entry: Entry,
    /// The object in this environment.
    pub object: ObjectId,
}

/// The fields of git's objects. `names` are the environment's own.
#[must_use]
pub fn of_git(_world: &DesiredWorld, _names: &[&str]) -> Vec<SurfaceField> {
    vec![]
}

/// The same fields of the live objects that git has or had.
#[must_use]
pub fn of_live(_live: &Observation, _git: &[&DesiredWorld], _names: &[&str]) -> Vec<SurfaceField> {
    vec![]
}
