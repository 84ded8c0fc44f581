//! How findings are judged, as driftgate.yaml says it: where environments should agree, what is
//! accepted, and what findings are worth.

use super::{
    finding::Severity,
    place::Place,
    report::Occasion,
    target::{TargetId, Tier},
    time::Timestamp,
};
use std::{collections::BTreeMap, sync::Arc};

/// A text in which `*` stands for any characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern(Box<str>);

impl Pattern {
    /// A pattern; without `*` it is the text itself.
    #[must_use]
    pub fn new(text: &str) -> Pattern {
        Pattern(text.into())
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it stands for one text only.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }

    /// Whether `text` is one of those that it stands for.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = text.strip_prefix(first) else {
            return false;
        };
        let mut parts: Vec<&str> = parts.collect();
        let Some(last) = parts.pop() else {
            return rest.is_empty();
        };
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

/// Which findings an entry of driftgate.yaml is about; what is absent restricts nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    /// Ids of rules.
    pub rule: Option<Pattern>,
    /// Names of services.
    pub service: Option<Pattern>,
    /// Names of environments.
    pub environment: Option<Pattern>,
    /// A tier.
    pub tier: Option<Tier>,
    /// Names of layers.
    pub layer: Option<Pattern>,
    /// Names of settings; an exact one matches by its words, whatever its spelling style.
    pub key: Option<Pattern>,
    /// Objects as `Kind/name` or `Kind/namespace/name`.
    pub object: Option<Pattern>,
    /// Paths of fields.
    pub field: Option<Pattern>,
    /// Writers of the live side.
    pub writer: Option<Pattern>,
}

/// What findings are worth.
#[derive(Clone, Debug, PartialEq)]
pub struct SeverityRule {
    /// Which findings.
    pub selector: Selector,
    /// Only then.
    pub occasion: Option<Occasion>,
    /// What they are worth.
    pub severity: Severity,
    /// Where it is written.
    pub place: Option<Place>,
}

/// A lasting rule about live: `KEDA owns replicas`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ignore {
    /// Which findings.
    pub selector: Selector,
    /// Why.
    pub reason: Box<str>,
    /// Where it is written.
    pub place: Option<Place>,
}

/// An accepted finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiver {
    /// Which finding; its rule and key (or object and field) are always given.
    pub selector: Selector,
    /// The value that it accepts; absent for objects and secrets.
    pub value: Option<Box<str>>,
    /// Why.
    pub reason: Box<str>,
    /// Who answers for it.
    pub owner: Box<str>,
    /// The end of the last day on which it holds, in UTC.
    pub expires: Timestamp,
    /// Where it is written.
    pub place: Option<Place>,
}

/// Environments that should agree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParityGroup {
    /// At least two.
    pub environments: Vec<Arc<str>>,
    /// Only these services; empty: all that run in two of the environments.
    pub services: Vec<Pattern>,
    /// Where they may differ.
    pub differences: Vec<Difference>,
    /// Whether every gap is an error.
    pub strict: bool,
    /// Where it is written.
    pub place: Option<Place>,
}

/// A documented, lasting difference between environments.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// Which services, settings, objects and fields.
    pub selector: Selector,
    /// Why.
    pub reason: Box<str>,
    /// The value that each target should have, variables filled in; absent: any.
    pub expected: Option<BTreeMap<TargetId, Box<str>>>,
    /// Where it is written.
    pub place: Option<Place>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_characters() {
        for (pattern, text, matches) in [
            ("LOG_LEVEL", "LOG_LEVEL", true),
            ("LOG_LEVEL", "LOG_LEVELS", false),
            ("*", "", true),
            ("*_URL", "DB_URL", true),
            ("*_URL", "DB_URLS", false),
            ("database.*", "database.host", true),
            ("database.*", "database", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "a1b2b3c", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("Deployment/*", "Deployment/shop/api", true),
            ("**", "x", true),
        ] {
            assert_eq!(
                Pattern::new(pattern).matches(text),
                matches,
                "{pattern} {text}"
            );
        }
    }
}
