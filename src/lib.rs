//! driftgate compares what git says with what is running, says who changed it and when, and stops
//! the merge or deploy that would overwrite or miss it.
//!
//! Data flow: arguments → [`config`] → plan → [`desired`] layers (git, sync), then live layers
//! ([`source`], async, all at once, or a [`snapshot`]) → [`compare`], layer by layer, and
//! [`mod@merge`], each target's layers on every side → [`check`] → [`policy`] → report with its
//! verdict → [`render`] → exit code. [`explain`] answers from the merged layers.
//!
//! Dependencies point one way: model ← (document, git, process, text) ← settings ← (source,
//! desired) ← (kubernetes, merge, compare, history) ← check ← policy ← explain ← render ← pipeline
//! ← cli. Merge, compare, check, policy, explain and render do no I/O and read no clock,
//! environment or global.

pub mod check;
pub mod classify;
pub mod cli;
pub mod compare;
pub mod config;
pub mod desired;
pub mod document;
pub mod explain;
pub mod git;
pub mod history;
pub mod kubernetes;
pub mod merge;
pub mod model;
pub mod pipeline;
pub mod plan;
pub mod policy;
pub mod process;
pub mod render;
pub mod settings;
pub mod snapshot;
pub mod source;
pub mod text;
