//! What a text may be where it stands: a path of the repository, a Kubernetes name, a git ref.
//! Checked after variables are filled in, so that no value escapes from its place.

use super::read::shorten;
use crate::model::{path::KeyPath, target::WorkloadRef};

/// What a filled-in text is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// A path in the repository.
    Path,
    /// A path or glob in the repository: a variable's value must not bring wildcards with it.
    Glob,
    /// A Kubernetes namespace: an RFC 1123 label.
    Namespace,
    /// A Kubernetes object's name: an RFC 1123 subdomain.
    ObjectName,
    /// A Helm release: at most 53 characters of a subdomain, as Helm checks it.
    Release,
    /// A git ref.
    Ref,
    /// An annotation's key.
    Annotation,
    /// `kind/name`.
    Workload,
    /// A path of keys in a document.
    KeyPath,
    /// One line of text.
    Line,
    /// One word.
    Word,
    /// A sentence or several; line breaks are blanks.
    Prose,
    /// A part of a file's name: Spring's `application`, a profile.
    NamePart,
    /// A key of a ConfigMap, as Kubernetes checks it.
    ConfigMapKey,
    /// The name of an environment variable.
    EnvName,
    /// A path on the disk of the machine.
    DiskPath,
    /// A folder relative to that of driftgate.yaml, which may be outside of the repository.
    Folder,
    /// An object, as reports write it, or a pattern of them.
    ObjectPattern,
    /// A path of keys, or a pattern of them.
    FieldPattern,
    /// A value: any text, also none.
    Value,
}

/// Why a text does not fit its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// Without the value: the same for all values that are wrong in the same way.
    pub(super) class: &'static str,
    /// With it.
    pub(super) message: String,
}

fn misfit<T>(value: &str, class: &'static str) -> Result<T, Misfit> {
    Err(Misfit {
        class,
        message: format!("`{}` {class}", visible(value)),
    })
}

/// A value as it may stand in a message: control characters as escapes, cut when long.
pub(super) fn visible(value: &str) -> String {
    let escaped: String = shorten(value)
        .chars()
        .flat_map(|c| match c {
            c if c.is_control() => c.escape_unicode().collect::<Vec<_>>(),
            c => vec![c],
        })
        .collect();
    escaped
}

impl Form {
    /// The text as it is used from here on (paths are normalised), or why it does not fit.
    pub(super) fn check(self, value: &str) -> Result<Box<str>, Misfit> {
        if self == Form::Value {
            return Ok(value.into());
        }
        if value.is_empty() {
            return Err(Misfit {
                class: "is empty",
                message: "the text is empty".into(),
            });
        }
        if self == Form::Prose {
            return prose(value);
        }
        if value.chars().any(char::is_control) {
            return misfit(
                value,
                "holds a control character (a line break, a tab or the like)",
            );
        }
        match self {
            Form::Path | Form::Glob => return path(value),
            Form::Folder => return folder(value),
            Form::Namespace if !is_label(value) => {
                return misfit(
                    value,
                    "is no Kubernetes namespace: expected at most 63 of a-z, 0-9 and `-`, with a letter or digit at both ends",
                );
            }
            Form::ObjectName if !is_subdomain(value, 253) => {
                return misfit(
                    value,
                    "is no Kubernetes name: expected at most 253 of a-z, 0-9, `-` and `.`, with a letter or digit at both ends",
                );
            }
            Form::Release if !is_subdomain(value, 53) => {
                return misfit(
                    value,
                    "is no Helm release: expected at most 53 of a-z, 0-9, `-` and `.`, with a letter or digit at both ends",
                );
            }
            Form::Ref if !is_ref(value) => return misfit(value, "is no git ref"),
            Form::Annotation if value.contains(char::is_whitespace) => {
                return misfit(value, "is no annotation");
            }
            Form::KeyPath if value.parse::<KeyPath>().is_err() => {
                return misfit(
                    value,
                    "is no path of keys: expected one like `apps[api].helm.values`",
                );
            }
            Form::Workload => {
                workload(value)?;
            }
            _ => self.check_word(value)?,
        }
        Ok(value.into())
    }

    fn check_word(self, value: &str) -> Result<(), Misfit> {
        match self {
            Form::Word if value.contains(char::is_whitespace) => {
                misfit(value, "holds a blank: expected one word")
            }
            Form::NamePart if value.contains(is_special) || value.contains(char::is_whitespace) => {
                misfit(
                    value,
                    "is no part of a file's name: expected no blanks and none of / \\ , : * ?",
                )
            }
            Form::ConfigMapKey if !is_config_map_key(value) => misfit(
                value,
                "is no key of a ConfigMap: expected at most 253 letters, digits, `-`, `_` and `.`",
            ),
            Form::EnvName if value.contains(['=', '*']) || value.contains(char::is_whitespace) => {
                misfit(
                    value,
                    "is no name of an environment variable: expected no blanks, `=` or `*`",
                )
            }
            Form::ObjectPattern if !is_object(value) => misfit(
                value,
                "is no object: expected `Kind/name` or `Kind/namespace/name`",
            ),
            Form::FieldPattern if !value.contains('*') && value.parse::<KeyPath>().is_err() => {
                misfit(value, "is no field: expected one like `spec.replicas`")
            }
            Form::DiskPath if value.starts_with('~') => misfit(
                value,
                "begins with `~`, which only a shell knows: write the path out",
            ),
            _ => Ok(()),
        }
    }

    /// Whether wildcards have a meaning here that a variable must not bring in.
    pub(super) fn is_glob(self) -> bool {
        self == Form::Glob
    }
}

fn is_special(c: char) -> bool {
    matches!(c, '/' | '\\' | ',' | ':' | '*' | '?')
}

/// `Kind/name` or `Kind/namespace/name`; a pattern may stand for any of its parts.
fn is_object(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let whole = parts.len() <= 3 && parts.iter().all(|p| !p.is_empty());
    whole && (parts.len() > 1 || text.contains('*')) && !text.contains(char::is_whitespace)
}

/// As Kubernetes checks them.
fn is_config_map_key(text: &str) -> bool {
    text.len() <= 253
        && text != "."
        && !text.starts_with("..")
        && text
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'))
}

/// Sentences on one line.
fn prose(value: &str) -> Result<Box<str>, Misfit> {
    let words: Vec<&str> = value.split_whitespace().collect();
    if words.is_empty() {
        return Err(Misfit {
            class: "is empty",
            message: "the text says nothing".into(),
        });
    }
    let line = words.join(" ");
    if line.chars().any(char::is_control) {
        return misfit(&line, "holds a control character");
    }
    Ok(line.into())
}

/// Normalises a relative path that may leave the repository: `..` stands only in front.
fn folder(value: &str) -> Result<Box<str>, Misfit> {
    if value.starts_with(['/', '~']) {
        return misfit(
            value,
            "is no relative path: expected a folder relative to that of driftgate.yaml",
        );
    }
    if value.contains("://") {
        return misfit(value, "is an address: expected a folder with a checkout");
    }
    if value.contains('\\') {
        return misfit(value, "holds a backslash: paths are written with `/`");
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in value.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        return Ok(".".into());
    }
    let path = parts.join("/");
    if path.starts_with('-') {
        return misfit(value, "begins with `-`: tools would take it for an option");
    }
    Ok(path.into())
}

/// Normalises a path of the repository: no `.`, no empty parts, `..` taken back; the root is `.`.
fn path(value: &str) -> Result<Box<str>, Misfit> {
    if value.starts_with('/') {
        return misfit(
            value,
            "is an absolute path: paths start at the repository's root",
        );
    }
    if value.contains("://") {
        return misfit(value, "is an address: expected a path in the repository");
    }
    if value.contains('\\') {
        return misfit(value, "holds a backslash: paths are written with `/`");
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in value.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return misfit(value, "leaves the repository");
                }
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        return Ok(".".into());
    }
    let path = parts.join("/");
    if path.starts_with('-') {
        return misfit(value, "begins with `-`: tools would take it for an option");
    }
    Ok(path.into())
}

/// An RFC 1123 label: at most 63 of a-z, 0-9 and `-`, with a letter or digit at both ends.
pub(super) fn is_label(text: &str) -> bool {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    text.len() <= 63
        && !text.is_empty()
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// An RFC 1123 subdomain: labels (of any length, as Kubernetes checks it) joined by dots.
fn is_subdomain(text: &str, most: usize) -> bool {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    let part =
        |p: &str| !p.is_empty() && p.bytes().all(inner) && !p.starts_with('-') && !p.ends_with('-');
    text.len() <= most && text.split('.').all(part)
}

/// The rules of `git check-ref-format` that keep a ref from being an option, a range or a path of
/// the disk.
fn is_ref(text: &str) -> bool {
    let bad = |c: char| c.is_whitespace() || matches!(c, '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    !text.starts_with(['-', '/'])
        && !text.ends_with(['/', '.'])
        && !text.contains("..")
        && !text.contains("@{")
        && !text.contains("//")
        && !text.contains(bad)
}

/// A service's or environment's name: it stands in paths, labels and command lines.
pub(super) fn is_name(text: &str) -> bool {
    text.len() <= 200
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'))
}

/// The kinds that have a pod template.
const WORKLOADS: [&str; 7] = [
    "deployment",
    "statefulset",
    "daemonset",
    "job",
    "cronjob",
    "replicaset",
    "pod",
];

/// Reads `deployment/api`.
pub(super) fn workload(text: &str) -> Result<WorkloadRef, Misfit> {
    let Some((kind, name)) = text.split_once('/') else {
        return misfit(
            text,
            "is no workload: expected `kind/name`, like `deployment/api`",
        );
    };
    let kind = kind.to_lowercase();
    if !WORKLOADS.contains(&kind.as_str()) {
        return misfit(
            text,
            "is no workload: expected deployment, statefulset, daemonset, job, cronjob, replicaset or pod before the `/`",
        );
    }
    Form::ObjectName.check(name)?;
    Ok(WorkloadRef {
        kind: kind.into(),
        name: name.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_repository() {
        for (path, good) in [
            ("deploy/api", Some("deploy/api")),
            ("./deploy//api/", Some("deploy/api")),
            ("deploy/../charts", Some("charts")),
            (".", Some(".")),
            ("a/..", Some(".")),
            ("deploy/**/*.yaml", Some("deploy/**/*.yaml")),
            ("..", None),
            ("a/../../b", None),
            ("/etc/passwd", None),
            ("", None),
            ("a\0b", None),
            ("a\nb", None),
            ("a\\..\\..\\b", None),
            ("oci://registry/chart", None),
            ("-rf", None),
            ("./-rf", None),
        ] {
            assert_eq!(Form::Path.check(path).ok().as_deref(), good, "{path:?}");
        }
    }

    #[test]
    fn kubernetes_names() {
        let long = "a".repeat(64);
        for (text, namespace, name) in [
            ("shop", true, true),
            ("shop-2", true, true),
            ("shop.eu", false, true),
            ("Shop", false, false),
            ("shop_eu", false, false),
            ("-shop", false, false),
            ("shop/kube-system", false, false),
            (long.as_str(), false, true),
        ] {
            assert_eq!(Form::Namespace.check(text).is_ok(), namespace, "{text}");
            assert_eq!(Form::ObjectName.check(text).is_ok(), name, "{text}");
        }
    }

    #[test]
    fn refs_are_no_options_or_ranges() {
        for (text, good) in [
            ("main", true),
            ("refs/heads/env/prod", true),
            ("v1.2.3", true),
            ("--upload-pack=x", false),
            ("a..b", false),
            ("HEAD~1", false),
            ("a b", false),
        ] {
            assert_eq!(Form::Ref.check(text).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn workloads_are_kind_and_name() {
        let api = workload("Deployment/api").expect("a workload");
        assert_eq!((&*api.kind, &*api.name), ("deployment", "api"));
        for wrong in [
            "api",
            "deploy/api",
            "deployment/",
            "deployment/A",
            "deployment/a/b",
        ] {
            assert!(workload(wrong).is_err(), "{wrong}");
        }
    }
}
