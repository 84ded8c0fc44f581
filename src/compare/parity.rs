//! Where environments differ: the same service in several environments (or the same environment
//! at several times), settings and fields side by side. What the rule `parity-gap` and the command
//! `compare` are made of.

mod documented;
mod judge;
mod rows;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use super::{names::OwnNames, surface::SurfaceField};
use crate::model::{
    effective::EffectiveConfig,
    entry::{Entry, EntryKey},
    policy::Difference,
    target::TargetId,
    value::{Reading, Unread, ValueType},
};
use std::sync::Arc;

pub use documented::covers;

/// A service in one of the places that are compared.
#[derive(Clone, Copy)]
pub struct ParitySide<'a> {
    /// The service in its environment; documented differences and expected values go by it.
    pub target: &'a TargetId,
    /// The environment's own names, itself among them: taken out of values as whole words.
    pub names: &'a [Box<str>],
    /// Its settings.
    pub config: &'a EffectiveConfig,
    /// Its fields.
    pub fields: &'a [SurfaceField],
}

/// An entry that is not the same on all sides.
#[derive(Clone, Debug)]
pub struct Gap {
    /// The setting, the field, or the object as a whole.
    pub key: EntryKey,
    /// Kind and name of the object, for fields and objects (`Deployment/api`).
    pub holder: Option<Arc<str>>,
    /// The container whose values are compared, where containers of one side see different ones.
    pub container: Option<Box<str>>,
    /// How values compare.
    pub ty: ValueType,
    /// One per side, in their order.
    pub values: Vec<GapValue>,
    /// Indices of the sides that agree with one another, the largest group first. Sides that
    /// could not be read, or not be compared, are in none.
    pub groups: Vec<Vec<usize>>,
    /// The documented difference that covers it.
    pub documented: Option<Documented>,
    /// Whether the values are one by type (or but for outer blanks) and differ as texts.
    pub spelling_only: bool,
    /// Whether the values are one only because the environments' own names were taken out.
    pub by_names: bool,
    /// Whether several sides have it, and some value can't be compared: a secret, or opaque.
    pub opaque: bool,
    /// Whether some side could not be read there.
    pub unknown: bool,
    /// Whether only one side takes part: of an object or container that the others lack.
    pub alone: bool,
}

/// What one side says.
#[derive(Clone, Debug)]
pub struct GapValue {
    /// The winning value, absent, or unknown.
    pub reading: Reading<Entry>,
    /// The layer that it is from; empty when absent, and for fields.
    pub layer: Arc<str>,
    /// The containers that see it.
    pub seen_by: Arc<[Box<str>]>,
}

/// A difference that driftgate.yaml gives a reason for.
#[derive(Clone, Debug, PartialEq)]
pub struct Documented {
    /// Index into the differences.
    pub index: usize,
    /// The reason.
    pub reason: Box<str>,
    /// Sides whose value is not the expected one; empty when all are, or none is expected.
    pub unexpected: Vec<usize>,
    /// Further differences that cover it too.
    pub also: Vec<usize>,
}

impl Gap {
    /// Whether a documented difference covers it, and every value is the expected one.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.documented
            .as_ref()
            .is_some_and(|d| d.unexpected.is_empty())
    }
}

/// What comparing several sides gave.
#[derive(Clone, Debug, Default)]
pub struct Gaps {
    /// Sorted: settings by name, then fields by object and path.
    pub gaps: Vec<Gap>,
    /// Entries looked at.
    pub compared: u64,
    /// Of them, present on several sides and not comparable.
    pub opaque: u64,
    /// Entries that are equal only because the environments' own names were taken out.
    pub by_names: u64,
    /// Entries that some side may have, and that could not be read there.
    pub unknown: u64,
    /// Why, each reason once.
    pub unread: Vec<Unread>,
    /// Entries that are the same on all sides; empty unless asked for.
    pub equal: Vec<Gap>,
    /// Indices of differences that covered something that differs, or whose expected values were
    /// checked.
    pub used: Vec<usize>,
}

/// Compares two or more sides of one service.
#[must_use]
pub fn gaps(sides: &[ParitySide<'_>], differences: &[Difference]) -> Gaps {
    compare_all(sides, differences, false)
}

/// The same; with `equal`, entries on which the sides agree are kept too.
#[must_use]
pub fn compare_all(sides: &[ParitySide<'_>], differences: &[Difference], equal: bool) -> Gaps {
    let own: Vec<OwnNames> = sides.iter().map(|s| OwnNames::new(s.names)).collect();
    let mut judge = judge::Judge::new(sides, &own, differences, equal);
    for row in rows::settings(sides, &own) {
        judge.row(row);
    }
    for row in rows::fields(sides) {
        judge.row(row);
    }
    judge.finish()
}
