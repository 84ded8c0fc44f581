//! What the sources of settings have in common: files read, parsed and sealed once per run, and what
//! is said of them.

mod collect;
mod load;
mod seal;

pub use crate::settings::{NotSelected, format_of_file, select, style_of, value_of};

pub(super) use crate::settings::{Found, Wrong, below_prefix, entries, near::did_you_mean, prefix};
pub(super) use collect::Collector;
pub(super) use load::{Absent, Load, SettingsFile, load, missing};
pub(super) use seal::Sealer;
