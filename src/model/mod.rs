//! Pure nouns: no I/O, no clock, no vendor crates.
//!
//! - [`tree`]: the one tree for documents, objects and parameters; [`path`]: where something is in it
//! - [`secret`]: values that can be compared, and neither printed nor serialised
//! - [`value`]: values, readings that may have failed, and what may be shown of either;
//!   [`equality`]: when two of them are one; [`units`]: what texts say of time, size and truth
//! - [`observation`]: what was read from a live system, the one input of all comparing
//! - [`entry`], [`state`]: settings and fields, their sides and the state that follows
//! - [`setting`], [`effective`]: what layers say, and what wins; [`policy`]: how findings are judged
//! - [`finding`], [`report`], [`explanation`]: what people get

pub mod desired;
pub mod effective;
pub mod entry;
pub mod environments;
pub mod equality;
pub mod explanation;
pub mod finding;
mod json_text;
pub mod name;
pub mod observation;
pub mod path;
pub mod place;
pub mod policy;
pub mod problem;
pub mod report;
pub mod secret;
pub mod setting;
pub mod state;
pub mod target;
pub mod time;
pub mod tree;
pub mod units;
pub mod value;
