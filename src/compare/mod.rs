//! Git's world against live's world, one layer of one target at a time: objects are paired
//! ([`crate::kubernetes::pairing`]), fields walked ([`walk`]), the effective environment of each
//! container compared (`settings`), and what is one change seen twice becomes one entry. Pure.

mod embedded;
mod evidence;
mod fields;
mod layers;
mod leaves;
mod objects;
mod restarts;
mod settings;
mod sources;
mod worlds;

pub mod merge_order;
pub mod names;
pub mod parity;
pub mod setting_pairs;
pub mod surface;
pub mod walk;

pub use layers::{
    SettingsInput, Side, as_setting, compare_settings, config_map_settings, workload_settings,
};
pub use objects::compare_layer;
pub use settings::lookup;

use crate::model::{
    desired::DesiredWorld,
    entry::{Entry, EntryKey},
    finding::{CommitShown, InGit, Message, Written},
    observation::{ItemId, ObjectId, Observation},
    state::{Sides, State},
    target::{DeployedSpec, Layer, SecretsMode},
    time::Timestamp,
    value::{Reading, Unread, ValueType},
};
use std::collections::BTreeSet;

/// One layer of one target on its four sides.
#[derive(Clone, Copy)]
pub struct LayerInput<'a> {
    /// What driftgate.yaml says of it.
    pub layer: &'a Layer,
    /// Before the change under review.
    pub base: &'a DesiredWorld,
    /// After it.
    pub head: &'a DesiredWorld,
    /// What was applied last; `base` when that is not known.
    pub deployed: &'a DesiredWorld,
    /// What is running; absent for a layer without a live side, which only has changes.
    pub live: Option<&'a Observation>,
    /// What was read of Secrets.
    pub secrets: SecretsMode,
    /// The deployer that live-only objects may belong to.
    pub deployer: Option<&'a DeployedSpec>,
    /// Objects that git has in any target of this environment: they are nobody's leftovers.
    pub claimed: &'a BTreeSet<ObjectId>,
    /// Field managers that apply what git says, beside the shipped ones.
    pub deployers: &'a [Box<str>],
}

/// An entry whose sides are not all the same, or could not be compared.
#[derive(Clone, Debug)]
pub struct Compared {
    /// What it is about.
    pub key: EntryKey,
    /// The object, file or parameter that holds it: the live one, else git's.
    pub object: ItemId,
    /// Its sides.
    pub sides: Sides<Reading<Entry>>,
    /// How values compare.
    pub ty: ValueType,
    /// What follows.
    pub state: State,
    /// Who wrote the live value, for what is a problem.
    pub written: Option<Written>,
    /// The commit that gave git its present value, where history was asked.
    pub since: Option<CommitShown>,
    /// Whether git ever had the live value, where history was asked.
    pub in_git: Option<InGit>,
    /// Who sees it: `Deployment/shop/api container api`.
    pub affects: Vec<Box<str>>,
    /// Fields whose difference is this one.
    pub explains: Vec<Box<str>>,
    /// The setting that brings this one along through `$(VAR)`.
    pub cause: Option<Box<str>>,
    /// Whether the change under review renders the object differently.
    pub written_by_change: bool,
    /// Git holds a placeholder, the pipeline the value.
    pub deploy_time: bool,
    /// In live only, in a place that git says nothing about.
    pub beside: bool,
    /// A reference that a container needs to start, and that live lacks.
    pub required: bool,
}

impl Compared {
    /// An entry with nothing known beyond its sides.
    #[must_use]
    pub fn new(
        key: EntryKey,
        object: impl Into<ItemId>,
        sides: Sides<Reading<Entry>>,
        state: State,
    ) -> Compared {
        Compared {
            key,
            object: object.into(),
            sides,
            ty: ValueType::Text,
            state,
            written: None,
            since: None,
            in_git: None,
            affects: vec![],
            explains: vec![],
            cause: None,
            written_by_change: false,
            deploy_time: false,
            beside: false,
            required: false,
        }
    }
}

/// A container that runs with an environment older than what it was made from, or that will.
#[derive(Clone, Debug)]
pub struct Restart {
    /// The workload.
    pub workload: ObjectId,
    /// The container.
    pub container: Box<str>,
    /// What changed: object and key.
    pub source: ObjectId,
    /// The settings that are made from it.
    pub settings: Vec<Box<str>>,
    /// When the container started; absent for a predicted restart.
    pub started: Option<Timestamp>,
    /// When the source changed, at the earliest known.
    pub changed: Option<Timestamp>,
    /// How many running containers are older.
    pub pods: usize,
    /// Whether the value itself changed after the start, not only something in its object.
    pub certain: bool,
    /// The change under review changes the source, and nothing rolls the workload.
    pub predicted: bool,
}

/// What comparing a layer gave.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Differences, in a stable order.
    pub entries: Vec<Compared>,
    /// Containers that run with an old environment, or will.
    pub restarts: Vec<Restart>,
    /// Settings and fields looked at.
    pub compared: u64,
    /// Of them, present but not comparable from here.
    pub opaque: u64,
    /// Live objects of this layer that were found.
    pub objects: u64,
    /// What people must know.
    pub notes: Vec<Message>,
    /// Why something is unknown, where that was not an outcome of reading already.
    pub unknown: Option<Unread>,
    /// Whether the change under review writes any object of the layer.
    pub written_by_change: bool,
}
