//! What the sources of settings have in common: files read and parsed once per run, the part of a
//! file that is meant, and leaves with their places.

mod collect;
mod format;
mod leaves;
mod load;
mod near;
mod seal;
mod select;
#[cfg(test)]
mod tests;

pub use format::format_of_file;
pub use leaves::{style_of, value_of};
pub use select::{NotSelected, select};

pub(super) use collect::Collector;
pub(super) use leaves::{Found, Wrong, entries};
pub(super) use load::{Absent, Load, SettingsFile, load, missing};
pub(super) use near::did_you_mean;
pub(super) use seal::Sealer;
