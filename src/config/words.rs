//! The words that driftgate.yaml knows, list by list, each with a sentence for editors.

use super::leaf::Words;
use crate::model::{
    finding::Severity,
    report::{FailOn, Occasion},
    target::{FileFormat, SecretsMode, Tier},
    value::ValueType,
};

impl Words for Tier {
    const WHAT: &'static str = "tier";
    const ALL: &'static [(&'static str, Tier, &'static str)] = &[
        ("production", Tier::Production, "Users depend on it."),
        ("staging", Tier::Staging, "The last step before production."),
        ("development", Tier::Development, "For developers."),
        ("preview", Tier::Preview, "Short-lived, one per change."),
    ];
}

impl Words for SecretsMode {
    const WHAT: &'static str = "secrets mode";
    const ALL: &'static [(&'static str, SecretsMode, &'static str)] = &[
        (
            "references",
            SecretsMode::References,
            "Read no Secret: references to them are compared. Needs no right on Secrets.",
        ),
        (
            "presence",
            SecretsMode::Presence,
            "Compare whether Secrets and their keys exist. Needs get and list on Secrets.",
        ),
        (
            "digest",
            SecretsMode::Digest,
            "Compare their values by keyed digest; none is ever shown. Needs get and list on Secrets.",
        ),
    ];
}

impl Words for FailOn {
    const WHAT: &'static str = "severity";
    const ALL: &'static [(&'static str, FailOn, &'static str)] = &[
        ("error", FailOn::Error, "Errors fail."),
        ("warning", FailOn::Warning, "Warnings and errors fail."),
        ("info", FailOn::Info, "Every finding fails."),
        (
            "never",
            FailOn::Never,
            "No finding fails; a run that could not read everything still does.",
        ),
    ];
}

impl Words for ValueType {
    const WHAT: &'static str = "type";
    const ALL: &'static [(&'static str, ValueType, &'static str)] = &[
        (
            "text",
            ValueType::Text,
            "Compare by text: `\"20\"` and `20.0` differ.",
        ),
        (
            "quantity",
            ValueType::Quantity,
            "A Kubernetes quantity: `500m` equals `0.5`.",
        ),
        (
            "duration",
            ValueType::Duration,
            "A span of time: `60s` equals `1m`.",
        ),
        (
            "bytes",
            ValueType::Bytes,
            "A size: `1GiB` equals `1024MiB`.",
        ),
        (
            "boolean",
            ValueType::Boolean,
            "`true`, `yes`, `on` and `1` are one value.",
        ),
        (
            "number",
            ValueType::Number,
            "By value, written as a number or as a text: `\"20\"` equals `20.0`.",
        ),
        (
            "json",
            ValueType::Json,
            "By structure: blanks and the order of members mean nothing.",
        ),
        (
            "list",
            ValueType::List,
            "A comma-separated list: blanks around items mean nothing.",
        ),
        (
            "set",
            ValueType::Set,
            "A comma-separated list in any order, each item once.",
        ),
    ];
}

/// `if-absent: skip`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Skip;

impl Words for Skip {
    const WHAT: &'static str = "way to treat an absent file";
    const ALL: &'static [(&'static str, Skip, &'static str)] = &[(
        "skip",
        Skip,
        "Leave it out where it does not exist. Softens nothing else: a file that can't be read is still a problem.",
    )];
}

/// `deploys: later`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Later;

impl Words for Later {
    const WHAT: &'static str = "way to deploy";
    const ALL: &'static [(&'static str, Later, &'static str)] = &[(
        "later",
        Later,
        "Merging does not deploy here: a promotion or an approval does.",
    )];
}

impl Words for FileFormat {
    const WHAT: &'static str = "format";
    const ALL: &'static [(&'static str, FileFormat, &'static str)] = &[
        ("yaml", FileFormat::Yaml, "YAML 1.2."),
        (
            "helm-values",
            FileFormat::HelmValues,
            "YAML as kubectl, Helm and kustomize read it; `null` takes a setting away.",
        ),
        ("json", FileFormat::Json, "Strict JSON."),
        (
            "jsonc",
            FileFormat::Jsonc,
            "JSON with comments and trailing commas.",
        ),
        ("toml", FileFormat::Toml, "TOML."),
        (
            "dotenv",
            FileFormat::Dotenv,
            "`.env` as the dotenv libraries read it.",
        ),
        (
            "shell-env",
            FileFormat::ShellEnv,
            "`.env` as a POSIX shell reads it.",
        ),
        (
            "docker-env",
            FileFormat::DockerEnv,
            "`docker run --env-file`.",
        ),
        (
            "compose-env",
            FileFormat::ComposeEnv,
            "`.env` as Docker Compose reads it.",
        ),
        (
            "properties",
            FileFormat::Properties,
            "Java's `.properties`.",
        ),
        ("ini", FileFormat::Ini, "INI."),
        ("tfvars", FileFormat::Tfvars, "Terraform's variables."),
        (
            "cloudformation",
            FileFormat::Cloudformation,
            "An AWS CloudFormation or SAM template.",
        ),
    ];
}

/// `nulls: …`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nulls {
    /// They take settings away.
    Delete,
    /// They are values.
    Keep,
}

impl Words for Nulls {
    const WHAT: &'static str = "meaning of `null`";
    const ALL: &'static [(&'static str, Nulls, &'static str)] = &[
        (
            "delete",
            Nulls::Delete,
            "`null` takes a setting of an earlier file away, as in Helm's values.",
        ),
        ("keep", Nulls::Keep, "`null` is a value like any other."),
    ];
}

/// `keys: …`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// Names of settings meet where they are the same text.
    Exact,
    /// They meet by their words.
    Words,
}

impl Words for Keys {
    const WHAT: &'static str = "way to compare names";
    const ALL: &'static [(&'static str, Keys, &'static str)] = &[
        (
            "words",
            Keys::Words,
            "Names of different spelling styles meet by their words: `DATABASE_POOL_SIZE` is `database.pool_size`.",
        ),
        (
            "exact",
            Keys::Exact,
            "Names meet only where they are the same text.",
        ),
    ];
}

impl Words for Severity {
    const WHAT: &'static str = "severity";
    const ALL: &'static [(&'static str, Severity, &'static str)] = &[
        ("error", Severity::Error, "Stops the gate."),
        ("warning", Severity::Warning, "Should be looked at."),
        ("info", Severity::Info, "Worth knowing."),
    ];
}

impl Words for Occasion {
    const WHAT: &'static str = "occasion";
    const ALL: &'static [(&'static str, Occasion, &'static str)] = &[
        ("review", Occasion::Review, "Before a merge."),
        ("deploy", Occasion::Deploy, "Before a deploy."),
        ("audit", Occasion::Audit, "On a schedule."),
    ];
}
