//! Settings in documents, the same for git's side and for live: which reader a file gets, the part
//! of it that is meant, and its leaves.

mod format;
mod leaves;
pub mod near;
mod select;

pub use format::format_of_file;
pub use leaves::{Found, Wrong, below_prefix, entries, prefix, style_of, value_of};
pub use select::{NotSelected, select};
