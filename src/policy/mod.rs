//! What a finding is worth and whether it counts: severities, lasting rules about live, waivers,
//! the baseline. `now` is an argument.
//!
//! The order is fixed (docs/policy.md): severities, `ignore`, the deployer's own ignore rules,
//! waivers, baseline. The first that accepts a finding gives its disposition; none drops it.

pub mod baseline;
pub mod dispose;
pub mod gitops;
pub mod itself;
pub mod selector;
pub mod severity;

pub use dispose::{Applied, Policy, apply, severities, value_to_waive};
pub use itself::{Itself, Scope, judge};
