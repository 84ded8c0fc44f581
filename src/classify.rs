//! What is secret, by kind, name and look.
//!
//! Sealing too much hides a difference's words; sealing too little publishes a password. In doubt
//! a value is sealed: it is still compared.

mod look;
mod names;
#[cfg(test)]
mod tests;

use crate::{
    document::{self, Dialect, Format},
    model::{
        name::Name,
        observation::{Classifier, ItemId},
        tree::{Kind, NodeRef, Sealing, Step},
    },
};
use rustc_hash::FxHashMap;
use std::cell::RefCell;

pub use look::looks_secret;
pub use names::is_secret_name;

/// kubectl's copy of a whole object, Secrets' `data` included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The shipped classifier.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByNameAndLook;

impl Classifier for ByNameAndLook {
    fn sealing(&self, id: &ItemId, path: &[Step<'_>], leaf: NodeRef<'_>) -> Sealing {
        if leaf.kind() == Kind::Null {
            return Sealing::Keep;
        }
        if is_kubernetes_secret(id) {
            match path.first() {
                Some(Step::Member("data")) => return Sealing::Base64,
                Some(Step::Member("stringData")) => return Sealing::Text,
                _ => {}
            }
        }
        if let (ItemId::Parameter(name), []) = (id, path) {
            return match is_secret_parameter(name, leaf) {
                true => Sealing::Text,
                false => Sealing::Keep,
            };
        }
        if path.last() == Some(&Step::Member(LAST_APPLIED))
            || is_secret_leaf(path, leaf, Place::of(id, path))
        {
            Sealing::Text
        } else {
            Sealing::Keep
        }
    }

    fn looks_secret(&self, text: &str) -> bool {
        looks_secret(text)
    }
}

/// A value of its own is called by the last part of its name: `/production/api/DB_PASSWORD`.
fn is_secret_parameter(name: &str, leaf: NodeRef<'_>) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name);
    match leaf.kind() {
        Kind::Text => {
            let text = leaf.text();
            is_secret(name, text) || (text.contains('\n') && is_secret_file(name, text))
        }
        Kind::Number => is_secret(name, leaf.text()),
        _ => false,
    }
}

/// Whether a setting called `name` with this value is a secret: by its name, unless the value is
/// none (empty, a switch, a reference to somewhere else), or by the value's look.
#[must_use]
pub fn is_secret(name: &str, value: &str) -> bool {
    (is_secret_name(name) && look::may_be_secret(name, value)) || looks_secret(value)
}

fn is_kubernetes_secret(id: &ItemId) -> bool {
    matches!(id, ItemId::Object(o) if o.is("", "Secret"))
}

/// Where a leaf stands, as far as names mean different things there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Names are the user's own: settings of an application.
    Settings,
    /// A field of a Kubernetes object: `secret: api-tls` names a Secret.
    Field,
    /// A label or an annotation.
    Annotation,
    /// A kind whose fields speak about secrets and hold none.
    AboutSecrets,
}

impl Place {
    fn of(id: &ItemId, path: &[Step<'_>]) -> Place {
        let ItemId::Object(object) = id else {
            return Place::Settings;
        };
        if object.is("", "ConfigMap") && path.first() == Some(&Step::Member("data")) {
            return Place::Settings;
        }
        if let [.., Step::Member("annotations" | "labels"), Step::Member(_)] = path {
            return Place::Annotation;
        }
        const ABOUT_SECRETS: [&str; 4] = [
            "external-secrets.io",
            "secrets-store.csi.x-k8s.io",
            "cert-manager.io",
            "generators.external-secrets.io",
        ];
        if ABOUT_SECRETS.contains(&&*object.group) {
            return Place::AboutSecrets;
        }
        Place::Field
    }
}

fn is_secret_leaf(path: &[Step<'_>], leaf: NodeRef<'_>, place: Place) -> bool {
    match leaf.kind() {
        Kind::Text | Kind::Number => {}
        // `true` is no secret, whatever it is called.
        _ => return false,
    }
    let text = leaf.text();
    if by_name(path, leaf, text, place) || beside_no_echo(path, leaf) {
        return true;
    }
    if leaf.kind() != Kind::Text {
        return false;
    }
    looks_secret(text)
        || follows_a_secret_flag(path, leaf)
        || (text.contains('\n') && is_secret_file(file_name(path), text))
}

fn by_name(path: &[Step<'_>], leaf: NodeRef<'_>, text: &str, place: Place) -> bool {
    let Some((nearest, name)) = nearest_name(path) else {
        return false;
    };
    // `env: [{name: DB_PASSWORD, value: …}]`
    if let "value" | "Value" = name
        && let Some(sibling) = sibling_name(&path[..nearest], leaf)
    {
        return is_secret_name(sibling) && look::may_be_secret(sibling, text);
    }
    let secret = if leaf.key() == Name::NONE {
        is_secret_name(name)
    } else {
        remembered(leaf.key())
    };
    secret
        && look::may_be_secret(name, text)
        && match place {
            Place::Settings => true,
            Place::Field => !(names::may_name_a_secret(name) && look::is_object_name(text)),
            Place::Annotation => names::ends_in_secret(name) && !look::is_object_name(text),
            Place::AboutSecrets => false,
        }
}

/// Whether a parameter of a CloudFormation template is one that nobody shall echo: what `NoEcho`
/// says, unless that is plainly no.
#[must_use]
pub fn is_no_echo(parameter: NodeRef<'_>) -> bool {
    parameter.member("NoEcho").is_some_and(|says| {
        let text = says.scalar_text();
        !["", "false", "no", "off", "null"]
            .iter()
            .any(|no| text.trim().eq_ignore_ascii_case(no))
    })
}

/// `Default` and `AllowedValues` beside `NoEcho: true`, whatever the file is taken for.
fn beside_no_echo(path: &[Step<'_>], leaf: NodeRef<'_>) -> bool {
    let parameter = match path {
        [parameter @ .., Step::Member("Default")]
        | [
            parameter @ ..,
            Step::Member("AllowedValues"),
            Step::Index(_),
        ] => parameter,
        _ => return false,
    };
    walk(leaf.root(), parameter).is_some_and(is_no_echo)
}

/// The last member name, and where in the path it stands.
fn nearest_name<'a>(path: &[Step<'a>]) -> Option<(usize, &'a str)> {
    path.iter().enumerate().rev().find_map(|(i, s)| match s {
        Step::Member(name) => Some((i, *name)),
        Step::Index(_) => None,
    })
}

/// `name` or `key` beside a `value`.
fn sibling_name<'a>(parent: &[Step<'_>], leaf: NodeRef<'a>) -> Option<&'a str> {
    let parent = walk(leaf.root(), parent)?;
    ["name", "key", "Name", "Key"]
        .iter()
        .find_map(|k| parent.member(k)?.as_text())
}

fn walk<'a>(root: NodeRef<'a>, path: &[Step<'_>]) -> Option<NodeRef<'a>> {
    path.iter().try_fold(root, |node, step| match step {
        Step::Member(name) => node.member(name),
        Step::Index(i) => node.children().nth(*i),
    })
}

/// `args: ["--password", "hunter2"]`
fn follows_a_secret_flag(path: &[Step<'_>], leaf: NodeRef<'_>) -> bool {
    let [parent @ .., Step::Index(at)] = path else {
        return false;
    };
    let Some(Step::Member("args" | "command" | "cmd" | "entrypoint")) = parent.last() else {
        return false;
    };
    let before = at.checked_sub(1).and_then(|before| {
        let list = walk(leaf.root(), parent)?;
        list.children().nth(before)?.as_text()
    });
    before.is_some_and(|flag| {
        flag.starts_with('-')
            && !flag.contains('=')
            && !leaf.text().starts_with('-')
            && is_secret_name(flag)
            && look::may_be_secret(flag, leaf.text())
    })
}

fn file_name<'a>(path: &[Step<'a>]) -> &'a str {
    nearest_name(path).map_or("", |(_, name)| name)
}

/// A whole file in one leaf (a ConfigMap's `application.yml`): secret when anything in it is.
fn is_secret_file(name: &str, text: &str) -> bool {
    if !names::mentions_secrets(text) {
        return false;
    }
    let tree = document::embedded(name, text);
    // In files of lines, what is commented out is as readable as the rest.
    let has_lines = !matches!(
        document::format_of(name, Dialect::Core),
        Some(Format::Yaml(_) | Format::Json | Format::Jsonc)
    );
    tree.as_ref()
        .is_some_and(|t| any_leaf(t.root(), &mut Vec::new()))
        || ((tree.is_none() || has_lines) && look::has_secret_line(text))
}

fn any_leaf<'a>(node: NodeRef<'a>, path: &mut Vec<Step<'a>>) -> bool {
    match node.kind() {
        Kind::Map | Kind::List => node.children().enumerate().any(|(i, child)| {
            path.push(if child.key() == Name::NONE {
                Step::Index(i)
            } else {
                Step::Member(child.key().as_str())
            });
            let found = any_leaf(child, path);
            path.pop();
            found
        }),
        _ => is_secret_leaf(path, node, Place::Settings),
    }
}

/// [`is_secret_name`] of an interned name: a few thousand names, millions of leaves.
fn remembered(name: Name) -> bool {
    thread_local! {
        static KNOWN: RefCell<FxHashMap<Name, bool>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        *known
            .entry(name)
            .or_insert_with(|| is_secret_name(name.as_str()))
    })
}
