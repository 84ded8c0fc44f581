//! Equality of quantities and durations.

/// Whether two texts are one quantity. False when either is none.
#[must_use]
pub fn same(_a: &str, _b: &str) -> bool {
    false
}

/// Whether two texts are one Go duration. False when either is none.
#[must_use]
pub fn same_duration(_a: &str, _b: &str) -> bool {
    false
}
