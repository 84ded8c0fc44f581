//! How findings are judged, as it is written: parity, promotion, severities, ignores, waivers.

use super::field_name;
use crate::{
    config::{
        leaf::{Expiry, Scalar, Text, Word},
        read::{Cx, Fields, FromNode},
    },
    model::{
        finding::Severity,
        report::Occasion,
        target::Tier,
        tree::{Kind, NodeRef, Span},
    },
};
use schemars::JsonSchema;

fields! {
    /// Environments that should agree, and where they may differ.
    struct ParityGroup {
        /// At least two environments, by name or by tier.
        #[schemars(example = ["staging", "production-us", "production-eu"])]
        environments: EnvironmentList,
        /// Only these services, `*` stands for any characters; all when this is left out.
        #[schemars(example = ["api", "web-*"])]
        services: Option<Vec<Text>>,
        /// Whether every gap is an error.
        strict: Option<bool>,
        /// Where they may differ, with a reason each.
        differences: Option<Vec<Difference>>,
    }
    later [];
}

/// Environments by name, or all of a tier.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::config) enum EnvironmentList {
    /// All environments of a tier.
    Tier(OfTier),
    /// One after the other.
    Many(Vec<EnvironmentRef>),
}

impl FromNode for EnvironmentList {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        match node.kind() {
            Kind::Map => OfTier::read(cx, node).map(EnvironmentList::Tier),
            Kind::List => Vec::read(cx, node).map(EnvironmentList::Many),
            _ => {
                cx.mismatch(node, "a list of environments, or `{ tier: … }`")
                    .hint(None);
                None
            }
        }
    }

    /// The only list that is empty without a problem of its own.
    fn stand_in() -> Option<Self> {
        Some(EnvironmentList::Many(Vec::new()))
    }
}

/// An environment by name, or all of a tier.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::config) enum EnvironmentRef {
    /// One, by name.
    Name(Text),
    /// All environments of a tier.
    Tier(OfTier),
}

impl FromNode for EnvironmentRef {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        match node.kind() {
            Kind::Map => OfTier::read(cx, node).map(EnvironmentRef::Tier),
            _ => Text::read(cx, node).map(EnvironmentRef::Name),
        }
    }
}

fields! {
    /// All environments of a tier.
    struct OfTier {
        /// The tier.
        tier: Word<Tier>,
    }
    later [];
}

fields! {
    /// A documented, lasting difference between environments: of a setting (`key`), or of an object
    /// or one of its fields.
    struct Difference {
        /// The setting's name, or a pattern in which `*` stands for any characters.
        #[schemars(example = &"database.host")]
        key: Option<Text>,
        /// The object, as `Kind/name` or `Kind/namespace/name`, or a pattern.
        #[schemars(example = "Deployment/api")]
        object: Option<Text>,
        /// The object's field, or a pattern; the whole object when this is left out.
        #[schemars(example = "spec.replicas")]
        field: Option<Text>,
        /// The services, a name or a pattern; all of the group when this is left out.
        service: Option<Text>,
        /// Why they may differ.
        reason: Text,
        /// The value that each target should have; variables are those of the target. Any value
        /// when this is left out.
        #[schemars(example = "db-${region}.example.com")]
        expected: Option<Scalar>,
    }
    later [];
}

fields! {
    /// What findings are worth here. Later entries win.
    struct SeverityRule {
        /// The rule's id, or a pattern in which `*` stands for any characters.
        #[schemars(example = "parity-gap")]
        rule: Option<Text>,
        /// The service, or a pattern.
        service: Option<Text>,
        /// The environment, or a pattern.
        environment: Option<Text>,
        /// The tier of the environment.
        tier: Option<Word<Tier>>,
        /// The setting's name, or a pattern.
        key: Option<Text>,
        /// Only then; always when this is left out.
        r#for: Option<Word<Occasion>>,
        /// What they are worth.
        is: Word<Severity>,
    }
    later [];
}

fields! {
    /// A lasting rule about live: something else owns this, rightly. At least one of `key`,
    /// `object`, `field` and `writer` says what.
    struct Ignore {
        /// The rule's id, or a pattern in which `*` stands for any characters.
        #[schemars(example = &"drifted")]
        rule: Text,
        /// The service, or a pattern.
        service: Option<Text>,
        /// The environment, or a pattern.
        environment: Option<Text>,
        /// The tier of the environment.
        tier: Option<Word<Tier>>,
        /// The layer, or a pattern.
        layer: Option<Text>,
        /// The setting's name, or a pattern.
        key: Option<Text>,
        /// The object, as `Kind/name` or `Kind/namespace/name`, or a pattern.
        #[schemars(example = "Deployment/*")]
        object: Option<Text>,
        /// The object's field, or a pattern.
        #[schemars(example = "spec.replicas")]
        field: Option<Text>,
        /// Who wrote the live value, or a pattern.
        #[schemars(example = "keda-operator")]
        writer: Option<Text>,
        /// Why.
        reason: Text,
    }
    later [];
}

fields! {
    /// An accepted finding, until a day. It holds for the value that it names: another value is a
    /// finding again.
    struct Waiver {
        /// The rule's id.
        #[schemars(example = &"drifted")]
        rule: Text,
        /// The service, or a pattern in which `*` stands for any characters; all when this is left
        /// out.
        service: Option<Text>,
        /// The environment.
        environment: Text,
        /// The layer, or a pattern.
        layer: Option<Text>,
        /// The setting's name, or a pattern.
        #[schemars(example = &"LOG_LEVEL")]
        key: Option<Text>,
        /// Instead of `key`: the object, as `Kind/name` or `Kind/namespace/name`, or a pattern.
        object: Option<Text>,
        /// The object's field, or a pattern.
        field: Option<Text>,
        /// The value that it accepts, as it is shown; left out for objects and secrets.
        #[schemars(example = &"DEBUG")]
        value: Option<Scalar>,
        /// Why.
        reason: Text,
        /// Who answers for it: a person or a team.
        #[schemars(example = &"payments")]
        owner: Text,
        /// The last day on which it holds, in UTC.
        expires: Expiry,
    }
    later [];
}
